/* settings, compiled by netc 0.1.0 for avx2 from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: bfb00067a72438ae6f0438641cabea6ac08108ea6a66bfc5d07711616f4a8be8
 * The logits of a single image. */
#include "settings.h"

#include <step.h>

#include <string.h>

/* The image, as its transforms left it. */
static KERNEL void load_image(const float *value, real input[3][8][8])
{
    real *to = input[0][0];

    for (int c = 0; c < 3; c++)
        #pragma omp simd
        for (int64_t i = 0; i < 64; i++)
            to[c*64 + i] = value[c*64 + i];
}

void settings_prepare_predict(const real *weights, void *scratch)
{
    (void)weights, (void)scratch;
}

/* linear_1: linear, flatten_1: flatten                                                       settings.net:4-5
 *   linear_1_weight  192 x 8
 *   input            3 x 8 x 8
 *   linear_1_bias    4
 *   linear_1         4  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * Outputs side by side; 1 vectors of their sums stay in registers. */
static KERNEL void predict_linear_1_forward(const struct settings_weights *w, const real input[3][8][8],
        real linear_1[4])
{
    const real *from = input[0][0];
    vf sum[1] = {0};
    for (int j = 0; j < 192; j++)
        UNROLL(1)
        for (int v = 0; v < 1; v++)
            sum[v] += from[j] * lanes_load(&w->linear_1_weight[j][LANES*v]);
    for (int i = 0; i < 4; i++) {
        real value = ((const real *)sum)[i] + w->linear_1_bias[i];
        linear_1[i] = value;
    }
}

void settings_predict(const real *weights, void *scratch, const void *image, real *logits)
{
    const struct settings_weights *w = (const struct settings_weights *)weights;
    struct settings_image *s = scratch;
    load_image(image, s->input);
    predict_linear_1_forward(w, s->input, s->linear_1);
    memcpy(logits, s->linear_1, sizeof s->linear_1);
}
