/* The loops of a nest as they are written: their order, and the register tile of its reductions. */
#include "plan/tuned.h"

/* Two fused multiply-adds start in a cycle and each takes four: with fewer sums than this they wait for each other. */
enum { SUMS_IN_FLIGHT = 8 };

typedef struct AxisList { const Axis *at[MAX_OVER + MAX_FOLD]; int count; } AxisList;

static bool listed(const AxisList *list, const Axis *axis)
{
    for (int i = 0; i < list->count; i++)
        if (list->at[i] == axis)
            return true;
    return false;
}

/* Appends the axes of an index expression in the order in which they stand there: c*H*W + y*W + x gives c, y, x. */
static void add_axes(AxisList *list, const Expr *e)
{
    if (!e)
        return;
    if (e->kind == EXPR_AXIS && !listed(list, e->axis))
        list->at[list->count++] = e->axis;
    for (int i = 0; i < 3; i++)
        add_axes(list, e->arg[i]);
}

/* Appends the axes of the indices of an element of `tensor`, those of the outermost stored dimension first. */
static void add_stored_axes(AxisList *list, const Buffer *buffer, Expr *const index[])
{
    for (int i = 0; i < buffer->rank; i++)
        add_axes(list, index[buffer->order[i]]);
}

/* The same for every load of `e` that differs between samples. */
static void add_loaded_axes(AxisList *list, const Kernel *kernel, const Expr *e)
{
    if (!e)
        return;
    if (e->kind == EXPR_LOAD && e->tensor->per_sample)
        add_stored_axes(list, kernel_buffer(kernel, e->tensor), e->index);
    for (int i = 0; i < 3; i++)
        add_loaded_axes(list, kernel, e->arg[i]);
}

static bool conditional(const Nest *nest, const Axis *axis)
{
    for (int i = 0; i < nest->guards; i++)
        if (expr_uses(nest->guard[i], axis))
            return true;
    for (int i = 0; i < nest->domains; i++)
        if (expr_uses(nest->domain[i], axis))
            return true;
    return false;
}

static bool only_sums(const Nest *nest)
{
    for (int i = 0; i < nest->reduces; i++)
        if (nest->reduce[i].kind != REDUCE_SUM)
            return false;
    return nest->reduces > 0;
}

/* Over: in the order of the memory that is written. Fold: sums go through memory in its order too, inside the axes that
 * guards depend on; a maximum needs the nest's order, which says which of two equals is the first. */
static void order_loops(Kernel *kernel)
{
    const Nest *nest = kernel->nest;
    AxisList over = {0}, fold = {0}, wanted = {0};

    for (int i = 0; i < nest->stores; i++)
        add_stored_axes(&over, kernel_buffer(kernel, nest->store[i].tensor), nest->store[i].index);
    for (int i = 0; i < nest->overs; i++)
        if (!listed(&over, nest->over[i]))
            over.at[over.count++] = nest->over[i];
    for (int i = 0; i < nest->overs; i++)
        kernel->over[i] = (Loop){ over.at[i], 1 };

    if (only_sums(nest))
        for (int i = 0; i < nest->reduces; i++)
            add_loaded_axes(&wanted, kernel, nest->reduce[i].value);
    for (int i = 0; i < nest->folds; i++)
        if (!listed(&wanted, nest->fold[i]))
            wanted.at[wanted.count++] = nest->fold[i];
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < wanted.count; i++) {
            const Axis *axis = wanted.at[i];
            bool first = only_sums(nest) && conditional(nest, axis);
            bool folded = false;
            for (int j = 0; j < nest->folds; j++)
                folded = folded || nest->fold[j] == axis;
            if (folded && first == (pass == 0))
                fold.at[fold.count++] = axis;
        }
    for (int i = 0; i < nest->folds; i++)
        kernel->fold[i] = fold.at[i];
}

/* How many different values of the loads in `e` a tile of a points of `x` times b points of `y` needs. */
static int64_t loads_in_tile(const Expr *e, const Axis *x, int64_t a, const Axis *y, int64_t b)
{
    if (!e)
        return 0;
    if (e->kind == EXPR_LOAD)
        return (expr_uses(e, x) ? a : 1) * (y && expr_uses(e, y) ? b : 1);
    return loads_in_tile(e->arg[0], x, a, y, b) + loads_in_tile(e->arg[1], x, a, y, b) +
           loads_in_tile(e->arg[2], x, a, y, b);
}

