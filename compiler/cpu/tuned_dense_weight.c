/* The gradient of a convolution's weight: strips of x and dy are turned so that the channels of a sample lie side by
 * side, then each tap, or point of Winograd's transform, is a product of two matrices over all columns and samples of the
 * strip. */
#include "cpu/tuned.h"

#include <inttypes.h>

/* x or dy on its way into work. */
typedef struct Side {
    const Tensor *tensor;
    const char   *name;                 /* in work */
    bool          single;               /* its channels are multiplied one by one */
    int64_t       channels;             /* of a group */
    int64_t       stride[2];            /* of its rows and columns */
    int64_t       step, read;           /* columns from one tile to the next, and that a tile reads */
    const char   *rows, *columns;       /* of the strip */
    const char   *function;             /* the transform, or NULL */
} Side;

/* Loops inside each other around a block. */
typedef struct Loops { const char *head[6]; int count; } Loops;

static void add_loop(Loops *loops, const char *head) { loops->head[loops->count++] = head; }

static void add_count(Emitter *e, Loops *loops, const char *name, int64_t extent)
{
    add_loop(loops, arena_printf(e->arena, "for (int %s = 0; %s < %" PRId64 "; %s++)", name, name, extent, name));
}

static void open_block(Emitter *e, const Loops *loops)
{
    for (int i = 0; i + 1 < loops->count; i++)
        open_loop(e, "%s", loops->head[i]);
    line(e->text, "%s {", loops->head[loops->count - 1]);
}

static void close_block(Emitter *e, const Loops *loops)
{
    line(e->text, "}");
    close_loops(e, loops->count - 1);
}

static bool whole_rows(const DenseWeightShape *s) { return s->tiles == s->all_tiles; }
static bool one_strip(const DenseWeightShape *s)  { return whole_rows(s) && s->rows == s->conv.result[0]; }

/* Where the strip begins. */
static const char *first_row(const DenseWeightShape *s)  { return s->rows < s->conv.result[0] ? "y0" : "0"; }
static const char *first_tile(const DenseWeightShape *s) { return whole_rows(s) ? "0" : "t0"; }

/* Dimensions and loops that would be of one element are left out. */
static bool has_columns(const DenseWeightShape *s) { return !s->conv.winograd || s->tiles > 1; }

static const char *column_index(Emitter *e, const DenseWeightShape *s, const char *t)
{
    return has_columns(s) ? arena_printf(e->arena, "[%s]", t) : "";
}

static const char *vector_index(Emitter *e, const DenseWeightShape *s, const char *j)
{
    return s->conv.groups * s->vectors > 1 ? arena_printf(e->arena, "[%s]", channel_index(e, s->conv.groups, s->vectors, j))
                                           : "";
}

/* Rows or tiles of the strip, in the source: a number where all strips have as many. */
static const char *strip_rows(Emitter *e, const DenseWeightShape *s)
{
    return s->conv.result[0] % s->rows ? "rows" : arena_printf(e->arena, "%" PRId64, s->rows);
}

static const char *strip_tiles(Emitter *e, const DenseWeightShape *s)
{
    return s->all_tiles % s->tiles ? "tiles" : arena_printf(e->arena, "%" PRId64, s->tiles);
}

/* How many rows (side 0) or columns of x `count` of dy see. */
static const char *seen(Emitter *e, const ConvShape *c, int side, const char *count)
{
    int64_t more = (c->kernel[side] - 1) * c->dilation[side] + 1 - c->stride[side];
    const char *text = index_scale(e, c->stride[side], count);
    return more < 0 ? arena_printf(e->arena, "%s - %" PRId64, text, -more)
                    : index_sum(e, text, arena_printf(e->arena, "%" PRId64, more));
}

static Side side_of(Emitter *e, const DenseWeightShape *s, bool x)
{
    const ConvShape *c = &s->conv;
    const Winograd *w = c->winograd;
    const char *rows = strip_rows(e, s), *tiles = strip_tiles(e, s);
    Side side = { .tensor = x ? c->x : c->dy, .name = x ? "x" : "dy", .single = x == s->over_out,
                  .channels = x ? c->in : c->out, .stride = { 1, 1 }, .step = w ? w->results : 1, .read = 1,
                  .rows = rows, .columns = tiles };
    if (x) {
        side.rows = seen(e, c, 0, rows);
        side.columns = w ? tiles : seen(e, c, 1, tiles);
        side.stride[0] = c->stride[0];
        side.stride[1] = c->stride[1];
    }
    if (w) {
        side.read = x ? w->points : w->results;
        side.function = arena_printf(e->arena, "f%dx%d_%s", w->results, w->taps, x ? "input" : "gradient");
    }
    return side;
}

