/* Convolutions of the fused step, and the gradients of their inputs: which tile a thread makes, and how many threads share
 * a sum. */
#include "plan/fused.h"

#include "ops/kinds.h"

#include <float.h>

enum {
    MOST_SUMS = 48,             /* of a thread: leaves registers for weights and a row of what they multiply */
    MOST_CHANNELS = 4,          /* output channels of a thread */
    MOST_COLUMNS = 4,           /* of the convolution's result */
    MOST_ROWS = 4,              /* rows of an input's gradient of a thread */
};

/* Instructions for a window: its maximum, bias, stores. */
static const double finish = 24;

/* Loads of `count` floats that lie side by side, 16 bytes at once. */
static double loads(int64_t count) { return (double)(count / 4 + count % 4); }

/* ---- forward: whole windows side by side x output channels, split over input channels */

static void try_forward(FusedConv *best, double *least_cost, const FusedConv *shape, int64_t columns, int64_t channels,
                        int64_t split)
{
    const ConvShape *s = &shape->conv;
    int64_t side = columns / s->pool[1], rows = s->pool[0];
    int64_t items = s->pooled[0] * (s->pooled[1] / side) * (s->out / channels) * split;
    if (s->pooled[1] % side || s->out % channels || rows * columns * channels > MOST_SUMS ||
        (items > FUSED_THREADS && split > 1) || columns + s->kernel[1] - 1 > FUSED_MOST_ROW)
        return;
    double patch = (double)(rows + s->kernel[0] - 1) * loads(columns + s->kernel[1] - 1);
    double channel = loads(conv_taps(s)) + (double)(conv_taps(s) * rows * columns);
    int64_t steps = divide_up(s->in, split);
    double instructions = (double)steps * (patch + (double)channels * channel);
    double whole = split == 1 ? instructions + finish * (double)(channels * side) : instructions;
    double cost = fused_cost(items, whole, steps);
    if (split > 1)
        cost += FUSED_BARRIER + fused_cost(s->out * conv_windows(s), (double)split + finish, 1);
    if (cost >= *least_cost)
        return;
    *least_cost = cost;
    *best = *shape;
    best->conv.rows = rows;
    best->conv.columns = columns;
    best->conv.channels = channels;
    best->split = split;
    best->items = items;
}

/* The kernel, whose nest makes what comes behind the pool if there is one, takes in the convolution. */
static bool become_forward(Tuner *tuner, Kernel *kernel, const ConvShape *s)
{
    FusedConv shape = { .conv = *s }, best = {0};
    double cost = DBL_MAX;
    for (int64_t columns = s->pool[1]; columns <= MOST_COLUMNS; columns += s->pool[1])
        for (int64_t channels = 1; channels <= MOST_CHANNELS; channels++)
            for (int64_t split = 1; split <= s->in; split++)
                try_forward(&best, &cost, &shape, columns, channels, split);
    if (!best.items)
        return false;
    FusedConv *f = fused_become(tuner, kernel, SCHEME_FUSED_CONV, &best);
    kernel_add_load(tuner->arena, kernel, s->weight);
    kernel_add_load(tuner->arena, kernel, s->x);
    int64_t side = best.conv.columns / s->pool[1];
    if (f->split > 1) {
        f->sums = fused_sums(tuner, kernel, 4, (int64_t[]){ f->split, s->out, conv_windows(s), s->pool[0] * s->pool[1] });
        fused_add_sum(tuner, kernel, SCHEME_FUSED_CONV_SUM, f);
    } else {
        if (s->bias)
            kernel_add_load(tuner->arena, kernel, s->bias);
        for (int i = 0; i < kernel->nest->stores; i++)
            kernel_add_loads(tuner->arena, kernel, kernel->nest->store[i].value);
    }
    kernel->note = fused_note(tuner, f, arena_printf(tuner->arena, "%s of %s: %s", fused_count(tuner, side, "window"),
        fused_count(tuner, f->conv.channels, "channel"),
        fused_count(tuner, f->conv.rows * f->conv.columns * f->conv.channels, "sum")), "input channels");
    return true;
}

