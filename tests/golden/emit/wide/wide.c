/* wide, compiled by netc 0.1.0 for avx512 from wide.net with: netc wide.net --cpu=avx512
 * sha256 of wide.net: 7017b781c3cef29410376d527b5113545f3d44f2d9b1fa987e81294cb318cc1a
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "wide.h"

#include <apply.h>
#include <load.h>
#include <step.h>

/* The images and labels of a block, a sample in each lane: (byte / 255 - mean) / std. Lanes beyond
 * the step's last sample repeat the first one of the block, and weigh nothing. */
static KERNEL void load_block(const struct step *step, int64_t block, vf image[16][16][3], vi *label)
{
    static const real factor[3] = { 1 / (255 * 0.25), 1 / (255 * 0.25), 1 / (255 * 0.25) };
    static const real shift[3] = { -0.5 / 0.25, -0.5 / 0.25, -0.5 / 0.25 };
    const uint8_t *byte[LANES];

    load_samples(step, block, 768, byte, label);
    load_images(byte, 3, 256, factor, shift, &image[0][0][0]);
}

/* What each sample's loss weighs in the mean over the step: nothing in lanes without one. */
static vf sample_weights(const struct step *step, int64_t block)
{
    int samples = block_samples(step, block, LANES);
    vf weights = {0};
    for (int lane = 0; lane < samples; lane++)
        weights[lane] = step->scale;
    return weights;
}

/* The block's part of the results. */
static void store_result(const struct step *step, int64_t block, vf loss, vf correct)
{
    int samples = block_samples(step, block, LANES);
    struct result result = {0};
    for (int lane = 0; lane < samples; lane++) {
        result.loss += loss[lane];
        result.correct += (int64_t)correct[lane];
    }
    step->result[block] = result;
}

static void store_logits(const struct step *step, int64_t block, const vf logits[10])
{
    int samples = block_samples(step, block, LANES);
    real *to = step->logits + block * LANES * 10;
    for (int lane = 0; lane < samples; lane++)
        for (int64_t k = 0; k < 10; k++)
            *to++ = logits[k][lane];
}

static const struct sgd sgd = {
    .momentum = 0.5, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false,
};

/* Winograd's convolution F(4, 3): 4 neighbouring sums of 3 taps take 6 products instead of 12. Inputs and
 * taps are taken to polynomials' values at 0, 1, -1, 2, -2 and infinity, and back. */

/* The inputs that the sums read. */
INLINE void f4x3_input(const vf from[6], vf to[6])
{
    to[0] = 4.0f*from[0] - 5.0f*from[2] + from[4];
    vf even_1 = -4.0f*from[2] + from[4];
    vf odd_1 = -4.0f*from[1] + from[3];
    to[1] = even_1 + odd_1;
    to[2] = even_1 - odd_1;
    vf even_2 = -from[2] + from[4];
    vf odd_2 = -2.0f*from[1] + 2.0f*from[3];
    to[3] = even_2 + odd_2;
    to[4] = even_2 - odd_2;
    to[5] = 4.0f*from[1] - 5.0f*from[3] + from[5];
}

/* The products, back to the sums. */
INLINE void f4x3_output(const vf from[6], vf to[4])
{
    vf sum_1 = from[1] + from[2], difference_1 = from[1] - from[2];
    vf sum_3 = from[3] + from[4], difference_3 = from[3] - from[4];
    to[0] = from[0] + sum_1 + sum_3;
    to[1] = difference_1 + 2.0f*difference_3;
    to[2] = sum_1 + 4.0f*sum_3;
    to[3] = difference_1 + 8.0f*difference_3 + from[5];
}

/* The gradients of the sums. */
INLINE void f4x3_gradient(const vf from[4], vf to[6])
{
    to[0] = from[0];
    vf even_1 = from[0] + from[2];
    vf odd_1 = from[1] + from[3];
    to[1] = even_1 + odd_1;
    to[2] = even_1 - odd_1;
    vf even_2 = from[0] + 4.0f*from[2];
    vf odd_2 = 2.0f*from[1] + 8.0f*from[3];
    to[3] = even_2 + odd_2;
    to[4] = even_2 - odd_2;
    to[5] = from[3];
}

/* The products, back to the gradients of the inputs. */
INLINE void f4x3_scatter(const vf from[6], vf to[6])
{
    vf sum_1 = from[1] + from[2], difference_1 = from[1] - from[2];
    vf sum_3 = from[3] + from[4], difference_3 = from[3] - from[4];
    to[0] = 4.0f*from[0];
    to[1] = -4.0f*difference_1 - 2.0f*difference_3 + 4.0f*from[5];
    to[2] = -5.0f*from[0] - 4.0f*sum_1 - sum_3;
    to[3] = difference_1 + 2.0f*difference_3 - 5.0f*from[5];
    to[4] = from[0] + sum_1 + sum_3;
    to[5] = from[5];
}

/* Sums of products, back to the gradients of the taps. */
INLINE void f4x3_taps(const vf from[6], vf to[3])
{
    vf sum_1 = from[1] + from[2], difference_1 = from[1] - from[2];
    vf sum_3 = from[3] + from[4], difference_3 = from[3] - from[4];
    to[0] = 0.25f*from[0] - (real)0.16666666666666666*sum_1 + (real)0.041666666666666664*sum_3;
    to[1] = -(real)0.16666666666666666*difference_1 + (real)0.08333333333333333*difference_3;
    to[2] = -(real)0.16666666666666666*sum_1 + (real)0.16666666666666666*sum_3 + from[5];
}

