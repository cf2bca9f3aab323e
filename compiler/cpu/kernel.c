/* A nest as a function: one loop for each named axis, the vector of samples innermost. */
#include "cpu/tuned.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_HEADS = 3 * (MAX_OVER + MAX_FOLD) + 2, LONG_AXIS = 1 << 30, MOST_UNROLLED = 16, LEAST_LANES = 4 };

/* Loops and conditions around a body. */
typedef struct Heads { const char *at[MAX_HEADS]; int count; } Heads;

typedef struct Printer {
    Text         *text;
    Arena        *arena;
    const Kernel *kernel;
    const Nest   *nest;
    Scope         scope;
    const char   *index;                /* the type of a loop's counter */
} Printer;

/* ---- loops */

static void add_head(Heads *heads, const char *head)
{
    heads->at[heads->count++] = head;
}

/* Only the innermost gets braces, where its body has several statements. */
static void open_heads(Printer *p, const Heads *heads, bool several)
{
    for (int i = 0; i < heads->count; i++) {
        bool braces = several && i + 1 == heads->count;
        line(p->text, braces ? "%s {" : "%s", heads->at[i]);
        p->text->indent += !braces;
    }
}

static void close_heads(Printer *p, const Heads *heads, bool several)
{
    bool braces = several && heads->count > 0;
    if (braces)
        line(p->text, "}");
    p->text->indent -= heads->count - braces;
}

/* Of a single sample: whether the points of the innermost loop become lanes. Each is stored at a place of its own, and the
 * reduction inside it is unrolled. */
static bool has_lanes(const Kernel *kernel)
{
    const Nest *nest = kernel->nest;
    int64_t folded = 1;
    for (int i = 0; i < nest->folds; i++)
        folded *= nest->fold[i]->extent;
    return kernel->program->single && nest->overs > 0 && kernel->tile == 1 && folded <= MOST_UNROLLED &&
           nest->guards + nest->domains == 0 && kernel->over[nest->overs - 1].axis->extent >= LEAST_LANES;
}

static void add_loop(Printer *p, Heads *heads, const Axis *axis)
{
    const char *unroll = has_lanes(p->kernel) ? arena_printf(p->arena, "UNROLL(%" PRId64 ")\n", axis->extent) : "";
    if (axis->extent > 1)
        add_head(heads, arena_printf(p->arena, "%sfor (%s %s = 0; %s < %" PRId64 "; %s++)", unroll, p->index, axis->name,
                                     axis->name, axis->extent, axis->name));
}

const char *range_loop(Arena *arena, const char *type, const char *counter, const char *range, int64_t extent,
                       int64_t tile)
{
    const char *step = arena_printf(arena, "%s++", counter);
    if (extent % tile)
        step = arena_printf(arena, "%s = next_tile(%s, %" PRId64 ", %s.end)", counter, counter, tile, range);
    else if (tile > 1)
        step = arena_printf(arena, "%s += %" PRId64, counter, tile);
    return arena_printf(arena, "for (%s %s = %s.first; %s < %s.end; %s)", type, counter, range, counter, range, step);
}

/* The name of the range of the loop that is this unit's, or NULL. */
static const char *range_of(Printer *p, const Axis *axis)
{
    for (int i = 0; i < p->kernel->cuts; i++)
        if (p->kernel->cut[i].parts > 1 && p->kernel->cut[i].name == axis->name)
            return arena_printf(p->arena, "%s_range", axis->name);
    return NULL;
}

/* Of 23 points in tiles of 2: x = 0, 2, 4 … 20, then 21. Of a loop that units share, a unit's part. */
static void add_over_loop(Printer *p, Heads *heads, int i)
{
    const Loop *loop = &p->kernel->over[i];
    const char *name = loop->axis->name;
    int64_t extent = loop->axis->extent, tile = loop->tile;
    bool sliced = p->kernel->all_blocks && i == 0;
    if (tile == extent && !sliced)
        return;
    const char *counter = tile > 1 ? arena_printf(p->arena, "%s0", name) : name;
    const char *step = tile > 1 ? arena_printf(p->arena, "%s += %" PRId64, counter, tile)
                                : arena_printf(p->arena, "%s++", counter);

    const char *range = range_of(p, loop->axis);
    if (range) {
        add_head(heads, range_loop(p->arena, p->index, counter, range, extent, tile));
        return;
    }
    if (sliced) {
        add_head(heads, arena_printf(p->arena, "for (%s %s = first; %s < end; %s)", p->index, counter, counter, step));
        return;
    }
    if (extent % tile)
        step = arena_printf(p->arena, "%s = %s == %" PRId64 " ? %" PRId64 " : %s + %" PRId64, counter, counter,
                            (extent / tile - 1) * tile, extent - tile, counter, tile);
    const char *simd = i + 1 == p->nest->overs && has_lanes(p->kernel) ? "#pragma omp simd\n" : "";
    add_head(heads, arena_printf(p->arena, "%sfor (%s %s = 0; %s < %" PRId64 "; %s)", simd, p->index, counter, counter,
                                 extent, step));
}

