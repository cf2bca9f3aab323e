/* lenet, compiled by netc 0.1.0 for CUDA from lenet.net with: netc lenet.net --cpu=avx2
 * sha256 of lenet.net: 1f84c3979097720d08ad5b072b3acc6fa4b17785d347f9d751d029128b06b2a6
 * The kernels of a GPU. A lane, a thread of a warp, is a sample. */
#include "cuda_kernels.h"

/* The flat array of weights, as PyTorch orders them; the taps of a convolution's weight are padded to whole
 * 16 bytes. The gradient has the same form. */
struct lenet_weights {
    alignas(16) float conv1_weight[10][1][28];
    alignas(16) float conv1_bias[10];
    alignas(16) float conv2_weight[20][10][28];
    alignas(16) float conv2_bias[20];
    alignas(16) float fc_weight[10][320];
    alignas(16) float fc_bias[10];
};

/* Of each channel of an image: byte * factor + shift = (byte / 255 - mean) / std. */
static __constant__ const float factor[1] = { (float)(1 / (255 * 0.3081)) };
static __constant__ const float shift[1] = { (float)(-0.1307 / 0.3081) };

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

/* conv1: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         lenet.net:5-7
 *   conv1_weight          10 x 1 x 28
 *   conv1_bias            10
 *   relu_1                10 x 12 x 12  (result)
 *   max_pool2d_1_indices  10 x 12 x 12  (result)
 * the largest of each window, and which element of it that is.
 * The bytes of 6 rows of 32 images become numbers in shared memory, in columns of 33 so that neither side meets itself
 * in a bank. A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element
 * of the patch by every channel. */
DEVICE void conv1_forward(const cuda_step &step, int unit, float (*relu_1)[10][12][12][LANES],
        uint8_t (*max_pool2d_1_indices)[10][12][12][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][1][28];
        float x[168][LANES + 1];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 60, part = unit % 60;
    int row = part / 5, channels = part % 5;
    int o0 = 2*channels, y0 = row, x0 = 2*warp;

    copy_floats<192, 56>(shared.weight[0][0], w.conv1_weight[o0][0]);
    float sum[2][2][4] = {};
    stage_images<8, 168, LANES + 1, 192>(shared.x, step, block, 784, 56*y0, factor[0], shift[0]);
    __syncthreads();

    float patch[6][8];
    UNROLL for (int r = 0; r < 6; r++)
        UNROLL for (int q = 0; q < 8; q++)
            patch[r][q] = shared.x[28*r + 2*x0 + q][lane];
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
        UNROLL for (int j = 0; j < 2; j++) {
            float largest = sum[k][0][2*j];
            int place = 0;
            take_larger(sum[k][0][2*j + 1], 1, largest, place);
            take_larger(sum[k][1][2*j], 2, largest, place);
            take_larger(sum[k][1][2*j + 1], 3, largest, place);
            float value = largest + w.conv1_bias[o0 + k];
            int y = y0;
            int x = x0 + j;
            int c = o0 + k;
            relu_1[block][c][y][x][lane] = real_max(value, 0.0f);
            max_pool2d_1_indices[block][c][y][x][lane] = place;
        }
}

/* conv2: conv2d, max_pool2d_2: max_pool2d, relu_2: relu                                        lenet.net:8-10
 *   conv2_weight          20 x 10 x 28
 *   relu_1                10 x 12 x 12
 *   conv2_bias            20
 *   relu_2                20 x 4 x 4  (result)
 *   max_pool2d_2_indices  20 x 4 x 4  (result)
 * the largest of each window, and which element of it that is.
 * A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element of the
 * patch by every channel. 5 warps share a tile, each sums 2 of the 10 input channels: alone they would be too few to
 * keep a GPU busy. */
