/* Rewrites that leave the results as they are and the work less. */
#include "graph/graph.h"

#include "ops/kinds.h"

static bool reads(const Node *node, const Tensor *tensor)
{
    for (int i = 0; i < node->in.count; i++)
        if (node->in.at[i] == tensor)
            return true;
    return false;
}

/* The one node that reads `tensor`, or NULL where there are more, or someone outside wants it. */
static Node *only_reader(const Graph *graph, const Tensor *tensor)
{
    Node *reader = NULL;
    if (tensor->readers != 1 || graph_keeps(graph, tensor))
        return NULL;
    for (int i = 0; i < graph->nodes.count && !reader; i++)
        if (reads(graph->nodes.at[i], tensor))
            reader = graph->nodes.at[i];
    return reader;
}

static void replace_reads(Graph *graph, const Tensor *tensor, Tensor *with)
{
    for (int i = 0; i < graph->nodes.count; i++)
        for (int k = 0; k < graph->nodes.at[i]->in.count; k++)
            if (graph->nodes.at[i]->in.at[k] == tensor)
                graph->nodes.at[i]->in.at[k] = with;
}

/* pool(relu(x)) = relu(pool(x)): a window's largest is the same, and where it is not positive the gradient stops either
 * way. An index of a window without a positive element may differ, so nobody else may read the indices. */
static void move_behind_pool(Graph *graph, int at)
{
    Node *relu = graph->nodes.at[at];
    Tensor *y = relu->out[0];
    Node *pool = relu->kind == &kind_relu ? only_reader(graph, y) : NULL;
    if (!pool || pool->kind != &kind_max_pool2d || pool->out[1]->readers > 0 || pool->out[0]->readers == 0)
        return;
    Tensor *pooled = pool->out[0];
    replace_reads(graph, pooled, y);
    pool->in.at[0] = relu->in.at[0];
    relu->in.at[0] = pooled;
    for (int d = 0; d < pooled->rank; d++)
        y->dim[d] = pooled->dim[d];
    if (graph->output == pooled)
        graph->output = y;
    do {
        graph->nodes.at[at] = graph->nodes.at[at + 1];
        graph->nodes.at[++at] = relu;
    } while (graph->nodes.at[at - 1] != pool);
}

void graph_reorder(Graph *graph)
{
    for (int i = graph->nodes.count - 1; i >= 0; i--) {
        move_behind_pool(graph, i);
        graph_count(graph);
    }
}

/* A bias's gradient is the sum of what arrives, and a pool's gradient only puts what arrives elsewhere. */
void graph_shorten(Graph *graph)
{
    for (int i = 0; i < graph->nodes.count; i++) {
        Node *node = graph->nodes.at[i];
        if (node->kind != &kind_conv2d_backward_bias)
            continue;
        const Node *pool = node->in.at[0]->producer;
        if (pool && pool->kind == &kind_max_pool2d_backward)
            node->in.at[0] = pool->in.at[1];
    }
    graph_count(graph);
}
