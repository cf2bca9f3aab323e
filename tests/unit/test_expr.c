/* Expressions: folding, text, rewriting, ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nest_build.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_fold_real),
        cmocka_unit_test(test_rewrite),
        cmocka_unit_test(test_range),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
