/* What is inside the loops over a nest's results: its reductions, with the loops and conditions of their folds. */
#include "c/nest.h"

#include <inttypes.h>

enum { LONG_AXIS = 1 << 30 };

/* ---- loops */

void heads_add(Heads *heads, const char *head)
{
    heads->at[heads->count++] = head;
}

/* Only the innermost gets braces, where its body has several statements. */
void heads_open(NestPrinter *p, const Heads *heads, bool several)
{
    for (int i = 0; i < heads->count; i++) {
        bool braces = several && i + 1 == heads->count;
        line(p->text, braces ? "%s {" : "%s", heads->at[i]);
        p->text->indent += !braces;
    }
}

void heads_close(NestPrinter *p, const Heads *heads, bool several)
{
    bool braces = several && heads->count > 0;
    if (braces)
        line(p->text, "}");
    p->text->indent -= heads->count - braces;
}

static void add_fold_loop(NestPrinter *p, Heads *heads, const Axis *axis)
{
    const char *unroll = p->unroll ? arena_printf(p->arena, "UNROLL(%" PRId64 ")\n", axis->extent) : "";
    if (axis->extent > 1)
        heads_add(heads, arena_printf(p->arena, "%sfor (%s %s = 0; %s < %" PRId64 "; %s++)", unroll, p->index, axis->name,
                                     axis->name, axis->extent, axis->name));
}

/* The unrolled loops over the points of a tile. */
void heads_add_tile(NestPrinter *p, Heads *heads)
{
    for (int i = 0; i < p->nest->overs; i++) {
        const Loop *loop = &p->kernel->over[i];
        const char *name = loop->axis->name, *unroll = arena_printf(p->arena, "UNROLL(%" PRId64 ")\n", loop->tile);
        if (loop->tile > 1 && loop_has_start(p->kernel, i))
            heads_add(heads, arena_printf(p->arena, "%sfor (%s %s = %s0; %s < %s0 + %" PRId64 "; %s++)", unroll,
                                         p->index, name, name, name, name, loop->tile, name));
        else if (loop->tile > 1)
            heads_add(heads, arena_printf(p->arena, "%sfor (%s %s = 0; %s < %" PRId64 "; %s++)", unroll, p->index, name,
                                         name, loop->tile, name));
    }
}

/* The conditions that the axis at `level` decides: those that depend on it and on none of the loops inside it. `first`:
 * and those that depend on nothing inside it at all. */
void heads_add_conditions(NestPrinter *p, Heads *heads, Expr *const conditions[], int count, int level, bool first)
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
        heads_add(heads, arena_printf(p->arena, "if (%s)", text));
}

/* ---- reductions */

/* Nothing is folded: the value can stand where the result is used. */
static bool stands_alone(const Kernel *kernel, const Reduce *reduce)
{
    return reduce->kind == REDUCE_SUM && kernel->nest->folds == 0 && kernel->nest->guards == 0 && !kernel->all_blocks;
}

void nest_name_reductions(NestPrinter *p)
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
static const char *reduced(NestPrinter *p, int i)
{
    Expr e = { .kind = EXPR_REDUCED, .type = p->nest->reduce[i].value->type, .integer = i };
    return expr_c(&p->scope, &e, 0);
}

static const char *value_type(const NestPrinter *p, const Expr *e)
{
    if (p->kernel->program->single)
        return e->type == TYPE_REAL ? "real" : "int";
    return e->type == TYPE_REAL ? "vf" : "vi";
}

/* `mask` ? `yes` : `no` */
static const char *choice_c(NestPrinter *p, const char *mask, const Expr *yes, const char *no)
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

static void print_start(NestPrinter *p, int i)
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
    heads_add_tile(p, &heads);
    heads_open(p, &heads, false);
    line_wrapped(p->text, "%s = %s;", reduced(p, i), value);
    heads_close(p, &heads, false);
}

/* A maximum keeps the value it looks at, and, for the place that follows it, where that exceeds what there was. */
static void print_maximum(NestPrinter *p, int i)
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

static void print_step(NestPrinter *p, int i)
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

static void print_folds(NestPrinter *p)
{
    const Nest *nest = p->nest;
    Heads heads = {0};
    heads_add_conditions(p, &heads, nest->guard, nest->guards, nest->overs - 1, true);
    if (p->kernel->all_blocks)
        heads_add(&heads, p->blocks);
    for (int i = 0; i < nest->folds; i++) {
        add_fold_loop(p, &heads, p->kernel->fold[i]);
        heads_add_conditions(p, &heads, nest->guard, nest->guards, nest->overs + i, false);
    }
    heads_add_tile(p, &heads);

    bool several = nest->reduces > 1 || nest->reduce[0].kind == REDUCE_MAX;
    heads_open(p, &heads, several);
    for (int i = 0; i < nest->reduces; i++)
        print_step(p, i);
    heads_close(p, &heads, several);
}

void nest_print_reductions(NestPrinter *p)
{
    for (int i = 0; i < p->nest->reduces; i++)
        print_start(p, i);
    print_folds(p);
}

NestPrinter nest_printer(Text *text, const Kernel *kernel)
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

    return (NestPrinter){
        .text = text, .arena = text->arena, .kernel = kernel, .nest = kernel->nest,
        .scope = { .arena = text->arena, .kernel = kernel, .wide = wide },
        .index = wide ? "int64_t" : "int",
    };
}
