/* large, compiled by netc 0.1.0 for CUDA from large.net with: netc large.net --cpu=neon
 * sha256 of large.net: 229c91062556ebd7246ffa8ad1090913b574f515a771c09725ed50cb66f7a953
 * The kernels of a GPU. A lane, a thread of a warp, is a sample. */
#include "cuda_kernels.h"

/* The flat array of weights, as PyTorch orders them; the taps of a convolution's weight are padded to whole
 * 16 bytes. The gradient has the same form. */
struct large_weights {
    alignas(16) float hidden_weight[400][1000];
    alignas(16) float hidden_bias[400];
    alignas(16) float fc_weight[10][400];
    alignas(16) float fc_bias[10];
};

/* Of each channel of an image: byte * factor + shift = (byte / 255 - mean) / std. */
static __constant__ const float factor[1] = { (float)(1 / (255 * 1.0)) };
static __constant__ const float shift[1] = { (float)(0.0 / 1.0) };

/* The optimiser's settings; lr comes with the step. */
DEVICE sgd optimizer(void)
{
    sgd settings = {};
    settings.momentum = 0.0;
    settings.dampening = 0.0;
    settings.weight_decay = 0.0;
    settings.nesterov = false;
    return settings;
}

/* The images of a block as numbers, normalised where they are bytes: byte * factor + shift = (byte / 255 - mean) / std.
 * 32 pixels of 32 samples go through shared memory, so that both what is loaded and the numbers lie side by side for a
 * warp. */
DEVICE void load_input(const cuda_step &step, int unit, float (*input)[1000][LANES])
{
    __shared__ uint8_t tile[LANES][LANES + 4];
    int lane = lane_of_thread(), block = unit / 32, first = unit % 32 * LANES;

    for (int sample = warp_of_thread(); sample < LANES; sample += 8)
        if (first + lane < 1000)
            tile[sample][lane] = step.images[(int64_t)sample_of_lane(step, block, sample) * 1000 + first + lane];
    __syncthreads();
    for (int i = warp_of_thread(); i < LANES && first + i < 1000; i += 8)
        (&input[block][0][0])[(first + i) * LANES + lane] = tile[lane][i] * factor[0] + shift[0];
}

/* hidden: linear, relu_1: relu                                                                  large.net:5-6
 *   hidden_weight  400 x 1000
 *   input          1000
 *   hidden_bias    400
 *   relu_1         400  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * A warp has 8 results in registers, and 8 warps share the terms of their sums: each value that is loaded meets a
 * weight of every result. */
