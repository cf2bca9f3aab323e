/* wide, compiled by netc 0.1.0 for CUDA from wide.net with: netc wide.net --cpu=avx512
 * sha256 of wide.net: 7017b781c3cef29410376d527b5113545f3d44f2d9b1fa987e81294cb318cc1a
 * The kernels of a GPU. A lane, a thread of a warp, is a sample. */
#include "cuda_kernels.h"

/* The flat array of weights, as PyTorch orders them; the taps of a convolution's weight are padded to whole
 * 16 bytes. The gradient has the same form. */
struct wide_weights {
    alignas(16) float a_weight[16][3][12];
    alignas(16) float a_bias[16];
    alignas(16) float b_weight[24][16][12];
    alignas(16) float b_bias[24];
    alignas(16) float c_weight[16][24][12];
    alignas(16) float c_bias[16];
    alignas(16) float fc_weight[10][784];
    alignas(16) float fc_bias[10];
};

/* Of each channel of an image: byte * factor + shift = (byte / 255 - mean) / std. */
static __constant__ const float factor[3] =
        { (float)(1 / (255 * 0.25)), (float)(1 / (255 * 0.25)), (float)(1 / (255 * 0.25)) };
static __constant__ const float shift[3] = { (float)(-0.5 / 0.25), (float)(-0.5 / 0.25), (float)(-0.5 / 0.25) };

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

/* The images of a block as numbers, normalised where they are bytes: byte * factor + shift = (byte / 255 - mean) / std.
 * 32 pixels of 32 samples go through shared memory, so that both what is loaded and the numbers lie side by side for a
 * warp. */
DEVICE void load_input(const cuda_step &step, int unit, float (*input)[3][16][16][LANES])
{
    __shared__ uint8_t tile[LANES][LANES + 4];
    int lane = lane_of_thread(), block = unit / 24, first = unit % 24 * LANES;

    for (int sample = warp_of_thread(); sample < LANES; sample += 8)
        if (first + lane < 768)
            tile[sample][lane] = step.images[(int64_t)sample_of_lane(step, block, sample) * 768 + first + lane];
    __syncthreads();
    for (int i = warp_of_thread(); i < LANES && first + i < 768; i += 8)
        (&input[block][0][0][0][0])[(first + i) * LANES + lane] = tile[lane][i] * factor[(first + i) / 256] +
                shift[(first + i) / 256];
}

/* a: pad                                                                                           wide.net:5
 *   input     3 x 16 x 16
 *   a_padded  3 x 18 x 18  (result)
 * zeros around the image. */
