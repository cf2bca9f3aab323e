/* The image that comes in: the first layer of every model. Its shape is what the spec's `input` says. */
#include "op.h"

static bool input_shape(Arena *arena, Layer *layer, Diag *diag)
{
    (void)arena, (void)layer, (void)diag;
    return true;
}

static Tensor *input_forward(Graph *graph, Layer *layer, Tensor *const in[], int ins)
{
    (void)layer, (void)in, (void)ins;
    return graph->input;
}

const Op op_input = {
    .name = "input",
    .help = "the image that comes in",
    .shape = input_shape,
    .forward = input_forward,
};