static KERNEL void transform_a_weight_f4x3(const struct wide_weights *w, real a_weight_f4x3[6][16][3][3])
{
    for (int o = 0; o < 16; o++)
        for (int u = 0; u < 3; u++)
            for (int c = 0; c < 3; c++) {
                real tap[3];
                UNROLL(3)
                for (int v = 0; v < 3; v++)
                    tap[v] = w->a_weight[o][u][v][c];
                a_weight_f4x3[0][o][u][c] = 0.25f*tap[0];
                a_weight_f4x3[1][o][u][c] = -(real)0.16666666666666666*tap[0] - (real)0.16666666666666666*tap[1] -
                        (real)0.16666666666666666*tap[2];
                a_weight_f4x3[2][o][u][c] = -(real)0.16666666666666666*tap[0] + (real)0.16666666666666666*tap[1] -
                        (real)0.16666666666666666*tap[2];
                a_weight_f4x3[3][o][u][c] = (real)0.041666666666666664*tap[0] + (real)0.08333333333333333*tap[1] +
                        (real)0.16666666666666666*tap[2];
                a_weight_f4x3[4][o][u][c] = (real)0.041666666666666664*tap[0] - (real)0.08333333333333333*tap[1] +
                        (real)0.16666666666666666*tap[2];
                a_weight_f4x3[5][o][u][c] = tap[2];
            }
}

static KERNEL void transform_b_weight_f4x3(const struct wide_weights *w, real b_weight_f4x3[6][24][3][16])
{
    for (int o = 0; o < 24; o++)
        for (int u = 0; u < 3; u++)
            for (int c = 0; c < 16; c++) {
                real tap[3];
                UNROLL(3)
                for (int v = 0; v < 3; v++)
                    tap[v] = w->b_weight[o][u][v][c];
                b_weight_f4x3[0][o][u][c] = 0.25f*tap[0];
                b_weight_f4x3[1][o][u][c] = -(real)0.16666666666666666*tap[0] - (real)0.16666666666666666*tap[1] -
                        (real)0.16666666666666666*tap[2];
                b_weight_f4x3[2][o][u][c] = -(real)0.16666666666666666*tap[0] + (real)0.16666666666666666*tap[1] -
                        (real)0.16666666666666666*tap[2];
                b_weight_f4x3[3][o][u][c] = (real)0.041666666666666664*tap[0] + (real)0.08333333333333333*tap[1] +
                        (real)0.16666666666666666*tap[2];
                b_weight_f4x3[4][o][u][c] = (real)0.041666666666666664*tap[0] - (real)0.08333333333333333*tap[1] +
                        (real)0.16666666666666666*tap[2];
                b_weight_f4x3[5][o][u][c] = tap[2];
            }
}

/* Makes the transformed weights of the thread, where the weights are new. */
static void prepare(const struct step *step, const struct wide_weights *w, struct wide_scratch *s)
{
    if (s->version == step->version)
        return;
    RUN(transform_a_weight_f4x3, w, s->a_weight_f4x3);
    RUN(transform_b_weight_f4x3, w, s->b_weight_f4x3);
    s->version = step->version;
}

/* a: pad                                                                                           wide.net:5
 *   input     16 x 16 x 3
 *   a_padded  18 x 18 x 3  (result)
 * zeros around the image. */
static KERNEL void a_pad(const vf input[16][16][3], vf a_padded[18][18][3])
{
    for (int y = 0; y < 18; y++)
        for (int x = 0; x < 18; x++)
            for (int c = 0; c < 3; c++)
                a_padded[y][x][c] = 0 <= y - 1 && y - 1 <= 15 && 0 <= x - 1 && x - 1 <= 15 ? input[y - 1][x - 1][c] :
                        lanes_of(0.0f);
}

/* a: conv2d, relu_1: relu                                                                        wide.net:5-6
 *   a_weight_f4x3  6 x 16 x 3 x 3
 *   a_padded       18 x 18 x 3
 *   a_bias         16
 *   relu_1         16 x 16 x 16  (result)
 *   work->in: the input of a tile's columns, transformed
 *   work->product: what the points of a tile give
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void a_forward(const struct wide_weights *w, const real a_weight_f4x3[6][16][3][3],
        const vf a_padded[18][18][3], vf relu_1[16][16][16], struct a_forward_work *work)
{
    for (int x0 = 0; x0 < 16; x0 += 4) {
        for (int y = 0; y < 18; y++)
            for (int c = 0; c < 3; c++) {
                vf from[6], to[6];
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    from[k] = a_padded[y][x0 + k][c];
                f4x3_input(from, to);
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    work->in[y][k][c] = to[k];
            }
        for (int y0 = 0; y0 < 16; y0 += 2)
            for (int o0 = 0; o0 < 16; o0 += 8) {
                for (int k = 0; k < 6; k++) {
                    vf sum[2][8] = {0};
                    for (int u = 0; u < 3; u++)
                        for (int c = 0; c < 3; c++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(8)
                                for (int o = 0; o < 8; o++)
                                    sum[r][o] += a_weight_f4x3[k][o0 + o][u][c] * work->in[y0 + r + u][k][c];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(8)
                        for (int o = 0; o < 8; o++)
                            work->product[k][r][o] = sum[r][o];
                }
                for (int o = 0; o < 8; o++) {
                    vf result[2][4];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++) {
                        vf from[6];
                        UNROLL(6)
                        for (int k = 0; k < 6; k++)
                            from[k] = work->product[k][r][o];
                        f4x3_output(from, result[r]);
                    }
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(4)
                        for (int j = 0; j < 4; j++) {
                            vf value = result[r][j] + w->a_bias[o0 + o];
                            relu_1[y0 + r][x0 + j][o0 + o] = lanes_max(value, lanes_of(0.0f));
                        }
                }
            }
    }
}

/* b: pad                                                                                           wide.net:7
 *   relu_1    16 x 16 x 16
 *   b_padded  18 x 18 x 16  (result)
 * zeros around the image. */
