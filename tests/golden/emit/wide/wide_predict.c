/* wide, compiled by netc 0.1.0 for avx512 from wide.net with: netc wide.net --cpu=avx512
 * sha256 of wide.net: 7017b781c3cef29410376d527b5113545f3d44f2d9b1fa987e81294cb318cc1a
 * The logits of a single image. */
#include "wide.h"

#include <step.h>

#include <string.h>

/* The image, normalised: (byte / 255 - mean) / std. */
static KERNEL void load_image(const uint8_t *byte, real input[3][16][16])
{
    static const real factor[3] = { 1 / (255 * 0.25), 1 / (255 * 0.25), 1 / (255 * 0.25) };
    static const real shift[3] = { -0.5 / 0.25, -0.5 / 0.25, -0.5 / 0.25 };
    real *to = input[0][0];

    for (int c = 0; c < 3; c++)
        #pragma omp simd
        for (int64_t i = 0; i < 256; i++)
            to[c*256 + i] = factor[c] * byte[c*256 + i] + shift[c];
}

/* Winograd's convolution F(4, 3): 4 neighbouring sums of 3 taps take 6 products instead of 12. Inputs and
 * taps are taken to polynomials' values at 0, 1, -1, 2, -2 and infinity, and back. */

/* The inputs that the sums read. */
INLINE void f4x3_input(const vf from[6], vf to[6])
{
    to[0] = 4.0f*from[0] - 5.0f*from[2] + from[4];
    vf even_1 = -4.0f*from[2] + from[4];
    vf odd_1 = -4.0f*from[1] + from[3];
    to[1] = even_1 + odd_1;
    to[2] = even_1 - odd_1;
    vf even_2 = -from[2] + from[4];
    vf odd_2 = -2.0f*from[1] + 2.0f*from[3];
    to[3] = even_2 + odd_2;
    to[4] = even_2 - odd_2;
    to[5] = 4.0f*from[1] - 5.0f*from[3] + from[5];
}

/* The products, back to the sums. */
INLINE void f4x3_output(const vf from[6], vf to[4])
{
    vf sum_1 = from[1] + from[2], difference_1 = from[1] - from[2];
    vf sum_3 = from[3] + from[4], difference_3 = from[3] - from[4];
    to[0] = from[0] + sum_1 + sum_3;
    to[1] = difference_1 + 2.0f*difference_3;
    to[2] = sum_1 + 4.0f*sum_3;
    to[3] = difference_1 + 8.0f*difference_3 + from[5];
}

/* [point][input channel][column][output channel]: what a register tile reads lies together. */
static KERNEL void make_a_weight_form(const struct wide_weights *w, real a_weight_form[6][3][3][16])
{
    for (int o = 0; o < 16; o++)
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 3; c++) {
                real tap[3];
                UNROLL(3)
                for (int u = 0; u < 3; u++)
                    tap[u] = w->a_weight[o][u][v][c];
                a_weight_form[0][c][v][o] = 0.25f*tap[0];
                a_weight_form[1][c][v][o] = -(real)0.16666666666666666*tap[0] - (real)0.16666666666666666*tap[1] -
                        (real)0.16666666666666666*tap[2];
                a_weight_form[2][c][v][o] = -(real)0.16666666666666666*tap[0] + (real)0.16666666666666666*tap[1] -
                        (real)0.16666666666666666*tap[2];
                a_weight_form[3][c][v][o] = (real)0.041666666666666664*tap[0] + (real)0.08333333333333333*tap[1] +
                        (real)0.16666666666666666*tap[2];
                a_weight_form[4][c][v][o] = (real)0.041666666666666664*tap[0] - (real)0.08333333333333333*tap[1] +
                        (real)0.16666666666666666*tap[2];
                a_weight_form[5][c][v][o] = tap[2];
            }
}

