/* Runs nests as they are meant, in double and sample by sample, and checks what the verifier promises: every index is
 * inside its tensor, no left side of DIV or MOD is negative, every element is stored once. A tool of the tests. */
#ifndef NETC_NEST_RUN_H
#define NETC_NEST_RUN_H

#include "graph/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Run {
    Arena      *arena;
    int         samples;
    double    **value;          /* of tensor id: [sample][element], or [element] where it is one for all samples */
    int       **stores;         /* how often each was stored */
    const char *fault;          /* the first thing that went wrong, or NULL */
} Run;

/* Where a nest is: the sample, the point, the reductions' results. */
typedef struct Point {
    Run        *run;
    const Nest *nest;
    int         sample;
    int64_t     over[MAX_OVER], fold[MAX_FOLD];
    double      reduced[MAX_REDUCE];
} Point;

static inline int64_t tensor_elements(const Tensor *tensor)
{
    int64_t product = 1;
    for (int d = 0; d < tensor->rank; d++)
        product *= tensor->dim[d];
    return product;
}

static inline double run_eval(Point *p, const Expr *e);

/* The element's place, or 0 after a fault. */
static inline int64_t run_place(Point *p, const Tensor *tensor, Expr *const index[])
{
    int64_t place = 0;
    for (int d = 0; d < tensor->rank; d++) {
        int64_t at = (int64_t)run_eval(p, index[d]);
        if (at < 0 || at >= tensor->dim[d]) {
            p->run->fault = arena_printf(p->run->arena, "%s: index %d of %s is %lld", p->nest->name, d, tensor->name,
                                         (long long)at);
            return 0;
        }
        place = place * tensor->dim[d] + at;
    }
    return place + (tensor->per_sample ? p->sample * tensor_elements(tensor) : 0);
}

static inline double run_axis(const Point *p, const Axis *axis)
{
    for (int i = 0; i < p->nest->overs; i++)
        if (p->nest->over[i] == axis)
            return (double)p->over[i];
    for (int i = 0; i < p->nest->folds; i++)
        if (p->nest->fold[i] == axis)
            return (double)p->fold[i];
    p->run->fault = "an axis that the nest does not have";
    return 0;
}

static inline double run_divide(Point *p, const Expr *e, double a, double b)
{
    if (e->type == TYPE_REAL)
        return a / b;
    if (a < 0 || b < 1) {
        p->run->fault = arena_printf(p->run->arena, "%s: %s divides a negative number", p->nest->name,
                                     expr_text(p->run->arena, e));
        return 0;
    }
    return e->kind == EXPR_DIV ? (double)((int64_t)a / (int64_t)b) : (double)((int64_t)a % (int64_t)b);
}

static inline double run_eval(Point *p, const Expr *e)
{
    switch (e->kind) {
    case EXPR_REAL:
        return e->real;
    case EXPR_INT:
        return (double)e->integer;
    case EXPR_AXIS:
        return run_axis(p, e->axis);
    case EXPR_LOAD:
        return p->run->value[e->tensor->id][run_place(p, e->tensor, e->index)];
    case EXPR_REDUCED:
        return p->reduced[e->integer];
    case EXPR_SELECT:       /* a condition that differs by sample chooses between values that both exist */
        if (e->arg[0]->lanes) {
            double yes = run_eval(p, e->arg[1]), no = run_eval(p, e->arg[2]);
            return run_eval(p, e->arg[0]) != 0 ? yes : no;
        }
        return run_eval(p, run_eval(p, e->arg[0]) != 0 ? e->arg[1] : e->arg[2]);
    case EXPR_AND:
        return run_eval(p, e->arg[0]) != 0 && run_eval(p, e->arg[1]) != 0;
    default:
        break;
    }
    double a = run_eval(p, e->arg[0]), b = e->arg[1] ? run_eval(p, e->arg[1]) : 0;
    switch (e->kind) {
    case EXPR_ADD:      return a + b;
    case EXPR_SUB:      return a - b;
    case EXPR_MUL:      return a * b;
    case EXPR_DIV:
    case EXPR_MOD:      return run_divide(p, e, a, b);
    case EXPR_MIN:      return b < a ? b : a;
    case EXPR_MAX:      return a < b ? b : a;
    case EXPR_ABS:      return fabs(a);
    case EXPR_LT:       return a < b;
    case EXPR_LE:       return a <= b;
    case EXPR_EQ:       return a == b;
    case EXPR_OR:       return a != 0 || b != 0;
    case EXPR_EXP:      return exp(a);
    case EXPR_LOG:      return log(a);
    case EXPR_TANH:     return tanh(a);
    case EXPR_SQRT:     return sqrt(a);
    case EXPR_ERF:      return erf(a);
    default:            return a;       /* EXPR_TO_REAL */
    }
}

/* The next point of axes that count like a clock; false after the last one. */
static inline bool run_advance(Axis *const axes[], int count, int64_t at[])
{
    for (int i = count - 1; i >= 0; i--) {
        if (++at[i] < axes[i]->extent)
            return true;
        at[i] = 0;
    }
    return false;
}

