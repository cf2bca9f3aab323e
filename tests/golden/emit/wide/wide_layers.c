/* wide, compiled by netc 0.1.0 for avx512 from wide.net with: netc wide.net --cpu=avx512
 * sha256 of wide.net: 7017b781c3cef29410376d527b5113545f3d44f2d9b1fa987e81294cb318cc1a
 * The plain forward pass of a single image, layer by layer. */
#include "wide.h"

#include <step.h>

/* The image, normalised: (byte / 255 - mean) / std. */
static KERNEL void load_image(const uint8_t *byte, real input[3][16][16])
{
    static const real factor[3] = { 1 / (255 * 0.25), 1 / (255 * 0.25), 1 / (255 * 0.25) };
    static const real shift[3] = { -0.5 / 0.25, -0.5 / 0.25, -0.5 / 0.25 };
    real *to = input[0][0];

    for (int c = 0; c < 3; c++)
        #pragma omp simd
        for (int64_t i = 0; i < 256; i++)
            to[c*256 + i] = factor[c] * byte[c*256 + i] + shift[c];
}

/* a: pad                                                                                           wide.net:5
 *   input     3 x 16 x 16
 *   a_padded  3 x 18 x 18  (result)
 * zeros around the image. */
static KERNEL void a_pad(const real input[3][16][16], real a_padded[3][18][18])
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 18; y++)
            #pragma omp simd
            for (int x = 0; x < 18; x++)
                a_padded[c][y][x] = 0 <= y - 1 && y - 1 <= 15 && 0 <= x - 1 && x - 1 <= 15 ? input[c][y - 1][x - 1] :
                        0.0f;
}

/* a: conv2d                                                                                        wide.net:5
 *   a_weight  16 x 3 x 3 x 3
 *   a_padded  3 x 18 x 18
 *   a_bias    16
 *   a_        16 x 16 x 16  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void a_forward(const struct wide_weights *w, const real a_padded[3][18][18], real a_[16][16][16])
{
    for (int o = 0; o < 16; o++)
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++) {
                real sum = w->a_bias[o];
                for (int c = 0; c < 3; c++)
                    for (int u = 0; u < 3; u++)
                        for (int v = 0; v < 3; v++)
                            sum += w->a_weight[o][u][v][c] * a_padded[c][y + u][x + v];
                a_[o][y][x] = sum;
            }
}

/* relu_1: relu                                                                                     wide.net:6
 *   a_      16 x 16 x 16
 *   relu_1  16 x 16 x 16  (result) */
static KERNEL void relu_1_forward(const real a_[16][16][16], real relu_1[16][16][16])
{
    for (int c = 0; c < 16; c++)
        for (int y = 0; y < 16; y++)
            #pragma omp simd
            for (int x = 0; x < 16; x++)
                relu_1[c][y][x] = real_max(a_[c][y][x], 0.0f);
}

/* b: pad                                                                                           wide.net:7
 *   relu_1    16 x 16 x 16
 *   b_padded  16 x 18 x 18  (result)
 * zeros around the image. */
static KERNEL void b_pad(const real relu_1[16][16][16], real b_padded[16][18][18])
{
    for (int c = 0; c < 16; c++)
        for (int y = 0; y < 18; y++)
            #pragma omp simd
            for (int x = 0; x < 18; x++)
                b_padded[c][y][x] = 0 <= y - 1 && y - 1 <= 15 && 0 <= x - 1 && x - 1 <= 15 ? relu_1[c][y - 1][x - 1] :
                        0.0f;
}

/* b: conv2d                                                                                        wide.net:7
 *   b_weight  24 x 3 x 3 x 16
 *   b_padded  16 x 18 x 18
 *   b_bias    24
 *   b_        24 x 16 x 16  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void b_forward(const struct wide_weights *w, const real b_padded[16][18][18], real b_[24][16][16])
{
    for (int o = 0; o < 24; o++)
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++) {
                real sum = w->b_bias[o];
                for (int c = 0; c < 16; c++)
                    for (int u = 0; u < 3; u++)
                        for (int v = 0; v < 3; v++)
                            sum += w->b_weight[o][u][v][c] * b_padded[c][y + u][x + v];
                b_[o][y][x] = sum;
            }
}

/* relu_2: relu                                                                                     wide.net:8
 *   b_      24 x 16 x 16
 *   relu_2  24 x 16 x 16  (result) */
