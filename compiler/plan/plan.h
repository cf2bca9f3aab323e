/* The plan: who runs when, on which memory, in which layout, for one target. */
#ifndef NETC_PLAN_H
#define NETC_PLAN_H

#include "base/text.h"
#include "graph/graph.h"

static inline int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t least(int64_t a, int64_t b)     { return a < b ? a : b; }

/* ---- target.c */

/* A CPU that code is specialised for. Of doubles a vector holds as many, and is twice as long. */
typedef struct Target {
    const char *name;           /* avx2 */
    int         lanes;          /* samples side by side in one vector of floats */
    int         accumulators;   /* most vectors that a register tile sums in: leaves registers for what is multiplied */
    double      blend;          /* what choosing between two vectors by a mask takes, in multiply-adds of vectors */
    const char *cflags;         /* what the Makefile gives the compiler: -march=x86-64-v3 */
    const char *help;           /* one line */
} Target;

/* The target called `name`, or NULL; "native" is the one that suits the CPU at hand. */
const Target *target_find(const char *name);
const Target *target_native(void);

/* "native" and every target's name, ends with NULL: for nearest_name and for messages. */
extern const char *const target_names[];

/* ---- memory */

/* Where a buffer lies. A double build has the same buffers, of twice the size. */
typedef enum Place {
    PLACE_WEIGHTS,      /* a parameter: in the flat weights */
    PLACE_SCRATCH,      /* the running thread's, lost when its unit ends */
    PLACE_BATCH,        /* one for each block of the step, in step->batch: a later phase reads it */
    PLACE_PARTIAL,      /* a gradient: one for each block, in step->batch; the update sums them */
    PLACE_GRADIENT,     /* a gradient: one for the step, in step->batch, made by the phase "weights" */
    PLACE_APPLIED,      /* a gradient that has no memory: the kernel that sums it updates the weights at once */
    PLACE_STEP,         /* of weights, for all blocks: one for the step, in step->batch, made by its first phase */
} Place;

/* The memory of a tensor. Offset and size count reals; an element of a per-sample tensor takes `lanes` of them (an
 * integer is as wide as a real), or one where the program computes a single sample. */
typedef struct Buffer {
    const char   *name;                 /* in C: the tensor's, changed where that is a word of C or of the runtime */
    const Tensor *tensor;               /* of the training graph, or of the evaluation's where only that has it */
    Place         place;
    bool          single;               /* of one sample: an element is a plain number, no vector */
    int           rank;
    int           order[MAX_RANK];      /* the stored dimension i (0: outermost) is the tensor's dimension order[i] */
    int64_t       dim[MAX_RANK];        /* as stored */
    int64_t       offset;               /* in weights, scratch or batch; of a gradient: as in the weights */
    int64_t       size;                 /* of one; PLACE_BATCH has one for each block, side by side */
    bool          packed;               /* begins at a whole vector, and so does each row: rows end with padding. On a
                                           GPU: the two last dimensions of a convolution's weight are one, padded */
    bool          bytes;                /* of integers, on a GPU: each is a byte */
    int64_t       pitch;                /* in shared memory: an image is [channel][pitch * row + column]; 0: as it is */
} Buffer;

/* A parameter of two dimensions that a kernel wants in memory with one of its choice innermost, padded to whole vectors;
 * its gradient likewise. */
typedef struct Packing {
    const Tensor *parameter, *gradient;
    int           innermost;
} Packing;

/* ---- code */

/* The buffers of a graph's tensors, by tensor id; NULL where no kernel touches the tensor. */
typedef struct Program {
    Graph   *graph;
    Buffer **buffer;
    bool     single;                    /* it computes one sample: its kernels are printed without vectors of samples */
} Program;

/* A loop over an axis, in steps of `tile`. The points of a step are unrolled inside the reduction, each with
 * accumulators of its own. Where the tile does not divide the extent, the last step starts earlier and computes some
 * points again. */
typedef struct Loop {
    const Axis *axis;
    int64_t     tile;
} Loop;

/* An array that a kernel uses while it runs, in the memory that all kernels of a thread share. */
typedef struct Work {
    const char *type;                   /* "vf", "real" … */
    const char *name;                   /* how the kernel calls it */
    int         rank;
    int64_t     dim[6];
    const char *what;                   /* for the comment: half a line, or NULL */
} Work;

/* A loop that several units can share, each with a range of its points to itself: whole tiles, and in the last range
 * what remains beyond the last whole one. */
typedef struct Cut {
    const char *name;                   /* of its counter: "y" */
    int64_t     extent, tile;
    int64_t     parts;                  /* ranges; 1: it is not shared */
} Cut;

