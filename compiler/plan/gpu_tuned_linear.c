/* Linear layers on a GPU: a warp has some results of 32 samples in registers, and shares the terms of their sums with the
 * other warps of its block. */
#include "plan/gpu_tuned.h"

#include "ops/kinds.h"

#include <inttypes.h>

enum { TILE = 8, MOST_SPLITS = 8, LEAST_SPLITS = 4 };

/* Adds what the nest's stores read beside `list`, which is what the kernel computes. */
static void add_store_loads(Tuner *tuner, Kernel *kernel, const Tensor *list)
{
    int kept = 0;
    for (int i = 0; i < kernel->nest->stores; i++)
        kernel_add_loads(tuner->arena, kernel, kernel->nest->store[i].value);
    for (int i = 0; i < kernel->loads.count; i++)
        if (kernel->loads.at[i] != list)
            kernel->loads.at[kept++] = kernel->loads.at[i];
    kernel->loads.count = kept;
}

static void become(Tuner *tuner, Kernel *kernel, GpuLinear *g)
{
    g->tile = least(g->of_input ? 2 * TILE : TILE, g->results);
    int64_t tiles = divide_up(g->results, g->tile), warps = tiles * gpu_blocks(tuner);
    g->splits = least(warps * LEAST_SPLITS >= GPU_BUSY_WARPS ? LEAST_SPLITS : MOST_SPLITS, divide_up(g->terms, 4));
    tuned_start(kernel, SCHEME_GPU_LINEAR, g);
    kernel_add_load(tuner->arena, kernel, g->weight);
    kernel_add_load(tuner->arena, kernel, g->x);
    if (g->bias)
        kernel_add_load(tuner->arena, kernel, g->bias);
    add_store_loads(tuner, kernel, g->list);
    kernel->launch = (Launch){ .block_units = tiles, .samples = GPU_LANES, .threads = (int)(GPU_LANES * g->splits),
                               .shared = 4 * GPU_LANES * g->tile * g->splits };
    kernel->note = gpu_note(tuner->arena,
        "A warp has %" PRId64 " results in registers, and %" PRId64 " warps share the terms of their sums: each value that is loaded "
        "meets a weight of every result.", g->tile, g->splits);
}

bool gpu_linear(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    if (kernel->nest->reduces != 1)
        return false;
    GpuLinear *g = NEW(tuner->arena, GpuLinear);
    *g = (GpuLinear){ .x = gpu_flattened(tuner, node->in.at[0]), .weight = node->in.at[1],
                      .bias = node->layer->learnables.count > 1 ? node->in.at[2] : NULL,
                      .terms = node->in.at[1]->dim[1], .results = node->in.at[1]->dim[0] };
    become(tuner, kernel, g);
    return true;
}

static GpuLinear *of_input(Tuner *tuner, const Node *node)
{
    GpuLinear *g = NEW(tuner->arena, GpuLinear);
    *g = (GpuLinear){ .x = node->in.at[1], .weight = node->in.at[0], .of_input = true,
                      .terms = node->in.at[0]->dim[0], .results = node->in.at[0]->dim[1] };
    return g;
}

bool gpu_linear_input(Tuner *tuner, Kernel *kernel)
{
    if (kernel->nest->reduces != 1)
        return false;
    become(tuner, kernel, of_input(tuner, kernel->node));
    return true;
}

bool gpu_flatten_input(Tuner *tuner, Kernel *kernel)
{
    const Tensor *list = kernel->node->in.at[0];
    const Kernel *linear = tuner_maker(tuner, list);
    if (!linear || linear->scheme != SCHEME_NEST || linear->node->kind != &kind_linear_backward_input ||
        !nest_is_sum(linear->nest) || tuner_readers(tuner, list) != 1 || kernel->nest->reduces > 0)
        return false;
    GpuLinear *g = of_input(tuner, linear->node);
    g->list = list;
    list_add(tuner->arena, &kernel->absorbed, kernel->node);
    kernel->node = linear->node;
    kernel->name = linear->name;
    become(tuner, kernel, g);
    return true;
}

/* ---- the last layer, with the loss */

enum { MOST_CLASSES = 32, LEAST_WARPS = 8, SAMPLES = 8 };

static Kernel *nest_of(const Tuner *tuner, const Tensor *tensor, const NodeKind *kind)
{
    Kernel *kernel = tensor ? tuner_maker(tuner, tensor) : NULL;
    bool is_it = kernel && kernel->scheme == SCHEME_NEST && kernel->node->kind == kind;
    return is_it ? kernel : NULL;
}

/* The kernel that reads `tensor` as the nth input of a node of this kind, or NULL. */
static Kernel *reader_of(const Tuner *tuner, const Tensor *tensor, const NodeKind *kind, int nth)
{
    for (int i = 0; i < tuner->phase->kernels.count; i++) {
        Kernel *kernel = tuner->phase->kernels.at[i];
        if (kernel->scheme == SCHEME_NEST && kernel->node->kind == kind && kernel->node->in.count > nth &&
            kernel->node->in.at[nth] == tensor)
            return kernel;
    }
    return NULL;
}

