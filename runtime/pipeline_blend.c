/* Passes on the CPU that blend pixels, resize and random_affine: in loops that become vectors, and where pixels are
 * gathered, in short ones that do nothing else. */
#include "pipeline_pass.h"

#include <string.h>

/* ---- resize: the source is blended along its columns and transposed, so that what blends along rows then has rows side
 * by side, too */

enum {
    ROWS = 16, COLUMNS = 32,            /* of the result, at once */
    SPAN = 128,                         /* columns of the source */
};

struct strip {
    float source[SPAN][ROWS];           /* blended along columns */
    float result[COLUMNS][ROWS];
};

/* What the rows of the result are, of columns first .. first + count - 1 of the source. */
INLINE void blend_columns(bool real, const struct pass *pass, const void *image, int64_t channel, int32_t row,
                          int32_t rows, int32_t first, int32_t count, struct strip *strip)
{
    for (int32_t i = 0; i < rows; i++) {
        struct resize_window window = resize_window_make(&pass->axis[0], row + i);
        float sum = 0, line[SPAN];
        memset(line, 0, (size_t)count * sizeof *line);
        for (int32_t y = window.first; y < window.end; y++) {
            float   weight = resize_weight(&window, y);
            int64_t at = (channel * pass->from.height + y) * pass->from.width + first;
            #pragma omp simd simdlen(16)
            for (int32_t x = 0; x < count; x++)
                line[x] += weight * row_value(real, image, at + x);
            sum += weight;
        }
        float inverse = 1 / sum;
        for (int32_t x = 0; x < count; x++)
            strip->source[x][i] = inverse * line[x];
    }
}

/* Adds to a column of the result what of its window lies among `count` columns of the source. */
static void blend_rows(const struct resize_window *window, float inverse, int32_t first, int32_t count,
                       const struct strip *strip, float result[ROWS])
{
    int32_t begin = window->first > first ? window->first : first;
    int32_t end = window->end < first + count ? window->end : first + count;
    for (int32_t x = begin; x < end; x++) {
        float        weight = inverse * resize_weight(window, x);
        const float *source = strip->source[x - first];
        #pragma omp simd
        for (int32_t i = 0; i < ROWS; i++)
            result[i] += weight * source[i];
    }
}

INLINE void store_strip(bool real, const struct strip *strip, int32_t rows, int32_t columns, void *to, int64_t at,
                        int32_t width)
{
    size_t size = real ? sizeof(float) : 1;
    for (int32_t i = 0; i < rows; i++) {
        float line[COLUMNS], made[COLUMNS];
        for (int32_t x = 0; x < COLUMNS; x++)
            line[x] = strip->result[x][i];
        #pragma omp simd
        for (int32_t x = 0; x < COLUMNS; x++)
            row_store(real, made, x, real ? line[x] : round_even(line[x]));
        memcpy((char *)to + (size_t)(at + (int64_t)i * width) * size, made, (size_t)columns * size);
    }
}

INLINE void resize(bool real, const struct pass *pass, const void *from, void *to)
{
    int32_t height = pass->to.height, width = pass->to.width;
    struct strip strip = {0};
    for (int32_t left = 0; left < width; left += COLUMNS) {
        int32_t columns = width - left < COLUMNS ? width - left : COLUMNS;
        struct resize_window window[COLUMNS];
        float   inverse[COLUMNS];
        for (int32_t x = 0; x < columns; x++) {
            window[x] = resize_window_make(&pass->axis[1], left + x);
            inverse[x] = 1 / resize_weights(&window[x]);
        }
        for (int32_t line = 0; line < pass->to.channels * height;) {
            int32_t row = line % height, rows = height - row < ROWS ? height - row : ROWS;
            int32_t end = window[columns - 1].end;
            memset(strip.result, 0, sizeof strip.result);
            for (int32_t first = window[0].first; first < end; first += SPAN) {
                int32_t count = end - first < SPAN ? end - first : SPAN;
                blend_columns(real, pass, from, line / height, row, rows, first, count, &strip);
                for (int32_t x = 0; x < columns; x++)
                    blend_rows(&window[x], inverse[x], first, count, &strip, strip.result[x]);
            }
            store_strip(real, &strip, rows, columns, to, (int64_t)line * width + left, width);
            line += rows;
        }
    }
}

void pass_resize(const struct pass *pass, const void *from, void *to)
{
    if (pass->from.real)
        resize(true, pass, from, to);
    else
        resize(false, pass, from, to);
}

/* ---- random_affine: pieces of an image, of one row or several; where values come from is the same in each channel */

enum { PIECE = 256, VECTOR = 16 };

/* Of each value, as nearest_index and corners_make tell it. */
struct places {
    int32_t index[PIECE + VECTOR];
    float   upper[PIECE + VECTOR], lower[PIECE + VECTOR], left[PIECE + VECTOR], right[PIECE + VECTOR];
};

static void find_nearest(const struct pass *pass, int32_t row, int32_t column, int32_t count, struct places *places,
                         int32_t at)
{
    #pragma omp simd
    for (int32_t x = 0; x < count; x++)
        places->index[at + x] = nearest_index(pass, row, column + x);
}

