/* branches, compiled by netc 0.1.0 for generic from branches.net with: netc branches.net --cpu=generic
 * sha256 of branches.net: 33f0e17c1ec9a100f51c469e0e37542d101c64ad07af0b3c844b1bb6c79ce4a7
 * The kernels, and the phases that call them. A lane is a sample, a vf a value of each of LANES. */
#include "branches.h"

#include <apply.h>
#include <load.h>
#include <step.h>

/* The images and labels of a block, a sample in each lane: (byte / 255 - mean) / std. Lanes beyond
 * the step's last sample repeat the first one of the block, and weigh nothing. */
static KERNEL void load_block(const struct step *step, int64_t block, vf image[9][9][3], vi *label)
{
    static const real factor[3] = { 1 / (255 * 0.25), 1 / (255 * 0.2), 1 / (255 * 1.0) };
    static const real shift[3] = { -0.5 / 0.25, -0.4 / 0.2, 0.1 / 1.0 };
    const uint8_t *byte[LANES];

    load_samples(step, block, 243, byte, label);
    load_images(byte, 3, 81, factor, shift, &image[0][0][0]);
}

/* What each sample's loss weighs in the mean over the step: nothing in lanes without one. */
static vf sample_weights(const struct step *step, int64_t block)
{
    int samples = block_samples(step, block, LANES);
    vf weights = {0};
    for (int lane = 0; lane < samples; lane++)
        weights[lane] = step->scale;
    return weights;
}

/* The block's part of the results. */
static void store_result(const struct step *step, int64_t block, vf loss, vf correct)
{
    int samples = block_samples(step, block, LANES);
    struct result result = {0};
    for (int lane = 0; lane < samples; lane++) {
        result.loss += loss[lane];
        result.correct += (int64_t)correct[lane];
    }
    step->result[block] = result;
}

static void store_logits(const struct step *step, int64_t block, const vf logits[5])
{
    int samples = block_samples(step, block, LANES);
    real *to = step->logits + block * LANES * 5;
    for (int lane = 0; lane < samples; lane++)
        for (int64_t k = 0; k < 5; k++)
            *to++ = logits[k][lane];
}

static const struct sgd sgd = {
    .momentum = 0.9, .dampening = 0.0, .weight_decay = 0.0005, .nesterov = true,
};

/* Winograd's convolution F(5, 3): 5 neighbouring sums of 3 taps take 7 products instead of 15. Inputs and
 * taps are taken to polynomials' values at 0, 1, -1, 2, -2, 0.5 and infinity, and back. */

/* The inputs that the sums read. */
INLINE void f5x3_input(const vf from[7], vf to[7])
{
    to[0] = -2.0f*from[0] + 4.0f*from[1] + 2.5f*from[2] - 5.0f*from[3] - 0.5f*from[4] + from[5];
    to[1] = 2.0f*from[1] - 2.0f*from[2] - 4.5f*from[3] + 0.5f*from[4] + from[5];
    to[2] = -2.0f*from[1] + 6.0f*from[2] - 3.5f*from[3] - 1.5f*from[4] + from[5];
    to[3] = from[1] - 1.5f*from[2] - 2.0f*from[3] + 1.5f*from[4] + from[5];
    to[4] = -from[1] + 2.5f*from[2] - 2.5f*from[4] + from[5];
    to[5] = 4.0f*from[1] - 5.0f*from[3] + from[5];
    to[6] = -2.0f*from[1] + 4.0f*from[2] + 2.5f*from[3] - 5.0f*from[4] - 0.5f*from[5] + from[6];
}

/* The products, back to the sums. */
INLINE void f5x3_output(const vf from[7], vf to[5])
{
    vf sum_1 = from[1] + from[2], difference_1 = from[1] - from[2];
    vf sum_3 = from[3] + from[4], difference_3 = from[3] - from[4];
    to[0] = from[0] + sum_1 + sum_3 + from[5];
    to[1] = difference_1 + 2.0f*difference_3 + 0.5f*from[5];
    to[2] = sum_1 + 4.0f*sum_3 + 0.25f*from[5];
    to[3] = difference_1 + 8.0f*difference_3 + 0.125f*from[5];
    to[4] = sum_1 + 16.0f*sum_3 + 0.0625f*from[5] + from[6];
}

static KERNEL void transform_entry_weight_f5x3(const struct branches_weights *w, real entry_weight_f5x3[7][4][3][3])
{
    for (int o = 0; o < 4; o++)
        for (int u = 0; u < 3; u++)
            for (int c = 0; c < 3; c++) {
                real tap[3];
                UNROLL(3)
                for (int v = 0; v < 3; v++)
                    tap[v] = w->entry_weight[o][u][v][c];
                entry_weight_f5x3[0][o][u][c] = -0.5f*tap[0];
                entry_weight_f5x3[1][o][u][c] = -(real)0.3333333333333333*tap[0] - (real)0.3333333333333333*tap[1] -
                        (real)0.3333333333333333*tap[2];
                entry_weight_f5x3[2][o][u][c] = (real)0.1111111111111111*tap[0] - (real)0.1111111111111111*tap[1] +
                        (real)0.1111111111111111*tap[2];
                entry_weight_f5x3[3][o][u][c] = (real)0.027777777777777776*tap[0] + (real)0.05555555555555555*tap[1] +
                        (real)0.1111111111111111*tap[2];
                entry_weight_f5x3[4][o][u][c] = -(real)0.016666666666666666*tap[0] + (real)0.03333333333333333*tap[1] -
                        (real)0.06666666666666667*tap[2];
                entry_weight_f5x3[5][o][u][c] = (real)0.7111111111111111*tap[0] + (real)0.35555555555555557*tap[1] +
                        (real)0.17777777777777778*tap[2];
                entry_weight_f5x3[6][o][u][c] = tap[2];
            }
}