static KERNEL void b_pad(const vf relu_1[16][16][16], vf b_padded[18][18][16])
{
    for (int y = 0; y < 18; y++)
        for (int x = 0; x < 18; x++)
            for (int c = 0; c < 16; c++)
                b_padded[y][x][c] = 0 <= y - 1 && y - 1 <= 15 && 0 <= x - 1 && x - 1 <= 15 ? relu_1[y - 1][x - 1][c] :
                        lanes_of(0.0f);
}

/* b: conv2d, relu_2: relu                                                                        wide.net:7-8
 *   b_weight_f4x3  6 x 24 x 3 x 16
 *   b_padded       18 x 18 x 16
 *   b_bias         24
 *   relu_2         16 x 16 x 24  (result)
 *   work->in: the input of a tile's columns, transformed
 *   work->product: what the points of a tile give
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void b_forward(const struct wide_weights *w, const real b_weight_f4x3[6][24][3][16],
        const vf b_padded[18][18][16], vf relu_2[16][16][24], struct b_forward_work *work)
{
    for (int x0 = 0; x0 < 16; x0 += 4) {
        for (int y = 0; y < 18; y++)
            for (int c = 0; c < 16; c++) {
                vf from[6], to[6];
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    from[k] = b_padded[y][x0 + k][c];
                f4x3_input(from, to);
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    work->in[y][k][c] = to[k];
            }
        for (int y0 = 0; y0 < 16; y0 += 2)
            for (int o0 = 0; o0 < 24; o0 += 8) {
                for (int k = 0; k < 6; k++) {
                    vf sum[2][8] = {0};
                    for (int u = 0; u < 3; u++)
                        for (int c = 0; c < 16; c++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(8)
                                for (int o = 0; o < 8; o++)
                                    sum[r][o] += b_weight_f4x3[k][o0 + o][u][c] * work->in[y0 + r + u][k][c];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(8)
                        for (int o = 0; o < 8; o++)
                            work->product[k][r][o] = sum[r][o];
                }
                for (int o = 0; o < 8; o++) {
                    vf result[2][4];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++) {
                        vf from[6];
                        UNROLL(6)
                        for (int k = 0; k < 6; k++)
                            from[k] = work->product[k][r][o];
                        f4x3_output(from, result[r]);
                    }
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(4)
                        for (int j = 0; j < 4; j++) {
                            vf value = result[r][j] + w->b_bias[o0 + o];
                            relu_2[y0 + r][x0 + j][o0 + o] = lanes_max(value, lanes_of(0.0f));
                        }
                }
            }
    }
}

/* c: conv2d, relu_3: relu                                                                       wide.net:9-10
 *   c_weight  16 x 3 x 3 x 24
 *   relu_2    16 x 16 x 24
 *   c_bias    16
 *   relu_3    7 x 7 x 16  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * The sums of 7 points of x x 2 points of o stay in registers. */
static KERNEL void c_forward(const struct wide_weights *w, const vf relu_2[16][16][24], vf relu_3[7][7][16])
{
    for (int y = 0; y < 7; y++)
        for (int o0 = 0; o0 < 16; o0 += 2) {
            vf sum[7][2];
            UNROLL(7)
            for (int x = 0; x < 7; x++)
                UNROLL(2)
                for (int o = o0; o < o0 + 2; o++)
                    sum[x][o - o0] = lanes_of(w->c_bias[o]);
            for (int u = 0; u < 3; u++)
                for (int v = 0; v < 3; v++)
                    for (int c = 0; c < 24; c++)
                        UNROLL(7)
                        for (int x = 0; x < 7; x++)
                            UNROLL(2)
                            for (int o = o0; o < o0 + 2; o++)
                                sum[x][o - o0] += w->c_weight[o][u][v][c] * relu_2[2*y + u][2*x + v][c];
            UNROLL(7)
            for (int x = 0; x < 7; x++)
                UNROLL(2)
                for (int o = o0; o < o0 + 2; o++)
                    relu_3[y][x][o] = lanes_max(sum[x][o - o0], lanes_of(0.0f));
        }
}

/* flatten_1: flatten                                                                              wide.net:11
 *   relu_3     7 x 7 x 16
 *   flatten_1  784  (result) */
static KERNEL void flatten_1_forward(const vf relu_3[7][7][16], vf flatten_1[784])
{
    for (int c = 0; c < 16; c++)
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 7; x++)
                flatten_1[49*c + 7*y + x] = relu_3[y][x][c];
}

