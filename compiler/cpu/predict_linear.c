/* Linear layers of a single image: the products of a weight's rows, or columns, with the features. */
#include "cpu/tuned.h"

#include <inttypes.h>

/* The features in the lanes, summed at the end. */
static void print_down(Emitter *e, const DotShape *s)
{
    Text *text = e->text;
    int64_t whole = s->features / e->plan->target->lanes * e->plan->target->lanes;
    bool rest = whole < s->features;
    const char *weight = name_of(e, s->weight);
    const char *i = s->tile < s->outputs ? "i0 + i" : "i";
    if (s->tile < s->outputs)
        line(text, "%s {", tile_head(e, "i0", s->outputs, s->tile));
    line(text, "vf sum[%" PRId64 "] = {0};", s->tile);
    if (rest)
        line(text, "real rest[%" PRId64 "] = {0};", s->tile);
    open_loop(e, "for (int j = 0; j < %" PRId64 "; j += LANES)", whole);
    open_unrolled(e, "i", s->tile);
    line(text, "sum[i] += lanes_load(&%s[%s][j]) * lanes_load(from + j);", weight, i);
    close_loops(e, 2);
    if (rest) {
        open_loop(e, "for (int j = %" PRId64 "; j < %" PRId64 "; j++)", whole, s->features);
        open_unrolled(e, "i", s->tile);
        line(text, "rest[i] += %s[%s][j] * from[j];", weight, i);
        close_loops(e, 2);
    }
    line(text, "UNROLL(%" PRId64 ")\nfor (int i = 0; i < %" PRId64 "; i++) {", s->tile, s->tile);
    line(text, "real value = lanes_sum(sum[i])%s%s;", rest ? " + rest[i]" : "",
         s->bias ? arena_printf(e->arena, " + %s[%s]", name_of(e, s->bias), i) : "");
    AxisText axes[] = { { "i", i } };
    store_results(e, "value", NULL, axes, 1);
    line(text, s->tile < s->outputs ? "}\n}" : "}");
}

/* Outputs in the lanes, each feature beside all of a row. A row is filled up to whole vectors. */
static void print_across(Emitter *e, const DotShape *s)
{
    Text *text = e->text;
    const char *v = s->tile < s->vectors ? "(v0 + v)" : "v", *first = "0";
    if (s->tile < s->vectors) {
        line(text, "%s {", tile_head(e, "v0", s->vectors, s->tile));
        first = "LANES*v0";
    }
    line(text, "vf sum[%" PRId64 "] = {0};", s->tile);
    open_count(e, "j", s->features);
    open_unrolled(e, "v", s->tile);
    line(text, "sum[v] += from[j] * lanes_load(&%s[j][LANES*%s]);", name_of(e, s->weight), v);
    close_loops(e, 2);
    line(text, "for (int i = %s; i < %s; i++) {", first,
         s->tile < s->vectors ? arena_printf(e->arena, "int_min(LANES*(v0 + %" PRId64 "), %" PRId64 ")", s->tile, s->outputs)
                              : arena_printf(e->arena, "%" PRId64, s->outputs));
    line(text, "real value = ((const real *)sum)[%s]%s;", s->tile < s->vectors ? "i - LANES*v0" : "i",
         s->bias ? arena_printf(e->arena, " + %s[i]", name_of(e, s->bias)) : "");
    store_results(e, "value", NULL, (AxisText[]){ { "i", "i" } }, 1);
    line(text, s->tile < s->vectors ? "}\n}" : "}");
}

void print_dot(Emitter *e)
{
    static const char *const rows[] = { "", "", "[0]", "[0][0]" };
    const DotShape *s = e->kernel->shape;
    line(e->text, "const real *from = %s%s;", name_of(e, s->x), rows[s->x->rank]);
    if (s->across)
        print_across(e, s);
    else
        print_down(e, s);
}
