/* y = W x + b: W is (out, in), as in PyTorch. */
#include "ops/kinds.h"
#include "ops/nests.h"
#include "ops/shapes.h"

static const ParamDef linear_params[] = {
    { .name = "bias", .type = PARAM_BOOL, .fallback = "true", .help = "whether a bias is added" },
    { .name = NULL }
};

static bool linear_shape(Arena *arena, Layer *layer, Diag *diag)
{
    if (!needs_features(arena, layer, diag)
        || !sizes_agree(arena, layer, layer->in.at[0]->out.dim[0], "feature", diag))
        return false;
    int64_t in = layer->sizes.in, out = layer->sizes.out;
    layer->out = (Shape){ 1, { out } };
    list_add(arena, &layer->learnables, ((Learnable){ "weight", 2, { out, in }, in }));
    if (layer_arg(layer, "bias")->i[0])
        list_add(arena, &layer->learnables, ((Learnable){ "bias", 1, { out }, in }));
    return true;
}

static Tensor *linear_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    Tensor *operands[3] = { in[0] };
    for (int i = 0; i < layer->learnables.count; i++)
        operands[ins + i] = graph_parameter(graph, layer, i);
    Tensor *y = graph_value(graph, layer, TYPE_REAL, 1, layer->out.dim, "%s", layer->name);
    graph_node(graph, &kind_linear, layer, "forward", operands, ins + layer->learnables.count, &y, 1);
    return y;
}

static void linear_nests(Graph *graph, Node *node)
{
    const Tensor *x = node->in.at[0], *weight = node->in.at[1], *bias = node->in.count > 2 ? node->in.at[2] : NULL;
    Nest *n = node_nest(graph, node, NULL, bias ? "y[i] = bias[i] + sum of weight[i][j] * x[j]"
                                                : "y[i] = sum of weight[i][j] * x[j]");
    Expr *i = nest_over(n, "i", weight->dim[0]), *j = nest_fold(n, "j", weight->dim[1]);
    Expr *y = nest_reduce(n, REDUCE_SUM, bias ? load(n, bias, AT(i)) : real(n, 0),
                          times(n, load(n, weight, AT(i, j)), load(n, x, AT(j))), NULL);
    nest_store(n, node->out[0], y, AT(i));
}

static void linear_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    static const struct { const NodeKind *kind; const char *suffix; } parts[] = {
        { &kind_linear_backward_input, "backward_input" },
        { &kind_linear_backward_weight, "backward_weight" },
        { &kind_linear_backward_bias, "backward_bias" },
    };
    Tensor *x = node->in.at[0], *weight = node->in.at[1];
    Tensor *operands[3][2] = { { weight, dout[0] }, { x, dout[0] }, { dout[0] } };

    for (int i = 0; i < node->in.count; i++)
        if (wants_gradient(node, i)) {
            din[i] = graph_gradient_of(graph, node->in.at[i]);
            graph_node(graph, parts[i].kind, node->layer, parts[i].suffix, operands[i], i < 2 ? 2 : 1, &din[i], 1);
        }
}

static void linear_backward_input_nests(Graph *graph, Node *node)
{
    const Tensor *weight = node->in.at[0], *dy = node->in.at[1];
    Nest *n = node_nest(graph, node, NULL, "dx[j] = sum of weight[i][j] * dy[i]");
    Expr *j = nest_over(n, "j", weight->dim[1]), *i = nest_fold(n, "i", weight->dim[0]);
    nest_store(n, node->out[0], sum(n, times(n, load(n, weight, AT(i, j)), load(n, dy, AT(i)))), AT(j));
}

static void linear_backward_weight_nests(Graph *graph, Node *node)
{
    const Tensor *x = node->in.at[0], *dy = node->in.at[1];
    Nest *n = node_nest(graph, node, NULL, "dweight[i][j] = sum over the samples of dy[i] * x[j]");
    Expr *i = nest_over(n, "i", dy->dim[0]), *j = nest_over(n, "j", x->dim[0]);
    nest_store(n, node->out[0], sum(n, times(n, load(n, dy, AT(i)), load(n, x, AT(j)))), AT(i, j));
}

static void linear_backward_bias_nests(Graph *graph, Node *node)
{
    const Tensor *dy = node->in.at[0];
    Nest *n = node_nest(graph, node, NULL, "dbias[i] = sum over the samples of dy[i]");
    Expr *i = nest_over(n, "i", dy->dim[0]);
    nest_store(n, node->out[0], sum(n, load(n, dy, AT(i))), AT(i));
}

const NodeKind kind_linear = { "linear", linear_nests, linear_gradient };
const NodeKind kind_linear_backward_input = { "linear_backward_input", linear_backward_input_nests, NULL };
const NodeKind kind_linear_backward_weight = { "linear_backward_weight", linear_backward_weight_nests, NULL };
const NodeKind kind_linear_backward_bias = { "linear_backward_bias", linear_backward_bias_nests, NULL };

const Op op_linear = {
    .name = "linear",
    .help = "every feature out is a weighted sum of all features in",
    .params = linear_params,
    .takes_sizes = true,
    .least_inputs = 1, .most_inputs = 1,
    .shape = linear_shape,
    .forward = linear_forward,
};
