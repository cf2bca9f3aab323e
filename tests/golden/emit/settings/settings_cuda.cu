/* settings, compiled by netc 0.1.0 for CUDA from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: bfb00067a72438ae6f0438641cabea6ac08108ea6a66bfc5d07711616f4a8be8
 * The kernels of a GPU. A lane, a thread of a warp, is a sample. */
#define CLASS_WEIGHTS           /* step_scale(step) is its stretch's */
#include "cuda_kernels.h"
#include "cuda_transform.h"

/* The flat array of weights, as PyTorch orders them; the taps of a convolution's weight are padded to whole
 * 16 bytes. The gradient has the same form. */
struct settings_weights {
    alignas(16) float linear_1_weight[4][192];
    alignas(16) float linear_1_bias[4];
};

static __constant__ const float class_weight[4] = { (float)1.0, (float)0.5, (float)2.0, (float)0.1 };

/* The optimiser's settings; lr comes with the step. */
DEVICE sgd optimizer(void)
{
    sgd settings = {};
    settings.momentum = 0.9;
    settings.dampening = 0.0;
    settings.weight_decay = 0.0;
    settings.nesterov = false;
    return settings;
}

/* The images of a block as numbers, normalised where they are bytes: byte * factor + shift = (byte / 255 - mean) / std.
 * 32 pixels of 32 samples go through shared memory, so that both what is loaded and the numbers lie side by side for a
 * warp. */
DEVICE void load_input(const cuda_step &step, int unit, float (*input)[3][8][8][LANES])
{
    __shared__ float tile[LANES][LANES + 1];
    int lane = lane_of_thread(), block = unit / 6, first = unit % 6 * LANES;

    for (int sample = warp_of_thread(); sample < LANES; sample += 8)
        if (first + lane < 192)
            tile[sample][lane] = ((const float *)step.images)[(int64_t)sample_of_lane(step, block, sample) * 192 + first + lane];
    __syncthreads();
    for (int i = warp_of_thread(); i < LANES && first + i < 192; i += 8)
        (&input[block][0][0][0][0])[(first + i) * LANES + lane] = tile[lane][i];
}

/* linear_1: linear                                                                             settings.net:5
 *   linear_1_weight  4 x 192
 *   input            3 x 8 x 8
 *   linear_1_bias    4
 *   linear_1         4  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * A warp has 4 results in registers, and 8 warps share the terms of their sums: each value that is loaded meets a
 * weight of every result. */
