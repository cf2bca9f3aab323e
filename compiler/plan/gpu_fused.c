/* The fused step: two kernels. In the first a block of threads takes one sample through the whole step and leaves its
 * gradients; where a gradient is a product of two vectors, as that of a linear layer's weight, it leaves these. The second
 * sums over the samples, in fixed order, and applies the optimiser.
 *
 * As long as the batch is smaller than the number of multiprocessors a step takes as long as one sample: so it is taken
 * where one sample is little work, and where its activations and the weights fit in shared memory. */
#include "plan/fused.h"

#include "ops/kinds.h"

enum { MOST_WORK = 2500000 };               /* multiply-adds of a sample, forward and backward */
enum { MOST_EVALUATED = 1024, FLOAT_BYTES = 4, MOST_PARTS = 400 };

static void insert(Arena *arena, Phase *phase, int at, Kernel *kernel)
{
    list_add(arena, &phase->kernels, kernel);
    for (int i = phase->kernels.count - 1; i > at; i--)
        phase->kernels.at[i] = phase->kernels.at[i - 1];
    phase->kernels.at[at] = kernel;
}

static void remove_kernel(Phase *phase, int at)
{
    for (int i = at; i + 1 < phase->kernels.count; i++)
        phase->kernels.at[i] = phase->kernels.at[i + 1];
    phase->kernels.count--;
}

/* Whether work and weights alone leave no hope. */
static bool is_too_large(const GpuPlan *plan)
{
    int64_t flop = 0, floats = 0;
    for (int i = 0; i < plan->step->kernels.count; i++)
        flop += kernel_flop(plan->step->kernels.at[i]);
    for (int i = 0; i < plan->train.graph->tensors.count; i++) {
        int64_t elements = tensor_elements(plan->train.graph->tensors.at[i]);
        if (elements > FUSED_MEMORY)
            return true;
        if (plan->train.graph->tensors.at[i]->role == ROLE_PARAMETER)
            floats += elements;
    }
    return flop / 2 > MOST_WORK || FLOAT_BYTES * floats > FUSED_MEMORY || plan->step->kernels.count > MOST_PARTS;
}

/* ---- what is no node's */

/* The weights that the parts read, and the image, come first. */
static void add_loads(Arena *arena, const Program *program, Phase *phase)
{
    Kernel *weights = gpu_kernel_alone(arena, program, "load_weights", SCHEME_FUSED_WEIGHTS);
    Kernel *input = gpu_kernel_alone(arena, program, "load_input", SCHEME_FUSED_LOAD);
    Tuner tuner = { arena, NULL, NULL, phase, NULL };
    for (int i = 0; i < program->graph->parameters.count; i++)
        if (tuner_readers(&tuner, program->graph->parameters.at[i]))
            list_add(arena, &weights->stores, program->graph->parameters.at[i]);
    if (tuner_readers(&tuner, program->graph->input)) {
        list_add(arena, &input->stores, program->graph->input);
        insert(arena, phase, 0, input);
    }
    if (weights->stores.count)
        insert(arena, phase, 0, weights);
}

static Tensor *kept_tensor(const Program *program, const Tensor *tensor)
{
    int64_t elements = tensor_elements(tensor);
    return graph_value(program->graph, tensor->layer, TYPE_REAL, 1, &elements, "kept_%s", tensor->name);
}

/* The part that leaves `from` in global memory, once; returns what it is called there. */
static const Tensor *add_keep(Arena *arena, const Program *program, Phase *phase, const Tensor *named, const Tensor *from)
{
    for (int i = 0; i < phase->kernels.count; i++) {
        const FusedKeep *known = phase->kernels.at[i]->shape;
        if (phase->kernels.at[i]->scheme == SCHEME_FUSED_KEEP && known->from == from)
            return known->to;
    }
    FusedKeep *keep = NEW(arena, FusedKeep);
    *keep = (FusedKeep){ .from = from, .to = kept_tensor(program, named) };
    Kernel *kernel = gpu_kernel_alone(arena, program, arena_printf(arena, "keep_%s", named->name), SCHEME_FUSED_KEEP);
    kernel->shape = keep;
    list_add(arena, &kernel->loads, from);
    list_add(arena, &kernel->stores, keep->to);
    list_add(arena, &phase->kernels, kernel);
    return keep->to;
}

