/* The gradients of a convolution's weight and bias on a GPU, of one part of the results and a block of samples. */
#include "cuda/tuned.h"

#include <inttypes.h>

enum { UNROLLED_WINDOWS = 12 };

static int64_t reach(const ConvShape *s, int side, int64_t results)
{
    return (results - 1) * s->stride[side] + (s->kernel[side] - 1) * s->dilation[side] + 1;
}

/* The totals over the lanes: a lane has a tap, of 32 of them at a time, the bias after the last one. */
static void print_totals(CudaEmitter *e, const GpuConvWeight *g)
{
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    int64_t taps = s->kernel[0] * s->kernel[1], values = taps + g->bias, padded = gpu_taps(s);
    const char *c = s->in > 1 ? "c" : "0", *o = channel_c(e, s->groups, s->out, s->out > 1 ? "o" : "0");
    const char *to = arena_printf(e->arena, "%s[block][%s]", kernel_buffer(e->kernel, g->partial)->name,
                                  g->parts > 1 ? "share" : "0");
    const char *pair = s->in > 1 ? sum_c(e, scale_c(e, s->in, o), c) : o;
    line(text, "%s", "");
    for (int64_t first = 0; first < padded || first < values; first += GPU_LANES) {
        int64_t here = least(GPU_LANES, values - first), whole = least(GPU_LANES, padded - first), real = taps - first;
        const char *at = sum_c(e, sum_c(e, scale_c(e, padded, pair), number_c(e, first)), "lane");
        const char *total = first ? "more" : "total";
        if (here > 0)
            line(text, "float %s = lane_totals<%" PRId64 ">(sum%s);", total, here,
                 first ? arena_printf(e->arena, " + %" PRId64, first) : "");
        if (whole > 0) {
            const char *value = here <= 0 ? "0" : real < whole ? arena_printf(e->arena, "lane < %" PRId64 " ? %s : 0", real, total)
                                                                 : total;
            if (whole < GPU_LANES)
                line(text, "if (lane < %" PRId64 ")", whole);
            text->indent += whole < GPU_LANES;
            line_wrapped(text, "%s[%s] = %s;", to, at, value);
            text->indent -= whole < GPU_LANES;
        }
        if (g->bias && real >= 0 && real < GPU_LANES) {
            line(text, s->in > 1 ? "if (lane == %" PRId64 " && c == 0)" : "if (lane == %" PRId64 ")", real);
            text->indent++;
            line(text, "%s[%s] = %s;", to, sum_c(e, number_c(e, s->groups * s->out * s->in * padded), o), total);
            text->indent--;
        }
    }
}

/* What the windows of the tile at y0, x0 (elements of dy) have: dy[rows][columns], zero where a place was not taken or
 * belongs to the tile before. */
static void print_gradients(CudaEmitter *e, const GpuConvWeight *g)
{
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    int64_t taps = s->kernel[0] * s->kernel[1];
    const char *o = channel_c(e, s->groups, s->out, s->out > 1 ? "o" : "0");
    line(text, "float dy[%" PRId64 "][%" PRId64 "];", s->rows, s->columns);
    open_unroll(e, "i", s->rows / s->pool[0]);
    line(text, "UNROLL for (int j = 0; j < %" PRId64 "; j++) {", s->columns / s->pool[1]);
    line(text, "float gradient = %s[block][%s][y0 + i][x0 + j][lane];", tensor_c(e, s->dy), o);
    if (s->indices)
        line(text, "int place = %s[block][%s][y0 + i][x0 + j][lane];", tensor_c(e, s->indices), o);
    bool again_y = s->result[0] % s->rows, again_x = s->result[1] % s->columns;
    if (again_y || again_x) {
        const char *y = again_y ? arena_printf(e->arena, "y0 + i < %" PRId64 "*row", s->rows / s->pool[0]) : "";
        const char *x = again_x ? arena_printf(e->arena, "x0 + j < %" PRId64 "*column", s->columns / s->pool[1]) : "";
        line(text, "if (%s%s%s)                // the tile before has it", y, again_y && again_x ? " || " : "", x);
        line(text, "    gradient = 0;");
    }
    if (g->bias)
        line(text, "sum[%" PRId64 "] += gradient;", taps);
    if (s->indices) {
        for (int64_t k = 0; k < s->pool[0] * s->pool[1]; k++) {
            int64_t r = k / s->pool[1], q = k % s->pool[1];
            line(text, "dy[%s][%s] = place == %" PRId64 " ? gradient : 0;", sum_c(e, scale_c(e, s->pool[0], "i"), number_c(e, r)),
                 sum_c(e, scale_c(e, s->pool[1], "j"), number_c(e, q)), k);
        }
    } else
        line(text, "dy[i][j] = gradient;");
    line(text, "}");
    close_lines(e, 1);
}

