/* What else the verifier looks at: stores, types, scopes; and that what it accepts is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nest_build.h"
#include "nest_run.h"

static const char *const above = "may be above";

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

/* dx[y] = sum of w[u] * dy[y - u], where there is a dy[y - u]: 8 * 5 products; of every second y only: 20. */
static void test_flop_of_guards(void **state)
{
    (void)state;
    for (int every = 1; every <= 2; every++) {
        Nest *n = nest();
        Tensor *dy = list("dy", 8), *w = list("w", 5), *dx = list("dx", 12);
        w->per_sample = false;
        nest_over(n, "c", 3);
        Expr *y = nest_over(n, "y", 12), *u = nest_fold(n, "u", 5);
        Expr *at = sub(y, u);
        if (every > 1)
            nest_domain(n, equal(modulo(y, 2), whole(0)));
        nest_guard(n, at_most(whole(0), at));
        nest_guard(n, less(at, whole(8)));
        store(n, dx, mul(sum(n, mul(load(w, u), load(dy, at))), real(3)), y);
        assert_int_equal(nest_flop(n), every > 1 ? 3 * (2 * 20 + 6) : 3 * (2 * 40 + 12));
    }
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
        cmocka_unit_test(test_stores),
        cmocka_unit_test(test_store_dimensions),
        cmocka_unit_test(test_store_parts),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_flop), cmocka_unit_test(test_flop_of_guards),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
