/* Single images: the kernels of the evaluation that the logits need. */
#include "plan/tuned.h"

#include "ops/kinds.h"

#include <inttypes.h>

/* The nests that the `wanted` tensors depend on, in their order; names of their functions begin with `prefix`. */
static void add_kernels(Arena *arena, Prediction *predict, bool *wanted, const char *prefix)
{
    const Graph *graph = predict->program.graph;
    List(Kernel *) backwards = { NULL, 0, 0 };

    for (int i = graph->nodes.count - 1; i >= 0; i--)
        for (int j = graph->nodes.at[i]->nests.count - 1; j >= 0; j--) {
            Kernel *kernel = kernel_new(arena, &predict->program, graph->nodes.at[i], graph->nodes.at[i]->nests.at[j]);
            bool needed = false;
            for (int k = 0; k < kernel->stores.count; k++)
                needed = needed || wanted[kernel->stores.at[k]->id];
            if (!needed)
                continue;
            for (int k = 0; k < kernel->loads.count; k++)
                wanted[kernel->loads.at[k]->id] = true;
            kernel->name = arena_printf(arena, "%s%s", prefix, kernel->name);
            list_add(arena, &backwards, kernel);
        }
    for (int i = backwards.count - 1; i >= 0; i--)
        list_add(arena, &predict->phase->kernels, backwards.at[i]);
}

/* What is made of single images by the kernels of a graph: none yet. Returns which tensors are wanted of it: none yet. */
static bool *start(Arena *arena, Prediction *predict, Graph *graph, const char *name)
{
    predict->program = (Program){ .graph = graph, .single = true };
    predict->phase = NEW(arena, Phase);
    *predict->phase = (Phase){ .kind = PHASE_BLOCKS, .name = name };
    return arena_alloc(arena, (size_t)graph->tensors.count * sizeof(bool));
}

enum { MOST_OUTPUTS = 8 };              /* of a register tile of a linear layer: each has a sum over the lanes at its end */
enum { MOST_VECTORS = 8 };              /* of one with outputs in the lanes: as many sums as do not wait for each other */

/* The tile, by how training stores the weight: rows of the outputs, or of the inputs in whole vectors. */
static bool choose_tile(const Tuner *tuner, DotShape *s)
{
    const Buffer *stored = tuner->plan->evaluate.buffer[s->weight->id];
    int64_t lanes = tuner->plan->target->lanes;
    s->across = stored->order[0] != 0;
    if (s->across) {
        s->vectors = stored->dim[1] / lanes;
        s->tile = s->vectors < MOST_VECTORS ? s->vectors : MOST_VECTORS;
        return stored->dim[1] % lanes == 0;
    }
    s->tile = s->outputs;
    for (int64_t tile = MOST_OUTPUTS; s->tile > MOST_OUTPUTS && tile >= MOST_OUTPUTS / 2; tile--)
        if (s->outputs % tile == 0 || tile == MOST_OUTPUTS / 2)
            s->tile = tile;
    return s->features >= lanes;
}

bool predict_linear(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *weight = node->in.at[1];
    DotShape *s = NEW(tuner->arena, DotShape);
    *s = (DotShape){ .x = node->in.at[0], .weight = weight, .features = weight->dim[1], .outputs = weight->dim[0] };
    s->bias = node->layer->learnables.count > 1 ? node->in.at[2] : NULL;
    if (kernel->nest->reduces != 1 || !choose_tile(tuner, s))
        return false;

    /* A list of an image's elements, in their order, is the image itself. */
    const Kernel *maker = tuner_maker(tuner, s->x);
    if (maker && maker->node->kind == &kind_flatten && !maker->node->fused.count) {
        s->x = maker->loads.at[0];
        list_add(tuner->arena, &kernel->absorbed, maker->node);
    }
    tuned_start(kernel, SCHEME_DOT, s);
    const char *note = s->across ? "Outputs side by side; %" PRId64 " vectors of their sums stay in registers."
                                 : "Features side by side; the sums of %" PRId64 " outputs stay in registers.";
    kernel->note = arena_printf(tuner->arena, note, s->tile);
    kernel_add_load(tuner->arena, kernel, weight);
    kernel_add_load(tuner->arena, kernel, s->x);
    if (s->bias)
        kernel_add_load(tuner->arena, kernel, s->bias);
    for (int i = 0; i < kernel->nest->stores; i++)
        kernel_add_loads(tuner->arena, kernel, kernel->nest->store[i].value);
    return true;
}

static const Rule rules[] = {
    { TECHNIQUE_PREDICT, &kind_max_pool2d, predict_conv_pool },
    { TECHNIQUE_PREDICT, &kind_conv2d, predict_conv },
    { TECHNIQUE_PREDICT, &kind_linear, predict_linear },
};

static void tune(Tuner *tuner)
{
    if (!tuner_counts_in_ints(tuner))
        return;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        tuner_apply(tuner, &rules[i], 1);
        tuner_drop_unread(tuner);       /* a convolution that its pool has taken in is no longer offered to a rule */
    }
}

void plan_predict(Arena *arena, Plan *plan, const PlanOptions *options)
{
    Prediction *predict = &plan->predict;
    bool *wanted = start(arena, predict, plan->evaluate.graph, "predict");
    wanted[plan->evaluate.graph->output->id] = true;
    add_kernels(arena, predict, wanted, "predict_");
    if (takes(options, TECHNIQUE_PREDICT))
        tune(&(Tuner){ arena, plan, &predict->program, predict->phase, options });
    plan_predict_memory(arena, plan, predict);
    for (int i = 0; i < predict->phase->kernels.count; i++)
        kernel_schedule(predict->phase->kernels.at[i], plan->target);
}

void plan_layers(Arena *arena, Plan *plan)
{
    Prediction *layers = &plan->layers;
    Graph *graph = graph_of_layers(arena, plan->train.graph->model);
    bool *wanted = start(arena, layers, graph, "layers");
    for (int i = 0; i < graph->model->layers.count; i++)
        wanted[graph->of_layer[i]->id] = true;
    add_kernels(arena, layers, wanted, "");
    plan_predict_memory(arena, plan, layers);
    for (int i = 0; i < layers->phase->kernels.count; i++)
        kernel_schedule(layers->phase->kernels.at[i], NULL);
}
