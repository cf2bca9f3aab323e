/* Where parts of the fused step get code of their own, and how a block's threads share the work. A thread's tile stays in
 * registers; where there are fewer tiles than threads, several share the sum over channels, and another part adds up.
 *
 * A block of threads runs alone on its multiprocessor, four schedulers with a quarter of the warps each: work takes as
 * long as its busiest scheduler, so that items just below a multiple of 128 are best. */
#include "plan/fused.h"

#include "ops/kinds.h"

#include <float.h>

enum {
    LEAST_OF_A_WARP = 64,       /* elements that a warp sums; fewer are a thread's */
    MOST_UNROLLED = 4096,       /* multiply-adds of a thread that are written one after another */
};

/* Costs, in instructions. */
static const double
    latency = 60,               /* from a load to its use, where no other warp fills the gap */
    entry = 8;                  /* of a sparse gradient: value, place, address, loop */

double fused_cost(int64_t items, double instructions, int64_t steps)
{
    double shared = (double)divide_up(items, FUSED_GROUP) * instructions;
    double alone = instructions + latency * (double)steps;
    return shared > alone ? shared : alone;
}

bool fused_is_dense(const ConvShape *s)
{
    return s->groups == 1 && s->stride[0] == 1 && s->stride[1] == 1 && s->dilation[0] == 1 && s->dilation[1] == 1 &&
           conv_taps(s) <= FUSED_MOST_TAPS;
}

FusedConv *fused_become(Tuner *tuner, Kernel *kernel, Scheme scheme, const FusedConv *shape)
{
    FusedConv *f = NEW(tuner->arena, FusedConv);
    *f = *shape;
    tuned_start(kernel, scheme, f);
    return f;
}

Tensor *fused_sums(Tuner *tuner, const Kernel *kernel, int rank, const int64_t dim[])
{
    return graph_value(tuner->program->graph, kernel->node->layer, TYPE_REAL, rank, dim, "%s_sums", kernel->name);
}

void fused_add_sum(Tuner *tuner, Kernel *kernel, Scheme scheme, FusedConv *f)
{
    Phase *phase = tuner->phase;
    Kernel *sum = NEW(tuner->arena, Kernel);
    *sum = *kernel;
    sum->name = arena_printf(tuner->arena, "%s_sum", kernel->name);
    sum->scheme = scheme;
    sum->note = "Adds up what the threads that shared a sum have left.";
    kernel->stores.at = NULL;
    kernel->stores.count = kernel->stores.capacity = 0;
    list_add(tuner->arena, &kernel->stores, f->sums);
    sum->loads.at = NULL;
    sum->loads.count = sum->loads.capacity = 0;
    kernel_add_load(tuner->arena, sum, f->sums);
    if (scheme == SCHEME_FUSED_CONV_SUM && f->conv.bias)
        kernel_add_load(tuner->arena, sum, f->conv.bias);
    for (int i = 0; i < sum->nest->stores; i++)
        kernel_add_loads(tuner->arena, sum, sum->nest->store[i].value);
    list_add(tuner->arena, &phase->kernels, sum);
    int at = phase->kernels.count - 1;
    for (; phase->kernels.at[at - 1] != kernel; at--)
        phase->kernels.at[at] = phase->kernels.at[at - 1];
    phase->kernels.at[at] = sum;
}

const char *fused_count(Tuner *tuner, int64_t count, const char *what)
{
    return arena_printf(tuner->arena, "%lld %s%s", (long long)count, what, count == 1 ? "" : "s");
}

const char *fused_note(Tuner *tuner, const FusedConv *f, const char *what, const char *shared)
{
    const char *split = f->split == 1 ? "" : arena_printf(tuner->arena, " %lld threads share the sum over %s.",
                                                          (long long)f->split, shared);
    return arena_printf(tuner->arena, "%s, each with %s in registers.%s", fused_count(tuner, f->items, "thread"), what, split);
}

/* ---- the gradient of the weight */

/* A pool's window, as its place in the input of the convolution: made once, long before it is needed. */
static void add_places(Tuner *tuner, const Kernel *kernel, FusedConv *f)
{
    const Tensor *indices = f->conv.indices;
    Kernel *places = NEW(tuner->arena, Kernel);
    *places = (Kernel){ .name = arena_printf(tuner->arena, "%s_places", kernel->name), .program = tuner->program,
                        .node = kernel->node, .nest = kernel->nest, .scheme = SCHEME_FUSED_PLACES, .shape = f };
    Tensor *at = graph_value(tuner->program->graph, kernel->node->layer, TYPE_INT, indices->rank, indices->dim,
                             "%s_places", kernel->node->layer->name);
    f->places = at;
    list_add(tuner->arena, &places->loads, indices);
    list_add(tuner->arena, &places->stores, at);
    places->note = "Where the patch of each window begins in a plane of the input.";
    Phase *phase = tuner->phase;
    list_add(tuner->arena, &phase->kernels, places);
    int i = phase->kernels.count - 1;
    for (; phase->kernels.at[i - 1] != kernel; i--)
        phase->kernels.at[i] = phase->kernels.at[i - 1];
    phase->kernels.at[i] = phase->kernels.at[i - 1];
    phase->kernels.at[i - 1] = places;
}

