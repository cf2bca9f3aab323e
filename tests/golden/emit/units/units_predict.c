/* units, compiled by netc 0.1.0 for avx512 from units.net with: netc units.net --cpu=avx512 --units=12
 * sha256 of units.net: 9d0e168fc7f07fe4363e235459b01cee89128cb561c45d9e1ab36b5ed44b1685
 * The logits of a single image. */
#include "units.h"

#include <step.h>

#include <string.h>

/* The image, normalised: (byte / 255 - mean) / std. */
static KERNEL void load_image(const uint8_t *byte, real input[1][21][21])
{
    static const real factor[1] = { 1 / (255 * 0.25) };
    static const real shift[1] = { -0.5 / 0.25 };
    real *to = input[0][0];

    #pragma omp simd
    for (int64_t i = 0; i < 441; i++)
        to[i] = factor[0] * byte[i] + shift[0];
}

/* Winograd's convolution F(4, 5): 4 neighbouring sums of 5 taps take 8 products instead of 20. Inputs and
 * taps are taken to polynomials' values at 0, 1, -1, 2, -2, 0.5, -0.5 and infinity, and back. */

/* The inputs that the sums read. */
INLINE void f4x5_input(const vf from[8], vf to[8])
{
    to[0] = -from[0] + 5.25f*from[2] - 5.25f*from[4] + from[6];
    vf even_1 = from[2] - 4.25f*from[4] + from[6];
    vf odd_1 = from[1] - 4.25f*from[3] + from[5];
    to[1] = even_1 + odd_1;
    to[2] = even_1 - odd_1;
    vf even_2 = 0.25f*from[2] - 1.25f*from[4] + from[6];
    vf odd_2 = 0.5f*from[1] - 2.5f*from[3] + 2.0f*from[5];
    to[3] = even_2 + odd_2;
    to[4] = even_2 - odd_2;
    vf even_3 = 4.0f*from[2] - 5.0f*from[4] + from[6];
    vf odd_3 = 2.0f*from[1] - 2.5f*from[3] + 0.5f*from[5];
    to[5] = even_3 + odd_3;
    to[6] = even_3 - odd_3;
    to[7] = -from[1] + 5.25f*from[3] - 5.25f*from[5] + from[7];
}

