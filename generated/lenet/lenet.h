/* lenet, compiled by netc 0.1.0 for avx2 from lenet.net with: netc lenet.net --cpu=avx2
 * sha256 of lenet.net: 1f84c3979097720d08ad5b072b3acc6fa4b17785d347f9d751d029128b06b2a6
 * What the kernels and the tables share: weights, memory, phases. */
#ifndef NETC_GENERATED_H
#define NETC_GENERATED_H

#define LANES 8

#include <lanes.h>
#include <model.h>

/* The flat array of weights; a convolution's are [output channel][row][column][input channel]. */
struct lenet_weights {
    real conv1_weight[10][5][5][1];
    real conv1_bias[10];
    real conv2_weight[20][5][5][10];
    real conv2_bias[20];
    _Alignas(LANES * sizeof(real)) real fc_weight[10][320];
    real fc_bias[10];
};

/* What a kernel uses while it runs. */

struct conv1_forward_work {
    vf in[28][8][1];
    vf product[8][2][5];
};

struct conv2_forward_work {
    vf in[12][8][10];
    vf product[8][2][5];
};

struct fc_backward_weight_work {
    vf rows[8][2];
};

struct conv2_backward_input_work {
    vf in[8][10][20];
    vf product[8][12][10];
    vf carry[12][4][10];
};

struct conv2_backward_weight_work {
    vf x[1441];
    real sum[20][5][1][56];
    real value[20][2][72];
    lane_int at[20][2][72];
    int count[20][2];
    lane_int window[16];
};

struct conv1_backward_weight_work {
    vf x[785];
    real sum[10][5][1][8];
    real value[10][1][1160];
    lane_int at[10][1][1160];
    int count[10][1];
    lane_int window[144];
};

struct evaluate_conv1_forward_work {
    vf in[28][8][1];
    vf product[8][2][5];
};

struct evaluate_conv2_forward_work {
    vf in[12][8][10];
    vf product[8][2][5];
};

/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],
 * each element a vector with one value of each sample; d_ marks the gradient of what follows. */
struct lenet_scratch {
    vf input[28][28][1];
    real conv1_weight_f4x5[8][10][5][1];
    vf relu_1[12][12][10];
    vi max_pool2d_1_indices[12][12][10];
    real conv2_weight_f4x5[8][20][5][10];
    vf relu_2[4][4][20];
    vi max_pool2d_2_indices[4][4][20];
    vf flatten_1[320];
    vf fc[10];
    vi label;
    vf scale;
    vf correct;
    vf loss;
    vf d_fc[10];
    vf d_flatten_1[320];
    vf d_max_pool2d_2[4][4][20];
    vf d_max_pool2d_1[12][12][10];
    vf maximum;
    union {
        struct conv1_forward_work conv1_forward;
        struct conv2_forward_work conv2_forward;
        struct fc_backward_weight_work fc_backward_weight;
        struct conv2_backward_input_work conv2_backward_input;
        struct conv2_backward_weight_work conv2_backward_weight;
        struct conv1_backward_weight_work conv1_backward_weight;
        struct evaluate_conv1_forward_work evaluate_conv1_forward;
        struct evaluate_conv2_forward_work evaluate_conv2_forward;
    } work;
    int64_t version;     /* of the weights that the transformed ones were made of */
};

/* What one phase of a step leaves for the next, of each of the step's blocks. Partial gradients are in the half
 * of the step's parity: a thread that goes on does not touch what others still sum. */
struct lenet_batch {
    struct lenet_weights partial[2][8];
};

/* What a kernel uses while it runs on a single image. */

struct predict_conv1_forward_work {
    real in[8][1][6][32];
    vf product[8][2][5];
    real result[10][12][24];
};

struct predict_conv2_forward_work {
    real in[8][10][2][16];
    vf product[8][2][5];
    real result[20][4][8];
};

/* What the prediction of a single image keeps: [channel][row][column]. */
struct lenet_image {
    real input[1][28][28];
    real conv1_weight_form[8][1][5][10];
    real relu_1[10][12][12];
    real conv2_weight_form[8][10][5][20];
    real relu_2[20][4][4];
    real fc[10];
    union {
        struct predict_conv1_forward_work predict_conv1_forward;
        struct predict_conv2_forward_work predict_conv2_forward;
    } work;
    real beyond[LANES];     /* vectors reach over the end of what they read */
};

/* The logits of one image: model.h says how they are called. */
void lenet_prepare_predict(const real *weights, void *scratch);
void lenet_predict(const real *weights, void *scratch, const void *image, real *logits);

/* The value of each layer, of a single image: [channel][row][column]. */
struct lenet_layers {
    real input[1][28][28];
    real conv1[10][24][24];
    real max_pool2d_1[10][12][12];
    real relu_1[10][12][12];
    real conv2[20][8][8];
    real max_pool2d_2[20][4][4];
    real relu_2[20][4][4];
    real flatten_1[320];
    real fc[10];
};

/* Its layers, one after the other: model.h says how it is called. */
void lenet_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor);

/* The phases of a training step, and evaluation: model.h says how they are called. */
void lenet_train_block(const struct step *step, void *scratch, int64_t unit);
void lenet_update(const struct step *step, void *scratch, int64_t unit);
void lenet_evaluate_block(const struct step *step, void *scratch, int64_t unit);

/* The kernels, as step->laps and the model's table of them number them. */
enum {
    KERNEL_load_block, KERNEL_transform_conv1_weight_f4x5, KERNEL_transform_conv2_weight_f4x5, KERNEL_conv1_forward,
    KERNEL_conv2_forward, KERNEL_flatten_1_forward, KERNEL_fc_forward, KERNEL_cross_entropy_forward,
    KERNEL_fc_backward_input, KERNEL_fc_backward_weight, KERNEL_fc_backward_bias, KERNEL_flatten_1_backward,
    KERNEL_conv2_backward_input, KERNEL_conv2_backward_weight, KERNEL_conv2_backward_bias, KERNEL_conv1_backward_weight,
    KERNEL_conv1_backward_bias, KERNEL_update, KERNEL_evaluate_conv1_forward, KERNEL_evaluate_conv2_forward,
    KERNEL_cross_entropy_maximum, KERNEL_evaluate_cross_entropy_forward,
    KERNELS
};

extern const struct model lenet_model;

#endif
