/* Expressions and nests: folding, text, and what the verifier accepts and refuses. */
#include "graph/graph.h"
#include "graph/linear.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "nest_run.h"

static Arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* Shorthand: everything is in the one arena. */
static Expr *whole(int64_t v)               { return expr_int(arena, v); }
static Expr *real(double v)                 { return expr_real(arena, v); }
static Expr *add(Expr *a, Expr *b)          { return expr_binary(arena, EXPR_ADD, a, b); }
static Expr *sub(Expr *a, Expr *b)          { return expr_binary(arena, EXPR_SUB, a, b); }
static Expr *mul(Expr *a, Expr *b)          { return expr_binary(arena, EXPR_MUL, a, b); }
static Expr *plus(Expr *a, int64_t v)       { return add(a, whole(v)); }
static Expr *times(int64_t v, Expr *a)      { return mul(whole(v), a); }
static Expr *divide(Expr *a, int64_t v)     { return expr_binary(arena, EXPR_DIV, a, whole(v)); }
static Expr *modulo(Expr *a, int64_t v)     { return expr_binary(arena, EXPR_MOD, a, whole(v)); }
static Expr *least(Expr *a, Expr *b)        { return expr_binary(arena, EXPR_MIN, a, b); }
static Expr *most(Expr *a, Expr *b)         { return expr_binary(arena, EXPR_MAX, a, b); }
static Expr *magnitude(Expr *a)             { return expr_unary(arena, EXPR_ABS, a); }
static Expr *less(Expr *a, Expr *b)         { return expr_binary(arena, EXPR_LT, a, b); }
static Expr *at_most(Expr *a, Expr *b)      { return expr_binary(arena, EXPR_LE, a, b); }
static Expr *equal(Expr *a, Expr *b)        { return expr_binary(arena, EXPR_EQ, a, b); }
static Expr *both(Expr *a, Expr *b)         { return expr_binary(arena, EXPR_AND, a, b); }
static Expr *either(Expr *a, Expr *b)       { return expr_binary(arena, EXPR_OR, a, b); }
static Expr *choose(Expr *c, Expr *a, Expr *b) { return expr_select(arena, c, a, b); }

static Tensor *tensor(const char *name, int rank, int64_t d0, int64_t d1, int64_t d2)
{
    Tensor *t = NEW(arena, Tensor);
    *t = (Tensor){ .name = name, .role = ROLE_VALUE, .type = TYPE_REAL, .per_sample = true, .rank = rank,
                   .dim = { d0, d1, d2 } };
    return t;
}

static Tensor *list(const char *name, int64_t size) { return tensor(name, 1, size, 0, 0); }
static Expr *load(const Tensor *t, Expr *i)         { return expr_load(arena, t, (Expr *[]){ i }); }
static void store(Nest *n, Tensor *t, Expr *value, Expr *i)
{
    nest_store(n, t, value, (Expr *[]){ i });
}
static Nest *nest(void) { return nest_new(arena, "n", NULL); }
static Expr *sum(Nest *n, Expr *value) { return nest_reduce(n, REDUCE_SUM, real(0), value, NULL); }

static void accepts(const Nest *n)
{
    const char *fault = nest_verify(arena, n);
    if (fault)
        fail_msg("refused: %s", fault);
}

/* With a message that has `part` in it. */
static void refuses(const Nest *n, const char *part)
{
    const char *fault = nest_verify(arena, n);
    assert_non_null(fault);
    if (!strstr(fault, part))
        fail_msg("\"%s\" has no \"%s\"", fault, part);
}

static const char *const above = "may be above", *const below = "may be below 0";

/* ---- expressions ---- */

static void says(const Expr *e, const char *text)
{
    assert_string_equal(expr_text(arena, e), text);
}

