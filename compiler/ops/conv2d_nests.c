/* The nodes of conv2d: forward and the three gradients. Where there are groups, an axis g runs through them, and c and
 * o count inside a group. */
#include "ops/conv2d.h"

#include "ops/kinds.h"

/* Sizes and places of the channels of a convolution. */
typedef struct Groups { int64_t count, in, out; } Groups;      /* in, out: channels of a group */

static Groups groups_of(const Node *node, int64_t channels_in, int64_t channels_out)
{
    int64_t count = layer_arg(node->layer, "groups")->i[0];
    return (Groups){ count, channels_in / count, channels_out / count };
}

/* Channel `c` of group `g`, where a group has `size`. */
static Expr *channel(Nest *n, Expr *g, Expr *c, int64_t size)
{
    return plus(n, scale(n, g, size), c);
}

/* The axis of the groups, none where there is one group. */
static Expr *over_groups(Nest *n, Groups groups)
{
    return groups.count == 1 ? whole(n, 0) : nest_over(n, "g", groups.count);
}

static void conv2d_nests(Graph *graph, Node *node)
{
    const Tensor *input = node->in.at[0], *weight = node->in.at[1];
    const Tensor *bias = node->in.count > 2 ? node->in.at[2] : NULL, *out = node->out[0];
    Groups groups = groups_of(node, input->dim[0], out->dim[0]);
    Window w = conv2d_window(node->layer);

    Nest *n = node_nest(graph, node, NULL, bias ? "y[o] = bias[o] + sum of weight[o][c] * x[c] over its window"
                                                : "y[o] = sum of weight[o][c] * x[c] over its window");
    Expr *y = nest_over(n, "y", out->dim[1]), *x = nest_over(n, "x", out->dim[2]);
    Expr *g = over_groups(n, groups), *o = channel(n, g, nest_over(n, "o", groups.out), groups.out);
    Expr *u = nest_fold(n, "u", w.kernel[0]), *v = nest_fold(n, "v", w.kernel[1]), *c = nest_fold(n, "c", groups.in);
    Expr *at = load(n, input, AT(channel(n, g, c, groups.in), window_tap(n, &w, 0, y, u), window_tap(n, &w, 1, x, v)));
    Expr *product = times(n, load(n, weight, AT(o, c, u, v)), at);
    Expr *result = nest_reduce(n, REDUCE_SUM, bias ? load(n, bias, AT(o)) : real(n, 0), product, NULL);
    nest_store(n, node->out[0], result, AT(o, y, x));
}

static void conv2d_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    static const struct { const NodeKind *kind; const char *suffix; } parts[] = {
        { &kind_conv2d_backward_input, "backward_input" },
        { &kind_conv2d_backward_weight, "backward_weight" },
        { &kind_conv2d_backward_bias, "backward_bias" },
    };
    Tensor *x = node->in.at[0], *weight = node->in.at[1];
    Tensor *operands[3][2] = { { weight, dout[0] }, { x, dout[0] }, { dout[0] } };

    for (int i = 0; i < node->in.count; i++)
        if (wants_gradient(node, i)) {
            din[i] = graph_gradient_of(graph, node->in.at[i]);
            graph_node(graph, parts[i].kind, node->layer, parts[i].suffix, operands[i], i < 2 ? 2 : 1, &din[i], 1);
        }
}

static void backward_input_nests(Graph *graph, Node *node)
{
    const Tensor *weight = node->in.at[0], *dy = node->in.at[1], *dx = node->out[0];
    Groups groups = groups_of(node, dx->dim[0], dy->dim[0]);
    Window w = conv2d_window(node->layer);

    Nest *n = node_nest(graph, node, NULL, "dx[c][y][x] gathers every output that read (y, x)");
    Expr *y = nest_over(n, "y", dx->dim[1]), *x = nest_over(n, "x", dx->dim[2]);
    Expr *g = over_groups(n, groups), *c = nest_over(n, "c", groups.in);
    Expr *u = nest_fold(n, "u", w.kernel[0]), *v = nest_fold(n, "v", w.kernel[1]);
    Expr *o = channel(n, g, nest_fold(n, "o", groups.out), groups.out);
    Expr *row = window_of_tap(n, &w, 0, y, u, dy->dim[1]), *column = window_of_tap(n, &w, 1, x, v, dy->dim[2]);
    Expr *product = times(n, load(n, weight, AT(o, c, u, v)), load(n, dy, AT(o, row, column)));
    nest_store(n, node->out[0], sum(n, product), AT(channel(n, g, c, groups.in), y, x));
}

static void backward_weight_nests(Graph *graph, Node *node)
{
    const Tensor *input = node->in.at[0], *dy = node->in.at[1];
    Groups groups = groups_of(node, input->dim[0], dy->dim[0]);
    Window w = conv2d_window(node->layer);

    Nest *n = node_nest(graph, node, NULL, "dweight[o][c][u][v] = sum over samples and (y, x) of dy[o] * what it read");
    Expr *g = over_groups(n, groups), *o = channel(n, g, nest_over(n, "o", groups.out), groups.out);
    Expr *u = nest_over(n, "u", w.kernel[0]), *v = nest_over(n, "v", w.kernel[1]), *c = nest_over(n, "c", groups.in);
    Expr *y = nest_fold(n, "y", dy->dim[1]), *x = nest_fold(n, "x", dy->dim[2]);
    Expr *at = load(n, input, AT(channel(n, g, c, groups.in), window_tap(n, &w, 0, y, u), window_tap(n, &w, 1, x, v)));
    nest_store(n, node->out[0], sum(n, times(n, load(n, dy, AT(o, y, x)), at)), AT(o, c, u, v));
}

static void backward_bias_nests(Graph *graph, Node *node)
{
    const Tensor *dy = node->in.at[0];
    Nest *n = node_nest(graph, node, NULL, "dbias[o] = sum over samples and (y, x) of dy[o]");
    Expr *o = nest_over(n, "o", dy->dim[0]), *y = nest_fold(n, "y", dy->dim[1]), *x = nest_fold(n, "x", dy->dim[2]);
    nest_store(n, node->out[0], sum(n, load(n, dy, AT(o, y, x))), AT(o));
}

const NodeKind kind_conv2d = { "conv2d", conv2d_nests, conv2d_gradient };
const NodeKind kind_conv2d_backward_input = { "conv2d_backward_input", backward_input_nests, NULL };
const NodeKind kind_conv2d_backward_weight = { "conv2d_backward_weight", backward_weight_nests, NULL };
const NodeKind kind_conv2d_backward_bias = { "conv2d_backward_bias", backward_bias_nests, NULL };
