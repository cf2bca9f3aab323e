/* The gradient of a convolution's input by Winograd's transposed convolution: the gradients of a tile's results, each
 * put back where its window took it from, are transformed, multiplied point by point, and spread over the columns that
 * the tile read. Columns that two tiles read are carried from one to the next. */
#include "cpu/tuned.h"

#include <inttypes.h>
#include <string.h>

/* The gradients of a tile's results, transformed. Behind the last column they are zero. */
static void print_gradients(Emitter *e, const ConvShape *s)
{
    const Winograd *w = s->winograd;
    Text *text = e->text;
    int64_t across = s->columns / s->pool[1], edge = s->rows - 1;
    const char *column = across > 1 ? "x0 + j" : "x0", *dy = name_of(e, s->dy);
    const char *given = arena_printf(e->arena, "%s[y][%s][o]", dy, column);

    if (range_name(e, "y"))
        open_loop(e, "for (int y = given.first; y < given.end; y++)");
    else
        open_count(e, "y", s->pooled[0]);
    line(text, "for (int o = 0; o < %" PRId64 "; o++) {", s->groups * s->out);
    line(text, "vf from[%" PRId64 "][%d];", s->pool[0], w->results);
    line(text, "UNROLL(%" PRId64 ")", across);
    line(text, "for (int j = 0; j < %" PRId64 "; j++) {", across);
    if (s->pooled[1] % across)
        given = arena_printf(e->arena, "%s < %" PRId64 " ? %s : (vf){0}", column, s->pooled[1], given);
    line(text, "vf value = %s;", given);
    if (s->indices) {
        const char *place = arena_printf(e->arena, "%s[y][%s][o]", name_of(e, s->indices), column);
        if (s->pooled[1] % across)
            place = arena_printf(e->arena, "%s < %" PRId64 " ? %s : (vi){0}", column, s->pooled[1], place);
        line(text, "vi place = %s;", place);
    }
    for (int64_t i = 0; i < s->pool[0] * s->pool[1]; i++) {
        const char *at = index_sum(e, index_scale(e, s->pool[1], across > 1 ? "j" : "0"),
                                   arena_printf(e->arena, "%" PRId64, i % s->pool[1]));
        const char *value = s->indices ? arena_printf(e->arena, "lanes_where(place == %" PRId64 ", value)", i) : "value";
        line(text, "from[%" PRId64 "][%s] = %s;", i / s->pool[1], at, value);
    }
    line(text, "}");
    line(text, "UNROLL(%" PRId64 ")", s->pool[0]);
    line(text, "for (int r = 0; r < %" PRId64 "; r++) {", s->pool[0]);
    line(text, "vf to[%d];", w->points);
    line(text, "f%dx%d_gradient(from[r], to);", w->results, w->taps);
    open_unrolled(e, "k", w->points);
    const char *row = index_sum(e, index_scale(e, s->pool[0], "y"), "r");
    line(text, "work->in[k][%s][o] = to[k];", edge ? arena_printf(e->arena, "%" PRId64 " + %s", edge, row) : row);
    close_loops(e, 1);
    line(text, "}\n}");
    close_loops(e, 1);
}

/* The rows of the kernel that reach a result, for the rows y0 .. of a tile. */
static const char *first_tap(Emitter *e, const ConvShape *s)
{
    int64_t free = s->result[0] - 1 - s->border[0];         /* rows up to here see the kernel's first row */
    if (s->inside[0] - s->rows <= free)
        return "0";
    if (free < 0)
        return arena_printf(e->arena, "y0 + %" PRId64, -free);
    return arena_printf(e->arena, "y0 > %" PRId64 " ? y0 - %" PRId64 " : 0", free, free);
}

static const char *last_tap(Emitter *e, const ConvShape *s)
{
    int64_t last = s->kernel[0] - 1, reach = s->border[0] + s->rows - 1;
    if (reach >= last)
        return arena_printf(e->arena, "%" PRId64, last);
    return arena_printf(e->arena, "y0 < %" PRId64 " ? %s : %" PRId64, last - reach,
                        index_sum(e, "y0", arena_printf(e->arena, "%" PRId64, reach)), last);
}

