/* The readers behind image_read. */
#ifndef NETC_IMAGE_FORMATS_H
#define NETC_IMAGE_FORMATS_H

#include "image.h"

struct image_size { int64_t height, width; };   /* 0: any */

typedef bool image_reader(const char *path, const struct image_size *wanted, struct image *image, struct error *error);
image_reader image_read_png, image_read_pgm;

/* Checks the size that a header gives, and allocates. */
bool image_make(struct image *image, const char *path, const struct image_size *wanted, int64_t height, int64_t width,
                int channels, struct error *error);

#endif
