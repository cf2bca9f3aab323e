/* units, compiled by netc 0.1.0 for CUDA from units.net with: netc units.net --cpu=avx512 --units=12
 * sha256 of units.net: 9d0e168fc7f07fe4363e235459b01cee89128cb561c45d9e1ab36b5ed44b1685
 * The kernels of a GPU. A block of threads takes a sample through the whole step. */
#include "cuda_kernels.h"

/* The flat array of weights: first those whose gradients the samples leave, then those that the reduction forms of
 * factors. The taps of a convolution's weight are padded to whole 16 bytes. The gradient has the same form. */
struct units_weights {
    alignas(32) float conv1_weight[8][1][28];
    alignas(32) float conv1_bias[8];
    alignas(32) float conv2_weight[12][4][12];
    alignas(32) float conv2_bias[12];
    alignas(32) float fc_bias[7];
    alignas(32) float fc_weight[7][2700];
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

/* The weights, from the flat array into shared memory. */
DEVICE void load_weights(const cuda_step &step, float (&conv1_weight)[8][1][28], float (&conv1_bias)[8],
        float (&conv2_weight)[12][4][12], float (&conv2_bias)[12], float (&fc_weight)[7][2700], float (&fc_bias)[7])
{
    const units_weights &w = *(const units_weights *)step.weights;
    copy_array<384>(conv1_weight, w.conv1_weight);
    copy_array<384>(conv1_bias, w.conv1_bias);
    copy_array<384>(conv2_weight, w.conv2_weight);
    copy_array<384>(conv2_bias, w.conv2_bias);
    copy_array<384>(fc_weight, w.fc_weight);
    copy_array<384>(fc_bias, w.fc_bias);
}

/* The image of the sample, normalised: byte * factor + shift = (byte / 255 - mean) / std. */
DEVICE void load_input(const cuda_step &step, int sample, float (&input)[1][504])
{
    const uint8_t *image = step.images + (int64_t)step.samples[sample] * 441;
    for (int item = threadIdx.x; item < 504; item += 384) {
        int c = 0, at = item, y = at / 24, x = at % 24;
        bool exists = y < 21 && x < 21;
        input[c][at] = exists ? image[441*c + 21*y + x] * factor[c] + shift[c] : 0;
    }
}

/* conv1: conv2d, relu_1: relu                                                                   units.net:5-6
 *   conv1_weight  8 x 1 x 28
 *   input         1 x 21 x 21
 *   conv1_bias    8
 *   relu_1        8 x 17 x 17  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * 578 threads, each with 1 window of 4 channels: 4 sums in registers. */
DEVICE void conv1_forward(const float (&conv1_weight)[8][1][28], const float (&input)[1][504],
        const float (&conv1_bias)[8], float (&relu_1)[8][17][17])
{
    for (int item = threadIdx.x; item < 578; item += 384) {
        int x0 = item % 17, y0 = item / 17 % 17, o0 = 4*(item / 289);
        float sum[4][1][1] = {};
        float taps[4][25];
        UNROLL
        for (int i = 0; i < 4; i++)
            load_row<4>(taps[i], conv1_weight[o0 + i][0]);
        UNROLL
        for (int r = 0; r < 5; r++) {
            float row[5];
            load_row<1>(row, &input[0][24*(y0 + r) + x0]);
            UNROLL
            for (int i = 0; i < 4; i++)
                UNROLL
                for (int v = 0; v < 5; v++)
                    sum[i][0][0] += taps[i][5*r + v] * row[v];
        }
        UNROLL
        for (int i = 0; i < 4; i++) {
            int y = y0;
            int x = x0;
            int o = o0 + i;
            float total = sum[i][0][0] + conv1_bias[o0 + i];
            relu_1[o][y][x] = real_max(total, 0.0f);
        }
    }
}

/* conv2: conv2d                                                                                   units.net:7
 *   conv2_weight  12 x 4 x 12
 *   relu_1        8 x 17 x 17
 *   conv2_bias    12
 *   conv2         12 x 15 x 15  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
DEVICE void conv2_forward(const float (&conv2_weight)[12][4][12], const float (&relu_1)[8][17][17],
        const float (&conv2_bias)[12], float (&conv2)[12][15][15])
{
    for (int point = threadIdx.x; point < 2700; point += 384) {
        int x = point % 15;
        int y = point / 15 % 15;
        int o = point / 225 % 6;
        int g = point / 1350;
        real sum = conv2_bias[6*g + o];
        for (int u = 0; u < 3; u++)
            for (int v = 0; v < 3; v++)
                for (int c = 0; c < 4; c++)
                    sum += conv2_weight[6*g + o][c][3*u + v] * relu_1[4*g + c][y + u][x + v];
        conv2[6*g + o][y][x] = sum;
    }
}

/* fc: linear                                                                                      units.net:9
 *   fc_weight  7 x 2700
 *   conv2      12 x 15 x 15
 *   fc_bias    7
 *   fc         7  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * A warp sums an output, its lanes neighbouring features. */
DEVICE void fc_forward(const float (&fc_weight)[7][2700], const float (&conv2)[12][15][15], const float (&fc_bias)[7],
        float (&fc)[7])
{
    const float *features = &conv2[0][0][0];
    for (int i = warp_of_thread(); i < 7; i += 12) {
        float sum = 0;
        for (int j = lane_of_thread(); j < 2700; j += LANES)
            sum += fc_weight[i][j] * features[j];
        sum = warp_sum(sum) + fc_bias[i];
        if (lane_of_thread() == 0) {
            fc[i] = sum;
        }
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_flatten_1(int sample, const float (&conv2)[12][15][15], float (*kept_flatten_1)[2700])
{
    copy_floats<384, 2700>(&kept_flatten_1[sample][0], &conv2[0][0][0]);
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  units.net:19
 *   fc       7
 *   label    one a sample
 *   scale    one a sample
 *   correct  one a sample  (result)
 *   loss     one a sample  (result)
 *   d_fc     7  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight.
 * One warp, a class a lane. */
DEVICE void cross_entropy_forward(const cuda_step &step, int sample, const float (&fc)[7], float (*correct),
        float (*loss), float (&d_fc)[7])
{
    if (warp_of_thread() != 0)
        return;
    int label = step.labels[step.samples[sample]];
    float largest = -INFINITY;
    int place = 0;
    for (int k = lane_of_thread(); k < 7; k += LANES) {
        bool taken = real_exceeds(fc[k], largest);
        largest = taken ? fc[k] : largest;
        place = taken ? k : place;
    }
    warp_largest(largest, place);
    float total = 0;
    for (int k = lane_of_thread(); k < 7; k += LANES)
        total += real_exp(fc[k] - largest);
    total = warp_sum(total);
    if (lane_of_thread() == 0) {
        correct[sample] = place == label ? 1.0f : 0.0f;
        loss[sample] = real_log(total) + (largest - fc[label]);
    }
    for (int k = lane_of_thread(); k < 7; k += LANES)
        d_fc[k] = (real_exp(fc[k] - largest) / total - (k == label ? 1.0f : 0.0f)) * step.scale;
}

/* fc: linear_backward_input                                                                       units.net:9
 *   fc_weight    7 x 2700
 *   d_fc         7
 *   d_flatten_1  2700  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void fc_backward_input(const float (&fc_weight)[7][2700], const float (&d_fc)[7], float (&d_flatten_1)[2700])
{
    for (int point = threadIdx.x; point < 2700; point += 384) {
        int j = point;
        real sum = 0;
        for (int i = 0; i < 7; i++)
            sum += fc_weight[i][j] * d_fc[i];
        d_flatten_1[j] = sum;
    }
}

/* fc: linear_backward_bias                                                                        units.net:9
 *   d_fc       7
 *   d_fc_bias  7  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void fc_backward_bias(const float (&d_fc)[7], float (&d_fc_bias)[7])
{
    int point = threadIdx.x;
    if (point < 7) {
        int i = point;
        d_fc_bias[i] = d_fc[i];
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_fc(int sample, const float (&d_fc)[7], float (*kept_d_fc)[7])
{
    copy_floats<384, 7>(&kept_d_fc[sample][0], &d_fc[0]);
}

/* flatten_1: flatten_backward                                                                     units.net:8
 *   d_flatten_1  2700
 *   d_conv2      12 x 15 x 15  (result) */
DEVICE void flatten_1_backward(const float (&d_flatten_1)[2700], float (&d_conv2)[12][15][15])
{
    for (int point = threadIdx.x; point < 2700; point += 384) {
        int x = point % 15;
        int y = point / 15 % 15;
        int c = point / 225;
        d_conv2[c][y][x] = d_flatten_1[225*c + 15*y + x];
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_fc_bias(int sample, const float (&d_fc_bias)[7], float (*sample_gradients)[832])
{
    copy_floats<384, 7>(&sample_gradients[sample][824], &d_fc_bias[0]);
}

/* conv2: conv2d_backward_input, relu_1: relu_backward                                           units.net:6-7
 *   conv2_weight  12 x 4 x 12
 *   d_conv2       12 x 15 x 15
 *   relu_1        8 x 17 x 17
 *   d_conv1       8 x 17 x 17  (result)
 * dx[c][y][x] gathers every output that read (y, x). */
DEVICE void conv2_backward_input(const float (&conv2_weight)[12][4][12], const float (&d_conv2)[12][15][15],
        const float (&relu_1)[8][17][17], float (&d_conv1)[8][17][17])
{
    for (int point = threadIdx.x; point < 2312; point += 384) {
        int x = point % 17;
        int y = point / 17 % 17;
        int c = point / 289 % 4;
        int g = point / 1156;
        real sum = 0;
        for (int u = 0; u < 3; u++)
            if (0 <= y - u && y - u <= 14)
                for (int v = 0; v < 3; v++)
                    if (0 <= x - v && x - v <= 14)
                        for (int o = 0; o < 6; o++)
                            sum += conv2_weight[6*g + o][c][3*u + v] * d_conv2[6*g + o][y - u][x - v];
        d_conv1[4*g + c][y][x] = relu_1[4*g + c][y][x] <= 0.0f ? 0.0f : sum;
    }
}

/* conv2: conv2d_backward_weight                                                                   units.net:7
 *   d_conv2         12 x 15 x 15
 *   relu_1          8 x 17 x 17
 *   d_conv2_weight  12 x 4 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void conv2_backward_weight(const float (&d_conv2)[12][15][15], const float (&relu_1)[8][17][17],
        float (&d_conv2_weight)[12][4][12])
{
    for (int point = threadIdx.x; point < 432; point += 384) {
        int v = point % 3;
        int u = point / 3 % 3;
        int c = point / 9 % 4;
        int o = point / 36 % 6;
        int g = point / 216;
        real sum = 0;
        for (int y = 0; y < 15; y++)
            for (int x = 0; x < 15; x++)
                sum += d_conv2[6*g + o][y][x] * relu_1[4*g + c][y + u][x + v];
        d_conv2_weight[6*g + o][c][3*u + v] = sum;
    }
}

/* conv2: conv2d_backward_bias                                                                     units.net:7
 *   d_conv2       12 x 15 x 15
 *   d_conv2_bias  12  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * A warp sums a channel. */
DEVICE void conv2_backward_bias(const float (&d_conv2)[12][15][15], float (&d_conv2_bias)[12])
{
    for (int o = warp_of_thread(); o < 12; o += 12) {
        float sum = 0;
        for (int item = lane_of_thread(); item < 225; item += LANES) {
            int y = item / 15;
            int x = item % 15;
            sum += d_conv2[o][y][x];
        }
        sum = warp_sum(sum);
        if (lane_of_thread() == 0) {
            d_conv2_bias[o] = sum;
        }
    }
}

/* conv1: conv2d_backward_weight                                                                   units.net:5
 *   d_conv1         8 x 17 x 17
 *   input           1 x 21 x 21
 *   d_conv1_weight  8 x 1 x 28  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void conv1_backward_weight(const float (&d_conv1)[8][17][17], const float (&input)[1][504],
        float (&d_conv1_weight)[8][1][28])
{
    int point = threadIdx.x;
    if (point < 200) {
        int v = point % 5;
        int u = point / 5 % 5;
        int o = point / 25;
        real sum = 0;
        for (int y = 0; y < 17; y++)
            for (int x = 0; x < 17; x++)
                sum += d_conv1[o][y][x] * input[0][24*(y + u) + (x + v)];
        d_conv1_weight[o][0][5*u + v] = sum;
    }
}

/* conv1: conv2d_backward_bias                                                                     units.net:5
 *   d_conv1       8 x 17 x 17
 *   d_conv1_bias  8  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * A warp sums a channel. */
DEVICE void conv1_backward_bias(const float (&d_conv1)[8][17][17], float (&d_conv1_bias)[8])
{
    for (int o = warp_of_thread(); o < 8; o += 12) {
        float sum = 0;
        for (int item = lane_of_thread(); item < 289; item += LANES) {
            int y = item / 17;
            int x = item % 17;
            sum += d_conv1[o][y][x];
        }
        sum = warp_sum(sum);
        if (lane_of_thread() == 0) {
            d_conv1_bias[o] = sum;
        }
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv2_weight(int sample, const float (&d_conv2_weight)[12][4][12], float (*sample_gradients)[832])
{
    for (int item = threadIdx.x; item < 576; item += 384) {
        sample_gradients[sample][232 + item] = item % 12 < 9 ? (&d_conv2_weight[0][0][0])[item] : 0;
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv2_bias(int sample, const float (&d_conv2_bias)[12], float (*sample_gradients)[832])
{
    copy_floats<384, 12>(&sample_gradients[sample][808], &d_conv2_bias[0]);
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv1_weight(int sample, const float (&d_conv1_weight)[8][1][28], float (*sample_gradients)[832])
{
    int item = threadIdx.x;
    if (item < 224) {
        sample_gradients[sample][0 + item] = item % 28 < 25 ? (&d_conv1_weight[0][0][0])[item] : 0;
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv1_bias(int sample, const float (&d_conv1_bias)[8], float (*sample_gradients)[832])
{
    copy_floats<384, 8>(&sample_gradients[sample][224], &d_conv1_bias[0]);
}

/* Sums what the samples have left: a lane a weight, and each warp a part of the samples, in fixed order. */
DEVICE void reduce_gradients(const cuda_step &step, int unit, const float (*sample_gradients)[832])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    if (i < 832)
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
    if (threadIdx.x < 128 && j < 832)
        apply_gradient(step, optimizer(), j, total);
}

/* fc: linear_backward_weight                                                                      units.net:9
 *   kept_d_fc       7
 *   kept_flatten_1  2700
 *   fc_weight       7 x 2700  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*kept_d_fc)[7],
        const float (*kept_flatten_1)[2700])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    if (i < 18900)
        UNROLL_BY(4)
        for (int sample = warp_of_thread(); sample < step.count; sample += 8) {
            float row[4];
            load_row<4>(row, &kept_flatten_1[sample][i % 2700]);
            UNROLL
            for (int k = 0; k < 4; k++)
                sum[k] += kept_d_fc[sample][i / 2700] * row[k];
        }
    float total = sum_of_warps<8>(sum);
    int j = 128 * unit + threadIdx.x;
    if (threadIdx.x < 128 && j < 18900)
        apply_gradient(step, optimizer(), 832 + j, total);
}

/* Adds up the losses and hits of the step. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss), const float (*correct))
{
    if (!step.gradient && warp_of_thread() == 0)
        add_results(step, loss, correct);
}

/* cross_entropy: class_maximum                                                                   units.net:19
 *   fc       7
 *   label    one a sample
 *   maximum  one a sample  (result)
 *   correct  one a sample  (result)
 * the largest logit, and whether it is the label's. */
DEVICE void cross_entropy_maximum(const cuda_step &step, int sample, const float (&fc)[7], float &maximum,
        float (*correct))
{
    int label = step.labels[step.samples[sample]];
    int point = threadIdx.x;
    if (point < 1) {
        real largest = -INFINITY;
        int place = 0;
        for (int k = 0; k < 7; k++) {
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
DEVICE void store_logits(const cuda_step &step, int sample, const float (&fc)[7])
{
    if (step.logits)
        copy_floats<384, 7>(&step.logits[(int64_t)sample * 7], &fc[0]);
}

/* cross_entropy: cross_entropy                                                                   units.net:19
 *   fc       7
 *   maximum  one a sample
 *   label    one a sample
 *   loss     one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void evaluate_cross_entropy_forward(const cuda_step &step, int sample, const float (&fc)[7],
        const float &maximum, float (*loss))
{
    int label = step.labels[step.samples[sample]];
    int point = threadIdx.x;
    if (point < 1) {
        real sum = 0;
        real sum_2 = 0;
        for (int k = 0; k < 7; k++) {
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

struct units_step_memory { float4 all[6253]; };

/* A block of threads for each sample, 100048 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(384)
units_step(cuda_step step, float (*correct), float (*loss), float (*kept_flatten_1)[2700], float (*kept_d_fc)[7],
        float (*sample_gradients)[832])
{
    SHARED_MEMORY(units_step_memory, memory);
    auto &conv1_weight = array_at<float[8][1][28]>(&memory, 75600);     /* 0 to 1 */
    auto &conv1_bias = array_at<float[8]>(&memory, 76496);              /* 0 to 1 */
    auto &conv2_weight = array_at<float[12][4][12]>(&memory, 95648);    /* 0 to 7 */
    auto &conv2_bias = array_at<float[12]>(&memory, 99968);             /* 0 to 2 */
    auto &fc_weight = array_at<float[7][2700]>(&memory, 0);             /* 0 to 5 */
    auto &fc_bias = array_at<float[7]>(&memory, 100016);                /* 0 to 3 */
    auto &input = array_at<float[1][504]>(&memory, 97952);              /* 0 to 8 */
    auto &relu_1 = array_at<float[8][17][17]>(&memory, 86400);          /* 1 to 7 */
    auto &conv2 = array_at<float[12][15][15]>(&memory, 75600);          /* 2 to 3 */
    auto &fc = array_at<float[7]>(&memory, 99968);                      /* 3 to 4 */
    auto &d_fc = array_at<float[7]>(&memory, 100000);                   /* 4 to 5 */
    auto &d_flatten_1 = array_at<float[2700]>(&memory, 75600);          /* 5 to 6 */
    auto &d_fc_bias = array_at<float[7]>(&memory, 99968);               /* 5 to 6 */
    auto &d_conv2 = array_at<float[12][15][15]>(&memory, 0);            /* 6 to 7 */
    auto &d_conv1 = array_at<float[8][17][17]>(&memory, 10800);         /* 7 to 8 */
    auto &d_conv2_weight = array_at<float[12][4][12]>(&memory, 20048);  /* 7 to 8 */
    auto &d_conv2_bias = array_at<float[12]>(&memory, 22352);           /* 7 to 8 */
    auto &d_conv1_weight = array_at<float[8][1][28]>(&memory, 0);       /* 8 to 9 */
    auto &d_conv1_bias = array_at<float[8]>(&memory, 896);              /* 8 to 9 */
    int sample = blockIdx.x;

    /* Rows that end with padding may be loaded with it: it is zero, or what was there before. */
    clear_memory<384, 4783, 5978>(memory.all);

    /* level 0 */
    load_weights(step, conv1_weight, conv1_bias, conv2_weight, conv2_bias, fc_weight, fc_bias);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    conv1_forward(conv1_weight, input, conv1_bias, relu_1);
    __syncthreads();

    /* level 2 */
    conv2_forward(conv2_weight, relu_1, conv2_bias, conv2);
    __syncthreads();

    /* level 3 */
    fc_forward(fc_weight, conv2, fc_bias, fc);
    keep_flatten_1(sample, conv2, kept_flatten_1);
    __syncthreads();

    /* level 4 */
    cross_entropy_forward(step, sample, fc, correct, loss, d_fc);
    __syncthreads();

    /* level 5 */
    fc_backward_input(fc_weight, d_fc, d_flatten_1);
    fc_backward_bias(d_fc, d_fc_bias);
    keep_d_fc(sample, d_fc, kept_d_fc);
    __syncthreads();

    /* level 6 */
    flatten_1_backward(d_flatten_1, d_conv2);
    keep_d_fc_bias(sample, d_fc_bias, sample_gradients);
    __syncthreads();

    /* level 7 */
    conv2_backward_input(conv2_weight, d_conv2, relu_1, d_conv1);
    conv2_backward_weight(d_conv2, relu_1, d_conv2_weight);
    conv2_backward_bias(d_conv2, d_conv2_bias);
    __syncthreads();

    /* level 8 */
    conv1_backward_weight(d_conv1, input, d_conv1_weight);
    conv1_backward_bias(d_conv1, d_conv1_bias);
    keep_d_conv2_weight(sample, d_conv2_weight, sample_gradients);
    keep_d_conv2_bias(sample, d_conv2_bias, sample_gradients);
    __syncthreads();

    /* level 9 */
    keep_d_conv1_weight(sample, d_conv1_weight, sample_gradients);
    keep_d_conv1_bias(sample, d_conv1_bias, sample_gradients);
}

extern "C" __global__ void __launch_bounds__(256)
units_reduce(cuda_step step, const float (*sample_gradients)[832], const float (*kept_d_fc)[7],
        const float (*kept_flatten_1)[2700], const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    int reduce_gradients_units = 7;
    if (unit < reduce_gradients_units) {
        reduce_gradients(step, unit, sample_gradients);
        return;
    }
    unit -= reduce_gradients_units;
    int fc_backward_weight_units = 148;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, kept_d_fc, kept_flatten_1);
        return;
    }
    unit -= fc_backward_weight_units;
    results(step, unit, loss, correct);
}

struct units_evaluate_memory { float4 all[6127]; };

/* A block of threads for each sample, 98032 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(384)
units_evaluate(cuda_step step, float (*correct), float (*loss))
{
    SHARED_MEMORY(units_evaluate_memory, memory);
    auto &conv1_weight = array_at<float[8][1][28]>(&memory, 77616);   /* 0 to 1 */
    auto &conv1_bias = array_at<float[8]>(&memory, 78512);            /* 0 to 1 */
    auto &conv2_weight = array_at<float[12][4][12]>(&memory, 95648);  /* 0 to 2 */
    auto &conv2_bias = array_at<float[12]>(&memory, 97952);           /* 0 to 2 */
    auto &fc_weight = array_at<float[7][2700]>(&memory, 0);           /* 0 to 3 */
    auto &fc_bias = array_at<float[7]>(&memory, 98000);               /* 0 to 3 */
    auto &input = array_at<float[1][504]>(&memory, 75600);            /* 0 to 1 */
    auto &relu_1 = array_at<float[8][17][17]>(&memory, 86400);        /* 1 to 2 */
    auto &conv2 = array_at<float[12][15][15]>(&memory, 75600);        /* 2 to 3 */
    auto &fc = array_at<float[7]>(&memory, 86400);                    /* 3 to 5 */
    auto &maximum = array_at<float>(&memory, 0);                      /* 4 to 5 */
    int sample = blockIdx.x;

    /* Rows that end with padding may be loaded with it: it is zero, or what was there before. */
    clear_memory<384, 4909, 5978>(memory.all);

    /* level 0 */
    load_weights(step, conv1_weight, conv1_bias, conv2_weight, conv2_bias, fc_weight, fc_bias);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    conv1_forward(conv1_weight, input, conv1_bias, relu_1);
    __syncthreads();

    /* level 2 */
    conv2_forward(conv2_weight, relu_1, conv2_bias, conv2);
    __syncthreads();

    /* level 3 */
    fc_forward(fc_weight, conv2, fc_bias, fc);
    __syncthreads();

    /* level 4 */
    cross_entropy_maximum(step, sample, fc, maximum, correct);
    store_logits(step, sample, fc);
    __syncthreads();

    /* level 5 */
    evaluate_cross_entropy_forward(step, sample, fc, maximum, loss);
}

extern "C" __global__ void __launch_bounds__(256)
units_results(cuda_step step, const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    evaluate_results(step, unit, loss, correct);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
units_update(cuda_step step, const float (*loss), const float (*correct))
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 19736)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss, correct);
}
