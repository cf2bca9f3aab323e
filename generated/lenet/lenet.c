/* lenet, compiled by netc 0.1.0 for avx2 from lenet.net with: netc lenet.net --cpu=avx2
 * sha256 of lenet.net: 1f84c3979097720d08ad5b072b3acc6fa4b17785d347f9d751d029128b06b2a6
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "lenet.h"

#include <apply.h>
#include <load.h>
#include <step.h>

/* The images and labels of a block, a sample in each lane: (byte / 255 - mean) / std. Lanes beyond
 * the step's last sample repeat the first one of the block, and weigh nothing. */
static KERNEL void load_block(const struct step *step, int64_t block, vf image[28][28][1], vi *label)
{
    static const real factor[1] = { 1 / (255 * 0.3081) };
    static const real shift[1] = { -0.1307 / 0.3081 };
    const uint8_t *byte[LANES];

    load_samples(step, block, 784, byte, label);
    load_images(byte, 1, 784, factor, shift, &image[0][0][0]);
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

/* Winograd's convolution F(4, 5): 4 neighbouring sums of 5 taps take 8 products instead of 20. Inputs and
 * taps are taken to polynomials' values at 0, 1, -1, 2, -2, 0.5, -0.5 and infinity, and back. */

/* The inputs that the sums read. */
INLINE void f4x5_input(const vf from[8], vf to[8])
{
    to[0] = -from[0] + 5.25f*from[2] - 5.25f*from[4] + from[6];
    vf even_1 = from[2] - 4.25f*from[4] + from[6];
    vf odd_1 = from[1] - 4.25f*from[3] + from[5];
    to[1] = even_1 + odd_1;
    to[2] = even_1 - odd_1;
    vf even_2 = 0.25f*from[2] - 1.25f*from[4] + from[6];
    vf odd_2 = 0.5f*from[1] - 2.5f*from[3] + 2.0f*from[5];
    to[3] = even_2 + odd_2;
    to[4] = even_2 - odd_2;
    vf even_3 = 4.0f*from[2] - 5.0f*from[4] + from[6];
    vf odd_3 = 2.0f*from[1] - 2.5f*from[3] + 0.5f*from[5];
    to[5] = even_3 + odd_3;
    to[6] = even_3 - odd_3;
    to[7] = -from[1] + 5.25f*from[3] - 5.25f*from[5] + from[7];
}

/* The products, back to the sums. */
INLINE void f4x5_output(const vf from[8], vf to[4])
{
    vf sum_1 = from[1] + from[2], difference_1 = from[1] - from[2];
    vf sum_3 = from[3] + from[4], difference_3 = from[3] - from[4];
    vf sum_5 = from[5] + from[6], difference_5 = from[5] - from[6];
    to[0] = from[0] + sum_1 + sum_3 + sum_5;
    to[1] = difference_1 + 2.0f*difference_3 + 0.5f*difference_5;
    to[2] = sum_1 + 4.0f*sum_3 + 0.25f*sum_5;
    to[3] = difference_1 + 8.0f*difference_3 + 0.125f*difference_5 + from[7];
}

/* The gradients of the sums. */
INLINE void f4x5_gradient(const vf from[4], vf to[8])
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
    vf even_3 = from[0] + 0.25f*from[2];
    vf odd_3 = 0.5f*from[1] + 0.125f*from[3];
    to[5] = even_3 + odd_3;
    to[6] = even_3 - odd_3;
    to[7] = from[3];
}

/* The products, back to the gradients of the inputs. */
INLINE void f4x5_scatter(const vf from[8], vf to[8])
{
    vf sum_1 = from[1] + from[2], difference_1 = from[1] - from[2];
    vf sum_3 = from[3] + from[4], difference_3 = from[3] - from[4];
    vf sum_5 = from[5] + from[6], difference_5 = from[5] - from[6];
    to[0] = -from[0];
    to[1] = difference_1 + 0.5f*difference_3 + 2.0f*difference_5 - from[7];
    to[2] = 5.25f*from[0] + sum_1 + 0.25f*sum_3 + 4.0f*sum_5;
    to[3] = -4.25f*difference_1 - 2.5f*difference_3 - 2.5f*difference_5 + 5.25f*from[7];
    to[4] = -5.25f*from[0] - 4.25f*sum_1 - 1.25f*sum_3 - 5.0f*sum_5;
    to[5] = difference_1 + 2.0f*difference_3 + 0.5f*difference_5 - 5.25f*from[7];
    to[6] = from[0] + sum_1 + sum_3 + sum_5;
    to[7] = from[7];
}

