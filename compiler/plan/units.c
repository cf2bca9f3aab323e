/* More units than a step has blocks, for machines of many cores: large kernels become phases of their own, in which
 * parts of a block are units. A part is a range of points of some of the kernel's loops, so that no sum is made in another
 * order than without. All else stays with its block: one unit, in the earliest phase that its inputs allow. */
#include "plan/plan.h"

#include <string.h>

enum {
    /* Operations on a block from which a kernel is worth a barrier: some 10 us of one core. */
    LEAST_FLOP = 1 << 20,
    /* Up to here, what has no unit of its own is no unit of its own either where there are others. */
    LITTLE_FLOP = LEAST_FLOP / 8,
};

bool phase_has_rest(const Phase *phase)
{
    bool rest = phase->loads || phase->stores;
    for (int i = 0; i < phase->kernels.count; i++)
        rest = rest || phase->kernels.at[i]->units == 0;
    return rest;
}

static int64_t tiles_of(const Cut *cut) { return cut->extent / cut->tile; }

/* ---- phases */

/* When a tensor is there: written in phase `level` by a unit that runs whatever has none of its own, or by others too. */
typedef struct Made { int level; bool apart; } Made;

/* Whether the kernel gets units of its own; one for each block where no loop can be cut, as it turns out later of nests. */
static bool is_large(const Plan *plan, const Kernel *kernel)
{
    return kernel_flop(kernel) * plan->target->lanes >= LEAST_FLOP;
}

/* The earliest phase in which a unit finds `made`: one that has units of its own has to wait for a barrier, the one of
 * the rest only for what others made. */
static int earliest(Made made, bool apart)
{
    return made.level + (made.apart || apart);
}

static int level_of(const Kernel *kernel, bool apart, const Made *made)
{
    int level = 0;
    for (int i = 0; i < kernel->loads.count; i++) {
        int after = earliest(made[kernel->loads.at[i]->id], apart);
        level = after > level ? after : level;
    }
    return level;
}

/* Parameters are there from the start. What plan->prepare makes of them are units apart, in the first phase; there, too,
 * blocks are loaded. */
static Made *made_at_first(Arena *arena, const Plan *plan)
{
    const Graph *graph = plan->train.graph;
    Made *made = arena_alloc(arena, (size_t)graph->tensors.count * sizeof *made);
    for (int i = 0; i < graph->parameters.count; i++)
        made[graph->parameters.at[i]->id].level = -1;
    for (int i = 0; i < plan->prepare.count; i++)
        if (plan->prepare.at[i]->program == &plan->train)
            made[plan->prepare.at[i]->stores.at[0]->id].apart = true;
    return made;
}

static Phase *phase_at(Arena *arena, Phases *phases, int level)
{
    while (phases->count <= level) {
        Phase *phase = NEW(arena, Phase);
        phase->kind = PHASE_BLOCKS;
        phase->name = arena_printf(arena, "blocks_%d", phases->count + 1);
        list_add(arena, phases, phase);
    }
    return phases->at[level];
}

Phases units_split(Arena *arena, const Plan *plan, Phase *blocks, int64_t units)
{
    const Graph *graph = plan->train.graph;
    Phases phases = {0};
    bool large = false;
    for (int i = 0; i < blocks->kernels.count; i++)
        large = large || is_large(plan, blocks->kernels.at[i]);
    if (!large || units < 2 * plan->blocks) {
        list_add(arena, &phases, blocks);
        return phases;
    }

    Made *made = made_at_first(arena, plan);
    for (int i = 0; i < blocks->kernels.count; i++) {
        Kernel *kernel = blocks->kernels.at[i];
        bool apart = is_large(plan, kernel);
        int level = level_of(kernel, apart, made);
        kernel->units = apart;
        list_add(arena, &phase_at(arena, &phases, level)->kernels, kernel);
        for (int j = 0; j < kernel->stores.count; j++) {
            Made *store = &made[kernel->stores.at[j]->id];
            if (level >= store->level)
                *store = (Made){ level, apart || (level == store->level && store->apart) };
        }
    }
    int loss = earliest(made[graph->loss->id], false), correct = earliest(made[graph->correct->id], false);
    phase_at(arena, &phases, loss > correct ? loss : correct)->stores = true;
    phases.at[0]->loads = true;
    return phases;
}

/* ---- units */

/* Shares `count` units among the kernel's loops from `cut` on, so that the largest part is as small as can be, and among
 * equals the outer loops have most. Returns that part's share of all points, or 0 where they cannot be cut into so many. */
