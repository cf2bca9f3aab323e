/* Checks a plan against the graphs it was made from. Each function returns NULL, or what is wrong. */
#include "plan/tuned.h"

#include <inttypes.h>

/* For each tensor of a program: how many kernels write it, how many have run, in which phase the last one did, and
 * whether that was in units of its own. */
typedef struct Writes { int all, done, phase; bool apart; } Writes;
enum { ANY_PHASE = -1 };                /* a thread makes it anew in its scratch wherever that is needed */

/* ---- loops and units */

static bool depends_on(Expr *const conditions[], int count, const Axis *axis)
{
    for (int i = 0; i < count; i++)
        if (expr_uses(conditions[i], axis))
            return true;
    return false;
}

static const char *verify_loops(Arena *arena, const Plan *plan, const Kernel *kernel)
{
    const Nest *nest = kernel->nest;
    int64_t tile = 1;

    for (int i = 0; i < nest->overs; i++) {
        int found = 0;
        for (int j = 0; j < nest->overs; j++)
            found += kernel->over[j].axis == nest->over[i];
        if (found != 1)
            return arena_printf(arena, "%s has %d loops over %s", kernel->name, found, nest->over[i]->name);
    }
    for (int i = 0; i < nest->folds; i++) {
        int found = 0;
        for (int j = 0; j < nest->folds; j++)
            found += kernel->fold[j] == nest->fold[i];
        if (found != 1)
            return arena_printf(arena, "%s has %d loops over %s", kernel->name, found, nest->fold[i]->name);
    }
    for (int i = 0; i < nest->overs; i++) {
        const Loop *loop = &kernel->over[i];
        if (loop->tile < 1 || loop->tile > loop->axis->extent)
            return arena_printf(arena, "%s has a tile of %" PRId64 " of the %" PRId64 " points of %s", kernel->name,
                                loop->tile, loop->axis->extent, loop->axis->name);
        if (loop->tile > 1 && (depends_on(nest->guard, nest->guards, loop->axis) ||
                               depends_on(nest->domain, nest->domains, loop->axis)))
            return arena_printf(arena, "%s has a tile over %s, which a condition depends on", kernel->name,
                                loop->axis->name);
        tile *= loop->tile;
    }
    if (tile != kernel->tile || (tile > 1 && tile * nest->reduces > plan->target->accumulators))
        return arena_printf(arena, "%s keeps %" PRId64 " sums in registers", kernel->name, tile * nest->reduces);
    return NULL;
}

/* Units of rows times vectors; a row or a vector that two of them had would be updated twice. */
static const char *verify_linear(Arena *arena, const Kernel *kernel, int64_t first)
{
    const LinearWeight *s = kernel->shape;
    int64_t slices = kernel->slice > 0 ? (s->rows + kernel->slice - 1) / kernel->slice : 0;
    bool covers = kernel->first_unit == first && kernel->units * s->tile_vectors == slices * s->vectors;
    if (!covers || kernel->slice % s->tile_rows || s->vectors % s->tile_vectors || s->tile_rows > s->rows)
        return arena_printf(arena, "the units of %s do not cover its weight once", kernel->name);
    return NULL;
}

/* Its ranges are whole tiles of a loop that it has, and together its units, which begin at *unit. */
static const char *verify_cuts(Arena *arena, const Kernel *kernel, int64_t *unit)
{
    int64_t parts = 1;
    for (int i = 0; i < kernel->cuts; i++) {
        const Cut *cut = &kernel->cut[i];
        bool loop = kernel->scheme != SCHEME_NEST;
        for (int j = 0; !loop && j < kernel->nest->overs; j++)
            loop = kernel->over[j].axis->name == cut->name && kernel->over[j].axis->extent == cut->extent &&
                   kernel->over[j].tile == cut->tile;
        if (!loop)
            return arena_printf(arena, "%s has no loop as its units share over %s", kernel->name, cut->name);
        if (i > 0 && cut->name == kernel->cut[i - 1].name)
            return arena_printf(arena, "the units of %s share one loop twice", kernel->name);
        if (cut->tile < 1 || cut->parts < 1 || cut->parts > cut->extent / cut->tile)
            return arena_printf(arena, "two units of %s share a tile", kernel->name);
        parts *= cut->parts;
    }
    if (kernel->units != parts || kernel->first_unit != *unit)
        return arena_printf(arena, "the units of %s do not cover its loops once", kernel->name);
    *unit += parts;
    return NULL;
}

