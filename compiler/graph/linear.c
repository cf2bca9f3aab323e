#include "graph/linear.h"

static void add_constant(Linear *sum, int64_t value, int64_t factor)
{
    int64_t product;
    if (__builtin_mul_overflow(value, factor, &product)
        || __builtin_add_overflow(sum->constant, product, &sum->constant))
        sum->valid = false;
}

static void add_term(Linear *sum, Expr *atom, int64_t factor)
{
    for (int i = 0; i < sum->terms; i++)
        if (expr_equal(sum->term[i].atom, atom)) {
            if (__builtin_add_overflow(sum->term[i].factor, factor, &sum->term[i].factor))
                sum->valid = false;
            if (sum->term[i].factor == 0)
                sum->term[i] = sum->term[--sum->terms];
            return;
        }
    if (sum->terms == MAX_TERMS || factor == 0)
        sum->valid = sum->valid && factor == 0;
    else
        sum->term[sum->terms++] = (Term){ atom, factor };
}

static bool is_constant(const Expr *e) { return e->kind == EXPR_INT && e->type == TYPE_INT; }

static void add_product(Arena *arena, Linear *sum, Expr *e, int64_t factor);

static void add_scaled(Arena *arena, Linear *sum, Expr *e, int64_t by, int64_t factor)
{
    int64_t product;
    if (__builtin_mul_overflow(by, factor, &product))
        sum->valid = false;
    else
        add_product(arena, sum, e, product);
}

/* Adds factor * e. */
static void add_product(Arena *arena, Linear *sum, Expr *e, int64_t factor)
{
    Expr *a = e->arg[0], *b = e->arg[1];
    switch (e->kind) {
    case EXPR_INT:
        add_constant(sum, e->integer, factor);
        return;
    case EXPR_ADD:
        add_product(arena, sum, a, factor);
        add_product(arena, sum, b, factor);
        return;
    case EXPR_SUB:
        add_product(arena, sum, a, factor);
        add_scaled(arena, sum, b, -1, factor);
        return;
    case EXPR_MUL:
        if (is_constant(a))
            add_scaled(arena, sum, b, a->integer, factor);
        else if (is_constant(b))
            add_scaled(arena, sum, a, b->integer, factor);
        else
            add_term(sum, e, factor);
        return;
    case EXPR_MOD:
        if (is_constant(b) && b->integer > 0) {
            add_product(arena, sum, a, factor);
            add_scaled(arena, sum, expr_binary(arena, EXPR_DIV, a, b), -b->integer, factor);
            return;
        }
        add_term(sum, e, factor);
        return;
    default:
        add_term(sum, e, factor);
    }
}

Linear linear_of(Arena *arena, Expr *e)
{
    Linear sum = { .valid = true };
    add_product(arena, &sum, e, 1);
    return sum;
}

Linear linear_combine(const Linear *x, int64_t a, const Linear *y, int64_t b)
{
    const Linear *part[] = { x, y };
    const int64_t factor[] = { a, b };
    Linear sum = { .valid = x->valid && y->valid };
    for (int k = 0; k < 2; k++) {
        add_constant(&sum, part[k]->constant, factor[k]);
        for (int i = 0; i < part[k]->terms; i++) {
            int64_t product;
            if (__builtin_mul_overflow(part[k]->term[i].factor, factor[k], &product))
                sum.valid = false;
            else
                add_term(&sum, part[k]->term[i].atom, product);
        }
    }
    return sum;
}

Range linear_range(const Linear *x)
{
    Range range = { x->constant, x->constant };
    if (!x->valid)
        return (Range){ RANGE_LEAST, RANGE_MOST };
    for (int i = 0; i < x->terms; i++)
        range = range_add(range, range_scale(expr_range(x->term[i].atom), x->term[i].factor));
    return range;
}

int64_t linear_factor(const Linear *x, const Expr *atom)
{
    for (int i = 0; i < x->terms; i++)
        if (expr_equal(x->term[i].atom, atom))
            return x->term[i].factor;
    return 0;
}
