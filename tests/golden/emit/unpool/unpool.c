/* unpool, compiled by netc 0.1.0 for avx512 from unpool.net with: netc unpool.net --cpu=avx512
 * sha256 of unpool.net: 9a46a500f29bbc6b7013cbbf890e2f182fff473730d24ab155a7a5c8a3548833
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "unpool.h"

#include <apply.h>
#include <load.h>
#include <step.h>

/* The images and labels of a block, a sample in each lane: (byte / 255 - mean) / std. Lanes beyond
 * the step's last sample repeat the first one of the block, and weigh nothing. */
static KERNEL void load_block(const struct step *step, int64_t block, vf image[10][10][1], vi *label)
{
    static const real factor[1] = { 1 / (255 * 1.0) };
    static const real shift[1] = { 0.0 / 1.0 };
    const uint8_t *byte[LANES];

    load_samples(step, block, 100, byte, label);
    load_images(byte, 1, 100, factor, shift, &image[0][0][0]);
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
    .momentum = 0.5, .dampening = 0.1, .weight_decay = 0.0, .nesterov = false,
};

/* pool: max_pool2d                                                                               unpool.net:5
 *   input         10 x 10 x 1
 *   pool          5 x 5 x 1  (result)
 *   pool_indices  5 x 5 x 1  (result)
 * the largest of each window, and which element of it that is. */
static KERNEL void pool_forward(const vf input[10][10][1], vf pool[5][5][1], vi pool_indices[5][5][1])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++) {
            vf largest = lanes_of(-INFINITY);
            vi place = {0};
            for (int u = 0; u < 2; u++)
                for (int v = 0; v < 2; v++) {
                    vf value = input[2*y + u][2*x + v][0];
                    vi taken = lanes_exceeds(value, largest);
                    largest = lanes_select(taken, value, largest);
                    place = lanes_select_int(taken, lanes_of_int(2*u + v), place);
                }
            pool[y][x][0] = largest;
            pool_indices[y][x][0] = place;
        }
}

/* conv2d_1: pad                                                                                  unpool.net:6
 *   pool             5 x 5 x 1
 *   conv2d_1_padded  7 x 7 x 1  (result)
 * the image, repeated all around. */
static KERNEL void conv2d_1_pad(const vf pool[5][5][1], vf conv2d_1_padded[7][7][1])
{
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 7; x++)
            conv2d_1_padded[y][x][0] = pool[(y + 4) % 5][(x + 4) % 5][0];
}

/* conv2d_1: conv2d                                                                               unpool.net:6
 *   conv2d_1_weight  1 x 3 x 3 x 1
 *   conv2d_1_padded  7 x 7 x 1
 *   conv2d_1_bias    1
 *   conv2d_1         5 x 5 x 1  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * The sums of 5 points of y x 3 points of x stay in registers.
 * The last tile of x begins early, and computes some of it again. */
static KERNEL void conv2d_1_forward(const struct unpool_weights *w, const vf conv2d_1_padded[7][7][1],
        vf conv2d_1[5][5][1])
{
    for (int x0 = 0; x0 < 5; x0 = x0 == 0 ? 2 : x0 + 3) {
        vf sum[5][3];
        UNROLL(5)
        for (int y = 0; y < 5; y++)
            UNROLL(3)
            for (int x = x0; x < x0 + 3; x++)
                sum[y][x - x0] = lanes_of(w->conv2d_1_bias[0]);
        for (int u = 0; u < 3; u++)
            for (int v = 0; v < 3; v++)
                UNROLL(5)
                for (int y = 0; y < 5; y++)
                    UNROLL(3)
                    for (int x = x0; x < x0 + 3; x++)
                        sum[y][x - x0] += w->conv2d_1_weight[0][u][v][0] * conv2d_1_padded[y + u][x + v][0];
        UNROLL(5)
        for (int y = 0; y < 5; y++)
            UNROLL(3)
            for (int x = x0; x < x0 + 3; x++)
                conv2d_1[y][x][0] = sum[y][x - x0];
    }
}

/* max_unpool2d_1: max_unpool2d                                                                   unpool.net:7
 *   pool_indices    5 x 5 x 1
 *   conv2d_1        5 x 5 x 1
 *   max_unpool2d_1  10 x 10 x 1  (result)
 * y[c][y][x] is the element of the last window that took (y, x), else 0. */
static KERNEL void max_unpool2d_1_forward(const vi pool_indices[5][5][1], const vf conv2d_1[5][5][1],
        vf max_unpool2d_1[10][10][1])
{
    for (int y = 0; y < 5; y++)
        for (int u = 0; u < 2; u++)
            for (int x = 0; x < 5; x++)
                for (int v = 0; v < 2; v++)
                    max_unpool2d_1[2*y + u][2*x + v][0] =
                            lanes_select(pool_indices[y][x][0] == 2*u + v, conv2d_1[y][x][0], lanes_of(0.0f));
}

/* flatten_1: flatten                                                                             unpool.net:8
 *   max_unpool2d_1  10 x 10 x 1
 *   flatten_1       100  (result) */
