/* settings, compiled by netc 0.1.0 for avx2 from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: 0e0abb9dcdae3210cf21faa78e2e8be1db28f64ecc66a1f3f927c5d3691503f0
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "settings.h"

#include <apply.h>
#include <load.h>
#include <step.h>

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

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  settings.net:24
 *   linear_1    4
 *   label       one a sample
 *   scale       one a sample
 *   correct     one a sample  (result)
 *   loss        one a sample  (result)
 *   d_linear_1  4  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight.
 * loss = log(sum of exp(logits[k] - largest)) + largest - logits[label]. Each exponential is taken once. */
static KERNEL void cross_entropy_forward(const vf linear_1[4], vi label, vf scale, vf *correct, vf *loss,
        vf d_linear_1[4])
{
    vf largest = lanes_of(-INFINITY), sum = {0}, of_label = {0};
    vi place = {0};
    for (int k = 0; k < 4; k++)
        lanes_take(linear_1[k], k, &largest, &place);
    for (int k = 0; k < 4; k++) {
        vf power = lanes_exp(linear_1[k] - largest);
        sum += power;
        of_label += lanes_where(k == label, linear_1[k]);
        d_linear_1[k] = power;
    }
    vf factor = scale / sum;
    for (int k = 0; k < 4; k++)
        d_linear_1[k] = factor * d_linear_1[k] - lanes_where(k == label, scale);
    *correct = lanes_where(place == label, lanes_of(1));
    *loss = lanes_log(sum) + (largest - of_label);
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

/* cross_entropy: cross_entropy                                                                settings.net:24
 *   linear_1  4
 *   maximum   one a sample
 *   label     one a sample
 *   loss      one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
static KERNEL void evaluate_cross_entropy_forward(const vf linear_1[4], vf maximum, vi label, vf *loss)
{
    vf sum = {0};
    vf sum_2 = {0};
    for (int k = 0; k < 4; k++) {
        sum += lanes_exp(linear_1[k] - maximum);
        sum_2 += lanes_select(k == label, linear_1[k], lanes_of(0.0f));
    }
    *loss = lanes_log(sum) + (maximum - sum_2);
}

/* A block of 8 samples goes all the way down and back up while it is in cache. */
void settings_train_block(const struct step *step, void *scratch, int64_t block)
{
    const struct settings_weights *w = (const struct settings_weights *)step->weights;
    struct settings_scratch *s = scratch;
    struct settings_batch *b = step->batch;
    struct settings_weights *g = &b->partial[step->parity][block];

    RUN(load_block, step, block, s->input, &s->label);
    s->scale = sample_weights(step, block);
    RUN(flatten_1_forward, s->input, s->flatten_1);
    RUN(linear_1_forward, w, s->flatten_1, s->linear_1);
    RUN(cross_entropy_forward, s->linear_1, s->label, s->scale, &s->correct, &s->loss, s->d_linear_1);
    RUN(linear_1_backward_weight, s->flatten_1, s->d_linear_1, g->linear_1_weight, &s->work.linear_1_backward_weight);
    RUN(linear_1_backward_bias, s->d_linear_1, g->linear_1_bias);
    store_result(step, block, s->loss, s->correct);
}

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and SGD's step. Each
 * thread does all slices, of weights that are its own. */
static KERNEL void update(const struct step *step, int64_t unit)
{
    const struct settings_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 1544);
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
    RUN(evaluate_cross_entropy_forward, s->linear_1, s->maximum, s->label, &s->loss);
    store_result(step, block, s->loss, s->correct);
    if (step->logits)
        store_logits(step, block, s->linear_1);
}
