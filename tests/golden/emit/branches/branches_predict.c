/* branches, compiled by netc 0.1.0 for generic from branches.net with: netc branches.net --cpu=generic
 * sha256 of branches.net: 33f0e17c1ec9a100f51c469e0e37542d101c64ad07af0b3c844b1bb6c79ce4a7
 * The logits of a single image. */
#include "branches.h"

#include <step.h>

#include <string.h>

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

/* Winograd's convolution F(5, 3): 5 neighbouring sums of 3 taps take 7 products instead of 15. Inputs and
 * taps are taken to polynomials' values at 0, 1, -1, 2, -2, 0.5 and infinity, and back. */

/* The inputs that the sums read. */
INLINE void f5x3_input(const vf from[7], vf to[7])
{
    to[0] = -2.0f*from[0] + 4.0f*from[1] + 2.5f*from[2] - 5.0f*from[3] - 0.5f*from[4] + from[5];
    to[1] = 2.0f*from[1] - 2.0f*from[2] - 4.5f*from[3] + 0.5f*from[4] + from[5];
    to[2] = -2.0f*from[1] + 6.0f*from[2] - 3.5f*from[3] - 1.5f*from[4] + from[5];
    to[3] = from[1] - 1.5f*from[2] - 2.0f*from[3] + 1.5f*from[4] + from[5];
    to[4] = -from[1] + 2.5f*from[2] - 2.5f*from[4] + from[5];
    to[5] = 4.0f*from[1] - 5.0f*from[3] + from[5];
    to[6] = -2.0f*from[1] + 4.0f*from[2] + 2.5f*from[3] - 5.0f*from[4] - 0.5f*from[5] + from[6];
}

/* The products, back to the sums. */
INLINE void f5x3_output(const vf from[7], vf to[5])
{
    vf sum_1 = from[1] + from[2], difference_1 = from[1] - from[2];
    vf sum_3 = from[3] + from[4], difference_3 = from[3] - from[4];
    to[0] = from[0] + sum_1 + sum_3 + from[5];
    to[1] = difference_1 + 2.0f*difference_3 + 0.5f*from[5];
    to[2] = sum_1 + 4.0f*sum_3 + 0.25f*from[5];
    to[3] = difference_1 + 8.0f*difference_3 + 0.125f*from[5];
    to[4] = sum_1 + 16.0f*sum_3 + 0.0625f*from[5] + from[6];
}

/* [point][input channel][column][output channel]: what a register tile reads lies together. */
static KERNEL void make_entry_weight_form(const struct branches_weights *w, real entry_weight_form[7][3][3][4])
{
    for (int o = 0; o < 4; o++)
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 3; c++) {
                real tap[3];
                UNROLL(3)
                for (int u = 0; u < 3; u++)
                    tap[u] = w->entry_weight[o][u][v][c];
                entry_weight_form[0][c][v][o] = -0.5f*tap[0];
                entry_weight_form[1][c][v][o] = -(real)0.3333333333333333*tap[0] - (real)0.3333333333333333*tap[1] -
                        (real)0.3333333333333333*tap[2];
                entry_weight_form[2][c][v][o] = (real)0.1111111111111111*tap[0] - (real)0.1111111111111111*tap[1] +
                        (real)0.1111111111111111*tap[2];
                entry_weight_form[3][c][v][o] = (real)0.027777777777777776*tap[0] + (real)0.05555555555555555*tap[1] +
                        (real)0.1111111111111111*tap[2];
                entry_weight_form[4][c][v][o] = -(real)0.016666666666666666*tap[0] + (real)0.03333333333333333*tap[1] -
                        (real)0.06666666666666667*tap[2];
                entry_weight_form[5][c][v][o] = (real)0.7111111111111111*tap[0] + (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2];
                entry_weight_form[6][c][v][o] = tap[2];
            }
}

/* [row][input channel][column][output channel]: what a register tile reads lies together. */
static KERNEL void make_side_weight_form(const struct branches_weights *w, real side_weight_form[3][2][3][6])
{
    for (int o = 0; o < 6; o++)
        for (int u = 0; u < 3; u++)
            for (int v = 0; v < 3; v++)
                for (int c = 0; c < 2; c++)
                    side_weight_form[u][c][v][o] = w->side_weight[o][u][v][c];
}

