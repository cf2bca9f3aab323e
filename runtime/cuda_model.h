/* The contract between generated CUDA code and the runtime, beside model.h: a `struct cuda_code` is one way to train the
 * model on a GPU, as CUDA C that is compiled at run time, and says which kernels make a step and on which memory. A model
 * may have several; the first one that fits the device is taken.
 *
 * Weights are flat as on the CPU, in a layout of its own: `parameters` says where PyTorch's elements stand in it. */
#ifndef NETC_CUDA_MODEL_H
#define NETC_CUDA_MODEL_H

#include "cuda_step.h"
#include "model.h"

/* Memory that kernels share, beside weights, state and dataset. For a step of n samples (at most the batch, or
 * eval_samples in evaluation) it has bytes + block_bytes * ceil(n / block) bytes. Zeroed once at the start. */
struct cuda_buffer {
    const char *name;                   /* "relu_1" */
    size_t      block_bytes, bytes;
};

/* A kernel: an extern "C" __global__ function of the source. Its parameters are a struct cuda_step and then a pointer
 * for each of `buffers`. In a step of n samples it is launched with units + block_units * ceil(n / samples) blocks of
 * `threads` threads. */
struct cuda_kernel {
    const char *name;                   /* "lenet_conv1_forward" */
    const char *parts;                  /* what it does: "conv2_backward_input, conv2_backward_weight" */
    int64_t     units, block_units;
    int         samples;                /* of a block, here */
    int         threads;
    size_t      shared_bytes;           /* dynamic shared memory */
    int64_t     sample_flop, step_flop; /* as of struct kernel */
    int64_t     sample_bytes, step_bytes;   /* of global memory, each array counted whole and once */
    const int  *buffers; int buffer_count;  /* indices into cuda_code's */
};

struct cuda_code {
    const char *name;                   /* "fused step", "layer by layer" */
    const char *file;                   /* "lenet_cuda.cu" */
    const char *source, *source_end;    /* its text; includes cuda_kernels.h */
    int         block;                  /* samples of a block, as struct cuda_buffer counts */
    int64_t     eval_samples;           /* most samples that are evaluated at once */

    const struct parameter *parameters; int parameter_count;    /* names and shapes as in the model's */
    int64_t     weights_size;           /* floats in the flat array, padding included */
    const struct cuda_buffer *buffers; int buffer_count;

    /* A step is these kernels in order. With `joined` the last one sums the gradient and applies the optimiser, unless
     * step.gradient asks for the gradient instead. Without, the gradient is in step.gradient after them. `update` applies
     * step.gradient, and adds up the step's results; so does the last kernel where it applies. Where gradients are clipped
     * it is always asked for the gradient, and before `update`, which clips, `norm` sums its squares; else that has no name. */
    const struct cuda_kernel *train; int train_count;
    bool        joined;
    struct cuda_kernel norm, update;

    const struct cuda_kernel *evaluate; int evaluate_count;     /* adds to step.result; fills step.logits */
};

/* Whether a step on so many GPUs has its gradient in memory, and a kernel that applies it. */
static inline bool cuda_updates_apart(const struct cuda_code *code, int gpus)
{
    return !code->joined || gpus > 1 || code->norm.name;
}

#endif
