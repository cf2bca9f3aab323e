/* y = x: gives a name to a value (`entry: identity`). No node computes it: its value is its input's. */
#include "op.h"

static bool identity_shape(Arena *arena, Layer *layer, Diag *diag)
{
    (void)arena, (void)diag;
    layer->out = layer->in.at[0]->out;
    return true;
}

static Tensor *identity_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    (void)graph, (void)layer, (void)ins;
    return in[0];
}

const Op op_identity = {
    .name = "identity",
    .help = "its input, unchanged: a name for a value",
    .least_inputs = 1, .most_inputs = 1,
    .shape = identity_shape,
    .forward = identity_forward,
};