static void test_fold(void **state)
{
    (void)state;
    Nest *n = nest();
    Expr *y = nest_over(n, "y", 12), *u = nest_fold(n, "u", 5), *one = nest_over(n, "x", 1);
    says(plus(times(2, y), 0), "2*y");
    says(add(mul(y, whole(2)), u), "2*y + u");
    says(one, "0");
    says(add(times(1, y), times(0, u)), "y");
    says(plus(plus(y, 2), 3), "y + 5");
    says(plus(plus(y, 2), -3), "y - 1");
    says(plus(sub(y, whole(3)), 3), "y");
    says(add(plus(y, 2), u), "y + u + 2");
    says(sub(y, plus(u, 2)), "y - u - 2");
    says(sub(plus(y, 1), plus(y, 1)), "0");
    says(sub(whole(4), sub(whole(4), u)), "u");
    says(plus(sub(whole(4), u), 3), "7 - u");
    says(sub(add(y, u), y), "u");
    says(times(3, times(4, y)), "12*y");
    says(times(3, plus(y, 1)), "3*(y + 1)");
    says(sub(y, sub(y, u)), "y - (y - u)");
    says(divide(times(6, y), 3), "2*y");
    says(modulo(times(6, y), 3), "0");
    says(divide(y, 12), "0");
    says(modulo(y, 12), "y");
    says(modulo(y, 11), "y % 11");
    says(divide(plus(times(2, y), 1), 2), "(2*y + 1) / 2");
    says(divide(whole(-1), 2), "-1 / 2");
    says(least(y, whole(11)), "y");
    says(least(y, whole(10)), "min(y, 10)");
    says(most(plus(y, 1), whole(1)), "y + 1");
    says(magnitude(y), "y");
    says(magnitude(sub(y, whole(11))), "11 - y");
    says(magnitude(sub(y, whole(10))), "abs(y - 10)");
    says(less(y, whole(12)), "true");
    says(less(y, whole(11)), "y < 11");
    says(less(plus(y, 2), plus(y, 2)), "false");
    says(at_most(whole(0), y), "true");
    says(equal(y, whole(12)), "false");
    says(both(less(y, whole(12)), less(y, u)), "y < u");
    says(either(less(y, whole(12)), less(y, u)), "true");
    says(choose(less(y, whole(12)), y, u), "y");
    says(choose(less(y, u), y, u), "select(y < u, y, u)");
    says(both(either(less(y, u), equal(y, u)), less(u, y)), "(y < u or y == u) and u < y");
    says(expr_not(arena, at_most(y, u)), "u < y");
    says(expr_not(arena, both(less(y, u), equal(u, whole(1)))), "u <= y or u < 1 or 1 < u");
}

static void test_fold_real(void **state)
{
    (void)state;
    Nest *n = nest();
    Tensor *x = list("x", 12);
    Expr *y = nest_over(n, "y", 12), *v = load(x, y);
    says(add(v, real(0)), "x[y]");
    says(mul(real(1), v), "x[y]");
    says(mul(real(0), v), "0.0*x[y]");          /* x may be infinite */
    says(sub(real(0.5), real(0.25)), "0.25");
    says(expr_unary(arena, EXPR_EXP, mul(add(v, v), v)), "exp((x[y] + x[y])*x[y])");
    says(expr_unary(arena, EXPR_TO_REAL, whole(3)), "3.0");
    says(real(1e-7), "1e-07");
    says(real(0.1307), "0.1307");
    says(most(v, real(0)), "max(x[y], 0.0)");
    assert_true(most(v, real(0))->lanes);
    assert_false(add(y, whole(1))->lanes);
}

static void test_rewrite(void **state)
{
    (void)state;
    Nest *n = nest();
    Tensor *x = list("x", 12), *w = list("w", 12);
    Expr *y = nest_over(n, "y", 12), *z = nest_over(n, "z", 12);
    Expr *e = add(load(x, y), load(w, plus(y, -1)));
    says(expr_substitute(arena, e, x, real(2), (const Axis *[]){ y->axis }, (Expr *[]){ plus(times(2, z), 1) }, 1),
         "2.0 + w[2*z]");
    says(expr_replace(arena, e, y, whole(1)), "x[1] + w[0]");
    assert_true(expr_equal(load(x, plus(y, 1)), load(x, plus(y, 1))));
    assert_false(expr_equal(load(x, plus(y, 1)), load(x, plus(y, 2))));
    assert_false(expr_equal(load(x, y), load(w, y)));
}

static void test_range(void **state)
{
    (void)state;
    Nest *n = nest();
    Expr *y = nest_over(n, "y", 12), *u = nest_fold(n, "u", 5);
    Range r = expr_range(sub(times(3, y), times(2, u)));
    assert_int_equal(r.lo, -8);
    assert_int_equal(r.hi, 33);
    Expr *huge = times(INT64_MAX / 8, y);
    assert_int_equal(expr_range(huge).hi, RANGE_MOST);
    assert_int_equal(expr_range(sub(huge, huge->arg[0])).hi, RANGE_MOST);
}

