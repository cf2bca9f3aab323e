/* branches, compiled by netc 0.1.0 for CUDA from branches.net with: netc branches.net --cpu=generic
 * sha256 of branches.net: 33f0e17c1ec9a100f51c469e0e37542d101c64ad07af0b3c844b1bb6c79ce4a7
 * The kernels of a GPU. A block of threads takes a sample through the whole step. */
#include "cuda_kernels.h"

/* The flat array of weights: first those whose gradients the samples leave, then those that the reduction forms of
 * factors. The taps of a convolution's weight are padded to whole 16 bytes. The gradient has the same form. */
struct branches_weights {
    alignas(32) float entry_weight[4][3][12];
    alignas(32) float entry_bias[4];
    alignas(32) float side_weight[6][2][12];
    alignas(32) float sum_weight[6][6][4];
    alignas(32) float sum_bias[6];
    alignas(32) float linear_1_bias[5];
    alignas(32) float linear_1_weight[5][108];
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

/* The weights, from the flat array into shared memory. */
DEVICE void load_weights(const cuda_step &step, float (&entry_weight)[4][3][12], float (&entry_bias)[4],
        float (&side_weight)[6][2][12], float (&sum_weight)[6][6][4], float (&sum_bias)[6],
        float (&linear_1_weight)[5][108], float (&linear_1_bias)[5])
{
    const branches_weights &w = *(const branches_weights *)step.weights;
    copy_array<384>(entry_weight, w.entry_weight);
    copy_array<384>(entry_bias, w.entry_bias);
    copy_array<384>(side_weight, w.side_weight);
    copy_array<384>(sum_weight, w.sum_weight);
    copy_array<384>(sum_bias, w.sum_bias);
    copy_array<384>(linear_1_weight, w.linear_1_weight);
    copy_array<384>(linear_1_bias, w.linear_1_bias);
}

/* The image of the sample, normalised: byte * factor + shift = (byte / 255 - mean) / std. */
DEVICE void load_input(const cuda_step &step, int sample, float (&input)[3][9][9])
{
    const uint8_t *image = step.images + (int64_t)step.samples[sample] * 243;
    int item = threadIdx.x;
    if (item < 243) {
        int c = item / 81, y = item / 9 % 9, x = item % 9;
        input[c][y][x] = image[item] * factor[c] + shift[c];
    }
}

/* entry: pad                                                                                   branches.net:5
 *   input         3 x 9 x 9
 *   entry_padded  3 x 11 x 11  (result)
 * the image, reflected at its borders. */
DEVICE void entry_pad(const float (&input)[3][9][9], float (&entry_padded)[3][148])
{
    int point = threadIdx.x;
    if (point < 363) {
        int x = point % 11;
        int y = point / 11 % 11;
        int c = point / 121;
        entry_padded[c][12*y + x] = input[c][8 - int_abs(8 - int_abs(y - 1))][8 - int_abs(8 - int_abs(x - 1))];
    }
}

/* entry: conv2d                                                                                branches.net:5
 *   entry_weight  4 x 3 x 12
 *   entry_padded  3 x 11 x 11
 *   entry_bias    4
 *   entry         4 x 9 x 9  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * 324 threads, each with 1 window of 1 channel: 1 sum in registers. */
DEVICE void entry_forward(const float (&entry_weight)[4][3][12], const float (&entry_padded)[3][148],
        const float (&entry_bias)[4], float (&entry)[4][9][9])
{
    int item = threadIdx.x;
    if (item < 324) {
        int x0 = item % 9, y0 = item / 9 % 9, o0 = item / 81;
        float sum[1][1][1] = {};
        for (int c = 0; c < 3; c++) {
            float taps[1][9];
            load_row<4>(taps[0], entry_weight[o0][c]);
            UNROLL
            for (int r = 0; r < 3; r++) {
                float row[3];
                load_row<1>(row, &entry_padded[c][12*(y0 + r) + x0]);
                UNROLL
                for (int v = 0; v < 3; v++)
                    sum[0][0][0] += taps[0][3*r + v] * row[v];
            }
        }
        int y = y0;
        int x = x0;
        int o = o0;
        float total = sum[0][0][0] + entry_bias[o0];
        entry[o][y][x] = total;
    }
}

/* side: pad                                                                                    branches.net:6
 *   entry        4 x 9 x 9
 *   side_padded  4 x 11 x 11  (result)
 * zeros around the image. */
DEVICE void side_pad(const float (&entry)[4][9][9], float (&side_padded)[4][11][11])
{
    for (int point = threadIdx.x; point < 484; point += 384) {
        int x = point % 11;
        int y = point / 11 % 11;
        int c = point / 121;
        side_padded[c][y][x] = 0 <= y - 1 && y - 1 <= 8 && 0 <= x - 1 && x - 1 <= 8 ? entry[c][y - 1][x - 1] : 0.0f;
    }
}

/* side: conv2d                                                                                 branches.net:6
 *   side_weight  6 x 2 x 12
 *   side_padded  4 x 11 x 11
 *   side         6 x 5 x 5  (result)
 * y[o] = sum of weight[o][c] * x[c] over its window. */
DEVICE void side_forward(const float (&side_weight)[6][2][12], const float (&side_padded)[4][11][11],
        float (&side)[6][5][5])
{
    int point = threadIdx.x;
    if (point < 150) {
        int x = point % 5;
        int y = point / 5 % 5;
        int o = point / 25 % 3;
        int g = point / 75;
        real sum = 0;
        for (int u = 0; u < 3; u++)
            for (int v = 0; v < 3; v++)
                for (int c = 0; c < 2; c++)
                    sum += side_weight[3*g + o][c][3*u + v] * side_padded[2*g + c][2*y + u][2*x + v];
        side[3*g + o][y][x] = sum;
    }
}

/* relu_1: relu                                                                                 branches.net:7
 *   side    6 x 5 x 5
 *   relu_1  6 x 5 x 5  (result) */
DEVICE void relu_1_forward(const float (&side)[6][5][5], float (&relu_1)[6][5][5])
{
    int point = threadIdx.x;
    if (point < 150) {
        int x = point % 5;
        int y = point / 5 % 5;
        int c = point / 25;
        relu_1[c][y][x] = real_max(side[c][y][x], 0.0f);
    }
}

/* concat_1: concat                                                                            branches.net:10
 *   side      6 x 5 x 5
 *   concat_1  12 x 5 x 5  (result) */
DEVICE void concat_1_forward_2(const float (&side)[6][5][5], float (&concat_1)[12][5][5])
{
    int point = (int)threadIdx.x - 160;
    if (0 <= point && point < 150) {
        int x = point % 5;
        int y = point / 5 % 5;
        int c = point / 25;
        concat_1[c + 6][y][x] = side[c][y][x];
    }
}

/* sum: pad                                                                                     branches.net:8
 *   relu_1      6 x 5 x 5
 *   sum_padded  6 x 7 x 5  (result)
 * zeros around the image. */
DEVICE void sum_pad(const float (&relu_1)[6][5][5], float (&sum_padded)[6][84])
{
    int point = threadIdx.x;
    if (point < 210) {
        int x = point % 5;
        int y = point / 5 % 7;
        int c = point / 35;
        sum_padded[c][8*y + x] = 0 <= y - 1 && y - 1 <= 4 ? relu_1[c][y - 1][x] : 0.0f;
    }
}

/* sum: conv2d, add_1: add                                                                    branches.net:8-9
 *   sum_weight        6 x 6 x 4
 *   sum_padded        6 x 7 x 5
 *   sum_forward_sums  6 x 6 x 25 x 1  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * 300 threads, each with 1 window of 3 channels: 3 sums in registers. 6 threads share the sum over input channels. */
DEVICE void sum_forward(const float (&sum_weight)[6][6][4], const float (&sum_padded)[6][84],
        float (&sum_forward_sums)[6][6][25][1])
{
    int item = threadIdx.x;
    if (item < 300) {
        int x0 = item % 5, y0 = item / 5 % 5, o0 = 3*(item / 25 % 2);
        int part = item / 50;
        float sum[3][1][1] = {};
        for (int c = part; c < 6; c += 6) {
            float taps[3][3];
            UNROLL
            for (int i = 0; i < 3; i++)
                load_row<4>(taps[i], sum_weight[o0 + i][c]);
            UNROLL
            for (int r = 0; r < 3; r++) {
                float row[1];
                load_row<1>(row, &sum_padded[c][8*(y0 + r) + x0]);
                UNROLL
                for (int i = 0; i < 3; i++)
                    sum[i][0][0] += taps[i][r] * row[0];
            }
        }
        UNROLL
        for (int i = 0; i < 3; i++) {
            sum_forward_sums[part][o0 + i][item % 25][0] = sum[i][0][0];
        }
    }
}

/* sum: conv2d, add_1: add                                                                    branches.net:8-9
 *   sum_forward_sums  6 x 6 x 25 x 1
 *   sum_bias          6
 *   side              6 x 5 x 5
 *   add_1             6 x 5 x 5  (result)
 * Adds up what the threads that shared a sum have left. */
DEVICE void sum_forward_sum(const float (&sum_forward_sums)[6][6][25][1], const float (&sum_bias)[6],
        const float (&side)[6][5][5], float (&add_1)[6][5][5])
{
    int item = threadIdx.x;
    if (item < 150) {
        int tile = item % 25, channel = item / 25;
        float window[1] = {};
        UNROLL
        for (int part = 0; part < 6; part++) {
            window[0] += sum_forward_sums[part][channel][tile][0];
        }
        int y = tile / 5;
        int x = tile % 5;
        int o = channel;
        float total = window[0] + sum_bias[channel];
        add_1[o][y][x] = side[o][y][x] + total;
    }
}

/* concat_1: concat                                                                            branches.net:10
 *   add_1     6 x 5 x 5
 *   concat_1  12 x 5 x 5  (result) */
DEVICE void concat_1_forward_1(const float (&add_1)[6][5][5], float (&concat_1)[12][5][5])
{
    int point = threadIdx.x;
    if (point < 150) {
        int x = point % 5;
        int y = point / 5 % 5;
        int c = point / 25;
        concat_1[c][y][x] = add_1[c][y][x];
    }
}

/* max_pool2d_1: max_pool2d                                                                    branches.net:11
 *   concat_1              12 x 5 x 5
 *   max_pool2d_1          12 x 3 x 3  (result)
 *   max_pool2d_1_indices  12 x 3 x 3  (result)
 * the largest of each window, and which element of it that is. */
DEVICE void max_pool2d_1_forward(const float (&concat_1)[12][5][5], float (&max_pool2d_1)[12][3][3],
        uint8_t (&max_pool2d_1_indices)[12][3][3])
{
    int point = threadIdx.x;
    if (point < 108) {
        int x = point % 3;
        int y = point / 3 % 3;
        int c = point / 9;
        real largest = -INFINITY;
        int place = 0;
        for (int u = 0; u < 3; u++)
            if (0 <= 2*y + u - 1 && 2*y + u - 1 <= 4)
                for (int v = 0; v < 3; v++)
                    if (0 <= 2*x + v - 1 && 2*x + v - 1 <= 4) {
                        real value = concat_1[c][2*y + u - 1][2*x + v - 1];
                        bool taken = real_exceeds(value, largest);
                        largest = taken ? value : largest;
                        place = taken ? 3*u + v : place;
                    }
        max_pool2d_1[c][y][x] = largest;
        max_pool2d_1_indices[c][y][x] = place;
    }
}

/* linear_1: linear                                                                            branches.net:13
 *   linear_1_weight  5 x 108
 *   max_pool2d_1     12 x 3 x 3
 *   linear_1_bias    5
 *   linear_1         5  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * A warp sums an output, its lanes neighbouring features. */
DEVICE void linear_1_forward(const float (&linear_1_weight)[5][108], const float (&max_pool2d_1)[12][3][3],
        const float (&linear_1_bias)[5], float (&linear_1)[5])
{
    const float *features = &max_pool2d_1[0][0][0];
    for (int i = warp_of_thread(); i < 5; i += 12) {
        float sum = 0;
        for (int j = lane_of_thread(); j < 108; j += LANES)
            sum += linear_1_weight[i][j] * features[j];
        sum = warp_sum(sum) + linear_1_bias[i];
        if (lane_of_thread() == 0) {
            linear_1[i] = sum;
        }
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_flatten_1(int sample, const float (&max_pool2d_1)[12][3][3], float (*kept_flatten_1)[108])
{
    copy_floats<384, 108>(&kept_flatten_1[sample][0], &max_pool2d_1[0][0][0]);
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  branches.net:22
 *   linear_1    5
 *   label       one a sample
 *   scale       one a sample
 *   correct     one a sample  (result)
 *   loss        one a sample  (result)
 *   d_linear_1  5  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight.
 * One warp, a class a lane. */
DEVICE void cross_entropy_forward(const cuda_step &step, int sample, const float (&linear_1)[5], float (*correct),
        float (*loss), float (&d_linear_1)[5])
{
    if (warp_of_thread() != 0)
        return;
    int label = step.labels[step.samples[sample]];
    float largest = -INFINITY;
    int place = 0;
    for (int k = lane_of_thread(); k < 5; k += LANES) {
        bool taken = real_exceeds(linear_1[k], largest);
        largest = taken ? linear_1[k] : largest;
        place = taken ? k : place;
    }
    warp_largest(largest, place);
    float total = 0;
    for (int k = lane_of_thread(); k < 5; k += LANES)
        total += real_exp(linear_1[k] - largest);
    total = warp_sum(total);
    if (lane_of_thread() == 0) {
        correct[sample] = place == label ? 1.0f : 0.0f;
        loss[sample] = real_log(total) + (largest - linear_1[label]);
    }
    for (int k = lane_of_thread(); k < 5; k += LANES)
        d_linear_1[k] = (real_exp(linear_1[k] - largest) / total - (k == label ? 1.0f : 0.0f)) * step.scale;
}

/* linear_1: linear_backward_input                                                             branches.net:13
 *   linear_1_weight  5 x 108
 *   d_linear_1       5
 *   d_flatten_1      108  (result)
 * dx[j] = sum of weight[i][j] * dy[i]. */
DEVICE void linear_1_backward_input(const float (&linear_1_weight)[5][108], const float (&d_linear_1)[5],
        float (&d_flatten_1)[108])
{
    int point = threadIdx.x;
    if (point < 108) {
        int j = point;
        real sum = 0;
        for (int i = 0; i < 5; i++)
            sum += linear_1_weight[i][j] * d_linear_1[i];
        d_flatten_1[j] = sum;
    }
}

/* linear_1: linear_backward_bias                                                              branches.net:13
 *   d_linear_1       5
 *   d_linear_1_bias  5  (result)
 * dbias[i] = sum over the samples of dy[i]. */
DEVICE void linear_1_backward_bias(const float (&d_linear_1)[5], float (&d_linear_1_bias)[5])
{
    int point = (int)threadIdx.x - 128;
    if (0 <= point && point < 5) {
        int i = point;
        d_linear_1_bias[i] = d_linear_1[i];
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_linear_1(int sample, const float (&d_linear_1)[5], float (*kept_d_linear_1)[5])
{
    copy_floats<384, 5>(&kept_d_linear_1[sample][0], &d_linear_1[0]);
}

/* flatten_1: flatten_backward                                                                 branches.net:12
 *   d_flatten_1     108
 *   d_max_pool2d_1  12 x 3 x 3  (result) */
DEVICE void flatten_1_backward(const float (&d_flatten_1)[108], float (&d_max_pool2d_1)[12][3][3])
{
    int point = threadIdx.x;
    if (point < 108) {
        int x = point % 3;
        int y = point / 3 % 3;
        int c = point / 9;
        d_max_pool2d_1[c][y][x] = d_flatten_1[9*c + 3*y + x];
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_linear_1_bias(int sample, const float (&d_linear_1_bias)[5], float (*sample_gradients)[456])
{
    copy_floats<384, 5>(&sample_gradients[sample][448], &d_linear_1_bias[0]);
}

/* max_pool2d_1: max_pool2d_backward                                                           branches.net:11
 *   max_pool2d_1_indices  12 x 3 x 3
 *   d_max_pool2d_1        12 x 3 x 3
 *   d_concat_1            12 x 5 x 5  (result)
 * dx[c][y][x] gathers every window that took (y, x). */
DEVICE void max_pool2d_1_backward(const uint8_t (&max_pool2d_1_indices)[12][3][3],
        const float (&d_max_pool2d_1)[12][3][3], float (&d_concat_1)[12][5][5])
{
    int point = threadIdx.x;
    if (point < 300) {
        int x = point % 5;
        int y = point / 5 % 5;
        int c = point / 25;
        real sum = 0;
        for (int u = 0; u < 3; u++)
            if (0 <= y + u - 1 && y + u - 1 <= 4 && (y + u - 1) % 2 == 0)
                for (int v = 0; v < 3; v++)
                    if (0 <= x + v - 1 && x + v - 1 <= 4 && (x + v - 1) % 2 == 0)
                        sum += max_pool2d_1_indices[c][(y + u - 1) / 2][(x + v - 1) / 2] == 8 - (3*u + v) ?
                                d_max_pool2d_1[c][(y + u - 1) / 2][(x + v - 1) / 2] : 0.0f;
        d_concat_1[c][y][x] = sum;
    }
}

/* concat_1: slice                                                                             branches.net:10
 *   d_concat_1  12 x 5 x 5
 *   d_add_1     6 x 5 x 5  (result)
 * the part of the gradient that this input took. */
DEVICE void concat_1_backward_1(const float (&d_concat_1)[12][5][5], float (&d_add_1)[6][52])
{
    int point = threadIdx.x;
    if (point < 150) {
        int x = point % 5;
        int y = point / 5 % 5;
        int c = point / 25;
        d_add_1[c][8*y + x] = d_concat_1[c][y][x];
    }
}

/* concat_1: slice                                                                             branches.net:10
 *   d_concat_1  12 x 5 x 5
 *   d_side      6 x 5 x 5  (result)
 * the part of the gradient that this input took. */
DEVICE void concat_1_backward_2(const float (&d_concat_1)[12][5][5], float (&d_side)[6][5][5])
{
    int point = (int)threadIdx.x - 160;
    if (0 <= point && point < 150) {
        int x = point % 5;
        int y = point / 5 % 5;
        int c = point / 25;
        d_side[c][y][x] = d_concat_1[c + 6][y][x];
    }
}

/* sum: conv2d_backward_input                                                                   branches.net:8
 *   sum_weight               6 x 6 x 4
 *   d_add_1                  6 x 5 x 5
 *   sum_backward_input_sums  36 x 7 x 5  (result)
 * dx[c][y][x] gathers every output that read (y, x).
 * 252 threads, each with 1 whole row of a channel: 5 sums in registers. 6 threads share the sum over output channels. */
DEVICE void sum_backward_input(const float (&sum_weight)[6][6][4], const float (&d_add_1)[6][52],
        float (&sum_backward_input_sums)[36][84])
{
    int item = threadIdx.x;
    if (item < 252) {
        int c = item % 6, part = item / 6 % 6, y0 = item / 36;
        float sum[1][5] = {};
        for (int o = part; o < 6; o += 6) {
            float taps[3];
            load_row<4>(taps, sum_weight[o][c]);
            const float *first = &d_add_1[o][0] + 8*y0 - 16;
            UNROLL
            for (int r = 0; r < 3; r++) {
                if ((unsigned)(y0 + r - 2) < 5) {
                    float row[5];
                    load_row<4>(row, first + 8*r);
                    UNROLL
                    for (int x = 0; x < 5; x++)
                        sum[0][x] += taps[2 - r] * row[x];
                }
            }
        }
        store_row<4>(&sum_backward_input_sums[6*part + c][8*y0], sum[0]);
    }
}

/* sum: conv2d_backward_input                                                                   branches.net:8
 *   sum_backward_input_sums  36 x 7 x 5
 *   d_sum_padded             6 x 7 x 5  (result)
 * Adds up what the threads that shared a sum have left. */
DEVICE void sum_backward_input_sum(const float (&sum_backward_input_sums)[36][84], float (&d_sum_padded)[6][7][5])
{
    int item = threadIdx.x;
    if (item < 210) {
        int c = item / 35;
        int y = item / 5 % 7;
        int x0 = item % 5;
        float sum[1] = {};
        UNROLL
        for (int part = 0; part < 6; part++) {
            float row[1];
            load_row<1>(row, &sum_backward_input_sums[6*part + c][8*y + x0]);
            UNROLL
            for (int i = 0; i < 1; i++)
                sum[i] += row[i];
        }
        UNROLL
        for (int i = 0; i < 1; i++) {
            int x = x0 + i;
            d_sum_padded[c][y][x] = sum[i];
        }
    }
}

/* sum: conv2d_backward_weight                                                                  branches.net:8
 *   sum_padded    6 x 7 x 5
 *   d_add_1       6 x 5 x 5
 *   d_sum_weight  6 x 6 x 4  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * 36 threads, each with all 3 taps of two channels in registers. */
DEVICE void sum_backward_weight(const float (&sum_padded)[6][84], const float (&d_add_1)[6][52],
        float (&d_sum_weight)[6][6][4])
{
    int item = threadIdx.x;
    if (item < 36) {
        int o = item % 6, c = item / 6;
        float sum[4] = {}, dy[5][5];
        UNROLL
        for (int r = 0; r < 7; r++) {
            float row[5];
            load_row<4>(row, &sum_padded[c][8*r]);
            if (r < 5)
                load_row<4>(dy[r], &d_add_1[o][8*r]);
            UNROLL
            for (int u = 0; u < 3; u++)
                if (0 <= r - u && r - u < 5)
                    UNROLL
                    for (int v = 0; v < 1; v++)
                        UNROLL
                        for (int x = 0; x < 5; x++)
                            sum[1*u + v] += dy[r - u][x] * row[x + v];
        }
        store_row<4>(d_sum_weight[o][c], sum);
    }
}

/* sum: conv2d_backward_bias                                                                    branches.net:8
 *   d_add_1     6 x 5 x 5
 *   d_sum_bias  6  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o]. */
DEVICE void sum_backward_bias(const float (&d_add_1)[6][52], float (&d_sum_bias)[6])
{
    int point = (int)threadIdx.x - 64;
    if (0 <= point && point < 6) {
        int o = point;
        real sum = 0;
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                sum += d_add_1[o][8*y + x];
        d_sum_bias[o] = sum;
    }
}

/* sum: pad_backward, relu_1: relu_backward, side: sum                                        branches.net:6-8
 *   d_side        6 x 5 x 5
 *   d_add_1       6 x 5 x 5
 *   relu_1        6 x 5 x 5
 *   d_sum_padded  6 x 7 x 5
 *   d_side_sum    6 x 5 x 5  (result)
 * what the image lies under. */
DEVICE void sum_backward_pad(const float (&d_side)[6][5][5], const float (&d_add_1)[6][52],
        const float (&relu_1)[6][5][5], const float (&d_sum_padded)[6][7][5], float (&d_side_sum)[6][5][5])
{
    int point = (int)threadIdx.x - 96;
    if (0 <= point && point < 150) {
        int x = point % 5;
        int y = point / 5 % 5;
        int c = point / 25;
        d_side_sum[c][y][x] = d_side[c][y][x] + d_add_1[c][8*y + x] +
                (relu_1[c][y][x] <= 0.0f ? 0.0f : d_sum_padded[c][y + 1][x]);
    }
}

/* side: conv2d_backward_input                                                                  branches.net:6
 *   side_weight    6 x 2 x 12
 *   d_side_sum     6 x 5 x 5
 *   d_side_padded  4 x 11 x 11  (result)
 * dx[c][y][x] gathers every output that read (y, x). */
DEVICE void side_backward_input(const float (&side_weight)[6][2][12], const float (&d_side_sum)[6][5][5],
        float (&d_side_padded)[4][11][11])
{
    for (int point = threadIdx.x; point < 484; point += 384) {
        int x = point % 11;
        int y = point / 11 % 11;
        int c = point / 121 % 2;
        int g = point / 242;
        real sum = 0;
        for (int u = 0; u < 3; u++)
            if (0 <= y - u && y - u <= 8 && (y - u) % 2 == 0)
                for (int v = 0; v < 3; v++)
                    if (0 <= x - v && x - v <= 8 && (x - v) % 2 == 0)
                        for (int o = 0; o < 3; o++)
                            sum += side_weight[3*g + o][c][3*u + v] * d_side_sum[3*g + o][(y - u) / 2][(x - v) / 2];
        d_side_padded[2*g + c][y][x] = sum;
    }
}

/* side: conv2d_backward_weight                                                                 branches.net:6
 *   d_side_sum     6 x 5 x 5
 *   side_padded    4 x 11 x 11
 *   d_side_weight  6 x 2 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read. */
DEVICE void side_backward_weight(const float (&d_side_sum)[6][5][5], const float (&side_padded)[4][11][11],
        float (&d_side_weight)[6][2][12])
{
    int point = threadIdx.x;
    if (point < 108) {
        int v = point % 3;
        int u = point / 3 % 3;
        int c = point / 9 % 2;
        int o = point / 18 % 3;
        int g = point / 54;
        real sum = 0;
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++)
                sum += d_side_sum[3*g + o][y][x] * side_padded[2*g + c][2*y + u][2*x + v];
        d_side_weight[3*g + o][c][3*u + v] = sum;
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_sum_weight(int sample, const float (&d_sum_weight)[6][6][4], float (*sample_gradients)[456])
{
    copy_floats<384, 144>(&sample_gradients[sample][296], &d_sum_weight[0][0][0]);
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_sum_bias(int sample, const float (&d_sum_bias)[6], float (*sample_gradients)[456])
{
    copy_floats<384, 6>(&sample_gradients[sample][440], &d_sum_bias[0]);
}

/* side: pad_backward                                                                           branches.net:6
 *   d_side_padded  4 x 11 x 11
 *   d_entry        4 x 9 x 9  (result)
 * what the image lies under. */
DEVICE void side_backward_pad(const float (&d_side_padded)[4][11][11], float (&d_entry)[4][116])
{
    int point = threadIdx.x;
    if (point < 324) {
        int x = point % 9;
        int y = point / 9 % 9;
        int c = point / 81;
        d_entry[c][12*y + x] = d_side_padded[c][y + 1][x + 1];
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_side_weight(int sample, const float (&d_side_weight)[6][2][12], float (*sample_gradients)[456])
{
    int item = threadIdx.x;
    if (item < 144) {
        sample_gradients[sample][152 + item] = item % 12 < 9 ? (&d_side_weight[0][0][0])[item] : 0;
    }
}

/* entry: conv2d_backward_weight                                                                branches.net:5
 *   entry_padded    3 x 11 x 11
 *   d_entry         4 x 9 x 9
 *   d_entry_weight  4 x 3 x 12  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * 12 threads, each with all 9 taps of two channels in registers. */
DEVICE void entry_backward_weight(const float (&entry_padded)[3][148], const float (&d_entry)[4][116],
        float (&d_entry_weight)[4][3][12])
{
    int item = threadIdx.x;
    if (item < 12) {
        int o = item % 4, c = item / 4;
        float sum[12] = {}, dy[9][9];
        UNROLL
        for (int r = 0; r < 11; r++) {
            float row[11];
            load_row<4>(row, &entry_padded[c][12*r]);
            if (r < 9)
                load_row<4>(dy[r], &d_entry[o][12*r]);
            UNROLL
            for (int u = 0; u < 3; u++)
                if (0 <= r - u && r - u < 9)
                    UNROLL
                    for (int v = 0; v < 3; v++)
                        UNROLL
                        for (int x = 0; x < 9; x++)
                            sum[3*u + v] += dy[r - u][x] * row[x + v];
        }
        store_row<4>(d_entry_weight[o][c], sum);
    }
}

/* entry: conv2d_backward_bias                                                                  branches.net:5
 *   d_entry       4 x 9 x 9
 *   d_entry_bias  4  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * A warp sums a channel. */
DEVICE void entry_backward_bias(const float (&d_entry)[4][116], float (&d_entry_bias)[4])
{
    for (int o = warp_of_thread(); o < 4; o += 12) {
        float sum = 0;
        for (int item = lane_of_thread(); item < 81; item += LANES) {
            int y = item / 9;
            int x = item % 9;
            sum += d_entry[o][12*y + x];
        }
        sum = warp_sum(sum);
        if (lane_of_thread() == 0) {
            d_entry_bias[o] = sum;
        }
    }
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_entry_weight(int sample, const float (&d_entry_weight)[4][3][12], float (*sample_gradients)[456])
{
    copy_floats<384, 144>(&sample_gradients[sample][0], &d_entry_weight[0][0][0]);
}

/* What the reduction takes of the sample. */
DEVICE void keep_d_entry_bias(int sample, const float (&d_entry_bias)[4], float (*sample_gradients)[456])
{
    copy_floats<384, 4>(&sample_gradients[sample][144], &d_entry_bias[0]);
}

/* Sums what the samples have left: a lane a weight, and each warp a part of the samples, in fixed order. */
DEVICE void reduce_gradients(const cuda_step &step, int unit, const float (*sample_gradients)[456])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    if (i < 456)
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
    if (threadIdx.x < 128 && j < 456)
        apply_gradient(step, optimizer(), j, total);
}

/* linear_1: linear_backward_weight                                                            branches.net:13
 *   kept_d_linear_1  5
 *   kept_flatten_1   108
 *   linear_1_weight  5 x 108  (result)
 * dweight[i][j] = sum over the samples of dy[i] * x[j]. */
DEVICE void linear_1_backward_weight(const cuda_step &step, int unit, const float (*kept_d_linear_1)[5],
        const float (*kept_flatten_1)[108])
{
    int i = 4 * (LANES * unit + lane_of_thread());
    float sum[4] = {};
    if (i < 540)
        UNROLL_BY(4)
        for (int sample = warp_of_thread(); sample < step.count; sample += 8) {
            float row[4];
            load_row<4>(row, &kept_flatten_1[sample][i % 108]);
            UNROLL
            for (int k = 0; k < 4; k++)
                sum[k] += kept_d_linear_1[sample][i / 108] * row[k];
        }
    float total = sum_of_warps<8>(sum);
    int j = 128 * unit + threadIdx.x;
    if (threadIdx.x < 128 && j < 540)
        apply_gradient(step, optimizer(), 456 + j, total);
}

/* Adds up the losses and hits of the step. */
DEVICE void results(const cuda_step &step, int unit, const float (*loss), const float (*correct))
{
    if (!step.gradient && warp_of_thread() == 0)
        add_results(step, loss, correct);
}

/* max_pool2d_1: max_pool2d                                                                    branches.net:11
 *   concat_1      12 x 5 x 5
 *   max_pool2d_1  12 x 3 x 3  (result)
 * the largest of each window. */
DEVICE void evaluate_max_pool2d_1_forward(const float (&concat_1)[12][5][5], float (&max_pool2d_1)[12][3][3])
{
    int point = threadIdx.x;
    if (point < 108) {
        int x = point % 3;
        int y = point / 3 % 3;
        int c = point / 9;
        real largest = -INFINITY;
        for (int u = 0; u < 3; u++)
            if (0 <= 2*y + u - 1 && 2*y + u - 1 <= 4)
                for (int v = 0; v < 3; v++)
                    if (0 <= 2*x + v - 1 && 2*x + v - 1 <= 4) {
                        real value = concat_1[c][2*y + u - 1][2*x + v - 1];
                        bool taken = real_exceeds(value, largest);
                        largest = taken ? value : largest;
                    }
        max_pool2d_1[c][y][x] = largest;
    }
}

/* cross_entropy: class_maximum                                                                branches.net:22
 *   linear_1  5
 *   label     one a sample
 *   maximum   one a sample  (result)
 *   correct   one a sample  (result)
 * the largest logit, and whether it is the label's. */
DEVICE void cross_entropy_maximum(const cuda_step &step, int sample, const float (&linear_1)[5], float &maximum,
        float (*correct))
{
    int label = step.labels[step.samples[sample]];
    int point = threadIdx.x;
    if (point < 1) {
        real largest = -INFINITY;
        int place = 0;
        for (int k = 0; k < 5; k++) {
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
DEVICE void store_logits(const cuda_step &step, int sample, const float (&linear_1)[5])
{
    if (step.logits)
        copy_floats<384, 5>(&step.logits[(int64_t)sample * 5], &linear_1[0]);
}

/* cross_entropy: cross_entropy                                                                branches.net:22
 *   linear_1  5
 *   maximum   one a sample
 *   label     one a sample
 *   loss      one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
DEVICE void evaluate_cross_entropy_forward(const cuda_step &step, int sample, const float (&linear_1)[5],
        const float &maximum, float (*loss))
{
    int label = step.labels[step.samples[sample]];
    int point = threadIdx.x;
    if (point < 1) {
        real sum = 0;
        real sum_2 = 0;
        for (int k = 0; k < 5; k++) {
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

struct branches_step_memory { float4 all[1357]; };

/* A block of threads for each sample, 21712 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(384)
branches_step(cuda_step step, float (*correct), float (*loss), float (*kept_flatten_1)[108],
        float (*kept_d_linear_1)[5], float (*sample_gradients)[456])
{
    SHARED_MEMORY(branches_step_memory, memory);
    auto &entry_weight = array_at<float[4][3][12]>(&memory, 1296);            /* 0 to 2 */
    auto &entry_bias = array_at<float[4]>(&memory, 1872);                     /* 0 to 2 */
    auto &side_weight = array_at<float[6][2][12]>(&memory, 21136);            /* 0 to 20 */
    auto &sum_weight = array_at<float[6][6][4]>(&memory, 19072);              /* 0 to 17 */
    auto &sum_bias = array_at<float[6]>(&memory, 8176);                       /* 0 to 8 */
    auto &linear_1_weight = array_at<float[5][108]>(&memory, 3600);           /* 0 to 13 */
    auto &linear_1_bias = array_at<float[5]>(&memory, 8208);                  /* 0 to 11 */
    auto &input = array_at<float[3][9][9]>(&memory, 0);                       /* 0 to 1 */
    auto &entry_padded = array_at<float[3][148]>(&memory, 16048);             /* 1 to 22 */
    auto &entry = array_at<float[4][9][9]>(&memory, 0);                       /* 2 to 3 */
    auto &side_padded = array_at<float[4][11][11]>(&memory, 14112);           /* 3 to 20 */
    auto &side = array_at<float[6][5][5]>(&memory, 6960);                     /* 4 to 8 */
    auto &relu_1 = array_at<float[6][5][5]>(&memory, 19920);                  /* 5 to 19 */
    auto &sum_padded = array_at<float[6][84]>(&memory, 12096);                /* 6 to 19 */
    auto &sum_forward_sums = array_at<float[6][6][25][1]>(&memory, 0);        /* 7 to 8 */
    auto &add_1 = array_at<float[6][5][5]>(&memory, 7568);                    /* 8 to 9 */
    auto &concat_1 = array_at<float[12][5][5]>(&memory, 5760);                /* 5 to 10 */
    auto &max_pool2d_1 = array_at<float[12][3][3]>(&memory, 0);               /* 10 to 11 */
    auto &max_pool2d_1_indices = array_at<uint8_t[12][3][3]>(&memory, 1632);  /* 10 to 15 */
    auto &linear_1 = array_at<float[5]>(&memory, 432);                        /* 11 to 12 */
    auto &d_linear_1 = array_at<float[5]>(&memory, 464);                      /* 12 to 13 */
    auto &d_flatten_1 = array_at<float[108]>(&memory, 0);                     /* 13 to 14 */
    auto &d_linear_1_bias = array_at<float[5]>(&memory, 432);                 /* 13 to 14 */
    auto &d_max_pool2d_1 = array_at<float[12][3][3]>(&memory, 1200);          /* 14 to 15 */
    auto &d_concat_1 = array_at<float[12][5][5]>(&memory, 0);                 /* 15 to 16 */
    auto &d_add_1 = array_at<float[6][52]>(&memory, 17824);                   /* 16 to 19 */
    auto &d_side = array_at<float[6][5][5]>(&memory, 20528);                  /* 16 to 19 */
    auto &sum_backward_input_sums = array_at<float[36][84]>(&memory, 0);      /* 17 to 18 */
    auto &d_sum_padded = array_at<float[6][7][5]>(&memory, 19072);            /* 18 to 19 */
    auto &d_sum_weight = array_at<float[6][6][4]>(&memory, 2544);             /* 19 to 20 */
    auto &d_sum_bias = array_at<float[6]>(&memory, 3120);                     /* 19 to 20 */
    auto &d_side_sum = array_at<float[6][5][5]>(&memory, 1936);               /* 19 to 20 */
    auto &d_side_padded = array_at<float[4][11][11]>(&memory, 0);             /* 20 to 21 */
    auto &d_side_weight = array_at<float[6][2][12]>(&memory, 3792);           /* 20 to 21 */
    auto &d_entry = array_at<float[4][116]>(&memory, 1936);                   /* 21 to 22 */
    auto &d_entry_weight = array_at<float[4][3][12]>(&memory, 0);             /* 22 to 23 */
    auto &d_entry_bias = array_at<float[4]>(&memory, 576);                    /* 22 to 23 */
    int sample = blockIdx.x;

    /* Rows that end with padding may be loaded with it: it is zero, or what was there before. */
    clear_memory<384, 61, 81>(memory.all);
    clear_memory<384, 118, 225>(memory.all);
    clear_memory<384, 360, 511>(memory.all);
    clear_memory<384, 515, 1192>(memory.all);
    clear_memory<384, 1228, 1321>(memory.all);

    /* level 0 */
    load_weights(step, entry_weight, entry_bias, side_weight, sum_weight, sum_bias, linear_1_weight, linear_1_bias);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    entry_pad(input, entry_padded);
    __syncthreads();

    /* level 2 */
    entry_forward(entry_weight, entry_padded, entry_bias, entry);
    __syncthreads();

    /* level 3 */
    side_pad(entry, side_padded);
    __syncthreads();

    /* level 4 */
    side_forward(side_weight, side_padded, side);
    __syncthreads();

    /* level 5 */
    relu_1_forward(side, relu_1);
    concat_1_forward_2(side, concat_1);
    __syncthreads();

    /* level 6 */
    sum_pad(relu_1, sum_padded);
    __syncthreads();

    /* level 7 */
    sum_forward(sum_weight, sum_padded, sum_forward_sums);
    __syncthreads();

    /* level 8 */
    sum_forward_sum(sum_forward_sums, sum_bias, side, add_1);
    __syncthreads();

    /* level 9 */
    concat_1_forward_1(add_1, concat_1);
    __syncthreads();

    /* level 10 */
    max_pool2d_1_forward(concat_1, max_pool2d_1, max_pool2d_1_indices);
    __syncthreads();

    /* level 11 */
    linear_1_forward(linear_1_weight, max_pool2d_1, linear_1_bias, linear_1);
    keep_flatten_1(sample, max_pool2d_1, kept_flatten_1);
    __syncthreads();

    /* level 12 */
    cross_entropy_forward(step, sample, linear_1, correct, loss, d_linear_1);
    __syncthreads();

    /* level 13 */
    linear_1_backward_input(linear_1_weight, d_linear_1, d_flatten_1);
    linear_1_backward_bias(d_linear_1, d_linear_1_bias);
    keep_d_linear_1(sample, d_linear_1, kept_d_linear_1);
    __syncthreads();

    /* level 14 */
    flatten_1_backward(d_flatten_1, d_max_pool2d_1);
    keep_d_linear_1_bias(sample, d_linear_1_bias, sample_gradients);
    __syncthreads();

    /* level 15 */
    max_pool2d_1_backward(max_pool2d_1_indices, d_max_pool2d_1, d_concat_1);
    __syncthreads();

    /* level 16 */
    concat_1_backward_1(d_concat_1, d_add_1);
    concat_1_backward_2(d_concat_1, d_side);
    __syncthreads();

    /* level 17 */
    sum_backward_input(sum_weight, d_add_1, sum_backward_input_sums);
    __syncthreads();

    /* level 18 */
    sum_backward_input_sum(sum_backward_input_sums, d_sum_padded);
    __syncthreads();

    /* level 19 */
    sum_backward_weight(sum_padded, d_add_1, d_sum_weight);
    sum_backward_bias(d_add_1, d_sum_bias);
    sum_backward_pad(d_side, d_add_1, relu_1, d_sum_padded, d_side_sum);
    __syncthreads();

    /* level 20 */
    side_backward_input(side_weight, d_side_sum, d_side_padded);
    side_backward_weight(d_side_sum, side_padded, d_side_weight);
    keep_d_sum_weight(sample, d_sum_weight, sample_gradients);
    keep_d_sum_bias(sample, d_sum_bias, sample_gradients);
    __syncthreads();

    /* level 21 */
    side_backward_pad(d_side_padded, d_entry);
    keep_d_side_weight(sample, d_side_weight, sample_gradients);
    __syncthreads();

    /* level 22 */
    entry_backward_weight(entry_padded, d_entry, d_entry_weight);
    entry_backward_bias(d_entry, d_entry_bias);
    __syncthreads();

    /* level 23 */
    keep_d_entry_weight(sample, d_entry_weight, sample_gradients);
    keep_d_entry_bias(sample, d_entry_bias, sample_gradients);
}

extern "C" __global__ void __launch_bounds__(256)
branches_reduce(cuda_step step, const float (*sample_gradients)[456], const float (*kept_d_linear_1)[5],
        const float (*kept_flatten_1)[108], const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    int reduce_gradients_units = 4;
    if (unit < reduce_gradients_units) {
        reduce_gradients(step, unit, sample_gradients);
        return;
    }
    unit -= reduce_gradients_units;
    int linear_1_backward_weight_units = 5;
    if (unit < linear_1_backward_weight_units) {
        linear_1_backward_weight(step, unit, kept_d_linear_1, kept_flatten_1);
        return;
    }
    unit -= linear_1_backward_weight_units;
    results(step, unit, loss, correct);
}

struct branches_evaluate_memory { float4 all[639]; };

/* A block of threads for each sample, 10224 bytes of shared memory. Arrays that are not needed at the same
 * time share it: behind each stands from which level of parts to which it is. */
extern "C" __global__ void __launch_bounds__(384)
branches_evaluate(cuda_step step, float (*correct), float (*loss))
{
    SHARED_MEMORY(branches_evaluate_memory, memory);
    auto &entry_weight = array_at<float[4][3][12]>(&memory, 5760);      /* 0 to 2 */
    auto &entry_bias = array_at<float[4]>(&memory, 3232);               /* 0 to 2 */
    auto &side_weight = array_at<float[6][2][12]>(&memory, 6336);       /* 0 to 4 */
    auto &sum_weight = array_at<float[6][6][4]>(&memory, 9584);         /* 0 to 7 */
    auto &sum_bias = array_at<float[6]>(&memory, 10160);                /* 0 to 8 */
    auto &linear_1_weight = array_at<float[5][108]>(&memory, 3600);     /* 0 to 11 */
    auto &linear_1_bias = array_at<float[5]>(&memory, 10192);           /* 0 to 11 */
    auto &input = array_at<float[3][9][9]>(&memory, 1776);              /* 0 to 1 */
    auto &entry_padded = array_at<float[3][148]>(&memory, 0);           /* 1 to 2 */
    auto &entry = array_at<float[4][9][9]>(&memory, 1936);              /* 2 to 3 */
    auto &side_padded = array_at<float[4][11][11]>(&memory, 0);         /* 3 to 4 */
    auto &side = array_at<float[6][5][5]>(&memory, 8976);               /* 4 to 8 */
    auto &relu_1 = array_at<float[6][5][5]>(&memory, 0);                /* 5 to 6 */
    auto &sum_padded = array_at<float[6][84]>(&memory, 5760);           /* 6 to 7 */
    auto &sum_forward_sums = array_at<float[6][6][25][1]>(&memory, 0);  /* 7 to 8 */
    auto &add_1 = array_at<float[6][5][5]>(&memory, 5760);              /* 8 to 9 */
    auto &concat_1 = array_at<float[12][5][5]>(&memory, 7776);          /* 5 to 10 */
    auto &max_pool2d_1 = array_at<float[12][3][3]>(&memory, 0);         /* 10 to 11 */
    auto &linear_1 = array_at<float[5]>(&memory, 432);                  /* 11 to 13 */
    auto &maximum = array_at<float>(&memory, 0);                        /* 12 to 13 */
    int sample = blockIdx.x;

    /* Rows that end with padding may be loaded with it: it is zero, or what was there before. */
    clear_memory<384, 0, 111>(memory.all);
    clear_memory<384, 172, 202>(memory.all);
    clear_memory<384, 203, 225>(memory.all);
    clear_memory<384, 432, 599>(memory.all);

    /* level 0 */
    load_weights(step, entry_weight, entry_bias, side_weight, sum_weight, sum_bias, linear_1_weight, linear_1_bias);
    load_input(step, sample, input);
    __syncthreads();

    /* level 1 */
    entry_pad(input, entry_padded);
    __syncthreads();

    /* level 2 */
    entry_forward(entry_weight, entry_padded, entry_bias, entry);
    __syncthreads();

    /* level 3 */
    side_pad(entry, side_padded);
    __syncthreads();

    /* level 4 */
    side_forward(side_weight, side_padded, side);
    __syncthreads();

    /* level 5 */
    relu_1_forward(side, relu_1);
    concat_1_forward_2(side, concat_1);
    __syncthreads();

    /* level 6 */
    sum_pad(relu_1, sum_padded);
    __syncthreads();

    /* level 7 */
    sum_forward(sum_weight, sum_padded, sum_forward_sums);
    __syncthreads();

    /* level 8 */
    sum_forward_sum(sum_forward_sums, sum_bias, side, add_1);
    __syncthreads();

    /* level 9 */
    concat_1_forward_1(add_1, concat_1);
    __syncthreads();

    /* level 10 */
    evaluate_max_pool2d_1_forward(concat_1, max_pool2d_1);
    __syncthreads();

    /* level 11 */
    linear_1_forward(linear_1_weight, max_pool2d_1, linear_1_bias, linear_1);
    __syncthreads();

    /* level 12 */
    cross_entropy_maximum(step, sample, linear_1, maximum, correct);
    store_logits(step, sample, linear_1);
    __syncthreads();

    /* level 13 */
    evaluate_cross_entropy_forward(step, sample, linear_1, maximum, loss);
}

extern "C" __global__ void __launch_bounds__(256)
branches_results(cuda_step step, const float (*loss), const float (*correct))
{
    int unit = blockIdx.x;
    evaluate_results(step, unit, loss, correct);
}

/* Applies the optimiser to each weight, and adds up the results of the step. */
extern "C" __global__ void __launch_bounds__(256)
branches_update(cuda_step step, const float (*loss), const float (*correct))
{
    int i = 256 * blockIdx.x + threadIdx.x;
    if (i < 1000)
        update_weight(step, optimizer(), i, step.gradient[i]);
    if (i < LANES)
        add_results(step, loss, correct);
}
