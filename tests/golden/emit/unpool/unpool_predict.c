/* unpool, compiled by netc 0.1.0 for avx512 from unpool.net with: netc unpool.net --cpu=avx512
 * sha256 of unpool.net: 9a46a500f29bbc6b7013cbbf890e2f182fff473730d24ab155a7a5c8a3548833
 * The logits of a single image. */
#include "unpool.h"

#include <step.h>

#include <string.h>

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

/* [row][input channel][column][output channel]: what a register tile reads lies together. */
static KERNEL void make_conv2d_1_weight_form(const struct unpool_weights *w, real conv2d_1_weight_form[3][1][3][1])
{
    for (int o = 0; o < 1; o++)
        for (int u = 0; u < 3; u++)
            for (int v = 0; v < 3; v++)
                for (int c = 0; c < 1; c++)
                    conv2d_1_weight_form[u][c][v][o] = w->conv2d_1_weight[o][u][v][c];
}

void unpool_prepare_predict(const real *weights, void *scratch)
{
    const struct unpool_weights *w = (const struct unpool_weights *)weights;
    struct unpool_image *s = scratch;
    make_conv2d_1_weight_form(w, s->conv2d_1_weight_form);
}

/* pool: max_pool2d                                                                               unpool.net:5
 *   input         1 x 10 x 10
 *   pool          1 x 5 x 5  (result)
 *   pool_indices  1 x 5 x 5  (result)
 * the largest of each window, and which element of it that is. */
static KERNEL void predict_pool_forward(const real input[1][10][10], real pool[1][5][5], int pool_indices[1][5][5])
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
static KERNEL void predict_conv2d_1_pad(const real pool[1][5][5], real conv2d_1_padded[1][7][7])
{
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 7; x++)
            conv2d_1_padded[0][y][x] = pool[0][(y + 4) % 5][(x + 4) % 5];
}

/* conv2d_1: conv2d                                                                               unpool.net:6
 *   conv2d_1_weight_form  3 x 1 x 3 x 1
 *   conv2d_1_padded       1 x 7 x 7
 *   conv2d_1_bias         1
 *   conv2d_1              1 x 5 x 5  (result)
 *   work->result: the sums
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A vector is 2 pieces of 8 pixels. The sums of 3 vectors x 1 output channels stay in registers. */
static KERNEL void predict_conv2d_1_forward(const struct unpool_weights *w, const real conv2d_1_weight_form[3][1][3][1],
        const real conv2d_1_padded[1][7][7], real conv2d_1[1][5][5], struct predict_conv2d_1_forward_work *work)
{
    for (int p0 = 0; p0 < 6; p0 += 6) {
        int at[6], to[6];
        UNROLL(6)
        for (int i = 0; i < 6; i++) {
            int piece = (int)int_min(p0 + i, 4);
            at[i] = piece*7;
            to[i] = piece*8;
        }
        for (int o0 = 0; o0 < 1; o0++) {
            vf sum[1][3][1] = {0};
            for (int u = 0; u < 3; u++)
                for (int c = 0; c < 1; c++)
                    for (int v = 0; v < 3; v++)
                        UNROLL(1)
                        for (int r = 0; r < 1; r++) {
                            const real *from = &conv2d_1_padded[c][u][v];
                            UNROLL(3)
                            for (int i = 0; i < 3; i++) {
                                vf pixels = lanes_load_2(from, at + 2*i);
                                UNROLL(1)
                                for (int o = 0; o < 1; o++)
                                    sum[r][i][o] += conv2d_1_weight_form[u][c][v][o0 + o] * pixels;
                            }
                        }
            UNROLL(3)
            for (int i = 0; i < 3; i++)
                UNROLL(1)
                for (int o = 0; o < 1; o++) {
                    real *row = work->result[o0 + o][0];
                    vf largest = sum[0][i][o];
                    lanes_store_2(row, to + 2*i, largest);
                }
        }
    }
    for (int o = 0; o < 1; o++)
        for (int y = 0; y < 5; y++) {
            const real *row = work->result[o][y];
            #pragma omp simd
            for (int x = 0; x < 5; x++) {
                real value = row[x];
                value = value + w->conv2d_1_bias[o];
                conv2d_1[0][y][x] = value;
            }
        }
}

/* max_unpool2d_1: max_unpool2d                                                                   unpool.net:7
 *   pool_indices    1 x 5 x 5
 *   conv2d_1        1 x 5 x 5
 *   max_unpool2d_1  1 x 10 x 10  (result)
 * y[c][y][x] is the element of the last window that took (y, x), else 0. */
static KERNEL void predict_max_unpool2d_1_forward(const int pool_indices[1][5][5], const real conv2d_1[1][5][5],
        real max_unpool2d_1[1][10][10])
{
    for (int y = 0; y < 5; y++)
        for (int u = 0; u < 2; u++)
            for (int x = 0; x < 5; x++)
                for (int v = 0; v < 2; v++)
                    max_unpool2d_1[0][2*y + u][2*x + v] = pool_indices[0][y][x] == 2*u + v ? conv2d_1[0][y][x] : 0.0f;
}

/* linear_1: linear, flatten_1: flatten                                                         unpool.net:8-9
 *   linear_1_weight  4 x 112
 *   max_unpool2d_1   1 x 10 x 10
 *   linear_1         4  (result)
 * y[i] = sum of weight[i][j] * x[j].
 * Features side by side; the sums of 4 outputs stay in registers. */
static KERNEL void predict_linear_1_forward(const struct unpool_weights *w, const real max_unpool2d_1[1][10][10],
        real linear_1[4])
{
    const real *from = max_unpool2d_1[0][0];
    vf sum[4] = {0};
    real rest[4] = {0};
    for (int j = 0; j < 96; j += LANES)
        UNROLL(4)
        for (int i = 0; i < 4; i++)
            sum[i] += lanes_load(&w->linear_1_weight[i][j]) * lanes_load(from + j);
    for (int j = 96; j < 100; j++)
        UNROLL(4)
        for (int i = 0; i < 4; i++)
            rest[i] += w->linear_1_weight[i][j] * from[j];
    UNROLL(4)
    for (int i = 0; i < 4; i++) {
        real value = lanes_sum(sum[i]) + rest[i];
        linear_1[i] = value;
    }
}

void unpool_predict(const real *weights, void *scratch, const void *image, real *logits)
{
    const struct unpool_weights *w = (const struct unpool_weights *)weights;
    struct unpool_image *s = scratch;
    load_image(image, s->input);
    predict_pool_forward(s->input, s->pool, s->pool_indices);
    predict_conv2d_1_pad(s->pool, s->conv2d_1_padded);
    predict_conv2d_1_forward(w, s->conv2d_1_weight_form, s->conv2d_1_padded, s->conv2d_1,
            &s->work.predict_conv2d_1_forward);
    predict_max_unpool2d_1_forward(s->pool_indices, s->conv2d_1, s->max_unpool2d_1);
    predict_linear_1_forward(w, s->max_unpool2d_1, s->linear_1);
    memcpy(logits, s->linear_1, sizeof s->linear_1);
}