/* The unrolled loops over the points of a tile. */
static void add_tile_loops(Printer *p, Heads *heads)
{
    for (int i = 0; i < p->nest->overs; i++) {
        const Loop *loop = &p->kernel->over[i];
        const char *name = loop->axis->name, *unroll = arena_printf(p->arena, "UNROLL(%" PRId64 ")\n", loop->tile);
        if (loop->tile > 1 && loop_has_start(p->kernel, i))
            add_head(heads, arena_printf(p->arena, "%sfor (%s %s = %s0; %s < %s0 + %" PRId64 "; %s++)", unroll,
                                         p->index, name, name, name, name, loop->tile, name));
        else if (loop->tile > 1)
            add_head(heads, arena_printf(p->arena, "%sfor (%s %s = 0; %s < %" PRId64 "; %s++)", unroll, p->index, name,
                                         name, loop->tile, name));
    }
}

/* The conditions that the axis at `level` decides: those that depend on it and on none of the loops inside it. `first`:
 * and those that depend on nothing inside it at all. */
static void add_conditions(Printer *p, Heads *heads, Expr *const conditions[], int count, int level, bool first)
{
    const Axis *axes[MAX_OVER + MAX_FOLD];
    int axis_count = 0;
    for (int i = 0; i < p->nest->overs; i++)
        axes[axis_count++] = p->kernel->over[i].axis;
    for (int i = 0; i < p->nest->folds; i++)
        axes[axis_count++] = p->kernel->fold[i];

    const char *text = NULL;
    for (int i = 0; i < count; i++) {
        int decided = -1;
        for (int j = 0; j < axis_count; j++)
            if (expr_uses(conditions[i], axes[j]))
                decided = j;
        if (decided != level && !(first && decided < level))
            continue;
        const char *condition = expr_c(&p->scope, conditions[i], 0);
        if (!text)
            text = count > 1 && conditions[i]->kind == EXPR_OR ? arena_printf(p->arena, "(%s)", condition) : condition;
        else
            text = arena_printf(p->arena, conditions[i]->kind == EXPR_OR ? "%s && (%s)" : "%s && %s", text, condition);
    }
    if (text)
        add_head(heads, arena_printf(p->arena, "if (%s)", text));
}

/* ---- reductions */

/* Nothing is folded: the value can stand where the result is used. */
static bool stands_alone(const Kernel *kernel, const Reduce *reduce)
{
    return reduce->kind == REDUCE_SUM && kernel->nest->folds == 0 && kernel->nest->guards == 0 && !kernel->all_blocks;
}

static void name_reductions(Printer *p)
{
    static const char *const names[] = {
        [REDUCE_SUM] = "sum", [REDUCE_MAX] = "largest", [REDUCE_ARGMAX] = "place", [REDUCE_LAST] = "last",
    };
    for (int i = 0; i < p->nest->reduces; i++) {
        const Reduce *reduce = &p->nest->reduce[i];
        bool second = i > 0 && p->nest->reduce[0].kind == reduce->kind;
        if (!stands_alone(p->kernel, reduce))
            p->scope.reduced[i] = arena_printf(p->arena, "%s%s", names[reduce->kind], second ? "_2" : "");
    }
}

/* The variable of reduction i at the point of the tile. */
static const char *reduced(Printer *p, int i)
{
    Expr e = { .kind = EXPR_REDUCED, .type = p->nest->reduce[i].value->type, .integer = i };
    return expr_c(&p->scope, &e, 0);
}

