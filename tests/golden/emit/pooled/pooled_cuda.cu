/* pooled, compiled by netc 0.1.0 for CUDA from pooled.net with: netc pooled.net --cpu=avx2
 * sha256 of pooled.net: 7209e10cacde7b553bd0ae05a9a1f85ab4c7554fbf9bb8b304f251c809eb29f4
 * The kernels of a GPU. A lane, a thread of a warp, is a sample. */
#include "cuda_kernels.h"

/* The flat array of weights, as PyTorch orders them; the taps of a convolution's weight are padded to whole
 * 16 bytes. The gradient has the same form. */
struct pooled_weights {
    alignas(16) float conv_weight[6][1][12];
    alignas(16) float conv_bias[6];
    alignas(16) float fc_weight[7][150];
    alignas(16) float fc_bias[7];
};

/* Of each channel of an image: byte * factor + shift = (byte / 255 - mean) / std. */
static __constant__ const float factor[1] = { (float)(1 / (255 * 0.25)) };
static __constant__ const float shift[1] = { (float)(-0.5 / 0.25) };

/* The optimiser's settings; lr comes with the step. */
DEVICE sgd optimizer(void)
{
    sgd settings = {};
    settings.momentum = 0.5;
    settings.dampening = 0.0;
    settings.weight_decay = 0.0;
    settings.nesterov = false;
    return settings;
}

/* The images of a block, normalised: byte * factor + shift = (byte / 255 - mean) / std. 32 pixels of 32 samples go
 * through shared memory, so that both their bytes and the numbers lie side by side for a warp. */
DEVICE void load_input(const cuda_step &step, int unit, float (*input)[1][12][12][LANES])
{
    __shared__ uint8_t tile[LANES][LANES + 4];
    int lane = lane_of_thread(), block = unit / 5, first = unit % 5 * LANES;

    for (int sample = warp_of_thread(); sample < LANES; sample += 8)
        if (first + lane < 144)
            tile[sample][lane] = step.images[(int64_t)sample_of_lane(step, block, sample) * 144 + first + lane];
    __syncthreads();
    for (int i = warp_of_thread(); i < LANES && first + i < 144; i += 8)
        (&input[block][0][0][0][0])[(first + i) * LANES + lane] = tile[lane][i] * factor[0] + shift[0];
}

/* conv: conv2d                                                                                   pooled.net:5
 *   conv_weight  6 x 1 x 12
 *   input        1 x 12 x 12
 *   conv_bias    6
 *   conv         6 x 10 x 10  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void conv_forward(const cuda_step &step, int unit, const float (*input)[1][12][12][LANES],
        float (*conv)[6][10][10][LANES])
{
    const pooled_weights &w = *(const pooled_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 75;
    int point = 8 * (unit % 75) + warp_of_thread();
    int o = point % 6;
    int x = point / 6 % 10;
    int y = point / 60;
    real sum = w.conv_bias[o];
    for (int u = 0; u < 3; u++)
        for (int v = 0; v < 3; v++)
            sum += w.conv_weight[o][0][3*u + v] * input[block][0][y + u][x + v][lane];
    conv[block][o][y][x][lane] = sum;
}

/* max_pool2d_1: max_pool2d, relu_1: relu                                                       pooled.net:6-7
 *   conv                  6 x 10 x 10
 *   relu_1                6 x 5 x 5  (result)
 *   max_pool2d_1_indices  6 x 5 x 5  (result)
 * the largest of each window, and which element of it that is. */
