/* y = max(x, 0), element by element; a NaN stays one. */
#include "ops/kinds.h"
#include "ops/nests.h"

static bool relu_shape(Arena *arena, Layer *layer, Diag *diag)
{
    (void)arena, (void)diag;
    layer->out = layer->in.at[0]->out;
    return true;
}

static Tensor *relu_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    Tensor *y = graph_value(graph, layer, TYPE_REAL, in[0]->rank, in[0]->dim, "%s", layer->name);
    graph_node(graph, &kind_relu, layer, "forward", in, ins, &y, 1);
    return y;
}

static void relu_nests(Graph *graph, Node *node)
{
    const Tensor *x = node->in.at[0];
    Expr *at[MAX_INDEX];
    Nest *n = node_nest(graph, node, NULL, NULL);
    over_elements(n, x, at);
    nest_store(n, node->out[0], expr_binary(n->arena, EXPR_MAX, load(n, x, at), real(n, 0)), at);
}

static void relu_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    if (!wants_gradient(node, 0))
        return;
    din[0] = graph_gradient_of(graph, node->in.at[0]);
    graph_node(graph, &kind_relu_backward, node->layer, "backward", (Tensor *[]){ node->out[0], dout[0] }, 2,
               &din[0], 1);
}

static void relu_backward_nests(Graph *graph, Node *node)
{
    const Tensor *y = node->in.at[0], *dy = node->in.at[1];
    Expr *at[MAX_INDEX];
    Nest *n = node_nest(graph, node, NULL, "the gradient passes where the output is not 0");
    over_elements(n, y, at);
    Expr *closed = at_most(n, load(n, y, at), real(n, 0));
    nest_store(n, node->out[0], choose(n, closed, real(n, 0), load(n, dy, at)), at);
}

const NodeKind kind_relu = { "relu", relu_nests, relu_gradient };
const NodeKind kind_relu_backward = { "relu_backward", relu_backward_nests, NULL };

const Op op_relu = {
    .name = "relu",
    .help = "max(x, 0) of each element",
    .least_inputs = 1, .most_inputs = 1,
    .shape = relu_shape,
    .forward = relu_forward,
};
