/* Where convolutions get code of their own, and the tiles of it. A tile is `rows` x `columns` results of `channels`
 * channels; Winograd's code sums rows x channels at a time, once for each point. */
#include "plan/tuned.h"

#include "ops/conv2d.h"
#include "ops/kinds.h"
#include "ops/max_pool2d.h"

enum {
    ROWS_ALONE = 2,             /* of a tile where no pool says how many */
    LEAST_CHANNELS = 4,         /* of a group: with fewer, a tile has too few sums to keep the multipliers busy */
};

/* Operations of a transform for each point that goes in or comes out, in multiply-adds: counted on F(4, 5). */
static const double transform_in = 2.5, transform_out = 3;

/* What Winograd has to save before it is taken: its rounding is coarser, and it moves more memory. */
static const double least_gain = 0.85;

ConvShape tuner_conv_shape(const Layer *layer, const Tensor *x, const Tensor *weight, const Tensor *y)
{
    Window window = conv2d_window(layer);
    ConvShape s = { .x = x, .weight = weight, .groups = layer_arg(layer, "groups")->i[0] };
    s.in = x->dim[0] / s.groups;
    s.out = y->dim[0] / s.groups;
    for (int side = 0; side < 2; side++) {
        s.kernel[side] = window.kernel[side];
        s.stride[side] = window.stride[side];
        s.dilation[side] = window.dilation[side];
        s.image[side] = s.inside[side] = x->dim[1 + side];
        s.result[side] = s.pooled[side] = y->dim[1 + side];
        s.pool[side] = 1;
    }
    return s;
}

bool tuner_add_pool(ConvShape *s, const Layer *pool, const Tensor *pooled)
{
    Window window = max_pool2d_window(pool);
    for (int side = 0; side < 2; side++) {
        int64_t size = window.kernel[side];
        s->pool[side] = size;
        s->pooled[side] = pooled->dim[1 + side];
        if (window.stride[side] != size || window.dilation[side] != 1 || window.padding[side] != 0 ||
            s->pooled[side] * size > s->result[side])
            return false;
        s->result[side] = s->pooled[side] * size;
    }
    return s->pool[0] * s->pool[1] > 1;
}

/* The channels of a tile that leave the fewest sums of the last tile to be made twice, at most `most` of `all`. */
static int64_t best_channels(int64_t all, int64_t most)
{
    int64_t best = 1;
    for (int64_t c = 1; c <= least(all, most); c++)
        if (divide_up(all, c) * (c + 1) <= divide_up(all, best) * (best + 1))
            best = c;
    return best;
}

/* Multiply-adds of the kernel by Winograd's convolution with tiles of `results` columns; the channels that are summed
 * over are `in`, those that are made `out`: for the gradient of the input they change places. */
static double winograd_cost(const ConvShape *s, int64_t points, int64_t results, int64_t in, int64_t out)
{
    double tiles = (double)(divide_up(s->result[1], results) * points);
    double sums = (double)(s->result[0] * s->kernel[0] * in * out);
    double transforms = transform_in * (double)(s->image[0] * s->in) + transform_out * (double)(s->result[0] * s->out);
    return tiles * (sums + transforms);
}

const Winograd *tuner_winograd(const Tuner *tuner, const ConvShape *s)
{
    int64_t taps = s->kernel[1], best = 0;
    double direct = (double)(s->result[0] * s->result[1] * s->kernel[0] * taps * s->in * s->out);
    double cost = least_gain * direct;
    if (!takes(tuner->options, TECHNIQUE_WINOGRAD) || s->stride[1] != 1 || s->dilation[1] != 1 || taps < 2)
        return NULL;
    for (int64_t results = s->pool[1]; results + taps - 1 <= WINOGRAD_MOST; results += s->pool[1]) {
        if (results < 2 || results > s->result[1])
            continue;
        double this = winograd_cost(s, results + taps - 1, results, s->in, s->out);
        if (this < cost) {
            cost = this;
            best = results;
        }
    }
    if (!best)
        return NULL;
    Winograd *winograd = NEW(tuner->arena, Winograd);
    winograd_make(winograd, (int)best, (int)taps);
    return winograd;
}

/* Rows and channels of a tile whose sums over `rows` stay in registers. */
static bool choose_tile(const Tuner *tuner, ConvShape *s, int64_t rows, int64_t all_channels)
{
    int64_t sums = tuner->plan->target->accumulators;
    int64_t points = s->winograd ? 1 : s->columns;
    s->rows = rows;
    s->channels = best_channels(all_channels, sums / (rows * points));
    return rows * points * 2 <= sums && (s->groups == 1 || s->out >= LEAST_CHANNELS);
}