DEVICE void max_pool2d_1_forward(const cuda_step &step, int unit, const float (*conv)[6][10][10][LANES],
        float (*relu_1)[6][5][5][LANES], uint8_t (*max_pool2d_1_indices)[6][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int c = point % 6;
    int x = point / 6 % 5;
    int y = point / 30;
    real largest = -INFINITY;
    int place = 0;
    for (int u = 0; u < 2; u++)
        for (int v = 0; v < 2; v++) {
            real value = conv[block][c][2*y + u][2*x + v][lane];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
            place = taken ? 2*u + v : place;
        }
    relu_1[block][c][y][x][lane] = real_max(largest, 0.0f);
    max_pool2d_1_indices[block][c][y][x][lane] = place;
}

/* flatten_1: flatten                                                                             pooled.net:8
 *   relu_1     6 x 5 x 5
 *   flatten_1  150  (result) */
DEVICE void flatten_1_forward(const cuda_step &step, int unit, const float (*relu_1)[6][5][5][LANES],
        float (*flatten_1)[150][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int x = point % 5;
    int y = point / 5 % 5;
    int c = point / 25;
    flatten_1[block][25*c + 5*y + x][lane] = relu_1[block][c][y][x][lane];
}

/* fc: linear                                                                                     pooled.net:9
 *   fc_weight  7 x 150
 *   flatten_1  150
 *   fc_bias    7
 *   fc         7  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
DEVICE void fc_forward(const cuda_step &step, int unit, const float (*flatten_1)[150][LANES], float (*fc)[7][LANES])
{
    const pooled_weights &w = *(const pooled_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 7)
        return;
    int i = point;
    real sum = w.fc_bias[i];
    for (int j = 0; j < 150; j++)
        sum += w.fc_weight[i][j] * flatten_1[block][j][lane];
    fc[block][i][lane] = sum;
}

/* cross_entropy: class_maximum                                                                  pooled.net:19
 *   fc       7
 *   label    one a sample
 *   maximum  one a sample  (result)
 *   correct  one a sample  (result)
 * the largest logit, and whether it is the label's. */
DEVICE void cross_entropy_maximum(const cuda_step &step, int unit, const float (*fc)[7][LANES], float (*maximum)[LANES],
        float (*correct)[LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 1)
        return;
    int label = step.labels[sample_of_lane(step, block, lane)];
    real largest = -INFINITY;
    int place = 0;
    for (int k = 0; k < 7; k++) {
        real value = fc[block][k][lane];
        bool taken = real_exceeds(value, largest);
        largest = taken ? value : largest;
        place = taken ? k : place;
    }
    maximum[block][lane] = largest;
    correct[block][lane] = place == label ? 1.0f : 0.0f;
}

/* cross_entropy: cross_entropy                                                                  pooled.net:19
 *   fc       7
 *   maximum  one a sample
 *   label    one a sample
 *   loss     one a sample  (result)
 *   exp_sum  one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void cross_entropy_forward(const cuda_step &step, int unit, const float (*fc)[7][LANES],
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
    for (int k = 0; k < 7; k++) {
        sum += real_exp(fc[block][k][lane] - maximum[block][lane]);
        sum_2 += k == label ? fc[block][k][lane] : 0.0f;
    }
    loss[block][lane] = real_log(sum) + (maximum[block][lane] - sum_2);
    exp_sum[block][lane] = sum;
}

/* cross_entropy: cross_entropy_backward                                                         pooled.net:19
 *   fc       7
 *   maximum  one a sample
 *   exp_sum  one a sample
 *   label    one a sample
 *   scale    one a sample
 *   d_fc     7  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight. */
DEVICE void cross_entropy_backward(const cuda_step &step, int unit, const float (*fc)[7][LANES],
        const float (*maximum)[LANES], const float (*exp_sum)[LANES], float (*d_fc)[7][LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 7)
        return;
    int k = point;
    int label = step.labels[sample_of_lane(step, block, lane)];
    float scale = scale_of_lane(step, block, lane);
    d_fc[block][k][lane] = (real_exp(fc[block][k][lane] - maximum[block][lane]) / exp_sum[block][lane] -
            (k == label ? 1.0f : 0.0f)) * scale;
}

/* fc: linear_backward_input                                                                      pooled.net:9
 *   fc_weight    7 x 150
 *   d_fc         7
 *   d_flatten_1  150  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void fc_backward_input(const cuda_step &step, int unit, const float (*d_fc)[7][LANES],
        float (*d_flatten_1)[150][LANES])
{
    const pooled_weights &w = *(const pooled_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int j = point;
    real sum = 0;
    for (int i = 0; i < 7; i++)
        sum += w.fc_weight[i][j] * d_fc[block][i][lane];
    d_flatten_1[block][j][lane] = sum;
}

/* fc: linear_backward_weight                                                                     pooled.net:9
 *   d_fc       7
 *   flatten_1  150
 *   fc_weight  7 x 150  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*d_fc)[7][LANES],
        const float (*flatten_1)[150][LANES])
{
    pooled_weights &gradient = *(pooled_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 1050)
        return;
    int j = point % 150;
    int i = point / 150;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_fc[block][i][lane] * flatten_1[block][j][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.fc_weight[i][j] = total;
}

/* fc: linear_backward_bias                                                                       pooled.net:9
 *   d_fc     7
 *   fc_bias  7  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void fc_backward_bias(const cuda_step &step, int unit, const float (*d_fc)[7][LANES])
{
    pooled_weights &gradient = *(pooled_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 7)
        return;
    int i = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_fc[block][i][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.fc_bias[i] = total;
}

/* flatten_1: flatten_backward, relu_1: relu_backward                                           pooled.net:7-8
 *   relu_1          6 x 5 x 5
 *   d_flatten_1     150
 *   d_max_pool2d_1  6 x 5 x 5  (result) */
DEVICE void flatten_1_backward(const cuda_step &step, int unit, const float (*relu_1)[6][5][5][LANES],
        const float (*d_flatten_1)[150][LANES], float (*d_max_pool2d_1)[6][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int x = point % 5;
    int y = point / 5 % 5;
    int c = point / 25;
    d_max_pool2d_1[block][c][y][x][lane] = relu_1[block][c][y][x][lane] <= 0.0f ? 0.0f :
            d_flatten_1[block][25*c + 5*y + x][lane];
}

/* max_pool2d_1: max_pool2d_backward                                                              pooled.net:6
 *   max_pool2d_1_indices  6 x 5 x 5
 *   d_max_pool2d_1        6 x 5 x 5
 *   d_conv                6 x 10 x 10  (result)
 * dx[c][y][x] gathers every window that took (y, x). */
DEVICE void max_pool2d_1_backward(const cuda_step &step, int unit,
        const uint8_t (*max_pool2d_1_indices)[6][5][5][LANES], const float (*d_max_pool2d_1)[6][5][5][LANES],
        float (*d_conv)[6][10][10][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 75;
    int point = 8 * (unit % 75) + warp_of_thread();
    int c = point % 6;
    int v = point / 6 % 2;
    int x = point / 12 % 5;
    int u = point / 60 % 2;
    int y = point / 120;
    d_conv[block][c][2*y + u][2*x + v][lane] = max_pool2d_1_indices[block][c][y][x][lane] == 2*u + v ?
            d_max_pool2d_1[block][c][y][x][lane] : 0.0f;
}

/* conv: conv2d_backward_weight                                                                   pooled.net:5
 *   d_conv       6 x 10 x 10
 *   input        1 x 12 x 12
 *   conv_weight  6 x 1 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void conv_backward_weight(const cuda_step &step, int unit, const float (*d_conv)[6][10][10][LANES],
        const float (*input)[1][12][12][LANES])
{
    pooled_weights &gradient = *(pooled_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 54)
        return;
    int v = point % 3;
    int u = point / 3 % 3;
    int o = point / 9;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 10; y++)
            for (int x = 0; x < 10; x++)
                sum += d_conv[block][o][y][x][lane] * input[block][0][y + u][x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv_weight[o][0][3*u + v] = total;
}

/* conv: conv2d_backward_bias                                                                     pooled.net:5
 *   d_max_pool2d_1  6 x 5 x 5
 *   conv_bias       6  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void conv_backward_bias(const cuda_step &step, int unit, const float (*d_max_pool2d_1)[6][5][5][LANES])
{
    pooled_weights &gradient = *(pooled_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 6)
        return;
    int o = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                sum += d_max_pool2d_1[block][o][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv_bias[o] = total;
}

/* max_pool2d_1: max_pool2d, relu_1: relu                                                       pooled.net:6-7
 *   conv    6 x 10 x 10
 *   relu_1  6 x 5 x 5  (result)
 * the largest of each window. */
DEVICE void evaluate_max_pool2d_1_forward(const cuda_step &step, int unit, const float (*conv)[6][10][10][LANES],
        float (*relu_1)[6][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int c = point % 6;
    int x = point / 6 % 5;
    int y = point / 30;
    real largest = -INFINITY;
    for (int u = 0; u < 2; u++)
        for (int v = 0; v < 2; v++) {
            real value = conv[block][c][2*y + u][2*x + v][lane];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
        }
    relu_1[block][c][y][x][lane] = real_max(largest, 0.0f);
}

/* cross_entropy: cross_entropy                                                                  pooled.net:19
 *   fc       7
 *   maximum  one a sample
 *   label    one a sample
 *   loss     one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void evaluate_cross_entropy_forward(const cuda_step &step, int unit, const float (*fc)[7][LANES],
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
    for (int k = 0; k < 7; k++) {
        sum += real_exp(fc[block][k][lane] - maximum[block][lane]);
        sum_2 += k == label ? fc[block][k][lane] : 0.0f;
    }
    loss[block][lane] = real_log(sum) + (maximum[block][lane] - sum_2);
}

/* Adds up the losses and hits of the step; the logits, where the host wants them, sample by sample. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES],
        const float (*fc)[7][LANES])
{
    if (unit == 0) {
        if (warp_of_thread() == 0)
            add_results(step, loss[0], correct[0]);
        return;
    }
    int block = unit - 1;
    if (!step.logits)
        return;
    for (int i = threadIdx.x; i < 7 * LANES; i += 256) {
        int lane = i / 7, position = block * LANES + lane;
        if (position < step.count)
            step.logits[position * 7 + i % 7] = fc[block][i % 7][lane];
    }
}

/* ---- what is launched: kernels that do not wait for each other share a grid */

extern "C" __global__ void __launch_bounds__(256)
pooled_load_input(cuda_step step, float (*input)[1][12][12][LANES])
{
    int unit = blockIdx.x;
    load_input(step, unit, input);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_conv_forward(cuda_step step, const float (*input)[1][12][12][LANES], float (*conv)[6][10][10][LANES])
{
    int unit = blockIdx.x;
    conv_forward(step, unit, input, conv);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_max_pool2d_1_forward(cuda_step step, const float (*conv)[6][10][10][LANES], float (*relu_1)[6][5][5][LANES],
        uint8_t (*max_pool2d_1_indices)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    max_pool2d_1_forward(step, unit, conv, relu_1, max_pool2d_1_indices);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_flatten_1_forward(cuda_step step, const float (*relu_1)[6][5][5][LANES], float (*flatten_1)[150][LANES])
{
    int unit = blockIdx.x;
    flatten_1_forward(step, unit, relu_1, flatten_1);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_fc_forward(cuda_step step, const float (*flatten_1)[150][LANES], float (*fc)[7][LANES])
{
    int unit = blockIdx.x;
    fc_forward(step, unit, flatten_1, fc);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_cross_entropy_maximum(cuda_step step, const float (*fc)[7][LANES], float (*maximum)[LANES],
        float (*correct)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_maximum(step, unit, fc, maximum, correct);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_cross_entropy_forward(cuda_step step, const float (*fc)[7][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES], float (*exp_sum)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_forward(step, unit, fc, maximum, loss, exp_sum);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_cross_entropy_backward(cuda_step step, const float (*fc)[7][LANES], const float (*maximum)[LANES],
        const float (*exp_sum)[LANES], float (*d_fc)[7][LANES])
{
    int unit = blockIdx.x;
    cross_entropy_backward(step, unit, fc, maximum, exp_sum, d_fc);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_train_9(cuda_step step, const float (*d_fc)[7][LANES], float (*d_flatten_1)[150][LANES],
        const float (*flatten_1)[150][LANES])
{
    int unit = blockIdx.x;
    int fc_backward_input_units = 19 * step_blocks(step);
    if (unit < fc_backward_input_units) {
        fc_backward_input(step, unit, d_fc, d_flatten_1);
        return;
    }
    unit -= fc_backward_input_units;
    int fc_backward_weight_units = 132;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, d_fc, flatten_1);
        return;
    }
    unit -= fc_backward_weight_units;
    fc_backward_bias(step, unit, d_fc);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_flatten_1_backward(cuda_step step, const float (*relu_1)[6][5][5][LANES], const float (*d_flatten_1)[150][LANES],
        float (*d_max_pool2d_1)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    flatten_1_backward(step, unit, relu_1, d_flatten_1, d_max_pool2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_train_11(cuda_step step, const uint8_t (*max_pool2d_1_indices)[6][5][5][LANES],
        const float (*d_max_pool2d_1)[6][5][5][LANES], float (*d_conv)[6][10][10][LANES])
{
    int unit = blockIdx.x;
    int max_pool2d_1_backward_units = 75 * step_blocks(step);
    if (unit < max_pool2d_1_backward_units) {
        max_pool2d_1_backward(step, unit, max_pool2d_1_indices, d_max_pool2d_1, d_conv);
        return;
    }
    unit -= max_pool2d_1_backward_units;
    conv_backward_bias(step, unit, d_max_pool2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_conv_backward_weight(cuda_step step, const float (*d_conv)[6][10][10][LANES],
        const float (*input)[1][12][12][LANES])
{
    int unit = blockIdx.x;
    conv_backward_weight(step, unit, d_conv, input);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_evaluate_max_pool2d_1_forward(cuda_step step, const float (*conv)[6][10][10][LANES],
        float (*relu_1)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    evaluate_max_pool2d_1_forward(step, unit, conv, relu_1);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_evaluate_cross_entropy_forward(cuda_step step, const float (*fc)[7][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_cross_entropy_forward(step, unit, fc, maximum, loss);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_results(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES], const float (*fc)[7][LANES])
{
    int unit = blockIdx.x;
    results(step, unit, loss, correct, fc);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
pooled_update(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES])
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 1140)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss[0], correct[0]);
}
