/* Which kernels of a GPU get tuned code. */
#include "plan/gpu_tuned.h"

#include "ops/kinds.h"

#include <string.h>

int64_t gpu_blocks(const Tuner *tuner)
{
    return divide_up(tuner->program->graph->model->data.batch_size, GPU_LANES);
}

const Tensor *gpu_flattened(const Tuner *tuner, const Tensor *features)
{
    const Kernel *maker = tuner_maker(tuner, features);
    if (!maker || maker->scheme != SCHEME_NEST || maker->node->kind != &kind_flatten || maker->node->fused.count)
        return features;
    return maker->node->in.at[0];
}

int64_t gpu_taps(const ConvShape *s)
{
    return divide_up(s->kernel[0] * s->kernel[1], 4) * 4;
}

const Tensor *gpu_gradient_of(const Graph *graph, const Tensor *parameter)
{
    for (int i = 0; i < graph->gradients.count; i++)
        if (graph->parameters.at[i] == parameter)
            return graph->gradients.at[i];
    return NULL;
}

const Tensor *gpu_parameter_of(const Graph *graph, const Tensor *gradient)
{
    for (int i = 0; i < graph->gradients.count; i++)
        if (graph->gradients.at[i] == gradient)
            return graph->parameters.at[i];
    return NULL;
}

int64_t gpu_splits(int64_t warps, int64_t terms, int64_t most)
{
    int64_t splits = 1;
    for (int64_t s = 1; s <= most && s <= terms; s++)
        if (terms % s == 0 && warps * splits < GPU_BUSY_WARPS)
            splits = s;
    return splits;
}

enum { NOTE_WIDTH = 116 };

const char *gpu_note(Arena *arena, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *note = arena_vprintf(arena, format, list);
    va_end(list);
    const char *text = "";
    while (strlen(note) > NOTE_WIDTH) {
        int end = NOTE_WIDTH;
        while (end > 0 && note[end] != ' ')
            end--;
        if (!end)
            break;
        text = arena_printf(arena, "%s%.*s\n * ", text, end, note);
        note += end + 1;
    }
    return arena_printf(arena, "%s%s", text, note);
}

bool gpu_is_tuned(const Kernel *kernel)
{
    return kernel->shape != NULL;
}

static const Rule rules[] = {
    { TECHNIQUE_CONV, &kind_max_pool2d, gpu_conv_pool },
    { TECHNIQUE_CONV, &kind_conv2d, gpu_conv },
    { TECHNIQUE_CONV_INPUT, &kind_conv2d_backward_input, gpu_conv_input },
    { TECHNIQUE_CONV_INPUT, &kind_pad_backward, gpu_conv_border },
    { TECHNIQUE_CONV_WEIGHT, &kind_conv2d_backward_weight, gpu_conv_weight },
    { TECHNIQUE_DENSE_WEIGHT, &kind_conv2d_backward_weight, gpu_dense_weight },
    { TECHNIQUE_LOSS, &kind_cross_entropy, gpu_classify },
    { TECHNIQUE_LINEAR, &kind_linear, gpu_linear },
    { TECHNIQUE_LINEAR, &kind_flatten_backward, gpu_flatten_input },
    { TECHNIQUE_LINEAR, &kind_linear_backward_input, gpu_linear_input },
};

void gpu_tune(Tuner *tuner)
{
    tuner_apply(tuner, rules, sizeof rules / sizeof *rules);
    tuner_drop_unread(tuner);
}
