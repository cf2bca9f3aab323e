/* Expressions in C. A value that differs between samples is a vector; all others are plain numbers, which GCC's vector
 * extensions let stand beside vectors in arithmetic and comparisons. */
#include "c/print.h"

#include <inttypes.h>
#include <math.h>

/* How tightly C binds. The operands of & and | always get parentheses where they have operators of their own. */
enum { BIND_CHOICE = 1, BIND_OR, BIND_AND, BIND_MASK, BIND_COMPARE, BIND_SUM, BIND_PRODUCT, BIND_UNARY, BIND_PRIMARY };

static const struct Notation {
    int         binding;
    const char *plain, *vector;         /* between the operands */
    const char *function;               /* or before them: lanes_max, and lanes_max_int, real_max, int_max */
} notation[] = {
    [EXPR_ADD]  = { BIND_SUM,     " + ", " + ", NULL },
    [EXPR_SUB]  = { BIND_SUM,     " - ", " - ", NULL },
    [EXPR_MUL]  = { BIND_PRODUCT, " * ", " * ", NULL },
    [EXPR_DIV]  = { BIND_PRODUCT, " / ", " / ", NULL },
    [EXPR_MOD]  = { BIND_PRODUCT, " % ", " % ", NULL },
    [EXPR_LT]   = { BIND_COMPARE, " < ", " < ", NULL },
    [EXPR_LE]   = { BIND_COMPARE, " <= ", " <= ", NULL },
    [EXPR_EQ]   = { BIND_COMPARE, " == ", " == ", NULL },
    [EXPR_AND]  = { BIND_AND,     " && ", " & ", NULL },
    [EXPR_OR]   = { BIND_OR,      " || ", " | ", NULL },
    [EXPR_MIN]  = { BIND_PRIMARY, NULL, NULL, "min" },
    [EXPR_MAX]  = { BIND_PRIMARY, NULL, NULL, "max" },
    [EXPR_ABS]  = { BIND_PRIMARY, NULL, NULL, "abs" },
    [EXPR_EXP]  = { BIND_PRIMARY, NULL, NULL, "exp" },
    [EXPR_LOG]  = { BIND_PRIMARY, NULL, NULL, "log" },
    [EXPR_TANH] = { BIND_PRIMARY, NULL, NULL, "tanh" },
    [EXPR_SQRT] = { BIND_PRIMARY, NULL, NULL, "sqrt" },
    [EXPR_ERF]  = { BIND_PRIMARY, NULL, NULL, "erf" },
};

const char *buffer_dims(Arena *arena, const Buffer *buffer)
{
    const char *dims = "";
    for (int i = 0; i < buffer->rank; i++)
        dims = arena_printf(arena, "%s[%" PRId64 "]", dims, buffer->dim[i]);
    return dims;
}

const char *buffer_type(const Buffer *buffer)
{
    bool whole = buffer->tensor->type == TYPE_INT;
    if (buffer->single)
        return whole ? "int" : "real";
    return !buffer->tensor->per_sample ? "real" : whole ? "vi" : "vf";
}

bool expr_is_vector(const Scope *scope, const Expr *e)
{
    if (scope->kernel->program->single)
        return false;
    switch (e->kind) {
    case EXPR_REAL: case EXPR_INT: case EXPR_AXIS:
        return false;
    case EXPR_LOAD:
        return e->tensor->per_sample;
    case EXPR_REDUCED:
        return scope->reduced[e->integer] || expr_is_vector(scope, scope->kernel->nest->reduce[e->integer].value);
    case EXPR_EXP: case EXPR_LOG: case EXPR_TANH: case EXPR_SQRT: case EXPR_ERF:
        return true;
    default:
        for (int i = 0; i < 3 && e->arg[i]; i++)
            if (expr_is_vector(scope, e->arg[i]))
                return true;
        return false;
    }
}

