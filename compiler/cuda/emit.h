/* The CUDA back end: a plan for GPUs as CUDA C. */
#ifndef NETC_CUDA_EMIT_H
#define NETC_CUDA_EMIT_H

#include "c/print.h"
#include "plan/gpu.h"

/* Adds the sources: for each plan its kernels as CUDA C (NAME_cuda.cu …), and NAME_cuda.c, the tables that the runtime
 * reads, which embeds them. The heads of the files are as those of the CPU's. */
void cuda_emit(Arena *arena, const Model *model, const GpuPlans *plans, const char *command_line, Files *files);

#endif
