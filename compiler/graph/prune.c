/* Takes away what nobody reads: outputs, then the nodes that are left without one. */
#include "graph/graph.h"

/* A node that has been fused into another one keeps its outputs for those who look at it, but does not make them. */
static bool makes_something(const Node *node)
{
    for (int i = 0; i < node->outs; i++)
        if (node->out[i] && node->out[i]->producer == node)
            return true;
    return false;
}

/* wanted[id] of a tensor: someone reads it. */
static void drop_outputs(const Graph *graph, Node *node, bool *wanted)
{
    for (int i = 0; i < node->outs; i++)
        if (node->out[i] && !wanted[node->out[i]->id] && !graph_keeps(graph, node->out[i]))
            node->out[i] = NULL;
    if (makes_something(node))
        for (int i = 0; i < node->in.count; i++)
            wanted[node->in.at[i]->id] = true;
}

/* Whether the tensor is still made by its producer, or comes from outside. */
static bool exists(const Tensor *tensor)
{
    if (tensor->role != ROLE_VALUE && tensor->role != ROLE_GRADIENT)
        return true;
    for (int i = 0; tensor->producer && i < tensor->producer->outs; i++)
        if (tensor->producer->out[i] == tensor)
            return true;
    return false;
}

void graph_sweep(Graph *graph)
{
    int tensors = 0, nodes = 0;
    for (int i = 0; i < graph->model->layers.count; i++) {
        if (graph->of_layer[i] && !exists(graph->of_layer[i]))
            graph->of_layer[i] = NULL;
        if (graph->indices[i] && !exists(graph->indices[i]))
            graph->indices[i] = NULL;
    }
    for (int i = 0; i < graph->tensors.count; i++)
        if (exists(graph->tensors.at[i]))
            graph->tensors.at[tensors++] = graph->tensors.at[i];
    for (int i = 0; i < graph->nodes.count; i++)
        if (makes_something(graph->nodes.at[i]))
            graph->nodes.at[nodes++] = graph->nodes.at[i];
    graph->tensors.count = tensors;
    graph->nodes.count = nodes;
    graph_count(graph);
}

void graph_prune(Graph *graph)
{
    bool *wanted = arena_alloc(graph->arena, (size_t)graph->tensors.count * sizeof *wanted);
    for (int i = graph->nodes.count - 1; i >= 0; i--)
        drop_outputs(graph, graph->nodes.at[i], wanted);
    graph_sweep(graph);
}
