/* The gradient of a convolution's weight through a pool, samples side by side: for each window and channel a lane
 * chooses, tap by tap, what the element that its window took has read. First of the columns, then of the rows, because
 * rows that are chosen so serve several taps. */
#include "cpu/tuned.h"

#include <inttypes.h>

static const char *number(Emitter *e, int64_t value) { return arena_printf(e->arena, "%" PRId64, value); }

/* The masks that say which column of itself a window took, in_column[1] …, and whether it is a row or one below that,
 * from_row[1] … */
static void print_masks(Emitter *e, const ConvShape *s)
{
    int64_t rows = s->pool[0], columns = s->pool[1];
    bool mask = (columns & (columns - 1)) == 0;
    if (columns > 1)
        line(e->text, "lanes_mask in_column[%" PRId64 "];", columns);
    for (int64_t j = 1; j < columns; j++) {
        const char *holds = "";
        if (mask)
            holds = arena_printf(e->arena, "lanes_equal(%s, %" PRId64 ")",
                                 rows == 1 ? "place" : arena_printf(e->arena, "place & %" PRId64, columns - 1), j);
        for (int64_t i = 0; i < rows && !mask; i++)
            holds = arena_printf(e->arena, "%s%slanes_equal(place, %" PRId64 ")", holds, i ? " | " : "",
                                 i * columns + j);
        line_wrapped(e->text, "in_column[%" PRId64 "] = %s;", j, holds);
    }
    if (rows > 1)
        line(e->text, "lanes_mask from_row[%" PRId64 "];", rows);
    for (int64_t i = 1; i < rows; i++)
        line(e->text, "from_row[%" PRId64 "] = lanes_at_least(place, %" PRId64 ");", i, i * columns);
}

/* Prints what the taps in columns v0 .. of one row of x read, in the column that the window took: row[at][v]. */
static void print_row(Emitter *e, const ConvShape *s, const char *at, const char *line_of_x, const char *v0,
                      int64_t first, int64_t columns)
{
    open_unrolled(e, "v", columns);
    const char *chosen = "", *window = index_sum(e, index_scale(e, s->stride[1] * s->pool[1], "x"),
                                                 index_scale(e, s->dilation[1], v0));
    for (int64_t j = 0; j < s->pool[1]; j++) {
        const char *column = index_sum(e, index_sum(e, window, number(e, s->stride[1] * j + s->dilation[1] * first)),
                                       index_scale(e, s->dilation[1], "v"));
        const char *element = arena_printf(e->arena, "%s[%s][%s][%s]", name_of(e, s->x), line_of_x, column,
                                           channel_index(e, s->groups, s->in, s->in > 1 ? "c" : "0"));
        chosen = j ? arena_printf(e->arena, "lanes_blend(in_column[%" PRId64 "], %s, %s)", j, element, chosen) : element;
    }
    line_wrapped(e->text, "row[%s][v] = %s;", at, chosen);
    close_loops(e, 1);
}

/* Adds the products of the taps in tap row u; the rows that its windows' elements lie in are row[first], … */
static void print_row_sums(Emitter *e, const ConvShape *s, const char *first, int64_t columns)
{
    open_unrolled(e, "v", columns);
    const char *chosen = "";
    for (int64_t i = 0; i < s->pool[0]; i++) {
        const char *element = arena_printf(e->arena, "row[%s][v]", index_sum(e, first, number(e, i)));
        chosen = i ? arena_printf(e->arena, "lanes_blend(from_row[%" PRId64 "], %s, %s)", i, element, chosen) : element;
    }
    line_wrapped(e->text, "sum[u][v] += gradient * %s;", chosen);
    close_loops(e, 1);
}

/* The row of x that tap row `u` of the element in row i of a window reads; `i` in steps of the stride. */
static const char *line_of_x(Emitter *e, const ConvShape *s, const char *i, const char *u)
{
    return index_sum(e, index_sum(e, index_scale(e, s->stride[0] * s->pool[0], "y"), i),
                     index_scale(e, s->dilation[0], u));
}

