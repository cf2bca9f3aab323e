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

/* conv1: conv2d, relu_1: relu                                                                   units.net:5-6
 *   conv1_weight  8 x 1 x 28
 *   conv1_bias    8
 *   relu_1        8 x 17 x 17  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * The bytes of 6 rows of 32 images become numbers in shared memory, in columns of 33 so that neither side meets itself
 * in a bank. A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element
 * of the patch by every channel. */
DEVICE void conv1_forward(const cuda_step &step, int unit, float (*relu_1)[8][17][17][LANES])
{
    const units_weights &w = *(const units_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][1][28];
        float x[126][LANES + 1];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 36, part = unit % 36;
    int row = part / 4, channels = part % 4;
    int o0 = 2*channels, y0 = int_min(2*row, 15), x0 = int_min(4*warp, 13);

    copy_floats<160, 56>(shared.weight[0][0], w.conv1_weight[o0][0]);
    float sum[2][2][4] = {};
    stage_images<1, 126, LANES + 1, 160>(shared.x, step, block, 441, 21*y0, factor[0], shift[0]);
    __syncthreads();

    float patch[6][8];
    UNROLL for (int r = 0; r < 6; r++)
        UNROLL for (int q = 0; q < 8; q++)
            patch[r][q] = shared.x[21*r + x0 + q][lane];
    UNROLL for (int k = 0; k < 2; k++) {
        float tap[28];
        load_row<4>(tap, shared.weight[k][0]);
        UNROLL for (int u = 0; u < 5; u++)
            UNROLL for (int v = 0; v < 5; v++)
                UNROLL for (int r = 0; r < 2; r++)
                    UNROLL for (int q = 0; q < 4; q++)
                        sum[k][r][q] += tap[5*u + v] * patch[r + u][q + v];
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int i = 0; i < 2; i++)
            UNROLL for (int j = 0; j < 4; j++) {
                float value = sum[k][i][j] + w.conv1_bias[o0 + k];
                int y = y0 + i;
                int x = x0 + j;
                int o = o0 + k;
                relu_1[block][o][y][x][lane] = real_max(value, 0.0f);
            }
}

/* conv2: conv2d                                                                                   units.net:7
 *   conv2_weight  12 x 4 x 12
 *   relu_1        8 x 17 x 17
 *   conv2_bias    12
 *   conv2         12 x 15 x 15  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element of the
 * patch by every channel. 4 warps share a tile, each sums 1 of the 4 input channels: alone they would be too few to
 * keep a GPU busy. */
DEVICE void conv2_forward(const cuda_step &step, int unit, const float (*relu_1)[8][17][17][LANES],
        float (*conv2)[12][15][15][LANES])
{
    const units_weights &w = *(const units_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][4][12];
        float sum[8][2][2][4][LANES];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 96, part = unit % 96;
    int g = part / 48, channels = part / 16 % 3, tiles = part % 16;
    int tile = 2*tiles + warp / 4;
    int row = tile / 4, column = tile % 4;
    int o0 = 2*channels, y0 = int_min(2*row, 13), x0 = int_min(4*column, 11);

    copy_floats<256, 96>(shared.weight[0][0], w.conv2_weight[6*g + o0][0]);
    __syncthreads();
    float sum[2][2][4] = {};
    {
        int c = warp % 4;
        float patch[4][6];
        UNROLL for (int r = 0; r < 4; r++)
            UNROLL for (int q = 0; q < 6; q++)
                patch[r][q] = relu_1[block][4*g + c][y0 + r][x0 + q][lane];
        UNROLL for (int k = 0; k < 2; k++) {
            float tap[12];
            load_row<4>(tap, shared.weight[k][c]);
            UNROLL for (int u = 0; u < 3; u++)
                UNROLL for (int v = 0; v < 3; v++)
                    UNROLL for (int r = 0; r < 2; r++)
                        UNROLL for (int q = 0; q < 4; q++)
                            sum[k][r][q] += tap[3*u + v] * patch[r + u][q + v];
        }
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int r = 0; r < 2; r++)
            UNROLL for (int q = 0; q < 4; q++)
                shared.sum[warp][k][r][q][lane] = sum[k][r][q];
    __syncthreads();

    for (int window = warp % 4; window < 16; window += 4) {
        int k = window / 8, i = window / 4 % 2, j = window % 4;
        float total[1][1] = {};
        UNROLL for (int from = 0; from < 4; from++)
            UNROLL for (int r = 0; r < 1; r++)
                UNROLL for (int q = 0; q < 1; q++)
                    total[r][q] += shared.sum[warp / 4 * 4 + from][k][i + r][j + q][lane];
        float value = total[0][0] + w.conv2_bias[6*g + o0 + k];
        int y = y0 + i;
        int x = x0 + j;
        int o = o0 + k;
        conv2[block][6*g + o][y][x][lane] = value;
    }
}