DEVICE void linear_1_forward(const cuda_step &step, int unit, const float (*input)[3][8][8][LANES],
        float (*linear_1)[4][LANES])
{
    const settings_weights &w = *(const settings_weights *)step.weights;
    struct Shared { float sum[8][4][LANES]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit;
    int i0 = 0;

    float sum[4] = {};
    const float (*x)[LANES] = input[block][0][0];
    for (int j = 4*warp; j < 192; j += 32) {
        float value[4];
        UNROLL for (int q = 0; q < 4; q++)
            value[q] = x[j + q][lane];
        UNROLL for (int k = 0; k < 4; k++) {
            float weight[4];
            load_row<4>(weight, &w.linear_1_weight[i0 + k][j]);
            UNROLL for (int q = 0; q < 4; q++)
                sum[k] += weight[q] * value[q];
        }
    }
    UNROLL for (int k = 0; k < 4; k++)
        shared.sum[warp][k][lane] = sum[k];
    __syncthreads();

    for (int k = warp; k < 4; k += 8) {
        float total = 0;
        UNROLL for (int from = 0; from < 8; from++)
            total += shared.sum[from][k][lane];
        float value = total + w.linear_1_bias[i0 + k];
        int i = i0 + k;
        linear_1[block][i][lane] = value;
    }
}

/* cross_entropy: class_maximum                                                                settings.net:24
 *   linear_1  4
 *   label     one a sample
 *   maximum   one a sample  (result)
 *   correct   one a sample  (result)
 * the largest logit, and whether it is the label's. */
DEVICE void cross_entropy_maximum(const cuda_step &step, int unit, const float (*linear_1)[4][LANES],
        float (*maximum)[LANES], float (*correct)[LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 1)
        return;
    int label = step.labels[sample_of_lane(step, block, lane)];
    real largest = -INFINITY;
    int place = 0;
    for (int k = 0; k < 4; k++) {
        real value = linear_1[block][k][lane];
        bool taken = real_exceeds(value, largest);
        largest = taken ? value : largest;
        place = taken ? k : place;
    }
    maximum[block][lane] = largest;
    correct[block][lane] = place == label ? 1.0f : 0.0f;
}

/* cross_entropy: log_sum_exp                                                                  settings.net:24
 *   linear_1     4
 *   maximum      one a sample
 *   log_sum_exp  one a sample  (result)
 * log(sum of exp(logits[k] - maximum)) + maximum. */
DEVICE void cross_entropy_log_sum_exp(const cuda_step &step, int unit, const float (*linear_1)[4][LANES],
        const float (*maximum)[LANES], float (*log_sum_exp)[LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 1)
        return;
    real sum = 0;
    for (int k = 0; k < 4; k++)
        sum += real_exp(linear_1[block][k][lane] - maximum[block][lane]);
    log_sum_exp[block][lane] = real_log(sum) + maximum[block][lane];
}

/* cross_entropy: target_loss                                                                  settings.net:24
 *   label        one a sample
 *   log_sum_exp  one a sample
 *   linear_1     4
 *   loss         one a sample  (result)
 *   target_sum   one a sample  (result)
 * loss = sum of target[k] * (log_sum_exp - logits[k]), which is -log of softmax. */
DEVICE void cross_entropy_forward(const cuda_step &step, int unit, const float (*log_sum_exp)[LANES],
        const float (*linear_1)[4][LANES], float (*loss)[LANES], float (*target_sum)[LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 1)
        return;
    int label = step.labels[sample_of_lane(step, block, lane)];
    real sum = 0;
    real sum_2 = 0;
    for (int k = 0; k < 4; k++) {
        sum += class_weight[k] * (k == label ? (real)0.925 : (real)0.025) *
                (log_sum_exp[block][lane] - linear_1[block][k][lane]);
        sum_2 += class_weight[k] * (k == label ? (real)0.925 : (real)0.025);
    }
    loss[block][lane] = sum;
    target_sum[block][lane] = sum_2;
}

/* cross_entropy: target_loss_backward                                                         settings.net:24
 *   linear_1     4
 *   log_sum_exp  one a sample
 *   target_sum   one a sample
 *   label        one a sample
 *   scale        one a sample
 *   d_linear_1   4  (result)
 * dlogits = (softmax(logits) * sum of target - target) * the sample's weight. */
DEVICE void cross_entropy_backward(const cuda_step &step, int unit, const float (*linear_1)[4][LANES],
        const float (*log_sum_exp)[LANES], const float (*target_sum)[LANES], float (*d_linear_1)[4][LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 4)
        return;
    int k = point;
    int label = step.labels[sample_of_lane(step, block, lane)];
    float scale = scale_of_lane(step, block, lane);
    d_linear_1[block][k][lane] = (real_exp(linear_1[block][k][lane] - log_sum_exp[block][lane]) *
            target_sum[block][lane] - class_weight[k] * (k == label ? (real)0.925 : (real)0.025)) * scale;
}

/* linear_1: linear_backward_weight                                                             settings.net:5
 *   d_linear_1       4
 *   input            3 x 8 x 8
 *   linear_1_weight  4 x 192  (result)
 *   linear_1_bias    4  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A block of threads has 16 outputs x 16 inputs, and 32 samples of both in shared memory, in rows of 36 that four
 * samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies the
 * optimiser to them. */
DEVICE void linear_1_backward_weight(const cuda_step &step, int unit, const float (*d_linear_1)[4][LANES],
        const float (*input)[3][8][8][LANES])
{
    struct Shared { alignas(16) float dy[16][LANES + 4], x[16][LANES + 4]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / 16, column = threadIdx.x % 16;
    int i0 = 0, j0 = 16*unit;
    float sum[1][1] = {};
    float bias[2] = {};
    for (int block = 0; block < step_blocks(step); block++) {
        const float (*x)[LANES] = input[block][0][0];
        __syncthreads();
        for (int i = warp; i < 16; i += 8)
            shared.dy[i][lane] = i0 + i < 4 ? d_linear_1[block][i0 + i][lane] : 0;
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
            if (i < 4)
                apply_gradient(step, optimizer(), 0 + 192*i + j, sum[k][q]);
        }
    if (j0 == 0)                // the bias: a warp sums it over the lanes
        UNROLL for (int k = 0; k < 2; k++) {
            int i = i0 + warp + 8*k;
            float total = warp_sum(bias[k]);
            if (lane == 0 && i < 4)
                apply_gradient(step, optimizer(), 768 + i, total);
        }
}

/* Adds up the losses and hits of the step, where the weights are updated. */
DEVICE void step_results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES])
{
    if (warp_of_thread() == 0 && !step.gradient)
        add_results(step, loss[0], correct[0]);
}

/* cross_entropy: target_loss                                                                  settings.net:24
 *   label        one a sample
 *   log_sum_exp  one a sample
 *   linear_1     4
 *   loss         one a sample  (result)
 * loss = sum of target[k] * (log_sum_exp - logits[k]), which is -log of softmax. */
