/* Passes over an image on the CPU: of points, of colours to grey, and which function does which. */
#include "pipeline_pass.h"

#include <string.h>

enum { PIECE = 256 };                   /* values that are worked on at once */

/* ---- points */

INLINE void load_row(bool real, const void *from, int64_t at, int32_t count, float *row)
{
    #pragma omp simd
    for (int32_t x = 0; x < count; x++)
        row[x] = row_value(real, from, at + x);
}

INLINE void store_row(bool real, const float *row, void *to, int64_t at, int32_t count)
{
    #pragma omp simd
    for (int32_t x = 0; x < count; x++)
        row_store(real, to, at + x, row[x]);
}

static void do_point(struct point point, float *row, int32_t count)
{
    #pragma omp simd
    for (int32_t x = 0; x < count; x++)
        row[x] = (row[x] - point.less) / point.by;
}

/* All points but random_erasing, of `count` values of a channel. */
INLINE void do_piece(bool real, const struct pass *pass, int32_t channel, const void *from, void *to, int64_t at,
                     int32_t count)
{
    float piece[PIECE];
    load_row(real, from, at, count, piece);
    for (int32_t k = 0; k < pass->points; k++) {
        const struct transform *step = &pass->step[k];
        if (step->kind != TRANSFORM_RANDOM_ERASING)
            do_point(point_make(step, real, channel), piece, count);
        real = real || step->kind == TRANSFORM_TO_TENSOR;
    }
    if (real)
        store_row(true, piece, to, at, count);
    else
        store_row(false, piece, to, at, count);
}

/* Fills the rectangle of step `erasing` with what the steps after it make of the fill. */
static void erase(const struct pass *pass, int32_t erasing, bool real, int32_t channel, void *to)
{
    float fill = pass->step[erasing].fill;
    for (int32_t k = erasing + 1; k < pass->points; k++) {
        do_point(point_make(&pass->step[k], real, channel), &fill, 1);
        real = real || pass->step[k].kind == TRANSFORM_TO_TENSOR;
    }
    int64_t first = (int64_t)channel * pass->to.height + pass->top;
    for (int64_t row = first; row < first + pass->height; row++)
        fill_values(to, row * pass->to.width + pass->left, pass->width, fill, real);
}

static void do_points(const struct pass *pass, const void *from, void *to)
{
    int32_t plane = pass->to.height * pass->to.width;
    for (int32_t c = 0; c < pass->to.channels; c++) {
        bool real = pass->from.real;
        for (int32_t first = 0; first < plane; first += PIECE) {
            int32_t count = plane - first < PIECE ? plane - first : PIECE;
            if (real)
                do_piece(true, pass, c, from, to, (int64_t)c * plane + first, count);
            else
                do_piece(false, pass, c, from, to, (int64_t)c * plane + first, count);
        }
        for (int32_t k = 0; k < pass->points; k++) {
            real = real || pass->step[k].kind == TRANSFORM_TO_TENSOR;
            if (pass->step[k].kind == TRANSFORM_RANDOM_ERASING)
                erase(pass, k, real, c, to);
        }
    }
}

/* ---- grayscale */

INLINE void blend_gray(bool real, const void *from, void *to, int64_t plane)
{
    #pragma omp simd
    for (int64_t i = 0; i < plane; i++)
        row_store(real, to, i, gray_blend(row_value(real, from, i), row_value(real, from, plane + i),
                                          row_value(real, from, 2 * plane + i), real));
}

/* The first channel is made, the others are copies. */
static void do_gray(const struct pass *pass, const void *from, void *to)
{
    int64_t plane = (int64_t)pass->to.height * pass->to.width;
    size_t  bytes = (size_t)plane * (pass->to.real ? sizeof(float) : 1);
    if (pass->from.channels == 1)
        memcpy(to, from, bytes);
    else if (pass->from.real)
        blend_gray(true, from, to, plane);
    else
        blend_gray(false, from, to, plane);
    for (int32_t c = 1; c < pass->to.channels; c++)
        memcpy((char *)to + (size_t)c * bytes, to, bytes);
}

void pass_run(const struct pass *pass, const void *from, void *to)
{
    if (pass->moves > 0)
        pass_moves(pass, from, to);
    else if (pass->points > 0)
        do_points(pass, from, to);
    else if (pass->step->kind == TRANSFORM_RESIZE)
        pass_resize(pass, from, to);
    else if (pass->step->kind == TRANSFORM_RANDOM_AFFINE)
        pass_affine(pass, from, to);
    else
        do_gray(pass, from, to);
}
