/* cycled, compiled by netc 0.1.0 for avx2 from cycled.net with: netc cycled.net --cpu=avx2
 * sha256 of cycled.net: 0bd4de1962013fd6ec0252df0de50a20511f48f3760728cc6830002dbf62e7f5
 * The logits of a single image. */
#include "cycled.h"

#include <step.h>

#include <string.h>

/* The image, normalised: (byte / 255 - mean) / std. */
static KERNEL void load_image(const uint8_t *byte, real input[40])
{
    static const real factor[1] = { 1 / (255 * 1.0) };
    static const real shift[1] = { 0.0 / 1.0 };
    real *to = input;

    #pragma omp simd
    for (int64_t i = 0; i < 40; i++)
        to[i] = factor[0] * byte[i] + shift[0];
}

void cycled_prepare_predict(const real *weights, void *scratch)
{
    (void)weights, (void)scratch;
}

/* linear_1: linear                                                                               cycled.net:4
 *   linear_1_weight  40 x 8
 *   input            40
 *   linear_1_bias    6
 *   linear_1         6  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * Outputs side by side; 1 vectors of their sums stay in registers. */
static KERNEL void predict_linear_1_forward(const struct cycled_weights *w, const real input[40], real linear_1[6])
{
    const real *from = input;
    vf sum[1] = {0};
    for (int j = 0; j < 40; j++)
        UNROLL(1)
        for (int v = 0; v < 1; v++)
            sum[v] += from[j] * lanes_load(&w->linear_1_weight[j][LANES*v]);
    for (int i = 0; i < 6; i++) {
        real value = ((const real *)sum)[i] + w->linear_1_bias[i];
        linear_1[i] = value;
    }
}

void cycled_predict(const real *weights, void *scratch, const void *image, real *logits)
{
    const struct cycled_weights *w = (const struct cycled_weights *)weights;
    struct cycled_image *s = scratch;
    load_image(image, s->input);
    predict_linear_1_forward(w, s->input, s->linear_1);
    memcpy(logits, s->linear_1, sizeof s->linear_1);
}
