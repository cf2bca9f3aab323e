/* Shorthand for the nests of operators. */
#ifndef NETC_OPS_NESTS_H
#define NETC_OPS_NESTS_H

#include "op.h"

/* A list of index expressions: load(n, x, AT(c, y, x)). */
#define AT(...) ((Expr *const[]){ __VA_ARGS__ })

static inline Expr *whole(Nest *n, int64_t value)            { return expr_int(n->arena, value); }
static inline Expr *real(Nest *n, double value)              { return expr_real(n->arena, value); }
static inline Expr *plus(Nest *n, Expr *a, Expr *b)          { return expr_binary(n->arena, EXPR_ADD, a, b); }
static inline Expr *minus(Nest *n, Expr *a, Expr *b)         { return expr_binary(n->arena, EXPR_SUB, a, b); }
static inline Expr *times(Nest *n, Expr *a, Expr *b)         { return expr_binary(n->arena, EXPR_MUL, a, b); }
static inline Expr *shift(Nest *n, Expr *a, int64_t by)      { return plus(n, a, whole(n, by)); }
static inline Expr *scale(Nest *n, Expr *a, int64_t by)      { return times(n, a, whole(n, by)); }
static inline Expr *less(Nest *n, Expr *a, Expr *b)          { return expr_binary(n->arena, EXPR_LT, a, b); }
static inline Expr *at_most(Nest *n, Expr *a, Expr *b)       { return expr_binary(n->arena, EXPR_LE, a, b); }
static inline Expr *equal(Nest *n, Expr *a, Expr *b)         { return expr_binary(n->arena, EXPR_EQ, a, b); }
static inline Expr *both(Nest *n, Expr *a, Expr *b)          { return expr_binary(n->arena, EXPR_AND, a, b); }
static inline Expr *either(Nest *n, Expr *a, Expr *b)        { return expr_binary(n->arena, EXPR_OR, a, b); }
static inline Expr *choose(Nest *n, Expr *condition, Expr *yes, Expr *no)
{
    return expr_select(n->arena, condition, yes, no);
}
static inline Expr *load(Nest *n, const Tensor *tensor, Expr *const index[])
{
    return expr_load(n->arena, tensor, index);
}

/* Axes over the elements of `tensor`, in the order in which activations lie in memory (y, x, c); index[] gets them in
 * the order of its dimensions. */
void over_elements(Nest *n, const Tensor *tensor, Expr *index[3]);

/* The sum of `value` over the fold, starting from 0. */
Expr *sum(Nest *n, Expr *value);

/* Guards that `at` is one of least .. most. */
void guard_range(Nest *n, Expr *at, int64_t least, int64_t most);

#endif
