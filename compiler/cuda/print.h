/* What the files of the CUDA back end share. */
#ifndef NETC_CUDA_PRINT_H
#define NETC_CUDA_PRINT_H

#include "c/nest.h"
#include "plan/gpu.h"

/* ---- kernel.c */

/* What an emitter of tuned code prints with; its statements are the body of a function of (step, unit, buffers). */
typedef struct CudaEmitter {
    Text          *text;
    Arena         *arena;
    const GpuPlan *plan;
    const Kernel  *kernel;
    Scope          scope;
} CudaEmitter;

/* The kernel's function, a __device__ one: the comment, the signature, the body. */
void cuda_kernel_print(Text *text, const GpuPlan *plan, const Kernel *kernel);

/* The parameter for a buffer of global memory: "const float (*relu_1)[10][12][12][LANES]". */
const char *cuda_parameter(Arena *arena, const GpuPlan *plan, const Buffer *buffer, bool written);

/* "step, unit, conv1, relu_1": the arguments of the kernel's function. */
const char *cuda_arguments(Arena *arena, const Kernel *kernel, const char *unit);

/* How an element of a tensor is written (Scope.element). */
const char *cuda_element(const Scope *scope, const Tensor *tensor, Expr *const index[]);

/* Whether it reads parameters, or makes their gradients. */
bool cuda_reads_weights(const Kernel *kernel);
bool cuda_makes_gradient(const Kernel *kernel);

/* How a kernel calls for the optimiser's settings. */
static inline const char *cuda_optimizer(const GpuPlan *plan)
{
    return cycles_momentum(&plan->model->train) ? "optimizer(step)" : "optimizer()";
}

/* ---- source.c: NAME_cuda.cu */
void cuda_print_source(Text *text, const GpuPlan *plan);

/* ---- tables.c: NAME_cuda.c */
void cuda_print_tables(Text *text, const Model *model, const GpuPlans *plans);

/* Whether the nth launch is the first one of its name: the evaluation's may be one of training's. */
bool cuda_launch_is_new(const GpuPlan *plan, const GpuLaunch *launch);

#endif