static void absorb(Tuner *tuner, Kernel *kernel, Kernel *other)
{
    list_add(tuner->arena, &kernel->absorbed, other->node);
    if (other != kernel)
        other->stores.count = 0;            /* made here now: it is dropped */
}

/* The gradient of the linear's input, through the flatten in front of it; NULL where it is not wanted. */
static Kernel *input_gradient(Tuner *tuner, GpuClassify *g, Kernel *kernel)
{
    Kernel *input = g->d_logits ? reader_of(tuner, g->d_logits, &kind_linear_backward_input, 1) : NULL;
    if (!input || input->nest->reduces != 1)
        return NULL;
    const Tensor *list = input->stores.at[0];
    Kernel *flatten = nest_is_sum(input->nest) ? reader_of(tuner, list, &kind_flatten_backward, 0) : NULL;
    if (!flatten || tuner_readers(tuner, list) != 1 || flatten->nest->reduces > 0)
        flatten = NULL;
    Kernel *last = flatten ? flatten : input;
    g->wants_input = true;
    g->list = flatten ? list : NULL;
    kernel->nest = last->nest;
    for (int i = 0; i < last->nest->stores; i++)
        list_add(tuner->arena, &kernel->stores, last->nest->store[i].tensor);
    absorb(tuner, kernel, input);
    if (flatten)
        absorb(tuner, kernel, flatten);
    return last;
}

static bool is_plain(const Kernel *kernel)
{
    return kernel && !kernel->node->fused.count;
}

bool gpu_classify(Tuner *tuner, Kernel *kernel)
{
    const Graph *graph = tuner->program->graph;
    const Tensor *logits = kernel->node->in.at[0], *maximum = kernel->node->in.at[2];
    Kernel *linear = nest_of(tuner, logits, &kind_linear), *largest = nest_of(tuner, maximum, &kind_class_maximum);
    Kernel *backward = reader_of(tuner, logits, &kind_cross_entropy_backward, 0);
    if (!is_plain(kernel) || !linear || !nest_is_sum(linear->nest) || !is_plain(largest) || logits->dim[0] > MOST_CLASSES ||
        tuner_maker(tuner, graph->loss) != kernel || tuner_maker(tuner, graph->correct) != largest ||
        tuner_readers(tuner, maximum) != (backward ? 2 : 1) || !takes(tuner->options, TECHNIQUE_LINEAR) ||
        (backward && (!is_plain(backward) || backward->node->in.at[4] != graph->scale)) ||
        (!backward && graph->gradients.count))
        return false;

    const Node *node = linear->node;
    GpuClassify *g = NEW(tuner->arena, GpuClassify);
    *g = (GpuClassify){ .x = gpu_flattened(tuner, node->in.at[0]), .weight = node->in.at[1],
                        .bias = node->layer->learnables.count > 1 ? node->in.at[2] : NULL, .loss = graph->loss,
                        .correct = graph->correct, .d_logits = backward ? backward->stores.at[0] : NULL,
                        .features = node->in.at[1]->dim[1], .classes = logits->dim[0] };
    /* The kernels of the loss read them; the evaluation's results do as well. */
    if (!backward || tuner_readers(tuner, logits) > 3)
        g->logits = logits;
    g->warps = g->classes > GPU_MOST_WARPS ? GPU_MOST_WARPS : g->classes < LEAST_WARPS ? LEAST_WARPS : g->classes;

    const Node *loss = kernel->node;
    kernel->stores.count = 0;
    if (g->logits)
        list_add(tuner->arena, &kernel->stores, logits);
    list_add(tuner->arena, &kernel->stores, graph->correct);
    list_add(tuner->arena, &kernel->stores, graph->loss);
    if (backward)
        list_add(tuner->arena, &kernel->stores, g->d_logits);
    linear->stores.count = 0;
    absorb(tuner, kernel, largest);
    list_add(tuner->arena, &kernel->absorbed, loss);
    if (backward)
        absorb(tuner, kernel, backward);
    input_gradient(tuner, g, kernel);
    kernel->node = node;
    kernel->name = linear->name;

    tuned_start(kernel, SCHEME_GPU_CLASSIFY, g);
    const Tensor *reads[] = { g->weight, g->x, g->bias, graph->label, backward ? graph->scale : NULL };
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        if (reads[i])
            kernel_add_load(tuner->arena, kernel, reads[i]);
    if (g->wants_input)
        add_store_loads(tuner, kernel, g->list);
    kernel->launch = (Launch){ .block_units = GPU_LANES / SAMPLES, .samples = GPU_LANES,
                               .threads = (int)(GPU_LANES * g->warps), .shared = 4 * SAMPLES * g->classes };
    kernel->note = gpu_note(tuner->arena,
        "A block of threads has 8 samples, from logits to gradients: a warp sums a class of all of them, 4 lanes a sample. %s",
        backward ? "Then every thread knows the softmax of its sample, and makes the gradient of some of its features." : "");
    return true;
}
