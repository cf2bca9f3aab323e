/* The gradient of a convolution's weight through a pool, from lists of the gradients that are not zero. Three steps:
 * the input with each sample's values side by side; the lists, a vector of windows at a time; and for each list the
 * sums over it of gradient times patch, as many taps at once as registers hold. */
#include "cpu/tuned.h"

#include <inttypes.h>

static void print_samples(Emitter *e, const ConvShape *s)
{
    Text *text = e->text;
    int lanes = e->plan->target->lanes;
    int64_t size = tensor_elements(s->x);
    line(text, "/* The channels, columns and rows of each sample side by side. */");
    line(text, "real *samples = (real *)work->x;");
    line(text, "const vf *from = %s[0][0];", name_of(e, s->x));
    line(text, "%s {", tile_head(e, "i", size, lanes));
    line(text, "vf row[%d];", lanes);
    open_unrolled(e, "k", lanes);
    line(text, "row[k] = from[i + k];");
    close_loops(e, 1);
    line(text, "lanes_transpose(row);");
    open_unrolled(e, "k", lanes);
    line(text, "lanes_store(&samples[%s + i], row[k]);", index_scale(e, size, "k"));
    close_loops(e, 1);
    line(text, "}");
    int64_t end = e->kernel->work.at[0].dim[0];
    if (end == size + 1)
        line(text, "work->x[%" PRId64 "] = (vf){0};", size);
    if (end > size + 1) {
        open_loop(e, "for (int i = %" PRId64 "; i < %" PRId64 "; i++)", size, end);
        line(text, "work->x[i] = (vf){0};");
        close_loops(e, 1);
    }
}

/* Where the patch of a window begins that took the element `place`, seen from the window's first. */
static const char *patch_offset(Emitter *e, const ConvShape *s, const char *place)
{
    int64_t row = s->stride[0] * s->image[1] * s->x->dim[0], column = s->stride[1] * s->x->dim[0];
    const char *offset = index_scale(e, column, place);
    for (int64_t r = 1; r < s->pool[0]; r++)
        offset = arena_printf(e->arena, "%s + ((%s >= %" PRId64 ") & %" PRId64 ")", offset, place, r * s->pool[1],
                              row - s->pool[1] * column);
    return offset;
}

static void print_lists(Emitter *e, const ConvWeightShape *w)
{
    const ConvShape *s = &w->conv;
    Text *text = e->text;
    int lanes = e->plan->target->lanes;
    int64_t windows = s->pooled[0] * s->pooled[1], channels = s->groups * s->out, lists = lanes / w->group;
    bool rest = windows % lanes;

    line(text, "/* The lists: the gradients of %d windows of a sample at a time. */", lanes);
    open_count(e, "y", s->pooled[0]);
    open_count(e, "x", s->pooled[1]);
    const char *row = index_scale(e, s->pool[0] * s->stride[0] * s->image[1] * s->x->dim[0], "y");
    const char *column = index_scale(e, s->pool[1] * s->stride[1] * s->x->dim[0], "x");
    line(text, "work->window[%s] = %s;", index_sum(e, index_scale(e, s->pooled[1], "y"), "x"),
         index_sum(e, row, column));
    close_loops(e, 2);
    line(text, "const vf *gradient = %s[0][0];", name_of(e, s->dy));
    line(text, "const vi *taken = %s[0][0];", name_of(e, s->indices));
    line(text, "%s {", range_head(e, "o", "o", channels, 1));
    line(text, "int count[%" PRId64 "] = {0};", lists);
    line(text, "for (int i = 0; i < %" PRId64 "; i += %d) {", windows, lanes);
    line(text, "vf value[%d], place[%d];", lanes, lanes);
    line(text, "UNROLL(%d)\nfor (int k = 0; k < %d; k++) {", lanes, lanes);
    const char *at = index_sum(e, index_scale(e, channels, "i + k"), "o");
    const char *zero = rest ? arena_printf(e->arena, "i + k >= %" PRId64 " ? (vf){0} : ", windows) : "";
    line(text, "value[k] = %sgradient[%s];", zero, at);
    line(text, "place[k] = %s(vf)taken[%s];", zero, at);
    line(text, "}");
    line(text, "lanes_transpose(value);\nlanes_transpose(place);");
    line(text, "vi window = lanes_load_int(&work->window[i]);");
    line(text, "UNROLL(%d)\nfor (int k = 0; k < %d; k++) {", lanes, lanes);
    const char *list = w->group == 1 ? "k" : w->group == lanes ? "0" : arena_printf(e->arena, "k / %" PRId64, w->group);
    line(text, "vi place_k = (vi)place[k];");
    line_wrapped(text, "vi at = window + %s + %s;", patch_offset(e, s, "place_k"),
                 index_scale(e, tensor_elements(s->x), "k"));
    line_wrapped(text, "count[%s] = lanes_append(value[k], at, work->value[o][%s], work->at[o][%s], count[%s]);", list,
                 list, list, list);
    line(text, "}\n}");
    open_count(e, "k", lists);
    line(text, "work->count[o][k] = count[k];");
    close_loops(e, 1);
    line(text, "}");
}

/* ---- the sums: a pass takes those of its taps, u rows of v runs of k vectors, through a list */

static const char *const tap_names[] = { "u", "v", "k" }, *const pass_names[] = { "u0", "v0", "k0" };

/* The loops over the taps of a pass; only those over more than one. */
static int open_taps(Emitter *e, const ConvWeightShape *w)
{
    int levels = 0;
    for (int i = 0; i < 3; i++)
        if (w->tile[i] > 1) {
            open_unrolled(e, tap_names[i], w->tile[i]);
            levels++;
        }
    return levels;
}

