/* conv2d on a GPU: a tile's sums in registers; bias, what is done to each result, and the pool, before anything goes to
 * memory. */
#include "cuda/tuned.h"

#include <inttypes.h>
#include <string.h>

static int64_t reach(const ConvShape *s, int side, int64_t results)
{
    return (results - 1) * s->stride[side] + (s->kernel[side] - 1) * s->dilation[side] + 1;
}

/* Of the tile, pooled: windows down and across. */
static int64_t windows(const ConvShape *s, int side)
{
    return side ? s->columns / s->pool[1] : s->rows / s->pool[0];
}

static void print_shared(CudaEmitter *e, const GpuConv *g)
{
    const ConvShape *s = &g->conv;
    bool any = g->images || g->staged || g->splits > 1;
    if (!any)
        return;
    line(e->text, "struct Shared {");
    if (g->staged)
        line(e->text, "alignas(16) float weight[%" PRId64 "][%" PRId64 "][%" PRId64 "];", s->channels, s->in, gpu_taps(s));
    if (g->images)
        line(e->text, "float x[%" PRId64 "][LANES + 1];", reach(s, 0, s->rows) * s->image[1]);
    if (g->splits > 1)
        line(e->text, "float sum[%" PRId64 "][%" PRId64 "][%" PRId64 "][%" PRId64 "][LANES];", g->tiles * g->splits, s->channels,
             s->rows, s->columns);
    line(e->text, "};\n"
                  "SHARED_MEMORY(Shared, shared);");
}

/* Which tile of which channels a warp has: y0 and x0 count windows of the pool, o0 is the first channel (of group g). */
static void print_place(CudaEmitter *e, const GpuConv *g)
{
    const ConvShape *s = &g->conv;
    int64_t channel_tiles = divide_up(s->out, s->channels), tiles = g->down * g->across, across = divide_up(tiles, g->tiles);
    bool of_images = g->images && windows(s, 1) < s->pooled[1], of_tiles = !g->images && tiles > 1 && g->tiles > 1;
    line(e->text, "int lane = lane_of_thread()%s;", of_images || of_tiles || g->splits > 1 ? ", warp = warp_of_thread()" : "");
    print_block(e, e->kernel->launch.block_units);
    const char *column = "column", *row = g->down > 1 ? "row" : "0", *tile = "0";
    if (g->images) {
        print_digits(e, "part", (Digit[]){ { "row", g->down }, { "channels", channel_tiles } }, 2);
        column = "warp";
    } else {
        print_digits(e, "part", (Digit[]){ { "g", s->groups }, { "channels", channel_tiles }, { "tiles", across } }, 3);
        if (tiles > 1) {
            const char *at = across > 1 ? scale_c(e, g->tiles, "tiles") : "0";
            const char *mine = g->tiles == 1 ? "0" : g->splits > 1 ? arena_printf(e->arena, "warp / %" PRId64, g->splits) : "warp";
            tile = sum_c(e, at, mine);
            if (tiles % g->tiles)
                tile = arena_printf(e->arena, "int_min(%s, %" PRId64 ")", tile, tiles - 1);
            if (strcmp(tile, "tiles") != 0)
                line(e->text, "int tile = %s;", tile);
            print_digits(e, strcmp(tile, "tiles") == 0 ? tile : "tile", (Digit[]){ { "row", g->down }, { "column", g->across } }, 2);
        }
    }
    line(e->text, "int o0 = %s, y0 = %s, x0 = %s;", tile_start(e, channel_tiles > 1 ? "channels" : "0", s->channels, s->out),
         tile_start(e, row, windows(s, 0), s->pooled[0]), tile_start(e, column, windows(s, 1), s->pooled[1]));
    line(e->text, "%s", "");
}

static void print_stage_weights(CudaEmitter *e, const GpuConv *g)
{
    const ConvShape *s = &g->conv;
    line(e->text, "copy_floats<%d, %" PRId64 ">(shared.weight[0][0], %s[%s][0]);", e->kernel->launch.threads,
         s->channels * s->in * gpu_taps(s), tensor_c(e, s->weight), channel_c(e, s->groups, s->out, "o0"));
}

