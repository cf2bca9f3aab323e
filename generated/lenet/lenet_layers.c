/* lenet, compiled by netc 0.1.0 for avx2 from lenet.net with: netc lenet.net --cpu=avx2
 * sha256 of lenet.net: 1f84c3979097720d08ad5b072b3acc6fa4b17785d347f9d751d029128b06b2a6
 * The plain forward pass of a single image, layer by layer. */
#include "lenet.h"

#include <step.h>

/* The image, normalised: (byte / 255 - mean) / std. */
static KERNEL void load_image(const uint8_t *byte, real input[1][28][28])
{
    static const real factor[1] = { 1 / (255 * 0.3081) };
    static const real shift[1] = { -0.1307 / 0.3081 };
    real *to = input[0][0];

    #pragma omp simd
    for (int64_t i = 0; i < 784; i++)
        to[i] = factor[0] * byte[i] + shift[0];
}

/* conv1: conv2d                                                                                   lenet.net:5
 *   conv1_weight  10 x 5 x 5 x 1
 *   input         1 x 28 x 28
 *   conv1_bias    10
 *   conv1         10 x 24 x 24  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void conv1_forward(const struct lenet_weights *w, const real input[1][28][28], real conv1[10][24][24])
{
    for (int o = 0; o < 10; o++)
        for (int y = 0; y < 24; y++)
            for (int x = 0; x < 24; x++) {
                real sum = w->conv1_bias[o];
                for (int u = 0; u < 5; u++)
                    for (int v = 0; v < 5; v++)
                        sum += w->conv1_weight[o][u][v][0] * input[0][y + u][x + v];
                conv1[o][y][x] = sum;
            }
}

/* max_pool2d_1: max_pool2d                                                                        lenet.net:6
 *   conv1         10 x 24 x 24
 *   max_pool2d_1  10 x 12 x 12  (result)
 * the largest of each window. */
static KERNEL void max_pool2d_1_forward(const real conv1[10][24][24], real max_pool2d_1[10][12][12])
{
    for (int c = 0; c < 10; c++)
        for (int y = 0; y < 12; y++)
            #pragma omp simd
            for (int x = 0; x < 12; x++) {
                real largest = -INFINITY;
                UNROLL(2)
                for (int u = 0; u < 2; u++)
                    UNROLL(2)
                    for (int v = 0; v < 2; v++) {
                        real value = conv1[c][2*y + u][2*x + v];
                        bool taken = real_exceeds(value, largest);
                        largest = taken ? value : largest;
                    }
                max_pool2d_1[c][y][x] = largest;
            }
}

/* relu_1: relu                                                                                    lenet.net:7
 *   max_pool2d_1  10 x 12 x 12
 *   relu_1        10 x 12 x 12  (result) */
static KERNEL void relu_1_forward(const real max_pool2d_1[10][12][12], real relu_1[10][12][12])
{
    for (int c = 0; c < 10; c++)
        for (int y = 0; y < 12; y++)
            #pragma omp simd
            for (int x = 0; x < 12; x++)
                relu_1[c][y][x] = real_max(max_pool2d_1[c][y][x], 0.0f);
}

/* conv2: conv2d                                                                                   lenet.net:8
 *   conv2_weight  20 x 5 x 5 x 10
 *   relu_1        10 x 12 x 12
 *   conv2_bias    20
 *   conv2         20 x 8 x 8  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void conv2_forward(const struct lenet_weights *w, const real relu_1[10][12][12], real conv2[20][8][8])
{
    for (int o = 0; o < 20; o++)
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++) {
                real sum = w->conv2_bias[o];
                for (int c = 0; c < 10; c++)
                    for (int u = 0; u < 5; u++)
                        for (int v = 0; v < 5; v++)
                            sum += w->conv2_weight[o][u][v][c] * relu_1[c][y + u][x + v];
                conv2[o][y][x] = sum;
            }
}

/* max_pool2d_2: max_pool2d                                                                        lenet.net:9
 *   conv2         20 x 8 x 8
 *   max_pool2d_2  20 x 4 x 4  (result)
 * the largest of each window. */
static KERNEL void max_pool2d_2_forward(const real conv2[20][8][8], real max_pool2d_2[20][4][4])
{
    for (int c = 0; c < 20; c++)
        for (int y = 0; y < 4; y++)
            #pragma omp simd
            for (int x = 0; x < 4; x++) {
                real largest = -INFINITY;
                UNROLL(2)
                for (int u = 0; u < 2; u++)
                    UNROLL(2)
                    for (int v = 0; v < 2; v++) {
                        real value = conv2[c][2*y + u][2*x + v];
                        bool taken = real_exceeds(value, largest);
                        largest = taken ? value : largest;
                    }
                max_pool2d_2[c][y][x] = largest;
            }
}

/* relu_2: relu                                                                                   lenet.net:10
 *   max_pool2d_2  20 x 4 x 4
 *   relu_2        20 x 4 x 4  (result) */
static KERNEL void relu_2_forward(const real max_pool2d_2[20][4][4], real relu_2[20][4][4])
{
    for (int c = 0; c < 20; c++)
        for (int y = 0; y < 4; y++)
            #pragma omp simd
            for (int x = 0; x < 4; x++)
                relu_2[c][y][x] = real_max(max_pool2d_2[c][y][x], 0.0f);
}

/* flatten_1: flatten                                                                             lenet.net:11
 *   relu_2     20 x 4 x 4
 *   flatten_1  320  (result) */
static KERNEL void flatten_1_forward(const real relu_2[20][4][4], real flatten_1[320])
{
    for (int c = 0; c < 20; c++)
        for (int y = 0; y < 4; y++)
            #pragma omp simd
            for (int x = 0; x < 4; x++)
                flatten_1[16*c + 4*y + x] = relu_2[c][y][x];
}

/* fc: linear                                                                                     lenet.net:12
 *   fc_weight  10 x 320
 *   flatten_1  320
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
static KERNEL void fc_forward(const struct lenet_weights *w, const real flatten_1[320], real fc[10])
{
    for (int i = 0; i < 10; i++) {
        real sum = w->fc_bias[i];
        for (int j = 0; j < 320; j++)
            sum += w->fc_weight[i][j] * flatten_1[j];
        fc[i] = sum;
    }
}

void lenet_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor)
{
    const struct lenet_weights *w = (const struct lenet_weights *)weights;
    struct lenet_layers *s = scratch;

    load_image(image, s->input);
    visit(visitor, 0, s->input[0][0], 784);
    conv1_forward(w, s->input, s->conv1);
    visit(visitor, 1, s->conv1[0][0], 5760);
    max_pool2d_1_forward(s->conv1, s->max_pool2d_1);
    visit(visitor, 2, s->max_pool2d_1[0][0], 1440);
    relu_1_forward(s->max_pool2d_1, s->relu_1);
    visit(visitor, 3, s->relu_1[0][0], 1440);
    conv2_forward(w, s->relu_1, s->conv2);
    visit(visitor, 4, s->conv2[0][0], 1280);
    max_pool2d_2_forward(s->conv2, s->max_pool2d_2);
    visit(visitor, 5, s->max_pool2d_2[0][0], 320);
    relu_2_forward(s->max_pool2d_2, s->relu_2);
    visit(visitor, 6, s->relu_2[0][0], 320);
    flatten_1_forward(s->relu_2, s->flatten_1);
    visit(visitor, 7, s->flatten_1, 320);
    fc_forward(w, s->flatten_1, s->fc);
    visit(visitor, 8, s->fc, 10);
}
