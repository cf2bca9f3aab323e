/* pooled, compiled by netc 0.1.0 for avx2 from pooled.net with: netc pooled.net --cpu=avx2
 * sha256 of pooled.net: 7209e10cacde7b553bd0ae05a9a1f85ab4c7554fbf9bb8b304f251c809eb29f4
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "pooled.h"

#include <apply.h>
#include <load.h>
#include <step.h>

/* The images and labels of a block, a sample in each lane: (byte / 255 - mean) / std. Lanes beyond
 * the step's last sample repeat the first one of the block, and weigh nothing. */
static KERNEL void load_block(const struct step *step, int64_t block, vf image[12][12][1], vi *label)
{
    static const real factor[1] = { 1 / (255 * 0.25) };
    static const real shift[1] = { -0.5 / 0.25 };
    const uint8_t *byte[LANES];

    load_samples(step, block, 144, byte, label);
    load_images(byte, 1, 144, factor, shift, &image[0][0][0]);
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

/* conv: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         pooled.net:5-7
 *   conv_weight           6 x 3 x 3 x 1
 *   input                 12 x 12 x 1
 *   conv_bias             6
 *   relu_1                5 x 5 x 6  (result)
 *   max_pool2d_1_indices  5 x 5 x 6  (result)
 * the largest of each window, and which element of it that is. */
static KERNEL void conv_forward(const struct pooled_weights *w, const vf input[12][12][1], vf relu_1[5][5][6],
        vi max_pool2d_1_indices[5][5][6])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            for (int o0 = 0; o0 < 6; o0 += 2) {
                vf sum[2][2][2] = {0};
                for (int u = 0; u < 3; u++)
                    for (int v = 0; v < 3; v++)
                        for (int c = 0; c < 1; c++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(2)
                                for (int q = 0; q < 2; q++)
                                    UNROLL(2)
                                    for (int o = 0; o < 2; o++)
                                        sum[r][q][o] += w->conv_weight[o0 + o][u][v][c] *
                                                input[2*y + r + u][2*x + q + v][c];
                UNROLL(2)
                for (int o = 0; o < 2; o++) {
                    vf largest = sum[0][0][o];
                    vi place = {0};
                    lanes_take(sum[0][1][o], 1, &largest, &place);
                    lanes_take(sum[1][0][o], 2, &largest, &place);
                    lanes_take(sum[1][1][o], 3, &largest, &place);
                    vf value = largest + w->conv_bias[o0 + o];
                    relu_1[y][x][o0 + o] = lanes_max(value, lanes_of(0.0f));
                    max_pool2d_1_indices[y][x][o0 + o] = place;
                }
            }
}

/* flatten_1: flatten                                                                             pooled.net:8
 *   relu_1     5 x 5 x 6
 *   flatten_1  150  (result) */
static KERNEL void flatten_1_forward(const vf relu_1[5][5][6], vf flatten_1[150])
{
    for (int c = 0; c < 6; c++)
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                flatten_1[25*c + 5*y + x] = relu_1[y][x][c];
}

/* fc: linear                                                                                     pooled.net:9
 *   fc_weight  150 x 8
 *   flatten_1  150
 *   fc_bias    7
 *   fc         7  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * The sums of 7 points of i stay in registers. */
static KERNEL void fc_forward(const struct pooled_weights *w, const vf flatten_1[150], vf fc[7])
{
    vf sum[7];
    UNROLL(7)
    for (int i = 0; i < 7; i++)
        sum[i] = lanes_of(w->fc_bias[i]);
    for (int j = 0; j < 150; j++)
        UNROLL(7)
        for (int i = 0; i < 7; i++)
            sum[i] += w->fc_weight[j][i] * flatten_1[j];
    UNROLL(7)
    for (int i = 0; i < 7; i++)
        fc[i] = sum[i];
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  pooled.net:19
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

/* fc: linear_backward_input                                                                      pooled.net:9
 *   fc_weight    150 x 8
 *   d_fc         7
 *   d_flatten_1  150  (result)
 * dx[j] = sum of weight[i][j] * dy[i].
 * The sums of 10 points of j stay in registers. */
static KERNEL void fc_backward_input(const struct pooled_weights *w, const vf d_fc[7], vf d_flatten_1[150])
{
    for (int j0 = 0; j0 < 150; j0 += 10) {
        vf sum[10] = {0};
        for (int i = 0; i < 7; i++)
            UNROLL(10)
            for (int j = j0; j < j0 + 10; j++)
                sum[j - j0] += w->fc_weight[j][i] * d_fc[i];
        UNROLL(10)
        for (int j = j0; j < j0 + 10; j++)
            d_flatten_1[j] = sum[j - j0];
    }
}

/* fc: linear_backward_weight                                                                     pooled.net:9
 *   flatten_1  150
 *   d_fc       7
 *   fc_weight  150 x 8  (result)
 *   work->rows: the gradients of each sample, outputs side by side in the lanes
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * The operand whose features lie in the lanes of the result is transposed; then every sample adds to
 * all sums of a tile. */
static KERNEL void fc_backward_weight(const vf flatten_1[150], const vf d_fc[7], real fc_weight[150][8],
        struct fc_backward_weight_work *work)
{
    for (int v0 = 0; v0 < 1; v0++) {
        for (int v = 0; v < 1; v++) {
            vf turned[LANES];
            UNROLL(8)
            for (int k = 0; k < 8; k++)
                turned[k] = 8*(v0 + v) + k < 7 ? d_fc[8*(v0 + v) + k] : (vf){0};
            lanes_transpose(turned);
            UNROLL(8)
            for (int k = 0; k < 8; k++)
                work->rows[k][v] = turned[k];
        }
        for (int r0 = 0; r0 < 150; r0 += 10) {
            vf sum[10][1] = {0};
            const real *row = (const real *)&flatten_1[r0];
            for (int k = 0; k < 8; k++)
                UNROLL(10)
                for (int r = 0; r < 10; r++)
                    UNROLL(1)
                    for (int v = 0; v < 1; v++)
                        sum[r][v] += row[LANES*r + k] * work->rows[k][v];
            UNROLL(10)
            for (int r = 0; r < 10; r++)
                UNROLL(1)
                for (int v = 0; v < 1; v++)
                    lanes_store(&fc_weight[r0 + r][LANES*(v0 + v)], sum[r][v]);
        }
    }
}

/* fc: linear_backward_bias                                                                       pooled.net:9
 *   d_fc     7
 *   fc_bias  7  (result)
 * dbias[i] = sum over the samples of dy[i]. */
static KERNEL void fc_backward_bias(const vf d_fc[7], real fc_bias[7])
{
    for (int i = 0; i < 7; i++)
        fc_bias[i] = lanes_sum(d_fc[i]);
}

/* flatten_1: flatten_backward, relu_1: relu_backward                                           pooled.net:7-8
 *   relu_1          5 x 5 x 6
 *   d_flatten_1     150
 *   d_max_pool2d_1  5 x 5 x 6  (result) */
static KERNEL void flatten_1_backward(const vf relu_1[5][5][6], const vf d_flatten_1[150], vf d_max_pool2d_1[5][5][6])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            for (int c = 0; c < 6; c++)
                d_max_pool2d_1[y][x][c] = lanes_select(relu_1[y][x][c] <= 0.0f, lanes_of(0.0f),
                        d_flatten_1[25*c + 5*y + x]);
}

/* conv: conv2d_backward_weight, max_pool2d_1: max_pool2d_backward                              pooled.net:5-6
 *   input                 12 x 12 x 1
 *   max_pool2d_1_indices  5 x 5 x 6
 *   d_max_pool2d_1        5 x 5 x 6
 *   conv_weight           6 x 3 x 3 x 1  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * Each lane multiplies the patch that its window took, chosen by blends: fewer operations than the gradient of
 * the whole convolution takes, most of which is zero. The sums of 3 x 3 taps stay in registers. */
static KERNEL void conv_backward_weight(const vf input[12][12][1], const vi max_pool2d_1_indices[5][5][6],
        const vf d_max_pool2d_1[5][5][6], real conv_weight[6][3][3][1])
{
    for (int o = 0; o < 6; o++) {
        vf sum[3][3] = {0};
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++) {
                vf gradient = d_max_pool2d_1[y][x][o];
                vi place = max_pool2d_1_indices[y][x][o];
                lanes_mask in_column[2];
                in_column[1] = lanes_equal(place & 1, 1);
                lanes_mask from_row[2];
                from_row[1] = lanes_at_least(place, 2);
                vf row[4][3];
                UNROLL(3)
                for (int v = 0; v < 3; v++)
                    row[0][v] = lanes_blend(in_column[1], input[2*y][2*x + 1 + v][0], input[2*y][2*x + v][0]);
                UNROLL(3)
                for (int u = 0; u < 3; u++) {
                    UNROLL(3)
                    for (int v = 0; v < 3; v++)
                        row[u + 1][v] = lanes_blend(in_column[1], input[2*y + 1 + u][2*x + 1 + v][0],
                                input[2*y + 1 + u][2*x + v][0]);
                    UNROLL(3)
                    for (int v = 0; v < 3; v++)
                        sum[u][v] += gradient * lanes_blend(from_row[1], row[u + 1][v], row[u][v]);
                }
            }
        UNROLL(3)
        for (int u = 0; u < 3; u++)
            UNROLL(3)
            for (int v = 0; v < 3; v++)
                conv_weight[o][u][v][0] = lanes_sum(sum[u][v]);
    }
}

