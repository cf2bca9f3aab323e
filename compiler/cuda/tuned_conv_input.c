/* The gradient of a convolution's input on a GPU. */
#include "cuda/tuned.h"

#include <inttypes.h>
#include <string.h>

/* y0 and x0 are where the warp's tile begins; c0 its first channel (of group g). */
static void print_place(CudaEmitter *e, const GpuConvInput *g)
{
    const ConvShape *s = &g->conv;
    int64_t channel_tiles = divide_up(s->in, s->channels), all = s->groups * channel_tiles * g->down * g->across;
    const Digit digits[] = { { "row", g->down }, { "column", g->across }, { "g", s->groups }, { "channels", channel_tiles } };
    line(e->text, "int lane = lane_of_thread(), warp = warp_of_thread();");
    print_block(e, e->kernel->launch.block_units);
    if (g->splits == 1) {
        line(e->text, "int tile = %s;", e->kernel->launch.block_units > 1 ? "4 * part + warp" : "warp");
        if (all % 4)
            line(e->text, "if (tile >= %" PRId64 ")\n"
                          "    return;", all);
    }
    print_digits(e, g->splits > 1 ? "part" : "tile", digits, 4);
    line(e->text, "int c0 = %s, y0 = %s, x0 = %s;", tile_start(e, channel_tiles > 1 ? "channels" : "0", s->channels, s->in),
         scale_c(e, s->rows, g->down > 1 ? "row" : "0"), scale_c(e, s->columns, g->across > 1 ? "column" : "0"));
    line(e->text, "%s", "");
}

/* The window i, j, counted from the first that reaches the tile: "y0 / 2 + i - 2". */
static const char *window_c(CudaEmitter *e, const GpuConvInput *g, int side)
{
    const ConvShape *s = &g->conv;
    const char *start = side ? "x0" : "y0", *i = side ? "j" : "i";
    if (s->pool[side] > 1)
        start = arena_printf(e->arena, "%s / %" PRId64, start, s->pool[side]);
    return sum_c(e, sum_c(e, start, i), number_c(e, g->first[side]));
}

/* Where in the tile tap `u` of the window's row `r` of the convolution goes. */
static const char *target_c(CudaEmitter *e, const GpuConvInput *g, int side)
{
    const ConvShape *s = &g->conv;
    const char *first = scale_c(e, s->pool[side], side ? "j" : "i"), *tap = scale_c(e, s->dilation[side], side ? "v" : "u");
    const char *row = s->pool[side] > 1 ? side ? "q" : "r" : "0";
    int64_t constant = g->first[side] * s->pool[side] - s->border[side];
    return sum_c(e, sum_c(e, sum_c(e, first, row), tap), number_c(e, constant));
}

static void print_products(CudaEmitter *e, const GpuConvInput *g, const char *dy)
{
    const ConvShape *s = &g->conv;
    open_unroll(e, "u", s->kernel[0]);
    line(e->text, "UNROLL for (int v = 0; v < %" PRId64 "; v++) {", s->kernel[1]);
    line(e->text, "const int y = %s, x = %s;", target_c(e, g, 0), target_c(e, g, 1));
    line(e->text, "if (y >= 0 && y < %" PRId64 " && x >= 0 && x < %" PRId64 ")", s->rows, s->columns);
    e->text->indent++;
    open_unroll(e, "k", s->channels);
    line(e->text, "sum[k][y][x] += %s * tap[k][%s];", dy, sum_c(e, scale_c(e, s->kernel[1], "u"), "v"));
    close_lines(e, 2);
    line(e->text, "}");
    close_lines(e, 1);
}

/* What output channel `o` gives. */
static void print_channel(CudaEmitter *e, const GpuConvInput *g)
{
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    const char *o = channel_c(e, s->groups, s->out, s->out > 1 ? "o" : "0");
    line(text, "float tap[%" PRId64 "][%" PRId64 "];", s->channels, gpu_taps(s));
    open_unroll(e, "k", s->channels);
    line(text, "load_row<4>(tap[k], %s[%s][c0 + k]);", tensor_c(e, s->weight), o);
    close_lines(e, 1);
    open_unroll(e, "i", g->windows[0]);
    line(text, "UNROLL for (int j = 0; j < %" PRId64 "; j++) {", g->windows[1]);
    line(text, "int row = %s, column = %s;", window_c(e, g, 0), window_c(e, g, 1));
    line(text, "if (row < 0 || row >= %" PRId64 " || column < 0 || column >= %" PRId64 ")\n"
               "    continue;", s->pooled[0], s->pooled[1]);
    line(text, "float dy = %s[block][%s][row][column][lane];", tensor_c(e, s->dy), o);
    if (s->indices) {
        line(text, "int place = %s[block][%s][row][column][lane];", tensor_c(e, s->indices), o);
        if (s->pool[0] > 1)
            open_unroll(e, "r", s->pool[0]);
        if (s->pool[1] > 1)
            line(text, "UNROLL for (int q = 0; q < %" PRId64 "; q++) {", s->pool[1]);
        else
            line(text, "{");
        const char *at = sum_c(e, s->pool[0] > 1 ? scale_c(e, s->pool[1], "r") : "0", s->pool[1] > 1 ? "q" : "0");
        line(text, "float taken = place == %s ? dy : 0;", at);
        print_products(e, g, "taken");
        line(text, "}");
        close_lines(e, s->pool[0] > 1);
    } else
        print_products(e, g, "dy");
    line(text, "}");
    close_lines(e, 1);
}

