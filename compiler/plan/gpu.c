/* The ways to train a model on a GPU. The fused step: gpu_fused.c. Layer by layer: each kernel works on all samples of the
 * step, a warp on 32 of them, and leaves its results in global memory. */
#include "plan/gpu_tuned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COUNTED = 1 << 30, MOST_EVALUATED = 4096, EVALUATION_BYTES = 256 << 20 };

static Phase *phase_of(Arena *arena, const char *name, const Program *program)
{
    Phase *phase = NEW(arena, Phase);
    phase->kind = PHASE_BLOCKS;
    phase->name = name;
    const Graph *graph = program->graph;
    for (int i = 0; i < graph->nodes.count; i++)
        for (int j = 0; j < graph->nodes.at[i]->nests.count; j++)
            list_add(arena, &phase->kernels, kernel_new(arena, program, graph->nodes.at[i],
                                                        graph->nodes.at[i]->nests.at[j]));
    return phase;
}

static bool reads(const Phase *phase, const Tensor *tensor)
{
    for (int i = 0; i < phase->kernels.count; i++)
        if (kernel_reads(phase->kernels.at[i], tensor))
            return true;
    return false;
}

Kernel *gpu_kernel_alone(Arena *arena, const Program *program, const char *name, Scheme scheme)
{
    Kernel *kernel = NEW(arena, Kernel);
    kernel->name = name;
    kernel->program = program;
    kernel->scheme = scheme;
    kernel->launch = (Launch){ .samples = GPU_LANES, .threads = GPU_THREADS };
    return kernel;
}

static void add_first(Arena *arena, Phase *phase, Kernel *kernel)
{
    list_add(arena, &phase->kernels, kernel);
    for (int i = phase->kernels.count - 1; i > 0; i--)
        phase->kernels.at[i] = phase->kernels.at[i - 1];
    phase->kernels.at[0] = kernel;
}

/* Where a kernel reads the images as numbers, one that makes them so comes first. */
static void add_load(Arena *arena, const Program *program, Phase *phase)
{
    const Tensor *input = program->graph->input;
    if (!reads(phase, input))
        return;
    Kernel *kernel = gpu_kernel_alone(arena, program, "load_input", SCHEME_GPU_LOAD);
    kernel->launch.block_units = divide_up(tensor_elements(input), GPU_LANES);
    list_add(arena, &kernel->stores, input);
    add_first(arena, phase, kernel);
}

/* At the end of the evaluation: adds up its results, and stores the logits. */
static void add_results(Arena *arena, const Program *program, Phase *phase)
{
    const Graph *graph = program->graph;
    Kernel *kernel = gpu_kernel_alone(arena, program, "results", SCHEME_GPU_RESULTS);
    kernel->launch.units = 1;
    kernel->launch.block_units = 1;
    list_add(arena, &kernel->loads, graph->loss);
    list_add(arena, &kernel->loads, graph->correct);
    list_add(arena, &kernel->loads, graph->output);
    list_add(arena, &phase->kernels, kernel);
}

/* A warp for each point of a nest: on one block of samples, or, where it sums over samples, on all. */
static void launch_nests(Phase *phase)
{
    for (int i = 0; i < phase->kernels.count; i++) {
        Kernel *kernel = phase->kernels.at[i];
        if (kernel->scheme != SCHEME_NEST)
            continue;
        int64_t points = 1;
        for (int j = 0; j < kernel->nest->overs; j++) {
            kernel->over[j] = (Loop){ kernel->nest->over[j], 1 };
            points *= kernel->nest->over[j]->extent;
        }
        for (int j = 0; j < kernel->nest->folds; j++)
            kernel->fold[j] = kernel->nest->fold[j];
        int64_t units = divide_up(points, GPU_WARPS);
        kernel->tile = 1;
        kernel->all_blocks = kernel->stores.at[0]->role == ROLE_GRADIENT;
        kernel->launch = (Launch){ .units = kernel->all_blocks ? units : 0,
                                   .block_units = kernel->all_blocks ? 0 : units, .samples = GPU_LANES,
                                   .threads = GPU_THREADS };
    }
}