bool fused_conv(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    ConvShape s = tuner_conv_shape(node->layer, node->in.at[0], node->in.at[1], kernel->stores.at[0]);
    s.bias = node->layer->learnables.count > 1 ? node->in.at[2] : NULL;
    return fused_is_dense(&s) && kernel->nest->reduces == 1 && become_forward(tuner, kernel, &s);
}

bool fused_conv_pool(Tuner *tuner, Kernel *kernel)
{
    const Tensor *y = kernel->node->in.at[0];
    Kernel *conv = tuner_maker(tuner, y);
    if (!conv || !conv->node || conv->node->kind != &kind_conv2d || conv->scheme != SCHEME_NEST ||
        !nest_is_sum(conv->nest) || tuner_readers(tuner, y) != 1 || graph_keeps(tuner->program->graph, y))
        return false;
    const Node *node = conv->node, *pool = kernel->node;
    ConvShape s = tuner_conv_shape(node->layer, node->in.at[0], node->in.at[1], y);
    if (!tuner_add_pool(&s, pool->layer, kernel->stores.at[0]) || !fused_is_dense(&s))
        return false;
    s.bias = node->layer->learnables.count > 1 ? node->in.at[2] : NULL;
    const char *name = kernel->name;
    kernel->node = node;
    kernel->name = conv->name;
    list_add(tuner->arena, &kernel->absorbed, pool);
    if (become_forward(tuner, kernel, &s))
        return true;
    kernel->node = pool;
    kernel->name = name;
    kernel->absorbed.count = 0;
    return false;
}

/* ---- the gradient of the input: whole rows, split over output channels */

bool fused_conv_input(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *weight = node->in.at[0], *dy = node->in.at[1], *dx = kernel->stores.at[0];
    ConvShape s = tuner_conv_shape(node->layer, dx, weight, dy);
    s.dy = dy;
    if (!fused_is_dense(&s) || kernel->nest->reduces != 1 || s.image[1] > FUSED_MOST_ROW || s.image[1] > MOST_SUMS)
        return false;
    FusedConv best = { .conv = s };
    double least_cost = DBL_MAX;
    for (int64_t rows = 1; rows <= MOST_ROWS; rows++)
        for (int64_t split = 1; split <= s.out; split++) {
            int64_t items = s.image[0] / rows * s.in * split, steps = divide_up(s.out, split);
            if (s.image[0] % rows || rows * s.image[1] > MOST_SUMS || (items > FUSED_THREADS && split > 1))
                continue;
            double instructions = (double)steps * (loads(conv_taps(&s)) + (double)(rows + s.kernel[0] - 1) * loads(s.result[1]) +
                                                   (double)(rows * conv_taps(&s) * s.result[1]));
            double cost = fused_cost(items, instructions, steps);
            if (split > 1)
                cost += FUSED_BARRIER + fused_cost(s.image[0] * s.image[1] * s.in, (double)split + 6, 1);
            if (cost >= least_cost)
                continue;
            least_cost = cost;
            best.conv.rows = rows;
            best.split = split;
            best.items = items;
        }
    if (!best.items)
        return false;
    best.conv.columns = s.image[1];
    FusedConv *f = fused_become(tuner, kernel, SCHEME_FUSED_INPUT, &best);
    kernel_add_load(tuner->arena, kernel, weight);
    kernel_add_load(tuner->arena, kernel, dy);
    f->sums = fused_sums(tuner, kernel, 3, (int64_t[]){ f->split * s.in, s.image[0], s.image[1] });
    fused_add_sum(tuner, kernel, SCHEME_FUSED_INPUT_SUM, f);
    kernel->note = fused_note(tuner, f, arena_printf(tuner->arena, "%s of a channel: %s",
        fused_count(tuner, f->conv.rows, "whole row"), fused_count(tuner, f->conv.rows * s.image[1], "sum")), "output channels");
    return true;
}
