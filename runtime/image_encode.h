/* Bytes of an image as a PNG file, without any library: they are stored, not compressed. */
#ifndef NETC_IMAGE_ENCODE_H
#define NETC_IMAGE_ENCODE_H

#include <stdint.h>
#include <stdio.h>

/* Prints the file of `channels` (1 or 3) planes of height x width bytes, in base64. */
void image_encode_base64(FILE *out, const uint8_t *planes, int channels, int64_t height, int64_t width);

#endif
