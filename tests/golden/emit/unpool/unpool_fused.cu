/* unpool, compiled by netc 0.1.0 for CUDA from unpool.net with: netc unpool.net --cpu=avx512
 * sha256 of unpool.net: 9a46a500f29bbc6b7013cbbf890e2f182fff473730d24ab155a7a5c8a3548833
 * The kernels of a GPU. A block of threads takes a sample through the whole step. */
#include "cuda_kernels.h"

/* The flat array of weights: first those whose gradients the samples leave, then those that the reduction forms of
 * factors. The taps of a convolution's weight are padded to whole 16 bytes. The gradient has the same form. */
struct unpool_weights {
    alignas(32) float conv2d_1_weight[1][1][12];
    alignas(32) float conv2d_1_bias[1];
    alignas(32) float linear_1_weight[4][100];
};

/* Of each channel of an image: byte * factor + shift = (byte / 255 - mean) / std. */
static __constant__ const float factor[1] = { (float)(1 / (255 * 1.0)) };
static __constant__ const float shift[1] = { (float)(0.0 / 1.0) };

/* The optimiser's settings; lr comes with the step. */
DEVICE sgd optimizer(void)
{
    sgd settings = {};
    settings.momentum = 0.5;
    settings.dampening = 0.1;
    settings.weight_decay = 0.0;
    settings.nesterov = false;
    return settings;
}

/* The weights, from the flat array into shared memory. */
DEVICE void load_weights(const cuda_step &step, float (&conv2d_1_weight)[1][1][12], float (&conv2d_1_bias)[1],
        float (&linear_1_weight)[4][100])
{
    const unpool_weights &w = *(const unpool_weights *)step.weights;
    copy_array<128>(conv2d_1_weight, w.conv2d_1_weight);
    copy_array<128>(conv2d_1_bias, w.conv2d_1_bias);
    copy_array<128>(linear_1_weight, w.linear_1_weight);
}

/* The image of the sample, normalised: byte * factor + shift = (byte / 255 - mean) / std. */
DEVICE void load_input(const cuda_step &step, int sample, float (&input)[1][10][10])
{
    const uint8_t *image = step.images + (int64_t)step.samples[sample] * 100;
    int item = threadIdx.x;
    if (item < 100) {
        int c = 0, y = item / 10, x = item % 10;
        input[c][y][x] = image[item] * factor[c] + shift[c];
    }
}

/* pool: max_pool2d                                                                               unpool.net:5
 *   input         1 x 10 x 10
 *   pool          1 x 5 x 5  (result)
 *   pool_indices  1 x 5 x 5  (result)
 * the largest of each window, and which element of it that is. */
DEVICE void pool_forward(const float (&input)[1][10][10], float (&pool)[1][5][5], uint8_t (&pool_indices)[1][5][5])
{
    int point = threadIdx.x;
    if (point < 25) {
        int x = point % 5;
        int y = point / 5;
        real largest = -INFINITY;
        int place = 0;
        for (int u = 0; u < 2; u++)
            for (int v = 0; v < 2; v++) {
                real value = input[0][2*y + u][2*x + v];
                bool taken = real_exceeds(value, largest);
                largest = taken ? value : largest;
                place = taken ? 2*u + v : place;
            }
        pool[0][y][x] = largest;
        pool_indices[0][y][x] = place;
    }
}

/* conv2d_1: pad                                                                                  unpool.net:6
 *   pool             1 x 5 x 5
 *   conv2d_1_padded  1 x 7 x 7  (result)
 * the image, repeated all around. */
DEVICE void conv2d_1_pad(const float (&pool)[1][5][5], float (&conv2d_1_padded)[1][56])
{
    int point = threadIdx.x;
    if (point < 49) {
        int x = point % 7;
        int y = point / 7;
        conv2d_1_padded[0][8*y + x] = pool[0][(y + 4) % 5][(x + 4) % 5];
    }
}

/* conv2d_1: conv2d                                                                               unpool.net:6
 *   conv2d_1_weight  1 x 1 x 12
 *   conv2d_1_padded  1 x 7 x 7
 *   conv2d_1_bias    1
 *   conv2d_1         1 x 5 x 5  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * 25 threads, each with 1 window of 1 channel: 1 sum in registers. */