/* Makes the transformed weights of the thread, where the weights are new. */
static void prepare(const struct step *step, const struct branches_weights *w, struct branches_scratch *s)
{
    if (s->version == step->version)
        return;
    RUN(transform_entry_weight_f5x3, w, s->entry_weight_f5x3);
    s->version = step->version;
}

/* entry: pad                                                                                   branches.net:5
 *   input         9 x 9 x 3
 *   entry_padded  11 x 11 x 3  (result)
 * the image, reflected at its borders. */
static KERNEL void entry_pad(const vf input[9][9][3], vf entry_padded[11][11][3])
{
    for (int y = 0; y < 11; y++)
        for (int x = 0; x < 11; x++)
            for (int c = 0; c < 3; c++)
                entry_padded[y][x][c] = input[8 - int_abs(8 - int_abs(y - 1))][8 - int_abs(8 - int_abs(x - 1))][c];
}

/* entry: conv2d                                                                                branches.net:5
 *   entry_weight_f5x3  7 x 4 x 3 x 3
 *   entry_padded       11 x 11 x 3
 *   entry_bias         4
 *   entry              9 x 9 x 4  (result)
 *   work->in: the input of a tile's columns, transformed
 *   work->product: what the points of a tile give
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window. */
static KERNEL void entry_forward(const struct branches_weights *w, const real entry_weight_f5x3[7][4][3][3],
        const vf entry_padded[11][11][3], vf entry[9][9][4], struct entry_forward_work *work)
{
    for (int x0 = 0; x0 < 9; x0 = x0 == 0 ? 4 : x0 + 5) {
        for (int y = 0; y < 11; y++)
            for (int c = 0; c < 3; c++) {
                vf from[7], to[7];
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    from[k] = entry_padded[y][x0 + k][c];
                f5x3_input(from, to);
                UNROLL(7)
                for (int k = 0; k < 7; k++)
                    work->in[y][k][c] = to[k];
            }
        for (int y0 = 0; y0 < 9; y0 = y0 == 6 ? 7 : y0 + 2)
            for (int o0 = 0; o0 < 4; o0 += 4) {
                for (int k = 0; k < 7; k++) {
                    vf sum[2][4] = {0};
                    for (int u = 0; u < 3; u++)
                        for (int c = 0; c < 3; c++)
                            UNROLL(2)
                            for (int r = 0; r < 2; r++)
                                UNROLL(4)
                                for (int o = 0; o < 4; o++)
                                    sum[r][o] += entry_weight_f5x3[k][o0 + o][u][c] * work->in[y0 + r + u][k][c];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(4)
                        for (int o = 0; o < 4; o++)
                            work->product[k][r][o] = sum[r][o];
                }
                for (int o = 0; o < 4; o++) {
                    vf result[2][5];
                    UNROLL(2)
                    for (int r = 0; r < 2; r++) {
                        vf from[7];
                        UNROLL(7)
                        for (int k = 0; k < 7; k++)
                            from[k] = work->product[k][r][o];
                        f5x3_output(from, result[r]);
                    }
                    UNROLL(2)
                    for (int r = 0; r < 2; r++)
                        UNROLL(5)
                        for (int j = 0; j < 5; j++) {
                            vf value = result[r][j] + w->entry_bias[o0 + o];
                            entry[y0 + r][x0 + j][o0 + o] = value;
                        }
                }
            }
    }
}

/* side: pad                                                                                    branches.net:6
 *   entry        9 x 9 x 4
 *   side_padded  11 x 11 x 4  (result)
 * zeros around the image. */
static KERNEL void side_pad(const vf entry[9][9][4], vf side_padded[11][11][4])
{
    for (int y = 0; y < 11; y++)
        for (int x = 0; x < 11; x++)
            for (int c = 0; c < 4; c++)
                side_padded[y][x][c] = 0 <= y - 1 && y - 1 <= 8 && 0 <= x - 1 && x - 1 <= 8 ? entry[y - 1][x - 1][c] :
                        lanes_of(0.0f);
}

/* side: conv2d                                                                                 branches.net:6
 *   side_weight  6 x 3 x 3 x 2
 *   side_padded  11 x 11 x 4
 *   side         5 x 5 x 6  (result)
 * y[o] = sum of weight[o][c] * x[c] over its window.
 * The sums of 2 points of g x 3 points of o stay in registers. */
