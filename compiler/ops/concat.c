/* Values put one after another along a dimension; the others are the same for all. */
#include "ops/kinds.h"
#include "ops/nests.h"
#include "ops/shapes.h"

#include <inttypes.h>

static const ParamDef concat_params[] = {
    { .name = "dim", .type = PARAM_INT, .fallback = "1", .least = -4, .most = 3,
      .help = "the dimension along which they are joined; the batch is 0, the channels are 1" },
    { .name = NULL }
};

/* attribute[] of a slice node: the dimension, and where in it the slice begins. */
enum { SLICE_DIM, SLICE_START };

static bool concat_shape(Arena *arena, Layer *layer, Diag *diag)
{
    const Layer *first = layer->in.at[0];
    int dim;
    if (!resolve_dim(layer, "dim", first->out.rank, "samples are never joined", &dim, diag))
        return false;
    layer->out = first->out;
    for (int i = 1; i < layer->in.count; i++) {
        const Layer *other = layer->in.at[i];
        Shape like = other->out;
        like.dim[dim] = first->out.dim[dim];
        if (!shape_equal(first->out, like)) {
            diag_error(diag, layer->from_span, "%s needs shapes that differ in dimension %d only, but %s gives %s and "
                       "%s gives %s", layer_title(layer), dim + 1, layer_title(first), layer_gives(arena, first),
                       layer_title(other), layer_gives(arena, other));
            note_source(arena, diag, first);
            note_source(arena, diag, other);
            return false;
        }
        if (__builtin_add_overflow(layer->out.dim[dim], other->out.dim[dim], &layer->out.dim[dim])) {
            diag_error(diag, layer->from_span, "%s would be larger than %" PRId64 " in dimension %d",
                       layer_title(layer), INT64_MAX, dim + 1);
            return false;
        }
    }
    return true;
}

/* The place of `dim` in the shape of a sample; the shape rule has seen that there is one. */
static int concat_dim(const Layer *layer)
{
    int64_t dim = layer_arg(layer, "dim")->i[0];
    return (int)(dim < 0 ? dim + layer->out.rank : dim - 1);
}

static Tensor *concat_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    Tensor *y = graph_value(graph, layer, TYPE_REAL, in[0]->rank, layer->out.dim, "%s", layer->name);
    graph_node(graph, &kind_concat, layer, "forward", in, ins, &y, 1);
    return y;
}

static void concat_nests(Graph *graph, Node *node)
{
    int dim = concat_dim(node->layer);
    int64_t start = 0;
    for (int i = 0; i < node->in.count; i++) {
        const Tensor *x = node->in.at[i];
        Expr *at[MAX_INDEX] = { NULL };
        Nest *n = node_nest(graph, node, arena_printf(graph->arena, "%d", i + 1), NULL);
        over_elements(n, x, at);
        Expr *to[3] = { at[0], at[1], at[2] };
        to[dim] = shift(n, at[dim], start);
        nest_store(n, node->out[0], load(n, x, at), to);
        start += x->dim[dim];
    }
}

static void concat_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    int dim = concat_dim(node->layer);
    int64_t start = 0;
    for (int i = 0; i < node->in.count; i++) {
        Tensor *x = node->in.at[i];
        if (wants_gradient(node, i)) {
            const char *suffix = arena_printf(graph->arena, "backward_%d", i + 1);
            din[i] = graph_gradient_of(graph, x);
            Node *slice = graph_node(graph, &kind_slice, node->layer, suffix, &dout[0], 1, &din[i], 1);
            slice->attribute[SLICE_DIM] = dim;
            slice->attribute[SLICE_START] = start;
        }
        start += x->dim[dim];
    }
}

static void slice_nests(Graph *graph, Node *node)
{
    int64_t dim = node->attribute[SLICE_DIM];
    Expr *at[MAX_INDEX] = { NULL };
    Nest *n = node_nest(graph, node, NULL, "the part of the gradient that this input took");
    over_elements(n, node->out[0], at);
    Expr *from[3] = { at[0], at[1], at[2] };
    from[dim] = shift(n, at[dim], node->attribute[SLICE_START]);
    nest_store(n, node->out[0], load(n, node->in.at[0], from), at);
}

const NodeKind kind_concat = { "concat", concat_nests, concat_gradient };
const NodeKind kind_slice = { "slice", slice_nests, NULL };

const Op op_concat = {
    .name = "concat",
    .help = "values one after another along a dimension",
    .params = concat_params,
    .least_inputs = 1, .most_inputs = -1,
    .shape = concat_shape,
    .forward = concat_forward,
};