/* fc: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward,
 *   fc: linear_backward_input, flatten_1: flatten_backward                                   units.net:8-19
 *   fc_weight  7 x 2700
 *   conv2      12 x 15 x 15
 *   fc_bias    7
 *   label      one a sample
 *   scale      one a sample
 *   correct    one a sample  (result)
 *   loss       one a sample  (result)
 *   d_fc       7  (result)
 *   d_conv2    12 x 15 x 15  (result)
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.
 * Then every thread knows the softmax of its sample, and makes the gradient of some of its features. */
DEVICE void fc_forward(const cuda_step &step, int unit, const float (*conv2)[12][15][15][LANES],
        float (*correct)[LANES], float (*loss)[LANES], float (*d_fc)[7][LANES], float (*d_conv2)[12][15][15][LANES])
{
    const units_weights &w = *(const units_weights *)step.weights;
    struct Shared { float logit[7][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = conv2[block][0][0];

    for (int k = warp_of_thread(); k < 7; k += 8) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 2700; j += 4)
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
    for (int j = threadIdx.x / 8; j < 2700; j += 32) {
        float total = 0;
        UNROLL for (int k = 0; k < 7; k++)
            total += w.fc_weight[k][j] * d[k];
        int x = j % 15;
        int y = j / 15 % 15;
        int c = j / 225;
        d_conv2[block][c][y][x][lane] = total;
    }
}

/* conv2: conv2d_backward_input, relu_1: relu_backward                                           units.net:6-7
 *   conv2_weight  12 x 4 x 12
 *   d_conv2       12 x 15 x 15
 *   relu_1        8 x 17 x 17
 *   d_conv1       8 x 17 x 17  (result)
 * dx[c][y][x] gathers every output that read (y, x).
 * A warp has 2 x 6 results of 2 channels in registers: each gradient that it loads meets every tap of both. 6 warps
 * share a tile, each sums 1 of the 6 output channels. */
DEVICE void conv2_backward_input(const cuda_step &step, int unit, const float (*d_conv2)[12][15][15][LANES],
        const float (*relu_1)[8][17][17][LANES], float (*d_conv1)[8][17][17][LANES])
{
    const units_weights &w = *(const units_weights *)step.weights;
    struct Shared { float sum[6][2][2][6][LANES]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 108, part = unit % 108;
    int row = part / 12, column = part / 4 % 3, g = part / 2 % 2, channels = part % 2;
    int c0 = 2*channels, y0 = 2*row, x0 = 6*column;

    float sum[2][2][6] = {};
    for (int o = warp, end = o + 1; o < end; o++) {
        float tap[2][12];
        UNROLL for (int k = 0; k < 2; k++)
            load_row<4>(tap[k], w.conv2_weight[6*g + o][c0 + k]);
        UNROLL for (int i = 0; i < 4; i++)
            UNROLL for (int j = 0; j < 8; j++) {
                int row = y0 + i - 2, column = x0 + j - 2;
                if (row < 0 || row >= 15 || column < 0 || column >= 15)
                    continue;
                float dy = d_conv2[block][6*g + o][row][column][lane];
                UNROLL for (int u = 0; u < 3; u++)
                    UNROLL for (int v = 0; v < 3; v++) {
                        const int y = i + u - 2, x = j + v - 2;
                        if (y >= 0 && y < 2 && x >= 0 && x < 6)
                            UNROLL for (int k = 0; k < 2; k++)
                                sum[k][y][x] += dy * tap[k][3*u + v];
                    }
            }
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int r = 0; r < 2; r++)
            UNROLL for (int q = 0; q < 6; q++)
                shared.sum[warp][k][r][q][lane] = sum[k][r][q];
    __syncthreads();

    for (int i = warp; i < 4; i += 6) {       // a row of the tile
    int k = i / 2, r = i % 2;
    UNROLL for (int q = 0; q < 6; q++) {
        float total = 0;
        UNROLL for (int from = 0; from < 6; from++)
            total += shared.sum[from][k][r][q][lane];
        if (y0 + r < 17 && x0 + q < 17) {
            int y = y0 + r;
            int x = x0 + q;
            int c = c0 + k;
            d_conv1[block][4*g + c][y][x][lane] = relu_1[block][4*g + c][y][x][lane] <= 0.0f ? 0.0f : total;
        }
    }
}
}

/* conv2: conv2d_backward_weight                                                                   units.net:7
 *   relu_1         8 x 17 x 17
 *   d_conv2        12 x 15 x 15
 *   conv2_partial  3 x 588  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of two channels in registers, and 5 x 5 gradients: each element of x that it loads meets every
 * one of them that it reaches. */
DEVICE void conv2_backward_weight(const cuda_step &step, int unit, const float (*relu_1)[8][17][17][LANES],
        const float (*d_conv2)[12][15][15][LANES], float (*conv2_partial)[3][588])
{
    int lane = lane_of_thread();
    int block = unit / 24, part = unit % 24;
    int pair = 6 * part + warp_of_thread();
    int share = pair / 48, g = pair / 24 % 2, o = pair / 4 % 6, c = pair % 4;

    float sum[10] = {};
    for (int tile = 3*share, end = tile + 3; tile < end; tile++) {
        int row = tile / 3, column = tile % 3;
        int y0 = 5*row, x0 = 5*column;
        float dy[5][5];
        UNROLL for (int i = 0; i < 5; i++)
            UNROLL for (int j = 0; j < 5; j++) {
                float gradient = d_conv2[block][6*g + o][y0 + i][x0 + j][lane];
                sum[9] += gradient;
                dy[i][j] = gradient;
            }
        UNROLL for (int i = 0; i < 7; i++) {
            float x[7];
            UNROLL for (int q = 0; q < 7; q++)
                x[q] = relu_1[block][4*g + c][y0 + i][x0 + q][lane];
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
        conv2_partial[block][share][12*(4*(6*g + o) + c) + lane] = lane < 9 ? total : 0;
    if (lane == 9 && c == 0)
        conv2_partial[block][share][576 + 6*g + o] = total;
}

/* conv1: conv2d_backward_weight                                                                   units.net:5
 *   d_conv1        8 x 17 x 17
 *   conv1_partial  17 x 232  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of a channel in registers. x comes from the images' bytes, as numbers in shared memory. */
DEVICE void conv1_backward_weight(const cuda_step &step, int unit, const float (*d_conv1)[8][17][17][LANES],
        float (*conv1_partial)[17][232])
{
    struct Shared { float x[105][LANES + 1]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread();
    int block = unit / 17, part = unit % 17;
    int share = part;
    int o = warp_of_thread();
    float sum[26] = {};

    {
        int row = share;
        stage_images<1, 105, LANES + 1, 256>(shared.x, step, block, 441, 21*row, factor[0], shift[0]);
        __syncthreads();

        int y0 = row, x0 = 0;
        float dy[1][17];
        UNROLL for (int i = 0; i < 1; i++)
            UNROLL for (int j = 0; j < 17; j++) {
                float gradient = d_conv1[block][o][y0 + i][x0 + j][lane];
                sum[25] += gradient;
                dy[i][j] = gradient;
            }
        UNROLL for (int i = 0; i < 5; i++) {
            float x[21];
            UNROLL for (int q = 0; q < 21; q++)
                x[q] = shared.x[21*i + x0 + q][lane];
            UNROLL for (int u = 0; u < 5; u++) {
                const int r = i - u;
                if (r >= 0 && r < 1)
                    UNROLL for (int v = 0; v < 5; v++)
                        UNROLL for (int q = 0; q < 17; q++)
                            sum[5*u + v] += dy[r][q] * x[q + v];
            }
        }
    }

    float total = lane_totals<26>(sum);
    if (lane < 28)
        conv1_partial[block][share][28*o + lane] = lane < 25 ? total : 0;
    if (lane == 25)
        conv1_partial[block][share][224 + o] = total;
}

/* fc: linear_backward_weight                                                                      units.net:9
 *   d_fc       7
 *   conv2      12 x 15 x 15
 *   fc_weight  7 x 2700  (result)
 *   fc_bias    7  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A block of threads has 16 outputs x 16 inputs, and 32 samples of both in shared memory, in rows of 36 that four
 * samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies the
 * optimiser to them. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*d_fc)[7][LANES],
        const float (*conv2)[12][15][15][LANES])
{
    struct Shared { alignas(16) float dy[16][LANES + 4], x[16][LANES + 4]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / 16, column = threadIdx.x % 16;
    int i0 = 0, j0 = 16*unit;
    float sum[1][1] = {};
    float bias[2] = {};
    for (int block = 0; block < step_blocks(step); block++) {
        const float (*x)[LANES] = conv2[block][0][0];
        __syncthreads();
        for (int i = warp; i < 16; i += 8)
            shared.dy[i][lane] = i0 + i < 7 ? d_fc[block][i0 + i][lane] : 0;
        for (int i = warp; i < 16; i += 8)
            shared.x[i][lane] = j0 + i < 2700 ? x[j0 + i][lane] : 0;
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
            if (i < 7 && j < 2700)
                apply_gradient(step, optimizer(), 820 + 2700*i + j, sum[k][q]);
        }
    if (j0 == 0)                // the bias: a warp sums it over the lanes
        UNROLL for (int k = 0; k < 2; k++) {
            int i = i0 + warp + 8*k;
            float total = warp_sum(bias[k]);
            if (lane == 0 && i < 7)
                apply_gradient(step, optimizer(), 19720 + i, total);
        }
}

/* conv1: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void conv1_weight_update(const cuda_step &step, int unit, const float (*conv1_partial)[17][232])
{
    int i = threadIdx.x;
    if (i >= 232)
        return;
    const float (*part)[232] = conv1_partial[0];
    float sum = 0;
    for (int k = 0; k < 17*step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 0 + i, sum);
}

/* conv2: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void conv2_weight_update(const cuda_step &step, int unit, const float (*conv2_partial)[3][588])
{
    int i = 256 * unit + threadIdx.x;
    if (i >= 588)
        return;
    const float (*part)[588] = conv2_partial[0];
    float sum = 0;
    for (int k = 0; k < 3*step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 232 + i, sum);
}

/* Adds up the losses and hits of the step, where the weights are updated. */
DEVICE void step_results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES])
{
    if (warp_of_thread() == 0 && !step.gradient)
        add_results(step, loss[0], correct[0]);
}

/* fc: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy                       units.net:9-19
 *   fc_weight  7 x 2700
 *   conv2      12 x 15 x 15
 *   fc_bias    7
 *   label      one a sample
 *   fc         7  (result)
 *   correct    one a sample  (result)
 *   loss       one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label].
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.  */
DEVICE void evaluate_fc_forward(const cuda_step &step, int unit, const float (*conv2)[12][15][15][LANES],
        float (*fc)[7][LANES], float (*correct)[LANES], float (*loss)[LANES])
{
    const units_weights &w = *(const units_weights *)step.weights;
    struct Shared { float logit[7][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = conv2[block][0][0];

    for (int k = warp_of_thread(); k < 7; k += 8) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 2700; j += 4)
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

extern "C" __global__ void __launch_bounds__(160)
units_conv1_forward(cuda_step step, float (*relu_1)[8][17][17][LANES])
{
    int unit = blockIdx.x;
    conv1_forward(step, unit, relu_1);
}

extern "C" __global__ void __launch_bounds__(256)
units_conv2_forward(cuda_step step, const float (*relu_1)[8][17][17][LANES], float (*conv2)[12][15][15][LANES])
{
    int unit = blockIdx.x;
    conv2_forward(step, unit, relu_1, conv2);
}

extern "C" __global__ void __launch_bounds__(256)
units_fc_forward(cuda_step step, const float (*conv2)[12][15][15][LANES], float (*correct)[LANES], float (*loss)[LANES],
        float (*d_fc)[7][LANES], float (*d_conv2)[12][15][15][LANES])
{
    int unit = blockIdx.x;
    fc_forward(step, unit, conv2, correct, loss, d_fc, d_conv2);
}

extern "C" __global__ void __launch_bounds__(192)
units_train_4(cuda_step step, const float (*d_conv2)[12][15][15][LANES], const float (*relu_1)[8][17][17][LANES],
        float (*d_conv1)[8][17][17][LANES], float (*conv2_partial)[3][588])
{
    int unit = blockIdx.x;
    int conv2_backward_input_units = 108 * step_blocks(step);
    if (unit < conv2_backward_input_units) {
        conv2_backward_input(step, unit, d_conv2, relu_1, d_conv1);
        return;
    }
    unit -= conv2_backward_input_units;
    conv2_backward_weight(step, unit, relu_1, d_conv2, conv2_partial);
}

extern "C" __global__ void __launch_bounds__(256)
units_conv1_backward_weight(cuda_step step, const float (*d_conv1)[8][17][17][LANES], float (*conv1_partial)[17][232])
{
    int unit = blockIdx.x;
    conv1_backward_weight(step, unit, d_conv1, conv1_partial);
}

extern "C" __global__ void __launch_bounds__(256)
units_train_6(cuda_step step, const float (*d_fc)[7][LANES], const float (*conv2)[12][15][15][LANES],
        const float (*conv1_partial)[17][232], const float (*conv2_partial)[3][588], const float (*loss)[LANES],
        const float (*correct)[LANES])
{
    int unit = blockIdx.x;
    int fc_backward_weight_units = 169;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, d_fc, conv2);
        return;
    }
    unit -= fc_backward_weight_units;
    int conv1_weight_update_units = 1;
    if (unit < conv1_weight_update_units) {
        conv1_weight_update(step, unit, conv1_partial);
        return;
    }
    unit -= conv1_weight_update_units;
    int conv2_weight_update_units = 3;
    if (unit < conv2_weight_update_units) {
        conv2_weight_update(step, unit, conv2_partial);
        return;
    }
    unit -= conv2_weight_update_units;
    step_results(step, unit, loss, correct);
}

extern "C" __global__ void __launch_bounds__(256)
units_evaluate_fc_forward(cuda_step step, const float (*conv2)[12][15][15][LANES], float (*fc)[7][LANES],
        float (*correct)[LANES], float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_fc_forward(step, unit, conv2, fc, correct, loss);
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
