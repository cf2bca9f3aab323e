/* lenet, compiled by netc 0.1.0 for avx2 from lenet.net with: netc lenet.net --cpu=avx2
 * sha256 of lenet.net: 1f84c3979097720d08ad5b072b3acc6fa4b17785d347f9d751d029128b06b2a6
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "lenet.h"

#include <optim.h>
#include <step.h>

/* The images and labels of a block, a sample in each lane: (byte / 255 - mean) / std. Lanes beyond
 * the step's last sample repeat the first one of the block, and weigh nothing. */
static void load_block(const struct step *step, int64_t unit, vf image[28][28][1], vi *label)
{
    const real factor = 1 / (255 * 0.3081), shift = -0.1307 / 0.3081;
    int samples = block_samples(step, unit, LANES);

    for (int lane = 0; lane < LANES; lane++) {
        int64_t sample = sample_at(step, unit * LANES + (lane < samples ? lane : 0));
        const uint8_t *byte = step->images + 784 * sample;
        (*label)[lane] = step->labels[sample];
        for (int64_t c = 0; c < 1; c++)
            for (int64_t y = 0; y < 28; y++)
                for (int64_t x = 0; x < 28; x++)
                    image[y][x][c][lane] = factor * byte[(c*28 + y)*28 + x] + shift;
    }
}

/* What each sample's loss weighs in the mean over the step: nothing in lanes without one. */
static vf sample_weights(const struct step *step, int64_t unit)
{
    int samples = block_samples(step, unit, LANES);
    vf weights = {0};
    for (int lane = 0; lane < samples; lane++)
        weights[lane] = 1 / (real)step->count;
    return weights;
}

/* The block's part of the results. */
static void store_result(const struct step *step, int64_t unit, vf loss, vf correct)
{
    int samples = block_samples(step, unit, LANES);
    struct result result = {0};
    for (int lane = 0; lane < samples; lane++) {
        result.loss += loss[lane];
        result.correct += (int64_t)correct[lane];
    }
    step->result[unit] = result;
}

static void store_logits(const struct step *step, int64_t unit, const vf logits[10])
{
    int samples = block_samples(step, unit, LANES);
    real *to = step->logits + unit * LANES * 10;
    for (int lane = 0; lane < samples; lane++)
        for (int64_t k = 0; k < 10; k++)
            *to++ = logits[k][lane];
}

/* conv1: conv2d                                                                                   lenet.net:5
 *   conv1_weight  10 x 5 x 5 x 1
 *   input         28 x 28 x 1
 *   conv1_bias    10
 *   conv1         24 x 24 x 10  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * The sums of 2 points of x x 5 points of o stay in registers. */
static void conv1_forward(const struct lenet_weights *w, const vf input[28][28][1], vf conv1[24][24][10])
{
    for (int y = 0; y < 24; y++)
        for (int x0 = 0; x0 < 24; x0 += 2)
            for (int o0 = 0; o0 < 10; o0 += 5) {
                vf sum[2][5];
                UNROLL(2)
                for (int x = x0; x < x0 + 2; x++)
                    UNROLL(5)
                    for (int o = o0; o < o0 + 5; o++)
                        sum[x - x0][o - o0] = lanes_of(w->conv1_bias[o]);
                for (int u = 0; u < 5; u++)
                    for (int v = 0; v < 5; v++)
                        UNROLL(2)
                        for (int x = x0; x < x0 + 2; x++)
                            UNROLL(5)
                            for (int o = o0; o < o0 + 5; o++)
                                sum[x - x0][o - o0] += w->conv1_weight[o][u][v][0] * input[y + u][x + v][0];
                UNROLL(2)
                for (int x = x0; x < x0 + 2; x++)
                    UNROLL(5)
                    for (int o = o0; o < o0 + 5; o++)
                        conv1[y][x][o] = sum[x - x0][o - o0];
            }
}

/* max_pool2d_1: max_pool2d, relu_1: relu                                                        lenet.net:6-7
 *   conv1                 24 x 24 x 10
 *   relu_1                12 x 12 x 10  (result)
 *   max_pool2d_1_indices  12 x 12 x 10  (result)
 * the largest of each window, and which element of it that is. */
