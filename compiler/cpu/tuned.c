#include "cpu/tuned.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void open_loop(Emitter *e, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    line(e->text, "%s", arena_vprintf(e->arena, format, list));
    va_end(list);
    e->text->indent++;
    e->depth++;
}

void close_loops(Emitter *e, int levels)
{
    e->text->indent -= levels;
    e->depth -= levels;
}

void open_count(Emitter *e, const char *name, int64_t extent)
{
    open_loop(e, "for (int %s = 0; %s < %" PRId64 "; %s++)", name, name, extent, name);
}

void open_unrolled(Emitter *e, const char *name, int64_t extent)
{
    line(e->text, "UNROLL(%" PRId64 ")", extent);
    open_count(e, name, extent);
}

const char *tile_head(Emitter *e, const char *name, int64_t extent, int64_t tile)
{
    const char *step = tile == 1 ? arena_printf(e->arena, "%s++", name)
                                 : arena_printf(e->arena, "%s += %" PRId64, name, tile);
    if (extent % tile)
        step = arena_printf(e->arena, "%s = %s == %" PRId64 " ? %" PRId64 " : %s + %" PRId64, name, name,
                            (extent / tile - 1) * tile, extent - tile, name, tile);
    return arena_printf(e->arena, "for (int %s = 0; %s < %" PRId64 "; %s)", name, name, extent, step);
}

const char *range_name(const Emitter *e, const char *cut)
{
    for (int i = 0; i < e->kernel->cuts; i++)
        if (e->kernel->cut[i].parts > 1 && strcmp(e->kernel->cut[i].name, cut) == 0)
            return arena_printf(e->arena, "%s_range", cut);
    return NULL;
}

const char *range_head(Emitter *e, const char *cut, const char *name, int64_t extent, int64_t tile)
{
    const char *range = range_name(e, cut);
    return range ? range_loop(e->arena, "int", name, range, extent, tile) : tile_head(e, name, extent, tile);
}

const char *name_of(const Emitter *e, const Tensor *tensor)
{
    const Buffer *buffer = kernel_buffer(e->kernel, tensor);
    return buffer->place == PLACE_WEIGHTS ? arena_printf(e->arena, "w->%s", buffer->name) : buffer->name;
}

static bool is_zero(const char *index) { return strcmp(index, "0") == 0; }

const char *index_sum(Emitter *e, const char *a, const char *b)
{
    if (is_zero(a))
        return b;
    return is_zero(b) ? a : arena_printf(e->arena, "%s + %s", a, b);
}

const char *index_scale(Emitter *e, int64_t factor, const char *a)
{
    if (factor == 1 || is_zero(a))
        return a;
    return arena_printf(e->arena, strpbrk(a, "+-") ? "%" PRId64 "*(%s)" : "%" PRId64 "*%s", factor, a);
}

const char *channel_index(Emitter *e, int64_t groups, int64_t size, const char *c)
{
    return groups == 1 ? c : index_sum(e, arena_printf(e->arena, size == 1 ? "g" : "%" PRId64 "*g", size), c);
}

/* The nest's axis `name` as an expression that prints as `text`. */
static Expr *named(Arena *arena, const char *text)
{
    Axis *axis = NEW(arena, Axis);
    *axis = (Axis){ text, INT32_MAX };
    Expr *expr = NEW(arena, Expr);
    *expr = (Expr){ .kind = EXPR_AXIS, .type = TYPE_INT, .axis = axis };
    return expr;
}

void store_results(Emitter *e, const char *value, const char *place, const AxisText *axes, int count)
{
    const Nest *nest = e->kernel->nest;
    const Axis *from[MAX_OVER];
    Expr *to[MAX_OVER];
    int known = 0;
    for (int i = 0; i < nest->overs; i++)
        for (int j = 0; j < count; j++)
            if (strcmp(nest->over[i]->name, axes[j].axis) == 0) {
                from[known] = nest->over[i];
                to[known++] = named(e->arena, axes[j].index);
            }
    e->scope.reduced[0] = value;
    e->scope.reduced[1] = place;
    for (int i = 0; i < nest->stores; i++) {
        const Store *store = &nest->store[i];
        Expr *index[MAX_INDEX] = { NULL };
        for (int d = 0; d < store->tensor->rank; d++)
            index[d] = expr_substitute(e->arena, store->index[d], NULL, NULL, from, to, known);
        Expr *stored = expr_substitute(e->arena, store->value, NULL, NULL, from, to, known);
        line_wrapped(e->text, "%s = %s;", element_c(&e->scope, store->tensor, index),
                     expr_lanes(&e->scope, stored, 0));
    }
}