static double share(const Kernel *kernel, int cut, int64_t count, int64_t parts[MAX_CUTS])
{
    if (cut == kernel->cuts)
        return count == 1;
    double best = 0;
    int64_t tiles = tiles_of(&kernel->cut[cut]), inner[MAX_CUTS];
    for (int64_t these = tiles < count ? tiles : count; these > 0; these--) {
        if (count % these)
            continue;
        double part = share(kernel, cut + 1, count / these, inner);
        part *= (double)((tiles + these - 1) / these) / (double)tiles;
        if (part == 0 || (best > 0 && part >= best))
            continue;
        best = part;
        parts[cut] = these;
        for (int i = cut + 1; i < kernel->cuts; i++)
            parts[i] = inner[i];
    }
    return best;
}

/* Arithmetic, and of what has none or little the elements that are made. */
static double work_of(const Kernel *kernel)
{
    int64_t elements = 0;
    for (int i = 0; i < kernel->stores.count; i++)
        elements += tensor_elements(kernel->stores.at[i]);
    return (double)(kernel_flop(kernel) + elements);
}

/* A way to give the first kernels of a list `count` units in all: those of the last one, and the work of the largest. */
typedef struct Way { int64_t units; double work; } Way;

/* Ways to give the kernels 0 .. budget units; way[k * (budget + 1) + count] is of the first k + 1. */
static Way *find_ways(Arena *arena, Kernel *const kernels[], int kernel_count, int64_t budget)
{
    Way *ways = arena_alloc(arena, (size_t)kernel_count * (size_t)(budget + 1) * sizeof *ways);
    int64_t parts[MAX_CUTS];
    for (int k = 0; k < kernel_count; k++)
        for (int64_t units = 1; units <= budget; units++) {
            double work = share(kernels[k], 0, units, parts) * work_of(kernels[k]);
            for (int64_t count = units; work > 0 && count <= budget; count++) {
                const Way *before = k ? &ways[(k - 1) * (budget + 1) + count - units] : NULL;
                Way *way = &ways[k * (budget + 1) + count];
                if (before ? before->units == 0 : count != units)
                    continue;
                double largest = before && before->work > work ? before->work : work;
                if (way->units == 0 || largest < way->work)
                    *way = (Way){ units, largest };
            }
        }
    return ways;
}

/* Gives the kernels `budget` units in all, or as many as their loops allow, at least one each; numbers them from `first`.
 * Returns how many there are. */
static int64_t give_units(Arena *arena, Kernel *const kernels[], int kernel_count, int64_t first, int64_t budget)
{
    if (kernel_count == 0)
        return 0;
    budget = budget < kernel_count ? kernel_count : budget;
    const Way *ways = find_ways(arena, kernels, kernel_count, budget);
    int64_t count = budget;
    while (ways[(kernel_count - 1) * (budget + 1) + count].units == 0)
        count--;
    int64_t all = count;
    for (int k = kernel_count - 1; k >= 0; k--) {
        Kernel *kernel = kernels[k];
        int64_t parts[MAX_CUTS];
        kernel->units = ways[k * (budget + 1) + count].units;
        share(kernel, 0, kernel->units, parts);
        for (int i = 0; i < kernel->cuts; i++)
            kernel->cut[i].parts = parts[i];
        count -= kernel->units;
        kernel->first_unit = first + count;
    }
    return all;
}

/* The outermost loops of a nest that have several tiles. */
static void cut_nest(Kernel *kernel)
{
    for (int i = 0; i < kernel->nest->overs && kernel->cuts < MAX_CUTS; i++) {
        const Loop *loop = &kernel->over[i];
        if (loop->axis->extent >= 2 * loop->tile)
            kernel->cut[kernel->cuts++] = (Cut){ loop->axis->name, loop->axis->extent, loop->tile, 1 };
    }
}

void units_number(Arena *arena, const Plan *plan, Phase *phase, int64_t units)
{
    List(Kernel *) apart = {0}, prepare = {0};
    int64_t rest_flop = 0;
    for (int i = 0; i < phase->kernels.count; i++) {
        Kernel *kernel = phase->kernels.at[i];
        if (kernel->units == 0) {
            rest_flop += kernel_flop(kernel);
            continue;
        }
        if (kernel->scheme == SCHEME_NEST)
            cut_nest(kernel);
        list_add(arena, &apart, kernel);
    }
    for (int i = 0; phase->loads && i < plan->prepare.count; i++)
        if (plan->prepare.at[i]->program == &plan->train)
            list_add(arena, &prepare, plan->prepare.at[i]);

    bool rest = phase_has_rest(phase);
    phase->joined = rest && apart.count > 0 && !phase->loads && rest_flop * plan->target->lanes < LITTLE_FLOP;
    rest = rest && !phase->joined;
    phase->block_units = rest + give_units(arena, apart.at, apart.count, rest, units / plan->blocks - rest);
    phase->step_units = give_units(arena, prepare.at, prepare.count, 0, units - plan->blocks * phase->block_units);
    phase->units = phase->step_units + plan->blocks * phase->block_units;
}