/* The nest's stores of element (r, q) of the tile's channel k. */
static void print_result(CudaEmitter *e, const GpuConvInput *g, const char *value)
{
    const ConvShape *s = &g->conv;
    const Nest *nest = e->kernel->nest;
    bool grouped = false;
    for (int i = 0; i < nest->overs; i++)
        grouped = grouped || strcmp(nest->over[i]->name, "g") == 0;
    const char *c = s->channels > 1 ? "c0 + k" : "c0";
    const char *y = s->rows > 1 ? "y0 + r" : "y0", *x = s->columns > 1 ? "x0 + q" : "x0";
    bool beyond_y = s->inside[0] % s->rows, beyond_x = s->inside[1] % s->columns;
    if (beyond_y || beyond_x) {
        const char *within_y = beyond_y ? arena_printf(e->arena, "%s < %" PRId64, y, s->inside[0]) : "";
        const char *within_x = beyond_x ? arena_printf(e->arena, "%s < %" PRId64, x, s->inside[1]) : "";
        line(e->text, "if (%s%s%s) {", within_y, beyond_y && beyond_x ? " && " : "", within_x);
    }
    declare_axis(e, "y", y);
    declare_axis(e, "x", x);
    declare_axis(e, "c", grouped ? c : channel_c(e, s->groups, s->in, c));
    store_value(e, value, NULL, NULL);
    if (beyond_y || beyond_x)
        line(e->text, "}");
}

void print_gpu_conv_input(CudaEmitter *e)
{
    const GpuConvInput *g = e->kernel->shape;
    const ConvShape *s = &g->conv;
    Text *text = e->text;
    int64_t each = s->out / g->splits;
    if (g->splits > 1)
        line(text, "struct Shared { float sum[%" PRId64 "][%" PRId64 "][%" PRId64 "][%" PRId64 "][LANES]; };\n"
                   "SHARED_MEMORY(Shared, shared);", g->splits, s->channels, s->rows, s->columns);
    print_place(e, g);
    line(text, "float sum[%" PRId64 "][%" PRId64 "][%" PRId64 "] = {};", s->channels, s->rows, s->columns);
    if (s->out == 1)
        line(text, "{");
    else if (g->splits == 1)
        line(text, "for (int o = 0; o < %" PRId64 "; o++) {", s->out);
    else
        line(text, "for (int o = %s, end = o + %" PRId64 "; o < end; o++) {", scale_c(e, each, "warp"), each);
    print_channel(e, g);
    line(text, "}");
    open_unroll(e, "k", s->channels);
    open_unroll(e, "r", s->rows);
    if (g->splits == 1) {
        line(text, "UNROLL for (int q = 0; q < %" PRId64 "; q++) {", s->columns);
        print_result(e, g, "sum[k][r][q]");
        line(text, "}");
        close_lines(e, 2);
        return;
    }
    open_unroll(e, "q", s->columns);
    line(text, "shared.sum[warp][k][r][q][lane] = sum[k][r][q];");
    close_lines(e, 3);
    line(text, "__syncthreads();\n");
    line(text, "for (int i = warp; i < %" PRId64 "; i += %" PRId64 ") {       // a row of the tile", s->channels * s->rows,
         g->splits);
    print_digits(e, "i", (Digit[]){ { "k", s->channels }, { "r", s->rows } }, 2);
    line(text, "UNROLL for (int q = 0; q < %" PRId64 "; q++) {\n"
               "float total = 0;", s->columns);
    open_unroll(e, "from", g->splits);
    line(text, "total += shared.sum[from][%s][%s][q][lane];", s->channels > 1 ? "k" : "0", s->rows > 1 ? "r" : "0");
    close_lines(e, 1);
    print_result(e, g, "total");
    line(text, "}\n}");
}
