/* The gradient of a linear layer's weight, features in the lanes: one operand is transposed, a sample a row; then each
 * sample adds its products to a tile of sums. */
#include "cpu/tuned.h"

#include <inttypes.h>

/* The operand whose features lie in the lanes of the result, and the one whose values are broadcast. */
static const Tensor *turned_of(const LinearWeight *s) { return s->of_inputs ? s->x : s->dy; }
static const Tensor *other_of(const LinearWeight *s)  { return s->of_inputs ? s->dy : s->x; }

/* work->rows[sample][vector] of a tile's vectors, the first of which is v0; beyond the last feature they are zero. */
static void print_transposition(Emitter *e, const LinearWeight *s)
{
    Text *text = e->text;
    bool over_blocks = e->kernel->all_blocks;
    const char *from = name_of(e, turned_of(s)), *to = "k";
    if (over_blocks) {
        open_loop(e, "for (int64_t block = 0; block < blocks; block++)");
        from = arena_printf(e->arena, "%s[block]", from);
        to = "LANES*block + k";
    }
    const char *at = index_sum(e, index_scale(e, e->plan->target->lanes, "v0 + v"), "k");
    const char *feature = arena_printf(e->arena, "%s[%s]", from, at);
    if (s->features % e->plan->target->lanes)
        feature = arena_printf(e->arena, "%s < %" PRId64 " ? %s : (vf){0}", at, s->features, feature);
    line(text, "for (int v = 0; v < %" PRId64 "; v++) {", s->tile_vectors);
    line(text, "vf turned[LANES];");
    open_unrolled(e, "k", e->plan->target->lanes);
    line(text, "turned[k] = %s;", feature);
    close_loops(e, 1);
    line(text, "lanes_transpose(turned);");
    open_unrolled(e, "k", e->plan->target->lanes);
    line(text, "work->rows[%s][v] = turned[k];", to);
    close_loops(e, 1);
    line(text, "}");
    close_loops(e, over_blocks);
}

/* The sums of the tile over the samples of a block. */
static void print_sums(Emitter *e, const LinearWeight *s, const char *block, const char *sample)
{
    Text *text = e->text;
    line(text, "const real *row = (const real *)&%s%s[r0];", name_of(e, other_of(s)), block);
    open_count(e, "k", e->plan->target->lanes);
    open_unrolled(e, "r", s->tile_rows);
    open_unrolled(e, "v", s->tile_vectors);
    line(text, "sum[r][v] += row[LANES*r + k] * work->rows[%s][v];", sample);
    close_loops(e, 3);
}

static void print_in_block(Emitter *e, const LinearWeight *s)
{
    Text *text = e->text;
    line(text, "%s {", tile_head(e, "v0", s->vectors, s->tile_vectors));
    print_transposition(e, s);
    line(text, "%s {", tile_head(e, "r0", s->rows, s->tile_rows));
    line(text, "vf sum[%" PRId64 "][%" PRId64 "] = {0};", s->tile_rows, s->tile_vectors);
    print_sums(e, s, "", "k");
    open_unrolled(e, "r", s->tile_rows);
    open_unrolled(e, "v", s->tile_vectors);
    line(text, "lanes_store(&%s[r0 + r][LANES*(v0 + v)], sum[r][v]);", name_of(e, e->kernel->stores.at[0]));
    close_loops(e, 2);
    line(text, "}\n}");
}

/* The unit's vectors begin at v0, its rows are first .. end - 1. */
static void print_unit(Emitter *e, const LinearWeight *s)
{
    int64_t slices = (s->rows + e->kernel->slice - 1) / e->kernel->slice, slice = e->kernel->slice;
    Text *text = e->text;
    if (slices == 1) {
        line(text, "int64_t v0 = %s, first = 0, end = %" PRId64 ";", index_scale(e, s->tile_vectors, "unit"), s->rows);
        return;
    }
    line(text, "int64_t v0 = %s(unit / %" PRId64 "), first = %" PRId64 "*(unit %% %" PRId64 "), "
               "end = int_min(first + %" PRId64 ", %" PRId64 ");",
         s->tile_vectors > 1 ? arena_printf(e->arena, "%" PRId64 "*", s->tile_vectors) : "", slices, slice, slices, slice,
         s->rows);
}

static void print_over_blocks(Emitter *e, const LinearWeight *s)
{
    Text *text = e->text;
    const char *name = name_of(e, e->kernel->stores.at[0]), *at = "[r0 + r][LANES*(v0 + v)]";
    bool applies = applies_update(e->kernel);
    const char *history = has_history(e->kernel) ? arena_printf(e->arena, "&history%s", at) : "NULL";
    bool overlap = s->rows % s->tile_rows;

    print_unit(e, s);
    print_transposition(e, s);
    const char *counter = overlap ? "next" : "r0";
    line(text, "for (int64_t %s = first; %s < end; %s += %" PRId64 ") {", counter, counter, counter, s->tile_rows);
    if (overlap)
        line(text, "int64_t r0 = int_min(next, %" PRId64 ");      /* the last tile begins early */", s->rows - s->tile_rows);
    if (applies) {
        line(text, "/* What is updated lies further away than what is summed: asked for now, it is there in time. */");
        open_unrolled(e, "r", s->tile_rows);
        line(text, "for (int v = 0; v < %" PRId64 "; v++) {", s->tile_vectors);
        line(text, "__builtin_prefetch(&%s%s, 1);", name, at);
        if (has_history(e->kernel))
            line(text, "__builtin_prefetch(&history%s, 1);", at);
        line(text, "}");
        close_loops(e, 1);
    }
    line(text, "vf sum[%" PRId64 "][%" PRId64 "] = {0};", s->tile_rows, s->tile_vectors);
    line(text, "for (int64_t block = 0; block < blocks; block++) {");
    print_sums(e, s, "[block]", "LANES*block + k");
    line(text, "}");
    open_unrolled(e, "r", s->tile_rows);
    if (overlap)
        open_loop(e, "if (r0 + r >= next)");
    open_unrolled(e, "v", s->tile_vectors);
    if (applies)
        line_wrapped(text, "sgd_lanes(&%s%s, %s, sum[r][v], %s, step->lr, step->first_step);", name, at, history,
                     sgd_c(&e->kernel->program->graph->model->train));
    else
        line(text, "lanes_store(&%s%s, sum[r][v]);", name, at);
    close_loops(e, 2 + overlap);
    line(text, "}");
}

void print_linear_weight(Emitter *e)
{
    const LinearWeight *s = e->kernel->shape;
    if (e->kernel->all_blocks)
        print_over_blocks(e, s);
    else
        print_in_block(e, s);
}