static KERNEL void transform_conv1_weight_f4x5(const struct lenet_weights *w, real conv1_weight_f4x5[8][10][5][1])
{
    for (int o = 0; o < 10; o++)
        for (int u = 0; u < 5; u++)
            for (int c = 0; c < 1; c++) {
                real tap[5];
                UNROLL(5)
                for (int v = 0; v < 5; v++)
                    tap[v] = w->conv1_weight[o][u][v][c];
                conv1_weight_f4x5[0][o][u][c] = -tap[0];
                conv1_weight_f4x5[1][o][u][c] = -(real)0.2222222222222222*tap[0] - (real)0.2222222222222222*tap[1] -
                        (real)0.2222222222222222*tap[2] - (real)0.2222222222222222*tap[3] -
                        (real)0.2222222222222222*tap[4];
                conv1_weight_f4x5[2][o][u][c] = -(real)0.2222222222222222*tap[0] + (real)0.2222222222222222*tap[1] -
                        (real)0.2222222222222222*tap[2] + (real)0.2222222222222222*tap[3] -
                        (real)0.2222222222222222*tap[4];
                conv1_weight_f4x5[3][o][u][c] = (real)0.011111111111111112*tap[0] + (real)0.022222222222222223*tap[1] +
                        (real)0.044444444444444446*tap[2] + (real)0.08888888888888889*tap[3] +
                        (real)0.17777777777777778*tap[4];
                conv1_weight_f4x5[4][o][u][c] = (real)0.011111111111111112*tap[0] - (real)0.022222222222222223*tap[1] +
                        (real)0.044444444444444446*tap[2] - (real)0.08888888888888889*tap[3] +
                        (real)0.17777777777777778*tap[4];
                conv1_weight_f4x5[5][o][u][c] = (real)0.7111111111111111*tap[0] + (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2] + (real)0.08888888888888889*tap[3] +
                        (real)0.044444444444444446*tap[4];
                conv1_weight_f4x5[6][o][u][c] = (real)0.7111111111111111*tap[0] - (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2] - (real)0.08888888888888889*tap[3] +
                        (real)0.044444444444444446*tap[4];
                conv1_weight_f4x5[7][o][u][c] = tap[4];
            }
}

static KERNEL void transform_conv2_weight_f4x5(const struct lenet_weights *w, real conv2_weight_f4x5[8][20][5][10])
{
    for (int o = 0; o < 20; o++)
        for (int u = 0; u < 5; u++)
            for (int c = 0; c < 10; c++) {
                real tap[5];
                UNROLL(5)
                for (int v = 0; v < 5; v++)
                    tap[v] = w->conv2_weight[o][u][v][c];
                conv2_weight_f4x5[0][o][u][c] = -tap[0];
                conv2_weight_f4x5[1][o][u][c] = -(real)0.2222222222222222*tap[0] - (real)0.2222222222222222*tap[1] -
                        (real)0.2222222222222222*tap[2] - (real)0.2222222222222222*tap[3] -
                        (real)0.2222222222222222*tap[4];
                conv2_weight_f4x5[2][o][u][c] = -(real)0.2222222222222222*tap[0] + (real)0.2222222222222222*tap[1] -
                        (real)0.2222222222222222*tap[2] + (real)0.2222222222222222*tap[3] -
                        (real)0.2222222222222222*tap[4];
                conv2_weight_f4x5[3][o][u][c] = (real)0.011111111111111112*tap[0] + (real)0.022222222222222223*tap[1] +
                        (real)0.044444444444444446*tap[2] + (real)0.08888888888888889*tap[3] +
                        (real)0.17777777777777778*tap[4];
                conv2_weight_f4x5[4][o][u][c] = (real)0.011111111111111112*tap[0] - (real)0.022222222222222223*tap[1] +
                        (real)0.044444444444444446*tap[2] - (real)0.08888888888888889*tap[3] +
                        (real)0.17777777777777778*tap[4];
                conv2_weight_f4x5[5][o][u][c] = (real)0.7111111111111111*tap[0] + (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2] + (real)0.08888888888888889*tap[3] +
                        (real)0.044444444444444446*tap[4];
                conv2_weight_f4x5[6][o][u][c] = (real)0.7111111111111111*tap[0] - (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2] - (real)0.08888888888888889*tap[3] +
                        (real)0.044444444444444446*tap[4];
                conv2_weight_f4x5[7][o][u][c] = tap[4];
            }
}

/* Makes the transformed weights of the thread, where the weights are new. */
static void prepare(const struct step *step, const struct lenet_weights *w, struct lenet_scratch *s)
{
    if (s->version == step->version)
        return;
    RUN(transform_conv1_weight_f4x5, w, s->conv1_weight_f4x5);
    RUN(transform_conv2_weight_f4x5, w, s->conv2_weight_f4x5);
    s->version = step->version;
}

/* conv1: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         lenet.net:5-7
 *   conv1_weight_f4x5     8 x 10 x 5 x 1
 *   input                 28 x 28 x 1
 *   conv1_bias            10
 *   relu_1                12 x 12 x 10  (result)
 *   max_pool2d_1_indices  12 x 12 x 10  (result)
 *   work->in: the input of a tile's columns, transformed
 *   work->product: what the points of a tile give
 * the largest of each window, and which element of it that is. */
