/* pooled, compiled by netc 0.1.0 for avx2 from pooled.net with: netc pooled.net --cpu=avx2
 * sha256 of pooled.net: 7209e10cacde7b553bd0ae05a9a1f85ab4c7554fbf9bb8b304f251c809eb29f4
 * The plain forward pass of a single image, layer by layer. */
#include "pooled.h"

#include <step.h>

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

/* conv: conv2d                                                                                   pooled.net:5
 *   conv_weight  6 x 3 x 3 x 1
 *   input        1 x 12 x 12
 *   conv_bias    6
 *   conv         6 x 10 x 10  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void conv_forward(const struct pooled_weights *w, const real input[1][12][12], real conv[6][10][10])
{
    for (int o = 0; o < 6; o++)
        for (int y = 0; y < 10; y++)
            #pragma omp simd
            for (int x = 0; x < 10; x++) {
                real sum = w->conv_bias[o];
                UNROLL(3)
                for (int u = 0; u < 3; u++)
                    UNROLL(3)
                    for (int v = 0; v < 3; v++)
                        sum += w->conv_weight[o][u][v][0] * input[0][y + u][x + v];
                conv[o][y][x] = sum;
            }
}

/* max_pool2d_1: max_pool2d                                                                       pooled.net:6
 *   conv          6 x 10 x 10
 *   max_pool2d_1  6 x 5 x 5  (result)
 * the largest of each window. */
static KERNEL void max_pool2d_1_forward(const real conv[6][10][10], real max_pool2d_1[6][5][5])
{
    for (int c = 0; c < 6; c++)
        for (int y = 0; y < 5; y++)
            #pragma omp simd
            for (int x = 0; x < 5; x++) {
                real largest = -INFINITY;
                UNROLL(2)
                for (int u = 0; u < 2; u++)
                    UNROLL(2)
                    for (int v = 0; v < 2; v++) {
                        real value = conv[c][2*y + u][2*x + v];
                        bool taken = real_exceeds(value, largest);
                        largest = taken ? value : largest;
                    }
                max_pool2d_1[c][y][x] = largest;
            }
}

/* relu_1: relu                                                                                   pooled.net:7
 *   max_pool2d_1  6 x 5 x 5
 *   relu_1        6 x 5 x 5  (result) */
static KERNEL void relu_1_forward(const real max_pool2d_1[6][5][5], real relu_1[6][5][5])
{
    for (int c = 0; c < 6; c++)
        for (int y = 0; y < 5; y++)
            #pragma omp simd
            for (int x = 0; x < 5; x++)
                relu_1[c][y][x] = real_max(max_pool2d_1[c][y][x], 0.0f);
}

/* flatten_1: flatten                                                                             pooled.net:8
 *   relu_1     6 x 5 x 5
 *   flatten_1  150  (result) */
static KERNEL void flatten_1_forward(const real relu_1[6][5][5], real flatten_1[150])
{
    for (int c = 0; c < 6; c++)
        for (int y = 0; y < 5; y++)
            #pragma omp simd
            for (int x = 0; x < 5; x++)
                flatten_1[25*c + 5*y + x] = relu_1[c][y][x];
}

/* fc: linear                                                                                     pooled.net:9
 *   fc_weight  150 x 8
 *   flatten_1  150
 *   fc_bias    7
 *   fc         7  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
static KERNEL void fc_forward(const struct pooled_weights *w, const real flatten_1[150], real fc[7])
{
    for (int i = 0; i < 7; i++) {
        real sum = w->fc_bias[i];
        for (int j = 0; j < 150; j++)
            sum += w->fc_weight[j][i] * flatten_1[j];
        fc[i] = sum;
    }
}

void pooled_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor)
{
    const struct pooled_weights *w = (const struct pooled_weights *)weights;
    struct pooled_layers *s = scratch;

    load_image(image, s->input);
    visit(visitor, 0, s->input[0][0], 144);
    conv_forward(w, s->input, s->conv);
    visit(visitor, 1, s->conv[0][0], 600);
    max_pool2d_1_forward(s->conv, s->max_pool2d_1);
    visit(visitor, 2, s->max_pool2d_1[0][0], 150);
    relu_1_forward(s->max_pool2d_1, s->relu_1);
    visit(visitor, 3, s->relu_1[0][0], 150);
    flatten_1_forward(s->relu_1, s->flatten_1);
    visit(visitor, 4, s->flatten_1, 150);
    fc_forward(w, s->flatten_1, s->fc);
    visit(visitor, 5, s->fc, 7);
}
