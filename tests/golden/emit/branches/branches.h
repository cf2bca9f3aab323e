/* branches, compiled by netc 0.1.0 for generic from branches.net with: netc branches.net --cpu=generic
 * sha256 of branches.net: 33f0e17c1ec9a100f51c469e0e37542d101c64ad07af0b3c844b1bb6c79ce4a7
 * What the kernels and the tables share: weights, memory, phases. */
#ifndef NETC_GENERATED_H
#define NETC_GENERATED_H

#define LANES 4

#include <lanes.h>
#include <model.h>

/* The flat array of weights; a convolution's are [output channel][row][column][input channel]. */
struct branches_weights {
    real entry_weight[4][3][3][3];
    real entry_bias[4];
    real side_weight[6][3][3][2];
    real sum_weight[6][3][1][6];
    real sum_bias[6];
    _Alignas(LANES * sizeof(real)) real linear_1_weight[108][8];
    real linear_1_bias[5];
};

/* What a kernel uses while it runs. */

struct entry_forward_work {
    vf in[11][7][3];
    vf product[7][2][4];
};

struct linear_1_backward_weight_work {
    vf rows[4][2];
};

/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],
 * each element a vector with one value of each sample; d_ marks the gradient of what follows. */
struct branches_scratch {
    vf input[9][9][3];
    vf entry_padded[11][11][3];
    real entry_weight_f5x3[7][4][3][3];
    vf entry[9][9][4];
    vf side_padded[11][11][4];
    vf side[5][5][6];
    vf relu_1[5][5][6];
    vf sum_padded[7][5][6];
    vf add_1[5][5][6];
    vf concat_1[5][5][12];
    vf max_pool2d_1[3][3][12];
    vi max_pool2d_1_indices[3][3][12];
    vf flatten_1[108];
    vf linear_1[5];
    vi label;
    vf scale;
    vf correct;
    vf loss;
    vf d_linear_1[5];
    vf d_flatten_1[108];
    vf d_max_pool2d_1[3][3][12];
    vf d_concat_1[5][5][12];
    vf d_add_1[5][5][6];
    vf d_side[5][5][6];
    vf d_sum_padded[7][5][6];
    vf d_side_sum[5][5][6];
    vf d_side_padded[11][11][4];
    vf d_entry[9][9][4];
    vf maximum;
    union {
        struct entry_forward_work entry_forward;
        struct linear_1_backward_weight_work linear_1_backward_weight;
    } work;
    int64_t version;     /* of the weights that the transformed ones were made of */
};

/* What one phase of a step leaves for the next, of each of the step's blocks. Partial gradients are in the half
 * of the step's parity: a thread that goes on does not touch what others still sum. */
struct branches_batch {
    struct branches_weights partial[2][2];
};

/* What a kernel uses while it runs on a single image. */

struct predict_entry_forward_work {
    real in[7][3][2][12];
    vf product[7][2][4];
    real result[4][9][9];
};

struct predict_side_forward_work {
    real in[2][4][11][6];
    real result[6][5][5];
};

struct predict_sum_forward_work {
    real in[7][6][1][8];
    vf product[7][2][3];
    real result[6][5][5];
};

/* What the prediction of a single image keeps: [channel][row][column]. */
struct branches_image {
    real input[3][9][9];
    real entry_padded[3][11][11];
    real entry_weight_form[7][3][3][4];
    real entry[4][9][9];
    real side_padded[4][11][11];
    real side_weight_form[3][2][3][6];
    real side[6][5][5];
    real relu_1[6][5][5];
    real sum_padded[6][7][5];
    real sum_weight_form[7][6][1][6];
    real add_1[6][5][5];
    real concat_1[12][5][5];
    real max_pool2d_1[12][3][3];
    real linear_1[5];
    union {
        struct predict_entry_forward_work predict_entry_forward;
        struct predict_side_forward_work predict_side_forward;
        struct predict_sum_forward_work predict_sum_forward;
    } work;
    real beyond[LANES];     /* vectors reach over the end of what they read */
};

/* The logits of one image: model.h says how they are called. */
void branches_prepare_predict(const real *weights, void *scratch);
void branches_predict(const real *weights, void *scratch, const void *image, real *logits);

/* The value of each layer, of a single image: [channel][row][column]. */
struct branches_layers {
    real input[3][9][9];
    real entry_padded[3][11][11];
    real entry[4][9][9];
    real side_padded[4][11][11];
    real side[6][5][5];
    real relu_1[6][5][5];
    real sum_padded[6][7][5];
    real sum_[6][5][5];
    real add_1[6][5][5];
    real concat_1[12][5][5];
    real max_pool2d_1[12][3][3];
    real flatten_1[108];
    real linear_1[5];
};

/* Its layers, one after the other: model.h says how it is called. */
void branches_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor);

/* The phases of a training step, and evaluation: model.h says how they are called. */
void branches_train_block(const struct step *step, void *scratch, int64_t unit);
void branches_update(const struct step *step, void *scratch, int64_t unit);
void branches_evaluate_block(const struct step *step, void *scratch, int64_t unit);

/* The kernels, as step->laps and the model's table of them number them. */
enum {
    KERNEL_load_block, KERNEL_transform_entry_weight_f5x3, KERNEL_entry_pad, KERNEL_entry_forward, KERNEL_side_pad,
    KERNEL_side_forward, KERNEL_relu_1_forward, KERNEL_sum_pad, KERNEL_sum_forward, KERNEL_concat_1_forward_1,
    KERNEL_concat_1_forward_2, KERNEL_max_pool2d_1_forward, KERNEL_flatten_1_forward, KERNEL_linear_1_forward,
    KERNEL_cross_entropy_forward, KERNEL_linear_1_backward_input, KERNEL_linear_1_backward_weight,
    KERNEL_linear_1_backward_bias, KERNEL_flatten_1_backward, KERNEL_max_pool2d_1_backward, KERNEL_concat_1_backward_1,
    KERNEL_concat_1_backward_2, KERNEL_sum_backward_input, KERNEL_sum_backward_weight, KERNEL_sum_backward_bias,
    KERNEL_sum_backward_pad, KERNEL_side_backward_input, KERNEL_side_backward_weight, KERNEL_side_backward_pad,
    KERNEL_entry_backward_weight, KERNEL_entry_backward_bias, KERNEL_update, KERNEL_evaluate_max_pool2d_1_forward,
    KERNEL_cross_entropy_maximum, KERNEL_evaluate_cross_entropy_forward,
    KERNELS
};

extern const struct model branches_model;

#endif