/* ---- windows ---- */

enum { STRIDE = 3, DILATION = 2, KERNEL = 5, PADDING = 4 };

/* Sizes: a small one, and one that nobody could try out point by point. */
static const int64_t sizes[] = { 7, 1000000007 };
enum { SIZES = sizeof sizes / sizeof *sizes };

/* y[i] = sum of x[i*STRIDE + u*DILATION + shift] */
static Nest *window(int64_t outputs, int64_t inputs, int64_t shift)
{
    Nest *n = nest();
    Tensor *x = list("x", inputs), *y = list("y", outputs);
    Expr *i = nest_over(n, "i", outputs), *u = nest_fold(n, "u", KERNEL);
    store(n, y, sum(n, load(x, plus(add(times(STRIDE, i), times(DILATION, u)), shift))), i);
    return n;
}

static void test_window(void **state)
{
    (void)state;
    for (int k = 0; k < SIZES; k++) {
        int64_t inputs = (sizes[k] - 1) * STRIDE + (KERNEL - 1) * DILATION + 1;
        accepts(window(sizes[k], inputs, 0));
        refuses(window(sizes[k], inputs - 1, 0), above);
        refuses(window(sizes[k], inputs, 1), above);
        refuses(window(sizes[k], inputs, -1), below);
    }
}

/* The same with a border, which guards keep out: first <= at, at < end. */
static Nest *guarded(int64_t outputs, int64_t inputs, int64_t first, int64_t end)
{
    Nest *n = nest();
    Tensor *x = list("x", inputs), *y = list("y", outputs);
    Expr *i = nest_over(n, "i", outputs), *u = nest_fold(n, "u", KERNEL);
    Expr *at = plus(add(times(STRIDE, i), times(DILATION, u)), -PADDING);
    nest_guard(n, at_most(whole(first), at));
    nest_guard(n, less(at, whole(end)));
    store(n, y, sum(n, load(x, at)), i);
    return n;
}

static void test_guard(void **state)
{
    (void)state;
    for (int k = 0; k < SIZES; k++) {
        int64_t inputs = (sizes[k] - 1) * STRIDE + (KERNEL - 1) * DILATION + 1 - 2 * PADDING;
        accepts(guarded(sizes[k], inputs, 0, inputs));
        refuses(guarded(sizes[k], inputs, -1, inputs), below);
        refuses(guarded(sizes[k], inputs, 0, inputs + 1), above);
        refuses(guarded(sizes[k], inputs, -100, inputs), below);
        /* ceil_mode: the last window sticks out */
        accepts(guarded(sizes[k], inputs - 2, 0, inputs - 2));
        refuses(guarded(sizes[k], inputs - 2, 0, inputs - 1), above);
    }
}

/* dx[i] gathers dy[(i + PADDING - u*DILATION) / STRIDE], where the left side is within [first, last]. */
static Nest *gather(int64_t outputs, int64_t inputs, int64_t first, int64_t last, bool remainder)
{
    Nest *n = nest();
    Tensor *dy = list("dy", outputs), *dx = list("dx", inputs);
    Expr *i = nest_over(n, "i", inputs), *u = nest_fold(n, "u", KERNEL);
    Expr *start = plus(sub(i, times(DILATION, u)), PADDING);
    nest_guard(n, at_most(whole(first), start));
    nest_guard(n, at_most(start, whole(last)));
    if (remainder)
        nest_guard(n, equal(modulo(start, STRIDE), whole(0)));
    store(n, dx, sum(n, load(dy, divide(start, STRIDE))), i);
    return n;
}

static void test_strided_gradient(void **state)
{
    (void)state;
    for (int k = 0; k < SIZES; k++) {
        int64_t inputs = (sizes[k] - 1) * STRIDE + (KERNEL - 1) * DILATION + 1 - 2 * PADDING;
        int64_t last = (sizes[k] - 1) * STRIDE;
        accepts(gather(sizes[k], inputs, 0, last, true));
        accepts(gather(sizes[k], inputs, 0, last, false));
        accepts(gather(sizes[k], inputs, 0, last + STRIDE - 1, false));
        refuses(gather(sizes[k], inputs, 0, last + STRIDE, true), above);
        refuses(gather(sizes[k], inputs, 0, last + STRIDE, false), above);
        refuses(gather(sizes[k], inputs, -1, last, true), "left side may be below 0");
        refuses(gather(sizes[k], inputs, -1, last, false), "left side may be below 0");
    }
}

