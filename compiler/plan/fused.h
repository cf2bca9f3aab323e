/* The fused step: a block of threads takes one sample through the whole step, its activations and the weights in shared
 * memory. A part is a kernel whose points the threads of the block share; a barrier stands between levels of parts. */
#ifndef NETC_PLAN_FUSED_H
#define NETC_PLAN_FUSED_H

#include "plan/gpu.h"

enum {
    FUSED_GROUP = 128,              /* threads of four warps, one for each scheduler of a multiprocessor */
    FUSED_THREADS = 3 * FUSED_GROUP,    /* most of a block */
    FUSED_MEMORY = 227 << 10,       /* most shared memory that a block can have on any GPU */
    FUSED_STATIC = 2 << 10,         /* of it, what is kept free for what the compiler and the driver take */
    REDUCE_GROUPS = 8,              /* of samples, in a block of the reduction: a warp each, summed in order */
};

/* A convolution in the fused step. Of `conv`, rows x columns (and channels, forward) are what one thread makes. */
typedef struct FusedConv {
    ConvShape     conv;
    int64_t       split;            /* threads that share the sum over channels (sparse: over windows) */
    int64_t       items;            /* threads that there is work for */
    const Tensor *sums;             /* what these leave; NULL: split is 1 */
    const Tensor *places;           /* of each window of the pool, where in a plane of x the patch begins that it took */
} FusedConv;

/* What goes to global memory for the reduction. */
typedef struct FusedKeep {
    const Tensor *from, *to;        /* of one number of elements; `from` lies in its own order */
    int64_t       offset;           /* of a gradient: in `to`, the flat gradient of the sample; else 0 */
    bool          gradient;
    bool          padded;           /* its maker has filled the padding of the taps with zeros */
} FusedKeep;

/* A gradient that is the sum of dy[i] * x[j] over the samples. */
typedef struct FusedFactors { const Tensor *dy, *x; } FusedFactors;

/* Weights of a lane of the reduction, side by side, where a row of them has `columns`. */
static inline int fused_reduce_width(int64_t columns) { return columns % 4 == 0 ? 4 : 1; }

/* Threads that a part has work for, each with one item; 0 where threads share it in another way. */
int64_t fused_items(const Kernel *kernel);

/* ---- gpu_fused_rules.c: gives parts tuned code where a rule fits; a part may become two, one after another */
void fused_tune(Tuner *tuner);

/* What rules share. Costs count instructions. */
enum {
    FUSED_BARRIER = 80,
    FUSED_MOST_TAPS = 25,           /* of a kernel, whose weights stay in registers */
    FUSED_MOST_ROW = 32,            /* floats of a row in registers */
};

static inline int64_t conv_windows(const ConvShape *s) { return s->pooled[0] * s->pooled[1]; }
static inline int64_t conv_taps(const ConvShape *s)    { return s->kernel[0] * s->kernel[1]; }

/* What `items` of work take, each of `steps` rounds of loading and multiplying. */
double fused_cost(int64_t items, double instructions, int64_t steps);
/* Whether its windows are next to each other and its kernel is small, without groups. */
bool fused_is_dense(const ConvShape *s);
/* Makes the kernel one of `scheme` that reads nothing yet; returns its copy of the shape. */
FusedConv *fused_become(Tuner *tuner, Kernel *kernel, Scheme scheme, const FusedConv *shape);
/* A tensor for what threads that share a sum leave. */
Tensor *fused_sums(Tuner *tuner, const Kernel *kernel, int rank, const int64_t dim[]);
/* Adds the part that adds up what those of `kernel` have left, and does what its nest's stores say. */
void fused_add_sum(Tuner *tuner, Kernel *kernel, Scheme scheme, FusedConv *f);
/* "2 windows"; the note of a kernel: how many threads, `what` each has in registers, over what they share the sum. */
const char *fused_count(Tuner *tuner, int64_t count, const char *what);
const char *fused_note(Tuner *tuner, const FusedConv *f, const char *what, const char *shared);

/* ---- gpu_fused_conv.c: rules, true where they fit */
bool fused_conv(Tuner *tuner, Kernel *kernel);              /* conv2d */
bool fused_conv_pool(Tuner *tuner, Kernel *kernel);         /* max_pool2d, whose conv2d it takes in */
bool fused_conv_input(Tuner *tuner, Kernel *kernel);        /* conv2d_backward_input */

/* The tensor whose elements, in their order, are those of `tensor`: through flatten, which only copies. */
const Tensor *fused_flat(const Tuner *tuner, const Tensor *tensor);

/* ---- gpu_fused_memory.c */

/* Gives each part its level, and the launch its arrays. The buffers of shared memory are made here. */
void fused_memory(Arena *arena, GpuPlan *plan, Program *program, GpuLaunch *launch);

/* NULL, or what is wrong: an array that another one overwrites while it is needed; a part that reads what its own level
 * makes; arrays outside their memory. */
const char *fused_verify(Arena *arena, const GpuLaunch *launch);

#endif
