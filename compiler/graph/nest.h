/* Nests: what an operator means, as loops over named axes around a scalar expression. Both back ends print them, the
 * verifier proves that every index lies inside its tensor, FLOP and byte counts come from them.
 *
 * The sample is no axis: a tensor with per_sample set has one value for each sample at every index, and every nest is
 * meant for all samples. A nest whose result is not per_sample (the gradient of a parameter) sums over them. */
#ifndef NETC_NEST_H
#define NETC_NEST_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAX_OVER = 5, MAX_FOLD = 5, MAX_INDEX = 4, MAX_GUARD = 8, MAX_DOMAIN = 4, MAX_REDUCE = 2, MAX_STORE = 2 };

typedef struct Tensor Tensor;                               /* graph.h */

typedef struct Axis { const char *name; int64_t extent; } Axis;     /* 0 .. extent - 1, ascending */

typedef enum Type { TYPE_REAL, TYPE_INT, TYPE_BOOL } Type;

typedef enum ExprKind {
    EXPR_REAL,          /* real */
    EXPR_INT,           /* integer; of TYPE_BOOL: 1 or 0 */
    EXPR_AXIS,          /* axis */
    EXPR_LOAD,          /* tensor at index[0 .. rank-1]; REAL, or INT for an index tensor (an argmax, the labels) */
    EXPR_REDUCED,       /* integer: which of the nest's reductions */
    EXPR_ADD, EXPR_SUB, EXPR_MUL,
    EXPR_DIV, EXPR_MOD, /* of INT: the right side is a positive constant, the left side is proven to be 0 or more */
    EXPR_MIN, EXPR_MAX, /* MAX(a, b) of REAL is a < b ? b : a, so a NaN in a stays */
    EXPR_ABS,
    EXPR_LT, EXPR_LE, EXPR_EQ, EXPR_AND, EXPR_OR,           /* BOOL */
    EXPR_SELECT,        /* arg[0] ? arg[1] : arg[2]; when arg[0] is uniform, only the one it chooses is evaluated */
    EXPR_EXP, EXPR_LOG, EXPR_TANH, EXPR_SQRT, EXPR_ERF,
    EXPR_TO_REAL,       /* REAL of an INT */
} ExprKind;

typedef struct Expr Expr;
struct Expr {
    ExprKind      kind;
    Type          type;
    bool          lanes;            /* differs from sample to sample; a uniform expression is the same for all */
    Expr         *arg[3];
    double        real;
    int64_t       integer;
    const Axis   *axis;
    const Tensor *tensor;
    Expr         *index[MAX_INDEX];
};

typedef enum ReduceKind {
    REDUCE_SUM,         /* init + value + value … */
    REDUCE_MAX,         /* the largest value, the first of equals; a NaN wins and stays (as in PyTorch) */
    REDUCE_ARGMAX,      /* `value` (INT) at the point where the REDUCE_MAX before it in the nest took its value */
    REDUCE_LAST,        /* the value at the last point where `when` holds, else init */
} ReduceKind;

typedef struct Reduce {
    ReduceKind kind;
    Expr      *init;                /* uses the over axes only; NULL for MAX (-infinity) and ARGMAX (0) */
    Expr      *value;               /* uses over and fold axes */
    Expr      *when;                /* REDUCE_LAST only: BOOL, may differ by sample */
} Reduce;

typedef struct Store {
    Tensor *tensor;
    Expr   *index[MAX_INDEX];       /* INT, of the over axes */
    Expr   *value;                  /* of the over axes and the reductions */
} Store;

/* One output element (or two) a point of `over`; `fold` is reduced inside it. Extents are 1 or more. */
typedef struct Nest {
    Arena      *arena;
    const char *name;               /* conv1_forward, conv1_backward_weight: a C identifier, unique in the graph */
    const char *note;               /* what it computes, for the comment above it: "dx[c][y][x] gathers …"; or NULL */
    Axis       *over[MAX_OVER], *fold[MAX_FOLD];
    int         overs, folds;
    Expr       *guard[MAX_GUARD];   /* BOOL, uniform: a point of the fold counts only where all of them hold */
    int         guards;
    Expr       *domain[MAX_DOMAIN]; /* BOOL, uniform, of over axes: a point of `over` exists only where all hold */
    int         domains;
    Reduce      reduce[MAX_REDUCE];
    int         reduces;
    Store       store[MAX_STORE];
    int         stores;
} Nest;