static inline bool run_hold(Point *p, Expr *const conditions[], int count)
{
    for (int i = 0; i < count; i++)
        if (run_eval(p, conditions[i]) == 0)
            return false;
    return true;
}

static inline void run_reduce(Point *p, bool first[])
{
    bool larger = false;
    for (int i = 0; i < p->nest->reduces; i++) {
        const Reduce *r = &p->nest->reduce[i];
        double value = run_eval(p, r->value);
        switch (r->kind) {
        case REDUCE_SUM:
            p->reduced[i] += value;
            break;
        case REDUCE_MAX:
            larger = first[i] || value > p->reduced[i] || (isnan(value) && !isnan(p->reduced[i]));
            if (larger)
                p->reduced[i] = value;
            break;
        case REDUCE_ARGMAX:
            if (larger)
                p->reduced[i] = value;
            break;
        case REDUCE_LAST:
            if (run_eval(p, r->when) != 0)
                p->reduced[i] = value;
        }
        first[i] = false;
    }
}

/* One point of `over`. */
static inline void run_element(Point *p)
{
    const Nest *nest = p->nest;
    bool first[MAX_REDUCE] = { true, true };
    if (!run_hold(p, nest->domain, nest->domains))
        return;
    for (int i = 0; i < nest->reduces; i++)
        p->reduced[i] = nest->reduce[i].init ? run_eval(p, nest->reduce[i].init)
                                             : nest->reduce[i].kind == REDUCE_MAX ? -INFINITY : 0;
    memset(p->fold, 0, sizeof p->fold);
    if (nest->reduces)
        do {
            if (run_hold(p, nest->guard, nest->guards))
                run_reduce(p, first);
        } while (run_advance(nest->fold, nest->folds, p->fold));
    for (int i = 0; i < nest->stores; i++) {
        const Store *store = &nest->store[i];
        int64_t place = run_place(p, store->tensor, store->index);
        double value = run_eval(p, store->value);
        double *element = &p->run->value[store->tensor->id][place];
        *element = store->tensor->per_sample ? value : *element + value;
        p->run->stores[store->tensor->id][place]++;
    }
}

/* Adds to what is not per sample: it is 0 at first. */
static inline void run_nest(Run *run, const Nest *nest)
{
    for (int sample = 0; sample < run->samples; sample++) {
        Point p = { .run = run, .nest = nest, .sample = sample };
        do
            run_element(&p);
        while (!run->fault && run_advance(nest->over, nest->overs, p.over));
    }
}

static inline int64_t run_count(const Run *run, const Tensor *tensor)
{
    return tensor_elements(tensor) * (tensor->per_sample ? run->samples : 1);
}

static inline void run_tensor(Run *run, const Tensor *tensor)
{
    size_t count = (size_t)run_count(run, tensor);
    run->value[tensor->id] = arena_alloc(run->arena, count * sizeof(double));
    run->stores[tensor->id] = arena_alloc(run->arena, count * sizeof(int));
}

/* Room for the values of `tensors` tensors with the ids 0 .. tensors-1; all 0. */
static inline Run *run_new(Arena *arena, Tensor *const tensors[], int count, int samples)
{
    Run *run = NEW(arena, Run);
    run->arena = arena;
    run->samples = samples;
    run->value = arena_alloc(arena, (size_t)count * sizeof *run->value);
    run->stores = arena_alloc(arena, (size_t)count * sizeof *run->stores);
    for (int i = 0; i < count; i++)
        run_tensor(run, tensors[i]);
    return run;
}

static inline void run_check_stores(Run *run, const Node *node, const Tensor *out)
{
    int want = out->per_sample ? 1 : run->samples;
    for (int64_t k = 0; k < run_count(run, out); k++)
        if (run->stores[out->id][k] != want)
            run->fault = arena_printf(run->arena, "%s: element %lld of %s is stored %d times", node->name, (long long)k,
                                      out->name, run->stores[out->id][k]);
}

static inline void run_node(Run *run, const Node *node)
{
    for (int i = 0; i < node->outs; i++)
        if (node->out[i]) {
            memset(run->value[node->out[i]->id], 0, (size_t)run_count(run, node->out[i]) * sizeof(double));
            memset(run->stores[node->out[i]->id], 0, (size_t)run_count(run, node->out[i]) * sizeof(int));
        }
    for (int i = 0; i < node->nests.count && !run->fault; i++)
        run_nest(run, node->nests.at[i]);
    for (int i = 0; i < node->outs && !run->fault; i++)
        if (node->out[i])
            run_check_stores(run, node, node->out[i]);
}

/* Runs the graph's nodes in order, the backward ones only with `backward`. Sets run->fault if a promise is broken. */
static inline void run_graph(Run *run, const Graph *graph, bool backward)
{
    for (int i = 0; i < graph->nodes.count && !run->fault; i++)
        if (backward || !graph->nodes.at[i]->backward)
            run_node(run, graph->nodes.at[i]);
}

#endif