/* The products, back to the sums. */
INLINE void f4x5_output(const vf from[8], vf to[4])
{
    vf sum_1 = from[1] + from[2], difference_1 = from[1] - from[2];
    vf sum_3 = from[3] + from[4], difference_3 = from[3] - from[4];
    vf sum_5 = from[5] + from[6], difference_5 = from[5] - from[6];
    to[0] = from[0] + sum_1 + sum_3 + sum_5;
    to[1] = difference_1 + 2.0f*difference_3 + 0.5f*difference_5;
    to[2] = sum_1 + 4.0f*sum_3 + 0.25f*sum_5;
    to[3] = difference_1 + 8.0f*difference_3 + 0.125f*difference_5 + from[7];
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
static KERNEL void make_conv1_weight_form(const struct units_weights *w, real conv1_weight_form[8][1][5][8])
{
    for (int o = 0; o < 8; o++)
        for (int v = 0; v < 5; v++)
            for (int c = 0; c < 1; c++) {
                real tap[5];
                UNROLL(5)
                for (int u = 0; u < 5; u++)
                    tap[u] = w->conv1_weight[o][u][v][c];
                conv1_weight_form[0][c][v][o] = -tap[0];
                conv1_weight_form[1][c][v][o] = -(real)0.2222222222222222*tap[0] - (real)0.2222222222222222*tap[1] -
                        (real)0.2222222222222222*tap[2] - (real)0.2222222222222222*tap[3] -
                        (real)0.2222222222222222*tap[4];
                conv1_weight_form[2][c][v][o] = -(real)0.2222222222222222*tap[0] + (real)0.2222222222222222*tap[1] -
                        (real)0.2222222222222222*tap[2] + (real)0.2222222222222222*tap[3] -
                        (real)0.2222222222222222*tap[4];
                conv1_weight_form[3][c][v][o] = (real)0.011111111111111112*tap[0] + (real)0.022222222222222223*tap[1] +
                        (real)0.044444444444444446*tap[2] + (real)0.08888888888888889*tap[3] +
                        (real)0.17777777777777778*tap[4];
                conv1_weight_form[4][c][v][o] = (real)0.011111111111111112*tap[0] - (real)0.022222222222222223*tap[1] +
                        (real)0.044444444444444446*tap[2] - (real)0.08888888888888889*tap[3] +
                        (real)0.17777777777777778*tap[4];
                conv1_weight_form[5][c][v][o] = (real)0.7111111111111111*tap[0] + (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2] + (real)0.08888888888888889*tap[3] +
                        (real)0.044444444444444446*tap[4];
                conv1_weight_form[6][c][v][o] = (real)0.7111111111111111*tap[0] - (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2] - (real)0.08888888888888889*tap[3] +
                        (real)0.044444444444444446*tap[4];
                conv1_weight_form[7][c][v][o] = tap[4];
            }
}

/* [point][input channel][column][output channel]: what a register tile reads lies together. */
static KERNEL void make_conv2_weight_form(const struct units_weights *w, real conv2_weight_form[7][4][3][12])
{
    for (int o = 0; o < 12; o++)
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 4; c++) {
                real tap[3];
                UNROLL(3)
                for (int u = 0; u < 3; u++)
                    tap[u] = w->conv2_weight[o][u][v][c];
                conv2_weight_form[0][c][v][o] = -0.5f*tap[0];
                conv2_weight_form[1][c][v][o] = -(real)0.3333333333333333*tap[0] - (real)0.3333333333333333*tap[1] -
                        (real)0.3333333333333333*tap[2];
                conv2_weight_form[2][c][v][o] = (real)0.1111111111111111*tap[0] - (real)0.1111111111111111*tap[1] +
                        (real)0.1111111111111111*tap[2];
                conv2_weight_form[3][c][v][o] = (real)0.027777777777777776*tap[0] + (real)0.05555555555555555*tap[1] +
                        (real)0.1111111111111111*tap[2];
                conv2_weight_form[4][c][v][o] = -(real)0.016666666666666666*tap[0] + (real)0.03333333333333333*tap[1] -
                        (real)0.06666666666666667*tap[2];
                conv2_weight_form[5][c][v][o] = (real)0.7111111111111111*tap[0] + (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2];
                conv2_weight_form[6][c][v][o] = tap[2];
            }
}

void units_prepare_predict(const real *weights, void *scratch)
{
    const struct units_weights *w = (const struct units_weights *)weights;
    struct units_image *s = scratch;
    make_conv1_weight_form(w, s->conv1_weight_form);
    make_conv2_weight_form(w, s->conv2_weight_form);
}

