/* conv2d forward: samples side by side in the lanes, a tile's sums in registers; bias, what is done to each result, and
 * the pool, before anything goes to memory. */
#include "cpu/tuned.h"

#include <inttypes.h>

static void open_groups(Emitter *e, const ConvShape *s)
{
    if (s->groups > 1)
        open_loop(e, "%s", range_head(e, "g", "g", s->groups, 1));
}

/* The row of x that tap u of the convolution's row `y` reads; likewise columns, side 1. */
static const char *tap(Emitter *e, const ConvShape *s, int side, const char *y, const char *u)
{
    return index_sum(e, index_scale(e, s->stride[side], y), index_scale(e, s->dilation[side], u));
}

/* The largest of a window whose element (r, q) is what `element` prints of the two numbers, as `largest`, and which it
 * is, as `place`. */
static void print_window(Emitter *e, const ConvShape *s, const char *(*element)(Emitter *, int64_t, int64_t))
{
    bool places = e->kernel->nest->reduces > 1;
    line(e->text, "vf largest = %s;", element(e, 0, 0));
    if (places)
        line(e->text, "vi place = {0};");
    for (int64_t i = 1; i < s->pool[0] * s->pool[1]; i++) {
        const char *value = element(e, i / s->pool[1], i % s->pool[1]);
        if (places)
            line(e->text, "lanes_take(%s, %" PRId64 ", &largest, &place);", value, i);
        else
            line(e->text, "lanes_take_value(%s, &largest);", value);
    }
}

static const char *with_bias(Emitter *e, const ConvShape *s, const char *value)
{
    return s->bias ? arena_printf(e->arena, "%s + %s[%s]", value, name_of(e, s->bias), channel_index(e, s->groups, s->out, "o0 + o"))
                   : value;
}

/* Stores the result `value` of the point (y, x) of what the kernel makes. The channel is o of a convolution's nest, c of
 * a pool's. */
static void print_result(Emitter *e, const ConvShape *s, const char *value, const char *y, const char *x)
{
    line(e->text, "vf value = %s;", with_bias(e, s, value));
    const char *o = channel_index(e, s->groups, s->out, "o0 + o");
    bool pools = s->pool[0] * s->pool[1] > 1;
    AxisText axes[] = { { "y", y }, { "x", x }, { "g", "g" }, { "o", "o0 + o" }, { "c", o } };
    store_results(e, "value", pools ? "place" : NULL, axes, 5);
}

/* ---- every tap */

static const char *direct_element(Emitter *e, int64_t r, int64_t q)
{
    return arena_printf(e->arena, "sum[%" PRId64 "][%" PRId64 "][o]", r, q);
}

static void print_direct(Emitter *e, const ConvShape *s)
{
    Text *text = e->text;
    open_groups(e, s);
    open_loop(e, "%s", range_head(e, "y", "y", s->pooled[0], 1));
    open_loop(e, "%s", range_head(e, "x", "x", s->pooled[1], 1));
    line(text, "%s {", range_head(e, "o", "o0", s->out, s->channels));
    line(text, "vf sum[%" PRId64 "][%" PRId64 "][%" PRId64 "] = {0};", s->pool[0], s->pool[1], s->channels);
    open_count(e, "u", s->kernel[0]);
    open_count(e, "v", s->kernel[1]);
    open_count(e, "c", s->in);
    open_unrolled(e, "r", s->pool[0]);
    open_unrolled(e, "q", s->pool[1]);
    open_unrolled(e, "o", s->channels);
    const char *row = tap(e, s, 0, index_sum(e, index_scale(e, s->pool[0], "y"), "r"), "u");
    const char *column = tap(e, s, 1, index_sum(e, index_scale(e, s->pool[1], "x"), "q"), "v");
    line_wrapped(text, "sum[r][q][o] += %s[%s][u][v][c] * %s[%s][%s][%s];", name_of(e, s->weight),
                 channel_index(e, s->groups, s->out, "o0 + o"), name_of(e, s->x), row, column, channel_index(e, s->groups, s->in, "c"));
    close_loops(e, 6);
    line(text, "UNROLL(%" PRId64 ")", s->channels);
    line(text, "for (int o = 0; o < %" PRId64 "; o++) {", s->channels);
    print_window(e, s, direct_element);
    print_result(e, s, "largest", "y", "x");
    line(text, "}\n}");
    close_loops(e, 2 + (s->groups > 1));
}

/* ---- Winograd */

