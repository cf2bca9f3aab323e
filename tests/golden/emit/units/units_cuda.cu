/* units, compiled by netc 0.1.0 for CUDA from units.net with: netc units.net --cpu=avx512 --units=12
 * sha256 of units.net: 9d0e168fc7f07fe4363e235459b01cee89128cb561c45d9e1ab36b5ed44b1685
 * The kernels of a GPU. A lane, a thread of a warp, is a sample. */
#include "cuda_kernels.h"

/* The flat array of weights, as PyTorch orders them; the taps of a convolution's weight are padded to whole
 * 16 bytes. The gradient has the same form. */
struct units_weights {
    alignas(16) float conv1_weight[8][1][28];
    alignas(16) float conv1_bias[8];
    alignas(16) float conv2_weight[12][4][12];
    alignas(16) float conv2_bias[12];
    alignas(16) float fc_weight[7][2700];
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
DEVICE void load_input(const cuda_step &step, int unit, float (*input)[1][21][21][LANES])
{
    __shared__ uint8_t tile[LANES][LANES + 4];
    int lane = lane_of_thread(), block = unit / 14, first = unit % 14 * LANES;

    for (int sample = warp_of_thread(); sample < LANES; sample += 8)
        if (first + lane < 441)
            tile[sample][lane] = step.images[(int64_t)sample_of_lane(step, block, sample) * 441 + first + lane];
    __syncthreads();
    for (int i = warp_of_thread(); i < LANES && first + i < 441; i += 8)
        (&input[block][0][0][0][0])[(first + i) * LANES + lane] = tile[lane][i] * factor[0] + shift[0];
}

/* conv1: conv2d, relu_1: relu                                                                   units.net:5-6
 *   conv1_weight  8 x 1 x 28
 *   input         1 x 21 x 21
 *   conv1_bias    8
 *   relu_1        8 x 17 x 17  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void conv1_forward(const cuda_step &step, int unit, const float (*input)[1][21][21][LANES],
        float (*relu_1)[8][17][17][LANES])
{
    const units_weights &w = *(const units_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 289;
    int point = 8 * (unit % 289) + warp_of_thread();
    int o = point % 8;
    int x = point / 8 % 17;
    int y = point / 136;
    real sum = w.conv1_bias[o];
    for (int u = 0; u < 5; u++)
        for (int v = 0; v < 5; v++)
            sum += w.conv1_weight[o][0][5*u + v] * input[block][0][y + u][x + v][lane];
    relu_1[block][o][y][x][lane] = real_max(sum, 0.0f);
}

/* conv2: conv2d                                                                                   units.net:7
 *   conv2_weight  12 x 4 x 12
 *   relu_1        8 x 17 x 17
 *   conv2_bias    12
 *   conv2         12 x 15 x 15  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void conv2_forward(const cuda_step &step, int unit, const float (*relu_1)[8][17][17][LANES],
        float (*conv2)[12][15][15][LANES])
{
    const units_weights &w = *(const units_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 338;
    int point = 8 * (unit % 338) + warp_of_thread();
    if (point >= 2700)
        return;
    int o = point % 6;
    int g = point / 6 % 2;
    int x = point / 12 % 15;
    int y = point / 180;
    real sum = w.conv2_bias[6*g + o];
    for (int u = 0; u < 3; u++)
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 4; c++)
                sum += w.conv2_weight[6*g + o][c][3*u + v] * relu_1[block][4*g + c][y + u][x + v][lane];
    conv2[block][6*g + o][y][x][lane] = sum;
}

/* flatten_1: flatten                                                                              units.net:8
 *   conv2      12 x 15 x 15
 *   flatten_1  2700  (result) */
DEVICE void flatten_1_forward(const cuda_step &step, int unit, const float (*conv2)[12][15][15][LANES],
        float (*flatten_1)[2700][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 338;
    int point = 8 * (unit % 338) + warp_of_thread();
    if (point >= 2700)
        return;
    int x = point % 15;
    int y = point / 15 % 15;
    int c = point / 225;
    flatten_1[block][225*c + 15*y + x][lane] = conv2[block][c][y][x][lane];
}

/* fc: linear                                                                                      units.net:9
 *   fc_weight  7 x 2700
 *   flatten_1  2700
 *   fc_bias    7
 *   fc         7  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
DEVICE void fc_forward(const cuda_step &step, int unit, const float (*flatten_1)[2700][LANES], float (*fc)[7][LANES])
{
    const units_weights &w = *(const units_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 7)
        return;
    int i = point;
    real sum = w.fc_bias[i];
    for (int j = 0; j < 2700; j++)
        sum += w.fc_weight[i][j] * flatten_1[block][j][lane];
    fc[block][i][lane] = sum;
}

/* cross_entropy: class_maximum                                                                   units.net:19
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

/* cross_entropy: cross_entropy                                                                   units.net:19
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

/* cross_entropy: cross_entropy_backward                                                          units.net:19
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

/* fc: linear_backward_input                                                                       units.net:9
 *   fc_weight    7 x 2700
 *   d_fc         7
 *   d_flatten_1  2700  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void fc_backward_input(const cuda_step &step, int unit, const float (*d_fc)[7][LANES],
        float (*d_flatten_1)[2700][LANES])
{
    const units_weights &w = *(const units_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 338;
    int point = 8 * (unit % 338) + warp_of_thread();
    if (point >= 2700)
        return;
    int j = point;
    real sum = 0;
    for (int i = 0; i < 7; i++)
        sum += w.fc_weight[i][j] * d_fc[block][i][lane];
    d_flatten_1[block][j][lane] = sum;
}

/* fc: linear_backward_weight                                                                      units.net:9
 *   d_fc       7
 *   flatten_1  2700
 *   fc_weight  7 x 2700  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*d_fc)[7][LANES],
        const float (*flatten_1)[2700][LANES])
{
    units_weights &gradient = *(units_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 18900)
        return;
    int j = point % 2700;
    int i = point / 2700;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_fc[block][i][lane] * flatten_1[block][j][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.fc_weight[i][j] = total;
}

/* fc: linear_backward_bias                                                                        units.net:9
 *   d_fc     7
 *   fc_bias  7  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void fc_backward_bias(const cuda_step &step, int unit, const float (*d_fc)[7][LANES])
{
    units_weights &gradient = *(units_weights *)step.gradient;
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

/* flatten_1: flatten_backward                                                                     units.net:8
 *   d_flatten_1  2700
 *   d_conv2      12 x 15 x 15  (result) */
DEVICE void flatten_1_backward(const cuda_step &step, int unit, const float (*d_flatten_1)[2700][LANES],
        float (*d_conv2)[12][15][15][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 338;
    int point = 8 * (unit % 338) + warp_of_thread();
    if (point >= 2700)
        return;
    int x = point % 15;
    int y = point / 15 % 15;
    int c = point / 225;
    d_conv2[block][c][y][x][lane] = d_flatten_1[block][225*c + 15*y + x][lane];
}

/* conv2: conv2d_backward_input, relu_1: relu_backward                                           units.net:6-7
 *   conv2_weight  12 x 4 x 12
 *   d_conv2       12 x 15 x 15
 *   relu_1        8 x 17 x 17
 *   d_conv1       8 x 17 x 17  (result)
 * dx[c][y][x] gathers every output that read (y, x). */
DEVICE void conv2_backward_input(const cuda_step &step, int unit, const float (*d_conv2)[12][15][15][LANES],
        const float (*relu_1)[8][17][17][LANES], float (*d_conv1)[8][17][17][LANES])
{
    const units_weights &w = *(const units_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 289;
    int point = 8 * (unit % 289) + warp_of_thread();
    int c = point % 4;
    int g = point / 4 % 2;
    int x = point / 8 % 17;
    int y = point / 136;
    real sum = 0;
    for (int u = 0; u < 3; u++)
        if (0 <= y - u && y - u <= 14)
            for (int v = 0; v < 3; v++)
                if (0 <= x - v && x - v <= 14)
                    for (int o = 0; o < 6; o++)
                        sum += w.conv2_weight[6*g + o][c][3*u + v] * d_conv2[block][6*g + o][y - u][x - v][lane];
    d_conv1[block][4*g + c][y][x][lane] = relu_1[block][4*g + c][y][x][lane] <= 0.0f ? 0.0f : sum;
}

/* conv2: conv2d_backward_weight                                                                   units.net:7
 *   d_conv2       12 x 15 x 15
 *   relu_1        8 x 17 x 17
 *   conv2_weight  12 x 4 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void conv2_backward_weight(const cuda_step &step, int unit, const float (*d_conv2)[12][15][15][LANES],
        const float (*relu_1)[8][17][17][LANES])
{
    units_weights &gradient = *(units_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int c = point % 4;
    int v = point / 4 % 3;
    int u = point / 12 % 3;
    int o = point / 36 % 6;
    int g = point / 216;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 15; y++)
            for (int x = 0; x < 15; x++)
                sum += d_conv2[block][6*g + o][y][x][lane] * relu_1[block][4*g + c][y + u][x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv2_weight[6*g + o][c][3*u + v] = total;
}

/* conv2: conv2d_backward_bias                                                                     units.net:7
 *   d_conv2     12 x 15 x 15
 *   conv2_bias  12  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void conv2_backward_bias(const cuda_step &step, int unit, const float (*d_conv2)[12][15][15][LANES])
{
    units_weights &gradient = *(units_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 12)
        return;
    int o = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 15; y++)
            for (int x = 0; x < 15; x++)
                sum += d_conv2[block][o][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv2_bias[o] = total;
}

/* conv1: conv2d_backward_weight                                                                   units.net:5
 *   d_conv1       8 x 17 x 17
 *   input         1 x 21 x 21
 *   conv1_weight  8 x 1 x 28  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void conv1_backward_weight(const cuda_step &step, int unit, const float (*d_conv1)[8][17][17][LANES],
        const float (*input)[1][21][21][LANES])
{
    units_weights &gradient = *(units_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int v = point % 5;
    int u = point / 5 % 5;
    int o = point / 25;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 17; y++)
            for (int x = 0; x < 17; x++)
                sum += d_conv1[block][o][y][x][lane] * input[block][0][y + u][x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv1_weight[o][0][5*u + v] = total;
}

/* conv1: conv2d_backward_bias                                                                     units.net:5
 *   d_conv1     8 x 17 x 17
 *   conv1_bias  8  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void conv1_backward_bias(const cuda_step &step, int unit, const float (*d_conv1)[8][17][17][LANES])
{
    units_weights &gradient = *(units_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int o = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 17; y++)
            for (int x = 0; x < 17; x++)
                sum += d_conv1[block][o][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv1_bias[o] = total;
}

/* cross_entropy: cross_entropy                                                                   units.net:19
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
units_load_input(cuda_step step, float (*input)[1][21][21][LANES])
{
    int unit = blockIdx.x;
    load_input(step, unit, input);
}

extern "C" __global__ void __launch_bounds__(256)
units_conv1_forward(cuda_step step, const float (*input)[1][21][21][LANES], float (*relu_1)[8][17][17][LANES])
{
    int unit = blockIdx.x;
    conv1_forward(step, unit, input, relu_1);
}

extern "C" __global__ void __launch_bounds__(256)
units_conv2_forward(cuda_step step, const float (*relu_1)[8][17][17][LANES], float (*conv2)[12][15][15][LANES])
{
    int unit = blockIdx.x;
    conv2_forward(step, unit, relu_1, conv2);
}

extern "C" __global__ void __launch_bounds__(256)
units_flatten_1_forward(cuda_step step, const float (*conv2)[12][15][15][LANES], float (*flatten_1)[2700][LANES])
{
    int unit = blockIdx.x;
    flatten_1_forward(step, unit, conv2, flatten_1);
}

extern "C" __global__ void __launch_bounds__(256)
units_fc_forward(cuda_step step, const float (*flatten_1)[2700][LANES], float (*fc)[7][LANES])
{
    int unit = blockIdx.x;
    fc_forward(step, unit, flatten_1, fc);
}

extern "C" __global__ void __launch_bounds__(256)
units_cross_entropy_maximum(cuda_step step, const float (*fc)[7][LANES], float (*maximum)[LANES],
        float (*correct)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_maximum(step, unit, fc, maximum, correct);
}

extern "C" __global__ void __launch_bounds__(256)
units_cross_entropy_forward(cuda_step step, const float (*fc)[7][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES], float (*exp_sum)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_forward(step, unit, fc, maximum, loss, exp_sum);
}

extern "C" __global__ void __launch_bounds__(256)
units_cross_entropy_backward(cuda_step step, const float (*fc)[7][LANES], const float (*maximum)[LANES],
        const float (*exp_sum)[LANES], float (*d_fc)[7][LANES])
{
    int unit = blockIdx.x;
    cross_entropy_backward(step, unit, fc, maximum, exp_sum, d_fc);
}

extern "C" __global__ void __launch_bounds__(256)
units_train_9(cuda_step step, const float (*d_fc)[7][LANES], float (*d_flatten_1)[2700][LANES],
        const float (*flatten_1)[2700][LANES])
{
    int unit = blockIdx.x;
    int fc_backward_input_units = 338 * step_blocks(step);
    if (unit < fc_backward_input_units) {
        fc_backward_input(step, unit, d_fc, d_flatten_1);
        return;
    }
    unit -= fc_backward_input_units;
    int fc_backward_weight_units = 2363;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, d_fc, flatten_1);
        return;
    }
    unit -= fc_backward_weight_units;
    fc_backward_bias(step, unit, d_fc);
}

extern "C" __global__ void __launch_bounds__(256)
units_flatten_1_backward(cuda_step step, const float (*d_flatten_1)[2700][LANES], float (*d_conv2)[12][15][15][LANES])
{
    int unit = blockIdx.x;
    flatten_1_backward(step, unit, d_flatten_1, d_conv2);
}

extern "C" __global__ void __launch_bounds__(256)
units_train_11(cuda_step step, const float (*d_conv2)[12][15][15][LANES], const float (*relu_1)[8][17][17][LANES],
        float (*d_conv1)[8][17][17][LANES])
{
    int unit = blockIdx.x;
    int conv2_backward_input_units = 289 * step_blocks(step);
    if (unit < conv2_backward_input_units) {
        conv2_backward_input(step, unit, d_conv2, relu_1, d_conv1);
        return;
    }
    unit -= conv2_backward_input_units;
    int conv2_backward_weight_units = 54;
    if (unit < conv2_backward_weight_units) {
        conv2_backward_weight(step, unit, d_conv2, relu_1);
        return;
    }
    unit -= conv2_backward_weight_units;
    conv2_backward_bias(step, unit, d_conv2);
}

extern "C" __global__ void __launch_bounds__(256)
units_train_12(cuda_step step, const float (*d_conv1)[8][17][17][LANES], const float (*input)[1][21][21][LANES])
{
    int unit = blockIdx.x;
    int conv1_backward_weight_units = 25;
    if (unit < conv1_backward_weight_units) {
        conv1_backward_weight(step, unit, d_conv1, input);
        return;
    }
    unit -= conv1_backward_weight_units;
    conv1_backward_bias(step, unit, d_conv1);
}

extern "C" __global__ void __launch_bounds__(256)
units_evaluate_cross_entropy_forward(cuda_step step, const float (*fc)[7][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_cross_entropy_forward(step, unit, fc, maximum, loss);
}

extern "C" __global__ void __launch_bounds__(256)
units_results(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES], const float (*fc)[7][LANES])
{
    int unit = blockIdx.x;
    results(step, unit, loss, correct, fc);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
units_update(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES])
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 19728)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss[0], correct[0]);
}