static KERNEL void side_forward(const struct branches_weights *w, const vf side_padded[11][11][4], vf side[5][5][6])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++) {
            vf sum[2][3] = {0};
            for (int u = 0; u < 3; u++)
                for (int v = 0; v < 3; v++)
                    for (int c = 0; c < 2; c++)
                        UNROLL(2)
                        for (int g = 0; g < 2; g++)
                            UNROLL(3)
                            for (int o = 0; o < 3; o++)
                                sum[g][o] += w->side_weight[3*g + o][u][v][c] * side_padded[2*y + u][2*x + v][2*g + c];
            UNROLL(2)
            for (int g = 0; g < 2; g++)
                UNROLL(3)
                for (int o = 0; o < 3; o++)
                    side[y][x][3*g + o] = sum[g][o];
        }
}

/* relu_1: relu                                                                                 branches.net:7
 *   side    5 x 5 x 6
 *   relu_1  5 x 5 x 6  (result) */
static KERNEL void relu_1_forward(const vf side[5][5][6], vf relu_1[5][5][6])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            for (int c = 0; c < 6; c++)
                relu_1[y][x][c] = lanes_max(side[y][x][c], lanes_of(0.0f));
}

/* sum: pad                                                                                     branches.net:8
 *   relu_1      5 x 5 x 6
 *   sum_padded  7 x 5 x 6  (result)
 * zeros around the image. */
static KERNEL void sum_pad(const vf relu_1[5][5][6], vf sum_padded[7][5][6])
{
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 5; x++)
            for (int c = 0; c < 6; c++)
                sum_padded[y][x][c] = 0 <= y - 1 && y - 1 <= 4 ? relu_1[y - 1][x][c] : lanes_of(0.0f);
}

/* sum: conv2d, add_1: add                                                                    branches.net:8-9
 *   sum_weight  6 x 3 x 1 x 6
 *   sum_padded  7 x 5 x 6
 *   sum_bias    6
 *   side        5 x 5 x 6
 *   add_1       5 x 5 x 6  (result)
 * y[o] = bias[o] + sum of weight[o][c] * x[c] over its window.
 * The sums of 6 points of o stay in registers. */
static KERNEL void sum_forward(const struct branches_weights *w, const vf sum_padded[7][5][6], const vf side[5][5][6],
        vf add_1[5][5][6])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++) {
            vf sum[6];
            UNROLL(6)
            for (int o = 0; o < 6; o++)
                sum[o] = lanes_of(w->sum_bias[o]);
            for (int u = 0; u < 3; u++)
                for (int c = 0; c < 6; c++)
                    UNROLL(6)
                    for (int o = 0; o < 6; o++)
                        sum[o] += w->sum_weight[o][u][0][c] * sum_padded[y + u][x][c];
            UNROLL(6)
            for (int o = 0; o < 6; o++)
                add_1[y][x][o] = side[y][x][o] + sum[o];
        }
}

/* concat_1: concat                                                                            branches.net:10
 *   add_1     5 x 5 x 6
 *   concat_1  5 x 5 x 12  (result) */
static KERNEL void concat_1_forward_1(const vf add_1[5][5][6], vf concat_1[5][5][12])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            for (int c = 0; c < 6; c++)
                concat_1[y][x][c] = add_1[y][x][c];
}

/* concat_1: concat                                                                            branches.net:10
 *   side      5 x 5 x 6
 *   concat_1  5 x 5 x 12  (result) */
static KERNEL void concat_1_forward_2(const vf side[5][5][6], vf concat_1[5][5][12])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            for (int c = 0; c < 6; c++)
                concat_1[y][x][c + 6] = side[y][x][c];
}

/* max_pool2d_1: max_pool2d                                                                    branches.net:11
 *   concat_1              5 x 5 x 12
 *   max_pool2d_1          3 x 3 x 12  (result)
 *   max_pool2d_1_indices  3 x 3 x 12  (result)
 * the largest of each window, and which element of it that is. */
static KERNEL void max_pool2d_1_forward(const vf concat_1[5][5][12], vf max_pool2d_1[3][3][12],
        vi max_pool2d_1_indices[3][3][12])
{
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++)
            for (int c = 0; c < 12; c++) {
                vf largest = lanes_of(-INFINITY);
                vi place = {0};
                for (int u = 0; u < 3; u++)
                    if (0 <= 2*y + u - 1 && 2*y + u - 1 <= 4)
                        for (int v = 0; v < 3; v++)
                            if (0 <= 2*x + v - 1 && 2*x + v - 1 <= 4) {
                                vf value = concat_1[2*y + u - 1][2*x + v - 1][c];
                                vi taken = lanes_exceeds(value, largest);
                                largest = lanes_select(taken, value, largest);
                                place = lanes_select_int(taken, lanes_of_int(3*u + v), place);
                            }
                max_pool2d_1[y][x][c] = largest;
                max_pool2d_1_indices[y][x][c] = place;
            }
}

/* flatten_1: flatten                                                                          branches.net:12
 *   max_pool2d_1  3 x 3 x 12
 *   flatten_1     108  (result) */
static KERNEL void flatten_1_forward(const vf max_pool2d_1[3][3][12], vf flatten_1[108])
{
    for (int c = 0; c < 12; c++)
        for (int y = 0; y < 3; y++)
            for (int x = 0; x < 3; x++)
                flatten_1[9*c + 3*y + x] = max_pool2d_1[y][x][c];
}

