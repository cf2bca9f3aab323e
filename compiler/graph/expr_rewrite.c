/* Expressions compared and rewritten. */
#include "graph/graph.h"

bool expr_equal(const Expr *a, const Expr *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind || a->type != b->type || a->real != b->real || a->integer != b->integer
        || a->axis != b->axis || a->tensor != b->tensor)
        return false;
    for (int i = 0; i < 3; i++)
        if (!expr_equal(a->arg[i], b->arg[i]))
            return false;
    for (int i = 0; i < MAX_INDEX; i++)
        if (!expr_equal(a->index[i], b->index[i]))
            return false;
    return true;
}

Expr *expr_not(Arena *arena, Expr *condition)
{
    Expr *a = condition->arg[0], *b = condition->arg[1];
    bool nan_counts = a && a->type == TYPE_REAL;        /* neither a < b nor b <= a holds of a NaN */
    switch (nan_counts ? EXPR_SELECT : condition->kind) {
    case EXPR_LT:
        return expr_binary(arena, EXPR_LE, b, a);
    case EXPR_LE:
        return expr_binary(arena, EXPR_LT, b, a);
    case EXPR_EQ:
        return expr_binary(arena, EXPR_OR, expr_binary(arena, EXPR_LT, a, b), expr_binary(arena, EXPR_LT, b, a));
    case EXPR_AND:
        return expr_binary(arena, EXPR_OR, expr_not(arena, a), expr_not(arena, b));
    case EXPR_OR:
        return expr_binary(arena, EXPR_AND, expr_not(arena, a), expr_not(arena, b));
    default:
        return expr_select(arena, condition, expr_bool(arena, false), expr_bool(arena, true));
    }
}

/* `expr` with these operands; itself when they are its own. */
static Expr *rebuild(Arena *arena, Expr *expr, Expr *const part[3], Expr *const index[MAX_INDEX])
{
    bool same = true;
    for (int i = 0; i < 3; i++)
        same = same && part[i] == expr->arg[i];
    for (int i = 0; i < MAX_INDEX; i++)
        same = same && index[i] == expr->index[i];
    if (same)
        return expr;
    if (expr->kind == EXPR_LOAD)
        return expr_load(arena, expr->tensor, index);
    if (expr->kind == EXPR_SELECT)
        return expr_select(arena, part[0], part[1], part[2]);
    return part[1] ? expr_binary(arena, expr->kind, part[0], part[1]) : expr_unary(arena, expr->kind, part[0]);
}

Expr *expr_substitute(Arena *arena, Expr *expr, const Tensor *tensor, Expr *with,
                      const Axis *const from[], Expr *const to[], int axes)
{
    Expr *part[3] = { NULL }, *index[MAX_INDEX] = { NULL };

    if (expr->kind == EXPR_LOAD && expr->tensor == tensor)
        return with;
    if (expr->kind == EXPR_AXIS)
        for (int i = 0; i < axes; i++)
            if (expr->axis == from[i])
                return to[i];
    for (int i = 0; i < 3 && expr->arg[i]; i++)
        part[i] = expr_substitute(arena, expr->arg[i], tensor, with, from, to, axes);
    for (int i = 0; i < MAX_INDEX && expr->index[i]; i++)
        index[i] = expr_substitute(arena, expr->index[i], tensor, with, from, to, axes);
    return rebuild(arena, expr, part, index);
}

Expr *expr_replace(Arena *arena, Expr *expr, const Expr *what, Expr *with)
{
    Expr *part[3] = { NULL }, *index[MAX_INDEX] = { NULL };

    if (expr_equal(expr, what))
        return with;
    for (int i = 0; i < 3 && expr->arg[i]; i++)
        part[i] = expr_replace(arena, expr->arg[i], what, with);
    for (int i = 0; i < MAX_INDEX && expr->index[i]; i++)
        index[i] = expr_replace(arena, expr->index[i], what, with);
    return rebuild(arena, expr, part, index);
}
