/* units, compiled by netc 0.1.0 for avx512 from units.net with: netc units.net --cpu=avx512 --units=12
 * sha256 of units.net: 9d0e168fc7f07fe4363e235459b01cee89128cb561c45d9e1ab36b5ed44b1685
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "units.h"

#include <apply.h>
#include <load.h>
#include <step.h>

/* The images and labels of a block, a sample in each lane: (byte / 255 - mean) / std. Lanes beyond
 * the step's last sample repeat the first one of the block, and weigh nothing. */
static KERNEL void load_block(const struct step *step, int64_t block, vf image[21][21][1], vi *label)
{
    static const real factor[1] = { 1 / (255 * 0.25) };
    static const real shift[1] = { -0.5 / 0.25 };
    const uint8_t *byte[LANES];

    load_samples(step, block, 441, byte, label);
    load_images(byte, 1, 441, factor, shift, &image[0][0][0]);
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

static void store_logits(const struct step *step, int64_t block, const vf logits[7])
{
    int samples = block_samples(step, block, LANES);
    real *to = step->logits + block * LANES * 7;
    for (int lane = 0; lane < samples; lane++)
        for (int64_t k = 0; k < 7; k++)
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

/* Winograd's convolution F(5, 3): 5 neighbouring sums of 3 taps take 7 products instead of 15. Inputs and
 * taps are taken to polynomials' values at 0, 1, -1, 2, -2, 0.5 and infinity, and back. */

/* The inputs that the sums read. */
INLINE void f5x3_input(const vf from[7], vf to[7])
{
    to[0] = -2.0f*from[0] + 4.0f*from[1] + 2.5f*from[2] - 5.0f*from[3] - 0.5f*from[4] + from[5];
    to[1] = 2.0f*from[1] - 2.0f*from[2] - 4.5f*from[3] + 0.5f*from[4] + from[5];
    to[2] = -2.0f*from[1] + 6.0f*from[2] - 3.5f*from[3] - 1.5f*from[4] + from[5];
    to[3] = from[1] - 1.5f*from[2] - 2.0f*from[3] + 1.5f*from[4] + from[5];
    to[4] = -from[1] + 2.5f*from[2] - 2.5f*from[4] + from[5];
    to[5] = 4.0f*from[1] - 5.0f*from[3] + from[5];
    to[6] = -2.0f*from[1] + 4.0f*from[2] + 2.5f*from[3] - 5.0f*from[4] - 0.5f*from[5] + from[6];
}

/* The products, back to the sums. */
INLINE void f5x3_output(const vf from[7], vf to[5])
{
    vf sum_1 = from[1] + from[2], difference_1 = from[1] - from[2];
    vf sum_3 = from[3] + from[4], difference_3 = from[3] - from[4];
    to[0] = from[0] + sum_1 + sum_3 + from[5];
    to[1] = difference_1 + 2.0f*difference_3 + 0.5f*from[5];
    to[2] = sum_1 + 4.0f*sum_3 + 0.25f*from[5];
    to[3] = difference_1 + 8.0f*difference_3 + 0.125f*from[5];
    to[4] = sum_1 + 16.0f*sum_3 + 0.0625f*from[5] + from[6];
}

/* The gradients of the sums. */
INLINE void f5x3_gradient(const vf from[5], vf to[7])
{
    to[0] = from[0];
    vf even_1 = from[0] + from[2] + from[4];
    vf odd_1 = from[1] + from[3];
    to[1] = even_1 + odd_1;
    to[2] = even_1 - odd_1;
    vf even_2 = from[0] + 4.0f*from[2] + 16.0f*from[4];
    vf odd_2 = 2.0f*from[1] + 8.0f*from[3];
    to[3] = even_2 + odd_2;
    to[4] = even_2 - odd_2;
    to[5] = from[0] + 0.5f*from[1] + 0.25f*from[2] + 0.125f*from[3] + 0.0625f*from[4];
    to[6] = from[4];
}

/* The products, back to the gradients of the inputs. */
INLINE void f5x3_scatter(const vf from[7], vf to[7])
{
    to[0] = -2.0f*from[0];
    to[1] = 4.0f*from[0] + 2.0f*from[1] - 2.0f*from[2] + from[3] - from[4] + 4.0f*from[5] - 2.0f*from[6];
    to[2] = 2.5f*from[0] - 2.0f*from[1] + 6.0f*from[2] - 1.5f*from[3] + 2.5f*from[4] + 4.0f*from[6];
    to[3] = -5.0f*from[0] - 4.5f*from[1] - 3.5f*from[2] - 2.0f*from[3] - 5.0f*from[5] + 2.5f*from[6];
    to[4] = -0.5f*from[0] + 0.5f*from[1] - 1.5f*from[2] + 1.5f*from[3] - 2.5f*from[4] - 5.0f*from[6];
    to[5] = from[0] + from[1] + from[2] + from[3] + from[4] + from[5] - 0.5f*from[6];
    to[6] = from[6];
}

static KERNEL void transform_conv1_weight_f4x5(const struct units_weights *w, real conv1_weight_f4x5[8][8][5][1],
        struct range o_range)
{
    for (int o = o_range.first; o < o_range.end; o++)
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

static KERNEL void transform_conv2_weight_f5x3(const struct units_weights *w, real conv2_weight_f5x3[7][12][3][4],
        struct range o_range)
{
    for (int o = o_range.first; o < o_range.end; o++)
        for (int u = 0; u < 3; u++)
            for (int c = 0; c < 4; c++) {
                real tap[3];
                UNROLL(3)
                for (int v = 0; v < 3; v++)
                    tap[v] = w->conv2_weight[o][u][v][c];
                conv2_weight_f5x3[0][o][u][c] = -0.5f*tap[0];
                conv2_weight_f5x3[1][o][u][c] = -(real)0.3333333333333333*tap[0] - (real)0.3333333333333333*tap[1] -
                        (real)0.3333333333333333*tap[2];
                conv2_weight_f5x3[2][o][u][c] = (real)0.1111111111111111*tap[0] - (real)0.1111111111111111*tap[1] +
                        (real)0.1111111111111111*tap[2];
                conv2_weight_f5x3[3][o][u][c] = (real)0.027777777777777776*tap[0] + (real)0.05555555555555555*tap[1] +
                        (real)0.1111111111111111*tap[2];
                conv2_weight_f5x3[4][o][u][c] = -(real)0.016666666666666666*tap[0] + (real)0.03333333333333333*tap[1] -
                        (real)0.06666666666666667*tap[2];
                conv2_weight_f5x3[5][o][u][c] = (real)0.7111111111111111*tap[0] + (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2];
                conv2_weight_f5x3[6][o][u][c] = tap[2];
            }
}

/* Makes the transformed weights of the thread, where the weights are new. */
static void prepare(const struct step *step, const struct units_weights *w, struct units_scratch *s)
{
    if (s->version == step->version)
        return;
    RUN(transform_conv1_weight_f4x5, w, s->conv1_weight_f4x5, (struct range){ 0, 8 });
    RUN(transform_conv2_weight_f5x3, w, s->conv2_weight_f5x3, (struct range){ 0, 12 });
    s->version = step->version;
}

/* conv1: conv2d, relu_1: relu                                                                   units.net:5-6
 *   conv1_weight_f4x5  8 x 8 x 5 x 1
 *   input              21 x 21 x 1
 *   conv1_bias         8
 *   relu_1             17 x 17 x 8  (result)
 *   work->in: the input of a tile's columns, transformed
 *   work->product: what the points of a tile give
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * Units share the points of x and y: each has a range of them. */
static KERNEL void conv1_forward(const struct units_weights *w, const real conv1_weight_f4x5[8][8][5][1],
        const vf input[21][21][1], vf relu_1[17][17][8], struct conv1_forward_work *work, struct range x_range,
        struct range y_range)
{
    for (int x0 = x_range.first; x0 < x_range.end; x0 = next_tile(x0, 4, x_range.end)) {
        for (int y = y_range.first; y < y_range.end + 4; y++)
            for (int c = 0; c < 1; c++) {
                vf from[8], to[8];
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    from[k] = input[y][x0 + k][c];
                f4x5_input(from, to);
                UNROLL(8)
                for (int k = 0; k < 8; k++)
                    work->in[y][k][c] = to[k];
            }
        for (int y0 = y_range.first; y0 < y_range.end; y0 = next_tile(y0, 2, y_range.end))
            for (int o0 = 0; o0 < 8; o0 += 8) {
                for (int k = 0; k < 8; k++) {
                    vf sum[2][8] = {0};
                    for (int u = 0; u < 5; u++)
                        for (int c = 0; c < 1; c++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(8)
                                for (int o = 0; o < 8; o++)
                                    sum[r][o] += conv1_weight_f4x5[k][o0 + o][u][c] * work->in[y0 + r + u][k][c];
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
                        vf from[8];
                        UNROLL(8)
                        for (int k = 0; k < 8; k++)
                            from[k] = work->product[k][r][o];
                        f4x5_output(from, result[r]);
                    }
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(4)
                        for (int j = 0; j < 4; j++) {
                            vf value = result[r][j] + w->conv1_bias[o0 + o];
                            relu_1[y0 + r][x0 + j][o0 + o] = lanes_max(value, lanes_of(0.0f));
                        }
                }
            }
    }
}

/* conv2: conv2d                                                                                   units.net:7
 *   conv2_weight_f5x3  7 x 12 x 3 x 4
 *   relu_1             17 x 17 x 8
 *   conv2_bias         12
 *   conv2              15 x 15 x 12  (result)
 *   work->in: the input of a tile's columns, transformed
 *   work->product: what the points of a tile give
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * Units share the points of x and g: each has a range of them. */
static KERNEL void conv2_forward(const struct units_weights *w, const real conv2_weight_f5x3[7][12][3][4],
        const vf relu_1[17][17][8], vf conv2[15][15][12], struct conv2_forward_work *work, struct range x_range,
        struct range g_range)
{
    for (int x0 = x_range.first; x0 < x_range.end; x0 += 5) {
        for (int y = 0; y < 17; y++)
            for (int c = 0; c < 8; c++) {
                vf from[7], to[7];
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    from[k] = relu_1[y][x0 + k][c];
                f5x3_input(from, to);
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    work->in[y][k][c] = to[k];
            }
        for (int g = g_range.first; g < g_range.end; g++)
            for (int y0 = 0; y0 < 15; y0 = y0 == 12 ? 13 : y0 + 2)
                for (int o0 = 0; o0 < 6; o0 += 6) {
                    for (int k = 0; k < 7; k++) {
                        vf sum[2][6] = {0};
                        for (int u = 0; u < 3; u++)
                            for (int c = 0; c < 4; c++)
                                UNROLL(2)
                                for (int r = 0; r < 2; r++)
                                    UNROLL(6)
                                    for (int o = 0; o < 6; o++)
                                        sum[r][o] += conv2_weight_f5x3[k][6*g + o0 + o][u][c] *
                                                work->in[y0 + r + u][k][4*g + c];
                        UNROLL(2)
                        for (int r = 0; r < 2; r++)
                            UNROLL(6)
                            for (int o = 0; o < 6; o++)
                                work->product[k][r][o] = sum[r][o];
                    }
                    for (int o = 0; o < 6; o++) {
                        vf result[2][5];
                        UNROLL(2)
                        for (int r = 0; r < 2; r++) {
                            vf from[7];
                            UNROLL(7)
                            for (int k = 0; k < 7; k++)
                                from[k] = work->product[k][r][o];
                            f5x3_output(from, result[r]);
                        }
                        UNROLL(2)
                        for (int r = 0; r < 2; r++)
                            UNROLL(5)
                            for (int j = 0; j < 5; j++) {
                                vf value = result[r][j] + w->conv2_bias[6*g + o0 + o];
                                conv2[y0 + r][x0 + j][6*g + o0 + o] = value;
                            }
                    }
                }
    }
}

/* flatten_1: flatten                                                                              units.net:8
 *   conv2      15 x 15 x 12
 *   flatten_1  2700  (result) */
static KERNEL void flatten_1_forward(const vf conv2[15][15][12], vf flatten_1[2700])
{
    for (int c = 0; c < 12; c++)
        for (int y = 0; y < 15; y++)
            for (int x = 0; x < 15; x++)
                flatten_1[225*c + 15*y + x] = conv2[y][x][c];
}

/* fc: linear                                                                                      units.net:9
 *   fc_weight  7 x 2704
 *   flatten_1  2700
 *   fc_bias    7
 *   fc         7  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * The sums of 7 points of i stay in registers. */
static KERNEL void fc_forward(const struct units_weights *w, const vf flatten_1[2700], vf fc[7])
{
    vf sum[7];
    UNROLL(7)
    for (int i = 0; i < 7; i++)
        sum[i] = lanes_of(w->fc_bias[i]);
    for (int j = 0; j < 2700; j++)
        UNROLL(7)
        for (int i = 0; i < 7; i++)
            sum[i] += w->fc_weight[i][j] * flatten_1[j];
    UNROLL(7)
    for (int i = 0; i < 7; i++)
        fc[i] = sum[i];
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  units.net:19
 *   fc       7
 *   label    one a sample
 *   scale    one a sample
 *   correct  one a sample  (result)
 *   loss     one a sample  (result)
 *   d_fc     7  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight.
 * loss = log(sum of exp(logits[k] - largest)) + largest - logits[label]. Each exponential is taken once. */
static KERNEL void cross_entropy_forward(const vf fc[7], vi label, vf scale, vf *correct, vf *loss, vf d_fc[7])
{
    vf largest = lanes_of(-INFINITY), sum = {0}, of_label = {0};
    vi place = {0};
    for (int k = 0; k < 7; k++)
        lanes_take(fc[k], k, &largest, &place);
    for (int k = 0; k < 7; k++) {
        vf power = lanes_exp(fc[k] - largest);
        sum += power;
        of_label += lanes_where(k == label, fc[k]);
        d_fc[k] = power;
    }
    vf factor = scale / sum;
    for (int k = 0; k < 7; k++)
        d_fc[k] = factor * d_fc[k] - lanes_where(k == label, scale);
    *correct = lanes_where(place == label, lanes_of(1));
    *loss = lanes_log(sum) + (largest - of_label);
}

/* fc: linear_backward_input                                                                       units.net:9
 *   fc_weight    7 x 2704
 *   d_fc         7
 *   d_flatten_1  2700  (result)
 * dx[j] = sum of weight[i][j] * dy[i].
 * The sums of 20 points of j stay in registers. */
static KERNEL void fc_backward_input(const struct units_weights *w, const vf d_fc[7], vf d_flatten_1[2700])
{
    for (int j0 = 0; j0 < 2700; j0 += 20) {
        vf sum[20] = {0};
        for (int i = 0; i < 7; i++)
            UNROLL(20)
            for (int j = j0; j < j0 + 20; j++)
                sum[j - j0] += w->fc_weight[i][j] * d_fc[i];
        UNROLL(20)
        for (int j = j0; j < j0 + 20; j++)
            d_flatten_1[j] = sum[j - j0];
    }
}

/* fc: linear_backward_weight                                                                      units.net:9
 *   flatten_1  2700
 *   d_fc       7
 *   fc_weight  7 x 2704  (result)
 *   work->rows: the inputs of each sample, features side by side in the lanes
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * The operand whose features lie in the lanes of the result is transposed; then every sample adds to
 * all sums of a tile. */
static KERNEL void fc_backward_weight(const vf flatten_1[2700], const vf d_fc[7], real fc_weight[7][2704],
        struct fc_backward_weight_work *work)
{
    for (int v0 = 0; v0 < 169; v0 = v0 == 166 ? 167 : v0 + 2) {
        for (int v = 0; v < 2; v++) {
            vf turned[LANES];
            UNROLL(16)
            for (int k = 0; k < 16; k++)
                turned[k] = 16*(v0 + v) + k < 2700 ? flatten_1[16*(v0 + v) + k] : (vf){0};
            lanes_transpose(turned);
            UNROLL(16)
            for (int k = 0; k < 16; k++)
                work->rows[k][v] = turned[k];
        }
        for (int r0 = 0; r0 < 7; r0 += 7) {
            vf sum[7][2] = {0};
            const real *row = (const real *)&d_fc[r0];
            for (int k = 0; k < 16; k++)
                UNROLL(7)
                for (int r = 0; r < 7; r++)
                    UNROLL(2)
                    for (int v = 0; v < 2; v++)
                        sum[r][v] += row[LANES*r + k] * work->rows[k][v];
            UNROLL(7)
            for (int r = 0; r < 7; r++)
                UNROLL(2)
                for (int v = 0; v < 2; v++)
                    lanes_store(&fc_weight[r0 + r][LANES*(v0 + v)], sum[r][v]);
        }
    }
}

/* fc: linear_backward_bias                                                                        units.net:9
 *   d_fc     7
 *   fc_bias  7  (result)
 * dbias[i] = sum over the samples of dy[i]. */
static KERNEL void fc_backward_bias(const vf d_fc[7], real fc_bias[7])
{
    for (int i = 0; i < 7; i++)
        fc_bias[i] = lanes_sum(d_fc[i]);
}

/* flatten_1: flatten_backward                                                                     units.net:8
 *   d_flatten_1  2700
 *   d_conv2      15 x 15 x 12  (result) */
static KERNEL void flatten_1_backward(const vf d_flatten_1[2700], vf d_conv2[15][15][12])
{
    for (int y = 0; y < 15; y++)
        for (int x = 0; x < 15; x++)
            for (int c = 0; c < 12; c++)
                d_conv2[y][x][c] = d_flatten_1[225*c + 15*y + x];
}

/* conv2: conv2d_backward_bias                                                                     units.net:7
 *   d_conv2     15 x 15 x 12
 *   conv2_bias  12  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 12 points of o stay in registers. */
static KERNEL void conv2_backward_bias(const vf d_conv2[15][15][12], real conv2_bias[12])
{
    vf sum[12] = {0};
    for (int y = 0; y < 15; y++)
        for (int x = 0; x < 15; x++)
            UNROLL(12)
            for (int o = 0; o < 12; o++)
                sum[o] += d_conv2[y][x][o];
    UNROLL(12)
    for (int o = 0; o < 12; o++)
        conv2_bias[o] = lanes_sum(sum[o]);
}

/* conv2: conv2d_backward_input, relu_1: relu_backward                                           units.net:6-7
 *   conv2_weight_f5x3  7 x 12 x 3 x 4
 *   d_conv2            15 x 15 x 12
 *   relu_1             17 x 17 x 8
 *   d_conv1            17 x 17 x 8  (result)
 *   work->in: the gradients of a tile's columns, transformed; zero rows around
 *   work->product: what the points give, row by row
 *   work->carry: what the tile before gave for the columns of the next
 * dx[c][y][x] gathers every output that read (y, x).
 * Units share the points of y: each has a range of them. */
static KERNEL void conv2_backward_input(const real conv2_weight_f5x3[7][12][3][4], const vf d_conv2[15][15][12],
        const vf relu_1[17][17][8], vf d_conv1[17][17][8], struct conv2_backward_input_work *work, struct range y_range)
{
    const struct range given = { y_range.first > 2 ? y_range.first - 2 : 0, int_min(y_range.end, 15) };
    for (int k = 0; k < 7; k++)
        for (int r = 0; r < 1; r++)
            for (int o = 0; o < 12; o++)
                work->in[k][r][o] = work->in[k][16 + r][o] = (vf){0};
    for (int x0 = 0; x0 < 15; x0 += 5) {
        for (int y = given.first; y < given.end; y++)
            for (int o = 0; o < 12; o++) {
                vf from[1][5];
                UNROLL(5)
                for (int j = 0; j < 5; j++) {
                    vf value = d_conv2[y][x0 + j][o];
                    from[0][j] = value;
                }
                UNROLL(1)
                for (int r = 0; r < 1; r++) {
                    vf to[7];
                    f5x3_gradient(from[r], to);
                    UNROLL(7)
                    for (int k = 0; k < 7; k++)
                        work->in[k][1 + y + r][o] = to[k];
                }
            }
        for (int k = 0; k < 7; k++)
            for (int g = 0; g < 2; g++)
                for (int y0 = y_range.first; y0 < y_range.end; y0 = next_tile(y0, 2, y_range.end)) {
                    int first = y0 > 14 ? y0 - 14 : 0, last = y0 < 1 ? y0 + 1 : 2;
                    for (int c0 = 0; c0 < 4; c0 += 2) {
                        vf sum[2][2] = {0};
                        for (int u = first; u <= last; u++)
                            for (int o = 0; o < 6; o++)
                                UNROLL(2)
                                for (int r = 0; r < 2; r++)
                                    UNROLL(2)
                                    for (int c = 0; c < 2; c++)
                                        sum[r][c] += conv2_weight_f5x3[k][6*g + o][u][c0 + c] *
                                                work->in[k][1 + y0 + r - u][6*g + o];
                        UNROLL(2)
                        for (int r = 0; r < 2; r++)
                            UNROLL(2)
                            for (int c = 0; c < 2; c++)
                                work->product[k][y0 + r][4*g + c0 + c] = sum[r][c];
                    }
                }
        for (int y = y_range.first; y < y_range.end; y++)
            for (int g = 0; g < 2; g++)
                for (int c = 0; c < 4; c++) {
                    vf from[7], to[7];
                    UNROLL(7)
                    for (int k = 0; k < 7; k++)
                        from[k] = work->product[k][y][4*g + c];
                    f5x3_scatter(from, to);
                    if (x0 > 0)
                        UNROLL(2)
                        for (int j = 0; j < 2; j++)
                            to[j] += work->carry[y][j][4*g + c];
                    UNROLL(5)
                    for (int j = 0; j < 5; j++) {
                        d_conv1[y][x0 + j][4*g + c] = lanes_select(relu_1[y][x0 + j][4*g + c] <= 0.0f, lanes_of(0.0f),
                                to[j]);
                    }
                    if (x0 + 5 < 15) {
                        UNROLL(2)
                        for (int j = 0; j < 2; j++)
                            work->carry[y][j][4*g + c] = to[5 + j];
                    } else {
                        UNROLL(2)
                        for (int j = 5; j < 7; j++) {
                            d_conv1[y][x0 + j][4*g + c] = lanes_select(relu_1[y][x0 + j][4*g + c] <= 0.0f,
                                    lanes_of(0.0f), to[j]);
                        }
                    }
                }
    }
}

/* conv2: conv2d_backward_weight                                                                   units.net:7
 *   d_conv2       15 x 15 x 12
 *   relu_1        17 x 17 x 8
 *   conv2_weight  12 x 3 x 3 x 4  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * The sums of 3 points of o x 4 points of c stay in registers.
 * Units share the points of u: each has a range of them. */
static KERNEL void conv2_backward_weight(const vf d_conv2[15][15][12], const vf relu_1[17][17][8],
        real conv2_weight[12][3][3][4], struct range u_range)
{
    for (int g = 0; g < 2; g++)
        for (int o0 = 0; o0 < 6; o0 += 3)
            for (int u = u_range.first; u < u_range.end; u++)
                for (int v = 0; v < 3; v++) {
                    vf sum[3][4] = {0};
                    for (int y = 0; y < 15; y++)
                        for (int x = 0; x < 15; x++)
                            UNROLL(3)
                            for (int o = o0; o < o0 + 3; o++)
                                UNROLL(4)
                                for (int c = 0; c < 4; c++)
                                    sum[o - o0][c] += d_conv2[y][x][6*g + o] * relu_1[y + u][x + v][4*g + c];
                    UNROLL(3)
                    for (int o = o0; o < o0 + 3; o++)
                        UNROLL(4)
                        for (int c = 0; c < 4; c++)
                            conv2_weight[6*g + o][u][v][c] = lanes_sum(sum[o - o0][c]);
                }
}

/* conv1: conv2d_backward_weight                                                                   units.net:5
 *   d_conv1       17 x 17 x 8
 *   input         21 x 21 x 1
 *   conv1_weight  8 x 5 x 5 x 1  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * The sums of 4 points of o x 5 points of v stay in registers.
 * Units share the points of o and u: each has a range of them. */
static KERNEL void conv1_backward_weight(const vf d_conv1[17][17][8], const vf input[21][21][1],
        real conv1_weight[8][5][5][1], struct range o_range, struct range u_range)
{
    for (int o0 = o_range.first; o0 < o_range.end; o0 += 4)
        for (int u = u_range.first; u < u_range.end; u++) {
            vf sum[4][5] = {0};
            for (int y = 0; y < 17; y++)
                for (int x = 0; x < 17; x++)
                    UNROLL(4)
                    for (int o = o0; o < o0 + 4; o++)
                        UNROLL(5)
                        for (int v = 0; v < 5; v++)
                            sum[o - o0][v] += d_conv1[y][x][o] * input[y + u][x + v][0];
            UNROLL(4)
            for (int o = o0; o < o0 + 4; o++)
                UNROLL(5)
                for (int v = 0; v < 5; v++)
                    conv1_weight[o][u][v][0] = lanes_sum(sum[o - o0][v]);
        }
}

/* conv1: conv2d_backward_bias                                                                     units.net:5
 *   d_conv1     17 x 17 x 8
 *   conv1_bias  8  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 8 points of o stay in registers. */
static KERNEL void conv1_backward_bias(const vf d_conv1[17][17][8], real conv1_bias[8])
{
    vf sum[8] = {0};
    for (int y = 0; y < 17; y++)
        for (int x = 0; x < 17; x++)
            UNROLL(8)
            for (int o = 0; o < 8; o++)
                sum[o] += d_conv1[y][x][o];
    UNROLL(8)
    for (int o = 0; o < 8; o++)
        conv1_bias[o] = lanes_sum(sum[o]);
}

/* cross_entropy: class_maximum                                                                   units.net:19
 *   fc       7
 *   label    one a sample
 *   maximum  one a sample  (result)
 *   correct  one a sample  (result)
 * the largest logit, and whether it is the label's. */
static KERNEL void cross_entropy_maximum(const vf fc[7], vi label, vf *maximum, vf *correct)
{
    vf largest = lanes_of(-INFINITY);
    vi place = {0};
    for (int k = 0; k < 7; k++) {
        vf value = fc[k];
        vi taken = lanes_exceeds(value, largest);
        largest = lanes_select(taken, value, largest);
        place = lanes_select_int(taken, lanes_of_int(k), place);
    }
    *maximum = largest;
    *correct = lanes_select(place == label, lanes_of(1.0f), lanes_of(0.0f));
}

/* cross_entropy: cross_entropy                                                                   units.net:19
 *   fc       7
 *   maximum  one a sample
 *   label    one a sample
 *   loss     one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
static KERNEL void evaluate_cross_entropy_forward(const vf fc[7], vf maximum, vi label, vf *loss)
{
    vf sum = {0};
    vf sum_2 = {0};
    for (int k = 0; k < 7; k++) {
        sum += lanes_exp(fc[k] - maximum);
        sum_2 += lanes_select(k == label, fc[k], lanes_of(0.0f));
    }
    *loss = lanes_log(sum) + (maximum - sum_2);
}

/* A stage of the way of a block of 16 samples down and back up: 1 unit of each.
 * The first 10 units transform weights, for all blocks. */
void units_train_block_1(const struct step *step, void *scratch, int64_t unit)
{
    const struct units_weights *w = (const struct units_weights *)step->weights;
    struct units_batch *b = step->batch;
    (void)scratch;

    if (unit < 10) {
        int64_t part = unit;
        if (part < 4) {
            RUN(transform_conv1_weight_f4x5, w, b->conv1_weight_f4x5, range_part(part, 4, 8, 1));
        } else {
            RUN(transform_conv2_weight_f5x3, w, b->conv2_weight_f5x3, range_part(part - 4, 6, 12, 1));
        }
        return;
    }
    int64_t block = unit - 10;

    RUN(load_block, step, block, b->input[block], &b->label[block]);
    b->scale[block] = sample_weights(step, block);
}

/* A stage of the way of a block of 16 samples down and back up: 6 units of each. */
void units_train_block_2(const struct step *step, void *scratch, int64_t unit)
{
    const struct units_weights *w = (const struct units_weights *)step->weights;
    struct units_batch *b = step->batch;
    struct units_scratch *s = scratch;
    int64_t block = unit / 6, part = unit % 6;

    RUN(conv1_forward, w, b->conv1_weight_f4x5, b->input[block], b->relu_1[block], &s->work.conv1_forward,
            range_part(part / 3, 2, 17, 4), range_part(part % 3, 3, 17, 2));
}

/* A stage of the way of a block of 16 samples down and back up: 6 units of each. */
void units_train_block_3(const struct step *step, void *scratch, int64_t unit)
{
    const struct units_weights *w = (const struct units_weights *)step->weights;
    struct units_batch *b = step->batch;
    struct units_scratch *s = scratch;
    int64_t block = unit / 6, part = unit % 6;

    RUN(conv2_forward, w, b->conv2_weight_f5x3, b->relu_1[block], b->conv2[block], &s->work.conv2_forward,
            range_part(part / 2, 3, 15, 5), range_part(part % 2, 2, 2, 1));
}

/* A stage of the way of a block of 16 samples down and back up: 1 unit of each. */
void units_train_block_4(const struct step *step, void *scratch, int64_t block)
{
    const struct units_weights *w = (const struct units_weights *)step->weights;
    struct units_batch *b = step->batch;
    struct units_scratch *s = scratch;
    struct units_weights *g = &b->partial[step->parity][block];

    RUN(flatten_1_forward, b->conv2[block], s->flatten_1);
    RUN(fc_forward, w, s->flatten_1, s->fc);
    RUN(cross_entropy_forward, s->fc, b->label[block], b->scale[block], &s->correct, &s->loss, s->d_fc);
    RUN(fc_backward_input, w, s->d_fc, s->d_flatten_1);
    RUN(fc_backward_weight, s->flatten_1, s->d_fc, g->fc_weight, &s->work.fc_backward_weight);
    RUN(fc_backward_bias, s->d_fc, g->fc_bias);
    RUN(flatten_1_backward, s->d_flatten_1, b->d_conv2[block]);
    RUN(conv2_backward_bias, b->d_conv2[block], g->conv2_bias);
    store_result(step, block, s->loss, s->correct);
}

/* A stage of the way of a block of 16 samples down and back up: 6 units of each. */
void units_train_block_5(const struct step *step, void *scratch, int64_t unit)
{
    struct units_batch *b = step->batch;
    struct units_scratch *s = scratch;
    int64_t block = unit / 6, part = unit % 6;
    struct units_weights *g = &b->partial[step->parity][block];

    if (part < 3) {
        RUN(conv2_backward_input, b->conv2_weight_f5x3, b->d_conv2[block], b->relu_1[block], b->d_conv1[block],
                &s->work.conv2_backward_input, range_part(part, 3, 17, 2));
    } else {
        RUN(conv2_backward_weight, b->d_conv2[block], b->relu_1[block], g->conv2_weight, range_part(part - 3, 3, 3, 1));
    }
}

/* A stage of the way of a block of 16 samples down and back up: 6 units of each. */
void units_train_block_6(const struct step *step, void *scratch, int64_t unit)
{
    struct units_batch *b = step->batch;
    (void)scratch;
    int64_t block = unit / 6, part = unit % 6;
    struct units_weights *g = &b->partial[step->parity][block];

    if (part == 0) {
        RUN(conv1_backward_bias, b->d_conv1[block], g->conv1_bias);
    }
    RUN(conv1_backward_weight, b->d_conv1[block], b->input[block], g->conv1_weight, range_part(part / 3, 2, 8, 4),
            range_part(part % 3, 3, 5, 1));
}

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and SGD's step. Each
 * thread does all slices, of weights that are its own. */
static KERNEL void update(const struct step *step, int64_t unit)
{
    const struct units_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 19600);
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

void units_update(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(update, step, unit);
}

/* The loss of a block of 16 samples, and the logits where they are wanted. */
void units_evaluate_block(const struct step *step, void *scratch, int64_t block)
{
    const struct units_weights *w = (const struct units_weights *)step->weights;
    struct units_scratch *s = scratch;
    prepare(step, w, s);

    RUN(load_block, step, block, s->input, &s->label);
    RUN(conv1_forward, w, s->conv1_weight_f4x5, s->input, s->relu_1, &s->work.conv1_forward, (struct range){ 0, 17 },
            (struct range){ 0, 17 });
    RUN(conv2_forward, w, s->conv2_weight_f5x3, s->relu_1, s->conv2, &s->work.conv2_forward, (struct range){ 0, 15 },
            (struct range){ 0, 2 });
    RUN(flatten_1_forward, s->conv2, s->flatten_1);
    RUN(fc_forward, w, s->flatten_1, s->fc);
    RUN(cross_entropy_maximum, s->fc, s->label, &s->maximum, &s->correct);
    RUN(evaluate_cross_entropy_forward, s->fc, s->maximum, s->label, &s->loss);
    store_result(step, block, s->loss, s->correct);
    if (step->logits)
        store_logits(step, block, s->fc);
}