/* Each row of x that the tile reads, with every gradient whose window reaches it. */
static void print_rows(CudaEmitter *e, const GpuConvWeight *g)
{
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    const char *column = sum_c(e, scale_c(e, s->stride[1] * s->pool[1], "x0"), "q");
    const char *row = sum_c(e, scale_c(e, s->stride[0] * s->pool[0], "y0"), "i");
    line(text, "UNROLL for (int i = 0; i < %" PRId64 "; i++) {", reach(s, 0, s->rows));
    line(text, "float x[%" PRId64 "];", reach(s, 1, s->columns));
    open_unroll(e, "q", reach(s, 1, s->columns));
    if (g->images)
        line(text, "x[q] = shared.x[%" PRId64 "*i + %s][lane];", s->image[1], column);
    else
        line(text, "x[q] = %s[block][%s][%s][%s][lane];", tensor_c(e, s->x),
             channel_c(e, s->groups, s->in, s->in > 1 ? "c" : "0"), row, column);
    close_lines(e, 1);
    line(text, "UNROLL for (int u = 0; u < %" PRId64 "; u++) {", s->kernel[0]);
    const char *above = scale_c(e, s->dilation[0], "u");
    if (s->stride[0] == 1) {
        line(text, "const int r = i - %s;", above);
        line(text, "if (r >= 0 && r < %" PRId64 ")", s->rows);
    } else {
        line(text, "const int r = (i - %s) / %" PRId64 ";", above, s->stride[0]);
        line(text, "if (i >= %s && (i - %s) %% %" PRId64 " == 0 && r < %" PRId64 ")", above, above, s->stride[0], s->rows);
    }
    text->indent++;
    open_unroll(e, "v", s->kernel[1]);
    open_unroll(e, "q", s->columns);
    line(text, "sum[%s] += dy[r][q] * x[%s];", sum_c(e, scale_c(e, s->kernel[1], "u"), "v"),
         sum_c(e, scale_c(e, s->stride[1], "q"), scale_c(e, s->dilation[1], "v")));
    close_lines(e, 3);
    line(text, "}\n}");
}

static void print_tile(CudaEmitter *e, const GpuConvWeight *g)
{
    const ConvShape *s = &g->conv;
    const char *row = g->down > 1 ? "row" : "0", *column = g->across > 1 ? "column" : "0";
    line(e->text, "int y0 = %s, x0 = %s;", tile_start(e, row, s->rows / s->pool[0], s->pooled[0]),
         tile_start(e, column, s->columns / s->pool[1], s->pooled[1]));
    print_gradients(e, g);
    print_rows(e, g);
}

/* ---- x in global memory */

static void print_inner(CudaEmitter *e, const GpuConvWeight *g)
{
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    int64_t warps = e->kernel->launch.threads / GPU_LANES, tiles = g->down * g->across, each = tiles / g->parts;
    int64_t jobs = g->parts * s->groups * s->out * s->in;
    line(text, "int lane = lane_of_thread();");
    print_block(e, e->kernel->launch.block_units);
    const char *mine = warps == 1 ? "0" : "warp_of_thread()";
    line(text, "int pair = %s;", e->kernel->launch.block_units > 1
         ? sum_c(e, warps == 1 ? "part" : arena_printf(e->arena, "%" PRId64 " * part", warps), mine) : mine);
    if (jobs % warps)
        line(text, "if (pair >= %" PRId64 ")\n"
                   "    return;", jobs);
    print_digits(e, "pair", (Digit[]){ { "share", g->parts }, { "g", s->groups }, { "o", s->out }, { "c", s->in } }, 4);
    line(text, "\nfloat sum[%" PRId64 "] = {};", s->kernel[0] * s->kernel[1] + g->bias);
    if (each > 1) {
        const char *first = scale_c(e, each, g->parts > 1 ? "share" : "0");
        line(text, "for (int tile = %s, end = tile + %" PRId64 "; tile < end; tile++) {", first, each);
        print_digits(e, "tile", (Digit[]){ { "row", g->down }, { "column", g->across } }, 2);
    } else {
        line(text, "{");
        if (tiles > 1)
            print_digits(e, "share", (Digit[]){ { "row", g->down }, { "column", g->across } }, 2);
    }
    print_tile(e, g);
    line(text, "}");
    print_totals(e, g);
}

/* ---- x from the images */