static void max_pool2d_1_forward(const vf conv1[24][24][10], vf relu_1[12][12][10], vi max_pool2d_1_indices[12][12][10])
{
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 12; x++)
            for (int c = 0; c < 10; c++) {
                vf largest = lanes_of(-INFINITY);
                vi place = {0};
                for (int u = 0; u < 2; u++)
                    for (int v = 0; v < 2; v++) {
                        vf value = conv1[2*y + u][2*x + v][c];
                        vi taken = lanes_exceeds(value, largest);
                        largest = lanes_select(taken, value, largest);
                        place = lanes_select_int(taken, lanes_of_int(2*u + v), place);
                    }
                relu_1[y][x][c] = lanes_max(largest, lanes_of(0.0f));
                max_pool2d_1_indices[y][x][c] = place;
            }
}

/* conv2: conv2d                                                                                   lenet.net:8
 *   conv2_weight  20 x 5 x 5 x 10
 *   relu_1        12 x 12 x 10
 *   conv2_bias    20
 *   conv2         8 x 8 x 20  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * The sums of 2 points of x x 5 points of o stay in registers. */
static void conv2_forward(const struct lenet_weights *w, const vf relu_1[12][12][10], vf conv2[8][8][20])
{
    for (int y = 0; y < 8; y++)
        for (int x0 = 0; x0 < 8; x0 += 2)
            for (int o0 = 0; o0 < 20; o0 += 5) {
                vf sum[2][5];
                UNROLL(2)
                for (int x = x0; x < x0 + 2; x++)
                    UNROLL(5)
                    for (int o = o0; o < o0 + 5; o++)
                        sum[x - x0][o - o0] = lanes_of(w->conv2_bias[o]);
                for (int u = 0; u < 5; u++)
                    for (int v = 0; v < 5; v++)
                        for (int c = 0; c < 10; c++)
                            UNROLL(2)
                            for (int x = x0; x < x0 + 2; x++)
                                UNROLL(5)
                                for (int o = o0; o < o0 + 5; o++)
                                    sum[x - x0][o - o0] += w->conv2_weight[o][u][v][c] * relu_1[y + u][x + v][c];
                UNROLL(2)
                for (int x = x0; x < x0 + 2; x++)
                    UNROLL(5)
                    for (int o = o0; o < o0 + 5; o++)
                        conv2[y][x][o] = sum[x - x0][o - o0];
            }
}

/* max_pool2d_2: max_pool2d, relu_2: relu                                                       lenet.net:9-10
 *   conv2                 8 x 8 x 20
 *   relu_2                4 x 4 x 20  (result)
 *   max_pool2d_2_indices  4 x 4 x 20  (result)
 * the largest of each window, and which element of it that is. */
static void max_pool2d_2_forward(const vf conv2[8][8][20], vf relu_2[4][4][20], vi max_pool2d_2_indices[4][4][20])
{
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            for (int c = 0; c < 20; c++) {
                vf largest = lanes_of(-INFINITY);
                vi place = {0};
                for (int u = 0; u < 2; u++)
                    for (int v = 0; v < 2; v++) {
                        vf value = conv2[2*y + u][2*x + v][c];
                        vi taken = lanes_exceeds(value, largest);
                        largest = lanes_select(taken, value, largest);
                        place = lanes_select_int(taken, lanes_of_int(2*u + v), place);
                    }
                relu_2[y][x][c] = lanes_max(largest, lanes_of(0.0f));
                max_pool2d_2_indices[y][x][c] = place;
            }
}

/* flatten_1: flatten                                                                             lenet.net:11
 *   relu_2     4 x 4 x 20
 *   flatten_1  320  (result) */
static void flatten_1_forward(const vf relu_2[4][4][20], vf flatten_1[320])
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
static void fc_forward(const struct lenet_weights *w, const vf flatten_1[320], vf fc[10])
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

/* cross_entropy: class_maximum                                                                   lenet.net:24
 *   fc       10
 *   label    one a sample
 *   maximum  one a sample  (result)
 *   correct  one a sample  (result)
 * the largest logit, and whether it is the label's. */