/* The quotient itself is what the guard bounds. */
static void test_quotient_guard(void **state)
{
    (void)state;
    for (int64_t wrong = 0; wrong < 2; wrong++) {
        Nest *n = nest();
        Tensor *dy = list("dy", 100000), *dx = list("dx", 300000);
        Expr *i = nest_over(n, "i", 300000), *u = nest_fold(n, "u", KERNEL), *start = plus(sub(i, u), 2);
        nest_guard(n, both(at_most(whole(0), start), equal(modulo(start, 3), whole(0))));
        nest_guard(n, less(divide(start, 3), whole(100000 + wrong)));
        store(n, dx, sum(n, load(dy, divide(start, 3))), i);
        if (wrong)
            refuses(n, above);
        else
            accepts(n);
    }
}

/* ---- borders ---- */

typedef enum Border { SELECT, REFLECT, REPLICATE, CIRCULAR } Border;

/* y is x with `before` and `after` elements around it; `end` is where the select takes x to end. */
static Nest *padded(Border border, int64_t size, int64_t before, int64_t after, int64_t end)
{
    Nest *n = nest();
    Tensor *x = list("x", size), *y = list("y", before + size + after);
    Expr *i = nest_over(n, "i", before + size + after), *at = plus(i, -before), *last = whole(size - 1), *inside = NULL;
    switch (border) {
    case SELECT:
        inside = both(at_most(whole(0), at), less(at, whole(end)));
        break;
    case REFLECT:
        at = sub(last, magnitude(sub(last, magnitude(at))));
        break;
    case REPLICATE:
        at = least(most(at, whole(0)), last);
        break;
    case CIRCULAR:
        at = modulo(plus(at, size), size);
    }
    store(n, y, inside ? choose(inside, load(x, at), real(0)) : load(x, at), i);
    return n;
}

static void test_borders(void **state)
{
    (void)state;
    for (int k = 0; k < SIZES; k++) {
        int64_t size = sizes[k];
        accepts(padded(SELECT, size, 3, 2, size));
        refuses(padded(SELECT, size, 3, 2, size + 1), above);
        accepts(padded(REFLECT, size, 2 * (size - 1), size - 1, 0));
        refuses(padded(REFLECT, size, 2 * (size - 1) + 1, size - 1, 0), below);
        refuses(padded(REFLECT, size, size - 1, size, 0), below);
        accepts(padded(REPLICATE, size, 2 * size, 3 * size, 0));
        accepts(padded(CIRCULAR, size, size, 5 * size, 0));
        refuses(padded(CIRCULAR, size, size + 1, size, 0), "left side may be below 0");
    }
}

static void test_border_bounds(void **state)
{
    (void)state;
    Nest *n = nest();
    Tensor *x = list("x", 10), *y = list("y", 15);
    Expr *i = nest_over(n, "i", 15);
    store(n, y, load(x, least(i, whole(10))), i);
    refuses(n, above);
    n = nest();
    i = nest_over(n, "i", 15);
    store(n, y, load(x, least(most(plus(i, -3), whole(-1)), whole(9))), i);
    refuses(n, below);
    n = nest();
    i = nest_over(n, "i", 15);
    store(n, y, load(x, modulo(i, 11)), i);
    refuses(n, above);
}

/* dx[i] gathers the places of the reflected border that show it; `off` is an error in the mirror at the end. */
static Nest *reflect_gradient(int64_t size, int64_t before, int64_t after, int64_t off_first, int64_t off_last)
{
    Nest *n = nest();
    Tensor *dy = list("dy", before + size + after), *dx = list("dx", size);
    Expr *i = nest_over(n, "i", size), *k = nest_fold(n, "k", 3);
    Expr *first = sub(whole(before + off_first), i), *last = sub(whole(before + 2 * (size - 1) + off_last), i);
    Expr *at = choose(equal(k, whole(0)), plus(i, before), choose(equal(k, whole(1)), first, last));
    nest_guard(n, either(equal(k, whole(0)),
                         either(both(equal(k, whole(1)), both(at_most(whole(1), i), at_most(i, whole(before)))),
                                both(equal(k, whole(2)), both(at_most(whole(size - 1 - after), i),
                                                              less(i, whole(size - 1)))))));
    store(n, dx, sum(n, load(dy, at)), i);
    return n;
}

