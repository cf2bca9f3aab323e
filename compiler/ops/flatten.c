/* An image (channels, height, width) as a list of features, a channel after the other, row by row. */
#include "ops/kinds.h"
#include "ops/nests.h"
#include "ops/shapes.h"

#include <inttypes.h>

static const ParamDef flatten_params[] = {
    { .name = "start_dim", .type = PARAM_INT, .fallback = "1", .least = -4, .most = 3,
      .help = "first dimension to flatten; the batch is 0" },
    { .name = "end_dim", .type = PARAM_INT, .fallback = "-1", .least = -4, .most = 3,
      .help = "last dimension to flatten" },
    { .name = NULL }
};

static bool flatten_shape(Arena *arena, Layer *layer, Diag *diag)
{
    static const char *const why = "samples are never joined";
    Shape in = layer->in.at[0]->out;
    int start, end;
    bool start_fits = resolve_dim(layer, "start_dim", in.rank, why, &start, diag);
    if (!resolve_dim(layer, "end_dim", in.rank, why, &end, diag) || !start_fits)
        return false;
    if (start > end) {
        diag_error(diag, layer->span, "%s ends before it starts: start_dim=%" PRId64 ", end_dim=%" PRId64,
                   layer_title(layer), layer_arg(layer, "start_dim")->i[0], layer_arg(layer, "end_dim")->i[0]);
        return false;
    }
    if (start == end) {
        layer->out = in;
        return true;
    }
    if (start != 0 || end != in.rank - 1) {
        diag_error(diag, layer->span, "%s would keep two dimensions of %s: what it makes must be features",
                   layer_title(layer), shape_text(arena, in));
        diag_help(diag, "leave start_dim and end_dim away: all of the image is flattened");
        return false;
    }
    layer->out = (Shape){ 1, { shape_elements(in) } };
    return true;
}

static Tensor *flatten_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    if (in[0]->rank == layer->out.rank)
        return in[0];
    Tensor *y = graph_value(graph, layer, TYPE_REAL, 1, layer->out.dim, "%s", layer->name);
    graph_node(graph, &kind_flatten, layer, "forward", in, ins, &y, 1);
    return y;
}

/* Copies between `image` (c, y, x) and `list`, whose index is (c * height + y) * width + x. */
static void copy_nest(Graph *graph, Node *node, const Tensor *image, const Tensor *list)
{
    Nest *n = node_nest(graph, node, NULL, NULL);
    Expr *c = nest_over(n, "c", image->dim[0]), *y = nest_over(n, "y", image->dim[1]);
    Expr *x = nest_over(n, "x", image->dim[2]);
    Expr *row = plus(n, scale(n, c, image->dim[1] * image->dim[2]), scale(n, y, image->dim[2])), *i = plus(n, row, x);
    if (node->out[0] == list)
        nest_store(n, node->out[0], load(n, image, AT(c, y, x)), AT(i));
    else
        nest_store(n, node->out[0], load(n, list, AT(i)), AT(c, y, x));
}

static void flatten_nests(Graph *graph, Node *node)
{
    copy_nest(graph, node, node->in.at[0], node->out[0]);
}

static void flatten_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    if (!wants_gradient(node, 0))
        return;
    din[0] = graph_gradient_of(graph, node->in.at[0]);
    graph_node(graph, &kind_flatten_backward, node->layer, "backward", &dout[0], 1, &din[0], 1);
}

static void flatten_backward_nests(Graph *graph, Node *node)
{
    copy_nest(graph, node, node->out[0], node->in.at[0]);
}

const NodeKind kind_flatten = { "flatten", flatten_nests, flatten_gradient };
const NodeKind kind_flatten_backward = { "flatten_backward", flatten_backward_nests, NULL };

const Op op_flatten = {
    .name = "flatten",
    .help = "an image as a list of features: a channel after the other, row by row",
    .params = flatten_params,
    .least_inputs = 1, .most_inputs = 1,
    .shape = flatten_shape,
    .forward = flatten_forward,
};
