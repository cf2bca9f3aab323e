/* Arithmetic that a nest does. */
#include "graph/graph.h"

static int64_t points(Axis *const axes[], int count)
{
    int64_t product = 1;
    for (int i = 0; i < count; i++)
        product *= axes[i]->extent;
    return product;
}

/* Operations on REALs in the expression; those in its indices and on INTs are not counted. */
static int64_t expr_flop(const Expr *e)
{
    int64_t flop = 0;
    for (int i = 0; i < 3 && e->arg[i]; i++)
        flop += expr_flop(e->arg[i]);
    switch (e->kind) {
    case EXPR_ADD: case EXPR_SUB: case EXPR_MUL: case EXPR_DIV: case EXPR_MIN: case EXPR_MAX: case EXPR_ABS:
    case EXPR_EXP: case EXPR_LOG: case EXPR_TANH: case EXPR_SQRT: case EXPR_ERF:
        return flop + (e->type == TYPE_REAL);
    case EXPR_LT: case EXPR_LE: case EXPR_EQ:
        return flop + (e->arg[0]->type == TYPE_REAL);
    default:
        return flop;
    }
}

int64_t nest_flop(const Nest *nest)
{
    int64_t each = 0, folded = 0;
    for (int i = 0; i < nest->reduces; i++) {
        const Reduce *r = &nest->reduce[i];
        each += r->init ? expr_flop(r->init) : 0;
        folded += expr_flop(r->value) + (r->when ? expr_flop(r->when) : 0);
        folded += r->kind == REDUCE_SUM || r->kind == REDUCE_MAX;
    }
    for (int i = 0; i < nest->stores; i++)
        each += expr_flop(nest->store[i].value);
    return points(nest->over, nest->overs) * (each + points(nest->fold, nest->folds) * folded);
}
