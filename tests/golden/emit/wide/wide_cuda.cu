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

/* The images of a block, normalised: byte * factor + shift = (byte / 255 - mean) / std. 32 pixels of 32 samples go
 * through shared memory, so that both their bytes and the numbers lie side by side for a warp. */
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
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void a_forward(const cuda_step &step, int unit, const float (*a_padded)[3][18][18][LANES],
        float (*relu_1)[16][16][16][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 512;
    int point = 8 * (unit % 512) + warp_of_thread();
    int o = point % 16;
    int x = point / 16 % 16;
    int y = point / 256;
    real sum = w.a_bias[o];
    for (int u = 0; u < 3; u++)
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 3; c++)
                sum += w.a_weight[o][c][3*u + v] * a_padded[block][c][y + u][x + v][lane];
    relu_1[block][o][y][x][lane] = real_max(sum, 0.0f);
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
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void b_forward(const cuda_step &step, int unit, const float (*b_padded)[16][18][18][LANES],
        float (*relu_2)[24][16][16][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 768;
    int point = 8 * (unit % 768) + warp_of_thread();
    int o = point % 24;
    int x = point / 24 % 16;
    int y = point / 384;
    real sum = w.b_bias[o];
    for (int u = 0; u < 3; u++)
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 16; c++)
                sum += w.b_weight[o][c][3*u + v] * b_padded[block][c][y + u][x + v][lane];
    relu_2[block][o][y][x][lane] = real_max(sum, 0.0f);
}

/* c: conv2d, relu_3: relu                                                                       wide.net:9-10
 *   c_weight  16 x 24 x 12
 *   relu_2    24 x 16 x 16
 *   c_bias    16
 *   relu_3    16 x 7 x 7  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void c_forward(const cuda_step &step, int unit, const float (*relu_2)[24][16][16][LANES],
        float (*relu_3)[16][7][7][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 98;
    int point = 8 * (unit % 98) + warp_of_thread();
    int o = point % 16;
    int x = point / 16 % 7;
    int y = point / 112;
    real sum = w.c_bias[o];
    for (int u = 0; u < 3; u++)
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 24; c++)
                sum += w.c_weight[o][c][3*u + v] * relu_2[block][c][2*y + u][2*x + v][lane];
    relu_3[block][o][y][x][lane] = real_max(sum, 0.0f);
}

/* flatten_1: flatten                                                                              wide.net:11
 *   relu_3     16 x 7 x 7
 *   flatten_1  784  (result) */
DEVICE void flatten_1_forward(const cuda_step &step, int unit, const float (*relu_3)[16][7][7][LANES],
        float (*flatten_1)[784][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 98;
    int point = 8 * (unit % 98) + warp_of_thread();
    int x = point % 7;
    int y = point / 7 % 7;
    int c = point / 49;
    flatten_1[block][49*c + 7*y + x][lane] = relu_3[block][c][y][x][lane];
}

/* fc: linear                                                                                      wide.net:12
 *   fc_weight  10 x 784
 *   flatten_1  784
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
DEVICE void fc_forward(const cuda_step &step, int unit, const float (*flatten_1)[784][LANES], float (*fc)[10][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 2;
    int point = 8 * (unit % 2) + warp_of_thread();
    if (point >= 10)
        return;
    int i = point;
    real sum = w.fc_bias[i];
    for (int j = 0; j < 784; j++)
        sum += w.fc_weight[i][j] * flatten_1[block][j][lane];
    fc[block][i][lane] = sum;
}

/* cross_entropy: class_maximum                                                                    wide.net:22
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

/* cross_entropy: cross_entropy                                                                    wide.net:22
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

/* cross_entropy: cross_entropy_backward                                                           wide.net:22
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

/* fc: linear_backward_input                                                                       wide.net:12
 *   fc_weight    10 x 784
 *   d_fc         10
 *   d_flatten_1  784  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void fc_backward_input(const cuda_step &step, int unit, const float (*d_fc)[10][LANES],
        float (*d_flatten_1)[784][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 98;
    int point = 8 * (unit % 98) + warp_of_thread();
    int j = point;
    real sum = 0;
    for (int i = 0; i < 10; i++)
        sum += w.fc_weight[i][j] * d_fc[block][i][lane];
    d_flatten_1[block][j][lane] = sum;
}

/* fc: linear_backward_weight                                                                      wide.net:12
 *   d_fc       10
 *   flatten_1  784
 *   fc_weight  10 x 784  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*d_fc)[10][LANES],
        const float (*flatten_1)[784][LANES])
{
    wide_weights &gradient = *(wide_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int j = point % 784;
    int i = point / 784;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_fc[block][i][lane] * flatten_1[block][j][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.fc_weight[i][j] = total;
}

/* fc: linear_backward_bias                                                                        wide.net:12
 *   d_fc     10
 *   fc_bias  10  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void fc_backward_bias(const cuda_step &step, int unit, const float (*d_fc)[10][LANES])
{
    wide_weights &gradient = *(wide_weights *)step.gradient;
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

/* flatten_1: flatten_backward, relu_3: relu_backward                                           wide.net:10-11
 *   relu_3       16 x 7 x 7
 *   d_flatten_1  784
 *   d_c_         16 x 7 x 7  (result) */
DEVICE void flatten_1_backward(const cuda_step &step, int unit, const float (*relu_3)[16][7][7][LANES],
        const float (*d_flatten_1)[784][LANES], float (*d_c_)[16][7][7][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 98;
    int point = 8 * (unit % 98) + warp_of_thread();
    int x = point % 7;
    int y = point / 7 % 7;
    int c = point / 49;
    d_c_[block][c][y][x][lane] = relu_3[block][c][y][x][lane] <= 0.0f ? 0.0f : d_flatten_1[block][49*c + 7*y + x][lane];
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
 *   d_c_      16 x 7 x 7
 *   relu_2    24 x 16 x 16
 *   c_weight  16 x 24 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void c_backward_weight(const cuda_step &step, int unit, const float (*d_c_)[16][7][7][LANES],
        const float (*relu_2)[24][16][16][LANES])
{
    wide_weights &gradient = *(wide_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int c = point % 24;
    int v = point / 24 % 3;
    int u = point / 72 % 3;
    int o = point / 216;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 7; x++)
                sum += d_c_[block][o][y][x][lane] * relu_2[block][c][2*y + u][2*x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.c_weight[o][c][3*u + v] = total;
}

/* c: conv2d_backward_bias                                                                          wide.net:9
 *   d_c_    16 x 7 x 7
 *   c_bias  16  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void c_backward_bias(const cuda_step &step, int unit, const float (*d_c_)[16][7][7][LANES])
{
    wide_weights &gradient = *(wide_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int o = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 7; x++)
                sum += d_c_[block][o][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.c_bias[o] = total;
}

/* b: conv2d_backward_input                                                                         wide.net:7
 *   b_weight    24 x 16 x 12
 *   d_b_        24 x 16 x 16
 *   d_b_padded  16 x 18 x 18  (result)
 * dx[c][y][x] gathers every output that read (y, x). */
DEVICE void b_backward_input(const cuda_step &step, int unit, const float (*d_b_)[24][16][16][LANES],
        float (*d_b_padded)[16][18][18][LANES])
{
    const wide_weights &w = *(const wide_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 648;
    int point = 8 * (unit % 648) + warp_of_thread();
    int c = point % 16;
    int x = point / 16 % 18;
    int y = point / 288;
    real sum = 0;
    for (int u = 0; u < 3; u++)
        if (0 <= y - u && y - u <= 15)
            for (int v = 0; v < 3; v++)
                if (0 <= x - v && x - v <= 15)
                    for (int o = 0; o < 24; o++)
                        sum += w.b_weight[o][c][3*u + v] * d_b_[block][o][y - u][x - v][lane];
    d_b_padded[block][c][y][x][lane] = sum;
}

/* b: conv2d_backward_weight                                                                        wide.net:7
 *   d_b_      24 x 16 x 16
 *   b_padded  16 x 18 x 18
 *   b_weight  24 x 16 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void b_backward_weight(const cuda_step &step, int unit, const float (*d_b_)[24][16][16][LANES],
        const float (*b_padded)[16][18][18][LANES])
{
    wide_weights &gradient = *(wide_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int c = point % 16;
    int v = point / 16 % 3;
    int u = point / 48 % 3;
    int o = point / 144;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++)
                sum += d_b_[block][o][y][x][lane] * b_padded[block][c][y + u][x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.b_weight[o][c][3*u + v] = total;
}

/* b: conv2d_backward_bias                                                                          wide.net:7
 *   d_b_    24 x 16 x 16
 *   b_bias  24  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void b_backward_bias(const cuda_step &step, int unit, const float (*d_b_)[24][16][16][LANES])
{
    wide_weights &gradient = *(wide_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int o = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++)
                sum += d_b_[block][o][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.b_bias[o] = total;
}

/* b: pad_backward, relu_1: relu_backward                                                         wide.net:6-7
 *   relu_1      16 x 16 x 16
 *   d_b_padded  16 x 18 x 18
 *   d_a_        16 x 16 x 16  (result)
 * what the image lies under. */
DEVICE void b_backward_pad(const cuda_step &step, int unit, const float (*relu_1)[16][16][16][LANES],
        const float (*d_b_padded)[16][18][18][LANES], float (*d_a_)[16][16][16][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 512;
    int point = 8 * (unit % 512) + warp_of_thread();
    int c = point % 16;
    int x = point / 16 % 16;
    int y = point / 256;
    d_a_[block][c][y][x][lane] = relu_1[block][c][y][x][lane] <= 0.0f ? 0.0f : d_b_padded[block][c][y + 1][x + 1][lane];
}

/* a: conv2d_backward_weight                                                                        wide.net:5
 *   d_a_      16 x 16 x 16
 *   a_padded  3 x 18 x 18
 *   a_weight  16 x 3 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void a_backward_weight(const cuda_step &step, int unit, const float (*d_a_)[16][16][16][LANES],
        const float (*a_padded)[3][18][18][LANES])
{
    wide_weights &gradient = *(wide_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int c = point % 3;
    int v = point / 3 % 3;
    int u = point / 9 % 3;
    int o = point / 27;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++)
                sum += d_a_[block][o][y][x][lane] * a_padded[block][c][y + u][x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.a_weight[o][c][3*u + v] = total;
}

/* a: conv2d_backward_bias                                                                          wide.net:5
 *   d_a_    16 x 16 x 16
 *   a_bias  16  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void a_backward_bias(const cuda_step &step, int unit, const float (*d_a_)[16][16][16][LANES])
{
    wide_weights &gradient = *(wide_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int o = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++)
                sum += d_a_[block][o][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.a_bias[o] = total;
}

/* cross_entropy: cross_entropy                                                                    wide.net:22
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

extern "C" __global__ void __launch_bounds__(256)
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

extern "C" __global__ void __launch_bounds__(256)
wide_flatten_1_forward(cuda_step step, const float (*relu_3)[16][7][7][LANES], float (*flatten_1)[784][LANES])
{
    int unit = blockIdx.x;
    flatten_1_forward(step, unit, relu_3, flatten_1);
}

extern "C" __global__ void __launch_bounds__(256)
wide_fc_forward(cuda_step step, const float (*flatten_1)[784][LANES], float (*fc)[10][LANES])
{
    int unit = blockIdx.x;
    fc_forward(step, unit, flatten_1, fc);
}

extern "C" __global__ void __launch_bounds__(256)
wide_cross_entropy_maximum(cuda_step step, const float (*fc)[10][LANES], float (*maximum)[LANES],
        float (*correct)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_maximum(step, unit, fc, maximum, correct);
}

extern "C" __global__ void __launch_bounds__(256)
wide_cross_entropy_forward(cuda_step step, const float (*fc)[10][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES], float (*exp_sum)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_forward(step, unit, fc, maximum, loss, exp_sum);
}

extern "C" __global__ void __launch_bounds__(256)
wide_cross_entropy_backward(cuda_step step, const float (*fc)[10][LANES], const float (*maximum)[LANES],
        const float (*exp_sum)[LANES], float (*d_fc)[10][LANES])
{
    int unit = blockIdx.x;
    cross_entropy_backward(step, unit, fc, maximum, exp_sum, d_fc);
}

extern "C" __global__ void __launch_bounds__(256)
wide_train_12(cuda_step step, const float (*d_fc)[10][LANES], float (*d_flatten_1)[784][LANES],
        const float (*flatten_1)[784][LANES])
{
    int unit = blockIdx.x;
    int fc_backward_input_units = 98 * step_blocks(step);
    if (unit < fc_backward_input_units) {
        fc_backward_input(step, unit, d_fc, d_flatten_1);
        return;
    }
    unit -= fc_backward_input_units;
    int fc_backward_weight_units = 980;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, d_fc, flatten_1);
        return;
    }
    unit -= fc_backward_weight_units;
    fc_backward_bias(step, unit, d_fc);
}

extern "C" __global__ void __launch_bounds__(256)
wide_flatten_1_backward(cuda_step step, const float (*relu_3)[16][7][7][LANES], const float (*d_flatten_1)[784][LANES],
        float (*d_c_)[16][7][7][LANES])
{
    int unit = blockIdx.x;
    flatten_1_backward(step, unit, relu_3, d_flatten_1, d_c_);
}

extern "C" __global__ void __launch_bounds__(256)
wide_train_14(cuda_step step, const float (*d_c_)[16][7][7][LANES], const float (*relu_2)[24][16][16][LANES],
        float (*d_b_)[24][16][16][LANES])
{
    int unit = blockIdx.x;
    int c_backward_input_units = 768 * step_blocks(step);
    if (unit < c_backward_input_units) {
        c_backward_input(step, unit, d_c_, relu_2, d_b_);
        return;
    }
    unit -= c_backward_input_units;
    int c_backward_weight_units = 432;
    if (unit < c_backward_weight_units) {
        c_backward_weight(step, unit, d_c_, relu_2);
        return;
    }
    unit -= c_backward_weight_units;
    c_backward_bias(step, unit, d_c_);
}

extern "C" __global__ void __launch_bounds__(256)
wide_train_15(cuda_step step, const float (*d_b_)[24][16][16][LANES], float (*d_b_padded)[16][18][18][LANES],
        const float (*b_padded)[16][18][18][LANES])
{
    int unit = blockIdx.x;
    int b_backward_input_units = 648 * step_blocks(step);
    if (unit < b_backward_input_units) {
        b_backward_input(step, unit, d_b_, d_b_padded);
        return;
    }
    unit -= b_backward_input_units;
    int b_backward_weight_units = 432;
    if (unit < b_backward_weight_units) {
        b_backward_weight(step, unit, d_b_, b_padded);
        return;
    }
    unit -= b_backward_weight_units;
    b_backward_bias(step, unit, d_b_);
}

extern "C" __global__ void __launch_bounds__(256)
wide_b_backward_pad(cuda_step step, const float (*relu_1)[16][16][16][LANES],
        const float (*d_b_padded)[16][18][18][LANES], float (*d_a_)[16][16][16][LANES])
{
    int unit = blockIdx.x;
    b_backward_pad(step, unit, relu_1, d_b_padded, d_a_);
}

extern "C" __global__ void __launch_bounds__(256)
wide_train_17(cuda_step step, const float (*d_a_)[16][16][16][LANES], const float (*a_padded)[3][18][18][LANES])
{
    int unit = blockIdx.x;
    int a_backward_weight_units = 54;
    if (unit < a_backward_weight_units) {
        a_backward_weight(step, unit, d_a_, a_padded);
        return;
    }
    unit -= a_backward_weight_units;
    a_backward_bias(step, unit, d_a_);
}

extern "C" __global__ void __launch_bounds__(256)
wide_evaluate_cross_entropy_forward(cuda_step step, const float (*fc)[10][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_cross_entropy_forward(step, unit, fc, maximum, loss);
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
