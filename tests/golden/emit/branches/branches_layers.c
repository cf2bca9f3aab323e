/* branches, compiled by netc 0.1.0 for generic from branches.net with: netc branches.net --cpu=generic
 * sha256 of branches.net: 33f0e17c1ec9a100f51c469e0e37542d101c64ad07af0b3c844b1bb6c79ce4a7
 * The plain forward pass of a single image, layer by layer. */
#include "branches.h"

#include <step.h>

/* The image, normalised: (byte / 255 - mean) / std. */
static KERNEL void load_image(const uint8_t *byte, real input[3][9][9])
{
    static const real factor[3] = { 1 / (255 * 0.25), 1 / (255 * 0.2), 1 / (255 * 1.0) };
    static const real shift[3] = { -0.5 / 0.25, -0.4 / 0.2, 0.1 / 1.0 };
    real *to = input[0][0];

    for (int c = 0; c < 3; c++)
        #pragma omp simd
        for (int64_t i = 0; i < 81; i++)
            to[c*81 + i] = factor[c] * byte[c*81 + i] + shift[c];
}

/* entry: pad                                                                                   branches.net:5
 *   input         3 x 9 x 9
 *   entry_padded  3 x 11 x 11  (result)
 * the image, reflected at its borders. */
static KERNEL void entry_pad(const real input[3][9][9], real entry_padded[3][11][11])
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 11; y++)
            #pragma omp simd
            for (int x = 0; x < 11; x++)
                entry_padded[c][y][x] = input[c][8 - int_abs(8 - int_abs(y - 1))][8 - int_abs(8 - int_abs(x - 1))];
}

/* entry: conv2d                                                                                branches.net:5
 *   entry_weight  4 x 3 x 3 x 3
 *   entry_padded  3 x 11 x 11
 *   entry_bias    4
 *   entry         4 x 9 x 9  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void entry_forward(const struct branches_weights *w, const real entry_padded[3][11][11],
        real entry[4][9][9])
{
    for (int o = 0; o < 4; o++)
        for (int y = 0; y < 9; y++)
            for (int x = 0; x < 9; x++) {
                real sum = w->entry_bias[o];
                for (int c = 0; c < 3; c++)
                    for (int u = 0; u < 3; u++)
                        for (int v = 0; v < 3; v++)
                            sum += w->entry_weight[o][u][v][c] * entry_padded[c][y + u][x + v];
                entry[o][y][x] = sum;
            }
}

/* side: pad                                                                                    branches.net:6
 *   entry        4 x 9 x 9
 *   side_padded  4 x 11 x 11  (result)
 * zeros around the image. */
static KERNEL void side_pad(const real entry[4][9][9], real side_padded[4][11][11])
{
    for (int c = 0; c < 4; c++)
        for (int y = 0; y < 11; y++)
            #pragma omp simd
            for (int x = 0; x < 11; x++)
                side_padded[c][y][x] = 0 <= y - 1 && y - 1 <= 8 && 0 <= x - 1 && x - 1 <= 8 ? entry[c][y - 1][x - 1] :
                        0.0f;
}

/* side: conv2d                                                                                 branches.net:6
 *   side_weight  6 x 3 x 3 x 2
 *   side_padded  4 x 11 x 11
 *   side         6 x 5 x 5  (result)
 * y[o] = sum of weight[o][c] * x[c] over its window. */
static KERNEL void side_forward(const struct branches_weights *w, const real side_padded[4][11][11], real side[6][5][5])
{
    for (int g = 0; g < 2; g++)
        for (int o = 0; o < 3; o++)
            for (int y = 0; y < 5; y++)
                for (int x = 0; x < 5; x++) {
                    real sum = 0;
                    for (int c = 0; c < 2; c++)
                        for (int u = 0; u < 3; u++)
                            for (int v = 0; v < 3; v++)
                                sum += w->side_weight[3*g + o][u][v][c] * side_padded[2*g + c][2*y + u][2*x + v];
                    side[3*g + o][y][x] = sum;
                }
}

/* relu_1: relu                                                                                 branches.net:7
 *   side    6 x 5 x 5
 *   relu_1  6 x 5 x 5  (result) */
static KERNEL void relu_1_forward(const real side[6][5][5], real relu_1[6][5][5])
{
    for (int c = 0; c < 6; c++)
        for (int y = 0; y < 5; y++)
            #pragma omp simd
            for (int x = 0; x < 5; x++)
                relu_1[c][y][x] = real_max(side[c][y][x], 0.0f);
}

/* sum: pad                                                                                     branches.net:8
 *   relu_1      6 x 5 x 5
 *   sum_padded  6 x 7 x 5  (result)
 * zeros around the image. */
static KERNEL void sum_pad(const real relu_1[6][5][5], real sum_padded[6][7][5])
{
    for (int c = 0; c < 6; c++)
        for (int y = 0; y < 7; y++)
            #pragma omp simd
            for (int x = 0; x < 5; x++)
                sum_padded[c][y][x] = 0 <= y - 1 && y - 1 <= 4 ? relu_1[c][y - 1][x] : 0.0f;
}