static void test_reflect_gradient(void **state)
{
    (void)state;
    for (int k = 0; k < SIZES; k++) {
        accepts(reflect_gradient(sizes[k], 3, 2, 0, 0));
        accepts(reflect_gradient(sizes[k], sizes[k] - 1, sizes[k] - 1, 0, 0));
        refuses(reflect_gradient(sizes[k], 3, 2, -1, 0), below);
        refuses(reflect_gradient(sizes[k], 3, 2, 0, 1), above);
    }
}

/* The same by an axis over the whole border; an OR whose parts are linear in two axes. */
static void test_linear_alternatives(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 3; wrong++) {
        enum { SIZE = 5000, BEFORE = 300, AFTER = 200 };
        Nest *n = nest();
        Tensor *dy = list("dy", BEFORE + SIZE + AFTER - (wrong == 1)), *dx = list("dx", SIZE);
        Expr *i = nest_over(n, "i", SIZE), *u = nest_fold(n, "u", BEFORE + AFTER + 1);
        nest_guard(n, either(equal(u, whole(BEFORE)),
                             either(equal(add(i, u), whole(BEFORE - (wrong == 2))),
                                    equal(add(i, u), whole(BEFORE + SIZE - 1)))));
        store(n, dx, sum(n, load(dy, plus(add(i, times(2, u)), -BEFORE))), i);
        if (wrong)
            refuses(n, wrong == 1 ? above : below);
        else
            accepts(n);
    }
}

/* ---- select ---- */

static void test_select(void **state)
{
    (void)state;
    Tensor *x = list("x", 10), *y = list("y", 12), *mask = list("mask", 12);
    Nest *n = nest();
    Expr *i = nest_over(n, "i", 12);
    store(n, y, choose(less(i, whole(10)), load(x, i), real(0)), i);
    accepts(n);

    n = nest();                                         /* the other branch knows that the condition fails */
    i = nest_over(n, "i", 12);
    store(n, y, choose(less(i, whole(2)), real(0), load(x, plus(i, -2))), i);
    accepts(n);

    n = nest();
    i = nest_over(n, "i", 12);
    store(n, y, choose(less(i, whole(1)), real(0), load(x, plus(i, -2))), i);
    refuses(n, below);

    n = nest();                                         /* what differs by sample protects nothing */
    i = nest_over(n, "i", 12);
    store(n, y, choose(both(less(load(mask, i), real(1)), less(i, whole(10))), load(x, i), real(0)), i);
    refuses(n, above);

    n = nest();                                         /* nor does it as a part of a conjunction */
    i = nest_over(n, "i", 12);
    Expr *left = both(less(load(mask, i), real(1)), less(i, whole(10)));
    store(n, y, choose(both(left, less(load(x, i), real(0))), real(1), real(0)), i);
    refuses(n, above);

    n = nest();                                         /* the left part of a conjunction protects the right one */
    i = nest_over(n, "i", 12);
    Expr *even = equal(modulo(plus(i, -2), 2), whole(0));
    store(n, y, choose(both(at_most(whole(2), i), even), load(x, divide(plus(i, -2), 2)), real(0)), i);
    accepts(n);

    n = nest();
    i = nest_over(n, "i", 12);
    even = equal(modulo(plus(i, -2), 2), whole(0));
    store(n, y, choose(both(even, at_most(whole(2), i)), load(x, divide(plus(i, -2), 2)), real(0)), i);
    refuses(n, "left side may be below 0");
}

/* ---- stores ---- */

/* y[first*a + second*b + shift], of `size` elements; limit >= 0: where that is below `limit`. */
static Nest *stored(int64_t outer, int64_t inner, int64_t a, int64_t b, int64_t shift, int64_t size, int64_t limit)
{
    Nest *n = nest();
    Tensor *x = tensor("x", 2, outer, inner, 0), *y = list("y", size);
    Expr *q = nest_over(n, "q", outer), *r = nest_over(n, "r", inner);
    Expr *at = plus(add(times(a, q), times(b, r)), shift);
    if (limit >= 0)
        nest_domain(n, less(at, whole(limit)));
    nest_store(n, y, expr_load(arena, x, (Expr *[]){ q, r }), (Expr *[]){ at });
    return n;
}