static void find_corners(const struct pass *pass, int32_t row, int32_t column, int32_t count, struct places *places,
                         int32_t at)
{
    #pragma omp simd
    for (int32_t x = 0; x < count; x++) {
        struct corners corners = corners_make(pass, row, column + x);
        places->index[at + x] = corners.index;
        places->upper[at + x] = corners.upper;
        places->lower[at + x] = corners.lower;
        places->left[at + x] = corners.left;
        places->right[at + x] = corners.right;
    }
}

/* Of `count` values from `first` on. Whole vectors of each row are found; what is beyond the row is found anew. */
static void find_places(const struct pass *pass, int32_t first, int32_t count, struct places *places)
{
    int32_t width = pass->to.width;
    for (int32_t at = 0, here; at < count; at += here) {
        int32_t row = (first + at) / width, column = (first + at) % width;
        here = width - column < count - at ? width - column : count - at;
        int32_t whole = (here + VECTOR - 1) / VECTOR * VECTOR;
        if (pass->step->bilinear)
            find_corners(pass, row, column, whole, places, at);
        else
            find_nearest(pass, row, column, whole, places, at);
    }
}

INLINE void take_nearest(bool real, const struct pass *pass, const struct places *places, const void *from,
                         int32_t count, void *to)
{
    float   fill = pass->step->fill;
    uint8_t byte = real ? 0 : (uint8_t)fill;
    for (int32_t x = 0; x < count; x++) {
        int32_t i = places->index[x];
        if (real)
            ((float *)to)[x] = i < 0 ? fill : ((const float *)from)[i];
        else
            ((uint8_t *)to)[x] = i < 0 ? byte : ((const uint8_t *)from)[i];
    }
}

/* Pixels at the corners, as corners_blend takes them: floats, or four bytes as a word, which is gathered sooner. */
struct found { float value[4][PIECE]; uint32_t bytes[PIECE]; };

INLINE void find_pixels(bool real, const struct places *places, const void *from, int32_t width, int32_t count,
                        struct found *found)
{
    for (int32_t x = 0; x < count; x++)
        if (real) {
            const float *upper = (const float *)from + places->index[x], *lower = upper + width;
            found->value[0][x] = upper[0];
            found->value[1][x] = upper[1];
            found->value[2][x] = lower[0];
            found->value[3][x] = lower[1];
        } else {
            const uint8_t *upper = (const uint8_t *)from + places->index[x], *lower = upper + width;
            uint32_t above = upper[0] | (uint32_t)upper[1] << 8, below = lower[0] | (uint32_t)lower[1] << 8;
            found->bytes[x] = above | below << 16;
        }
}

INLINE float found_pixel(bool real, const struct found *found, int corner, int32_t x)
{
    return real ? found->value[corner][x] : (float)(int32_t)(found->bytes[x] >> 8 * corner & 255);
}

INLINE void blend_corners(bool real, const struct pass *pass, const struct places *places, const void *from,
                          int32_t count, void *to)
{
    float fill = pass->step->fill;
    struct found found;
    find_pixels(real, places, from, pass->from.width, count, &found);
    #pragma omp simd
    for (int32_t x = 0; x < count; x++) {
        struct corners corners = {0, places->upper[x], places->lower[x], places->left[x], places->right[x]};
        float value = corners_blend(corners, found_pixel(real, &found, 0, x), found_pixel(real, &found, 1, x),
                                    found_pixel(real, &found, 2, x), found_pixel(real, &found, 3, x), fill);
        row_store(real, to, x, real ? value : round_even(value));
    }
}

INLINE void affine(bool real, const struct pass *pass, const void *from, void *to)
{
    int32_t plane = pass->to.height * pass->to.width;
    size_t  size = real ? sizeof(float) : 1;
    struct places places;
    for (int32_t first = 0; first < plane; first += PIECE) {
        int32_t count = plane - first < PIECE ? plane - first : PIECE;
        find_places(pass, first, count, &places);
        for (int32_t c = 0; c < pass->to.channels; c++) {
            const char *source = (const char *)from + (size_t)c * (size_t)plane * size;
            char       *result = (char *)to + ((size_t)c * (size_t)plane + (size_t)first) * size;
            if (pass->step->bilinear)
                blend_corners(real, pass, &places, source, count, result);
            else
                take_nearest(real, pass, &places, source, count, result);
        }
    }
}

/* An image of one row or column has no four corners. */
static void affine_thin(const struct pass *pass, const void *from, void *to)
{
    int64_t at = 0;
    for (int32_t c = 0; c < pass->to.channels; c++)
        for (int32_t y = 0; y < pass->to.height; y++)
            for (int32_t x = 0; x < pass->to.width; x++)
                pass_store(pass, to, at++, affine_value(pass, from, c, y, x));
}

void pass_affine(const struct pass *pass, const void *from, void *to)
{
    if (pass->from.height < 2 || pass->from.width < 2)
        affine_thin(pass, from, to);
    else if (pass->from.real)
        affine(true, pass, from, to);
    else
        affine(false, pass, from, to);
}
