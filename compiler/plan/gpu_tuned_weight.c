/* The gradient of a convolution's weight on a GPU: a warp has all taps of an output and an input channel in registers, a
 * lane a sample. Their totals over the lanes go to a partial gradient, which the last kernel of the step sums. */
#include "plan/gpu_tuned.h"

#include "ops/kinds.h"

#include <inttypes.h>

enum {
    MOST_TAPS = 63,             /* and the bias */
    MOST_GRADIENTS = 32,        /* of a tile, in registers */
    MOST_ROW = 24,              /* of x, likewise */
    LEAST_WARPS = 4, THREADS = 256,
};

static int64_t reach(const ConvShape *s, int side, int64_t results)
{
    return (results - 1) * s->stride[side] + (s->kernel[side] - 1) * s->dilation[side] + 1;
}

/* The tile of dy with the fewest operations: its products, and what it loads of dy and of x. */
static bool choose_tile(ConvShape *s)
{
    double best = 0;
    int64_t height = s->result[0], width = s->result[1], taps = s->kernel[0] * s->kernel[1];
    for (int64_t r = s->pool[0]; r <= height && r <= 8 * s->pool[0]; r += s->pool[0])
        for (int64_t c = s->pool[1]; c <= width && r * c <= MOST_GRADIENTS && reach(s, 1, c) <= MOST_ROW; c += s->pool[1]) {
            double tiles = (double)(divide_up(height, r) * divide_up(width, c));
            double cost = tiles * (double)(r * c * taps + reach(s, 0, r) * reach(s, 1, c) + 3 * r * c);
            if (best != 0 && cost >= best)
                continue;
            best = cost;
            s->rows = r;
            s->columns = c;
        }
    return best != 0;
}

/* The bias's gradient is summed beside that of the weight, where it is the sum of the same values. */
static bool take_bias(Tuner *tuner, GpuConvWeight *g, const Node *node)
{
    for (int i = 0; i < tuner->phase->kernels.count; i++) {
        Kernel *kernel = tuner->phase->kernels.at[i];
        if (kernel->scheme != SCHEME_NEST || kernel->node->kind != &kind_conv2d_backward_bias ||
            kernel->node->layer != node->layer || kernel->node->in.at[0] != g->conv.dy || kernel->node->fused.count)
            continue;
        kernel->stores.count = 0;           /* made here now: it is dropped */
        return true;
    }
    return false;
}

static void become(Tuner *tuner, Kernel *kernel, GpuConvWeight *g)
{
    const Node *node = kernel->node;
    const ConvShape *s = &g->conv;
    g->bias = take_bias(tuner, g, node);
    int64_t size = s->groups * s->out * s->in * gpu_taps(s);
    if (g->bias)
        size += divide_up(s->groups * s->out, 4) * 4;
    Tensor *partial = graph_value(tuner->program->graph, node->layer, TYPE_REAL, 2, (int64_t[]){ g->parts, size },
                                  "%s_partial", node->layer->name);
    partial->per_sample = false;
    g->partial = partial;
    tuned_start(kernel, SCHEME_GPU_CONV_WEIGHT, g);
    if (!g->images)
        kernel_add_load(tuner->arena, kernel, s->x);
    if (s->indices)
        kernel_add_load(tuner->arena, kernel, s->indices);
    kernel_add_load(tuner->arena, kernel, s->dy);
    kernel->stores.count = 0;
    list_add(tuner->arena, &kernel->stores, partial);
}

/* Warps of a block, one an output channel: the most that divide them, or as good as. */
static int64_t warps_of(int64_t channels, int64_t most)
{
    int64_t best = least(channels, 8);
    for (int64_t w = LEAST_WARPS; w <= most; w++)
        if (channels % w == 0)
            best = w;
    return best;
}

/* A first layer's x comes from the images' bytes, some rows of them a block of threads. Its input's gradient is not
 * wanted, and its own is summed over many results, so that here it pays to multiply only what the pool took. */