/* linear_1: linear                                                                            branches.net:13
 *   linear_1_weight  108 x 8
 *   flatten_1        108
 *   linear_1_bias    5
 *   linear_1         5  (result)
 * y[i] = bias[i] + sum of weight[i][j] * x[j].
 * The sums of 5 points of i stay in registers. */
static KERNEL void linear_1_forward(const struct branches_weights *w, const vf flatten_1[108], vf linear_1[5])
{
    vf sum[5];
    UNROLL(5)
    for (int i = 0; i < 5; i++)
        sum[i] = lanes_of(w->linear_1_bias[i]);
    for (int j = 0; j < 108; j++)
        UNROLL(5)
        for (int i = 0; i < 5; i++)
            sum[i] += w->linear_1_weight[j][i] * flatten_1[j];
    UNROLL(5)
    for (int i = 0; i < 5; i++)
        linear_1[i] = sum[i];
}

/* cross_entropy: class_maximum, cross_entropy: cross_entropy, cross_entropy: cross_entropy_backward  branches.net:22
 *   linear_1    5
 *   label       one a sample
 *   scale       one a sample
 *   correct     one a sample  (result)
 *   loss        one a sample  (result)
 *   d_linear_1  5  (result)
 * dlogits = (softmax(logits) - 1 at the label) * the sample's weight.
 * loss = log(sum of exp(logits[k] - largest)) + largest - logits[label]. Each exponential is taken once. */
static KERNEL void cross_entropy_forward(const vf linear_1[5], vi label, vf scale, vf *correct, vf *loss,
        vf d_linear_1[5])
{
    vf largest = lanes_of(-INFINITY), sum = {0}, of_label = {0};
    vi place = {0};
    for (int k = 0; k < 5; k++)
        lanes_take(linear_1[k], k, &largest, &place);
    for (int k = 0; k < 5; k++) {
        vf power = lanes_exp(linear_1[k] - largest);
        sum += power;
        of_label += lanes_where(k == label, linear_1[k]);
        d_linear_1[k] = power;
    }
    vf factor = scale / sum;
    for (int k = 0; k < 5; k++)
        d_linear_1[k] = factor * d_linear_1[k] - lanes_where(k == label, scale);
    *correct = lanes_where(place == label, lanes_of(1));
    *loss = lanes_log(sum) + (largest - of_label);
}

/* linear_1: linear_backward_input                                                             branches.net:13
 *   linear_1_weight  108 x 8
 *   d_linear_1       5
 *   d_flatten_1      108  (result)
 * dx[j] = sum of weight[i][j] * dy[i].
 * The sums of 8 points of j stay in registers.
 * The last tile of j begins early, and computes some of it again. */
static KERNEL void linear_1_backward_input(const struct branches_weights *w, const vf d_linear_1[5],
        vf d_flatten_1[108])
{
    for (int j0 = 0; j0 < 108; j0 = j0 == 96 ? 100 : j0 + 8) {
        vf sum[8] = {0};
        for (int i = 0; i < 5; i++)
            UNROLL(8)
            for (int j = j0; j < j0 + 8; j++)
                sum[j - j0] += w->linear_1_weight[j][i] * d_linear_1[i];
        UNROLL(8)
        for (int j = j0; j < j0 + 8; j++)
            d_flatten_1[j] = sum[j - j0];
    }
}

/* linear_1: linear_backward_weight                                                            branches.net:13
 *   flatten_1        108
 *   d_linear_1       5
 *   linear_1_weight  108 x 8  (result)
 *   work->rows: the gradients of each sample, outputs side by side in the lanes
 * dweight[i][j] = sum over the samples of dy[i] * x[j].
 * The operand whose features lie in the lanes of the result is transposed; then every sample adds to
 * all sums of a tile. */
static KERNEL void linear_1_backward_weight(const vf flatten_1[108], const vf d_linear_1[5],
        real linear_1_weight[108][8], struct linear_1_backward_weight_work *work)
{
    for (int v0 = 0; v0 < 2; v0 += 2) {
        for (int v = 0; v < 2; v++) {
            vf turned[LANES];
            UNROLL(4)
            for (int k = 0; k < 4; k++)
                turned[k] = 4*(v0 + v) + k < 5 ? d_linear_1[4*(v0 + v) + k] : (vf){0};
            lanes_transpose(turned);
            UNROLL(4)
            for (int k = 0; k < 4; k++)
                work->rows[k][v] = turned[k];
        }
        for (int r0 = 0; r0 < 108; r0 += 4) {
            vf sum[4][2] = {0};
            const real *row = (const real *)&flatten_1[r0];
            for (int k = 0; k < 4; k++)
                UNROLL(4)
                for (int r = 0; r < 4; r++)
                    UNROLL(2)
                    for (int v = 0; v < 2; v++)
                        sum[r][v] += row[LANES*r + k] * work->rows[k][v];
            UNROLL(4)
            for (int r = 0; r < 4; r++)
                UNROLL(2)
                for (int v = 0; v < 2; v++)
                    lanes_store(&linear_1_weight[r0 + r][LANES*(v0 + v)], sum[r][v]);
        }
    }
}

