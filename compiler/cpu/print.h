/* What the files of the CPU back end share. */
#ifndef NETC_CPU_PRINT_H
#define NETC_CPU_PRINT_H

#include "c/print.h"

/* The head of a loop over the points of a range of the kernel's, whole tiles of a loop of `extent` points and what remains
 * beyond the last whole one; `type` is its counter's. */
const char *range_loop(Arena *arena, const char *type, const char *counter, const char *range, int64_t extent,
                       int64_t tile);

/* ---- kernel.c */

/* The kernel's function, with the comment above it. */
void kernel_print(Text *text, const Plan *plan, const Kernel *kernel);

/* ---- function.c */

/* "static KERNEL void conv1_forward(…)", typed by arrays. */
void print_signature(Text *text, const Plan *plan, const Kernel *kernel);

/* Its call, by RUN but for single samples. In a phase of blocks for the block `block`, and where several units share the kernel for the part
 * `part` of the block's; in the phase "weights" for the slice [first, end), or for tuned code's unit. */
void kernel_call(Text *text, const Kernel *kernel);

/* ---- block.c */

/* The functions that fill a block with its samples, and take its results. */
void print_block_functions(Text *text, const Plan *plan);

/* ---- source.c */

/* Members of a struct, each with the dimensions `copies` before its own. */
void print_members(Text *text, Buffer *const buffers[], int count, const char *copies);

/* The structs of the work of the kernels that have some; or, as `members`, a member for each. */
void print_work(Text *text, const Phase *phase, bool members);

/* ---- predict.c */

/* The struct of what it keeps, and its functions. */
void print_predict_header(Text *text, const Plan *plan);

/* The function that brings an image, bytes as the dataset has them or floats as its transforms left them, into the
 * program's input. */
void print_load_image(Text *text, const Plan *plan, const Program *program);

/* What stands behind an array's name in the address of its first element. */
const char *first_of(const Buffer *buffer);

/* ---- settings.c */

/* Adds a member to the row of a table, ", .parameters = 260", unless it is zero or says nothing. */
void add_int(Text *row, const char *member, int64_t value);
void add_string(Text *row, const char *member, const char *value);

/* ---- layers.c */

/* The struct of the layers' values, and the function that visits them. */
void print_layers_header(Text *text, const Plan *plan);

/* ---- phases.c */

/* "lenet_train_block": what the runtime calls for a unit of the phase, or of the evaluation. */
const char *phase_function(Arena *arena, const Plan *plan, const Phase *phase);

/* The optimiser's settings, which the phases "weights" and "update" use. */
void print_sgd(Text *text, const Plan *plan);

/* How a kernel writes them. */
static inline const char *sgd_c(const TrainSpec *train) { return cycles_momentum(train) ? "sgd_at(step)" : "sgd"; }

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

/* ---- settings.c */

/* The arrays that members of the struct model point to, and these members: what the data and train sections say. */
void print_setting_arrays(Text *text, const Model *model);
void print_settings(Text *text, const Model *model);

/* ---- one file each */
void print_header(Text *text, const Plan *plan);        /* NAME.h */
void print_source(Text *text, const Plan *plan);        /* NAME.c */
void print_tables(Text *text, const Plan *plan);        /* NAME_model.c */
void print_predict(Text *text, const Plan *plan);       /* NAME_predict.c */
void print_visit(Text *text, const Plan *plan);         /* NAME_layers.c */
void print_main(Text *text, const Plan *plan);          /* main.c */
void print_makefile(Text *text, const Plan *plan);      /* Makefile */

#endif