enum { MAX_CUTS = 3 };

/* What writes the function (tuned.h). */
typedef enum Scheme {
    SCHEME_NEST,                        /* the kernel's nest, printed loop by loop */
    SCHEME_CONV,                        /* ConvShape: conv2d, its bias, what becomes of each result, and a max_pool2d */
    SCHEME_CONV_INPUT,                  /* ConvShape: the gradient of its input, through the pool */
    SCHEME_CONV_WEIGHT_LISTS,           /* ConvWeightShape: the gradient of its weight, a sample at a time */
    SCHEME_CONV_WEIGHT_BLEND,           /* ConvWeightShape: the same, samples side by side */
    SCHEME_LINEAR_WEIGHT,               /* LinearWeight: the gradient of a linear layer's weight; with all_blocks it
                                           applies the optimiser as well */
    SCHEME_LOSS,                        /* LossShape: softmax with cross-entropy and its gradient */
    SCHEME_DENSE_WEIGHT,                /* DenseWeightShape: the gradient of its weight, channels side by side */
    SCHEME_WINOGRAD_WEIGHT,             /* WinogradWeight: a weight as Winograd's convolution wants it */
    SCHEME_PIXEL_CONV,                  /* PixelConv: the convolution of a single image, with bias and max_pool2d */
    SCHEME_PIXEL_WEIGHT,                /* PixelWeight: a weight as that wants it */
    SCHEME_DOT,                         /* DotShape: linear, of a single sample */
    SCHEME_GPU_LOAD,                    /* no shape, no nest: the images of the samples, as numbers */
    SCHEME_GPU_CONV,                    /* GpuConv (gpu_tuned.h): conv2d, bias, what becomes of each result, max_pool2d */
    SCHEME_GPU_CONV_INPUT,              /* GpuConvInput: the gradient of its input, through the pool */
    SCHEME_GPU_CONV_WEIGHT,             /* GpuConvWeight: partial sums of the gradients of its weight and bias */
    SCHEME_GPU_LINEAR,                  /* GpuLinear: linear, or the gradient of its input */
    SCHEME_GPU_CLASSIFY,                /* GpuClassify: linear, softmax, loss, and the gradient of the linear's input */
    SCHEME_GPU_LINEAR_WEIGHT,           /* GpuLinearWeight: the gradients of its weight and bias, applied at once */
    SCHEME_GPU_SUM,                     /* GpuSum, no nest: sums partial gradients, and applies them */
    SCHEME_GPU_STEP_RESULTS,            /* no shape, no nest: the same sums as the next, at the end of a step */
    SCHEME_GPU_RESULTS,                 /* no shape, no nest: sums of losses and hits; the logits, for the host */
    /* Of the fused step (fused.h); "sum" adds up what the threads that shared a sum have left. */
    SCHEME_FUSED_WEIGHTS,               /* no shape, no nest: the weights, into shared memory */
    SCHEME_FUSED_LOAD,                  /* the image of the sample */
    SCHEME_FUSED_CONV, SCHEME_FUSED_CONV_SUM,       /* FusedConv: as SCHEME_CONV; with `places` also what PLACES does */
    SCHEME_FUSED_INPUT, SCHEME_FUSED_INPUT_SUM,     /* FusedConv: the gradient of its input */
    SCHEME_FUSED_WEIGHT,                /* FusedConv: the gradient of its weight, dense */
    SCHEME_FUSED_PLACES,                /* FusedConv: where in its input the windows of the pool took their elements */
    SCHEME_FUSED_SPARSE, SCHEME_FUSED_SPARSE_SUM,   /* FusedConv: the gradient of its weight, of these alone */
    SCHEME_FUSED_UNPOOL,                /* FusedConv: the gradient of a max_pool2d's input, a window a thread */
    SCHEME_FUSED_BIAS,                  /* the nest of conv2d_backward_bias, a warp a channel */
    SCHEME_FUSED_LINEAR,                /* the tensor that it reads: the nest of linear, a warp an output */
    SCHEME_FUSED_LOSS,                  /* LossShape, by one warp */
    SCHEME_FUSED_KEEP,                  /* FusedKeep: what the reduction needs, to global memory */
    SCHEME_FUSED_LOGITS,                /* no shape, no nest: the logits, for the host */
    SCHEME_FUSED_REDUCE,                /* no shape, no nest: sums the samples' gradients, applies the optimiser */
    SCHEME_FUSED_REDUCE_LINEAR,         /* FusedFactors: the gradient of a linear layer's weight, likewise */
    SCHEME_FUSED_RESULTS,               /* no shape, no nest: sums of losses and hits */
    SCHEMES
} Scheme;

