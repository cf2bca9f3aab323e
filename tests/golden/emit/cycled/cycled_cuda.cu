/* cycled, compiled by netc 0.1.0 for CUDA from cycled.net with: netc cycled.net --cpu=avx2
 * sha256 of cycled.net: 0bd4de1962013fd6ec0252df0de50a20511f48f3760728cc6830002dbf62e7f5
 * The kernels of a GPU. A lane, a thread of a warp, is a sample. */
#include "cuda_kernels.h"

/* The flat array of weights, as PyTorch orders them; the taps of a convolution's weight are padded to whole
 * 16 bytes. The gradient has the same form. */
struct cycled_weights {
    alignas(16) float linear_1_weight[6][40];
    alignas(16) float linear_1_bias[6];
};

/* Of each channel of an image: byte * factor + shift = (byte / 255 - mean) / std. */
static __constant__ const float factor[1] = { (float)(1 / (255 * 1.0)) };
static __constant__ const float shift[1] = { (float)(0.0 / 1.0) };

/* The optimiser's settings; lr and momentum come with the step. */
DEVICE sgd optimizer(const cuda_step &step)
{
    sgd settings = {};
    settings.momentum = step.stretch->momentum[step.index];
    settings.positive = true;
    settings.dampening = 0.0;
    settings.weight_decay = 0.0;
    settings.nesterov = false;
    return settings;
}

/* The images of a block as numbers, normalised where they are bytes: byte * factor + shift = (byte / 255 - mean) / std.
 * 32 pixels of 32 samples go through shared memory, so that both what is loaded and the numbers lie side by side for a
 * warp. */
DEVICE void load_input(const cuda_step &step, int unit, float (*input)[40][LANES])
{
    __shared__ uint8_t tile[LANES][LANES + 4];
    int lane = lane_of_thread(), block = unit / 2, first = unit % 2 * LANES;

    for (int sample = warp_of_thread(); sample < LANES; sample += 8)
        if (first + lane < 40)
            tile[sample][lane] = step.images[(int64_t)sample_of_lane(step, block, sample) * 40 + first + lane];
    __syncthreads();
    for (int i = warp_of_thread(); i < LANES && first + i < 40; i += 8)
        (&input[block][0][0])[(first + i) * LANES + lane] = tile[lane][i] * factor[0] + shift[0];
}

/* linear_1: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy,
 *   cross_entropy: cross_entropy_backward                                                   cycled.net:4-13
 *   linear_1_weight  6 x 40
 *   input            40
 *   linear_1_bias    6
 *   label            one a sample
 *   scale            one a sample
 *   correct          one a sample  (result)
 *   loss             one a sample  (result)
 *   d_linear_1       6  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label].
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.
 * Then every thread knows the softmax of its sample, and makes the gradient of some of its features. */
DEVICE void linear_1_forward(const cuda_step &step, int unit, const float (*input)[40][LANES], float (*correct)[LANES],
        float (*loss)[LANES], float (*d_linear_1)[6][LANES])
{
    const cycled_weights &w = *(const cycled_weights *)step.weights;
    struct Shared { float logit[6][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = input[block];

    for (int k = warp_of_thread(); k < 6; k += 8) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 40; j += 4)
            sum += w.linear_1_weight[k][j] * x[j][lane];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        if (threadIdx.x % LANES < 8)
            shared.logit[k][sample] = sum + w.linear_1_bias[k];
    }
    __syncthreads();

    int label = step.labels[sample_of_lane(step, block, lane)], place = 0;
    float largest = shared.logit[0][sample];
    UNROLL for (int k = 1; k < 6; k++)
        take_larger(shared.logit[k][sample], k, largest, place);
    float softmax[6], sum = 0;
    UNROLL for (int k = 0; k < 6; k++) {
        softmax[k] = real_exp(shared.logit[k][sample] - largest);
        sum += softmax[k];
    }
    if (threadIdx.x < 8) {
        loss[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);
        correct[block][lane] = place == label ? 1.0f : 0.0f;
    }

    float scale = scale_of_lane(step, block, lane), d[6];
    UNROLL for (int k = 0; k < 6; k++)
        d[k] = (softmax[k] / sum - (k == label ? 1.0f : 0.0f)) * scale;
    if (threadIdx.x < 8)
        UNROLL for (int k = 0; k < 6; k++)
            d_linear_1[block][k][lane] = d[k];
}

/* linear_1: linear_backward_weight                                                               cycled.net:4
 *   d_linear_1       6
 *   input            40
 *   linear_1_weight  6 x 40  (result)
 *   linear_1_bias    6  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A block of threads has 16 outputs x 16 inputs, and 32 samples of both in shared memory, in rows of 36 that four
 * samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies the
 * optimiser to them. */