static bool choose_images(Tuner *tuner, Kernel *kernel, GpuConvWeight *g)
{
    ConvShape *s = &g->conv;
    g->sparse = s->indices != NULL;
    if (g->sparse) {
        s->rows = s->pool[0];
        s->columns = s->pool[1];
    }
    int64_t pixels = reach(s, 0, s->rows) * s->image[1], bytes = 4 * pixels * (g->sparse ? GPU_LANES : GPU_LANES + 1);
    if (tuner->program->graph->model->data.real_images || s->x != tuner->program->graph->input || s->groups > 1 || bytes > GPU_SHARED)
        return false;
    g->images = true;
    g->warps = warps_of(s->out, g->sparse ? GPU_MOST_WARPS : GPU_MOST_WARPS / 2);     /* dy takes registers */
    g->down = divide_up(s->result[0], s->rows);
    g->across = g->sparse ? s->pooled[1] : divide_up(s->result[1], s->columns);
    int64_t units = divide_up(s->out, g->warps) * s->in;
    g->parts = least(g->down, divide_up(2 * GPU_BUSY_BLOCKS, units * gpu_blocks(tuner)));
    become(tuner, kernel, g);
    kernel->launch = (Launch){ .block_units = units * g->parts, .samples = GPU_LANES,
                               .threads = (int)(GPU_LANES * g->warps), .shared = bytes };
    kernel->note = gpu_note(tuner->arena, "A warp has the taps of a channel in registers. %s", g->sparse
        ? "Of each window only the element that it took counts: each lane multiplies the patch that its own window took, in "
          "its own bank of shared memory."
        : "x comes from the images' bytes, as numbers in shared memory.");
    return true;
}

/* The kernel of the input's gradient, or NULL: both share a launch, with as many threads. */
static const Kernel *beside(const Tuner *tuner, const Node *node)
{
    for (int i = 0; i < tuner->phase->kernels.count; i++) {
        const Kernel *kernel = tuner->phase->kernels.at[i];
        if (kernel->scheme == SCHEME_GPU_CONV_INPUT && kernel->node->layer == node->layer)
            return kernel;
    }
    return NULL;
}

static void choose_inner(Tuner *tuner, Kernel *kernel, GpuConvWeight *g)
{
    const ConvShape *s = &g->conv;
    g->down = divide_up(s->result[0], s->rows);
    g->across = divide_up(s->result[1], s->columns);
    int64_t pairs = s->groups * s->out * s->in, tiles = g->down * g->across;
    const Kernel *input = beside(tuner, kernel->node);
    int threads = input ? input->launch.threads : THREADS;
    int64_t warps = input ? input->launch.block_units * threads / GPU_LANES : 0;
    g->parts = 1;
    while (g->parts < tiles && (pairs * g->parts + warps) * gpu_blocks(tuner) < GPU_BUSY_WARPS)
        g->parts++;
    while (tiles % g->parts)
        g->parts++;
    become(tuner, kernel, g);
    kernel->launch = (Launch){ .block_units = divide_up(pairs * g->parts, threads / GPU_LANES), .samples = GPU_LANES,
                               .threads = threads };
    kernel->note = gpu_note(tuner->arena,
        "A warp has the taps of two channels in registers, and %" PRId64 " x %" PRId64 " gradients: each element of x that it loads "
        "meets every one of them that it reaches.", s->rows, s->columns);
}

static bool tune(Tuner *tuner, Kernel *kernel, bool pooled)
{
    const Node *node = kernel->node;
    const Tensor *x = node->in.at[0], *dy = node->in.at[1], *gradient = kernel->stores.at[0];
    if (!nest_is_sum(kernel->nest) || !gpu_parameter_of(tuner->program->graph, gradient))
        return false;
    GpuConvWeight *g = NEW(tuner->arena, GpuConvWeight);
    g->conv = tuner_conv_shape(node->layer, x, gradient, dy);
    g->conv.dy = dy;
    if (pooled && !tuner_see_through_pool(tuner, &g->conv, dy, kernel))
        return false;
    if (g->conv.kernel[0] * g->conv.kernel[1] > MOST_TAPS || !choose_tile(&g->conv)) {
        kernel->absorbed.count = 0;
        return false;
    }
    if (!choose_images(tuner, kernel, g)) {
        g->sparse = false;
        choose_tile(&g->conv);
        choose_inner(tuner, kernel, g);
    }
    return true;
}

bool gpu_conv_weight(Tuner *tuner, Kernel *kernel)
{
    return tune(tuner, kernel, true);
}

bool gpu_dense_weight(Tuner *tuner, Kernel *kernel)
{
    return tune(tuner, kernel, false);
}
