/* conv2d of a single image, with its bias, what is done to each result, and the pool behind it: neighbouring pixels lie
 * in the lanes. */
#include "cpu/tuned.h"

#include <inttypes.h>

/* Pieces of a vector, of a register tile. */
static int64_t parts_of(const Emitter *e, const PixelConv *p) { return e->plan->target->lanes / p->conv.columns; }
static int64_t tile_pieces(const Emitter *e, const PixelConv *p) { return p->vectors * parts_of(e, p); }

/* "_2" behind the names of the functions that load and store vectors of two pieces. */
static const char *suffix(const Emitter *e, const PixelConv *p)
{
    return parts_of(e, p) == 1 ? "" : arena_printf(e->arena, "_%" PRId64, parts_of(e, p));
}

/* Vector i of a tile: "from + at[i]", or where its pieces stand, "from, at + 2*i". */
static const char *place_of(const Emitter *e, const PixelConv *p, const char *array, const char *offsets)
{
    return parts_of(e, p) == 1 ? arena_printf(e->arena, "%s + %s[i]", array, offsets)
                               : arena_printf(e->arena, "%s, %s + %" PRId64 "*i", array, offsets, parts_of(e, p));
}

/* The product of two indices, one of which may be 1. */
static const char *times_c(Emitter *e, const char *a, int64_t factor)
{
    return factor == 1 ? a : arena_printf(e->arena, "%s*%" PRId64, a, factor);
}

/* ---- what is read */

/* The rows of each tile, column by column, to Winograd's points. */
static void print_transform(Emitter *e, const PixelConv *p)
{
    const ConvShape *s = &p->conv;
    const Winograd *w = s->winograd;
    Text *text = e->text;
    bool early = s->result[0] % s->rows != 0;
    open_count(e, "c", s->groups * s->in);
    line(text, early ? "for (int t = 0; t < %" PRId64 "; t++) {" : "for (int t = 0; t < %" PRId64 "; t++)", p->row_tiles);
    if (early)
        line(text, "int row = (int)int_min(%" PRId64 "*t, %" PRId64 ");", s->rows, s->result[0] - s->rows);
    else
        text->indent++;
    line(text, "for (int x = 0; x < %" PRId64 "; x += LANES) {", s->image[1]);
    line(text, "vf from[%d], to[%d];", w->points, w->points);
    open_unrolled(e, "k", w->points);
    line(text, "from[k] = lanes_load(&%s[c][%s + k][x]);", name_of(e, s->x),
         early ? "row" : index_scale(e, s->rows, "t"));
    close_loops(e, 1);
    line(text, "f%dx%d_input(from, to);", w->results, w->taps);
    open_unrolled(e, "k", w->points);
    line(text, "lanes_store(&work->in[k][c][t][x], to[k]);");
    close_loops(e, 1);
    line(text, "}");
    if (early)
        line(text, "}");
    else
        text->indent--;
    close_loops(e, 1);
}

/* Every stride-th column side by side. */
static void print_columns(Emitter *e, const PixelConv *p)
{
    const ConvShape *s = &p->conv;
    open_count(e, "c", s->groups * s->in);
    open_count(e, "y", s->image[0]);
    open_count(e, "x", s->image[1]);
    line(e->text, "work->in[x %% %" PRId64 "][c][y][x / %" PRId64 "] = %s[c][y][x];", s->stride[1], s->stride[1],
         name_of(e, s->x));
    close_loops(e, 3);
}

/* ---- register tiles */

/* Where the pieces of the tile stand in what is read, and in what is made. */
static void print_pieces(Emitter *e, const PixelConv *p)
{
    const ConvShape *s = &p->conv;
    Text *text = e->text;
    int64_t pieces = tile_pieces(e, p), all = p->row_tiles * p->row_pieces, row = s->result[1];
    bool several = p->row_pieces > 1;
    line(text, "int at[%" PRId64 "], to[%" PRId64 "];", pieces, pieces);
    line(text, "UNROLL(%" PRId64 ")\nfor (int i = 0; i < %" PRId64 "; i++) {", pieces, pieces);
    line(text, all < pieces ? "int piece = (int)int_min(p0 + i, %" PRId64 ");" : "int piece = p0 + i;", all - 1);
    const char *t = "piece", *x = "";
    if (several) {
        x = arena_printf(e->arena, "piece %% %" PRId64 " * %" PRId64, p->row_pieces, s->columns);
        if (row % s->columns)
            x = arena_printf(e->arena, "(int)int_min(%s, %" PRId64 ")", x, row - s->columns);
        line(text, "int row = piece / %" PRId64 ", x = %s;", p->row_pieces, x);
        t = "row";
    }
    const char *beside = several ? " + x" : "";
    int64_t down = s->winograd ? p->pitch : s->rows * s->stride[0] * p->pitch, high = s->rows / s->pool[0];
    int64_t wide = row > s->columns ? row : s->columns;
    line(text, "at[i] = %s%s;", times_c(e, t, down), beside);
    if (s->result[0] % s->rows)
        line(text, "to[i] = (int)int_min(%s, %" PRId64 ")*%" PRId64 "%s;", times_c(e, t, high), s->pooled[0] - high, wide,
             beside);
    else
        line(text, "to[i] = %s%s;", times_c(e, t, high * wide), beside);
    line(text, "}");
}