/* How a GPU runs a kernel: one block of `threads` threads for each of its units + block_units * ceil(n / samples) units,
 * in a step of n samples. */
typedef struct Launch {
    int64_t units, block_units;
    int     samples;                    /* of a block, here */
    int     threads;
    int64_t shared;                     /* bytes of dynamic shared memory */
    int     first;                      /* of a fused launch: the thread that has the first point */
} Launch;

/* One function: a nest, with the loops as they are written, or tuned code that does the work of one or more. */
typedef struct Kernel Kernel;
struct Kernel {
    const char    *name;                /* unique in the plan, unless `same` is set */
    const Program *program;
    const Node    *node;
    const Nest    *nest;                /* that makes the results; tuned code takes its stores' expressions from it */
    Scheme         scheme;              /* SCHEME_NEST, or which tuned code */
    const void    *shape;               /* what that needs to know: its struct in tuned.h */
    const char    *note;                /* of tuned code: why its tile is what it is, lines of the comment; or NULL */
    List(const Node *) absorbed;        /* further nodes whose work it does, in the order of the graph */
    List(Work)     work;
    List(const Tensor *) loads;         /* what it reads, each once, in the order in which it is written in the nest */
    List(const Tensor *) stores;        /* what it makes */
    Loop           over[MAX_OVER];      /* outermost first */
    const Axis    *fold[MAX_FOLD];      /* outermost first */
    int64_t        tile;                /* points in a register tile: the product of the loops' tiles */
    bool           all_blocks;          /* sums over every block of the step (phase "weights") */
    int64_t        slice;               /* with all_blocks: points of over[0] that one unit computes (SCHEME_LINEAR_WEIGHT:
                                           rows, of one tile's vectors) */
    Cut            cut[MAX_CUTS];       /* loops that units can share, outermost first */
    int            cuts;
    int64_t        first_unit, units;   /* of its own: of the phase's with all_blocks, else of those of each block; no
                                           units: it runs in the one that all such kernels of its phase share */
    const Kernel  *same;                /* of the evaluation: the training's kernel that does the same; NULL: none */
    Launch         launch;              /* on a GPU (gpu.h) */
    int            level;               /* in a fused launch: it runs beside the others of its level, after those before */
};

/* Whether a unit of the kernel is tiles of a linear layer's weight, over all blocks; and whether it applies the optimiser to
 * them at once, as it does unless gradients are clipped. */
static inline bool has_tiles(const Kernel *kernel)
{
    return kernel->scheme == SCHEME_LINEAR_WEIGHT && kernel->all_blocks;
}

static inline bool applies_update(const Kernel *kernel)
{
    return has_tiles(kernel) && kernel->program->graph->model->train.clip_grad_norm == 0;
}

typedef enum PhaseKind {
    PHASE_BLOCKS,       /* a unit is a block of samples, or a part of the work on one */
    PHASE_WEIGHTS,      /* a unit is a slice of the result of one kernel, over all blocks */
    PHASE_GRADIENT,     /* a unit is a slice of the flat weights: sums its gradient, and the squares of that; where
                           gradients are clipped by their norm, as are the next two */
    PHASE_NORM,         /* one unit: the norm of all, and what they are multiplied by */
    PHASE_UPDATE,       /* a unit is a slice of the flat weights: sums its gradient, applies the optimiser */
} PhaseKind;

typedef struct Phase {
    PhaseKind   kind;
    const char *name;
    int64_t     units;                  /* at a full batch; 0: as many as there are samples (evaluation) */
    int64_t     step_units;             /* PHASE_BLOCKS: units that make what plan->prepare makes, in PLACE_STEP; first */
    int64_t     block_units;            /* PHASE_BLOCKS: units of each block; the first one runs all kernels that have
                                           none of their own */
    bool        loads, stores;          /* PHASE_BLOCKS: that first unit loads the block; stores its results */
    bool        joined;                 /* PHASE_BLOCKS: that first unit is one of a kernel's own as well */
    bool        everywhere;             /* of the update: each thread does it all, on weights and state of its own */
    List(Kernel *) kernels;             /* in the order in which they run */
} Phase;

/* Whether a unit of each block runs what has no unit of its own. */
bool phase_has_rest(const Phase *phase);

enum { UPDATE_SLICE = 1024 };           /* weights that a unit of the phase "update" updates */