static KERNEL void relu_2_forward(const real b_[24][16][16], real relu_2[24][16][16])
{
    for (int c = 0; c < 24; c++)
        for (int y = 0; y < 16; y++)
            #pragma omp simd
            for (int x = 0; x < 16; x++)
                relu_2[c][y][x] = real_max(b_[c][y][x], 0.0f);
}

/* c: conv2d                                                                                        wide.net:9
 *   c_weight  16 x 3 x 3 x 24
 *   relu_2    24 x 16 x 16
 *   c_bias    16
 *   c_        16 x 7 x 7  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void c_forward(const struct wide_weights *w, const real relu_2[24][16][16], real c_[16][7][7])
{
    for (int o = 0; o < 16; o++)
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 7; x++) {
                real sum = w->c_bias[o];
                for (int c = 0; c < 24; c++)
                    for (int u = 0; u < 3; u++)
                        for (int v = 0; v < 3; v++)
                            sum += w->c_weight[o][u][v][c] * relu_2[c][2*y + u][2*x + v];
                c_[o][y][x] = sum;
            }
}

/* relu_3: relu                                                                                    wide.net:10
 *   c_      16 x 7 x 7
 *   relu_3  16 x 7 x 7  (result) */
static KERNEL void relu_3_forward(const real c_[16][7][7], real relu_3[16][7][7])
{
    for (int c = 0; c < 16; c++)
        for (int y = 0; y < 7; y++)
            #pragma omp simd
            for (int x = 0; x < 7; x++)
                relu_3[c][y][x] = real_max(c_[c][y][x], 0.0f);
}

/* flatten_1: flatten                                                                              wide.net:11
 *   relu_3     16 x 7 x 7
 *   flatten_1  784  (result) */
static KERNEL void flatten_1_forward(const real relu_3[16][7][7], real flatten_1[784])
{
    for (int c = 0; c < 16; c++)
        for (int y = 0; y < 7; y++)
            #pragma omp simd
            for (int x = 0; x < 7; x++)
                flatten_1[49*c + 7*y + x] = relu_3[c][y][x];
}

/* fc: linear                                                                                      wide.net:12
 *   fc_weight  10 x 784
 *   flatten_1  784
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
static KERNEL void fc_forward(const struct wide_weights *w, const real flatten_1[784], real fc[10])
{
    for (int i = 0; i < 10; i++) {
        real sum = w->fc_bias[i];
        for (int j = 0; j < 784; j++)
            sum += w->fc_weight[i][j] * flatten_1[j];
        fc[i] = sum;
    }
}

void wide_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor)
{
    const struct wide_weights *w = (const struct wide_weights *)weights;
    struct wide_layers *s = scratch;

    load_image(image, s->input);
    visit(visitor, 0, s->input[0][0], 768);
    a_pad(s->input, s->a_padded);
    a_forward(w, s->a_padded, s->a_);
    visit(visitor, 1, s->a_[0][0], 4096);
    relu_1_forward(s->a_, s->relu_1);
    visit(visitor, 2, s->relu_1[0][0], 4096);
    b_pad(s->relu_1, s->b_padded);
    b_forward(w, s->b_padded, s->b_);
    visit(visitor, 3, s->b_[0][0], 6144);
    relu_2_forward(s->b_, s->relu_2);
    visit(visitor, 4, s->relu_2[0][0], 6144);
    c_forward(w, s->relu_2, s->c_);
    visit(visitor, 5, s->c_[0][0], 784);
    relu_3_forward(s->c_, s->relu_3);
    visit(visitor, 6, s->relu_3[0][0], 784);
    flatten_1_forward(s->relu_3, s->flatten_1);
    visit(visitor, 7, s->flatten_1, 784);
    fc_forward(w, s->flatten_1, s->fc);
    visit(visitor, 8, s->fc, 10);
}
