/* settings, compiled by netc 0.1.0 for avx2 from settings.net with: netc settings.net --cpu=avx2
 * sha256 of settings.net: bfb00067a72438ae6f0438641cabea6ac08108ea6a66bfc5d07711616f4a8be8
 * What the kernels and the tables share: weights, memory, phases. */
#ifndef NETC_GENERATED_H
#define NETC_GENERATED_H

#define LANES 8

#include <lanes.h>
#include <model.h>

/* The flat array of weights; a convolution's are [output channel][row][column][input channel]. */
struct settings_weights {
    _Alignas(LANES * sizeof(real)) real linear_1_weight[192][8];
    real linear_1_bias[4];
};

/* What a kernel uses while it runs. */

struct linear_1_backward_weight_work {
    vf rows[8][1];
};

/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],
 * each element a vector with one value of each sample; d_ marks the gradient of what follows. */
struct settings_scratch {
    vf input[8][8][3];
    vf flatten_1[192];
    vf linear_1[4];
    vi label;
    vf maximum;
    vf correct;
    vf log_sum_exp;
    vf loss;
    vf target_sum;
    vf scale;
    vf d_linear_1[4];
    union {
        struct linear_1_backward_weight_work linear_1_backward_weight;
    } work;
};

/* What one phase of a step leaves for the next, of each of the step's blocks. */
struct settings_batch {
    struct settings_weights partial[4];
    struct settings_weights gradient;
    real squares[2];      /* of the gradient, a sum for each slice */
    real factor;          /* what clipping multiplies the gradient by */
};

/* What the prediction of a single image keeps: [channel][row][column]. */
struct settings_image {
    real input[3][8][8];
    real linear_1[4];
    real beyond[LANES];     /* vectors reach over the end of what they read */
};

/* The logits of one image: model.h says how they are called. */
void settings_prepare_predict(const real *weights, void *scratch);
void settings_predict(const real *weights, void *scratch, const void *image, real *logits);

/* The value of each layer, of a single image: [channel][row][column]. */
struct settings_layers {
    real input[3][8][8];
    real flatten_1[192];
    real linear_1[4];
};

/* Its layers, one after the other: model.h says how it is called. */
void settings_visit_layers(const real *weights, void *scratch, const void *image,
        void (*visit)(void *visitor, int layer, const real *values, int64_t count), void *visitor);

/* The phases of a training step, and evaluation: model.h says how they are called. */
void settings_train_block(const struct step *step, void *scratch, int64_t unit);
void settings_sum_gradient(const struct step *step, void *scratch, int64_t unit);
void settings_clip(const struct step *step, void *scratch, int64_t unit);
void settings_update(const struct step *step, void *scratch, int64_t unit);
void settings_evaluate_block(const struct step *step, void *scratch, int64_t unit);

/* The kernels, as step->laps and the model's table of them number them. */
enum {
    KERNEL_load_block, KERNEL_flatten_1_forward, KERNEL_linear_1_forward, KERNEL_cross_entropy_maximum,
    KERNEL_cross_entropy_log_sum_exp, KERNEL_cross_entropy_forward, KERNEL_cross_entropy_backward,
    KERNEL_linear_1_backward_weight, KERNEL_linear_1_backward_bias, KERNEL_sum_gradient, KERNEL_clip, KERNEL_update,
    KERNEL_evaluate_cross_entropy_forward,
    KERNELS
};

extern const struct model settings_model;

#endif