DEVICE void hidden_forward(const cuda_step &step, int unit, const float (*input)[1000][LANES],
        float (*relu_1)[400][LANES])
{
    const large_weights &w = *(const large_weights *)step.weights;
    struct Shared { float sum[8][8][LANES]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 50, part = unit % 50;
    int i0 = 8*part;

    float sum[8] = {};
    const float (*x)[LANES] = input[block];
    for (int j = 4*warp; j < 1000; j += 32) {
        float value[4];
        UNROLL for (int q = 0; q < 4; q++)
            value[q] = x[j + q][lane];
        UNROLL for (int k = 0; k < 8; k++) {
            float weight[4];
            load_row<4>(weight, &w.hidden_weight[i0 + k][j]);
            UNROLL for (int q = 0; q < 4; q++)
                sum[k] += weight[q] * value[q];
        }
    }
    UNROLL for (int k = 0; k < 8; k++)
        shared.sum[warp][k][lane] = sum[k];
    __syncthreads();

    for (int k = warp; k < 8; k += 8) {
        float total = 0;
        UNROLL for (int from = 0; from < 8; from++)
            total += shared.sum[from][k][lane];
        float value = total + w.hidden_bias[i0 + k];
        int i = i0 + k;
        relu_1[block][i][lane] = real_max(value, 0.0f);
    }
}

/* fc: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward,
 *   fc: linear_backward_input, relu_1: relu_backward                                         large.net:6-15
 *   fc_weight  10 x 400
 *   relu_1     400
 *   fc_bias    10
 *   label      one a sample
 *   scale      one a sample
 *   correct    one a sample  (result)
 *   loss       one a sample  (result)
 *   d_fc       10  (result)
 *   d_hidden   400  (result)
 * dx[j] = sum of weight[i][j] * dy[i].
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.
 * Then every thread knows the softmax of its sample, and makes the gradient of some of its features. */
DEVICE void fc_forward(const cuda_step &step, int unit, const float (*relu_1)[400][LANES], float (*correct)[LANES],
        float (*loss)[LANES], float (*d_fc)[10][LANES], float (*d_hidden)[400][LANES])
{
    const large_weights &w = *(const large_weights *)step.weights;
    struct Shared { float logit[10][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = relu_1[block];

    for (int k = warp_of_thread(); k < 10; k += 10) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 400; j += 4)
            sum += w.fc_weight[k][j] * x[j][lane];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        if (threadIdx.x % LANES < 8)
            shared.logit[k][sample] = sum + w.fc_bias[k];
    }
    __syncthreads();

    int label = step.labels[sample_of_lane(step, block, lane)], place = 0;
    float largest = shared.logit[0][sample];
    UNROLL for (int k = 1; k < 10; k++)
        take_larger(shared.logit[k][sample], k, largest, place);
    float softmax[10], sum = 0;
    UNROLL for (int k = 0; k < 10; k++) {
        softmax[k] = real_exp(shared.logit[k][sample] - largest);
        sum += softmax[k];
    }
    if (threadIdx.x < 8) {
        loss[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);
        correct[block][lane] = place == label ? 1.0f : 0.0f;
    }

    float scale = scale_of_lane(step, block, lane), d[10];
    UNROLL for (int k = 0; k < 10; k++)
        d[k] = (softmax[k] / sum - (k == label ? 1.0f : 0.0f)) * scale;
    if (threadIdx.x < 8)
        UNROLL for (int k = 0; k < 10; k++)
            d_fc[block][k][lane] = d[k];
    for (int j = threadIdx.x / 8; j < 400; j += 40) {
        float total = 0;
        UNROLL for (int k = 0; k < 10; k++)
            total += w.fc_weight[k][j] * d[k];
        d_hidden[block][j][lane] = relu_1[block][j][lane] <= 0.0f ? 0.0f : total;
    }
}

/* fc: linear_backward_weight                                                                      large.net:7
 *   d_fc       10
 *   relu_1     400
 *   fc_weight  10 x 400  (result)
 *   fc_bias    10  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A block of threads has 16 outputs x 16 inputs, and 32 samples of both in shared memory, in rows of 36 that four
 * samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies the
 * optimiser to them. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*d_fc)[10][LANES],
        const float (*relu_1)[400][LANES])
{
    struct Shared { alignas(16) float dy[16][LANES + 4], x[16][LANES + 4]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / 16, column = threadIdx.x % 16;
    int i0 = 0, j0 = 16*unit;
    float sum[1][1] = {};
    float bias[2] = {};
    for (int block = 0; block < step_blocks(step); block++) {
        const float (*x)[LANES] = relu_1[block];
        __syncthreads();
        for (int i = warp; i < 16; i += 8)
            shared.dy[i][lane] = i0 + i < 10 ? d_fc[block][i0 + i][lane] : 0;
        for (int i = warp; i < 16; i += 8)
            shared.x[i][lane] = x[j0 + i][lane];
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
            if (i < 10)
                apply_gradient(step, optimizer(), 400400 + 400*i + j, sum[k][q]);
        }
    if (j0 == 0)                // the bias: a warp sums it over the lanes
        UNROLL for (int k = 0; k < 2; k++) {
            int i = i0 + warp + 8*k;
            float total = warp_sum(bias[k]);
            if (lane == 0 && i < 10)
                apply_gradient(step, optimizer(), 404400 + i, total);
        }
}

/* hidden: linear_backward_weight                                                                  large.net:5
 *   d_hidden       400
 *   input          1000
 *   hidden_weight  400 x 1000  (result)
 *   hidden_bias    400  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A block of threads has 64 outputs x 64 inputs, and 32 samples of both in shared memory, in rows of 36 that four
 * samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies the
 * optimiser to them. */
DEVICE void hidden_backward_weight(const cuda_step &step, int unit, const float (*d_hidden)[400][LANES],
        const float (*input)[1000][LANES])
{
    struct Shared { alignas(16) float dy[64][LANES + 4], x[64][LANES + 4]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / 16, column = threadIdx.x % 16;
    int i0 = unit / 16 * 64, j0 = unit % 16 * 64;
    float sum[4][4] = {};
    float bias[8] = {};
    for (int block = 0; block < step_blocks(step); block++) {
        const float (*x)[LANES] = input[block];
        __syncthreads();
        for (int i = warp; i < 64; i += 8)
            shared.dy[i][lane] = i0 + i < 400 ? d_hidden[block][i0 + i][lane] : 0;
        for (int i = warp; i < 64; i += 8)
            shared.x[i][lane] = j0 + i < 1000 ? x[j0 + i][lane] : 0;
        __syncthreads();
        for (int s = 0; s < LANES; s += 4) {
            float dy[4][4], x[4][4];
            UNROLL for (int k = 0; k < 4; k++)
                load_row<4>(dy[k], &shared.dy[row + 16*k][s]);
            UNROLL for (int q = 0; q < 4; q++)
                load_row<4>(x[q], &shared.x[column + 16*q][s]);
            UNROLL for (int k = 0; k < 4; k++)
                UNROLL for (int q = 0; q < 4; q++)
                    UNROLL for (int r = 0; r < 4; r++)
                        sum[k][q] += dy[k][r] * x[q][r];
        }
        UNROLL for (int k = 0; k < 8; k++)
            bias[k] += shared.dy[warp + 8*k][lane];
    }

    UNROLL for (int k = 0; k < 4; k++)
        UNROLL for (int q = 0; q < 4; q++) {
            int i = i0 + row + 16*k, j = j0 + column + 16*q;
            if (i < 400 && j < 1000)
                apply_gradient(step, optimizer(), 0 + 1000*i + j, sum[k][q]);
        }
    if (j0 == 0)                // the bias: a warp sums it over the lanes
        UNROLL for (int k = 0; k < 8; k++) {
            int i = i0 + warp + 8*k;
            float total = warp_sum(bias[k]);
            if (lane == 0 && i < 400)
                apply_gradient(step, optimizer(), 400000 + i, total);
        }
}

/* Adds up the losses and hits of the step, where the weights are updated. */
DEVICE void step_results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES])
{
    if (warp_of_thread() == 0 && !step.gradient)
        add_results(step, loss[0], correct[0]);
}

