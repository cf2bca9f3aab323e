/* Proves that an INT expression is 0 or more where given conditions hold. First as a linear inequality: the goal is
 * combined with the known ones so that atoms cancel, until the ranges of what remains decide. Where that does not do,
 * the case is split: over the alternatives of an OR, the branches of a select, minimum, maximum or absolute value, and
 * last over the values of a short axis. A conjecture that does not hold is never proven; one that holds may not be. */
#include "graph/linear.h"

enum {
    MAX_FACTS = 32, MAX_INEQUALITIES = 64,
    DEPTH = 4,              /* inequalities combined with a goal */
    MAX_TRIES = 4000,       /* combinations tried for a goal */
    MAX_CASES = 400,        /* into which a goal is split */
    SHORT_AXIS = 4,         /* values tried one by one */
};

typedef struct Case {
    Arena *arena;
    Expr  *goal;
    Expr  *fact[MAX_FACTS];
    int    facts;
    bool   impossible;      /* a condition is false: nothing is to be shown */
    int   *cases_left;
} Case;

/* Adds a condition; parts of a conjunction one by one. What does not fit is left out: fewer facts prove less. */
static void add_fact(Case *c, Expr *condition)
{
    if (condition->kind == EXPR_AND) {
        add_fact(c, condition->arg[0]);
        add_fact(c, condition->arg[1]);
    } else if (condition->kind == EXPR_INT) {
        c->impossible = c->impossible || !condition->integer;
    } else if (c->facts < MAX_FACTS) {
        c->fact[c->facts++] = condition;
    }
}

/* ---- linear inequalities ---- */

typedef struct System {
    Arena *arena;
    Linear known[MAX_INEQUALITIES];     /* each is 0 or more */
    int    count;
    int    tries_left;
} System;

static void know(System *s, Linear inequality)
{
    if (inequality.valid && s->count < MAX_INEQUALITIES)
        s->known[s->count++] = inequality;
}

/* a - b + slack >= 0 */
static void know_difference(System *s, Expr *a, Expr *b, int64_t slack)
{
    Linear left = linear_of(s->arena, a), right = linear_of(s->arena, b);
    Linear difference = linear_combine(&left, 1, &right, -1);
    if (__builtin_add_overflow(difference.constant, slack, &difference.constant))
        return;
    know(s, difference);
}

static void know_condition(System *s, const Expr *condition)
{
    Expr *a = condition->arg[0], *b = condition->arg[1];
    if (!a || a->type != TYPE_INT)
        return;
    switch (condition->kind) {
    case EXPR_LT:
        know_difference(s, b, a, -1);
        break;
    case EXPR_LE:
        know_difference(s, b, a, 0);
        break;
    case EXPR_EQ:
        know_difference(s, a, b, 0);
        know_difference(s, b, a, 0);
        break;
    default:
        break;
    }
}

/* What is true of an atom because of what it is. */
static void know_atom(System *s, Expr *atom)
{
    Expr *a = atom->arg[0], *b = atom->arg[1];
    switch (atom->kind) {
    case EXPR_DIV:                              /* 0 <= a - b * (a / b) <= b - 1 */
        if (b->kind == EXPR_INT) {
            Expr *multiple = expr_binary(s->arena, EXPR_MUL, b, atom);
            know_difference(s, a, multiple, 0);
            know_difference(s, multiple, a, b->integer - 1);
        }
        break;
    case EXPR_MIN:
        know_difference(s, a, atom, 0);
        know_difference(s, b, atom, 0);
        break;
    case EXPR_MAX:
        know_difference(s, atom, a, 0);
        know_difference(s, atom, b, 0);
        break;
    default:
        break;
    }
}

