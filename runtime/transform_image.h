/* How a sample's image is transformed, for CPU and GPU alike: what is drawn for it, and each value of the result. A
 * list of transforms is done in passes over the image, each from one memory to another: consecutive moves are one pass,
 * and so are consecutive points, which change each value by itself. */
#ifndef NETC_TRANSFORM_IMAGE_H
#define NETC_TRANSFORM_IMAGE_H

#include "transform_blend.h"
#include "transform_draw.h"
#include "transform_move.h"

BOTH bool transform_points(enum transform_kind kind)
{
    return kind == TRANSFORM_RANDOM_ERASING || kind == TRANSFORM_INVERT || kind == TRANSFORM_TO_TENSOR
        || kind == TRANSFORM_NORMALIZE;
}

/* Sets up the pass of a sample that begins with step `at`, on an image of this shape; returns the step after it. */
BOTH int32_t pass_begin(const struct pipeline *pipeline, uint64_t sample, int32_t at, struct sample_shape from,
                        struct pass *pass)
{
    int32_t erases = -1;                /* the step that does, once in a pass */
    pass->step = &pipeline->steps[at];
    pass->from = pass->to = from;
    pass->moves = pass->points = 0;
    pass->top = pass->left = pass->height = pass->width = 0;
    for (; at < pipeline->count && pass->moves < MOST_MOVES && transform_moves(pipeline->steps[at].kind); at++) {
        pass->move[pass->moves++] = move_make(pipeline, sample, at, pass->to);
        pass->to = transform_shape(&pipeline->steps[at], pass->to);
    }
    if (pass->moves > 0)
        return at;
    for (; at < pipeline->count && transform_points(pipeline->steps[at].kind); at++, pass->points++) {
        bool erasing = pipeline->steps[at].kind == TRANSFORM_RANDOM_ERASING;
        if (erasing && erases >= 0)
            break;
        erases = erasing ? at : erases;
        pass->to = transform_shape(&pipeline->steps[at], pass->to);
    }
    if (erases >= 0)
        draw_rectangle(pipeline, sample, erases, pass);
    if (pass->points > 0)
        return at;
    pass->to = transform_shape(pass->step, from);
    if (pass->step->kind == TRANSFORM_RANDOM_AFFINE)
        draw_affine(pipeline, sample, at, pass);
    if (pass->step->kind == TRANSFORM_RESIZE) {
        pass->axis[0] = resize_axis_make(from.height, pass->to.height);
        pass->axis[1] = resize_axis_make(from.width, pass->to.width);
    }
    return at + 1;
}

/* What a point other than random_erasing makes of a value: (value - less) / by. */
struct point { float less, by; };

/* `real`: of what comes to it. */
BOTH struct point point_make(const struct transform *step, bool real, int32_t channel)
{
    struct point point = {0, 1};
    switch (step->kind) {
    case TRANSFORM_INVERT:                              /* the largest value less this one */
        point.less = real ? 1 : 255;
        point.by = -1;
        break;
    case TRANSFORM_TO_TENSOR:
        point.by = 255;
        break;
    case TRANSFORM_NORMALIZE:
        point.less = step->mean[channel];
        point.by = step->std[channel];
        break;
    default:
        break;
    }
    return point;
}

BOTH float pointed_value(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    float value = value_at(pass, image, channel, row, column);
    bool  real = pass->from.real;
    for (int32_t k = 0; k < pass->points; k++) {
        const struct transform *step = &pass->step[k];
        struct point point = point_make(step, real, channel);
        real = real || step->kind == TRANSFORM_TO_TENSOR;
        if (step->kind != TRANSFORM_RANDOM_ERASING)
            value = (value - point.less) / point.by;
        else if (row >= pass->top && row < pass->top + pass->height && column >= pass->left
                 && column < pass->left + pass->width)
            value = step->fill;
    }
    return value;
}

/* Of bytes the sum is cut off. */
BOTH float gray_blend(float red, float green, float blue, bool real)
{
    float gray = red * 0.2989f + green * 0.587f + blue * 0.114f;
    return real ? gray : (float)(int32_t)gray;
}

BOTH float gray_value(const struct pass *pass, const void *image, int32_t row, int32_t column)
{
    float first = value_at(pass, image, 0, row, column);
    if (pass->from.channels == 1)
        return first;
    return gray_blend(first, value_at(pass, image, 1, row, column), value_at(pass, image, 2, row, column),
                      pass->from.real);
}

/* A value of what the pass leaves. */
BOTH float pass_value(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    if (pass->moves > 0)
        return moved_value(pass, image, channel, row, column);
    if (pass->points > 0)
        return pointed_value(pass, image, channel, row, column);
    switch (pass->step->kind) {
    case TRANSFORM_RESIZE:        return resized_value(pass, image, channel, row, column);
    case TRANSFORM_RANDOM_AFFINE: return affine_value(pass, image, channel, row, column);
    default:                      return gray_value(pass, image, row, column);
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
