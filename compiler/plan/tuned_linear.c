/* The gradient of a linear layer's weight. Samples lie side by side in the lanes, and are what is summed over: as it is,
 * every product would need its lanes added up. So one operand of the layer, the inputs or the gradients of the outputs,
 * is transposed, so that its features lie in the lanes; the weight is stored with those innermost, padded to whole
 * vectors, and a tile of rows x vectors of it stays in registers while the samples go by. */
#include "plan/tuned.h"

#include "ops/kinds.h"

#include <inttypes.h>

enum {
    MOST_VECTORS = 4,           /* of a tile: each is loaded for every sample */
    SUMS_IN_FLIGHT = 8,         /* with fewer sums than this they wait for each other */
    LEAST_ROWS = 64,            /* of a unit: what it transposes should be little beside what it sums */
    UNITS = 64,
};

/* Vector operations of a block, about: the sums, and the transposed operand's way through the lanes. */
static double cost_of(int64_t rows, int64_t features, int64_t lanes)
{
    int64_t vectors = divide_up(features, lanes), rounds = 2;
    for (int64_t n = 1; n < lanes; n *= 2)
        rounds++;
    return (double)(rows * vectors * lanes + vectors * lanes * rounds);
}

/* The tile that takes the fewest steps; each is its sums, and a little for what it loads. Where results are updated at
 * once none is made twice, so there the vectors of a tile divide those of a row. */
static void choose_tile(LinearWeight *s, int64_t most, bool once)
{
    double best = 0;
    for (int64_t v = 1; v <= s->vectors && v <= MOST_VECTORS; v++)
        for (int64_t r = 1; r <= s->rows && r * v <= most; r++) {
            double sums = (double)(r * v < SUMS_IN_FLIGHT ? SUMS_IN_FLIGHT : r * v);
            double cost = (double)(divide_up(s->rows, r) * divide_up(s->vectors, v)) * (sums + 0.25 * (double)(r + v));
            if ((once && s->vectors % v) || (best > 0 && cost >= best))
                continue;
            best = cost;
            s->tile_rows = r;
            s->tile_vectors = v;
        }
}

static void add_rows(Arena *arena, Kernel *kernel, const LinearWeight *s, int64_t samples)
{
    kernel->work.count = 0;
    list_add(arena, &kernel->work,
             ((Work){ .type = "vf", .name = "rows", .rank = 2, .dim = { samples, s->tile_vectors },
                      .what = s->of_inputs ? "the inputs of each sample, features side by side in the lanes"
                                           : "the gradients of each sample, outputs side by side in the lanes" }));
}

bool tune_linear_weight(Tuner *tuner, Kernel *kernel)
{
    const Tensor *x = kernel->node->in.at[0], *dy = kernel->node->in.at[1], *weight = NULL;
    const Graph *graph = tuner->program->graph;
    int64_t in = x->dim[0], out = dy->dim[0], lanes = tuner->plan->target->lanes;
    for (int i = 0; i < graph->gradients.count; i++)
        if (graph->gradients.at[i] == kernel->stores.at[0])
            weight = graph->parameters.at[i];
    if (!weight)
        return false;

    LinearWeight *s = NEW(tuner->arena, LinearWeight);
    s->x = x;
    s->dy = dy;
    s->of_inputs = cost_of(out, in, lanes) < cost_of(in, out, lanes);
    s->rows = s->of_inputs ? out : in;
    s->features = s->of_inputs ? in : out;
    s->vectors = divide_up(s->features, lanes);
    choose_tile(s, tuner->plan->target->accumulators, false);

    tuned_start(kernel, SCHEME_LINEAR_WEIGHT, s);
    kernel_add_load(tuner->arena, kernel, x);
    kernel_add_load(tuner->arena, kernel, dy);
    add_rows(tuner->arena, kernel, s, lanes);
    kernel->note = "The operand whose features lie in the lanes of the result is transposed; then every sample adds to\n"
                   " * all sums of a tile.";
    Packing packing = { weight, kernel->stores.at[0], s->of_inputs ? 1 : 0 };
    list_add(tuner->arena, &tuner->plan->packed, packing);
    return true;
}

void linear_over_blocks(Arena *arena, const Plan *plan, Kernel *kernel)
{
    LinearWeight *s = NEW(arena, LinearWeight);
    *s = *(const LinearWeight *)kernel->shape;
    choose_tile(s, plan->target->accumulators, true);
    int64_t groups = s->vectors / s->tile_vectors;
    int64_t slices = groups < UNITS ? UNITS / groups : 1;
    if (slices > divide_up(s->rows, LEAST_ROWS))
        slices = divide_up(s->rows, LEAST_ROWS);
    kernel->slice = divide_up(divide_up(s->rows, slices), s->tile_rows) * s->tile_rows;
    kernel->units = groups * divide_up(s->rows, kernel->slice);
    kernel->shape = s;
    kernel->note = arena_printf(arena, applies_update(kernel)
        ? "A unit has %" PRId64 " rows of %" PRId64 " vectors for itself, sums their gradient over all blocks, and updates them\n"
          " * while it is in registers: it never goes to memory."
        : "A unit has %" PRId64 " rows of %" PRId64 " vectors for itself, and sums their gradient over all blocks.",
                                kernel->slice, s->tile_vectors);
    add_rows(arena, kernel, s, plan->blocks * plan->target->lanes);
}
