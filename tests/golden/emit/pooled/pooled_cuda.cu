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

/* conv: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         pooled.net:5-7
 *   conv_weight           6 x 1 x 12
 *   conv_bias             6
 *   relu_1                6 x 5 x 5  (result)
 *   max_pool2d_1_indices  6 x 5 x 5  (result)
 * the largest of each window, and which element of it that is.
 * The bytes of 4 rows of 32 images become numbers in shared memory, in columns of 33 so that neither side meets itself
 * in a bank. A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element
 * of the patch by every channel. */
DEVICE void conv_forward(const cuda_step &step, int unit, float (*relu_1)[6][5][5][LANES],
        uint8_t (*max_pool2d_1_indices)[6][5][5][LANES])
{
    const pooled_weights &w = *(const pooled_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][1][12];
        float x[48][LANES + 1];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 15, part = unit % 15;
    int row = part / 3, channels = part % 3;
    int o0 = 2*channels, y0 = row, x0 = int_min(2*warp, 3);

    copy_floats<96, 24>(shared.weight[0][0], w.conv_weight[o0][0]);
    float sum[2][2][4] = {};
    stage_images<8, 48, LANES + 1, 96>(shared.x, step, block, 144, 24*y0, factor[0], shift[0]);
    __syncthreads();

    float patch[4][6];
    UNROLL for (int r = 0; r < 4; r++)
        UNROLL for (int q = 0; q < 6; q++)
            patch[r][q] = shared.x[12*r + 2*x0 + q][lane];
    UNROLL for (int k = 0; k < 2; k++) {
        float tap[12];
        load_row<4>(tap, shared.weight[k][0]);
        UNROLL for (int u = 0; u < 3; u++)
            UNROLL for (int v = 0; v < 3; v++)
                UNROLL for (int r = 0; r < 2; r++)
                    UNROLL for (int q = 0; q < 4; q++)
                        sum[k][r][q] += tap[3*u + v] * patch[r + u][q + v];
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int j = 0; j < 2; j++) {
            float largest = sum[k][0][2*j];
            int place = 0;
            take_larger(sum[k][0][2*j + 1], 1, largest, place);
            take_larger(sum[k][1][2*j], 2, largest, place);
            take_larger(sum[k][1][2*j + 1], 3, largest, place);
            float value = largest + w.conv_bias[o0 + k];
            int y = y0;
            int x = x0 + j;
            int c = o0 + k;
            relu_1[block][c][y][x][lane] = real_max(value, 0.0f);
            max_pool2d_1_indices[block][c][y][x][lane] = place;
        }
}

/* fc: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward,
 *   fc: linear_backward_input, flatten_1: flatten_backward, relu_1: relu_backward           pooled.net:7-19
 *   fc_weight       7 x 150
 *   relu_1          6 x 5 x 5
 *   fc_bias         7
 *   label           one a sample
 *   scale           one a sample
 *   correct         one a sample  (result)
 *   loss            one a sample  (result)
 *   d_fc            7  (result)
 *   d_max_pool2d_1  6 x 5 x 5  (result)
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.
 * Then every thread knows the softmax of its sample, and makes the gradient of some of its features. */
DEVICE void fc_forward(const cuda_step &step, int unit, const float (*relu_1)[6][5][5][LANES], float (*correct)[LANES],
        float (*loss)[LANES], float (*d_fc)[7][LANES], float (*d_max_pool2d_1)[6][5][5][LANES])
{
    const pooled_weights &w = *(const pooled_weights *)step.weights;
    struct Shared { float logit[7][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = relu_1[block][0][0];

    for (int k = warp_of_thread(); k < 7; k += 8) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 150; j += 4)
            sum += w.fc_weight[k][j] * x[j][lane];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        if (threadIdx.x % LANES < 8)
            shared.logit[k][sample] = sum + w.fc_bias[k];
    }
    __syncthreads();

    int label = step.labels[sample_of_lane(step, block, lane)], place = 0;
    float largest = shared.logit[0][sample];
    UNROLL for (int k = 1; k < 7; k++)
        take_larger(shared.logit[k][sample], k, largest, place);
    float softmax[7], sum = 0;
    UNROLL for (int k = 0; k < 7; k++) {
        softmax[k] = real_exp(shared.logit[k][sample] - largest);
        sum += softmax[k];
    }
    if (threadIdx.x < 8) {
        loss[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);
        correct[block][lane] = place == label ? 1.0f : 0.0f;
    }

    float scale = scale_of_lane(step, block, lane), d[7];
    UNROLL for (int k = 0; k < 7; k++)
        d[k] = (softmax[k] / sum - (k == label ? 1.0f : 0.0f)) * scale;
    if (threadIdx.x < 8)
        UNROLL for (int k = 0; k < 7; k++)
            d_fc[block][k][lane] = d[k];
    for (int j = threadIdx.x / 8; j < 150; j += 32) {
        float total = 0;
        UNROLL for (int k = 0; k < 7; k++)
            total += w.fc_weight[k][j] * d[k];
        int x = j % 5;
        int y = j / 5 % 5;
        int c = j / 25;
        d_max_pool2d_1[block][c][y][x][lane] = relu_1[block][c][y][x][lane] <= 0.0f ? 0.0f : total;
    }
}