/* The patch of channel c that the tile reads, and its products with the taps of each of the tile's channels. */
static void print_channel(CudaEmitter *e, const GpuConv *g)
{
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    const char *row = sum_c(e, scale_c(e, s->stride[0] * s->pool[0], "y0"), "r");
    const char *column = sum_c(e, scale_c(e, s->stride[1] * s->pool[1], "x0"), "q");
    line(text, "float patch[%" PRId64 "][%" PRId64 "];", reach(s, 0, s->rows), reach(s, 1, s->columns));
    open_unroll(e, "r", reach(s, 0, s->rows));
    open_unroll(e, "q", reach(s, 1, s->columns));
    if (g->images)
        line(text, "patch[r][q] = shared.x[%" PRId64 "*r + %s][lane];", s->image[1], column);
    else
        line(text, "patch[r][q] = %s[block][%s][%s][%s][lane];", tensor_c(e, s->x),
             channel_c(e, s->groups, s->in, s->in > 1 ? "c" : "0"), row, column);
    close_lines(e, 2);
    const char *c = s->in > 1 ? "c" : "0";
    const char *taps = g->staged ? arena_printf(e->arena, "shared.weight[k][%s]", c)
                                 : arena_printf(e->arena, "%s[%s + k][%s]", tensor_c(e, s->weight),
                                                channel_c(e, s->groups, s->out, "o0"), c);
    line(text, "UNROLL for (int k = 0; k < %" PRId64 "; k++) {", s->channels);
    line(text, "float tap[%" PRId64 "];", gpu_taps(s));
    line(text, "load_row<4>(tap, %s);", taps);
    open_unroll(e, "u", s->kernel[0]);
    open_unroll(e, "v", s->kernel[1]);
    open_unroll(e, "r", s->rows);
    open_unroll(e, "q", s->columns);
    line(text, "sum[k][r][q] += tap[%s] * patch[%s][%s];", sum_c(e, scale_c(e, s->kernel[1], "u"), "v"),
         sum_c(e, scale_c(e, s->stride[0], "r"), scale_c(e, s->dilation[0], "u")),
         sum_c(e, scale_c(e, s->stride[1], "q"), scale_c(e, s->dilation[1], "v")));
    close_lines(e, 4);
    line(text, "}");
}

static void print_sums(CudaEmitter *e, const GpuConv *g)
{
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    int64_t each = s->in / g->splits, rows = reach(s, 0, s->rows), pixels = s->image[0] * s->image[1];
    if (g->staged)
        print_stage_weights(e, g);
    if (g->staged && !g->images)
        line(text, "__syncthreads();");
    line(text, "float sum[%" PRId64 "][%" PRId64 "][%" PRId64 "] = {};", s->channels, s->rows, s->columns);
    if (!g->images) {
        const char *first = g->splits == 1 ? "0" : each == 1 ? arena_printf(e->arena, "warp %% %" PRId64, g->splits)
                          : arena_printf(e->arena, g->tiles == 1 ? "%" PRId64 " * warp" : "%" PRId64 " * (warp %% %" PRId64 ")",
                                         each, g->splits);
        if (s->in == 1)
            line(text, "{");
        else if (each == 1)
            line(text, "{\nint c = %s;", first);
        else
            line(text, g->splits == 1 ? "for (int c = %s; c < %" PRId64 "; c++) {" : "for (int c = %s, end = c + %" PRId64
                       "; c < end; c++) {", first, each);
        print_channel(e, g);
        line(text, "}");
        return;
    }
    int64_t step = s->stride[0] * s->pool[0], last = s->pooled[0] - windows(s, 0);
    int64_t width = load_width(s, rows, s->pooled[0] % windows(s, 0) ? last * step : 0);
    while (step * windows(s, 0) * s->image[1] % width)
        width /= 2;
    const char *first = scale_c(e, s->stride[0] * s->pool[0] * s->image[1], "y0");
    if (s->in > 1) {
        line(text, "for (int c = 0; c < %" PRId64 "; c++) {\n"
                   "__syncthreads();", s->in);
        first = arena_printf(e->arena, "%" PRId64 "*c + %s", pixels, first);
    }
    line_wrapped(text, "stage_images<%" PRId64 ", %" PRId64 ", LANES + 1, %d>(shared.x, step, block, %" PRId64
                 ", %s, factor[%s], shift[%s]);", width, rows * s->image[1], e->kernel->launch.threads, s->in * pixels, first,
                 s->in > 1 ? "c" : "0", s->in > 1 ? "c" : "0");
    line(text, "__syncthreads();\n");
    print_channel(e, g);
    if (s->in > 1)
        line(text, "}");
}

