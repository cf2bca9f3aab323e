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

/* The images of a block, normalised: byte * factor + shift = (byte / 255 - mean) / std. 32 pixels of 32 samples go
 * through shared memory, so that both their bytes and the numbers lie side by side for a warp. */
DEVICE void load_input(const cuda_step &step, int unit, float (*input)[1][28][28][LANES])
{
    __shared__ uint8_t tile[LANES][LANES + 4];
    int lane = lane_of_thread(), block = unit / 25, first = unit % 25 * LANES;

    for (int sample = warp_of_thread(); sample < LANES; sample += 8)
        if (first + lane < 784)
            tile[sample][lane] = step.images[(int64_t)sample_of_lane(step, block, sample) * 784 + first + lane];
    __syncthreads();
    for (int i = warp_of_thread(); i < LANES && first + i < 784; i += 8)
        (&input[block][0][0][0][0])[(first + i) * LANES + lane] = tile[lane][i] * factor[0] + shift[0];
}

/* conv1: conv2d                                                                                   lenet.net:5
 *   conv1_weight  10 x 1 x 28
 *   input         1 x 28 x 28
 *   conv1_bias    10
 *   conv1         10 x 24 x 24  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void conv1_forward(const cuda_step &step, int unit, const float (*input)[1][28][28][LANES],
        float (*conv1)[10][24][24][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 720;
    int point = 8 * (unit % 720) + warp_of_thread();
    int o = point % 10;
    int x = point / 10 % 24;
    int y = point / 240;
    real sum = w.conv1_bias[o];
    for (int u = 0; u < 5; u++)
        for (int v = 0; v < 5; v++)
            sum += w.conv1_weight[o][0][5*u + v] * input[block][0][y + u][x + v][lane];
    conv1[block][o][y][x][lane] = sum;
}

/* max_pool2d_1: max_pool2d, relu_1: relu                                                        lenet.net:6-7
 *   conv1                 10 x 24 x 24
 *   relu_1                10 x 12 x 12  (result)
 *   max_pool2d_1_indices  10 x 12 x 12  (result)
 * the largest of each window, and which element of it that is. */