DEVICE void a_pad(const cuda_step &step, int unit, const float (*input)[3][16][16][LANES],
        float (*a_padded)[3][18][18][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 122;
    int point = 8 * (unit % 122) + warp_of_thread();
    if (point >= 972)
        return;
    int c = point % 3;
    int x = point / 3 % 18;
    int y = point / 54;
    a_padded[block][c][y][x][lane] = 0 <= y - 1 && y - 1 <= 15 && 0 <= x - 1 && x - 1 <= 15 ?
            input[block][c][y - 1][x - 1][lane] : 0.0f;
}

/* a: conv2d, relu_1: relu                                                                        wide.net:5-6
 *   a_weight  16 x 3 x 12
 *   a_padded  3 x 18 x 18
 *   a_bias    16
 *   relu_1    16 x 16 x 16  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element of the
 * patch by every channel. 3 warps share a tile, each sums 1 of the 3 input channels: alone they would be too few to
 * keep a GPU busy. */
DEVICE void a_forward(const cuda_step &step, int unit, const float (*a_padded)[3][18][18][LANES],
        float (*relu_1)[16][16][16][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][3][12];
        float sum[6][2][2][4][LANES];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 128, part = unit % 128;
    int channels = part / 16, tiles = part % 16;
    int tile = 2*tiles + warp / 3;
    int row = tile / 4, column = tile % 4;
    int o0 = 2*channels, y0 = 2*row, x0 = 4*column;

    copy_floats<192, 72>(shared.weight[0][0], w.a_weight[o0][0]);
    __syncthreads();
    float sum[2][2][4] = {};
    {
        int c = warp % 3;
        float patch[4][6];
        UNROLL for (int r = 0; r < 4; r++)
            UNROLL for (int q = 0; q < 6; q++)
                patch[r][q] = a_padded[block][c][y0 + r][x0 + q][lane];
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
        float value = total[0][0] + w.a_bias[o0 + k];
        int y = y0 + i;
        int x = x0 + j;
        int o = o0 + k;
        relu_1[block][o][y][x][lane] = real_max(value, 0.0f);
    }
}

/* b: pad                                                                                           wide.net:7
 *   relu_1    16 x 16 x 16
 *   b_padded  16 x 18 x 18  (result)
 * zeros around the image. */
DEVICE void b_pad(const cuda_step &step, int unit, const float (*relu_1)[16][16][16][LANES],
        float (*b_padded)[16][18][18][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 648;
    int point = 8 * (unit % 648) + warp_of_thread();
    int c = point % 16;
    int x = point / 16 % 18;
    int y = point / 288;
    b_padded[block][c][y][x][lane] = 0 <= y - 1 && y - 1 <= 15 && 0 <= x - 1 && x - 1 <= 15 ?
            relu_1[block][c][y - 1][x - 1][lane] : 0.0f;
}

/* b: conv2d, relu_2: relu                                                                        wide.net:7-8
 *   b_weight  24 x 16 x 12
 *   b_padded  16 x 18 x 18
 *   b_bias    24
 *   relu_2    24 x 16 x 16  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element of the
 * patch by every channel. 2 warps share a tile, each sums 8 of the 16 input channels: alone they would be too few to
 * keep a GPU busy. */
DEVICE void b_forward(const cuda_step &step, int unit, const float (*b_padded)[16][18][18][LANES],
        float (*relu_2)[24][16][16][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][16][12];
        float sum[8][2][2][4][LANES];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 96, part = unit % 96;
    int channels = part / 8, tiles = part % 8;
    int tile = 4*tiles + warp / 2;
    int row = tile / 4, column = tile % 4;
    int o0 = 2*channels, y0 = 2*row, x0 = 4*column;

    copy_floats<256, 384>(shared.weight[0][0], w.b_weight[o0][0]);
    __syncthreads();
    float sum[2][2][4] = {};
    for (int c = 8 * (warp % 2), end = c + 8; c < end; c++) {
        float patch[4][6];
        UNROLL for (int r = 0; r < 4; r++)
            UNROLL for (int q = 0; q < 6; q++)
                patch[r][q] = b_padded[block][c][y0 + r][x0 + q][lane];
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

    for (int window = warp % 2; window < 16; window += 2) {
        int k = window / 8, i = window / 4 % 2, j = window % 4;
        float total[1][1] = {};
        UNROLL for (int from = 0; from < 2; from++)
            UNROLL for (int r = 0; r < 1; r++)
                UNROLL for (int q = 0; q < 1; q++)
                    total[r][q] += shared.sum[warp / 2 * 2 + from][k][i + r][j + q][lane];
        float value = total[0][0] + w.b_bias[o0 + k];
        int y = y0 + i;
        int x = x0 + j;
        int o = o0 + k;
        relu_2[block][o][y][x][lane] = real_max(value, 0.0f);
    }
}

/* c: conv2d, relu_3: relu                                                                       wide.net:9-10
 *   c_weight  16 x 24 x 12
 *   relu_2    24 x 16 x 16
 *   c_bias    16
 *   relu_3    16 x 7 x 7  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * A warp has 2 x 4 results of 2 channels in registers: each tap that it loads is used 8 times, each element of the
 * patch by every channel. 8 warps share a tile, each sums 3 of the 24 input channels: alone they would be too few to
 * keep a GPU busy. */
DEVICE void c_forward(const cuda_step &step, int unit, const float (*relu_2)[24][16][16][LANES],
        float (*relu_3)[16][7][7][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    struct Shared {
        alignas(16) float weight[2][24][12];
        float sum[8][2][2][4][LANES];
    };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 64, part = unit % 64;
    int channels = part / 8, tiles = part % 8;
    int row = tiles / 2, column = tiles % 2;
    int o0 = 2*channels, y0 = int_min(2*row, 5), x0 = int_min(4*column, 3);

    copy_floats<256, 576>(shared.weight[0][0], w.c_weight[o0][0]);
    __syncthreads();
    float sum[2][2][4] = {};
    for (int c = 3 * warp, end = c + 3; c < end; c++) {
        float patch[5][9];
        UNROLL for (int r = 0; r < 5; r++)
            UNROLL for (int q = 0; q < 9; q++)
                patch[r][q] = relu_2[block][c][2*y0 + r][2*x0 + q][lane];
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

    for (int window = warp; window < 16; window += 8) {
        int k = window / 8, i = window / 4 % 2, j = window % 4;
        float total[1][1] = {};
        UNROLL for (int from = 0; from < 8; from++)
            UNROLL for (int r = 0; r < 1; r++)
                UNROLL for (int q = 0; q < 1; q++)
                    total[r][q] += shared.sum[from][k][i + r][j + q][lane];
        float value = total[0][0] + w.c_bias[o0 + k];
        int y = y0 + i;
        int x = x0 + j;
        int o = o0 + k;
        relu_3[block][o][y][x][lane] = real_max(value, 0.0f);
    }
}

/* fc: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward,
 *   fc: linear_backward_input, flatten_1: flatten_backward, relu_3: relu_backward            wide.net:10-22
 *   fc_weight  10 x 784
 *   relu_3     16 x 7 x 7
 *   fc_bias    10
 *   label      one a sample
 *   scale      one a sample
 *   correct    one a sample  (result)
 *   loss       one a sample  (result)
 *   d_fc       10  (result)
 *   d_c_       16 x 7 x 7  (result)
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.
 * Then every thread knows the softmax of its sample, and makes the gradient of some of its features. */
DEVICE void fc_forward(const cuda_step &step, int unit, const float (*relu_3)[16][7][7][LANES], float (*correct)[LANES],
        float (*loss)[LANES], float (*d_fc)[10][LANES], float (*d_c_)[16][7][7][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    struct Shared { float logit[10][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = relu_3[block][0][0];

    for (int k = warp_of_thread(); k < 10; k += 10) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 784; j += 4)
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
    for (int j = threadIdx.x / 8; j < 784; j += 40) {
        float total = 0;
        UNROLL for (int k = 0; k < 10; k++)
            total += w.fc_weight[k][j] * d[k];
        int x = j % 7;
        int y = j / 7 % 7;
        int c = j / 49;
        d_c_[block][c][y][x][lane] = relu_3[block][c][y][x][lane] <= 0.0f ? 0.0f : total;
    }
}

/* c: conv2d_backward_input, relu_2: relu_backward                                                wide.net:8-9
 *   c_weight  16 x 24 x 12
 *   d_c_      16 x 7 x 7
 *   relu_2    24 x 16 x 16
 *   d_b_      24 x 16 x 16  (result)
 * dx[c][y][x] gathers every output that read (y, x). */
DEVICE void c_backward_input(const cuda_step &step, int unit, const float (*d_c_)[16][7][7][LANES],
        const float (*relu_2)[24][16][16][LANES], float (*d_b_)[24][16][16][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 768;
    int point = 8 * (unit % 768) + warp_of_thread();
    int c = point % 24;
    int x = point / 24 % 16;
    int y = point / 384;
    real sum = 0;
    for (int u = 0; u < 3; u++)
        if (0 <= y - u && y - u <= 12 && (y - u) % 2 == 0)
            for (int v = 0; v < 3; v++)
                if (0 <= x - v && x - v <= 12 && (x - v) % 2 == 0)
                    for (int o = 0; o < 16; o++)
                        sum += w.c_weight[o][c][3*u + v] * d_c_[block][o][(y - u) / 2][(x - v) / 2][lane];
    d_b_[block][c][y][x][lane] = relu_2[block][c][y][x][lane] <= 0.0f ? 0.0f : sum;
}

/* c: conv2d_backward_weight                                                                        wide.net:9
 *   relu_2     24 x 16 x 16
 *   d_c_       16 x 7 x 7
 *   c_partial  7 x 4624  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of two channels in registers, and 1 x 7 gradients: each element of x that it loads meets every
 * one of them that it reaches. */
DEVICE void c_backward_weight(const cuda_step &step, int unit, const float (*relu_2)[24][16][16][LANES],
        const float (*d_c_)[16][7][7][LANES], float (*c_partial)[7][4624])
{
    int lane = lane_of_thread();
    int block = unit / 336, part = unit % 336;
    int pair = 8 * part + warp_of_thread();
    int share = pair / 384, o = pair / 24 % 16, c = pair % 24;

    float sum[10] = {};
    {
        int row = share;
        int y0 = row, x0 = 0;
        float dy[1][7];
        UNROLL for (int i = 0; i < 1; i++)
            UNROLL for (int j = 0; j < 7; j++) {
                float gradient = d_c_[block][o][y0 + i][x0 + j][lane];
                sum[9] += gradient;
                dy[i][j] = gradient;
            }
        UNROLL for (int i = 0; i < 3; i++) {
            float x[15];
            UNROLL for (int q = 0; q < 15; q++)
                x[q] = relu_2[block][c][2*y0 + i][2*x0 + q][lane];
            UNROLL for (int u = 0; u < 3; u++) {
                const int r = (i - u) / 2;
                if (i >= u && (i - u) % 2 == 0 && r < 1)
                    UNROLL for (int v = 0; v < 3; v++)
                        UNROLL for (int q = 0; q < 7; q++)
                            sum[3*u + v] += dy[r][q] * x[2*q + v];
            }
        }
    }

    float total = lane_totals<10>(sum);
    if (lane < 12)
        c_partial[block][share][12*(24*o + c) + lane] = lane < 9 ? total : 0;
    if (lane == 9 && c == 0)
        c_partial[block][share][4608 + o] = total;
}

/* b: conv2d_backward_weight                                                                        wide.net:7
 *   b_padded   16 x 18 x 18
 *   d_b_       24 x 16 x 16
 *   b_partial  1 x 4632  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of two channels in registers, and 4 x 8 gradients: each element of x that it loads meets every
 * one of them that it reaches. */
DEVICE void b_backward_weight(const cuda_step &step, int unit, const float (*b_padded)[16][18][18][LANES],
        const float (*d_b_)[24][16][16][LANES], float (*b_partial)[1][4632])
{
    int lane = lane_of_thread();
    int block = unit / 96, part = unit % 96;
    int pair = 4 * part + warp_of_thread();
    int o = pair / 16, c = pair % 16;

    float sum[10] = {};
    for (int tile = 0, end = tile + 8; tile < end; tile++) {
        int row = tile / 2, column = tile % 2;
        int y0 = 4*row, x0 = 8*column;
        float dy[4][8];
        UNROLL for (int i = 0; i < 4; i++)
            UNROLL for (int j = 0; j < 8; j++) {
                float gradient = d_b_[block][o][y0 + i][x0 + j][lane];
                sum[9] += gradient;
                dy[i][j] = gradient;
            }
        UNROLL for (int i = 0; i < 6; i++) {
            float x[10];
            UNROLL for (int q = 0; q < 10; q++)
                x[q] = b_padded[block][c][y0 + i][x0 + q][lane];
            UNROLL for (int u = 0; u < 3; u++) {
                const int r = i - u;
                if (r >= 0 && r < 4)
                    UNROLL for (int v = 0; v < 3; v++)
                        UNROLL for (int q = 0; q < 8; q++)
                            sum[3*u + v] += dy[r][q] * x[q + v];
            }
        }
    }

    float total = lane_totals<10>(sum);
    if (lane < 12)
        b_partial[block][0][12*(16*o + c) + lane] = lane < 9 ? total : 0;
    if (lane == 9 && c == 0)
        b_partial[block][0][4608 + o] = total;
}

/* b: conv2d_backward_input, b: pad_backward, relu_1: relu_backward                               wide.net:6-7
 *   b_weight  24 x 16 x 12
 *   d_b_      24 x 16 x 16
 *   relu_1    16 x 16 x 16
 *   d_a_      16 x 16 x 16  (result)
 * dx[c][y][x] gathers every output that read (y, x).
 * A warp has 4 x 4 results of 2 channels in registers: each gradient that it loads meets every tap of both. 6 warps
 * share a tile, each sums 4 of the 24 output channels. */
DEVICE void b_backward_input(const cuda_step &step, int unit, const float (*d_b_)[24][16][16][LANES],
        const float (*relu_1)[16][16][16][LANES], float (*d_a_)[16][16][16][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    struct Shared { float sum[6][2][4][4][LANES]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread();
    int block = unit / 128, part = unit % 128;
    int row = part / 32, column = part / 8 % 4, channels = part % 8;
    int c0 = 2*channels, y0 = 4*row, x0 = 4*column;

    float sum[2][4][4] = {};
    for (int o = 4*warp, end = o + 4; o < end; o++) {
        float tap[2][12];
        UNROLL for (int k = 0; k < 2; k++)
            load_row<4>(tap[k], w.b_weight[o][c0 + k]);
        UNROLL for (int i = 0; i < 6; i++)
            UNROLL for (int j = 0; j < 6; j++) {
                int row = y0 + i - 1, column = x0 + j - 1;
                if (row < 0 || row >= 16 || column < 0 || column >= 16)
                    continue;
                float dy = d_b_[block][o][row][column][lane];
                UNROLL for (int u = 0; u < 3; u++)
                    UNROLL for (int v = 0; v < 3; v++) {
                        const int y = i + u - 2, x = j + v - 2;
                        if (y >= 0 && y < 4 && x >= 0 && x < 4)
                            UNROLL for (int k = 0; k < 2; k++)
                                sum[k][y][x] += dy * tap[k][3*u + v];
                    }
            }
    }
    UNROLL for (int k = 0; k < 2; k++)
        UNROLL for (int r = 0; r < 4; r++)
            UNROLL for (int q = 0; q < 4; q++)
                shared.sum[warp][k][r][q][lane] = sum[k][r][q];
    __syncthreads();

    for (int i = warp; i < 8; i += 6) {       // a row of the tile
    int k = i / 4, r = i % 4;
    UNROLL for (int q = 0; q < 4; q++) {
        float total = 0;
        UNROLL for (int from = 0; from < 6; from++)
            total += shared.sum[from][k][r][q][lane];
        int y = y0 + r;
        int x = x0 + q;
        int c = c0 + k;
        d_a_[block][c][y][x][lane] = relu_1[block][c][y][x][lane] <= 0.0f ? 0.0f : total;
    }
}
}

/* a: conv2d_backward_weight                                                                        wide.net:5
 *   a_padded   3 x 18 x 18
 *   d_a_       16 x 16 x 16
 *   a_partial  8 x 592  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * A warp has the taps of two channels in registers, and 4 x 8 gradients: each element of x that it loads meets every
 * one of them that it reaches. */
DEVICE void a_backward_weight(const cuda_step &step, int unit, const float (*a_padded)[3][18][18][LANES],
        const float (*d_a_)[16][16][16][LANES], float (*a_partial)[8][592])
{
    int lane = lane_of_thread();
    int block = unit / 48, part = unit % 48;
    int pair = 8 * part + warp_of_thread();
    int share = pair / 48, o = pair / 3 % 16, c = pair % 3;

    float sum[10] = {};
    {
        int row = share / 2, column = share % 2;
        int y0 = 4*row, x0 = 8*column;
        float dy[4][8];
        UNROLL for (int i = 0; i < 4; i++)
            UNROLL for (int j = 0; j < 8; j++) {
                float gradient = d_a_[block][o][y0 + i][x0 + j][lane];
                sum[9] += gradient;
                dy[i][j] = gradient;
            }
        UNROLL for (int i = 0; i < 6; i++) {
            float x[10];
            UNROLL for (int q = 0; q < 10; q++)
                x[q] = a_padded[block][c][y0 + i][x0 + q][lane];
            UNROLL for (int u = 0; u < 3; u++) {
                const int r = i - u;
                if (r >= 0 && r < 4)
                    UNROLL for (int v = 0; v < 3; v++)
                        UNROLL for (int q = 0; q < 8; q++)
                            sum[3*u + v] += dy[r][q] * x[q + v];
            }
        }
    }

    float total = lane_totals<10>(sum);
    if (lane < 12)
        a_partial[block][share][12*(3*o + c) + lane] = lane < 9 ? total : 0;
    if (lane == 9 && c == 0)
        a_partial[block][share][576 + o] = total;
}

/* fc: linear_backward_weight                                                                      wide.net:12
 *   d_fc       10
 *   relu_3     16 x 7 x 7
 *   fc_weight  10 x 784  (result)
 *   fc_bias    10  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * A block of threads has 16 outputs x 16 inputs, and 32 samples of both in shared memory, in rows of 36 that four
 * samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies the
 * optimiser to them. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*d_fc)[10][LANES],
        const float (*relu_3)[16][7][7][LANES])
{
    struct Shared { alignas(16) float dy[16][LANES + 4], x[16][LANES + 4]; };
    SHARED_MEMORY(Shared, shared);
    int lane = lane_of_thread(), warp = warp_of_thread(), row = threadIdx.x / 16, column = threadIdx.x % 16;
    int i0 = 0, j0 = 16*unit;
    float sum[1][1] = {};
    float bias[2] = {};
    for (int block = 0; block < step_blocks(step); block++) {
        const float (*x)[LANES] = relu_3[block][0][0];
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
                apply_gradient(step, optimizer(), 9848 + 784*i + j, sum[k][q]);
        }
    if (j0 == 0)                // the bias: a warp sums it over the lanes
        UNROLL for (int k = 0; k < 2; k++) {
            int i = i0 + warp + 8*k;
            float total = warp_sum(bias[k]);
            if (lane == 0 && i < 10)
                apply_gradient(step, optimizer(), 17688 + i, total);
        }
}

/* a: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void a_weight_update(const cuda_step &step, int unit, const float (*a_partial)[8][592])
{
    int i = 256 * unit + threadIdx.x;
    if (i >= 592)
        return;
    const float (*part)[592] = a_partial[0];
    float sum = 0;
    for (int k = 0; k < 8*step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 0 + i, sum);
}

/* b: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void b_weight_update(const cuda_step &step, int unit, const float (*b_partial)[1][4632])
{
    int i = 256 * unit + threadIdx.x;
    if (i >= 4632)
        return;
    const float (*part)[4632] = b_partial[0];
    float sum = 0;
    for (int k = 0; k < step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 592 + i, sum);
}

/* c: adds up what each part and block of samples gives for a weight or a bias, in their order, and applies the
 * optimiser to it. */
DEVICE void c_weight_update(const cuda_step &step, int unit, const float (*c_partial)[7][4624])
{
    int i = 256 * unit + threadIdx.x;
    if (i >= 4624)
        return;
    const float (*part)[4624] = c_partial[0];
    float sum = 0;
    for (int k = 0; k < 7*step_blocks(step); k++)
        sum += part[k][i];
    apply_gradient(step, optimizer(), 5224 + i, sum);
}

/* Adds up the losses and hits of the step, where the weights are updated. */
DEVICE void step_results(const cuda_step &step, int unit, const float (*loss)[LANES], const float (*correct)[LANES])
{
    if (warp_of_thread() == 0 && !step.gradient)
        add_results(step, loss[0], correct[0]);
}

/* fc: linear, cross_entropy: class_maximum, cross_entropy: cross_entropy                       wide.net:12-22
 *   fc_weight  10 x 784
 *   relu_3     16 x 7 x 7
 *   fc_bias    10
 *   label      one a sample
 *   fc         10  (result)
 *   correct    one a sample  (result)
 *   loss       one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label].
 * A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample.  */
DEVICE void evaluate_fc_forward(const cuda_step &step, int unit, const float (*relu_3)[16][7][7][LANES],
        float (*fc)[10][LANES], float (*correct)[LANES], float (*loss)[LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    struct Shared { float logit[10][8]; };
    SHARED_MEMORY(Shared, shared);
    int sample = threadIdx.x % 8, block = unit / 4, lane = 8 * (unit % 4) + sample;
    const float (*x)[LANES] = relu_3[block][0][0];

    for (int k = warp_of_thread(); k < 10; k += 10) {
        float sum = 0;
        for (int j = threadIdx.x / 8 % 4; j < 784; j += 4)
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

extern "C" __global__ void __launch_bounds__(256)
wide_load_input(cuda_step step, float (*input)[3][16][16][LANES])
{
    int unit = blockIdx.x;
    load_input(step, unit, input);
}

extern "C" __global__ void __launch_bounds__(256)
wide_a_pad(cuda_step step, const float (*input)[3][16][16][LANES], float (*a_padded)[3][18][18][LANES])
{
    int unit = blockIdx.x;
    a_pad(step, unit, input, a_padded);
}

extern "C" __global__ void __launch_bounds__(192)
wide_a_forward(cuda_step step, const float (*a_padded)[3][18][18][LANES], float (*relu_1)[16][16][16][LANES])
{
    int unit = blockIdx.x;
    a_forward(step, unit, a_padded, relu_1);
}

extern "C" __global__ void __launch_bounds__(256)
wide_b_pad(cuda_step step, const float (*relu_1)[16][16][16][LANES], float (*b_padded)[16][18][18][LANES])
{
    int unit = blockIdx.x;
    b_pad(step, unit, relu_1, b_padded);
}

extern "C" __global__ void __launch_bounds__(256)
wide_b_forward(cuda_step step, const float (*b_padded)[16][18][18][LANES], float (*relu_2)[24][16][16][LANES])
{
    int unit = blockIdx.x;
    b_forward(step, unit, b_padded, relu_2);
}

extern "C" __global__ void __launch_bounds__(256)
wide_c_forward(cuda_step step, const float (*relu_2)[24][16][16][LANES], float (*relu_3)[16][7][7][LANES])
{
    int unit = blockIdx.x;
    c_forward(step, unit, relu_2, relu_3);
}

extern "C" __global__ void __launch_bounds__(320)
wide_fc_forward(cuda_step step, const float (*relu_3)[16][7][7][LANES], float (*correct)[LANES], float (*loss)[LANES],
        float (*d_fc)[10][LANES], float (*d_c_)[16][7][7][LANES])
{
    int unit = blockIdx.x;
    fc_forward(step, unit, relu_3, correct, loss, d_fc, d_c_);
}

extern "C" __global__ void __launch_bounds__(256)
wide_train_8(cuda_step step, const float (*d_c_)[16][7][7][LANES], const float (*relu_2)[24][16][16][LANES],
        float (*d_b_)[24][16][16][LANES], float (*c_partial)[7][4624])
{
    int unit = blockIdx.x;
    int c_backward_input_units = 768 * step_blocks(step);
    if (unit < c_backward_input_units) {
        c_backward_input(step, unit, d_c_, relu_2, d_b_);
        return;
    }
    unit -= c_backward_input_units;
    c_backward_weight(step, unit, relu_2, d_c_, c_partial);
}

extern "C" __global__ void __launch_bounds__(128)
wide_b_backward_weight(cuda_step step, const float (*b_padded)[16][18][18][LANES],
        const float (*d_b_)[24][16][16][LANES], float (*b_partial)[1][4632])
{
    int unit = blockIdx.x;
    b_backward_weight(step, unit, b_padded, d_b_, b_partial);
}

extern "C" __global__ void __launch_bounds__(192)
wide_b_backward_input(cuda_step step, const float (*d_b_)[24][16][16][LANES], const float (*relu_1)[16][16][16][LANES],
        float (*d_a_)[16][16][16][LANES])
{
    int unit = blockIdx.x;
    b_backward_input(step, unit, d_b_, relu_1, d_a_);
}

extern "C" __global__ void __launch_bounds__(256)
wide_a_backward_weight(cuda_step step, const float (*a_padded)[3][18][18][LANES],
        const float (*d_a_)[16][16][16][LANES], float (*a_partial)[8][592])
{
    int unit = blockIdx.x;
    a_backward_weight(step, unit, a_padded, d_a_, a_partial);
}

extern "C" __global__ void __launch_bounds__(256)
wide_train_12(cuda_step step, const float (*d_fc)[10][LANES], const float (*relu_3)[16][7][7][LANES],
        const float (*a_partial)[8][592], const float (*b_partial)[1][4632], const float (*c_partial)[7][4624],
        const float (*loss)[LANES], const float (*correct)[LANES])
{
    int unit = blockIdx.x;
    int fc_backward_weight_units = 49;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, d_fc, relu_3);
        return;
    }
    unit -= fc_backward_weight_units;
    int a_weight_update_units = 3;
    if (unit < a_weight_update_units) {
        a_weight_update(step, unit, a_partial);
        return;
    }
    unit -= a_weight_update_units;
    int b_weight_update_units = 19;
    if (unit < b_weight_update_units) {
        b_weight_update(step, unit, b_partial);
        return;
    }
    unit -= b_weight_update_units;
    int c_weight_update_units = 19;
    if (unit < c_weight_update_units) {
        c_weight_update(step, unit, c_partial);
        return;
    }
    unit -= c_weight_update_units;
    step_results(step, unit, loss, correct);
}

extern "C" __global__ void __launch_bounds__(320)
wide_evaluate_fc_forward(cuda_step step, const float (*relu_3)[16][7][7][LANES], float (*fc)[10][LANES],
        float (*correct)[LANES], float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_fc_forward(step, unit, relu_3, fc, correct, loss);
}

extern "C" __global__ void __launch_bounds__(256)
wide_results(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES], const float (*fc)[10][LANES])
{
    int unit = blockIdx.x;
    results(step, unit, loss, correct, fc);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
wide_update(cuda_step step, const float (*loss)[LANES], const float (*correct)[LANES])
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 17700)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss[0], correct[0]);
}