/* Behind a pool, of a first layer, whose input's gradient nobody wants: only what the windows took is multiplied. */
static bool fused_sparse_weight(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *x = node->in.at[0], *dy = node->in.at[1];
    FusedConv best = { .conv = tuner_conv_shape(node->layer, x, kernel->stores.at[0], dy) };
    ConvShape *s = &best.conv;
    if (!fused_is_dense(s) || !nest_is_sum(kernel->nest) || x->needs_gradient ||
        !tuner_see_through_pool(tuner, s, dy, kernel))
        return false;
    double least_cost = DBL_MAX;
    for (int64_t split = 1; split <= conv_windows(s); split++) {
        int64_t items = s->out * s->in * split, steps = divide_up(conv_windows(s), split);
        if (items > FUSED_THREADS && split > 1)
            break;
        if (split > 1 && divide_up(conv_windows(s), split - 1) == steps)
            continue;
        double cost = fused_cost(items, (double)steps * (entry + 2.0 * (double)conv_taps(s)), steps / 4);
        if (split > 1)
            cost += FUSED_BARRIER + fused_cost(tensor_elements(kernel->stores.at[0]), (double)split, 1);
        if (cost >= least_cost)
            continue;
        least_cost = cost;
        best.split = split;
        best.items = items;
    }
    FusedConv *f = fused_become(tuner, kernel, SCHEME_FUSED_SPARSE, &best);
    add_places(tuner, kernel, f);
    const Tensor *reads[] = { x, f->conv.dy, f->places };
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        kernel_add_load(tuner->arena, kernel, reads[i]);
    f->sums = fused_sums(tuner, kernel, 3, (int64_t[]){ f->split, s->out * s->in, conv_taps(s) });
    fused_add_sum(tuner, kernel, SCHEME_FUSED_SPARSE_SUM, f);
    kernel->note = arena_printf(tuner->arena, "%s\n * Only what a window took is multiplied.",
        fused_note(tuner, f, arena_printf(tuner->arena, "all %s of two channels", fused_count(tuner, conv_taps(s), "tap")), "windows"));
    return true;
}

static bool fused_dense_weight(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *x = node->in.at[0], *dy = node->in.at[1];
    ConvShape s = tuner_conv_shape(node->layer, x, kernel->stores.at[0], dy);
    if (!fused_is_dense(&s) || !nest_is_sum(kernel->nest) || s.image[1] > FUSED_MOST_ROW ||
        s.result[0] * s.result[1] * conv_taps(&s) > MOST_UNROLLED)
        return false;
    s.dy = dy;
    FusedConv shape = { .conv = s, .split = 1, .items = s.out * s.in };
    FusedConv *f = fused_become(tuner, kernel, SCHEME_FUSED_WEIGHT, &shape);
    kernel_add_load(tuner->arena, kernel, x);
    kernel_add_load(tuner->arena, kernel, dy);
    kernel->note = fused_note(tuner, f, arena_printf(tuner->arena, "all %s of two channels",
                                                     fused_count(tuner, conv_taps(&s), "tap")), "");
    return true;
}

/* The gradient of a pool's input: a thread writes the whole window, zeros but for what it took. */
static bool fused_unpool(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *dx = kernel->stores.at[0];
    FusedConv f = { .split = 1 };
    ConvShape *s = &f.conv;
    s->out = dx->dim[0];
    s->indices = node->in.at[0];
    s->dy = node->in.at[1];
    s->result[0] = dx->dim[1];
    s->result[1] = dx->dim[2];
    if (node->fused.count || kernel->nest->stores != 1 || !tuner_add_pool(s, node->layer, s->dy) ||
        s->result[0] != dx->dim[1] || s->result[1] != dx->dim[2])
        return false;
    f.items = s->out * conv_windows(s);
    fused_become(tuner, kernel, SCHEME_FUSED_UNPOOL, &f);
    kernel_add_load(tuner->arena, kernel, s->indices);
    kernel_add_load(tuner->arena, kernel, s->dy);
    kernel->note = "A thread writes a window.";
    return true;
}

