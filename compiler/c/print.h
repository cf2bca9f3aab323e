/* How C is written: lines, literals, expressions, nests, comments. The back ends share it. */
#ifndef NETC_C_PRINT_H
#define NETC_C_PRINT_H

#include "base/text.h"
#include "plan/plan.h"

enum { LINE_WIDTH = 120 };

typedef struct File {
    const char *name;       /* without a folder: lenet.c */
    const char *text;
    size_t      size;
} File;

typedef List(File) Files;

/* ---- text.c */

/* One statement or declaration, on as many lines as it takes; it is broken where its brackets are shallowest. */
__attribute__((format(printf, 2, 3))) void line_wrapped(Text *text, const char *format, ...);

/* The spec's file name without folders, fit for a comment. */
const char *spec_name(Arena *arena, const Source *source);

/* The number in the fewest digits that read back as the same, with a point or an exponent. */
const char *double_c(Arena *arena, double value);

/* A string literal of C. */
const char *c_string(Arena *arena, const char *value);

/* Two arrays of each channel: byte * factor + shift = (byte / 255 - mean) / std. `type` stands before their names, `cast`
 * before each number. */
void print_normalize(Text *text, const char *type, const char *cast, const Normalize *normalize, int64_t channels);

/* An array for each constant of the graph, where it has some: `type` stands before its name, `cast` before each number. */
void print_constants(Text *text, const char *type, const char *cast, const Graph *graph);

/* The head of a file: which net this is, how the file was made, and `what` it holds; a Makefile's without it. */
void print_head(Text *text, const Model *model, const char *target, const char *what, const char *command_line);

/* ---- expression.c */

/* What stands for the parts of a nest's expressions. */
typedef struct Scope Scope;
struct Scope {
    Arena        *arena;
    const Kernel *kernel;
    const char   *reduced[MAX_REDUCE];  /* the variable of each reduction; NULL: its value stands in its place */
    bool          wide;                 /* indices are int64_t: some axis is too long for an int */
    /* How an element of a tensor is written; NULL: as on the CPU (element_c). */
    const char *(*element)(const Scope *scope, const Tensor *tensor, Expr *const index[]);
};

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

/* ---- comment.c */

/* The comment above a kernel: layer and line of the spec, the arrays as they are stored, what is computed, what stays
 * in registers. */
void print_comment(Text *text, const Model *model, const Kernel *kernel);

/* Whether weights have a history. */
static inline bool has_history(const Kernel *kernel)
{
    return has_momentum(&kernel->program->graph->model->train);
}

#endif
