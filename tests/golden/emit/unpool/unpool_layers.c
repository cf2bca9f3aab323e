/* unpool, compiled by netc 0.1.0 for avx512 from unpool.net with: netc unpool.net --cpu=avx512
 * sha256 of unpool.net: 9a46a500f29bbc6b7013cbbf890e2f182fff473730d24ab155a7a5c8a3548833
 * The plain forward pass of a single image, layer by layer. */
#include "unpool.h"

#include <step.h>

/* The image, normalised: (byte / 255 - mean) / std. */
static KERNEL void load_image(const uint8_t *byte, real input[1][10][10])
{
    static const real factor[1] = { 1 / (255 * 1.0) };
    static const real shift[1] = { 0.0 / 1.0 };
    real *to = input[0][0];

    #pragma omp simd
    for (int64_t i = 0; i < 100; i++)
        to[i] = factor[0] * byte[i] + shift[0];
}

/* pool: max_pool2d                                                                               unpool.net:5
 *   input         1 x 10 x 10
 *   pool          1 x 5 x 5  (result)
 *   pool_indices  1 x 5 x 5  (result)
 * the largest of each window, and which element of it that is. */
static KERNEL void pool_forward(const real input[1][10][10], real pool[1][5][5], int pool_indices[1][5][5])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++) {
            real largest = -INFINITY;
            int place = 0;
            for (int u = 0; u < 2; u++)
                for (int v = 0; v < 2; v++) {
                    real value = input[0][2*y + u][2*x + v];
                    bool taken = real_exceeds(value, largest);
                    largest = taken ? value : largest;
                    place = taken ? 2*u + v : place;
                }
            pool[0][y][x] = largest;
            pool_indices[0][y][x] = place;
        }
}

/* conv2d_1: pad                                                                                  unpool.net:6
 *   pool             1 x 5 x 5
 *   conv2d_1_padded  1 x 7 x 7  (result)
 * the image, repeated all around. */
static KERNEL void conv2d_1_pad(const real pool[1][5][5], real conv2d_1_padded[1][7][7])
{
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 7; x++)
            conv2d_1_padded[0][y][x] = pool[0][(y + 4) % 5][(x + 4) % 5];
}

/* conv2d_1: conv2d                                                                               unpool.net:6
 *   conv2d_1_weight  1 x 3 x 3 x 1
 *   conv2d_1_padded  1 x 7 x 7
 *   conv2d_1_bias    1
 *   conv2d_1         1 x 5 x 5  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void conv2d_1_forward(const struct unpool_weights *w, const real conv2d_1_padded[1][7][7],
        real conv2d_1[1][5][5])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++) {
            real sum = w->conv2d_1_bias[0];
            for (int u = 0; u < 3; u++)
                for (int v = 0; v < 3; v++)
                    sum += w->conv2d_1_weight[0][u][v][0] * conv2d_1_padded[0][y + u][x + v];
            conv2d_1[0][y][x] = sum;
        }
}

/* max_unpool2d_1: max_unpool2d                                                                   unpool.net:7
 *   pool_indices    1 x 5 x 5
 *   conv2d_1        1 x 5 x 5
 *   max_unpool2d_1  1 x 10 x 10  (result)
 * y[c][y][x] is the element of the last window that took (y, x), else 0. */
static KERNEL void max_unpool2d_1_forward(const int pool_indices[1][5][5], const real conv2d_1[1][5][5],
        real max_unpool2d_1[1][10][10])
{
    for (int y = 0; y < 5; y++)
        for (int u = 0; u < 2; u++)
            for (int x = 0; x < 5; x++)
                for (int v = 0; v < 2; v++)
                    max_unpool2d_1[0][2*y + u][2*x + v] = pool_indices[0][y][x] == 2*u + v ? conv2d_1[0][y][x] : 0.0f;
}

/* flatten_1: flatten                                                                             unpool.net:8
 *   max_unpool2d_1  1 x 10 x 10
 *   flatten_1       100  (result) */
static KERNEL void flatten_1_forward(const real max_unpool2d_1[1][10][10], real flatten_1[100])
{
    for (int y = 0; y < 10; y++)
        for (int x = 0; x < 10; x++)
            flatten_1[10*y + x] = max_unpool2d_1[0][y][x];
}

/* linear_1: linear                                                                               unpool.net:9
 *   linear_1_weight  4 x 112
 *   flatten_1        100
 *   linear_1         4  (result)
 * y[i] = sum of weight[i][j] * x[j]. */
static KERNEL void linear_1_forward(const struct unpool_weights *w, const real flatten_1[100], real linear_1[4])
{
    for (int i = 0; i < 4; i++) {
        real sum = 0;
        for (int j = 0; j < 100; j++)
            sum += w->linear_1_weight[i][j] * flatten_1[j];
        linear_1[i] = sum;
    }
}

void unpool_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor)
{
    const struct unpool_weights *w = (const struct unpool_weights *)weights;
    struct unpool_layers *s = scratch;

    load_image(image, s->input);
    visit(visitor, 0, s->input[0][0], 100);
    pool_forward(s->input, s->pool, s->pool_indices);
    visit(visitor, 1, s->pool[0][0], 25);
    conv2d_1_pad(s->pool, s->conv2d_1_padded);
    conv2d_1_forward(w, s->conv2d_1_padded, s->conv2d_1);
    visit(visitor, 2, s->conv2d_1[0][0], 25);
    max_unpool2d_1_forward(s->pool_indices, s->conv2d_1, s->max_unpool2d_1);
    visit(visitor, 3, s->max_unpool2d_1[0][0], 100);
    flatten_1_forward(s->max_unpool2d_1, s->flatten_1);
    visit(visitor, 4, s->flatten_1, 100);
    linear_1_forward(w, s->flatten_1, s->linear_1);
    visit(visitor, 5, s->linear_1, 4);
}