/* sum: conv2d                                                                                  branches.net:8
 *   sum_weight  6 x 3 x 1 x 6
 *   sum_padded  6 x 7 x 5
 *   sum_bias    6
 *   sum_        6 x 5 x 5  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void sum_forward(const struct branches_weights *w, const real sum_padded[6][7][5], real sum_[6][5][5])
{
    for (int o = 0; o < 6; o++)
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++) {
                real sum = w->sum_bias[o];
                for (int c = 0; c < 6; c++)
                    for (int u = 0; u < 3; u++)
                        sum += w->sum_weight[o][u][0][c] * sum_padded[c][y + u][x];
                sum_[o][y][x] = sum;
            }
}

/* add_1: add                                                                                   branches.net:9
 *   side   6 x 5 x 5
 *   sum_   6 x 5 x 5
 *   add_1  6 x 5 x 5  (result) */
static KERNEL void add_1_forward(const real side[6][5][5], const real sum_[6][5][5], real add_1[6][5][5])
{
    for (int c = 0; c < 6; c++)
        for (int y = 0; y < 5; y++)
            #pragma omp simd
            for (int x = 0; x < 5; x++)
                add_1[c][y][x] = side[c][y][x] + sum_[c][y][x];
}

/* concat_1: concat                                                                            branches.net:10
 *   add_1     6 x 5 x 5
 *   concat_1  12 x 5 x 5  (result) */
static KERNEL void concat_1_forward_1(const real add_1[6][5][5], real concat_1[12][5][5])
{
    for (int c = 0; c < 6; c++)
        for (int y = 0; y < 5; y++)
            #pragma omp simd
            for (int x = 0; x < 5; x++)
                concat_1[c][y][x] = add_1[c][y][x];
}

/* concat_1: concat                                                                            branches.net:10
 *   side      6 x 5 x 5
 *   concat_1  12 x 5 x 5  (result) */
static KERNEL void concat_1_forward_2(const real side[6][5][5], real concat_1[12][5][5])
{
    for (int c = 0; c < 6; c++)
        for (int y = 0; y < 5; y++)
            #pragma omp simd
            for (int x = 0; x < 5; x++)
                concat_1[c + 6][y][x] = side[c][y][x];
}

/* max_pool2d_1: max_pool2d                                                                    branches.net:11
 *   concat_1      12 x 5 x 5
 *   max_pool2d_1  12 x 3 x 3  (result)
 * the largest of each window. */
static KERNEL void max_pool2d_1_forward(const real concat_1[12][5][5], real max_pool2d_1[12][3][3])
{
    for (int c = 0; c < 12; c++)
        for (int y = 0; y < 3; y++)
            for (int x = 0; x < 3; x++) {
                real largest = -INFINITY;
                for (int u = 0; u < 3; u++)
                    if (0 <= 2*y + u - 1 && 2*y + u - 1 <= 4)
                        for (int v = 0; v < 3; v++)
                            if (0 <= 2*x + v - 1 && 2*x + v - 1 <= 4) {
                                real value = concat_1[c][2*y + u - 1][2*x + v - 1];
                                bool taken = real_exceeds(value, largest);
                                largest = taken ? value : largest;
                            }
                max_pool2d_1[c][y][x] = largest;
            }
}

/* flatten_1: flatten                                                                          branches.net:12
 *   max_pool2d_1  12 x 3 x 3
 *   flatten_1     108  (result) */
static KERNEL void flatten_1_forward(const real max_pool2d_1[12][3][3], real flatten_1[108])
{
    for (int c = 0; c < 12; c++)
        for (int y = 0; y < 3; y++)
            for (int x = 0; x < 3; x++)
                flatten_1[9*c + 3*y + x] = max_pool2d_1[c][y][x];
}

/* linear_1: linear                                                                            branches.net:13
 *   linear_1_weight  108 x 8
 *   flatten_1        108
 *   linear_1_bias    5
 *   linear_1         5  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
static KERNEL void linear_1_forward(const struct branches_weights *w, const real flatten_1[108], real linear_1[5])
{
    for (int i = 0; i < 5; i++) {
        real sum = w->linear_1_bias[i];
        for (int j = 0; j < 108; j++)
            sum += w->linear_1_weight[j][i] * flatten_1[j];
        linear_1[i] = sum;
    }
}

void branches_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor)
{
    const struct branches_weights *w = (const struct branches_weights *)weights;
    struct branches_layers *s = scratch;

    load_image(image, s->input);
    visit(visitor, 0, s->input[0][0], 243);
    entry_pad(s->input, s->entry_padded);
    entry_forward(w, s->entry_padded, s->entry);
    visit(visitor, 1, s->entry[0][0], 324);
    side_pad(s->entry, s->side_padded);
    side_forward(w, s->side_padded, s->side);
    visit(visitor, 2, s->side[0][0], 150);
    relu_1_forward(s->side, s->relu_1);
    visit(visitor, 3, s->relu_1[0][0], 150);
    sum_pad(s->relu_1, s->sum_padded);
    sum_forward(w, s->sum_padded, s->sum_);
    visit(visitor, 4, s->sum_[0][0], 150);
    add_1_forward(s->side, s->sum_, s->add_1);
    visit(visitor, 5, s->add_1[0][0], 150);
    concat_1_forward_1(s->add_1, s->concat_1);
    concat_1_forward_2(s->side, s->concat_1);
    visit(visitor, 6, s->concat_1[0][0], 300);
    max_pool2d_1_forward(s->concat_1, s->max_pool2d_1);
    visit(visitor, 7, s->max_pool2d_1[0][0], 108);
    flatten_1_forward(s->max_pool2d_1, s->flatten_1);
    visit(visitor, 8, s->flatten_1, 108);
    linear_1_forward(w, s->flatten_1, s->linear_1);
    visit(visitor, 9, s->linear_1, 5);
}