/* fc: linear                                                                                      wide.net:12
 *   fc_weight  10 x 784
 *   flatten_1  784
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * The sums of 10 points of i stay in registers. */
static KERNEL void fc_forward(const struct wide_weights *w, const vf flatten_1[784], vf fc[10])
{
    vf sum[10];
    UNROLL(10)
    for (int i = 0; i < 10; i++)
        sum[i] = lanes_of(w->fc_bias[i]);
    for (int j = 0; j < 784; j++)
        UNROLL(10)
        for (int i = 0; i < 10; i++)
            sum[i] += w->fc_weight[i][j] * flatten_1[j];
    UNROLL(10)
    for (int i = 0; i < 10; i++)
        fc[i] = sum[i];
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  wide.net:22
 *   fc       10
 *   label    one a sample
 *   scale    one a sample
 *   correct  one a sample  (result)
 *   loss     one a sample  (result)
 *   d_fc     10  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight.
 * loss = log(sum of exp(logits[k] - largest)) + largest - logits[label]. Each exponential is taken once. */
static KERNEL void cross_entropy_forward(const vf fc[10], vi label, vf scale, vf *correct, vf *loss, vf d_fc[10])
{
    vf largest = lanes_of(-INFINITY), sum = {0}, of_label = {0};
    vi place = {0};
    for (int k = 0; k < 10; k++)
        lanes_take(fc[k], k, &largest, &place);
    for (int k = 0; k < 10; k++) {
        vf power = lanes_exp(fc[k] - largest);
        sum += power;
        of_label += lanes_where(k == label, fc[k]);
        d_fc[k] = power;
    }
    vf factor = scale / sum;
    for (int k = 0; k < 10; k++)
        d_fc[k] = factor * d_fc[k] - lanes_where(k == label, scale);
    *correct = lanes_where(place == label, lanes_of(1));
    *loss = lanes_log(sum) + (largest - of_label);
}

/* fc: linear_backward_input                                                                       wide.net:12
 *   fc_weight    10 x 784
 *   d_fc         10
 *   d_flatten_1  784  (result)
 * dx[j] = sum of weight[i][j] * dy[i].
 * The sums of 16 points of j stay in registers. */
static KERNEL void fc_backward_input(const struct wide_weights *w, const vf d_fc[10], vf d_flatten_1[784])
{
    for (int j0 = 0; j0 < 784; j0 += 16) {
        vf sum[16] = {0};
        for (int i = 0; i < 10; i++)
            UNROLL(16)
            for (int j = j0; j < j0 + 16; j++)
                sum[j - j0] += w->fc_weight[i][j] * d_fc[i];
        UNROLL(16)
        for (int j = j0; j < j0 + 16; j++)
            d_flatten_1[j] = sum[j - j0];
    }
}

/* fc: linear_backward_weight                                                                      wide.net:12
 *   flatten_1  784
 *   d_fc       10
 *   fc_weight  10 x 784  (result)
 *   work->rows: the inputs of each sample, features side by side in the lanes
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * The operand whose features lie in the lanes of the result is transposed; then every sample adds to
 * all sums of a tile. */
static KERNEL void fc_backward_weight(const vf flatten_1[784], const vf d_fc[10], real fc_weight[10][784],
        struct fc_backward_weight_work *work)
{
    for (int v0 = 0; v0 < 49; v0 = v0 == 46 ? 47 : v0 + 2) {
        for (int v = 0; v < 2; v++) {
            vf turned[LANES];
            UNROLL(16)
            for (int k = 0; k < 16; k++)
                turned[k] = flatten_1[16*(v0 + v) + k];
            lanes_transpose(turned);
            UNROLL(16)
            for (int k = 0; k < 16; k++)
                work->rows[k][v] = turned[k];
        }
        for (int r0 = 0; r0 < 10; r0 += 10) {
            vf sum[10][2] = {0};
            const real *row = (const real *)&d_fc[r0];
            for (int k = 0; k < 16; k++)
                UNROLL(10)
                for (int r = 0; r < 10; r++)
                    UNROLL(2)
                    for (int v = 0; v < 2; v++)
                        sum[r][v] += row[LANES*r + k] * work->rows[k][v];
            UNROLL(10)
            for (int r = 0; r < 10; r++)
                UNROLL(2)
                for (int v = 0; v < 2; v++)
                    lanes_store(&fc_weight[r0 + r][LANES*(v0 + v)], sum[r][v]);
        }
    }
}

/* fc: linear_backward_bias                                                                        wide.net:12
 *   d_fc     10
 *   fc_bias  10  (result)
 * dbias[i] = sum over the samples of dy[i]. */
static KERNEL void fc_backward_bias(const vf d_fc[10], real fc_bias[10])
{
    for (int i = 0; i < 10; i++)
        fc_bias[i] = lanes_sum(d_fc[i]);
}

/* flatten_1: flatten_backward, relu_3: relu_backward                                           wide.net:10-11
 *   relu_3       7 x 7 x 16
 *   d_flatten_1  784
 *   d_c_         7 x 7 x 16  (result) */
static KERNEL void flatten_1_backward(const vf relu_3[7][7][16], const vf d_flatten_1[784], vf d_c_[7][7][16])
{
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 7; x++)
            for (int c = 0; c < 16; c++)
                d_c_[y][x][c] = lanes_select(relu_3[y][x][c] <= 0.0f, lanes_of(0.0f), d_flatten_1[49*c + 7*y + x]);
}