/* linear_1: linear_backward_bias                                                              branches.net:13
 *   d_linear_1     5
 *   linear_1_bias  5  (result)
 * dbias[i] = sum over the samples of dy[i]. */
static KERNEL void linear_1_backward_bias(const vf d_linear_1[5], real linear_1_bias[5])
{
    for (int i = 0; i < 5; i++)
        linear_1_bias[i] = lanes_sum(d_linear_1[i]);
}

/* flatten_1: flatten_backward                                                                 branches.net:12
 *   d_flatten_1     108
 *   d_max_pool2d_1  3 x 3 x 12  (result) */
static KERNEL void flatten_1_backward(const vf d_flatten_1[108], vf d_max_pool2d_1[3][3][12])
{
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++)
            for (int c = 0; c < 12; c++)
                d_max_pool2d_1[y][x][c] = d_flatten_1[9*c + 3*y + x];
}

/* max_pool2d_1: max_pool2d_backward                                                           branches.net:11
 *   max_pool2d_1_indices  3 x 3 x 12
 *   d_max_pool2d_1        3 x 3 x 12
 *   d_concat_1            5 x 5 x 12  (result)
 * dx[c][y][x] gathers every window that took (y, x).
 * The sums of 4 points of c stay in registers. */
static KERNEL void max_pool2d_1_backward(const vi max_pool2d_1_indices[3][3][12], const vf d_max_pool2d_1[3][3][12],
        vf d_concat_1[5][5][12])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            for (int c0 = 0; c0 < 12; c0 += 4) {
                vf sum[4] = {0};
                for (int u = 0; u < 3; u++)
                    if (0 <= y + u - 1 && y + u - 1 <= 4 && (y + u - 1) % 2 == 0)
                        for (int v = 0; v < 3; v++)
                            if (0 <= x + v - 1 && x + v - 1 <= 4 && (x + v - 1) % 2 == 0)
                                UNROLL(4)
                                for (int c = c0; c < c0 + 4; c++)
                                    sum[c - c0] += lanes_select(max_pool2d_1_indices[(y + u - 1) / 2][(x + v - 1) /
                                            2][c] == 8 - (3*u + v), d_max_pool2d_1[(y + u - 1) / 2][(x + v - 1) / 2][c],
                                            lanes_of(0.0f));
                UNROLL(4)
                for (int c = c0; c < c0 + 4; c++)
                    d_concat_1[y][x][c] = sum[c - c0];
            }
}

/* concat_1: slice                                                                             branches.net:10
 *   d_concat_1  5 x 5 x 12
 *   d_add_1     5 x 5 x 6  (result)
 * the part of the gradient that this input took. */
static KERNEL void concat_1_backward_1(const vf d_concat_1[5][5][12], vf d_add_1[5][5][6])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            for (int c = 0; c < 6; c++)
                d_add_1[y][x][c] = d_concat_1[y][x][c];
}

/* concat_1: slice                                                                             branches.net:10
 *   d_concat_1  5 x 5 x 12
 *   d_side      5 x 5 x 6  (result)
 * the part of the gradient that this input took. */
static KERNEL void concat_1_backward_2(const vf d_concat_1[5][5][12], vf d_side[5][5][6])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            for (int c = 0; c < 6; c++)
                d_side[y][x][c] = d_concat_1[y][x][c + 6];
}

/* sum: conv2d_backward_input                                                                   branches.net:8
 *   sum_weight    6 x 3 x 1 x 6
 *   d_add_1       5 x 5 x 6
 *   d_sum_padded  7 x 5 x 6  (result)
 * dx[c][y][x] gathers every output that read (y, x).
 * The sums of 6 points of c stay in registers. */
static KERNEL void sum_backward_input(const struct branches_weights *w, const vf d_add_1[5][5][6],
        vf d_sum_padded[7][5][6])
{
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 5; x++) {
            vf sum[6] = {0};
            for (int u = 0; u < 3; u++)
                if (0 <= y - u && y - u <= 4)
                    for (int o = 0; o < 6; o++)
                        UNROLL(6)
                        for (int c = 0; c < 6; c++)
                            sum[c] += w->sum_weight[o][u][0][c] * d_add_1[y - u][x][o];
            UNROLL(6)
            for (int c = 0; c < 6; c++)
                d_sum_padded[y][x][c] = sum[c];
        }
}

/* sum: conv2d_backward_weight                                                                  branches.net:8
 *   d_add_1     5 x 5 x 6
 *   sum_padded  7 x 5 x 6
 *   sum_weight  6 x 3 x 1 x 6  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * The sums of 3 points of o x 2 points of c stay in registers. */
static KERNEL void sum_backward_weight(const vf d_add_1[5][5][6], const vf sum_padded[7][5][6],
        real sum_weight[6][3][1][6])
{
    for (int o0 = 0; o0 < 6; o0 += 3)
        for (int u = 0; u < 3; u++)
            for (int c0 = 0; c0 < 6; c0 += 2) {
                vf sum[3][2] = {0};
                for (int y = 0; y < 5; y++)
                    for (int x = 0; x < 5; x++)
                        UNROLL(3)
                        for (int o = o0; o < o0 + 3; o++)
                            UNROLL(2)
                            for (int c = c0; c < c0 + 2; c++)
                                sum[o - o0][c - c0] += d_add_1[y][x][o] * sum_padded[y + u][x][c];
                UNROLL(3)
                for (int o = o0; o < o0 + 3; o++)
                    UNROLL(2)
                    for (int c = c0; c < c0 + 2; c++)
                        sum_weight[o][u][0][c] = lanes_sum(sum[o - o0][c - c0]);
            }
}