/* The columns of a tile, of all channels and rows, transformed; of rows that the range of results reads. */
static void print_input(Emitter *e, const ConvShape *s)
{
    const Winograd *w = s->winograd;
    Text *text = e->text;
    const char *range = range_name(e, "y");
    int64_t down = s->stride[0] * s->pool[0], beyond = s->dilation[0] * (s->kernel[0] - 1) - s->stride[0] + 1;
    if (range) {
        const char *from = index_scale(e, down, arena_printf(e->arena, "%s.first", range));
        const char *end = index_scale(e, down, arena_printf(e->arena, "%s.end", range));
        if (beyond)
            end = arena_printf(e->arena, "%s %c %" PRId64, end, beyond < 0 ? '-' : '+', beyond < 0 ? -beyond : beyond);
        open_loop(e, "for (int y = %s; y < %s; y++)", from, end);
    } else
        open_count(e, "y", s->image[0]);
    line(text, "for (int c = 0; c < %" PRId64 "; c++) {", s->groups * s->in);
    line(text, "vf from[%d], to[%d];", w->points, w->points);
    open_unrolled(e, "k", w->points);
    line(text, "from[k] = %s[y][%s][c];", name_of(e, s->x), index_sum(e, index_scale(e, s->pool[1], "x0"), "k"));
    close_loops(e, 1);
    line(text, "f%dx%d_input(from, to);", w->results, w->taps);
    open_unrolled(e, "k", w->points);
    line(text, "work->in[y][k][c] = to[k];");
    close_loops(e, 1);
    line(text, "}");
    close_loops(e, 1);
}

/* Point by point: a small convolution along the columns only. */
static void print_products(Emitter *e, const ConvShape *s)
{
    Text *text = e->text;
    line(text, "for (int k = 0; k < %d; k++) {", s->winograd->points);
    line(text, "vf sum[%" PRId64 "][%" PRId64 "] = {0};", s->rows, s->channels);
    open_count(e, "u", s->kernel[0]);
    open_count(e, "c", s->in);
    open_unrolled(e, "r", s->rows);
    open_unrolled(e, "o", s->channels);
    const char *row = tap(e, s, 0, index_sum(e, index_scale(e, s->pool[0], "y0"), "r"), "u");
    line_wrapped(text, "sum[r][o] += %s[k][%s][u][c] * work->in[%s][k][%s];", name_of(e, s->transformed),
                 channel_index(e, s->groups, s->out, "o0 + o"), row, channel_index(e, s->groups, s->in, "c"));
    close_loops(e, 4);
    open_unrolled(e, "r", s->rows);
    open_unrolled(e, "o", s->channels);
    line(text, "work->product[k][r][o] = sum[r][o];");
    close_loops(e, 2);
    line(text, "}");
}

static const char *winograd_element(Emitter *e, int64_t r, int64_t q)
{
    const ConvShape *s = e->kernel->shape;
    const char *column = s->columns > s->pool[1] ? index_sum(e, index_scale(e, s->pool[1], "j"),
                                                             arena_printf(e->arena, "%" PRId64, q))
                                                 : arena_printf(e->arena, "%" PRId64, q);
    return arena_printf(e->arena, "result[%" PRId64 "][%s]", r, column);
}

/* Back to the convolution's results, and what becomes of them. */
static void print_output(Emitter *e, const ConvShape *s)
{
    const Winograd *w = s->winograd;
    Text *text = e->text;
    int64_t across = s->columns / s->pool[1];
    bool pools = s->pool[0] * s->pool[1] > 1;

    line(text, "for (int o = 0; o < %" PRId64 "; o++) {", s->channels);
    line(text, "vf result[%" PRId64 "][%d];", s->rows, w->results);
    line(text, "UNROLL(%" PRId64 ")", s->rows);
    line(text, "for (int r = 0; r < %" PRId64 "; r++) {", s->rows);
    line(text, "vf from[%d];", w->points);
    open_unrolled(e, "k", w->points);
    line(text, "from[k] = work->product[k][r][o];");
    close_loops(e, 1);
    line(text, "f%dx%d_output(from, result[r]);", w->results, w->taps);
    line(text, "}");
    if (!pools)
        open_unrolled(e, "r", s->rows);
    if (across > 1)
        line(text, "UNROLL(%" PRId64 ")\nfor (int j = 0; j < %" PRId64 "; j++) {", across, across);
    const char *x = across > 1 ? "x0 + j" : "x0";
    if (pools) {
        print_window(e, s, winograd_element);
        print_result(e, s, "largest", "y0", x);
    } else
        print_result(e, s, "result[r][j]", "y0 + r", x);
    if (across > 1)
        line(text, "}");
    if (!pools)
        close_loops(e, 1);
    line(text, "}");
}

static void print_winograd(Emitter *e, const ConvShape *s)
{
    Text *text = e->text;
    line(text, "%s {", range_head(e, "x", "x0", s->pooled[1], s->columns / s->pool[1]));
    print_input(e, s);
    open_groups(e, s);
    open_loop(e, "%s", range_head(e, "y", "y0", s->pooled[0], s->rows / s->pool[0]));
    line(text, "%s {", range_head(e, "o", "o0", s->out, s->channels));
    print_products(e, s);
    print_output(e, s);
    line(text, "}");
    close_loops(e, 1 + (s->groups > 1));
    line(text, "}");
}

void print_conv(Emitter *e)
{
    const ConvShape *s = e->kernel->shape;
    if (s->winograd)
        print_winograd(e, s);
    else
        print_direct(e, s);
}