/* c: conv2d_backward_input, relu_2: relu_backward                                                wide.net:8-9
 *   c_weight  16 x 3 x 3 x 24
 *   d_c_      7 x 7 x 16
 *   relu_2    16 x 16 x 24
 *   d_b_      16 x 16 x 24  (result)
 * dx[c][y][x] gathers every output that read (y, x).
 * The sums of 12 points of c stay in registers. */
static KERNEL void c_backward_input(const struct wide_weights *w, const vf d_c_[7][7][16], const vf relu_2[16][16][24],
        vf d_b_[16][16][24])
{
    for (int y = 0; y < 16; y++)
        for (int x = 0; x < 16; x++)
            for (int c0 = 0; c0 < 24; c0 += 12) {
                vf sum[12] = {0};
                for (int u = 0; u < 3; u++)
                    if (0 <= y - u && y - u <= 12 && (y - u) % 2 == 0)
                        for (int v = 0; v < 3; v++)
                            if (0 <= x - v && x - v <= 12 && (x - v) % 2 == 0)
                                for (int o = 0; o < 16; o++)
                                    UNROLL(12)
                                    for (int c = c0; c < c0 + 12; c++)
                                        sum[c - c0] += w->c_weight[o][u][v][c] * d_c_[(y - u) / 2][(x - v) / 2][o];
                UNROLL(12)
                for (int c = c0; c < c0 + 12; c++)
                    d_b_[y][x][c] = lanes_select(relu_2[y][x][c] <= 0.0f, lanes_of(0.0f), sum[c - c0]);
            }
}

/* c: conv2d_backward_weight                                                                        wide.net:9
 *   d_c_      7 x 7 x 16
 *   relu_2    16 x 16 x 24
 *   c_weight  16 x 3 x 3 x 24  (result)
 *   work->sum: the sums so far
 *   work->dy: a strip of the gradients; a lane is a channel
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A vector is of channels of dy. The sums of 12 channels of x x 1 vector stay in registers.
 * A strip is 7 rows x 7 tiles of a column, to stay in the second level of cache. */
static KERNEL void c_backward_weight(const vf d_c_[7][7][16], const vf relu_2[16][16][24], real c_weight[16][3][3][24],
        struct c_backward_weight_work *work)
{
    for (int y = 0; y < 7; y++)
        for (int t = 0; t < 7; t++) {
            vf part[LANES];
            for (int c = 0; c < LANES; c++)
                part[c] = d_c_[y][t][c];
            lanes_transpose(part);
            for (int i = 0; i < LANES; i++)
                work->dy[y][t][i] = part[i];
        }
    for (int v = 0; v < 3; v++)
        for (int u = 0; u < 3; u++)
            for (int n0 = 0; n0 < 24; n0 += 12) {
                vf sum[12] = {0};
                for (int y = 0; y < 7; y++)
                    for (int t = 0; t < 7; t++)
                        for (int i = 0; i < LANES; i++)
                            UNROLL(12)
                            for (int n = 0; n < 12; n++)
                                sum[n] += work->dy[y][t][i] * lanes_at(&relu_2[2*y + u][2*t + v][n0 + n], i);
                UNROLL(12)
                for (int n = 0; n < 12; n++)
                    work->sum[v][u][n0 + n] = sum[n];
            }
    for (int u = 0; u < 3; u++)
        for (int n = 0; n < 24; n++) {
            vf to[3];
            UNROLL(3)
            for (int v = 0; v < 3; v++)
                to[v] = work->sum[v][u][n];
            for (int i = 0; i < LANES; i++)
                UNROLL(3)
                for (int v = 0; v < 3; v++)
                    c_weight[i][u][v][n] = to[v][i];
        }
}

/* c: conv2d_backward_bias                                                                          wide.net:9
 *   d_c_    7 x 7 x 16
 *   c_bias  16  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 8 points of o stay in registers. */
static KERNEL void c_backward_bias(const vf d_c_[7][7][16], real c_bias[16])
{
    for (int o0 = 0; o0 < 16; o0 += 8) {
        vf sum[8] = {0};
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 7; x++)
                UNROLL(8)
                for (int o = o0; o < o0 + 8; o++)
                    sum[o - o0] += d_c_[y][x][o];
        UNROLL(8)
        for (int o = o0; o < o0 + 8; o++)
            c_bias[o] = lanes_sum(sum[o - o0]);
    }
}

/* b: conv2d_backward_weight                                                                        wide.net:7
 *   d_b_      16 x 16 x 24
 *   b_padded  18 x 18 x 16
 *   b_weight  24 x 3 x 3 x 16  (result)
 *   work->sum: the sums so far
 *   work->x: a strip of the input, transformed; a lane is a channel
 *   work->dy: a strip of the gradients, transformed; a lane is a sample
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A vector is of channels of x. The sums of 12 channels of dy x 1 vector stay in registers.
 * A strip is 16 rows x 2 tiles of 4 columns, to stay in the second level of cache. */