/* sum: conv2d_backward_bias                                                                    branches.net:8
 *   d_add_1   5 x 5 x 6
 *   sum_bias  6  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 6 points of o stay in registers. */
static KERNEL void sum_backward_bias(const vf d_add_1[5][5][6], real sum_bias[6])
{
    vf sum[6] = {0};
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            UNROLL(6)
            for (int o = 0; o < 6; o++)
                sum[o] += d_add_1[y][x][o];
    UNROLL(6)
    for (int o = 0; o < 6; o++)
        sum_bias[o] = lanes_sum(sum[o]);
}

/* sum: pad_backward, relu_1: relu_backward, side: sum                                        branches.net:6-8
 *   d_side        5 x 5 x 6
 *   d_add_1       5 x 5 x 6
 *   relu_1        5 x 5 x 6
 *   d_sum_padded  7 x 5 x 6
 *   d_side_sum    5 x 5 x 6  (result)
 * what the image lies under. */
static KERNEL void sum_backward_pad(const vf d_side[5][5][6], const vf d_add_1[5][5][6], const vf relu_1[5][5][6],
        const vf d_sum_padded[7][5][6], vf d_side_sum[5][5][6])
{
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            for (int c = 0; c < 6; c++)
                d_side_sum[y][x][c] = d_side[y][x][c] + d_add_1[y][x][c] +
                        lanes_select(relu_1[y][x][c] <= 0.0f, lanes_of(0.0f), d_sum_padded[y + 1][x][c]);
}

/* side: conv2d_backward_input                                                                  branches.net:6
 *   side_weight    6 x 3 x 3 x 2
 *   d_side_sum     5 x 5 x 6
 *   d_side_padded  11 x 11 x 4  (result)
 * dx[c][y][x] gathers every output that read (y, x).
 * The sums of 2 points of g x 2 points of c stay in registers. */
static KERNEL void side_backward_input(const struct branches_weights *w, const vf d_side_sum[5][5][6],
        vf d_side_padded[11][11][4])
{
    for (int y = 0; y < 11; y++)
        for (int x = 0; x < 11; x++) {
            vf sum[2][2] = {0};
            for (int u = 0; u < 3; u++)
                if (0 <= y - u && y - u <= 8 && (y - u) % 2 == 0)
                    for (int v = 0; v < 3; v++)
                        if (0 <= x - v && x - v <= 8 && (x - v) % 2 == 0)
                            for (int o = 0; o < 3; o++)
                                UNROLL(2)
                                for (int g = 0; g < 2; g++)
                                    UNROLL(2)
                                    for (int c = 0; c < 2; c++)
                                        sum[g][c] += w->side_weight[3*g + o][u][v][c] *
                                                d_side_sum[(y - u) / 2][(x - v) / 2][3*g + o];
            UNROLL(2)
            for (int g = 0; g < 2; g++)
                UNROLL(2)
                for (int c = 0; c < 2; c++)
                    d_side_padded[y][x][2*g + c] = sum[g][c];
        }
}

/* side: conv2d_backward_weight                                                                 branches.net:6
 *   d_side_sum   5 x 5 x 6
 *   side_padded  11 x 11 x 4
 *   side_weight  6 x 3 x 3 x 2  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * The sums of 3 points of o x 2 points of c stay in registers. */
static KERNEL void side_backward_weight(const vf d_side_sum[5][5][6], const vf side_padded[11][11][4],
        real side_weight[6][3][3][2])
{
    for (int g = 0; g < 2; g++)
        for (int u = 0; u < 3; u++)
            for (int v = 0; v < 3; v++) {
                vf sum[3][2] = {0};
                for (int y = 0; y < 5; y++)
                    for (int x = 0; x < 5; x++)
                        UNROLL(3)
                        for (int o = 0; o < 3; o++)
                            UNROLL(2)
                            for (int c = 0; c < 2; c++)
                                sum[o][c] += d_side_sum[y][x][3*g + o] * side_padded[2*y + u][2*x + v][2*g + c];
                UNROLL(3)
                for (int o = 0; o < 3; o++)
                    UNROLL(2)
                    for (int c = 0; c < 2; c++)
                        side_weight[3*g + o][u][v][c] = lanes_sum(sum[o][c]);
            }
}

/* side: pad_backward                                                                           branches.net:6
 *   d_side_padded  11 x 11 x 4
 *   d_entry        9 x 9 x 4  (result)
 * what the image lies under. */
static KERNEL void side_backward_pad(const vf d_side_padded[11][11][4], vf d_entry[9][9][4])
{
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 9; x++)
            for (int c = 0; c < 4; c++)
                d_entry[y][x][c] = d_side_padded[y + 1][x + 1][c];
}

