/* large, compiled by netc 0.1.0 for neon from large.net with: netc large.net --cpu=neon
 * sha256 of large.net: 229c91062556ebd7246ffa8ad1090913b574f515a771c09725ed50cb66f7a953
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "large.h"

#include <apply.h>
#include <load.h>
#include <step.h>

/* The images and labels of a block, a sample in each lane: (byte / 255 - mean) / std. Lanes beyond
 * the step's last sample repeat the first one of the block, and weigh nothing. */
static KERNEL void load_block(const struct step *step, int64_t block, vf image[1000], vi *label)
{
    static const real factor[1] = { 1 / (255 * 1.0) };
    static const real shift[1] = { 0.0 / 1.0 };
    const uint8_t *byte[LANES];

    load_samples(step, block, 1000, byte, label);
    load_images(byte, 1, 1000, factor, shift, image);
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
    .momentum = 0.0, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false,
};

/* hidden: linear, relu_1: relu                                                                  large.net:5-6
 *   hidden_weight  1000 x 400
 *   input          1000
 *   hidden_bias    400
 *   relu_1         400  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * The sums of 20 points of i stay in registers. */
static KERNEL void hidden_forward(const struct large_weights *w, const vf input[1000], vf relu_1[400])
{
    for (int i0 = 0; i0 < 400; i0 += 20) {
        vf sum[20];
        UNROLL(20)
        for (int i = i0; i < i0 + 20; i++)
            sum[i - i0] = lanes_of(w->hidden_bias[i]);
        for (int j = 0; j < 1000; j++)
            UNROLL(20)
            for (int i = i0; i < i0 + 20; i++)
                sum[i - i0] += w->hidden_weight[j][i] * input[j];
        UNROLL(20)
        for (int i = i0; i < i0 + 20; i++)
            relu_1[i] = lanes_max(sum[i - i0], lanes_of(0.0f));
    }
}