static KERNEL void b_backward_weight(const vf d_b_[16][16][24], const vf b_padded[18][18][16],
        real b_weight[24][3][3][16], struct b_backward_weight_work *work)
{
    for (int k = 0; k < 6; k++)
        for (int u = 0; u < 3; u++)
            for (int n = 0; n < 24; n++)
                work->sum[k][u][n] = (vf){0};
    for (int t0 = 0; t0 < 4; t0 += 2) {
        for (int y = 0; y < 16 + 2; y++)
            for (int t = 0; t < 2; t++) {
                vf part[6][LANES];
                for (int c = 0; c < LANES; c++) {
                    vf from[6], to[6];
                    UNROLL(6)
                    for (int k = 0; k < 6; k++)
                        from[k] = b_padded[y][4*(t0 + t) + k][c];
                    f4x3_input(from, to);
                    UNROLL(6)
                    for (int k = 0; k < 6; k++)
                        part[k][c] = to[k];
                }
                for (int k = 0; k < 6; k++) {
                    lanes_transpose(part[k]);
                    for (int i = 0; i < LANES; i++)
                        work->x[k][y][t][i] = part[k][i];
                }
            }
        for (int y = 0; y < 16; y++)
            for (int t = 0; t < 2; t++)
                for (int c = 0; c < 24; c++) {
                    vf from[4], to[6];
                    UNROLL(4)
                    for (int k = 0; k < 4; k++)
                        from[k] = d_b_[y][4*(t0 + t) + k][c];
                    f4x3_gradient(from, to);
                    UNROLL(6)
                    for (int k = 0; k < 6; k++)
                        work->dy[k][y][t][c] = to[k];
                }
        for (int k = 0; k < 6; k++)
            for (int u = 0; u < 3; u++)
                for (int n0 = 0; n0 < 24; n0 += 12) {
                    vf sum[12];
                    UNROLL(12)
                    for (int n = 0; n < 12; n++)
                        sum[n] = work->sum[k][u][n0 + n];
                    for (int y = 0; y < 16; y++)
                        for (int t = 0; t < 2; t++)
                            for (int i = 0; i < LANES; i++)
                                UNROLL(12)
                                for (int n = 0; n < 12; n++)
                                    sum[n] += lanes_at(&work->dy[k][y][t][n0 + n], i) * work->x[k][y + u][t][i];
                    UNROLL(12)
                    for (int n = 0; n < 12; n++)
                        work->sum[k][u][n0 + n] = sum[n];
                }
    }
    for (int u = 0; u < 3; u++)
        for (int n = 0; n < 24; n++) {
            vf from[6], to[3];
            UNROLL(6)
            for (int k = 0; k < 6; k++)
                from[k] = work->sum[k][u][n];
            f4x3_taps(from, to);
            for (int i = 0; i < LANES; i++)
                UNROLL(3)
                for (int v = 0; v < 3; v++)
                    b_weight[n][u][v][i] = to[v][i];
        }
}

/* b: conv2d_backward_bias                                                                          wide.net:7
 *   d_b_    16 x 16 x 24
 *   b_bias  24  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 8 points of o stay in registers. */
static KERNEL void b_backward_bias(const vf d_b_[16][16][24], real b_bias[24])
{
    for (int o0 = 0; o0 < 24; o0 += 8) {
        vf sum[8] = {0};
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++)
                UNROLL(8)
                for (int o = o0; o < o0 + 8; o++)
                    sum[o - o0] += d_b_[y][x][o];
        UNROLL(8)
        for (int o = o0; o < o0 + 8; o++)
            b_bias[o] = lanes_sum(sum[o - o0]);
    }
}

/* b: conv2d_backward_input, b: pad_backward, relu_1: relu_backward                               wide.net:6-7
 *   b_weight_f4x3  6 x 24 x 3 x 16
 *   d_b_           16 x 16 x 24
 *   relu_1         16 x 16 x 16
 *   d_a_           16 x 16 x 16  (result)
 *   work->in: the gradients of a tile's columns, transformed; zero rows around
 *   work->product: what the points give, row by row
 *   work->carry: what the tile before gave for the columns of the next
 * dx[c][y][x] gathers every output that read (y, x). */
