/* units, compiled by netc 0.1.0 for avx512 from units.net with: netc units.net --cpu=avx512 --units=12
 * sha256 of units.net: 9d0e168fc7f07fe4363e235459b01cee89128cb561c45d9e1ab36b5ed44b1685
 * What the kernels and the tables share: weights, memory, phases. */
#ifndef NETC_GENERATED_H
#define NETC_GENERATED_H

#define LANES 16

#include <lanes.h>
#include <model.h>

/* The flat array of weights; a convolution's are [output channel][row][column][input channel]. */
struct units_weights {
    real conv1_weight[8][5][5][1];
    real conv1_bias[8];
    real conv2_weight[12][3][3][4];
    real conv2_bias[12];
    _Alignas(LANES * sizeof(real)) real fc_weight[7][2704];
    real fc_bias[7];
};

/* What a kernel uses while it runs. */

struct conv1_forward_work {
    vf in[21][8][1];
    vf product[8][2][8];
};

struct conv2_forward_work {
    vf in[17][7][8];
    vf product[7][2][6];
};

struct fc_backward_weight_work {
    vf rows[16][2];
};

struct conv2_backward_input_work {
    vf in[7][17][12];
    vf product[7][17][8];
    vf carry[17][2][8];
};

/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],
 * each element a vector with one value of each sample; d_ marks the gradient of what follows. */
struct units_scratch {
    vf flatten_1[2700];
    vf fc[7];
    vf correct;
    vf loss;
    vf d_fc[7];
    vf d_flatten_1[2700];
    vf input[21][21][1];
    real conv1_weight_f4x5[8][8][5][1];
    vf relu_1[17][17][8];
    real conv2_weight_f5x3[7][12][3][4];
    vf conv2[15][15][12];
    vi label;
    vf maximum;
    union {
        struct conv1_forward_work conv1_forward;
        struct conv2_forward_work conv2_forward;
        struct fc_backward_weight_work fc_backward_weight;
        struct conv2_backward_input_work conv2_backward_input;
    } work;
    int64_t version;     /* of the weights that the transformed ones were made of */
};

/* What one phase of a step leaves for the next, of each of the step's blocks. Partial gradients are in the half
 * of the step's parity: a thread that goes on does not touch what others still sum. */
struct units_batch {
    vf input[2][21][21][1];
    vf relu_1[2][17][17][8];
    vf conv2[2][15][15][12];
    vi label[2];
    vf scale[2];
    vf d_conv2[2][15][15][12];
    vf d_conv1[2][17][17][8];
    real conv1_weight_f4x5[8][8][5][1];
    real conv2_weight_f5x3[7][12][3][4];
    struct units_weights partial[2][2];
};

/* What a kernel uses while it runs on a single image. */

struct predict_conv1_forward_work {
    real in[8][1][5][32];
    vf product[8][7][2];
    real result[8][17][17];
};

struct predict_conv2_forward_work {
    real in[7][8][3][32];
    vf product[7][3][6];
    real result[12][15][16];
};

/* What the prediction of a single image keeps: [channel][row][column]. */
struct units_image {
    real input[1][21][21];
    real conv1_weight_form[8][1][5][8];
    real relu_1[8][17][17];
    real conv2_weight_form[7][4][3][12];
    real conv2[12][15][15];
    real fc[7];
    union {
        struct predict_conv1_forward_work predict_conv1_forward;
        struct predict_conv2_forward_work predict_conv2_forward;
    } work;
    real beyond[LANES];     /* vectors reach over the end of what they read */
};

/* The logits of one image: model.h says how they are called. */
void units_prepare_predict(const real *weights, void *scratch);
void units_predict(const real *weights, void *scratch, const void *image, real *logits);

/* The value of each layer, of a single image: [channel][row][column]. */
struct units_layers {
    real input[1][21][21];
    real conv1[8][17][17];
    real relu_1[8][17][17];
    real conv2[12][15][15];
    real flatten_1[2700];
    real fc[7];
};

/* Its layers, one after the other: model.h says how it is called. */
void units_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor);

/* The phases of a training step, and evaluation: model.h says how they are called. */
void units_train_block_1(const struct step *step, void *scratch, int64_t unit);
void units_train_block_2(const struct step *step, void *scratch, int64_t unit);
void units_train_block_3(const struct step *step, void *scratch, int64_t unit);
void units_train_block_4(const struct step *step, void *scratch, int64_t unit);
void units_train_block_5(const struct step *step, void *scratch, int64_t unit);
void units_train_block_6(const struct step *step, void *scratch, int64_t unit);
void units_update(const struct step *step, void *scratch, int64_t unit);
void units_evaluate_block(const struct step *step, void *scratch, int64_t unit);

/* The kernels, as step->laps and the model's table of them number them. */
enum {
    KERNEL_load_block, KERNEL_transform_conv1_weight_f4x5, KERNEL_transform_conv2_weight_f5x3, KERNEL_conv1_forward,
    KERNEL_conv2_forward, KERNEL_flatten_1_forward, KERNEL_fc_forward, KERNEL_cross_entropy_forward,
    KERNEL_fc_backward_input, KERNEL_fc_backward_weight, KERNEL_fc_backward_bias, KERNEL_flatten_1_backward,
    KERNEL_conv2_backward_bias, KERNEL_conv2_backward_input, KERNEL_conv2_backward_weight, KERNEL_conv1_backward_weight,
    KERNEL_conv1_backward_bias, KERNEL_update, KERNEL_cross_entropy_maximum, KERNEL_evaluate_cross_entropy_forward,
    KERNELS
};

extern const struct model units_model;

#endif
