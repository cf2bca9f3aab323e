/* pooled, compiled by netc 0.1.0 for CUDA from pooled.net with: netc pooled.net --cpu=avx2
 * sha256 of pooled.net: 7209e10cacde7b553bd0ae05a9a1f85ab4c7554fbf9bb8b304f251c809eb29f4
 * The kernels of a GPU. A block of threads takes a sample through the whole step. */
#include "cuda_kernels.h"

/* The flat array of weights: first those whose gradients the samples leave, then those that the reduction forms of
 * factors. The taps of a convolution's weight are padded to whole 16 bytes. The gradient has the same form. */
struct pooled_weights {
    alignas(32) float conv_weight[6][1][12];
    alignas(32) float conv_bias[6];
    alignas(32) float fc_bias[7];
    alignas(32) float fc_weight[7][150];
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
DEVICE void load_weights(const cuda_step &step, float (&conv_weight)[6][1][12], float (&conv_bias)[6],
        float (&fc_weight)[7][150], float (&fc_bias)[7])
{
    const pooled_weights &w = *(const pooled_weights *)step.weights;
    copy_array<256>(conv_weight, w.conv_weight);
    copy_array<256>(conv_bias, w.conv_bias);
    copy_array<256>(fc_weight, w.fc_weight);
    copy_array<256>(fc_bias, w.fc_bias);
}

/* The image of the sample, normalised: byte * factor + shift = (byte / 255 - mean) / std. */
DEVICE void load_input(const cuda_step &step, int sample, float (&input)[1][144])
{
    const uint8_t *image = step.images + (int64_t)step.samples[sample] * 144;
    int item = threadIdx.x;
    if (item < 36) {
        int c = 0, y = item / 3, x = 4 * (item % 3);
        uint32_t pixels = ((const uint32_t *)image)[item];
        float four[4];
        UNROLL
        for (int i = 0; i < 4; i++)
            four[i] = (pixels >> 8 * i & 255) * factor[c] + shift[c];
        store_row<4>(&input[c][12*y + x], four);
    }
}

/* conv: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         pooled.net:5-7
 *   conv_weight  6 x 1 x 12
 *   input        1 x 12 x 12
 *   conv_bias    6
 *   relu_1       6 x 5 x 5  (result)
 *   conv_places  6 x 5 x 5  (result)
 * the largest of each window, and which element of it that is.
 * 150 threads, each with 1 window of 1 channel: 4 sums in registers. */
DEVICE void conv_forward(const float (&conv_weight)[6][1][12], const float (&input)[1][144],
        const float (&conv_bias)[6], float (&relu_1)[6][5][5], int (&conv_places)[6][25])
{
    int item = threadIdx.x;
    if (item < 150) {
        int x0 = 2*(item % 5), y0 = 2*(item / 5 % 5), o0 = item / 25;
        float sum[1][2][2] = {};
        float taps[1][9];
        load_row<4>(taps[0], conv_weight[o0][0]);
        UNROLL
        for (int r = 0; r < 4; r++) {
            float row[4];
            load_row<2>(row, &input[0][12*(y0 + r) + x0]);
            UNROLL
            for (int y = 0; y < 2; y++)
                if (0 <= r - y && r - y < 3)
                    UNROLL
                    for (int v = 0; v < 3; v++)
                        UNROLL
                        for (int x = 0; x < 2; x++)
                            sum[0][y][x] += taps[0][3*(r - y) + v] * row[x + v];
        }
        int y = y0 / 2;
        int x = x0 / 2;
        int c = o0;
        float largest = sum[0][0][0];
        int place = 0;
        UNROLL
        for (int e = 1; e < 4; e++) {
            float value = sum[0][e / 2][e % 2];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
            place = taken ? e / 2 * 12 + e % 2 : place;
        }
        largest += conv_bias[o0];
        relu_1[c][y][x] = real_max(largest, 0.0f);
        conv_places[o0][5*y + x] = 24*y + 2*x + place;
    }
}

/* fc: linear                                                                                     pooled.net:9
 *   fc_weight  7 x 150
 *   relu_1     6 x 5 x 5
 *   fc_bias    7
 *   fc         7  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * A warp sums an output, its lanes neighbouring features. */
DEVICE void fc_forward(const float (&fc_weight)[7][150], const float (&relu_1)[6][5][5], const float (&fc_bias)[7],
        float (&fc)[7])
{
    const float *features = &relu_1[0][0][0];
    for (int i = warp_of_thread(); i < 7; i += 8) {
        float sum = 0;
        for (int j = lane_of_thread(); j < 150; j += LANES)
            sum += fc_weight[i][j] * features[j];
        sum = warp_sum(sum) + fc_bias[i];
        if (lane_of_thread() == 0) {
            fc[i] = sum;
        }
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_flatten_1(int sample, const float (&relu_1)[6][5][5], float (*kept_flatten_1)[150])
{
    copy_floats<256, 150>(&kept_flatten_1[sample][0], &relu_1[0][0][0]);
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  pooled.net:19
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

/* fc: linear_backward_input                                                                      pooled.net:9
 *   fc_weight    7 x 150
 *   d_fc         7
 *   d_flatten_1  150  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void fc_backward_input(const float (&fc_weight)[7][150], const float (&d_fc)[7], float (&d_flatten_1)[150])
{
    int point = threadIdx.x;
    if (point < 150) {
        int j = point;
        real sum = 0;
        for (int i = 0; i < 7; i++)
            sum += fc_weight[i][j] * d_fc[i];
        d_flatten_1[j] = sum;
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_fc(int sample, const float (&d_fc)[7], float (*kept_d_fc)[7])
{
    copy_floats<256, 7>(&kept_d_fc[sample][0], &d_fc[0]);
}

/* fc: linear_backward_bias                                                                       pooled.net:9
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

/* flatten_1: flatten_backward, relu_1: relu_backward                                           pooled.net:7-8
 *   relu_1          6 x 5 x 5
 *   d_flatten_1     150
 *   d_max_pool2d_1  6 x 5 x 5  (result) */
DEVICE void flatten_1_backward(const float (&relu_1)[6][5][5], const float (&d_flatten_1)[150],
        float (&d_max_pool2d_1)[6][25])
{
    int point = (int)threadIdx.x - 32;
    if (0 <= point && point < 150) {
        int x = point % 5;
        int y = point / 5 % 5;
        int c = point / 25;
        d_max_pool2d_1[c][5*y + x] = relu_1[c][y][x] <= 0.0f ? 0.0f : d_flatten_1[25*c + 5*y + x];
    }
}

/* conv: conv2d_backward_weight, max_pool2d_1: max_pool2d_backward                              pooled.net:5-6
 *   input                      1 x 12 x 12
 *   d_max_pool2d_1             6 x 5 x 5
 *   conv_places                6 x 5 x 5
 *   conv_backward_weight_sums  13 x 6 x 9  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * 78 threads, each with all 9 taps of two channels in registers. 13 threads share the sum over windows.
 * Only what a window took is multiplied. */
DEVICE void conv_backward_weight(const float (&input)[1][144], const float (&d_max_pool2d_1)[6][25],
        const int (&conv_places)[6][25], float (&conv_backward_weight_sums)[13][6][9])
{
    int item = threadIdx.x;
    if (item < 78) {
        int o = item % 6, c = 0, part = item / 6;
        float sum[9] = {};
        for (int window = 2*part; window < 2*part + 2 && window < 25; window++) {
            float value = d_max_pool2d_1[o][window];
            const float *patch = &input[c][0] + conv_places[o][window];
            UNROLL
            for (int t = 0; t < 9; t++)
                sum[t] += value * patch[t / 3 * 12 + t % 3];
        }
        store_row<1>(conv_backward_weight_sums[part][o], sum);
    }
}

/* conv: conv2d_backward_bias                                                                     pooled.net:5
 *   d_max_pool2d_1  6 x 5 x 5
 *   d_conv_bias     6  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void conv_backward_bias(const float (&d_max_pool2d_1)[6][25], float (&d_conv_bias)[6])
{
    int point = (int)threadIdx.x - 96;
    if (0 <= point && point < 6) {
        int o = point;
        real sum = 0;
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                sum += d_max_pool2d_1[o][5*y + x];
        d_conv_bias[o] = sum;
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_fc_bias(int sample, const float (&d_fc_bias)[7], float (*sample_gradients)[88])
{
    copy_floats<256, 7>(&sample_gradients[sample][80], &d_fc_bias[0]);
}

/* conv: conv2d_backward_weight, max_pool2d_1: max_pool2d_backward                              pooled.net:5-6
 *   conv_backward_weight_sums  13 x 6 x 9
 *   d_conv_weight              6 x 1 x 12  (result)
 * Adds up what the threads that shared a sum have left. */
DEVICE void conv_backward_weight_sum(const float (&conv_backward_weight_sums)[13][6][9],
        float (&d_conv_weight)[6][1][12])
{
    int item = threadIdx.x;
    if (item < 72) {
        int tap = item % 12;
        float total = 0;
        if (tap < 9) {
            UNROLL
            for (int part = 0; part < 13; part++)
                total += conv_backward_weight_sums[part][item / 12][tap];
        }
        (&d_conv_weight[0][0][0])[item] = total;
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv_bias(int sample, const float (&d_conv_bias)[6], float (*sample_gradients)[88])
{
    copy_floats<256, 6>(&sample_gradients[sample][72], &d_conv_bias[0]);
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv_weight(int sample, const float (&d_conv_weight)[6][1][12], float (*sample_gradients)[88])
{
    copy_floats<256, 72>(&sample_gradients[sample][0], &d_conv_weight[0][0][0]);
}

/* Sums what the samples have left: a lane a weight, and each warp a part of the samples, in fixed order. */
DEVICE void reduce_gradients(const cuda_step &step, int unit, const float (*sample_gradients)[88])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    if (i < 88)
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
    if (threadIdx.x < 128 && j < 88)
        apply_gradient(step, optimizer(), j, total);
}

/* fc: linear_backward_weight                                                                     pooled.net:9
 *   kept_d_fc       7
 *   kept_flatten_1  150
 *   fc_weight       7 x 150  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void fc_backward_weight(const cuda_step &step, int unit, const float (*kept_d_fc)[7],
        const float (*kept_flatten_1)[150])
{
    int i = LANES * unit + lane_of_thread();
    float sum[1] = {};
    if (i < 1050)
        UNROLL_BY(4)
        for (int sample = warp_of_thread(); sample < step.count; sample += 8) {
            float row[1];
            load_row<1>(row, &kept_flatten_1[sample][i % 150]);
            UNROLL
            for (int k = 0; k < 1; k++)
                sum[k] += kept_d_fc[sample][i / 150] * row[k];
        }
    float total = sum_of_warps<8>(sum);
    int j = 32 * unit + threadIdx.x;
    if (threadIdx.x < 32 && j < 1050)
        apply_gradient(step, optimizer(), 88 + j, total);
}

/* Adds up the losses and hits of the step. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss), const float (*correct))
{
    if (!step.gradient && warp_of_thread() == 0)
        add_results(step, loss, correct);
}

/* conv: conv2d, max_pool2d_1: max_pool2d, relu_1: relu                                         pooled.net:5-7
 *   conv_weight  6 x 1 x 12
 *   input        1 x 12 x 12
 *   conv_bias    6
 *   relu_1       6 x 5 x 5  (result)
 * the largest of each window.
 * 150 threads, each with 1 window of 1 channel: 4 sums in registers. */
DEVICE void evaluate_conv_forward(const float (&conv_weight)[6][1][12], const float (&input)[1][144],
        const float (&conv_bias)[6], float (&relu_1)[6][5][5])
{
    int item = threadIdx.x;
    if (item < 150) {
        int x0 = 2*(item % 5), y0 = 2*(item / 5 % 5), o0 = item / 25;
        float sum[1][2][2] = {};
        float taps[1][9];
        load_row<4>(taps[0], conv_weight[o0][0]);
        UNROLL
        for (int r = 0; r < 4; r++) {
            float row[4];
            load_row<2>(row, &input[0][12*(y0 + r) + x0]);
            UNROLL
            for (int y = 0; y < 2; y++)
                if (0 <= r - y && r - y < 3)
                    UNROLL
                    for (int v = 0; v < 3; v++)
                        UNROLL
                        for (int x = 0; x < 2; x++)
                            sum[0][y][x] += taps[0][3*(r - y) + v] * row[x + v];
        }
        int y = y0 / 2;
        int x = x0 / 2;
        int c = o0;
        float largest = sum[0][0][0];
        UNROLL
        for (int e = 1; e < 4; e++) {
            float value = sum[0][e / 2][e % 2];
            largest = real_exceeds(value, largest) ? value : largest;
        }
        largest += conv_bias[o0];
        relu_1[c][y][x] = real_max(largest, 0.0f);
    }
}

/* cross_entropy: class_maximum                                                                  pooled.net:19
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
        copy_floats<256, 7>(&step.logits[(int64_t)sample * 7], &fc[0]);
}

/* cross_entropy: cross_entropy                                                                  pooled.net:19
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

struct pooled_step_memory { float4 all[415]; };

/* A block of threads for each sample, 6640 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(256)
pooled_step(cuda_step step, float (*correct), float (*loss), float (*kept_flatten_1)[150], float (*kept_d_fc)[7],
        float (*sample_gradients)[88])
{
    SHARED_MEMORY(pooled_step_memory, memory);
    auto &conv_weight = array_at<float[6][1][12]>(&memory, 5424);             /* 0 to 1 */
    auto &conv_bias = array_at<float[6]>(&memory, 5712);                      /* 0 to 1 */
    auto &fc_weight = array_at<float[7][150]>(&memory, 0);                    /* 0 to 4 */
    auto &fc_bias = array_at<float[7]>(&memory, 5744);                        /* 0 to 2 */
    auto &input = array_at<float[1][144]>(&memory, 6032);                     /* 0 to 6 */
    auto &relu_1 = array_at<float[6][5][5]>(&memory, 4208);                   /* 1 to 5 */
    auto &conv_places = array_at<int[6][25]>(&memory, 4816);                  /* 1 to 6 */
    auto &fc = array_at<float[7]>(&memory, 5424);                             /* 2 to 3 */
    auto &d_fc = array_at<float[7]>(&memory, 6608);                           /* 3 to 5 */
    auto &d_flatten_1 = array_at<float[150]>(&memory, 5424);                  /* 4 to 5 */
    auto &d_fc_bias = array_at<float[7]>(&memory, 3424);                      /* 5 to 6 */
    auto &d_max_pool2d_1 = array_at<float[6][25]>(&memory, 2816);             /* 5 to 6 */
    auto &conv_backward_weight_sums = array_at<float[13][6][9]>(&memory, 0);  /* 6 to 7 */
    auto &d_conv_weight = array_at<float[6][1][12]>(&memory, 2816);           /* 7 to 8 */
    auto &d_conv_bias = array_at<float[6]>(&memory, 3456);                    /* 6 to 7 */
    int sample = blockIdx.x;

    /* Rows that end with padding may be loaded with it: it is zero, or what was there before. */
    clear_memory<256, 263, 339>(memory.all);
    clear_memory<256, 361, 377>(memory.all);
    clear_memory<256, 413, 415>(memory.all);

    /* level 0 */
    load_weights(step, conv_weight, conv_bias, fc_weight, fc_bias);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    conv_forward(conv_weight, input, conv_bias, relu_1, conv_places);
    __syncthreads();

    /* level 2 */
    fc_forward(fc_weight, relu_1, fc_bias, fc);
    keep_flatten_1(sample, relu_1, kept_flatten_1);
    __syncthreads();

    /* level 3 */
    cross_entropy_forward(step, sample, fc, correct, loss, d_fc);
    __syncthreads();

    /* level 4 */
    fc_backward_input(fc_weight, d_fc, d_flatten_1);
    keep_d_fc(sample, d_fc, kept_d_fc);
    __syncthreads();

    /* level 5 */
    fc_backward_bias(d_fc, d_fc_bias);
    flatten_1_backward(relu_1, d_flatten_1, d_max_pool2d_1);
    __syncthreads();

    /* level 6 */
    conv_backward_weight(input, d_max_pool2d_1, conv_places, conv_backward_weight_sums);
    conv_backward_bias(d_max_pool2d_1, d_conv_bias);
    keep_d_fc_bias(sample, d_fc_bias, sample_gradients);
    __syncthreads();

    /* level 7 */
    conv_backward_weight_sum(conv_backward_weight_sums, d_conv_weight);
    keep_d_conv_bias(sample, d_conv_bias, sample_gradients);
    __syncthreads();

    /* level 8 */
    keep_d_conv_weight(sample, d_conv_weight, sample_gradients);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_reduce(cuda_step step, const float (*sample_gradients)[88], const float (*kept_d_fc)[7],
        const float (*kept_flatten_1)[150], const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    int reduce_gradients_units = 1;
    if (unit < reduce_gradients_units) {
        reduce_gradients(step, unit, sample_gradients);
        return;
    }
    unit -= reduce_gradients_units;
    int fc_backward_weight_units = 33;
    if (unit < fc_backward_weight_units) {
        fc_backward_weight(step, unit, kept_d_fc, kept_flatten_1);
        return;
    }
    unit -= fc_backward_weight_units;
    results(step, unit, loss, correct);
}

struct pooled_evaluate_memory { float4 all[359]; };

/* A block of threads for each sample, 5744 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(256)
pooled_evaluate(cuda_step step, float (*correct), float (*loss))
{
    SHARED_MEMORY(pooled_evaluate_memory, memory);
    auto &conv_weight = array_at<float[6][1][12]>(&memory, 5392);  /* 0 to 1 */
    auto &conv_bias = array_at<float[6]>(&memory, 5680);           /* 0 to 1 */
    auto &fc_weight = array_at<float[7][150]>(&memory, 0);         /* 0 to 2 */
    auto &fc_bias = array_at<float[7]>(&memory, 5712);             /* 0 to 2 */
    auto &input = array_at<float[1][144]>(&memory, 4816);          /* 0 to 1 */
    auto &relu_1 = array_at<float[6][5][5]>(&memory, 4208);        /* 1 to 2 */
    auto &fc = array_at<float[7]>(&memory, 4816);                  /* 2 to 4 */
    auto &maximum = array_at<float>(&memory, 0);                   /* 3 to 4 */
    int sample = blockIdx.x;

    /* Rows that end with padding may be loaded with it: it is zero, or what was there before. */
    clear_memory<256, 263, 301>(memory.all);

    /* level 0 */
    load_weights(step, conv_weight, conv_bias, fc_weight, fc_bias);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    evaluate_conv_forward(conv_weight, input, conv_bias, relu_1);
    __syncthreads();

    /* level 2 */
    fc_forward(fc_weight, relu_1, fc_bias, fc);
    __syncthreads();

    /* level 3 */
    cross_entropy_maximum(step, sample, fc, maximum, correct);
    store_logits(step, sample, fc);
    __syncthreads();

    /* level 4 */
    evaluate_cross_entropy_forward(step, sample, fc, maximum, loss);
}

extern "C" __global__ void __launch_bounds__(256)
pooled_results(cuda_step step, const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    evaluate_results(step, unit, loss, correct);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
pooled_update(cuda_step step, const float (*loss), const float (*correct))
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 1144)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss, correct);
}
