/* cycled, compiled by netc 0.1.0 for avx2 from cycled.net with: netc cycled.net --cpu=avx2
 * sha256 of cycled.net: 0bd4de1962013fd6ec0252df0de50a20511f48f3760728cc6830002dbf62e7f5
 * What the kernels and the tables share: weights, memory, phases. */
#ifndef NETC_GENERATED_H
#define NETC_GENERATED_H

#define LANES 8

#include <lanes.h>
#include <model.h>

/* The flat array of weights; a convolution's are [output channel][row][column][input channel]. */
struct cycled_weights {
    _Alignas(LANES * sizeof(real)) real linear_1_weight[40][8];
    real linear_1_bias[6];
};

/* What a kernel uses while it runs. */

struct linear_1_backward_weight_work {
    vf rows[8][1];
};

/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],
 * each element a vector with one value of each sample; d_ marks the gradient of what follows. */
struct cycled_scratch {
    vf input[40];
    vf linear_1[6];
    vi label;
    vf scale;
    vf correct;
    vf loss;
    vf d_linear_1[6];
    vf maximum;
    union {
        struct linear_1_backward_weight_work linear_1_backward_weight;
    } work;
};

/* What one phase of a step leaves for the next, of each of the step's blocks. Partial gradients are in the half
 * of the step's parity: a thread that goes on does not touch what others still sum. */
struct cycled_batch {
    struct cycled_weights partial[2][4];
};

/* What the prediction of a single image keeps: [channel][row][column]. */
struct cycled_image {
    real input[40];
    real linear_1[6];
    real beyond[LANES];     /* vectors reach over the end of what they read */
};

/* The logits of one image: model.h says how they are called. */
void cycled_prepare_predict(const real *weights, void *scratch);
void cycled_predict(const real *weights, void *scratch, const void *image, real *logits);

/* The value of each layer, of a single image: [channel][row][column]. */
struct cycled_layers {
    real input[40];
    real linear_1[6];
};

/* Its layers, one after the other: model.h says how it is called. */
void cycled_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor);

/* The phases of a training step, and evaluation: model.h says how they are called. */
void cycled_train_block(const struct step *step, void *scratch, int64_t unit);
void cycled_update(const struct step *step, void *scratch, int64_t unit);
void cycled_evaluate_block(const struct step *step, void *scratch, int64_t unit);

/* The kernels, as step->laps and the model's table of them number them. */
enum {
    KERNEL_load_block, KERNEL_linear_1_forward, KERNEL_cross_entropy_forward, KERNEL_linear_1_backward_weight,
    KERNEL_linear_1_backward_bias, KERNEL_update, KERNEL_cross_entropy_maximum, KERNEL_evaluate_cross_entropy_forward,
    KERNELS
};

extern const struct model cycled_model;

#endif