static const char *parenthesised(Arena *arena, const char *text, int binding, int outer)
{
    return binding < outer ? arena_printf(arena, "(%s)", text) : text;
}

/* 0.5f where a float holds the number exactly, else (real)0.1. */
static const char *real_c(Arena *arena, double value, int outer)
{
    if (isinf(value))
        return parenthesised(arena, value < 0 ? "-INFINITY" : "INFINITY", BIND_UNARY, outer);
    const char *digits = double_c(arena, value);
    int binding = value < 0 ? BIND_UNARY : BIND_PRIMARY;
    if ((double)(float)value == value)
        return parenthesised(arena, arena_printf(arena, "%sf", digits), binding, outer);
    return parenthesised(arena, arena_printf(arena, "(real)%s", digits), BIND_UNARY, outer);
}

const char *element_c(const Scope *scope, const Tensor *tensor, Expr *const index[])
{
    if (tensor->role == ROLE_CONSTANT)
        return arena_printf(scope->arena, "%s[%s]", tensor->name, expr_c(scope, index[0], 0));
    if (scope->element)
        return scope->element(scope, tensor, index);
    const Buffer *buffer = kernel_buffer(scope->kernel, tensor);
    const char *text = buffer->name;
    if (buffer->place == PLACE_WEIGHTS)
        text = arena_printf(scope->arena, "w->%s", text);
    if (buffer->place == PLACE_BATCH && scope->kernel->all_blocks)
        text = arena_printf(scope->arena, "%s[block]", text);
    for (int i = 0; i < buffer->rank; i++)
        text = arena_printf(scope->arena, "%s[%s]", text, expr_c(scope, index[buffer->order[i]], 0));
    return text;
}

bool loop_has_start(const Kernel *kernel, int loop)
{
    const Loop *over = &kernel->over[loop];
    return over->tile > 1 && (over->tile < over->axis->extent || (kernel->all_blocks && loop == 0));
}

/* The reduction's variable at the point of the tile: sum[x - x0][o - o0]. */
static const char *reduced_c(const Scope *scope, const Expr *e, int outer)
{
    const Reduce *reduce = &scope->kernel->nest->reduce[e->integer];
    const char *text = scope->reduced[e->integer];
    if (!text) {
        bool from_zero = reduce->init->kind == EXPR_REAL && reduce->init->real == 0;
        Expr *value = from_zero ? reduce->value : expr_binary(scope->arena, EXPR_ADD, reduce->init, reduce->value);
        return expr_c(scope, value, outer);
    }
    for (int i = 0; i < scope->kernel->nest->overs; i++) {
        const Loop *loop = &scope->kernel->over[i];
        const char *name = loop->axis->name;
        if (loop->tile > 1 && loop_has_start(scope->kernel, i))
            text = arena_printf(scope->arena, "%s[%s - %s0]", text, name, name);
        else if (loop->tile > 1)
            text = arena_printf(scope->arena, "%s[%s]", text, name);
    }
    return text;
}

/* A select is a choice in C where one condition holds for all samples, else a function. */
static const char *select_c(const Scope *scope, const Expr *e, int outer)
{
    Arena *arena = scope->arena;
    if (expr_is_vector(scope, e->arg[0]))
        return arena_printf(arena, "lanes_select%s(%s, %s, %s)", e->type == TYPE_REAL ? "" : "_int",
                            expr_c(scope, e->arg[0], 0), expr_lanes(scope, e->arg[1], 0),
                            expr_lanes(scope, e->arg[2], 0));
    const char *(*branch)(const Scope *, const Expr *, int) = expr_is_vector(scope, e) ? expr_lanes : expr_c;
    const char *text = arena_printf(arena, "%s ? %s : %s", expr_c(scope, e->arg[0], BIND_CHOICE + 1),
                                    branch(scope, e->arg[1], BIND_CHOICE + 1), branch(scope, e->arg[2], BIND_CHOICE));
    return parenthesised(arena, text, BIND_CHOICE, outer);
}

