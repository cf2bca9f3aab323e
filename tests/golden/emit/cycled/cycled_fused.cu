/* cycled, compiled by netc 0.1.0 for CUDA from cycled.net with: netc cycled.net --cpu=avx2
 * sha256 of cycled.net: 0bd4de1962013fd6ec0252df0de50a20511f48f3760728cc6830002dbf62e7f5
 * The kernels of a GPU. A block of threads takes a sample through the whole step. */
#include "cuda_kernels.h"

/* The flat array of weights: first those whose gradients the samples leave, then those that the reduction forms of
 * factors. The taps of a convolution's weight are padded to whole 16 bytes. The gradient has the same form. */
struct cycled_weights {
    alignas(32) float linear_1_bias[6];
    alignas(32) float linear_1_weight[6][40];
};

/* Of each channel of an image: byte * factor + shift = (byte / 255 - mean) / std. */
static __constant__ const float factor[1] = { (float)(1 / (255 * 1.0)) };
static __constant__ const float shift[1] = { (float)(0.0 / 1.0) };

/* The optimiser's settings; lr and momentum come with the step. */
DEVICE sgd optimizer(const cuda_step &step)
{
    sgd settings = {};
    settings.momentum = step.stretch->momentum[step.index];
    settings.positive = true;
    settings.dampening = 0.0;
    settings.weight_decay = 0.0;
    settings.nesterov = false;
    return settings;
}

/* The weights, from the flat array into shared memory. */
DEVICE void load_weights(const cuda_step &step, float (&linear_1_weight)[6][40], float (&linear_1_bias)[6])
{
    const cycled_weights &w = *(const cycled_weights *)step.weights;
    copy_array<128>(linear_1_weight, w.linear_1_weight);
    copy_array<128>(linear_1_bias, w.linear_1_bias);
}

/* The image of the sample, normalised: byte * factor + shift = (byte / 255 - mean) / std. */
DEVICE void load_input(const cuda_step &step, int sample, float (&input)[40])
{
    const uint8_t *image = step.images + (int64_t)step.samples[sample] * 40;
    int item = threadIdx.x;
    if (item < 40) {
        int c = 0;
        input[item] = image[item] * factor[c] + shift[c];
    }
}

/* linear_1: linear                                                                               cycled.net:4
 *   linear_1_weight  6 x 40
 *   input            40
 *   linear_1_bias    6
 *   linear_1         6  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * A warp sums an output, its lanes neighbouring features. */