/* [point][input channel][column][output channel]: what a register tile reads lies together. */
static KERNEL void make_b_weight_form(const struct wide_weights *w, real b_weight_form[6][16][3][24])
{
    for (int o = 0; o < 24; o++)
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 16; c++) {
                real tap[3];
                UNROLL(3)
                for (int u = 0; u < 3; u++)
                    tap[u] = w->b_weight[o][u][v][c];
                b_weight_form[0][c][v][o] = 0.25f*tap[0];
                b_weight_form[1][c][v][o] = -(real)0.16666666666666666*tap[0] - (real)0.16666666666666666*tap[1] -
                        (real)0.16666666666666666*tap[2];
                b_weight_form[2][c][v][o] = -(real)0.16666666666666666*tap[0] + (real)0.16666666666666666*tap[1] -
                        (real)0.16666666666666666*tap[2];
                b_weight_form[3][c][v][o] = (real)0.041666666666666664*tap[0] + (real)0.08333333333333333*tap[1] +
                        (real)0.16666666666666666*tap[2];
                b_weight_form[4][c][v][o] = (real)0.041666666666666664*tap[0] - (real)0.08333333333333333*tap[1] +
                        (real)0.16666666666666666*tap[2];
                b_weight_form[5][c][v][o] = tap[2];
            }
}

/* [row][input channel][column][output channel]: what a register tile reads lies together. */
static KERNEL void make_c_weight_form(const struct wide_weights *w, real c_weight_form[3][24][3][16])
{
    for (int o = 0; o < 16; o++)
        for (int u = 0; u < 3; u++)
            for (int v = 0; v < 3; v++)
                for (int c = 0; c < 24; c++)
                    c_weight_form[u][c][v][o] = w->c_weight[o][u][v][c];
}

void wide_prepare_predict(const real *weights, void *scratch)
{
    const struct wide_weights *w = (const struct wide_weights *)weights;
    struct wide_image *s = scratch;
    make_a_weight_form(w, s->a_weight_form);
    make_b_weight_form(w, s->b_weight_form);
    make_c_weight_form(w, s->c_weight_form);
}

/* a: pad                                                                                           wide.net:5
 *   input     3 x 16 x 16
 *   a_padded  3 x 18 x 18  (result)
 * zeros around the image. */
static KERNEL void predict_a_pad(const real input[3][16][16], real a_padded[3][18][18])
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 18; y++)
            #pragma omp simd
            for (int x = 0; x < 18; x++)
                a_padded[c][y][x] = 0 <= y - 1 && y - 1 <= 15 && 0 <= x - 1 && x - 1 <= 15 ? input[c][y - 1][x - 1] :
                        0.0f;
}

/* a: conv2d, relu_1: relu                                                                        wide.net:5-6
 *   a_weight_form  6 x 3 x 3 x 16
 *   a_padded       3 x 18 x 18
 *   a_bias         16
 *   relu_1         16 x 16 x 16  (result)
 *   work->in: the rows of each tile, transformed
 *   work->product: what the points of a register tile give
 *   work->result: the sums
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A vector is neighbouring pixels of a row. The sums of 4 vectors x 4 output channels stay in registers. */
static KERNEL void predict_a_forward(const struct wide_weights *w, const real a_weight_form[6][3][3][16],
        const real a_padded[3][18][18], real relu_1[16][16][16], struct predict_a_forward_work *work)
{
    for (int c = 0; c < 3; c++)
        for (int t = 0; t < 4; t++)
            for (int x = 0; x < 18; x += LANES) {
                vf from[6], to[6];
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    from[k] = lanes_load(&a_padded[c][4*t + k][x]);
                f4x3_input(from, to);
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    lanes_store(&work->in[k][c][t][x], to[k]);
            }
    for (int p0 = 0; p0 < 4; p0 += 4) {
        int at[4], to[4];
        UNROLL(4)
        for (int i = 0; i < 4; i++) {
            int piece = p0 + i;
            at[i] = piece*32;
            to[i] = piece*64;
        }
        for (int o0 = 0; o0 < 16; o0 += 4) {
            for (int k = 0; k < 6; k++) {
                vf sum[4][4] = {0};
                for (int c = 0; c < 3; c++)
                    for (int v = 0; v < 3; v++) {
                        const real *from = &work->in[k][c][0][v];
                        UNROLL(4)
                        for (int i = 0; i < 4; i++) {
                            vf pixels = lanes_load(from + at[i]);
                            UNROLL(4)
                            for (int o = 0; o < 4; o++)
                                sum[i][o] += a_weight_form[k][c][v][o0 + o] * pixels;
                        }
                    }
                UNROLL(4)
                for (int i = 0; i < 4; i++)
                    UNROLL(4)
                    for (int o = 0; o < 4; o++)
                        work->product[k][i][o] = sum[i][o];
            }
            UNROLL(4)
            for (int i = 0; i < 4; i++)
                UNROLL(4)
                for (int o = 0; o < 4; o++) {
                    vf from[6], result[4];
                    UNROLL(6)
                    for (int k = 0; k < 6; k++)
                        from[k] = work->product[k][i][o];
                    f4x3_output(from, result);
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
                }
        }
    }
    for (int o = 0; o < 16; o++)
        for (int y = 0; y < 16; y++) {
            const real *row = work->result[o][y];
            #pragma omp simd
            for (int x = 0; x < 16; x++) {
                real value = row[x];
                value = value + w->a_bias[o];
                relu_1[o][y][x] = real_max(value, 0.0f);
            }
        }
}

