/* Indices: what the verifier proves, and that it refuses what is wrong by one at either end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nest_build.h"

static const char *const above = "may be above", *const below = "may be below 0";

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_strided_gradient),
        cmocka_unit_test(test_quotient_guard),
        cmocka_unit_test(test_borders),
        cmocka_unit_test(test_border_bounds),
        cmocka_unit_test(test_reflect_gradient),
        cmocka_unit_test(test_linear_alternatives),
        cmocka_unit_test(test_select),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
