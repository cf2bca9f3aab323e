/* The sum of two or more values of one shape, element by element. */
#include "ops/kinds.h"
#include "ops/nests.h"
#include "ops/shapes.h"

static bool add_shape(Arena *arena, Layer *layer, Diag *diag)
{
    const Layer *first = layer->in.at[0];
    layer->out = first->out;
    for (int i = 1; i < layer->in.count; i++) {
        const Layer *other = layer->in.at[i];
        if (shape_equal(first->out, other->out))
            continue;
        diag_error(diag, layer->from_span, "%s needs values of one shape, but %s gives %s and %s gives %s",
                   layer_title(layer), layer_title(first), layer_gives(arena, first), layer_title(other),
                   layer_gives(arena, other));
        note_source(arena, diag, first);
        note_source(arena, diag, other);
        return false;
    }
    return true;
}

static Tensor *add_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    Tensor *y = graph_value(graph, layer, TYPE_REAL, in[0]->rank, in[0]->dim, "%s", layer->name);
    graph_node(graph, &kind_add, layer, "forward", in, ins, &y, 1);
    return y;
}

static void add_nests(Graph *graph, Node *node)
{
    Expr *at[MAX_INDEX];
    Nest *n = node_nest(graph, node, NULL, NULL);
    over_elements(n, node->out[0], at);
    Expr *total = load(n, node->in.at[0], at);
    for (int i = 1; i < node->in.count; i++)
        total = plus(n, total, load(n, node->in.at[i], at));
    nest_store(n, node->out[0], total, at);
}

static void add_gradient(Graph *graph, Node *node, Tensor *const dout[], Tensor *din[])
{
    (void)graph;
    for (int i = 0; i < node->in.count; i++)
        if (wants_gradient(node, i))
            din[i] = dout[0];
}

const NodeKind kind_add = { "add", add_nests, add_gradient };

const Op op_add = {
    .name = "add",
    .help = "the sum of two or more values of one shape",
    .least_inputs = 2, .most_inputs = -1,
    .shape = add_shape,
    .forward = add_forward,
};
