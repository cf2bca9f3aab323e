/* branches, compiled by netc 0.1.0 for CUDA from branches.net with: netc branches.net --cpu=generic
 * sha256 of branches.net: 33f0e17c1ec9a100f51c469e0e37542d101c64ad07af0b3c844b1bb6c79ce4a7
 * The kernels of a GPU. A lane, a thread of a warp, is a sample. */
#include "cuda_kernels.h"

/* The flat array of weights, as PyTorch orders them; the taps of a convolution's weight are padded to whole
 * 16 bytes. The gradient has the same form. */
struct branches_weights {
    alignas(16) float entry_weight[4][3][12];
    alignas(16) float entry_bias[4];
    alignas(16) float side_weight[6][2][12];
    alignas(16) float sum_weight[6][6][4];
    alignas(16) float sum_bias[6];
    alignas(16) float linear_1_weight[5][108];
    alignas(16) float linear_1_bias[5];
};

/* Of each channel of an image: byte * factor + shift = (byte / 255 - mean) / std. */
static __constant__ const float factor[3] =
        { (float)(1 / (255 * 0.25)), (float)(1 / (255 * 0.2)), (float)(1 / (255 * 1.0)) };
static __constant__ const float shift[3] = { (float)(-0.5 / 0.25), (float)(-0.4 / 0.2), (float)(0.1 / 1.0) };

/* The optimiser's settings; lr comes with the step. */
DEVICE sgd optimizer(void)
{
    sgd settings = {};
    settings.momentum = 0.9;
    settings.dampening = 0.0;
    settings.weight_decay = 0.0005;
    settings.nesterov = true;
    return settings;
}

/* The images of a block as numbers, normalised where they are bytes: byte * factor + shift = (byte / 255 - mean) / std.
 * 32 pixels of 32 samples go through shared memory, so that both what is loaded and the numbers lie side by side for a
 * warp. */
DEVICE void load_input(const cuda_step &step, int unit, float (*input)[3][9][9][LANES])
{
    __shared__ uint8_t tile[LANES][LANES + 4];
    int lane = lane_of_thread(), block = unit / 8, first = unit % 8 * LANES;

    for (int sample = warp_of_thread(); sample < LANES; sample += 8)
        if (first + lane < 243)
            tile[sample][lane] = step.images[(int64_t)sample_of_lane(step, block, sample) * 243 + first + lane];
    __syncthreads();
    for (int i = warp_of_thread(); i < LANES && first + i < 243; i += 8)
        (&input[block][0][0][0][0])[(first + i) * LANES + lane] = tile[lane][i] * factor[(first + i) / 81] +
                shift[(first + i) / 81];
}

/* entry: pad                                                                                   branches.net:5
 *   input         3 x 9 x 9
 *   entry_padded  3 x 11 x 11  (result)
 * the image, reflected at its borders. */