/* Which row, run or vector, i of 0 .. 2, the tap at hand has: "u0 + u", or what of it there is. */
static const char *tap_index(Emitter *e, const ConvWeightShape *w, int i)
{
    return index_sum(e, w->tiles[i] > 1 ? pass_names[i] : "0", w->tile[i] > 1 ? tap_names[i] : "0");
}

static void print_zeros(Emitter *e, const int64_t dim[4])
{
    open_loop(e, "%s", range_head(e, "o", "o", dim[0], 1));
    open_count(e, "u", dim[1]);
    if (dim[2] > 1)
        open_count(e, "v", dim[2]);
    open_loop(e, "for (int k = 0; k < %" PRId64 "; k += %d)", dim[3], e->plan->target->lanes);
    line(e->text, "lanes_store(&work->sum[o][u][%s][k], (vf){0});", dim[2] > 1 ? "v" : "0");
    close_loops(e, 3 + (dim[2] > 1));
}

/* The entries of a list: sum[index] of each tap. */
static void print_entries(Emitter *e, const ConvWeightShape *w, const char *list, const char *index)
{
    const ConvShape *s = &w->conv;
    int64_t in = s->x->dim[0];
    line(e->text, "for (int i = 0; i < work->count[o][%s]; i++) {", list);
    const char *patch = arena_printf(e->arena, "samples + work->at[o][%s][i]", list);
    if (s->groups > 1) {
        const char *group = s->out == 1 ? "o" : arena_printf(e->arena, "(o / %" PRId64 ")", s->out);
        patch = index_sum(e, patch, index_scale(e, s->in, group));
    }
    line(e->text, "const real *patch = %s;", patch);
    line(e->text, "real value = work->value[o][%s][i];", list);
    int levels = open_taps(e, w);
    const char *row = index_scale(e, s->dilation[0] * s->image[1] * in, tap_index(e, w, 0));
    const char *run = index_scale(e, s->dilation[1] * in, tap_index(e, w, 1));
    const char *vector = index_scale(e, e->plan->target->lanes, tap_index(e, w, 2));
    line(e->text, "sum%s += value * lanes_load(patch + %s);", index, index_sum(e, index_sum(e, row, run), vector));
    close_loops(e, levels);
    line(e->text, "}");
}

static void print_sums(Emitter *e, const ConvWeightShape *w)
{
    int lanes = e->plan->target->lanes, loops = 0;
    const char *heads[5], *list = w->group < lanes ? "s" : "0", *dims = "", *index = "";
    if (w->group < lanes)
        heads[loops++] = tile_head(e, "s", lanes / w->group, 1);
    heads[loops++] = range_head(e, "o", "o", w->conv.groups * w->conv.out, 1);
    for (int i = 0; i < 3; i++) {
        if (w->tiles[i] > 1)
            heads[loops++] = tile_head(e, pass_names[i], w->tiles[i] * w->tile[i], w->tile[i]);
        if (w->tile[i] > 1) {
            dims = arena_printf(e->arena, "%s[%" PRId64 "]", dims, w->tile[i]);
            index = arena_printf(e->arena, "%s[%s]", index, tap_names[i]);
        }
    }
    const char *sum = arena_printf(e->arena, "work->sum[o][%s][%s][%s]", tap_index(e, w, 0), tap_index(e, w, 1),
                                   index_scale(e, lanes, tap_index(e, w, 2)));
    for (int i = 0; i + 1 < loops; i++)
        open_loop(e, "%s", heads[i]);
    line(e->text, "%s {", heads[loops - 1]);
    line(e->text, "vf sum%s;", dims);
    int levels = open_taps(e, w);
    line(e->text, "sum%s = lanes_load(&%s);", index, sum);
    close_loops(e, levels);
    print_entries(e, w, list, index);
    levels = open_taps(e, w);
    line(e->text, "lanes_store(&%s, sum%s);", sum, index);
    close_loops(e, levels);
    line(e->text, "}");
    close_loops(e, loops - 1);
}

static void print_result(Emitter *e, const ConvWeightShape *w)
{
    const ConvShape *s = &w->conv;
    Text *text = e->text;
    int lanes = e->plan->target->lanes;
    int64_t whole = w->run / lanes;
    open_loop(e, "%s", range_head(e, "o", "o", s->groups * s->out, 1));
    const char *head = tile_head(e, "u", s->kernel[0], 1), *v = w->runs > 1 ? "v" : "0";
    if (w->runs > 1) {
        open_loop(e, "%s", head);
        head = tile_head(e, "v", w->runs, 1);
    }
    line(text, "%s {", head);
    line(text, "real *to = %s[o][u][%s];", name_of(e, s->weight), v);
    line(text, "const real *sum = work->sum[o][u][%s];", v);
    if (whole) {
        open_loop(e, "for (int i = 0; i < %" PRId64 "; i += %d)", whole * lanes, lanes);
        line(text, "lanes_store(&to[i], lanes_load(&sum[i]));");
        close_loops(e, 1);
    }
    if (w->run % lanes) {
        open_loop(e, "for (int i = %" PRId64 "; i < %" PRId64 "; i++)", whole * lanes, w->run);
        line(text, "to[i] = sum[i];");
        close_loops(e, 1);
    }
    line(text, "}");
    close_loops(e, 1 + (w->runs > 1));
}

void print_conv_weight_lists(Emitter *e)
{
    const ConvWeightShape *w = e->kernel->shape;
    print_samples(e, &w->conv);
    line(e->text, "%s", "");
    print_lists(e, w);
    line(e->text, "\n/* The sums of some taps at a time, over the list of an output channel. */");
    print_zeros(e, e->kernel->work.at[1].dim);
    print_sums(e, w);
    line(e->text, "%s", "");
    print_result(e, w);
}