static KERNEL void flatten_1_forward(const vf max_unpool2d_1[10][10][1], vf flatten_1[100])
{
    for (int y = 0; y < 10; y++)
        for (int x = 0; x < 10; x++)
            flatten_1[10*y + x] = max_unpool2d_1[y][x][0];
}

/* linear_1: linear                                                                               unpool.net:9
 *   linear_1_weight  4 x 112
 *   flatten_1        100
 *   linear_1         4  (result)
 * y[i] = sum of weight[i][j] * x[j].
 * The sums of 4 points of i stay in registers. */
static KERNEL void linear_1_forward(const struct unpool_weights *w, const vf flatten_1[100], vf linear_1[4])
{
    vf sum[4] = {0};
    for (int j = 0; j < 100; j++)
        UNROLL(4)
        for (int i = 0; i < 4; i++)
            sum[i] += w->linear_1_weight[i][j] * flatten_1[j];
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        linear_1[i] = sum[i];
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  unpool.net:17
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

/* linear_1: linear_backward_input                                                                unpool.net:9
 *   linear_1_weight  4 x 112
 *   d_linear_1       4
 *   d_flatten_1      100  (result)
 * dx[j] = sum of weight[i][j] * dy[i].
 * The sums of 20 points of j stay in registers. */
static KERNEL void linear_1_backward_input(const struct unpool_weights *w, const vf d_linear_1[4], vf d_flatten_1[100])
{
    for (int j0 = 0; j0 < 100; j0 += 20) {
        vf sum[20] = {0};
        for (int i = 0; i < 4; i++)
            UNROLL(20)
            for (int j = j0; j < j0 + 20; j++)
                sum[j - j0] += w->linear_1_weight[i][j] * d_linear_1[i];
        UNROLL(20)
        for (int j = j0; j < j0 + 20; j++)
            d_flatten_1[j] = sum[j - j0];
    }
}

/* linear_1: linear_backward_weight                                                               unpool.net:9
 *   flatten_1        100
 *   d_linear_1       4
 *   linear_1_weight  4 x 112  (result)
 *   work->rows: the inputs of each sample, features side by side in the lanes
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * The operand whose features lie in the lanes of the result is transposed; then every sample adds to
 * all sums of a tile. */
static KERNEL void linear_1_backward_weight(const vf flatten_1[100], const vf d_linear_1[4],
        real linear_1_weight[4][112], struct linear_1_backward_weight_work *work)
{
    for (int v0 = 0; v0 < 7; v0 = v0 == 0 ? 3 : v0 + 4) {
        for (int v = 0; v < 4; v++) {
            vf turned[LANES];
            UNROLL(16)
            for (int k = 0; k < 16; k++)
                turned[k] = 16*(v0 + v) + k < 100 ? flatten_1[16*(v0 + v) + k] : (vf){0};
            lanes_transpose(turned);
            UNROLL(16)
            for (int k = 0; k < 16; k++)
                work->rows[k][v] = turned[k];
        }
        for (int r0 = 0; r0 < 4; r0 += 4) {
            vf sum[4][4] = {0};
            const real *row = (const real *)&d_linear_1[r0];
            for (int k = 0; k < 16; k++)
                UNROLL(4)
                for (int r = 0; r < 4; r++)
                    UNROLL(4)
                    for (int v = 0; v < 4; v++)
                        sum[r][v] += row[LANES*r + k] * work->rows[k][v];
            UNROLL(4)
            for (int r = 0; r < 4; r++)
                UNROLL(4)
                for (int v = 0; v < 4; v++)
                    lanes_store(&linear_1_weight[r0 + r][LANES*(v0 + v)], sum[r][v]);
        }
    }
}

/* flatten_1: flatten_backward                                                                    unpool.net:8
 *   d_flatten_1       100
 *   d_max_unpool2d_1  10 x 10 x 1  (result) */
static KERNEL void flatten_1_backward(const vf d_flatten_1[100], vf d_max_unpool2d_1[10][10][1])
{
    for (int y = 0; y < 10; y++)
        for (int x = 0; x < 10; x++)
            d_max_unpool2d_1[y][x][0] = d_flatten_1[10*y + x];
}

/* max_unpool2d_1: max_unpool2d_backward                                                          unpool.net:7
 *   pool_indices      5 x 5 x 1
 *   d_max_unpool2d_1  10 x 10 x 1
 *   d_conv2d_1        5 x 5 x 1  (result)
 * dx[c][y][x] is the gradient at the position that its element was put to.
 * The sums of 5 points of x stay in registers. */
static KERNEL void max_unpool2d_1_backward(const vi pool_indices[5][5][1], const vf d_max_unpool2d_1[10][10][1],
        vf d_conv2d_1[5][5][1])
{
    for (int y = 0; y < 5; y++) {
        vf sum[5] = {0};
        for (int u = 0; u < 2; u++)
            for (int v = 0; v < 2; v++)
                UNROLL(5)
                for (int x = 0; x < 5; x++)
                    sum[x] += lanes_select(pool_indices[y][x][0] == 2*u + v, d_max_unpool2d_1[2*y + u][2*x + v][0],
                            lanes_of(0.0f));
        UNROLL(5)
        for (int x = 0; x < 5; x++)
            d_conv2d_1[y][x][0] = sum[x];
    }
}

/* conv2d_1: conv2d_backward_weight                                                               unpool.net:6
 *   d_conv2d_1       5 x 5 x 1
 *   conv2d_1_padded  7 x 7 x 1
 *   conv2d_1_weight  1 x 3 x 3 x 1  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * The sums of 3 points of u x 3 points of v stay in registers. */
static KERNEL void conv2d_1_backward_weight(const vf d_conv2d_1[5][5][1], const vf conv2d_1_padded[7][7][1],
        real conv2d_1_weight[1][3][3][1])
{
    vf sum[3][3] = {0};
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            UNROLL(3)
            for (int u = 0; u < 3; u++)
                UNROLL(3)
                for (int v = 0; v < 3; v++)
                    sum[u][v] += d_conv2d_1[y][x][0] * conv2d_1_padded[y + u][x + v][0];
    UNROLL(3)
    for (int u = 0; u < 3; u++)
        UNROLL(3)
        for (int v = 0; v < 3; v++)
            conv2d_1_weight[0][u][v][0] = lanes_sum(sum[u][v]);
}

/* conv2d_1: conv2d_backward_bias                                                                 unpool.net:6
 *   d_conv2d_1     5 x 5 x 1
 *   conv2d_1_bias  1  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
static KERNEL void conv2d_1_backward_bias(const vf d_conv2d_1[5][5][1], real conv2d_1_bias[1])
{
    vf sum = {0};
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            sum += d_conv2d_1[y][x][0];
    conv2d_1_bias[0] = lanes_sum(sum);
}

/* cross_entropy: class_maximum                                                                  unpool.net:17
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

/* cross_entropy: cross_entropy                                                                  unpool.net:17
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

/* A block of 16 samples goes all the way down and back up while it is in cache. */
void unpool_train_block(const struct step *step, void *scratch, int64_t block)
{
    const struct unpool_weights *w = (const struct unpool_weights *)step->weights;
    struct unpool_scratch *s = scratch;
    struct unpool_batch *b = step->batch;
    struct unpool_weights *g = &b->partial[step->parity][block];

    RUN(load_block, step, block, s->input, &s->label);
    s->scale = sample_weights(step, block);
    RUN(pool_forward, s->input, s->pool, s->pool_indices);
    RUN(conv2d_1_pad, s->pool, s->conv2d_1_padded);
    RUN(conv2d_1_forward, w, s->conv2d_1_padded, s->conv2d_1);
    RUN(max_unpool2d_1_forward, s->pool_indices, s->conv2d_1, s->max_unpool2d_1);
    RUN(flatten_1_forward, s->max_unpool2d_1, s->flatten_1);
    RUN(linear_1_forward, w, s->flatten_1, s->linear_1);
    RUN(cross_entropy_forward, s->linear_1, s->label, s->scale, &s->correct, &s->loss, s->d_linear_1);
    RUN(linear_1_backward_input, w, s->d_linear_1, s->d_flatten_1);
    RUN(linear_1_backward_weight, s->flatten_1, s->d_linear_1, g->linear_1_weight, &s->work.linear_1_backward_weight);
    RUN(flatten_1_backward, s->d_flatten_1, s->d_max_unpool2d_1);
    RUN(max_unpool2d_1_backward, s->pool_indices, s->d_max_unpool2d_1, s->d_conv2d_1);
    RUN(conv2d_1_backward_weight, s->d_conv2d_1, s->conv2d_1_padded, g->conv2d_1_weight);
    RUN(conv2d_1_backward_bias, s->d_conv2d_1, g->conv2d_1_bias);
    store_result(step, block, s->loss, s->correct);
}

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and SGD's step. Each
 * thread does all slices, of weights that are its own. */
static KERNEL void update(const struct step *step, int64_t unit)
{
    const struct unpool_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 464);
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

void unpool_update(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(update, step, unit);
}

/* The loss of a block of 16 samples, and the logits where they are wanted. */
void unpool_evaluate_block(const struct step *step, void *scratch, int64_t block)
{
    const struct unpool_weights *w = (const struct unpool_weights *)step->weights;
    struct unpool_scratch *s = scratch;

    RUN(load_block, step, block, s->input, &s->label);
    RUN(pool_forward, s->input, s->pool, s->pool_indices);
    RUN(conv2d_1_pad, s->pool, s->conv2d_1_padded);
    RUN(conv2d_1_forward, w, s->conv2d_1_padded, s->conv2d_1);
    RUN(max_unpool2d_1_forward, s->pool_indices, s->conv2d_1, s->max_unpool2d_1);
    RUN(flatten_1_forward, s->max_unpool2d_1, s->flatten_1);
    RUN(linear_1_forward, w, s->flatten_1, s->linear_1);
    RUN(cross_entropy_maximum, s->linear_1, s->label, &s->maximum, &s->correct);
    RUN(evaluate_cross_entropy_forward, s->linear_1, s->maximum, s->label, &s->loss);
    store_result(step, block, s->loss, s->correct);
    if (step->logits)
        store_logits(step, block, s->linear_1);
}
