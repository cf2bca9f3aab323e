/* wide, compiled by netc 0.1.0 for avx512 from wide.net with: netc wide.net --cpu=avx512
 * sha256 of wide.net: 7017b781c3cef29410376d527b5113545f3d44f2d9b1fa987e81294cb318cc1a
 * What the kernels and the tables share: weights, memory, phases. */
#ifndef NETC_GENERATED_H
#define NETC_GENERATED_H

#define LANES 16

#include <lanes.h>
#include <model.h>

/* The flat array of weights; a convolution's are [output channel][row][column][input channel]. */
struct wide_weights {
    real a_weight[16][3][3][3];
    real a_bias[16];
    real b_weight[24][3][3][16];
    real b_bias[24];
    real c_weight[16][3][3][24];
    real c_bias[16];
    _Alignas(LANES * sizeof(real)) real fc_weight[10][784];
    real fc_bias[10];
};

/* What a kernel uses while it runs. */

struct a_forward_work {
    vf in[18][6][3];
    vf product[6][2][8];
};

struct b_forward_work {
    vf in[18][6][16];
    vf product[6][2][8];
};

struct fc_backward_weight_work {
    vf rows[16][2];
};

struct c_backward_weight_work {
    vf sum[3][3][24];
    vf dy[7][7][16];
};

struct b_backward_weight_work {
    vf sum[6][3][24];
    vf x[6][18][2][16];
    vf dy[6][16][2][24];
};

struct b_backward_input_work {
    vf in[6][18][24];
    vf product[6][16][16];
    vf carry[16][2][16];
};

struct a_backward_weight_work {
    vf sum[6][3][3];
    vf x[6][18][4][3];
    vf dy[6][16][4][16];
};

/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],
 * each element a vector with one value of each sample; d_ marks the gradient of what follows. */
struct wide_scratch {
    vf input[16][16][3];
    vf a_padded[18][18][3];
    real a_weight_f4x3[6][16][3][3];
    vf relu_1[16][16][16];
    vf b_padded[18][18][16];
    real b_weight_f4x3[6][24][3][16];
    vf relu_2[16][16][24];
    vf relu_3[7][7][16];
    vf flatten_1[784];
    vf fc[10];
    vi label;
    vf scale;
    vf correct;
    vf loss;
    vf d_fc[10];
    vf d_flatten_1[784];
    vf d_c_[7][7][16];
    vf d_b_[16][16][24];
    vf d_a_[16][16][16];
    vf maximum;
    union {
        struct a_forward_work a_forward;
        struct b_forward_work b_forward;
        struct fc_backward_weight_work fc_backward_weight;
        struct c_backward_weight_work c_backward_weight;
        struct b_backward_weight_work b_backward_weight;
        struct b_backward_input_work b_backward_input;
        struct a_backward_weight_work a_backward_weight;
    } work;
    int64_t version;     /* of the weights that the transformed ones were made of */
};

/* What one phase of a step leaves for the next, of each of the step's blocks. Partial gradients are in the half
 * of the step's parity: a thread that goes on does not touch what others still sum. */
struct wide_batch {
    struct wide_weights partial[2][2];
};

/* What a kernel uses while it runs on a single image. */

struct predict_a_forward_work {
    real in[6][3][4][32];
    vf product[6][4][4];
    real result[16][16][16];
};

struct predict_b_forward_work {
    real in[6][16][4][32];
    vf product[6][4][4];
    real result[24][16][16];
};

struct predict_c_forward_work {
    real in[2][24][16][8];
    real result[16][7][8];
};

/* What the prediction of a single image keeps: [channel][row][column]. */
struct wide_image {
    real input[3][16][16];
    real a_padded[3][18][18];
    real a_weight_form[6][3][3][16];
    real relu_1[16][16][16];
    real b_padded[16][18][18];
    real b_weight_form[6][16][3][24];
    real relu_2[24][16][16];
    real c_weight_form[3][24][3][16];
    real relu_3[16][7][7];
    real fc[10];
    union {
        struct predict_a_forward_work predict_a_forward;
        struct predict_b_forward_work predict_b_forward;
        struct predict_c_forward_work predict_c_forward;
    } work;
    real beyond[LANES];     /* vectors reach over the end of what they read */
};

/* The logits of one image: model.h says how they are called. */
void wide_prepare_predict(const real *weights, void *scratch);
void wide_predict(const real *weights, void *scratch, const void *image, real *logits);

/* The value of each layer, of a single image: [channel][row][column]. */
struct wide_layers {
    real input[3][16][16];
    real a_padded[3][18][18];
    real a_[16][16][16];
    real relu_1[16][16][16];
    real b_padded[16][18][18];
    real b_[24][16][16];
    real relu_2[24][16][16];
    real c_[16][7][7];
    real relu_3[16][7][7];
    real flatten_1[784];
    real fc[10];
};

/* Its layers, one after the other: model.h says how it is called. */
void wide_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor);

/* The phases of a training step, and evaluation: model.h says how they are called. */
void wide_train_block(const struct step *step, void *scratch, int64_t unit);
void wide_update(const struct step *step, void *scratch, int64_t unit);
void wide_evaluate_block(const struct step *step, void *scratch, int64_t unit);

/* The kernels, as step->laps and the model's table of them number them. */
enum {
    KERNEL_load_block, KERNEL_transform_a_weight_f4x3, KERNEL_transform_b_weight_f4x3, KERNEL_a_pad, KERNEL_a_forward,
    KERNEL_b_pad, KERNEL_b_forward, KERNEL_c_forward, KERNEL_flatten_1_forward, KERNEL_fc_forward,
    KERNEL_cross_entropy_forward, KERNEL_fc_backward_input, KERNEL_fc_backward_weight, KERNEL_fc_backward_bias,
    KERNEL_flatten_1_backward, KERNEL_c_backward_input, KERNEL_c_backward_weight, KERNEL_c_backward_bias,
    KERNEL_b_backward_weight, KERNEL_b_backward_bias, KERNEL_b_backward_input, KERNEL_a_backward_weight,
    KERNEL_a_backward_bias, KERNEL_update, KERNEL_cross_entropy_maximum, KERNEL_evaluate_cross_entropy_forward,
    KERNELS
};

extern const struct model wide_model;

#endif