/* conv1: conv2d, relu_1: relu                                                                   units.net:5-6
 *   conv1_weight_form  8 x 1 x 5 x 8
 *   input              1 x 21 x 21
 *   conv1_bias         8
 *   relu_1             8 x 17 x 17  (result)
 *   work->in: the rows of each tile, transformed
 *   work->product: what the points of a register tile give
 *   work->result: the sums
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A vector is 4 pieces of 4 pixels. The sums of 7 vectors x 2 output channels stay in registers. */
static KERNEL void predict_conv1_forward(const struct units_weights *w, const real conv1_weight_form[8][1][5][8],
        const real input[1][21][21], real relu_1[8][17][17], struct predict_conv1_forward_work *work)
{
    for (int c = 0; c < 1; c++)
        for (int t = 0; t < 5; t++) {
            int row = (int)int_min(4*t, 13);
            for (int x = 0; x < 21; x += LANES) {
                vf from[8], to[8];
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    from[k] = lanes_load(&input[c][row + k][x]);
                f4x5_input(from, to);
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    lanes_store(&work->in[k][c][t][x], to[k]);
            }
        }
    for (int p0 = 0; p0 < 28; p0 += 28) {
        int at[28], to[28];
        UNROLL(28)
        for (int i = 0; i < 28; i++) {
            int piece = (int)int_min(p0 + i, 24);
            int row = piece / 5, x = (int)int_min(piece % 5 * 4, 13);
            at[i] = row*32 + x;
            to[i] = (int)int_min(row*4, 13)*17 + x;
        }
        for (int o0 = 0; o0 < 8; o0 += 2) {
            for (int k = 0; k < 8; k++) {
                vf sum[7][2] = {0};
                for (int c = 0; c < 1; c++)
                    for (int v = 0; v < 5; v++) {
                        const real *from = &work->in[k][c][0][v];
                        UNROLL(7)
                        for (int i = 0; i < 7; i++) {
                            vf pixels = lanes_load_4(from, at + 4*i);
                            UNROLL(2)
                            for (int o = 0; o < 2; o++)
                                sum[i][o] += conv1_weight_form[k][c][v][o0 + o] * pixels;
                        }
                    }
                UNROLL(7)
                for (int i = 0; i < 7; i++)
                    UNROLL(2)
                    for (int o = 0; o < 2; o++)
                        work->product[k][i][o] = sum[i][o];
            }
            UNROLL(7)
            for (int i = 0; i < 7; i++)
                UNROLL(2)
                for (int o = 0; o < 2; o++) {
                    vf from[8], result[4];
                    UNROLL(8)
                    for (int k = 0; k < 8; k++)
                        from[k] = work->product[k][i][o];
                    f4x5_output(from, result);
                    real *row_0 = work->result[o0 + o][0];
                    vf largest_0 = result[0];
                    lanes_store_4(row_0, to + 4*i, largest_0);
                    real *row_1 = work->result[o0 + o][1];
                    vf largest_1 = result[1];
                    lanes_store_4(row_1, to + 4*i, largest_1);
                    real *row_2 = work->result[o0 + o][2];
                    vf largest_2 = result[2];
                    lanes_store_4(row_2, to + 4*i, largest_2);
                    real *row_3 = work->result[o0 + o][3];
                    vf largest_3 = result[3];
                    lanes_store_4(row_3, to + 4*i, largest_3);
                }
        }
    }
    for (int o = 0; o < 8; o++)
        for (int y = 0; y < 17; y++) {
            const real *row = work->result[o][y];
            #pragma omp simd
            for (int x = 0; x < 17; x++) {
                real value = row[x];
                value = value + w->conv1_bias[o];
                relu_1[o][y][x] = real_max(value, 0.0f);
            }
        }
}