DEVICE void conv2_forward(const cuda_step &step, int unit, const float (*relu_1)[10][12][12][LANES],
        float (*relu_2)[20][4][4][LANES], uint8_t (*max_pool2d_2_indices)[20][4][4][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][10][28];
        float sum[5][2][2][4][LANES];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 80, part = unit % 80;
    int channels = part / 8, tiles = part % 8;
    int row = tiles / 2, column = tiles % 2;
    int o0 = 2*channels, y0 = row, x0 = 2*column;

    copy_floats<160, 560>(shared.weight[0][0], w.conv2_weight[o0][0]);
    __syncthreads();
    float sum[2][2][4] = {};
    for (int c = 2 * warp, end = c + 2; c < end; c++) {
        float patch[6][8];
        UNROLL for (int r = 0; r < 6; r++)
            UNROLL for (int q = 0; q < 8; q++)
                patch[r][q] = relu_1[block][c][2*y0 + r][2*x0 + q][lane];
        UNROLL for (int k = 0; k < 2; k++) {
            float tap[28];
            load_row<4>(tap, shared.weight[k][c]);
            UNROLL for (int u = 0; u < 5; u++)
                UNROLL for (int v = 0; v < 5; v++)
                    UNROLL for (int r = 0; r < 2; r++)
                        UNROLL for (int q = 0; q < 4; q++)
                            sum[k][r][q] += tap[5*u + v] * patch[r + u][q + v];
        }
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int r = 0; r < 2; r++)
            UNROLL for (int q = 0; q < 4; q++)
                shared.sum[warp][k][r][q][lane] = sum[k][r][q];
    __syncthreads();

    for (int window = warp; window < 4; window += 5) {
        int k = window / 2, j = window % 2;
        float total[2][2] = {};
        UNROLL for (int from = 0; from < 5; from++)
            UNROLL for (int r = 0; r < 2; r++)
                UNROLL for (int q = 0; q < 2; q++)
                    total[r][q] += shared.sum[from][k][r][2*j + q][lane];
        float largest = total[0][0];
        int place = 0;
        take_larger(total[0][1], 1, largest, place);
        take_larger(total[1][0], 2, largest, place);
        take_larger(total[1][1], 3, largest, place);
        float value = largest + w.conv2_bias[o0 + k];
        int y = y0;
        int x = x0 + j;
        int c = o0 + k;
        relu_2[block][c][y][x][lane] = real_max(value, 0.0f);
        max_pool2d_2_indices[block][c][y][x][lane] = place;
    }
}

/* fc: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward,
 *   fc: linear_backward_input, flatten_1: flatten_backward, relu_2: relu_backward           lenet.net:10-24
 *   fc_weight       10 x 320
 *   relu_2          20 x 4 x 4
 *   fc_bias         10
 *   label           one a sample
 *   scale           one a sample
 *   correct         one a sample  (result)
 *   loss            one a sample  (result)
 *   d_fc            10  (result)
 *   d_max_pool2d_2  20 x 4 x 4  (result)
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.
 * Then every thread knows the softmax of its sample, and makes the gradient of some of its features. */