/* fc: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy                       large.net:7-15
 *   fc_weight  10 x 400
 *   relu_1     400
 *   fc_bias    10
 *   label      one a sample
 *   fc         10  (result)
 *   correct    one a sample  (result)
 *   loss       one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label].
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.  */
DEVICE void evaluate_fc_forward(const cuda_step &step, int unit, const float (*relu_1)[400][LANES],
        float (*fc)[10][LANES], float (*correct)[LANES], float (*loss)[LANES])
{
    const large_weights &w = *(const large_weights *)step.weights;
    struct Shared { float logit[10][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = relu_1[block];

    for (int k = warp_of_thread(); k < 10; k += 10) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 400; j += 4)
            sum += w.fc_weight[k][j] * x[j][lane];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        if (threadIdx.x % LANES < 8)
            shared.logit[k][sample] = sum + w.fc_bias[k];
    }
    __syncthreads();

    int label = step.labels[sample_of_lane(step, block, lane)], place = 0;
    float largest = shared.logit[0][sample];
    UNROLL for (int k = 1; k < 10; k++)
        take_larger(shared.logit[k][sample], k, largest, place);
    float softmax[10], sum = 0;
    UNROLL for (int k = 0; k < 10; k++) {
        softmax[k] = real_exp(shared.logit[k][sample] - largest);
        sum += softmax[k];
    }
    if (threadIdx.x < 8) {
        loss[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);
        correct[block][lane] = place == label ? 1.0f : 0.0f;
        UNROLL for (int k = 0; k < 10; k++)
            fc[block][k][lane] = shared.logit[k][sample];
    }
}

/* Adds up the losses and hits of the step; the logits, where the host wants them, sample by sample. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES],
        const float (*fc)[10][LANES])
{
    if (unit == 0) {
        if (warp_of_thread() == 0)
            add_results(step, loss[0], correct[0]);
        return;
    }
    int block = unit - 1;
    if (!step.logits)
        return;
    for (int i = threadIdx.x; i < 10 * LANES; i += 256) {
        int lane = i / 10, position = block * LANES + lane;
        if (position < step.count)
            step.logits[position * 10 + i % 10] = fc[block][i % 10][lane];
    }
}

/* ---- what is launched: kernels that do not wait for each other share a grid */

extern "C" __global__ void __launch_bounds__(256)
large_load_input(cuda_step step, float (*input)[1000][LANES])
{
    int unit = blockIdx.x;
    load_input(step, unit, input);
}

extern "C" __global__ void __launch_bounds__(256)
large_hidden_forward(cuda_step step, const float (*input)[1000][LANES], float (*relu_1)[400][LANES])
{
    int unit = blockIdx.x;
    hidden_forward(step, unit, input, relu_1);
}

extern "C" __global__ void __launch_bounds__(320)
large_fc_forward(cuda_step step, const float (*relu_1)[400][LANES], float (*correct)[LANES], float (*loss)[LANES],
        float (*d_fc)[10][LANES], float (*d_hidden)[400][LANES])
{
    int unit = blockIdx.x;
    fc_forward(step, unit, relu_1, correct, loss, d_fc, d_hidden);
}

extern "C" __global__ void __launch_bounds__(256)
large_train_4(cuda_step step, const float (*d_fc)[10][LANES], const float (*relu_1)[400][LANES],
        const float (*d_hidden)[400][LANES], const float (*input)[1000][LANES], const float (*loss)[LANES],
        const float (*correct)[LANES])
{
    int unit = blockIdx.x;
    int fc_backward_weight_units = 25;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, d_fc, relu_1);
        return;
    }
    unit -= fc_backward_weight_units;
    int hidden_backward_weight_units = 112;
    if (unit < hidden_backward_weight_units) {
        hidden_backward_weight(step, unit, d_hidden, input);
        return;
    }
    unit -= hidden_backward_weight_units;
    step_results(step, unit, loss, correct);
}

extern "C" __global__ void __launch_bounds__(320)
large_evaluate_fc_forward(cuda_step step, const float (*relu_1)[400][LANES], float (*fc)[10][LANES],
        float (*correct)[LANES], float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_fc_forward(step, unit, relu_1, fc, correct, loss);
}

extern "C" __global__ void __launch_bounds__(256)
large_results(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES], const float (*fc)[10][LANES])
{
    int unit = blockIdx.x;
    results(step, unit, loss, correct, fc);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
large_update(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES])
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 404412)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss[0], correct[0]);
}
