/* settings, compiled by netc 0.1.0 for avx2 from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: bfb00067a72438ae6f0438641cabea6ac08108ea6a66bfc5d07711616f4a8be8
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "settings.h"

#include <apply.h>
#include <load.h>
#include <step.h>

static const real class_weight[4] = { 1.0, 0.5, 2.0, 0.1 };

/* The images and labels of a block, a sample in each lane. Lanes beyond
 * the step's last sample repeat the first one of the block, and weigh nothing. */
static KERNEL void load_block(const struct step *step, int64_t block, vf image[8][8][3], vi *label)
{
    const float *value[LANES];

    load_made_values(step, block, 192, value, label);
    load_values(value, 3, 64, &image[0][0][0]);
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

static void store_logits(const struct step *step, int64_t block, const vf logits[4])
{
    int samples = block_samples(step, block, LANES);
    real *to = step->logits + block * LANES * 4;
    for (int lane = 0; lane < samples; lane++)
        for (int64_t k = 0; k < 4; k++)
            *to++ = logits[k][lane];
}

static const struct sgd sgd = {
    .momentum = 0.9, .dampening = 0.0, .weight_decay = 0.0, .nesterov = false,
};

/* flatten_1: flatten                                                                           settings.net:4
 *   input      8 x 8 x 3
 *   flatten_1  192  (result) */
static KERNEL void flatten_1_forward(const vf input[8][8][3], vf flatten_1[192])
{
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                flatten_1[64*c + 8*y + x] = input[y][x][c];
}

/* linear_1: linear                                                                             settings.net:5
 *   linear_1_weight  192 x 8
 *   flatten_1        192
 *   linear_1_bias    4
 *   linear_1         4  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * The sums of 4 points of i stay in registers. */
static KERNEL void linear_1_forward(const struct settings_weights *w, const vf flatten_1[192], vf linear_1[4])
{
    vf sum[4];
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        sum[i] = lanes_of(w->linear_1_bias[i]);
    for (int j = 0; j < 192; j++)
        UNROLL(4)
        for (int i = 0; i < 4; i++)
            sum[i] += w->linear_1_weight[j][i] * flatten_1[j];
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        linear_1[i] = sum[i];
}

/* cross_entropy: class_maximum                                                                settings.net:24
 *   linear_1  4
 *   label     one a sample
 *   maximum   one a sample  (result)
 *   correct   one a sample  (result)
 * the largest logit, and whether it is the label's. */
static KERNEL void cross_entropy_maximum(const vf linear_1[4], vi label, vf *maximum, vf *correct)
{
    vf largest = lanes_of(-INFINITY);
    vi place = {0};
    for (int k = 0; k < 4; k++) {
        vf value = linear_1[k];
        vi taken = lanes_exceeds(value, largest);
        largest = lanes_select(taken, value, largest);
        place = lanes_select_int(taken, lanes_of_int(k), place);
    }
    *maximum = largest;
    *correct = lanes_select(place == label, lanes_of(1.0f), lanes_of(0.0f));
}

/* cross_entropy: log_sum_exp                                                                  settings.net:24
 *   linear_1     4
 *   maximum      one a sample
 *   log_sum_exp  one a sample  (result)
 * log(sum of exp(logits[k] - maximum)) + maximum. */
static KERNEL void cross_entropy_log_sum_exp(const vf linear_1[4], vf maximum, vf *log_sum_exp)
{
    vf sum = {0};
    for (int k = 0; k < 4; k++)
        sum += lanes_exp(linear_1[k] - maximum);
    *log_sum_exp = lanes_log(sum) + maximum;
}

/* cross_entropy: target_loss                                                                  settings.net:24
 *   label        one a sample
 *   log_sum_exp  one a sample
 *   linear_1     4
 *   loss         one a sample  (result)
 *   target_sum   one a sample  (result)
 * loss = sum of target[k] * (log_sum_exp - logits[k]), which is -log of softmax. */
static KERNEL void cross_entropy_forward(vi label, vf log_sum_exp, const vf linear_1[4], vf *loss, vf *target_sum)
{
    vf sum = {0};
    vf sum_2 = {0};
    for (int k = 0; k < 4; k++) {
        sum += class_weight[k] * lanes_select(k == label, lanes_of((real)0.925), lanes_of((real)0.025)) *
                (log_sum_exp - linear_1[k]);
        sum_2 += class_weight[k] * lanes_select(k == label, lanes_of((real)0.925), lanes_of((real)0.025));
    }
    *loss = sum;
    *target_sum = sum_2;
}

/* cross_entropy: target_loss_backward                                                         settings.net:24
 *   linear_1     4
 *   log_sum_exp  one a sample
 *   target_sum   one a sample
 *   label        one a sample
 *   scale        one a sample
 *   d_linear_1   4  (result)
 * dlogits = (softmax(logits) * sum of target - target) * the sample's weight. */
static KERNEL void cross_entropy_backward(const vf linear_1[4], vf log_sum_exp, vf target_sum, vi label, vf scale,
        vf d_linear_1[4])
{
    for (int k = 0; k < 4; k++)
        d_linear_1[k] = (lanes_exp(linear_1[k] - log_sum_exp) * target_sum - class_weight[k] *
                lanes_select(k == label, lanes_of((real)0.925), lanes_of((real)0.025))) * scale;
}

/* linear_1: linear_backward_weight                                                             settings.net:5
 *   flatten_1        192
 *   d_linear_1       4
 *   linear_1_weight  192 x 8  (result)
 *   work->rows: the gradients of each sample, outputs side by side in the lanes
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * The operand whose features lie in the lanes of the result is transposed; then every sample adds to
 * all sums of a tile. */
static KERNEL void linear_1_backward_weight(const vf flatten_1[192], const vf d_linear_1[4],
        real linear_1_weight[192][8], struct linear_1_backward_weight_work *work)
{
    for (int v0 = 0; v0 < 1; v0++) {
        for (int v = 0; v < 1; v++) {
            vf turned[LANES];
            UNROLL(8)
            for (int k = 0; k < 8; k++)
                turned[k] = 8*(v0 + v) + k < 4 ? d_linear_1[8*(v0 + v) + k] : (vf){0};
            lanes_transpose(turned);
            UNROLL(8)
            for (int k = 0; k < 8; k++)
                work->rows[k][v] = turned[k];
        }
        for (int r0 = 0; r0 < 192; r0 += 8) {
            vf sum[8][1] = {0};
            const real *row = (const real *)&flatten_1[r0];
            for (int k = 0; k < 8; k++)
                UNROLL(8)
                for (int r = 0; r < 8; r++)
                    UNROLL(1)
                    for (int v = 0; v < 1; v++)
                        sum[r][v] += row[LANES*r + k] * work->rows[k][v];
            UNROLL(8)
            for (int r = 0; r < 8; r++)
                UNROLL(1)
                for (int v = 0; v < 1; v++)
                    lanes_store(&linear_1_weight[r0 + r][LANES*(v0 + v)], sum[r][v]);
        }
    }
}

/* linear_1: linear_backward_bias                                                               settings.net:5
 *   d_linear_1     4
 *   linear_1_bias  4  (result)
 * dbias[i] = sum over the samples of dy[i]. */
static KERNEL void linear_1_backward_bias(const vf d_linear_1[4], real linear_1_bias[4])
{
    for (int i = 0; i < 4; i++)
        linear_1_bias[i] = lanes_sum(d_linear_1[i]);
}

/* cross_entropy: target_loss                                                                  settings.net:24
 *   label        one a sample
 *   log_sum_exp  one a sample
 *   linear_1     4
 *   loss         one a sample  (result)
 * loss = sum of target[k] * (log_sum_exp - logits[k]), which is -log of softmax. */
static KERNEL void evaluate_cross_entropy_forward(vi label, vf log_sum_exp, const vf linear_1[4], vf *loss)
{
    vf sum = {0};
    for (int k = 0; k < 4; k++)
        sum += class_weight[k] * lanes_select(k == label, lanes_of((real)0.925), lanes_of((real)0.025)) *
                (log_sum_exp - linear_1[k]);
    *loss = sum;
}

/* A block of 8 samples goes all the way down and back up while it is in cache. */
void settings_train_block(const struct step *step, void *scratch, int64_t block)
{
    const struct settings_weights *w = (const struct settings_weights *)step->weights;
    struct settings_scratch *s = scratch;
    struct settings_batch *b = step->batch;
    struct settings_weights *g = &b->partial[block];

    RUN(load_block, step, block, s->input, &s->label);
    s->scale = sample_weights(step, block);
    RUN(flatten_1_forward, s->input, s->flatten_1);
    RUN(linear_1_forward, w, s->flatten_1, s->linear_1);
    RUN(cross_entropy_maximum, s->linear_1, s->label, &s->maximum, &s->correct);
    RUN(cross_entropy_log_sum_exp, s->linear_1, s->maximum, &s->log_sum_exp);
    RUN(cross_entropy_forward, s->label, s->log_sum_exp, s->linear_1, &s->loss, &s->target_sum);
    RUN(cross_entropy_backward, s->linear_1, s->log_sum_exp, s->target_sum, s->label, s->scale, s->d_linear_1);
    RUN(linear_1_backward_weight, s->flatten_1, s->d_linear_1, g->linear_1_weight, &s->work.linear_1_backward_weight);
    RUN(linear_1_backward_bias, s->d_linear_1, g->linear_1_bias);
    store_result(step, block, s->loss, s->correct);
}

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and the sum of its squares. */
static KERNEL void sum_gradient(const struct step *step, int64_t unit)
{
    struct settings_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 1544);
    int64_t blocks = step_blocks(step, LANES);
    real gradient[1024] = {0};

    for (int64_t block = 0; block < blocks; block++) {
        const real *part = (const real *)&b->partial[block];
        #pragma omp simd
        for (int64_t i = first; i < end; i++)
            gradient[i - first] += part[i];
    }

    real *to = (real *)&b->gradient, squares = 0;
    #pragma omp simd reduction(+ : squares)
    for (int64_t i = first; i < end; i++) {
        to[i] = gradient[i - first];
        squares += gradient[i - first] * gradient[i - first];
    }
    b->squares[unit] = squares;
}

