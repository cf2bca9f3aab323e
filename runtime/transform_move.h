/* Transforms that only move pixels: pads, crops, flips. Rows and columns move independently, so where a value comes
 * from is a row and a column, each followed back through all the moves of a pass. */
#ifndef NETC_TRANSFORM_MOVE_H
#define NETC_TRANSFORM_MOVE_H

#include "transform_pass.h"

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

/* The row or column of the source that row or column i of the result is; or -1 - k: it is filled by move k. Where a
 * filled row and a filled column meet, the later move counts. */
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

BOTH float moved_value(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    int32_t y = moved_index(pass, 0, row), x = moved_index(pass, 1, column);
    if (y >= 0 && x >= 0)
        return value_at(pass, image, channel, y, x);
    return pass->move[-1 - (y < x ? y : x)].fill;
}

#endif
