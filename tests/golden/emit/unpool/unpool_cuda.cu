/* unpool, compiled by netc 0.1.0 for CUDA from unpool.net with: netc unpool.net --cpu=avx512
 * sha256 of unpool.net: 9a46a500f29bbc6b7013cbbf890e2f182fff473730d24ab155a7a5c8a3548833
 * The kernels of a GPU. A lane, a thread of a warp, is a sample. */
#include "cuda_kernels.h"

/* The flat array of weights, as PyTorch orders them; the taps of a convolution's weight are padded to whole
 * 16 bytes. The gradient has the same form. */
struct unpool_weights {
    alignas(16) float conv2d_1_weight[1][1][12];
    alignas(16) float conv2d_1_bias[1];
    alignas(16) float linear_1_weight[4][100];
};

/* Of each channel of an image: byte * factor + shift = (byte / 255 - mean) / std. */
static __constant__ const float factor[1] = { (float)(1 / (255 * 1.0)) };
static __constant__ const float shift[1] = { (float)(0.0 / 1.0) };

/* The optimiser's settings; lr comes with the step. */
DEVICE sgd optimizer(void)
{
    sgd settings = {};
    settings.momentum = 0.5;
    settings.dampening = 0.1;
    settings.weight_decay = 0.0;
    settings.nesterov = false;
    return settings;
}

/* The images of a block, normalised: byte * factor + shift = (byte / 255 - mean) / std. 32 pixels of 32 samples go
 * through shared memory, so that both their bytes and the numbers lie side by side for a warp. */
DEVICE void load_input(const cuda_step &step, int unit, float (*input)[1][10][10][LANES])
{
    __shared__ uint8_t tile[LANES][LANES + 4];
    int lane = lane_of_thread(), block = unit / 4, first = unit % 4 * LANES;

    for (int sample = warp_of_thread(); sample < LANES; sample += 8)
        if (first + lane < 100)
            tile[sample][lane] = step.images[(int64_t)sample_of_lane(step, block, sample) * 100 + first + lane];
    __syncthreads();
    for (int i = warp_of_thread(); i < LANES && first + i < 100; i += 8)
        (&input[block][0][0][0][0])[(first + i) * LANES + lane] = tile[lane][i] * factor[0] + shift[0];
}

/* pool: max_pool2d                                                                               unpool.net:5
 *   input         1 x 10 x 10
 *   pool          1 x 5 x 5  (result)
 *   pool_indices  1 x 5 x 5  (result)
 * the largest of each window, and which element of it that is. */