static Work work_of(const char *name, const char *what, int rank, const int64_t dim[])
{
    Work work = { .type = "vf", .name = name, .rank = rank, .what = what };
    for (int i = 0; i < rank; i++)
        work.dim[i] = dim[i];
    return work;
}

/* Units share columns of what is made (of which Winograd's transform reads each tile's apart), rows (where the transform
 * is made again of those that two read), and groups, or the channels that a group makes. */
static void cut_forward(Kernel *kernel, const ConvShape *s)
{
    tuned_cut(kernel, "x", s->pooled[1], s->columns / s->pool[1]);
    tuned_cut(kernel, "y", s->pooled[0], s->rows / s->pool[0]);
    tuned_cut(kernel, s->groups > 1 ? "g" : "o", s->groups > 1 ? s->groups : s->out, s->groups > 1 ? 1 : s->channels);
}

/* Here a tile's columns need what the one before has carried: only rows, and groups or channels. */
static void cut_input(Kernel *kernel, const ConvShape *s)
{
    tuned_cut(kernel, "y", s->inside[0], s->rows);
    tuned_cut(kernel, s->groups > 1 ? "g" : "c", s->groups > 1 ? s->groups : s->in, s->groups > 1 ? 1 : s->channels);
}

/* The kernel becomes one of `scheme`, which reads the shape's tensors and what its nest's stores do. */
static void become(Tuner *tuner, Kernel *kernel, Scheme scheme, const ConvShape *shape)
{
    ConvShape *s = NEW(tuner->arena, ConvShape);
    *s = *shape;
    tuned_start(kernel, scheme, s);
    if (s->winograd)
        s->transformed = tuner_transformed(tuner, s->weight, s->winograd);
    const Tensor *reads[] = { s->transformed ? s->transformed : s->weight, s->x, s->bias, s->indices, s->dy };
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        if (reads[i] && (scheme == SCHEME_CONV || reads[i] != s->x))
            kernel_add_load(tuner->arena, kernel, reads[i]);
    for (int i = 0; i < kernel->nest->stores; i++)
        kernel_add_loads(tuner->arena, kernel, kernel->nest->store[i].value);
    (scheme == SCHEME_CONV ? cut_forward : cut_input)(kernel, s);
}

static void become_winograd_forward(Tuner *tuner, Kernel *kernel, const ConvShape *s)
{
    int64_t points = s->winograd->points;
    become(tuner, kernel, SCHEME_CONV, s);
    list_add(tuner->arena, &kernel->work, work_of("in", "the input of a tile's columns, transformed", 3,
                                                  (int64_t[]){ s->image[0], points, s->groups * s->in }));
    list_add(tuner->arena, &kernel->work, work_of("product", "what the points of a tile give", 3,
                                                  (int64_t[]){ points, s->rows, s->channels }));
}

bool nest_is_sum(const Nest *nest)
{
    return nest->reduces == 1 && nest->stores == 1 && nest->store[0].value->kind == EXPR_REDUCED;
}

bool tune_conv(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    ConvShape s = tuner_conv_shape(node->layer, node->in.at[0], node->in.at[1], kernel->stores.at[0]);
    s.winograd = tuner_winograd(tuner, &s);
    if (!s.winograd || !choose_tile(tuner, &s, least(ROWS_ALONE, s.result[0]), s.out))
        return false;
    s.bias = node->layer->learnables.count > 1 ? node->in.at[2] : NULL;
    s.columns = s.winograd->results;
    become_winograd_forward(tuner, kernel, &s);
    return true;
}

bool tune_conv_pool(Tuner *tuner, Kernel *kernel)
{
    const Tensor *y = kernel->node->in.at[0];
    Kernel *conv = tuner_maker(tuner, y);
    if (!conv || conv->node->kind != &kind_conv2d || conv->scheme != SCHEME_NEST || !nest_is_sum(conv->nest) ||
        tuner_readers(tuner, y) != 1 || graph_keeps(tuner->program->graph, y))
        return false;

    const Node *node = conv->node;
    ConvShape s = tuner_conv_shape(node->layer, node->in.at[0], node->in.at[1], y);
    if (!tuner_add_pool(&s, kernel->node->layer, kernel->stores.at[0]))
        return false;
    s.bias = node->layer->learnables.count > 1 ? node->in.at[2] : NULL;
    s.winograd = tuner_winograd(tuner, &s);
    s.columns = s.winograd ? s.winograd->results : s.pool[1];
    if (!choose_tile(tuner, &s, s.pool[0], s.out))
        return false;
    if (s.winograd)
        become_winograd_forward(tuner, kernel, &s);
    else
        become(tuner, kernel, SCHEME_CONV, &s);
    list_add(tuner->arena, &kernel->absorbed, kernel->node);
    kernel->node = node;
    kernel->name = conv->name;
    return true;
}