/* conv: conv2d_backward_bias                                                                     pooled.net:5
 *   d_max_pool2d_1  5 x 5 x 6
 *   conv_bias       6  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 6 points of o stay in registers. */
static KERNEL void conv_backward_bias(const vf d_max_pool2d_1[5][5][6], real conv_bias[6])
{
    vf sum[6] = {0};
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            UNROLL(6)
            for (int o = 0; o < 6; o++)
                sum[o] += d_max_pool2d_1[y][x][o];
    UNROLL(6)
    for (int o = 0; o < 6; o++)
        conv_bias[o] = lanes_sum(sum[o]);
}

/* conv: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         pooled.net:5-7
 *   conv_weight  6 x 3 x 3 x 1
 *   input        12 x 12 x 1
 *   conv_bias    6
 *   relu_1       5 x 5 x 6  (result)
 * the largest of each window. */
static KERNEL void evaluate_conv_forward(const struct pooled_weights *w, const vf input[12][12][1], vf relu_1[5][5][6])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            for (int o0 = 0; o0 < 6; o0 += 2) {
                vf sum[2][2][2] = {0};
                for (int u = 0; u < 3; u++)
                    for (int v = 0; v < 3; v++)
                        for (int c = 0; c < 1; c++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(2)
                                for (int q = 0; q < 2; q++)
                                    UNROLL(2)
                                    for (int o = 0; o < 2; o++)
                                        sum[r][q][o] += w->conv_weight[o0 + o][u][v][c] *
                                                input[2*y + r + u][2*x + q + v][c];
                UNROLL(2)
                for (int o = 0; o < 2; o++) {
                    vf largest = sum[0][0][o];
                    lanes_take_value(sum[0][1][o], &largest);
                    lanes_take_value(sum[1][0][o], &largest);
                    lanes_take_value(sum[1][1][o], &largest);
                    vf value = largest + w->conv_bias[o0 + o];
                    relu_1[y][x][o0 + o] = lanes_max(value, lanes_of(0.0f));
                }
            }
}