DEVICE void linear_1_forward(const float (&linear_1_weight)[6][40], const float (&input)[40],
        const float (&linear_1_bias)[6], float (&linear_1)[6])
{
    for (int i = warp_of_thread(); i < 6; i += 4) {
        float sum = 0;
        for (int j = lane_of_thread(); j < 40; j += LANES)
            sum += linear_1_weight[i][j] * input[j];
        sum = warp_sum(sum) + linear_1_bias[i];
        if (lane_of_thread() == 0) {
            linear_1[i] = sum;
        }
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_input(int sample, const float (&input)[40], float (*kept_input)[40])
{
    copy_floats<128, 40>(&kept_input[sample][0], &input[0]);
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  cycled.net:13
 *   linear_1    6
 *   label       one a sample
 *   scale       one a sample
 *   correct     one a sample  (result)
 *   loss        one a sample  (result)
 *   d_linear_1  6  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight.
 * One warp, a class a lane. */
DEVICE void cross_entropy_forward(const cuda_step &step, int sample, const float (&linear_1)[6], float (*correct),
        float (*loss), float (&d_linear_1)[6])
{
    if (warp_of_thread() != 0)
        return;
    int label = step.labels[step.samples[sample]];
    float largest = -INFINITY;
    int place = 0;
    for (int k = lane_of_thread(); k < 6; k += LANES) {
        bool taken = real_exceeds(linear_1[k], largest);
        largest = taken ? linear_1[k] : largest;
        place = taken ? k : place;
    }
    warp_largest(largest, place);
    float total = 0;
    for (int k = lane_of_thread(); k < 6; k += LANES)
        total += real_exp(linear_1[k] - largest);
    total = warp_sum(total);
    if (lane_of_thread() == 0) {
        correct[sample] = place == label ? 1.0f : 0.0f;
        loss[sample] = real_log(total) + (largest - linear_1[label]);
    }
    for (int k = lane_of_thread(); k < 6; k += LANES)
        d_linear_1[k] = (real_exp(linear_1[k] - largest) / total - (k == label ? 1.0f : 0.0f)) * step.scale;
}

/* linear_1: linear_backward_bias                                                                 cycled.net:4
 *   d_linear_1       6
 *   d_linear_1_bias  6  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void linear_1_backward_bias(const float (&d_linear_1)[6], float (&d_linear_1_bias)[6])
{
    int point = threadIdx.x;
    if (point < 6) {
        int i = point;
        d_linear_1_bias[i] = d_linear_1[i];
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_linear_1(int sample, const float (&d_linear_1)[6], float (*kept_d_linear_1)[6])
{
    copy_floats<128, 6>(&kept_d_linear_1[sample][0], &d_linear_1[0]);
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_linear_1_bias(int sample, const float (&d_linear_1_bias)[6], float (*sample_gradients)[8])
{
    copy_floats<128, 6>(&sample_gradients[sample][0], &d_linear_1_bias[0]);
}

/* Sums what the samples have left: a lane a weight, and each warp a part of the samples, in fixed order. */
DEVICE void reduce_gradients(const cuda_step &step, int unit, const float (*sample_gradients)[8])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    if (i < 8)
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
    if (threadIdx.x < 128 && j < 8)
        apply_gradient(step, optimizer(step), j, total);
}

/* linear_1: linear_backward_weight                                                               cycled.net:4
 *   kept_d_linear_1  6
 *   kept_input       40
 *   linear_1_weight  6 x 40  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void linear_1_backward_weight(const cuda_step &step, int unit, const float (*kept_d_linear_1)[6],
        const float (*kept_input)[40])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    if (i < 240)
        UNROLL_BY(4)
        for (int sample = warp_of_thread(); sample < step.count; sample += 8) {
            float row[4];
            load_row<4>(row, &kept_input[sample][i % 40]);
            UNROLL
            for (int k = 0; k < 4; k++)
                sum[k] += kept_d_linear_1[sample][i / 40] * row[k];
        }
    float total = sum_of_warps<8>(sum);
    int j = 128 * unit + threadIdx.x;
    if (threadIdx.x < 128 && j < 240)
        apply_gradient(step, optimizer(step), 8 + j, total);
}

/* Adds up the losses and hits of the step. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss), const float (*correct))
{
    if (!step.gradient && warp_of_thread() == 0)
        add_results(step, loss, correct);
}

/* cross_entropy: class_maximum                                                                  cycled.net:13
 *   linear_1  6
 *   label     one a sample
 *   maximum   one a sample  (result)
 *   correct   one a sample  (result)
 * the largest logit, and whether it is the label's. */
DEVICE void cross_entropy_maximum(const cuda_step &step, int sample, const float (&linear_1)[6], float &maximum,
        float (*correct))
{
    int label = step.labels[step.samples[sample]];
    int point = threadIdx.x;
    if (point < 1) {
        real largest = -INFINITY;
        int place = 0;
        for (int k = 0; k < 6; k++) {
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
DEVICE void store_logits(const cuda_step &step, int sample, const float (&linear_1)[6])
{
    if (step.logits)
        copy_floats<128, 6>(&step.logits[(int64_t)sample * 6], &linear_1[0]);
}

/* cross_entropy: cross_entropy                                                                  cycled.net:13
 *   linear_1  6
 *   maximum   one a sample
 *   label     one a sample
 *   loss      one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void evaluate_cross_entropy_forward(const cuda_step &step, int sample, const float (&linear_1)[6],
        const float &maximum, float (*loss))
{
    int label = step.labels[step.samples[sample]];
    int point = threadIdx.x;
    if (point < 1) {
        real sum = 0;
        real sum_2 = 0;
        for (int k = 0; k < 6; k++) {
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

struct cycled_step_memory { float4 all[74]; };

/* A block of threads for each sample, 1184 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(128)
cycled_step(cuda_step step, float (*correct), float (*loss), float (*kept_input)[40], float (*kept_d_linear_1)[6],
        float (*sample_gradients)[8])
{
    SHARED_MEMORY(cycled_step_memory, memory);
    auto &linear_1_weight = array_at<float[6][40]>(&memory, 0);  /* 0 to 1 */
    auto &linear_1_bias = array_at<float[6]>(&memory, 1120);     /* 0 to 1 */
    auto &input = array_at<float[40]>(&memory, 960);             /* 0 to 1 */
    auto &linear_1 = array_at<float[6]>(&memory, 1152);          /* 1 to 2 */
    auto &d_linear_1 = array_at<float[6]>(&memory, 0);           /* 2 to 3 */
    auto &d_linear_1_bias = array_at<float[6]>(&memory, 32);     /* 3 to 4 */
    int sample = blockIdx.x;

    /* level 0 */
    load_weights(step, linear_1_weight, linear_1_bias);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    linear_1_forward(linear_1_weight, input, linear_1_bias, linear_1);
    keep_input(sample, input, kept_input);
    __syncthreads();

    /* level 2 */
    cross_entropy_forward(step, sample, linear_1, correct, loss, d_linear_1);
    __syncthreads();

    /* level 3 */
    linear_1_backward_bias(d_linear_1, d_linear_1_bias);
    keep_d_linear_1(sample, d_linear_1, kept_d_linear_1);
    __syncthreads();

    /* level 4 */
    keep_d_linear_1_bias(sample, d_linear_1_bias, sample_gradients);
}

extern "C" __global__ void __launch_bounds__(256)
cycled_reduce(cuda_step step, const float (*sample_gradients)[8], const float (*kept_d_linear_1)[6],
        const float (*kept_input)[40], const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    int reduce_gradients_units = 1;
    if (unit < reduce_gradients_units) {
        reduce_gradients(step, unit, sample_gradients);
        return;
    }
    unit -= reduce_gradients_units;
    int linear_1_backward_weight_units = 2;
    if (unit < linear_1_backward_weight_units) {
        linear_1_backward_weight(step, unit, kept_d_linear_1, kept_input);
        return;
    }
    unit -= linear_1_backward_weight_units;
    results(step, unit, loss, correct);
}

struct cycled_evaluate_memory { float4 all[74]; };

/* A block of threads for each sample, 1184 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(128)
cycled_evaluate(cuda_step step, float (*correct), float (*loss))
{
    SHARED_MEMORY(cycled_evaluate_memory, memory);
    auto &linear_1_weight = array_at<float[6][40]>(&memory, 0);  /* 0 to 1 */
    auto &linear_1_bias = array_at<float[6]>(&memory, 1120);     /* 0 to 1 */
    auto &input = array_at<float[40]>(&memory, 960);             /* 0 to 1 */
    auto &linear_1 = array_at<float[6]>(&memory, 1152);          /* 1 to 3 */
    auto &maximum = array_at<float>(&memory, 0);                 /* 2 to 3 */
    int sample = blockIdx.x;

    /* level 0 */
    load_weights(step, linear_1_weight, linear_1_bias);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    linear_1_forward(linear_1_weight, input, linear_1_bias, linear_1);
    __syncthreads();

    /* level 2 */
    cross_entropy_maximum(step, sample, linear_1, maximum, correct);
    store_logits(step, sample, linear_1);
    __syncthreads();

    /* level 3 */
    evaluate_cross_entropy_forward(step, sample, linear_1, maximum, loss);
}

extern "C" __global__ void __launch_bounds__(256)
cycled_results(cuda_step step, const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    evaluate_results(step, unit, loss, correct);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
cycled_update(cuda_step step, const float (*loss), const float (*correct))
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 248)
        update_weight(step, optimizer(step), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss, correct);
}
