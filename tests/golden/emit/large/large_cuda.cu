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

/* The images of a block, normalised: byte * factor + shift = (byte / 255 - mean) / std. 32 pixels of 32 samples go
 * through shared memory, so that both their bytes and the numbers lie side by side for a warp. */
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
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
DEVICE void hidden_forward(const cuda_step &step, int unit, const float (*input)[1000][LANES],
        float (*relu_1)[400][LANES])
{
    const large_weights &w = *(const large_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 50;
    int point = 8 * (unit % 50) + warp_of_thread();
    int i = point;
    real sum = w.hidden_bias[i];
    for (int j = 0; j < 1000; j++)
        sum += w.hidden_weight[i][j] * input[block][j][lane];
    relu_1[block][i][lane] = real_max(sum, 0.0f);
}

/* fc: linear                                                                                      large.net:7
 *   fc_weight  10 x 400
 *   relu_1     400
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
DEVICE void fc_forward(const cuda_step &step, int unit, const float (*relu_1)[400][LANES], float (*fc)[10][LANES])
{
    const large_weights &w = *(const large_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 2;
    int point = 8 * (unit % 2) + warp_of_thread();
    if (point >= 10)
        return;
    int i = point;
    real sum = w.fc_bias[i];
    for (int j = 0; j < 400; j++)
        sum += w.fc_weight[i][j] * relu_1[block][j][lane];
    fc[block][i][lane] = sum;
}

/* cross_entropy: class_maximum                                                                   large.net:15
 *   fc       10
 *   label    one a sample
 *   maximum  one a sample  (result)
 *   correct  one a sample  (result)
 * the largest logit, and whether it is the label's. */
DEVICE void cross_entropy_maximum(const cuda_step &step, int unit, const float (*fc)[10][LANES],
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
    for (int k = 0; k < 10; k++) {
        real value = fc[block][k][lane];
        bool taken = real_exceeds(value, largest);
        largest = taken ? value : largest;
        place = taken ? k : place;
    }
    maximum[block][lane] = largest;
    correct[block][lane] = place == label ? 1.0f : 0.0f;
}

/* cross_entropy: cross_entropy                                                                   large.net:15
 *   fc       10
 *   maximum  one a sample
 *   label    one a sample
 *   loss     one a sample  (result)
 *   exp_sum  one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void cross_entropy_forward(const cuda_step &step, int unit, const float (*fc)[10][LANES],
        const float (*maximum)[LANES], float (*loss)[LANES], float (*exp_sum)[LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 1)
        return;
    int label = step.labels[sample_of_lane(step, block, lane)];
    real sum = 0;
    real sum_2 = 0;
    for (int k = 0; k < 10; k++) {
        sum += real_exp(fc[block][k][lane] - maximum[block][lane]);
        sum_2 += k == label ? fc[block][k][lane] : 0.0f;
    }
    loss[block][lane] = real_log(sum) + (maximum[block][lane] - sum_2);
    exp_sum[block][lane] = sum;
}

/* cross_entropy: cross_entropy_backward                                                          large.net:15
 *   fc       10
 *   maximum  one a sample
 *   exp_sum  one a sample
 *   label    one a sample
 *   scale    one a sample
 *   d_fc     10  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight. */
DEVICE void cross_entropy_backward(const cuda_step &step, int unit, const float (*fc)[10][LANES],
        const float (*maximum)[LANES], const float (*exp_sum)[LANES], float (*d_fc)[10][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 2;
    int point = 8 * (unit % 2) + warp_of_thread();
    if (point >= 10)
        return;
    int k = point;
    int label = step.labels[sample_of_lane(step, block, lane)];
    float scale = scale_of_lane(step, block, lane);
    d_fc[block][k][lane] = (real_exp(fc[block][k][lane] - maximum[block][lane]) / exp_sum[block][lane] -
            (k == label ? 1.0f : 0.0f)) * scale;
}

/* fc: linear_backward_input, relu_1: relu_backward                                              large.net:6-7
 *   fc_weight  10 x 400
 *   d_fc       10
 *   relu_1     400
 *   d_hidden   400  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void fc_backward_input(const cuda_step &step, int unit, const float (*d_fc)[10][LANES],
        const float (*relu_1)[400][LANES], float (*d_hidden)[400][LANES])
{
    const large_weights &w = *(const large_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 50;
    int point = 8 * (unit % 50) + warp_of_thread();
    int j = point;
    real sum = 0;
    for (int i = 0; i < 10; i++)
        sum += w.fc_weight[i][j] * d_fc[block][i][lane];
    d_hidden[block][j][lane] = relu_1[block][j][lane] <= 0.0f ? 0.0f : sum;
}

/* fc: linear_backward_weight                                                                      large.net:7
 *   d_fc       10
 *   relu_1     400
 *   fc_weight  10 x 400  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*d_fc)[10][LANES],
        const float (*relu_1)[400][LANES])
{
    large_weights &gradient = *(large_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int j = point % 400;
    int i = point / 400;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_fc[block][i][lane] * relu_1[block][j][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.fc_weight[i][j] = total;
}

/* fc: linear_backward_bias                                                                        large.net:7
 *   d_fc     10
 *   fc_bias  10  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void fc_backward_bias(const cuda_step &step, int unit, const float (*d_fc)[10][LANES])
{
    large_weights &gradient = *(large_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 10)
        return;
    int i = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_fc[block][i][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.fc_bias[i] = total;
}

/* hidden: linear_backward_weight                                                                  large.net:5
 *   d_hidden       400
 *   input          1000
 *   hidden_weight  400 x 1000  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void hidden_backward_weight(const cuda_step &step, int unit, const float (*d_hidden)[400][LANES],
        const float (*input)[1000][LANES])
{
    large_weights &gradient = *(large_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int j = point % 1000;
    int i = point / 1000;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_hidden[block][i][lane] * input[block][j][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.hidden_weight[i][j] = total;
}

/* hidden: linear_backward_bias                                                                    large.net:5
 *   d_hidden     400
 *   hidden_bias  400  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void hidden_backward_bias(const cuda_step &step, int unit, const float (*d_hidden)[400][LANES])
{
    large_weights &gradient = *(large_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int i = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_hidden[block][i][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.hidden_bias[i] = total;
}

/* cross_entropy: cross_entropy                                                                   large.net:15
 *   fc       10
 *   maximum  one a sample
 *   label    one a sample
 *   loss     one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void evaluate_cross_entropy_forward(const cuda_step &step, int unit, const float (*fc)[10][LANES],
        const float (*maximum)[LANES], float (*loss)[LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 1)
        return;
    int label = step.labels[sample_of_lane(step, block, lane)];
    real sum = 0;
    real sum_2 = 0;
    for (int k = 0; k < 10; k++) {
        sum += real_exp(fc[block][k][lane] - maximum[block][lane]);
        sum_2 += k == label ? fc[block][k][lane] : 0.0f;
    }
    loss[block][lane] = real_log(sum) + (maximum[block][lane] - sum_2);
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

extern "C" __global__ void __launch_bounds__(256)
large_fc_forward(cuda_step step, const float (*relu_1)[400][LANES], float (*fc)[10][LANES])
{
    int unit = blockIdx.x;
    fc_forward(step, unit, relu_1, fc);
}

extern "C" __global__ void __launch_bounds__(256)
large_cross_entropy_maximum(cuda_step step, const float (*fc)[10][LANES], float (*maximum)[LANES],
        float (*correct)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_maximum(step, unit, fc, maximum, correct);
}

extern "C" __global__ void __launch_bounds__(256)
large_cross_entropy_forward(cuda_step step, const float (*fc)[10][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES], float (*exp_sum)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_forward(step, unit, fc, maximum, loss, exp_sum);
}

extern "C" __global__ void __launch_bounds__(256)
large_cross_entropy_backward(cuda_step step, const float (*fc)[10][LANES], const float (*maximum)[LANES],
        const float (*exp_sum)[LANES], float (*d_fc)[10][LANES])
{
    int unit = blockIdx.x;
    cross_entropy_backward(step, unit, fc, maximum, exp_sum, d_fc);
}

extern "C" __global__ void __launch_bounds__(256)
large_train_7(cuda_step step, const float (*d_fc)[10][LANES], const float (*relu_1)[400][LANES],
        float (*d_hidden)[400][LANES])
{
    int unit = blockIdx.x;
    int fc_backward_input_units = 50 * step_blocks(step);
    if (unit < fc_backward_input_units) {
        fc_backward_input(step, unit, d_fc, relu_1, d_hidden);
        return;
    }
    unit -= fc_backward_input_units;
    int fc_backward_weight_units = 500;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, d_fc, relu_1);
        return;
    }
    unit -= fc_backward_weight_units;
    fc_backward_bias(step, unit, d_fc);
}

extern "C" __global__ void __launch_bounds__(256)
large_train_8(cuda_step step, const float (*d_hidden)[400][LANES], const float (*input)[1000][LANES])
{
    int unit = blockIdx.x;
    int hidden_backward_weight_units = 50000;
    if (unit < hidden_backward_weight_units) {
        hidden_backward_weight(step, unit, d_hidden, input);
        return;
    }
    unit -= hidden_backward_weight_units;
    hidden_backward_bias(step, unit, d_hidden);
}

extern "C" __global__ void __launch_bounds__(256)
large_evaluate_cross_entropy_forward(cuda_step step, const float (*fc)[10][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_cross_entropy_forward(step, unit, fc, maximum, loss);
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