static void cross_entropy_maximum(const vf fc[10], vi label, vf *maximum, vf *correct)
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
 *   exp_sum  one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
static void cross_entropy_forward(const vf fc[10], vf maximum, vi label, vf *loss, vf *exp_sum)
{
    vf sum = {0};
    vf sum_2 = {0};
    for (int k = 0; k < 10; k++) {
        sum += lanes_exp(fc[k] - maximum);
        sum_2 += lanes_select(k == label, fc[k], lanes_of(0.0f));
    }
    *loss = lanes_log(sum) + (maximum - sum_2);
    *exp_sum = sum;
}

/* cross_entropy: cross_entropy_backward                                                          lenet.net:24
 *   fc       10
 *   maximum  one a sample
 *   exp_sum  one a sample
 *   label    one a sample
 *   scale    one a sample
 *   d_fc     10  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight. */
static void cross_entropy_backward(const vf fc[10], vf maximum, vf exp_sum, vi label, vf scale, vf d_fc[10])
{
    for (int k = 0; k < 10; k++)
        d_fc[k] = (lanes_exp(fc[k] - maximum) / exp_sum - lanes_select(k == label, lanes_of(1.0f), lanes_of(0.0f))) *
                scale;
}

/* fc: linear_backward_input                                                                      lenet.net:12
 *   fc_weight    10 x 320
 *   d_fc         10
 *   d_flatten_1  320  (result)
 * dx[j] = sum of weight[i][j] * dy[i].
 * The sums of 10 points of j stay in registers. */
static void fc_backward_input(const struct lenet_weights *w, const vf d_fc[10], vf d_flatten_1[320])
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
 *   d_fc       10
 *   flatten_1  320
 *   fc_weight  10 x 320  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
static void fc_backward_weight(const vf d_fc[10], const vf flatten_1[320], real fc_weight[10][320])
{
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 320; j++)
            fc_weight[i][j] = lanes_sum(d_fc[i] * flatten_1[j]);
}

/* fc: linear_backward_bias                                                                       lenet.net:12
 *   d_fc     10
 *   fc_bias  10  (result)
 * dbias[i] = sum over the samples of dy[i]. */
static void fc_backward_bias(const vf d_fc[10], real fc_bias[10])
{
    for (int i = 0; i < 10; i++)
        fc_bias[i] = lanes_sum(d_fc[i]);
}

/* flatten_1: flatten_backward, relu_2: relu_backward                                          lenet.net:10-11
 *   relu_2          4 x 4 x 20
 *   d_flatten_1     320
 *   d_max_pool2d_2  4 x 4 x 20  (result) */
static void flatten_1_backward(const vf relu_2[4][4][20], const vf d_flatten_1[320], vf d_max_pool2d_2[4][4][20])
{
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            for (int c = 0; c < 20; c++)
                d_max_pool2d_2[y][x][c] = lanes_select(relu_2[y][x][c] <= 0.0f, lanes_of(0.0f),
                        d_flatten_1[16*c + 4*y + x]);
}

/* max_pool2d_2: max_pool2d_backward                                                               lenet.net:9
 *   max_pool2d_2_indices  4 x 4 x 20
 *   d_max_pool2d_2        4 x 4 x 20
 *   d_conv2               8 x 8 x 20  (result)
 * dx[c][y][x] gathers every window that took (y, x). */
static void max_pool2d_2_backward(const vi max_pool2d_2_indices[4][4][20], const vf d_max_pool2d_2[4][4][20],
        vf d_conv2[8][8][20])
{
    for (int y = 0; y < 4; y++)
        for (int u = 0; u < 2; u++)
            for (int x = 0; x < 4; x++)
                for (int v = 0; v < 2; v++)
                    for (int c = 0; c < 20; c++)
                        d_conv2[2*y + u][2*x + v][c] = lanes_select(max_pool2d_2_indices[y][x][c] == 2*u + v,
                                d_max_pool2d_2[y][x][c], lanes_of(0.0f));
}