/* b: pad                                                                                           wide.net:7
 *   relu_1    16 x 16 x 16
 *   b_padded  16 x 18 x 18  (result)
 * zeros around the image. */
static KERNEL void predict_b_pad(const real relu_1[16][16][16], real b_padded[16][18][18])
{
    for (int c = 0; c < 16; c++)
        for (int y = 0; y < 18; y++)
            #pragma omp simd
            for (int x = 0; x < 18; x++)
                b_padded[c][y][x] = 0 <= y - 1 && y - 1 <= 15 && 0 <= x - 1 && x - 1 <= 15 ? relu_1[c][y - 1][x - 1] :
                        0.0f;
}

/* b: conv2d, relu_2: relu                                                                        wide.net:7-8
 *   b_weight_form  6 x 16 x 3 x 24
 *   b_padded       16 x 18 x 18
 *   b_bias         24
 *   relu_2         24 x 16 x 16  (result)
 *   work->in: the rows of each tile, transformed
 *   work->product: what the points of a register tile give
 *   work->result: the sums
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A vector is neighbouring pixels of a row. The sums of 4 vectors x 4 output channels stay in registers. */
static KERNEL void predict_b_forward(const struct wide_weights *w, const real b_weight_form[6][16][3][24],
        const real b_padded[16][18][18], real relu_2[24][16][16], struct predict_b_forward_work *work)
{
    for (int c = 0; c < 16; c++)
        for (int t = 0; t < 4; t++)
            for (int x = 0; x < 18; x += LANES) {
                vf from[6], to[6];
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    from[k] = lanes_load(&b_padded[c][4*t + k][x]);
                f4x3_input(from, to);
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    lanes_store(&work->in[k][c][t][x], to[k]);
            }
    for (int p0 = 0; p0 < 4; p0 += 4) {
        int at[4], to[4];
        UNROLL(4)
        for (int i = 0; i < 4; i++) {
            int piece = p0 + i;
            at[i] = piece*32;
            to[i] = piece*64;
        }
        for (int o0 = 0; o0 < 24; o0 += 4) {
            for (int k = 0; k < 6; k++) {
                vf sum[4][4] = {0};
                for (int c = 0; c < 16; c++)
                    for (int v = 0; v < 3; v++) {
                        const real *from = &work->in[k][c][0][v];
                        UNROLL(4)
                        for (int i = 0; i < 4; i++) {
                            vf pixels = lanes_load(from + at[i]);
                            UNROLL(4)
                            for (int o = 0; o < 4; o++)
                                sum[i][o] += b_weight_form[k][c][v][o0 + o] * pixels;
                        }
                    }
                UNROLL(4)
                for (int i = 0; i < 4; i++)
                    UNROLL(4)
                    for (int o = 0; o < 4; o++)
                        work->product[k][i][o] = sum[i][o];
            }
            UNROLL(4)
            for (int i = 0; i < 4; i++)
                UNROLL(4)
                for (int o = 0; o < 4; o++) {
                    vf from[6], result[4];
                    UNROLL(6)
                    for (int k = 0; k < 6; k++)
                        from[k] = work->product[k][i][o];
                    f4x3_output(from, result);
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
                }
        }
    }
    for (int o = 0; o < 24; o++)
        for (int y = 0; y < 16; y++) {
            const real *row = work->result[o][y];
            #pragma omp simd
            for (int x = 0; x < 16; x++) {
                real value = row[x];
                value = value + w->b_bias[o];
                relu_2[o][y][x] = real_max(value, 0.0f);
            }
        }
}