static KERNEL void conv1_forward(const struct lenet_weights *w, const real conv1_weight_f4x5[8][10][5][1],
        const vf input[28][28][1], vf relu_1[12][12][10], vi max_pool2d_1_indices[12][12][10],
        struct conv1_forward_work *work)
{
    for (int x0 = 0; x0 < 12; x0 += 2) {
        for (int y = 0; y < 28; y++)
            for (int c = 0; c < 1; c++) {
                vf from[8], to[8];
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    from[k] = input[y][2*x0 + k][c];
                f4x5_input(from, to);
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    work->in[y][k][c] = to[k];
            }
        for (int y0 = 0; y0 < 12; y0++)
            for (int o0 = 0; o0 < 10; o0 += 5) {
                for (int k = 0; k < 8; k++) {
                    vf sum[2][5] = {0};
                    for (int u = 0; u < 5; u++)
                        for (int c = 0; c < 1; c++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(5)
                                for (int o = 0; o < 5; o++)
                                    sum[r][o] += conv1_weight_f4x5[k][o0 + o][u][c] * work->in[2*y0 + r + u][k][c];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(5)
                        for (int o = 0; o < 5; o++)
                            work->product[k][r][o] = sum[r][o];
                }
                for (int o = 0; o < 5; o++) {
                    vf result[2][4];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++) {
                        vf from[8];
                        UNROLL(8)
                        for (int k = 0; k < 8; k++)
                            from[k] = work->product[k][r][o];
                        f4x5_output(from, result[r]);
                    }
                    UNROLL(2)
                    for (int j = 0; j < 2; j++) {
                        vf largest = result[0][2*j];
                        vi place = {0};
                        lanes_take(result[0][2*j + 1], 1, &largest, &place);
                        lanes_take(result[1][2*j], 2, &largest, &place);
                        lanes_take(result[1][2*j + 1], 3, &largest, &place);
                        vf value = largest + w->conv1_bias[o0 + o];
                        relu_1[y0][x0 + j][o0 + o] = lanes_max(value, lanes_of(0.0f));
                        max_pool2d_1_indices[y0][x0 + j][o0 + o] = place;
                    }
                }
            }
    }
}

/* conv2: conv2d, max_pool2d_2: max_pool2d, relu_2: relu                                        lenet.net:8-10
 *   conv2_weight_f4x5     8 x 20 x 5 x 10
 *   relu_1                12 x 12 x 10
 *   conv2_bias            20
 *   relu_2                4 x 4 x 20  (result)
 *   max_pool2d_2_indices  4 x 4 x 20  (result)
 *   work->in: the input of a tile's columns, transformed
 *   work->product: what the points of a tile give
 * the largest of each window, and which element of it that is. */
static KERNEL void conv2_forward(const struct lenet_weights *w, const real conv2_weight_f4x5[8][20][5][10],
        const vf relu_1[12][12][10], vf relu_2[4][4][20], vi max_pool2d_2_indices[4][4][20],
        struct conv2_forward_work *work)
{
    for (int x0 = 0; x0 < 4; x0 += 2) {
        for (int y = 0; y < 12; y++)
            for (int c = 0; c < 10; c++) {
                vf from[8], to[8];
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    from[k] = relu_1[y][2*x0 + k][c];
                f4x5_input(from, to);
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    work->in[y][k][c] = to[k];
            }
        for (int y0 = 0; y0 < 4; y0++)
            for (int o0 = 0; o0 < 20; o0 += 5) {
                for (int k = 0; k < 8; k++) {
                    vf sum[2][5] = {0};
                    for (int u = 0; u < 5; u++)
                        for (int c = 0; c < 10; c++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(5)
                                for (int o = 0; o < 5; o++)
                                    sum[r][o] += conv2_weight_f4x5[k][o0 + o][u][c] * work->in[2*y0 + r + u][k][c];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(5)
                        for (int o = 0; o < 5; o++)
                            work->product[k][r][o] = sum[r][o];
                }
                for (int o = 0; o < 5; o++) {
                    vf result[2][4];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++) {
                        vf from[8];
                        UNROLL(8)
                        for (int k = 0; k < 8; k++)
                            from[k] = work->product[k][r][o];
                        f4x5_output(from, result[r]);
                    }
                    UNROLL(2)
                    for (int j = 0; j < 2; j++) {
                        vf largest = result[0][2*j];
                        vi place = {0};
                        lanes_take(result[0][2*j + 1], 1, &largest, &place);
                        lanes_take(result[1][2*j], 2, &largest, &place);
                        lanes_take(result[1][2*j + 1], 3, &largest, &place);
                        vf value = largest + w->conv2_bias[o0 + o];
                        relu_2[y0][x0 + j][o0 + o] = lanes_max(value, lanes_of(0.0f));
                        max_pool2d_2_indices[y0][x0 + j][o0 + o] = place;
                    }
                }
            }
    }
}

/* flatten_1: flatten                                                                             lenet.net:11
 *   relu_2     4 x 4 x 20
 *   flatten_1  320  (result) */
static KERNEL void flatten_1_forward(const vf relu_2[4][4][20], vf flatten_1[320])
{
    for (int c = 0; c < 20; c++)
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 4; x++)
                flatten_1[16*c + 4*y + x] = relu_2[y][x][c];
}