/* conv2: conv2d_backward_input, relu_1: relu_backward                                           lenet.net:7-8
 *   conv2_weight    20 x 5 x 5 x 10
 *   d_conv2         8 x 8 x 20
 *   relu_1          12 x 12 x 10
 *   d_max_pool2d_1  12 x 12 x 10  (result)
 * dx[c][y][x] gathers every output that read (y, x).
 * The sums of 10 points of c stay in registers. */
static void conv2_backward_input(const struct lenet_weights *w, const vf d_conv2[8][8][20], const vf relu_1[12][12][10],
        vf d_max_pool2d_1[12][12][10])
{
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 12; x++) {
            vf sum[10] = {0};
            for (int u = 0; u < 5; u++)
                if (0 <= y - u && y - u <= 7)
                    for (int v = 0; v < 5; v++)
                        if (0 <= x - v && x - v <= 7)
                            for (int o = 0; o < 20; o++)
                                UNROLL(10)
                                for (int c = 0; c < 10; c++)
                                    sum[c] += w->conv2_weight[o][u][v][c] * d_conv2[y - u][x - v][o];
            UNROLL(10)
            for (int c = 0; c < 10; c++)
                d_max_pool2d_1[y][x][c] = lanes_select(relu_1[y][x][c] <= 0.0f, lanes_of(0.0f), sum[c]);
        }
}

/* conv2: conv2d_backward_weight                                                                   lenet.net:8
 *   d_conv2       8 x 8 x 20
 *   relu_1        12 x 12 x 10
 *   conv2_weight  20 x 5 x 5 x 10  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * The sums of 5 points of o x 2 points of c stay in registers. */
static void conv2_backward_weight(const vf d_conv2[8][8][20], const vf relu_1[12][12][10],
        real conv2_weight[20][5][5][10])
{
    for (int o0 = 0; o0 < 20; o0 += 5)
        for (int u = 0; u < 5; u++)
            for (int v = 0; v < 5; v++)
                for (int c0 = 0; c0 < 10; c0 += 2) {
                    vf sum[5][2] = {0};
                    for (int y = 0; y < 8; y++)
                        for (int x = 0; x < 8; x++)
                            UNROLL(5)
                            for (int o = o0; o < o0 + 5; o++)
                                UNROLL(2)
                                for (int c = c0; c < c0 + 2; c++)
                                    sum[o - o0][c - c0] += d_conv2[y][x][o] * relu_1[y + u][x + v][c];
                    UNROLL(5)
                    for (int o = o0; o < o0 + 5; o++)
                        UNROLL(2)
                        for (int c = c0; c < c0 + 2; c++)
                            conv2_weight[o][u][v][c] = lanes_sum(sum[o - o0][c - c0]);
                }
}

/* conv2: conv2d_backward_bias                                                                     lenet.net:8
 *   d_conv2     8 x 8 x 20
 *   conv2_bias  20  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 10 points of o stay in registers. */
static void conv2_backward_bias(const vf d_conv2[8][8][20], real conv2_bias[20])
{
    for (int o0 = 0; o0 < 20; o0 += 10) {
        vf sum[10] = {0};
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                UNROLL(10)
                for (int o = o0; o < o0 + 10; o++)
                    sum[o - o0] += d_conv2[y][x][o];
        UNROLL(10)
        for (int o = o0; o < o0 + 10; o++)
            conv2_bias[o] = lanes_sum(sum[o - o0]);
    }
}

/* max_pool2d_1: max_pool2d_backward                                                               lenet.net:6
 *   max_pool2d_1_indices  12 x 12 x 10
 *   d_max_pool2d_1        12 x 12 x 10
 *   d_conv1               24 x 24 x 10  (result)
 * dx[c][y][x] gathers every window that took (y, x). */