/* The logits of one image: what the evaluation does without its loss, and with lanes that are no samples. Its memory is
 * its own: each tensor in its own order, channel by channel, row by row. */
typedef struct Prediction {
    Program        program;
    Phase         *phase;               /* its kernels, in the order in which they run */
    List(Kernel *) prepare;             /* as the plan's: run once for each set of weights */
    List(Buffer *) scratch;             /* what it keeps, weights in another form included */
    int64_t        scratch_size;        /* in reals; work not included */
} Prediction;

typedef struct Plan {
    const Target *target;
    const Model  *model;
    Program       train, evaluate;      /* they share buffers of the same name */
    int64_t       blocks;               /* of a full batch */
    List(Buffer *) weights;             /* in the order of the flat array: gradients summed from the blocks' partial
                                           ones first, then those of the phase "weights", then those that it updates
                                           itself, then untrained parameters */
    List(Buffer *) scratch;
    List(Buffer *) batch;               /* PLACE_BATCH; after them come PLACE_STEP, the partial gradients, the gradient */
    List(Buffer *) once;                /* PLACE_STEP */
    int64_t       weights_size, scratch_size, batch_size;   /* in reals */
    int64_t       partial_size;         /* leading weights whose gradients are PLACE_PARTIAL */
    bool          everywhere;           /* the update is done everywhere: partial gradients have a half for steps of
                                           either parity */
    int64_t       trained_size;         /* leading weights that the phase "update" changes */
    List(Packing) packed;
    int64_t       work_size;            /* at the end of the scratch: the largest need of a kernel, in reals */
    List(Kernel *) prepare;             /* make what kernels want of the weights in another form: each thread runs them
                                           when the weights have changed, into its scratch; with step_units, units of
                                           the first phase run those of training */
    List(Phase *) phases;               /* of a training step, a barrier between them */
    Phase        *evaluation;           /* PHASE_BLOCKS */
    Prediction    predict;              /* of the evaluation's graph */
    Prediction    layers;               /* of one with the values of all layers (graph_of_layers), nest by nest */
} Plan;

/* Whether gradients are clipped by the norm of all of them. */
static inline bool plan_clips(const Plan *plan) { return plan->model->train.clip_grad_norm > 0; }

/* Whether the step has a flat gradient in its memory: made by the phase "weights", or because it is clipped. */
static inline bool keeps_gradient(const Plan *plan)
{
    return plan->trained_size > plan->partial_size || plan_clips(plan);
}

/* Slices of the flat weights, each with gradients of one kind. */
static inline int64_t update_slices(const Plan *plan)
{
    return divide_up(plan->partial_size, UPDATE_SLICE) + divide_up(plan->trained_size - plan->partial_size, UPDATE_SLICE);
}

/* Whether the phase of all blocks was taken apart, and what plan->prepare makes for training is made once a step. */
static inline bool plan_is_split(const Plan *plan)
{
    return plan->phases.count > 1 && plan->phases.at[1]->kind == PHASE_BLOCKS;
}

/* ---- plan.c */

/* What the command line says of it. */
typedef struct PlanOptions {
    bool plain;                         /* a nest for each kernel */
    unsigned without;                   /* techniques left out: bit 1 << Technique */
    int64_t units;                      /* that the large phases are cut into, where they have fewer blocks; 0: none is */
} PlanOptions;

/* What makes code faster and can be left out, to see what it brings: tuned.c has the list, with a line of help each. */
typedef enum Technique {
    TECHNIQUE_WINOGRAD, TECHNIQUE_CONV, TECHNIQUE_CONV_INPUT, TECHNIQUE_CONV_WEIGHT, TECHNIQUE_DENSE_WEIGHT,
    TECHNIQUE_LINEAR, TECHNIQUE_LOSS, TECHNIQUE_PREDICT, TECHNIQUE_FUSED, TECHNIQUES
} Technique;

/* By technique; technique_names ends with NULL. */
extern const char *const technique_names[TECHNIQUES + 1], *const technique_help[TECHNIQUES];

static inline bool takes(const PlanOptions *options, Technique technique)
{
    return !options->plain && !(options->without >> technique & 1);
}

/* Plans training by `train` and evaluation by `evaluate`, two graphs of one model with data and train sections. The
 * plan is verified; a failure is an internal error (status 70). */
Plan *plan_build(Arena *arena, const Model *model, Graph *train, Graph *evaluate, const Target *target,
                 const PlanOptions *options);

/* The evaluation calls training's function where that is the same, and else has one of another name. */
void phase_share_kernels(Arena *arena, const Phase *training, Phase *evaluation);