/* fc: linear                                                                                     lenet.net:12
 *   fc_weight  10 x 320
 *   flatten_1  320
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * The sums of 10 points of i stay in registers. */
static KERNEL void fc_forward(const struct lenet_weights *w, const vf flatten_1[320], vf fc[10])
{
    vf sum[10];
    UNROLL(10)
    for (int i = 0; i < 10; i++)
        sum[i] = lanes_of(w->fc_bias[i]);
    for (int j = 0; j < 320; j++)
        UNROLL(10)
        for (int i = 0; i < 10; i++)
            sum[i] += w->fc_weight[i][j] * flatten_1[j];
    UNROLL(10)
    for (int i = 0; i < 10; i++)
        fc[i] = sum[i];
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  lenet.net:24
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

/* fc: linear_backward_input                                                                      lenet.net:12
 *   fc_weight    10 x 320
 *   d_fc         10
 *   d_flatten_1  320  (result)
 * dx[j] = sum of weight[i][j] * dy[i].
 * The sums of 10 points of j stay in registers. */
static KERNEL void fc_backward_input(const struct lenet_weights *w, const vf d_fc[10], vf d_flatten_1[320])
{
    for (int j0 = 0; j0 < 320; j0 += 10) {
        vf sum[10] = {0};
        for (int i = 0; i < 10; i++)
            UNROLL(10)
            for (int j = j0; j < j0 + 10; j++)
                sum[j - j0] += w->fc_weight[i][j] * d_fc[i];
        UNROLL(10)
        for (int j = j0; j < j0 + 10; j++)
            d_flatten_1[j] = sum[j - j0];
    }
}

/* fc: linear_backward_weight                                                                     lenet.net:12
 *   flatten_1  320
 *   d_fc       10
 *   fc_weight  10 x 320  (result)
 *   work->rows: the inputs of each sample, features side by side in the lanes
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * The operand whose features lie in the lanes of the result is transposed; then every sample adds to
 * all sums of a tile. */
static KERNEL void fc_backward_weight(const vf flatten_1[320], const vf d_fc[10], real fc_weight[10][320],
        struct fc_backward_weight_work *work)
{
    for (int v0 = 0; v0 < 40; v0 += 2) {
        for (int v = 0; v < 2; v++) {
            vf turned[LANES];
            UNROLL(8)
            for (int k = 0; k < 8; k++)
                turned[k] = flatten_1[8*(v0 + v) + k];
            lanes_transpose(turned);
            UNROLL(8)
            for (int k = 0; k < 8; k++)
                work->rows[k][v] = turned[k];
        }
        for (int r0 = 0; r0 < 10; r0 += 5) {
            vf sum[5][2] = {0};
            const real *row = (const real *)&d_fc[r0];
            for (int k = 0; k < 8; k++)
                UNROLL(5)
                for (int r = 0; r < 5; r++)
                    UNROLL(2)
                    for (int v = 0; v < 2; v++)
                        sum[r][v] += row[LANES*r + k] * work->rows[k][v];
            UNROLL(5)
            for (int r = 0; r < 5; r++)
                UNROLL(2)
                for (int v = 0; v < 2; v++)
                    lanes_store(&fc_weight[r0 + r][LANES*(v0 + v)], sum[r][v]);
        }
    }
}

/* fc: linear_backward_bias                                                                       lenet.net:12
 *   d_fc     10
 *   fc_bias  10  (result)
 * dbias[i] = sum over the samples of dy[i]. */
static KERNEL void fc_backward_bias(const vf d_fc[10], real fc_bias[10])
{
    for (int i = 0; i < 10; i++)
        fc_bias[i] = lanes_sum(d_fc[i]);
}

/* flatten_1: flatten_backward, relu_2: relu_backward                                          lenet.net:10-11
 *   relu_2          4 x 4 x 20
 *   d_flatten_1     320
 *   d_max_pool2d_2  4 x 4 x 20  (result) */
static KERNEL void flatten_1_backward(const vf relu_2[4][4][20], const vf d_flatten_1[320], vf d_max_pool2d_2[4][4][20])
{
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            for (int c = 0; c < 20; c++)
                d_max_pool2d_2[y][x][c] = lanes_select(relu_2[y][x][c] <= 0.0f, lanes_of(0.0f),
                        d_flatten_1[16*c + 4*y + x]);
}

/* conv2: conv2d_backward_input, relu_1: relu_backward, max_pool2d_2: max_pool2d_backward        lenet.net:7-9
 *   conv2_weight_f4x5     8 x 20 x 5 x 10
 *   max_pool2d_2_indices  4 x 4 x 20
 *   d_max_pool2d_2        4 x 4 x 20
 *   relu_1                12 x 12 x 10
 *   d_max_pool2d_1        12 x 12 x 10  (result)
 *   work->in: the gradients of a tile's columns, transformed; zero rows around
 *   work->product: what the points give, row by row
 *   work->carry: what the tile before gave for the columns of the next
 * dx[c][y][x] gathers every output that read (y, x). */
static KERNEL void conv2_backward_input(const real conv2_weight_f4x5[8][20][5][10],
        const vi max_pool2d_2_indices[4][4][20], const vf d_max_pool2d_2[4][4][20], const vf relu_1[12][12][10],
        vf d_max_pool2d_1[12][12][10], struct conv2_backward_input_work *work)
{
    for (int k = 0; k < 8; k++)
        for (int r = 0; r < 1; r++)
            for (int o = 0; o < 20; o++)
                work->in[k][r][o] = work->in[k][9 + r][o] = (vf){0};
    for (int x0 = 0; x0 < 4; x0 += 2) {
        for (int y = 0; y < 4; y++)
            for (int o = 0; o < 20; o++) {
                vf from[2][4];
                UNROLL(2)
                for (int j = 0; j < 2; j++) {
                    vf value = d_max_pool2d_2[y][x0 + j][o];
                    vi place = max_pool2d_2_indices[y][x0 + j][o];
                    from[0][2*j] = lanes_where(place == 0, value);
                    from[0][2*j + 1] = lanes_where(place == 1, value);
                    from[1][2*j] = lanes_where(place == 2, value);
                    from[1][2*j + 1] = lanes_where(place == 3, value);
                }
                UNROLL(2)
                for (int r = 0; r < 2; r++) {
                    vf to[8];
                    f4x5_gradient(from[r], to);
                    UNROLL(8)
                    for (int k = 0; k < 8; k++)
                        work->in[k][1 + 2*y + r][o] = to[k];
                }
            }
        for (int k = 0; k < 8; k++)
            for (int y0 = 0; y0 < 12; y0 += 2) {
                int first = y0 > 7 ? y0 - 7 : 0, last = y0 < 3 ? y0 + 1 : 4;
                for (int c0 = 0; c0 < 10; c0 += 5) {
                    vf sum[2][5] = {0};
                    for (int u = first; u <= last; u++)
                        for (int o = 0; o < 20; o++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(5)
                                for (int c = 0; c < 5; c++)
                                    sum[r][c] += conv2_weight_f4x5[k][o][u][c0 + c] * work->in[k][1 + y0 + r - u][o];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(5)
                        for (int c = 0; c < 5; c++)
                            work->product[k][y0 + r][c0 + c] = sum[r][c];
                }
            }
        for (int y = 0; y < 12; y++)
            for (int c = 0; c < 10; c++) {
                vf from[8], to[8];
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    from[k] = work->product[k][y][c];
                f4x5_scatter(from, to);
                if (x0 > 0)
                    UNROLL(4)
                    for (int j = 0; j < 4; j++)
                        to[j] += work->carry[y][j][c];
                UNROLL(4)
                for (int j = 0; j < 4; j++) {
                    d_max_pool2d_1[y][2*x0 + j][c] = lanes_select(relu_1[y][2*x0 + j][c] <= 0.0f, lanes_of(0.0f),
                            to[j]);
                }
                if (x0 + 2 < 4) {
                    UNROLL(4)
                    for (int j = 0; j < 4; j++)
                        work->carry[y][j][c] = to[4 + j];
                } else {
                    UNROLL(4)
                    for (int j = 4; j < 8; j++) {
                        d_max_pool2d_1[y][2*x0 + j][c] = lanes_select(relu_1[y][2*x0 + j][c] <= 0.0f, lanes_of(0.0f),
                                to[j]);
                    }
                }
            }
    }
}

/* conv2: conv2d_backward_weight, max_pool2d_2: max_pool2d_backward                              lenet.net:8-9
 *   relu_1                12 x 12 x 10
 *   max_pool2d_2_indices  4 x 4 x 20
 *   d_max_pool2d_2        4 x 4 x 20
 *   conv2_weight          20 x 5 x 5 x 10  (result)
 *   work->x: a sample after the other, each [row][column][channel]
 *   work->sum: the result, each run of taps in whole vectors
 *   work->value: the gradients that are not zero
 *   work->at: where in work->x the patch of each begins
 *   work->count: how many there are
 *   work->window: where in a sample each window begins
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * Sparse: a window has a gradient only where it took its element, and relu leaves zeros: lists of the others.
 * One list for 4 samples, whose activations stay in the first cache; 1 x 7 vectors of taps stay
 * in registers while a list is added up. */
static KERNEL void conv2_backward_weight(const vf relu_1[12][12][10], const vi max_pool2d_2_indices[4][4][20],
        const vf d_max_pool2d_2[4][4][20], real conv2_weight[20][5][5][10], struct conv2_backward_weight_work *work)
{
    /* The channels, columns and rows of each sample side by side. */
    real *samples = (real *)work->x;
    const vf *from = relu_1[0][0];
    for (int i = 0; i < 1440; i += 8) {
        vf row[8];
        UNROLL(8)
        for (int k = 0; k < 8; k++)
            row[k] = from[i + k];
        lanes_transpose(row);
        UNROLL(8)
        for (int k = 0; k < 8; k++)
            lanes_store(&samples[1440*k + i], row[k]);
    }
    work->x[1440] = (vf){0};

    /* The lists: the gradients of 8 windows of a sample at a time. */
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            work->window[4*y + x] = 240*y + 20*x;
    const vf *gradient = d_max_pool2d_2[0][0];
    const vi *taken = max_pool2d_2_indices[0][0];
    for (int o = 0; o < 20; o++) {
        int count[2] = {0};
        for (int i = 0; i < 16; i += 8) {
            vf value[8], place[8];
            UNROLL(8)
            for (int k = 0; k < 8; k++) {
                value[k] = gradient[20*(i + k) + o];
                place[k] = (vf)taken[20*(i + k) + o];
            }
            lanes_transpose(value);
            lanes_transpose(place);
            vi window = lanes_load_int(&work->window[i]);
            UNROLL(8)
            for (int k = 0; k < 8; k++) {
                vi place_k = (vi)place[k];
                vi at = window + 10*place_k + ((place_k >= 2) & 100) + 1440*k;
                count[k / 4] = lanes_append(value[k], at, work->value[o][k / 4], work->at[o][k / 4], count[k / 4]);
            }
        }
        for (int k = 0; k < 2; k++)
            work->count[o][k] = count[k];
    }

    /* The sums of some taps at a time, over the list of an output channel. */
    for (int o = 0; o < 20; o++)
        for (int u = 0; u < 5; u++)
            for (int k = 0; k < 56; k += 8)
                lanes_store(&work->sum[o][u][0][k], (vf){0});
    for (int s = 0; s < 2; s++)
        for (int o = 0; o < 20; o++)
            for (int u0 = 0; u0 < 5; u0++) {
                vf sum[7];
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    sum[k] = lanes_load(&work->sum[o][u0][0][8*k]);
                for (int i = 0; i < work->count[o][s]; i++) {
                    const real *patch = samples + work->at[o][s][i];
                    real value = work->value[o][s][i];
                    UNROLL(7)
                    for (int k = 0; k < 7; k++)
                        sum[k] += value * lanes_load(patch + 120*u0 + 8*k);
                }
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    lanes_store(&work->sum[o][u0][0][8*k], sum[k]);
            }

    for (int o = 0; o < 20; o++)
        for (int u = 0; u < 5; u++) {
            real *to = conv2_weight[o][u][0];
            const real *sum = work->sum[o][u][0];
            for (int i = 0; i < 48; i += 8)
                lanes_store(&to[i], lanes_load(&sum[i]));
            for (int i = 48; i < 50; i++)
                to[i] = sum[i];
        }
}

/* conv2: conv2d_backward_bias                                                                     lenet.net:8
 *   d_max_pool2d_2  4 x 4 x 20
 *   conv2_bias      20  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 10 points of o stay in registers. */
static KERNEL void conv2_backward_bias(const vf d_max_pool2d_2[4][4][20], real conv2_bias[20])
{
    for (int o0 = 0; o0 < 20; o0 += 10) {
        vf sum[10] = {0};
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 4; x++)
                UNROLL(10)
                for (int o = o0; o < o0 + 10; o++)
                    sum[o - o0] += d_max_pool2d_2[y][x][o];
        UNROLL(10)
        for (int o = o0; o < o0 + 10; o++)
            conv2_bias[o] = lanes_sum(sum[o - o0]);
    }
}

/* conv1: conv2d_backward_weight, max_pool2d_1: max_pool2d_backward                              lenet.net:5-6
 *   input                 28 x 28 x 1
 *   max_pool2d_1_indices  12 x 12 x 10
 *   d_max_pool2d_1        12 x 12 x 10
 *   conv1_weight          10 x 5 x 5 x 1  (result)
 *   work->x: a sample after the other, each [row][column][channel]
 *   work->sum: the result, each run of taps in whole vectors
 *   work->value: the gradients that are not zero
 *   work->at: where in work->x the patch of each begins
 *   work->count: how many there are
 *   work->window: where in a sample each window begins
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * Sparse: a window has a gradient only where it took its element, and relu leaves zeros: lists of the others.
 * One list for 8 samples, whose activations stay in the first cache; 5 x 1 vectors of taps stay
 * in registers while a list is added up. */
static KERNEL void conv1_backward_weight(const vf input[28][28][1], const vi max_pool2d_1_indices[12][12][10],
        const vf d_max_pool2d_1[12][12][10], real conv1_weight[10][5][5][1], struct conv1_backward_weight_work *work)
{
    /* The channels, columns and rows of each sample side by side. */
    real *samples = (real *)work->x;
    const vf *from = input[0][0];
    for (int i = 0; i < 784; i += 8) {
        vf row[8];
        UNROLL(8)
        for (int k = 0; k < 8; k++)
            row[k] = from[i + k];
        lanes_transpose(row);
        UNROLL(8)
        for (int k = 0; k < 8; k++)
            lanes_store(&samples[784*k + i], row[k]);
    }
    work->x[784] = (vf){0};

    /* The lists: the gradients of 8 windows of a sample at a time. */
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 12; x++)
            work->window[12*y + x] = 56*y + 2*x;
    const vf *gradient = d_max_pool2d_1[0][0];
    const vi *taken = max_pool2d_1_indices[0][0];
    for (int o = 0; o < 10; o++) {
        int count[1] = {0};
        for (int i = 0; i < 144; i += 8) {
            vf value[8], place[8];
            UNROLL(8)
            for (int k = 0; k < 8; k++) {
                value[k] = gradient[10*(i + k) + o];
                place[k] = (vf)taken[10*(i + k) + o];
            }
            lanes_transpose(value);
            lanes_transpose(place);
            vi window = lanes_load_int(&work->window[i]);
            UNROLL(8)
            for (int k = 0; k < 8; k++) {
                vi place_k = (vi)place[k];
                vi at = window + place_k + ((place_k >= 2) & 26) + 784*k;
                count[0] = lanes_append(value[k], at, work->value[o][0], work->at[o][0], count[0]);
            }
        }
        for (int k = 0; k < 1; k++)
            work->count[o][k] = count[k];
    }

    /* The sums of some taps at a time, over the list of an output channel. */
    for (int o = 0; o < 10; o++)
        for (int u = 0; u < 5; u++)
            for (int k = 0; k < 8; k += 8)
                lanes_store(&work->sum[o][u][0][k], (vf){0});
    for (int o = 0; o < 10; o++) {
        vf sum[5];
        UNROLL(5)
        for (int u = 0; u < 5; u++)
            sum[u] = lanes_load(&work->sum[o][u][0][0]);
        for (int i = 0; i < work->count[o][0]; i++) {
            const real *patch = samples + work->at[o][0][i];
            real value = work->value[o][0][i];
            UNROLL(5)
            for (int u = 0; u < 5; u++)
                sum[u] += value * lanes_load(patch + 28*u);
        }
        UNROLL(5)
        for (int u = 0; u < 5; u++)
            lanes_store(&work->sum[o][u][0][0], sum[u]);
    }

    for (int o = 0; o < 10; o++)
        for (int u = 0; u < 5; u++) {
            real *to = conv1_weight[o][u][0];
            const real *sum = work->sum[o][u][0];
            for (int i = 0; i < 5; i++)
                to[i] = sum[i];
        }
}