static bool fused_bias(Tuner *tuner, Kernel *kernel)
{
    (void)tuner;
    const Nest *nest = kernel->nest;
    if (nest->folds == 2 && nest->fold[0]->extent * nest->fold[1]->extent < LEAST_OF_A_WARP)
        return false;
    if (!nest_is_sum(kernel->nest) || kernel->nest->overs != 1 || kernel->nest->folds != 2 || kernel->nest->guards)
        return false;
    kernel->scheme = SCHEME_FUSED_BIAS;
    kernel->note = "A warp sums a channel.";
    return true;
}

/* ---- linear layers and the loss */

const Tensor *fused_flat(const Tuner *tuner, const Tensor *tensor)
{
    const Kernel *maker = tuner_maker(tuner, tensor);
    if (!maker || !maker->node || maker->node->kind != &kind_flatten || maker->node->fused.count ||
        maker->scheme != SCHEME_NEST)
        return tensor;
    return maker->node->in.at[0];
}

static bool fused_linear(Tuner *tuner, Kernel *kernel)
{
    const Nest *nest = kernel->nest;
    const Tensor *x = kernel->node->in.at[0], *flat = fused_flat(tuner, x);
    if (nest->reduces != 1 || nest->overs > 1 || nest->folds != 1 || nest->guards || nest->domains)
        return false;
    kernel->scheme = SCHEME_FUSED_LINEAR;
    kernel->shape = flat;
    for (int i = 0; i < kernel->loads.count; i++)
        if (kernel->loads.at[i] == x)
            kernel->loads.at[i] = flat;
    kernel->note = "A warp sums an output, its lanes neighbouring features.";
    return true;
}

static bool fused_loss(Tuner *tuner, Kernel *kernel)
{
    if (!tune_loss(tuner, kernel))
        return false;
    kernel->scheme = SCHEME_FUSED_LOSS;
    kernel->note = "One warp, a class a lane.";
    return true;
}

/* ---- all */

/* Where nobody else wants to know which element of its window the pool took, the convolution says at once where that is. */
static void join_places(Tuner *tuner, int at)
{
    Phase *phase = tuner->phase;
    const FusedConv *f = phase->kernels.at[at]->shape;
    const Tensor *indices = f->conv.indices;
    Kernel *maker = tuner_maker(tuner, indices);
    if (!maker || (maker->scheme != SCHEME_FUSED_CONV && maker->scheme != SCHEME_FUSED_CONV_SUM) ||
        tuner_readers(tuner, indices) != 1)
        return;
    Nest *nest = NEW(tuner->arena, Nest);
    FusedConv *joined = NEW(tuner->arena, FusedConv);
    *nest = *maker->nest;
    *joined = *(const FusedConv *)maker->shape;
    nest->stores = 0;
    for (int i = 0; i < maker->nest->stores; i++)
        if (maker->nest->store[i].tensor != indices)
            nest->store[nest->stores++] = maker->nest->store[i];
    for (int i = 0; i < maker->stores.count; i++)
        if (maker->stores.at[i] == indices)
            maker->stores.at[i] = f->places;
    joined->places = f->places;
    maker->nest = nest;
    maker->shape = joined;
    for (int i = at; i + 1 < phase->kernels.count; i++)
        phase->kernels.at[i] = phase->kernels.at[i + 1];
    phase->kernels.count--;
}

static const Rule rules[] = {
    { TECHNIQUE_FUSED, &kind_max_pool2d, fused_conv_pool },
    { TECHNIQUE_FUSED, &kind_conv2d, fused_conv },
    { TECHNIQUE_FUSED, &kind_conv2d_backward_input, fused_conv_input },
    { TECHNIQUE_FUSED, &kind_conv2d_backward_weight, fused_sparse_weight },
    { TECHNIQUE_FUSED, &kind_conv2d_backward_weight, fused_dense_weight },
    { TECHNIQUE_FUSED, &kind_max_pool2d_backward, fused_unpool },
    { TECHNIQUE_FUSED, &kind_conv2d_backward_bias, fused_bias },
    { TECHNIQUE_FUSED, &kind_linear, fused_linear },
    { TECHNIQUE_FUSED, &kind_cross_entropy_backward, fused_loss },
};

void fused_tune(Tuner *tuner)
{
    tuner_apply(tuner, rules, sizeof rules / sizeof *rules);
    tuner_drop_unread(tuner);
    for (int i = tuner->phase->kernels.count - 1; i >= 0; i--)
        if (tuner->phase->kernels.at[i]->scheme == SCHEME_FUSED_PLACES)
            join_places(tuner, i);
}
