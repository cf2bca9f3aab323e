/* Kernels: what a nest reads, and whether two nests are the same. */
#include "plan/plan.h"

#include <string.h>

const Tensor *kernel_operand(const Kernel *kernel, int i)
{
    int stored = i - kernel->loads.count;
    return stored < 0 ? kernel->loads.at[i] : kernel->stores.at[stored];
}

bool kernel_reads(const Kernel *kernel, const Tensor *tensor)
{
    for (int i = 0; i < kernel->loads.count; i++)
        if (kernel->loads.at[i] == tensor)
            return true;
    return false;
}

bool kernel_makes(const Kernel *kernel, const Tensor *tensor)
{
    for (int i = 0; i < kernel->stores.count; i++)
        if (kernel->stores.at[i] == tensor)
            return true;
    return false;
}

void kernel_add_load(Arena *arena, Kernel *kernel, const Tensor *tensor)
{
    if (tensor->role != ROLE_CONSTANT && !kernel_reads(kernel, tensor))
        list_add(arena, &kernel->loads, tensor);
}

void kernel_add_loads(Arena *arena, Kernel *kernel, const Expr *e)
{
    if (!e)
        return;
    if (e->kind == EXPR_LOAD)
        kernel_add_load(arena, kernel, e->tensor);
    for (int i = 0; i < 3; i++)
        kernel_add_loads(arena, kernel, e->arg[i]);
}

Kernel *kernel_new(Arena *arena, const Program *program, const Node *node, const Nest *nest)
{
    Kernel *kernel = NEW(arena, Kernel);
    kernel->name = nest->name;
    kernel->program = program;
    kernel->node = node;
    kernel->nest = nest;
    for (int i = 0; i < nest->reduces; i++) {
        kernel_add_loads(arena, kernel, nest->reduce[i].value);
        kernel_add_loads(arena, kernel, nest->reduce[i].when);
        kernel_add_loads(arena, kernel, nest->reduce[i].init);
    }
    for (int i = 0; i < nest->stores; i++)
        kernel_add_loads(arena, kernel, nest->store[i].value);
    for (int i = 0; i < nest->stores; i++)
        list_add(arena, &kernel->stores, nest->store[i].tensor);
    return kernel;
}

bool kernel_helps(const Kernel *kernel)
{
    return kernel->scheme == SCHEME_FUSED_CONV_SUM || kernel->scheme == SCHEME_FUSED_INPUT_SUM ||
           kernel->scheme == SCHEME_FUSED_SPARSE_SUM || kernel->scheme == SCHEME_FUSED_PLACES;
}

int64_t kernel_flop(const Kernel *kernel)
{
    if (kernel->scheme == SCHEME_NEST)
        return nest_flop(kernel->nest);
    if (kernel_helps(kernel))
        return 0;
    int64_t flop = 0;
    for (int i = -1; i < kernel->absorbed.count; i++) {
        const Node *node = i < 0 ? kernel->node : kernel->absorbed.at[i];
        for (int j = 0; node && j < node->nests.count; j++)
            flop += nest_flop(node->nests.at[j]);
    }
    return flop;
}

bool expr_uses(const Expr *expr, const Axis *axis)
{
    if (!expr)
        return false;
    bool uses = expr->axis == axis;
    for (int i = 0; i < 3; i++)
        uses = uses || expr_uses(expr->arg[i], axis);
    for (int i = 0; i < MAX_INDEX; i++)
        uses = uses || expr_uses(expr->index[i], axis);
    return uses;
}

static bool same_axis(const Axis *a, const Axis *b)
{
    return a == b || (a && b && strcmp(a->name, b->name) == 0 && a->extent == b->extent);
}

static bool same_buffer(const Buffer *a, const Buffer *b)
{
    return strcmp(a->name, b->name) == 0 && a->rank == b->rank && a->pitch == b->pitch && a->tensor->type == b->tensor->type &&
           a->tensor->per_sample == b->tensor->per_sample && memcmp(a->order, b->order, sizeof a->order) == 0 &&
           memcmp(a->dim, b->dim, sizeof a->dim) == 0;
}

static bool same_expr(const Kernel *ka, const Expr *a, const Kernel *kb, const Expr *b)
{
    if (!a || !b)
        return a == b;
    if (a->kind != b->kind || a->type != b->type || a->real != b->real || a->integer != b->integer ||
        !same_axis(a->axis, b->axis) || !a->tensor != !b->tensor)
        return false;
    bool constant = a->tensor && a->tensor->role == ROLE_CONSTANT;
    if (constant && (b->tensor->role != ROLE_CONSTANT || strcmp(a->tensor->name, b->tensor->name) != 0))
        return false;
    if (a->tensor && !constant && !same_buffer(kernel_buffer(ka, a->tensor), kernel_buffer(kb, b->tensor)))
        return false;
    for (int i = 0; i < 3; i++)
        if (!same_expr(ka, a->arg[i], kb, b->arg[i]))
            return false;
    for (int i = 0; i < MAX_INDEX; i++)
        if (!same_expr(ka, a->index[i], kb, b->index[i]))
            return false;
    return true;
}

bool kernel_same(const Kernel *a, const Kernel *b)
{
    const Nest *m = a->nest, *n = b->nest;
    if (a->scheme != b->scheme || a->loads.count != b->loads.count || a->stores.count != b->stores.count ||
        a->launch.threads != b->launch.threads || a->launch.first != b->launch.first)
        return false;
    for (int i = 0; i < a->stores.count; i++)
        if (!same_buffer(kernel_buffer(a, a->stores.at[i]), kernel_buffer(b, b->stores.at[i])))
            return false;
    for (int i = 0; i < a->loads.count; i++)
        if (!same_buffer(kernel_buffer(a, a->loads.at[i]), kernel_buffer(b, b->loads.at[i])))
            return false;
    if (!m || !n)
        return m == n;
    if (m->overs != n->overs || m->folds != n->folds || m->guards != n->guards || m->domains != n->domains ||
        m->reduces != n->reduces || m->stores != n->stores || a->all_blocks != b->all_blocks)
        return false;

    bool same = true;
    for (int i = 0; i < m->overs; i++)
        same = same && same_axis(m->over[i], n->over[i]);
    for (int i = 0; i < m->folds; i++)
        same = same && same_axis(m->fold[i], n->fold[i]);
    for (int i = 0; i < m->guards; i++)
        same = same && same_expr(a, m->guard[i], b, n->guard[i]);
    for (int i = 0; i < m->domains; i++)
        same = same && same_expr(a, m->domain[i], b, n->domain[i]);
    for (int i = 0; i < m->reduces && a->scheme == SCHEME_NEST; i++) {
        const Reduce *r = &m->reduce[i], *q = &n->reduce[i];
        same = same && r->kind == q->kind && same_expr(a, r->init, b, q->init) &&
               same_expr(a, r->value, b, q->value) && same_expr(a, r->when, b, q->when);
    }
    for (int i = 0; i < m->stores; i++) {
        const Store *r = &m->store[i], *q = &n->store[i];
        same = same && same_buffer(kernel_buffer(a, r->tensor), kernel_buffer(b, q->tensor)) &&
               same_expr(a, r->value, b, q->value);
        for (int j = 0; j < MAX_INDEX; j++)
            same = same && same_expr(a, r->index[j], b, q->index[j]);
    }
    return same;
}