static bool is_product(const Kernel *kernel)
{
    return kernel->node && kernel->node->kind == &kind_linear_backward_weight && kernel->scheme == SCHEME_NEST &&
           nest_is_sum(kernel->nest);
}

/* The gradients of linear layers' weights are formed by the reduction. */
static void add_products(Arena *arena, GpuPlan *plan, Phase *reduction)
{
    Phase *step = plan->step;
    Tuner tuner = { arena, NULL, &plan->train, step, NULL };
    for (int i = step->kernels.count - 1; i >= 0; i--) {
        Kernel *kernel = step->kernels.at[i];
        if (!is_product(kernel))
            continue;
        const Tensor *x = kernel->node->in.at[0], *dy = kernel->node->in.at[1];
        remove_kernel(step, i);
        FusedFactors *factors = NEW(arena, FusedFactors);
        factors->x = add_keep(arena, &plan->train, step, x, fused_flat(&tuner, x));
        factors->dy = add_keep(arena, &plan->train, step, dy, dy);
        tuned_start(kernel, SCHEME_FUSED_REDUCE_LINEAR, factors);
        list_add(arena, &kernel->loads, factors->dy);
        list_add(arena, &kernel->loads, factors->x);
        kernel->launch = (Launch){ .units = divide_up(tensor_elements(kernel->stores.at[0]),
                                                      GPU_LANES * fused_reduce_width(kernel->stores.at[0]->dim[1])),
                                   .samples = 1, .threads = GPU_THREADS };
        list_add(arena, &reduction->kernels, kernel);
    }
    for (int i = step->kernels.count - 1; i >= 0; i--) {        /* which others look through */
        const Kernel *kernel = step->kernels.at[i];
        if (kernel->node && kernel->node->kind == &kind_flatten && !tuner_readers(&tuner, kernel->stores.at[0]) &&
            !graph_keeps(plan->train.graph, kernel->stores.at[0]))
            remove_kernel(step, i);
    }
}

/* All other gradients are the step's, and leave it for `partial`. */
static void add_gradients(Arena *arena, GpuPlan *plan, const Tensor *partial)
{
    Phase *step = plan->step;
    int kernels = step->kernels.count;
    for (int i = 0; i < kernels; i++) {
        const Kernel *made = step->kernels.at[i];
        for (int j = 0; j < made->stores.count; j++) {
            const Tensor *gradient = made->stores.at[j];
            if (gradient->role != ROLE_GRADIENT)
                continue;
            FusedKeep *keep = NEW(arena, FusedKeep);
            *keep = (FusedKeep){ .from = gradient, .to = partial, .gradient = true,
                                  .padded = made->scheme == SCHEME_FUSED_WEIGHT || made->scheme == SCHEME_FUSED_SPARSE_SUM };
            Kernel *kernel = gpu_kernel_alone(arena, &plan->train, arena_printf(arena, "keep_%s", gradient->name),
                                              SCHEME_FUSED_KEEP);
            kernel->shape = keep;
            list_add(arena, &kernel->loads, gradient);
            list_add(arena, &kernel->stores, partial);
            list_add(arena, &step->kernels, kernel);
        }
    }
}

static Kernel *results_new(Arena *arena, const Program *program, const char *name)
{
    Kernel *kernel = gpu_kernel_alone(arena, program, name, SCHEME_FUSED_RESULTS);
    kernel->launch.units = 1;
    list_add(arena, &kernel->loads, program->graph->loss);
    list_add(arena, &kernel->loads, program->graph->correct);
    return kernel;
}

/* ---- global memory */

static void place(Arena *arena, GpuPlan *plan, const Tensor *tensor)
{
    Buffer *buffer = NEW(arena, Buffer);
    *buffer = (Buffer){ .name = gpu_name(arena, plan, tensor->name), .tensor = tensor, .place = PLACE_BATCH, .single = true,
                        .rank = tensor->rank, .order = { 0, 1, 2, 3 }, .size = tensor_elements(tensor) };
    for (int i = 0; i < tensor->rank; i++)
        buffer->dim[i] = tensor->dim[i];
    plan->train.buffer[tensor->id] = buffer;
    list_add(arena, &plan->memory, buffer);
}

