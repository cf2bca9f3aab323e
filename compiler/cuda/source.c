/* NAME_cuda.cu: the weights, the kernels as functions, and the launches that call them. */
#include "cuda/fused.h"

#include <inttypes.h>
#include <string.h>

static void print_weights(Text *text, const GpuPlan *plan)
{
    const char *name = plan->model->name;
    line(text, plan->fused
        ? "\n/* The flat array of weights: first those whose gradients the samples leave, then those that the reduction forms of\n"
          " * factors. The taps of a convolution's weight are padded to whole 16 bytes. The gradient has the same form. */"
        : "\n/* The flat array of weights, as PyTorch orders them; the taps of a convolution's weight are padded to whole\n"
          " * 16 bytes. The gradient has the same form. */");
    line(text, "struct %s_weights {", name);
    for (int i = 0; i < plan->weights.count; i++) {
        const Buffer *buffer = plan->weights.at[i];
        line(text, "alignas(%d) float %s%s;", 4 * (int)gpu_alignment(plan), buffer->name, buffer_dims(text->arena, buffer));
    }
    line(text, "};");
}

static void print_channels(Text *text, const GpuPlan *plan)
{
    const Shape in = plan->model->layers.at[0]->out;
    if (plan->model->data.real_images)
        return;
    line(text, "\n/* Of each channel of an image: byte * factor + shift = (byte / 255 - mean) / std. */");
    print_normalize(text, "static __constant__ const float", "(float)", plan->model->data.normalize,
                    in.rank == 1 ? 1 : in.dim[0]);
}

static void print_optimizer(Text *text, const GpuPlan *plan)
{
    const TrainSpec *train = &plan->model->train;
    bool cycles = cycles_momentum(train);
    line(text, "\n/* The optimiser's settings; lr %s with the step. */\n"
               "DEVICE sgd optimizer(%s)\n"
               "{\n"
               "sgd settings = {};", cycles ? "and momentum come" : "comes", cycles ? "const cuda_step &step" : "void");
    line(text, "settings.momentum = %s;", cycles ? "step.stretch->momentum[step.index]"
                                                 : double_c(text->arena, train->sgd.momentum));
    if (train->schedule.base_momentum > 0)
        line(text, "settings.positive = true;");
    line(text, "settings.dampening = %s;", double_c(text->arena, train->sgd.dampening));
    line(text, "settings.weight_decay = %s;", double_c(text->arena, train->sgd.weight_decay));
    line(text, "settings.nesterov = %s;", train->sgd.nesterov ? "true" : "false");
    line(text, "return settings;\n"
               "}");
}

static void print_functions(Text *text, const GpuPlan *plan, const Phase *phase)
{
    for (int i = 0; i < phase->kernels.count; i++)
        if (!phase->kernels.at[i]->same) {
            line(text, "%s", "");
            cuda_kernel_print(text, plan, phase->kernels.at[i]);
        }
}

/* Those of a fused plan: of each launch in turn. */
static void print_fused_functions(Text *text, const GpuPlan *plan, const GpuLaunches *launches)
{
    for (int i = 0; i < launches->count; i++)
        for (int j = 0; j < launches->at[i]->parts.count; j++) {
            const Kernel *kernel = launches->at[i]->parts.at[j];
            if (!kernel->same) {
                line(text, "%s", "");
                (launches->at[i]->fused ? fused_part_print : cuda_kernel_print)(text, plan, kernel);
            }
        }
}

/* ---- launches */

bool cuda_launch_is_new(const GpuPlan *plan, const GpuLaunch *launch)
{
    const GpuLaunches *both[] = { &plan->train_launches, &plan->evaluate_launches };
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < both[i]->count; j++)
            if (strcmp(both[i]->at[j]->name, launch->name) == 0)
                return both[i]->at[j] == launch;
    return true;
}

/* Blocks of threads that the kernel has in the step, as an expression. */
static const char *units_c(Arena *arena, const Launch *of)
{
    const char *blocks = of->samples == GPU_LANES ? "step_blocks(step)" : of->samples == 1 ? "step.count"
                       : arena_printf(arena, "(step.count + %d) / %d", of->samples - 1, of->samples);
    if (!of->block_units)
        return arena_printf(arena, "%" PRId64, of->units);
    const char *each = of->block_units == 1 ? blocks : arena_printf(arena, "%" PRId64 " * %s%s%s", of->block_units,
                           strchr(blocks, '/') ? "(" : "", blocks, strchr(blocks, '/') ? ")" : "");
    return of->units ? arena_printf(arena, "%" PRId64 " + %s", of->units, each) : each;
}

static bool launch_writes(const GpuLaunch *launch, const Buffer *buffer)
{
    for (int i = 0; i < launch->parts.count; i++) {
        const Kernel *kernel = launch->parts.at[i];
        for (int j = 0; j < kernel->stores.count; j++)
            if (kernel_buffer(kernel, kernel->stores.at[j]) == buffer)
                return true;
    }
    return false;
}