static const char *value_type(const Printer *p, const Expr *e)
{
    if (p->kernel->program->single)
        return e->type == TYPE_REAL ? "real" : "int";
    return e->type == TYPE_REAL ? "vf" : "vi";
}

/* `mask` ? `yes` : `no` */
static const char *choice_c(Printer *p, const char *mask, const Expr *yes, const char *no)
{
    const char *value = expr_lanes(&p->scope, yes, 0);
    if (p->kernel->program->single)
        return arena_printf(p->arena, "%s ? %s : %s", mask, value, no);
    return arena_printf(p->arena, "%s(%s, %s, %s)", yes->type == TYPE_REAL ? "lanes_select" : "lanes_select_int", mask,
                        value, no);
}

static bool is_zero(const Expr *e)
{
    return (e->kind == EXPR_REAL && e->real == 0) || (e->kind == EXPR_INT && e->integer == 0);
}

static void print_start(Printer *p, int i)
{
    const Reduce *reduce = &p->nest->reduce[i];
    bool single = p->kernel->program->single;
    const char *dims = "", *value = "{0}";
    for (int j = 0; j < p->nest->overs; j++)
        if (p->kernel->over[j].tile > 1)
            dims = arena_printf(p->arena, "%s[%" PRId64 "]", dims, p->kernel->over[j].tile);
    if (reduce->kind == REDUCE_MAX)
        value = single ? "-INFINITY" : "lanes_of(-INFINITY)";
    else if (reduce->init && !is_zero(reduce->init))
        value = expr_lanes(&p->scope, reduce->init, 0);
    else if (single && !*dims)
        value = "0";

    const char *variable = arena_printf(p->arena, "%s %s%s", value_type(p, reduce->value), p->scope.reduced[i], dims);
    if (!*dims || value[0] == '{') {
        line_wrapped(p->text, "%s = %s;", variable, value);
        return;
    }
    Heads heads = {0};
    line(p->text, "%s;", variable);
    add_tile_loops(p, &heads);
    open_heads(p, &heads, false);
    line_wrapped(p->text, "%s = %s;", reduced(p, i), value);
    close_heads(p, &heads, false);
}

/* A maximum keeps the value it looks at, and, for the place that follows it, where that exceeds what there was. */
static void print_maximum(Printer *p, int i)
{
    const char *name = reduced(p, i), *value = i ? "value_2" : "value", *taken = i ? "taken_2" : "taken";
    bool single = p->kernel->program->single;
    line_wrapped(p->text, "%s %s = %s;", single ? "real" : "vf", value,
                 expr_lanes(&p->scope, p->nest->reduce[i].value, 0));
    if (single) {
        line(p->text, "bool %s = real_exceeds(%s, %s);", taken, value, name);
        line(p->text, "%s = %s ? %s : %s;", name, taken, value, name);
        return;
    }
    line(p->text, "vi %s = lanes_exceeds(%s, %s);", taken, value, name);
    line(p->text, "%s = lanes_select(%s, %s, %s);", name, taken, value, name);
}

static void print_step(Printer *p, int i)
{
    const Reduce *reduce = &p->nest->reduce[i];
    const char *name = reduced(p, i);
    switch (reduce->kind) {
    case REDUCE_SUM:
        line_wrapped(p->text, "%s += %s;", name, expr_c(&p->scope, reduce->value, 0));
        break;
    case REDUCE_MAX:
        print_maximum(p, i);
        break;
    case REDUCE_ARGMAX:
        line_wrapped(p->text, "%s = %s;", name, choice_c(p, i > 1 ? "taken_2" : "taken", reduce->value, name));
        break;
    case REDUCE_LAST:
        line_wrapped(p->text, "%s = %s;", name,
                     choice_c(p, expr_lanes(&p->scope, reduce->when, 0), reduce->value, name));
        break;
    }
}

static void print_folds(Printer *p)
{
    const Nest *nest = p->nest;
    Heads heads = {0};
    add_conditions(p, &heads, nest->guard, nest->guards, nest->overs - 1, true);
    if (p->kernel->all_blocks)
        add_head(&heads, "for (int64_t block = 0; block < blocks; block++)");
    for (int i = 0; i < nest->folds; i++) {
        add_loop(p, &heads, p->kernel->fold[i]);
        add_conditions(p, &heads, nest->guard, nest->guards, nest->overs + i, false);
    }
    add_tile_loops(p, &heads);

    bool several = nest->reduces > 1 || nest->reduce[0].kind == REDUCE_MAX;
    open_heads(p, &heads, several);
    for (int i = 0; i < nest->reduces; i++)
        print_step(p, i);
    close_heads(p, &heads, several);
}