/* ---- kernel.c */

/* The kernel of a nest, its loops not scheduled yet. */
Kernel *kernel_new(Arena *arena, const Program *program, const Node *node, const Nest *nest);

/* Whether two kernels would be the same function: the same loops and expressions, or the same tuned code, over buffers
 * that look the same. */
bool kernel_same(const Kernel *a, const Kernel *b);

/* The tensors that the kernel reads, then those that it makes; how many these are. */
const Tensor *kernel_operand(const Kernel *kernel, int i);
static inline int kernel_operands(const Kernel *kernel) { return kernel->loads.count + kernel->stores.count; }

bool kernel_reads(const Kernel *kernel, const Tensor *tensor);
bool kernel_makes(const Kernel *kernel, const Tensor *tensor);

/* Adds what `e` reads to the kernel's loads; a load of a tensor. Constants stand in the code: they are no loads. */
void kernel_add_loads(Arena *arena, Kernel *kernel, const Expr *e);
void kernel_add_load(Arena *arena, Kernel *kernel, const Tensor *tensor);

/* Operations on one sample, as the plain nests count them, whether or not tuned code needs all of that. */
int64_t kernel_flop(const Kernel *kernel);

/* Whether the kernel is there for another one of its node, which counts. */
bool kernel_helps(const Kernel *kernel);

/* Whether `axis` stands in `expr`. */
bool expr_uses(const Expr *expr, const Axis *axis);

/* The buffer of a tensor that the kernel reads or writes. */
static inline const Buffer *kernel_buffer(const Kernel *kernel, const Tensor *tensor)
{
    return kernel->program->buffer[tensor->id];
}

/* ---- predict.c */

/* Plans the prediction of single images; all else is planned. */
void plan_predict(Arena *arena, Plan *plan, const PlanOptions *options);

/* Plans the plain forward pass of a single image, in which each layer's value can be looked at. */
void plan_layers(Arena *arena, Plan *plan);

/* ---- schedule.c */

/* Chooses the order and the tiles of the kernel's loops; the buffers of its program are known. Without a target no loop
 * has a tile. */
void kernel_schedule(Kernel *kernel, const Target *target);

/* ---- units.c */

enum { MOST_UNITS = 1024 };             /* that can be asked for */

/* Takes the phase of all blocks apart, where it has fewer than `units` and large kernels that units can share: returns
 * the phases that come in its place, with their kernels; the units are numbered later. */
typedef List(Phase *) Phases;
Phases units_split(Arena *arena, const Plan *plan, Phase *blocks, int64_t units);

/* Gives the kernels of such a phase their units, when their loops are scheduled. */
void units_number(Arena *arena, const Plan *plan, Phase *phase, int64_t units);

/* ---- memory.c */

/* Elements of a tensor: of one sample, where it is per sample. */
int64_t tensor_elements(const Tensor *tensor);

/* What a tensor called `name` is called in C: changed where `is_taken` says that the code has that word for itself, and to
 * nothing that another tensor of the two graphs is called. The same for the same name in both. */
const char *tensor_name_in_c(Arena *arena, const Graph *train, const Graph *evaluate, bool (*is_taken)(const char *name),
                             const char *name);

/* Gives every tensor that the kernels of the plan's phases touch its buffer. Gradients of the phase "weights" are the
 * step's, others a block's; what that phase reads is kept for each block. */
void plan_memory(Arena *arena, Plan *plan);

/* Gives each tensor of a prediction of the plan's its buffer; parameters have the evaluation's. */
void plan_predict_memory(Arena *arena, const Plan *plan, Prediction *predict);

/* ---- print.c */

/* The text of --emit=plan. */
void plan_print(Text *text, const Plan *plan);

/* Reals of all partial gradients together. */
static inline int64_t partials_size(const Plan *plan)
{
    return plan->partial_size * plan->blocks * (plan->everywhere ? 2 : 1);
}

/* Reals of the flat gradient of the step; where it is clipped, of the squares of its slices and the factor too. */
static inline int64_t gradient_size(const Plan *plan)
{
    return (keeps_gradient(plan) ? plan->weights_size : 0) + (plan_clips(plan) ? update_slices(plan) + 1 : 0);
}

/* ---- verify.c */

/* NULL, or what is wrong: a kernel that reads what has not been written, or what was another thread's scratch; buffers
 * that overlap or stand outside their memory; units that do not cover their work, or do part of it twice; loops that
 * are not the nest's; a tile over an axis that a guard depends on. */
const char *plan_verify(Arena *arena, const Plan *plan);

#endif