/* The element `channel` that goes into the tile, with a zero behind the last column and the last channel. */
static const char *element(Emitter *e, const DenseWeightShape *s, const Side *side, const char *channel)
{
    const ConvShape *c = &s->conv;
    int64_t width = side->tensor->dim[2], filled = side->single ? s->padded : s->vectors * e->plan->target->lanes;
    const char *row = index_sum(e, index_scale(e, side->stride[0], first_row(s)), "y"), *guard = "";
    const char *begin = index_scale(e, c->winograd ? 1 : side->stride[1], first_tile(s));
    const char *column = index_scale(e, side->step, index_sum(e, begin, has_columns(s) ? "t" : "0"));
    if (side->read > 1)
        column = index_sum(e, column, "k");
    if (c->winograd && (s->all_tiles - 1) * side->step + side->read > width)
        guard = arena_printf(e->arena, "%s < %" PRId64, column, width);
    if (filled > side->channels)
        guard = arena_printf(e->arena, "%s%s%s < %" PRId64, guard, *guard ? " && " : "", channel, side->channels);
    const char *text = arena_printf(e->arena, "%s[%s][%s][%s]", name_of(e, side->tensor), row, column,
                                    channel_index(e, c->groups, side->channels, channel));
    return *guard ? arena_printf(e->arena, "%s ? %s : (vf){0}", guard, text) : text;
}

/* The loops over rows and tiles of the strip's part of x or dy. */
static void add_strip(Emitter *e, const DenseWeightShape *s, const Side *side, Loops *loops)
{
    add_loop(loops, arena_printf(e->arena, "for (int y = 0; y < %s; y++)", side->rows));
    if (has_columns(s))
        add_loop(loops, arena_printf(e->arena, "for (int t = 0; t < %s; t++)", side->columns));
    if (s->conv.groups > 1)
        add_count(e, loops, "g", s->conv.groups);
}

/* to[k] is what `c` of the tile becomes. */
static void print_transform(Emitter *e, const DenseWeightShape *s, const Side *side)
{
    line(e->text, "vf from[%" PRId64 "], to[%d];", side->read, s->conv.winograd->points);
    open_unrolled(e, "k", side->read);
    line_wrapped(e->text, "from[k] = %s;", element(e, s, side, side->single || side->channels <= e->plan->target->lanes
                                                               ? "c" : "c0 + c"));
    close_loops(e, 1);
    line(e->text, "%s(from, to);", side->function);
}

/* The side whose channels are vectors: LANES of them at a time change places with the samples. */
static void print_turned(Emitter *e, const DenseWeightShape *s, const Side *side)
{
    const Winograd *w = s->conv.winograd;
    Text *text = e->text;
    const char *part = w ? "part[k]" : "part", *at = s->vectors > 1 ? "c0 / LANES" : "0";
    Loops loops = {0};
    add_strip(e, s, side, &loops);
    if (s->vectors > 1)
        add_loop(&loops, arena_printf(e->arena, "for (int c0 = 0; c0 < %" PRId64 "; c0 += LANES)", side->channels));
    open_block(e, &loops);
    line(text, w ? "vf part[%d][LANES];" : "vf part[LANES];", w ? w->points : 0);
    if (w) {
        line(text, "for (int c = 0; c < LANES; c++) {");
        print_transform(e, s, side);
        open_unrolled(e, "k", w->points);
        line(text, "part[k][c] = to[k];");
        close_loops(e, 1);
        line(text, "}");
        line(text, "for (int k = 0; k < %d; k++) {", w->points);
    } else {
        open_loop(e, "for (int c = 0; c < LANES; c++)");
        line_wrapped(text, "part[c] = %s;", element(e, s, side, s->vectors > 1 ? "c0 + c" : "c"));
        close_loops(e, 1);
    }
    line(text, "lanes_transpose(%s);", part);
    open_loop(e, "for (int i = 0; i < LANES; i++)");
    line_wrapped(text, "work->%s%s[y]%s[i]%s = %s[i];", side->name, w ? "[k]" : "", column_index(e, s, "t"),
                 vector_index(e, s, at), part);
    close_loops(e, 1);
    if (w)
        line(text, "}");
    close_block(e, &loops);
}

/* The side whose channels are taken one by one, as they are: a sample's number is read out of the vector in memory. */
static void print_single(Emitter *e, const DenseWeightShape *s, const Side *side)
{
    const Winograd *w = s->conv.winograd;
    const char *to = channel_index(e, s->conv.groups, s->padded, "c");
    Loops loops = {0};
    if (!s->copied)
        return;
    add_strip(e, s, side, &loops);
    add_count(e, &loops, "c", s->padded);
    open_block(e, &loops);
    if (w) {
        print_transform(e, s, side);
        open_unrolled(e, "k", w->points);
        line_wrapped(e->text, "work->%s[k][y]%s[%s] = to[k];", side->name, column_index(e, s, "t"), to);
        close_loops(e, 1);
    } else
        line_wrapped(e->text, "work->%s[y][t][%s] = %s;", side->name, to, element(e, s, side, "c"));
    close_block(e, &loops);
}