/* The gradients' places in what a sample leaves are those of the weights. */
static void set_offsets(const GpuPlan *plan)
{
    const Graph *graph = plan->train.graph;
    for (int i = 0; i < plan->step->kernels.count; i++) {
        const Kernel *kernel = plan->step->kernels.at[i];
        FusedKeep *keep = (FusedKeep *)kernel->shape;
        for (int j = 0; kernel->scheme == SCHEME_FUSED_KEEP && j < graph->gradients.count; j++)
            if (graph->gradients.at[j] == keep->from)
                keep->offset = plan->train.buffer[graph->parameters.at[j]->id]->offset;
    }
}

/* ---- launches */

static GpuLaunch *launch_new(Arena *arena, const GpuPlan *plan, const char *name, const Phase *phase)
{
    GpuLaunch *launch = NEW(arena, GpuLaunch);
    launch->name = arena_printf(arena, "%s_%s", plan->model->name, name);
    for (int i = 0; i < phase->kernels.count; i++)
        gpu_launch_add(arena, launch, phase->kernels.at[i]);
    launch->threads = GPU_THREADS;
    return launch;
}

int64_t fused_items(const Kernel *kernel)
{
    const FusedConv *f = kernel->shape;
    int64_t points = 1;
    switch (kernel->scheme) {
    case SCHEME_FUSED_CONV: case SCHEME_FUSED_INPUT: case SCHEME_FUSED_WEIGHT: case SCHEME_FUSED_SPARSE:
    case SCHEME_FUSED_UNPOOL:
        return f->items;
    case SCHEME_FUSED_CONV_SUM:
        return f->conv.pooled[0] * f->conv.pooled[1] * f->conv.out;
    case SCHEME_FUSED_INPUT_SUM:
        return f->conv.image[0] * f->conv.image[1] * f->conv.in;
    case SCHEME_FUSED_SPARSE_SUM:
        return kernel_buffer(kernel, kernel->stores.at[0])->size;
    case SCHEME_NEST:
        for (int i = 0; i < kernel->nest->overs; i++)
            points *= kernel->nest->over[i]->extent;
        return points;
    default:
        return 0;
    }
}

/* As many threads as the largest part has work for, in whole groups. */
static void set_threads(GpuLaunch *launch)
{
    int64_t most = 1;
    for (int i = 0; i < launch->parts.count; i++)
        if (launch->parts.at[i]->scheme != SCHEME_FUSED_SPARSE_SUM && fused_items(launch->parts.at[i]) > most)
            most = fused_items(launch->parts.at[i]);
    launch->threads = (int)least(FUSED_THREADS, divide_up(most, FUSED_GROUP) * FUSED_GROUP);
    for (int i = 0; i < launch->parts.count; i++)
        launch->parts.at[i]->launch = (Launch){ .block_units = i == 0, .samples = 1, .threads = launch->threads };
}

/* The last index of what is stored counts fastest: neighbouring threads write to neighbouring places. */
static void order_loops(Kernel *kernel)
{
    const Nest *nest = kernel->nest;
    int place[MAX_OVER];
    for (int i = 0; i < nest->overs; i++) {
        place[i] = -1;
        for (int j = 0; j < nest->store[0].tensor->rank; j++)
            if (nest->store[0].index[j] && expr_uses(nest->store[0].index[j], nest->over[i]))
                place[i] = j;
        int at = i;
        for (; at > 0 && place[at - 1] > place[at]; at--) {
            int other = place[at - 1];
            place[at - 1] = place[at];
            place[at] = other;
            kernel->over[at] = kernel->over[at - 1];
        }
        kernel->over[at] = (Loop){ nest->over[i], 1 };
    }
    for (int i = 0; i < nest->folds; i++)
        kernel->fold[i] = nest->fold[i];
    kernel->tile = 1;
}

static GpuLaunch *fused_launch(Arena *arena, GpuPlan *plan, Program *program, const char *name, const Phase *phase)
{
    GpuLaunch *launch = launch_new(arena, plan, name, phase);
    launch->fused = true;
    for (int i = 0; i < launch->parts.count; i++)
        if (launch->parts.at[i]->nest)
            order_loops(launch->parts.at[i]);
    set_threads(launch);
    fused_memory(arena, plan, program, launch);
    return launch;
}