/* [point][input channel][column][output channel]: what a register tile reads lies together. */
static KERNEL void make_sum_weight_form(const struct branches_weights *w, real sum_weight_form[7][6][1][6])
{
    for (int o = 0; o < 6; o++)
        for (int v = 0; v < 1; v++)
            for (int c = 0; c < 6; c++) {
                real tap[3];
                UNROLL(3)
                for (int u = 0; u < 3; u++)
                    tap[u] = w->sum_weight[o][u][v][c];
                sum_weight_form[0][c][v][o] = -0.5f*tap[0];
                sum_weight_form[1][c][v][o] = -(real)0.3333333333333333*tap[0] - (real)0.3333333333333333*tap[1] -
                        (real)0.3333333333333333*tap[2];
                sum_weight_form[2][c][v][o] = (real)0.1111111111111111*tap[0] - (real)0.1111111111111111*tap[1] +
                        (real)0.1111111111111111*tap[2];
                sum_weight_form[3][c][v][o] = (real)0.027777777777777776*tap[0] + (real)0.05555555555555555*tap[1] +
                        (real)0.1111111111111111*tap[2];
                sum_weight_form[4][c][v][o] = -(real)0.016666666666666666*tap[0] + (real)0.03333333333333333*tap[1] -
                        (real)0.06666666666666667*tap[2];
                sum_weight_form[5][c][v][o] = (real)0.7111111111111111*tap[0] + (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2];
                sum_weight_form[6][c][v][o] = tap[2];
            }
}

void branches_prepare_predict(const real *weights, void *scratch)
{
    const struct branches_weights *w = (const struct branches_weights *)weights;
    struct branches_image *s = scratch;
    make_entry_weight_form(w, s->entry_weight_form);
    make_side_weight_form(w, s->side_weight_form);
    make_sum_weight_form(w, s->sum_weight_form);
}

/* entry: pad                                                                                   branches.net:5
 *   input         3 x 9 x 9
 *   entry_padded  3 x 11 x 11  (result)
 * the image, reflected at its borders. */
static KERNEL void predict_entry_pad(const real input[3][9][9], real entry_padded[3][11][11])
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 11; y++)
            #pragma omp simd
            for (int x = 0; x < 11; x++)
                entry_padded[c][y][x] = input[c][8 - int_abs(8 - int_abs(y - 1))][8 - int_abs(8 - int_abs(x - 1))];
}

