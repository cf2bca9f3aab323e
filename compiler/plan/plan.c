/* Training is depth first: one phase takes a block of samples through the whole network and back and leaves its own
 * partial gradients, the next sums these and updates. Gradients too large to have one for each block are a phase of
 * their own between the two. Where the update is little work, each thread does all of it for itself instead of waiting
 * for the others to do their slices. On request the first phase is taken apart, for machines of many cores (units.c). */
#include "plan/tuned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARTIAL_BYTES = 4 << 20,    /* of all partial gradients together: up to here they cost little beside the samples */
    /* Of a step's partial gradients, up to which each thread sums all of them and updates weights of its own. That saves
     * the barrier and the weights' way back to every thread: 6 us of a step of the seed network on 2 threads, 36 of a
     * perceptron's with 25,000 weights (batch 64, AVX-512, 4 blocks). With 16 blocks it cost 14 us and more: the two
     * halves, and with them the activations, do not stay in the second-level cache any more. */
    EVERYWHERE_BYTES = 512 << 10,
    APPLIED_BYTES = 32 << 10,   /* of one gradient: from here on it is better summed and applied in one go than stored */
    WEIGHT_UNITS = 64,          /* a gradient of the phase "weights" is cut into about as many units */
    FLOAT_BYTES = 4,
};

static bool is_gradient(const Kernel *kernel)
{
    return kernel->stores.at[0]->role == ROLE_GRADIENT;
}

/* Whether a step takes less memory when the kernel's gradient is summed over all blocks at once, at the price of
 * keeping what it reads for each block. */
static bool keeping_pays(const Plan *plan, const Kernel *kernel)
{
    int64_t kept = 0;
    for (int i = 0; i < kernel->loads.count; i++)
        if (kernel->loads.at[i]->per_sample)
            kept += tensor_elements(kernel->loads.at[i]) * plan->target->lanes;
    return tensor_elements(kernel->stores.at[0]) > kept;
}

static Phase *phase_new(Arena *arena, PhaseKind kind, const char *name, int64_t units)
{
    Phase *phase = NEW(arena, Phase);
    phase->kind = kind;
    phase->name = name;
    phase->units = units;
    return phase;
}

static void add_kernels(Arena *arena, Phase *phase, const Program *program)
{
    const Graph *graph = program->graph;
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        for (int j = 0; j < node->nests.count; j++)
            list_add(arena, &phase->kernels, kernel_new(arena, program, node, node->nests.at[j]));
    }
}

/* Of all parameters. */
static int64_t gradient_elements(const Plan *plan)
{
    const Graph *graph = plan->train.graph;
    int64_t elements = 0;
    for (int i = 0; i < graph->gradients.count; i++)
        if (graph->gradients.at[i])
            elements += tensor_elements(graph->gradients.at[i]);
    return elements;
}

/* Whether each thread had better update weights of its own: all gradients are partial ones here. */
static bool updates_everywhere(const Plan *plan)
{
    return !plan_clips(plan) && gradient_elements(plan) * FLOAT_BYTES <= EVERYWHERE_BYTES / plan->blocks;
}

/* Whether the kernel's gradient is summed over all blocks and applied at once. */
static bool applies(const Plan *plan, const Kernel *kernel)
{
    return !plan_clips(plan) && kernel->scheme == SCHEME_LINEAR_WEIGHT && keeping_pays(plan, kernel) &&
           tensor_elements(kernel->stores.at[0]) * FLOAT_BYTES >= APPLIED_BYTES;
}

/* Moves the large gradients from `blocks` into a phase of their own. Returns it, or NULL if there are none. */
static Phase *split_weights(Arena *arena, const Plan *plan, Phase *blocks)
{
    if (updates_everywhere(plan))
        return NULL;
    int64_t partial = 0;
    for (int i = 0; i < blocks->kernels.count; i++) {
        const Kernel *kernel = blocks->kernels.at[i];
        if (is_gradient(kernel) && !applies(plan, kernel))
            partial += tensor_elements(kernel->stores.at[0]);
    }
    bool much = partial * FLOAT_BYTES > PARTIAL_BYTES / plan->blocks;

    Phase *weights = phase_new(arena, PHASE_WEIGHTS, "weights", 0);
    int stay = 0;
    for (int i = 0; i < blocks->kernels.count; i++) {
        Kernel *kernel = blocks->kernels.at[i];
        bool large = much && is_gradient(kernel) && kernel->nest->overs > 0 && keeping_pays(plan, kernel);
        kernel->all_blocks = applies(plan, kernel) || large;
        if (kernel->all_blocks)
            list_add(arena, &weights->kernels, kernel);
        else
            blocks->kernels.at[stay++] = kernel;
        if (kernel->all_blocks && kernel->scheme == SCHEME_LINEAR_WEIGHT)
            linear_over_blocks(arena, plan, kernel);
    }
    blocks->kernels.count = stay;
    return weights->kernels.count ? weights : NULL;
}