/* The last of them is one of the samples' and not of the weights': it runs beside the rest of the reduction. */
static Phase *reduction_new(Arena *arena, GpuPlan *plan, const Tensor *partial, Phase *products)
{
    Phase *phase = NEW(arena, Phase);
    Kernel *kernel = gpu_kernel_alone(arena, &plan->train, "reduce_gradients", SCHEME_FUSED_REDUCE);
    list_add(arena, &kernel->loads, partial);
    kernel->launch.units = divide_up(plan->partial_size, GPU_LANES * fused_reduce_width(plan->partial_size));
    if (plan->partial_size)
        list_add(arena, &phase->kernels, kernel);
    for (int i = products->kernels.count - 1; i >= 0; i--)
        list_add(arena, &phase->kernels, products->kernels.at[i]);
    list_add(arena, &phase->kernels, results_new(arena, &plan->train, "results"));
    return phase;
}

GpuPlan *fused_plan(Arena *arena, Model *model, const PlanOptions *options)
{
    GpuPlan *plan = gpu_plan_new(arena, model, "fused step", "_fused", options->plain);
    plan->fused = true;
    plan->block = 1;
    if (is_too_large(plan))
        return NULL;

    fused_tune(&(Tuner){ arena, NULL, &plan->train, plan->step, options });
    fused_tune(&(Tuner){ arena, NULL, &plan->evaluate, plan->evaluation, options });
    Phase products = {0};
    add_products(arena, plan, &products);
    int64_t one = 1;
    Tensor *partial = graph_value(plan->train.graph, model->layers.at[0], TYPE_REAL, 1, &one, "sample_gradients");
    add_gradients(arena, plan, partial);
    add_loads(arena, &plan->train, plan->step);
    add_loads(arena, &plan->evaluate, plan->evaluation);
    Kernel *logits = gpu_kernel_alone(arena, &plan->evaluate, "store_logits", SCHEME_FUSED_LOGITS);
    list_add(arena, &logits->loads, plan->evaluate.graph->output);
    list_add(arena, &plan->evaluation->kernels, logits);

    gpu_buffer_tables(arena, plan);
    gpu_weights(arena, plan, &products);
    set_offsets(plan);
    partial->dim[0] = plan->partial_size;
    if (plan->partial_size)
        place(arena, plan, partial);
    for (int i = 0; i < plan->step->kernels.count; i++) {
        const FusedKeep *keep = plan->step->kernels.at[i]->shape;
        if (plan->step->kernels.at[i]->scheme == SCHEME_FUSED_KEEP && !keep->gradient)
            place(arena, plan, keep->to);
    }
    place(arena, plan, plan->train.graph->loss);
    place(arena, plan, plan->train.graph->correct);
    plan->evaluate.buffer[plan->evaluate.graph->loss->id] = plan->train.buffer[plan->train.graph->loss->id];
    plan->evaluate.buffer[plan->evaluate.graph->correct->id] = plan->train.buffer[plan->train.graph->correct->id];

    list_add(arena, &plan->train_launches, fused_launch(arena, plan, &plan->train, "step", plan->step));
    list_add(arena, &plan->evaluate_launches, fused_launch(arena, plan, &plan->evaluate, "evaluate", plan->evaluation));
    for (int i = 0; i < 2; i++)
        if ((i ? plan->evaluate_launches : plan->train_launches).at[0]->shared > FUSED_MEMORY - FUSED_STATIC)
            return NULL;
    phase_share_kernels(arena, plan->step, plan->evaluation);

    list_add(arena, &plan->train_launches,
             launch_new(arena, plan, "reduce", reduction_new(arena, plan, partial, &products)));
    Phase results = {0};
    list_add(arena, &results.kernels, results_new(arena, &plan->evaluate, "evaluate_results"));
    list_add(arena, &plan->evaluate_launches, launch_new(arena, plan, "results", &results));
    plan->joined = true;
    plan->eval_samples = model->data.batch_size > MOST_EVALUATED ? model->data.batch_size : MOST_EVALUATED;
    return plan;
}
