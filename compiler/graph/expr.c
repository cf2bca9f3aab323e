/* Expressions: constructors that fold and simplify. */
#include "graph/graph.h"

static bool is_int(const Expr *e) { return e->kind == EXPR_INT && e->type == TYPE_INT; }
static bool is_int_of(const Expr *e, int64_t value) { return is_int(e) && e->integer == value; }
static bool is_real_of(const Expr *e, double value) { return e->kind == EXPR_REAL && e->real == value; }
static bool is_bool_of(const Expr *e, bool value)
{
    return e->kind == EXPR_INT && e->type == TYPE_BOOL && e->integer == value;
}

static Expr *node(Arena *arena, ExprKind kind, Type type)
{
    Expr *e = NEW(arena, Expr);
    e->kind = kind;
    e->type = type;
    return e;
}

static Expr *node_binary(Arena *arena, ExprKind kind, Expr *a, Expr *b)
{
    bool truth = kind == EXPR_LT || kind == EXPR_LE || kind == EXPR_EQ || kind == EXPR_AND || kind == EXPR_OR;
    Expr *e = node(arena, kind, truth ? TYPE_BOOL : a->type);
    e->arg[0] = a;
    e->arg[1] = b;
    e->lanes = a->lanes || b->lanes;
    return e;
}

Expr *expr_real(Arena *arena, double value)
{
    Expr *e = node(arena, EXPR_REAL, TYPE_REAL);
    e->real = value;
    return e;
}

Expr *expr_int(Arena *arena, int64_t value)
{
    Expr *e = node(arena, EXPR_INT, TYPE_INT);
    e->integer = value;
    return e;
}

Expr *expr_bool(Arena *arena, bool value)
{
    Expr *e = node(arena, EXPR_INT, TYPE_BOOL);
    e->integer = value;
    return e;
}

Expr *expr_axis(Arena *arena, const Axis *axis)
{
    if (axis->extent == 1)
        return expr_int(arena, 0);
    Expr *e = node(arena, EXPR_AXIS, TYPE_INT);
    e->axis = axis;
    return e;
}

Expr *expr_unary(Arena *arena, ExprKind kind, Expr *a)
{
    if (kind == EXPR_ABS && a->type == TYPE_INT) {
        Range range = expr_range(a);
        if (range.lo >= 0)
            return a;
        if (range.hi <= 0)
            return expr_binary(arena, EXPR_SUB, expr_int(arena, 0), a);
    }
    if (kind == EXPR_TO_REAL && is_int(a))
        return expr_real(arena, (double)a->integer);
    Expr *e = node(arena, kind, kind == EXPR_TO_REAL ? TYPE_REAL : a->type);
    e->arg[0] = a;
    e->lanes = a->lanes;
    return e;
}

/* x + constant, which stands last and positive: x + 1 + 2 is x + 3, x + -1 is x - 1, 5 - x + 1 is 6 - x. */
static Expr *add_constant(Arena *arena, Expr *x, int64_t constant)
{
    int64_t sum;
    if (constant == 0)
        return x;
    if (is_int(x) && !__builtin_add_overflow(x->integer, constant, &sum))
        return expr_int(arena, sum);
    if (x->kind == EXPR_ADD && is_int(x->arg[1]) && !__builtin_add_overflow(x->arg[1]->integer, constant, &sum))
        return add_constant(arena, x->arg[0], sum);
    if (x->kind == EXPR_SUB && is_int(x->arg[1]) && !__builtin_sub_overflow(constant, x->arg[1]->integer, &sum))
        return add_constant(arena, x->arg[0], sum);
    if (x->kind == EXPR_SUB && is_int(x->arg[0]) && !__builtin_add_overflow(x->arg[0]->integer, constant, &sum))
        return expr_binary(arena, EXPR_SUB, expr_int(arena, sum), x->arg[1]);
    if (constant < 0 && constant != INT64_MIN)
        return node_binary(arena, EXPR_SUB, x, expr_int(arena, -constant));
    return node_binary(arena, EXPR_ADD, x, expr_int(arena, constant));
}

/* Takes the constant that x ends with off it. */
static int64_t split_constant(Expr **x)
{
    Expr *e = *x;
    bool add = e->kind == EXPR_ADD;
    if ((!add && e->kind != EXPR_SUB) || !is_int(e->arg[1]) || e->arg[1]->integer == INT64_MIN)
        return 0;
    *x = e->arg[0];
    return add ? e->arg[1]->integer : -e->arg[1]->integer;
}