/* ---- the body */

static void print_store(Printer *p, const Store *store)
{
    bool gradient = !store->tensor->per_sample;
    const char *element = element_c(&p->scope, store->tensor, store->index);
    const char *value = gradient ? expr_c(&p->scope, store->value, 0) : expr_lanes(&p->scope, store->value, 0);
    line_wrapped(p->text, gradient ? "%s%s = lanes_sum(%s);" : "%s%s = %s;",
                                       store->tensor->rank ? "" : "*", element, value);
}

static void print_body(Printer *p)
{
    const Nest *nest = p->nest;
    Heads over = {0}, tile = {0};
    bool variables = p->nest->reduces > 0 && p->scope.reduced[0];
    bool several = variables || nest->stores > 1;

    for (int i = 0; i < nest->overs; i++) {
        add_over_loop(p, &over, i);
        add_conditions(p, &over, nest->domain, nest->domains, i, false);
    }
    open_heads(p, &over, several);
    if (variables) {
        for (int i = 0; i < nest->reduces; i++)
            print_start(p, i);
        print_folds(p);
    }
    add_tile_loops(p, &tile);
    open_heads(p, &tile, nest->stores > 1);
    for (int i = 0; i < nest->stores; i++)
        print_store(p, &nest->store[i]);
    close_heads(p, &tile, nest->stores > 1);
    close_heads(p, &over, several);
}

static void print_nest(Text *text, const Kernel *kernel)
{
    bool wide = false;
    for (int i = 0; i < kernel->nest->overs; i++)
        wide = wide || kernel->over[i].axis->extent > LONG_AXIS;
    for (int i = 0; i < kernel->nest->folds; i++)
        wide = wide || kernel->fold[i]->extent > LONG_AXIS;
    for (int i = 0; i < kernel->loads.count; i++)
        for (int j = 0; j < kernel->loads.at[i]->rank; j++)
            wide = wide || kernel->loads.at[i]->dim[j] > LONG_AXIS;
    for (int i = 0; i < kernel->nest->stores; i++)
        for (int j = 0; j < kernel->nest->store[i].tensor->rank; j++)
            wide = wide || kernel->nest->store[i].tensor->dim[j] > LONG_AXIS;

    Printer p = {
        .text = text, .arena = text->arena, .kernel = kernel, .nest = kernel->nest,
        .scope = { .arena = text->arena, .kernel = kernel, .wide = wide },
        .index = wide ? "int64_t" : "int",
    };
    name_reductions(&p);
    print_body(&p);
}

/* By scheme: what prints the statements of tuned code. */
static void (*const emitters[SCHEMES])(Emitter *e) = {
    [SCHEME_CONV] = print_conv,
    [SCHEME_CONV_INPUT] = print_conv_input,
    [SCHEME_CONV_WEIGHT_LISTS] = print_conv_weight_lists,
    [SCHEME_CONV_WEIGHT_BLEND] = print_conv_weight_blend,
    [SCHEME_LINEAR_WEIGHT] = print_linear_weight,
    [SCHEME_LOSS] = print_loss,
    [SCHEME_DENSE_WEIGHT] = print_dense_weight,
    [SCHEME_WINOGRAD_WEIGHT] = print_winograd_weight,
    [SCHEME_PIXEL_CONV] = print_pixel_conv,
    [SCHEME_PIXEL_WEIGHT] = print_pixel_weight,
    [SCHEME_DOT] = print_dot,
};

void kernel_print(Text *text, const Plan *plan, const Kernel *kernel)
{
    if (kernel->node)
        print_comment(text, plan, kernel);
    print_signature(text, plan, kernel);
    line(text, "{");
    if (kernel->scheme == SCHEME_NEST)
        print_nest(text, kernel);
    else
        emitters[kernel->scheme](&(Emitter){ .text = text, .arena = text->arena, .plan = plan, .kernel = kernel,
                                             .scope = { .arena = text->arena, .kernel = kernel } });
    line(text, "}");
}
