/* cycled, compiled by netc 0.1.0 for avx2 from cycled.net with: netc cycled.net --cpu=avx2
 * sha256 of cycled.net: 0bd4de1962013fd6ec0252df0de50a20511f48f3760728cc6830002dbf62e7f5
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "cycled.h"

#include <apply.h>
#include <load.h>
#include <step.h>

/* The images and labels of a block, a sample in each lane: (byte / 255 - mean) / std. Lanes beyond
 * the step's last sample repeat the first one of the block, and weigh nothing. */
static KERNEL void load_block(const struct step *step, int64_t block, vf image[40], vi *label)
{
    static const real factor[1] = { 1 / (255 * 1.0) };
    static const real shift[1] = { 0.0 / 1.0 };
    const uint8_t *byte[LANES];

    load_samples(step, block, 40, byte, label);
    load_images(byte, 1, 40, factor, shift, image);
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

static void store_logits(const struct step *step, int64_t block, const vf logits[6])
{
    int samples = block_samples(step, block, LANES);
    real *to = step->logits + block * LANES * 6;
    for (int lane = 0; lane < samples; lane++)
        for (int64_t k = 0; k < 6; k++)
            *to++ = logits[k][lane];
}

/* The optimiser's settings; its momentum, like lr, is another one in each step. */
static inline struct sgd sgd_at(const struct step *step)
{
    return (struct sgd){
        .momentum = step->momentum, .positive = true, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false,
    };
}

/* linear_1: linear                                                                               cycled.net:4
 *   linear_1_weight  40 x 8
 *   input            40
 *   linear_1_bias    6
 *   linear_1         6  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * The sums of 6 points of i stay in registers. */
static KERNEL void linear_1_forward(const struct cycled_weights *w, const vf input[40], vf linear_1[6])
{
    vf sum[6];
    UNROLL(6)
    for (int i = 0; i < 6; i++)
        sum[i] = lanes_of(w->linear_1_bias[i]);
    for (int j = 0; j < 40; j++)
        UNROLL(6)
        for (int i = 0; i < 6; i++)
            sum[i] += w->linear_1_weight[j][i] * input[j];
    UNROLL(6)
    for (int i = 0; i < 6; i++)
        linear_1[i] = sum[i];
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  cycled.net:13
 *   linear_1    6
 *   label       one a sample
 *   scale       one a sample
 *   correct     one a sample  (result)
 *   loss        one a sample  (result)
 *   d_linear_1  6  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight.
 * loss = log(sum of exp(logits[k] - largest)) + largest - logits[label]. Each exponential is taken once. */
static KERNEL void cross_entropy_forward(const vf linear_1[6], vi label, vf scale, vf *correct, vf *loss,
        vf d_linear_1[6])
{
    vf largest = lanes_of(-INFINITY), sum = {0}, of_label = {0};
    vi place = {0};
    for (int k = 0; k < 6; k++)
        lanes_take(linear_1[k], k, &largest, &place);
    for (int k = 0; k < 6; k++) {
        vf power = lanes_exp(linear_1[k] - largest);
        sum += power;
        of_label += lanes_where(k == label, linear_1[k]);
        d_linear_1[k] = power;
    }
    vf factor = scale / sum;
    for (int k = 0; k < 6; k++)
        d_linear_1[k] = factor * d_linear_1[k] - lanes_where(k == label, scale);
    *correct = lanes_where(place == label, lanes_of(1));
    *loss = lanes_log(sum) + (largest - of_label);
}

/* linear_1: linear_backward_weight                                                               cycled.net:4
 *   input            40
 *   d_linear_1       6
 *   linear_1_weight  40 x 8  (result)
 *   work->rows: the gradients of each sample, outputs side by side in the lanes
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * The operand whose features lie in the lanes of the result is transposed; then every sample adds to
 * all sums of a tile. */
static KERNEL void linear_1_backward_weight(const vf input[40], const vf d_linear_1[6], real linear_1_weight[40][8],
        struct linear_1_backward_weight_work *work)
{
    for (int v0 = 0; v0 < 1; v0++) {
        for (int v = 0; v < 1; v++) {
            vf turned[LANES];
            UNROLL(8)
            for (int k = 0; k < 8; k++)
                turned[k] = 8*(v0 + v) + k < 6 ? d_linear_1[8*(v0 + v) + k] : (vf){0};
            lanes_transpose(turned);
            UNROLL(8)
            for (int k = 0; k < 8; k++)
                work->rows[k][v] = turned[k];
        }
        for (int r0 = 0; r0 < 40; r0 += 10) {
            vf sum[10][1] = {0};
            const real *row = (const real *)&input[r0];
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
                    lanes_store(&linear_1_weight[r0 + r][LANES*(v0 + v)], sum[r][v]);
        }
    }
}

/* linear_1: linear_backward_bias                                                                 cycled.net:4
 *   d_linear_1     6
 *   linear_1_bias  6  (result)
 * dbias[i] = sum over the samples of dy[i]. */
static KERNEL void linear_1_backward_bias(const vf d_linear_1[6], real linear_1_bias[6])
{
    for (int i = 0; i < 6; i++)
        linear_1_bias[i] = lanes_sum(d_linear_1[i]);
}

/* cross_entropy: class_maximum                                                                  cycled.net:13
 *   linear_1  6
 *   label     one a sample
 *   maximum   one a sample  (result)
 *   correct   one a sample  (result)
 * the largest logit, and whether it is the label's. */
static KERNEL void cross_entropy_maximum(const vf linear_1[6], vi label, vf *maximum, vf *correct)
{
    vf largest = lanes_of(-INFINITY);
    vi place = {0};
    for (int k = 0; k < 6; k++) {
        vf value = linear_1[k];
        vi taken = lanes_exceeds(value, largest);
        largest = lanes_select(taken, value, largest);
        place = lanes_select_int(taken, lanes_of_int(k), place);
    }
    *maximum = largest;
    *correct = lanes_select(place == label, lanes_of(1.0f), lanes_of(0.0f));
}

/* cross_entropy: cross_entropy                                                                  cycled.net:13
 *   linear_1  6
 *   maximum   one a sample
 *   label     one a sample
 *   loss      one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
static KERNEL void evaluate_cross_entropy_forward(const vf linear_1[6], vf maximum, vi label, vf *loss)
{
    vf sum = {0};
    vf sum_2 = {0};
    for (int k = 0; k < 6; k++) {
        sum += lanes_exp(linear_1[k] - maximum);
        sum_2 += lanes_select(k == label, linear_1[k], lanes_of(0.0f));
    }
    *loss = lanes_log(sum) + (maximum - sum_2);
}

/* A block of 8 samples goes all the way down and back up while it is in cache. */
void cycled_train_block(const struct step *step, void *scratch, int64_t block)
{
    const struct cycled_weights *w = (const struct cycled_weights *)step->weights;
    struct cycled_scratch *s = scratch;
    struct cycled_batch *b = step->batch;
    struct cycled_weights *g = &b->partial[step->parity][block];

    RUN(load_block, step, block, s->input, &s->label);
    s->scale = sample_weights(step, block);
    RUN(linear_1_forward, w, s->input, s->linear_1);
    RUN(cross_entropy_forward, s->linear_1, s->label, s->scale, &s->correct, &s->loss, s->d_linear_1);
    RUN(linear_1_backward_weight, s->input, s->d_linear_1, g->linear_1_weight, &s->work.linear_1_backward_weight);
    RUN(linear_1_backward_bias, s->d_linear_1, g->linear_1_bias);
    store_result(step, block, s->loss, s->correct);
}

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and SGD's step. Each
 * thread does all slices, of weights that are its own. */
static KERNEL void update(const struct step *step, int64_t unit)
{
    const struct cycled_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 328);
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
        step->weights[i] = sgd_update(step->weights[i], gradient[i - first], &step->state[i], sgd_at(step), step->lr,
                step->first_step);
}

void cycled_update(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(update, step, unit);
}

/* The loss of a block of 8 samples, and the logits where they are wanted. */
void cycled_evaluate_block(const struct step *step, void *scratch, int64_t block)
{
    const struct cycled_weights *w = (const struct cycled_weights *)step->weights;
    struct cycled_scratch *s = scratch;

    RUN(load_block, step, block, s->input, &s->label);
    RUN(linear_1_forward, w, s->input, s->linear_1);
    RUN(cross_entropy_maximum, s->linear_1, s->label, &s->maximum, &s->correct);
    RUN(evaluate_cross_entropy_forward, s->linear_1, s->maximum, s->label, &s->loss);
    store_result(step, block, s->loss, s->correct);
    if (step->logits)
        store_logits(step, block, s->linear_1);
}