/* Cuts each kernel's outermost loop into units: whole tiles, about `units` of them. */
static void number_units(Phase *weights, int64_t units)
{
    for (int i = 0; i < weights->kernels.count; i++) {
        Kernel *kernel = weights->kernels.at[i];
        kernel->first_unit = weights->units;
        if (kernel->scheme != SCHEME_LINEAR_WEIGHT) {
            int64_t tiles = kernel->over[0].axis->extent / kernel->over[0].tile;
            kernel->slice = divide_up(tiles, units) * kernel->over[0].tile;
            kernel->units = divide_up(kernel->over[0].axis->extent, kernel->slice);
        }
        weights->units += kernel->units;
    }
}

void phase_share_kernels(Arena *arena, const Phase *training, Phase *evaluation)
{
    for (int i = 0; i < evaluation->kernels.count; i++) {
        Kernel *kernel = evaluation->kernels.at[i];
        for (int j = 0; j < training->kernels.count; j++) {
            const Kernel *other = training->kernels.at[j];
            if (strcmp(kernel->name, other->name) != 0)
                continue;
            if (kernel_same(kernel, other))
                kernel->same = other;
            else
                kernel->name = arena_printf(arena, "evaluate_%s", kernel->name);
            break;
        }
    }
}

/* What training prepares serves evaluation as well. */
static void share_prepared(Plan *plan)
{
    for (int i = 0; i < plan->prepare.count; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(plan->prepare.at[i]->name, plan->prepare.at[j]->name) == 0)
                plan->prepare.at[i]->same = plan->prepare.at[j];
}

Plan *plan_build(Arena *arena, const Model *model, Graph *train, Graph *evaluate, const Target *target,
                 const PlanOptions *options)
{
    Plan *plan = NEW(arena, Plan);
    plan->target = target;
    plan->model = model;
    plan->train.graph = train;
    plan->evaluate.graph = evaluate;
    plan->blocks = divide_up(model->data.batch_size, target->lanes);

    Phase *blocks = phase_new(arena, PHASE_BLOCKS, "blocks", plan->blocks);
    blocks->block_units = 1;
    blocks->loads = blocks->stores = true;
    add_kernels(arena, blocks, &plan->train);
    if (!options->plain)
        plan_tune(&(Tuner){ arena, plan, &plan->train, blocks, options });
    Phase *weights = split_weights(arena, plan, blocks);
    Phases parts = units_split(arena, plan, blocks, options->units);
    for (int i = 0; i < parts.count; i++)
        list_add(arena, &plan->phases, parts.at[i]);
    if (weights)
        list_add(arena, &plan->phases, weights);
    plan->everywhere = !weights && updates_everywhere(plan);
    plan->evaluation = phase_new(arena, PHASE_BLOCKS, "evaluate", 0);
    plan->evaluation->block_units = 1;
    plan->evaluation->loads = plan->evaluation->stores = true;
    add_kernels(arena, plan->evaluation, &plan->evaluate);
    if (!options->plain)
        plan_tune(&(Tuner){ arena, plan, &plan->evaluate, plan->evaluation, options });
    share_prepared(plan);

    plan_memory(arena, plan);

    for (int i = 0; i < plan->phases.count; i++)
        for (int j = 0; j < plan->phases.at[i]->kernels.count; j++)
            kernel_schedule(plan->phases.at[i]->kernels.at[j], target);
    for (int i = 0; i < plan->evaluation->kernels.count; i++)
        kernel_schedule(plan->evaluation->kernels.at[i], target);
    for (int i = 0; i < parts.count; i++) {
        phase_share_kernels(arena, parts.at[i], plan->evaluation);
        if (parts.count > 1)
            units_number(arena, plan, parts.at[i], options->units);
    }
    if (weights)
        number_units(weights, options->units > WEIGHT_UNITS ? options->units : WEIGHT_UNITS);
    int64_t slices = update_slices(plan);
    if (plan_clips(plan)) {
        list_add(arena, &plan->phases, phase_new(arena, PHASE_GRADIENT, "gradient", slices));
        list_add(arena, &plan->phases, phase_new(arena, PHASE_NORM, "norm", 1));
    }
    if (slices) {
        Phase *update = phase_new(arena, PHASE_UPDATE, "update", slices);
        update->everywhere = plan->everywhere;
        list_add(arena, &plan->phases, update);
    }

    plan_predict(arena, plan, options);
    plan_layers(arena, plan);

    const char *wrong = plan_verify(arena, plan);
    if (wrong) {
        fprintf(stderr, "netc: internal error: the plan of %s is wrong: %s\n", model->name, wrong);
        exit(70);
    }
    return plan;
}
