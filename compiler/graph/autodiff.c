/* The backward part: the nodes in reverse, each asked for the gradients of what it reads. */
#include "graph/graph.h"

#include <assert.h>

typedef List(Tensor *) Contributions;

typedef struct Reverse {
    Graph         *graph;
    Contributions *of;          /* the gradients that have arrived for graph->tensors.at[i] of the forward part */
} Reverse;

/* The gradient of `value`: what arrived for it, summed; NULL where nothing did. Asked for once. */
static Tensor *gradient_of(Reverse *reverse, Tensor *value)
{
    Graph *graph = reverse->graph;
    const Contributions *arrived = &reverse->of[value->id];
    if (arrived->count < 2)
        return arrived->count ? arrived->at[0] : NULL;

    Tensor *sum = graph_value(graph, value->layer, TYPE_REAL, value->rank, value->dim, "d_%s_sum", value->name);
    graph_node(graph, &kind_sum, value->layer, "backward_sum", arrived->at, arrived->count, &sum, 1);
    return sum;
}

static bool wants_any(const Node *node)
{
    for (int i = 0; i < node->in.count; i++)
        if (wants_gradient(node, i))
            return true;
    return false;
}

static void reverse_node(Reverse *reverse, Node *node)
{
    Graph *graph = reverse->graph;
    Tensor *dout[MAX_OUT] = { NULL };
    bool reached = false;
    if (!node->kind->gradient || !wants_any(node))
        return;
    for (int i = 0; i < node->outs; i++) {
        dout[i] = gradient_of(reverse, node->out[i]);
        reached = reached || dout[i];
    }
    if (!reached)
        return;

    Tensor **din = arena_alloc(graph->arena, (size_t)node->in.count * sizeof *din);
    node->kind->gradient(graph, node, dout, din);
    for (int i = 0; i < node->in.count; i++)
        if (din[i])
            list_add(graph->arena, &reverse->of[node->in.at[i]->id], din[i]);
}

/* Each parameter belongs to one layer and is read by one node, so that at most one gradient arrives for it. */
static Tensor *parameter_gradient(Reverse *reverse, Tensor *parameter)
{
    Graph *graph = reverse->graph;
    assert(reverse->of[parameter->id].count <= 1);
    Tensor *gradient = gradient_of(reverse, parameter);
    if (gradient)
        return gradient;
    gradient = graph_gradient_of(graph, parameter);
    const char *which = parameter->layer->learnables.at[parameter->learnable].name;
    graph_node(graph, &kind_zero, parameter->layer, arena_printf(graph->arena, "backward_%s", which), NULL, 0,
               &gradient, 1);
    return gradient;
}

void graph_backward(Graph *graph)
{
    Reverse reverse = { graph, NULL };
    int forward = graph->nodes.count;

    reverse.of = arena_alloc(graph->arena, (size_t)graph->tensors.count * sizeof *reverse.of);
    graph->backward = true;
    /* The loss of the batch is the sum of loss * scale over its samples. */
    list_add(graph->arena, &reverse.of[graph->loss->id], graph->scale);
    for (int i = forward - 1; i >= 0; i--)
        reverse_node(&reverse, graph->nodes.at[i]);
    for (int i = 0; i < graph->parameters.count; i++)
        list_add(graph->arena, &graph->gradients, parameter_gradient(&reverse, graph->parameters.at[i]));
    graph->backward = false;
    graph_count(graph);
}
