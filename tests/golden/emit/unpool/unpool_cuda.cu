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

/* The images of a block as numbers, normalised where they are bytes: byte * factor + shift = (byte / 255 - mean) / std.
 * 32 pixels of 32 samples go through shared memory, so that both what is loaded and the numbers lie side by side for a
 * warp. */
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
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A warp has 2 x 4 results of 1 channels in registers: each tap that it loads is used 8 times, each element of the
 * patch by every channel. */
DEVICE void conv2d_1_forward(const cuda_step &step, int unit, const float (*conv2d_1_padded)[1][7][7][LANES],
        float (*conv2d_1)[1][5][5][LANES])
{
    const unpool_weights &w = *(const unpool_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[1][1][12];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit;
    int tile = warp;
    int row = tile / 2, column = tile % 2;
    int o0 = 0, y0 = int_min(2*row, 3), x0 = int_min(4*column, 1);

    copy_floats<192, 12>(shared.weight[0][0], w.conv2d_1_weight[o0][0]);
    __syncthreads();
    float sum[1][2][4] = {};
    {
        float patch[4][6];
        UNROLL for (int r = 0; r < 4; r++)
            UNROLL for (int q = 0; q < 6; q++)
                patch[r][q] = conv2d_1_padded[block][0][y0 + r][x0 + q][lane];
        UNROLL for (int k = 0; k < 1; k++) {
            float tap[12];
            load_row<4>(tap, shared.weight[k][0]);
            UNROLL for (int u = 0; u < 3; u++)
                UNROLL for (int v = 0; v < 3; v++)
                    UNROLL for (int r = 0; r < 2; r++)
                        UNROLL for (int q = 0; q < 4; q++)
                            sum[k][r][q] += tap[3*u + v] * patch[r + u][q + v];
        }
    }
    UNROLL for (int i = 0; i < 2; i++)
        UNROLL for (int j = 0; j < 4; j++) {
            float value = sum[0][i][j] + w.conv2d_1_bias[o0];
            int y = y0 + i;
            int x = x0 + j;
            conv2d_1[block][0][y][x][lane] = value;
        }
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

/* linear_1: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy,
 *   cross_entropy: cross_entropy_backward, linear_1: linear_backward_input, flatten_1: flatten_backward  unpool.net:8-17
 *   linear_1_weight   4 x 100
 *   max_unpool2d_1    1 x 10 x 10
 *   label             one a sample
 *   scale             one a sample
 *   correct           one a sample  (result)
 *   loss              one a sample  (result)
 *   d_linear_1        4  (result)
 *   d_max_unpool2d_1  1 x 10 x 10  (result)
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.
 * Then every thread knows the softmax of its sample, and makes the gradient of some of its features. */
DEVICE void linear_1_forward(const cuda_step &step, int unit, const float (*max_unpool2d_1)[1][10][10][LANES],
        float (*correct)[LANES], float (*loss)[LANES], float (*d_linear_1)[4][LANES],
        float (*d_max_unpool2d_1)[1][10][10][LANES])
{
    const unpool_weights &w = *(const unpool_weights *)step.weights;
    struct Shared { float logit[4][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = max_unpool2d_1[block][0][0];

    for (int k = warp_of_thread(); k < 4; k += 8) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 100; j += 4)
            sum += w.linear_1_weight[k][j] * x[j][lane];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        if (threadIdx.x % LANES < 8)
            shared.logit[k][sample] = sum;
    }
    __syncthreads();

    int label = step.labels[sample_of_lane(step, block, lane)], place = 0;
    float largest = shared.logit[0][sample];
    UNROLL for (int k = 1; k < 4; k++)
        take_larger(shared.logit[k][sample], k, largest, place);
    float softmax[4], sum = 0;
    UNROLL for (int k = 0; k < 4; k++) {
        softmax[k] = real_exp(shared.logit[k][sample] - largest);
        sum += softmax[k];
    }
    if (threadIdx.x < 8) {
        loss[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);
        correct[block][lane] = place == label ? 1.0f : 0.0f;
    }

    float scale = scale_of_lane(step, block, lane), d[4];
    UNROLL for (int k = 0; k < 4; k++)
        d[k] = (softmax[k] / sum - (k == label ? 1.0f : 0.0f)) * scale;
    if (threadIdx.x < 8)
        UNROLL for (int k = 0; k < 4; k++)
            d_linear_1[block][k][lane] = d[k];
    for (int j = threadIdx.x / 8; j < 100; j += 32) {
        float total = 0;
        UNROLL for (int k = 0; k < 4; k++)
            total += w.linear_1_weight[k][j] * d[k];
        int x = j % 10;
        int y = j / 10 % 10;
        d_max_unpool2d_1[block][0][y][x][lane] = total;
    }
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
 *   conv2d_1_padded   1 x 7 x 7
 *   d_conv2d_1        1 x 5 x 5
 *   conv2d_1_partial  1 x 16  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of two channels in registers, and 5 x 5 gradients: each element of x that it loads meets every
 * one of them that it reaches. */
DEVICE void conv2d_1_backward_weight(const cuda_step &step, int unit, const float (*conv2d_1_padded)[1][7][7][LANES],
        const float (*d_conv2d_1)[1][5][5][LANES], float (*conv2d_1_partial)[1][16])
{
    int lane = lane_of_thread();
    int block = unit;
    int pair = warp_of_thread();
    if (pair >= 1)
        return;

    float sum[10] = {};
    {
        int y0 = 0, x0 = 0;
        float dy[5][5];
        UNROLL for (int i = 0; i < 5; i++)
            UNROLL for (int j = 0; j < 5; j++) {
                float gradient = d_conv2d_1[block][0][y0 + i][x0 + j][lane];
                sum[9] += gradient;
                dy[i][j] = gradient;
            }
        UNROLL for (int i = 0; i < 7; i++) {
            float x[7];
            UNROLL for (int q = 0; q < 7; q++)
                x[q] = conv2d_1_padded[block][0][y0 + i][x0 + q][lane];
            UNROLL for (int u = 0; u < 3; u++) {
                const int r = i - u;
                if (r >= 0 && r < 5)
                    UNROLL for (int v = 0; v < 3; v++)
                        UNROLL for (int q = 0; q < 5; q++)
                            sum[3*u + v] += dy[r][q] * x[q + v];
            }
        }
    }

    float total = lane_totals<10>(sum);
    if (lane < 12)
        conv2d_1_partial[block][0][lane] = lane < 9 ? total : 0;
    if (lane == 9)
        conv2d_1_partial[block][0][12] = total;
}

/* linear_1: linear_backward_weight                                                               unpool.net:9
 *   d_linear_1       4
 *   max_unpool2d_1   1 x 10 x 10
 *   linear_1_weight  4 x 100  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A block of threads has 16 outputs x 16 inputs, and 32 samples of both in shared memory, in rows of 36 that four
 * samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies the
 * optimiser to them. */
DEVICE void linear_1_backward_weight(const cuda_step &step, int unit, const float (*d_linear_1)[4][LANES],
        const float (*max_unpool2d_1)[1][10][10][LANES])
{
    struct Shared { alignas(16) float dy[16][LANES + 4], x[16][LANES + 4]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / 16, column = threadIdx.x % 16;
    int i0 = 0, j0 = 16*unit;
    float sum[1][1] = {};
    for (int block = 0; block < step_blocks(step); block++) {
        const float (*x)[LANES] = max_unpool2d_1[block][0][0];
        __syncthreads();
        for (int i = warp; i < 16; i += 8)
            shared.dy[i][lane] = i0 + i < 4 ? d_linear_1[block][i0 + i][lane] : 0;
        for (int i = warp; i < 16; i += 8)
            shared.x[i][lane] = j0 + i < 100 ? x[j0 + i][lane] : 0;
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
    }

    UNROLL for (int k = 0; k < 1; k++)
        UNROLL for (int q = 0; q < 1; q++) {
            int i = i0 + row + 16*k, j = j0 + column + 16*q;
            if (i < 4 && j < 100)
                apply_gradient(step, optimizer(), 16 + 100*i + j, sum[k][q]);
        }
}

/* conv2d_1: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void conv2d_1_weight_update(const cuda_step &step, int unit, const float (*conv2d_1_partial)[1][16])
{
    int i = threadIdx.x;
    if (i >= 16)
        return;
    const float (*part)[16] = conv2d_1_partial[0];
    float sum = 0;
    for (int k = 0; k < step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 0 + i, sum);
}

/* Adds up the losses and hits of the step, where the weights are updated. */
DEVICE void step_results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES])
{
    if (warp_of_thread() == 0 && !step.gradient)
        add_results(step, loss[0], correct[0]);
}

/* linear_1: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy                unpool.net:9-17
 *   linear_1_weight  4 x 100
 *   max_unpool2d_1   1 x 10 x 10
 *   label            one a sample
 *   linear_1         4  (result)
 *   correct          one a sample  (result)
 *   loss             one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label].
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.  */
DEVICE void evaluate_linear_1_forward(const cuda_step &step, int unit, const float (*max_unpool2d_1)[1][10][10][LANES],
        float (*linear_1)[4][LANES], float (*correct)[LANES], float (*loss)[LANES])
{
    const unpool_weights &w = *(const unpool_weights *)step.weights;
    struct Shared { float logit[4][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = max_unpool2d_1[block][0][0];

    for (int k = warp_of_thread(); k < 4; k += 8) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 100; j += 4)
            sum += w.linear_1_weight[k][j] * x[j][lane];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        if (threadIdx.x % LANES < 8)
            shared.logit[k][sample] = sum;
    }
    __syncthreads();

    int label = step.labels[sample_of_lane(step, block, lane)], place = 0;
    float largest = shared.logit[0][sample];
    UNROLL for (int k = 1; k < 4; k++)
        take_larger(shared.logit[k][sample], k, largest, place);
    float softmax[4], sum = 0;
    UNROLL for (int k = 0; k < 4; k++) {
        softmax[k] = real_exp(shared.logit[k][sample] - largest);
        sum += softmax[k];
    }
    if (threadIdx.x < 8) {
        loss[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);
        correct[block][lane] = place == label ? 1.0f : 0.0f;
        UNROLL for (int k = 0; k < 4; k++)
            linear_1[block][k][lane] = shared.logit[k][sample];
    }
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

extern "C" __global__ void __launch_bounds__(192)
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
unpool_linear_1_forward(cuda_step step, const float (*max_unpool2d_1)[1][10][10][LANES], float (*correct)[LANES],
        float (*loss)[LANES], float (*d_linear_1)[4][LANES], float (*d_max_unpool2d_1)[1][10][10][LANES])
{
    int unit = blockIdx.x;
    linear_1_forward(step, unit, max_unpool2d_1, correct, loss, d_linear_1, d_max_unpool2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_max_unpool2d_1_backward(cuda_step step, const uint8_t (*pool_indices)[1][5][5][LANES],
        const float (*d_max_unpool2d_1)[1][10][10][LANES], float (*d_conv2d_1)[1][5][5][LANES])
{
    int unit = blockIdx.x;
    max_unpool2d_1_backward(step, unit, pool_indices, d_max_unpool2d_1, d_conv2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_conv2d_1_backward_weight(cuda_step step, const float (*conv2d_1_padded)[1][7][7][LANES],
        const float (*d_conv2d_1)[1][5][5][LANES], float (*conv2d_1_partial)[1][16])
{
    int unit = blockIdx.x;
    conv2d_1_backward_weight(step, unit, conv2d_1_padded, d_conv2d_1, conv2d_1_partial);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_train_9(cuda_step step, const float (*d_linear_1)[4][LANES], const float (*max_unpool2d_1)[1][10][10][LANES],
        const float (*conv2d_1_partial)[1][16], const float (*loss)[LANES], const float (*correct)[LANES])
{
    int unit = blockIdx.x;
    int linear_1_backward_weight_units = 7;
    if (unit < linear_1_backward_weight_units) {
        linear_1_backward_weight(step, unit, d_linear_1, max_unpool2d_1);
        return;
    }
    unit -= linear_1_backward_weight_units;
    int conv2d_1_weight_update_units = 1;
    if (unit < conv2d_1_weight_update_units) {
        conv2d_1_weight_update(step, unit, conv2d_1_partial);
        return;
    }
    unit -= conv2d_1_weight_update_units;
    step_results(step, unit, loss, correct);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_evaluate_linear_1_forward(cuda_step step, const float (*max_unpool2d_1)[1][10][10][LANES],
        float (*linear_1)[4][LANES], float (*correct)[LANES], float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_linear_1_forward(step, unit, max_unpool2d_1, linear_1, correct, loss);
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
