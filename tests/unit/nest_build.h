/* Shorthand for tests that make expressions and nests by hand. Included after cmocka. */
#ifndef NETC_NEST_BUILD_H
#define NETC_NEST_BUILD_H

#include "graph/graph.h"

#include <string.h>

static Arena *arena;            /* of the group of tests: set_up, tear_down */

static inline int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* Shorthand: everything is in the one arena. */
static inline Expr *whole(int64_t v)               { return expr_int(arena, v); }
static inline Expr *real(double v)                 { return expr_real(arena, v); }
static inline Expr *add(Expr *a, Expr *b)          { return expr_binary(arena, EXPR_ADD, a, b); }
static inline Expr *sub(Expr *a, Expr *b)          { return expr_binary(arena, EXPR_SUB, a, b); }
static inline Expr *mul(Expr *a, Expr *b)          { return expr_binary(arena, EXPR_MUL, a, b); }
static inline Expr *plus(Expr *a, int64_t v)       { return add(a, whole(v)); }
static inline Expr *times(int64_t v, Expr *a)      { return mul(whole(v), a); }
static inline Expr *divide(Expr *a, int64_t v)     { return expr_binary(arena, EXPR_DIV, a, whole(v)); }
static inline Expr *modulo(Expr *a, int64_t v)     { return expr_binary(arena, EXPR_MOD, a, whole(v)); }
static inline Expr *least(Expr *a, Expr *b)        { return expr_binary(arena, EXPR_MIN, a, b); }
static inline Expr *most(Expr *a, Expr *b)         { return expr_binary(arena, EXPR_MAX, a, b); }
static inline Expr *magnitude(Expr *a)             { return expr_unary(arena, EXPR_ABS, a); }
static inline Expr *less(Expr *a, Expr *b)         { return expr_binary(arena, EXPR_LT, a, b); }
static inline Expr *at_most(Expr *a, Expr *b)      { return expr_binary(arena, EXPR_LE, a, b); }
static inline Expr *equal(Expr *a, Expr *b)        { return expr_binary(arena, EXPR_EQ, a, b); }
static inline Expr *both(Expr *a, Expr *b)         { return expr_binary(arena, EXPR_AND, a, b); }
static inline Expr *either(Expr *a, Expr *b)       { return expr_binary(arena, EXPR_OR, a, b); }
static inline Expr *choose(Expr *c, Expr *a, Expr *b) { return expr_select(arena, c, a, b); }

static inline Tensor *tensor(const char *name, int rank, int64_t d0, int64_t d1, int64_t d2)
{
    Tensor *t = NEW(arena, Tensor);
    *t = (Tensor){ .name = name, .role = ROLE_VALUE, .type = TYPE_REAL, .per_sample = true, .rank = rank,
                   .dim = { d0, d1, d2 } };
    return t;
}

static inline Tensor *list(const char *name, int64_t size) { return tensor(name, 1, size, 0, 0); }
static inline Expr *load(const Tensor *t, Expr *i)         { return expr_load(arena, t, (Expr *[]){ i }); }
static inline void store(Nest *n, Tensor *t, Expr *value, Expr *i)
{
    nest_store(n, t, value, (Expr *[]){ i });
}
static inline Nest *nest(void) { return nest_new(arena, "n", NULL); }
static inline Expr *sum(Nest *n, Expr *value) { return nest_reduce(n, REDUCE_SUM, real(0), value, NULL); }

static inline void accepts(const Nest *n)
{
    const char *fault = nest_verify(arena, n);
    if (fault)
        fail_msg("refused: %s", fault);
}

/* With a message that has `part` in it. */
static inline void refuses(const Nest *n, const char *part)
{
    const char *fault = nest_verify(arena, n);
    assert_non_null(fault);
    if (!strstr(fault, part))
        fail_msg("\"%s\" has no \"%s\"", fault, part);
}

#endif