static void max_pool2d_1_backward(const vi max_pool2d_1_indices[12][12][10], const vf d_max_pool2d_1[12][12][10],
        vf d_conv1[24][24][10])
{
    for (int y = 0; y < 12; y++)
        for (int u = 0; u < 2; u++)
            for (int x = 0; x < 12; x++)
                for (int v = 0; v < 2; v++)
                    for (int c = 0; c < 10; c++)
                        d_conv1[2*y + u][2*x + v][c] = lanes_select(max_pool2d_1_indices[y][x][c] == 2*u + v,
                                d_max_pool2d_1[y][x][c], lanes_of(0.0f));
}

/* conv1: conv2d_backward_weight                                                                   lenet.net:5
 *   d_conv1       24 x 24 x 10
 *   input         28 x 28 x 1
 *   conv1_weight  10 x 5 x 5 x 1  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * The sums of 2 points of o x 5 points of v stay in registers. */
static void conv1_backward_weight(const vf d_conv1[24][24][10], const vf input[28][28][1],
        real conv1_weight[10][5][5][1])
{
    for (int o0 = 0; o0 < 10; o0 += 2)
        for (int u = 0; u < 5; u++) {
            vf sum[2][5] = {0};
            for (int y = 0; y < 24; y++)
                for (int x = 0; x < 24; x++)
                    UNROLL(2)
                    for (int o = o0; o < o0 + 2; o++)
                        UNROLL(5)
                        for (int v = 0; v < 5; v++)
                            sum[o - o0][v] += d_conv1[y][x][o] * input[y + u][x + v][0];
            UNROLL(2)
            for (int o = o0; o < o0 + 2; o++)
                UNROLL(5)
                for (int v = 0; v < 5; v++)
                    conv1_weight[o][u][v][0] = lanes_sum(sum[o - o0][v]);
        }
}

/* conv1: conv2d_backward_bias                                                                     lenet.net:5
 *   d_conv1     24 x 24 x 10
 *   conv1_bias  10  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 10 points of o stay in registers. */
static void conv1_backward_bias(const vf d_conv1[24][24][10], real conv1_bias[10])
{
    vf sum[10] = {0};
    for (int y = 0; y < 24; y++)
        for (int x = 0; x < 24; x++)
            UNROLL(10)
            for (int o = 0; o < 10; o++)
                sum[o] += d_conv1[y][x][o];
    UNROLL(10)
    for (int o = 0; o < 10; o++)
        conv1_bias[o] = lanes_sum(sum[o]);
}

/* max_pool2d_1: max_pool2d, relu_1: relu                                                        lenet.net:6-7
 *   conv1   24 x 24 x 10
 *   relu_1  12 x 12 x 10  (result)
 * the largest of each window. */
static void evaluate_max_pool2d_1_forward(const vf conv1[24][24][10], vf relu_1[12][12][10])
{
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 12; x++)
            for (int c = 0; c < 10; c++) {
                vf largest = lanes_of(-INFINITY);
                for (int u = 0; u < 2; u++)
                    for (int v = 0; v < 2; v++) {
                        vf value = conv1[2*y + u][2*x + v][c];
                        vi taken = lanes_exceeds(value, largest);
                        largest = lanes_select(taken, value, largest);
                    }
                relu_1[y][x][c] = lanes_max(largest, lanes_of(0.0f));
            }
}

/* max_pool2d_2: max_pool2d, relu_2: relu                                                       lenet.net:9-10
 *   conv2   8 x 8 x 20
 *   relu_2  4 x 4 x 20  (result)
 * the largest of each window. */
static void evaluate_max_pool2d_2_forward(const vf conv2[8][8][20], vf relu_2[4][4][20])
{
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            for (int c = 0; c < 20; c++) {
                vf largest = lanes_of(-INFINITY);
                for (int u = 0; u < 2; u++)
                    for (int v = 0; v < 2; v++) {
                        vf value = conv2[2*y + u][2*x + v][c];
                        vi taken = lanes_exceeds(value, largest);
                        largest = lanes_select(taken, value, largest);
                    }
                relu_2[y][x][c] = lanes_max(largest, lanes_of(0.0f));
            }
}

