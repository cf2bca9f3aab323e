/* What the files that print the fused step share. */
#ifndef NETC_CUDA_FUSED_H
#define NETC_CUDA_FUSED_H

#include "cuda/print.h"
#include "plan/fused.h"

/* ---- fused.c */

/* An element of a tensor in shared memory: relu_1[c][12*y + x] (Scope.element). */
const char *fused_element(const Scope *scope, const Tensor *tensor, Expr *const index[]);

/* The place of an element of a plane or of the one behind its end, as text: "relu_1[c][12*(y0 + r) + x0]"; `x` may be "0". */
const char *fused_row(const CudaEmitter *e, const Tensor *tensor, const char *c, const char *y, const char *x);

/* Floats at once (4, 2 or 1) in which rows of the tensor can be moved that begin at multiples of `step` of a row. */
int fused_vector(const CudaEmitter *e, const Tensor *tensor, int64_t step);

/* "for (int item = threadIdx.x; item < 360; item += 384) {", "if (item < 360) {" where one round is enough. */
void fused_open_items(const CudaEmitter *e, const char *item, int64_t items);

/* What the nest stores at the point that its axes' variables say. */
void fused_stores(const CudaEmitter *e);

/* "int c = item % 10;": part of a number that counts `inner` below it and has `count` values, times `step`; nothing where
 * there is one value. `outermost`: the number ends with it. */
const char *fused_digit(Arena *arena, const char *number, int64_t inner, int64_t count, bool outermost);

/* ---- fused_parts.c */
void fused_print_nest(CudaEmitter *e);
void fused_print_weights(CudaEmitter *e);
void fused_print_load(CudaEmitter *e);
void fused_print_bias(CudaEmitter *e);
void fused_print_linear(CudaEmitter *e);
void fused_print_loss(CudaEmitter *e);
void fused_print_keep(CudaEmitter *e);
void fused_print_logits(CudaEmitter *e);

/* ---- fused_conv.c */
void fused_print_conv(CudaEmitter *e);
void fused_print_conv_sum(CudaEmitter *e);
void fused_print_input(CudaEmitter *e);
void fused_print_input_sum(CudaEmitter *e);

/* ---- fused_weight.c */
void fused_print_weight(CudaEmitter *e);
void fused_print_places(CudaEmitter *e);
void fused_print_sparse(CudaEmitter *e);
void fused_print_unpool(CudaEmitter *e);
void fused_print_sparse_sum(CudaEmitter *e);

/* ---- fused_reduce.c: kernels of a launch side by side, as those of kernel.c */
void fused_print_reduce(CudaEmitter *e);
void fused_print_reduce_linear(CudaEmitter *e);
void fused_print_results(CudaEmitter *e);

/* ---- fused_step.c */

/* A part as a __device__ function. */
void fused_part_print(Text *text, const GpuPlan *plan, const Kernel *kernel);

/* The kernel that runs the parts, level by level. */
void fused_launch_print(Text *text, const GpuPlan *plan, const GpuLaunch *launch);

#endif
