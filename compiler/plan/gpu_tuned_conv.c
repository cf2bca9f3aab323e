/* Convolutions on a GPU: a warp has a tile of results of 32 samples in registers. */
#include "plan/gpu_tuned.h"

#include "ops/kinds.h"

#include <inttypes.h>

enum {
    MOST_VALUES = 176,          /* in the registers of a thread: the patch of x, the sums, the taps of a channel */
    OTHER_VALUES = 40,          /* in registers beside them, addresses and the like */
    MOST_STAGED = 24 << 10,     /* bytes of weights that go through shared memory; more are read where they are */
    COLUMNS_ALONE = 4, ROWS_ALONE = 2,      /* of a tile where no pool says how many */
};

/* Of the image, what `results` of the convolution along a side read. */
static int64_t reach(const ConvShape *s, int side, int64_t results)
{
    return (results - 1) * s->stride[side] + (s->kernel[side] - 1) * s->dilation[side] + 1;
}

/* What a thread holds of the tile. */
static int64_t values_of(const ConvShape *s)
{
    return reach(s, 0, s->rows) * reach(s, 1, s->columns) + s->channels * s->rows * s->columns + gpu_taps(s);
}

static bool fits_registers(const ConvShape *s)
{
    return values_of(s) <= MOST_VALUES;
}

/* Two pooled windows side by side, or 2 x 4 results, of 2 channels: each tap that is loaded meets all results of its
 * channel, each element of the patch both channels. Smaller where that does not fit. */
static bool choose_tile(ConvShape *s)
{
    bool pools = s->pool[0] * s->pool[1] > 1;
    s->rows = pools ? s->pool[0] : least(ROWS_ALONE, s->pooled[0]);
    s->columns = pools ? s->pool[1] * least(2, s->pooled[1]) : least(COLUMNS_ALONE, s->pooled[1]);
    s->channels = least(2, s->out);
    if (!fits_registers(s))
        s->columns = s->pool[1];
    if (!fits_registers(s) && !pools)
        s->rows = 1;
    return fits_registers(s);
}

/* Tiles of a block of threads: as many as there is room for, unless that makes too many of them twice. */
static int64_t choose_tiles(int64_t tiles, int64_t most)
{
    int64_t best = 1;
    for (int64_t t = 1; t <= most && t <= tiles; t++)
        if (10 * divide_up(tiles, t) * t <= 11 * tiles)
            best = t;
    return best;
}

static void become(Tuner *tuner, Kernel *kernel, GpuConv *g)
{
    const ConvShape *s = &g->conv;
    tuned_start(kernel, SCHEME_GPU_CONV, g);
    kernel_add_load(tuner->arena, kernel, s->weight);
    if (!g->images)
        kernel_add_load(tuner->arena, kernel, s->x);
    if (s->bias)
        kernel_add_load(tuner->arena, kernel, s->bias);
    for (int i = 0; i < kernel->nest->stores; i++)
        kernel_add_loads(tuner->arena, kernel, kernel->nest->store[i].value);
}

/* The rows of the images that a row of tiles reads go through shared memory, a channel at a time, as numbers: a warp for
 * each tile across. */
static bool choose_images(Tuner *tuner, Kernel *kernel, GpuConv *g)
{
    ConvShape *s = &g->conv;
    int64_t rows = reach(s, 0, s->rows), channels = least(2, s->out);
    int64_t bytes = 4 * (rows * s->image[1] * (GPU_LANES + 1) + 2 * channels * s->in * gpu_taps(s));
    if (tuner->program->graph->model->data.real_images || s->x != tuner->program->graph->input || s->groups > 1 || bytes > GPU_SHARED || g->across > GPU_MOST_WARPS ||
        values_of(s) + OTHER_VALUES > GPU_REGISTERS / (GPU_LANES * g->across))
        return false;
    if (gpu_blocks(tuner) * g->down * divide_up(s->out, 4) >= GPU_BUSY_BLOCKS && s->out >= 4) {
        s->channels = 4;
        if (!fits_registers(s) || values_of(s) + OTHER_VALUES > GPU_REGISTERS / (GPU_LANES * g->across))
            s->channels = channels;
    }
    g->images = g->staged = true;
    g->splits = 1;
    g->tiles = g->across;
    become(tuner, kernel, g);
    kernel->launch = (Launch){ .block_units = g->down * divide_up(s->out, s->channels), .samples = GPU_LANES,
                               .threads = (int)(GPU_LANES * g->tiles), .shared = bytes };
    kernel->launch.shared = 4 * (rows * s->image[1] * (GPU_LANES + 1) + s->channels * s->in * gpu_taps(s));
    kernel->note = gpu_note(tuner->arena,
        "The bytes of %" PRId64 " rows of 32 images become numbers in shared memory, in columns of 33 so that neither side meets "
        "itself in a bank. A warp has %" PRId64 " x %" PRId64 " results of %" PRId64 " channels in registers: each tap that it loads is "
        "used %" PRId64 " times, each element of the patch by every channel.",
        rows, s->rows, s->columns, s->channels, s->rows * s->columns);
    return true;
}