static Expr *add_int(Arena *arena, Expr *a, Expr *b)
{
    if (is_int(b))
        return add_constant(arena, a, b->integer);
    if (is_int(a))
        return add_constant(arena, b, a->integer);
    int64_t left = split_constant(&a), right = split_constant(&b);
    if (b->kind == EXPR_SUB && is_int_of(b->arg[0], 0))
        return add_constant(arena, add_constant(arena, expr_binary(arena, EXPR_SUB, a, b->arg[1]), left), right);
    if (a->kind == EXPR_SUB && expr_equal(a->arg[1], b))
        return add_constant(arena, add_constant(arena, a->arg[0], left), right);
    return add_constant(arena, add_constant(arena, node_binary(arena, EXPR_ADD, a, b), left), right);
}

static Expr *sub_int(Arena *arena, Expr *a, Expr *b)
{
    if (is_int(b) && b->integer != INT64_MIN)
        return add_constant(arena, a, -b->integer);
    int64_t left = split_constant(&a), right = split_constant(&b), both;
    /* a - (k - x) is a + x - k */
    if (b->kind == EXPR_SUB && is_int(b->arg[0]) && b->arg[0]->integer != INT64_MIN) {
        Expr *sum = add_constant(arena, add_int(arena, a, b->arg[1]), -b->arg[0]->integer);
        return add_constant(arena, add_constant(arena, sum, left), -right);
    }
    if (expr_equal(a, b))
        return add_constant(arena, expr_int(arena, left), -right);
    if (a->kind == EXPR_ADD && expr_equal(a->arg[1], b))
        return add_constant(arena, add_constant(arena, a->arg[0], left), -right);
    if (a->kind == EXPR_ADD && expr_equal(a->arg[0], b))
        return add_constant(arena, add_constant(arena, a->arg[1], left), -right);
    if (is_int(a) && !__builtin_sub_overflow(a->integer, right, &both))
        return node_binary(arena, EXPR_SUB, expr_int(arena, both), b);
    return add_constant(arena, add_constant(arena, node_binary(arena, EXPR_SUB, a, b), left), -right);
}

/* The factor stands first, as one writes 2*x. */
static Expr *mul_int(Arena *arena, Expr *a, Expr *b)
{
    int64_t product;
    if (is_int(b) && !is_int(a)) {
        Expr *swap = a;
        a = b;
        b = swap;
    }
    if (is_int_of(a, 0) || is_int_of(b, 1))
        return a;
    if (is_int_of(a, 1) || is_int_of(b, 0))
        return b;
    if (is_int(a) && is_int(b) && !__builtin_mul_overflow(a->integer, b->integer, &product))
        return expr_int(arena, product);
    if (is_int(a) && b->kind == EXPR_MUL && is_int(b->arg[0])
        && !__builtin_mul_overflow(a->integer, b->arg[0]->integer, &product))
        return mul_int(arena, expr_int(arena, product), b->arg[1]);
    return node_binary(arena, EXPR_MUL, a, b);
}

/* Quotient and remainder of a left side that is known to be 0 or more; else nothing is done. */
static Expr *divide_int(Arena *arena, ExprKind kind, Expr *a, Expr *b)
{
    bool quotient = kind == EXPR_DIV;
    Range range = expr_range(a);
    if (is_int(b) && b->integer > 0 && range.lo >= 0) {
        int64_t divisor = b->integer;
        if (divisor == 1)
            return quotient ? a : expr_int(arena, 0);
        if (range.hi < divisor)
            return quotient ? expr_int(arena, 0) : a;
        if (is_int(a))
            return expr_int(arena, quotient ? a->integer / divisor : a->integer % divisor);
        if (a->kind == EXPR_MUL && is_int(a->arg[0]) && a->arg[0]->integer % divisor == 0)
            return quotient ? mul_int(arena, expr_int(arena, a->arg[0]->integer / divisor), a->arg[1])
                            : expr_int(arena, 0);
    }
    return node_binary(arena, kind, a, b);
}

static Expr *choose_int(Arena *arena, ExprKind kind, Expr *a, Expr *b)
{
    Range left = expr_range(a), right = expr_range(b);
    if (left.hi <= right.lo || expr_equal(a, b))
        return kind == EXPR_MIN ? a : b;
    if (right.hi <= left.lo)
        return kind == EXPR_MIN ? b : a;
    return node_binary(arena, kind, a, b);
}

