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

/* The images of a block, normalised: byte * factor + shift = (byte / 255 - mean) / std. 32 pixels of 32 samples go
 * through shared memory, so that both their bytes and the numbers lie side by side for a warp. */
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
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void entry_forward(const cuda_step &step, int unit, const float (*entry_padded)[3][11][11][LANES],
        float (*entry)[4][9][9][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 41;
    int point = 8 * (unit % 41) + warp_of_thread();
    if (point >= 324)
        return;
    int o = point % 4;
    int x = point / 4 % 9;
    int y = point / 36;
    real sum = w.entry_bias[o];
    for (int u = 0; u < 3; u++)
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 3; c++)
                sum += w.entry_weight[o][c][3*u + v] * entry_padded[block][c][y + u][x + v][lane];
    entry[block][o][y][x][lane] = sum;
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
 * y[o] = sum of weight[o][c] * x[c] over its window. */
DEVICE void side_forward(const cuda_step &step, int unit, const float (*side_padded)[4][11][11][LANES],
        float (*side)[6][5][5][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int o = point % 3;
    int g = point / 3 % 2;
    int x = point / 6 % 5;
    int y = point / 30;
    real sum = 0;
    for (int u = 0; u < 3; u++)
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 2; c++)
                sum += w.side_weight[3*g + o][c][3*u + v] * side_padded[block][2*g + c][2*y + u][2*x + v][lane];
    side[block][3*g + o][y][x][lane] = sum;
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
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void sum_forward(const cuda_step &step, int unit, const float (*sum_padded)[6][7][5][LANES],
        const float (*side)[6][5][5][LANES], float (*add_1)[6][5][5][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int o = point % 6;
    int x = point / 6 % 5;
    int y = point / 30;
    real sum = w.sum_bias[o];
    for (int u = 0; u < 3; u++)
        for (int c = 0; c < 6; c++)
            sum += w.sum_weight[o][c][u] * sum_padded[block][c][y + u][x][lane];
    add_1[block][o][y][x][lane] = side[block][o][y][x][lane] + sum;
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

/* flatten_1: flatten                                                                          branches.net:12
 *   max_pool2d_1  12 x 3 x 3
 *   flatten_1     108  (result) */
DEVICE void flatten_1_forward(const cuda_step &step, int unit, const float (*max_pool2d_1)[12][3][3][LANES],
        float (*flatten_1)[108][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 14;
    int point = 8 * (unit % 14) + warp_of_thread();
    if (point >= 108)
        return;
    int x = point % 3;
    int y = point / 3 % 3;
    int c = point / 9;
    flatten_1[block][9*c + 3*y + x][lane] = max_pool2d_1[block][c][y][x][lane];
}

/* linear_1: linear                                                                            branches.net:13
 *   linear_1_weight  5 x 108
 *   flatten_1        108
 *   linear_1_bias    5
 *   linear_1         5  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
DEVICE void linear_1_forward(const cuda_step &step, int unit, const float (*flatten_1)[108][LANES],
        float (*linear_1)[5][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 5)
        return;
    int i = point;
    real sum = w.linear_1_bias[i];
    for (int j = 0; j < 108; j++)
        sum += w.linear_1_weight[i][j] * flatten_1[block][j][lane];
    linear_1[block][i][lane] = sum;
}

/* cross_entropy: class_maximum                                                                branches.net:22
 *   linear_1  5
 *   label     one a sample
 *   maximum   one a sample  (result)
 *   correct   one a sample  (result)
 * the largest logit, and whether it is the label's. */
DEVICE void cross_entropy_maximum(const cuda_step &step, int unit, const float (*linear_1)[5][LANES],
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
    for (int k = 0; k < 5; k++) {
        real value = linear_1[block][k][lane];
        bool taken = real_exceeds(value, largest);
        largest = taken ? value : largest;
        place = taken ? k : place;
    }
    maximum[block][lane] = largest;
    correct[block][lane] = place == label ? 1.0f : 0.0f;
}

/* cross_entropy: cross_entropy                                                                branches.net:22
 *   linear_1  5
 *   maximum   one a sample
 *   label     one a sample
 *   loss      one a sample  (result)
 *   exp_sum   one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void cross_entropy_forward(const cuda_step &step, int unit, const float (*linear_1)[5][LANES],
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
    for (int k = 0; k < 5; k++) {
        sum += real_exp(linear_1[block][k][lane] - maximum[block][lane]);
        sum_2 += k == label ? linear_1[block][k][lane] : 0.0f;
    }
    loss[block][lane] = real_log(sum) + (maximum[block][lane] - sum_2);
    exp_sum[block][lane] = sum;
}

/* cross_entropy: cross_entropy_backward                                                       branches.net:22
 *   linear_1    5
 *   maximum     one a sample
 *   exp_sum     one a sample
 *   label       one a sample
 *   scale       one a sample
 *   d_linear_1  5  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight. */
DEVICE void cross_entropy_backward(const cuda_step &step, int unit, const float (*linear_1)[5][LANES],
        const float (*maximum)[LANES], const float (*exp_sum)[LANES], float (*d_linear_1)[5][LANES])
{
    int lane = lane_of_thread();
    int block = unit;
    int point = warp_of_thread();
    if (point >= 5)
        return;
    int k = point;
    int label = step.labels[sample_of_lane(step, block, lane)];
    float scale = scale_of_lane(step, block, lane);
    d_linear_1[block][k][lane] = (real_exp(linear_1[block][k][lane] - maximum[block][lane]) / exp_sum[block][lane] -
            (k == label ? 1.0f : 0.0f)) * scale;
}

/* linear_1: linear_backward_input                                                             branches.net:13
 *   linear_1_weight  5 x 108
 *   d_linear_1       5
 *   d_flatten_1      108  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void linear_1_backward_input(const cuda_step &step, int unit, const float (*d_linear_1)[5][LANES],
        float (*d_flatten_1)[108][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 14;
    int point = 8 * (unit % 14) + warp_of_thread();
    if (point >= 108)
        return;
    int j = point;
    real sum = 0;
    for (int i = 0; i < 5; i++)
        sum += w.linear_1_weight[i][j] * d_linear_1[block][i][lane];
    d_flatten_1[block][j][lane] = sum;
}

/* linear_1: linear_backward_weight                                                            branches.net:13
 *   d_linear_1       5
 *   flatten_1        108
 *   linear_1_weight  5 x 108  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void linear_1_backward_weight(const cuda_step &step, int unit, const float (*d_linear_1)[5][LANES],
        const float (*flatten_1)[108][LANES])
{
    branches_weights &gradient = *(branches_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 540)
        return;
    int j = point % 108;
    int i = point / 108;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_linear_1[block][i][lane] * flatten_1[block][j][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.linear_1_weight[i][j] = total;
}

/* linear_1: linear_backward_bias                                                              branches.net:13
 *   d_linear_1     5
 *   linear_1_bias  5  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void linear_1_backward_bias(const cuda_step &step, int unit, const float (*d_linear_1)[5][LANES])
{
    branches_weights &gradient = *(branches_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 5)
        return;
    int i = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_linear_1[block][i][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.linear_1_bias[i] = total;
}

/* flatten_1: flatten_backward                                                                 branches.net:12
 *   d_flatten_1     108
 *   d_max_pool2d_1  12 x 3 x 3  (result) */
DEVICE void flatten_1_backward(const cuda_step &step, int unit, const float (*d_flatten_1)[108][LANES],
        float (*d_max_pool2d_1)[12][3][3][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 14;
    int point = 8 * (unit % 14) + warp_of_thread();
    if (point >= 108)
        return;
    int x = point % 3;
    int y = point / 3 % 3;
    int c = point / 9;
    d_max_pool2d_1[block][c][y][x][lane] = d_flatten_1[block][9*c + 3*y + x][lane];
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

/* sum: conv2d_backward_input                                                                   branches.net:8
 *   sum_weight    6 x 6 x 4
 *   d_add_1       6 x 5 x 5
 *   d_sum_padded  6 x 7 x 5  (result)
 * dx[c][y][x] gathers every output that read (y, x). */
DEVICE void sum_backward_input(const cuda_step &step, int unit, const float (*d_add_1)[6][5][5][LANES],
        float (*d_sum_padded)[6][7][5][LANES])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 27;
    int point = 8 * (unit % 27) + warp_of_thread();
    if (point >= 210)
        return;
    int c = point % 6;
    int x = point / 6 % 5;
    int y = point / 30;
    real sum = 0;
    for (int u = 0; u < 3; u++)
        if (0 <= y - u && y - u <= 4)
            for (int o = 0; o < 6; o++)
                sum += w.sum_weight[o][c][u] * d_add_1[block][o][y - u][x][lane];
    d_sum_padded[block][c][y][x][lane] = sum;
}

/* sum: conv2d_backward_weight                                                                  branches.net:8
 *   d_add_1     6 x 5 x 5
 *   sum_padded  6 x 7 x 5
 *   sum_weight  6 x 6 x 4  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void sum_backward_weight(const cuda_step &step, int unit, const float (*d_add_1)[6][5][5][LANES],
        const float (*sum_padded)[6][7][5][LANES])
{
    branches_weights &gradient = *(branches_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 108)
        return;
    int c = point % 6;
    int u = point / 6 % 3;
    int o = point / 18;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                sum += d_add_1[block][o][y][x][lane] * sum_padded[block][c][y + u][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.sum_weight[o][c][u] = total;
}

/* sum: conv2d_backward_bias                                                                    branches.net:8
 *   d_add_1   6 x 5 x 5
 *   sum_bias  6  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void sum_backward_bias(const cuda_step &step, int unit, const float (*d_add_1)[6][5][5][LANES])
{
    branches_weights &gradient = *(branches_weights *)step.gradient;
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
                sum += d_add_1[block][o][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.sum_bias[o] = total;
}

/* sum: pad_backward, relu_1: relu_backward, side: sum                                        branches.net:6-8
 *   d_side        6 x 5 x 5
 *   d_add_1       6 x 5 x 5
 *   relu_1        6 x 5 x 5
 *   d_sum_padded  6 x 7 x 5
 *   d_side_sum    6 x 5 x 5  (result)
 * what the image lies under. */
DEVICE void sum_backward_pad(const cuda_step &step, int unit, const float (*d_side)[6][5][5][LANES],
        const float (*d_add_1)[6][5][5][LANES], const float (*relu_1)[6][5][5][LANES],
        const float (*d_sum_padded)[6][7][5][LANES], float (*d_side_sum)[6][5][5][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 19;
    int point = 8 * (unit % 19) + warp_of_thread();
    if (point >= 150)
        return;
    int c = point % 6;
    int x = point / 6 % 5;
    int y = point / 30;
    d_side_sum[block][c][y][x][lane] = d_side[block][c][y][x][lane] + d_add_1[block][c][y][x][lane] +
            (relu_1[block][c][y][x][lane] <= 0.0f ? 0.0f : d_sum_padded[block][c][y + 1][x][lane]);
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
 *   d_side_sum   6 x 5 x 5
 *   side_padded  4 x 11 x 11
 *   side_weight  6 x 2 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void side_backward_weight(const cuda_step &step, int unit, const float (*d_side_sum)[6][5][5][LANES],
        const float (*side_padded)[4][11][11][LANES])
{
    branches_weights &gradient = *(branches_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 108)
        return;
    int c = point % 2;
    int v = point / 2 % 3;
    int u = point / 6 % 3;
    int o = point / 18 % 3;
    int g = point / 54;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                sum += d_side_sum[block][3*g + o][y][x][lane] * side_padded[block][2*g + c][2*y + u][2*x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.side_weight[3*g + o][c][3*u + v] = total;
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
 *   d_entry       4 x 9 x 9
 *   entry_padded  3 x 11 x 11
 *   entry_weight  4 x 3 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void entry_backward_weight(const cuda_step &step, int unit, const float (*d_entry)[4][9][9][LANES],
        const float (*entry_padded)[3][11][11][LANES])
{
    branches_weights &gradient = *(branches_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 108)
        return;
    int c = point % 3;
    int v = point / 3 % 3;
    int u = point / 9 % 3;
    int o = point / 27;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 9; y++)
            for (int x = 0; x < 9; x++)
                sum += d_entry[block][o][y][x][lane] * entry_padded[block][c][y + u][x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.entry_weight[o][c][3*u + v] = total;
}

/* entry: conv2d_backward_bias                                                                  branches.net:5
 *   d_entry     4 x 9 x 9
 *   entry_bias  4  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void entry_backward_bias(const cuda_step &step, int unit, const float (*d_entry)[4][9][9][LANES])
{
    branches_weights &gradient = *(branches_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 4)
        return;
    int o = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 9; y++)
            for (int x = 0; x < 9; x++)
                sum += d_entry[block][o][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.entry_bias[o] = total;
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

/* cross_entropy: cross_entropy                                                                branches.net:22
 *   linear_1  5
 *   maximum   one a sample
 *   label     one a sample
 *   loss      one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void evaluate_cross_entropy_forward(const cuda_step &step, int unit, const float (*linear_1)[5][LANES],
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
    for (int k = 0; k < 5; k++) {
        sum += real_exp(linear_1[block][k][lane] - maximum[block][lane]);
        sum_2 += k == label ? linear_1[block][k][lane] : 0.0f;
    }
    loss[block][lane] = real_log(sum) + (maximum[block][lane] - sum_2);
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

extern "C" __global__ void __launch_bounds__(256)
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

extern "C" __global__ void __launch_bounds__(256)
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

extern "C" __global__ void __launch_bounds__(256)
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
branches_flatten_1_forward(cuda_step step, const float (*max_pool2d_1)[12][3][3][LANES], float (*flatten_1)[108][LANES])
{
    int unit = blockIdx.x;
    flatten_1_forward(step, unit, max_pool2d_1, flatten_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_linear_1_forward(cuda_step step, const float (*flatten_1)[108][LANES], float (*linear_1)[5][LANES])
{
    int unit = blockIdx.x;
    linear_1_forward(step, unit, flatten_1, linear_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_cross_entropy_maximum(cuda_step step, const float (*linear_1)[5][LANES], float (*maximum)[LANES],
        float (*correct)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_maximum(step, unit, linear_1, maximum, correct);
}

extern "C" __global__ void __launch_bounds__(256)
branches_cross_entropy_forward(cuda_step step, const float (*linear_1)[5][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES], float (*exp_sum)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_forward(step, unit, linear_1, maximum, loss, exp_sum);
}

extern "C" __global__ void __launch_bounds__(256)
branches_cross_entropy_backward(cuda_step step, const float (*linear_1)[5][LANES], const float (*maximum)[LANES],
        const float (*exp_sum)[LANES], float (*d_linear_1)[5][LANES])
{
    int unit = blockIdx.x;
    cross_entropy_backward(step, unit, linear_1, maximum, exp_sum, d_linear_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_train_17(cuda_step step, const float (*d_linear_1)[5][LANES], float (*d_flatten_1)[108][LANES],
        const float (*flatten_1)[108][LANES])
{
    int unit = blockIdx.x;
    int linear_1_backward_input_units = 14 * step_blocks(step);
    if (unit < linear_1_backward_input_units) {
        linear_1_backward_input(step, unit, d_linear_1, d_flatten_1);
        return;
    }
    unit -= linear_1_backward_input_units;
    int linear_1_backward_weight_units = 68;
    if (unit < linear_1_backward_weight_units) {
        linear_1_backward_weight(step, unit, d_linear_1, flatten_1);
        return;
    }
    unit -= linear_1_backward_weight_units;
    linear_1_backward_bias(step, unit, d_linear_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_flatten_1_backward(cuda_step step, const float (*d_flatten_1)[108][LANES],
        float (*d_max_pool2d_1)[12][3][3][LANES])
{
    int unit = blockIdx.x;
    flatten_1_backward(step, unit, d_flatten_1, d_max_pool2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_max_pool2d_1_backward(cuda_step step, const uint8_t (*max_pool2d_1_indices)[12][3][3][LANES],
        const float (*d_max_pool2d_1)[12][3][3][LANES], float (*d_concat_1)[12][5][5][LANES])
{
    int unit = blockIdx.x;
    max_pool2d_1_backward(step, unit, max_pool2d_1_indices, d_max_pool2d_1, d_concat_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_train_20(cuda_step step, const float (*d_concat_1)[12][5][5][LANES], float (*d_add_1)[6][5][5][LANES],
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

extern "C" __global__ void __launch_bounds__(256)
branches_train_21(cuda_step step, const float (*d_add_1)[6][5][5][LANES], float (*d_sum_padded)[6][7][5][LANES],
        const float (*sum_padded)[6][7][5][LANES])
{
    int unit = blockIdx.x;
    int sum_backward_input_units = 27 * step_blocks(step);
    if (unit < sum_backward_input_units) {
        sum_backward_input(step, unit, d_add_1, d_sum_padded);
        return;
    }
    unit -= sum_backward_input_units;
    int sum_backward_weight_units = 14;
    if (unit < sum_backward_weight_units) {
        sum_backward_weight(step, unit, d_add_1, sum_padded);
        return;
    }
    unit -= sum_backward_weight_units;
    sum_backward_bias(step, unit, d_add_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_sum_backward_pad(cuda_step step, const float (*d_side)[6][5][5][LANES], const float (*d_add_1)[6][5][5][LANES],
        const float (*relu_1)[6][5][5][LANES], const float (*d_sum_padded)[6][7][5][LANES],
        float (*d_side_sum)[6][5][5][LANES])
{
    int unit = blockIdx.x;
    sum_backward_pad(step, unit, d_side, d_add_1, relu_1, d_sum_padded, d_side_sum);
}

extern "C" __global__ void __launch_bounds__(256)
branches_train_23(cuda_step step, const float (*d_side_sum)[6][5][5][LANES], float (*d_side_padded)[4][11][11][LANES],
        const float (*side_padded)[4][11][11][LANES])
{
    int unit = blockIdx.x;
    int side_backward_input_units = 61 * step_blocks(step);
    if (unit < side_backward_input_units) {
        side_backward_input(step, unit, d_side_sum, d_side_padded);
        return;
    }
    unit -= side_backward_input_units;
    side_backward_weight(step, unit, d_side_sum, side_padded);
}

extern "C" __global__ void __launch_bounds__(256)
branches_side_backward_pad(cuda_step step, const float (*d_side_padded)[4][11][11][LANES],
        float (*d_entry)[4][9][9][LANES])
{
    int unit = blockIdx.x;
    side_backward_pad(step, unit, d_side_padded, d_entry);
}

extern "C" __global__ void __launch_bounds__(256)
branches_train_25(cuda_step step, const float (*d_entry)[4][9][9][LANES], const float (*entry_padded)[3][11][11][LANES])
{
    int unit = blockIdx.x;
    int entry_backward_weight_units = 14;
    if (unit < entry_backward_weight_units) {
        entry_backward_weight(step, unit, d_entry, entry_padded);
        return;
    }
    unit -= entry_backward_weight_units;
    entry_backward_bias(step, unit, d_entry);
}

extern "C" __global__ void __launch_bounds__(256)
branches_evaluate_max_pool2d_1_forward(cuda_step step, const float (*concat_1)[12][5][5][LANES],
        float (*max_pool2d_1)[12][3][3][LANES])
{
    int unit = blockIdx.x;
    evaluate_max_pool2d_1_forward(step, unit, concat_1, max_pool2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
branches_evaluate_cross_entropy_forward(cuda_step step, const float (*linear_1)[5][LANES],
        const float (*maximum)[LANES], float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_cross_entropy_forward(step, unit, linear_1, maximum, loss);
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
