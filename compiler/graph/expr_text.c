/* Expressions as text: the notation of --emit=graph and of the verifier's messages. */
#include "base/text.h"
#include "graph/graph.h"

#include <stdio.h>
#include <stdlib.h>

/* How tightly an operator binds, and how it is written: between its operands, or as a function before them. */
static const struct Notation {
    int         binding;
    const char *infix, *function;
} notation[] = {
    [EXPR_ADD]  = { 4, " + ", NULL },
    [EXPR_SUB]  = { 4, " - ", NULL },
    [EXPR_MUL]  = { 5, "*", NULL },
    [EXPR_DIV]  = { 5, " / ", NULL },
    [EXPR_MOD]  = { 5, " % ", NULL },
    [EXPR_LT]   = { 3, " < ", NULL },
    [EXPR_LE]   = { 3, " <= ", NULL },
    [EXPR_EQ]   = { 3, " == ", NULL },
    [EXPR_AND]  = { 2, " and ", NULL },
    [EXPR_OR]   = { 1, " or ", NULL },
    [EXPR_MIN]  = { 9, NULL, "min" },
    [EXPR_MAX]  = { 9, NULL, "max" },
    [EXPR_ABS]  = { 9, NULL, "abs" },
    [EXPR_EXP]  = { 9, NULL, "exp" },
    [EXPR_LOG]  = { 9, NULL, "log" },
    [EXPR_TANH] = { 9, NULL, "tanh" },
    [EXPR_SQRT] = { 9, NULL, "sqrt" },
    [EXPR_ERF]  = { 9, NULL, "erf" },
    [EXPR_TO_REAL] = { 9, NULL, "real" },
    [EXPR_SELECT]  = { 9, NULL, "select" },
};

/* The fewest digits that read back as the same number; one that is whole still reads as a real. */
static void add_real(Text *text, double value)
{
    char digits[40];
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    bool whole = true;
    for (const char *c = digits; *c; c++)
        whole = whole && (*c == '-' || (*c >= '0' && *c <= '9'));
    text_add(text, whole ? "%s.0" : "%s", digits);
}

/* `outer` is how tightly what stands around it binds. */
static void add_expr(Text *text, const Expr *e, int outer)
{
    switch (e->kind) {
    case EXPR_REAL:
        add_real(text, e->real);
        return;
    case EXPR_INT:
        if (e->type == TYPE_BOOL)
            text_add(text, "%s", e->integer ? "true" : "false");
        else
            text_add(text, "%lld", (long long)e->integer);
        return;
    case EXPR_AXIS:
        text_add(text, "%s", e->axis->name);
        return;
    case EXPR_REDUCED:
        text_add(text, "r%lld", (long long)e->integer);
        return;
    case EXPR_LOAD:
        text_add(text, "%s", e->tensor->name);
        for (int i = 0; i < e->tensor->rank; i++) {
            text_add(text, "[");
            if (e->index[i])
                add_expr(text, e->index[i], 0);
            text_add(text, "]");
        }
        return;
    default:
        break;
    }

    const struct Notation *how = &notation[e->kind];
    if (how->function) {
        text_add(text, "%s(", how->function);
        for (int i = 0; i < 3 && e->arg[i]; i++) {
            text_add(text, i ? ", " : "");
            add_expr(text, e->arg[i], 0);
        }
        text_add(text, ")");
        return;
    }
    /* 2*y / 3 would not say which comes first to everyone: a product beside / or % has parentheses. */
    bool mixes = e->kind == EXPR_DIV || e->kind == EXPR_MOD, chains = e->kind == EXPR_AND || e->kind == EXPR_OR;
    text_add(text, how->binding < outer ? "(" : "");
    add_expr(text, e->arg[0], how->binding + mixes);
    text_add(text, "%s", how->infix);
    add_expr(text, e->arg[1], how->binding + !chains);
    text_add(text, how->binding < outer ? ")" : "");
}

const char *expr_text(Arena *arena, const Expr *expr)
{
    Text *text = text_new(arena);
    add_expr(text, expr, 0);
    return text->at;
}
