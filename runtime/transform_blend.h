/* Transforms that blend pixels: resize and random_affine, of bytes and of floats. Where a value of the result sees only
 * part of the source is told by weights, so that all values are computed alike: the loops of pipeline_blend.c become
 * vectors. */
#ifndef NETC_TRANSFORM_BLEND_H
#define NETC_TRANSFORM_BLEND_H

#include "transform_pass.h"

/* To the nearest whole number, halves to the even one; of less than 2^22 in size. What any vector can do, unlike rintf.
 * A byte that is blended of bytes needs no more: their means are none below 0 or above 255. */
BOTH float round_even(float value) { return (value + 0x1.8p23f) - 0x1.8p23f; }

/* The weight of what is `far` away: 1 at 0, falling in a line to 0 at 1. */
BOTH float triangle(float far)
{
    float weight = 1 - fabsf(far);
    return weight > 0 ? weight : 0;
}

/* ---- resize, with antialias */

/* A triangle over the source's pixels that pixel i of the result sees: as wide as the ratio of sizes, where that is
 * more than 1. */
BOTH struct resize_axis resize_axis_make(int32_t from, int32_t to)
{
    float ratio = (float)from / (float)to, support = ratio < 1 ? 1 : ratio;
    struct resize_axis axis = {from, ratio, support, 1 / support};
    return axis;
}

/* The source's pixels first .. end - 1; the weight of one of them, and what all of these add up to. */
struct resize_window { int32_t first, end; float center, inverse; };

BOTH struct resize_window resize_window_make(const struct resize_axis *axis, int32_t i)
{
    float   center = axis->ratio * ((float)i + 0.5f);
    int32_t first = (int32_t)(center - axis->support + 0.5f), end = (int32_t)(center + axis->support + 0.5f);
    struct resize_window window;
    window.first = first < 0 ? 0 : first;
    window.end = end > axis->extent ? axis->extent : end;
    window.center = center - 0.5f;
    window.inverse = axis->inverse;
    return window;
}

BOTH float resize_weight(const struct resize_window *window, int32_t k)
{
    return triangle(((float)k - window->center) * window->inverse);
}

BOTH float resize_weights(const struct resize_window *window)
{
    float sum = 0;
    for (int32_t k = window->first; k < window->end; k++)
        sum += resize_weight(window, k);
    return sum;
}

BOTH float resized_value(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    struct resize_window rows = resize_window_make(&pass->axis[0], row);
    struct resize_window columns = resize_window_make(&pass->axis[1], column);
    float sum = 0;
    for (int32_t y = rows.first; y < rows.end; y++) {
        float line = 0;
        for (int32_t x = columns.first; x < columns.end; x++)
            line += resize_weight(&columns, x) * value_at(pass, image, channel, y, x);
        sum += resize_weight(&rows, y) * line;
    }
    sum /= resize_weights(&rows) * resize_weights(&columns);
    return pass->from.real ? sum : round_even(sum);
}

/* ---- random_affine */

/* Where in the source, in its pixels, a value of the result comes from; no more than a pixel outside. */
struct place { float y, x; };

BOTH float place_along(const float matrix[3], float x, float y, int32_t extent)
{
    float at = ((x * matrix[0] + y * matrix[1] + matrix[2] + 1) * (float)extent - 1) * 0.5f;
    at = at > -1 ? at : -1;
    return at < (float)extent ? at : (float)extent;
}

BOTH struct place place_make(const struct pass *pass, int32_t row, int32_t column)
{
    float x = (float)column + 0.5f - 0.5f * (float)pass->from.width;
    float y = (float)row + 0.5f - 0.5f * (float)pass->from.height;
    struct place place;
    place.y = place_along(pass->matrix + 3, x, y, pass->from.height);
    place.x = place_along(pass->matrix, x, y, pass->from.width);
    return place;
}

/* The last pixel that is not behind `at` and has another one after it. */
BOTH int32_t pixel_before(float at, int32_t extent)
{
    int32_t i = (int32_t)at, last = extent > 1 ? extent - 2 : 0;
    i = i > 0 ? i : 0;
    return i < last ? i : last;
}

/* Nearest: the pixel's index in its channel; -1: outside. */
BOTH int32_t nearest_index(const struct pass *pass, int32_t row, int32_t column)
{
    struct place place = place_make(pass, row, column);
    int32_t height = pass->from.height, width = pass->from.width;
    int32_t y = (int32_t)round_even(place.y), x = (int32_t)round_even(place.x);
    int32_t inside = (y >= 0) & (y < height) & (x >= 0) & (x < width);
    return (y * width + x) | (inside - 1);
}

enum { OUT_OF_REACH = 2 };              /* of a place in an image of one row or column */

/* Bilinear: of two rows and two columns of the image the first ones, as the index of a pixel in its channel, and the
 * weight of each. Pixels outside the image are none of them, and so the weights add up to less than 1 there. */
struct corners { int32_t index; float upper, lower, left, right; };

BOTH struct corners corners_make(const struct pass *pass, int32_t row, int32_t column)
{
    struct place place = place_make(pass, row, column);
    int32_t height = pass->from.height, width = pass->from.width;
    int32_t y = pixel_before(place.y, height), x = pixel_before(place.x, width);
    int32_t below = height > 1 ? 1 : OUT_OF_REACH, beside = width > 1 ? 1 : OUT_OF_REACH;
    struct corners corners;
    corners.index = y * width + x;
    corners.upper = triangle(place.y - (float)y);
    corners.lower = triangle(place.y - (float)(y + below));
    corners.left = triangle(place.x - (float)x);
    corners.right = triangle(place.x - (float)(x + beside));
    return corners;
}

/* How far it is from a corner to the next one: an image of one row or column has but one. */
BOTH int32_t corner_down(const struct pass *pass) { return pass->from.height > 1 ? pass->from.width : 0; }
BOTH int32_t corner_right(const struct pass *pass) { return pass->from.width > 1; }

/* Of the pixels at the corners. The fill is blended by how much of the place lies inside the image; so is what was
 * found there, once more. */
BOTH float corners_blend(struct corners at, float upper_left, float upper_right, float lower_left, float lower_right,
                         float fill)
{
    float sum = at.upper * (at.left * upper_left + at.right * upper_right)
              + at.lower * (at.left * lower_left + at.right * lower_right);
    return (sum - fill) * ((at.upper + at.lower) * (at.left + at.right)) + fill;
}

BOTH float affine_value(const struct pass *pass, const void *image, int32_t channel, int32_t row, int32_t column)
{
    float fill = pass->step->fill;
    if (!pass->step->bilinear) {
        int32_t index = nearest_index(pass, row, column);
        return index < 0 ? fill : value_at(pass, image, channel, 0, index);
    }
    struct corners corners = corners_make(pass, row, column);
    int32_t upper = corners.index, lower = upper + corner_down(pass), right = corner_right(pass);
    float   value = corners_blend(corners, value_at(pass, image, channel, 0, upper),
                                  value_at(pass, image, channel, 0, upper + right),
                                  value_at(pass, image, channel, 0, lower),
                                  value_at(pass, image, channel, 0, lower + right), fill);
    return pass->from.real ? value : round_even(value);
}

#endif
