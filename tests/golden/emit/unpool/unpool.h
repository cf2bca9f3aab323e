/* unpool, compiled by netc 0.1.0 for avx512 from unpool.net with: netc unpool.net --cpu=avx512
 * sha256 of unpool.net: 9a46a500f29bbc6b7013cbbf890e2f182fff473730d24ab155a7a5c8a3548833
 * What the kernels and the tables share: weights, memory, phases. */
#ifndef NETC_GENERATED_H
#define NETC_GENERATED_H

#define LANES 16

#include <lanes.h>
#include <model.h>

/* The flat array of weights; a convolution's are [output channel][row][column][input channel]. */
struct unpool_weights {
    real conv2d_1_weight[1][3][3][1];
    real conv2d_1_bias[1];
    _Alignas(LANES * sizeof(real)) real linear_1_weight[4][112];
};

/* What a kernel uses while it runs. */

struct linear_1_backward_weight_work {
    vf rows[16][4];
};

/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],
 * each element a vector with one value of each sample; d_ marks the gradient of what follows. */
struct unpool_scratch {
    vf input[10][10][1];
    vf pool[5][5][1];
    vi pool_indices[5][5][1];
    vf conv2d_1_padded[7][7][1];
    vf conv2d_1[5][5][1];
    vf max_unpool2d_1[10][10][1];
    vf flatten_1[100];
    vf linear_1[4];
    vi label;
    vf scale;
    vf correct;
    vf loss;
    vf d_linear_1[4];
    vf d_flatten_1[100];
    vf d_max_unpool2d_1[10][10][1];
    vf d_conv2d_1[5][5][1];
    vf maximum;
    union {
        struct linear_1_backward_weight_work linear_1_backward_weight;
    } work;
};

/* What one phase of a step leaves for the next, of each of the step's blocks. Partial gradients are in the half
 * of the step's parity: a thread that goes on does not touch what others still sum. */
struct unpool_batch {
    struct unpool_weights partial[2][1];
};

/* What a kernel uses while it runs on a single image. */

struct predict_conv2d_1_forward_work {
    real result[1][5][8];
};

/* What the prediction of a single image keeps: [channel][row][column]. */
struct unpool_image {
    real input[1][10][10];
    real pool[1][5][5];
    int pool_indices[1][5][5];
    real conv2d_1_padded[1][7][7];
    real conv2d_1_weight_form[3][1][3][1];
    real conv2d_1[1][5][5];
    real max_unpool2d_1[1][10][10];
    real linear_1[4];
    union {
        struct predict_conv2d_1_forward_work predict_conv2d_1_forward;
    } work;
    real beyond[LANES];     /* vectors reach over the end of what they read */
};

/* The logits of one image: model.h says how they are called. */
void unpool_prepare_predict(const real *weights, void *scratch);
void unpool_predict(const real *weights, void *scratch, const void *image, real *logits);

/* The value of each layer, of a single image: [channel][row][column]. */
struct unpool_layers {
    real input[1][10][10];
    real pool[1][5][5];
    int pool_indices[1][5][5];
    real conv2d_1_padded[1][7][7];
    real conv2d_1[1][5][5];
    real max_unpool2d_1[1][10][10];
    real flatten_1[100];
    real linear_1[4];
};

/* Its layers, one after the other: model.h says how it is called. */
void unpool_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor);

/* The phases of a training step, and evaluation: model.h says how they are called. */
void unpool_train_block(const struct step *step, void *scratch, int64_t unit);
void unpool_update(const struct step *step, void *scratch, int64_t unit);
void unpool_evaluate_block(const struct step *step, void *scratch, int64_t unit);

/* The kernels, as step->laps and the model's table of them number them. */
enum {
    KERNEL_load_block, KERNEL_pool_forward, KERNEL_conv2d_1_pad, KERNEL_conv2d_1_forward, KERNEL_max_unpool2d_1_forward,
    KERNEL_flatten_1_forward, KERNEL_linear_1_forward, KERNEL_cross_entropy_forward, KERNEL_linear_1_backward_input,
    KERNEL_linear_1_backward_weight, KERNEL_flatten_1_backward, KERNEL_max_unpool2d_1_backward,
    KERNEL_conv2d_1_backward_weight, KERNEL_conv2d_1_backward_bias, KERNEL_update, KERNEL_cross_entropy_maximum,
    KERNEL_evaluate_cross_entropy_forward,
    KERNELS
};

extern const struct model unpool_model;

#endif
