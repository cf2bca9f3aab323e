/* Whether tuned kernels of a GPU cover their work: every tile has a unit, every term of a sum a warp. */
#include "plan/gpu_tuned.h"

#include <inttypes.h>

static int64_t warps_of(const Kernel *kernel) { return kernel->launch.threads / GPU_LANES; }

/* Tiles of `size` that begin inside an axis, the last one early, reach all of it. */
static bool covers(int64_t tiles, int64_t size, int64_t extent)
{
    return size >= 1 && size <= extent && tiles == divide_up(extent, size);
}

static bool whole_windows(const ConvShape *s)
{
    return s->rows % s->pool[0] == 0 && s->columns % s->pool[1] == 0;
}

static const char *verify_conv(const Kernel *kernel)
{
    const GpuConv *g = kernel->shape;
    const ConvShape *s = &g->conv;
    int64_t channels = s->groups * divide_up(s->out, s->channels), tiles = g->down * g->across;
    int64_t blocks = g->images ? g->down : divide_up(tiles, g->tiles);
    if (!whole_windows(s) || !covers(g->down, s->rows, s->result[0]) || !covers(g->across, s->columns, s->result[1]))
        return "its tiles do not cover the result";
    if (s->in % g->splits || warps_of(kernel) != g->splits * g->tiles || (g->images && g->tiles != g->across))
        return "its warps do not share the input channels";
    return kernel->launch.block_units == channels * blocks ? NULL : "its units do not cover the tiles";
}

static const char *verify_conv_input(const Kernel *kernel)
{
    const GpuConvInput *g = kernel->shape;
    const ConvShape *s = &g->conv;
    int64_t tiles = g->down * g->across * s->groups * divide_up(s->in, s->channels);
    if (!whole_windows(s) || g->down * s->rows < s->inside[0] || g->across * s->columns < s->inside[1])
        return "its tiles do not cover the input";
    if (s->out % g->splits || (g->splits > 1 && warps_of(kernel) != g->splits))
        return "its warps do not share the output channels";
    int64_t each = g->splits > 1 ? 1 : warps_of(kernel);
    return kernel->launch.block_units == divide_up(tiles, each) ? NULL : "its units do not cover the tiles";
}

static const char *verify_conv_weight(const Kernel *kernel)
{
    const GpuConvWeight *g = kernel->shape;
    const ConvShape *s = &g->conv;
    int64_t size = s->groups * s->out * s->in * gpu_taps(s) + (g->bias ? divide_up(s->groups * s->out, 4) * 4 : 0);
    int64_t tiles = g->images ? g->down : g->down * g->across;
    if (!whole_windows(s) || !covers(g->down, s->rows, s->result[0]) || !covers(g->across, s->columns, s->result[1]))
        return "its tiles do not cover the result";
    if (g->parts > tiles || (!g->images && tiles % g->parts) || g->partial->dim[0] != g->parts || g->partial->dim[1] != size)
        return "its parts are not those of the partial gradient";
    int64_t units = g->images ? g->parts * s->in * divide_up(s->out, g->warps)
                              : divide_up(g->parts * s->groups * s->out * s->in, warps_of(kernel));
    return kernel->launch.block_units == units ? NULL : "its units do not cover the channels";
}

static const char *verify_linear(const Kernel *kernel)
{
    const GpuLinear *g = kernel->shape;
    if (g->splits > g->terms || warps_of(kernel) != g->splits)
        return "its warps do not share the terms";
    bool covered = covers(kernel->launch.block_units, g->tile, g->results);
    return covered ? NULL : "its units do not cover the results";
}

static const char *verify_classify(const Kernel *kernel)
{
    const GpuClassify *g = kernel->shape;
    return warps_of(kernel) == g->warps && kernel->launch.block_units == 4 ? NULL : "its units do not cover the samples";
}

static const char *verify_linear_weight(const Kernel *kernel)
{
    const GpuLinearWeight *g = kernel->shape;
    int64_t tiles = divide_up(g->outputs, g->rows) * divide_up(g->inputs, g->columns);
    return kernel->launch.units == tiles ? NULL : "its units do not cover the weight";
}

static const char *verify_sum(const Kernel *kernel)
{
    const GpuSum *g = kernel->shape;
    return kernel->launch.units * kernel->launch.threads >= g->size ? NULL : "its units do not cover the weights";
}

static const char *(*const checks[SCHEMES])(const Kernel *kernel) = {
    [SCHEME_GPU_CONV] = verify_conv,
    [SCHEME_GPU_CONV_INPUT] = verify_conv_input,
    [SCHEME_GPU_CONV_WEIGHT] = verify_conv_weight,
    [SCHEME_GPU_LINEAR] = verify_linear,
    [SCHEME_GPU_CLASSIFY] = verify_classify,
    [SCHEME_GPU_LINEAR_WEIGHT] = verify_linear_weight,
    [SCHEME_GPU_SUM] = verify_sum,
};

const char *gpu_tuned_verify(Arena *arena, const Kernel *kernel)
{
    const char *wrong = checks[kernel->scheme] ? checks[kernel->scheme](kernel) : NULL;
    if (!wrong && (kernel->launch.threads < GPU_LANES || kernel->launch.threads > 1024 || kernel->launch.threads % GPU_LANES))
        wrong = "its threads are no whole warps";
    return wrong ? arena_printf(arena, "%s: %s", kernel->name, wrong) : NULL;
}
