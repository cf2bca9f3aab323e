/* large, compiled by netc 0.1.0 for neon from large.net with: netc large.net --cpu=neon
 * sha256 of large.net: 229c91062556ebd7246ffa8ad1090913b574f515a771c09725ed50cb66f7a953
 * The plain forward pass of a single image, layer by layer. */
#include "large.h"

#include <step.h>

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

/* hidden: linear                                                                                  large.net:5
 *   hidden_weight  1000 x 400
 *   input          1000
 *   hidden_bias    400
 *   hidden         400  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
static KERNEL void hidden_forward(const struct large_weights *w, const real input[1000], real hidden[400])
{
    for (int i = 0; i < 400; i++) {
        real sum = w->hidden_bias[i];
        for (int j = 0; j < 1000; j++)
            sum += w->hidden_weight[j][i] * input[j];
        hidden[i] = sum;
    }
}

/* relu_1: relu                                                                                    large.net:6
 *   hidden  400
 *   relu_1  400  (result) */
static KERNEL void relu_1_forward(const real hidden[400], real relu_1[400])
{
    #pragma omp simd
    for (int i = 0; i < 400; i++)
        relu_1[i] = real_max(hidden[i], 0.0f);
}

/* fc: linear                                                                                      large.net:7
 *   fc_weight  400 x 12
 *   relu_1     400
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
static KERNEL void fc_forward(const struct large_weights *w, const real relu_1[400], real fc[10])
{
    for (int i = 0; i < 10; i++) {
        real sum = w->fc_bias[i];
        for (int j = 0; j < 400; j++)
            sum += w->fc_weight[j][i] * relu_1[j];
        fc[i] = sum;
    }
}

void large_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor)
{
    const struct large_weights *w = (const struct large_weights *)weights;
    struct large_layers *s = scratch;

    load_image(image, s->input);
    visit(visitor, 0, s->input, 1000);
    hidden_forward(w, s->input, s->hidden);
    visit(visitor, 1, s->hidden, 400);
    relu_1_forward(s->hidden, s->relu_1);
    visit(visitor, 2, s->relu_1, 400);
    fc_forward(w, s->relu_1, s->fc);
    visit(visitor, 3, s->fc, 10);
}
