/* The proof that a nest is sound: types, scopes, and every index inside its tensor at each point where it is used. */
#include "graph/graph.h"
#include "graph/linear.h"

#include <inttypes.h>
#include <string.h>

typedef struct Check {
    Arena      *arena;          /* of the message */
    Arena      *scratch;        /* of the proofs */
    const Nest *nest;
    bool        folds;          /* fold axes may be used */
    int         reduced;        /* so many reductions may be used */
    const char *fault;          /* the first one found */
} Check;

__attribute__((format(printf, 2, 3)))
static bool fail(Check *c, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (!c->fault)
        c->fault = arena_printf(c->arena, "%s: %s", c->nest->name, arena_vprintf(c->arena, format, list));
    va_end(list);
    return false;
}

static const char *text(Check *c, const Expr *e) { return expr_text(c->arena, e); }

/* ---- types ---- */

static bool is_number(Type type) { return type == TYPE_REAL || type == TYPE_INT; }

/* Whether the operands have the types that the kind needs, and the result the one it gives. */
static bool types_fit(const Expr *e)
{
    Type a = e->arg[0] ? e->arg[0]->type : TYPE_BOOL, b = e->arg[1] ? e->arg[1]->type : TYPE_BOOL;
    switch (e->kind) {
    case EXPR_REAL:
        return e->type == TYPE_REAL;
    case EXPR_INT:
        return e->type == TYPE_INT || e->type == TYPE_BOOL;
    case EXPR_AXIS:
        return e->type == TYPE_INT;
    case EXPR_LOAD:
        return e->type == e->tensor->type;
    case EXPR_REDUCED:
        return true;
    case EXPR_ADD: case EXPR_SUB: case EXPR_MUL: case EXPR_DIV: case EXPR_MIN: case EXPR_MAX:
        return is_number(a) && b == a && e->type == a;
    case EXPR_MOD:
        return a == TYPE_INT && b == a && e->type == a;
    case EXPR_ABS:
        return is_number(a) && e->type == a;
    case EXPR_LT: case EXPR_LE: case EXPR_EQ:
        return is_number(a) && b == a && e->type == TYPE_BOOL;
    case EXPR_AND: case EXPR_OR:
        return a == TYPE_BOOL && b == a && e->type == a;
    case EXPR_SELECT:
        return a == TYPE_BOOL && b == e->arg[2]->type && e->type == b;
    case EXPR_EXP: case EXPR_LOG: case EXPR_TANH: case EXPR_SQRT: case EXPR_ERF:
        return a == TYPE_REAL && e->type == a;
    case EXPR_TO_REAL:
        return a == TYPE_INT && e->type == TYPE_REAL;
    }
    return false;
}

/* ---- expressions ---- */

static bool check_expr(Check *c, const Fact *facts, Expr *e);

static bool has_axis(Axis *const list[], int count, const Axis *axis)
{
    for (int i = 0; i < count; i++)
        if (list[i] == axis)
            return true;
    return false;
}

static bool check_axis(Check *c, const Expr *e)
{
    const Nest *nest = c->nest;
    if (has_axis(nest->over, nest->overs, e->axis) || (c->folds && has_axis(nest->fold, nest->folds, e->axis)))
        return true;
    return fail(c, "axis %s is not known there", e->axis->name);
}

/* `verb` is for the message: "load of x[c][y + 1]: …". */
static bool check_indices(Check *c, const Fact *facts, const char *verb, const Tensor *tensor, Expr *const index[])
{
    Expr *element = expr_load(c->scratch, tensor, index);
    for (int i = 0; i < tensor->rank; i++) {
        Expr *at = index[i];
        if (!at || at->type != TYPE_INT || at->lanes)
            return fail(c, "%s %s: index %d is no INT that is the same for all samples", verb, text(c, element), i);
        if (!check_expr(c, facts, at))
            return false;
        if (!prove_nonnegative(c->scratch, facts, at))
            return fail(c, "%s %s: index %d, %s, may be below 0", verb, text(c, element), i, text(c, at));
        Expr *room = expr_binary(c->scratch, EXPR_SUB, expr_int(c->scratch, tensor->dim[i] - 1), at);
        if (!prove_nonnegative(c->scratch, facts, room))
            return fail(c, "%s %s: index %d, %s, may be above %" PRId64, verb, text(c, element), i, text(c, at),
                        tensor->dim[i] - 1);
    }
    return true;
}

static bool check_divisor(Check *c, const Fact *facts, const Expr *e)
{
    const Expr *divisor = e->arg[1];
    if (divisor->kind != EXPR_INT || divisor->integer <= 0)
        return fail(c, "%s: the divisor is no positive constant", text(c, e));
    if (e->arg[0]->lanes || !prove_nonnegative(c->scratch, facts, e->arg[0]))
        return fail(c, "%s: the left side may be below 0", text(c, e));
    return true;
}

/* Of a select whose condition is the same for all samples only the branch that is chosen is evaluated. */
static bool check_select(Check *c, const Fact *facts, Expr *e)
{
    Expr *condition = e->arg[0];
    if (!check_expr(c, facts, condition))
        return false;
    if (condition->lanes)
        return check_expr(c, facts, e->arg[1]) && check_expr(c, facts, e->arg[2]);
    const Fact yes = { facts, condition }, no = { facts, expr_not(c->scratch, condition) };
    return check_expr(c, &yes, e->arg[1]) && check_expr(c, &no, e->arg[2]);
}