static KERNEL void b_backward_input(const real b_weight_f4x3[6][24][3][16], const vf d_b_[16][16][24],
        const vf relu_1[16][16][16], vf d_a_[16][16][16], struct b_backward_input_work *work)
{
    for (int k = 0; k < 6; k++)
        for (int r = 0; r < 1; r++)
            for (int o = 0; o < 24; o++)
                work->in[k][r][o] = work->in[k][17 + r][o] = (vf){0};
    for (int x0 = 0; x0 < 16; x0 += 4) {
        for (int y = 0; y < 16; y++)
            for (int o = 0; o < 24; o++) {
                vf from[1][4];
                UNROLL(4)
                for (int j = 0; j < 4; j++) {
                    vf value = d_b_[y][x0 + j][o];
                    from[0][j] = value;
                }
                UNROLL(1)
                for (int r = 0; r < 1; r++) {
                    vf to[6];
                    f4x3_gradient(from[r], to);
                    UNROLL(6)
                    for (int k = 0; k < 6; k++)
                        work->in[k][1 + y + r][o] = to[k];
                }
            }
        for (int k = 0; k < 6; k++)
            for (int y0 = 0; y0 < 16; y0 += 2) {
                for (int c0 = 0; c0 < 16; c0 += 8) {
                    vf sum[2][8] = {0};
                    for (int u = 0; u < 3; u++)
                        for (int o = 0; o < 24; o++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(8)
                                for (int c = 0; c < 8; c++)
                                    sum[r][c] += b_weight_f4x3[k][o][u][c0 + c] * work->in[k][2 + y0 + r - u][o];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(8)
                        for (int c = 0; c < 8; c++)
                            work->product[k][y0 + r][c0 + c] = sum[r][c];
                }
            }
        for (int y = 0; y < 16; y++)
            for (int c = 0; c < 16; c++) {
                vf from[6], to[6];
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    from[k] = work->product[k][y][c];
                f4x3_scatter(from, to);
                if (x0 > 0)
                    UNROLL(2)
                    for (int j = 0; j < 2; j++)
                        to[j] += work->carry[y][j][c];
                UNROLL(4)
                for (int j = 0; j < 4; j++)
                    if (x0 + j >= 1) {
                        d_a_[y][x0 + j - 1][c] = lanes_select(relu_1[y][x0 + j - 1][c] <= 0.0f, lanes_of(0.0f), to[j]);
                    }
                if (x0 + 4 < 16) {
                    UNROLL(2)
                    for (int j = 0; j < 2; j++)
                        work->carry[y][j][c] = to[4 + j];
                } else {
                    UNROLL(2)
                    for (int j = 4; j < 6; j++)
                        if (x0 + j < 17) {
                            d_a_[y][x0 + j - 1][c] = lanes_select(relu_1[y][x0 + j - 1][c] <= 0.0f, lanes_of(0.0f),
                                    to[j]);
                        }
                }
            }
    }
}

/* a: conv2d_backward_weight                                                                        wide.net:5
 *   d_a_      16 x 16 x 16
 *   a_padded  18 x 18 x 3
 *   a_weight  16 x 3 x 3 x 3  (result)
 *   work->sum: the sums so far
 *   work->x: a strip of the input, transformed; a lane is a sample
 *   work->dy: a strip of the gradients, transformed; a lane is a channel
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A vector is of channels of dy. The sums of 3 rows of the kernel x 3 channels of x x 1 vector stay in registers.
 * A strip is 16 rows x 4 tiles of 4 columns, to stay in the second level of cache. */
static KERNEL void a_backward_weight(const vf d_a_[16][16][16], const vf a_padded[18][18][3],
        real a_weight[16][3][3][3], struct a_backward_weight_work *work)
{
    for (int y = 0; y < 16 + 2; y++)
        for (int t = 0; t < 4; t++)
            for (int c = 0; c < 3; c++) {
                vf from[6], to[6];
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    from[k] = a_padded[y][4*t + k][c];
                f4x3_input(from, to);
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    work->x[k][y][t][c] = to[k];
            }
    for (int y = 0; y < 16; y++)
        for (int t = 0; t < 4; t++) {
            vf part[6][LANES];
            for (int c = 0; c < LANES; c++) {
                vf from[4], to[6];
                UNROLL(4)
                for (int k = 0; k < 4; k++)
                    from[k] = d_a_[y][4*t + k][c];
                f4x3_gradient(from, to);
                UNROLL(6)
                for (int k = 0; k < 6; k++)
                    part[k][c] = to[k];
            }
            for (int k = 0; k < 6; k++) {
                lanes_transpose(part[k]);
                for (int i = 0; i < LANES; i++)
                    work->dy[k][y][t][i] = part[k][i];
            }
        }
    for (int k = 0; k < 6; k++) {
        vf sum[3][3] = {0};
        for (int y = 0; y < 16; y++)
            for (int t = 0; t < 4; t++)
                for (int i = 0; i < LANES; i++)
                    UNROLL(3)
                    for (int u = 0; u < 3; u++)
                        UNROLL(3)
                        for (int n = 0; n < 3; n++)
                            sum[u][n] += work->dy[k][y][t][i] * lanes_at(&work->x[k][y + u][t][n], i);
        UNROLL(3)
        for (int u = 0; u < 3; u++)
            UNROLL(3)
            for (int n = 0; n < 3; n++)
                work->sum[k][u][n] = sum[u][n];
    }
    for (int u = 0; u < 3; u++)
        for (int n = 0; n < 3; n++) {
            vf from[6], to[3];
            UNROLL(6)
            for (int k = 0; k < 6; k++)
                from[k] = work->sum[k][u][n];
            f4x3_taps(from, to);
            for (int i = 0; i < LANES; i++)
                UNROLL(3)
                for (int v = 0; v < 3; v++)
                    a_weight[i][u][v][n] = to[v][i];
        }
}

/* a: conv2d_backward_bias                                                                          wide.net:5
 *   d_a_    16 x 16 x 16
 *   a_bias  16  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 8 points of o stay in registers. */
static KERNEL void a_backward_bias(const vf d_a_[16][16][16], real a_bias[16])
{
    for (int o0 = 0; o0 < 16; o0 += 8) {
        vf sum[8] = {0};
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++)
                UNROLL(8)
                for (int o = o0; o < o0 + 8; o++)
                    sum[o - o0] += d_a_[y][x][o];
        UNROLL(8)
        for (int o = o0; o < o0 + 8; o++)
            a_bias[o] = lanes_sum(sum[o - o0]);
    }
}

/* cross_entropy: class_maximum                                                                    wide.net:22
 *   fc       10
 *   label    one a sample
 *   maximum  one a sample  (result)
 *   correct  one a sample  (result)
 * the largest logit, and whether it is the label's. */
