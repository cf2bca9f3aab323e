/* Arithmetic that a nest does. */
#include "graph/graph.h"

/* ---- at how many points */

enum { MAX_AXES = MAX_OVER + MAX_FOLD, MAX_CONDITIONS = MAX_GUARD + MAX_DOMAIN, MOST_TRIED = 1 << 16 };

/* Axes, the point they are at, and conditions that hold at some of their points. */
typedef struct Space {
    const Axis *axis[MAX_AXES];
    int64_t     at[MAX_AXES];
    int         axes;
    const Expr *condition[MAX_CONDITIONS];
    unsigned    uses[MAX_CONDITIONS];   /* the axes that stand in it, as bits */
    int         conditions;
} Space;

static void add_axes(Space *space, Axis *const axes[], int count)
{
    for (int i = 0; i < count; i++)
        space->axis[space->axes++] = axes[i];
}

static unsigned axes_of(const Space *space, const Expr *e)
{
    unsigned bits = 0;
    for (int i = 0; i < space->axes; i++)
        bits |= (unsigned)(e->axis == space->axis[i]) << i;
    for (int i = 0; i < 3 && e->arg[i]; i++)
        bits |= axes_of(space, e->arg[i]);
    return bits;
}

/* The axes are all known. */
static void add_conditions(Space *space, Expr *const conditions[], int count)
{
    for (int i = 0; i < count; i++) {
        space->uses[space->conditions] = axes_of(space, conditions[i]);
        space->condition[space->conditions++] = conditions[i];
    }
}

/* The value of an INT or BOOL expression without loads at the space's point. */
static int64_t value_of(const Space *space, const Expr *e)
{
    int64_t a = e->arg[0] ? value_of(space, e->arg[0]) : 0;
    if ((e->kind == EXPR_AND && !a) || (e->kind == EXPR_OR && a))
        return a;                       /* what stands right may have no value here */
    if (e->kind == EXPR_SELECT)
        return value_of(space, e->arg[a ? 1 : 2]);
    int64_t b = e->arg[1] ? value_of(space, e->arg[1]) : 0;
    switch (e->kind) {
    case EXPR_AXIS:
        for (int i = 0; i < space->axes; i++)
            if (space->axis[i] == e->axis)
                return space->at[i];
        return 0;
    case EXPR_ADD: return a + b;
    case EXPR_SUB: return a - b;
    case EXPR_MUL: return a * b;
    case EXPR_DIV: return a / b;
    case EXPR_MOD: return a % b;
    case EXPR_MIN: return a < b ? a : b;
    case EXPR_MAX: return a > b ? a : b;
    case EXPR_ABS: return a < 0 ? -a : a;
    case EXPR_LT:  return a < b;
    case EXPR_LE:  return a <= b;
    case EXPR_EQ:  return a == b;
    case EXPR_AND: case EXPR_OR: return b;
    default:       return e->integer;
    }
}

static bool has_load(const Expr *e)
{
    if (e->kind == EXPR_LOAD)
        return true;
    for (int i = 0; i < 3 && e->arg[i]; i++)
        if (has_load(e->arg[i]))
            return true;
    return false;
}

/* All points of the axes in `group`, as bits. */
static int64_t all_points(const Space *space, unsigned group)
{
    int64_t product = 1;
    for (int i = 0; i < space->axes; i++)
        product *= group >> i & 1 ? space->axis[i]->extent : 1;
    return product;
}

/* Those at which the conditions hold that depend on axes of the group; each is tried where those before it hold. */
static int64_t points_of_group(Space *space, unsigned group)
{
    int64_t all = all_points(space, group), count = 0;
    for (int64_t point = 0; point < all; point++) {
        int64_t left = point;
        for (int i = 0; i < space->axes; i++)
            if (group >> i & 1) {
                space->at[i] = left % space->axis[i]->extent;
                left /= space->axis[i]->extent;
            }
        bool holds = true;
        for (int i = 0; i < space->conditions && holds; i++)
            if (space->uses[i] & group)
                holds = value_of(space, space->condition[i]);
        count += holds;
    }
    return count;
}

/* Axes that share a condition are tried together, other groups of axes are independent: (y, u) and (x, v) of a
 * convolution. A group of too many points, or with a condition on loaded values, counts as if all conditions held. */
static int64_t points(Space *space)
{
    int64_t product = 1;
    for (unsigned done = 0; done != (1u << space->axes) - 1;) {
        unsigned group = ~done & (done + 1), before = 0;        /* the first axis that is left */
        bool     tried = false, loads = false;
        while (group != before) {
            before = group;
            for (int i = 0; i < space->conditions; i++)
                if (space->uses[i] & group) {
                    group |= space->uses[i];
                    tried = true;
                    loads = loads || has_load(space->condition[i]);
                }
        }
        int64_t all = all_points(space, group);
        product *= !tried || loads || all > MOST_TRIED ? all : points_of_group(space, group);
        done |= group;
    }
    return product;
}

/* ---- what is done there */

/* Operations on REALs in the expression; those in its indices and on INTs are not counted. */
static int64_t expr_flop(const Expr *e)
{
    int64_t flop = 0;
    for (int i = 0; i < 3 && e->arg[i]; i++)
        flop += expr_flop(e->arg[i]);
    switch (e->kind) {
    case EXPR_ADD: case EXPR_SUB: case EXPR_MUL: case EXPR_DIV: case EXPR_MIN: case EXPR_MAX: case EXPR_ABS:
    case EXPR_EXP: case EXPR_LOG: case EXPR_TANH: case EXPR_SQRT: case EXPR_ERF:
        return flop + (e->type == TYPE_REAL);
    case EXPR_LT: case EXPR_LE: case EXPR_EQ:
        return flop + (e->arg[0]->type == TYPE_REAL);
    default:
        return flop;
    }
}

int64_t nest_flop(const Nest *nest)
{
    int64_t each = 0, folded = 0;
    for (int i = 0; i < nest->reduces; i++) {
        const Reduce *r = &nest->reduce[i];
        each += r->init ? expr_flop(r->init) : 0;
        folded += expr_flop(r->value) + (r->when ? expr_flop(r->when) : 0);
        folded += r->kind == REDUCE_SUM || r->kind == REDUCE_MAX;
    }
    for (int i = 0; i < nest->stores; i++)
        each += expr_flop(nest->store[i].value);
    Space over = {0}, all = {0};
    add_axes(&over, nest->over, nest->overs);
    add_conditions(&over, nest->domain, nest->domains);
    add_axes(&all, nest->over, nest->overs);
    add_axes(&all, nest->fold, nest->folds);
    add_conditions(&all, nest->domain, nest->domains);
    add_conditions(&all, nest->guard, nest->guards);
    return (each ? each * points(&over) : 0) + (folded ? folded * points(&all) : 0);
}