static const char *call_c(const Scope *scope, const Expr *e)
{
    Arena *arena = scope->arena;
    const char *name = notation[e->kind].function;
    bool vector = expr_is_vector(scope, e), whole = e->type != TYPE_REAL;
    const char *(*operand)(const Scope *, const Expr *, int) = vector ? expr_lanes : expr_c;
    const char *text = vector ? arena_printf(arena, "lanes_%s%s(", name, whole ? "_int" : "")
                              : arena_printf(arena, "%s_%s(", whole ? "int" : "real", name);
    for (int i = 0; i < 3 && e->arg[i]; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", operand(scope, e->arg[i], 0));
    return arena_printf(arena, "%s)", text);
}

static const char *infix_c(const Scope *scope, const Expr *e, int outer)
{
    const struct Notation *how = &notation[e->kind];
    bool vector = expr_is_vector(scope, e), mask = vector && e->type == TYPE_BOOL;
    bool joins = e->kind == EXPR_AND || e->kind == EXPR_OR;
    bool index = e->type == TYPE_INT && !vector;
    int binding = mask && joins ? BIND_MASK : how->binding;

    /* 2*y / 3 does not tell everyone which comes first; nor does a && b || c. */
    int left = binding, right = binding + 1;
    if (joins) {
        left = e->arg[0]->kind == e->kind ? binding : vector ? BIND_PRIMARY : BIND_MASK;
        right = e->arg[1]->kind == e->kind ? binding : vector ? BIND_PRIMARY : BIND_MASK;
    } else if (e->kind == EXPR_DIV || e->kind == EXPR_MOD)
        left = right;

    /* An int64_t beside a vector of 32-bit integers is an error in C. */
    const char *(*operand)(const Scope *, const Expr *, int) = vector && (joins || scope->wide) ? expr_lanes : expr_c;
    const char *sign = index && e->kind == EXPR_MUL ? "*" : vector ? how->vector : how->plain;
    const char *text = arena_printf(scope->arena, "%s%s%s", operand(scope, e->arg[0], left), sign,
                                    operand(scope, e->arg[1], right));
    return parenthesised(scope->arena, text, binding, outer);
}

const char *expr_c(const Scope *scope, const Expr *e, int outer)
{
    Arena *arena = scope->arena;
    switch (e->kind) {
    case EXPR_REAL:
        return real_c(arena, e->real, outer);
    case EXPR_INT:
        return parenthesised(arena, arena_printf(arena, "%" PRId64, e->integer),
                             e->integer < 0 ? BIND_UNARY : BIND_PRIMARY, outer);
    case EXPR_AXIS:
        return e->axis->name;
    case EXPR_LOAD:
        return element_c(scope, e->tensor, e->index);
    case EXPR_REDUCED:
        return reduced_c(scope, e, outer);
    case EXPR_SELECT:
        return select_c(scope, e, outer);
    case EXPR_TO_REAL:
        if (expr_is_vector(scope, e))
            return arena_printf(arena, "lanes_real(%s)", expr_c(scope, e->arg[0], 0));
        return parenthesised(arena, arena_printf(arena, "(real)%s", expr_c(scope, e->arg[0], BIND_UNARY)), BIND_UNARY,
                             outer);
    default:
        return notation[e->kind].function ? call_c(scope, e) : infix_c(scope, e, outer);
    }
}

const char *expr_lanes(const Scope *scope, const Expr *e, int outer)
{
    if (expr_is_vector(scope, e) || scope->kernel->program->single)
        return expr_c(scope, e, outer);
    const char *text = expr_c(scope, e, e->type == TYPE_BOOL ? BIND_UNARY : 0);
    if (e->type == TYPE_REAL)
        return arena_printf(scope->arena, "lanes_of(%s)", text);
    return arena_printf(scope->arena, "lanes_of_int(%s%s)", e->type == TYPE_BOOL ? "-" : "", text);
}