/* entry: conv2d                                                                                branches.net:5
 *   entry_weight_form  7 x 3 x 3 x 4
 *   entry_padded       3 x 11 x 11
 *   entry_bias         4
 *   entry              4 x 9 x 9  (result)
 *   work->in: the rows of each tile, transformed
 *   work->product: what the points of a register tile give
 *   work->result: the sums
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A vector is neighbouring pixels of a row. The sums of 2 vectors x 4 output channels stay in registers. */
static KERNEL void predict_entry_forward(const struct branches_weights *w, const real entry_weight_form[7][3][3][4],
        const real entry_padded[3][11][11], real entry[4][9][9], struct predict_entry_forward_work *work)
{
    for (int c = 0; c < 3; c++)
        for (int t = 0; t < 2; t++) {
            int row = (int)int_min(5*t, 4);
            for (int x = 0; x < 11; x += LANES) {
                vf from[7], to[7];
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    from[k] = lanes_load(&entry_padded[c][row + k][x]);
                f5x3_input(from, to);
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    lanes_store(&work->in[k][c][t][x], to[k]);
            }
        }
    for (int p0 = 0; p0 < 6; p0 += 2) {
        int at[2], to[2];
        UNROLL(2)
        for (int i = 0; i < 2; i++) {
            int piece = p0 + i;
            int row = piece / 3, x = (int)int_min(piece % 3 * 4, 5);
            at[i] = row*12 + x;
            to[i] = (int)int_min(row*5, 4)*9 + x;
        }
        for (int o0 = 0; o0 < 4; o0 += 4) {
            for (int k = 0; k < 7; k++) {
                vf sum[2][4] = {0};
                for (int c = 0; c < 3; c++)
                    for (int v = 0; v < 3; v++) {
                        const real *from = &work->in[k][c][0][v];
                        UNROLL(2)
                        for (int i = 0; i < 2; i++) {
                            vf pixels = lanes_load(from + at[i]);
                            UNROLL(4)
                            for (int o = 0; o < 4; o++)
                                sum[i][o] += entry_weight_form[k][c][v][o0 + o] * pixels;
                        }
                    }
                UNROLL(2)
                for (int i = 0; i < 2; i++)
                    UNROLL(4)
                    for (int o = 0; o < 4; o++)
                        work->product[k][i][o] = sum[i][o];
            }
            UNROLL(2)
            for (int i = 0; i < 2; i++)
                UNROLL(4)
                for (int o = 0; o < 4; o++) {
                    vf from[7], result[5];
                    UNROLL(7)
                    for (int k = 0; k < 7; k++)
                        from[k] = work->product[k][i][o];
                    f5x3_output(from, result);
                    real *row_0 = work->result[o0 + o][0];
                    vf largest_0 = result[0];
                    lanes_store(row_0 + to[i], largest_0);
                    real *row_1 = work->result[o0 + o][1];
                    vf largest_1 = result[1];
                    lanes_store(row_1 + to[i], largest_1);
                    real *row_2 = work->result[o0 + o][2];
                    vf largest_2 = result[2];
                    lanes_store(row_2 + to[i], largest_2);
                    real *row_3 = work->result[o0 + o][3];
                    vf largest_3 = result[3];
                    lanes_store(row_3 + to[i], largest_3);
                    real *row_4 = work->result[o0 + o][4];
                    vf largest_4 = result[4];
                    lanes_store(row_4 + to[i], largest_4);
                }
        }
    }
    for (int o = 0; o < 4; o++)
        for (int y = 0; y < 9; y++) {
            const real *row = work->result[o][y];
            #pragma omp simd
            for (int x = 0; x < 9; x++) {
                real value = row[x];
                value = value + w->entry_bias[o];
                entry[o][y][x] = value;
            }
        }
}

/* side: pad                                                                                    branches.net:6
 *   entry        4 x 9 x 9
 *   side_padded  4 x 11 x 11  (result)
 * zeros around the image. */
static KERNEL void predict_side_pad(const real entry[4][9][9], real side_padded[4][11][11])
{
    for (int c = 0; c < 4; c++)
        for (int y = 0; y < 11; y++)
            #pragma omp simd
            for (int x = 0; x < 11; x++)
                side_padded[c][y][x] = 0 <= y - 1 && y - 1 <= 8 && 0 <= x - 1 && x - 1 <= 8 ? entry[c][y - 1][x - 1] :
                        0.0f;
}

/* side: conv2d                                                                                 branches.net:6
 *   side_weight_form  3 x 2 x 3 x 6
 *   side_padded       4 x 11 x 11
 *   side              6 x 5 x 5  (result)
 *   work->in: the image, every column that a tap reads side by side
 *   work->result: the sums
 * y[o] = sum of weight[o][c] * x[c] over its window.
 * A vector is neighbouring pixels of a row. The sums of 2 vectors x 3 output channels stay in registers. */
