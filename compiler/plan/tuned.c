#include "plan/tuned.h"

#include "ops/kinds.h"

const char *const technique_names[] = {
    [TECHNIQUE_WINOGRAD] = "winograd", [TECHNIQUE_CONV] = "conv", [TECHNIQUE_CONV_INPUT] = "conv-input",
    [TECHNIQUE_CONV_WEIGHT] = "conv-weight",
    [TECHNIQUE_DENSE_WEIGHT] = "dense-weight",
    [TECHNIQUE_LINEAR] = "linear", [TECHNIQUE_LOSS] = "loss", [TECHNIQUE_PREDICT] = "predict",
    [TECHNIQUE_FUSED] = "fused", NULL,
};

const char *const technique_help[] = {
    [TECHNIQUE_WINOGRAD] = "fewer products a convolution, at coarser rounding",
    [TECHNIQUE_CONV] = "a convolution with what follows it, its pool too, in one kernel",
    [TECHNIQUE_CONV_INPUT] = "the gradient of a convolution's input, through the pool behind it",
    [TECHNIQUE_CONV_WEIGHT] = "the gradient of a convolution's weight, of what its pool took alone",
    [TECHNIQUE_DENSE_WEIGHT] = "the gradient of a convolution's weight, channels side by side",
    [TECHNIQUE_LINEAR] = "the gradient of a linear layer's weight with features in the lanes; large ones updated at once",
    [TECHNIQUE_LOSS] = "softmax, loss and their gradient in one kernel",
    [TECHNIQUE_PREDICT] = "single images with their pixels side by side in vectors",
    [TECHNIQUE_FUSED] = "on GPUs: the whole step of a sample in one block of threads, in shared memory",
};

enum { MOST_COUNTED = 1 << 30 };        /* elements of a block: what tuned code counts in an int */

static const Rule rules[] = {
    { TECHNIQUE_CONV, &kind_max_pool2d, tune_conv_pool },
    { TECHNIQUE_CONV, &kind_conv2d, tune_conv },
    { TECHNIQUE_CONV_INPUT, &kind_conv2d_backward_input, tune_conv_input },
    { TECHNIQUE_CONV_INPUT, &kind_pad_backward, tune_conv_border },
    { TECHNIQUE_CONV_WEIGHT, &kind_conv2d_backward_weight, tune_conv_weight },
    { TECHNIQUE_DENSE_WEIGHT, &kind_conv2d_backward_weight, tune_dense_weight },
    { TECHNIQUE_LINEAR, &kind_linear_backward_weight, tune_linear_weight },
    { TECHNIQUE_LOSS, &kind_cross_entropy_backward, tune_loss },
};

Kernel *tuner_maker(const Tuner *tuner, const Tensor *tensor)
{
    for (int i = 0; i < tuner->phase->kernels.count; i++) {
        Kernel *kernel = tuner->phase->kernels.at[i];
        if (kernel_makes(kernel, tensor))
            return kernel;
    }
    return NULL;
}

int tuner_readers(const Tuner *tuner, const Tensor *tensor)
{
    int readers = 0;
    for (int i = 0; i < tuner->phase->kernels.count; i++) {
        const Kernel *kernel = tuner->phase->kernels.at[i];
        for (int j = 0; j < kernel->loads.count; j++)
            readers += kernel->loads.at[j] == tensor;
    }
    return readers;
}

void tuned_start(Kernel *kernel, Scheme scheme, const void *shape)
{
    kernel->scheme = scheme;
    kernel->shape = shape;
    kernel->loads.count = 0;
    kernel->cuts = 0;
    for (int i = 0; i < kernel->nest->overs; i++)
        kernel->over[i] = (Loop){ kernel->nest->over[i], 1 };
    kernel->tile = 1;
}

void tuned_cut(Kernel *kernel, const char *name, int64_t extent, int64_t tile)
{
    kernel->cut[kernel->cuts++] = (Cut){ name, extent, tile, 1 };
}

/* A tensor of the plan's own: the weight, point by point; [point][output channel][row][input channel]. */
static Tensor *form_of(Tuner *tuner, const Tensor *weight, const Winograd *winograd)
{
    int64_t dim[MAX_RANK] = { winograd->points, weight->dim[0], weight->dim[2], weight->dim[1] };
    Tensor *form = graph_value(tuner->program->graph, weight->layer, TYPE_REAL, 4, dim, "%s_f%dx%d", weight->name,
                               winograd->results, winograd->taps);
    form->per_sample = false;
    return form;
}

const Tensor *tuner_transformed(Tuner *tuner, const Tensor *weight, const Winograd *winograd)
{
    for (int i = 0; i < tuner->plan->prepare.count; i++) {
        const Kernel *kernel = tuner->plan->prepare.at[i];
        const WinogradWeight *shape = kernel->shape;
        if (kernel->program == tuner->program && shape->weight == weight &&
            shape->winograd->results == winograd->results)
            return kernel->stores.at[0];
    }
    WinogradWeight *shape = NEW(tuner->arena, WinogradWeight);
    Kernel *kernel = NEW(tuner->arena, Kernel);
    *shape = (WinogradWeight){ weight, winograd };
    kernel->program = tuner->program;
    kernel->scheme = SCHEME_WINOGRAD_WEIGHT;
    kernel->shape = shape;
    list_add(tuner->arena, &kernel->loads, weight);
    list_add(tuner->arena, &kernel->stores, form_of(tuner, weight, winograd));
    kernel->name = arena_printf(tuner->arena, "transform_%s", kernel->stores.at[0]->name);
    tuned_cut(kernel, "o", weight->dim[0], 1);
    list_add(tuner->arena, &tuner->plan->prepare, kernel);
    return kernel->stores.at[0];
}

bool tuner_wants(const Tuner *tuner, const Kernel *kernel)
{
    for (int i = 0; i < kernel->stores.count; i++) {
        const Tensor *tensor = kernel->stores.at[i];
        if (!tensor->per_sample || graph_keeps(tuner->program->graph, tensor) || tuner_readers(tuner, tensor))
            return true;
    }
    return false;
}

/* From the end, so that what only a dropped kernel read goes as well. */
void tuner_drop_unread(Tuner *tuner)
{
    Phase *phase = tuner->phase;
    for (int i = phase->kernels.count - 1; i >= 0; i--) {
        if (tuner_wants(tuner, phase->kernels.at[i]))
            continue;
        for (int j = i; j + 1 < phase->kernels.count; j++)
            phase->kernels.at[j] = phase->kernels.at[j + 1];
        phase->kernels.count--;
    }
}

bool tuner_counts_in_ints(const Tuner *tuner)
{
    const Graph *graph = tuner->program->graph;
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        if (tensor_elements(tensor) > MOST_COUNTED / (tensor->per_sample ? tuner->plan->target->lanes : 1))
            return false;
    }
    return true;
}

void tuner_apply(Tuner *tuner, const Rule rules[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (int j = 0; j < tuner->phase->kernels.count && takes(tuner->options, rules[i].technique); j++) {
            Kernel *kernel = tuner->phase->kernels.at[j];
            if (kernel->node && kernel->node->kind == rules[i].kind && kernel->scheme == SCHEME_NEST &&
                tuner_wants(tuner, kernel))
                rules[i].fit(tuner, kernel);
        }
}

void plan_tune(Tuner *tuner)
{
    if (!tuner_counts_in_ints(tuner))
        return;
    tuner_apply(tuner, rules, sizeof rules / sizeof *rules);
    tuner_drop_unread(tuner);
}