/* The form's element of the point or row `k`. */
static const char *weight_c(Emitter *e, const ConvShape *s, const char *k)
{
    return arena_printf(e->arena, "%s[%s][c][v][%s]", name_of(e, s->transformed), k,
                        channel_index(e, s->groups, s->out, "o0 + o"));
}

static void print_point_sums(Emitter *e, const PixelConv *p)
{
    const ConvShape *s = &p->conv;
    Text *text = e->text;
    line(text, "for (int k = 0; k < %d; k++) {", s->winograd->points);
    line(text, "vf sum[%" PRId64 "][%" PRId64 "] = {0};", p->vectors, s->channels);
    open_count(e, "c", s->in);
    line(text, "for (int v = 0; v < %" PRId64 "; v++) {", s->kernel[1]);
    line(text, "const real *from = &work->in[k][%s][0][%s];", channel_index(e, s->groups, s->in, "c"),
         index_scale(e, s->dilation[1], "v"));
    line(text, "UNROLL(%" PRId64 ")\nfor (int i = 0; i < %" PRId64 "; i++) {", p->vectors, p->vectors);
    line(text, "vf pixels = lanes_load%s(%s);", suffix(e, p), place_of(e, p, "from", "at"));
    open_unrolled(e, "o", s->channels);
    line(text, "sum[i][o] += %s * pixels;", weight_c(e, s, "k"));
    close_loops(e, 1);
    line(text, "}\n}");
    close_loops(e, 1);
    open_unrolled(e, "i", p->vectors);
    open_unrolled(e, "o", s->channels);
    line(text, "work->product[k][i][o] = sum[i][o];");
    close_loops(e, 2);
    line(text, "}");
}

static void print_direct_sums(Emitter *e, const PixelConv *p)
{
    const ConvShape *s = &p->conv;
    Text *text = e->text;
    bool strided = s->stride[1] > 1;
    const char *row = index_sum(e, s->rows > 1 ? index_scale(e, s->stride[0], "r") : "0", index_scale(e, s->dilation[0], "u"));
    const char *column = index_scale(e, s->dilation[1], "v"), *c = channel_index(e, s->groups, s->in, "c");
    line(text, "vf sum[%" PRId64 "][%" PRId64 "][%" PRId64 "] = {0};", s->rows, p->vectors, s->channels);
    open_count(e, "u", s->kernel[0]);
    open_count(e, "c", s->in);
    open_count(e, "v", s->kernel[1]);
    line(text, "UNROLL(%" PRId64 ")\nfor (int r = 0; r < %" PRId64 "; r++) {", s->rows, s->rows);
    if (strided)
        line(text, "const real *from = &work->in[%s %% %" PRId64 "][%s][%s][%s / %" PRId64 "];", column, s->stride[1], c, row,
             column, s->stride[1]);
    else
        line(text, "const real *from = &%s[%s][%s][%s];", name_of(e, s->x), c, row, column);
    line(text, "UNROLL(%" PRId64 ")\nfor (int i = 0; i < %" PRId64 "; i++) {", p->vectors, p->vectors);
    line(text, "vf pixels = lanes_load%s(%s);", suffix(e, p), place_of(e, p, "from", "at"));
    open_unrolled(e, "o", s->channels);
    line(text, "sum[r][i][o] += %s * pixels;", weight_c(e, s, "u"));
    close_loops(e, 1);
    line(text, "}\n}");
    close_loops(e, 3);
}