bool tuner_see_through_pool(Tuner *tuner, ConvShape *s, const Tensor *dy, Kernel *kernel)
{
    Kernel *maker = tuner_maker(tuner, dy);
    if (!maker || maker->node->kind != &kind_max_pool2d_backward || maker->node->fused.count)
        return false;
    const Tensor *indices = maker->node->in.at[0], *pooled = maker->node->in.at[1];
    if (!tuner_add_pool(s, maker->node->layer, pooled))
        return false;
    s->indices = indices;
    s->dy = pooled;
    list_add(tuner->arena, &kernel->absorbed, maker->node);
    return true;
}

static void add_input_work(Tuner *tuner, Kernel *kernel, const ConvShape *s)
{
    int64_t points = s->winograd->points, edge = s->rows - 1, in = s->groups * s->in, out = s->groups * s->out;
    list_add(tuner->arena, &kernel->work, work_of("in", "the gradients of a tile's columns, transformed; zero rows around", 3,
                                                  (int64_t[]){ points, edge + s->result[0] + edge, out }));
    list_add(tuner->arena, &kernel->work, work_of("product", "what the points give, row by row", 3,
                                                  (int64_t[]){ points, s->inside[0], in }));
    list_add(tuner->arena, &kernel->work, work_of("carry", "what the tile before gave for the columns of the next", 3,
                                                  (int64_t[]){ s->inside[0], s->kernel[1] - 1, in }));
}

bool tune_conv_input(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *weight = node->in.at[0], *dy = node->in.at[1], *dx = kernel->stores.at[0];
    ConvShape s = tuner_conv_shape(node->layer, dx, weight, dy), alone = s;
    s.dy = alone.dy = dy;
    if (kernel->nest->reduces != 1 || s.stride[0] != 1 || s.dilation[0] != 1)
        return false;
    if (!tuner_see_through_pool(tuner, &s, dy, kernel))
        s = alone;
    s.winograd = tuner_winograd(tuner, &s);
    s.columns = s.winograd ? s.winograd->results : 1;
    /* Where units share its channels, and columns are carried on, half of them to a tile leave two parts. */
    int64_t channels = tuner->options->units >= 2 * tuner->plan->blocks ? divide_up(s.in, 2) : s.in;
    if (!s.winograd || !choose_tile(tuner, &s, least(ROWS_ALONE, s.image[0]), channels)) {
        kernel->absorbed.count = 0;
        return false;
    }
    become(tuner, kernel, SCHEME_CONV_INPUT, &s);
    add_input_work(tuner, kernel, &s);
    return true;
}

const Nest *tuner_nest_of_border(Arena *arena, const Nest *pad, const Nest *conv, const Tensor *padded)
{
    Nest *nest = NEW(arena, Nest);
    Expr *sum = NEW(arena, Expr);
    *nest = *pad;
    *sum = (Expr){ .kind = EXPR_REDUCED, .type = TYPE_REAL };
    nest->note = conv->note;
    nest->reduce[0] = conv->reduce[0];
    nest->reduces = 1;
    nest->store[0].value = expr_substitute(arena, nest->store[0].value, padded, sum, NULL, NULL, 0);
    return nest;
}

bool tune_conv_border(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *padded = node->in.at[0], *dx = kernel->stores.at[0];
    const Kernel *conv = tuner_maker(tuner, padded);
    if (node->attribute[PAD_MODE] != PAD_ZEROS || !conv || conv->scheme != SCHEME_CONV_INPUT ||
        !nest_is_sum(conv->nest) || tuner_readers(tuner, padded) != 1 || kernel->nest->stores != 1)
        return false;
    ConvShape s = *(const ConvShape *)conv->shape;
    for (int side = 0; side < 2; side++) {
        s.border[side] = node->attribute[side ? PAD_LEFT : PAD_TOP];
        s.inside[side] = dx->dim[1 + side];
    }
    if (s.inside[0] < s.rows)
        return false;
    kernel->nest = tuner_nest_of_border(tuner->arena, kernel->nest, conv->nest, padded);
    kernel->node = conv->node;
    kernel->name = conv->name;
    for (int i = 0; i < conv->absorbed.count; i++)
        list_add(tuner->arena, &kernel->absorbed, conv->absorbed.at[i]);
    list_add(tuner->arena, &kernel->absorbed, node);
    become(tuner, kernel, SCHEME_CONV_INPUT, &s);
    add_input_work(tuner, kernel, &s);
    return true;
}