static bool check_expr(Check *c, const Fact *facts, Expr *e)
{
    Expr *a = e->arg[0], *b = e->arg[1];
    if (!types_fit(e))
        return fail(c, "%s: types that do not fit", text(c, e));
    switch (e->kind) {
    case EXPR_AXIS:
        return check_axis(c, e);
    case EXPR_LOAD:
        return check_indices(c, facts, "load of", e->tensor, e->index);
    case EXPR_REDUCED:
        return e->integer < c->reduced || fail(c, "r%" PRId64 " is not known there", e->integer);
    case EXPR_SELECT:
        return check_select(c, facts, e);
    case EXPR_AND: {
        const Fact left = { facts, a };
        return check_expr(c, facts, a) && check_expr(c, a->lanes ? facts : &left, b);
    }
    case EXPR_DIV:
    case EXPR_MOD:
        return check_expr(c, facts, a) && check_expr(c, facts, b)
               && (e->type == TYPE_REAL || check_divisor(c, facts, e));
    default:
        return (!a || check_expr(c, facts, a)) && (!b || check_expr(c, facts, b));
    }
}

static bool check_condition(Check *c, const Fact *facts, Expr *condition)
{
    if (condition->type != TYPE_BOOL || condition->lanes)
        return fail(c, "%s: no condition that is the same for all samples", text(c, condition));
    return check_expr(c, facts, condition);
}

/* ---- the nest's parts ---- */

static bool check_reduce(Check *c, const Fact *outside, const Fact *inside, int which)
{
    const Reduce *r = &c->nest->reduce[which];
    bool largest = r->kind == REDUCE_MAX, argmax = r->kind == REDUCE_ARGMAX, last = r->kind == REDUCE_LAST;

    c->folds = false;
    if ((r->init == NULL) != (largest || argmax) || (r->when != NULL) != last)
        return fail(c, "reduction %d lacks a part or has one too many", which);
    if (argmax && (which == 0 || c->nest->reduce[which - 1].kind != REDUCE_MAX))
        return fail(c, "reduction %d is an ARGMAX, but no MAX is before it", which);
    if (r->value->type != (argmax ? TYPE_INT : TYPE_REAL) && !last)
        return fail(c, "reduction %d: types that do not fit", which);
    if (r->init && (r->init->type != r->value->type || !check_expr(c, outside, r->init)))
        return fail(c, "reduction %d: the initial value is of another type", which);
    c->folds = true;
    if (r->when && (r->when->type != TYPE_BOOL || !check_expr(c, inside, r->when)))
        return fail(c, "reduction %d: its condition is no condition", which);
    return check_expr(c, inside, r->value);
}

static bool check_store(Check *c, const Fact *facts, const Store *store)
{
    const Tensor *tensor = store->tensor;
    bool zero = store->value->kind == EXPR_REAL && store->value->real == 0;

    c->folds = false;
    c->reduced = 0;
    if (!check_indices(c, facts, "store to", tensor, store->index))
        return false;
    c->reduced = c->nest->reduces;
    if (store->value->type != tensor->type)
        return fail(c, "store to %s: a value of another type", tensor->name);
    if (!tensor->per_sample && !store->value->lanes && !zero)
        return fail(c, "store to %s: a value that is the same for all samples would be summed over them", tensor->name);
    if (tensor->per_sample != c->nest->store[0].tensor->per_sample)
        return fail(c, "store to %s: of the results of a nest all are per sample, or none", tensor->name);
    return check_expr(c, facts, store->value);
}

static bool check_axes(Check *c)
{
    const Nest *nest = c->nest;
    for (int i = 0; i < nest->overs + nest->folds; i++) {
        const Axis *axis = i < nest->overs ? nest->over[i] : nest->fold[i - nest->overs];
        for (int k = 0; k < i; k++) {
            const Axis *other = k < nest->overs ? nest->over[k] : nest->fold[k - nest->overs];
            if (!strcmp(axis->name, other->name))
                return fail(c, "two axes are called %s", axis->name);
        }
    }
    return true;
}

static bool check_nest(Check *c)
{
    const Nest *nest = c->nest;
    Fact facts[MAX_DOMAIN + MAX_GUARD];
    const Fact *known = NULL, *outside;
    int count = 0;

    if (!check_axes(c))
        return false;
    for (int i = 0; i < nest->domains; i++) {
        if (!check_condition(c, known, nest->domain[i]))
            return false;
        facts[count] = (Fact){ known, nest->domain[i] };
        known = &facts[count++];
    }
    outside = known;
    c->folds = true;
    for (int i = 0; i < nest->guards; i++) {
        if (!check_condition(c, known, nest->guard[i]))
            return false;
        facts[count] = (Fact){ known, nest->guard[i] };
        known = &facts[count++];
    }
    for (int i = 0; i < nest->reduces; i++)
        if (!check_reduce(c, outside, known, i))
            return false;
    if (nest->stores == 0)
        return fail(c, "it stores nothing");
    for (int i = 0; i < nest->stores; i++)
        if (!check_store(c, outside, &nest->store[i]))
            return false;
    return true;
}

const char *nests_verify(Arena *arena, const Nest *const nests[], int count)
{
    Arena *scratch = arena_new();
    const char *fault = NULL;
    for (int i = 0; i < count && !fault; i++) {
        Check c = { .arena = arena, .scratch = scratch, .nest = nests[i] };
        check_nest(&c);
        fault = c.fault;
    }
    if (!fault)
        fault = stores_cover(arena, scratch, nests, count);
    arena_free(scratch);
    return fault;
}

const char *nest_verify(Arena *arena, const Nest *nest)
{
    return nests_verify(arena, &nest, 1);
}
