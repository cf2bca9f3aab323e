/* large, compiled by netc 0.1.0 for neon from large.net with: netc large.net --cpu=neon
 * sha256 of large.net: 229c91062556ebd7246ffa8ad1090913b574f515a771c09725ed50cb66f7a953
 * The logits of a single image. */
#include "large.h"

#include <step.h>

#include <string.h>

/* The image, normalised: (byte / 255 - mean) / std. */
static KERNEL void load_image(const uint8_t *byte, real input[1000])
{
    static const real factor[1] = { 1 / (255 * 1.0) };
    static const real shift[1] = { 0.0 / 1.0 };
    real *to = input;

    #pragma omp simd
    for (int64_t i = 0; i < 1000; i++)
        to[i] = factor[0] * byte[i] + shift[0];
}

void large_prepare_predict(const real *weights, void *scratch)
{
    (void)weights, (void)scratch;
}

/* hidden: linear, relu_1: relu                                                                  large.net:5-6
 *   hidden_weight  1000 x 400
 *   input          1000
 *   hidden_bias    400
 *   relu_1         400  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * Outputs side by side; 8 vectors of their sums stay in registers. */
static KERNEL void predict_hidden_forward(const struct large_weights *w, const real input[1000], real relu_1[400])
{
    const real *from = input;
    for (int v0 = 0; v0 < 100; v0 = v0 == 88 ? 92 : v0 + 8) {
        vf sum[8] = {0};
        for (int j = 0; j < 1000; j++)
            UNROLL(8)
            for (int v = 0; v < 8; v++)
                sum[v] += from[j] * lanes_load(&w->hidden_weight[j][LANES*(v0 + v)]);
        for (int i = LANES*v0; i < int_min(LANES*(v0 + 8), 400); i++) {
            real value = ((const real *)sum)[i - LANES*v0] + w->hidden_bias[i];
            relu_1[i] = real_max(value, 0.0f);
        }
    }
}

/* fc: linear                                                                                      large.net:7
 *   fc_weight  400 x 12
 *   relu_1     400
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * Outputs side by side; 3 vectors of their sums stay in registers. */
static KERNEL void predict_fc_forward(const struct large_weights *w, const real relu_1[400], real fc[10])
{
    const real *from = relu_1;
    vf sum[3] = {0};
    for (int j = 0; j < 400; j++)
        UNROLL(3)
        for (int v = 0; v < 3; v++)
            sum[v] += from[j] * lanes_load(&w->fc_weight[j][LANES*v]);
    for (int i = 0; i < 10; i++) {
        real value = ((const real *)sum)[i] + w->fc_bias[i];
        fc[i] = value;
    }
}

void large_predict(const real *weights, void *scratch, const void *image, real *logits)
{
    const struct large_weights *w = (const struct large_weights *)weights;
    struct large_image *s = scratch;
    load_image(image, s->input);
    predict_hidden_forward(w, s->input, s->relu_1);
    predict_fc_forward(w, s->relu_1, s->fc);
    memcpy(logits, s->fc, sizeof s->fc);
}
