/* Emitters of tuned kernels. Each prints the statements of its kernel's function; what they share stands in tuned.c. */
#ifndef NETC_CPU_TUNED_H
#define NETC_CPU_TUNED_H

#include "cpu/print.h"
#include "plan/tuned.h"

typedef struct Emitter {
    Text         *text;
    Arena        *arena;
    const Plan   *plan;
    const Kernel *kernel;
    Scope         scope;                /* reduced[] is set by store_results */
    int           depth;                /* levels that open_loop has opened */
} Emitter;

/* Prints a line that has one statement or one loop under it, and indents that. */
__attribute__((format(printf, 2, 3))) void open_loop(Emitter *e, const char *format, ...);
/* Ends the last `levels` of them. */
void close_loops(Emitter *e, int levels);

/* open_loop of `for (int name = 0; name < extent; name++)`; unrolled, so that arrays it indexes stay in registers. */
void open_count(Emitter *e, const char *name, int64_t extent);
void open_unrolled(Emitter *e, const char *name, int64_t extent);

/* The head of a loop in steps of `tile`: where that does not divide the extent, the last step begins early. */
const char *tile_head(Emitter *e, const char *name, int64_t extent, int64_t tile);

/* The same, of the loop that units can share as `cut` (tuned_cut): where they do, over the range that is this one's. */
const char *range_head(Emitter *e, const char *cut, const char *name, int64_t extent, int64_t tile);
/* The range, "y_range"; NULL where units do not share the loop. */
const char *range_name(const Emitter *e, const char *cut);

/* The name in C of a tensor that the kernel reads or makes, "w->" before a parameter's. */
const char *name_of(const Emitter *e, const Tensor *tensor);

/* "y0 + r" of names and numbers: how the generated code writes an index. Zero and one as a person would. */
const char *index_sum(Emitter *e, const char *a, const char *b);
const char *index_scale(Emitter *e, int64_t factor, const char *a);

/* The index of channel `c` of group g, of groups of `size`: c itself where there is one group. */
const char *channel_index(Emitter *e, int64_t groups, int64_t size, const char *c);

/* Prints what the kernel's nest stores, with `value` (and `place`, of a second reduction) in place of its reductions;
 * index[] says what stands for each axis that the names in `axes` call: the nest's own, "y", "x", "c" … */
typedef struct AxisText { const char *axis, *index; } AxisText;
void store_results(Emitter *e, const char *value, const char *place, const AxisText *axes, int count);

/* The functions of one of Winograd's forms: f4x5_input and so on; those that are in `parts`. */
enum { FORM_INPUT = 1, FORM_OUTPUT = 2, FORM_GRADIENT = 4, FORM_SCATTER = 8, FORM_TAPS = 16 };
void print_winograd_functions(Text *text, const Winograd *winograd, int parts);

/* "0.5f*tap[0] + tap[2]": the sum of factor[j] * value[j]. */
const char *winograd_sum(Arena *arena, const double *factor, int count, const char *value);

void print_conv(Emitter *e);
void print_conv_input(Emitter *e);
void print_conv_weight_lists(Emitter *e);
void print_conv_weight_blend(Emitter *e);
void print_linear_weight(Emitter *e);
void print_loss(Emitter *e);
void print_dense_weight(Emitter *e);
void print_winograd_weight(Emitter *e);
void print_pixel_conv(Emitter *e);
void print_pixel_weight(Emitter *e);
void print_dot(Emitter *e);

#endif
