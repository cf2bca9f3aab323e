/* Pictures from PNG and PGM files, 8 bits a channel. */
#ifndef NETC_IMAGE_H
#define NETC_IMAGE_H

#include "error.h"

#include <stdint.h>

struct image {
    int64_t  height, width;
    int      channels;                  /* 1: grey, 3: red, green, blue */
    uint8_t *bytes;                     /* row after row, pixel after pixel, channel after channel */
};

/* Reads a file of height x width pixels; where these are 0, of any size up to IMAGE_MOST_SIDE. What it is is told from its
 * contents. Palettes become colours, fewer bits than 8 are spread over 0 to 255, an alpha channel is dropped. 16 bits a
 * channel are refused. A build with -DNETC_NO_PNG reads no PNG. */
bool image_read(const char *path, int64_t height, int64_t width, struct image *image, struct error *error);

enum { IMAGE_MOST_SIDE = 16384 };

/* Writes it as `channels` (1 or 3) planes. Colour becomes grey as in PIL: 0.299 red + 0.587 green + 0.114 blue. */
void image_planes(const struct image *image, int channels, uint8_t *planes);

void image_free(struct image *image);

#endif