/* entry: conv2d_backward_weight                                                                branches.net:5
 *   d_entry       9 x 9 x 4
 *   entry_padded  11 x 11 x 3
 *   entry_weight  4 x 3 x 3 x 3  (result)
 * dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read.
 * The sums of 2 points of o x 3 points of c stay in registers. */
static KERNEL void entry_backward_weight(const vf d_entry[9][9][4], const vf entry_padded[11][11][3],
        real entry_weight[4][3][3][3])
{
    for (int o0 = 0; o0 < 4; o0 += 2)
        for (int u = 0; u < 3; u++)
            for (int v = 0; v < 3; v++) {
                vf sum[2][3] = {0};
                for (int y = 0; y < 9; y++)
                    for (int x = 0; x < 9; x++)
                        UNROLL(2)
                        for (int o = o0; o < o0 + 2; o++)
                            UNROLL(3)
                            for (int c = 0; c < 3; c++)
                                sum[o - o0][c] += d_entry[y][x][o] * entry_padded[y + u][x + v][c];
                UNROLL(2)
                for (int o = o0; o < o0 + 2; o++)
                    UNROLL(3)
                    for (int c = 0; c < 3; c++)
                        entry_weight[o][u][v][c] = lanes_sum(sum[o - o0][c]);
            }
}

/* entry: conv2d_backward_bias                                                                  branches.net:5
 *   d_entry     9 x 9 x 4
 *   entry_bias  4  (result)
 * dbias[o] = sum over samples and (y, x) of dy[o].
 * The sums of 4 points of o stay in registers. */
static KERNEL void entry_backward_bias(const vf d_entry[9][9][4], real entry_bias[4])
{
    vf sum[4] = {0};
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 9; x++)
            UNROLL(4)
            for (int o = 0; o < 4; o++)
                sum[o] += d_entry[y][x][o];
    UNROLL(4)
    for (int o = 0; o < 4; o++)
        entry_bias[o] = lanes_sum(sum[o]);
}

/* max_pool2d_1: max_pool2d                                                                    branches.net:11
 *   concat_1      5 x 5 x 12
 *   max_pool2d_1  3 x 3 x 12  (result)
 * the largest of each window. */
static KERNEL void evaluate_max_pool2d_1_forward(const vf concat_1[5][5][12], vf max_pool2d_1[3][3][12])
{
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++)
            for (int c = 0; c < 12; c++) {
                vf largest = lanes_of(-INFINITY);
                for (int u = 0; u < 3; u++)
                    if (0 <= 2*y + u - 1 && 2*y + u - 1 <= 4)
                        for (int v = 0; v < 3; v++)
                            if (0 <= 2*x + v - 1 && 2*x + v - 1 <= 4) {
                                vf value = concat_1[2*y + u - 1][2*x + v - 1][c];
                                vi taken = lanes_exceeds(value, largest);
                                largest = lanes_select(taken, value, largest);
                            }
                max_pool2d_1[y][x][c] = largest;
            }
}

/* cross_entropy: class_maximum                                                                branches.net:22
 *   linear_1  5
 *   label     one a sample
 *   maximum   one a sample  (result)
 *   correct   one a sample  (result)
 * the largest logit, and whether it is the label's. */
static KERNEL void cross_entropy_maximum(const vf linear_1[5], vi label, vf *maximum, vf *correct)
{
    vf largest = lanes_of(-INFINITY);
    vi place = {0};
    for (int k = 0; k < 5; k++) {
        vf value = linear_1[k];
        vi taken = lanes_exceeds(value, largest);
        largest = lanes_select(taken, value, largest);
        place = lanes_select_int(taken, lanes_of_int(k), place);
    }
    *maximum = largest;
    *correct = lanes_select(place == label, lanes_of(1.0f), lanes_of(0.0f));
}

/* cross_entropy: cross_entropy                                                                branches.net:22
 *   linear_1  5
 *   maximum   one a sample
 *   label     one a sample
 *   loss      one a sample  (result)
 * loss = log(sum of exp(logits[k] - maximum)) + maximum - logits[label]. */
static KERNEL void evaluate_cross_entropy_forward(const vf linear_1[5], vf maximum, vi label, vf *loss)
{
    vf sum = {0};
    vf sum_2 = {0};
    for (int k = 0; k < 5; k++) {
        sum += lanes_exp(linear_1[k] - maximum);
        sum_2 += lanes_select(k == label, linear_1[k], lanes_of(0.0f));
    }
    *loss = lanes_log(sum) + (maximum - sum_2);
}

