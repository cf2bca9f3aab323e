/* A picture of any size and one of a given size, as grey and as colour. */
#ifndef NETC_FUZZ_PICTURE_H
#define NETC_FUZZ_PICTURE_H

#include "image.h"
#include "refused.h"

#include <stdlib.h>

/* Larger ones are left alone, as this is to be fast: the header of a small file can ask for many pixels. */
enum { FUZZ_MOST_PIXELS = 1 << 22 };

static inline void fuzz_picture(const uint8_t *bytes, size_t size)
{
    const char   *path = fuzz_file(0, bytes, size);
    struct image  image;
    struct error  error;
    for (int given = 0; given < 2; given++) {
        if (!image_read(path, given ? 4 : 0, given ? 5 : 0, &image, &error)) {
            fuzz_require(image.bytes == NULL, "a refused picture has pixels");
            fuzz_refused(&error);
            continue;
        }
        int64_t pixels = image.height * image.width;
        fuzz_require(!given || (image.height == 4 && image.width == 5), "a picture of another size");
        for (int channels = 1; channels <= 3 && pixels <= FUZZ_MOST_PIXELS; channels += 2) {
            uint8_t *planes = malloc((size_t)pixels * (size_t)channels);
            fuzz_require(planes != NULL, "no memory");
            image_planes(&image, channels, planes);
            free(planes);
        }
        image_free(&image);
    }
}

#endif