static KERNEL void cross_entropy_maximum(const vf fc[10], vi label, vf *maximum, vf *correct)
{
    vf largest = lanes_of(-INFINITY);
    vi place = {0};
    for (int k = 0; k < 10; k++) {
        vf value = fc[k];
        vi taken = lanes_exceeds(value, largest);
        largest = lanes_select(taken, value, largest);
        place = lanes_select_int(taken, lanes_of_int(k), place);
    }
    *maximum = largest;
    *correct = lanes_select(place == label, lanes_of(1.0f), lanes_of(0.0f));
}

/* cross_entropy: cross_entropy                                                                    wide.net:22
 *   fc       10
 *   maximum  one a sample
 *   label    one a sample
 *   loss     one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
static KERNEL void evaluate_cross_entropy_forward(const vf fc[10], vf maximum, vi label, vf *loss)
{
    vf sum = {0};
    vf sum_2 = {0};
    for (int k = 0; k < 10; k++) {
        sum += lanes_exp(fc[k] - maximum);
        sum_2 += lanes_select(k == label, fc[k], lanes_of(0.0f));
    }
    *loss = lanes_log(sum) + (maximum - sum_2);
}

/* A block of 16 samples goes all the way down and back up while it is in cache. */
void wide_train_block(const struct step *step, void *scratch, int64_t block)
{
    const struct wide_weights *w = (const struct wide_weights *)step->weights;
    struct wide_scratch *s = scratch;
    struct wide_batch *b = step->batch;
    struct wide_weights *g = &b->partial[step->parity][block];
    prepare(step, w, s);

    RUN(load_block, step, block, s->input, &s->label);
    s->scale = sample_weights(step, block);
    RUN(a_pad, s->input, s->a_padded);
    RUN(a_forward, w, s->a_weight_f4x3, s->a_padded, s->relu_1, &s->work.a_forward);
    RUN(b_pad, s->relu_1, s->b_padded);
    RUN(b_forward, w, s->b_weight_f4x3, s->b_padded, s->relu_2, &s->work.b_forward);
    RUN(c_forward, w, s->relu_2, s->relu_3);
    RUN(flatten_1_forward, s->relu_3, s->flatten_1);
    RUN(fc_forward, w, s->flatten_1, s->fc);
    RUN(cross_entropy_forward, s->fc, s->label, s->scale, &s->correct, &s->loss, s->d_fc);
    RUN(fc_backward_input, w, s->d_fc, s->d_flatten_1);
    RUN(fc_backward_weight, s->flatten_1, s->d_fc, g->fc_weight, &s->work.fc_backward_weight);
    RUN(fc_backward_bias, s->d_fc, g->fc_bias);
    RUN(flatten_1_backward, s->relu_3, s->d_flatten_1, s->d_c_);
    RUN(c_backward_input, w, s->d_c_, s->relu_2, s->d_b_);
    RUN(c_backward_weight, s->d_c_, s->relu_2, g->c_weight, &s->work.c_backward_weight);
    RUN(c_backward_bias, s->d_c_, g->c_bias);
    RUN(b_backward_weight, s->d_b_, s->b_padded, g->b_weight, &s->work.b_backward_weight);
    RUN(b_backward_bias, s->d_b_, g->b_bias);
    RUN(b_backward_input, s->b_weight_f4x3, s->d_b_, s->relu_1, s->d_a_, &s->work.b_backward_input);
    RUN(a_backward_weight, s->d_a_, s->a_padded, g->a_weight, &s->work.a_backward_weight);
    RUN(a_backward_bias, s->d_a_, g->a_bias);
    store_result(step, block, s->loss, s->correct);
}

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and SGD's step. Each
 * thread does all slices, of weights that are its own. */
static KERNEL void update(const struct step *step, int64_t unit)
{
    const struct wide_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 15264);
    int64_t blocks = step_blocks(step, LANES);
    real gradient[1024] = {0};

    for (int64_t block = 0; block < blocks; block++) {
        const real *part = (const real *)&b->partial[step->parity][block];
        #pragma omp simd
        for (int64_t i = first; i < end; i++)
            gradient[i - first] += part[i];
    }
    #pragma omp simd
    for (int64_t i = first; i < end; i++)
        step->weights[i] = sgd_update(step->weights[i], gradient[i - first], &step->state[i], sgd, step->lr,
                step->first_step);
}

void wide_update(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(update, step, unit);
}

/* The loss of a block of 16 samples, and the logits where they are wanted. */
void wide_evaluate_block(const struct step *step, void *scratch, int64_t block)
{
    const struct wide_weights *w = (const struct wide_weights *)step->weights;
    struct wide_scratch *s = scratch;
    prepare(step, w, s);

    RUN(load_block, step, block, s->input, &s->label);
    RUN(a_pad, s->input, s->a_padded);
    RUN(a_forward, w, s->a_weight_f4x3, s->a_padded, s->relu_1, &s->work.a_forward);
    RUN(b_pad, s->relu_1, s->b_padded);
    RUN(b_forward, w, s->b_weight_f4x3, s->b_padded, s->relu_2, &s->work.b_forward);
    RUN(c_forward, w, s->relu_2, s->relu_3);
    RUN(flatten_1_forward, s->relu_3, s->flatten_1);
    RUN(fc_forward, w, s->flatten_1, s->fc);
    RUN(cross_entropy_maximum, s->fc, s->label, &s->maximum, &s->correct);
    RUN(evaluate_cross_entropy_forward, s->fc, s->maximum, s->label, &s->loss);
    store_result(step, block, s->loss, s->correct);
    if (step->logits)
        store_logits(step, block, s->fc);
}
