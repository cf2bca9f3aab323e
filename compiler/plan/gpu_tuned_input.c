/* The gradient of a convolution's input on a GPU: a warp has a tile of it in registers, and looks at each window of the
 * pool behind the convolution that reaches the tile. Tiles are whole windows, so that all of them see the same. */
#include "plan/gpu_tuned.h"

#include "ops/kinds.h"

#include <inttypes.h>

enum {
    MOST_SUMS = 32,
    MOST_VALUES = 150,          /* in the registers of a thread: sums, and the taps of its channels */
    MOST_SIDE = 8,
};

/* Registers' worth of work on a tile for an output channel: its products, and what a window costs beside them. */
static double cost_of(const ConvShape *s, int64_t rows, int64_t columns)
{
    int64_t places = s->pool[0] * s->pool[1], taps = s->kernel[0] * s->kernel[1];
    int64_t down = (rows + s->kernel[0] - 2) / s->pool[0] + 1, across = (columns + s->kernel[1] - 2) / s->pool[1] + 1;
    int64_t tiles = divide_up(s->inside[0], rows) * divide_up(s->inside[1], columns);
    double window = places > 1 ? 4 + 2.0 * (double)places : 4;
    return (double)tiles * ((double)(s->channels * taps * rows * columns) + window * (double)(down * across) + 30);
}

static bool choose_tile(ConvShape *s)
{
    double best = 0;
    s->channels = least(2, s->in);
    if (s->channels * gpu_taps(s) + MOST_SUMS > MOST_VALUES)
        s->channels = 1;
    if (s->channels * gpu_taps(s) + MOST_SUMS > MOST_VALUES)
        return false;
    for (int64_t r = s->pool[0]; r <= MOST_SIDE; r += s->pool[0])
        for (int64_t c = s->pool[1]; c <= MOST_SIDE && r * c * s->channels <= MOST_SUMS; c += s->pool[1]) {
            double cost = cost_of(s, r, c);
            if (best != 0 && cost >= best)
                continue;
            best = cost;
            s->rows = r;
            s->columns = c;
        }
    return best != 0;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -divide_up(-a, b);
}

/* The windows that reach a tile, counted from the one that its first element would be in without a border. */
static void find_windows(GpuConvInput *g)
{
    const ConvShape *s = &g->conv;
    const int64_t size[2] = { s->rows, s->columns };
    for (int side = 0; side < 2; side++) {
        int64_t beyond = (s->kernel[side] - 1) * s->dilation[side];
        g->first[side] = floor_divide(s->border[side] - beyond, s->pool[side]);
        g->windows[side] = floor_divide(s->border[side] + size[side] - 1, s->pool[side]) - g->first[side] + 1;
    }
}

static void become(Tuner *tuner, Kernel *kernel, const ConvShape *shape)
{
    GpuConvInput *g = NEW(tuner->arena, GpuConvInput);
    ConvShape *s = &g->conv;
    *s = *shape;
    find_windows(g);
    g->down = divide_up(s->inside[0], s->rows);
    g->across = divide_up(s->inside[1], s->columns);
    int64_t sums = s->channels * s->rows * s->columns, channels = s->groups * divide_up(s->in, s->channels);
    int64_t tiles = g->down * g->across * channels;
    g->splits = gpu_splits(tiles * gpu_blocks(tuner), s->out, least(8, GPU_SHARED / (4 * GPU_LANES * sums)));
    tuned_start(kernel, SCHEME_GPU_CONV_INPUT, g);
    kernel_add_load(tuner->arena, kernel, s->weight);
    if (s->indices)
        kernel_add_load(tuner->arena, kernel, s->indices);
    kernel_add_load(tuner->arena, kernel, s->dy);
    for (int i = 0; i < kernel->nest->stores; i++)
        kernel_add_loads(tuner->arena, kernel, kernel->nest->store[i].value);
    kernel->launch = (Launch){ .samples = GPU_LANES };
    kernel->launch.threads = (int)(GPU_LANES * (g->splits > 1 ? g->splits : 4));
    kernel->launch.block_units = g->splits > 1 ? tiles : divide_up(tiles, 4);
    kernel->launch.shared = g->splits > 1 ? 4 * GPU_LANES * sums * g->splits : 0;
    const char *through = s->indices ? "Each window of the pool gives its gradient to the place that it took. " : "";
    const char *shared = g->splits > 1 ? arena_printf(tuner->arena, " %" PRId64 " warps share a tile, each sums %" PRId64
        " of the %" PRId64 " output channels.", g->splits, s->out / g->splits, s->out) : "";
    kernel->note = gpu_note(tuner->arena,
        "%sA warp has %" PRId64 " x %" PRId64 " results of %" PRId64 " channels in registers: each gradient that it loads meets every tap of "
        "both.%s", through, s->rows, s->columns, s->channels, shared);
}

bool gpu_conv_input(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *weight = node->in.at[0], *dy = node->in.at[1], *dx = kernel->stores.at[0];
    ConvShape s = tuner_conv_shape(node->layer, dx, weight, dy), alone = s;
    s.dy = alone.dy = dy;
    if (kernel->nest->reduces != 1 || s.stride[0] != 1 || s.stride[1] != 1)
        return false;
    if (!tuner_see_through_pool(tuner, &s, dy, kernel))
        s = alone;
    if (!choose_tile(&s)) {
        kernel->absorbed.count = 0;
        return false;
    }
    become(tuner, kernel, &s);
    return true;
}

bool gpu_conv_border(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *padded = node->in.at[0], *dx = kernel->stores.at[0];
    const Kernel *conv = tuner_maker(tuner, padded);
    if (node->attribute[PAD_MODE] != PAD_ZEROS || !conv || conv->scheme != SCHEME_GPU_CONV_INPUT ||
        !nest_is_sum(conv->nest) || tuner_readers(tuner, padded) != 1 || kernel->nest->stores != 1)
        return false;
    ConvShape s = ((const GpuConvInput *)conv->shape)->conv;
    for (int side = 0; side < 2; side++) {
        s.border[side] = node->attribute[side ? PAD_LEFT : PAD_TOP];
        s.inside[side] = dx->dim[1 + side];
    }
    if (!choose_tile(&s))
        return false;
    kernel->nest = tuner_nest_of_border(tuner->arena, kernel->nest, conv->nest, padded);
    kernel->node = conv->node;
    kernel->name = conv->name;
    for (int i = 0; i < conv->absorbed.count; i++)
        list_add(tuner->arena, &kernel->absorbed, conv->absorbed.at[i]);
    list_add(tuner->arena, &kernel->absorbed, node);
    become(tuner, kernel, &s);
    return true;
}