DEVICE void conv2d_1_forward(const float (&conv2d_1_weight)[1][1][12], const float (&conv2d_1_padded)[1][56],
        const float (&conv2d_1_bias)[1], float (&conv2d_1)[1][5][5])
{
    int item = threadIdx.x;
    if (item < 25) {
        int x0 = item % 5, y0 = item / 5, o0 = 0;
        float sum[1][1][1] = {};
        float taps[1][9];
        load_row<4>(taps[0], conv2d_1_weight[o0][0]);
        UNROLL
        for (int r = 0; r < 3; r++) {
            float row[3];
            load_row<1>(row, &conv2d_1_padded[0][8*(y0 + r) + x0]);
            UNROLL
            for (int v = 0; v < 3; v++)
                sum[0][0][0] += taps[0][3*r + v] * row[v];
        }
        int y = y0;
        int x = x0;
        float total = sum[0][0][0] + conv2d_1_bias[o0];
        conv2d_1[0][y][x] = total;
    }
}

/* max_unpool2d_1: max_unpool2d                                                                   unpool.net:7
 *   pool_indices    1 x 5 x 5
 *   conv2d_1        1 x 5 x 5
 *   max_unpool2d_1  1 x 10 x 10  (result)
 * y[c][y][x] is the element of the last window that took (y, x), else 0. */
DEVICE void max_unpool2d_1_forward(const uint8_t (&pool_indices)[1][5][5], const float (&conv2d_1)[1][5][5],
        float (&max_unpool2d_1)[1][10][10])
{
    int point = threadIdx.x;
    if (point < 100) {
        int v = point % 2;
        int x = point / 2 % 5;
        int u = point / 10 % 2;
        int y = point / 20;
        max_unpool2d_1[0][2*y + u][2*x + v] = pool_indices[0][y][x] == 2*u + v ? conv2d_1[0][y][x] : 0.0f;
    }
}

/* linear_1: linear                                                                               unpool.net:9
 *   linear_1_weight  4 x 100
 *   max_unpool2d_1   1 x 10 x 10
 *   linear_1         4  (result)
 * y[i] = sum of weight[i][j] * x[j].
 * A warp sums an output, its lanes neighbouring features. */