DEVICE void evaluate_cross_entropy_forward(const cuda_step &step, int unit, const float (*log_sum_exp)[LANES],
        const float (*linear_1)[4][LANES], float (*loss)[LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 1)
        return;
    int label = step.labels[sample_of_lane(step, block, lane)];
    real sum = 0;
    for (int k = 0; k < 4; k++)
        sum += class_weight[k] * (k == label ? (real)0.925 : (real)0.025) *
                (log_sum_exp[block][lane] - linear_1[block][k][lane]);
    loss[block][lane] = sum;
}

/* Adds up the losses and hits of the step; the logits, where the host wants them, sample by sample. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES],
        const float (*linear_1)[4][LANES])
{
    if (unit == 0) {
        if (warp_of_thread() == 0)
            add_results(step, loss[0], correct[0]);
        return;
    }
    int block = unit - 1;
    if (!step.logits)
        return;
    for (int i = threadIdx.x; i < 4 * LANES; i += 256) {
        int lane = i / 4, position = block * LANES + lane;
        if (position < step.count)
            step.logits[position * 4 + i % 4] = linear_1[block][i % 4][lane];
    }
}

/* ---- what is launched: kernels that do not wait for each other share a grid */

extern "C" __global__ void __launch_bounds__(256)
settings_load_input(cuda_step step, float (*input)[3][8][8][LANES])
{
    int unit = blockIdx.x;
    load_input(step, unit, input);
}

extern "C" __global__ void __launch_bounds__(256)
settings_linear_1_forward(cuda_step step, const float (*input)[3][8][8][LANES], float (*linear_1)[4][LANES])
{
    int unit = blockIdx.x;
    linear_1_forward(step, unit, input, linear_1);
}

extern "C" __global__ void __launch_bounds__(256)
settings_cross_entropy_maximum(cuda_step step, const float (*linear_1)[4][LANES], float (*maximum)[LANES],
        float (*correct)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_maximum(step, unit, linear_1, maximum, correct);
}

extern "C" __global__ void __launch_bounds__(256)
settings_cross_entropy_log_sum_exp(cuda_step step, const float (*linear_1)[4][LANES], const float (*maximum)[LANES],
        float (*log_sum_exp)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_log_sum_exp(step, unit, linear_1, maximum, log_sum_exp);
}

extern "C" __global__ void __launch_bounds__(256)
settings_cross_entropy_forward(cuda_step step, const float (*log_sum_exp)[LANES], const float (*linear_1)[4][LANES],
        float (*loss)[LANES], float (*target_sum)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_forward(step, unit, log_sum_exp, linear_1, loss, target_sum);
}

extern "C" __global__ void __launch_bounds__(256)
settings_cross_entropy_backward(cuda_step step, const float (*linear_1)[4][LANES], const float (*log_sum_exp)[LANES],
        const float (*target_sum)[LANES], float (*d_linear_1)[4][LANES])
{
    int unit = blockIdx.x;
    cross_entropy_backward(step, unit, linear_1, log_sum_exp, target_sum, d_linear_1);
}

extern "C" __global__ void __launch_bounds__(256)
settings_train_7(cuda_step step, const float (*d_linear_1)[4][LANES], const float (*input)[3][8][8][LANES],
        const float (*loss)[LANES], const float (*correct)[LANES])
{
    int unit = blockIdx.x;
    int linear_1_backward_weight_units = 12;
    if (unit < linear_1_backward_weight_units) {
        linear_1_backward_weight(step, unit, d_linear_1, input);
        return;
    }
    unit -= linear_1_backward_weight_units;
    step_results(step, unit, loss, correct);
}

extern "C" __global__ void __launch_bounds__(256)
settings_evaluate_cross_entropy_forward(cuda_step step, const float (*log_sum_exp)[LANES],
        const float (*linear_1)[4][LANES], float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_cross_entropy_forward(step, unit, log_sum_exp, linear_1, loss);
}

extern "C" __global__ void __launch_bounds__(256)
settings_results(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES],
        const float (*linear_1)[4][LANES])
{
    int unit = blockIdx.x;
    results(step, unit, loss, correct, linear_1);
}

/* The squares of the gradient: as many sums as there are blocks of threads. */
extern "C" __global__ void __launch_bounds__(NORM_THREADS)
settings_norm(cuda_step step, float *squares)
{
    sum_squares(step, 772, squares);
}

/* Applies the optimiser to each weight, by the clipped gradient, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
settings_update(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES], const float *squares)
{
    int i = 256 * blockIdx.x + threadIdx.x;
    float factor = clip_of(squares, 2.5);
    if (i < 772)
        update_weight(step, optimizer(), i, factor * step.gradient[i]);
    if (i < LANES)
        add_results(step, loss[0], correct[0]);
}