/* A block of 4 samples goes all the way down and back up while it is in cache. */
void branches_train_block(const struct step *step, void *scratch, int64_t block)
{
    const struct branches_weights *w = (const struct branches_weights *)step->weights;
    struct branches_scratch *s = scratch;
    struct branches_batch *b = step->batch;
    struct branches_weights *g = &b->partial[step->parity][block];
    prepare(step, w, s);

    RUN(load_block, step, block, s->input, &s->label);
    s->scale = sample_weights(step, block);
    RUN(entry_pad, s->input, s->entry_padded);
    RUN(entry_forward, w, s->entry_weight_f5x3, s->entry_padded, s->entry, &s->work.entry_forward);
    RUN(side_pad, s->entry, s->side_padded);
    RUN(side_forward, w, s->side_padded, s->side);
    RUN(relu_1_forward, s->side, s->relu_1);
    RUN(sum_pad, s->relu_1, s->sum_padded);
    RUN(sum_forward, w, s->sum_padded, s->side, s->add_1);
    RUN(concat_1_forward_1, s->add_1, s->concat_1);
    RUN(concat_1_forward_2, s->side, s->concat_1);
    RUN(max_pool2d_1_forward, s->concat_1, s->max_pool2d_1, s->max_pool2d_1_indices);
    RUN(flatten_1_forward, s->max_pool2d_1, s->flatten_1);
    RUN(linear_1_forward, w, s->flatten_1, s->linear_1);
    RUN(cross_entropy_forward, s->linear_1, s->label, s->scale, &s->correct, &s->loss, s->d_linear_1);
    RUN(linear_1_backward_input, w, s->d_linear_1, s->d_flatten_1);
    RUN(linear_1_backward_weight, s->flatten_1, s->d_linear_1, g->linear_1_weight, &s->work.linear_1_backward_weight);
    RUN(linear_1_backward_bias, s->d_linear_1, g->linear_1_bias);
    RUN(flatten_1_backward, s->d_flatten_1, s->d_max_pool2d_1);
    RUN(max_pool2d_1_backward, s->max_pool2d_1_indices, s->d_max_pool2d_1, s->d_concat_1);
    RUN(concat_1_backward_1, s->d_concat_1, s->d_add_1);
    RUN(concat_1_backward_2, s->d_concat_1, s->d_side);
    RUN(sum_backward_input, w, s->d_add_1, s->d_sum_padded);
    RUN(sum_backward_weight, s->d_add_1, s->sum_padded, g->sum_weight);
    RUN(sum_backward_bias, s->d_add_1, g->sum_bias);
    RUN(sum_backward_pad, s->d_side, s->d_add_1, s->relu_1, s->d_sum_padded, s->d_side_sum);
    RUN(side_backward_input, w, s->d_side_sum, s->d_side_padded);
    RUN(side_backward_weight, s->d_side_sum, s->side_padded, g->side_weight);
    RUN(side_backward_pad, s->d_side_padded, s->d_entry);
    RUN(entry_backward_weight, s->d_entry, s->entry_padded, g->entry_weight);
    RUN(entry_backward_bias, s->d_entry, g->entry_bias);
    store_result(step, block, s->loss, s->correct);
}

/* A slice of 1024 weights: their gradient, summed over the blocks in order, and SGD's step. Each
 * thread does all slices, of weights that are its own. */
static KERNEL void update(const struct step *step, int64_t unit)
{
    const struct branches_batch *b = step->batch;
    int64_t first = 1024 * unit, end = int_min(first + 1024, 1208);
    int64_t blocks = step_blocks(step, LANES);
    real gradient[1024] = {0};

    for (int64_t block = 0; block < blocks; block++) {
        const real *part = (const real *)&b->partial[step->parity][block];
        #pragma omp simd
        for (int64_t i = first; i < end; i++)
            gradient[i - first] += part[i];
    }
    #pragma omp simd
    for (int64_t i = first; i < end; i++)
        step->weights[i] = sgd_update(step->weights[i], gradient[i - first], &step->state[i], sgd, step->lr,
                step->first_step);
}

void branches_update(const struct step *step, void *scratch, int64_t unit)
{
    (void)scratch;
    RUN(update, step, unit);
}

/* The loss of a block of 4 samples, and the logits where they are wanted. */
void branches_evaluate_block(const struct step *step, void *scratch, int64_t block)
{
    const struct branches_weights *w = (const struct branches_weights *)step->weights;
    struct branches_scratch *s = scratch;
    prepare(step, w, s);

    RUN(load_block, step, block, s->input, &s->label);
    RUN(entry_pad, s->input, s->entry_padded);
    RUN(entry_forward, w, s->entry_weight_f5x3, s->entry_padded, s->entry, &s->work.entry_forward);
    RUN(side_pad, s->entry, s->side_padded);
    RUN(side_forward, w, s->side_padded, s->side);
    RUN(relu_1_forward, s->side, s->relu_1);
    RUN(sum_pad, s->relu_1, s->sum_padded);
    RUN(sum_forward, w, s->sum_padded, s->side, s->add_1);
    RUN(concat_1_forward_1, s->add_1, s->concat_1);
    RUN(concat_1_forward_2, s->side, s->concat_1);
    RUN(evaluate_max_pool2d_1_forward, s->concat_1, s->max_pool2d_1);
    RUN(flatten_1_forward, s->max_pool2d_1, s->flatten_1);
    RUN(linear_1_forward, w, s->flatten_1, s->linear_1);
    RUN(cross_entropy_maximum, s->linear_1, s->label, &s->maximum, &s->correct);
    RUN(evaluate_cross_entropy_forward, s->linear_1, s->maximum, s->label, &s->loss);
    store_result(step, block, s->loss, s->correct);
    if (step->logits)
        store_logits(step, block, s->linear_1);
}