/* cross_entropy: class_maximum                                                                  pooled.net:19
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

/* cross_entropy: cross_entropy                                                                  pooled.net:19
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

/* A block of 8 samples goes all the way down and back up while it is in cache. */
void pooled_train_block(const struct step *step, void *scratch, int64_t block)
{
    const struct pooled_weights *w = (const struct pooled_weights *)step->weights;
    struct pooled_scratch *s = scratch;
    struct pooled_batch *b = step->batch;
    struct pooled_weights *g = &b->partial[step->parity][block];

    RUN(load_block, step, block, s->input, &s->label);
    s->scale = sample_weights(step, block);
    RUN(conv_forward, w, s->input, s->relu_1, s->max_pool2d_1_indices);
    RUN(flatten_1_forward, s->relu_1, s->flatten_1);
    RUN(fc_forward, w, s->flatten_1, s->fc);
    RUN(cross_entropy_forward, s->fc, s->label, s->scale, &s->correct, &s->loss, s->d_fc);
    RUN(fc_backward_input, w, s->d_fc, s->d_flatten_1);
    RUN(fc_backward_weight, s->flatten_1, s->d_fc, g->fc_weight, &s->work.fc_backward_weight);
    RUN(fc_backward_bias, s->d_fc, g->fc_bias);
    RUN(flatten_1_backward, s->relu_1, s->d_flatten_1, s->d_max_pool2d_1);
    RUN(conv_backward_weight, s->input, s->max_pool2d_1_indices, s->d_max_pool2d_1, g->conv_weight);
    RUN(conv_backward_bias, s->d_max_pool2d_1, g->conv_bias);
    store_result(step, block, s->loss, s->correct);
}

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and SGD's step. Each
 * thread does all slices, of weights that are its own. */
static KERNEL void update(const struct step *step, int64_t unit)
{
    const struct pooled_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 1272);
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

void pooled_update(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(update, step, unit);
}

/* The loss of a block of 8 samples, and the logits where they are wanted. */
void pooled_evaluate_block(const struct step *step, void *scratch, int64_t block)
{
    const struct pooled_weights *w = (const struct pooled_weights *)step->weights;
    struct pooled_scratch *s = scratch;

    RUN(load_block, step, block, s->input, &s->label);
    RUN(evaluate_conv_forward, w, s->input, s->relu_1);
    RUN(flatten_1_forward, s->relu_1, s->flatten_1);
    RUN(fc_forward, w, s->flatten_1, s->fc);
    RUN(cross_entropy_maximum, s->fc, s->label, &s->maximum, &s->correct);
    RUN(evaluate_cross_entropy_forward, s->fc, s->maximum, s->label, &s->loss);
    store_result(step, block, s->loss, s->correct);
    if (step->logits)
        store_logits(step, block, s->fc);
}
