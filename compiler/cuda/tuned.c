#include "cuda/tuned.h"

#include <inttypes.h>
#include <string.h>

void open_line(CudaEmitter *e, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    line(e->text, "%s", arena_vprintf(e->arena, format, list));
    va_end(list);
    e->text->indent++;
}

void close_lines(CudaEmitter *e, int levels)
{
    e->text->indent -= levels;
}

void open_unroll(CudaEmitter *e, const char *name, int64_t extent)
{
    open_line(e, "UNROLL for (int %s = 0; %s < %" PRId64 "; %s++)", name, name, extent, name);
}

static bool is_zero(const char *index) { return strcmp(index, "0") == 0; }

const char *number_c(CudaEmitter *e, int64_t number)
{
    return arena_printf(e->arena, "%" PRId64, number);
}

const char *sum_c(CudaEmitter *e, const char *a, const char *b)
{
    if (is_zero(a))
        return b;
    return is_zero(b) ? a : arena_printf(e->arena, b[0] == '-' ? "%s - %s" : "%s + %s", a, b[0] == '-' ? b + 1 : b);
}

const char *scale_c(CudaEmitter *e, int64_t factor, const char *a)
{
    if (factor == 1 || is_zero(a))
        return a;
    return arena_printf(e->arena, strpbrk(a, "+-%") ? "%" PRId64 "*(%s)" : "%" PRId64 "*%s", factor, a);
}

void print_block(CudaEmitter *e, int64_t units)
{
    if (units == 1)
        line(e->text, "int block = unit;");
    else
        line(e->text, "int block = unit / %" PRId64 ", part = unit %% %" PRId64 ";", units, units);
}

void print_digits(CudaEmitter *e, const char *number, const Digit *digits, int count)
{
    const char *text = "";
    int64_t inner = 1;
    for (int i = count - 1; i >= 0; i--) {
        const Digit *digit = &digits[i];
        bool outermost = true;
        for (int j = 0; j < i; j++)
            outermost = outermost && digits[j].extent == 1;
        const char *at = inner > 1 ? arena_printf(e->arena, "%s / %" PRId64, number, inner) : number;
        if (digit->extent > 1 && !outermost)
            at = arena_printf(e->arena, "%s %% %" PRId64, at, digit->extent);
        if (digit->extent > 1)
            text = arena_printf(e->arena, "%s = %s%s%s", digit->name, at, *text ? ", " : "", text);
        inner *= digit->extent;
    }
    if (*text)
        line_wrapped(e->text, "int %s;", text);
}

const char *tile_start(CudaEmitter *e, const char *tile, int64_t size, int64_t extent)
{
    if (extent <= size)
        return "0";
    const char *start = scale_c(e, size, tile);
    return extent % size ? arena_printf(e->arena, "int_min(%s, %" PRId64 ")", start, extent - size) : start;
}

static bool has_axis(const Nest *nest, const char *name)
{
    for (int i = 0; i < nest->overs; i++)
        if (strcmp(nest->over[i]->name, name) == 0 && nest->over[i]->extent > 1)
            return true;
    return false;
}

void declare_axis(CudaEmitter *e, const char *name, const char *value)
{
    if (has_axis(e->kernel->nest, name) && strcmp(name, value) != 0)
        line(e->text, "int %s = %s;", name, value);
}

/* A name in place of an expression. */
static Expr *named(Arena *arena, const char *text)
{
    Axis *axis = NEW(arena, Axis);
    Expr *expr = NEW(arena, Expr);
    *axis = (Axis){ text, INT32_MAX };
    *expr = (Expr){ .kind = EXPR_AXIS, .type = TYPE_REAL, .axis = axis };
    return expr;
}

void store_value(CudaEmitter *e, const char *value, const char *place, const Tensor *of)
{
    const Nest *nest = e->kernel->nest;
    e->scope.reduced[0] = value;
    e->scope.reduced[1] = place;
    for (int i = 0; i < nest->stores; i++) {
        const Store *store = &nest->store[i];
        Expr *stored = of ? expr_substitute(e->arena, store->value, of, named(e->arena, value), NULL, NULL, 0) : store->value;
        line_wrapped(e->text, "%s = %s;", cuda_element(&e->scope, store->tensor, store->index),
                     expr_c(&e->scope, stored, 0));
    }
}

const char *tensor_c(CudaEmitter *e, const Tensor *tensor)
{
    const Buffer *buffer = kernel_buffer(e->kernel, tensor);
    return buffer->place == PLACE_WEIGHTS ? arena_printf(e->arena, "w.%s", buffer->name) : buffer->name;
}

const char *channel_c(CudaEmitter *e, int64_t groups, int64_t size, const char *c)
{
    return groups == 1 ? c : sum_c(e, size == 1 ? "g" : arena_printf(e->arena, "%" PRId64 "*g", size), c);
}

int64_t load_width(const ConvShape *s, int64_t rows, int64_t step)
{
    int64_t width = 8, pixels = s->image[0] * s->image[1];
    while (pixels % width || rows * s->image[1] % width || step * s->image[1] % width)
        width /= 2;
    return width;
}