/* c: conv2d, relu_3: relu                                                                       wide.net:9-10
 *   c_weight_form  3 x 24 x 3 x 16
 *   relu_2         24 x 16 x 16
 *   c_bias         16
 *   relu_3         16 x 7 x 7  (result)
 *   work->in: the image, every column that a tap reads side by side
 *   work->result: the sums
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A vector is 2 pieces of 8 pixels. The sums of 4 vectors x 4 output channels stay in registers. */
static KERNEL void predict_c_forward(const struct wide_weights *w, const real c_weight_form[3][24][3][16],
        const real relu_2[24][16][16], real relu_3[16][7][7], struct predict_c_forward_work *work)
{
    for (int c = 0; c < 24; c++)
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++)
                work->in[x % 2][c][y][x / 2] = relu_2[c][y][x];
    for (int p0 = 0; p0 < 8; p0 += 8) {
        int at[8], to[8];
        UNROLL(8)
        for (int i = 0; i < 8; i++) {
            int piece = (int)int_min(p0 + i, 6);
            at[i] = piece*16;
            to[i] = piece*8;
        }
        for (int o0 = 0; o0 < 16; o0 += 4) {
            vf sum[1][4][4] = {0};
            for (int u = 0; u < 3; u++)
                for (int c = 0; c < 24; c++)
                    for (int v = 0; v < 3; v++)
                        UNROLL(1)
                        for (int r = 0; r < 1; r++) {
                            const real *from = &work->in[v % 2][c][u][v / 2];
                            UNROLL(4)
                            for (int i = 0; i < 4; i++) {
                                vf pixels = lanes_load_2(from, at + 2*i);
                                UNROLL(4)
                                for (int o = 0; o < 4; o++)
                                    sum[r][i][o] += c_weight_form[u][c][v][o0 + o] * pixels;
                            }
                        }
            UNROLL(4)
            for (int i = 0; i < 4; i++)
                UNROLL(4)
                for (int o = 0; o < 4; o++) {
                    real *row = work->result[o0 + o][0];
                    vf largest = sum[0][i][o];
                    lanes_store_2(row, to + 2*i, largest);
                }
        }
    }
    for (int o = 0; o < 16; o++)
        for (int y = 0; y < 7; y++) {
            const real *row = work->result[o][y];
            #pragma omp simd
            for (int x = 0; x < 7; x++) {
                real value = row[x];
                value = value + w->c_bias[o];
                relu_3[o][y][x] = real_max(value, 0.0f);
            }
        }
}

/* fc: linear, flatten_1: flatten                                                               wide.net:11-12
 *   fc_weight  10 x 784
 *   relu_3     16 x 7 x 7
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * Features side by side; the sums of 5 outputs stay in registers. */
static KERNEL void predict_fc_forward(const struct wide_weights *w, const real relu_3[16][7][7], real fc[10])
{
    const real *from = relu_3[0][0];
    for (int i0 = 0; i0 < 10; i0 += 5) {
        vf sum[5] = {0};
        for (int j = 0; j < 784; j += LANES)
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

void wide_predict(const real *weights, void *scratch, const void *image, real *logits)
{
    const struct wide_weights *w = (const struct wide_weights *)weights;
    struct wide_image *s = scratch;
    load_image(image, s->input);
    predict_a_pad(s->input, s->a_padded);
    predict_a_forward(w, s->a_weight_form, s->a_padded, s->relu_1, &s->work.predict_a_forward);
    predict_b_pad(s->relu_1, s->b_padded);
    predict_b_forward(w, s->b_weight_form, s->b_padded, s->relu_2, &s->work.predict_b_forward);
    predict_c_forward(w, s->c_weight_form, s->relu_2, s->relu_3, &s->work.predict_c_forward);
    predict_fc_forward(w, s->relu_3, s->fc);
    memcpy(logits, s->fc, sizeof s->fc);
}