static KERNEL void predict_side_forward(const real side_weight_form[3][2][3][6], const real side_padded[4][11][11],
        real side[6][5][5], struct predict_side_forward_work *work)
{
    for (int c = 0; c < 4; c++)
        for (int y = 0; y < 11; y++)
            for (int x = 0; x < 11; x++)
                work->in[x % 2][c][y][x / 2] = side_padded[c][y][x];
    for (int g = 0; g < 2; g++)
        for (int p0 = 0; p0 < 10; p0 += 2) {
            int at[2], to[2];
            UNROLL(2)
            for (int i = 0; i < 2; i++) {
                int piece = p0 + i;
                int row = piece / 2, x = (int)int_min(piece % 2 * 4, 1);
                at[i] = row*12 + x;
                to[i] = row*5 + x;
            }
            for (int o0 = 0; o0 < 3; o0 += 3) {
                vf sum[1][2][3] = {0};
                for (int u = 0; u < 3; u++)
                    for (int c = 0; c < 2; c++)
                        for (int v = 0; v < 3; v++)
                            UNROLL(1)
                            for (int r = 0; r < 1; r++) {
                                const real *from = &work->in[v % 2][2*g + c][u][v / 2];
                                UNROLL(2)
                                for (int i = 0; i < 2; i++) {
                                    vf pixels = lanes_load(from + at[i]);
                                    UNROLL(3)
                                    for (int o = 0; o < 3; o++)
                                        sum[r][i][o] += side_weight_form[u][c][v][3*g + o0 + o] * pixels;
                                }
                            }
                UNROLL(2)
                for (int i = 0; i < 2; i++)
                    UNROLL(3)
                    for (int o = 0; o < 3; o++) {
                        real *row = work->result[3*g + o0 + o][0];
                        vf largest = sum[0][i][o];
                        lanes_store(row + to[i], largest);
                    }
            }
        }
    for (int g = 0; g < 2; g++)
        for (int o = 0; o < 3; o++)
            for (int y = 0; y < 5; y++) {
                const real *row = work->result[3*g + o][y];
                #pragma omp simd
                for (int x = 0; x < 5; x++) {
                    real value = row[x];
                    side[3*g + o][y][x] = value;
                }
            }
}

/* relu_1: relu                                                                                 branches.net:7
 *   side    6 x 5 x 5
 *   relu_1  6 x 5 x 5  (result) */
static KERNEL void predict_relu_1_forward(const real side[6][5][5], real relu_1[6][5][5])
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
static KERNEL void predict_sum_pad(const real relu_1[6][5][5], real sum_padded[6][7][5])
{
    for (int c = 0; c < 6; c++)
        for (int y = 0; y < 7; y++)
            #pragma omp simd
            for (int x = 0; x < 5; x++)
                sum_padded[c][y][x] = 0 <= y - 1 && y - 1 <= 4 ? relu_1[c][y - 1][x] : 0.0f;
}

/* sum: conv2d, add_1: add                                                                    branches.net:8-9
 *   sum_weight_form  7 x 6 x 1 x 6
 *   sum_padded       6 x 7 x 5
 *   sum_bias         6
 *   side             6 x 5 x 5
 *   add_1            6 x 5 x 5  (result)
 *   work->in: the rows of each tile, transformed
 *   work->product: what the points of a register tile give
 *   work->result: the sums
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A vector is neighbouring pixels of a row. The sums of 2 vectors x 3 output channels stay in registers. */
static KERNEL void predict_sum_forward(const struct branches_weights *w, const real sum_weight_form[7][6][1][6],
        const real sum_padded[6][7][5], const real side[6][5][5], real add_1[6][5][5],
        struct predict_sum_forward_work *work)
{
    for (int c = 0; c < 6; c++)
        for (int t = 0; t < 1; t++)
            for (int x = 0; x < 5; x += LANES) {
                vf from[7], to[7];
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    from[k] = lanes_load(&sum_padded[c][5*t + k][x]);
                f5x3_input(from, to);
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    lanes_store(&work->in[k][c][t][x], to[k]);
            }
    for (int p0 = 0; p0 < 2; p0 += 2) {
        int at[2], to[2];
        UNROLL(2)
        for (int i = 0; i < 2; i++) {
            int piece = p0 + i;
            int row = piece / 2, x = (int)int_min(piece % 2 * 4, 1);
            at[i] = row*8 + x;
            to[i] = row*25 + x;
        }
        for (int o0 = 0; o0 < 6; o0 += 3) {
            for (int k = 0; k < 7; k++) {
                vf sum[2][3] = {0};
                for (int c = 0; c < 6; c++)
                    for (int v = 0; v < 1; v++) {
                        const real *from = &work->in[k][c][0][v];
                        UNROLL(2)
                        for (int i = 0; i < 2; i++) {
                            vf pixels = lanes_load(from + at[i]);
                            UNROLL(3)
                            for (int o = 0; o < 3; o++)
                                sum[i][o] += sum_weight_form[k][c][v][o0 + o] * pixels;
                        }
                    }
                UNROLL(2)
                for (int i = 0; i < 2; i++)
                    UNROLL(3)
                    for (int o = 0; o < 3; o++)
                        work->product[k][i][o] = sum[i][o];
            }
            UNROLL(2)
            for (int i = 0; i < 2; i++)
                UNROLL(3)
                for (int o = 0; o < 3; o++) {
                    vf from[7], result[5];
                    UNROLL(7)
                    for (int k = 0; k < 7; k++)
                        from[k] = work->product[k][i][o];
                    f5x3_output(from, result);
                    real *row_0 = work->result[o0 + o][0];
                    vf largest_0 = result[0];
                    lanes_store(row_0 + to[i], largest_0);
                    real *row_1 = work->result[o0 + o][1];
                    vf largest_1 = result[1];
                    lanes_store(row_1 + to[i], largest_1);
                    real *row_2 = work->result[o0 + o][2];
                    vf largest_2 = result[2];
                    lanes_store(row_2 + to[i], largest_2);
                    real *row_3 = work->result[o0 + o][3];
                    vf largest_3 = result[3];
                    lanes_store(row_3 + to[i], largest_3);
                    real *row_4 = work->result[o0 + o][4];
                    vf largest_4 = result[4];
                    lanes_store(row_4 + to[i], largest_4);
                }
        }
    }
    for (int o = 0; o < 6; o++)
        for (int y = 0; y < 5; y++) {
            const real *row = work->result[o][y];
            #pragma omp simd
            for (int x = 0; x < 5; x++) {
                real value = row[x];
                value = value + w->sum_bias[o];
                add_1[o][y][x] = side[o][y][x] + value;
            }
        }
}