DEVICE void fc_forward(const cuda_step &step, int unit, const float (*relu_2)[20][4][4][LANES], float (*correct)[LANES],
        float (*loss)[LANES], float (*d_fc)[10][LANES], float (*d_max_pool2d_2)[20][4][4][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    struct Shared { float logit[10][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = relu_2[block][0][0];

    for (int k = warp_of_thread(); k < 10; k += 10) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 320; j += 4)
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
    for (int j = threadIdx.x / 8; j < 320; j += 40) {
        float total = 0;
        UNROLL for (int k = 0; k < 10; k++)
            total += w.fc_weight[k][j] * d[k];
        int x = j % 4;
        int y = j / 4 % 4;
        int c = j / 16;
        d_max_pool2d_2[block][c][y][x][lane] = relu_2[block][c][y][x][lane] <= 0.0f ? 0.0f : total;
    }
}

/* conv2: conv2d_backward_input, relu_1: relu_backward, max_pool2d_2: max_pool2d_backward        lenet.net:7-9
 *   conv2_weight          20 x 10 x 28
 *   max_pool2d_2_indices  20 x 4 x 4
 *   d_max_pool2d_2        20 x 4 x 4
 *   relu_1                10 x 12 x 12
 *   d_max_pool2d_1        10 x 12 x 12  (result)
 * dx[c][y][x] gathers every output that read (y, x).
 * Each window of the pool gives its gradient to the place that it took. A warp has 4 x 4 results of 2 channels in
 * registers: each gradient that it loads meets every tap of both. 5 warps share a tile, each sums 4 of the 20 output
 * channels. */
DEVICE void conv2_backward_input(const cuda_step &step, int unit,
        const uint8_t (*max_pool2d_2_indices)[20][4][4][LANES], const float (*d_max_pool2d_2)[20][4][4][LANES],
        const float (*relu_1)[10][12][12][LANES], float (*d_max_pool2d_1)[10][12][12][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    struct Shared { float sum[5][2][4][4][LANES]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 45, part = unit % 45;
    int row = part / 15, column = part / 5 % 3, channels = part % 5;
    int c0 = 2*channels, y0 = 4*row, x0 = 4*column;

    float sum[2][4][4] = {};
    for (int o = 4*warp, end = o + 4; o < end; o++) {
        float tap[2][28];
        UNROLL for (int k = 0; k < 2; k++)
            load_row<4>(tap[k], w.conv2_weight[o][c0 + k]);
        UNROLL for (int i = 0; i < 4; i++)
            UNROLL for (int j = 0; j < 4; j++) {
                int row = y0 / 2 + i - 2, column = x0 / 2 + j - 2;
                if (row < 0 || row >= 4 || column < 0 || column >= 4)
                    continue;
                float dy = d_max_pool2d_2[block][o][row][column][lane];
                int place = max_pool2d_2_indices[block][o][row][column][lane];
                UNROLL for (int r = 0; r < 2; r++)
                    UNROLL for (int q = 0; q < 2; q++) {
                        float taken = place == 2*r + q ? dy : 0;
                        UNROLL for (int u = 0; u < 5; u++)
                            UNROLL for (int v = 0; v < 5; v++) {
                                const int y = 2*i + r + u - 4, x = 2*j + q + v - 4;
                                if (y >= 0 && y < 4 && x >= 0 && x < 4)
                                    UNROLL for (int k = 0; k < 2; k++)
                                        sum[k][y][x] += taken * tap[k][5*u + v];
                            }
                    }
            }
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int r = 0; r < 4; r++)
            UNROLL for (int q = 0; q < 4; q++)
                shared.sum[warp][k][r][q][lane] = sum[k][r][q];
    __syncthreads();

    for (int i = warp; i < 8; i += 5) {       // a row of the tile
    int k = i / 4, r = i % 4;
    UNROLL for (int q = 0; q < 4; q++) {
        float total = 0;
        UNROLL for (int from = 0; from < 5; from++)
            total += shared.sum[from][k][r][q][lane];
        int y = y0 + r;
        int x = x0 + q;
        int c = c0 + k;
        d_max_pool2d_1[block][c][y][x][lane] = relu_1[block][c][y][x][lane] <= 0.0f ? 0.0f : total;
    }
}
}

/* conv2: conv2d_backward_weight, max_pool2d_2: max_pool2d_backward                              lenet.net:8-9
 *   relu_1                10 x 12 x 12
 *   max_pool2d_2_indices  20 x 4 x 4
 *   d_max_pool2d_2        20 x 4 x 4
 *   conv2_partial         1 x 5620  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of two channels in registers, and 4 x 8 gradients: each element of x that it loads meets every
 * one of them that it reaches. */
DEVICE void conv2_backward_weight(const cuda_step &step, int unit, const float (*relu_1)[10][12][12][LANES],
        const uint8_t (*max_pool2d_2_indices)[20][4][4][LANES], const float (*d_max_pool2d_2)[20][4][4][LANES],
        float (*conv2_partial)[1][5620])
{
    int lane = lane_of_thread();
    int block = unit / 40, part = unit % 40;
    int pair = 5 * part + warp_of_thread();
    int o = pair / 10, c = pair % 10;

    float sum[26] = {};
    for (int tile = 0, end = tile + 2; tile < end; tile++) {
        int row = tile;
        int y0 = 2*row, x0 = 0;
        float dy[4][8];
        UNROLL for (int i = 0; i < 2; i++)
            UNROLL for (int j = 0; j < 4; j++) {
                float gradient = d_max_pool2d_2[block][o][y0 + i][x0 + j][lane];
                int place = max_pool2d_2_indices[block][o][y0 + i][x0 + j][lane];
                sum[25] += gradient;
                dy[2*i][2*j] = place == 0 ? gradient : 0;
                dy[2*i][2*j + 1] = place == 1 ? gradient : 0;
                dy[2*i + 1][2*j] = place == 2 ? gradient : 0;
                dy[2*i + 1][2*j + 1] = place == 3 ? gradient : 0;
            }
        UNROLL for (int i = 0; i < 8; i++) {
            float x[12];
            UNROLL for (int q = 0; q < 12; q++)
                x[q] = relu_1[block][c][2*y0 + i][2*x0 + q][lane];
            UNROLL for (int u = 0; u < 5; u++) {
                const int r = i - u;
                if (r >= 0 && r < 4)
                    UNROLL for (int v = 0; v < 5; v++)
                        UNROLL for (int q = 0; q < 8; q++)
                            sum[5*u + v] += dy[r][q] * x[q + v];
            }
        }
    }

    float total = lane_totals<26>(sum);
    if (lane < 28)
        conv2_partial[block][0][28*(10*o + c) + lane] = lane < 25 ? total : 0;
    if (lane == 25 && c == 0)
        conv2_partial[block][0][5600 + o] = total;
}

/* conv1: conv2d_backward_weight, max_pool2d_1: max_pool2d_backward                              lenet.net:5-6
 *   max_pool2d_1_indices  10 x 12 x 12
 *   d_max_pool2d_1        10 x 12 x 12
 *   conv1_partial         12 x 292  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of a channel in registers. Of each window only the element that it took counts: each lane
 * multiplies the patch that its own window took, in its own bank of shared memory. */
DEVICE void conv1_backward_weight(const cuda_step &step, int unit,
        const uint8_t (*max_pool2d_1_indices)[10][12][12][LANES], const float (*d_max_pool2d_1)[10][12][12][LANES],
        float (*conv1_partial)[12][292])
{
    struct Shared { float x[168][LANES]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread();
    int block = unit / 12, part = unit % 12;
    int share = part;
    int o = warp_of_thread();
    float sum[26] = {};

    {
        int row = share;
        stage_images<8, 168, LANES, 320>(shared.x, step, block, 784, 56*row, factor[0], shift[0]);
        __syncthreads();

        UNROLL for (int x = 0; x < 12; x++) {
            float dy = d_max_pool2d_1[block][o][row][x][lane];
            int place = max_pool2d_1_indices[block][o][row][x][lane];
            const float *patch = &shared.x[28 * (place / 2) + 2*x + place % 2][lane];
            sum[25] += dy;
            UNROLL for (int u = 0; u < 5; u++)
                UNROLL for (int v = 0; v < 5; v++)
                    sum[5*u + v] += dy * patch[LANES * (28*u + v)];
        }
    }

    float total = lane_totals<26>(sum);
    if (lane < 28)
        conv1_partial[block][share][28*o + lane] = lane < 25 ? total : 0;
    if (lane == 25)
        conv1_partial[block][share][280 + o] = total;
}

/* fc: linear_backward_weight                                                                     lenet.net:12
 *   d_fc       10
 *   relu_2     20 x 4 x 4
 *   fc_weight  10 x 320  (result)
 *   fc_bias    10  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A block of threads has 16 outputs x 16 inputs, and 32 samples of both in shared memory, in rows of 36 that four
 * samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies the
 * optimiser to them. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*d_fc)[10][LANES],
        const float (*relu_2)[20][4][4][LANES])
{
    struct Shared { alignas(16) float dy[16][LANES + 4], x[16][LANES + 4]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / 16, column = threadIdx.x % 16;
    int i0 = 0, j0 = 16*unit;
    float sum[1][1] = {};
    float bias[2] = {};
    for (int block = 0; block < step_blocks(step); block++) {
        const float (*x)[LANES] = relu_2[block][0][0];
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
                apply_gradient(step, optimizer(), 5912 + 320*i + j, sum[k][q]);
        }
    if (j0 == 0)                // the bias: a warp sums it over the lanes
        UNROLL for (int k = 0; k < 2; k++) {
            int i = i0 + warp + 8*k;
            float total = warp_sum(bias[k]);
            if (lane == 0 && i < 10)
                apply_gradient(step, optimizer(), 9112 + i, total);
        }
}

/* conv1: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void conv1_weight_update(const cuda_step &step, int unit, const float (*conv1_partial)[12][292])
{
    int i = 256 * unit + threadIdx.x;
    if (i >= 292)
        return;
    const float (*part)[292] = conv1_partial[0];
    float sum = 0;
    for (int k = 0; k < 12*step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 0 + i, sum);
}

/* conv2: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void conv2_weight_update(const cuda_step &step, int unit, const float (*conv2_partial)[1][5620])
{
    int i = 256 * unit + threadIdx.x;
    if (i >= 5620)
        return;
    const float (*part)[5620] = conv2_partial[0];
    float sum = 0;
    for (int k = 0; k < step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 292 + i, sum);
}

/* Adds up the losses and hits of the step, where the weights are updated. */
DEVICE void step_results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES])
{
    if (warp_of_thread() == 0 && !step.gradient)
        add_results(step, loss[0], correct[0]);
}

/* conv1: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         lenet.net:5-7
 *   conv1_weight  10 x 1 x 28
 *   conv1_bias    10
 *   relu_1        10 x 12 x 12  (result)
 * the largest of each window.
 * The bytes of 6 rows of 32 images become numbers in shared memory, in columns of 33 so that neither side meets itself
 * in a bank. A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element
 * of the patch by every channel. */
DEVICE void evaluate_conv1_forward(const cuda_step &step, int unit, float (*relu_1)[10][12][12][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][1][28];
        float x[168][LANES + 1];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 60, part = unit % 60;
    int row = part / 5, channels = part % 5;
    int o0 = 2*channels, y0 = row, x0 = 2*warp;

    copy_floats<192, 56>(shared.weight[0][0], w.conv1_weight[o0][0]);
    float sum[2][2][4] = {};
    stage_images<8, 168, LANES + 1, 192>(shared.x, step, block, 784, 56*y0, factor[0], shift[0]);
    __syncthreads();

    float patch[6][8];
    UNROLL for (int r = 0; r < 6; r++)
        UNROLL for (int q = 0; q < 8; q++)
            patch[r][q] = shared.x[28*r + 2*x0 + q][lane];
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
        UNROLL for (int j = 0; j < 2; j++) {
            float largest = sum[k][0][2*j];
            take_larger(sum[k][0][2*j + 1], largest);
            take_larger(sum[k][1][2*j], largest);
            take_larger(sum[k][1][2*j + 1], largest);
            float value = largest + w.conv1_bias[o0 + k];
            int y = y0;
            int x = x0 + j;
            int c = o0 + k;
            relu_1[block][c][y][x][lane] = real_max(value, 0.0f);
        }
}

/* conv2: conv2d, max_pool2d_2: max_pool2d, relu_2: relu                                        lenet.net:8-10
 *   conv2_weight  20 x 10 x 28
 *   relu_1        10 x 12 x 12
 *   conv2_bias    20
 *   relu_2        20 x 4 x 4  (result)
 * the largest of each window.
 * A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element of the
 * patch by every channel. 5 warps share a tile, each sums 2 of the 10 input channels: alone they would be too few to
 * keep a GPU busy. */
DEVICE void evaluate_conv2_forward(const cuda_step &step, int unit, const float (*relu_1)[10][12][12][LANES],
        float (*relu_2)[20][4][4][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][10][28];
        float sum[5][2][2][4][LANES];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 80, part = unit % 80;
    int channels = part / 8, tiles = part % 8;
    int row = tiles / 2, column = tiles % 2;
    int o0 = 2*channels, y0 = row, x0 = 2*column;

    copy_floats<160, 560>(shared.weight[0][0], w.conv2_weight[o0][0]);
    __syncthreads();
    float sum[2][2][4] = {};
    for (int c = 2 * warp, end = c + 2; c < end; c++) {
        float patch[6][8];
        UNROLL for (int r = 0; r < 6; r++)
            UNROLL for (int q = 0; q < 8; q++)
                patch[r][q] = relu_1[block][c][2*y0 + r][2*x0 + q][lane];
        UNROLL for (int k = 0; k < 2; k++) {
            float tap[28];
            load_row<4>(tap, shared.weight[k][c]);
            UNROLL for (int u = 0; u < 5; u++)
                UNROLL for (int v = 0; v < 5; v++)
                    UNROLL for (int r = 0; r < 2; r++)
                        UNROLL for (int q = 0; q < 4; q++)
                            sum[k][r][q] += tap[5*u + v] * patch[r + u][q + v];
        }
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int r = 0; r < 2; r++)
            UNROLL for (int q = 0; q < 4; q++)
                shared.sum[warp][k][r][q][lane] = sum[k][r][q];
    __syncthreads();

    for (int window = warp; window < 4; window += 5) {
        int k = window / 2, j = window % 2;
        float total[2][2] = {};
        UNROLL for (int from = 0; from < 5; from++)
            UNROLL for (int r = 0; r < 2; r++)
                UNROLL for (int q = 0; q < 2; q++)
                    total[r][q] += shared.sum[from][k][r][2*j + q][lane];
        float largest = total[0][0];
        take_larger(total[0][1], largest);
        take_larger(total[1][0], largest);
        take_larger(total[1][1], largest);
        float value = largest + w.conv2_bias[o0 + k];
        int y = y0;
        int x = x0 + j;
        int c = o0 + k;
        relu_2[block][c][y][x][lane] = real_max(value, 0.0f);
    }
}

/* fc: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy                      lenet.net:12-24
 *   fc_weight  10 x 320
 *   relu_2     20 x 4 x 4
 *   fc_bias    10
 *   label      one a sample
 *   fc         10  (result)
 *   correct    one a sample  (result)
 *   loss       one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label].
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.  */
DEVICE void evaluate_fc_forward(const cuda_step &step, int unit, const float (*relu_2)[20][4][4][LANES],
        float (*fc)[10][LANES], float (*correct)[LANES], float (*loss)[LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    struct Shared { float logit[10][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = relu_2[block][0][0];

    for (int k = warp_of_thread(); k < 10; k += 10) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 320; j += 4)
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

extern "C" __global__ void __launch_bounds__(192)
lenet_conv1_forward(cuda_step step, float (*relu_1)[10][12][12][LANES],
        uint8_t (*max_pool2d_1_indices)[10][12][12][LANES])
{
    int unit = blockIdx.x;
    conv1_forward(step, unit, relu_1, max_pool2d_1_indices);
}

extern "C" __global__ void __launch_bounds__(160)
lenet_conv2_forward(cuda_step step, const float (*relu_1)[10][12][12][LANES], float (*relu_2)[20][4][4][LANES],
        uint8_t (*max_pool2d_2_indices)[20][4][4][LANES])
{
    int unit = blockIdx.x;
    conv2_forward(step, unit, relu_1, relu_2, max_pool2d_2_indices);
}

extern "C" __global__ void __launch_bounds__(320)
lenet_fc_forward(cuda_step step, const float (*relu_2)[20][4][4][LANES], float (*correct)[LANES], float (*loss)[LANES],
        float (*d_fc)[10][LANES], float (*d_max_pool2d_2)[20][4][4][LANES])
{
    int unit = blockIdx.x;
    fc_forward(step, unit, relu_2, correct, loss, d_fc, d_max_pool2d_2);
}

extern "C" __global__ void __launch_bounds__(160)
lenet_train_4(cuda_step step, const uint8_t (*max_pool2d_2_indices)[20][4][4][LANES],
        const float (*d_max_pool2d_2)[20][4][4][LANES], const float (*relu_1)[10][12][12][LANES],
        float (*d_max_pool2d_1)[10][12][12][LANES], float (*conv2_partial)[1][5620])
{
    int unit = blockIdx.x;
    int conv2_backward_input_units = 45 * step_blocks(step);
    if (unit < conv2_backward_input_units) {
        conv2_backward_input(step, unit, max_pool2d_2_indices, d_max_pool2d_2, relu_1, d_max_pool2d_1);
        return;
    }
    unit -= conv2_backward_input_units;
    conv2_backward_weight(step, unit, relu_1, max_pool2d_2_indices, d_max_pool2d_2, conv2_partial);
}

extern "C" __global__ void __launch_bounds__(320)
lenet_conv1_backward_weight(cuda_step step, const uint8_t (*max_pool2d_1_indices)[10][12][12][LANES],
        const float (*d_max_pool2d_1)[10][12][12][LANES], float (*conv1_partial)[12][292])
{
    int unit = blockIdx.x;
    conv1_backward_weight(step, unit, max_pool2d_1_indices, d_max_pool2d_1, conv1_partial);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_train_6(cuda_step step, const float (*d_fc)[10][LANES], const float (*relu_2)[20][4][4][LANES],
        const float (*conv1_partial)[12][292], const float (*conv2_partial)[1][5620], const float (*loss)[LANES],
        const float (*correct)[LANES])
{
    int unit = blockIdx.x;
    int fc_backward_weight_units = 20;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, d_fc, relu_2);
        return;
    }
    unit -= fc_backward_weight_units;
    int conv1_weight_update_units = 2;
    if (unit < conv1_weight_update_units) {
        conv1_weight_update(step, unit, conv1_partial);
        return;
    }
    unit -= conv1_weight_update_units;
    int conv2_weight_update_units = 22;
    if (unit < conv2_weight_update_units) {
        conv2_weight_update(step, unit, conv2_partial);
        return;
    }
    unit -= conv2_weight_update_units;
    step_results(step, unit, loss, correct);
}

extern "C" __global__ void __launch_bounds__(192)
lenet_evaluate_conv1_forward(cuda_step step, float (*relu_1)[10][12][12][LANES])
{
    int unit = blockIdx.x;
    evaluate_conv1_forward(step, unit, relu_1);
}

extern "C" __global__ void __launch_bounds__(160)
lenet_evaluate_conv2_forward(cuda_step step, const float (*relu_1)[10][12][12][LANES], float (*relu_2)[20][4][4][LANES])
{
    int unit = blockIdx.x;
    evaluate_conv2_forward(step, unit, relu_1, relu_2);
}

extern "C" __global__ void __launch_bounds__(320)
lenet_evaluate_fc_forward(cuda_step step, const float (*relu_2)[20][4][4][LANES], float (*fc)[10][LANES],
        float (*correct)[LANES], float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_fc_forward(step, unit, relu_2, fc, correct, loss);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_results(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES], const float (*fc)[10][LANES])
{
    int unit = blockIdx.x;
    results(step, unit, loss, correct, fc);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
lenet_update(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES])
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 9124)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss[0], correct[0]);
}
