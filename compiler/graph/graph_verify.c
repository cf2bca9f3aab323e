/* The contract of the graph with the stages after it. */
#include "graph/graph.h"

#include <stdlib.h>
#include <string.h>

/* A tensor that `e` loads and the node neither reads nor has stored in a nest before; or NULL. */
static const Tensor *strange_load(const Node *node, int nest, const Expr *e)
{
    bool known = e->kind != EXPR_LOAD;
    for (int i = 0; i < node->in.count && !known; i++)
        known = node->in.at[i] == e->tensor;
    for (int n = 0; n < nest && !known; n++)
        for (int k = 0; k < node->nests.at[n]->stores && !known; k++)
            known = node->nests.at[n]->store[k].tensor == e->tensor;
    if (!known)
        return e->tensor;
    const Tensor *strange = NULL;
    for (int i = 0; i < 3 && e->arg[i] && !strange; i++)
        strange = strange_load(node, nest, e->arg[i]);
    return strange;
}

static const Tensor *strange_loads(const Node *node, int which)
{
    const Nest *nest = node->nests.at[which];
    const Tensor *strange = NULL;
    for (int i = 0; i < nest->reduces && !strange; i++) {
        const Reduce *r = &nest->reduce[i];
        strange = strange_load(node, which, r->value);
        strange = !strange && r->init ? strange_load(node, which, r->init) : strange;
        strange = !strange && r->when ? strange_load(node, which, r->when) : strange;
    }
    for (int i = 0; i < nest->stores && !strange; i++)
        strange = strange_load(node, which, nest->store[i].value);
    return strange;
}

static bool is_output(const Node *node, const Tensor *tensor)
{
    for (int i = 0; i < node->outs; i++)
        if (node->out[i] == tensor)
            return true;
    return false;
}

/* The output that no nest of the node stores, or NULL. */
static const Tensor *forgotten_output(const Node *node)
{
    for (int i = 0; i < node->outs; i++) {
        bool stored = !node->out[i];
        for (int n = 0; n < node->nests.count; n++)
            for (int k = 0; k < node->nests.at[n]->stores; k++)
                stored = stored || node->nests.at[n]->store[k].tensor == node->out[i];
        if (!stored)
            return node->out[i];
    }
    return NULL;
}

const char *node_verify(Arena *arena, const Node *node)
{
    const char *fault = nests_verify(arena, (const Nest *const *)node->nests.at, node->nests.count);
    if (fault)
        return fault;
    for (int i = 0; i < node->nests.count; i++) {
        const Nest *nest = node->nests.at[i];
        const Tensor *strange = strange_loads(node, i);
        if (strange)
            return arena_printf(arena, "%s: loads %s, which the node does not read", nest->name, strange->name);
        for (int k = 0; k < nest->stores; k++)
            if (!is_output(node, nest->store[k].tensor))
                return arena_printf(arena, "%s: stores %s, which is no output of the node", nest->name,
                                    nest->store[k].tensor->name);
    }
    const Tensor *forgotten = forgotten_output(node);
    return forgotten ? arena_printf(arena, "%s: no nest stores %s", node->name, forgotten->name) : NULL;
}

/* ---- the whole graph ---- */

static const char *verify_node(Arena *arena, const Graph *graph, const Node *node, int place, bool *made)
{
    if (node->id != place)
        return arena_printf(arena, "%s: its id is %d, its place %d", node->name, node->id, place);
    if (place > 0 && !node->backward && graph->nodes.at[place - 1]->backward)
        return arena_printf(arena, "%s: forward, but after the backward part", node->name);
    for (int i = 0; i < node->in.count; i++) {
        const Tensor *in = node->in.at[i];
        if (in->id >= graph->tensors.count || graph->tensors.at[in->id] != in)
            return arena_printf(arena, "%s: reads %s, which is not in the graph", node->name, in->name);
        if (!made[in->id])
            return arena_printf(arena, "%s: reads %s before it is made", node->name, in->name);
    }
    for (int i = 0; i < node->outs; i++) {
        const Tensor *out = node->out[i];
        if (!out)
            continue;
        if (out->producer != node || made[out->id])
            return arena_printf(arena, "%s: %s is made by another node too", node->name, out->name);
        made[out->id] = true;
    }
    return node_verify(arena, node);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *verify_names(Arena *arena, const Graph *graph)
{
    List(const char *) names = { NULL, 0, 0 };
    for (int i = 0; i < graph->tensors.count; i++)
        list_add(arena, &names, graph->tensors.at[i]->name);
    for (int i = 0; i < graph->nodes.count; i++)
        for (int k = 0; k < graph->nodes.at[i]->nests.count; k++)
            list_add(arena, &names, graph->nodes.at[i]->nests.at[k]->name);
    qsort(names.at, (size_t)names.count, sizeof *names.at, compare_names);
    for (int i = 1; i < names.count; i++)
        if (!strcmp(names.at[i - 1], names.at[i]))
            return arena_printf(arena, "the name %s is used twice", names.at[i]);
    return NULL;
}

static const char *verify_readers(Arena *arena, const Graph *graph)
{
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        if (tensor->id != i)
            return arena_printf(arena, "%s: its id is %d, its place %d", tensor->name, tensor->id, i);
        if (!tensor->producer && (tensor->role == ROLE_VALUE || tensor->role == ROLE_GRADIENT))
            return arena_printf(arena, "%s: no node makes it", tensor->name);
        if (tensor->producer && tensor->readers == 0 && !graph_keeps(graph, tensor))
            return arena_printf(arena, "%s: nothing reads it", tensor->name);
    }
    for (int i = 0; i < graph->gradients.count; i++) {
        const Tensor *gradient = graph->gradients.at[i], *parameter = graph->parameters.at[i];
        if (gradient->role != ROLE_GRADIENT || gradient->layer != parameter->layer
            || gradient->learnable != parameter->learnable)
            return arena_printf(arena, "%s: not the gradient of %s", gradient->name, parameter->name);
    }
    return NULL;
}

const char *graph_verify(Arena *arena, const Graph *graph)
{
    bool *made = arena_alloc(arena, (size_t)graph->tensors.count * sizeof *made);
    const char *fault = verify_readers(arena, graph);
    for (int i = 0; i < graph->tensors.count; i++)
        made[i] = !graph->tensors.at[i]->producer;
    for (int i = 0; i < graph->nodes.count && !fault; i++)
        fault = verify_node(arena, graph, graph->nodes.at[i], i, made);
    return fault ? fault : verify_names(arena, graph);
}