/* ---- sums */

/* The loops over the sums of a tile, unrolled. */
static int open_tile(Emitter *e, const DenseWeightShape *s)
{
    int depth = e->depth;
    if (s->taps > 1)
        open_unrolled(e, "u", s->taps);
    open_unrolled(e, "n", s->scalars);
    if (s->wide > 1)
        open_unrolled(e, "j", s->wide);
    return e->depth - depth;
}

/* The single channel and the vector at a point of the tile. */
static const char *single_of(const DenseWeightShape *s) { return s->padded > s->scalars ? "n0 + n" : "n"; }

static const char *vector_of(const DenseWeightShape *s)
{
    if (s->wide > 1)
        return s->vectors > s->wide ? "j0 + j" : "j";
    return s->vectors > 1 ? "j0" : "0";
}

static const char *register_sum(Emitter *e, const DenseWeightShape *s)
{
    return arena_printf(e->arena, "sum%s[n]%s", s->taps > 1 ? "[u]" : "", s->wide > 1 ? "[j]" : "");
}

static const char *memory_sum(Emitter *e, const DenseWeightShape *s, const char *n, const char *j)
{
    return arena_printf(e->arena, "work->sum[%s][u][%s]%s", s->conv.winograd ? "k" : "v",
                        channel_index(e, s->conv.groups, s->padded, n), s->vectors > 1 ? arena_printf(e->arena, "[%s]", j)
                                                                                       : "");
}

/* The element of x or dy that a product of tap (u, v), or of point k and row u, reads: from work, or where it is. */
static const char *factor(Emitter *e, const DenseWeightShape *s, const Side *side)
{
    const ConvShape *c = &s->conv;
    const char *row = "y", *column = "t", *n = single_of(s), *j = vector_of(s);
    if (side->tensor == c->x) {
        row = index_sum(e, index_scale(e, c->stride[0], "y"), index_scale(e, c->dilation[0], "u"));
        if (!c->winograd)
            column = index_sum(e, index_scale(e, c->stride[1], "t"), index_scale(e, c->dilation[1], "v"));
    }
    if (!side->single)
        return arena_printf(e->arena, "work->%s%s[%s]%s[i]%s", side->name, c->winograd ? "[k]" : "", row,
                            column_index(e, s, column), vector_index(e, s, j));
    if (s->copied)
        return arena_printf(e->arena, "lanes_at(&work->%s%s[%s]%s[%s], i)", side->name, c->winograd ? "[k]" : "", row,
                            column_index(e, s, column), channel_index(e, c->groups, s->padded, n));
    row = index_sum(e, index_scale(e, side->stride[0], first_row(s)), row);
    column = index_sum(e, index_scale(e, side->stride[1], first_tile(s)), column);
    return arena_printf(e->arena, "lanes_at(&%s[%s][%s][%s], i)", name_of(e, side->tensor), row, column,
                        channel_index(e, c->groups, side->channels, n));
}

static void print_product(Emitter *e, const DenseWeightShape *s)
{
    Side x = side_of(e, s, true), dy = side_of(e, s, false);
    open_loop(e, "for (int y = 0; y < %s; y++)", dy.rows);
    if (has_columns(s))
        open_loop(e, "for (int t = 0; t < %s; t++)", dy.columns);
    open_loop(e, "for (int i = 0; i < LANES; i++)");
    int levels = open_tile(e, s);
    line_wrapped(e->text, "%s += %s * %s;", register_sum(e, s), factor(e, s, &dy), factor(e, s, &x));
    close_loops(e, levels + 2 + has_columns(s));
}

static void print_products(Emitter *e, const DenseWeightShape *s)
{
    const ConvShape *c = &s->conv;
    Text *text = e->text;
    Loops loops = {0};
    if (c->winograd)
        add_count(e, &loops, "k", c->winograd->points);
    else
        add_count(e, &loops, "v", c->kernel[1]);
    if (c->groups > 1)
        add_count(e, &loops, "g", c->groups);
    if (s->taps == 1)
        add_count(e, &loops, "u", c->kernel[0]);
    if (s->padded > s->scalars)
        add_loop(&loops, tile_head(e, "n0", s->padded, s->scalars));
    if (s->vectors > s->wide)
        add_loop(&loops, tile_head(e, "j0", s->vectors, s->wide));

    const char *taps = s->taps > 1 ? arena_printf(e->arena, "[%" PRId64 "]", s->taps) : "";
    const char *wide = s->wide > 1 ? arena_printf(e->arena, "[%" PRId64 "]", s->wide) : "";
    const char *inside = register_sum(e, s), *outside = memory_sum(e, s, single_of(s), vector_of(s));
    open_block(e, &loops);
    line(text, "vf sum%s[%" PRId64 "]%s%s;", taps, s->scalars, wide, one_strip(s) ? " = {0}" : "");
    if (!one_strip(s)) {
        int depth = open_tile(e, s);
        line(text, "%s = %s;", inside, outside);
        close_loops(e, depth);
    }
    print_product(e, s);
    int levels = open_tile(e, s);
    line(text, "%s = %s;", outside, inside);
    close_loops(e, levels);
    close_block(e, &loops);
}