static void test_stores(void **state)
{
    (void)state;
    accepts(stored(1000, 7, 7, 1, 0, 7000, -1));
    accepts(stored(7, 1000, 1, 7, 0, 7000, -1));
    accepts(stored(1000, 7, 7, 1, 0, 6999, 6999));          /* strides, the last one cut short */
    accepts(stored(1000, 7, 7, 1, 0, 6994, 6994));
    refuses(stored(1000, 7, 7, 1, 0, 7001, -1), "not stored");
    refuses(stored(1000, 7, 7, 1, 0, 6999, -1), above);
    refuses(stored(1000, 7, 7, 1, 1, 7000, -1), above);
    refuses(stored(1000, 7, 7, 1, 1, 7001, -1), "not stored");
    refuses(stored(1000, 7, 8, 1, 0, 8000, -1), "one by one");      /* gaps */
    refuses(stored(1000, 7, 6, 1, 0, 6001, -1), "one by one");      /* overlap */
    refuses(stored(1000, 7, 7, 2, 0, 7010, -1), "one by one");
    refuses(stored(1000, 7, 7, 1, 0, 7000, 6999), "not stored");
    refuses(stored(1000, 7, 7, 1, 0, 6998, 6999), above);
    refuses(stored(1000, 7, 0, 1, 0, 7, -1), "does not occur");     /* each again and again */
}

static void test_store_dimensions(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 4; wrong++) {
        Nest *n = nest();
        Tensor *y = tensor("y", 3, 10, 24 + (wrong == 1), 20), *x = tensor("x", 3, 10, 24, 20);
        Expr *i = nest_over(n, "i", 24), *j = nest_over(n, "j", wrong == 3 ? 24 : 20), *c = nest_over(n, "c", 10);
        Expr *to[] = { c, i, wrong == 3 ? i : j };
        if (wrong == 2)
            nest_domain(n, less(i, j));
        nest_store(n, y, expr_load(arena, x, (Expr *[]){ c, i, whole(0) }), to);
        if (wrong == 0)
            accepts(n);
        else
            refuses(n, wrong == 1 ? "not stored" : wrong == 2 ? "no bound" : above);
    }
}

/* Several nests of a node fill a tensor together. */
static void test_store_parts(void **state)
{
    (void)state;
    const struct { int64_t start[3]; const char *fault; } cases[] = {
        { { 0, 10, 20 }, NULL }, { { 20, 0, 10 }, NULL }, { { 0, 9, 20 }, "stored twice" },
        { { 0, 10, 21 }, above }, { { 0, 10, 10 }, "stored twice" },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        Tensor *y = tensor("y", 2, 4, 30, 0);
        const Nest *parts[3];
        for (int i = 0; i < 3; i++) {
            Nest *n = nest();
            Tensor *x = tensor("x", 2, 4, 10, 0);
            Expr *a = nest_over(n, "a", 4), *b = nest_over(n, "b", 10);
            nest_store(n, y, expr_load(arena, x, (Expr *[]){ a, b }), (Expr *[]){ a, plus(b, cases[k].start[i]) });
            parts[i] = n;
        }
        const char *fault = nests_verify(arena, parts, 3);
        if (cases[k].fault) {
            assert_non_null(fault);
            assert_non_null(strstr(fault, cases[k].fault));
        } else {
            assert_null(fault);
            assert_non_null(strstr(nests_verify(arena, parts, 2), "not stored"));
        }
    }
}

/* ---- types and scopes ---- */