static void know_atoms(System *s, const Linear *goal)
{
    List(Expr *) seen = { NULL, 0, 0 };
    for (int i = -1; i < s->count; i++) {       /* -1: the goal; the list grows while it is read */
        const Linear *from = i < 0 ? goal : &s->known[i];
        for (int k = 0; k < from->terms; k++) {
            Expr *atom = from->term[k].atom;
            bool again = atom->kind == EXPR_AXIS;
            for (int j = 0; j < seen.count && !again; j++)
                again = expr_equal(seen.at[j], atom);
            if (again)
                continue;
            list_add(s->arena, &seen, atom);
            know_atom(s, atom);
        }
    }
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int64_t magnitude(int64_t a) { return a < 0 ? -a : a; }

/* Whether goal >= 0 follows from `depth` or fewer of the known inequalities that are not `used` yet. With known >= 0,
 * a * goal >= a * goal - b * known for a, b > 0; and as the goal is a whole number, a * goal > -a is enough. */
static bool follows(System *s, const Linear *goal, int depth, uint64_t used)
{
    if (!goal->valid)
        return false;
    if (linear_range(goal).lo >= 0)
        return true;
    for (int i = 0; i < s->count && depth > 0; i++) {
        if (used & (uint64_t)1 << i)
            continue;
        for (int k = 0; k < goal->terms; k++) {
            int64_t want = goal->term[k].factor, have = linear_factor(&s->known[i], goal->term[k].atom);
            if (have == 0 || (want < 0) != (have < 0) || s->tries_left-- <= 0)
                continue;
            int64_t common = gcd(magnitude(want), magnitude(have)), a = magnitude(have) / common;
            Linear rest = linear_combine(goal, a, &s->known[i], -(magnitude(want) / common));
            if (__builtin_add_overflow(rest.constant, a - 1, &rest.constant))
                continue;
            if (follows(s, &rest, depth - 1, used | (uint64_t)1 << i))
                return true;
        }
    }
    return false;
}

/* Whether the known inequalities exclude each other: then the case does not occur. */
static bool contradictory(System *s)
{
    const Linear minus_one = { .valid = true, .constant = -1 };
    for (int i = 0; i < s->count; i++) {
        Linear opposite = linear_combine(&minus_one, 1, &s->known[i], -1);
        if (follows(s, &opposite, 1, (uint64_t)1 << i))
            return true;
    }
    return false;
}

static bool prove_linear(const Case *c)
{
    Linear goal = linear_of(c->arena, c->goal);
    System s;
    s.arena = c->arena;
    s.count = 0;
    for (int i = 0; i < c->facts; i++)
        know_condition(&s, c->fact[i]);
    know_atoms(&s, &goal);
    for (int depth = 0; depth <= DEPTH; depth++) {
        s.tries_left = MAX_TRIES;
        if (follows(&s, &goal, depth, 0))
            return true;
    }
    s.tries_left = MAX_TRIES;
    return contradictory(&s);
}

/* ---- case distinctions ---- */

static bool prove_case(Case *c);

/* `c` with every `what` (NULL: nothing) replaced by `with`, where `condition` holds. */
static bool prove_replaced(const Case *c, const Expr *what, Expr *with, Expr *condition)
{
    Case part = { .arena = c->arena, .goal = c->goal, .cases_left = c->cases_left };
    if ((*c->cases_left)-- <= 0)
        return false;
    add_fact(&part, condition);
    for (int i = 0; i < c->facts; i++)
        add_fact(&part, what ? expr_replace(c->arena, c->fact[i], what, with) : c->fact[i]);
    if (what)
        part.goal = expr_replace(c->arena, c->goal, what, with);
    return part.impossible || prove_case(&part);
}

/* Each alternative of the i-th fact, an OR. */
static bool prove_alternatives(const Case *c, int i)
{
    Case rest = *c;
    Expr *either = c->fact[i];
    rest.fact[i] = rest.fact[--rest.facts];
    return prove_replaced(&rest, NULL, NULL, either->arg[0]) && prove_replaced(&rest, NULL, NULL, either->arg[1]);
}

/* A select, minimum, maximum or absolute value of INT in `e`, one that holds no other; or NULL. */
static Expr *find_choice(Expr *e)
{
    Expr *inner = NULL;
    for (int i = 0; i < 3 && e->arg[i] && !inner; i++)
        inner = find_choice(e->arg[i]);
    if (inner)
        return inner;
    bool choice = e->kind == EXPR_SELECT || e->kind == EXPR_MIN || e->kind == EXPR_MAX || e->kind == EXPR_ABS;
    return choice && e->type == TYPE_INT && !e->lanes ? e : NULL;
}

static bool prove_choices(const Case *c, Expr *choice)
{
    Arena *arena = c->arena;
    Expr *a = choice->arg[0], *b = choice->arg[1], *zero = expr_int(arena, 0);
    Expr *when, *yes, *no;
    switch (choice->kind) {
    case EXPR_MIN:
        when = expr_binary(arena, EXPR_LE, a, b), yes = a, no = b;
        break;
    case EXPR_MAX:
        when = expr_binary(arena, EXPR_LE, a, b), yes = b, no = a;
        break;
    case EXPR_ABS:
        when = expr_binary(arena, EXPR_LE, zero, a), yes = a, no = expr_binary(arena, EXPR_SUB, zero, a);
        break;
    default:
        when = a, yes = b, no = choice->arg[2];
    }
    return prove_replaced(c, choice, yes, when) && prove_replaced(c, choice, no, expr_not(arena, when));
}

/* Makes `*shortest` the axis of `e` with the fewest values, if it has fewer than that. */
static void find_axis(Expr *e, Expr **shortest)
{
    if (e->kind == EXPR_AXIS && e->axis->extent <= (*shortest ? (*shortest)->axis->extent - 1 : SHORT_AXIS))
        *shortest = e;
    for (int i = 0; i < 3 && e->arg[i]; i++)
        find_axis(e->arg[i], shortest);
}

static bool prove_values(const Case *c, const Expr *axis)
{
    for (int64_t value = 0; value < axis->axis->extent; value++)
        if (!prove_replaced(c, axis, expr_int(c->arena, value), expr_bool(c->arena, true)))
            return false;
    return true;
}

static bool prove_case(Case *c)
{
    Expr *choice = find_choice(c->goal), *axis = NULL;

    if (expr_range(c->goal).lo >= 0)
        return true;
    for (int i = 0; i < c->facts; i++) {            /* y == 3: put 3 for y everywhere */
        Expr *a = c->fact[i]->arg[0], *b = c->fact[i]->arg[1];
        if (c->fact[i]->kind == EXPR_EQ && a->kind == EXPR_AXIS && b->kind == EXPR_INT)
            return prove_replaced(c, a, b, expr_bool(c->arena, true));
        if (c->fact[i]->kind == EXPR_EQ && b->kind == EXPR_AXIS && a->kind == EXPR_INT)
            return prove_replaced(c, b, a, expr_bool(c->arena, true));
    }
    if (prove_linear(c))
        return true;
    for (int i = 0; i < c->facts; i++)
        if (c->fact[i]->kind == EXPR_OR)
            return prove_alternatives(c, i);
    for (int i = 0; i < c->facts && !choice; i++)
        choice = find_choice(c->fact[i]);
    if (choice)
        return prove_choices(c, choice);
    find_axis(c->goal, &axis);
    for (int i = 0; i < c->facts; i++)
        find_axis(c->fact[i], &axis);
    return axis && prove_values(c, axis);
}

/* ---- what matters ---- */

typedef List(const Axis *) Axes;

static bool mentions(const Expr *e, const Axes *axes)
{
    if (e->kind == EXPR_AXIS)
        for (int i = 0; i < axes->count; i++)
            if (axes->at[i] == e->axis)
                return true;
    for (int i = 0; i < 3 && e->arg[i]; i++)
        if (mentions(e->arg[i], axes))
            return true;
    return false;
}

static void collect_axes(Arena *arena, const Expr *e, Axes *axes)
{
    if (e->kind == EXPR_AXIS && !mentions(e, axes))
        list_add(arena, axes, e->axis);
    for (int i = 0; i < 3 && e->arg[i]; i++)
        collect_axes(arena, e->arg[i], axes);
}

/* Facts about other axes than the goal's, directly or through other facts, cannot help. */
static void add_related(Case *c, const Fact *facts)
{
    Case all = { .arena = c->arena };
    bool taken[MAX_FACTS] = { false }, more = true;
    Axes axes = { NULL, 0, 0 };

    for (const Fact *fact = facts; fact; fact = fact->outer)
        add_fact(&all, fact->condition);
    c->impossible = all.impossible;
    collect_axes(c->arena, c->goal, &axes);
    while (more) {
        more = false;
        for (int i = 0; i < all.facts; i++)
            if (!taken[i] && mentions(all.fact[i], &axes)) {
                taken[i] = more = true;
                collect_axes(c->arena, all.fact[i], &axes);
                add_fact(c, all.fact[i]);
            }
    }
}

bool prove_nonnegative(Arena *arena, const Fact *facts, Expr *e)
{
    int cases_left = MAX_CASES;
    if (expr_range(e).lo >= 0)
        return true;
    Case c = { .arena = arena, .goal = e, .cases_left = &cases_left };
    add_related(&c, facts);
    return c.impossible || prove_case(&c);
}