static const char *verify_block_units(Arena *arena, const Plan *plan, const Phase *phase)
{
    const char *wrong = NULL;
    int64_t step_units = 0, block_units = phase_has_rest(phase) && !phase->joined;
    for (int i = 0; phase->loads && plan_is_split(plan) && i < plan->prepare.count && !wrong; i++)
        if (plan->prepare.at[i]->program == &plan->train)
            wrong = verify_cuts(arena, plan->prepare.at[i], &step_units);
    for (int i = 0; i < phase->kernels.count && !wrong; i++)
        if (phase->kernels.at[i]->units)
            wrong = verify_cuts(arena, phase->kernels.at[i], &block_units);
    if (!wrong && (phase->step_units != step_units || phase->block_units != block_units))
        wrong = arena_printf(arena, "phase %s has %" PRId64 " units and %" PRId64 " of each block for the work of %" PRId64
                             " and %" PRId64, phase->name, phase->step_units, phase->block_units, step_units, block_units);
    return wrong;
}

static const char *verify_units(Arena *arena, const Plan *plan, const Phase *phase)
{
    int64_t units = 0;
    const char *wrong = NULL;
    switch (phase->kind) {
    case PHASE_BLOCKS:
        wrong = verify_block_units(arena, plan, phase);
        if (wrong)
            return wrong;
        units = phase->step_units + phase->block_units * ((plan->model->data.batch_size + plan->target->lanes - 1) /
                                                          plan->target->lanes);
        break;
    case PHASE_WEIGHTS:
        for (int i = 0; i < phase->kernels.count; i++) {
            const Kernel *kernel = phase->kernels.at[i];
            const Loop *loop = &kernel->over[0];
            if (kernel->scheme == SCHEME_LINEAR_WEIGHT) {
                wrong = verify_linear(arena, kernel, units);
                if (wrong)
                    return wrong;
                units += kernel->units;
                continue;
            }
            if (kernel->slice < 1 || kernel->slice * kernel->units < loop->axis->extent ||
                kernel->slice * (kernel->units - 1) >= loop->axis->extent || kernel->first_unit != units)
                return arena_printf(arena, "the units of %s do not cover %s once", kernel->name, loop->axis->name);
            if (kernel->slice % loop->tile || loop->axis->extent % loop->tile)
                return arena_printf(arena, "two units of %s share a tile", kernel->name);
            units += kernel->units;
        }
        break;
    case PHASE_NORM:
        units = 1;
        break;
    case PHASE_GRADIENT: case PHASE_UPDATE:
        units = update_slices(plan);
        break;
    }
    if (phase->everywhere != (plan->everywhere && phase->kind == PHASE_UPDATE))
        return arena_printf(arena, "phase %s runs everywhere, or should", phase->name);
    if (phase->everywhere && plan->trained_size > plan->partial_size)
        return arena_printf(arena, "phase %s runs everywhere, but there is one gradient for steps of either parity",
                            phase->name);
    if (phase->units != units)
        return arena_printf(arena, "phase %s has %" PRId64 " units for the work of %" PRId64, phase->name, phase->units,
                            units);
    return NULL;
}

/* ---- what is read and written */