DEVICE void pool_forward(const cuda_step &step, int unit, const float (*input)[1][10][10][LANES],
        float (*pool)[1][5][5][LANES], uint8_t (*pool_indices)[1][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 4;
    int point = 8 * (unit % 4) + warp_of_thread();
    if (point >= 25)
        return;
    int x = point % 5;
    int y = point / 5;
    real largest = -INFINITY;
    int place = 0;
    for (int u = 0; u < 2; u++)
        for (int v = 0; v < 2; v++) {
            real value = input[block][0][2*y + u][2*x + v][lane];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
            place = taken ? 2*u + v : place;
        }
    pool[block][0][y][x][lane] = largest;
    pool_indices[block][0][y][x][lane] = place;
}

/* conv2d_1: pad                                                                                  unpool.net:6
 *   pool             1 x 5 x 5
 *   conv2d_1_padded  1 x 7 x 7  (result)
 * the image, repeated all around. */
DEVICE void conv2d_1_pad(const cuda_step &step, int unit, const float (*pool)[1][5][5][LANES],
        float (*conv2d_1_padded)[1][7][7][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 7;
    int point = 8 * (unit % 7) + warp_of_thread();
    if (point >= 49)
        return;
    int x = point % 7;
    int y = point / 7;
    conv2d_1_padded[block][0][y][x][lane] = pool[block][0][(y + 4) % 5][(x + 4) % 5][lane];
}

/* conv2d_1: conv2d                                                                               unpool.net:6
 *   conv2d_1_weight  1 x 1 x 12
 *   conv2d_1_padded  1 x 7 x 7
 *   conv2d_1_bias    1
 *   conv2d_1         1 x 5 x 5  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void conv2d_1_forward(const cuda_step &step, int unit, const float (*conv2d_1_padded)[1][7][7][LANES],
        float (*conv2d_1)[1][5][5][LANES])
{
    const unpool_weights &w = *(const unpool_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 4;
    int point = 8 * (unit % 4) + warp_of_thread();
    if (point >= 25)
        return;
    int x = point % 5;
    int y = point / 5;
    real sum = w.conv2d_1_bias[0];
    for (int u = 0; u < 3; u++)
        for (int v = 0; v < 3; v++)
            sum += w.conv2d_1_weight[0][0][3*u + v] * conv2d_1_padded[block][0][y + u][x + v][lane];
    conv2d_1[block][0][y][x][lane] = sum;
}

/* max_unpool2d_1: max_unpool2d                                                                   unpool.net:7
 *   pool_indices    1 x 5 x 5
 *   conv2d_1        1 x 5 x 5
 *   max_unpool2d_1  1 x 10 x 10  (result)
 * y[c][y][x] is the element of the last window that took (y, x), else 0. */
DEVICE void max_unpool2d_1_forward(const cuda_step &step, int unit, const uint8_t (*pool_indices)[1][5][5][LANES],
        const float (*conv2d_1)[1][5][5][LANES], float (*max_unpool2d_1)[1][10][10][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 13;
    int point = 8 * (unit % 13) + warp_of_thread();
    if (point >= 100)
        return;
    int v = point % 2;
    int x = point / 2 % 5;
    int u = point / 10 % 2;
    int y = point / 20;
    max_unpool2d_1[block][0][2*y + u][2*x + v][lane] = pool_indices[block][0][y][x][lane] == 2*u + v ?
            conv2d_1[block][0][y][x][lane] : 0.0f;
}

/* flatten_1: flatten                                                                             unpool.net:8
 *   max_unpool2d_1  1 x 10 x 10
 *   flatten_1       100  (result) */
DEVICE void flatten_1_forward(const cuda_step &step, int unit, const float (*max_unpool2d_1)[1][10][10][LANES],
        float (*flatten_1)[100][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 13;
    int point = 8 * (unit % 13) + warp_of_thread();
    if (point >= 100)
        return;
    int x = point % 10;
    int y = point / 10;
    flatten_1[block][10*y + x][lane] = max_unpool2d_1[block][0][y][x][lane];
}

/* linear_1: linear                                                                               unpool.net:9
 *   linear_1_weight  4 x 100
 *   flatten_1        100
 *   linear_1         4  (result)
 * y[i] = sum of weight[i][j] * x[j]. */
DEVICE void linear_1_forward(const cuda_step &step, int unit, const float (*flatten_1)[100][LANES],
        float (*linear_1)[4][LANES])
{
    const unpool_weights &w = *(const unpool_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 4)
        return;
    int i = point;
    real sum = 0;
    for (int j = 0; j < 100; j++)
        sum += w.linear_1_weight[i][j] * flatten_1[block][j][lane];
    linear_1[block][i][lane] = sum;
}

/* cross_entropy: class_maximum                                                                  unpool.net:17
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

/* cross_entropy: cross_entropy                                                                  unpool.net:17
 *   linear_1  4
 *   maximum   one a sample
 *   label     one a sample
 *   loss      one a sample  (result)
 *   exp_sum   one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void cross_entropy_forward(const cuda_step &step, int unit, const float (*linear_1)[4][LANES],
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
    for (int k = 0; k < 4; k++) {
        sum += real_exp(linear_1[block][k][lane] - maximum[block][lane]);
        sum_2 += k == label ? linear_1[block][k][lane] : 0.0f;
    }
    loss[block][lane] = real_log(sum) + (maximum[block][lane] - sum_2);
    exp_sum[block][lane] = sum;
}

/* cross_entropy: cross_entropy_backward                                                         unpool.net:17
 *   linear_1    4
 *   maximum     one a sample
 *   exp_sum     one a sample
 *   label       one a sample
 *   scale       one a sample
 *   d_linear_1  4  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight. */
DEVICE void cross_entropy_backward(const cuda_step &step, int unit, const float (*linear_1)[4][LANES],
        const float (*maximum)[LANES], const float (*exp_sum)[LANES], float (*d_linear_1)[4][LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 4)
        return;
    int k = point;
    int label = step.labels[sample_of_lane(step, block, lane)];
    float scale = scale_of_lane(step, block, lane);
    d_linear_1[block][k][lane] = (real_exp(linear_1[block][k][lane] - maximum[block][lane]) / exp_sum[block][lane] -
            (k == label ? 1.0f : 0.0f)) * scale;
}

/* linear_1: linear_backward_input                                                                unpool.net:9
 *   linear_1_weight  4 x 100
 *   d_linear_1       4
 *   d_flatten_1      100  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void linear_1_backward_input(const cuda_step &step, int unit, const float (*d_linear_1)[4][LANES],
        float (*d_flatten_1)[100][LANES])
{
    const unpool_weights &w = *(const unpool_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 13;
    int point = 8 * (unit % 13) + warp_of_thread();
    if (point >= 100)
        return;
    int j = point;
    real sum = 0;
    for (int i = 0; i < 4; i++)
        sum += w.linear_1_weight[i][j] * d_linear_1[block][i][lane];
    d_flatten_1[block][j][lane] = sum;
}

/* linear_1: linear_backward_weight                                                               unpool.net:9
 *   d_linear_1       4
 *   flatten_1        100
 *   linear_1_weight  4 x 100  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void linear_1_backward_weight(const cuda_step &step, int unit, const float (*d_linear_1)[4][LANES],
        const float (*flatten_1)[100][LANES])
{
    unpool_weights &gradient = *(unpool_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int j = point % 100;
    int i = point / 100;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_linear_1[block][i][lane] * flatten_1[block][j][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.linear_1_weight[i][j] = total;
}

/* flatten_1: flatten_backward                                                                    unpool.net:8
 *   d_flatten_1       100
 *   d_max_unpool2d_1  1 x 10 x 10  (result) */
DEVICE void flatten_1_backward(const cuda_step &step, int unit, const float (*d_flatten_1)[100][LANES],
        float (*d_max_unpool2d_1)[1][10][10][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 13;
    int point = 8 * (unit % 13) + warp_of_thread();
    if (point >= 100)
        return;
    int x = point % 10;
    int y = point / 10;
    d_max_unpool2d_1[block][0][y][x][lane] = d_flatten_1[block][10*y + x][lane];
}

/* max_unpool2d_1: max_unpool2d_backward                                                          unpool.net:7
 *   pool_indices      1 x 5 x 5
 *   d_max_unpool2d_1  1 x 10 x 10
 *   d_conv2d_1        1 x 5 x 5  (result)
 * dx[c][y][x] is the gradient at the position that its element was put to. */
DEVICE void max_unpool2d_1_backward(const cuda_step &step, int unit, const uint8_t (*pool_indices)[1][5][5][LANES],
        const float (*d_max_unpool2d_1)[1][10][10][LANES], float (*d_conv2d_1)[1][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 4;
    int point = 8 * (unit % 4) + warp_of_thread();
    if (point >= 25)
        return;
    int x = point % 5;
    int y = point / 5;
    real sum = 0;
    for (int u = 0; u < 2; u++)
        for (int v = 0; v < 2; v++)
            sum += pool_indices[block][0][y][x][lane] == 2*u + v ? d_max_unpool2d_1[block][0][2*y + u][2*x + v][lane] :
                    0.0f;
    d_conv2d_1[block][0][y][x][lane] = sum;
}

/* conv2d_1: conv2d_backward_weight                                                               unpool.net:6
 *   d_conv2d_1       1 x 5 x 5
 *   conv2d_1_padded  1 x 7 x 7
 *   conv2d_1_weight  1 x 1 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void conv2d_1_backward_weight(const cuda_step &step, int unit, const float (*d_conv2d_1)[1][5][5][LANES],
        const float (*conv2d_1_padded)[1][7][7][LANES])
{
    unpool_weights &gradient = *(unpool_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 9)
        return;
    int v = point % 3;
    int u = point / 3;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                sum += d_conv2d_1[block][0][y][x][lane] * conv2d_1_padded[block][0][y + u][x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv2d_1_weight[0][0][3*u + v] = total;
}

/* conv2d_1: conv2d_backward_bias                                                                 unpool.net:6
 *   d_conv2d_1     1 x 5 x 5
 *   conv2d_1_bias  1  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void conv2d_1_backward_bias(const cuda_step &step, int unit, const float (*d_conv2d_1)[1][5][5][LANES])
{
    unpool_weights &gradient = *(unpool_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 1)
        return;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                sum += d_conv2d_1[block][0][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv2d_1_bias[0] = total;
}

/* cross_entropy: cross_entropy                                                                  unpool.net:17
 *   linear_1  4
 *   maximum   one a sample
 *   label     one a sample
 *   loss      one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void evaluate_cross_entropy_forward(const cuda_step &step, int unit, const float (*linear_1)[4][LANES],
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
    for (int k = 0; k < 4; k++) {
        sum += real_exp(linear_1[block][k][lane] - maximum[block][lane]);
        sum_2 += k == label ? linear_1[block][k][lane] : 0.0f;
    }
    loss[block][lane] = real_log(sum) + (maximum[block][lane] - sum_2);
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
unpool_load_input(cuda_step step, float (*input)[1][10][10][LANES])
{
    int unit = blockIdx.x;
    load_input(step, unit, input);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_pool_forward(cuda_step step, const float (*input)[1][10][10][LANES], float (*pool)[1][5][5][LANES],
        uint8_t (*pool_indices)[1][5][5][LANES])
{
    int unit = blockIdx.x;
    pool_forward(step, unit, input, pool, pool_indices);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_conv2d_1_pad(cuda_step step, const float (*pool)[1][5][5][LANES], float (*conv2d_1_padded)[1][7][7][LANES])
{
    int unit = blockIdx.x;
    conv2d_1_pad(step, unit, pool, conv2d_1_padded);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_conv2d_1_forward(cuda_step step, const float (*conv2d_1_padded)[1][7][7][LANES],
        float (*conv2d_1)[1][5][5][LANES])
{
    int unit = blockIdx.x;
    conv2d_1_forward(step, unit, conv2d_1_padded, conv2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_max_unpool2d_1_forward(cuda_step step, const uint8_t (*pool_indices)[1][5][5][LANES],
        const float (*conv2d_1)[1][5][5][LANES], float (*max_unpool2d_1)[1][10][10][LANES])
{
    int unit = blockIdx.x;
    max_unpool2d_1_forward(step, unit, pool_indices, conv2d_1, max_unpool2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_flatten_1_forward(cuda_step step, const float (*max_unpool2d_1)[1][10][10][LANES],
        float (*flatten_1)[100][LANES])
{
    int unit = blockIdx.x;
    flatten_1_forward(step, unit, max_unpool2d_1, flatten_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_linear_1_forward(cuda_step step, const float (*flatten_1)[100][LANES], float (*linear_1)[4][LANES])
{
    int unit = blockIdx.x;
    linear_1_forward(step, unit, flatten_1, linear_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_cross_entropy_maximum(cuda_step step, const float (*linear_1)[4][LANES], float (*maximum)[LANES],
        float (*correct)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_maximum(step, unit, linear_1, maximum, correct);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_cross_entropy_forward(cuda_step step, const float (*linear_1)[4][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES], float (*exp_sum)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_forward(step, unit, linear_1, maximum, loss, exp_sum);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_cross_entropy_backward(cuda_step step, const float (*linear_1)[4][LANES], const float (*maximum)[LANES],
        const float (*exp_sum)[LANES], float (*d_linear_1)[4][LANES])
{
    int unit = blockIdx.x;
    cross_entropy_backward(step, unit, linear_1, maximum, exp_sum, d_linear_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_train_11(cuda_step step, const float (*d_linear_1)[4][LANES], float (*d_flatten_1)[100][LANES],
        const float (*flatten_1)[100][LANES])
{
    int unit = blockIdx.x;
    int linear_1_backward_input_units = 13 * step_blocks(step);
    if (unit < linear_1_backward_input_units) {
        linear_1_backward_input(step, unit, d_linear_1, d_flatten_1);
        return;
    }
    unit -= linear_1_backward_input_units;
    linear_1_backward_weight(step, unit, d_linear_1, flatten_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_flatten_1_backward(cuda_step step, const float (*d_flatten_1)[100][LANES],
        float (*d_max_unpool2d_1)[1][10][10][LANES])
{
    int unit = blockIdx.x;
    flatten_1_backward(step, unit, d_flatten_1, d_max_unpool2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_max_unpool2d_1_backward(cuda_step step, const uint8_t (*pool_indices)[1][5][5][LANES],
        const float (*d_max_unpool2d_1)[1][10][10][LANES], float (*d_conv2d_1)[1][5][5][LANES])
{
    int unit = blockIdx.x;
    max_unpool2d_1_backward(step, unit, pool_indices, d_max_unpool2d_1, d_conv2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_train_14(cuda_step step, const float (*d_conv2d_1)[1][5][5][LANES],
        const float (*conv2d_1_padded)[1][7][7][LANES])
{
    int unit = blockIdx.x;
    int conv2d_1_backward_weight_units = 2;
    if (unit < conv2d_1_backward_weight_units) {
        conv2d_1_backward_weight(step, unit, d_conv2d_1, conv2d_1_padded);
        return;
    }
    unit -= conv2d_1_backward_weight_units;
    conv2d_1_backward_bias(step, unit, d_conv2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_evaluate_cross_entropy_forward(cuda_step step, const float (*linear_1)[4][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_cross_entropy_forward(step, unit, linear_1, maximum, loss);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_results(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES],
        const float (*linear_1)[4][LANES])
{
    int unit = blockIdx.x;
    results(step, unit, loss, correct, linear_1);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
unpool_update(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES])
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 416)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss[0], correct[0]);
}
