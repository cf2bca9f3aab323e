/* The last launch of a step: what sums partial gradients over the samples, and applies the optimiser at once. */
#include "plan/gpu_tuned.h"

#include "ops/kinds.h"

#include <inttypes.h>

enum { ENOUGH_TILES = 48 };     /* of a linear layer's weight */

static void choose_tile(GpuLinearWeight *g)
{
    static const int64_t sizes[][2] = { { 64, 64 }, { 32, 64 }, { 32, 32 }, { 16, 32 }, { 16, 16 } };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        g->rows = sizes[i][0];
        g->columns = sizes[i][1];
        if (g->rows < 2 * g->outputs && divide_up(g->outputs, g->rows) * divide_up(g->inputs, g->columns) >= ENOUGH_TILES)
            return;
    }
}

/* Its bias's gradient is the sum of the same values, over the samples. */
static bool take_bias(Tuner *tuner, const Tensor *dy, const Node *node)
{
    for (int i = 0; i < tuner->phase->kernels.count; i++) {
        Kernel *kernel = tuner->phase->kernels.at[i];
        if (kernel->scheme != SCHEME_NEST || kernel->node->kind != &kind_linear_backward_bias ||
            kernel->node->layer != node->layer || kernel->node->in.at[0] != dy || !nest_is_sum(kernel->nest))
            continue;
        kernel->stores.count = 0;
        return true;
    }
    return false;
}

static const Tensor *parameter_after(const Graph *graph, const Tensor *parameter)
{
    for (int i = 0; i + 1 < graph->parameters.count; i++)
        if (graph->parameters.at[i] == parameter)
            return graph->parameters.at[i + 1];
    return NULL;
}

static void tune_linear_weights(Tuner *tuner)
{
    const Graph *graph = tuner->program->graph;
    for (int i = 0; i < tuner->phase->kernels.count && takes(tuner->options, TECHNIQUE_LINEAR); i++) {
        Kernel *kernel = tuner->phase->kernels.at[i];
        if (kernel->scheme != SCHEME_NEST || kernel->node->kind != &kind_linear_backward_weight || !nest_is_sum(kernel->nest) ||
            !kernel->stores.count || !gpu_parameter_of(graph, kernel->stores.at[0]))
            continue;
        const Tensor *x = kernel->node->in.at[0], *dy = kernel->node->in.at[1];
        GpuLinearWeight *g = NEW(tuner->arena, GpuLinearWeight);
        *g = (GpuLinearWeight){ .x = gpu_flattened(tuner, x), .dy = dy, .inputs = x->dim[0], .outputs = dy->dim[0],
                                .weight = gpu_parameter_of(graph, kernel->stores.at[0]) };
        if (take_bias(tuner, dy, kernel->node))
            g->bias = parameter_after(graph, g->weight);
        choose_tile(g);
        tuned_start(kernel, SCHEME_GPU_LINEAR_WEIGHT, g);
        kernel_add_load(tuner->arena, kernel, g->dy);
        kernel_add_load(tuner->arena, kernel, g->x);
        kernel->launch = (Launch){ .units = divide_up(g->outputs, g->rows) * divide_up(g->inputs, g->columns),
                                   .samples = GPU_LANES, .threads = GPU_THREADS,
                                   .shared = 4 * (g->rows + g->columns) * (GPU_LANES + 4) };
        kernel->note = gpu_note(tuner->arena,
            "A block of threads has %" PRId64 " outputs x %" PRId64 " inputs, and 32 samples of both in shared memory, in rows of 36 that four "
            "samples at a time can be read from without conflicts. It is the only one that sums these weights, and applies "
            "the optimiser to them.", g->rows, g->columns);
    }
}

static bool is_finished(const Tuner *tuner, const Tensor *parameter)
{
    return tuner_maker(tuner, parameter) != NULL;
}

/* The tuned kernel that makes partial sums of the gradient, or NULL. */
static const Kernel *partial_of(const Tuner *tuner, const Tensor *gradient)
{
    for (int i = 0; i < tuner->phase->kernels.count; i++) {
        const Kernel *kernel = tuner->phase->kernels.at[i];
        if (kernel->scheme == SCHEME_GPU_CONV_WEIGHT && kernel->node->out[0] == gradient)
            return kernel;
    }
    return NULL;
}