/* conv: conv2d_backward_weight, max_pool2d_1: max_pool2d_backward                              pooled.net:5-6
 *   max_pool2d_1_indices  6 x 5 x 5
 *   d_max_pool2d_1        6 x 5 x 5
 *   conv_partial          5 x 80  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of a channel in registers. Of each window only the element that it took counts: each lane
 * multiplies the patch that its own window took, in its own bank of shared memory. */
DEVICE void conv_backward_weight(const cuda_step &step, int unit, const uint8_t (*max_pool2d_1_indices)[6][5][5][LANES],
        const float (*d_max_pool2d_1)[6][5][5][LANES], float (*conv_partial)[5][80])
{
    struct Shared { float x[48][LANES]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread();
    int block = unit / 5, part = unit % 5;
    int share = part;
    int o = warp_of_thread();
    float sum[10] = {};

    {
        int row = share;
        stage_images<8, 48, LANES, 192>(shared.x, step, block, 144, 24*row, factor[0], shift[0]);
        __syncthreads();

        UNROLL for (int x = 0; x < 5; x++) {
            float dy = d_max_pool2d_1[block][o][row][x][lane];
            int place = max_pool2d_1_indices[block][o][row][x][lane];
            const float *patch = &shared.x[12 * (place / 2) + 2*x + place % 2][lane];
            sum[9] += dy;
            UNROLL for (int u = 0; u < 3; u++)
                UNROLL for (int v = 0; v < 3; v++)
                    sum[3*u + v] += dy * patch[LANES * (12*u + v)];
        }
    }

    float total = lane_totals<10>(sum);
    if (lane < 12)
        conv_partial[block][share][12*o + lane] = lane < 9 ? total : 0;
    if (lane == 9)
        conv_partial[block][share][72 + o] = total;
}

/* fc: linear_backward_weight                                                                     pooled.net:9
 *   d_fc       7
 *   relu_1     6 x 5 x 5
 *   fc_weight  7 x 150  (result)
 *   fc_bias    7  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A block of threads has 16 outputs x 16 inputs, and 32 samples of both in shared memory, in rows of 36 that four
 * samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies the
 * optimiser to them. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*d_fc)[7][LANES],
        const float (*relu_1)[6][5][5][LANES])
{
    struct Shared { alignas(16) float dy[16][LANES + 4], x[16][LANES + 4]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / 16, column = threadIdx.x % 16;
    int i0 = 0, j0 = 16*unit;
    float sum[1][1] = {};
    float bias[2] = {};
    for (int block = 0; block < step_blocks(step); block++) {
        const float (*x)[LANES] = relu_1[block][0][0];
        __syncthreads();
        for (int i = warp; i < 16; i += 8)
            shared.dy[i][lane] = i0 + i < 7 ? d_fc[block][i0 + i][lane] : 0;
        for (int i = warp; i < 16; i += 8)
            shared.x[i][lane] = j0 + i < 150 ? x[j0 + i][lane] : 0;
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
            if (i < 7 && j < 150)
                apply_gradient(step, optimizer(), 80 + 150*i + j, sum[k][q]);
        }
    if (j0 == 0)                // the bias: a warp sums it over the lanes
        UNROLL for (int k = 0; k < 2; k++) {
            int i = i0 + warp + 8*k;
            float total = warp_sum(bias[k]);
            if (lane == 0 && i < 7)
                apply_gradient(step, optimizer(), 1132 + i, total);
        }
}

/* conv: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void conv_weight_update(const cuda_step &step, int unit, const float (*conv_partial)[5][80])
{
    int i = threadIdx.x;
    if (i >= 80)
        return;
    const float (*part)[80] = conv_partial[0];
    float sum = 0;
    for (int k = 0; k < 5*step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 0 + i, sum);
}

/* Adds up the losses and hits of the step, where the weights are updated. */
DEVICE void step_results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES])
{
    if (warp_of_thread() == 0 && !step.gradient)
        add_results(step, loss[0], correct[0]);
}

/* conv: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         pooled.net:5-7
 *   conv_weight  6 x 1 x 12
 *   conv_bias    6
 *   relu_1       6 x 5 x 5  (result)
 * the largest of each window.
 * The bytes of 4 rows of 32 images become numbers in shared memory, in columns of 33 so that neither side meets itself
 * in a bank. A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element
 * of the patch by every channel. */