/* concat_1: concat                                                                            branches.net:10
 *   add_1     6 x 5 x 5
 *   concat_1  12 x 5 x 5  (result) */
static KERNEL void predict_concat_1_forward_1(const real add_1[6][5][5], real concat_1[12][5][5])
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
static KERNEL void predict_concat_1_forward_2(const real side[6][5][5], real concat_1[12][5][5])
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
static KERNEL void predict_max_pool2d_1_forward(const real concat_1[12][5][5], real max_pool2d_1[12][3][3])
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

/* linear_1: linear, flatten_1: flatten                                                     branches.net:12-13
 *   linear_1_weight  108 x 8
 *   max_pool2d_1     12 x 3 x 3
 *   linear_1_bias    5
 *   linear_1         5  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * Outputs side by side; 2 vectors of their sums stay in registers. */
static KERNEL void predict_linear_1_forward(const struct branches_weights *w, const real max_pool2d_1[12][3][3],
        real linear_1[5])
{
    const real *from = max_pool2d_1[0][0];
    vf sum[2] = {0};
    for (int j = 0; j < 108; j++)
        UNROLL(2)
        for (int v = 0; v < 2; v++)
            sum[v] += from[j] * lanes_load(&w->linear_1_weight[j][LANES*v]);
    for (int i = 0; i < 5; i++) {
        real value = ((const real *)sum)[i] + w->linear_1_bias[i];
        linear_1[i] = value;
    }
}

void branches_predict(const real *weights, void *scratch, const void *image, real *logits)
{
    const struct branches_weights *w = (const struct branches_weights *)weights;
    struct branches_image *s = scratch;
    load_image(image, s->input);
    predict_entry_pad(s->input, s->entry_padded);
    predict_entry_forward(w, s->entry_weight_form, s->entry_padded, s->entry, &s->work.predict_entry_forward);
    predict_side_pad(s->entry, s->side_padded);
    predict_side_forward(s->side_weight_form, s->side_padded, s->side, &s->work.predict_side_forward);
    predict_relu_1_forward(s->side, s->relu_1);
    predict_sum_pad(s->relu_1, s->sum_padded);
    predict_sum_forward(w, s->sum_weight_form, s->sum_padded, s->side, s->add_1, &s->work.predict_sum_forward);
    predict_concat_1_forward_1(s->add_1, s->concat_1);
    predict_concat_1_forward_2(s->side, s->concat_1);
    predict_max_pool2d_1_forward(s->concat_1, s->max_pool2d_1);
    predict_linear_1_forward(w, s->max_pool2d_1, s->linear_1);
    memcpy(logits, s->linear_1, sizeof s->linear_1);
}