/* Building. Each axis call appends an axis and returns the expression that reads it: the constant 0 where the extent
 * is 1. Names of axes are C identifiers, each once in a nest. */
Nest *nest_new(Arena *arena, const char *name, const char *note);
Expr *nest_over(Nest *nest, const char *name, int64_t extent);
Expr *nest_fold(Nest *nest, const char *name, int64_t extent);
/* Guards and domains that the extents of the axes make always true are left out; a conjunction becomes several. Each
 * is evaluated only where those before it hold. */
void  nest_guard(Nest *nest, Expr *condition);
void  nest_domain(Nest *nest, Expr *condition);
/* Appends a reduction and returns the expression for its result. */
Expr *nest_reduce(Nest *nest, ReduceKind kind, Expr *init, Expr *value, Expr *when);
/* Appends a store of `value` at the `tensor`'s rank many indices. */
void  nest_store(Nest *nest, Tensor *tensor, Expr *value, Expr *const index[]);

Expr *expr_real(Arena *arena, double value);
Expr *expr_int(Arena *arena, int64_t value);
Expr *expr_bool(Arena *arena, bool value);
Expr *expr_axis(Arena *arena, const Axis *axis);
Expr *expr_unary(Arena *arena, ExprKind kind, Expr *a);
/* Constants are folded, x + 0, x * 1 and the like simplified, so that printed indices read as a person writes them. */
Expr *expr_binary(Arena *arena, ExprKind kind, Expr *a, Expr *b);
Expr *expr_select(Arena *arena, Expr *condition, Expr *yes, Expr *no);
Expr *expr_load(Arena *arena, const Tensor *tensor, Expr *const index[]);
bool  expr_equal(const Expr *a, const Expr *b);
/* Whether `condition` fails exactly where the result holds. */
Expr *expr_not(Arena *arena, Expr *condition);
/* `expr` with every load of `tensor` (NULL: of none) replaced by `with`, and each axis of `from` by the expression of
 * `to` at its place; `with` itself is taken as it is. */
Expr *expr_substitute(Arena *arena, Expr *expr, const Tensor *tensor, Expr *with,
                      const Axis *const from[], Expr *const to[], int axes);
/* `expr` with everything in it that is equal to `what` replaced by `with`. */
Expr *expr_replace(Arena *arena, Expr *expr, const Expr *what, Expr *with);

/* The values that an INT expression can take, as far as the extents of its axes say. */
typedef struct Range { int64_t lo, hi; } Range;
#define RANGE_LEAST INT64_MIN           /* as lo: no bound is known */
#define RANGE_MOST  INT64_MAX           /* as hi: no bound is known */
Range expr_range(const Expr *expr);
Range range_add(Range a, Range b);
Range range_scale(Range a, int64_t factor);

/* The expression as text in the spec-neutral notation of --emit=graph: "x[c][2*y + u]". */
const char *expr_text(Arena *arena, const Expr *expr);

/* Proves that every index of every load and store lies inside its tensor, at each point where the nest evaluates it;
 * that DIV and MOD have a left side of 0 or more; that types fit; that the stores of a nest reach every element of
 * their tensors exactly once. Returns NULL, or what could not be proven (a bug of the operator's). */
const char *nest_verify(Arena *arena, const Nest *nest);
/* The same of all nests of a node: together they reach every element of each tensor they store to exactly once. */
const char *nests_verify(Arena *arena, const Nest *const nests[], int count);

/* Floating-point operations of the nest for one sample: a multiplication and an addition are two, points that a guard or
 * a domain leaves out are none. */
int64_t nest_flop(const Nest *nest);

#endif
