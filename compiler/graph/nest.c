/* Building nests. */
#include "graph/graph.h"

#include <assert.h>

Nest *nest_new(Arena *arena, const char *name, const char *note)
{
    Nest *nest = NEW(arena, Nest);
    nest->arena = arena;
    nest->name = name;
    nest->note = note;
    return nest;
}

static Axis *axis_new(Arena *arena, const char *name, int64_t extent)
{
    Axis *axis = NEW(arena, Axis);
    assert(extent >= 1);
    axis->name = name;
    axis->extent = extent;
    return axis;
}

Expr *nest_over(Nest *nest, const char *name, int64_t extent)
{
    assert(nest->overs < MAX_OVER);
    Axis *axis = nest->over[nest->overs++] = axis_new(nest->arena, name, extent);
    return expr_axis(nest->arena, axis);
}

Expr *nest_fold(Nest *nest, const char *name, int64_t extent)
{
    assert(nest->folds < MAX_FOLD);
    Axis *axis = nest->fold[nest->folds++] = axis_new(nest->arena, name, extent);
    return expr_axis(nest->arena, axis);
}

static void add_condition(Expr *list[], int *count, int capacity, Expr *condition)
{
    if (condition->kind == EXPR_INT && condition->integer == 1)
        return;
    if (condition->kind == EXPR_AND) {
        add_condition(list, count, capacity, condition->arg[0]);
        add_condition(list, count, capacity, condition->arg[1]);
        return;
    }
    assert(*count < capacity);
    list[(*count)++] = condition;
}

void nest_guard(Nest *nest, Expr *condition)
{
    add_condition(nest->guard, &nest->guards, MAX_GUARD, condition);
}

void nest_domain(Nest *nest, Expr *condition)
{
    add_condition(nest->domain, &nest->domains, MAX_DOMAIN, condition);
}

Expr *nest_reduce(Nest *nest, ReduceKind kind, Expr *init, Expr *value, Expr *when)
{
    assert(nest->reduces < MAX_REDUCE);
    bool lanes = value->lanes || (init && init->lanes) || (when && when->lanes);
    if (kind == REDUCE_ARGMAX && nest->reduces > 0)
        lanes = lanes || nest->reduce[nest->reduces - 1].value->lanes;
    nest->reduce[nest->reduces] = (Reduce){ kind, init, value, when };

    Expr *result = NEW(nest->arena, Expr);
    result->kind = EXPR_REDUCED;
    result->type = value->type;
    result->lanes = lanes;
    result->integer = nest->reduces++;
    return result;
}

void nest_store(Nest *nest, Tensor *tensor, Expr *value, Expr *const index[])
{
    assert(nest->stores < MAX_STORE);
    Store *store = &nest->store[nest->stores++];
    store->tensor = tensor;
    store->value = value;
    for (int i = 0; i < tensor->rank; i++)
        store->index[i] = index[i];
}