/* The sums of the taps in columns v0 + first .. v0 + first + columns - 1, over all windows. */
static void print_tile(Emitter *e, const ConvShape *s, const char *v0, int64_t first, int64_t columns)
{
    Text *text = e->text;
    const char *o = channel_index(e, s->groups, s->out, "o");
    bool shared = s->stride[0] == 1 && s->dilation[0] == 1;
    int64_t before = s->pool[0] - 1;
    line(text, "vf sum[%" PRId64 "][%" PRId64 "] = {0};", s->rows, columns);
    open_count(e, "y", s->pooled[0]);
    line(text, "for (int x = 0; x < %" PRId64 "; x++) {", s->pooled[1]);
    line(text, "vf gradient = %s[y][x][%s];", name_of(e, s->dy), o);
    if (s->pool[0] * s->pool[1] > 1)
        line(text, "vi place = %s[y][x][%s];", name_of(e, s->indices), o);
    print_masks(e, s);
    line(text, "vf row[%" PRId64 "][%" PRId64 "];", (shared ? s->rows : 1) + before, columns);
    if (shared && before > 1)
        open_unrolled(e, "r", before);
    if (shared && before)
        print_row(e, s, before > 1 ? "r" : "0", line_of_x(e, s, before > 1 ? "r" : "0", "0"), v0, first, columns);
    if (shared && before > 1)
        close_loops(e, 1);
    line(text, "UNROLL(%" PRId64 ")\nfor (int u = 0; u < %" PRId64 "; u++) {", s->rows, s->rows);
    if (shared)
        print_row(e, s, index_sum(e, "u", number(e, before)), line_of_x(e, s, number(e, before), "u"), v0, first,
                  columns);
    else {
        open_unrolled(e, "r", before + 1);
        print_row(e, s, "r", line_of_x(e, s, index_scale(e, s->stride[0], "r"), "u"), v0, first, columns);
        close_loops(e, 1);
    }
    print_row_sums(e, s, shared ? "u" : "0", columns);
    line(text, "}\n}");
    close_loops(e, 1);
    open_unrolled(e, "u", s->rows);
    open_unrolled(e, "v", columns);
    line(text, "%s[%s][u][%s][%s] = lanes_sum(sum[u][v]);", name_of(e, s->weight), o,
         index_sum(e, index_sum(e, v0, number(e, first)), "v"), s->in > 1 ? "c" : "0");
    close_loops(e, 2);
}

void print_conv_weight_blend(Emitter *e)
{
    const ConvShape *s = &((const ConvWeightShape *)e->kernel->shape)->conv;
    int64_t whole = s->kernel[1] / s->columns * s->columns, rest = s->kernel[1] - whole;
    const char *head = range_head(e, "o", "o", s->out, 1), *range = range_name(e, "v"), *tiles = "", *last = "";
    if (s->groups > 1)
        open_loop(e, "%s", range_head(e, "g", "g", s->groups, 1));
    if (s->in > 1) {
        open_loop(e, "%s", head);
        head = range_head(e, "c", "c", s->in, 1);
    }
    line(e->text, "%s {", head);
    bool loop = whole > s->columns;
    if (loop)
        tiles = arena_printf(e->arena, "%s ", tile_head(e, "v0", whole, s->columns));
    if (range && loop)
        tiles = arena_printf(e->arena, "for (int v0 = %" PRId64 " * %s.first; v0 < int_min(%" PRId64 " * %s.end, %" PRId64
                             "); v0 += %" PRId64 ") ", s->columns, range, s->columns, range, whole, s->columns);
    else if (range)
        tiles = arena_printf(e->arena, "if (%s.first == 0) ", range);
    if (range)
        last = arena_printf(e->arena, "if (%s.end > %" PRId64 ") ", range, whole / s->columns);
    if (loop || rest)
        line(e->text, "%s{", tiles);
    print_tile(e, s, loop ? "v0" : "0", 0, s->columns);
    if (loop || rest)
        line(e->text, "}");
    if (rest) {
        line(e->text, "%s{", last);
        print_tile(e, s, "0", whole, rest);
        line(e->text, "}");
    }
    line(e->text, "}");
    close_loops(e, (s->groups > 1) + (s->in > 1));
}