/* Decided where the range of the difference decides it. */
static Expr *compare_int(Arena *arena, ExprKind kind, Expr *a, Expr *b)
{
    Range difference = expr_range(sub_int(arena, a, b));
    bool below = difference.hi < 0, above = difference.lo > 0, same = difference.lo == 0 && difference.hi == 0;
    switch (kind) {
    case EXPR_LT:
        if (below || difference.lo >= 0)
            return expr_bool(arena, below);
        break;
    case EXPR_LE:
        if (above || difference.hi <= 0)
            return expr_bool(arena, !above);
        break;
    default:
        if (below || above || same)
            return expr_bool(arena, same);
    }
    return node_binary(arena, kind, a, b);
}

static Expr *binary_int(Arena *arena, ExprKind kind, Expr *a, Expr *b)
{
    switch (kind) {
    case EXPR_ADD:
        return add_int(arena, a, b);
    case EXPR_SUB:
        return sub_int(arena, a, b);
    case EXPR_MUL:
        return mul_int(arena, a, b);
    case EXPR_DIV:
    case EXPR_MOD:
        return divide_int(arena, kind, a, b);
    case EXPR_MIN:
    case EXPR_MAX:
        return choose_int(arena, kind, a, b);
    case EXPR_LT:
    case EXPR_LE:
    case EXPR_EQ:
        return compare_int(arena, kind, a, b);
    default:
        return node_binary(arena, kind, a, b);
    }
}

/* Nothing that NaN, infinity or a rounding could tell from the original, but for the sign of a zero. */
static Expr *binary_real(Arena *arena, ExprKind kind, Expr *a, Expr *b)
{
    bool constant = a->kind == EXPR_REAL && b->kind == EXPR_REAL;
    switch (kind) {
    case EXPR_ADD:
        if (constant)
            return expr_real(arena, a->real + b->real);
        if (is_real_of(a, 0))
            return b;
        return is_real_of(b, 0) ? a : node_binary(arena, kind, a, b);
    case EXPR_SUB:
        if (constant)
            return expr_real(arena, a->real - b->real);
        return is_real_of(b, 0) ? a : node_binary(arena, kind, a, b);
    case EXPR_MUL:
        if (constant)
            return expr_real(arena, a->real * b->real);
        if (is_real_of(a, 1))
            return b;
        return is_real_of(b, 1) ? a : node_binary(arena, kind, a, b);
    case EXPR_DIV:
        if (constant && b->real != 0)
            return expr_real(arena, a->real / b->real);
        return is_real_of(b, 1) ? a : node_binary(arena, kind, a, b);
    default:
        return node_binary(arena, kind, a, b);
    }
}

static Expr *binary_bool(Arena *arena, ExprKind kind, Expr *a, Expr *b)
{
    bool all = kind == EXPR_AND;
    if (kind != EXPR_AND && kind != EXPR_OR)
        return node_binary(arena, kind, a, b);
    if (is_bool_of(a, all) || is_bool_of(b, !all))
        return b;
    if (is_bool_of(a, !all) || is_bool_of(b, all))
        return a;
    return expr_equal(a, b) ? a : node_binary(arena, kind, a, b);
}

Expr *expr_binary(Arena *arena, ExprKind kind, Expr *a, Expr *b)
{
    if (a->type != b->type)                     /* the verifier will refuse it */
        return node_binary(arena, kind, a, b);
    switch (a->type) {
    case TYPE_INT:
        return binary_int(arena, kind, a, b);
    case TYPE_REAL:
        return binary_real(arena, kind, a, b);
    default:
        return binary_bool(arena, kind, a, b);
    }
}

Expr *expr_select(Arena *arena, Expr *condition, Expr *yes, Expr *no)
{
    if (is_bool_of(condition, true))
        return yes;
    if (is_bool_of(condition, false))
        return no;
    if (yes->type == no->type && expr_equal(yes, no))
        return yes;
    Expr *e = node(arena, EXPR_SELECT, yes->type);
    e->arg[0] = condition;
    e->arg[1] = yes;
    e->arg[2] = no;
    e->lanes = condition->lanes || yes->lanes || no->lanes;
    return e;
}

Expr *expr_load(Arena *arena, const Tensor *tensor, Expr *const index[])
{
    Expr *e = node(arena, EXPR_LOAD, tensor->type);
    e->tensor = tensor;
    e->lanes = tensor->per_sample;
    for (int i = 0; i < tensor->rank; i++)
        e->index[i] = index[i];
    return e;
}
