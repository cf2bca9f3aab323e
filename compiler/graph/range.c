/* Interval arithmetic over INT expressions: what the extents of the axes alone say. */
#include "graph/nest.h"

static const Range everything = { RANGE_LEAST, RANGE_MOST };

/* The sums keep an open end open, and an overflow opens it. */
static int64_t add_least(int64_t a, int64_t b)
{
    int64_t sum;
    if (a == RANGE_LEAST || b == RANGE_LEAST || __builtin_add_overflow(a, b, &sum))
        return RANGE_LEAST;
    return sum;
}

static int64_t add_most(int64_t a, int64_t b)
{
    int64_t sum;
    if (a == RANGE_MOST || b == RANGE_MOST || __builtin_add_overflow(a, b, &sum))
        return RANGE_MOST;
    return sum;
}

Range range_add(Range a, Range b)
{
    return (Range){ add_least(a.lo, b.lo), add_most(a.hi, b.hi) };
}

Range range_scale(Range a, int64_t factor)
{
    Range result = everything;
    if (factor == 0)
        return (Range){ 0, 0 };
    if (factor < 0) {
        if (a.hi != RANGE_MOST && __builtin_mul_overflow(a.hi, factor, &result.lo))
            result.lo = RANGE_LEAST;
        if (a.lo != RANGE_LEAST && __builtin_mul_overflow(a.lo, factor, &result.hi))
            result.hi = RANGE_MOST;
        return result;
    }
    if (a.lo != RANGE_LEAST && __builtin_mul_overflow(a.lo, factor, &result.lo))
        result.lo = RANGE_LEAST;
    if (a.hi != RANGE_MOST && __builtin_mul_overflow(a.hi, factor, &result.hi))
        result.hi = RANGE_MOST;
    return result;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static Range range_abs(Range a)
{
    if (a.lo >= 0)
        return a;
    Range mirrored = range_scale(a, -1);
    return a.hi <= 0 ? mirrored : (Range){ 0, most(mirrored.hi, a.hi) };
}

/* The left side is 0 or more wherever the quotient is evaluated: the verifier sees to that. */
static Range range_divide(Range a, int64_t divisor)
{
    return (Range){ most(a.lo, 0) / divisor, a.hi == RANGE_MOST ? RANGE_MOST : most(a.hi, 0) / divisor };
}

static Range range_modulo(Range a, int64_t divisor)
{
    if (a.lo >= 0 && a.hi < divisor)
        return a;
    return (Range){ 0, least(divisor - 1, most(a.hi, 0)) };
}

Range expr_range(const Expr *e)
{
    const Expr *left = e->arg[0], *right = e->arg[1];
    bool divides = (e->kind == EXPR_DIV || e->kind == EXPR_MOD) && right->kind == EXPR_INT && right->integer > 0;
    Range a, b;

    switch (e->kind) {
    case EXPR_INT:
        return (Range){ e->integer, e->integer };
    case EXPR_AXIS:
        return (Range){ 0, e->axis->extent - 1 };
    case EXPR_ADD:
        return range_add(expr_range(left), expr_range(right));
    case EXPR_SUB:
        return range_add(expr_range(left), range_scale(expr_range(right), -1));
    case EXPR_MUL:
        if (left->kind == EXPR_INT)
            return range_scale(expr_range(right), left->integer);
        return right->kind == EXPR_INT ? range_scale(expr_range(left), right->integer) : everything;
    case EXPR_DIV:
        return divides ? range_divide(expr_range(left), right->integer) : everything;
    case EXPR_MOD:
        return divides ? range_modulo(expr_range(left), right->integer) : everything;
    case EXPR_MIN:
        a = expr_range(left), b = expr_range(right);
        return (Range){ least(a.lo, b.lo), least(a.hi, b.hi) };
    case EXPR_MAX:
        a = expr_range(left), b = expr_range(right);
        return (Range){ most(a.lo, b.lo), most(a.hi, b.hi) };
    case EXPR_ABS:
        return range_abs(expr_range(left));
    case EXPR_SELECT:
        a = expr_range(right), b = expr_range(e->arg[2]);
        return (Range){ least(a.lo, b.lo), most(a.hi, b.hi) };
    default:
        return everything;
    }
}
