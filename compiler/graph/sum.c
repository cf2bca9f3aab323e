/* The nodes that differentiation adds: sums of gradients, and zeros where there is none. */
#include "graph/graph.h"

/* Axes over the elements of a tensor, in the order in which values lie in memory: of an image y, x, c. */
static void over_elements(Nest *nest, const Tensor *tensor, Expr *index[MAX_INDEX])
{
    static const char *const plain[] = { "i", "j", "k", "l" };
    if (tensor->per_sample && tensor->rank == 3) {
        index[1] = nest_over(nest, "y", tensor->dim[1]);
        index[2] = nest_over(nest, "x", tensor->dim[2]);
        index[0] = nest_over(nest, "c", tensor->dim[0]);
        return;
    }
    for (int i = 0; i < tensor->rank; i++)
        index[i] = nest_over(nest, plain[i], tensor->dim[i]);
}

static void sum_nests(Graph *graph, Node *node)
{
    Expr *at[MAX_INDEX];
    Nest *nest = node_nest(graph, node, NULL, "the sum of the gradients from all that read the value");
    over_elements(nest, node->out[0], at);
    Expr *total = expr_load(graph->arena, node->in.at[0], at);
    for (int i = 1; i < node->in.count; i++)
        total = expr_binary(graph->arena, EXPR_ADD, total, expr_load(graph->arena, node->in.at[i], at));
    nest_store(nest, node->out[0], total, at);
}

static void zero_nests(Graph *graph, Node *node)
{
    Expr *at[MAX_INDEX];
    Nest *nest = node_nest(graph, node, NULL, "no path leads from the parameter to the loss");
    over_elements(nest, node->out[0], at);
    nest_store(nest, node->out[0], expr_real(graph->arena, 0), at);
}

const NodeKind kind_sum = { "sum", sum_nests, NULL };
const NodeKind kind_zero = { "zero", zero_nests, NULL };
