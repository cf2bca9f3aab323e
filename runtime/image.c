#include "image.h"

#include "image_formats.h"
#include "stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Pixels are only promised by a header until they have come: it is believed no further than this. */
bool image_make(struct image *image, const char *path, const struct image_size *wanted, int64_t height, int64_t width,
                int channels, struct error *error)
{
    if (wanted->height > 0 && (height != wanted->height || width != wanted->width)) {
        error_input(error, "%s: found %" PRId64 "x%" PRId64 " pixels (height x width), expected %" PRId64 "x%" PRId64
                    ", the network's input", path, height, width, wanted->height, wanted->width);
        return error_add(error, "`resize((%" PRId64 ", %" PRId64 "))` in the spec's `transform` makes all of them this size",
                         wanted->height, wanted->width);
    }
    if (height < 1 || width < 1 || height > IMAGE_MOST_SIDE || width > IMAGE_MOST_SIDE)
        return error_input(error, "%s: found %" PRId64 "x%" PRId64 " pixels, expected sides of 1 to %d", path, height,
                           width, IMAGE_MOST_SIDE);
    size_t size = (size_t)(height * width) * (size_t)channels;
    *image = (struct image){.height = height, .width = width, .channels = channels, .bytes = malloc(size)};
    return image->bytes || error_memory(error, path, size);
}

bool image_read(const char *path, int64_t height, int64_t width, struct image *image, struct error *error)
{
    static const struct { const char *magic; size_t length; image_reader *read; } formats[] = {
        {"\211PNG\r\n\032\n", 8, image_read_png}, {"P5", 2, image_read_pgm}, {"P2", 2, image_read_pgm},
    };
    uint8_t           magic[8];
    size_t            got;
    struct image_size wanted = {height, width};
    *image = (struct image){0};
    struct stream *stream = stream_open(path, false, error);
    bool           good = stream && stream_read(stream, magic, sizeof magic, &got, error);
    stream_close(stream);
    if (!good)
        return false;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (got < formats[i].length || memcmp(magic, formats[i].magic, formats[i].length) != 0)
            continue;
        if (formats[i].read(path, &wanted, image, error))
            return true;
        image_free(image);
        return false;
    }
    return error_input(error, "%s: neither a PNG nor a PGM file, by its first bytes", path);
}

void image_planes(const struct image *image, int channels, uint8_t *planes)
{
    int64_t        size = image->height * image->width;
    const uint8_t *in = image->bytes;
    for (int64_t i = 0; i < size; i++, in += image->channels) {
        const uint8_t red = in[0], green = in[image->channels > 1], blue = in[image->channels > 1 ? 2 : 0];
        if (channels == 1 && image->channels == 1) {
            planes[i] = red;
        } else if (channels == 1) {     /* PIL's weights, out of 65536 */
            planes[i] = (uint8_t)((19595u * red + 38470u * green + 7471u * blue + 32768u) >> 16);
        } else {
            planes[i] = red;
            planes[size + i] = image->channels > 1 ? green : red;
            planes[2 * size + i] = blue;
        }
    }
}

void image_free(struct image *image)
{
    free(image->bytes);
    *image = (struct image){0};
}
