/* Images, as they lie in the dataset, become vectors: a sample in each lane, (byte / 255 - mean) / std. Tiles of 16 bytes
 * of each sample are transposed while they are bytes, so that what is left is one loop that reads and writes in order.
 * Included after lanes.h. */
#ifndef NETC_LOAD_H
#define NETC_LOAD_H

#include "pipeline.h"
#include "step.h"

#include <string.h>

enum { LOAD_TILE = 16 };                /* bytes of a sample */

typedef uint8_t load_bytes __attribute__((vector_size(LOAD_TILE)));

/* a0 b0 a1 b1 … of the first or the second half of both. */
#ifdef __clang__
#define LOAD_PAIRS(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define LOAD_PAIRS(a, b, ...) __builtin_shuffle(a, b, (load_bytes){__VA_ARGS__})
#endif

INLINE load_bytes load_pairs_low(load_bytes a, load_bytes b)
{
    return LOAD_PAIRS(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

INLINE load_bytes load_pairs_high(load_bytes a, load_bytes b)
{
    return LOAD_PAIRS(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

#undef LOAD_PAIRS

/* Rows of one sample each become LOAD_TILE columns of LANES bytes, one after the other. A byte's place is the bits of
 * its row, then those of its column; pairing the halves moves the first bit of the row to the end, so after as many
 * rounds as a row has bits, the column comes first. */
INLINE void load_transpose(load_bytes row[LANES])
{
    UNROLL(4)
    for (int bit = 1; bit < LANES; bit *= 2) {
        load_bytes next[LANES];
        UNROLL(8)
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = load_pairs_low(row[i], row[i + LANES / 2]);
            next[2 * i + 1] = load_pairs_high(row[i], row[i + LANES / 2]);
        }
        UNROLL(16)
        for (int i = 0; i < LANES; i++)
            row[i] = next[i];
    }
}

/* Pixels first .. first + count - 1 of one channel of all samples; the next pixel's vector is `stride` vectors on. */
INLINE void load_pixels(const uint8_t *const image[LANES], int64_t first, int count, real factor, real shift, vf *to,
                        int64_t stride)
{
    load_bytes row[LANES];
    UNROLL(16)
    for (int lane = 0; lane < LANES; lane++) {
        row[lane] = (load_bytes){0};
        memcpy(&row[lane], image[lane] + first, (size_t)count);
    }
    load_transpose(row);

    uint8_t bytes[LOAD_TILE * LANES];
    memcpy(bytes, row, sizeof bytes);
    for (int i = 0; i < count; i++) {
        real *values = (real *)(to + i * stride);
        #pragma omp simd
        for (int lane = 0; lane < LANES; lane++)
            values[lane] = (real)bytes[LANES * i + lane] * factor + shift;
    }
}

/* The images of a block, each channels x pixels bytes: to[pixel][channel] = byte * factor + shift, of the channel. */
static inline void load_images(const uint8_t *const image[LANES], int64_t channels, int64_t pixels,
                               const real factor[], const real shift[], vf *to)
{
    int64_t whole = pixels - pixels % LOAD_TILE;
    for (int64_t c = 0; c < channels; c++) {
        for (int64_t i = 0; i < whole; i += LOAD_TILE)
            load_pixels(image, c * pixels + i, LOAD_TILE, factor[c], shift[c], to + i * channels + c, channels);
        if (whole < pixels)
            load_pixels(image, c * pixels + whole, (int)(pixels - whole), factor[c], shift[c],
                        to + whole * channels + c, channels);
    }
}

/* The same of images that are floats. */
static inline void load_values(const float *const image[LANES], int64_t channels, int64_t pixels, vf *to)
{
    for (int64_t c = 0; c < channels; c++)
        for (int64_t i = 0; i < pixels; i++)
            for (int lane = 0; lane < LANES; lane++)
                ((real *)(to + i * channels + c))[lane] = (real)image[lane][c * pixels + i];
}

/* Where the image of each lane of a block begins, of `size` bytes each, and its label. Lanes beyond the step's last
 * sample repeat the block's first one. */
static inline void load_samples(const struct step *step, int64_t block, int64_t size, const uint8_t *image[LANES],
                                vi *label)
{
    int samples = block_samples(step, block, LANES);
    for (int lane = 0; lane < LANES; lane++) {
        int64_t sample = sample_at(step, block * LANES + (lane < samples ? lane : 0));
        image[lane] = step->images + size * sample;
        (*label)[lane] = step->labels[sample];
    }
}

/* The same where images are transformed on their way in: they are made in the running thread's workspace. A balanced sampler
 * may draw a sample twice, so that there the position in the epoch says what is drawn for the image. */
static inline void load_made(const struct step *step, int64_t block, int64_t size, const void *image[LANES], vi *label)
{
    const struct pipeline *pipeline = step->pipeline;
    int     samples = block_samples(step, block, LANES);
    int64_t source = pipeline ? shape_bytes(pipeline->from) : size;
    size_t  room = pipeline ? pipeline_bytes(pipeline) : 0;
    for (int lane = 0; lane < LANES; lane++) {
        int64_t position = block * LANES + (lane < samples ? lane : 0), at = step->first + position;
        int64_t sample = sample_at(step, position);
        image[lane] = lane < samples ? step->images + source * sample : image[0];
        if (pipeline && lane < samples)
            image[lane] = pipeline_image(pipeline, image[lane], (uint64_t)(step->sampler ? at : sample),
                                         (char *)step->workspace + room * (size_t)lane);
        (*label)[lane] = step->labels[sample];
    }
}

/* Bytes are made of them, */
static inline void load_made_bytes(const struct step *step, int64_t block, int64_t size, const uint8_t *image[LANES],
                                   vi *label)
{
    const void *made[LANES];
    load_made(step, block, size, made, label);
    for (int lane = 0; lane < LANES; lane++)
        image[lane] = made[lane];
}

/* or floats. */
static inline void load_made_values(const struct step *step, int64_t block, int64_t size, const float *image[LANES],
                                    vi *label)
{
    const void *made[LANES];
    load_made(step, block, size, made, label);
    for (int lane = 0; lane < LANES; lane++)
        image[lane] = made[lane];
}

#endif