static void print_products(Emitter *e, const ConvShape *s)
{
    Text *text = e->text;
    int64_t edge = s->rows - 1;
    bool groups = s->groups > 1;
    open_count(e, "k", s->winograd->points);
    if (groups)
        open_loop(e, "%s", range_head(e, "g", "g", s->groups, 1));
    line(text, "%s {", range_head(e, "y", "y0", s->inside[0], s->rows));
    const char *first = first_tap(e, s), *last = last_tap(e, s);
    bool all = !strchr(first, 'y') && !strchr(last, 'y');
    if (!all)
        line(text, "int first = %s, last = %s;", first, last);
    line(text, "%s {", range_head(e, "c", "c0", s->in, s->channels));
    line(text, "vf sum[%" PRId64 "][%" PRId64 "] = {0};", s->rows, s->channels);
    if (all)
        open_count(e, "u", s->kernel[0]);
    else
        open_loop(e, "for (int u = first; u <= last; u++)");
    open_count(e, "o", s->out);
    open_unrolled(e, "r", s->rows);
    open_unrolled(e, "c", s->channels);
    const char *o = channel_index(e, s->groups, s->out, "o"), *c = channel_index(e, s->groups, s->in, "c0 + c");
    int64_t shift = edge + s->border[0];
    const char *row = shift ? arena_printf(e->arena, "%" PRId64 " + y0 + r - u", shift) : "y0 + r - u";
    line_wrapped(text, "sum[r][c] += %s[k][%s][u][c0 + c] * work->in[k][%s][%s];", name_of(e, s->transformed), o, row,
                 o);
    close_loops(e, 4);
    open_unrolled(e, "r", s->rows);
    open_unrolled(e, "c", s->channels);
    line(text, "work->product[k][y0 + r][%s] = sum[r][c];", c);
    close_loops(e, 2);
    line(text, "}\n}");
    close_loops(e, 1 + groups);
}

/* Stores what `value` is for column `x` of what is wanted. */
static void print_stores(Emitter *e, const ConvShape *s, const char *value, const char *x)
{
    const Nest *nest = e->kernel->nest;
    const char *c = channel_index(e, s->groups, s->in, "c");
    for (int i = 0; i < nest->overs; i++)
        if (strcmp(nest->over[i]->name, "g") == 0)
            c = "c";                            /* of a group */
    AxisText axes[] = { { "y", "y" }, { "x", x }, { "g", "g" }, { "c", c } };
    store_results(e, value, NULL, axes, 4);
}

/* Stores columns first .. end - 1 of the tile, those that are wanted. */
static void print_columns(Emitter *e, const ConvShape *s, int64_t first, int64_t end)
{
    Text *text = e->text;
    int64_t tiles = (s->result[1] + s->columns - 1) / s->columns, last = (tiles - 1) * s->columns + end;
    const char *x = index_sum(e, index_scale(e, s->pool[1], "x0"), "j"), *guard = "";
    if (s->border[1] > first)
        guard = arena_printf(e->arena, "%s >= %" PRId64, x, s->border[1]);
    if (last > s->border[1] + s->inside[1])
        guard = arena_printf(e->arena, "%s%s%s < %" PRId64, guard, *guard ? " && " : "", x,
                             s->border[1] + s->inside[1]);
    line(text, "UNROLL(%" PRId64 ")", end - first);
    const char *head = arena_printf(e->arena, "for (int j = %" PRId64 "; j < %" PRId64 "; j++)", first, end);
    if (*guard)
        open_loop(e, "%s", head);
    line(text, *guard ? "if (%s) {" : "%s {", *guard ? guard : head);
    print_stores(e, s, "to[j]", s->border[1] ? arena_printf(e->arena, "%s - %" PRId64, x, s->border[1]) : x);
    line(text, "}");
    close_loops(e, *guard ? 1 : 0);
}

