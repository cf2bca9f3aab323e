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
    real linear_1_weight[5][108];
    real linear_1_bias[5];
};

/* What a kernel uses while it runs. */

struct entry_forward_work {
    vf in[11][7][3];
    vf product[7][2][4];
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
    vf maximum;
    vf correct;
    vf loss;
    vf exp_sum;
    vf scale;
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
    union {
        struct entry_forward_work entry_forward;
    } work;
    int64_t version;     /* of the weights that the transformed ones were made of */
};

/* What one phase of a step leaves for the next, of each of the step's blocks. */
struct branches_batch {
    struct branches_weights partial[2];
};

/* The phases of a training step, and evaluation: model.h says how they are called. */
void branches_train_block(const struct step *step, void *scratch, int64_t unit);
void branches_update(const struct step *step, void *scratch, int64_t unit);
void branches_evaluate_block(const struct step *step, void *scratch, int64_t unit);

extern const struct model branches_model;

#endif