static void choose_inner(Tuner *tuner, Kernel *kernel, GpuConv *g)
{
    ConvShape *s = &g->conv;
    int64_t tiles = g->down * g->across, channels = s->groups * divide_up(s->out, s->channels);
    int64_t sums = s->channels * s->rows * s->columns;
    int64_t most = least(8, (GPU_SHARED - MOST_STAGED) / (4 * GPU_LANES * sums));      /* warps that hand over their sums */
    g->splits = gpu_splits(tiles * channels * gpu_blocks(tuner), s->in, most);
    g->tiles = choose_tiles(tiles, g->splits > 1 ? most / g->splits : 8);
    int64_t weights = 4 * s->channels * s->in * gpu_taps(s);
    int64_t handed = g->splits > 1 ? 4 * GPU_LANES * sums * g->splits * g->tiles : 0;
    g->staged = weights <= MOST_STAGED && weights + handed <= GPU_SHARED;
    become(tuner, kernel, g);
    kernel->launch = (Launch){ .block_units = channels * divide_up(tiles, g->tiles), .samples = GPU_LANES,
                               .threads = (int)(GPU_LANES * g->tiles * g->splits),
                               .shared = (g->staged ? weights : 0) + handed };
    const char *shared = g->splits > 1 ? arena_printf(tuner->arena, " %" PRId64 " warps share a tile, each sums %" PRId64
        " of the %" PRId64 " input channels: alone they would be too few to keep a GPU busy.", g->splits, s->in / g->splits,
        s->in) : "";
    kernel->note = gpu_note(tuner->arena,
        "A warp has %" PRId64 " x %" PRId64 " results of %" PRId64 " channels in registers: each tap that it loads is used %" PRId64
        " times, each element of the patch by every channel.%s", s->rows, s->columns, s->channels, s->rows * s->columns,
        shared);
}

/* Tiles and threads; true where it fits. */
static bool choose(Tuner *tuner, Kernel *kernel, const ConvShape *shape)
{
    GpuConv *g = NEW(tuner->arena, GpuConv);
    ConvShape *s = &g->conv;
    *s = *shape;
    if (!choose_tile(s))
        return false;
    g->down = divide_up(s->pooled[0], s->rows / s->pool[0]);
    g->across = divide_up(s->pooled[1], s->columns / s->pool[1]);
    if (!choose_images(tuner, kernel, g))
        choose_inner(tuner, kernel, g);
    return true;
}

static const Tensor *bias_of(const Node *node)
{
    return node->layer->learnables.count > 1 ? node->in.at[2] : NULL;
}

bool gpu_conv(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    if (kernel->nest->reduces != 1)
        return false;
    ConvShape s = tuner_conv_shape(node->layer, node->in.at[0], node->in.at[1], kernel->stores.at[0]);
    s.bias = bias_of(node);
    return choose(tuner, kernel, &s);
}

bool gpu_conv_pool(Tuner *tuner, Kernel *kernel)
{
    const Tensor *y = kernel->node->in.at[0];
    const Kernel *conv = tuner_maker(tuner, y);
    if (!conv || conv->node->kind != &kind_conv2d || conv->scheme != SCHEME_NEST || !nest_is_sum(conv->nest) ||
        tuner_readers(tuner, y) != 1 || graph_keeps(tuner->program->graph, y))
        return false;
    const Node *node = conv->node, *pool = kernel->node;
    ConvShape s = tuner_conv_shape(node->layer, node->in.at[0], node->in.at[1], y);
    s.bias = bias_of(node);
    if (!tuner_add_pool(&s, pool->layer, kernel->stores.at[0]) || !choose(tuner, kernel, &s))
        return false;
    kernel->node = node;
    kernel->name = conv->name;
    list_add(tuner->arena, &kernel->absorbed, pool);
    return true;
}