static void print_scatter(Emitter *e, const ConvShape *s)
{
    const Winograd *w = s->winograd;
    Text *text = e->text;
    int64_t carried = w->points - w->results, across = s->columns / s->pool[1];
    const char *c = channel_index(e, s->groups, s->in, "c");
    open_loop(e, "%s", range_head(e, "y", "y", s->inside[0], 1));
    if (s->groups > 1)
        open_loop(e, "%s", range_head(e, "g", "g", s->groups, 1));
    line(text, "%s {", range_head(e, "c", "c", s->in, 1));
    line(text, "vf from[%d], to[%d];", w->points, w->points);
    open_unrolled(e, "k", w->points);
    line(text, "from[k] = work->product[k][y][%s];", c);
    close_loops(e, 1);
    line(text, "f%dx%d_scatter(from, to);", w->results, w->taps);
    open_loop(e, "if (x0 > 0)");
    open_unrolled(e, "j", carried);
    line(text, "to[j] += work->carry[y][j][%s];", c);
    close_loops(e, 2);
    print_columns(e, s, 0, w->results);
    line(text, "if (x0 + %" PRId64 " < %" PRId64 ") {", across, s->pooled[1]);
    open_unrolled(e, "j", carried);
    line(text, "work->carry[y][j][%s] = to[%d + j];", c, w->results);
    close_loops(e, 1);
    line(text, "} else {");
    print_columns(e, s, w->results, w->points);
    line(text, "}\n}");
    close_loops(e, 1 + (s->groups > 1));
}

/* Columns behind what any tile reads, where the pool drops the last ones: nothing arrives there. */
static void print_rest(Emitter *e, const ConvShape *s)
{
    int64_t tiles = (s->result[1] + s->columns - 1) / s->columns;
    int64_t first = (tiles - 1) * s->columns + s->winograd->points - s->border[1];
    if (first >= s->inside[1])
        return;
    open_loop(e, "%s", range_head(e, "y", "y", s->inside[0], 1));
    open_loop(e, "for (int x = %" PRId64 "; x < %" PRId64 "; x++)", first > 0 ? first : 0, s->inside[1]);
    if (s->groups > 1)
        open_loop(e, "%s", range_head(e, "g", "g", s->groups, 1));
    line(e->text, "%s {", range_head(e, "c", "c", s->in, 1));
    print_stores(e, s, "(vf){0}", "x");
    line(e->text, "}");
    close_loops(e, 2 + (s->groups > 1));
}

/* "y_range.first - 4" */
static const char *shifted(Emitter *e, const char *range, const char *member, int64_t by)
{
    const char *from = arena_printf(e->arena, "%s.%s", range, member);
    return by ? arena_printf(e->arena, "%s %c %" PRId64, from, by < 0 ? '-' : '+', by < 0 ? -by : by) : from;
}

/* Of which rows of gradients the range of rows, behind the border, needs the transform: those whose windows reach into
 * it. */
static void print_given(Emitter *e, const ConvShape *s)
{
    const char *range = range_name(e, "y");
    if (!range)
        return;
    int64_t above = s->kernel[0] - 1 - s->border[0], pool = s->pool[0];
    const char *first = shifted(e, range, "first", -above), *end = shifted(e, range, "end", s->border[0]);
    if (pool > 1) {
        first = arena_printf(e->arena, "(%s) / %" PRId64, first, pool);
        end = arena_printf(e->arena, "(%s) / %" PRId64, shifted(e, range, "end", s->border[0] + pool - 1), pool);
    }
    if (above > 0)
        first = arena_printf(e->arena, "%s.first > %" PRId64 " ? %s : 0", range, above, first);
    line_wrapped(e->text, "const struct range given = { %s, int_min(%s, %" PRId64 ") };", first, end, s->pooled[0]);
}

void print_conv_input(Emitter *e)
{
    const ConvShape *s = e->kernel->shape;
    int64_t edge = s->rows - 1;
    print_given(e, s);
    if (edge) {
        open_count(e, "k", s->winograd->points);
        open_count(e, "r", edge);
        open_count(e, "o", s->groups * s->out);
        line(e->text, "work->in[k][r][o] = work->in[k][%" PRId64 " + r][o] = (vf){0};", edge + s->result[0]);
        close_loops(e, 3);
    }
    line(e->text, "%s {", arena_printf(e->arena, "for (int x0 = 0; x0 < %" PRId64 "; x0 += %" PRId64 ")",
                                       s->pooled[1], s->columns / s->pool[1]));
    print_gradients(e, s);
    print_products(e, s);
    print_scatter(e, s);
    line(e->text, "}");
    print_rest(e, s);
}