/* conv1: conv2d_backward_bias                                                                     lenet.net:5
 *   d_max_pool2d_1  12 x 12 x 10
 *   conv1_bias      10  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 10 points of o stay in registers. */
static KERNEL void conv1_backward_bias(const vf d_max_pool2d_1[12][12][10], real conv1_bias[10])
{
    vf sum[10] = {0};
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 12; x++)
            UNROLL(10)
            for (int o = 0; o < 10; o++)
                sum[o] += d_max_pool2d_1[y][x][o];
    UNROLL(10)
    for (int o = 0; o < 10; o++)
        conv1_bias[o] = lanes_sum(sum[o]);
}

/* conv1: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         lenet.net:5-7
 *   conv1_weight_f4x5  8 x 10 x 5 x 1
 *   input              28 x 28 x 1
 *   conv1_bias         10
 *   relu_1             12 x 12 x 10  (result)
 *   work->in: the input of a tile's columns, transformed
 *   work->product: what the points of a tile give
 * the largest of each window. */
static KERNEL void evaluate_conv1_forward(const struct lenet_weights *w, const real conv1_weight_f4x5[8][10][5][1],
        const vf input[28][28][1], vf relu_1[12][12][10], struct evaluate_conv1_forward_work *work)
{
    for (int x0 = 0; x0 < 12; x0 += 2) {
        for (int y = 0; y < 28; y++)
            for (int c = 0; c < 1; c++) {
                vf from[8], to[8];
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    from[k] = input[y][2*x0 + k][c];
                f4x5_input(from, to);
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    work->in[y][k][c] = to[k];
            }
        for (int y0 = 0; y0 < 12; y0++)
            for (int o0 = 0; o0 < 10; o0 += 5) {
                for (int k = 0; k < 8; k++) {
                    vf sum[2][5] = {0};
                    for (int u = 0; u < 5; u++)
                        for (int c = 0; c < 1; c++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(5)
                                for (int o = 0; o < 5; o++)
                                    sum[r][o] += conv1_weight_f4x5[k][o0 + o][u][c] * work->in[2*y0 + r + u][k][c];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(5)
                        for (int o = 0; o < 5; o++)
                            work->product[k][r][o] = sum[r][o];
                }
                for (int o = 0; o < 5; o++) {
                    vf result[2][4];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++) {
                        vf from[8];
                        UNROLL(8)
                        for (int k = 0; k < 8; k++)
                            from[k] = work->product[k][r][o];
                        f4x5_output(from, result[r]);
                    }
                    UNROLL(2)
                    for (int j = 0; j < 2; j++) {
                        vf largest = result[0][2*j];
                        lanes_take_value(result[0][2*j + 1], &largest);
                        lanes_take_value(result[1][2*j], &largest);
                        lanes_take_value(result[1][2*j + 1], &largest);
                        vf value = largest + w->conv1_bias[o0 + o];
                        relu_1[y0][x0 + j][o0 + o] = lanes_max(value, lanes_of(0.0f));
                    }
                }
            }
    }
}

