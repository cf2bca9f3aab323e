/* How a sample's image is transformed, for CPU and GPU alike: what is drawn for it, and each value of the result. A list
 * of transforms is done in passes over the image, each from one memory to another. Consecutive moves (pads, crops, flips)
 * are one pass: rows and columns move independently, so where a value comes from is a row and a column, each followed
 * back through all of them. */
#ifndef NETC_TRANSFORM_IMAGE_H
#define NETC_TRANSFORM_IMAGE_H

#include "random.h"
#include "transform.h"

#ifndef __CUDACC__
#include <math.h>
#endif

/* What is done to all images of a part. */
struct pipeline {
    const struct transform *steps;
    int32_t  count;
    int32_t  place;                     /* of the first one in the model's list: part of what its draws are indexed by */
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

/* ---- moves */

enum { MOST_MOVES = 8 };

/* Row (axis 0) or column (1) i comes from i + offset of the image before, or from extent - 1 - i; what lies outside is
 * filled. */
struct move {
    int32_t offset[2], extent[2];
    bool    reversed[2];
    enum padding_mode mode;
    float   fill;
};

/* A pass over the image, with all that was drawn for it. */
struct pass {
    const struct transform *step;       /* the first of its steps, the only one unless these are moves */
    struct sample_shape from, to;
    int32_t     moves;                  /* 0: it is something else */
    struct move move[MOST_MOVES];
    float       matrix[6];              /* random_affine: from the result's place to the source's */
    int32_t     top, left, height, width;   /* random_erasing: what is filled */
};

BOTH bool transform_moves(enum transform_kind kind)
{
    return kind == TRANSFORM_PAD || kind == TRANSFORM_CENTER_CROP || kind == TRANSFORM_RANDOM_CROP
        || kind == TRANSFORM_RANDOM_HORIZONTAL_FLIP || kind == TRANSFORM_RANDOM_VERTICAL_FLIP;
}

/* Where a crop of `size` out of the middle of `extent` begins; negative where the image is padded first. Half a pixel
 * goes to the even side. */
BOTH int32_t center_offset(int32_t extent, int32_t size)
{
    int32_t half = (extent - size) / 2;
    if (extent < size)
        return -((size - extent) / 2);
    return (extent - size) % 2 ? half + half % 2 : half;
}

/* Padding before the image along an axis: what is stated, and with pad_if_needed what is missing, on both sides. */
BOTH int32_t crop_padding(const struct transform *step, int axis, int32_t extent, int32_t *padded)
{
    int32_t before = step->padding[1 - axis];
    *padded = extent + before + step->padding[3 - axis];
    int32_t lacking = step->pad_if_needed && *padded < step->size[axis] ? step->size[axis] - *padded : 0;
    *padded += 2 * lacking;
    return before + lacking;
}

BOTH struct move move_make(const struct pipeline *pipeline, uint64_t sample, int32_t at, struct sample_shape from)
{
    const struct transform *step = &pipeline->steps[at];
    struct move   move = {{0, 0}, {from.height, from.width}, {false, false}, step->mode, step->fill};
    struct philox words;
    int32_t       padded, before;
    bool          flips;
    switch (step->kind) {
    case TRANSFORM_PAD:
        move.offset[0] = -step->padding[1];
        move.offset[1] = -step->padding[0];
        break;
    case TRANSFORM_CENTER_CROP:
        move.mode = PADDING_CONSTANT;
        for (int axis = 0; axis < 2; axis++)
            move.offset[axis] = center_offset(move.extent[axis], step->size[axis]);
        break;
    case TRANSFORM_RANDOM_CROP:
        words = transform_draw(pipeline, sample, at, 0);
        for (int axis = 0; axis < 2; axis++) {
            before = crop_padding(step, axis, move.extent[axis], &padded);
            move.offset[axis] = draw_below(words.word[axis], padded - step->size[axis] + 1) - before;
        }
        break;
    case TRANSFORM_RANDOM_HORIZONTAL_FLIP:
    case TRANSFORM_RANDOM_VERTICAL_FLIP:
        words = transform_draw(pipeline, sample, at, 0);
        flips = philox_uniform(words.word[0]) < step->p;
        move.reversed[0] = flips && step->kind == TRANSFORM_RANDOM_VERTICAL_FLIP;
        move.reversed[1] = flips && step->kind == TRANSFORM_RANDOM_HORIZONTAL_FLIP;
        break;
    default:
        break;
    }
    return move;
}

/* An index outside 0 .. extent - 1 as the padding mode continues the image there; -1: it is filled. */
BOTH int32_t padding_index(enum padding_mode mode, int32_t i, int32_t extent)
{
    switch (mode) {
    case PADDING_EDGE:      return i < 0 ? 0 : extent - 1;
    case PADDING_REFLECT:   return i < 0 ? -i : 2 * extent - 2 - i;
    case PADDING_SYMMETRIC: return i < 0 ? -1 - i : 2 * extent - 1 - i;
    default:                return -1;
    }
}

/* The row or column of the source that row or column i of the result is; or -1 - k: it is filled by move k. Where a filled
 * row and a filled column meet, the later move counts. */
BOTH int32_t moved_index(const struct pass *pass, int axis, int32_t i)
{
    for (int32_t k = pass->moves - 1; k >= 0; k--) {
        const struct move *move = &pass->move[k];
        int32_t extent = move->extent[axis];
        i = move->reversed[axis] ? extent - 1 - i : i + move->offset[axis];
        if (i < 0 || i >= extent)
            i = padding_index(move->mode, i, extent);
        if (i < 0)
            return -1 - k;
    }
    return i;
}

/* ---- what is drawn for the others */

/* The cosine and sine of an angle in degrees. CUDA takes them of half turns: what it has for radians keeps a stack, as those
 * may be large. */
struct direction { double cosine, sine; };

BOTH struct direction direction_of(double degrees)
{
    struct direction to;
#ifdef __CUDACC__
    sincospi(degrees / 180, &to.sine, &to.cosine);
#else
    double angle = degrees * 3.14159265358979323846 / 180;
    to.cosine = cos(angle);
    to.sine = sin(angle);
#endif
    return to;
}

/* The inverse of a rotation by `angle` degrees, shears, a scale and a translation, about the image's middle. */
BOTH void affine_matrix(float angle, float scale, float shear_x, float shear_y, float move_x, float move_y, float matrix[6])
{
    struct direction turn = direction_of(angle), sheared = direction_of((double)angle - shear_y);
    struct direction along = direction_of(shear_x);
    double upright = direction_of(shear_y).cosine, slant = along.sine / along.cosine;
    double a = sheared.cosine / upright, b = -a * slant - turn.sine;
    double c = sheared.sine / upright, d = -c * slant + turn.cosine;
    double inverse = 1 / (double)scale, m[4] = {d * inverse, -b * inverse, -c * inverse, a * inverse};
    matrix[0] = (float)m[0];
    matrix[1] = (float)m[1];
    matrix[2] = (float)(-m[0] * move_x - m[1] * move_y);
    matrix[3] = (float)m[2];
    matrix[4] = (float)m[3];
    matrix[5] = (float)(-m[2] * move_x - m[3] * move_y);
}

BOTH void draw_affine(const struct pipeline *pipeline, uint64_t sample, int32_t at, struct pass *pass)
{
    const struct transform *step = pass->step;
    struct philox a = transform_draw(pipeline, sample, at, 0), b = transform_draw(pipeline, sample, at, 1);
    float far_x = step->translate[0] * (float)pass->from.width, far_y = step->translate[1] * (float)pass->from.height;
    affine_matrix(draw_between(a.word[0], step->degrees[0], step->degrees[1]),
                  draw_between(a.word[3], step->scale[0], step->scale[1]),
                  draw_between(b.word[0], step->shear[0], step->shear[1]),
                  draw_between(b.word[1], step->shear[2], step->shear[3]),
                  rintf(draw_between(a.word[1], -far_x, far_x)), rintf(draw_between(a.word[2], -far_y, far_y)),
                  pass->matrix);
}

/* A rectangle that is smaller than the image in both directions; none where ten attempts find none. */
BOTH void draw_rectangle(const struct pipeline *pipeline, uint64_t sample, int32_t at, struct pass *pass)
{
    enum { ATTEMPTS = 10 };
    const struct transform *step = pass->step;
    double area = (double)pass->from.height * pass->from.width;
    float  low = (float)log((double)step->ratio[0]), high = (float)log((double)step->ratio[1]);
    pass->top = pass->left = pass->height = pass->width = 0;
    if (philox_uniform(transform_draw(pipeline, sample, at, 0).word[0]) >= step->p)
        return;
    for (uint32_t attempt = 1; attempt <= ATTEMPTS; attempt++) {
        struct philox words = transform_draw(pipeline, sample, at, attempt);
        double  erased = area * draw_between(words.word[0], step->scale[0], step->scale[1]);
        double  aspect = exp((double)draw_between(words.word[1], low, high));
        int32_t height = (int32_t)rint(sqrt(erased * aspect)), width = (int32_t)rint(sqrt(erased / aspect));
        if (height >= pass->from.height || width >= pass->from.width)
            continue;
        pass->height = height;
        pass->width = width;
        pass->top = draw_below(words.word[2], pass->from.height - height + 1);
        pass->left = draw_below(words.word[3], pass->from.width - width + 1);
        return;
    }
}

/* ---- passes */

/* Sets up the pass of a sample that begins with step `at`, on an image of this shape; returns the step after it. */
BOTH int32_t pass_begin(const struct pipeline *pipeline, uint64_t sample, int32_t at, struct sample_shape from,
                        struct pass *pass)
{
    pass->step = &pipeline->steps[at];
    pass->from = pass->to = from;
    pass->moves = 0;
    for (; at < pipeline->count && pass->moves < MOST_MOVES && transform_moves(pipeline->steps[at].kind); at++) {
        pass->move[pass->moves++] = move_make(pipeline, sample, at, pass->to);
        pass->to = transform_shape(&pipeline->steps[at], pass->to);
    }
    if (pass->moves > 0)
        return at;
    pass->to = transform_shape(pass->step, from);
    if (pass->step->kind == TRANSFORM_RANDOM_AFFINE)
        draw_affine(pipeline, sample, at, pass);
    if (pass->step->kind == TRANSFORM_RANDOM_ERASING)
        draw_rectangle(pipeline, sample, at, pass);
    return at + 1;
}

BOTH float value_at(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    int64_t i = ((int64_t)channel * pass->from.height + row) * pass->from.width + column;
    return pass->from.real ? ((const float *)image)[i] : (float)((const uint8_t *)image)[i];
}

/* What interpolates rounds bytes to the nearest, halves to the even one. */
BOTH float value_round(const struct pass *pass, float value)
{
    if (pass->from.real)
        return value;
    value = rintf(value);
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

BOTH float moved_value(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    int32_t y = moved_index(pass, 0, row), x = moved_index(pass, 1, column);
    if (y >= 0 && x >= 0)
        return value_at(pass, image, channel, y, x);
    return pass->move[-1 - (y < x ? y : x)].fill;
}

/* A triangle over the source's pixels that pixel i of the result sees: as wide as the ratio of sizes, where that is more
 * than 1. */
struct resize_window { int32_t first, count; float center, inverse; };

BOTH struct resize_window resize_window_make(int32_t i, int32_t from, int32_t to)
{
    float   ratio = (float)from / (float)to, support = ratio < 1 ? 1 : ratio, center = ratio * ((float)i + 0.5f);
    int32_t first = (int32_t)(center - support + 0.5f), end = (int32_t)(center + support + 0.5f);
    struct resize_window window;
    window.first = first < 0 ? 0 : first;
    window.count = (end > from ? from : end) - window.first;
    window.center = center;
    window.inverse = 1 / support;
    return window;
}

BOTH float resize_weight(const struct resize_window *window, int32_t k)
{
    float far = fabsf(((float)(window->first + k) - window->center + 0.5f) * window->inverse);
    return far < 1 ? 1 - far : 0;
}

BOTH float resized_value(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    struct resize_window rows = resize_window_make(row, pass->from.height, pass->to.height);
    struct resize_window columns = resize_window_make(column, pass->from.width, pass->to.width);
    float sum = 0, row_weights = 0, weights = 0;
    for (int32_t y = 0; y < rows.count; y++) {
        float line = 0, weight = resize_weight(&rows, y);
        weights = 0;
        for (int32_t x = 0; x < columns.count; x++) {
            float w = resize_weight(&columns, x);
            line += w * value_at(pass, image, channel, rows.first + y, columns.first + x);
            weights += w;
        }
        sum += weight * line;
        row_weights += weight;
    }
    return value_round(pass, sum / (row_weights * weights));
}

/* A corner of the four that bilinear interpolation blends: outside the image there is none. */
BOTH void add_corner(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column, float weight,
                     float *sum, float *inside)
{
    if (row < 0 || row >= pass->from.height || column < 0 || column >= pass->from.width)
        return;
    *sum += weight * value_at(pass, image, channel, row, column);
    *inside += weight;
}

/* The fill is blended by how much of the place lies inside the image; so is what was found there, once more. */
BOTH float affine_value(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    const float *m = pass->matrix;
    float width = (float)pass->from.width, height = (float)pass->from.height, fill = pass->step->fill;
    float x = (float)column + 0.5f - 0.5f * width, y = (float)row + 0.5f - 0.5f * height;
    float at_x = ((x * (m[0] / (0.5f * width)) + y * (m[1] / (0.5f * width)) + m[2] / (0.5f * width) + 1) * width - 1) / 2;
    float at_y = ((x * (m[3] / (0.5f * height)) + y * (m[4] / (0.5f * height)) + m[5] / (0.5f * height) + 1) * height - 1) / 2;
    if (!(at_x > -1 && at_x < width && at_y > -1 && at_y < height))
        return value_round(pass, fill);
    float sum = 0, inside = 0;
    if (!pass->step->bilinear) {
        add_corner(pass, image, channel, (int32_t)rintf(at_y), (int32_t)rintf(at_x), 1, &sum, &inside);
        return inside > 0 ? sum : fill;
    }
    int32_t left = (int32_t)floorf(at_x), top = (int32_t)floorf(at_y);
    float   right = at_x - (float)left, down = at_y - (float)top;
    add_corner(pass, image, channel, top, left, (1 - right) * (1 - down), &sum, &inside);
    add_corner(pass, image, channel, top, left + 1, right * (1 - down), &sum, &inside);
    add_corner(pass, image, channel, top + 1, left, (1 - right) * down, &sum, &inside);
    add_corner(pass, image, channel, top + 1, left + 1, right * down, &sum, &inside);
    return value_round(pass, (sum - fill) * inside + fill);
}

/* Of bytes the sum is cut off. */
BOTH float gray_value(const struct pass *pass, const void *image, int32_t row, int32_t column)
{
    if (pass->from.channels == 1)
        return value_at(pass, image, 0, row, column);
    float gray = value_at(pass, image, 0, row, column) * 0.2989f + value_at(pass, image, 1, row, column) * 0.587f
               + value_at(pass, image, 2, row, column) * 0.114f;
    return pass->from.real ? gray : floorf(gray);
}

/* A value of what the pass leaves. */
BOTH float pass_value(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    const struct transform *step = pass->step;
    if (pass->moves > 0)
        return moved_value(pass, image, channel, row, column);
    switch (step->kind) {
    case TRANSFORM_RESIZE:        return resized_value(pass, image, channel, row, column);
    case TRANSFORM_RANDOM_AFFINE: return affine_value(pass, image, channel, row, column);
    case TRANSFORM_GRAYSCALE:     return gray_value(pass, image, row, column);
    default:                      break;
    }
    float value = value_at(pass, image, channel, row, column);
    switch (step->kind) {
    case TRANSFORM_RANDOM_ERASING:
        return row >= pass->top && row < pass->top + pass->height && column >= pass->left
            && column < pass->left + pass->width ? step->fill : value;
    case TRANSFORM_INVERT:    return pass->from.real ? 1 - value : 255 - value;
    case TRANSFORM_TO_TENSOR: return value / 255;
    case TRANSFORM_NORMALIZE: return (value - step->mean[channel]) / step->std[channel];
    default:                  return value;
    }
}

/* Stores value i of the result. */
BOTH void pass_store(const struct pass *pass, void *to, int64_t i, float value)
{
    if (pass->to.real)
        ((float *)to)[i] = value;
    else
        ((uint8_t *)to)[i] = (uint8_t)value;
}

#endif