DEVICE void entry_pad(const cuda_step &step, int unit, const float (*input)[3][9][9][LANES],
        float (*entry_padded)[3][11][11][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 46;
    int point = 8 * (unit % 46) + warp_of_thread();
    if (point >= 363)
        return;
    int c = point % 3;
    int x = point / 3 % 11;
    int y = point / 33;
    entry_padded[block][c][y][x][lane] = input[block][c][8 - int_abs(8 - int_abs(y - 1))][8 -
            int_abs(8 - int_abs(x - 1))][lane];
}

/* entry: conv2d                                                                                branches.net:5
 *   entry_weight  4 x 3 x 12
 *   entry_padded  3 x 11 x 11
 *   entry_bias    4
 *   entry         4 x 9 x 9  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element of the
 * patch by every channel. 3 warps share a tile, each sums 1 of the 3 input channels: alone they would be too few to
 * keep a GPU busy. */
DEVICE void entry_forward(const cuda_step &step, int unit, const float (*entry_padded)[3][11][11][LANES],
        float (*entry)[4][9][9][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][3][12];
        float sum[6][2][2][4][LANES];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 16, part = unit % 16;
    int channels = part / 8, tiles = part % 8;
    int tile = int_min(2*tiles + warp / 3, 14);
    int row = tile / 3, column = tile % 3;
    int o0 = 2*channels, y0 = int_min(2*row, 7), x0 = int_min(4*column, 5);

    copy_floats<192, 72>(shared.weight[0][0], w.entry_weight[o0][0]);
    __syncthreads();
    float sum[2][2][4] = {};
    {
        int c = warp % 3;
        float patch[4][6];
        UNROLL for (int r = 0; r < 4; r++)
            UNROLL for (int q = 0; q < 6; q++)
                patch[r][q] = entry_padded[block][c][y0 + r][x0 + q][lane];
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

    for (int window = warp % 3; window < 16; window += 3) {
        int k = window / 8, i = window / 4 % 2, j = window % 4;
        float total[1][1] = {};
        UNROLL for (int from = 0; from < 3; from++)
            UNROLL for (int r = 0; r < 1; r++)
                UNROLL for (int q = 0; q < 1; q++)
                    total[r][q] += shared.sum[warp / 3 * 3 + from][k][i + r][j + q][lane];
        float value = total[0][0] + w.entry_bias[o0 + k];
        int y = y0 + i;
        int x = x0 + j;
        int o = o0 + k;
        entry[block][o][y][x][lane] = value;
    }
}

/* side: pad                                                                                    branches.net:6
 *   entry        4 x 9 x 9
 *   side_padded  4 x 11 x 11  (result)
 * zeros around the image. */
DEVICE void side_pad(const cuda_step &step, int unit, const float (*entry)[4][9][9][LANES],
        float (*side_padded)[4][11][11][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 61;
    int point = 8 * (unit % 61) + warp_of_thread();
    if (point >= 484)
        return;
    int c = point % 4;
    int x = point / 4 % 11;
    int y = point / 44;
    side_padded[block][c][y][x][lane] = 0 <= y - 1 && y - 1 <= 8 && 0 <= x - 1 && x - 1 <= 8 ?
            entry[block][c][y - 1][x - 1][lane] : 0.0f;
}

/* side: conv2d                                                                                 branches.net:6
 *   side_weight  6 x 2 x 12
 *   side_padded  4 x 11 x 11
 *   side         6 x 5 x 5  (result)
 * y[o] = sum of weight[o][c] * x[c] over its window.
 * A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element of the
 * patch by every channel. 2 warps share a tile, each sums 1 of the 2 input channels: alone they would be too few to
 * keep a GPU busy. */
DEVICE void side_forward(const cuda_step &step, int unit, const float (*side_padded)[4][11][11][LANES],
        float (*side)[6][5][5][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][2][12];
        float sum[6][2][2][4][LANES];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 8, part = unit % 8;
    int g = part / 4, channels = part / 2 % 2, tiles = part % 2;
    int tile = 3*tiles + warp / 2;
    int row = tile / 2, column = tile % 2;
    int o0 = int_min(2*channels, 1), y0 = int_min(2*row, 3), x0 = int_min(4*column, 1);

    copy_floats<192, 48>(shared.weight[0][0], w.side_weight[3*g + o0][0]);
    __syncthreads();
    float sum[2][2][4] = {};
    {
        int c = warp % 2;
        float patch[5][9];
        UNROLL for (int r = 0; r < 5; r++)
            UNROLL for (int q = 0; q < 9; q++)
                patch[r][q] = side_padded[block][2*g + c][2*y0 + r][2*x0 + q][lane];
        UNROLL for (int k = 0; k < 2; k++) {
            float tap[12];
            load_row<4>(tap, shared.weight[k][c]);
            UNROLL for (int u = 0; u < 3; u++)
                UNROLL for (int v = 0; v < 3; v++)
                    UNROLL for (int r = 0; r < 2; r++)
                        UNROLL for (int q = 0; q < 4; q++)
                            sum[k][r][q] += tap[3*u + v] * patch[2*r + u][2*q + v];
        }
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int r = 0; r < 2; r++)
            UNROLL for (int q = 0; q < 4; q++)
                shared.sum[warp][k][r][q][lane] = sum[k][r][q];
    __syncthreads();

    for (int window = warp % 2; window < 16; window += 2) {
        int k = window / 8, i = window / 4 % 2, j = window % 4;
        float total[1][1] = {};
        UNROLL for (int from = 0; from < 2; from++)
            UNROLL for (int r = 0; r < 1; r++)
                UNROLL for (int q = 0; q < 1; q++)
                    total[r][q] += shared.sum[warp / 2 * 2 + from][k][i + r][j + q][lane];
        float value = total[0][0];
        int y = y0 + i;
        int x = x0 + j;
        int o = o0 + k;
        side[block][3*g + o][y][x][lane] = value;
    }
}

/* relu_1: relu                                                                                 branches.net:7
 *   side    6 x 5 x 5
 *   relu_1  6 x 5 x 5  (result) */
DEVICE void relu_1_forward(const cuda_step &step, int unit, const float (*side)[6][5][5][LANES],
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
    relu_1[block][c][y][x][lane] = real_max(side[block][c][y][x][lane], 0.0f);
}

/* sum: pad                                                                                     branches.net:8
 *   relu_1      6 x 5 x 5
 *   sum_padded  6 x 7 x 5  (result)
 * zeros around the image. */
DEVICE void sum_pad(const cuda_step &step, int unit, const float (*relu_1)[6][5][5][LANES],
        float (*sum_padded)[6][7][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 27;
    int point = 8 * (unit % 27) + warp_of_thread();
    if (point >= 210)
        return;
    int c = point % 6;
    int x = point / 6 % 5;
    int y = point / 30;
    sum_padded[block][c][y][x][lane] = 0 <= y - 1 && y - 1 <= 4 ? relu_1[block][c][y - 1][x][lane] : 0.0f;
}

/* sum: conv2d, add_1: add                                                                    branches.net:8-9
 *   sum_weight  6 x 6 x 4
 *   sum_padded  6 x 7 x 5
 *   sum_bias    6
 *   side        6 x 5 x 5
 *   add_1       6 x 5 x 5  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element of the
 * patch by every channel. 6 warps share a tile, each sums 1 of the 6 input channels: alone they would be too few to
 * keep a GPU busy. */
DEVICE void sum_forward(const cuda_step &step, int unit, const float (*sum_padded)[6][7][5][LANES],
        const float (*side)[6][5][5][LANES], float (*add_1)[6][5][5][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][6][4];
        float sum[6][2][2][4][LANES];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 18, part = unit % 18;
    int channels = part / 6, tiles = part % 6;
    int row = tiles / 2, column = tiles % 2;
    int o0 = 2*channels, y0 = int_min(2*row, 3), x0 = int_min(4*column, 1);

    copy_floats<192, 48>(shared.weight[0][0], w.sum_weight[o0][0]);
    __syncthreads();
    float sum[2][2][4] = {};
    {
        int c = warp % 6;
        float patch[4][4];
        UNROLL for (int r = 0; r < 4; r++)
            UNROLL for (int q = 0; q < 4; q++)
                patch[r][q] = sum_padded[block][c][y0 + r][x0 + q][lane];
        UNROLL for (int k = 0; k < 2; k++) {
            float tap[4];
            load_row<4>(tap, shared.weight[k][c]);
            UNROLL for (int u = 0; u < 3; u++)
                UNROLL for (int v = 0; v < 1; v++)
                    UNROLL for (int r = 0; r < 2; r++)
                        UNROLL for (int q = 0; q < 4; q++)
                            sum[k][r][q] += tap[u + v] * patch[r + u][q + v];
        }
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int r = 0; r < 2; r++)
            UNROLL for (int q = 0; q < 4; q++)
                shared.sum[warp][k][r][q][lane] = sum[k][r][q];
    __syncthreads();

    for (int window = warp; window < 16; window += 6) {
        int k = window / 8, i = window / 4 % 2, j = window % 4;
        float total[1][1] = {};
        UNROLL for (int from = 0; from < 6; from++)
            UNROLL for (int r = 0; r < 1; r++)
                UNROLL for (int q = 0; q < 1; q++)
                    total[r][q] += shared.sum[from][k][i + r][j + q][lane];
        float value = total[0][0] + w.sum_bias[o0 + k];
        int y = y0 + i;
        int x = x0 + j;
        int o = o0 + k;
        add_1[block][o][y][x][lane] = side[block][o][y][x][lane] + value;
    }
}

/* concat_1: concat                                                                            branches.net:10
 *   add_1     6 x 5 x 5
 *   concat_1  12 x 5 x 5  (result) */
DEVICE void concat_1_forward_1(const cuda_step &step, int unit, const float (*add_1)[6][5][5][LANES],
        float (*concat_1)[12][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int c = point % 6;
    int x = point / 6 % 5;
    int y = point / 30;
    concat_1[block][c][y][x][lane] = add_1[block][c][y][x][lane];
}

/* concat_1: concat                                                                            branches.net:10
 *   side      6 x 5 x 5
 *   concat_1  12 x 5 x 5  (result) */
DEVICE void concat_1_forward_2(const cuda_step &step, int unit, const float (*side)[6][5][5][LANES],
        float (*concat_1)[12][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int c = point % 6;
    int x = point / 6 % 5;
    int y = point / 30;
    concat_1[block][c + 6][y][x][lane] = side[block][c][y][x][lane];
}

/* max_pool2d_1: max_pool2d                                                                    branches.net:11
 *   concat_1              12 x 5 x 5
 *   max_pool2d_1          12 x 3 x 3  (result)
 *   max_pool2d_1_indices  12 x 3 x 3  (result)
 * the largest of each window, and which element of it that is. */
DEVICE void max_pool2d_1_forward(const cuda_step &step, int unit, const float (*concat_1)[12][5][5][LANES],
        float (*max_pool2d_1)[12][3][3][LANES], uint8_t (*max_pool2d_1_indices)[12][3][3][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 14;
    int point = 8 * (unit % 14) + warp_of_thread();
    if (point >= 108)
        return;
    int c = point % 12;
    int x = point / 12 % 3;
    int y = point / 36;
    real largest = -INFINITY;
    int place = 0;
    for (int u = 0; u < 3; u++)
        if (0 <= 2*y + u - 1 && 2*y + u - 1 <= 4)
            for (int v = 0; v < 3; v++)
                if (0 <= 2*x + v - 1 && 2*x + v - 1 <= 4) {
                    real value = concat_1[block][c][2*y + u - 1][2*x + v - 1][lane];
                    bool taken = real_exceeds(value, largest);
                    largest = taken ? value : largest;
                    place = taken ? 3*u + v : place;
                }
    max_pool2d_1[block][c][y][x][lane] = largest;
    max_pool2d_1_indices[block][c][y][x][lane] = place;
}

/* linear_1: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy,
 *   cross_entropy: cross_entropy_backward, linear_1: linear_backward_input, flatten_1: flatten_backward  branches.net:12-22
 *   linear_1_weight  5 x 108
 *   max_pool2d_1     12 x 3 x 3
 *   linear_1_bias    5
 *   label            one a sample
 *   scale            one a sample
 *   correct          one a sample  (result)
 *   loss             one a sample  (result)
 *   d_linear_1       5  (result)
 *   d_max_pool2d_1   12 x 3 x 3  (result)
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.
 * Then every thread knows the softmax of its sample, and makes the gradient of some of its features. */
DEVICE void linear_1_forward(const cuda_step &step, int unit, const float (*max_pool2d_1)[12][3][3][LANES],
        float (*correct)[LANES], float (*loss)[LANES], float (*d_linear_1)[5][LANES],
        float (*d_max_pool2d_1)[12][3][3][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    struct Shared { float logit[5][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = max_pool2d_1[block][0][0];

    for (int k = warp_of_thread(); k < 5; k += 8) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 108; j += 4)
            sum += w.linear_1_weight[k][j] * x[j][lane];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        if (threadIdx.x % LANES < 8)
            shared.logit[k][sample] = sum + w.linear_1_bias[k];
    }
    __syncthreads();

    int label = step.labels[sample_of_lane(step, block, lane)], place = 0;
    float largest = shared.logit[0][sample];
    UNROLL for (int k = 1; k < 5; k++)
        take_larger(shared.logit[k][sample], k, largest, place);
    float softmax[5], sum = 0;
    UNROLL for (int k = 0; k < 5; k++) {
        softmax[k] = real_exp(shared.logit[k][sample] - largest);
        sum += softmax[k];
    }
    if (threadIdx.x < 8) {
        loss[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);
        correct[block][lane] = place == label ? 1.0f : 0.0f;
    }

    float scale = scale_of_lane(step, block, lane), d[5];
    UNROLL for (int k = 0; k < 5; k++)
        d[k] = (softmax[k] / sum - (k == label ? 1.0f : 0.0f)) * scale;
    if (threadIdx.x < 8)
        UNROLL for (int k = 0; k < 5; k++)
            d_linear_1[block][k][lane] = d[k];
    for (int j = threadIdx.x / 8; j < 108; j += 32) {
        float total = 0;
        UNROLL for (int k = 0; k < 5; k++)
            total += w.linear_1_weight[k][j] * d[k];
        int x = j % 3;
        int y = j / 3 % 3;
        int c = j / 9;
        d_max_pool2d_1[block][c][y][x][lane] = total;
    }
}

/* max_pool2d_1: max_pool2d_backward                                                           branches.net:11
 *   max_pool2d_1_indices  12 x 3 x 3
 *   d_max_pool2d_1        12 x 3 x 3
 *   d_concat_1            12 x 5 x 5  (result)
 * dx[c][y][x] gathers every window that took (y, x). */
DEVICE void max_pool2d_1_backward(const cuda_step &step, int unit,
        const uint8_t (*max_pool2d_1_indices)[12][3][3][LANES], const float (*d_max_pool2d_1)[12][3][3][LANES],
        float (*d_concat_1)[12][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 38;
    int point = 8 * (unit % 38) + warp_of_thread();
    if (point >= 300)
        return;
    int c = point % 12;
    int x = point / 12 % 5;
    int y = point / 60;
    real sum = 0;
    for (int u = 0; u < 3; u++)
        if (0 <= y + u - 1 && y + u - 1 <= 4 && (y + u - 1) % 2 == 0)
            for (int v = 0; v < 3; v++)
                if (0 <= x + v - 1 && x + v - 1 <= 4 && (x + v - 1) % 2 == 0)
                    sum += max_pool2d_1_indices[block][c][(y + u - 1) / 2][(x + v - 1) / 2][lane] == 8 - (3*u + v) ?
                            d_max_pool2d_1[block][c][(y + u - 1) / 2][(x + v - 1) / 2][lane] : 0.0f;
    d_concat_1[block][c][y][x][lane] = sum;
}

/* concat_1: slice                                                                             branches.net:10
 *   d_concat_1  12 x 5 x 5
 *   d_add_1     6 x 5 x 5  (result)
 * the part of the gradient that this input took. */
DEVICE void concat_1_backward_1(const cuda_step &step, int unit, const float (*d_concat_1)[12][5][5][LANES],
        float (*d_add_1)[6][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int c = point % 6;
    int x = point / 6 % 5;
    int y = point / 30;
    d_add_1[block][c][y][x][lane] = d_concat_1[block][c][y][x][lane];
}

/* concat_1: slice                                                                             branches.net:10
 *   d_concat_1  12 x 5 x 5
 *   d_side      6 x 5 x 5  (result)
 * the part of the gradient that this input took. */
DEVICE void concat_1_backward_2(const cuda_step &step, int unit, const float (*d_concat_1)[12][5][5][LANES],
        float (*d_side)[6][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int c = point % 6;
    int x = point / 6 % 5;
    int y = point / 30;
    d_side[block][c][y][x][lane] = d_concat_1[block][c + 6][y][x][lane];
}

/* sum: conv2d_backward_weight                                                                  branches.net:8
 *   sum_padded   6 x 7 x 5
 *   d_add_1      6 x 5 x 5
 *   sum_partial  5 x 152  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of two channels in registers, and 5 x 1 gradients: each element of x that it loads meets every
 * one of them that it reaches. */
DEVICE void sum_backward_weight(const cuda_step &step, int unit, const float (*sum_padded)[6][7][5][LANES],
        const float (*d_add_1)[6][5][5][LANES], float (*sum_partial)[5][152])
{
    int lane = lane_of_thread();
    int block = unit / 30, part = unit % 30;
    int pair = 6 * part + warp_of_thread();
    int share = pair / 36, o = pair / 6 % 6, c = pair % 6;

    float sum[4] = {};
    {
        int column = share;
        int y0 = 0, x0 = column;
        float dy[5][1];
        UNROLL for (int i = 0; i < 5; i++)
            UNROLL for (int j = 0; j < 1; j++) {
                float gradient = d_add_1[block][o][y0 + i][x0 + j][lane];
                sum[3] += gradient;
                dy[i][j] = gradient;
            }
        UNROLL for (int i = 0; i < 7; i++) {
            float x[1];
            UNROLL for (int q = 0; q < 1; q++)
                x[q] = sum_padded[block][c][y0 + i][x0 + q][lane];
            UNROLL for (int u = 0; u < 3; u++) {
                const int r = i - u;
                if (r >= 0 && r < 5)
                    UNROLL for (int v = 0; v < 1; v++)
                        UNROLL for (int q = 0; q < 1; q++)
                            sum[u + v] += dy[r][q] * x[q + v];
            }
        }
    }

    float total = lane_totals<4>(sum);
    if (lane < 4)
        sum_partial[block][share][4*(6*o + c) + lane] = lane < 3 ? total : 0;
    if (lane == 3 && c == 0)
        sum_partial[block][share][144 + o] = total;
}

/* sum: conv2d_backward_input, sum: pad_backward, relu_1: relu_backward, side: sum            branches.net:6-8
 *   sum_weight  6 x 6 x 4
 *   d_add_1     6 x 5 x 5
 *   d_side      6 x 5 x 5
 *   relu_1      6 x 5 x 5
 *   d_side_sum  6 x 5 x 5  (result)
 * dx[c][y][x] gathers every output that read (y, x).
 * A warp has 5 x 3 results of 2 channels in registers: each gradient that it loads meets every tap of both. 6 warps
 * share a tile, each sums 1 of the 6 output channels. */
DEVICE void sum_backward_input(const cuda_step &step, int unit, const float (*d_add_1)[6][5][5][LANES],
        const float (*d_side)[6][5][5][LANES], const float (*relu_1)[6][5][5][LANES],
        float (*d_side_sum)[6][5][5][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    struct Shared { float sum[6][2][5][3][LANES]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 6, part = unit % 6;
    int column = part / 3, channels = part % 3;
    int c0 = 2*channels, y0 = 0, x0 = 3*column;

    float sum[2][5][3] = {};
    for (int o = warp, end = o + 1; o < end; o++) {
        float tap[2][4];
        UNROLL for (int k = 0; k < 2; k++)
            load_row<4>(tap[k], w.sum_weight[o][c0 + k]);
        UNROLL for (int i = 0; i < 7; i++)
            UNROLL for (int j = 0; j < 3; j++) {
                int row = y0 + i - 1, column = x0 + j;
                if (row < 0 || row >= 5 || column < 0 || column >= 5)
                    continue;
                float dy = d_add_1[block][o][row][column][lane];
                UNROLL for (int u = 0; u < 3; u++)
                    UNROLL for (int v = 0; v < 1; v++) {
                        const int y = i + u - 2, x = j + v;
                        if (y >= 0 && y < 5 && x >= 0 && x < 3)
                            UNROLL for (int k = 0; k < 2; k++)
                                sum[k][y][x] += dy * tap[k][u + v];
                    }
            }
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int r = 0; r < 5; r++)
            UNROLL for (int q = 0; q < 3; q++)
                shared.sum[warp][k][r][q][lane] = sum[k][r][q];
    __syncthreads();

    for (int i = warp; i < 10; i += 6) {       // a row of the tile
    int k = i / 5, r = i % 5;
    UNROLL for (int q = 0; q < 3; q++) {
        float total = 0;
        UNROLL for (int from = 0; from < 6; from++)
            total += shared.sum[from][k][r][q][lane];
        if (x0 + q < 5) {
            int y = y0 + r;
            int x = x0 + q;
            int c = c0 + k;
            d_side_sum[block][c][y][x][lane] = d_side[block][c][y][x][lane] + d_add_1[block][c][y][x][lane] +
                    (relu_1[block][c][y][x][lane] <= 0.0f ? 0.0f : total);
        }
    }
}
}

/* side: conv2d_backward_input                                                                  branches.net:6
 *   side_weight    6 x 2 x 12
 *   d_side_sum     6 x 5 x 5
 *   d_side_padded  4 x 11 x 11  (result)
 * dx[c][y][x] gathers every output that read (y, x). */
DEVICE void side_backward_input(const cuda_step &step, int unit, const float (*d_side_sum)[6][5][5][LANES],
        float (*d_side_padded)[4][11][11][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 61;
    int point = 8 * (unit % 61) + warp_of_thread();
    if (point >= 484)
        return;
    int c = point % 2;
    int g = point / 2 % 2;
    int x = point / 4 % 11;
    int y = point / 44;
    real sum = 0;
    for (int u = 0; u < 3; u++)
        if (0 <= y - u && y - u <= 8 && (y - u) % 2 == 0)
            for (int v = 0; v < 3; v++)
                if (0 <= x - v && x - v <= 8 && (x - v) % 2 == 0)
                    for (int o = 0; o < 3; o++)
                        sum += w.side_weight[3*g + o][c][3*u + v] *
                                d_side_sum[block][3*g + o][(y - u) / 2][(x - v) / 2][lane];
    d_side_padded[block][2*g + c][y][x][lane] = sum;
}

/* side: conv2d_backward_weight                                                                 branches.net:6
 *   side_padded   4 x 11 x 11
 *   d_side_sum    6 x 5 x 5
 *   side_partial  1 x 144  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of two channels in registers, and 5 x 5 gradients: each element of x that it loads meets every
 * one of them that it reaches. */
DEVICE void side_backward_weight(const cuda_step &step, int unit, const float (*side_padded)[4][11][11][LANES],
        const float (*d_side_sum)[6][5][5][LANES], float (*side_partial)[1][144])
{
    int lane = lane_of_thread();
    int block = unit / 2, part = unit % 2;
    int pair = 8 * part + warp_of_thread();
    if (pair >= 12)
        return;
    int g = pair / 6, o = pair / 2 % 3, c = pair % 2;

    float sum[9] = {};
    {
        int y0 = 0, x0 = 0;
        float dy[5][5];
        UNROLL for (int i = 0; i < 5; i++)
            UNROLL for (int j = 0; j < 5; j++) {
                float gradient = d_side_sum[block][3*g + o][y0 + i][x0 + j][lane];
                dy[i][j] = gradient;
            }
        UNROLL for (int i = 0; i < 11; i++) {
            float x[11];
            UNROLL for (int q = 0; q < 11; q++)
                x[q] = side_padded[block][2*g + c][2*y0 + i][2*x0 + q][lane];
            UNROLL for (int u = 0; u < 3; u++) {
                const int r = (i - u) / 2;
                if (i >= u && (i - u) % 2 == 0 && r < 5)
                    UNROLL for (int v = 0; v < 3; v++)
                        UNROLL for (int q = 0; q < 5; q++)
                            sum[3*u + v] += dy[r][q] * x[2*q + v];
            }
        }
    }

    float total = lane_totals<9>(sum);
    if (lane < 12)
        side_partial[block][0][12*(2*(3*g + o) + c) + lane] = lane < 9 ? total : 0;
}

/* side: pad_backward                                                                           branches.net:6
 *   d_side_padded  4 x 11 x 11
 *   d_entry        4 x 9 x 9  (result)
 * what the image lies under. */
DEVICE void side_backward_pad(const cuda_step &step, int unit, const float (*d_side_padded)[4][11][11][LANES],
        float (*d_entry)[4][9][9][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 41;
    int point = 8 * (unit % 41) + warp_of_thread();
    if (point >= 324)
        return;
    int c = point % 4;
    int x = point / 4 % 9;
    int y = point / 36;
    d_entry[block][c][y][x][lane] = d_side_padded[block][c][y + 1][x + 1][lane];
}

/* entry: conv2d_backward_weight                                                                branches.net:5
 *   entry_padded   3 x 11 x 11
 *   d_entry        4 x 9 x 9
 *   entry_partial  3 x 148  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of two channels in registers, and 3 x 9 gradients: each element of x that it loads meets every
 * one of them that it reaches. */
DEVICE void entry_backward_weight(const cuda_step &step, int unit, const float (*entry_padded)[3][11][11][LANES],
        const float (*d_entry)[4][9][9][LANES], float (*entry_partial)[3][148])
{
    int lane = lane_of_thread();
    int block = unit / 5, part = unit % 5;
    int pair = 8 * part + warp_of_thread();
    if (pair >= 36)
        return;
    int share = pair / 12, o = pair / 3 % 4, c = pair % 3;

    float sum[10] = {};
    {
        int row = share;
        int y0 = 3*row, x0 = 0;
        float dy[3][9];
        UNROLL for (int i = 0; i < 3; i++)
            UNROLL for (int j = 0; j < 9; j++) {
                float gradient = d_entry[block][o][y0 + i][x0 + j][lane];
                sum[9] += gradient;
                dy[i][j] = gradient;
            }
        UNROLL for (int i = 0; i < 5; i++) {
            float x[11];
            UNROLL for (int q = 0; q < 11; q++)
                x[q] = entry_padded[block][c][y0 + i][x0 + q][lane];
            UNROLL for (int u = 0; u < 3; u++) {
                const int r = i - u;
                if (r >= 0 && r < 3)
                    UNROLL for (int v = 0; v < 3; v++)
                        UNROLL for (int q = 0; q < 9; q++)
                            sum[3*u + v] += dy[r][q] * x[q + v];
            }
        }
    }

    float total = lane_totals<10>(sum);
    if (lane < 12)
        entry_partial[block][share][12*(3*o + c) + lane] = lane < 9 ? total : 0;
    if (lane == 9 && c == 0)
        entry_partial[block][share][144 + o] = total;
}

/* linear_1: linear_backward_weight                                                            branches.net:13
 *   d_linear_1       5
 *   max_pool2d_1     12 x 3 x 3
 *   linear_1_weight  5 x 108  (result)
 *   linear_1_bias    5  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A block of threads has 16 outputs x 16 inputs, and 32 samples of both in shared memory, in rows of 36 that four
 * samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies the
 * optimiser to them. */
DEVICE void linear_1_backward_weight(const cuda_step &step, int unit, const float (*d_linear_1)[5][LANES],
        const float (*max_pool2d_1)[12][3][3][LANES])
{
    struct Shared { alignas(16) float dy[16][LANES + 4], x[16][LANES + 4]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / 16, column = threadIdx.x % 16;
    int i0 = 0, j0 = 16*unit;
    float sum[1][1] = {};
    float bias[2] = {};
    for (int block = 0; block < step_blocks(step); block++) {
        const float (*x)[LANES] = max_pool2d_1[block][0][0];
        __syncthreads();
        for (int i = warp; i < 16; i += 8)
            shared.dy[i][lane] = i0 + i < 5 ? d_linear_1[block][i0 + i][lane] : 0;
        for (int i = warp; i < 16; i += 8)
            shared.x[i][lane] = j0 + i < 108 ? x[j0 + i][lane] : 0;
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
            if (i < 5 && j < 108)
                apply_gradient(step, optimizer(), 444 + 108*i + j, sum[k][q]);
        }
    if (j0 == 0)                // the bias: a warp sums it over the lanes
        UNROLL for (int k = 0; k < 2; k++) {
            int i = i0 + warp + 8*k;
            float total = warp_sum(bias[k]);
            if (lane == 0 && i < 5)
                apply_gradient(step, optimizer(), 984 + i, total);
        }
}

/* entry: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void entry_weight_update(const cuda_step &step, int unit, const float (*entry_partial)[3][148])
{
    int i = threadIdx.x;
    if (i >= 148)
        return;
    const float (*part)[148] = entry_partial[0];
    float sum = 0;
    for (int k = 0; k < 3*step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 0 + i, sum);
}

/* side: adds up what each part and block of samples gives for a weight, in their order, and applies the optimiser to
 * it. */
DEVICE void side_weight_update(const cuda_step &step, int unit, const float (*side_partial)[1][144])
{
    int i = threadIdx.x;
    if (i >= 144)
        return;
    const float (*part)[144] = side_partial[0];
    float sum = 0;
    for (int k = 0; k < step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 148 + i, sum);
}

/* sum: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void sum_weight_update(const cuda_step &step, int unit, const float (*sum_partial)[5][152])
{
    int i = threadIdx.x;
    if (i >= 152)
        return;
    const float (*part)[152] = sum_partial[0];
    float sum = 0;
    for (int k = 0; k < 5*step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 292 + i, sum);
}

/* Adds up the losses and hits of the step, where the weights are updated. */
DEVICE void step_results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES])
{
    if (warp_of_thread() == 0 && !step.gradient)
        add_results(step, loss[0], correct[0]);
}

/* max_pool2d_1: max_pool2d                                                                    branches.net:11
 *   concat_1      12 x 5 x 5
 *   max_pool2d_1  12 x 3 x 3  (result)
 * the largest of each window. */
DEVICE void evaluate_max_pool2d_1_forward(const cuda_step &step, int unit, const float (*concat_1)[12][5][5][LANES],
        float (*max_pool2d_1)[12][3][3][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 14;
    int point = 8 * (unit % 14) + warp_of_thread();
    if (point >= 108)
        return;
    int c = point % 12;
    int x = point / 12 % 3;
    int y = point / 36;
    real largest = -INFINITY;
    for (int u = 0; u < 3; u++)
        if (0 <= 2*y + u - 1 && 2*y + u - 1 <= 4)
            for (int v = 0; v < 3; v++)
                if (0 <= 2*x + v - 1 && 2*x + v - 1 <= 4) {
                    real value = concat_1[block][c][2*y + u - 1][2*x + v - 1][lane];
                    bool taken = real_exceeds(value, largest);
                    largest = taken ? value : largest;
                }
    max_pool2d_1[block][c][y][x][lane] = largest;
}

/* linear_1: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy             branches.net:13-22
 *   linear_1_weight  5 x 108
 *   max_pool2d_1     12 x 3 x 3
 *   linear_1_bias    5
 *   label            one a sample
 *   linear_1         5  (result)
 *   correct          one a sample  (result)
 *   loss             one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label].
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.  */
DEVICE void evaluate_linear_1_forward(const cuda_step &step, int unit, const float (*max_pool2d_1)[12][3][3][LANES],
        float (*linear_1)[5][LANES], float (*correct)[LANES], float (*loss)[LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    struct Shared { float logit[5][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = max_pool2d_1[block][0][0];

    for (int k = warp_of_thread(); k < 5; k += 8) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 108; j += 4)
            sum += w.linear_1_weight[k][j] * x[j][lane];
        sum += __shfl_xor_sync(~0u, sum, 8);
        sum += __shfl_xor_sync(~0u, sum, 16);
        if (threadIdx.x % LANES < 8)
            shared.logit[k][sample] = sum + w.linear_1_bias[k];
    }
    __syncthreads();

    int label = step.labels[sample_of_lane(step, block, lane)], place = 0;
    float largest = shared.logit[0][sample];
    UNROLL for (int k = 1; k < 5; k++)
        take_larger(shared.logit[k][sample], k, largest, place);
    float softmax[5], sum = 0;
    UNROLL for (int k = 0; k < 5; k++) {
        softmax[k] = real_exp(shared.logit[k][sample] - largest);
        sum += softmax[k];
    }
    if (threadIdx.x < 8) {
        loss[block][lane] = real_log(sum) + (largest - shared.logit[label][sample]);
        correct[block][lane] = place == label ? 1.0f : 0.0f;
        UNROLL for (int k = 0; k < 5; k++)
            linear_1[block][k][lane] = shared.logit[k][sample];
    }
}

/* Adds up the losses and hits of the step; the logits, where the host wants them, sample by sample. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES],
        const float (*linear_1)[5][LANES])
{
    if (unit == 0) {
        if (warp_of_thread() == 0)
            add_results(step, loss[0], correct[0]);
        return;
    }
    int block = unit - 1;
    if (!step.logits)
        return;
    for (int i = threadIdx.x; i < 5 * LANES; i += 256) {
        int lane = i / 5, position = block * LANES + lane;
        if (position < step.count)
            step.logits[position * 5 + i % 5] = linear_1[block][i % 5][lane];
    }
}

/* ---- what is launched: kernels that do not wait for each other share a grid */

extern "C" __global__ void __launch_bounds__(256)
branches_load_input(cuda_step step, float (*input)[3][9][9][LANES])
{
    int unit = blockIdx.x;
    load_input(step, unit, input);
}

extern "C" __global__ void __launch_bounds__(256)
branches_entry_pad(cuda_step step, const float (*input)[3][9][9][LANES], float (*entry_padded)[3][11][11][LANES])
{
    int unit = blockIdx.x;
    entry_pad(step, unit, input, entry_padded);
}

extern "C" __global__ void __launch_bounds__(192)
branches_entry_forward(cuda_step step, const float (*entry_padded)[3][11][11][LANES], float (*entry)[4][9][9][LANES])
{
    int unit = blockIdx.x;
    entry_forward(step, unit, entry_padded, entry);
}

extern "C" __global__ void __launch_bounds__(256)
branches_side_pad(cuda_step step, const float (*entry)[4][9][9][LANES], float (*side_padded)[4][11][11][LANES])
{
    int unit = blockIdx.x;
    side_pad(step, unit, entry, side_padded);
}

extern "C" __global__ void __launch_bounds__(192)
branches_side_forward(cuda_step step, const float (*side_padded)[4][11][11][LANES], float (*side)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    side_forward(step, unit, side_padded, side);
}

extern "C" __global__ void __launch_bounds__(256)
branches_relu_1_forward(cuda_step step, const float (*side)[6][5][5][LANES], float (*relu_1)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    relu_1_forward(step, unit, side, relu_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_sum_pad(cuda_step step, const float (*relu_1)[6][5][5][LANES], float (*sum_padded)[6][7][5][LANES])
{
    int unit = blockIdx.x;
    sum_pad(step, unit, relu_1, sum_padded);
}

extern "C" __global__ void __launch_bounds__(192)
branches_sum_forward(cuda_step step, const float (*sum_padded)[6][7][5][LANES], const float (*side)[6][5][5][LANES],
        float (*add_1)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    sum_forward(step, unit, sum_padded, side, add_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_concat_1_forward_1(cuda_step step, const float (*add_1)[6][5][5][LANES], float (*concat_1)[12][5][5][LANES])
{
    int unit = blockIdx.x;
    concat_1_forward_1(step, unit, add_1, concat_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_concat_1_forward_2(cuda_step step, const float (*side)[6][5][5][LANES], float (*concat_1)[12][5][5][LANES])
{
    int unit = blockIdx.x;
    concat_1_forward_2(step, unit, side, concat_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_max_pool2d_1_forward(cuda_step step, const float (*concat_1)[12][5][5][LANES],
        float (*max_pool2d_1)[12][3][3][LANES], uint8_t (*max_pool2d_1_indices)[12][3][3][LANES])
{
    int unit = blockIdx.x;
    max_pool2d_1_forward(step, unit, concat_1, max_pool2d_1, max_pool2d_1_indices);
}

extern "C" __global__ void __launch_bounds__(256)
branches_linear_1_forward(cuda_step step, const float (*max_pool2d_1)[12][3][3][LANES], float (*correct)[LANES],
        float (*loss)[LANES], float (*d_linear_1)[5][LANES], float (*d_max_pool2d_1)[12][3][3][LANES])
{
    int unit = blockIdx.x;
    linear_1_forward(step, unit, max_pool2d_1, correct, loss, d_linear_1, d_max_pool2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_max_pool2d_1_backward(cuda_step step, const uint8_t (*max_pool2d_1_indices)[12][3][3][LANES],
        const float (*d_max_pool2d_1)[12][3][3][LANES], float (*d_concat_1)[12][5][5][LANES])
{
    int unit = blockIdx.x;
    max_pool2d_1_backward(step, unit, max_pool2d_1_indices, d_max_pool2d_1, d_concat_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_train_14(cuda_step step, const float (*d_concat_1)[12][5][5][LANES], float (*d_add_1)[6][5][5][LANES],
        float (*d_side)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    int concat_1_backward_1_units = 19 * step_blocks(step);
    if (unit < concat_1_backward_1_units) {
        concat_1_backward_1(step, unit, d_concat_1, d_add_1);
        return;
    }
    unit -= concat_1_backward_1_units;
    concat_1_backward_2(step, unit, d_concat_1, d_side);
}

extern "C" __global__ void __launch_bounds__(192)
branches_train_15(cuda_step step, const float (*sum_padded)[6][7][5][LANES], const float (*d_add_1)[6][5][5][LANES],
        float (*sum_partial)[5][152], const float (*d_side)[6][5][5][LANES], const float (*relu_1)[6][5][5][LANES],
        float (*d_side_sum)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    int sum_backward_weight_units = 30 * step_blocks(step);
    if (unit < sum_backward_weight_units) {
        sum_backward_weight(step, unit, sum_padded, d_add_1, sum_partial);
        return;
    }
    unit -= sum_backward_weight_units;
    sum_backward_input(step, unit, d_add_1, d_side, relu_1, d_side_sum);
}

extern "C" __global__ void __launch_bounds__(256)
branches_train_16(cuda_step step, const float (*d_side_sum)[6][5][5][LANES], float (*d_side_padded)[4][11][11][LANES],
        const float (*side_padded)[4][11][11][LANES], float (*side_partial)[1][144])
{
    int unit = blockIdx.x;
    int side_backward_input_units = 61 * step_blocks(step);
    if (unit < side_backward_input_units) {
        side_backward_input(step, unit, d_side_sum, d_side_padded);
        return;
    }
    unit -= side_backward_input_units;
    side_backward_weight(step, unit, side_padded, d_side_sum, side_partial);
}

extern "C" __global__ void __launch_bounds__(256)
branches_side_backward_pad(cuda_step step, const float (*d_side_padded)[4][11][11][LANES],
        float (*d_entry)[4][9][9][LANES])
{
    int unit = blockIdx.x;
    side_backward_pad(step, unit, d_side_padded, d_entry);
}

extern "C" __global__ void __launch_bounds__(256)
branches_entry_backward_weight(cuda_step step, const float (*entry_padded)[3][11][11][LANES],
        const float (*d_entry)[4][9][9][LANES], float (*entry_partial)[3][148])
{
    int unit = blockIdx.x;
    entry_backward_weight(step, unit, entry_padded, d_entry, entry_partial);
}

extern "C" __global__ void __launch_bounds__(256)
branches_train_19(cuda_step step, const float (*d_linear_1)[5][LANES], const float (*max_pool2d_1)[12][3][3][LANES],
        const float (*entry_partial)[3][148], const float (*side_partial)[1][144], const float (*sum_partial)[5][152],
        const float (*loss)[LANES], const float (*correct)[LANES])
{
    int unit = blockIdx.x;
    int linear_1_backward_weight_units = 7;
    if (unit < linear_1_backward_weight_units) {
        linear_1_backward_weight(step, unit, d_linear_1, max_pool2d_1);
        return;
    }
    unit -= linear_1_backward_weight_units;
    int entry_weight_update_units = 1;
    if (unit < entry_weight_update_units) {
        entry_weight_update(step, unit, entry_partial);
        return;
    }
    unit -= entry_weight_update_units;
    int side_weight_update_units = 1;
    if (unit < side_weight_update_units) {
        side_weight_update(step, unit, side_partial);
        return;
    }
    unit -= side_weight_update_units;
    int sum_weight_update_units = 1;
    if (unit < sum_weight_update_units) {
        sum_weight_update(step, unit, sum_partial);
        return;
    }
    unit -= sum_weight_update_units;
    step_results(step, unit, loss, correct);
}

extern "C" __global__ void __launch_bounds__(256)
branches_evaluate_max_pool2d_1_forward(cuda_step step, const float (*concat_1)[12][5][5][LANES],
        float (*max_pool2d_1)[12][3][3][LANES])
{
    int unit = blockIdx.x;
    evaluate_max_pool2d_1_forward(step, unit, concat_1, max_pool2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_evaluate_linear_1_forward(cuda_step step, const float (*max_pool2d_1)[12][3][3][LANES],
        float (*linear_1)[5][LANES], float (*correct)[LANES], float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_linear_1_forward(step, unit, max_pool2d_1, linear_1, correct, loss);
}

extern "C" __global__ void __launch_bounds__(256)
branches_results(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES],
        const float (*linear_1)[5][LANES])
{
    int unit = blockIdx.x;
    results(step, unit, loss, correct, linear_1);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
branches_update(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES])
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 992)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss[0], correct[0]);
}