/* fc: linear                                                                                      large.net:7
 *   fc_weight  400 x 12
 *   relu_1     400
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * The sums of 10 points of i stay in registers. */
static KERNEL void fc_forward(const struct large_weights *w, const vf relu_1[400], vf fc[10])
{
    vf sum[10];
    UNROLL(10)
    for (int i = 0; i < 10; i++)
        sum[i] = lanes_of(w->fc_bias[i]);
    for (int j = 0; j < 400; j++)
        UNROLL(10)
        for (int i = 0; i < 10; i++)
            sum[i] += w->fc_weight[j][i] * relu_1[j];
    UNROLL(10)
    for (int i = 0; i < 10; i++)
        fc[i] = sum[i];
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  large.net:15
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

/* fc: linear_backward_input, relu_1: relu_backward                                              large.net:6-7
 *   fc_weight  400 x 12
 *   d_fc       10
 *   relu_1     400
 *   d_hidden   400  (result)
 * dx[j] = sum of weight[i][j] * dy[i].
 * The sums of 20 points of j stay in registers. */
static KERNEL void fc_backward_input(const struct large_weights *w, const vf d_fc[10], const vf relu_1[400],
        vf d_hidden[400])
{
    for (int j0 = 0; j0 < 400; j0 += 20) {
        vf sum[20] = {0};
        for (int i = 0; i < 10; i++)
            UNROLL(20)
            for (int j = j0; j < j0 + 20; j++)
                sum[j - j0] += w->fc_weight[j][i] * d_fc[i];
        UNROLL(20)
        for (int j = j0; j < j0 + 20; j++)
            d_hidden[j] = lanes_select(relu_1[j] <= 0.0f, lanes_of(0.0f), sum[j - j0]);
    }
}

/* fc: linear_backward_weight                                                                      large.net:7
 *   relu_1     400
 *   d_fc       10
 *   fc_weight  400 x 12  (result)
 *   work->rows: the gradients of each sample, outputs side by side in the lanes
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * The operand whose features lie in the lanes of the result is transposed; then every sample adds to
 * all sums of a tile. */
static KERNEL void fc_backward_weight(const vf relu_1[400], const vf d_fc[10], real fc_weight[400][12],
        struct fc_backward_weight_work *work)
{
    for (int v0 = 0; v0 < 3; v0 += 3) {
        for (int v = 0; v < 3; v++) {
            vf turned[LANES];
            UNROLL(4)
            for (int k = 0; k < 4; k++)
                turned[k] = 4*(v0 + v) + k < 10 ? d_fc[4*(v0 + v) + k] : (vf){0};
            lanes_transpose(turned);
            UNROLL(4)
            for (int k = 0; k < 4; k++)
                work->rows[k][v] = turned[k];
        }
        for (int r0 = 0; r0 < 400; r0 = r0 == 390 ? 394 : r0 + 6) {
            vf sum[6][3] = {0};
            const real *row = (const real *)&relu_1[r0];
            for (int k = 0; k < 4; k++)
                UNROLL(6)
                for (int r = 0; r < 6; r++)
                    UNROLL(3)
                    for (int v = 0; v < 3; v++)
                        sum[r][v] += row[LANES*r + k] * work->rows[k][v];
            UNROLL(6)
            for (int r = 0; r < 6; r++)
                UNROLL(3)
                for (int v = 0; v < 3; v++)
                    lanes_store(&fc_weight[r0 + r][LANES*(v0 + v)], sum[r][v]);
        }
    }
}

/* fc: linear_backward_bias                                                                        large.net:7
 *   d_fc     10
 *   fc_bias  10  (result)
 * dbias[i] = sum over the samples of dy[i]. */
static KERNEL void fc_backward_bias(const vf d_fc[10], real fc_bias[10])
{
    for (int i = 0; i < 10; i++)
        fc_bias[i] = lanes_sum(d_fc[i]);
}

/* hidden: linear_backward_bias                                                                    large.net:5
 *   d_hidden     400
 *   hidden_bias  400  (result)
 * dbias[i] = sum over the samples of dy[i]. */
static KERNEL void hidden_backward_bias(const vf d_hidden[400], real hidden_bias[400])
{
    for (int i = 0; i < 400; i++)
        hidden_bias[i] = lanes_sum(d_hidden[i]);
}

/* hidden: linear_backward_weight                                                                  large.net:5
 *   input          1000
 *   d_hidden       400
 *   hidden_weight  1000 x 400  (result)
 *   work->rows: the gradients of each sample, outputs side by side in the lanes
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A unit has 500 rows of 4 vectors for itself, sums their gradient over all blocks, and updates them
 * while it is in registers: it never goes to memory. */
static KERNEL void hidden_backward_weight(const struct step *step, int64_t blocks, int64_t unit, const vf input[][1000],
        const vf d_hidden[][400], real hidden_weight[1000][400], struct hidden_backward_weight_work *work)
{
    int64_t v0 = 4*(unit / 2), first = 500*(unit % 2), end = int_min(first + 500, 1000);
    for (int64_t block = 0; block < blocks; block++)
        for (int v = 0; v < 4; v++) {
            vf turned[LANES];
            UNROLL(4)
            for (int k = 0; k < 4; k++)
                turned[k] = d_hidden[block][4*(v0 + v) + k];
            lanes_transpose(turned);
            UNROLL(4)
            for (int k = 0; k < 4; k++)
                work->rows[LANES*block + k][v] = turned[k];
        }
    for (int64_t r0 = first; r0 < end; r0 += 5) {
        /* What is updated lies further away than what is summed: asked for now, it is there in time. */
        UNROLL(5)
        for (int r = 0; r < 5; r++)
            for (int v = 0; v < 4; v++) {
                __builtin_prefetch(&hidden_weight[r0 + r][LANES*(v0 + v)], 1);
            }
        vf sum[5][4] = {0};
        for (int64_t block = 0; block < blocks; block++) {
            const real *row = (const real *)&input[block][r0];
            for (int k = 0; k < 4; k++)
                UNROLL(5)
                for (int r = 0; r < 5; r++)
                    UNROLL(4)
                    for (int v = 0; v < 4; v++)
                        sum[r][v] += row[LANES*r + k] * work->rows[LANES*block + k][v];
        }
        UNROLL(5)
        for (int r = 0; r < 5; r++)
            UNROLL(4)
            for (int v = 0; v < 4; v++)
                sgd_lanes(&hidden_weight[r0 + r][LANES*(v0 + v)], NULL, sum[r][v], sgd, step->lr, step->first_step);
    }
}

/* cross_entropy: class_maximum                                                                   large.net:15
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

/* cross_entropy: cross_entropy                                                                   large.net:15
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

/* A block of 4 samples goes all the way down and back up while it is in cache. */
void large_train_block(const struct step *step, void *scratch, int64_t block)
{
    const struct large_weights *w = (const struct large_weights *)step->weights;
    struct large_scratch *s = scratch;
    struct large_batch *b = step->batch;
    struct large_partial *g = &b->partial[block];

    RUN(load_block, step, block, b->input[block], &s->label);
    s->scale = sample_weights(step, block);
    RUN(hidden_forward, w, b->input[block], s->relu_1);
    RUN(fc_forward, w, s->relu_1, s->fc);
    RUN(cross_entropy_forward, s->fc, s->label, s->scale, &s->correct, &s->loss, s->d_fc);
    RUN(fc_backward_input, w, s->d_fc, s->relu_1, b->d_hidden[block]);
    RUN(fc_backward_weight, s->relu_1, s->d_fc, g->fc_weight, &s->work.fc_backward_weight);
    RUN(fc_backward_bias, s->d_fc, g->fc_bias);
    RUN(hidden_backward_bias, b->d_hidden[block], g->hidden_bias);
    store_result(step, block, s->loss, s->correct);
}

/* Large gradients are summed over all blocks at once: a unit is a slice of one of them. */
void large_sum_weights(const struct step *step, void *scratch, int64_t unit)
{
    struct large_weights *weights = (struct large_weights *)step->weights;
    struct large_scratch *s = scratch;
    struct large_batch *b = step->batch;
    int64_t blocks = step_blocks(step, LANES);

    if (unit < 50) {
        RUN(hidden_backward_weight, step, blocks, unit, b->input, b->d_hidden, weights->hidden_weight,
                &s->work.hidden_backward_weight);
    }
}

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and SGD's step. */
static KERNEL void update(const struct step *step, int64_t unit)
{
    const struct large_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 5210);
    int64_t blocks = step_blocks(step, LANES);
    real gradient[1024] = {0};

    for (int64_t block = 0; block < blocks; block++) {
        const real *part = (const real *)&b->partial[block];
        #pragma omp simd
        for (int64_t i = first; i < end; i++)
            gradient[i - first] += part[i];
    }
    #pragma omp simd
    for (int64_t i = first; i < end; i++)
        step->weights[i] = sgd_update(step->weights[i], gradient[i - first], NULL, sgd, step->lr, step->first_step);
}

void large_update(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(update, step, unit);
}

/* The loss of a block of 4 samples, and the logits where they are wanted. */
void large_evaluate_block(const struct step *step, void *scratch, int64_t block)
{
    const struct large_weights *w = (const struct large_weights *)step->weights;
    struct large_scratch *s = scratch;

    RUN(load_block, step, block, s->input, &s->label);
    RUN(hidden_forward, w, s->input, s->relu_1);
    RUN(fc_forward, w, s->relu_1, s->fc);
    RUN(cross_entropy_maximum, s->fc, s->label, &s->maximum, &s->correct);
    RUN(evaluate_cross_entropy_forward, s->fc, s->maximum, s->label, &s->loss);
    store_result(step, block, s->loss, s->correct);
    if (step->logits)
        store_logits(step, block, s->fc);
}
