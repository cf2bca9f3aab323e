/* units, compiled by netc 0.1.0 for avx512 from units.net with: netc units.net --cpu=avx512 --units=12
 * sha256 of units.net: 9d0e168fc7f07fe4363e235459b01cee89128cb561c45d9e1ab36b5ed44b1685
 * The plain forward pass of a single image, layer by layer. */
#include "units.h"

#include <step.h>

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

/* conv1: conv2d                                                                                   units.net:5
 *   conv1_weight  8 x 5 x 5 x 1
 *   input         1 x 21 x 21
 *   conv1_bias    8
 *   conv1         8 x 17 x 17  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void conv1_forward(const struct units_weights *w, const real input[1][21][21], real conv1[8][17][17])
{
    for (int o = 0; o < 8; o++)
        for (int y = 0; y < 17; y++)
            for (int x = 0; x < 17; x++) {
                real sum = w->conv1_bias[o];
                for (int u = 0; u < 5; u++)
                    for (int v = 0; v < 5; v++)
                        sum += w->conv1_weight[o][u][v][0] * input[0][y + u][x + v];
                conv1[o][y][x] = sum;
            }
}

/* relu_1: relu                                                                                    units.net:6
 *   conv1   8 x 17 x 17
 *   relu_1  8 x 17 x 17  (result) */
static KERNEL void relu_1_forward(const real conv1[8][17][17], real relu_1[8][17][17])
{
    for (int c = 0; c < 8; c++)
        for (int y = 0; y < 17; y++)
            #pragma omp simd
            for (int x = 0; x < 17; x++)
                relu_1[c][y][x] = real_max(conv1[c][y][x], 0.0f);
}

/* conv2: conv2d                                                                                   units.net:7
 *   conv2_weight  12 x 3 x 3 x 4
 *   relu_1        8 x 17 x 17
 *   conv2_bias    12
 *   conv2         12 x 15 x 15  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void conv2_forward(const struct units_weights *w, const real relu_1[8][17][17], real conv2[12][15][15])
{
    for (int g = 0; g < 2; g++)
        for (int o = 0; o < 6; o++)
            for (int y = 0; y < 15; y++)
                for (int x = 0; x < 15; x++) {
                    real sum = w->conv2_bias[6*g + o];
                    for (int c = 0; c < 4; c++)
                        for (int u = 0; u < 3; u++)
                            for (int v = 0; v < 3; v++)
                                sum += w->conv2_weight[6*g + o][u][v][c] * relu_1[4*g + c][y + u][x + v];
                    conv2[6*g + o][y][x] = sum;
                }
}

/* flatten_1: flatten                                                                              units.net:8
 *   conv2      12 x 15 x 15
 *   flatten_1  2700  (result) */
static KERNEL void flatten_1_forward(const real conv2[12][15][15], real flatten_1[2700])
{
    for (int c = 0; c < 12; c++)
        for (int y = 0; y < 15; y++)
            #pragma omp simd
            for (int x = 0; x < 15; x++)
                flatten_1[225*c + 15*y + x] = conv2[c][y][x];
}

/* fc: linear                                                                                      units.net:9
 *   fc_weight  7 x 2704
 *   flatten_1  2700
 *   fc_bias    7
 *   fc         7  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
static KERNEL void fc_forward(const struct units_weights *w, const real flatten_1[2700], real fc[7])
{
    for (int i = 0; i < 7; i++) {
        real sum = w->fc_bias[i];
        for (int j = 0; j < 2700; j++)
            sum += w->fc_weight[i][j] * flatten_1[j];
        fc[i] = sum;
    }
}

void units_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor)
{
    const struct units_weights *w = (const struct units_weights *)weights;
    struct units_layers *s = scratch;

    load_image(image, s->input);
    visit(visitor, 0, s->input[0][0], 441);
    conv1_forward(w, s->input, s->conv1);
    visit(visitor, 1, s->conv1[0][0], 2312);
    relu_1_forward(s->conv1, s->relu_1);
    visit(visitor, 2, s->relu_1[0][0], 2312);
    conv2_forward(w, s->relu_1, s->conv2);
    visit(visitor, 3, s->conv2[0][0], 2700);
    flatten_1_forward(s->conv2, s->flatten_1);
    visit(visitor, 4, s->flatten_1, 2700);
    fc_forward(w, s->flatten_1, s->fc);
    visit(visitor, 5, s->fc, 7);
}