DEVICE void linear_1_forward(const float (&linear_1_weight)[4][100], const float (&max_unpool2d_1)[1][10][10],
        float (&linear_1)[4])
{
    const float *features = &max_unpool2d_1[0][0][0];
    for (int i = warp_of_thread(); i < 4; i += 4) {
        float sum = 0;
        for (int j = lane_of_thread(); j < 100; j += LANES)
            sum += linear_1_weight[i][j] * features[j];
        sum = warp_sum(sum);
        if (lane_of_thread() == 0) {
            linear_1[i] = sum;
        }
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_flatten_1(int sample, const float (&max_unpool2d_1)[1][10][10], float (*kept_flatten_1)[100])
{
    copy_floats<128, 100>(&kept_flatten_1[sample][0], &max_unpool2d_1[0][0][0]);
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  unpool.net:17
 *   linear_1    4
 *   label       one a sample
 *   scale       one a sample
 *   correct     one a sample  (result)
 *   loss        one a sample  (result)
 *   d_linear_1  4  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight.
 * One warp, a class a lane. */
DEVICE void cross_entropy_forward(const cuda_step &step, int sample, const float (&linear_1)[4], float (*correct),
        float (*loss), float (&d_linear_1)[4])
{
    if (warp_of_thread() != 0)
        return;
    int label = step.labels[step.samples[sample]];
    float largest = -INFINITY;
    int place = 0;
    for (int k = lane_of_thread(); k < 4; k += LANES) {
        bool taken = real_exceeds(linear_1[k], largest);
        largest = taken ? linear_1[k] : largest;
        place = taken ? k : place;
    }
    warp_largest(largest, place);
    float total = 0;
    for (int k = lane_of_thread(); k < 4; k += LANES)
        total += real_exp(linear_1[k] - largest);
    total = warp_sum(total);
    if (lane_of_thread() == 0) {
        correct[sample] = place == label ? 1.0f : 0.0f;
        loss[sample] = real_log(total) + (largest - linear_1[label]);
    }
    for (int k = lane_of_thread(); k < 4; k += LANES)
        d_linear_1[k] = (real_exp(linear_1[k] - largest) / total - (k == label ? 1.0f : 0.0f)) * step.scale;
}

/* linear_1: linear_backward_input                                                                unpool.net:9
 *   linear_1_weight  4 x 100
 *   d_linear_1       4
 *   d_flatten_1      100  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void linear_1_backward_input(const float (&linear_1_weight)[4][100], const float (&d_linear_1)[4],
        float (&d_flatten_1)[100])
{
    int point = threadIdx.x;
    if (point < 100) {
        int j = point;
        real sum = 0;
        for (int i = 0; i < 4; i++)
            sum += linear_1_weight[i][j] * d_linear_1[i];
        d_flatten_1[j] = sum;
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_linear_1(int sample, const float (&d_linear_1)[4], float (*kept_d_linear_1)[4])
{
    copy_floats<128, 4>(&kept_d_linear_1[sample][0], &d_linear_1[0]);
}

/* flatten_1: flatten_backward                                                                    unpool.net:8
 *   d_flatten_1       100
 *   d_max_unpool2d_1  1 x 10 x 10  (result) */
DEVICE void flatten_1_backward(const float (&d_flatten_1)[100], float (&d_max_unpool2d_1)[1][10][10])
{
    int point = threadIdx.x;
    if (point < 100) {
        int x = point % 10;
        int y = point / 10;
        d_max_unpool2d_1[0][y][x] = d_flatten_1[10*y + x];
    }
}

/* max_unpool2d_1: max_unpool2d_backward                                                          unpool.net:7
 *   pool_indices      1 x 5 x 5
 *   d_max_unpool2d_1  1 x 10 x 10
 *   d_conv2d_1        1 x 5 x 5  (result)
 * dx[c][y][x] is the gradient at the position that its element was put to. */
DEVICE void max_unpool2d_1_backward(const uint8_t (&pool_indices)[1][5][5], const float (&d_max_unpool2d_1)[1][10][10],
        float (&d_conv2d_1)[1][40])
{
    int point = threadIdx.x;
    if (point < 25) {
        int x = point % 5;
        int y = point / 5;
        real sum = 0;
        for (int u = 0; u < 2; u++)
            for (int v = 0; v < 2; v++)
                sum += pool_indices[0][y][x] == 2*u + v ? d_max_unpool2d_1[0][2*y + u][2*x + v] : 0.0f;
        d_conv2d_1[0][8*y + x] = sum;
    }
}

/* conv2d_1: conv2d_backward_weight                                                               unpool.net:6
 *   conv2d_1_padded    1 x 7 x 7
 *   d_conv2d_1         1 x 5 x 5
 *   d_conv2d_1_weight  1 x 1 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * 1 thread, each with all 9 taps of two channels in registers. */
DEVICE void conv2d_1_backward_weight(const float (&conv2d_1_padded)[1][56], const float (&d_conv2d_1)[1][40],
        float (&d_conv2d_1_weight)[1][1][12])
{
    int item = threadIdx.x;
    if (item < 1) {
        int o = 0, c = 0;
        float sum[12] = {}, dy[5][5];
        UNROLL
        for (int r = 0; r < 7; r++) {
            float row[7];
            load_row<4>(row, &conv2d_1_padded[c][8*r]);
            if (r < 5)
                load_row<4>(dy[r], &d_conv2d_1[o][8*r]);
            UNROLL
            for (int u = 0; u < 3; u++)
                if (0 <= r - u && r - u < 5)
                    UNROLL
                    for (int v = 0; v < 3; v++)
                        UNROLL
                        for (int x = 0; x < 5; x++)
                            sum[3*u + v] += dy[r - u][x] * row[x + v];
        }
        store_row<4>(d_conv2d_1_weight[o][c], sum);
    }
}

/* conv2d_1: conv2d_backward_bias                                                                 unpool.net:6
 *   d_conv2d_1       1 x 5 x 5
 *   d_conv2d_1_bias  1  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void conv2d_1_backward_bias(const float (&d_conv2d_1)[1][40], float (&d_conv2d_1_bias)[1])
{
    int point = (int)threadIdx.x - 32;
    if (0 <= point && point < 1) {
        real sum = 0;
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                sum += d_conv2d_1[0][8*y + x];
        d_conv2d_1_bias[0] = sum;
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv2d_1_weight(int sample, const float (&d_conv2d_1_weight)[1][1][12],
        float (*sample_gradients)[24])
{
    copy_floats<128, 12>(&sample_gradients[sample][0], &d_conv2d_1_weight[0][0][0]);
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_conv2d_1_bias(int sample, const float (&d_conv2d_1_bias)[1], float (*sample_gradients)[24])
{
    copy_floats<128, 1>(&sample_gradients[sample][16], &d_conv2d_1_bias[0]);
}

/* Sums what the samples have left: a lane a weight, and each warp a part of the samples, in fixed order. */
DEVICE void reduce_gradients(const cuda_step &step, int unit, const float (*sample_gradients)[24])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    if (i < 24)
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
    if (threadIdx.x < 128 && j < 24)
        apply_gradient(step, optimizer(), j, total);
}

/* linear_1: linear_backward_weight                                                               unpool.net:9
 *   kept_d_linear_1  4
 *   kept_flatten_1   100
 *   linear_1_weight  4 x 100  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void linear_1_backward_weight(const cuda_step &step, int unit, const float (*kept_d_linear_1)[4],
        const float (*kept_flatten_1)[100])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    if (i < 400)
        UNROLL_BY(4)
        for (int sample = warp_of_thread(); sample < step.count; sample += 8) {
            float row[4];
            load_row<4>(row, &kept_flatten_1[sample][i % 100]);
            UNROLL
            for (int k = 0; k < 4; k++)
                sum[k] += kept_d_linear_1[sample][i / 100] * row[k];
        }
    float total = sum_of_warps<8>(sum);
    int j = 128 * unit + threadIdx.x;
    if (threadIdx.x < 128 && j < 400)
        apply_gradient(step, optimizer(), 24 + j, total);
}

/* Adds up the losses and hits of the step. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss), const float (*correct))
{
    if (!step.gradient && warp_of_thread() == 0)
        add_results(step, loss, correct);
}

/* cross_entropy: class_maximum                                                                  unpool.net:17
 *   linear_1  4
 *   label     one a sample
 *   maximum   one a sample  (result)
 *   correct   one a sample  (result)
 * the largest logit, and whether it is the label's. */
DEVICE void cross_entropy_maximum(const cuda_step &step, int sample, const float (&linear_1)[4], float &maximum,
        float (*correct))
{
    int label = step.labels[step.samples[sample]];
    int point = threadIdx.x;
    if (point < 1) {
        real largest = -INFINITY;
        int place = 0;
        for (int k = 0; k < 4; k++) {
            real value = linear_1[k];
            bool taken = real_exceeds(value, largest);
            largest = taken ? value : largest;
            place = taken ? k : place;
        }
        maximum = largest;
        correct[sample] = place == label ? 1.0f : 0.0f;
    }
}

/* The logits, where the host wants them. */
DEVICE void store_logits(const cuda_step &step, int sample, const float (&linear_1)[4])
{
    if (step.logits)
        copy_floats<128, 4>(&step.logits[(int64_t)sample * 4], &linear_1[0]);
}

/* cross_entropy: cross_entropy                                                                  unpool.net:17
 *   linear_1  4
 *   maximum   one a sample
 *   label     one a sample
 *   loss      one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void evaluate_cross_entropy_forward(const cuda_step &step, int sample, const float (&linear_1)[4],
        const float &maximum, float (*loss))
{
    int label = step.labels[step.samples[sample]];
    int point = threadIdx.x;
    if (point < 1) {
        real sum = 0;
        real sum_2 = 0;
        for (int k = 0; k < 4; k++) {
            sum += real_exp(linear_1[k] - maximum);
            sum_2 += k == label ? linear_1[k] : 0.0f;
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

struct unpool_step_memory { float4 all[152]; };

/* A block of threads for each sample, 2432 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(128)
unpool_step(cuda_step step, float (*correct), float (*loss), float (*kept_flatten_1)[100], float (*kept_d_linear_1)[4],
        float (*sample_gradients)[24])
{
    SHARED_MEMORY(unpool_step_memory, memory);
    auto &conv2d_1_weight = array_at<float[1][1][12]>(&memory, 2336);  /* 0 to 3 */
    auto &conv2d_1_bias = array_at<float[1]>(&memory, 2416);           /* 0 to 3 */
    auto &linear_1_weight = array_at<float[4][100]>(&memory, 0);       /* 0 to 7 */
    auto &input = array_at<float[1][10][10]>(&memory, 1600);           /* 0 to 1 */
    auto &pool = array_at<float[1][5][5]>(&memory, 2224);              /* 1 to 2 */
    auto &pool_indices = array_at<uint8_t[1][5][5]>(&memory, 2384);    /* 1 to 9 */
    auto &conv2d_1_padded = array_at<float[1][56]>(&memory, 2000);     /* 2 to 10 */
    auto &conv2d_1 = array_at<float[1][5][5]>(&memory, 2224);          /* 3 to 4 */
    auto &max_unpool2d_1 = array_at<float[1][10][10]>(&memory, 1600);  /* 4 to 5 */
    auto &linear_1 = array_at<float[4]>(&memory, 2224);                /* 5 to 6 */
    auto &d_linear_1 = array_at<float[4]>(&memory, 2240);              /* 6 to 7 */
    auto &d_flatten_1 = array_at<float[100]>(&memory, 1600);           /* 7 to 8 */
    auto &d_max_unpool2d_1 = array_at<float[1][10][10]>(&memory, 0);   /* 8 to 9 */
    auto &d_conv2d_1 = array_at<float[1][40]>(&memory, 400);           /* 9 to 10 */
    auto &d_conv2d_1_weight = array_at<float[1][1][12]>(&memory, 0);   /* 10 to 11 */
    auto &d_conv2d_1_bias = array_at<float[1]>(&memory, 48);           /* 10 to 11 */
    int sample = blockIdx.x;

    /* Rows that end with padding may be loaded with it: it is zero, or what was there before. */
    clear_memory<128, 125, 146>(memory.all);
    clear_memory<128, 149, 151>(memory.all);

    /* level 0 */
    load_weights(step, conv2d_1_weight, conv2d_1_bias, linear_1_weight);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    pool_forward(input, pool, pool_indices);
    __syncthreads();

    /* level 2 */
    conv2d_1_pad(pool, conv2d_1_padded);
    __syncthreads();

    /* level 3 */
    conv2d_1_forward(conv2d_1_weight, conv2d_1_padded, conv2d_1_bias, conv2d_1);
    __syncthreads();

    /* level 4 */
    max_unpool2d_1_forward(pool_indices, conv2d_1, max_unpool2d_1);
    __syncthreads();

    /* level 5 */
    linear_1_forward(linear_1_weight, max_unpool2d_1, linear_1);
    keep_flatten_1(sample, max_unpool2d_1, kept_flatten_1);
    __syncthreads();

    /* level 6 */
    cross_entropy_forward(step, sample, linear_1, correct, loss, d_linear_1);
    __syncthreads();

    /* level 7 */
    linear_1_backward_input(linear_1_weight, d_linear_1, d_flatten_1);
    keep_d_linear_1(sample, d_linear_1, kept_d_linear_1);
    __syncthreads();

    /* level 8 */
    flatten_1_backward(d_flatten_1, d_max_unpool2d_1);
    __syncthreads();

    /* level 9 */
    max_unpool2d_1_backward(pool_indices, d_max_unpool2d_1, d_conv2d_1);
    __syncthreads();

    /* level 10 */
    conv2d_1_backward_weight(conv2d_1_padded, d_conv2d_1, d_conv2d_1_weight);
    conv2d_1_backward_bias(d_conv2d_1, d_conv2d_1_bias);
    __syncthreads();

    /* level 11 */
    keep_d_conv2d_1_weight(sample, d_conv2d_1_weight, sample_gradients);
    keep_d_conv2d_1_bias(sample, d_conv2d_1_bias, sample_gradients);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_reduce(cuda_step step, const float (*sample_gradients)[24], const float (*kept_d_linear_1)[4],
        const float (*kept_flatten_1)[100], const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    int reduce_gradients_units = 1;
    if (unit < reduce_gradients_units) {
        reduce_gradients(step, unit, sample_gradients);
        return;
    }
    unit -= reduce_gradients_units;
    int linear_1_backward_weight_units = 4;
    if (unit < linear_1_backward_weight_units) {
        linear_1_backward_weight(step, unit, kept_d_linear_1, kept_flatten_1);
        return;
    }
    unit -= linear_1_backward_weight_units;
    results(step, unit, loss, correct);
}

struct unpool_evaluate_memory { float4 all[138]; };

/* A block of threads for each sample, 2208 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(128)
unpool_evaluate(cuda_step step, float (*correct), float (*loss))
{
    SHARED_MEMORY(unpool_evaluate_memory, memory);
    auto &conv2d_1_weight = array_at<float[1][1][12]>(&memory, 2112);  /* 0 to 3 */
    auto &conv2d_1_bias = array_at<float[1]>(&memory, 2192);           /* 0 to 3 */
    auto &linear_1_weight = array_at<float[4][100]>(&memory, 0);       /* 0 to 5 */
    auto &input = array_at<float[1][10][10]>(&memory, 1600);           /* 0 to 1 */
    auto &pool = array_at<float[1][5][5]>(&memory, 2000);              /* 1 to 2 */
    auto &pool_indices = array_at<uint8_t[1][5][5]>(&memory, 2160);    /* 1 to 4 */
    auto &conv2d_1_padded = array_at<float[1][56]>(&memory, 1600);     /* 2 to 3 */
    auto &conv2d_1 = array_at<float[1][5][5]>(&memory, 2000);          /* 3 to 4 */
    auto &max_unpool2d_1 = array_at<float[1][10][10]>(&memory, 1600);  /* 4 to 5 */
    auto &linear_1 = array_at<float[4]>(&memory, 2000);                /* 5 to 7 */
    auto &maximum = array_at<float>(&memory, 0);                       /* 6 to 7 */
    int sample = blockIdx.x;

    /* Rows that end with padding may be loaded with it: it is zero, or what was there before. */
    clear_memory<128, 125, 132>(memory.all);
    clear_memory<128, 135, 137>(memory.all);

    /* level 0 */
    load_weights(step, conv2d_1_weight, conv2d_1_bias, linear_1_weight);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    pool_forward(input, pool, pool_indices);
    __syncthreads();

    /* level 2 */
    conv2d_1_pad(pool, conv2d_1_padded);
    __syncthreads();

    /* level 3 */
    conv2d_1_forward(conv2d_1_weight, conv2d_1_padded, conv2d_1_bias, conv2d_1);
    __syncthreads();

    /* level 4 */
    max_unpool2d_1_forward(pool_indices, conv2d_1, max_unpool2d_1);
    __syncthreads();

    /* level 5 */
    linear_1_forward(linear_1_weight, max_unpool2d_1, linear_1);
    __syncthreads();

    /* level 6 */
    cross_entropy_maximum(step, sample, linear_1, maximum, correct);
    store_logits(step, sample, linear_1);
    __syncthreads();

    /* level 7 */
    evaluate_cross_entropy_forward(step, sample, linear_1, maximum, loss);
}

extern "C" __global__ void __launch_bounds__(256)
unpool_results(cuda_step step, const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    evaluate_results(step, unit, loss, correct);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
unpool_update(cuda_step step, const float (*loss), const float (*correct))
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 424)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss, correct);
}
