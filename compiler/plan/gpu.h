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

/* One kernel of the device: kernels that do not depend on each other, side by side in one grid; or, with `fused`, one
 * after another in each block of threads, a barrier between them. */
typedef struct GpuLaunch {
    const char    *name;        /* "lenet_conv1_forward" */
    List(Kernel *) parts;
    int            threads;     /* the same of all parts */
    int64_t        shared;      /* bytes of dynamic shared memory: the most of them */
    List(const Buffer *) buffers;   /* of global memory that they read or write, each once */
} GpuLaunch;

typedef List(GpuLaunch *) GpuLaunches;

typedef struct GpuPlan {
    const Model   *model;
    const char    *title;       /* "layer by layer" */
    const char    *suffix;      /* of its files: "_cuda" */
    bool           fused;
    int            block;       /* samples of a block in PLACE_BATCH: GPU_LANES, or 1 */
    Program        train, evaluate;         /* they share buffers of the same name */
    List(Buffer *) weights;     /* in PyTorch's order; offsets and sizes in floats, each begins at 16 bytes */
    int64_t        weights_size;
    List(Buffer *) memory;      /* PLACE_BATCH */
    List(Buffer *) shared;      /* PLACE_SCRATCH of the fused step: a sample's, in shared memory */
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

/* Buffers for all that the kernels touch (gpu_memory.c). Where the plan is fused, gpu_fused.c has its own. */
void gpu_memory(Arena *arena, GpuPlan *plan);

/* The flat weights and the flat gradient of the parameters, in both programs. */
void gpu_weights(Arena *arena, GpuPlan *plan);

/* Gives kernels tuned code where a rule fits (gpu_tuned.c). */
void gpu_tune(Tuner *tuner);

/* Groups the kernels of the phase into launches: one for each level of what depends on what (gpu_launch.c). */
GpuLaunches gpu_launches(Arena *arena, const GpuPlan *plan, const Phase *phase, const char *prefix);

/* NULL, or what is wrong: a launch that reads what no earlier one has made, or that writes what another part of it
 * touches; a part with other threads than its launch. */
const char *gpu_verify(Arena *arena, const GpuPlan *plan);

/* The text of --emit=plan. */
void gpu_print(Text *text, const GpuPlan *plan);

/* "float", "int" or "uint8_t". */
const char *gpu_type(const Buffer *buffer);
/* Bytes of one element. */
int64_t gpu_bytes(const Buffer *buffer);

#endif
