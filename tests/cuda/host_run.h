/* A model's CUDA code on the device that the host plays: its memory is as large as the tables say, to the byte, and its
 * kernels are launched as the runtime launches them. */
#ifndef NETC_HOST_RUN_H
#define NETC_HOST_RUN_H

#include "data.h"
#include "host_launch.h"
#include "pipeline.h"

struct host_gpu {
    const struct model     *model;
    const struct cuda_code *code;
    const struct dataset   *data;
    struct host_module     *module;
    enum host_order         order;
    int64_t                 samples;    /* that the buffers have room for */
    float                  *weights, *state, *gradient;
    float                  *unset;      /* NaN for each weight: what a gradient is before it is computed */
    void                  **buffers;
    struct pipelines        pipelines;
    struct host_images      made;       /* of a step, where images are transformed */
    struct cuda_result      result;     /* of all steps since it was opened */
};

/* What a step is made of. */
struct host_step {
    const struct order *order;          /* of the epoch; NULL: of the file */
    int64_t             first, count;   /* positions there */
    int64_t             start, whole;   /* the step's on all devices together: its first position, its samples */
    double              lr, momentum;
    int                 index;          /* in its stretch */
    bool                fresh;          /* the stretch begins with the first step of all */
};

/* The code's kernels lie in FOLDER/NAME/ as the shared library of the .cu's name. Ends the program if that fails. */
struct host_gpu *host_gpu_open(const struct model *model, const struct cuda_code *code, const char *folder,
                               const struct dataset *data, int64_t samples, enum host_order order);
void host_gpu_close(struct host_gpu *gpu);

/* Weights in PyTorch's order. Setting them also forgets the optimiser's state. */
void host_gpu_set_weights(struct host_gpu *gpu, real *ordered);
void host_gpu_get_weights(struct host_gpu *gpu, real *ordered);

/* The gradient that host_gpu_gradient left, in PyTorch's order. */
void host_gpu_get_gradient(struct host_gpu *gpu, real *ordered);

/* A whole step. */
void host_gpu_train(struct host_gpu *gpu, const struct host_step *step);

/* The two halves of a step as several GPUs make it: the gradient of these samples alone; and, with the sum of all
 * gradients in gpu->gradient, the step of the weights. */
void host_gpu_gradient(struct host_gpu *gpu, const struct host_step *step);
void host_gpu_update(struct host_gpu *gpu, const struct host_step *step);

/* Evaluates the samples 0 .. count-1, in pieces; logits may be NULL. */
void host_gpu_evaluate(struct host_gpu *gpu, int64_t count, float *logits);

#endif
