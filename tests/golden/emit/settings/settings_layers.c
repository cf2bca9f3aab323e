/* settings, compiled by netc 0.1.0 for avx2 from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: bfb00067a72438ae6f0438641cabea6ac08108ea6a66bfc5d07711616f4a8be8
 * The plain forward pass of a single image, layer by layer. */
#include "settings.h"

#include <step.h>

/* The image, as its transforms left it. */
static KERNEL void load_image(const float *value, real input[3][8][8])
{
    real *to = input[0][0];

    for (int c = 0; c < 3; c++)
        #pragma omp simd
        for (int64_t i = 0; i < 64; i++)
            to[c*64 + i] = value[c*64 + i];
}

/* flatten_1: flatten                                                                           settings.net:4
 *   input      3 x 8 x 8
 *   flatten_1  192  (result) */
static KERNEL void flatten_1_forward(const real input[3][8][8], real flatten_1[192])
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 8; y++)
            #pragma omp simd
            for (int x = 0; x < 8; x++)
                flatten_1[64*c + 8*y + x] = input[c][y][x];
}

/* linear_1: linear                                                                             settings.net:5
 *   linear_1_weight  192 x 8
 *   flatten_1        192
 *   linear_1_bias    4
 *   linear_1         4  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
static KERNEL void linear_1_forward(const struct settings_weights *w, const real flatten_1[192], real linear_1[4])
{
    for (int i = 0; i < 4; i++) {
        real sum = w->linear_1_bias[i];
        for (int j = 0; j < 192; j++)
            sum += w->linear_1_weight[j][i] * flatten_1[j];
        linear_1[i] = sum;
    }
}

void settings_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor)
{
    const struct settings_weights *w = (const struct settings_weights *)weights;
    struct settings_layers *s = scratch;

    load_image(image, s->input);
    visit(visitor, 0, s->input[0][0], 192);
    flatten_1_forward(s->input, s->flatten_1);
    visit(visitor, 1, s->flatten_1, 192);
    linear_1_forward(w, s->flatten_1, s->linear_1);
    visit(visitor, 2, s->linear_1, 4);
}