/* conv2: conv2d, max_pool2d_2: max_pool2d, relu_2: relu                                        lenet.net:8-10
 *   conv2_weight_f4x5  8 x 20 x 5 x 10
 *   relu_1             12 x 12 x 10
 *   conv2_bias         20
 *   relu_2             4 x 4 x 20  (result)
 *   work->in: the input of a tile's columns, transformed
 *   work->product: what the points of a tile give
 * the largest of each window. */
static KERNEL void evaluate_conv2_forward(const struct lenet_weights *w, const real conv2_weight_f4x5[8][20][5][10],
        const vf relu_1[12][12][10], vf relu_2[4][4][20], struct evaluate_conv2_forward_work *work)
{
    for (int x0 = 0; x0 < 4; x0 += 2) {
        for (int y = 0; y < 12; y++)
            for (int c = 0; c < 10; c++) {
                vf from[8], to[8];
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    from[k] = relu_1[y][2*x0 + k][c];
                f4x5_input(from, to);
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    work->in[y][k][c] = to[k];
            }
        for (int y0 = 0; y0 < 4; y0++)
            for (int o0 = 0; o0 < 20; o0 += 5) {
                for (int k = 0; k < 8; k++) {
                    vf sum[2][5] = {0};
                    for (int u = 0; u < 5; u++)
                        for (int c = 0; c < 10; c++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(5)
                                for (int o = 0; o < 5; o++)
                                    sum[r][o] += conv2_weight_f4x5[k][o0 + o][u][c] * work->in[2*y0 + r + u][k][c];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(5)
                        for (int o = 0; o < 5; o++)
                            work->product[k][r][o] = sum[r][o];
                }
                for (int o = 0; o < 5; o++) {
                    vf result[2][4];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++) {
                        vf from[8];
                        UNROLL(8)
                        for (int k = 0; k < 8; k++)
                            from[k] = work->product[k][r][o];
                        f4x5_output(from, result[r]);
                    }
                    UNROLL(2)
                    for (int j = 0; j < 2; j++) {
                        vf largest = result[0][2*j];
                        lanes_take_value(result[0][2*j + 1], &largest);
                        lanes_take_value(result[1][2*j], &largest);
                        lanes_take_value(result[1][2*j + 1], &largest);
                        vf value = largest + w->conv2_bias[o0 + o];
                        relu_2[y0][x0 + j][o0 + o] = lanes_max(value, lanes_of(0.0f));
                    }
                }
            }
    }
}