DEVICE void linear_1_backward_weight(const cuda_step &step, int unit, const float (*d_linear_1)[6][LANES],
        const float (*input)[40][LANES])
{
    struct Shared { alignas(16) float dy[16][LANES + 4], x[16][LANES + 4]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / 16, column = threadIdx.x % 16;
    int i0 = 0, j0 = 16*unit;
    float sum[1][1] = {};
    float bias[2] = {};
    for (int block = 0; block < step_blocks(step); block++) {
        const float (*x)[LANES] = input[block];
        __syncthreads();
        for (int i = warp; i < 16; i += 8)
            shared.dy[i][lane] = i0 + i < 6 ? d_linear_1[block][i0 + i][lane] : 0;
        for (int i = warp; i < 16; i += 8)
            shared.x[i][lane] = j0 + i < 40 ? x[j0 + i][lane] : 0;
        __syncthreads();
        for (int s = 0; s < LANES; s += 4) {
            float dy[1][4], x[1][4];
            UNROLL for (int k = 0; k < 1; k++)
                load_row<4>(dy[k], &shared.dy[row + 16*k][s]);
            UNROLL for (int q = 0; q < 1; q++)
                load_row<4>(x[q], &shared.x[column + 16*q][s]);
            UNROLL for (int k = 0; k < 1; k++)
                UNROLL for (int q = 0; q < 1; q++)
                    UNROLL for (int r = 0; r < 4; r++)
                        sum[k][q] += dy[k][r] * x[q][r];
        }
        UNROLL for (int k = 0; k < 2; k++)
            bias[k] += shared.dy[warp + 8*k][lane];
    }

    UNROLL for (int k = 0; k < 1; k++)
        UNROLL for (int q = 0; q < 1; q++) {
            int i = i0 + row + 16*k, j = j0 + column + 16*q;
            if (i < 6 && j < 40)
                apply_gradient(step, optimizer(step), 0 + 40*i + j, sum[k][q]);
        }
    if (j0 == 0)                // the bias: a warp sums it over the lanes
        UNROLL for (int k = 0; k < 2; k++) {
            int i = i0 + warp + 8*k;
            float total = warp_sum(bias[k]);
            if (lane == 0 && i < 6)
                apply_gradient(step, optimizer(step), 240 + i, total);
        }
}

/* Adds up the losses and hits of the step, where the weights are updated. */
DEVICE void step_results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES])
{
    if (warp_of_thread() == 0 && !step.gradient)
        add_results(step, loss[0], correct[0]);
}

/* linear_1: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy                cycled.net:4-13
 *   linear_1_weight  6 x 40
 *   input            40
 *   linear_1_bias    6
 *   label            one a sample
 *   linear_1         6  (result)
 *   correct          one a sample  (result)
 *   loss             one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label].
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.  */
DEVICE void evaluate_linear_1_forward(const cuda_step &step, int unit, const float (*input)[40][LANES],
        float (*linear_1)[6][LANES], float (*correct)[LANES], float (*loss)[LANES])
{
    const cycled_weights &w = *(const cycled_weights *)step.weights;
    struct Shared { float logit[6][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = input[block];

    for (int k = warp_of_thread(); k < 6; k += 8) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 40; j += 4)
            sum += w.linear_1_weight[k][j] * x[j][lane];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        if (threadIdx.x % LANES < 8)
            shared.logit[k][sample] = sum + w.linear_1_bias[k];
    }
    __syncthreads();

    int label = step.labels[sample_of_lane(step, block, lane)], place = 0;
    float largest = shared.logit[0][sample];
    UNROLL for (int k = 1; k < 6; k++)
        take_larger(shared.logit[k][sample], k, largest, place);
    float softmax[6], sum = 0;
    UNROLL for (int k = 0; k < 6; k++) {
        softmax[k] = real_exp(shared.logit[k][sample] - largest);
        sum += softmax[k];
    }
    if (threadIdx.x < 8) {
        loss[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);
        correct[block][lane] = place == label ? 1.0f : 0.0f;
        UNROLL for (int k = 0; k < 6; k++)
            linear_1[block][k][lane] = shared.logit[k][sample];
    }
}

/* Adds up the losses and hits of the step; the logits, where the host wants them, sample by sample. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES],
        const float (*linear_1)[6][LANES])
{
    if (unit == 0) {
        if (warp_of_thread() == 0)
            add_results(step, loss[0], correct[0]);
        return;
    }
    int block = unit - 1;
    if (!step.logits)
        return;
    for (int i = threadIdx.x; i < 6 * LANES; i += 256) {
        int lane = i / 6, position = block * LANES + lane;
        if (position < step.count)
            step.logits[position * 6 + i % 6] = linear_1[block][i % 6][lane];
    }
}

/* ---- what is launched: kernels that do not wait for each other share a grid */

extern "C" __global__ void __launch_bounds__(256)
cycled_load_input(cuda_step step, float (*input)[40][LANES])
{
    int unit = blockIdx.x;
    load_input(step, unit, input);
}

extern "C" __global__ void __launch_bounds__(256)
cycled_linear_1_forward(cuda_step step, const float (*input)[40][LANES], float (*correct)[LANES], float (*loss)[LANES],
        float (*d_linear_1)[6][LANES])
{
    int unit = blockIdx.x;
    linear_1_forward(step, unit, input, correct, loss, d_linear_1);
}

extern "C" __global__ void __launch_bounds__(256)
cycled_train_3(cuda_step step, const float (*d_linear_1)[6][LANES], const float (*input)[40][LANES],
        const float (*loss)[LANES], const float (*correct)[LANES])
{
    int unit = blockIdx.x;
    int linear_1_backward_weight_units = 3;
    if (unit < linear_1_backward_weight_units) {
        linear_1_backward_weight(step, unit, d_linear_1, input);
        return;
    }
    unit -= linear_1_backward_weight_units;
    step_results(step, unit, loss, correct);
}

extern "C" __global__ void __launch_bounds__(256)
cycled_evaluate_linear_1_forward(cuda_step step, const float (*input)[40][LANES], float (*linear_1)[6][LANES],
        float (*correct)[LANES], float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_linear_1_forward(step, unit, input, linear_1, correct, loss);
}

extern "C" __global__ void __launch_bounds__(256)
cycled_results(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES],
        const float (*linear_1)[6][LANES])
{
    int unit = blockIdx.x;
    results(step, unit, loss, correct, linear_1);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
cycled_update(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES])
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 248)
        update_weight(step, optimizer(step), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss[0], correct[0]);
}