static const char *verify_load(Arena *arena, const Kernel *kernel, const Tensor *tensor, const Writes *writes,
                               int phase)
{
    const Buffer *buffer = kernel->program->buffer[tensor->id];
    const Writes *write = &writes[tensor->id];
    if (!buffer)
        return arena_printf(arena, "%s reads %s, which has no memory", kernel->name, tensor->name);
    if (buffer->place == PLACE_WEIGHTS)
        return NULL;
    if (buffer->place != PLACE_SCRATCH && buffer->place != PLACE_BATCH && buffer->place != PLACE_STEP)
        return arena_printf(arena, "%s reads the gradient %s before it is summed", kernel->name, tensor->name);
    if (write->done < write->all || (write->all == 0 && tensor->role == ROLE_VALUE))
        return arena_printf(arena, "%s reads %s before it is written", kernel->name, tensor->name);
    if (write->phase == phase && (write->apart || kernel->units))
        return arena_printf(arena, "%s reads %s, which another unit of its phase writes", kernel->name, tensor->name);
    if (buffer->place == PLACE_SCRATCH && (kernel->all_blocks || (write->phase != phase && write->phase != ANY_PHASE)))
        return arena_printf(arena, "%s reads %s, which was another thread's scratch", kernel->name, tensor->name);
    return NULL;
}

static const char *verify_store(Arena *arena, const Kernel *kernel, const Tensor *tensor, const Writes *write, int phase)
{
    const Buffer *buffer = kernel->program->buffer[tensor->id];
    if (!buffer)
        return arena_printf(arena, "%s writes %s, which has no memory", kernel->name, tensor->name);
    Place gradient = !kernel->all_blocks ? PLACE_PARTIAL : applies_update(kernel) ? PLACE_APPLIED : PLACE_GRADIENT;
    bool fits = tensor->role == ROLE_GRADIENT ? buffer->place == gradient
                                              : !kernel->all_blocks && tensor->role == ROLE_VALUE &&
                                                (buffer->place == PLACE_SCRATCH || buffer->place == PLACE_BATCH);
    if (buffer->place == PLACE_SCRATCH && (kernel->units || (write->done > 0 && write->phase != phase)))
        return arena_printf(arena, "%s writes a part of %s, which is one thread's scratch", kernel->name, tensor->name);
    return fits ? NULL : arena_printf(arena, "%s writes %s, which is not its to write", kernel->name, tensor->name);
}

/* Where its results are read, by the unit that stores them. */
static const char *verify_results(Arena *arena, const Program *program, const Writes *writes, const Phase *phase,
                                  int number)
{
    const Tensor *results[] = { program->graph->loss, program->graph->correct };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        const Writes *write = &writes[results[i]->id];
        bool here = write->phase == number;
        const Buffer *buffer = program->buffer[results[i]->id];
        if (write->done < write->all || (here && write->apart) || !buffer || (!here && buffer->place == PLACE_SCRATCH))
            return arena_printf(arena, "phase %s stores %s, which it does not have", phase->name, results[i]->name);
    }
    return NULL;
}

static const char *verify_program(Arena *arena, const Plan *plan, const Program *program, Phase *const phases[],
                                  int count)
{
    Writes *writes = arena_alloc(arena, (size_t)program->graph->tensors.count * sizeof *writes);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < phases[i]->kernels.count; j++)
            for (int k = 0; k < phases[i]->kernels.at[j]->stores.count; k++)
                writes[phases[i]->kernels.at[j]->stores.at[k]->id].all++;

    bool split = program == &plan->train && plan_is_split(plan);
    int prepared = program->single ? plan->predict.prepare.count : plan->prepare.count;
    for (int i = 0; i < prepared; i++) {
        const Kernel *kernel = program->single ? plan->predict.prepare.at[i] : plan->prepare.at[i];
        if (kernel->program == program)
            writes[kernel->stores.at[0]->id] = (Writes){ 1, 1, split ? 0 : ANY_PHASE, split };
    }

    const char *wrong = NULL;
    for (int i = 0; i < count && !wrong; i++) {
        for (int j = 0; j < phases[i]->kernels.count && !wrong; j++) {
            const Kernel *kernel = phases[i]->kernels.at[j];
            for (int k = 0; k < kernel->loads.count && !wrong; k++)
                wrong = verify_load(arena, kernel, kernel->loads.at[k], writes, i);
            for (int k = 0; k < kernel->stores.count && !wrong; k++) {
                const Tensor *tensor = kernel->stores.at[k];
                wrong = verify_store(arena, kernel, tensor, &writes[tensor->id], i);
                writes[tensor->id].apart = kernel->units || (writes[tensor->id].phase == i && writes[tensor->id].apart);
                writes[tensor->id].phase = i;
                writes[tensor->id].done++;
            }
            if (!wrong && kernel->scheme == SCHEME_NEST)
                wrong = verify_loops(arena, plan, kernel);
        }
        if (!wrong && phases[i]->stores)
            wrong = verify_results(arena, program, writes, phases[i], i);
    }
    const Tensor *results[] = { program->graph->output, program->graph->loss, program->graph->correct };
    size_t count_results = program->single ? 1 : sizeof results / sizeof *results;
    for (size_t i = 0; i < count_results && !wrong; i++)
        if (!results[i] || !program->buffer[results[i]->id])
            wrong = "a result has no memory";
    return wrong;
}

