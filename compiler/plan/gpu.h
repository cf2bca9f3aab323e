/* The plan for a GPU: which kernels make a step, which of them share a launch, on which memory.
 *
 * Kernels are those of plan.h: nests, or tuned schemes. A lane is a sample: in global memory a per-sample tensor is stored as
 * [block of 32 samples][its own dimensions][lane], so that a warp reads 32 neighbours whatever the shape. A program is
 * `single`: what a thread computes is printed as for one sample. */
#ifndef NETC_PLAN_GPU_H
#define NETC_PLAN_GPU_H

#include "plan/tuned.h"

enum {
    GPU_LANES = 32,             /* threads of a warp: samples of a block */
    GPU_THREADS = 256,          /* of a block, where a kernel has no reason for another number */
    GPU_WARPS = GPU_THREADS / GPU_LANES,
};

/* An array of a fused launch, in the dynamic shared memory of a block of threads. Arrays that are not needed at the same
 * levels may lie at the same place. */
typedef struct SharedArray {
    const Tensor *tensor;
    const Buffer *buffer;
    int64_t       offset, bytes;        /* whole 16 bytes */
    int           first, last;          /* levels: it is made in the first one, and read for the last time in the last */
} SharedArray;

/* One kernel of the device: kernels that do not depend on each other, side by side in one grid; or, with `fused`, the parts
 * of one block of threads for each sample, one after another, a barrier between those of different levels. */
typedef struct GpuLaunch {
    const char    *name;        /* "lenet_conv1_forward" */
    List(Kernel *) parts;
    int            threads;     /* the same of all parts */
    int64_t        shared;      /* bytes of dynamic shared memory: the most of them */
    List(const Buffer *) buffers;   /* of global memory that they read or write, each once */
    bool           fused;
    List(SharedArray) arrays;
    bool           clears;      /* rows of an array have padding: shared memory is zero at the start, where level 0 makes
                                   nothing. Of such a row the compiler may load the padding too, 16 bytes at once */
} GpuLaunch;

typedef List(GpuLaunch *) GpuLaunches;

typedef struct GpuPlan {
    const Model   *model;
    const char    *title;       /* "layer by layer" */
    const char    *suffix;      /* of its files: "_cuda" */
    bool           fused;           /* the first launches of training and of evaluation are */
    int            block;       /* samples of a block in PLACE_BATCH: GPU_LANES, or 1 */
    Program        train, evaluate;         /* they share buffers of the same name */
    List(Buffer *) weights;     /* in PyTorch's order, but with `fused` those last whose gradients the reduction forms of
                                   factors; offsets and sizes in floats; gpu_alignment */
    int64_t        weights_size;
    int64_t        partial_size;    /* with `fused`: leading weights whose gradients the samples leave */
    List(Buffer *) memory;      /* PLACE_BATCH, of each block of samples; PLACE_STEP, one for the step */
    Phase         *step, *evaluation;       /* all kernels, in order */
    GpuLaunches    train_launches, evaluate_launches;
    bool           joined;      /* the last launch of training sums the gradient and applies it; else all launches leave it
                                   in the flat gradient, which the runtime has updated */
    int64_t        eval_samples;            /* most that evaluation takes at once */
} GpuPlan;

typedef List(GpuPlan *) GpuPlans;

/* All ways to train the model on a GPU, the best first. Graphs of their own: plans add tensors to them. Verified; a
 * failure is an internal error (status 70). */
GpuPlans gpu_plans(Arena *arena, Model *model, const PlanOptions *options);

/* ---- the stages, each in its file */

/* Buffers for all that the kernels touch (gpu_memory.c). A fused plan has its own (fused.h). */
void gpu_memory(Arena *arena, GpuPlan *plan);

/* The flat weights and the flat gradient of the parameters, in both programs. `products`: of a fused step, the kernels of
 * the reduction that form gradients of factors; else NULL. */
void gpu_weights(Arena *arena, GpuPlan *plan, const Phase *products);

/* The kernels of both programs, as nests. */
GpuPlan *gpu_plan_new(Arena *arena, Model *model, const char *title, const char *suffix, bool plain);
/* Room for the buffers of all tensors, the plan's own included. */
void gpu_buffer_tables(Arena *arena, GpuPlan *plan);
/* A kernel that is no node's: its scheme says all. */
Kernel *gpu_kernel_alone(Arena *arena, const Program *program, const char *name, Scheme scheme);
/* A name for the tensor that C, CUDA and the kernels do not keep for themselves. */
const char *gpu_name(Arena *arena, const GpuPlan *plan, const char *name);
/* Whether every integer that the kernel's nest stores there fits a byte: the places in a window. */
bool gpu_fits_byte(const Kernel *kernel, const Tensor *tensor);

/* The fused step, or NULL where it does not fit or would not pay (gpu_fused.c). */
GpuPlan *fused_plan(Arena *arena, Model *model, const PlanOptions *options);

/* Gives kernels tuned code where a rule fits (gpu_tuned.c). */
void gpu_tune(Tuner *tuner);

/* Adds the kernels that sum each gradient and apply it, and one that adds up the results: they are the last launch
 * (gpu_tuned_last.c). The plan is `joined`. */
void gpu_join(Tuner *tuner);

/* Whether the buffer is memory of its own, which launches get as a parameter. */
static inline bool gpu_in_memory(const Buffer *buffer)
{
    return buffer->place == PLACE_BATCH || buffer->place == PLACE_STEP;
}

/* Groups the kernels of the phase into launches: one for each level of what depends on what (gpu_launch.c). */
GpuLaunches gpu_launches(Arena *arena, const GpuPlan *plan, const Phase *phase, const char *prefix);

/* Adds a part to a launch, with what it reads and writes in global memory. */
void gpu_launch_add(Arena *arena, GpuLaunch *launch, Kernel *kernel);

/* NULL, or what is wrong: a launch that reads what no earlier one has made, or that writes what another part of it
 * touches; a part with other threads than its launch. */
const char *gpu_verify(Arena *arena, const GpuPlan *plan);

/* The text of --emit=plan. */
void gpu_print(Text *text, const GpuPlan *plan);

/* Floats that the places of weights are multiples of: 16 bytes; where a block of threads copies all of them, the 32 that
 * GPUs move at once. */
int64_t gpu_alignment(const GpuPlan *plan);
/* Whether the kernel is tuned code: no nest, and not what every plan has. */
bool gpu_is_tuned(const Kernel *kernel);

/* "float", "int" or "uint8_t". */
const char *gpu_type(const Buffer *buffer);
/* Bytes of one element. */
int64_t gpu_bytes(const Buffer *buffer);

#endif
