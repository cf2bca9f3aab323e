/* cycled, compiled by netc 0.1.0 for avx2 from cycled.net with: netc cycled.net --cpu=avx2
 * sha256 of cycled.net: 0bd4de1962013fd6ec0252df0de50a20511f48f3760728cc6830002dbf62e7f5
 * The plain forward pass of a single image, layer by layer. */
#include "cycled.h"

#include <step.h>

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

/* linear_1: linear                                                                               cycled.net:4
 *   linear_1_weight  40 x 8
 *   input            40
 *   linear_1_bias    6
 *   linear_1         6  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
static KERNEL void linear_1_forward(const struct cycled_weights *w, const real input[40], real linear_1[6])
{
    for (int i = 0; i < 6; i++) {
        real sum = w->linear_1_bias[i];
        for (int j = 0; j < 40; j++)
            sum += w->linear_1_weight[j][i] * input[j];
        linear_1[i] = sum;
    }
}

void cycled_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor)
{
    const struct cycled_weights *w = (const struct cycled_weights *)weights;
    struct cycled_layers *s = scratch;

    load_image(image, s->input);
    visit(visitor, 0, s->input, 40);
    linear_1_forward(w, s->input, s->linear_1);
    visit(visitor, 1, s->linear_1, 6);
}