/* How far apart in memory the points of a tile over `axis` are: for each load of samples, how many stored dimensions
 * lie inside the one that the axis moves along. */
static int64_t spread(const Kernel *kernel, const Expr *e, const Axis *axis)
{
    if (!e || !axis)
        return 0;
    int64_t sum = 0;
    if (e->kind == EXPR_LOAD && e->tensor->per_sample) {
        const Buffer *buffer = kernel_buffer(kernel, e->tensor);
        for (int i = 0; i < buffer->rank; i++)
            if (expr_uses(e->index[buffer->order[i]], axis))
                return buffer->rank - 1 - i;
    }
    for (int i = 0; i < 3; i++)
        sum += spread(kernel, e->arg[i], axis);
    return sum;
}

/* Steps of a loop that are computed, by step that is needed: more than 1 where the tile does not divide the extent. */
static double waste(int64_t extent, int64_t tile)
{
    return (double)((extent + tile - 1) / tile * tile) / (double)extent;
}

/* Half cycles that one multiply-add of the tile takes: arithmetic, loads (two a cycle as well) and latency overlap.
 * Small terms prefer, among equals, few loads, from neighbouring memory, and small code. */
static double tile_cost(const Kernel *kernel, const Axis *x, int64_t a, const Axis *y, int64_t b)
{
    const Nest *nest = kernel->nest;
    double sums = (double)(a * b * nest->reduces), loads = 0, apart = 0, cost = 1;
    for (int i = 0; i < nest->reduces; i++) {
        const Expr *value = nest->reduce[i].value;
        loads += (double)loads_in_tile(value, x, a, y, b);
        apart += (double)(spread(kernel, value, a > 1 ? x : NULL) + spread(kernel, value, b > 1 ? y : NULL));
    }
    if (loads / sums > cost)
        cost = loads / sums;
    if (SUMS_IN_FLIGHT / sums > cost)
        cost = SUMS_IN_FLIGHT / sums;
    cost += 0.1 * loads / sums + 0.02 * apart + 0.001 * sums;
    return cost * waste(x->extent, a) * (y ? waste(y->extent, b) : 1);
}

/* A unit of the phase "weights" has whole tiles to itself, so there the sliced axis takes a divisor only. */
static bool tile_fits(const Kernel *kernel, int loop, int64_t tile)
{
    int64_t extent = kernel->over[loop].axis->extent;
    return tile <= extent && !(kernel->all_blocks && loop == 0 && extent % tile);
}

static void choose_tile(Kernel *kernel, const Target *target)
{
    const Nest *nest = kernel->nest;
    int best_x = -1, best_y = -1;
    int64_t best_a = 1, best_b = 1, most = target->accumulators / nest->reduces;
    double best = 0;

    for (int x = 0; x < nest->overs; x++)
        for (int y = -1; y < x; y++) {
            const Axis *outer = kernel->over[x].axis, *other = y < 0 ? NULL : kernel->over[y].axis;
            if (conditional(nest, outer) || (other && conditional(nest, other)))
                continue;
            for (int64_t a = 1; a <= most && a <= outer->extent; a++)
                for (int64_t b = other ? 2 : 1; b <= (other ? most / a : 1); b++) {
                    if (!tile_fits(kernel, x, a) || (other && !tile_fits(kernel, y, b)))
                        continue;
                    double cost = tile_cost(kernel, outer, a, other, b);
                    if (best_x >= 0 && cost >= best)
                        continue;
                    best = cost;
                    best_x = x, best_y = y;
                    best_a = a, best_b = b;
                }
        }
    if (best_x >= 0)
        kernel->over[best_x].tile = best_a;
    if (best_y >= 0)
        kernel->over[best_y].tile = best_b;
}

void kernel_schedule(Kernel *kernel, const Target *target)
{
    if (kernel->scheme != SCHEME_NEST)
        return;
    order_loops(kernel);
    if (target && only_sums(kernel->nest) && (kernel->nest->folds > 0 || kernel->all_blocks))
        choose_tile(kernel, target);
    kernel->tile = 1;
    for (int i = 0; i < kernel->nest->overs; i++)
        kernel->tile *= kernel->over[i].tile;
}