void settings_sum_gradient(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(sum_gradient, step, unit);
}

/* The norm of all gradients, and what they are multiplied by so that it is at most 2.5. */
static KERNEL void clip(const struct step *step, int64_t unit)
{
    struct settings_batch *b = step->batch;
    real squares = 0;
    (void)unit;
    for (int i = 0; i < 2; i++)
        squares += b->squares[i];
    b->factor = clip_factor(real_sqrt(squares), 2.5);
}

void settings_clip(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(clip, step, unit);
}

/* A slice of 1024 weights: SGD's step, by the clipped gradient. */
static KERNEL void update(const struct step *step, int64_t unit)
{
    const struct settings_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 1544);
    const real *gradient = (const real *)&b->gradient;

    #pragma omp simd
    for (int64_t i = first; i < end; i++)
        step->weights[i] = sgd_update(step->weights[i], b->factor * gradient[i], &step->state[i], sgd, step->lr,
                step->first_step);
}

void settings_update(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(update, step, unit);
}

/* The loss of a block of 8 samples, and the logits where they are wanted. */
void settings_evaluate_block(const struct step *step, void *scratch, int64_t block)
{
    const struct settings_weights *w = (const struct settings_weights *)step->weights;
    struct settings_scratch *s = scratch;

    RUN(load_block, step, block, s->input, &s->label);
    RUN(flatten_1_forward, s->input, s->flatten_1);
    RUN(linear_1_forward, w, s->flatten_1, s->linear_1);
    RUN(cross_entropy_maximum, s->linear_1, s->label, &s->maximum, &s->correct);
    RUN(cross_entropy_log_sum_exp, s->linear_1, s->maximum, &s->log_sum_exp);
    RUN(evaluate_cross_entropy_forward, s->label, s->log_sum_exp, s->linear_1, &s->loss);
    store_result(step, block, s->loss, s->correct);
    if (step->logits)
        store_logits(step, block, s->linear_1);
}