/* The largest of a window, the bias, what the nest stores. */
static void print_window(CudaEmitter *e, const ConvShape *s, const char *(*element)(CudaEmitter *, int64_t, int64_t))
{
    bool pools = s->pool[0] * s->pool[1] > 1, places = pools && e->kernel->nest->reduces > 1;
    Text *text = e->text;
    if (pools) {
        line(text, places ? "float largest = %s;\nint place = 0;" : "float largest = %s;", element(e, 0, 0));
        for (int64_t i = 1; i < s->pool[0] * s->pool[1]; i++) {
            const char *value = element(e, i / s->pool[1], i % s->pool[1]);
            if (places)
                line(text, "take_larger(%s, %" PRId64 ", largest, place);", value, i);
            else
                line(text, "take_larger(%s, largest);", value);
        }
    }
    const char *o = sum_c(e, "o0", s->channels > 1 ? "k" : "0"), *c = channel_c(e, s->groups, s->out, o);
    const char *value = pools ? "largest" : element(e, 0, 0);
    if (s->bias)
        value = arena_printf(e->arena, "%s + %s[%s]", value, tensor_c(e, s->bias), c);
    line(text, "float value = %s;", value);
    declare_axis(e, "y", sum_c(e, "y0", windows(s, 0) > 1 ? "i" : "0"));
    declare_axis(e, "x", sum_c(e, "x0", windows(s, 1) > 1 ? "j" : "0"));
    declare_axis(e, "c", c);
    declare_axis(e, "o", o);
    store_value(e, "value", places ? "place" : NULL, NULL);
}

static const char *of_tile(CudaEmitter *e, int64_t r, int64_t q)
{
    const GpuConv *g = e->kernel->shape;
    const ConvShape *s = &g->conv;
    const char *row = windows(s, 0) > 1 ? scale_c(e, s->pool[0], "i") : "0";
    const char *column = windows(s, 1) > 1 ? scale_c(e, s->pool[1], "j") : "0";
    return arena_printf(e->arena, "sum[%s][%s][%s]", s->channels > 1 ? "k" : "0", sum_c(e, row, number_c(e, r)),
                        sum_c(e, column, number_c(e, q)));
}

static const char *of_total(CudaEmitter *e, int64_t r, int64_t q)
{
    return arena_printf(e->arena, "total[%" PRId64 "][%" PRId64 "]", r, q);
}

/* Each warp has all of its tile's sums. */
static void print_alone(CudaEmitter *e, const ConvShape *s)
{
    int loops = 0;
    struct { const char *name; int64_t extent; } all[] = { { "k", s->channels }, { "i", windows(s, 0) }, { "j", windows(s, 1) } };
    for (int i = 0; i < 3; i++)
        loops += all[i].extent > 1;
    if (!loops)
        line(e->text, "{");
    for (int i = 0, opened = 0; i < 3; i++)
        if (all[i].extent > 1) {
            bool innermost = ++opened == loops;
            line(e->text, "UNROLL for (int %s = 0; %s < %" PRId64 "; %s++)%s", all[i].name, all[i].name, all[i].extent,
                 all[i].name, innermost ? " {" : "");
            e->text->indent += !innermost;
        }
    print_window(e, s, of_tile);
    line(e->text, "}");
    close_lines(e, loops ? loops - 1 : 0);
}

/* The warps of a tile add up each other's sums, of some windows each. */
static void print_together(CudaEmitter *e, const GpuConv *g)
{
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    int64_t all = s->channels * windows(s, 0) * windows(s, 1);
    open_unroll(e, "k", s->channels);
    open_unroll(e, "r", s->rows);
    open_unroll(e, "q", s->columns);
    line(text, "shared.sum[warp][k][r][q][lane] = sum[k][r][q];");
    close_lines(e, 3);
    line(text, "__syncthreads();\n");
    const char *mine = g->tiles > 1 ? arena_printf(e->arena, "warp %% %" PRId64, g->splits) : "warp";
    line(text, "for (int window = %s; window < %" PRId64 "; window += %" PRId64 ") {", mine, all, g->splits);
    print_digits(e, "window", (Digit[]){ { "k", s->channels }, { "i", windows(s, 0) }, { "j", windows(s, 1) } }, 3);
    line(text, "float total[%" PRId64 "][%" PRId64 "] = {};", s->pool[0], s->pool[1]);
    open_unroll(e, "from", g->splits);
    open_unroll(e, "r", s->pool[0]);
    open_unroll(e, "q", s->pool[1]);
    const char *base = g->tiles > 1 ? arena_printf(e->arena, "warp / %" PRId64 " * %" PRId64, g->splits, g->splits) : "0";
    line(text, "total[r][q] += shared.sum[%s][%s][%s][%s][lane];", sum_c(e, base, "from"), s->channels > 1 ? "k" : "0",
         windows(s, 0) > 1 ? sum_c(e, scale_c(e, s->pool[0], "i"), "r") : "r",
         windows(s, 1) > 1 ? sum_c(e, scale_c(e, s->pool[1], "j"), "q") : "q");
    close_lines(e, 3);
    print_window(e, s, of_total);
    line(text, "}");
}

void print_gpu_conv(CudaEmitter *e)
{
    const GpuConv *g = e->kernel->shape;
    print_shared(e, g);
    print_place(e, g);
    print_sums(e, g);
    if (g->splits > 1)
        print_together(e, g);
    else
        print_alone(e, &g->conv);
}