/* Evaluation takes as many samples at once as their memory allows, at least a batch. */
static int64_t eval_samples(const GpuPlan *plan)
{
    int64_t bytes = 1, batch = divide_up(plan->model->data.batch_size, GPU_LANES) * GPU_LANES;
    for (int i = 0; i < plan->memory.count; i++)
        bytes += gpu_bytes(plan->memory.at[i]) * plan->memory.at[i]->size / plan->block;
    int64_t fit = EVALUATION_BYTES / bytes / GPU_LANES * GPU_LANES;
    int64_t samples = least(fit, MOST_EVALUATED);
    return samples > batch ? samples : batch;
}

GpuPlan *gpu_plan_new(Arena *arena, Model *model, const char *title, const char *suffix, bool plain)
{
    GpuPlan *plan = NEW(arena, GpuPlan);
    plan->model = model;
    plan->title = title;
    plan->suffix = suffix;
    plan->block = GPU_LANES;
    Program *programs[] = { &plan->train, &plan->evaluate };
    for (int i = 0; i < 2; i++) {
        programs[i]->graph = graph_build(arena, model, i == 0, plain);
        programs[i]->single = true;
    }
    plan->step = phase_of(arena, "train", &plan->train);
    plan->evaluation = phase_of(arena, "evaluate", &plan->evaluate);
    return plan;
}

void gpu_buffer_tables(Arena *arena, GpuPlan *plan)
{
    Program *programs[] = { &plan->train, &plan->evaluate };
    for (int i = 0; i < 2; i++)
        programs[i]->buffer = arena_alloc(arena, (size_t)programs[i]->graph->tensors.count * sizeof(Buffer *));
}

static GpuPlan *layers_plan(Arena *arena, Model *model, const PlanOptions *options)
{
    GpuPlan *plan = gpu_plan_new(arena, model, "layer by layer", "_cuda", options->plain);
    Tuner train = { .arena = arena, .program = &plan->train, .phase = plan->step, .options = options };
    Tuner evaluate = { .arena = arena, .program = &plan->evaluate, .phase = plan->evaluation, .options = options };
    if (!options->plain) {
        gpu_tune(&train);
        gpu_tune(&evaluate);
        gpu_join(&train);
        plan->joined = true;
    }
    add_load(arena, &plan->train, plan->step);
    add_load(arena, &plan->evaluate, plan->evaluation);
    add_results(arena, &plan->evaluate, plan->evaluation);
    launch_nests(plan->step);
    launch_nests(plan->evaluation);
    gpu_buffer_tables(arena, plan);
    gpu_memory(arena, plan);
    phase_share_kernels(arena, plan->step, plan->evaluation);
    plan->train_launches = gpu_launches(arena, plan, plan->step, "train");
    plan->evaluate_launches = gpu_launches(arena, plan, plan->evaluation, "evaluate");
    plan->eval_samples = eval_samples(plan);
    return plan;
}

/* Kernels count in ints. */
static bool counts_in_ints(const GpuPlan *plan)
{
    bool fits = plan->weights_size < MOST_COUNTED;
    for (int i = 0; i < plan->memory.count; i++)
        fits = fits && plan->memory.at[i]->size < MOST_COUNTED;
    for (int i = 0; i < plan->step->kernels.count; i++)
        fits = fits && plan->step->kernels.at[i]->launch.block_units *
                           divide_up(plan->model->data.batch_size, plan->block) < MOST_COUNTED;
    return fits;
}

GpuPlans gpu_plans(Arena *arena, Model *model, const PlanOptions *options)
{
    GpuPlans plans = {0};
    GpuPlan *fused = takes(options, TECHNIQUE_FUSED) && !model->data.real_images ? fused_plan(arena, model, options) : NULL;
    if (fused)
        list_add(arena, &plans, fused);
    GpuPlan *layers = layers_plan(arena, model, options);
    if (counts_in_ints(layers))
        list_add(arena, &plans, layers);
    for (int i = 0; i < plans.count; i++) {
        const char *wrong = gpu_verify(arena, plans.at[i]);
        if (wrong) {
            fprintf(stderr, "netc: internal error: the plan of %s for GPUs, %s, is wrong: %s\n", model->name,
                    plans.at[i]->title, wrong);
            exit(70);
        }
    }
    return plans;
}
