/* pooled, compiled by netc 0.1.0 for avx2 from pooled.net with: netc pooled.net --cpu=avx2
 * sha256 of pooled.net: 7209e10cacde7b553bd0ae05a9a1f85ab4c7554fbf9bb8b304f251c809eb29f4
 * What the kernels and the tables share: weights, memory, phases. */
#ifndef NETC_GENERATED_H
#define NETC_GENERATED_H

#define LANES 8

#include <lanes.h>
#include <model.h>

/* The flat array of weights; a convolution's are [output channel][row][column][input channel]. */
struct pooled_weights {
    real conv_weight[6][3][3][1];
    real conv_bias[6];
    _Alignas(LANES * sizeof(real)) real fc_weight[150][8];
    real fc_bias[7];
};

/* What a kernel uses while it runs. */

struct fc_backward_weight_work {
    vf rows[8][1];
};

/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],
 * each element a vector with one value of each sample; d_ marks the gradient of what follows. */
struct pooled_scratch {
    vf input[12][12][1];
    vf relu_1[5][5][6];
    vi max_pool2d_1_indices[5][5][6];
    vf flatten_1[150];
    vf fc[7];
    vi label;
    vf scale;
    vf correct;
    vf loss;
    vf d_fc[7];
    vf d_flatten_1[150];
    vf d_max_pool2d_1[5][5][6];
    vf maximum;
    union {
        struct fc_backward_weight_work fc_backward_weight;
    } work;
};

/* What one phase of a step leaves for the next, of each of the step's blocks. Partial gradients are in the half
 * of the step's parity: a thread that goes on does not touch what others still sum. */
struct pooled_batch {
    struct pooled_weights partial[2][3];
};

/* What a kernel uses while it runs on a single image. */

struct predict_conv_forward_work {
    real result[6][5][10];
};

/* What the prediction of a single image keeps: [channel][row][column]. */
struct pooled_image {
    real input[1][12][12];
    real conv_weight_form[3][1][3][6];
    real relu_1[6][5][5];
    real fc[7];
    union {
        struct predict_conv_forward_work predict_conv_forward;
    } work;
    real beyond[LANES];     /* vectors reach over the end of what they read */
};

/* The logits of one image: model.h says how they are called. */
void pooled_prepare_predict(const real *weights, void *scratch);
void pooled_predict(const real *weights, void *scratch, const void *image, real *logits);

/* The value of each layer, of a single image: [channel][row][column]. */
struct pooled_layers {
    real input[1][12][12];
    real conv[6][10][10];
    real max_pool2d_1[6][5][5];
    real relu_1[6][5][5];
    real flatten_1[150];
    real fc[7];
};

/* Its layers, one after the other: model.h says how it is called. */
void pooled_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor);

/* The phases of a training step, and evaluation: model.h says how they are called. */
void pooled_train_block(const struct step *step, void *scratch, int64_t unit);
void pooled_update(const struct step *step, void *scratch, int64_t unit);
void pooled_evaluate_block(const struct step *step, void *scratch, int64_t unit);

/* The kernels, as step->laps and the model's table of them number them. */
enum {
    KERNEL_load_block, KERNEL_conv_forward, KERNEL_flatten_1_forward, KERNEL_fc_forward, KERNEL_cross_entropy_forward,
    KERNEL_fc_backward_input, KERNEL_fc_backward_weight, KERNEL_fc_backward_bias, KERNEL_flatten_1_backward,
    KERNEL_conv_backward_weight, KERNEL_conv_backward_bias, KERNEL_update, KERNEL_evaluate_conv_forward,
    KERNEL_cross_entropy_maximum, KERNEL_evaluate_cross_entropy_forward,
    KERNELS
};

extern const struct model pooled_model;

#endif