/* Parts side by side: each has its range of the grid. */
static void print_parts(Text *text, const GpuLaunch *launch)
{
    int parts = launch->parts.count;
    line(text, "int unit = blockIdx.x;");
    for (int i = 0; i < parts; i++) {
        const Kernel *kernel = launch->parts.at[i], *called = kernel->same ? kernel->same : kernel;
        bool last = i + 1 == parts;
        if (parts > 1 && !last)
            line(text, "int %s_units = %s;\n"
                       "if (unit < %s_units) {", called->name, units_c(text->arena, &kernel->launch), called->name);
        line_wrapped(text, "%s(%s);", called->name, cuda_arguments(text->arena, called, "unit"));
        if (parts > 1 && !last)
            line(text, "return;\n"
                       "}\n"
                       "unit -= %s_units;", called->name);
    }
}

static void print_launch(Text *text, const GpuPlan *plan, const GpuLaunch *launch)
{
    const char *parameters = "cuda_step step";
    for (int i = 0; i < launch->buffers.count; i++)
        parameters = arena_printf(text->arena, "%s, %s", parameters,
                                  cuda_parameter(text->arena, plan, launch->buffers.at[i],
                                                 launch_writes(launch, launch->buffers.at[i])));
    line(text, "\nextern \"C\" __global__ void __launch_bounds__(%d)", launch->threads);
    line_wrapped(text, "%s(%s)", launch->name, parameters);
    line(text, "{");
    print_parts(text, launch);
    line(text, "}");
}

static void print_update(Text *text, const GpuPlan *plan)
{
    const Graph *graph = plan->train.graph;
    const Buffer *loss = plan->train.buffer[graph->loss->id], *correct = plan->train.buffer[graph->correct->id];
    double most = plan->model->train.clip_grad_norm;
    bool clips = most > 0;
    if (clips)
        line(text, "\n/* The squares of the gradient: as many sums as there are blocks of threads. */\n"
                   "extern \"C\" __global__ void __launch_bounds__(NORM_THREADS)\n"
                   "%s_norm(cuda_step step, float *squares)\n"
                   "{\n"
                   "sum_squares(step, %" PRId64 ", squares);\n"
                   "}", plan->model->name, plan->weights_size);
    line(text, clips ? "\n/* Applies the optimiser to each weight, by the clipped gradient, and adds up the results of the step. */"
                     : "\n/* Applies the optimiser to each weight, and adds up the results of the step. */");
    line(text, "extern \"C\" __global__ void __launch_bounds__(%d)", GPU_THREADS);
    line_wrapped(text, "%s_update(cuda_step step, %s, %s%s)", plan->model->name,
                 cuda_parameter(text->arena, plan, loss, false), cuda_parameter(text->arena, plan, correct, false),
                 clips ? ", const float *squares" : "");
    line(text, "{\n"
               "int i = %d * blockIdx.x + threadIdx.x;", GPU_THREADS);
    if (clips)
        line(text, "float factor = clip_of(squares, %s);", double_c(text->arena, most));
    line(text, "if (i < %" PRId64 ")\n"
               "    update_weight(step, %s, i, %sstep.gradient[i]);\n"
               "if (i < LANES)\n"
               "    add_results(step, %s%s, %s%s);\n"
               "}", plan->weights_size, cuda_optimizer(plan), clips ? "factor * " : "", loss->name,
         plan->block > 1 ? "[0]" : "", correct->name, plan->block > 1 ? "[0]" : "");
}

void cuda_print_source(Text *text, const GpuPlan *plan)
{
    const GpuLaunches *both[] = { &plan->train_launches, &plan->evaluate_launches };
    const DataSpec *data = &plan->model->data;
    if (plan->train.graph->model->train.class_weights)
        line(text, "#define CLASS_WEIGHTS           /* step_scale(step) is its stretch's */");
    line(text, "#include \"cuda_kernels.h\"");
    if (data->transforms.count > data->prepared)
        line(text, "#include \"cuda_transform.h\"");
    print_weights(text, plan);
    print_channels(text, plan);
    print_constants(text, "static __constant__ const float", "(float)", plan->train.graph);
    print_optimizer(text, plan);
    for (int i = 0; i < 2 && plan->fused; i++)
        print_fused_functions(text, plan, both[i]);
    if (!plan->fused) {
        print_functions(text, plan, plan->step);
        print_functions(text, plan, plan->evaluation);
    }
    line(text, plan->fused ? "\n/* ---- what is launched */"
                           : "\n/* ---- what is launched: kernels that do not wait for each other share a grid */");
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < both[i]->count; j++)
            if (cuda_launch_is_new(plan, both[i]->at[j]))
                (both[i]->at[j]->fused ? fused_launch_print : print_launch)(text, plan, both[i]->at[j]);
    print_update(text, plan);
}