static void add_sum(Tuner *tuner, const Tensor *parameter, const Tensor *gradient)
{
    const Kernel *maker = partial_of(tuner, gradient);
    const GpuConvWeight *partial = maker ? maker->shape : NULL;
    GpuSum *g = NEW(tuner->arena, GpuSum);
    *g = (GpuSum){ .from = partial ? partial->partial : gradient, .parameter = parameter,
                   .parts = partial ? partial->parts : 0, .size = partial ? partial->partial->dim[1] : tensor_elements(parameter) };
    if (!partial && parameter->rank == 4)
        g->size = parameter->dim[0] * parameter->dim[1] * divide_up(parameter->dim[2] * parameter->dim[3], 4) * 4;
    Arena *arena = tuner->arena;
    const char *layer = parameter->layer->name, *what = parameter->layer->learnables.at[parameter->learnable].name;
    const char *name = arena_printf(arena, "%s_update", parameter->name);
    const char *note = arena_printf(arena, "%s: applies the optimiser to each %s.", layer, what);
    if (partial)
        note = arena_printf(arena, "%s: adds up what each part and block of samples gives for a %s%s, in their order, and "
                            "applies the optimiser to it.", layer, what, partial->bias ? " or a bias" : "");
    name = name_unique(arena, tuner->program->graph->names, name);
    Kernel *kernel = gpu_kernel_alone(arena, tuner->program, name, SCHEME_GPU_SUM);
    kernel->note = gpu_note(arena, "%s", note);
    kernel->shape = g;
    kernel->launch.units = divide_up(g->size, GPU_THREADS);
    list_add(tuner->arena, &kernel->loads, g->from);
    list_add(tuner->arena, &kernel->stores, parameter);
    if (partial && partial->bias)
        list_add(tuner->arena, &kernel->stores, parameter_after(tuner->program->graph, parameter));
    list_add(tuner->arena, &tuner->phase->kernels, kernel);
}

/* Linear weights' kernels go to the end, and make weights of their gradients. */
static void finish_linear_weights(Tuner *tuner)
{
    Phase *phase = tuner->phase;
    int kept = 0, count = phase->kernels.count;
    Kernel **last = arena_alloc(tuner->arena, (size_t)(count + 1) * sizeof *last);
    int lasts = 0;
    for (int i = 0; i < count; i++) {
        Kernel *kernel = phase->kernels.at[i];
        if (kernel->scheme != SCHEME_GPU_LINEAR_WEIGHT) {
            phase->kernels.at[kept++] = kernel;
            continue;
        }
        const GpuLinearWeight *g = kernel->shape;
        kernel->stores.count = 0;
        list_add(tuner->arena, &kernel->stores, g->weight);
        if (g->bias)
            list_add(tuner->arena, &kernel->stores, g->bias);
        last[lasts++] = kernel;
    }
    for (int i = 0; i < lasts; i++)
        phase->kernels.at[kept++] = last[i];
}

void gpu_join(Tuner *tuner)
{
    const Graph *graph = tuner->program->graph;
    tune_linear_weights(tuner);
    tuner_drop_unread(tuner);
    finish_linear_weights(tuner);
    for (int i = 0; i < graph->gradients.count; i++)
        if (graph->gradients.at[i] && !is_finished(tuner, graph->parameters.at[i]))
            add_sum(tuner, graph->parameters.at[i], graph->gradients.at[i]);
    Kernel *results = gpu_kernel_alone(tuner->arena, tuner->program, "step_results", SCHEME_GPU_STEP_RESULTS);
    results->note = "Adds up the losses and hits of the step, where the weights are updated.";
    results->launch.units = 1;
    list_add(tuner->arena, &results->loads, graph->loss);
    list_add(tuner->arena, &results->loads, graph->correct);
    list_add(tuner->arena, &tuner->phase->kernels, results);
}
