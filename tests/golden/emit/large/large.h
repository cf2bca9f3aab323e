/* large, compiled by netc 0.1.0 for neon from large.net with: netc large.net --cpu=neon
 * sha256 of large.net: 229c91062556ebd7246ffa8ad1090913b574f515a771c09725ed50cb66f7a953
 * What the kernels and the tables share: weights, memory, phases. */
#ifndef NETC_GENERATED_H
#define NETC_GENERATED_H

#define LANES 4

#include <lanes.h>
#include <model.h>

/* The flat array of weights; a convolution's are [output channel][row][column][input channel]. */
struct large_weights {
    real hidden_bias[400];
    _Alignas(LANES * sizeof(real)) real fc_weight[400][12];
    real fc_bias[10];
    _Alignas(LANES * sizeof(real)) real hidden_weight[1000][400];
};

/* The beginning of the weights: those whose gradients each block sums for itself. */
struct large_partial {
    real hidden_bias[400];
    _Alignas(LANES * sizeof(real)) real fc_weight[400][12];
    real fc_bias[10];
};

/* What a kernel uses while it runs. */

struct fc_backward_weight_work {
    vf rows[4][3];
};

struct hidden_backward_weight_work {
    vf rows[52][4];
};

/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],
 * each element a vector with one value of each sample; d_ marks the gradient of what follows. */
struct large_scratch {
    vf relu_1[400];
    vf fc[10];
    vi label;
    vf scale;
    vf correct;
    vf loss;
    vf d_fc[10];
    vf input[1000];
    vf maximum;
    union {
        struct fc_backward_weight_work fc_backward_weight;
        struct hidden_backward_weight_work hidden_backward_weight;
    } work;
};

/* What one phase of a step leaves for the next, of each of the step's blocks. */
struct large_batch {
    vf input[13][1000];
    vf d_hidden[13][400];
    struct large_partial partial[13];
};

/* What the prediction of a single image keeps: [channel][row][column]. */
struct large_image {
    real input[1000];
    real relu_1[400];
    real fc[10];
    real beyond[LANES];     /* vectors reach over the end of what they read */
};

/* The logits of one image: model.h says how they are called. */
void large_prepare_predict(const real *weights, void *scratch);
void large_predict(const real *weights, void *scratch, const void *image, real *logits);

/* The value of each layer, of a single image: [channel][row][column]. */
struct large_layers {
    real input[1000];
    real hidden[400];
    real relu_1[400];
    real fc[10];
};

/* Its layers, one after the other: model.h says how it is called. */
void large_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor);

/* The phases of a training step, and evaluation: model.h says how they are called. */
void large_train_block(const struct step *step, void *scratch, int64_t unit);
void large_sum_weights(const struct step *step, void *scratch, int64_t unit);
void large_update(const struct step *step, void *scratch, int64_t unit);
void large_evaluate_block(const struct step *step, void *scratch, int64_t unit);

/* The kernels, as step->laps and the model's table of them number them. */
enum {
    KERNEL_load_block, KERNEL_hidden_forward, KERNEL_fc_forward, KERNEL_cross_entropy_forward, KERNEL_fc_backward_input,
    KERNEL_fc_backward_weight, KERNEL_fc_backward_bias, KERNEL_hidden_backward_bias, KERNEL_hidden_backward_weight,
    KERNEL_update, KERNEL_cross_entropy_maximum, KERNEL_evaluate_cross_entropy_forward,
    KERNELS
};

extern const struct model large_model;

#endif
