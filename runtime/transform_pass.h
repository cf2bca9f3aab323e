/* What transforms are done by: a pipeline, the list for all images of a part; and a pass over one image with what was
 * drawn for it. Of shapes and random words, too. */
#ifndef NETC_TRANSFORM_PASS_H
#define NETC_TRANSFORM_PASS_H

#include "random.h"
#include "transform.h"

#ifndef __CUDACC__
#include <math.h>
#endif

/* What is done to all images of a part. */
struct pipeline {
    const struct transform *steps;
    int32_t  count;
    int32_t  place;                     /* of the first one in the model's list: its draws are indexed by it, too */
    struct sample_shape from, to;
    int64_t  buffer;                    /* bytes of the largest image that a pass leaves, in whole cache lines */
    int32_t  passes;
    uint64_t seed, epoch;
};

/* ---- shapes */

BOTH int64_t shape_values(struct sample_shape shape)
{
    return (int64_t)shape.channels * shape.height * shape.width;
}

BOTH int64_t shape_bytes(struct sample_shape shape)
{
    return shape_values(shape) * (shape.real ? (int64_t)sizeof(float) : 1);
}

/* What a transform makes of an image of this shape. */
BOTH struct sample_shape transform_shape(const struct transform *step, struct sample_shape shape)
{
    switch (step->kind) {
    case TRANSFORM_PAD:
        shape.height += step->padding[1] + step->padding[3];
        shape.width += step->padding[0] + step->padding[2];
        break;
    case TRANSFORM_RESIZE:
        if (step->size[1] == 0) {       /* the longer side is cut off to a whole number */
            int32_t small = shape.height < shape.width ? shape.height : shape.width;
            shape.height = (int32_t)((int64_t)step->size[0] * shape.height / small);
            shape.width = (int32_t)((int64_t)step->size[0] * shape.width / small);
            break;
        }
        /* fall through */
    case TRANSFORM_CENTER_CROP:
    case TRANSFORM_RANDOM_CROP:
        shape.height = step->size[0];
        shape.width = step->size[1];
        break;
    case TRANSFORM_GRAYSCALE:
        shape.channels = step->channels;
        break;
    case TRANSFORM_TO_TENSOR:
        shape.real = true;
        break;
    default:
        break;
    }
    return shape;
}

/* ---- draws */

/* Block `number` of the random words that a sample has for step `at` of the pipeline. */
BOTH struct philox transform_draw(const struct pipeline *pipeline, uint64_t sample, int32_t at, uint32_t number)
{
    uint64_t index = sample << 16 | (uint64_t)(pipeline->place + at) << 8 | number;
    return philox(pipeline->seed, PURPOSE_AUGMENT, pipeline->epoch, index);
}

/* Uniform from `low` to `high`. */
BOTH float draw_between(uint32_t word, float low, float high) { return low + philox_uniform(word) * (high - low); }

/* Uniform in 0 .. count-1. */
BOTH int32_t draw_below(uint32_t word, int32_t count) { return (int32_t)((uint64_t)word * (uint32_t)count >> 32); }

/* ---- passes */

enum { MOST_MOVES = 8 };

/* Row (axis 0) or column (1) i comes from i + offset of the image before, or from extent - 1 - i; what lies outside is
 * filled. */
struct move {
    int32_t offset[2], extent[2];
    bool    reversed[2];
    enum padding_mode mode;
    float   fill;
};

/* An axis of an image that is resized: pixels of the source for one of the result, how far a pixel of the result sees
 * among them, and 1 / that. */
struct resize_axis { int32_t extent; float ratio, support, inverse; };

/* A pass over the image, with all that was drawn for it. */
struct pass {
    const struct transform *step;       /* the first of its steps */
    struct sample_shape from, to;
    int32_t     moves, points;          /* how many of either; none: it is a single step of another kind */
    struct move move[MOST_MOVES];
    struct resize_axis axis[2];         /* resize: of rows and columns */
    float       matrix[6];              /* random_affine: see affine_matrix */
    int32_t     top, left, height, width;   /* random_erasing: what is filled */
};

BOTH float value_at(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    int64_t i = ((int64_t)channel * pass->from.height + row) * pass->from.width + column;
    return pass->from.real ? ((const float *)image)[i] : (float)((const uint8_t *)image)[i];
}

#endif