/* conv2: conv2d                                                                                   units.net:7
 *   conv2_weight_form  7 x 4 x 3 x 12
 *   relu_1             8 x 17 x 17
 *   conv2_bias         12
 *   conv2              12 x 15 x 15  (result)
 *   work->in: the rows of each tile, transformed
 *   work->product: what the points of a register tile give
 *   work->result: the sums
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A vector is neighbouring pixels of a row. The sums of 3 vectors x 6 output channels stay in registers. */
static KERNEL void predict_conv2_forward(const struct units_weights *w, const real conv2_weight_form[7][4][3][12],
        const real relu_1[8][17][17], real conv2[12][15][15], struct predict_conv2_forward_work *work)
{
    for (int c = 0; c < 8; c++)
        for (int t = 0; t < 3; t++)
            for (int x = 0; x < 17; x += LANES) {
                vf from[7], to[7];
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    from[k] = lanes_load(&relu_1[c][5*t + k][x]);
                f5x3_input(from, to);
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    lanes_store(&work->in[k][c][t][x], to[k]);
            }
    for (int g = 0; g < 2; g++)
        for (int p0 = 0; p0 < 3; p0 += 3) {
            int at[3], to[3];
            UNROLL(3)
            for (int i = 0; i < 3; i++) {
                int piece = p0 + i;
                at[i] = piece*32;
                to[i] = piece*80;
            }
            for (int o0 = 0; o0 < 6; o0 += 6) {
                for (int k = 0; k < 7; k++) {
                    vf sum[3][6] = {0};
                    for (int c = 0; c < 4; c++)
                        for (int v = 0; v < 3; v++) {
                            const real *from = &work->in[k][4*g + c][0][v];
                            UNROLL(3)
                            for (int i = 0; i < 3; i++) {
                                vf pixels = lanes_load(from + at[i]);
                                UNROLL(6)
                                for (int o = 0; o < 6; o++)
                                    sum[i][o] += conv2_weight_form[k][c][v][6*g + o0 + o] * pixels;
                            }
                        }
                    UNROLL(3)
                    for (int i = 0; i < 3; i++)
                        UNROLL(6)
                        for (int o = 0; o < 6; o++)
                            work->product[k][i][o] = sum[i][o];
                }
                UNROLL(3)
                for (int i = 0; i < 3; i++)
                    UNROLL(6)
                    for (int o = 0; o < 6; o++) {
                        vf from[7], result[5];
                        UNROLL(7)
                        for (int k = 0; k < 7; k++)
                            from[k] = work->product[k][i][o];
                        f5x3_output(from, result);
                        real *row_0 = work->result[6*g + o0 + o][0];
                        vf largest_0 = result[0];
                        lanes_store(row_0 + to[i], largest_0);
                        real *row_1 = work->result[6*g + o0 + o][1];
                        vf largest_1 = result[1];
                        lanes_store(row_1 + to[i], largest_1);
                        real *row_2 = work->result[6*g + o0 + o][2];
                        vf largest_2 = result[2];
                        lanes_store(row_2 + to[i], largest_2);
                        real *row_3 = work->result[6*g + o0 + o][3];
                        vf largest_3 = result[3];
                        lanes_store(row_3 + to[i], largest_3);
                        real *row_4 = work->result[6*g + o0 + o][4];
                        vf largest_4 = result[4];
                        lanes_store(row_4 + to[i], largest_4);
                    }
            }
        }
    for (int g = 0; g < 2; g++)
        for (int o = 0; o < 6; o++)
            for (int y = 0; y < 15; y++) {
                const real *row = work->result[6*g + o][y];
                #pragma omp simd
                for (int x = 0; x < 15; x++) {
                    real value = row[x];
                    value = value + w->conv2_bias[6*g + o];
                    conv2[6*g + o][y][x] = value;
                }
            }
}

/* fc: linear, flatten_1: flatten                                                                units.net:8-9
 *   fc_weight  7 x 2704
 *   conv2      12 x 15 x 15
 *   fc_bias    7
 *   fc         7  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * Features side by side; the sums of 7 outputs stay in registers. */
static KERNEL void predict_fc_forward(const struct units_weights *w, const real conv2[12][15][15], real fc[7])
{
    const real *from = conv2[0][0];
    vf sum[7] = {0};
    real rest[7] = {0};
    for (int j = 0; j < 2688; j += LANES)
        UNROLL(7)
        for (int i = 0; i < 7; i++)
            sum[i] += lanes_load(&w->fc_weight[i][j]) * lanes_load(from + j);
    for (int j = 2688; j < 2700; j++)
        UNROLL(7)
        for (int i = 0; i < 7; i++)
            rest[i] += w->fc_weight[i][j] * from[j];
    UNROLL(7)
    for (int i = 0; i < 7; i++) {
        real value = lanes_sum(sum[i]) + rest[i] + w->fc_bias[i];
        fc[i] = value;
    }
}

void units_predict(const real *weights, void *scratch, const void *image, real *logits)
{
    const struct units_weights *w = (const struct units_weights *)weights;
    struct units_image *s = scratch;
    load_image(image, s->input);
    predict_conv1_forward(w, s->conv1_weight_form, s->input, s->relu_1, &s->work.predict_conv1_forward);
    predict_conv2_forward(w, s->conv2_weight_form, s->relu_1, s->conv2, &s->work.predict_conv2_forward);
    predict_fc_forward(w, s->conv2, s->fc);
    memcpy(logits, s->fc, sizeof s->fc);
}