/* ---- from sums to the gradient */

static void open_sums(Emitter *e, const DenseWeightShape *s, Loops *loops, int64_t singles)
{
    if (s->conv.groups > 1)
        add_count(e, loops, "g", s->conv.groups);
    add_count(e, loops, "u", s->conv.kernel[0]);
    add_count(e, loops, "n", singles);
    if (s->vectors > 1)
        add_count(e, loops, "j", s->vectors);
    open_block(e, loops);
}

static void print_zeros(Emitter *e, const DenseWeightShape *s)
{
    const ConvShape *c = &s->conv;
    open_count(e, c->winograd ? "k" : "v", c->winograd ? c->winograd->points : c->kernel[1]);
    open_count(e, "u", c->kernel[0]);
    open_count(e, "n", c->groups * s->padded);
    if (s->vectors > 1)
        open_count(e, "j", s->vectors);
    line(e->text, "work->sum[%s][u][n]%s = (vf){0};", c->winograd ? "k" : "v", s->vectors > 1 ? "[j]" : "");
    close_loops(e, 3 + (s->vectors > 1));
}

static void print_gradient(Emitter *e, const DenseWeightShape *s)
{
    const ConvShape *c = &s->conv;
    const Winograd *w = c->winograd;
    Text *text = e->text;
    int64_t lanes = e->plan->target->lanes, wide = s->over_out ? c->out : c->in;
    Loops loops = {0};
    const char *v = w ? "k" : "v", *lane = wide > lanes ? "LANES*j + i" : "i", *single = "n";
    open_sums(e, s, &loops, s->over_out ? c->in : c->out);
    const char *from = w ? arena_printf(e->arena, "from[%d], ", w->points) : "";
    line(text, "vf %sto[%" PRId64 "];", from, c->kernel[1]);
    open_unrolled(e, v, w ? w->points : c->kernel[1]);
    line(text, "%s[%s] = %s;", w ? "from" : "to", v, memory_sum(e, s, single, "j"));
    close_loops(e, 1);
    if (w)
        line(text, "f%dx%d_taps(from, to);", w->results, w->taps);
    const char *o = channel_index(e, c->groups, c->out, s->over_out ? lane : single);
    if (wide % lanes)
        open_loop(e, "for (int i = 0; i < LANES && %s < %" PRId64 "; i++)", lane, wide);
    else
        open_loop(e, "for (int i = 0; i < LANES; i++)");
    open_unrolled(e, "v", c->kernel[1]);
    line_wrapped(text, "%s[%s][u][v][%s] = to[v][i];", name_of(e, c->weight), o, s->over_out ? single : lane);
    close_loops(e, 2);
    close_block(e, &loops);
}

void print_dense_weight(Emitter *e)
{
    const DenseWeightShape *s = e->kernel->shape;
    int64_t rows = s->conv.result[0];
    Loops loops = {0};
    if (!one_strip(s))
        print_zeros(e, s);
    if (s->rows < rows)
        add_loop(&loops, arena_printf(e->arena, "for (int y0 = 0; y0 < %" PRId64 "; y0 += %" PRId64 ")", rows, s->rows));
    if (!whole_rows(s)) {
        const char *step = s->tiles == 1 ? "t0++" : arena_printf(e->arena, "t0 += %" PRId64, s->tiles);
        add_loop(&loops, arena_printf(e->arena, "for (int t0 = 0; t0 < %" PRId64 "; %s)", s->all_tiles, step));
    }
    if (loops.count)
        open_block(e, &loops);
    if (rows % s->rows)
        line(e->text, "int rows = y0 < %" PRId64 " ? %" PRId64 " : %" PRId64 ";", rows - s->rows + 1, s->rows,
             rows % s->rows);
    if (s->all_tiles % s->tiles)
        line(e->text, "int tiles = t0 < %" PRId64 " ? %" PRId64 " : %" PRId64 ";", s->all_tiles - s->tiles + 1, s->tiles,
             s->all_tiles % s->tiles);
    for (int x = 1; x >= 0; x--) {
        Side side = side_of(e, s, x);
        (side.single ? print_single : print_turned)(e, s, &side);
    }
    print_products(e, s);
    if (loops.count)
        close_block(e, &loops);
    print_gradient(e, s);
}
