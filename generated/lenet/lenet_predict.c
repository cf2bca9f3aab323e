/* lenet, compiled by netc 0.1.0 for avx2 from lenet.net with: netc lenet.net --cpu=avx2
 * sha256 of lenet.net: 1f84c3979097720d08ad5b072b3acc6fa4b17785d347f9d751d029128b06b2a6
 * The logits of a single image. */
#include "lenet.h"

#include <step.h>

#include <string.h>

/* The image, normalised: (byte / 255 - mean) / std. */
static KERNEL void load_image(const uint8_t *byte, real input[1][28][28])
{
    static const real factor[1] = { 1 / (255 * 0.3081) };
    static const real shift[1] = { -0.1307 / 0.3081 };
    real *to = input[0][0];

    #pragma omp simd
    for (int64_t i = 0; i < 784; i++)
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

/* [point][input channel][column][output channel]: what a register tile reads lies together. */
static KERNEL void make_conv1_weight_form(const struct lenet_weights *w, real conv1_weight_form[8][1][5][10])
{
    for (int o = 0; o < 10; o++)
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
static KERNEL void make_conv2_weight_form(const struct lenet_weights *w, real conv2_weight_form[8][10][5][20])
{
    for (int o = 0; o < 20; o++)
        for (int v = 0; v < 5; v++)
            for (int c = 0; c < 10; c++) {
                real tap[5];
                UNROLL(5)
                for (int u = 0; u < 5; u++)
                    tap[u] = w->conv2_weight[o][u][v][c];
                conv2_weight_form[0][c][v][o] = -tap[0];
                conv2_weight_form[1][c][v][o] = -(real)0.2222222222222222*tap[0] - (real)0.2222222222222222*tap[1] -
                        (real)0.2222222222222222*tap[2] - (real)0.2222222222222222*tap[3] -
                        (real)0.2222222222222222*tap[4];
                conv2_weight_form[2][c][v][o] = -(real)0.2222222222222222*tap[0] + (real)0.2222222222222222*tap[1] -
                        (real)0.2222222222222222*tap[2] + (real)0.2222222222222222*tap[3] -
                        (real)0.2222222222222222*tap[4];
                conv2_weight_form[3][c][v][o] = (real)0.011111111111111112*tap[0] + (real)0.022222222222222223*tap[1] +
                        (real)0.044444444444444446*tap[2] + (real)0.08888888888888889*tap[3] +
                        (real)0.17777777777777778*tap[4];
                conv2_weight_form[4][c][v][o] = (real)0.011111111111111112*tap[0] - (real)0.022222222222222223*tap[1] +
                        (real)0.044444444444444446*tap[2] - (real)0.08888888888888889*tap[3] +
                        (real)0.17777777777777778*tap[4];
                conv2_weight_form[5][c][v][o] = (real)0.7111111111111111*tap[0] + (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2] + (real)0.08888888888888889*tap[3] +
                        (real)0.044444444444444446*tap[4];
                conv2_weight_form[6][c][v][o] = (real)0.7111111111111111*tap[0] - (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2] - (real)0.08888888888888889*tap[3] +
                        (real)0.044444444444444446*tap[4];
                conv2_weight_form[7][c][v][o] = tap[4];
            }
}

void lenet_prepare_predict(const real *weights, void *scratch)
{
    const struct lenet_weights *w = (const struct lenet_weights *)weights;
    struct lenet_image *s = scratch;
    make_conv1_weight_form(w, s->conv1_weight_form);
    make_conv2_weight_form(w, s->conv2_weight_form);
}

/* conv1: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         lenet.net:5-7
 *   conv1_weight_form  8 x 1 x 5 x 10
 *   input              1 x 28 x 28
 *   conv1_bias         10
 *   relu_1             10 x 12 x 12  (result)
 *   work->in: the rows of each tile, transformed
 *   work->product: what the points of a register tile give
 *   work->result: the largest of each window's columns
 * the largest of each window.
 * A vector is neighbouring pixels of a row. The sums of 2 vectors x 5 output channels stay in registers. */
static KERNEL void predict_conv1_forward(const struct lenet_weights *w, const real conv1_weight_form[8][1][5][10],
        const real input[1][28][28], real relu_1[10][12][12], struct predict_conv1_forward_work *work)
{
    for (int c = 0; c < 1; c++)
        for (int t = 0; t < 6; t++)
            for (int x = 0; x < 28; x += LANES) {
                vf from[8], to[8];
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    from[k] = lanes_load(&input[c][4*t + k][x]);
                f4x5_input(from, to);
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    lanes_store(&work->in[k][c][t][x], to[k]);
            }
    for (int p0 = 0; p0 < 18; p0 += 2) {
        int at[2], to[2];
        UNROLL(2)
        for (int i = 0; i < 2; i++) {
            int piece = p0 + i;
            int row = piece / 3, x = piece % 3 * 8;
            at[i] = row*32 + x;
            to[i] = row*48 + x;
        }
        for (int o0 = 0; o0 < 10; o0 += 5) {
            for (int k = 0; k < 8; k++) {
                vf sum[2][5] = {0};
                for (int c = 0; c < 1; c++)
                    for (int v = 0; v < 5; v++) {
                        const real *from = &work->in[k][c][0][v];
                        UNROLL(2)
                        for (int i = 0; i < 2; i++) {
                            vf pixels = lanes_load(from + at[i]);
                            UNROLL(5)
                            for (int o = 0; o < 5; o++)
                                sum[i][o] += conv1_weight_form[k][c][v][o0 + o] * pixels;
                        }
                    }
                UNROLL(2)
                for (int i = 0; i < 2; i++)
                    UNROLL(5)
                    for (int o = 0; o < 5; o++)
                        work->product[k][i][o] = sum[i][o];
            }
            UNROLL(2)
            for (int i = 0; i < 2; i++)
                UNROLL(5)
                for (int o = 0; o < 5; o++) {
                    vf from[8], result[4];
                    UNROLL(8)
                    for (int k = 0; k < 8; k++)
                        from[k] = work->product[k][i][o];
                    f4x5_output(from, result);
                    real *row_0 = work->result[o0 + o][0];
                    vf largest_0 = result[0];
                    lanes_take_value(result[1], &largest_0);
                    lanes_store(row_0 + to[i], largest_0);
                    real *row_1 = work->result[o0 + o][1];
                    vf largest_1 = result[2];
                    lanes_take_value(result[3], &largest_1);
                    lanes_store(row_1 + to[i], largest_1);
                }
        }
    }
    for (int o = 0; o < 10; o++)
        for (int y = 0; y < 12; y++) {
            const real *row = work->result[o][y];
            #pragma omp simd
            for (int x = 0; x < 12; x++) {
                real largest = row[2*x];
                largest = real_larger(row[2*x + 1], largest);
                real value = largest + w->conv1_bias[o];
                relu_1[o][y][x] = real_max(value, 0.0f);
            }
        }
}

/* conv2: conv2d, max_pool2d_2: max_pool2d, relu_2: relu                                        lenet.net:8-10
 *   conv2_weight_form  8 x 10 x 5 x 20
 *   relu_1             10 x 12 x 12
 *   conv2_bias         20
 *   relu_2             20 x 4 x 4  (result)
 *   work->in: the rows of each tile, transformed
 *   work->product: what the points of a register tile give
 *   work->result: the largest of each window's columns
 * the largest of each window.
 * A vector is neighbouring pixels of a row. The sums of 2 vectors x 5 output channels stay in registers. */
static KERNEL void predict_conv2_forward(const struct lenet_weights *w, const real conv2_weight_form[8][10][5][20],
        const real relu_1[10][12][12], real relu_2[20][4][4], struct predict_conv2_forward_work *work)
{
    for (int c = 0; c < 10; c++)
        for (int t = 0; t < 2; t++)
            for (int x = 0; x < 12; x += LANES) {
                vf from[8], to[8];
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    from[k] = lanes_load(&relu_1[c][4*t + k][x]);
                f4x5_input(from, to);
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    lanes_store(&work->in[k][c][t][x], to[k]);
            }
    for (int p0 = 0; p0 < 2; p0 += 2) {
        int at[2], to[2];
        UNROLL(2)
        for (int i = 0; i < 2; i++) {
            int piece = p0 + i;
            at[i] = piece*16;
            to[i] = piece*16;
        }
        for (int o0 = 0; o0 < 20; o0 += 5) {
            for (int k = 0; k < 8; k++) {
                vf sum[2][5] = {0};
                for (int c = 0; c < 10; c++)
                    for (int v = 0; v < 5; v++) {
                        const real *from = &work->in[k][c][0][v];
                        UNROLL(2)
                        for (int i = 0; i < 2; i++) {
                            vf pixels = lanes_load(from + at[i]);
                            UNROLL(5)
                            for (int o = 0; o < 5; o++)
                                sum[i][o] += conv2_weight_form[k][c][v][o0 + o] * pixels;
                        }
                    }
                UNROLL(2)
                for (int i = 0; i < 2; i++)
                    UNROLL(5)
                    for (int o = 0; o < 5; o++)
                        work->product[k][i][o] = sum[i][o];
            }
            UNROLL(2)
            for (int i = 0; i < 2; i++)
                UNROLL(5)
                for (int o = 0; o < 5; o++) {
                    vf from[8], result[4];
                    UNROLL(8)
                    for (int k = 0; k < 8; k++)
                        from[k] = work->product[k][i][o];
                    f4x5_output(from, result);
                    real *row_0 = work->result[o0 + o][0];
                    vf largest_0 = result[0];
                    lanes_take_value(result[1], &largest_0);
                    lanes_store(row_0 + to[i], largest_0);
                    real *row_1 = work->result[o0 + o][1];
                    vf largest_1 = result[2];
                    lanes_take_value(result[3], &largest_1);
                    lanes_store(row_1 + to[i], largest_1);
                }
        }
    }
    for (int o = 0; o < 20; o++)
        for (int y = 0; y < 4; y++) {
            const real *row = work->result[o][y];
            #pragma omp simd
            for (int x = 0; x < 4; x++) {
                real largest = row[2*x];
                largest = real_larger(row[2*x + 1], largest);
                real value = largest + w->conv2_bias[o];
                relu_2[o][y][x] = real_max(value, 0.0f);
            }
        }
}

/* fc: linear, flatten_1: flatten                                                              lenet.net:11-12
 *   fc_weight  10 x 320
 *   relu_2     20 x 4 x 4
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * Features side by side; the sums of 5 outputs stay in registers. */
static KERNEL void predict_fc_forward(const struct lenet_weights *w, const real relu_2[20][4][4], real fc[10])
{
    const real *from = relu_2[0][0];
    for (int i0 = 0; i0 < 10; i0 += 5) {
        vf sum[5] = {0};
        for (int j = 0; j < 320; j += LANES)
            UNROLL(5)
            for (int i = 0; i < 5; i++)
                sum[i] += lanes_load(&w->fc_weight[i0 + i][j]) * lanes_load(from + j);
        UNROLL(5)
        for (int i = 0; i < 5; i++) {
            real value = lanes_sum(sum[i]) + w->fc_bias[i0 + i];
            fc[i0 + i] = value;
        }
    }
}

void lenet_predict(const real *weights, void *scratch, const void *image, real *logits)
{
    const struct lenet_weights *w = (const struct lenet_weights *)weights;
    struct lenet_image *s = scratch;
    load_image(image, s->input);
    predict_conv1_forward(w, s->conv1_weight_form, s->input, s->relu_1, &s->work.predict_conv1_forward);
    predict_conv2_forward(w, s->conv2_weight_form, s->relu_1, s->relu_2, &s->work.predict_conv2_forward);
    predict_fc_forward(w, s->relu_2, s->fc);
    memcpy(logits, s->fc, sizeof s->fc);
}
