/* What is asked of GPUs to make steps; for cuda_steps.c, and for bench, which wants a clock around each kernel. */
#ifndef NETC_CUDA_STEPS_H
#define NETC_CUDA_STEPS_H

#include "cuda_gpu.h"

/* Consecutive steps of an epoch that are made without looking at the device. */
struct cuda_run {
    int64_t first;                      /* position in the order of its first sample */
    int64_t steps;                      /* at most the device's run_steps */
    int64_t last;                       /* samples of the last step; the others have a whole batch */
    bool    plain;                      /* random transforms are left out */
};

/* The run that begins `done` steps into the stretch. */
struct cuda_run cuda_run_of(const struct cuda *cuda, const struct stretch *stretch, int64_t done);

/* A place in a memory of the device, of the type that kernels read. */
static inline void *place(const struct gpu *gpu, enum cuda_memory memory, size_t offset)
{
    return gpu->memory[memory] ? (void *)(uintptr_t)(gpu->memory[memory] + offset) : NULL;
}

/* What is uploaded for the samples from a position of the order on; NULL: the order of the file. */
struct cuda_stretch cuda_stretch_at(const struct order *order, int64_t first);

/* Tells a GPU which samples come, and how to make steps of them. */
bool gpu_upload_stretch(const struct gpu *gpu, const struct cuda_stretch *stretch, struct error *error);

/* The weight of all samples of a run. Where classes have weights, leaves the scale of each step for the next upload. */
double cuda_weigh_run(const struct cuda *cuda, const struct stretch *stretch, const struct cuda_run *run);

/* Finds the samples at the stretch's positions 0 .. count-1, and clears so many results. */
bool gpu_begin(const struct gpu *gpu, int64_t count, int64_t results, struct error *error);

/* Where the samples of a step that the GPU `g` has begin, among those of the run. */
int64_t cuda_step_offset(const struct cuda *cuda, int g, const struct cuda_run *run, int64_t index);

/* Step `index` of a run, as the GPU `g` sees it. */
struct cuda_step cuda_train_step(const struct cuda *cuda, int g, const struct cuda_run *run, int64_t index);

/* Piece `index` of an evaluation of `count` samples of a part. */
struct cuda_step cuda_evaluate_step(const struct cuda *cuda, int g, enum part part, int64_t index, int64_t count);

/* How many blocks of threads a kernel has in a step. */
int64_t cuda_blocks(const struct cuda_kernel *kernel, const struct cuda_step *step);

bool gpu_launch(const struct gpu *gpu, const struct cuda_kernel *kernel, struct cuda_function *function,
                const struct cuda_step *step, struct error *error);

/* Reads the first results. */
bool gpu_read_results(const struct gpu *gpu, int64_t results, struct error *error);

#endif