/* cross_entropy: class_maximum                                                                   lenet.net:24
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

/* cross_entropy: cross_entropy                                                                   lenet.net:24
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

/* A block of 8 samples goes all the way down and back up while it is in cache. */
void lenet_train_block(const struct step *step, void *scratch, int64_t block)
{
    const struct lenet_weights *w = (const struct lenet_weights *)step->weights;
    struct lenet_scratch *s = scratch;
    struct lenet_batch *b = step->batch;
    struct lenet_weights *g = &b->partial[step->parity][block];
    prepare(step, w, s);

    RUN(load_block, step, block, s->input, &s->label);
    s->scale = sample_weights(step, block);
    RUN(conv1_forward, w, s->conv1_weight_f4x5, s->input, s->relu_1, s->max_pool2d_1_indices, &s->work.conv1_forward);
    RUN(conv2_forward, w, s->conv2_weight_f4x5, s->relu_1, s->relu_2, s->max_pool2d_2_indices, &s->work.conv2_forward);
    RUN(flatten_1_forward, s->relu_2, s->flatten_1);
    RUN(fc_forward, w, s->flatten_1, s->fc);
    RUN(cross_entropy_forward, s->fc, s->label, s->scale, &s->correct, &s->loss, s->d_fc);
    RUN(fc_backward_input, w, s->d_fc, s->d_flatten_1);
    RUN(fc_backward_weight, s->flatten_1, s->d_fc, g->fc_weight, &s->work.fc_backward_weight);
    RUN(fc_backward_bias, s->d_fc, g->fc_bias);
    RUN(flatten_1_backward, s->relu_2, s->d_flatten_1, s->d_max_pool2d_2);
    RUN(conv2_backward_input, s->conv2_weight_f4x5, s->max_pool2d_2_indices, s->d_max_pool2d_2, s->relu_1,
            s->d_max_pool2d_1, &s->work.conv2_backward_input);
    RUN(conv2_backward_weight, s->relu_1, s->max_pool2d_2_indices, s->d_max_pool2d_2, g->conv2_weight,
            &s->work.conv2_backward_weight);
    RUN(conv2_backward_bias, s->d_max_pool2d_2, g->conv2_bias);
    RUN(conv1_backward_weight, s->input, s->max_pool2d_1_indices, s->d_max_pool2d_1, g->conv1_weight,
            &s->work.conv1_backward_weight);
    RUN(conv1_backward_bias, s->d_max_pool2d_1, g->conv1_bias);
    store_result(step, block, s->loss, s->correct);
}

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and SGD's step. Each
 * thread does all slices, of weights that are its own. */