DEVICE void evaluate_conv_forward(const cuda_step &step, int unit, float (*relu_1)[6][5][5][LANES])
{
    const pooled_weights &w = *(const pooled_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][1][12];
        float x[48][LANES + 1];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 15, part = unit % 15;
    int row = part / 3, channels = part % 3;
    int o0 = 2*channels, y0 = row, x0 = int_min(2*warp, 3);

    copy_floats<96, 24>(shared.weight[0][0], w.conv_weight[o0][0]);
    float sum[2][2][4] = {};
    stage_images<8, 48, LANES + 1, 96>(shared.x, step, block, 144, 24*y0, factor[0], shift[0]);
    __syncthreads();

    float patch[4][6];
    UNROLL for (int r = 0; r < 4; r++)
        UNROLL for (int q = 0; q < 6; q++)
            patch[r][q] = shared.x[12*r + 2*x0 + q][lane];
    UNROLL for (int k = 0; k < 2; k++) {
        float tap[12];
        load_row<4>(tap, shared.weight[k][0]);
        UNROLL for (int u = 0; u < 3; u++)
            UNROLL for (int v = 0; v < 3; v++)
                UNROLL for (int r = 0; r < 2; r++)
                    UNROLL for (int q = 0; q < 4; q++)
                        sum[k][r][q] += tap[3*u + v] * patch[r + u][q + v];
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int j = 0; j < 2; j++) {
            float largest = sum[k][0][2*j];
            take_larger(sum[k][0][2*j + 1], largest);
            take_larger(sum[k][1][2*j], largest);
            take_larger(sum[k][1][2*j + 1], largest);
            float value = largest + w.conv_bias[o0 + k];
            int y = y0;
            int x = x0 + j;
            int c = o0 + k;
            relu_1[block][c][y][x][lane] = real_max(value, 0.0f);
        }
}

/* fc: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy                      pooled.net:9-19
 *   fc_weight  7 x 150
 *   relu_1     6 x 5 x 5
 *   fc_bias    7
 *   label      one a sample
 *   fc         7  (result)
 *   correct    one a sample  (result)
 *   loss       one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label].
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.  */
DEVICE void evaluate_fc_forward(const cuda_step &step, int unit, const float (*relu_1)[6][5][5][LANES],
        float (*fc)[7][LANES], float (*correct)[LANES], float (*loss)[LANES])
{
    const pooled_weights &w = *(const pooled_weights *)step.weights;
    struct Shared { float logit[7][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = relu_1[block][0][0];

    for (int k = warp_of_thread(); k < 7; k += 8) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 150; j += 4)
            sum += w.fc_weight[k][j] * x[j][lane];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        if (threadIdx.x % LANES < 8)
            shared.logit[k][sample] = sum + w.fc_bias[k];
    }
    __syncthreads();

    int label = step.labels[sample_of_lane(step, block, lane)], place = 0;
    float largest = shared.logit[0][sample];
    UNROLL for (int k = 1; k < 7; k++)
        take_larger(shared.logit[k][sample], k, largest, place);
    float softmax[7], sum = 0;
    UNROLL for (int k = 0; k < 7; k++) {
        softmax[k] = real_exp(shared.logit[k][sample] - largest);
        sum += softmax[k];
    }
    if (threadIdx.x < 8) {
        loss[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);
        correct[block][lane] = place == label ? 1.0f : 0.0f;
        UNROLL for (int k = 0; k < 7; k++)
            fc[block][k][lane] = shared.logit[k][sample];
    }
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

extern "C" __global__ void __launch_bounds__(96)
pooled_conv_forward(cuda_step step, float (*relu_1)[6][5][5][LANES], uint8_t (*max_pool2d_1_indices)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    conv_forward(step, unit, relu_1, max_pool2d_1_indices);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_fc_forward(cuda_step step, const float (*relu_1)[6][5][5][LANES], float (*correct)[LANES], float (*loss)[LANES],
        float (*d_fc)[7][LANES], float (*d_max_pool2d_1)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    fc_forward(step, unit, relu_1, correct, loss, d_fc, d_max_pool2d_1);
}

extern "C" __global__ void __launch_bounds__(192)
pooled_conv_backward_weight(cuda_step step, const uint8_t (*max_pool2d_1_indices)[6][5][5][LANES],
        const float (*d_max_pool2d_1)[6][5][5][LANES], float (*conv_partial)[5][80])
{
    int unit = blockIdx.x;
    conv_backward_weight(step, unit, max_pool2d_1_indices, d_max_pool2d_1, conv_partial);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_train_4(cuda_step step, const float (*d_fc)[7][LANES], const float (*relu_1)[6][5][5][LANES],
        const float (*conv_partial)[5][80], const float (*loss)[LANES], const float (*correct)[LANES])
{
    int unit = blockIdx.x;
    int fc_backward_weight_units = 10;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, d_fc, relu_1);
        return;
    }
    unit -= fc_backward_weight_units;
    int conv_weight_update_units = 1;
    if (unit < conv_weight_update_units) {
        conv_weight_update(step, unit, conv_partial);
        return;
    }
    unit -= conv_weight_update_units;
    step_results(step, unit, loss, correct);
}

extern "C" __global__ void __launch_bounds__(96)
pooled_evaluate_conv_forward(cuda_step step, float (*relu_1)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    evaluate_conv_forward(step, unit, relu_1);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_evaluate_fc_forward(cuda_step step, const float (*relu_1)[6][5][5][LANES], float (*fc)[7][LANES],
        float (*correct)[LANES], float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_fc_forward(step, unit, relu_1, fc, correct, loss);
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