/* The sums of a column's rows; with a pool only the largest of each of its windows. */
static void print_results(Emitter *e, const PixelConv *p)
{
    const ConvShape *s = &p->conv;
    Text *text = e->text;
    int64_t high = s->rows / s->pool[0];
    line(text, "UNROLL(%" PRId64 ")\nfor (int i = 0; i < %" PRId64 "; i++)", p->vectors, p->vectors);
    text->indent++;
    line(text, "UNROLL(%" PRId64 ")\nfor (int o = 0; o < %" PRId64 "; o++) {", s->channels, s->channels);
    if (s->winograd) {
        line(text, "vf from[%d], result[%" PRId64 "];", s->winograd->points, s->rows);
        open_unrolled(e, "k", s->winograd->points);
        line(text, "from[k] = work->product[k][i][o];");
        close_loops(e, 1);
        line(text, "f%dx%d_output(from, result);", s->winograd->results, s->winograd->taps);
    }
    for (int64_t y = 0; y < high; y++) {
        const char *name = high > 1 ? arena_printf(e->arena, "row_%" PRId64, y) : "row";
        const char *largest = high > 1 ? arena_printf(e->arena, "largest_%" PRId64, y) : "largest";
        line(text, "real *%s = work->result[%s][%" PRId64 "];", name, channel_index(e, s->groups, s->out, "o0 + o"), y);
        for (int64_t r = 0; r < s->pool[0]; r++) {
            const char *value = arena_printf(e->arena, s->winograd ? "result[%" PRId64 "]" : "sum[%" PRId64 "][i][o]",
                                             y * s->pool[0] + r);
            line(text, r ? "lanes_take_value(%s, &%s);" : "vf %2$s = %1$s;", value, largest);
        }
        const char *place = place_of(e, p, name, "to");
        line(text, "lanes_store%s(%s, %s);", suffix(e, p), place, largest);
    }
    line(text, "}");
    text->indent--;
}

/* ---- what is made */

static void print_rest(Emitter *e, const PixelConv *p)
{
    const ConvShape *s = &p->conv;
    Text *text = e->text;
    const char *o = channel_index(e, s->groups, s->out, "o");
    if (s->groups > 1)
        open_count(e, "g", s->groups);
    open_count(e, "o", s->out);
    line(text, "for (int y = 0; y < %" PRId64 "; y++) {", s->pooled[0]);
    line(text, "const real *row = work->result[%s][y];", o);
    line(text, "#pragma omp simd\nfor (int x = 0; x < %" PRId64 "; x++) {", s->pooled[1]);
    line(text, "real %s = row[%s];", s->pool[1] > 1 ? "largest" : "value", index_scale(e, s->pool[1], "x"));
    for (int64_t q = 1; q < s->pool[1]; q++)
        line(text, "largest = real_larger(row[%" PRId64 "*x + %" PRId64 "], largest);", s->pool[1], q);
    const char *bias = s->bias ? arena_printf(e->arena, " + %s[%s]", name_of(e, s->bias), o) : "";
    if (s->pool[1] > 1)
        line(text, "real value = largest%s;", bias);
    else if (s->bias)
        line(text, "value = value%s;", bias);
    AxisText axes[] = { { "y", "y" }, { "x", "x" }, { "g", "g" }, { "o", "o" }, { "c", o } };
    store_results(e, "value", NULL, axes, 5);
    line(text, "}\n}");
    close_loops(e, 1 + (s->groups > 1));
}

void print_pixel_conv(Emitter *e)
{
    const PixelConv *p = e->kernel->shape;
    const ConvShape *s = &p->conv;
    int64_t all = p->row_tiles * p->row_pieces, pieces = tile_pieces(e, p);
    if (s->winograd)
        print_transform(e, p);
    else if (s->stride[1] > 1)
        print_columns(e, p);
    if (s->groups > 1)
        open_count(e, "g", s->groups);
    line(e->text, "%s {", tile_head(e, "p0", all < pieces ? pieces : all, pieces));
    print_pieces(e, p);
    line(e->text, "%s {", tile_head(e, "o0", s->out, s->channels));
    if (s->winograd)
        print_point_sums(e, p);
    else
        print_direct_sums(e, p);
    print_results(e, p);
    line(e->text, "}\n}");
    close_loops(e, s->groups > 1);
    print_rest(e, p);
}

void print_pixel_weight(Emitter *e)
{
    const PixelWeight *shape = e->kernel->shape;
    const Winograd *w = shape->winograd;
    const Tensor *weight = shape->weight;
    const char *from = name_of(e, weight), *to = name_of(e, e->kernel->stores.at[0]);
    open_count(e, "o", weight->dim[0]);
    if (!w)
        open_count(e, "u", weight->dim[2]);
    open_count(e, "v", weight->dim[3]);
    if (!w) {
        open_count(e, "c", weight->dim[1]);
        line(e->text, "%s[u][c][v][o] = %s[o][u][v][c];", to, from);
        close_loops(e, 4);
        return;
    }
    line(e->text, "for (int c = 0; c < %" PRId64 "; c++) {", weight->dim[1]);
    line(e->text, "real tap[%d];", w->taps);
    open_unrolled(e, "u", w->taps);
    line(e->text, "tap[u] = %s[o][u][v][c];", from);
    close_loops(e, 1);
    for (int i = 0; i < w->points; i++)
        line_wrapped(e->text, "%s[%d][c][v][o] = %s;", to, i, winograd_sum(e->arena, w->g[i], w->taps, "tap"));
    line(e->text, "}");
    close_loops(e, 2);
}