static void test_types(void **state)
{
    (void)state;
    Tensor *x = list("x", 10), *y = list("y", 10), *label = tensor("label", 0, 0, 0, 0), *whole_y = list("k", 10);
    label->type = whole_y->type = TYPE_INT;
    Expr *any = expr_load(arena, label, NULL);
    const char *types = "types that do not fit", *index = "is no INT that is the same";

#define NEST(fault, ...) do {                           \
        Nest *n = nest();                               \
        Expr *i = nest_over(n, "i", 10);                \
        __VA_ARGS__;                                    \
        if (fault)                                      \
            refuses(n, fault ? fault : "");             \
        else                                            \
            accepts(n);                                 \
    } while (0)
    const char *well = NULL;
    NEST(well, store(n, y, load(x, i), i));
    NEST(well, store(n, whole_y, add(any, i), i));
    NEST(well, store(n, y, choose(equal(i, any), load(x, i), real(0)), i));
    NEST(index, store(n, y, load(x, any), i));
    NEST(index, store(n, y, load(x, real(1)), i));
    NEST(index, store(n, y, load(x, NULL), i));
    NEST("another type", store(n, y, i, i));
    NEST("another type", store(n, whole_y, load(x, i), i));
    NEST(types, store(n, y, add(load(x, i), i), i));
    NEST(types, store(n, y, choose(i, load(x, i), real(0)), i));
    NEST(types, store(n, y, choose(equal(i, any), load(x, i), i), i));
    NEST(types, store(n, y, choose(both(equal(i, any), i), load(x, i), real(0)), i));
    NEST(types, store(n, y, expr_binary(arena, EXPR_MOD, load(x, i), load(x, i)), i));
    NEST(types, store(n, whole_y, expr_unary(arena, EXPR_EXP, i), i));
    NEST(types, store(n, y, expr_unary(arena, EXPR_TO_REAL, load(x, i)), i));
    NEST("no condition", nest_guard(n, equal(i, any)); store(n, y, sum(n, load(x, i)), i));
    NEST("no condition", nest_guard(n, i); store(n, y, sum(n, load(x, i)), i));
    NEST("divisor", store(n, y, load(x, expr_binary(arena, EXPR_DIV, plus(i, 3), i)), i));
    NEST("divisor", store(n, y, load(x, divide(i, 0)), i));
    NEST("divisor", store(n, y, load(x, divide(i, -2)), i));
}

static void test_scopes(void **state)
{
    (void)state;
    Tensor *x = list("x", 10), *y = list("y", 10), *whole_y = list("k", 10);
    whole_y->type = TYPE_INT;
    const char *well = NULL, *axis = "is not known there", *part = "lacks a part", *types = "types that do not fit";

    NEST(axis, Expr *u = nest_fold(n, "u", 10); store(n, y, add(sum(n, load(x, i)), load(x, u)), i));
    NEST(axis, Expr *u = nest_fold(n, "u", 10); sum(n, load(x, i)); store(n, y, load(x, i), u));
    NEST(axis, Expr *u = nest_fold(n, "u", 10); nest_domain(n, less(u, whole(5))); store(n, y, load(x, i), i));
    NEST(axis, Expr *u = nest_fold(n, "u", 10);
         store(n, y, nest_reduce(n, REDUCE_SUM, load(x, u), load(x, i), NULL), i));
    NEST(axis, store(n, y, load(x, nest_over(nest(), "j", 10)), i));
    NEST("r0 is not known", Expr *r = sum(n, load(x, i)); sum(n, mul(r, r)); store(n, y, r, i));
    NEST("two axes", nest_fold(n, "i", 3); store(n, y, sum(n, load(x, i)), i));
    NEST("stores nothing", sum(n, load(x, i)));
    NEST(part, store(n, y, nest_reduce(n, REDUCE_SUM, NULL, load(x, i), NULL), i));
    NEST(part, store(n, y, nest_reduce(n, REDUCE_MAX, real(0), load(x, i), NULL), i));
    NEST(part, store(n, y, nest_reduce(n, REDUCE_LAST, real(0), load(x, i), NULL), i));
    NEST(well, store(n, y, nest_reduce(n, REDUCE_LAST, real(0), load(x, i), less(load(x, i), real(0))), i));
    NEST("no MAX", store(n, whole_y, nest_reduce(n, REDUCE_ARGMAX, NULL, i, NULL), i));
    NEST(well, nest_reduce(n, REDUCE_MAX, NULL, load(x, i), NULL);
         store(n, whole_y, nest_reduce(n, REDUCE_ARGMAX, NULL, i, NULL), i));
    NEST(types, nest_reduce(n, REDUCE_MAX, NULL, load(x, i), NULL);
         store(n, y, nest_reduce(n, REDUCE_ARGMAX, NULL, load(x, i), NULL), i));
    NEST(types, store(n, y, nest_reduce(n, REDUCE_SUM, whole(0), i, NULL), i));
    NEST("another type", store(n, y, nest_reduce(n, REDUCE_SUM, whole(0), load(x, i), NULL), i));
}

/* What is not per sample is summed over the samples. */
static void test_gradients(void **state)
{
    (void)state;
    Tensor *x = list("x", 10), *g = list("g", 10), *h = list("h", 10), *w = list("w", 10);
    g->per_sample = w->per_sample = false;
    const char *well = NULL;
    NEST(well, store(n, g, load(x, i), i));
    NEST(well, store(n, g, real(0), i));
    NEST("summed", store(n, g, real(1), i));
    NEST("summed", store(n, g, load(w, i), i));
    NEST("per sample", store(n, h, load(x, i), i); store(n, g, load(x, i), i));
}