/* cross_entropy: cross_entropy                                                                   lenet.net:24
 *   fc       10
 *   maximum  one a sample
 *   label    one a sample
 *   loss     one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
static void evaluate_cross_entropy_forward(const vf fc[10], vf maximum, vi label, vf *loss)
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
void lenet_train_block(const struct step *step, void *scratch, int64_t unit)
{
    const struct lenet_weights *w = (const struct lenet_weights *)step->weights;
    struct lenet_scratch *s = scratch;
    struct lenet_batch *b = step->batch;
    struct lenet_weights *g = &b->partial[unit];

    load_block(step, unit, s->input, &s->label);
    s->scale = sample_weights(step, unit);
    conv1_forward(w, s->input, s->conv1);
    max_pool2d_1_forward(s->conv1, s->relu_1, s->max_pool2d_1_indices);
    conv2_forward(w, s->relu_1, s->conv2);
    max_pool2d_2_forward(s->conv2, s->relu_2, s->max_pool2d_2_indices);
    flatten_1_forward(s->relu_2, s->flatten_1);
    fc_forward(w, s->flatten_1, s->fc);
    cross_entropy_maximum(s->fc, s->label, &s->maximum, &s->correct);
    cross_entropy_forward(s->fc, s->maximum, s->label, &s->loss, &s->exp_sum);
    cross_entropy_backward(s->fc, s->maximum, s->exp_sum, s->label, s->scale, s->d_fc);
    fc_backward_input(w, s->d_fc, s->d_flatten_1);
    fc_backward_weight(s->d_fc, s->flatten_1, g->fc_weight);
    fc_backward_bias(s->d_fc, g->fc_bias);
    flatten_1_backward(s->relu_2, s->d_flatten_1, s->d_max_pool2d_2);
    max_pool2d_2_backward(s->max_pool2d_2_indices, s->d_max_pool2d_2, s->d_conv2);
    conv2_backward_input(w, s->d_conv2, s->relu_1, s->d_max_pool2d_1);
    conv2_backward_weight(s->d_conv2, s->relu_1, g->conv2_weight);
    conv2_backward_bias(s->d_conv2, g->conv2_bias);
    max_pool2d_1_backward(s->max_pool2d_1_indices, s->d_max_pool2d_1, s->d_conv1);
    conv1_backward_weight(s->d_conv1, s->input, g->conv1_weight);
    conv1_backward_bias(s->d_conv1, g->conv1_bias);
    store_result(step, unit, s->loss, s->correct);
}

static const struct sgd sgd = {
    .momentum = 0.5, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false,
};

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and SGD's step. */
void lenet_update(const struct step *step, void *scratch, int64_t unit)
{
    const struct lenet_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 8490);
    int64_t blocks = step_blocks(step, LANES);
    real gradient[1024] = {0};
    (void)scratch;

    for (int64_t block = 0; block < blocks; block++) {
        const real *part = (const real *)&b->partial[block];
        #pragma omp simd
        for (int64_t i = first; i < end; i++)
            gradient[i - first] += part[i];
    }
    #pragma omp simd
    for (int64_t i = first; i < end; i++)
        step->weights[i] = sgd_update(step->weights[i], gradient[i - first], &step->state[i], sgd, step->lr,
                step->first_step);
}

/* The loss of a block of 8 samples, and the logits where they are wanted. */
void lenet_evaluate_block(const struct step *step, void *scratch, int64_t unit)
{
    const struct lenet_weights *w = (const struct lenet_weights *)step->weights;
    struct lenet_scratch *s = scratch;

    load_block(step, unit, s->input, &s->label);
    conv1_forward(w, s->input, s->conv1);
    evaluate_max_pool2d_1_forward(s->conv1, s->relu_1);
    conv2_forward(w, s->relu_1, s->conv2);
    evaluate_max_pool2d_2_forward(s->conv2, s->relu_2);
    flatten_1_forward(s->relu_2, s->flatten_1);
    fc_forward(w, s->flatten_1, s->fc);
    cross_entropy_maximum(s->fc, s->label, &s->maximum, &s->correct);
    evaluate_cross_entropy_forward(s->fc, s->maximum, s->label, &s->loss);
    store_result(step, unit, s->loss, s->correct);
    if (step->logits)
        store_logits(step, unit, s->fc);
}