/* ---- memory */

/* The buffers stand one after another in [0, size), each `copies` times. */
static const char *verify_memory(Arena *arena, Buffer *const buffers[], int count, int64_t size, int64_t copies)
{
    for (int i = 0; i < count; i++) {
        int64_t end = buffers[i]->offset + buffers[i]->size * copies;
        if (buffers[i]->offset < 0 || end > (i + 1 < count ? buffers[i + 1]->offset : size))
            return arena_printf(arena, "%s reaches into what lies after it", buffers[i]->name);
    }
    return NULL;
}

static const char *verify_gradients(Arena *arena, const Plan *plan)
{
    const Graph *graph = plan->train.graph;
    for (int i = 0; i < graph->gradients.count; i++) {
        if (!graph->gradients.at[i])
            continue;
        const Buffer *gradient = plan->train.buffer[graph->gradients.at[i]->id];
        const Buffer *weight = plan->train.buffer[graph->parameters.at[i]->id];
        int64_t first = 0, end = plan->partial_size;
        if (gradient->place != PLACE_PARTIAL) {
            bool applied = gradient->place == PLACE_APPLIED;
            first = applied ? plan->trained_size : plan->partial_size;
            end = applied ? plan->weights_size : plan->trained_size;
        }
        if (gradient->offset != weight->offset || gradient->size != weight->size || weight->offset < first ||
            weight->offset + weight->size > end)
            return arena_printf(arena, "the gradient of %s is not where the update looks for it", weight->name);
    }
    return NULL;
}

const char *plan_verify(Arena *arena, const Plan *plan)
{
    int64_t gradients = partials_size(plan);
    gradients += gradient_size(plan);
    int64_t once = 0;
    for (int i = 0; i < plan->once.count; i++)
        once += plan->once.at[i]->size;

    const char *wrong = verify_program(arena, plan, &plan->train, plan->phases.at, plan->phases.count);
    if (!wrong)
        wrong = verify_program(arena, plan, &plan->evaluate, &plan->evaluation, 1);
    if (!wrong)
        wrong = verify_program(arena, plan, &plan->predict.program, &plan->predict.phase, 1);
    if (!wrong)
        wrong = verify_program(arena, plan, &plan->layers.program, &plan->layers.phase, 1);
    for (int i = 0; i < plan->phases.count && !wrong; i++)
        wrong = verify_units(arena, plan, plan->phases.at[i]);
    if (!wrong)
        wrong = verify_memory(arena, plan->weights.at, plan->weights.count, plan->weights_size, 1);
    if (!wrong)
        wrong = verify_memory(arena, plan->scratch.at, plan->scratch.count, plan->scratch_size, 1);
    if (!wrong)
        wrong = verify_memory(arena, plan->predict.scratch.at, plan->predict.scratch.count, plan->predict.scratch_size, 1);
    if (!wrong)
        wrong = verify_memory(arena, plan->layers.scratch.at, plan->layers.scratch.count, plan->layers.scratch_size, 1);
    if (!wrong)
        wrong = verify_memory(arena, plan->batch.at, plan->batch.count, plan->batch_size - gradients - once, plan->blocks);
    if (!wrong)
        wrong = verify_memory(arena, plan->once.at, plan->once.count, plan->batch_size - gradients, 1);
    if (!wrong)
        wrong = verify_gradients(arena, plan);
    return wrong;
}