static void test_flop(void **state)
{
    (void)state;
    Nest *n = nest();
    Tensor *x = list("x", 14), *w = list("w", 5), *y = list("y", 10);
    w->per_sample = false;
    Expr *i = nest_over(n, "i", 10), *u = nest_fold(n, "u", 5);
    store(n, y, most(sum(n, mul(load(w, u), load(x, add(i, u)))), real(0)), i);
    accepts(n);
    assert_int_equal(nest_flop(n), 10 * (5 * 2 + 1));
}

/* ---- what is accepted is right ---- */

static uint64_t random_bits(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static int64_t random_below(uint64_t *state, int64_t end) { return (int64_t)(random_bits(state) % (uint64_t)end); }

static Expr *random_index(uint64_t *state, Expr *const axes[], int depth)
{
    Expr *a = depth ? random_index(state, axes, depth - 1) : axes[random_below(state, 3)];
    int64_t constant = random_below(state, 9) - 3;
    if (depth == 0)
        return plus(times(1 + random_below(state, 3), a), constant);
    Expr *b = random_index(state, axes, depth - 1);
    switch (random_below(state, 9)) {
    case 0:     return add(a, b);
    case 1:     return sub(a, b);
    case 2:     return divide(a, 1 + random_below(state, 4));
    case 3:     return modulo(a, 1 + random_below(state, 4));
    case 4:     return least(a, b);
    case 5:     return most(a, b);
    case 6:     return magnitude(a);
    case 7:     return choose(less(axes[0], whole(2)), a, b);
    default:    return plus(a, constant);
    }
}

static Expr *random_condition(uint64_t *state, Expr *const axes[], int depth)
{
    Expr *a = random_index(state, axes, 1), *b = whole(random_below(state, 7) - 1);
    if (depth) {
        Expr *x = random_condition(state, axes, depth - 1), *y = random_condition(state, axes, depth - 1);
        return random_below(state, 2) ? both(x, y) : either(x, y);
    }
    switch (random_below(state, 4)) {
    case 0:     return less(a, b);
    case 1:     return at_most(b, a);
    case 2:     return at_most(a, b);
    default:    return equal(a, b);
    }
}

/* Nests drawn at random: none that the verifier accepts goes wrong when run. The counts show that the test is one. */
static void test_random(void **state)
{
    (void)state;
    enum { NESTS = 6000 };
    uint64_t seed = 1;
    int accepted = 0, protected = 0;
    for (int k = 0; k < NESTS; k++) {
        Tensor *all[2] = { list("x", 3 + random_below(&seed, 6)), list("y", 3) };
        all[1]->id = 1;
        Nest *n = nest();
        Expr *axes[3] = { nest_over(n, "i", 3), nest_fold(n, "u", 2 + random_below(&seed, 3)),
                          nest_fold(n, "v", 2 + random_below(&seed, 5)) };
        for (int g = (int)random_below(&seed, 4); g > 0; g--)
            nest_guard(n, random_condition(&seed, axes, (int)random_below(&seed, 2)));
        Expr *index = random_index(&seed, axes, 1 + (int)random_below(&seed, 2));
        Expr *value = load(all[0], index);
        if (random_below(&seed, 3) == 0)
            value = choose(random_condition(&seed, axes, 1), value, real(0));
        store(n, all[1], sum(n, value), axes[0]);

        if (nest_verify(arena, n))
            continue;
        Run *run = run_new(arena, all, 2, 1);
        run_nest(run, n);
        if (run->fault)
            fail_msg("nest %d was accepted: %s", k, run->fault);
        Range range = expr_range(index);
        accepted++;
        protected += range.lo < 0 || range.hi >= all[0]->dim[0];
    }
    assert_true(accepted > NESTS / 20);
    assert_true(protected > NESTS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_fold_real),
        cmocka_unit_test(test_rewrite),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_strided_gradient),
        cmocka_unit_test(test_quotient_guard),
        cmocka_unit_test(test_borders),
        cmocka_unit_test(test_border_bounds),
        cmocka_unit_test(test_reflect_gradient),
        cmocka_unit_test(test_linear_alternatives),
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_stores),
        cmocka_unit_test(test_store_dimensions),
        cmocka_unit_test(test_store_parts),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_flop),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