DEVICE void max_pool2d_1_forward(const cuda_step &step, int unit, const float (*conv1)[10][24][24][LANES],
        float (*relu_1)[10][12][12][LANES], uint8_t (*max_pool2d_1_indices)[10][12][12][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 180;
    int point = 8 * (unit % 180) + warp_of_thread();
    int c = point % 10;
    int x = point / 10 % 12;
    int y = point / 120;
    real largest = -INFINITY;
    int place = 0;
    for (int u = 0; u < 2; u++)
        for (int v = 0; v < 2; v++) {
            real value = conv1[block][c][2*y + u][2*x + v][lane];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
            place = taken ? 2*u + v : place;
        }
    relu_1[block][c][y][x][lane] = real_max(largest, 0.0f);
    max_pool2d_1_indices[block][c][y][x][lane] = place;
}

/* conv2: conv2d                                                                                   lenet.net:8
 *   conv2_weight  20 x 10 x 28
 *   relu_1        10 x 12 x 12
 *   conv2_bias    20
 *   conv2         20 x 8 x 8  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void conv2_forward(const cuda_step &step, int unit, const float (*relu_1)[10][12][12][LANES],
        float (*conv2)[20][8][8][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 160;
    int point = 8 * (unit % 160) + warp_of_thread();
    int o = point % 20;
    int x = point / 20 % 8;
    int y = point / 160;
    real sum = w.conv2_bias[o];
    for (int u = 0; u < 5; u++)
        for (int v = 0; v < 5; v++)
            for (int c = 0; c < 10; c++)
                sum += w.conv2_weight[o][c][5*u + v] * relu_1[block][c][y + u][x + v][lane];
    conv2[block][o][y][x][lane] = sum;
}

/* max_pool2d_2: max_pool2d, relu_2: relu                                                       lenet.net:9-10
 *   conv2                 20 x 8 x 8
 *   relu_2                20 x 4 x 4  (result)
 *   max_pool2d_2_indices  20 x 4 x 4  (result)
 * the largest of each window, and which element of it that is. */
DEVICE void max_pool2d_2_forward(const cuda_step &step, int unit, const float (*conv2)[20][8][8][LANES],
        float (*relu_2)[20][4][4][LANES], uint8_t (*max_pool2d_2_indices)[20][4][4][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 40;
    int point = 8 * (unit % 40) + warp_of_thread();
    int c = point % 20;
    int x = point / 20 % 4;
    int y = point / 80;
    real largest = -INFINITY;
    int place = 0;
    for (int u = 0; u < 2; u++)
        for (int v = 0; v < 2; v++) {
            real value = conv2[block][c][2*y + u][2*x + v][lane];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
            place = taken ? 2*u + v : place;
        }
    relu_2[block][c][y][x][lane] = real_max(largest, 0.0f);
    max_pool2d_2_indices[block][c][y][x][lane] = place;
}

/* flatten_1: flatten                                                                             lenet.net:11
 *   relu_2     20 x 4 x 4
 *   flatten_1  320  (result) */
DEVICE void flatten_1_forward(const cuda_step &step, int unit, const float (*relu_2)[20][4][4][LANES],
        float (*flatten_1)[320][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 40;
    int point = 8 * (unit % 40) + warp_of_thread();
    int x = point % 4;
    int y = point / 4 % 4;
    int c = point / 16;
    flatten_1[block][16*c + 4*y + x][lane] = relu_2[block][c][y][x][lane];
}

/* fc: linear                                                                                     lenet.net:12
 *   fc_weight  10 x 320
 *   flatten_1  320
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j]. */
DEVICE void fc_forward(const cuda_step &step, int unit, const float (*flatten_1)[320][LANES], float (*fc)[10][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 2;
    int point = 8 * (unit % 2) + warp_of_thread();
    if (point >= 10)
        return;
    int i = point;
    real sum = w.fc_bias[i];
    for (int j = 0; j < 320; j++)
        sum += w.fc_weight[i][j] * flatten_1[block][j][lane];
    fc[block][i][lane] = sum;
}

/* cross_entropy: class_maximum                                                                   lenet.net:24
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

/* cross_entropy: cross_entropy                                                                   lenet.net:24
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

/* cross_entropy: cross_entropy_backward                                                          lenet.net:24
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

/* fc: linear_backward_input                                                                      lenet.net:12
 *   fc_weight    10 x 320
 *   d_fc         10
 *   d_flatten_1  320  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void fc_backward_input(const cuda_step &step, int unit, const float (*d_fc)[10][LANES],
        float (*d_flatten_1)[320][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 40;
    int point = 8 * (unit % 40) + warp_of_thread();
    int j = point;
    real sum = 0;
    for (int i = 0; i < 10; i++)
        sum += w.fc_weight[i][j] * d_fc[block][i][lane];
    d_flatten_1[block][j][lane] = sum;
}

/* fc: linear_backward_weight                                                                     lenet.net:12
 *   d_fc       10
 *   flatten_1  320
 *   fc_weight  10 x 320  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*d_fc)[10][LANES],
        const float (*flatten_1)[320][LANES])
{
    lenet_weights &gradient = *(lenet_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int j = point % 320;
    int i = point / 320;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        sum += d_fc[block][i][lane] * flatten_1[block][j][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.fc_weight[i][j] = total;
}

/* fc: linear_backward_bias                                                                       lenet.net:12
 *   d_fc     10
 *   fc_bias  10  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void fc_backward_bias(const cuda_step &step, int unit, const float (*d_fc)[10][LANES])
{
    lenet_weights &gradient = *(lenet_weights *)step.gradient;
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

/* flatten_1: flatten_backward, relu_2: relu_backward                                          lenet.net:10-11
 *   relu_2          20 x 4 x 4
 *   d_flatten_1     320
 *   d_max_pool2d_2  20 x 4 x 4  (result) */
DEVICE void flatten_1_backward(const cuda_step &step, int unit, const float (*relu_2)[20][4][4][LANES],
        const float (*d_flatten_1)[320][LANES], float (*d_max_pool2d_2)[20][4][4][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 40;
    int point = 8 * (unit % 40) + warp_of_thread();
    int x = point % 4;
    int y = point / 4 % 4;
    int c = point / 16;
    d_max_pool2d_2[block][c][y][x][lane] = relu_2[block][c][y][x][lane] <= 0.0f ? 0.0f :
            d_flatten_1[block][16*c + 4*y + x][lane];
}

/* max_pool2d_2: max_pool2d_backward                                                               lenet.net:9
 *   max_pool2d_2_indices  20 x 4 x 4
 *   d_max_pool2d_2        20 x 4 x 4
 *   d_conv2               20 x 8 x 8  (result)
 * dx[c][y][x] gathers every window that took (y, x). */
DEVICE void max_pool2d_2_backward(const cuda_step &step, int unit,
        const uint8_t (*max_pool2d_2_indices)[20][4][4][LANES], const float (*d_max_pool2d_2)[20][4][4][LANES],
        float (*d_conv2)[20][8][8][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 160;
    int point = 8 * (unit % 160) + warp_of_thread();
    int c = point % 20;
    int v = point / 20 % 2;
    int x = point / 40 % 4;
    int u = point / 160 % 2;
    int y = point / 320;
    d_conv2[block][c][2*y + u][2*x + v][lane] = max_pool2d_2_indices[block][c][y][x][lane] == 2*u + v ?
            d_max_pool2d_2[block][c][y][x][lane] : 0.0f;
}

/* conv2: conv2d_backward_input, relu_1: relu_backward                                           lenet.net:7-8
 *   conv2_weight    20 x 10 x 28
 *   d_conv2         20 x 8 x 8
 *   relu_1          10 x 12 x 12
 *   d_max_pool2d_1  10 x 12 x 12  (result)
 * dx[c][y][x] gathers every output that read (y, x). */
DEVICE void conv2_backward_input(const cuda_step &step, int unit, const float (*d_conv2)[20][8][8][LANES],
        const float (*relu_1)[10][12][12][LANES], float (*d_max_pool2d_1)[10][12][12][LANES])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    int lane = lane_of_thread();
    int block = unit / 180;
    int point = 8 * (unit % 180) + warp_of_thread();
    int c = point % 10;
    int x = point / 10 % 12;
    int y = point / 120;
    real sum = 0;
    for (int u = 0; u < 5; u++)
        if (0 <= y - u && y - u <= 7)
            for (int v = 0; v < 5; v++)
                if (0 <= x - v && x - v <= 7)
                    for (int o = 0; o < 20; o++)
                        sum += w.conv2_weight[o][c][5*u + v] * d_conv2[block][o][y - u][x - v][lane];
    d_max_pool2d_1[block][c][y][x][lane] = relu_1[block][c][y][x][lane] <= 0.0f ? 0.0f : sum;
}

/* conv2: conv2d_backward_weight                                                                   lenet.net:8
 *   d_conv2       20 x 8 x 8
 *   relu_1        10 x 12 x 12
 *   conv2_weight  20 x 10 x 28  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void conv2_backward_weight(const cuda_step &step, int unit, const float (*d_conv2)[20][8][8][LANES],
        const float (*relu_1)[10][12][12][LANES])
{
    lenet_weights &gradient = *(lenet_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    int c = point % 10;
    int v = point / 10 % 5;
    int u = point / 50 % 5;
    int o = point / 250;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++)
                sum += d_conv2[block][o][y][x][lane] * relu_1[block][c][y + u][x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv2_weight[o][c][5*u + v] = total;
}

/* conv2: conv2d_backward_bias                                                                     lenet.net:8
 *   d_max_pool2d_2  20 x 4 x 4
 *   conv2_bias      20  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void conv2_backward_bias(const cuda_step &step, int unit, const float (*d_max_pool2d_2)[20][4][4][LANES])
{
    lenet_weights &gradient = *(lenet_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 20)
        return;
    int o = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 4; x++)
                sum += d_max_pool2d_2[block][o][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv2_bias[o] = total;
}

/* max_pool2d_1: max_pool2d_backward                                                               lenet.net:6
 *   max_pool2d_1_indices  10 x 12 x 12
 *   d_max_pool2d_1        10 x 12 x 12
 *   d_conv1               10 x 24 x 24  (result)
 * dx[c][y][x] gathers every window that took (y, x). */
DEVICE void max_pool2d_1_backward(const cuda_step &step, int unit,
        const uint8_t (*max_pool2d_1_indices)[10][12][12][LANES], const float (*d_max_pool2d_1)[10][12][12][LANES],
        float (*d_conv1)[10][24][24][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 720;
    int point = 8 * (unit % 720) + warp_of_thread();
    int c = point % 10;
    int v = point / 10 % 2;
    int x = point / 20 % 12;
    int u = point / 240 % 2;
    int y = point / 480;
    d_conv1[block][c][2*y + u][2*x + v][lane] = max_pool2d_1_indices[block][c][y][x][lane] == 2*u + v ?
            d_max_pool2d_1[block][c][y][x][lane] : 0.0f;
}

/* conv1: conv2d_backward_weight                                                                   lenet.net:5
 *   d_conv1       10 x 24 x 24
 *   input         1 x 28 x 28
 *   conv1_weight  10 x 1 x 28  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void conv1_backward_weight(const cuda_step &step, int unit, const float (*d_conv1)[10][24][24][LANES],
        const float (*input)[1][28][28][LANES])
{
    lenet_weights &gradient = *(lenet_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 250)
        return;
    int v = point % 5;
    int u = point / 5 % 5;
    int o = point / 25;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 24; y++)
            for (int x = 0; x < 24; x++)
                sum += d_conv1[block][o][y][x][lane] * input[block][0][y + u][x + v][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv1_weight[o][0][5*u + v] = total;
}

/* conv1: conv2d_backward_bias                                                                     lenet.net:5
 *   d_max_pool2d_1  10 x 12 x 12
 *   conv1_bias      10  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void conv1_backward_bias(const cuda_step &step, int unit, const float (*d_max_pool2d_1)[10][12][12][LANES])
{
    lenet_weights &gradient = *(lenet_weights *)step.gradient;
    int lane = lane_of_thread();
    int blocks = step_blocks(step);
    int point = 8 * unit + warp_of_thread();
    if (point >= 10)
        return;
    int o = point;
    real sum = 0;
    for (int block = 0; block < blocks; block++)
        for (int y = 0; y < 12; y++)
            for (int x = 0; x < 12; x++)
                sum += d_max_pool2d_1[block][o][y][x][lane];
    float total = warp_sum(sum);
    if (lane == 0)
        gradient.conv1_bias[o] = total;
}

/* max_pool2d_1: max_pool2d, relu_1: relu                                                        lenet.net:6-7
 *   conv1   10 x 24 x 24
 *   relu_1  10 x 12 x 12  (result)
 * the largest of each window. */
DEVICE void evaluate_max_pool2d_1_forward(const cuda_step &step, int unit, const float (*conv1)[10][24][24][LANES],
        float (*relu_1)[10][12][12][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 180;
    int point = 8 * (unit % 180) + warp_of_thread();
    int c = point % 10;
    int x = point / 10 % 12;
    int y = point / 120;
    real largest = -INFINITY;
    for (int u = 0; u < 2; u++)
        for (int v = 0; v < 2; v++) {
            real value = conv1[block][c][2*y + u][2*x + v][lane];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
        }
    relu_1[block][c][y][x][lane] = real_max(largest, 0.0f);
}

/* max_pool2d_2: max_pool2d, relu_2: relu                                                       lenet.net:9-10
 *   conv2   20 x 8 x 8
 *   relu_2  20 x 4 x 4  (result)
 * the largest of each window. */
DEVICE void evaluate_max_pool2d_2_forward(const cuda_step &step, int unit, const float (*conv2)[20][8][8][LANES],
        float (*relu_2)[20][4][4][LANES])
{
    int lane = lane_of_thread();
    int block = unit / 40;
    int point = 8 * (unit % 40) + warp_of_thread();
    int c = point % 20;
    int x = point / 20 % 4;
    int y = point / 80;
    real largest = -INFINITY;
    for (int u = 0; u < 2; u++)
        for (int v = 0; v < 2; v++) {
            real value = conv2[block][c][2*y + u][2*x + v][lane];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
        }
    relu_2[block][c][y][x][lane] = real_max(largest, 0.0f);
}

/* cross_entropy: cross_entropy                                                                   lenet.net:24
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
lenet_load_input(cuda_step step, float (*input)[1][28][28][LANES])
{
    int unit = blockIdx.x;
    load_input(step, unit, input);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_conv1_forward(cuda_step step, const float (*input)[1][28][28][LANES], float (*conv1)[10][24][24][LANES])
{
    int unit = blockIdx.x;
    conv1_forward(step, unit, input, conv1);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_max_pool2d_1_forward(cuda_step step, const float (*conv1)[10][24][24][LANES], float (*relu_1)[10][12][12][LANES],
        uint8_t (*max_pool2d_1_indices)[10][12][12][LANES])
{
    int unit = blockIdx.x;
    max_pool2d_1_forward(step, unit, conv1, relu_1, max_pool2d_1_indices);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_conv2_forward(cuda_step step, const float (*relu_1)[10][12][12][LANES], float (*conv2)[20][8][8][LANES])
{
    int unit = blockIdx.x;
    conv2_forward(step, unit, relu_1, conv2);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_max_pool2d_2_forward(cuda_step step, const float (*conv2)[20][8][8][LANES], float (*relu_2)[20][4][4][LANES],
        uint8_t (*max_pool2d_2_indices)[20][4][4][LANES])
{
    int unit = blockIdx.x;
    max_pool2d_2_forward(step, unit, conv2, relu_2, max_pool2d_2_indices);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_flatten_1_forward(cuda_step step, const float (*relu_2)[20][4][4][LANES], float (*flatten_1)[320][LANES])
{
    int unit = blockIdx.x;
    flatten_1_forward(step, unit, relu_2, flatten_1);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_fc_forward(cuda_step step, const float (*flatten_1)[320][LANES], float (*fc)[10][LANES])
{
    int unit = blockIdx.x;
    fc_forward(step, unit, flatten_1, fc);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_cross_entropy_maximum(cuda_step step, const float (*fc)[10][LANES], float (*maximum)[LANES],
        float (*correct)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_maximum(step, unit, fc, maximum, correct);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_cross_entropy_forward(cuda_step step, const float (*fc)[10][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES], float (*exp_sum)[LANES])
{
    int unit = blockIdx.x;
    cross_entropy_forward(step, unit, fc, maximum, loss, exp_sum);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_cross_entropy_backward(cuda_step step, const float (*fc)[10][LANES], const float (*maximum)[LANES],
        const float (*exp_sum)[LANES], float (*d_fc)[10][LANES])
{
    int unit = blockIdx.x;
    cross_entropy_backward(step, unit, fc, maximum, exp_sum, d_fc);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_train_11(cuda_step step, const float (*d_fc)[10][LANES], float (*d_flatten_1)[320][LANES],
        const float (*flatten_1)[320][LANES])
{
    int unit = blockIdx.x;
    int fc_backward_input_units = 40 * step_blocks(step);
    if (unit < fc_backward_input_units) {
        fc_backward_input(step, unit, d_fc, d_flatten_1);
        return;
    }
    unit -= fc_backward_input_units;
    int fc_backward_weight_units = 400;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, d_fc, flatten_1);
        return;
    }
    unit -= fc_backward_weight_units;
    fc_backward_bias(step, unit, d_fc);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_flatten_1_backward(cuda_step step, const float (*relu_2)[20][4][4][LANES], const float (*d_flatten_1)[320][LANES],
        float (*d_max_pool2d_2)[20][4][4][LANES])
{
    int unit = blockIdx.x;
    flatten_1_backward(step, unit, relu_2, d_flatten_1, d_max_pool2d_2);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_train_13(cuda_step step, const uint8_t (*max_pool2d_2_indices)[20][4][4][LANES],
        const float (*d_max_pool2d_2)[20][4][4][LANES], float (*d_conv2)[20][8][8][LANES])
{
    int unit = blockIdx.x;
    int max_pool2d_2_backward_units = 160 * step_blocks(step);
    if (unit < max_pool2d_2_backward_units) {
        max_pool2d_2_backward(step, unit, max_pool2d_2_indices, d_max_pool2d_2, d_conv2);
        return;
    }
    unit -= max_pool2d_2_backward_units;
    conv2_backward_bias(step, unit, d_max_pool2d_2);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_train_14(cuda_step step, const float (*d_conv2)[20][8][8][LANES], const float (*relu_1)[10][12][12][LANES],
        float (*d_max_pool2d_1)[10][12][12][LANES])
{
    int unit = blockIdx.x;
    int conv2_backward_input_units = 180 * step_blocks(step);
    if (unit < conv2_backward_input_units) {
        conv2_backward_input(step, unit, d_conv2, relu_1, d_max_pool2d_1);
        return;
    }
    unit -= conv2_backward_input_units;
    conv2_backward_weight(step, unit, d_conv2, relu_1);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_train_15(cuda_step step, const uint8_t (*max_pool2d_1_indices)[10][12][12][LANES],
        const float (*d_max_pool2d_1)[10][12][12][LANES], float (*d_conv1)[10][24][24][LANES])
{
    int unit = blockIdx.x;
    int max_pool2d_1_backward_units = 720 * step_blocks(step);
    if (unit < max_pool2d_1_backward_units) {
        max_pool2d_1_backward(step, unit, max_pool2d_1_indices, d_max_pool2d_1, d_conv1);
        return;
    }
    unit -= max_pool2d_1_backward_units;
    conv1_backward_bias(step, unit, d_max_pool2d_1);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_conv1_backward_weight(cuda_step step, const float (*d_conv1)[10][24][24][LANES],
        const float (*input)[1][28][28][LANES])
{
    int unit = blockIdx.x;
    conv1_backward_weight(step, unit, d_conv1, input);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_evaluate_max_pool2d_1_forward(cuda_step step, const float (*conv1)[10][24][24][LANES],
        float (*relu_1)[10][12][12][LANES])
{
    int unit = blockIdx.x;
    evaluate_max_pool2d_1_forward(step, unit, conv1, relu_1);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_evaluate_max_pool2d_2_forward(cuda_step step, const float (*conv2)[20][8][8][LANES],
        float (*relu_2)[20][4][4][LANES])
{
    int unit = blockIdx.x;
    evaluate_max_pool2d_2_forward(step, unit, conv2, relu_2);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_evaluate_cross_entropy_forward(cuda_step step, const float (*fc)[10][LANES], const float (*maximum)[LANES],
        float (*loss)[LANES])
{
    int unit = blockIdx.x;
    evaluate_cross_entropy_forward(step, unit, fc, maximum, loss);
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
