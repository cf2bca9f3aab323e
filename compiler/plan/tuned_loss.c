/* Softmax with cross-entropy, and its gradient, in one kernel: each exponential is computed once. */
#include "plan/tuned.h"

#include "ops/kinds.h"

/* Whether `kernel` is a nest of a node of this kind, as the operator made it. */
static bool is_nest_of(const Kernel *kernel, const NodeKind *kind)
{
    return kernel && kernel->scheme == SCHEME_NEST && kernel->node->kind == kind && !kernel->node->fused.count;
}

bool tune_loss(Tuner *tuner, Kernel *kernel)
{
    const Node *node = kernel->node;
    const Tensor *maximum = node->in.at[2], *total = node->in.at[3];
    const Graph *graph = tuner->program->graph;
    Kernel *forward = tuner_maker(tuner, total), *largest = tuner_maker(tuner, maximum);
    if (node->fused.count || node->in.at[4] != graph->scale || !is_nest_of(forward, &kind_cross_entropy) ||
        !is_nest_of(largest, &kind_class_maximum) || tuner_readers(tuner, total) != 1 ||
        tuner_readers(tuner, maximum) != 2 || tuner_maker(tuner, graph->loss) != forward ||
        tuner_maker(tuner, graph->correct) != largest)
        return false;

    LossShape *s = NEW(tuner->arena, LossShape);
    *s = (LossShape){ .logits = node->in.at[0], .label = node->in.at[1], .scale = graph->scale,
                      .correct = graph->correct, .loss = graph->loss, .gradient = kernel->stores.at[0] };
    tuned_start(kernel, SCHEME_LOSS, s);
    kernel->node = largest->node;
    list_add(tuner->arena, &kernel->absorbed, forward->node);
    list_add(tuner->arena, &kernel->absorbed, node);
    kernel->name = forward->name;
    kernel->note = "loss = log(sum of exp(logits[k] - largest)) + largest - logits[label]. Each exponential is taken once.";
    kernel_add_load(tuner->arena, kernel, s->logits);
    kernel_add_load(tuner->arena, kernel, s->label);
    kernel_add_load(tuner->arena, kernel, s->scale);
    kernel->stores.count = 0;
    list_add(tuner->arena, &kernel->stores, s->correct);
    list_add(tuner->arena, &kernel->stores, s->loss);
    list_add(tuner->arena, &kernel->stores, s->gradient);
    forward->stores.count = largest->stores.count = 0;      /* made here now: those two are dropped */
    return true;
}
