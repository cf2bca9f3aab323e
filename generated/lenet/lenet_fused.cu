/* lenet, compiled by netc 0.1.0 for CUDA from lenet.net with: netc lenet.net --cpu=avx2
 * sha256 of lenet.net: 1f84c3979097720d08ad5b072b3acc6fa4b17785d347f9d751d029128b06b2a6
 * The kernels of a GPU. A block of threads takes a sample through the whole step. */
#include "cuda_kernels.h"

/* The flat array of weights: first those whose gradients the samples leave, then those that the reduction forms of
 * factors. The taps of a convolution's weight are padded to whole 16 bytes. The gradient has the same form. */
struct lenet_weights {
    alignas(32) float conv1_weight[10][1][28];
    alignas(32) float conv1_bias[10];
    alignas(32) float conv2_weight[20][10][28];
    alignas(32) float conv2_bias[20];
    alignas(32) float fc_bias[10];
    alignas(32) float fc_weight[10][320];
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

/* The weights, from the flat array into shared memory. */
DEVICE void load_weights(const cuda_step &step, float (&conv1_weight)[10][1][28], float (&conv1_bias)[10],
        float (&conv2_weight)[20][10][28], float (&conv2_bias)[20], float (&fc_weight)[10][320], float (&fc_bias)[10])
{
    const lenet_weights &w = *(const lenet_weights *)step.weights;
    copy_array<384>(conv1_weight, w.conv1_weight);
    copy_array<384>(conv1_bias, w.conv1_bias);
    copy_array<384>(conv2_weight, w.conv2_weight);
    copy_array<384>(conv2_bias, w.conv2_bias);
    copy_array<384>(fc_weight, w.fc_weight);
    copy_array<384>(fc_bias, w.fc_bias);
}

/* The image of the sample, normalised: byte * factor + shift = (byte / 255 - mean) / std. */
DEVICE void load_input(const cuda_step &step, int sample, float (&input)[1][784])
{
    const uint8_t *image = step.images + (int64_t)step.samples[sample] * 784;
    int item = threadIdx.x;
    if (item < 196) {
        int c = 0, y = item / 7, x = 4 * (item % 7);
        uint32_t pixels = ((const uint32_t *)image)[item];
        float four[4];
        UNROLL
        for (int i = 0; i < 4; i++)
            four[i] = (pixels >> 8 * i & 255) * factor[c] + shift[c];
        store_row<4>(&input[c][28*y + x], four);
    }
}

/* conv1: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         lenet.net:5-7
 *   conv1_weight  10 x 1 x 28
 *   input         1 x 28 x 28
 *   conv1_bias    10
 *   relu_1        10 x 12 x 12  (result)
 *   conv1_places  10 x 12 x 12  (result)
 * the largest of each window, and which element of it that is.
 * 360 threads, each with 2 windows of 2 channels: 16 sums in registers. */
DEVICE void conv1_forward(const float (&conv1_weight)[10][1][28], const float (&input)[1][784],
        const float (&conv1_bias)[10], float (&relu_1)[10][148], int (&conv1_places)[10][145])
{
    int item = threadIdx.x;
    if (item < 360) {
        int x0 = 4*(item % 6), y0 = 2*(item / 6 % 12), o0 = 2*(item / 72);
        float sum[2][2][4] = {};
        float taps[2][25];
        UNROLL
        for (int i = 0; i < 2; i++)
            load_row<4>(taps[i], conv1_weight[o0 + i][0]);
        UNROLL
        for (int r = 0; r < 6; r++) {
            float row[8];
            load_row<4>(row, &input[0][28*(y0 + r) + x0]);
            UNROLL
            for (int y = 0; y < 2; y++)
                if (0 <= r - y && r - y < 5)
                    UNROLL
                    for (int i = 0; i < 2; i++)
                        UNROLL
                        for (int v = 0; v < 5; v++)
                            UNROLL
                            for (int x = 0; x < 4; x++)
                                sum[i][y][x] += taps[i][5*(r - y) + v] * row[x + v];
        }
        UNROLL
        for (int i = 0; i < 2; i++) {
            UNROLL
            for (int k = 0; k < 2; k++) {
                int y = y0 / 2;
                int x = x0 / 2 + k;
                int c = o0 + i;
                float largest = sum[i][0][2*k];
                int place = 0;
                UNROLL
                for (int e = 1; e < 4; e++) {
                    float value = sum[i][e / 2][2*k + e % 2];
                    bool taken = real_exceeds(value, largest);
                    largest = taken ? value : largest;
                    place = taken ? e / 2 * 28 + e % 2 : place;
                }
                largest += conv1_bias[o0 + i];
                relu_1[c][12*y + x] = real_max(largest, 0.0f);
                conv1_places[o0 + i][12*y + x] = 56*y + 2*x + place;
            }
        }
    }
}

/* conv2: conv2d, max_pool2d_2: max_pool2d, relu_2: relu                                        lenet.net:8-10
 *   conv2_weight        20 x 10 x 28
 *   relu_1              10 x 12 x 12
 *   conv2_forward_sums  2 x 20 x 16 x 4  (result)
 * the largest of each window, and which element of it that is.
 * 320 threads, each with 2 windows of 1 channel: 8 sums in registers. 2 threads share the sum over input channels. */
DEVICE void conv2_forward(const float (&conv2_weight)[20][10][28], const float (&relu_1)[10][148],
        float (&conv2_forward_sums)[2][20][16][4])
{
    int item = threadIdx.x;
    if (item < 320) {
        int x0 = 4*(item % 2), y0 = 2*(item / 2 % 4), o0 = item / 8 % 20;
        int part = item / 160;
        float sum[1][2][4] = {};
        for (int c = part; c < 10; c += 2) {
            float taps[1][25];
            load_row<4>(taps[0], conv2_weight[o0][c]);
            UNROLL
            for (int r = 0; r < 6; r++) {
                float row[8];
                load_row<4>(row, &relu_1[c][12*(y0 + r) + x0]);
                UNROLL
                for (int y = 0; y < 2; y++)
                    if (0 <= r - y && r - y < 5)
                        UNROLL
                        for (int v = 0; v < 5; v++)
                            UNROLL
                            for (int x = 0; x < 4; x++)
                                sum[0][y][x] += taps[0][5*(r - y) + v] * row[x + v];
            }
        }
        UNROLL
        for (int k = 0; k < 2; k++) {
            float window[4];
            UNROLL
            for (int e = 0; e < 4; e++)
                window[e] = sum[0][e / 2][2*k + e % 2];
            store_row<4>(conv2_forward_sums[part][o0][8*k + item % 8], window);
        }
    }
}

/* conv2: conv2d, max_pool2d_2: max_pool2d, relu_2: relu                                        lenet.net:8-10
 *   conv2_forward_sums    2 x 20 x 16 x 4
 *   conv2_bias            20
 *   relu_2                20 x 4 x 4  (result)
 *   max_pool2d_2_indices  20 x 4 x 4  (result)
 * Adds up what the threads that shared a sum have left. */
DEVICE void conv2_forward_sum(const float (&conv2_forward_sums)[2][20][16][4], const float (&conv2_bias)[20],
        float (&relu_2)[20][4][4], uint8_t (&max_pool2d_2_indices)[20][4][4])
{
    int item = threadIdx.x;
    if (item < 320) {
        int tile = item % 16, channel = item / 16;
        float window[4] = {};
        UNROLL
        for (int part = 0; part < 2; part++) {
            float row[4];
            load_row<4>(row, conv2_forward_sums[part][channel][tile]);
            UNROLL
            for (int e = 0; e < 4; e++)
                window[e] += row[e];
        }
        int y = tile % 8 / 2;
        int x = 2*(tile % 2) + tile / 8;
        int c = channel;
        float largest = window[0];
        int place = 0;
        UNROLL
        for (int e = 1; e < 4; e++) {
            float value = window[e];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
            place = taken ? e : place;
        }
        largest += conv2_bias[channel];
        relu_2[c][y][x] = real_max(largest, 0.0f);
        max_pool2d_2_indices[c][y][x] = place;
    }
}

/* fc: linear                                                                                     lenet.net:12
 *   fc_weight  10 x 320
 *   relu_2     20 x 4 x 4
 *   fc_bias    10
 *   fc         10  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * A warp sums an output, its lanes neighbouring features. */
DEVICE void fc_forward(const float (&fc_weight)[10][320], const float (&relu_2)[20][4][4], const float (&fc_bias)[10],
        float (&fc)[10])
{
    const float *features = &relu_2[0][0][0];
    for (int i = warp_of_thread(); i < 10; i += 12) {
        float sum = 0;
        UNROLL
        for (int j = lane_of_thread(); j < 320; j += LANES)
            sum += fc_weight[i][j] * features[j];
        sum = warp_sum(sum) + fc_bias[i];
        if (lane_of_thread() == 0) {
            fc[i] = sum;
        }
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_flatten_1(int sample, const float (&relu_2)[20][4][4], float (*kept_flatten_1)[320])
{
    copy_floats<384, 320>(&kept_flatten_1[sample][0], &relu_2[0][0][0]);
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  lenet.net:24
 *   fc       10
 *   label    one a sample
 *   scale    one a sample
 *   correct  one a sample  (result)
 *   loss     one a sample  (result)
 *   d_fc     10  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight.
 * One warp, a class a lane. */
DEVICE void cross_entropy_forward(const cuda_step &step, int sample, const float (&fc)[10], float (*correct),
        float (*loss), float (&d_fc)[10])
{
    if (warp_of_thread() != 0)
        return;
    int label = step.labels[step.samples[sample]];
    float largest = -INFINITY;
    int place = 0;
    for (int k = lane_of_thread(); k < 10; k += LANES) {
        bool taken = real_exceeds(fc[k], largest);
        largest = taken ? fc[k] : largest;
        place = taken ? k : place;
    }
    warp_largest(largest, place);
    float total = 0;
    for (int k = lane_of_thread(); k < 10; k += LANES)
        total += real_exp(fc[k] - largest);
    total = warp_sum(total);
    if (lane_of_thread() == 0) {
        correct[sample] = place == label ? 1.0f : 0.0f;
        loss[sample] = real_log(total) + (largest - fc[label]);
    }
    for (int k = lane_of_thread(); k < 10; k += LANES)
        d_fc[k] = (real_exp(fc[k] - largest) / total - (k == label ? 1.0f : 0.0f)) * step.scale;
}

/* fc: linear_backward_input                                                                      lenet.net:12
 *   fc_weight    10 x 320
 *   d_fc         10
 *   d_flatten_1  320  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void fc_backward_input(const float (&fc_weight)[10][320], const float (&d_fc)[10], float (&d_flatten_1)[320])
{
    int point = threadIdx.x;
    if (point < 320) {
        int j = point;
        real sum = 0;
        for (int i = 0; i < 10; i++)
            sum += fc_weight[i][j] * d_fc[i];
        d_flatten_1[j] = sum;
    }
}

/* fc: linear_backward_bias                                                                       lenet.net:12
 *   d_fc       10
 *   d_fc_bias  10  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void fc_backward_bias(const float (&d_fc)[10], float (&d_fc_bias)[10])
{
    int point = (int)threadIdx.x - 320;
    if (0 <= point && point < 10) {
        int i = point;
        d_fc_bias[i] = d_fc[i];
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_fc(int sample, const float (&d_fc)[10], float (*kept_d_fc)[10])
{
    copy_floats<384, 10>(&kept_d_fc[sample][0], &d_fc[0]);
}

/* flatten_1: flatten_backward, relu_2: relu_backward                                          lenet.net:10-11
 *   relu_2          20 x 4 x 4
 *   d_flatten_1     320
 *   d_max_pool2d_2  20 x 4 x 4  (result) */
DEVICE void flatten_1_backward(const float (&relu_2)[20][4][4], const float (&d_flatten_1)[320],
        float (&d_max_pool2d_2)[20][4][4])
{
    int point = threadIdx.x;
    if (point < 320) {
        int x = point % 4;
        int y = point / 4 % 4;
        int c = point / 16;
        d_max_pool2d_2[c][y][x] = relu_2[c][y][x] <= 0.0f ? 0.0f : d_flatten_1[16*c + 4*y + x];
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_fc_bias(int sample, const float (&d_fc_bias)[10], float (*sample_gradients)[5936])
{
    copy_floats<384, 10>(&sample_gradients[sample][5920], &d_fc_bias[0]);
}

/* max_pool2d_2: max_pool2d_backward                                                               lenet.net:9
 *   max_pool2d_2_indices  20 x 4 x 4
 *   d_max_pool2d_2        20 x 4 x 4
 *   d_conv2               20 x 8 x 8  (result)
 * dx[c][y][x] gathers every window that took (y, x).
 * A thread writes a window. */
DEVICE void max_pool2d_2_backward(const uint8_t (&max_pool2d_2_indices)[20][4][4],
        const float (&d_max_pool2d_2)[20][4][4], float (&d_conv2)[20][84])
{
    int item = threadIdx.x;
    if (item < 320) {
        int window = item % 16, c = item / 16;
        int y = 2 * (window / 4), x = 2 * (window % 4);
        int place = max_pool2d_2_indices[c][window / 4][window % 4];
        float value = d_max_pool2d_2[c][window / 4][window % 4];
        UNROLL
        for (int u = 0; u < 2; u++) {
            float row[2];
            UNROLL
            for (int v = 0; v < 2; v++)
                row[v] = place == 2*u + v ? value : 0;
            store_row<2>(&d_conv2[c][8*(y + u) + x], row);
        }
    }
}

/* conv2: conv2d_backward_bias                                                                     lenet.net:8
 *   d_max_pool2d_2  20 x 4 x 4
 *   d_conv2_bias    20  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void conv2_backward_bias(const float (&d_max_pool2d_2)[20][4][4], float (&d_conv2_bias)[20])
{
    int point = (int)threadIdx.x - 320;
    if (0 <= point && point < 20) {
        int o = point;
        real sum = 0;
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 4; x++)
                sum += d_max_pool2d_2[o][y][x];
        d_conv2_bias[o] = sum;
    }
}

/* conv2: conv2d_backward_input, relu_1: relu_backward                                           lenet.net:7-8
 *   conv2_weight               20 x 10 x 28
 *   d_conv2                    20 x 8 x 8
 *   conv2_backward_input_sums  40 x 12 x 12  (result)
 * dx[c][y][x] gathers every output that read (y, x).
 * 240 threads, each with 2 whole rows of a channel: 24 sums in registers. 4 threads share the sum over output channels. */
DEVICE void conv2_backward_input(const float (&conv2_weight)[20][10][28], const float (&d_conv2)[20][84],
        float (&conv2_backward_input_sums)[40][148])
{
    int item = threadIdx.x;
    if (item < 240) {
        int c = item % 10, part = item / 10 % 4, y0 = 2*(item / 40);
        float sum[2][12] = {};
        for (int o = part; o < 20; o += 4) {
            float taps[25];
            load_row<4>(taps, conv2_weight[o][c]);
            const float *first = &d_conv2[o][0] + 8*y0 - 32;
            UNROLL
            for (int r = 0; r < 6; r++) {
                if ((unsigned)(y0 + r - 4) < 8) {
                    float row[8];
                    load_row<4>(row, first + 8*r);
                    UNROLL
                    for (int i = 0; i < 2; i++)
                        if (0 <= i - r + 4 && i - r + 4 < 5)
                            UNROLL
                            for (int v = 0; v < 5; v++)
                                UNROLL
                                for (int x = 0; x < 8; x++)
                                    sum[i][x + v] += taps[5*(i - r + 4) + v] * row[x];
                }
            }
        }
        UNROLL
        for (int i = 0; i < 2; i++)
            store_row<4>(&conv2_backward_input_sums[10*part + c][12*(y0 + i)], sum[i]);
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv2_bias(int sample, const float (&d_conv2_bias)[20], float (*sample_gradients)[5936])
{
    copy_floats<384, 20>(&sample_gradients[sample][5896], &d_conv2_bias[0]);
}

/* conv2: conv2d_backward_input, relu_1: relu_backward                                           lenet.net:7-8
 *   conv2_backward_input_sums  40 x 12 x 12
 *   relu_1                     10 x 12 x 12
 *   d_max_pool2d_1             10 x 12 x 12  (result)
 * Adds up what the threads that shared a sum have left. */
DEVICE void conv2_backward_input_sum(const float (&conv2_backward_input_sums)[40][148], const float (&relu_1)[10][148],
        float (&d_max_pool2d_1)[10][145])
{
    int item = threadIdx.x;
    if (item < 360) {
        int c = item / 36;
        int y = item / 3 % 12;
        int x0 = 4*(item % 3);
        float sum[4] = {};
        UNROLL
        for (int part = 0; part < 4; part++) {
            float row[4];
            load_row<4>(row, &conv2_backward_input_sums[10*part + c][12*y + x0]);
            UNROLL
            for (int i = 0; i < 4; i++)
                sum[i] += row[i];
        }
        UNROLL
        for (int i = 0; i < 4; i++) {
            int x = x0 + i;
            d_max_pool2d_1[c][12*y + x] = relu_1[c][12*y + x] <= 0.0f ? 0.0f : sum[i];
        }
    }
}

/* conv1: conv2d_backward_weight, max_pool2d_1: max_pool2d_backward                              lenet.net:5-6
 *   input                       1 x 28 x 28
 *   d_max_pool2d_1              10 x 12 x 12
 *   conv1_places                10 x 12 x 12
 *   conv1_backward_weight_sums  24 x 10 x 25  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * 240 threads, each with all 25 taps of two channels in registers. 24 threads share the sum over windows.
 * Only what a window took is multiplied. */
DEVICE void conv1_backward_weight(const float (&input)[1][784], const float (&d_max_pool2d_1)[10][145],
        const int (&conv1_places)[10][145], float (&conv1_backward_weight_sums)[24][10][25])
{
    int item = threadIdx.x;
    if (item < 240) {
        int o = item % 10, c = 0, part = item / 10;
        float sum[25] = {};
        for (int window = 6*part; window < 6*part + 6; window++) {
            float value = d_max_pool2d_1[o][window];
            const float *patch = &input[c][0] + conv1_places[o][window];
            UNROLL
            for (int t = 0; t < 25; t++)
                sum[t] += value * patch[t / 5 * 28 + t % 5];
        }
        store_row<1>(conv1_backward_weight_sums[part][o], sum);
    }
}

/* conv1: conv2d_backward_bias                                                                     lenet.net:5
 *   d_max_pool2d_1  10 x 12 x 12
 *   d_conv1_bias    10  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * A warp sums a channel. */
DEVICE void conv1_backward_bias(const float (&d_max_pool2d_1)[10][145], float (&d_conv1_bias)[10])
{
    for (int o = warp_of_thread(); o < 10; o += 12) {
        float sum = 0;
        for (int item = lane_of_thread(); item < 144; item += LANES) {
            int y = item / 12;
            int x = item % 12;
            sum += d_max_pool2d_1[o][12*y + x];
        }
        sum = warp_sum(sum);
        if (lane_of_thread() == 0) {
            d_conv1_bias[o] = sum;
        }
    }
}

/* conv2: conv2d_backward_weight                                                                   lenet.net:8
 *   relu_1          10 x 12 x 12
 *   d_conv2         20 x 8 x 8
 *   d_conv2_weight  20 x 10 x 28  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * 200 threads, each with all 25 taps of two channels in registers. */
DEVICE void conv2_backward_weight(const float (&relu_1)[10][148], const float (&d_conv2)[20][84],
        float (&d_conv2_weight)[20][10][28])
{
    int item = threadIdx.x;
    if (item < 200) {
        int o = item % 20, c = item / 20;
        float sum[28] = {}, dy[8][8];
        UNROLL
        for (int r = 0; r < 12; r++) {
            float row[12];
            load_row<4>(row, &relu_1[c][12*r]);
            if (r < 8)
                load_row<4>(dy[r], &d_conv2[o][8*r]);
            UNROLL
            for (int u = 0; u < 5; u++)
                if (0 <= r - u && r - u < 8)
                    UNROLL
                    for (int v = 0; v < 5; v++)
                        UNROLL
                        for (int x = 0; x < 8; x++)
                            sum[5*u + v] += dy[r - u][x] * row[x + v];
        }
        store_row<4>(d_conv2_weight[o][c], sum);
    }
}

/* conv1: conv2d_backward_weight, max_pool2d_1: max_pool2d_backward                              lenet.net:5-6
 *   conv1_backward_weight_sums  24 x 10 x 25
 *   d_conv1_weight              10 x 1 x 28  (result)
 * Adds up what the threads that shared a sum have left. */
DEVICE void conv1_backward_weight_sum(const float (&conv1_backward_weight_sums)[24][10][25],
        float (&d_conv1_weight)[10][1][28])
{
    int item = threadIdx.x;
    if (item < 280) {
        int tap = item % 28;
        float total = 0;
        if (tap < 25) {
            UNROLL
            for (int part = 0; part < 24; part++)
                total += conv1_backward_weight_sums[part][item / 28][tap];
        }
        (&d_conv1_weight[0][0][0])[item] = total;
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv1_bias(int sample, const float (&d_conv1_bias)[10], float (*sample_gradients)[5936])
{
    copy_floats<384, 10>(&sample_gradients[sample][280], &d_conv1_bias[0]);
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv2_weight(int sample, const float (&d_conv2_weight)[20][10][28], float (*sample_gradients)[5936])
{
    copy_floats<384, 5600>(&sample_gradients[sample][296], &d_conv2_weight[0][0][0]);
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv1_weight(int sample, const float (&d_conv1_weight)[10][1][28], float (*sample_gradients)[5936])
{
    copy_floats<384, 280>(&sample_gradients[sample][0], &d_conv1_weight[0][0][0]);
}

/* Sums what the samples have left: a lane a weight, and each warp a part of the samples, in fixed order. */
DEVICE void reduce_gradients(const cuda_step &step, int unit, const float (*sample_gradients)[5936])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    if (i < 5936)
        UNROLL_BY(4)
        for (int sample = warp_of_thread(); sample < step.count; sample += 8) {
            float row[4];
            load_row<4>(row, &sample_gradients[sample][i]);
            UNROLL
            for (int k = 0; k < 4; k++)
                sum[k] += row[k];
        }
    float total = sum_of_warps<8>(sum);
    int j = 128 * unit + threadIdx.x;
    if (threadIdx.x < 128 && j < 5936)
        apply_gradient(step, optimizer(), j, total);
}

/* fc: linear_backward_weight                                                                     lenet.net:12
 *   kept_d_fc       10
 *   kept_flatten_1  320
 *   fc_weight       10 x 320  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*kept_d_fc)[10],
        const float (*kept_flatten_1)[320])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    UNROLL_BY(4)
    for (int sample = warp_of_thread(); sample < step.count; sample += 8) {
        float row[4];
        load_row<4>(row, &kept_flatten_1[sample][i % 320]);
        UNROLL
        for (int k = 0; k < 4; k++)
            sum[k] += kept_d_fc[sample][i / 320] * row[k];
    }
    float total = sum_of_warps<8>(sum);
    int j = 128 * unit + threadIdx.x;
    if (threadIdx.x < 128)
        apply_gradient(step, optimizer(), 5936 + j, total);
}

/* Adds up the losses and hits of the step. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss), const float (*correct))
{
    if (!step.gradient && warp_of_thread() == 0)
        add_results(step, loss, correct);
}

/* conv1: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         lenet.net:5-7
 *   conv1_weight  10 x 1 x 28
 *   input         1 x 28 x 28
 *   conv1_bias    10
 *   relu_1        10 x 12 x 12  (result)
 * the largest of each window.
 * 360 threads, each with 2 windows of 2 channels: 16 sums in registers. */
DEVICE void evaluate_conv1_forward(const float (&conv1_weight)[10][1][28], const float (&input)[1][784],
        const float (&conv1_bias)[10], float (&relu_1)[10][148])
{
    int item = threadIdx.x;
    if (item < 360) {
        int x0 = 4*(item % 6), y0 = 2*(item / 6 % 12), o0 = 2*(item / 72);
        float sum[2][2][4] = {};
        float taps[2][25];
        UNROLL
        for (int i = 0; i < 2; i++)
            load_row<4>(taps[i], conv1_weight[o0 + i][0]);
        UNROLL
        for (int r = 0; r < 6; r++) {
            float row[8];
            load_row<4>(row, &input[0][28*(y0 + r) + x0]);
            UNROLL
            for (int y = 0; y < 2; y++)
                if (0 <= r - y && r - y < 5)
                    UNROLL
                    for (int i = 0; i < 2; i++)
                        UNROLL
                        for (int v = 0; v < 5; v++)
                            UNROLL
                            for (int x = 0; x < 4; x++)
                                sum[i][y][x] += taps[i][5*(r - y) + v] * row[x + v];
        }
        UNROLL
        for (int i = 0; i < 2; i++) {
            UNROLL
            for (int k = 0; k < 2; k++) {
                int y = y0 / 2;
                int x = x0 / 2 + k;
                int c = o0 + i;
                float largest = sum[i][0][2*k];
                UNROLL
                for (int e = 1; e < 4; e++) {
                    float value = sum[i][e / 2][2*k + e % 2];
                    largest = real_exceeds(value, largest) ? value : largest;
                }
                largest += conv1_bias[o0 + i];
                relu_1[c][12*y + x] = real_max(largest, 0.0f);
            }
        }
    }
}

/* conv2: conv2d, max_pool2d_2: max_pool2d, relu_2: relu                                        lenet.net:8-10
 *   conv2_weight        20 x 10 x 28
 *   relu_1              10 x 12 x 12
 *   conv2_forward_sums  2 x 20 x 16 x 4  (result)
 * the largest of each window.
 * 320 threads, each with 2 windows of 1 channel: 8 sums in registers. 2 threads share the sum over input channels. */
DEVICE void evaluate_conv2_forward(const float (&conv2_weight)[20][10][28], const float (&relu_1)[10][148],
        float (&conv2_forward_sums)[2][20][16][4])
{
    int item = threadIdx.x;
    if (item < 320) {
        int x0 = 4*(item % 2), y0 = 2*(item / 2 % 4), o0 = item / 8 % 20;
        int part = item / 160;
        float sum[1][2][4] = {};
        for (int c = part; c < 10; c += 2) {
            float taps[1][25];
            load_row<4>(taps[0], conv2_weight[o0][c]);
            UNROLL
            for (int r = 0; r < 6; r++) {
                float row[8];
                load_row<4>(row, &relu_1[c][12*(y0 + r) + x0]);
                UNROLL
                for (int y = 0; y < 2; y++)
                    if (0 <= r - y && r - y < 5)
                        UNROLL
                        for (int v = 0; v < 5; v++)
                            UNROLL
                            for (int x = 0; x < 4; x++)
                                sum[0][y][x] += taps[0][5*(r - y) + v] * row[x + v];
            }
        }
        UNROLL
        for (int k = 0; k < 2; k++) {
            float window[4];
            UNROLL
            for (int e = 0; e < 4; e++)
                window[e] = sum[0][e / 2][2*k + e % 2];
            store_row<4>(conv2_forward_sums[part][o0][8*k + item % 8], window);
        }
    }
}

/* conv2: conv2d, max_pool2d_2: max_pool2d, relu_2: relu                                        lenet.net:8-10
 *   conv2_forward_sums  2 x 20 x 16 x 4
 *   conv2_bias          20
 *   relu_2              20 x 4 x 4  (result)
 * Adds up what the threads that shared a sum have left. */
DEVICE void evaluate_conv2_forward_sum(const float (&conv2_forward_sums)[2][20][16][4], const float (&conv2_bias)[20],
        float (&relu_2)[20][4][4])
{
    int item = threadIdx.x;
    if (item < 320) {
        int tile = item % 16, channel = item / 16;
        float window[4] = {};
        UNROLL
        for (int part = 0; part < 2; part++) {
            float row[4];
            load_row<4>(row, conv2_forward_sums[part][channel][tile]);
            UNROLL
            for (int e = 0; e < 4; e++)
                window[e] += row[e];
        }
        int y = tile % 8 / 2;
        int x = 2*(tile % 2) + tile / 8;
        int c = channel;
        float largest = window[0];
        UNROLL
        for (int e = 1; e < 4; e++) {
            float value = window[e];
            largest = real_exceeds(value, largest) ? value : largest;
        }
        largest += conv2_bias[channel];
        relu_2[c][y][x] = real_max(largest, 0.0f);
    }
}

/* cross_entropy: class_maximum                                                                   lenet.net:24
 *   fc       10
 *   label    one a sample
 *   maximum  one a sample  (result)
 *   correct  one a sample  (result)
 * the largest logit, and whether it is the label's. */
DEVICE void cross_entropy_maximum(const cuda_step &step, int sample, const float (&fc)[10], float &maximum,
        float (*correct))
{
    int label = step.labels[step.samples[sample]];
    int point = threadIdx.x;
    if (point < 1) {
        real largest = -INFINITY;
        int place = 0;
        for (int k = 0; k < 10; k++) {
            real value = fc[k];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
            place = taken ? k : place;
        }
        maximum = largest;
        correct[sample] = place == label ? 1.0f : 0.0f;
    }
}

/* The logits, where the host wants them. */
DEVICE void store_logits(const cuda_step &step, int sample, const float (&fc)[10])
{
    if (step.logits)
        copy_floats<384, 10>(&step.logits[(int64_t)sample * 10], &fc[0]);
}

/* cross_entropy: cross_entropy                                                                   lenet.net:24
 *   fc       10
 *   maximum  one a sample
 *   label    one a sample
 *   loss     one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void evaluate_cross_entropy_forward(const cuda_step &step, int sample, const float (&fc)[10],
        const float &maximum, float (*loss))
{
    int label = step.labels[step.samples[sample]];
    int point = threadIdx.x;
    if (point < 1) {
        real sum = 0;
        real sum_2 = 0;
        for (int k = 0; k < 10; k++) {
            sum += real_exp(fc[k] - maximum);
            sum_2 += k == label ? fc[k] : 0.0f;
        }
        loss[sample] = real_log(sum) + (maximum - sum_2);
    }
}

/* Adds up the losses and hits of the step. */
DEVICE void evaluate_results(const cuda_step &step, int unit, const float (*loss), const float (*correct))
{
    if (warp_of_thread() == 0)
        add_results(step, loss, correct);
}

/* ---- what is launched */

struct lenet_step_memory { float4 all[4252]; };

/* A block of threads for each sample, 68032 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(384)
lenet_step(cuda_step step, float (*correct), float (*loss), float (*kept_flatten_1)[320], float (*kept_d_fc)[10],
        float (*sample_gradients)[5936])
{
    SHARED_MEMORY(lenet_step_memory, memory);
    auto &conv1_weight = array_at<float[10][1][28]>(&memory, 12800);             /* 0 to 1 */
    auto &conv1_bias = array_at<float[10]>(&memory, 13920);                      /* 0 to 1 */
    auto &conv2_weight = array_at<float[20][10][28]>(&memory, 23680);            /* 0 to 9 */
    auto &conv2_bias = array_at<float[20]>(&memory, 23360);                      /* 0 to 3 */
    auto &fc_weight = array_at<float[10][320]>(&memory, 0);                      /* 0 to 6 */
    auto &fc_bias = array_at<float[10]>(&memory, 23440);                         /* 0 to 4 */
    auto &input = array_at<float[1][784]>(&memory, 64848);                       /* 0 to 11 */
    auto &relu_1 = array_at<float[10][148]>(&memory, 53120);                     /* 1 to 12 */
    auto &conv1_places = array_at<int[10][145]>(&memory, 59040);                 /* 1 to 11 */
    auto &conv2_forward_sums = array_at<float[2][20][16][4]>(&memory, 12800);    /* 2 to 3 */
    auto &relu_2 = array_at<float[20][4][4]>(&memory, 46080);                    /* 3 to 7 */
    auto &max_pool2d_2_indices = array_at<uint8_t[20][4][4]>(&memory, 23040);    /* 3 to 8 */
    auto &fc = array_at<float[10]>(&memory, 12800);                              /* 4 to 5 */
    auto &d_fc = array_at<float[10]>(&memory, 14080);                            /* 5 to 6 */
    auto &d_flatten_1 = array_at<float[320]>(&memory, 12800);                    /* 6 to 7 */
    auto &d_fc_bias = array_at<float[10]>(&memory, 14128);                       /* 6 to 7 */
    auto &d_max_pool2d_2 = array_at<float[20][4][4]>(&memory, 0);                /* 7 to 8 */
    auto &d_conv2 = array_at<float[20][84]>(&memory, 46400);                     /* 8 to 12 */
    auto &conv2_backward_input_sums = array_at<float[40][148]>(&memory, 0);      /* 9 to 10 */
    auto &d_max_pool2d_1 = array_at<float[10][145]>(&memory, 24000);             /* 10 to 11 */
    auto &d_conv2_weight = array_at<float[20][10][28]>(&memory, 24000);          /* 12 to 13 */
    auto &d_conv2_bias = array_at<float[20]>(&memory, 46080);                    /* 8 to 9 */
    auto &conv1_backward_weight_sums = array_at<float[24][10][25]>(&memory, 0);  /* 11 to 12 */
    auto &d_conv1_weight = array_at<float[10][1][28]>(&memory, 59040);           /* 12 to 13 */
    auto &d_conv1_bias = array_at<float[10]>(&memory, 67984);                    /* 11 to 12 */
    int sample = blockIdx.x;

    /* level 0 */
    load_weights(step, conv1_weight, conv1_bias, conv2_weight, conv2_bias, fc_weight, fc_bias);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    conv1_forward(conv1_weight, input, conv1_bias, relu_1, conv1_places);
    __syncthreads();

    /* level 2 */
    conv2_forward(conv2_weight, relu_1, conv2_forward_sums);
    __syncthreads();

    /* level 3 */
    conv2_forward_sum(conv2_forward_sums, conv2_bias, relu_2, max_pool2d_2_indices);
    __syncthreads();

    /* level 4 */
    fc_forward(fc_weight, relu_2, fc_bias, fc);
    keep_flatten_1(sample, relu_2, kept_flatten_1);
    __syncthreads();

    /* level 5 */
    cross_entropy_forward(step, sample, fc, correct, loss, d_fc);
    __syncthreads();

    /* level 6 */
    fc_backward_input(fc_weight, d_fc, d_flatten_1);
    fc_backward_bias(d_fc, d_fc_bias);
    keep_d_fc(sample, d_fc, kept_d_fc);
    __syncthreads();

    /* level 7 */
    flatten_1_backward(relu_2, d_flatten_1, d_max_pool2d_2);
    keep_d_fc_bias(sample, d_fc_bias, sample_gradients);
    __syncthreads();

    /* level 8 */
    max_pool2d_2_backward(max_pool2d_2_indices, d_max_pool2d_2, d_conv2);
    conv2_backward_bias(d_max_pool2d_2, d_conv2_bias);
    __syncthreads();

    /* level 9 */
    conv2_backward_input(conv2_weight, d_conv2, conv2_backward_input_sums);
    keep_d_conv2_bias(sample, d_conv2_bias, sample_gradients);
    __syncthreads();

    /* level 10 */
    conv2_backward_input_sum(conv2_backward_input_sums, relu_1, d_max_pool2d_1);
    __syncthreads();

    /* level 11 */
    conv1_backward_weight(input, d_max_pool2d_1, conv1_places, conv1_backward_weight_sums);
    conv1_backward_bias(d_max_pool2d_1, d_conv1_bias);
    __syncthreads();

    /* level 12 */
    conv2_backward_weight(relu_1, d_conv2, d_conv2_weight);
    conv1_backward_weight_sum(conv1_backward_weight_sums, d_conv1_weight);
    keep_d_conv1_bias(sample, d_conv1_bias, sample_gradients);
    __syncthreads();

    /* level 13 */
    keep_d_conv2_weight(sample, d_conv2_weight, sample_gradients);
    keep_d_conv1_weight(sample, d_conv1_weight, sample_gradients);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_reduce(cuda_step step, const float (*sample_gradients)[5936], const float (*kept_d_fc)[10],
        const float (*kept_flatten_1)[320], const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    int reduce_gradients_units = 47;
    if (unit < reduce_gradients_units) {
        reduce_gradients(step, unit, sample_gradients);
        return;
    }
    unit -= reduce_gradients_units;
    int fc_backward_weight_units = 25;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, kept_d_fc, kept_flatten_1);
        return;
    }
    unit -= fc_backward_weight_units;
    results(step, unit, loss, correct);
}

struct lenet_evaluate_memory { float4 all[3218]; };

/* A block of threads for each sample, 51488 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(384)
lenet_evaluate(cuda_step step, float (*correct), float (*loss))
{
    SHARED_MEMORY(lenet_evaluate_memory, memory);
    auto &conv1_weight = array_at<float[10][1][28]>(&memory, 38336);           /* 0 to 1 */
    auto &conv1_bias = array_at<float[10]>(&memory, 39456);                    /* 0 to 1 */
    auto &conv2_weight = array_at<float[20][10][28]>(&memory, 0);              /* 0 to 2 */
    auto &conv2_bias = array_at<float[20]>(&memory, 51360);                    /* 0 to 3 */
    auto &fc_weight = array_at<float[10][320]>(&memory, 22400);                /* 0 to 4 */
    auto &fc_bias = array_at<float[10]>(&memory, 51440);                       /* 0 to 4 */
    auto &input = array_at<float[1][784]>(&memory, 35200);                     /* 0 to 1 */
    auto &relu_1 = array_at<float[10][148]>(&memory, 45440);                   /* 1 to 2 */
    auto &conv2_forward_sums = array_at<float[2][20][16][4]>(&memory, 35200);  /* 2 to 3 */
    auto &relu_2 = array_at<float[20][4][4]>(&memory, 0);                      /* 3 to 4 */
    auto &fc = array_at<float[10]>(&memory, 1280);                             /* 4 to 6 */
    auto &maximum = array_at<float>(&memory, 0);                               /* 5 to 6 */
    int sample = blockIdx.x;

    /* level 0 */
    load_weights(step, conv1_weight, conv1_bias, conv2_weight, conv2_bias, fc_weight, fc_bias);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    evaluate_conv1_forward(conv1_weight, input, conv1_bias, relu_1);
    __syncthreads();

    /* level 2 */
    evaluate_conv2_forward(conv2_weight, relu_1, conv2_forward_sums);
    __syncthreads();

    /* level 3 */
    evaluate_conv2_forward_sum(conv2_forward_sums, conv2_bias, relu_2);
    __syncthreads();

    /* level 4 */
    fc_forward(fc_weight, relu_2, fc_bias, fc);
    __syncthreads();

    /* level 5 */
    cross_entropy_maximum(step, sample, fc, maximum, correct);
    store_logits(step, sample, fc);
    __syncthreads();

    /* level 6 */
    evaluate_cross_entropy_forward(step, sample, fc, maximum, loss);
}

extern "C" __global__ void __launch_bounds__(256)
lenet_results(cuda_step step, const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    evaluate_results(step, unit, loss, correct);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
lenet_update(cuda_step step, const float (*loss), const float (*correct))
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 9136)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss, correct);
}
