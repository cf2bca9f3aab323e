/* pooled, compiled by netc 0.1.0 for avx2 from pooled.net with: netc pooled.net --cpu=avx2
 * sha256 of pooled.net: 7209e10cacde7b553bd0ae05a9a1f85ab4c7554fbf9bb8b304f251c809eb29f4
 * The logits of a single image. */
#include "pooled.h"

#include <step.h>

#include <string.h>

/* The image, normalised: (byte / 255 - mean) / std. */
static KERNEL void load_image(const uint8_t *byte, real input[1][12][12])
{
    static const real factor[1] = { 1 / (255 * 0.25) };
    static const real shift[1] = { -0.5 / 0.25 };
    real *to = input[0][0];

    #pragma omp simd
    for (int64_t i = 0; i < 144; i++)
        to[i] = factor[0] * byte[i] + shift[0];
}

/* [row][input channel][column][output channel]: what a register tile reads lies together. */
static KERNEL void make_conv_weight_form(const struct pooled_weights *w, real conv_weight_form[3][1][3][6])
{
    for (int o = 0; o < 6; o++)
        for (int u = 0; u < 3; u++)
            for (int v = 0; v < 3; v++)
                for (int c = 0; c < 1; c++)
                    conv_weight_form[u][c][v][o] = w->conv_weight[o][u][v][c];
}

void pooled_prepare_predict(const real *weights, void *scratch)
{
    const struct pooled_weights *w = (const struct pooled_weights *)weights;
    struct pooled_image *s = scratch;
    make_conv_weight_form(w, s->conv_weight_form);
}

/* conv: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         pooled.net:5-7
 *   conv_weight_form  3 x 1 x 3 x 6
 *   input             1 x 12 x 12
 *   conv_bias         6
 *   relu_1            6 x 5 x 5  (result)
 *   work->result: the largest of each window's columns
 * the largest of each window.
 * A vector is 2 pieces of 4 pixels. The sums of 2 rows x 2 vectors x 2 output channels stay in registers. */
static KERNEL void predict_conv_forward(const struct pooled_weights *w, const real conv_weight_form[3][1][3][6],
        const real input[1][12][12], real relu_1[6][5][5], struct predict_conv_forward_work *work)
{
    for (int p0 = 0; p0 < 15; p0 = p0 == 8 ? 11 : p0 + 4) {
        int at[4], to[4];
        UNROLL(4)
        for (int i = 0; i < 4; i++) {
            int piece = p0 + i;
            int row = piece / 3, x = (int)int_min(piece % 3 * 4, 6);
            at[i] = row*24 + x;
            to[i] = row*10 + x;
        }
        for (int o0 = 0; o0 < 6; o0 += 2) {
            vf sum[2][2][2] = {0};
            for (int u = 0; u < 3; u++)
                for (int c = 0; c < 1; c++)
                    for (int v = 0; v < 3; v++)
                        UNROLL(2)
                        for (int r = 0; r < 2; r++) {
                            const real *from = &input[c][r + u][v];
                            UNROLL(2)
                            for (int i = 0; i < 2; i++) {
                                vf pixels = lanes_load_2(from, at + 2*i);
                                UNROLL(2)
                                for (int o = 0; o < 2; o++)
                                    sum[r][i][o] += conv_weight_form[u][c][v][o0 + o] * pixels;
                            }
                        }
            UNROLL(2)
            for (int i = 0; i < 2; i++)
                UNROLL(2)
                for (int o = 0; o < 2; o++) {
                    real *row = work->result[o0 + o][0];
                    vf largest = sum[0][i][o];
                    lanes_take_value(sum[1][i][o], &largest);
                    lanes_store_2(row, to + 2*i, largest);
                }
        }
    }
    for (int o = 0; o < 6; o++)
        for (int y = 0; y < 5; y++) {
            const real *row = work->result[o][y];
            #pragma omp simd
            for (int x = 0; x < 5; x++) {
                real largest = row[2*x];
                largest = real_larger(row[2*x + 1], largest);
                real value = largest + w->conv_bias[o];
                relu_1[o][y][x] = real_max(value, 0.0f);
            }
        }
}

/* fc: linear, flatten_1: flatten                                                               pooled.net:8-9
 *   fc_weight  150 x 8
 *   relu_1     6 x 5 x 5
 *   fc_bias    7
 *   fc         7  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * Outputs side by side; 1 vectors of their sums stay in registers. */
static KERNEL void predict_fc_forward(const struct pooled_weights *w, const real relu_1[6][5][5], real fc[7])
{
    const real *from = relu_1[0][0];
    vf sum[1] = {0};
    for (int j = 0; j < 150; j++)
        UNROLL(1)
        for (int v = 0; v < 1; v++)
            sum[v] += from[j] * lanes_load(&w->fc_weight[j][LANES*v]);
    for (int i = 0; i < 7; i++) {
        real value = ((const real *)sum)[i] + w->fc_bias[i];
        fc[i] = value;
    }
}

void pooled_predict(const real *weights, void *scratch, const void *image, real *logits)
{
    const struct pooled_weights *w = (const struct pooled_weights *)weights;
    struct pooled_image *s = scratch;
    load_image(image, s->input);
    predict_conv_forward(w, s->conv_weight_form, s->input, s->relu_1, &s->work.predict_conv_forward);
    predict_fc_forward(w, s->relu_1, s->fc);
    memcpy(logits, s->fc, sizeof s->fc);
}