/* Every window of a row of them: the lane's patch is where its own window took its element. */
static void print_windows(CudaEmitter *e, const GpuConvWeight *g)
{
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    int64_t taps = s->kernel[0] * s->kernel[1], width = s->image[1];
    const char *o = s->out > 1 ? "o" : "0", *row = g->down > 1 ? "row" : "0";
    if (s->pooled[1] <= UNROLLED_WINDOWS)
        line(text, "UNROLL for (int x = 0; x < %" PRId64 "; x++) {", s->pooled[1]);
    else
        line(text, "for (int x = 0; x < %" PRId64 "; x++) {", s->pooled[1]);
    line(text, "float dy = %s[block][%s][%s][x][lane];", tensor_c(e, s->dy), o, row);
    line(text, "int place = %s[block][%s][%s][x][lane];", tensor_c(e, s->indices), o, row);
    const char *r = s->pool[0] == 1 ? "0" : s->pool[1] == 1 ? "place" : arena_printf(e->arena, "place / %" PRId64, s->pool[1]);
    const char *q = s->pool[1] == 1 ? "0" : s->pool[0] == 1 ? "place" : arena_printf(e->arena, "place %% %" PRId64, s->pool[1]);
    const char *down = s->pool[0] == 1 ? "0" : arena_printf(e->arena, "%" PRId64 " * (%s)", s->stride[0] * width, r);
    const char *across = s->pool[1] == 1 ? "0" : scale_c(e, s->stride[1], q);
    line(text, "const float *patch = &shared.x[%s][lane];",
         sum_c(e, sum_c(e, down, scale_c(e, s->stride[1] * s->pool[1], "x")), across));
    if (g->bias)
        line(text, "sum[%" PRId64 "] += dy;", taps);
    open_unroll(e, "u", s->kernel[0]);
    open_unroll(e, "v", s->kernel[1]);
    line(text, "sum[%s] += dy * patch[LANES * (%s)];", sum_c(e, scale_c(e, s->kernel[1], "u"), "v"),
         sum_c(e, scale_c(e, s->dilation[0] * width, "u"), scale_c(e, s->dilation[1], "v")));
    close_lines(e, 2);
    line(text, "}");
}

static void print_stage(CudaEmitter *e, const GpuConvWeight *g)
{
    const ConvShape *s = &g->conv;
    int64_t rows = reach(s, 0, s->rows), windows = s->rows / s->pool[0], step = s->stride[0] * s->pool[0];
    int64_t width = load_width(s, rows, windows * step), pixels = s->image[0] * s->image[1];
    while (s->result[0] % s->rows && (s->pooled[0] - windows) * step * s->image[1] % width)
        width /= 2;
    const char *first = tile_start(e, g->down > 1 ? "row" : "0", windows, s->pooled[0]);
    first = scale_c(e, step * s->image[1], first);
    if (s->in > 1)
        first = sum_c(e, arena_printf(e->arena, "%" PRId64 "*c", pixels), first);
    line_wrapped(e->text, "stage_images<%" PRId64 ", %" PRId64 ", %s, %d>(shared.x, step, block, %" PRId64
                 ", %s, factor[%s], shift[%s]);", width, rows * s->image[1], g->sparse ? "LANES" : "LANES + 1",
                 e->kernel->launch.threads, s->in * pixels, first, s->in > 1 ? "c" : "0", s->in > 1 ? "c" : "0");
    line(e->text, "__syncthreads();\n");
}

static void print_images(CudaEmitter *e, const GpuConvWeight *g)
{
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    int64_t channel_tiles = divide_up(s->out, g->warps);
    line(text, "struct Shared { float x[%" PRId64 "][%s]; };\n"
               "SHARED_MEMORY(Shared, shared);\n"
               "int lane = lane_of_thread();", reach(s, 0, s->rows) * s->image[1], g->sparse ? "LANES" : "LANES + 1");
    print_block(e, e->kernel->launch.block_units);
    print_digits(e, "part", (Digit[]){ { "share", g->parts }, { "channels", channel_tiles }, { "c", s->in } }, 3);
    if (s->out > 1) {
        const char *first = channel_tiles > 1 ? scale_c(e, g->warps, "channels") : "0";
        const char *o = sum_c(e, first, "warp_of_thread()");
        line(text, s->out % g->warps ? "int o = int_min(%s, %" PRId64 ");" : "int o = %s;", o, s->out - 1);
    }
    line(text, "float sum[%" PRId64 "] = {};\n", s->kernel[0] * s->kernel[1] + g->bias);
    if (g->parts < g->down) {
        line(text, g->parts > 1 ? "for (int row = share; row < %" PRId64 "; row += %" PRId64 ") {\n"
                                  "__syncthreads();"
                                : "for (int row = 0; row < %" PRId64 "; row++) {\n"
                                  "__syncthreads();", g->down, g->parts);
    } else if (g->down > 1)
        line(text, "{\nint row = share;");
    else
        line(text, "{");
    print_stage(e, g);
    if (g->sparse)
        print_windows(e, g);
    else {
        if (g->across > 1)
            line(text, "for (int column = 0; column < %" PRId64 "; column++) {", g->across);
        print_tile(e, g);
        if (g->across > 1)
            line(text, "}");
    }
    line(text, "}");
    print_totals(e, g);
}

void print_gpu_conv_weight(CudaEmitter *e)
{
    const GpuConvWeight *g = e->kernel->shape;
    (g->images ? print_images : print_inner)(e, g);
}