static KERNEL void update(const struct step *step, int64_t unit)
{
    const struct lenet_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 8496);
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

void lenet_update(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(update, step, unit);
}

/* The loss of a block of 8 samples, and the logits where they are wanted. */
void lenet_evaluate_block(const struct step *step, void *scratch, int64_t block)
{
    const struct lenet_weights *w = (const struct lenet_weights *)step->weights;
    struct lenet_scratch *s = scratch;
    prepare(step, w, s);

    RUN(load_block, step, block, s->input, &s->label);
    RUN(evaluate_conv1_forward, w, s->conv1_weight_f4x5, s->input, s->relu_1, &s->work.evaluate_conv1_forward);
    RUN(evaluate_conv2_forward, w, s->conv2_weight_f4x5, s->relu_1, s->relu_2, &s->work.evaluate_conv2_forward);
    RUN(flatten_1_forward, s->relu_2, s->flatten_1);
    RUN(fc_forward, w, s->flatten_1, s->fc);
    RUN(cross_entropy_maximum, s->fc, s->label, &s->maximum, &s->correct);
    RUN(evaluate_cross_entropy_forward, s->fc, s->maximum, s->label, &s->loss);
    store_result(step, block, s->loss, s->correct);
    if (step->logits)
        store_logits(step, block, s->fc);
}
