/* What the files of the CPU back end share. */
#ifndef NETC_CPU_PRINT_H
#define NETC_CPU_PRINT_H

#include "base/text.h"
#include "plan/plan.h"

enum { LINE_WIDTH = 120 };

/* One statement or declaration, on as many lines as it takes; it is broken where its brackets are shallowest. */
__attribute__((format(printf, 2, 3))) void line_wrapped(Text *text, const char *format, ...);

/* ---- expression.c */

/* What stands for the parts of a nest's expressions. */
typedef struct Scope {
    Arena        *arena;
    const Kernel *kernel;
    const char   *reduced[MAX_REDUCE];  /* the variable of each reduction; NULL: its value stands in its place */
    bool          wide;                 /* indices are int64_t: some axis is too long for an int */
} Scope;

/* Whether the C expression has one value for each lane: never in a program of single samples. */
bool expr_is_vector(const Scope *scope, const Expr *e);

/* The expression in C, as it stands inside an operator that binds as tightly as `outer` (0: alone). */
const char *expr_c(const Scope *scope, const Expr *e, int outer);

/* The same as a vector, where the C expression is one value for all lanes; as it is in a program of single samples. */
const char *expr_lanes(const Scope *scope, const Expr *e, int outer);

/* The element of a tensor's buffer: conv1[y][x][c]. */
const char *element_c(const Scope *scope, const Tensor *tensor, Expr *const index[]);

/* "[24][24][10]" */
const char *buffer_dims(Arena *arena, const Buffer *buffer);

/* "vf", "vi" or "real"; of a single sample "real" or "int" */
const char *buffer_type(const Buffer *buffer);

/* Whether a variable says where the tile of a loop begins: not where one tile is the whole axis. */
bool loop_has_start(const Kernel *kernel, int loop);

/* The head of a loop over the points of a range of the kernel's, whole tiles of a loop of `extent` points and what remains
 * beyond the last whole one; `type` is its counter's. */
const char *range_loop(Arena *arena, const char *type, const char *counter, const char *range, int64_t extent,
                       int64_t tile);

/* ---- kernel.c */

/* The kernel's function, with the comment above it. */
void kernel_print(Text *text, const Plan *plan, const Kernel *kernel);

/* ---- function.c */

/* The comment above a kernel: layer and line of the spec, the arrays as they are stored, what is computed, what stays
 * in registers. */
void print_comment(Text *text, const Plan *plan, const Kernel *kernel);

/* "static KERNEL void conv1_forward(…)", typed by arrays. */
void print_signature(Text *text, const Plan *plan, const Kernel *kernel);

/* Its call, by RUN but for single samples. In a phase of blocks for the block `block`, and where several units share the kernel for the part
 * `part` of the block's; in the phase "weights" for the slice [first, end), or for tuned code's unit. */
void kernel_call(Text *text, const Kernel *kernel);

/* Whether the kernel applies the optimiser to the weight whose gradient it sums; whether weights have a history. */
static inline bool applies_update(const Kernel *kernel)
{
    return kernel->scheme == SCHEME_LINEAR_WEIGHT && kernel->all_blocks;
}

static inline bool has_history(const Kernel *kernel)
{
    return kernel->program->graph->model->train.sgd.momentum != 0;
}

/* ---- block.c */

/* The functions that fill a block with its samples, and take its results. */
void print_block_functions(Text *text, const Plan *plan);

/* factor and shift of each channel: byte * factor + shift = (byte / 255 - mean) / std. */
void print_normalize(Text *text, const Normalize *normalize, int64_t channels);

/* ---- source.c */

/* Members of a struct, each with the dimensions `copies` before its own. */
void print_members(Text *text, Buffer *const buffers[], int count, const char *copies);

/* The structs of the work of the kernels that have some; or, as `members`, a member for each. */
void print_work(Text *text, const Phase *phase, bool members);

/* ---- predict.c */

/* The struct of what it keeps, and its functions. */
void print_predict_header(Text *text, const Plan *plan);

/* ---- phases.c */

/* "lenet_train_block": what the runtime calls for a unit of the phase, or of the evaluation. */
const char *phase_function(Arena *arena, const Plan *plan, const Phase *phase);

/* The optimiser's settings, which the phases "weights" and "update" use. */
void print_sgd(Text *text, const Plan *plan);

/* It, with a comment. */
void print_phase(Text *text, const Plan *plan, const Phase *phase);

/* Whether each thread makes what plan->prepare makes for itself: of training and evaluation, or of the latter alone. */
bool prepares_in_scratch(const Plan *plan);

/* Whether gradients are summed from those of the blocks, or made whole by the phase "weights"; there may be both. */
static inline bool has_partial(const Plan *plan) { return plan->partial_size > 0; }
static inline bool has_whole(const Plan *plan)   { return plan->trained_size > plan->partial_size; }

/* The struct of a block's gradients: weights, or partial where it has not all of them. */
static inline const char *partial_type(const Plan *plan)
{
    return plan->partial_size < plan->weights_size ? "partial" : "weights";
}

/* ---- work.c */

/* What a kernel does: arithmetic for each sample and each step, the reals of the arrays that it reads and writes for each
 * block of samples and each step, and, of those that are bytes, the elements for each sample. */
typedef struct KernelWork {
    const char *name, *phase;
    int64_t     sample_flop, step_flop;
    int64_t     block_reals, step_reals, sample_bytes;
    bool        everywhere;             /* each thread does all of it */
} KernelWork;

typedef List(KernelWork) KernelWorks;

/* Of every function that the phases and the evaluation call by RUN, in the order of their KERNEL_ constants. */
const KernelWorks *kernel_works(Arena *arena, const Plan *plan);

/* ---- one file each */
void print_header(Text *text, const Plan *plan);        /* NAME.h */
void print_source(Text *text, const Plan *plan);        /* NAME.c */
void print_tables(Text *text, const Plan *plan);        /* NAME_model.c */
void print_predict(Text *text, const Plan *plan);       /* NAME_predict.c */
void print_main(Text *text, const Plan *plan);          /* main.c */
void print_makefile(Text *text, const Plan *plan);      /* Makefile */

/* The spec's file name without folders, fit for a comment. */
const char *spec_name(Arena *arena, const Source *source);

/* The number in the fewest digits that read back as the same, with a point or an exponent. */
const char *double_c(Arena *arena, double value);

/* A string literal of C. */
const char *c_string(Arena *arena, const char *value);

#endif
