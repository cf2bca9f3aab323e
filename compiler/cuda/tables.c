/* NAME_cuda.c: what the runtime reads of the CUDA code, and that code itself. */
#include "cuda/print.h"

#include <inttypes.h>
#include <string.h>

static int buffer_index(const GpuPlan *plan, const Buffer *buffer)
{
    int i = 0;
    while (plan->memory.at[i] != buffer)
        i++;
    return i;
}

static void print_parameters(Text *text, const GpuPlan *plan)
{
    const Graph *graph = plan->train.graph;
    if (!graph->parameters.count)
        return;
    line(text, "\nstatic const struct parameter parameters%s[] = {", plan->suffix);
    for (int i = 0; i < graph->parameters.count; i++) {
        const Tensor *tensor = graph->parameters.at[i];
        const Buffer *buffer = plan->train.buffer[tensor->id];
        const Learnable *learnable = &tensor->layer->learnables.at[tensor->learnable];
        const char *shape = "", *strides = "";
        int64_t stride[MAX_RANK] = {0}, next = 1;
        for (int j = tensor->rank - 1; j >= 0; j--) {
            stride[j] = next;
            next *= buffer->packed && j == 2 ? buffer->dim[2] / next : tensor->dim[j];
        }
        if (buffer->packed) {
            stride[1] = buffer->dim[2];
            stride[0] = buffer->dim[1] * buffer->dim[2];
        }
        for (int j = 0; j < tensor->rank; j++) {
            shape = arena_printf(text->arena, "%s%s%" PRId64, shape, j ? ", " : "", tensor->dim[j]);
            strides = arena_printf(text->arena, "%s%s%" PRId64, strides, j ? ", " : "", stride[j]);
        }
        line_wrapped(text, "{ \"%s.%s\", %d, { %s }, { %s }, %" PRId64 ", .fan_in = %" PRId64 " },", tensor->layer->name,
                     learnable->name, tensor->rank, shape, strides, buffer->offset, learnable->fan_in);
    }
    line(text, "};");
}

enum { NORM_BLOCKS = 64, NORM_THREADS = 256 };     /* as cuda_kernels.h has them */

static bool clips(const GpuPlan *plan) { return plan->model->train.clip_grad_norm > 0; }

/* The last one: the squares of the gradient, where that is clipped. */
static void print_buffers(Text *text, const GpuPlan *plan)
{
    line(text, "\n/* Bytes for each %d sample%s, or for the step. */", plan->block, plan->block > 1 ? "s" : "");
    line(text, "static const struct cuda_buffer buffers%s[] = {", plan->suffix);
    for (int i = 0; i < plan->memory.count; i++) {
        const Buffer *buffer = plan->memory.at[i];
        line(text, "{ \"%s\", .%s = %" PRId64 " },", buffer->name, buffer->place == PLACE_STEP ? "bytes" : "block_bytes",
             gpu_bytes(buffer) * buffer->size);
    }
    if (clips(plan))
        line(text, "{ \"squares\", .bytes = %d * sizeof(float) },", NORM_BLOCKS);
    line(text, "};");
}

static void print_uses(Text *text, const GpuPlan *plan, const GpuLaunches *launches)
{
    for (int i = 0; i < launches->count; i++) {
        const GpuLaunch *launch = launches->at[i];
        const char *list = "";
        if (!cuda_launch_is_new(plan, launch))
            continue;
        for (int j = 0; j < launch->buffers.count; j++)
            list = arena_printf(text->arena, "%s%s%d", list, j ? ", " : "", buffer_index(plan, launch->buffers.at[j]));
        if (*list)
            line_wrapped(text, "static const int %s%s_uses[] = { %s };", launch->name, plan->suffix, list);
    }
}

/* Bytes of global memory that the kernels of a launch read and write: for each sample, and of weights. */
static void count_bytes(const GpuPlan *plan, const GpuLaunch *launch, int64_t *sample, int64_t *step)
{
    int64_t applied = has_momentum(&plan->model->train) ? 16 : 8;     /* a weight and its history, there and back */
    for (int i = 0; i < launch->buffers.count; i++) {
        const Buffer *buffer = launch->buffers.at[i];
        if (buffer->place == PLACE_STEP)
            *step += gpu_bytes(buffer) * buffer->size;
        else
            *sample += gpu_bytes(buffer) * buffer->size / plan->block;
    }
    for (int i = 0; i < launch->parts.count; i++) {
        const Kernel *kernel = launch->parts.at[i];
        if (kernel->scheme == SCHEME_FUSED_LOAD)
            *sample += tensor_elements(kernel->stores.at[0]);
        if (kernel->scheme == SCHEME_FUSED_REDUCE)
            *step += applied * plan->partial_size;
        if (kernel->scheme == SCHEME_FUSED_REDUCE_LINEAR)
            *step += applied * tensor_elements(kernel->stores.at[0]);
        if ((launch->fused && kernel->scheme != SCHEME_FUSED_WEIGHTS) || kernel->scheme == SCHEME_FUSED_REDUCE_LINEAR)
            continue;
        for (int j = 0; j < kernel->loads.count + kernel->stores.count; j++) {
            int stored = j - kernel->loads.count;
            const Tensor *tensor = stored < 0 ? kernel->loads.at[j] : kernel->stores.at[stored];
            if (tensor->role == ROLE_PARAMETER || tensor->role == ROLE_GRADIENT)
                *step += 4 * tensor_elements(tensor);
        }
    }
}

static void print_kernel(Text *text, const GpuPlan *plan, const GpuLaunch *launch)
{
    Launch sum = { .samples = GPU_LANES };
    int64_t flop = 0, sample = 0, step = 0;
    const char *parts = "";
    for (int i = 0; i < launch->parts.count; i++) {
        const Kernel *kernel = launch->parts.at[i];
        sum.units += kernel->launch.units;
        sum.block_units += kernel->launch.block_units;
        sum.samples = kernel->launch.samples;
        flop += kernel->node ? kernel_flop(kernel) : 0;
        if (launch->fused)
            sum = (Launch){ .block_units = 1, .samples = 1 };
        parts = arena_printf(text->arena, "%s%s%s", parts, i ? ", " : "", kernel->name);
    }
    if (launch->fused)
        parts = launch == plan->train_launches.at[0] ? "the whole step of a sample" : "the evaluation of a sample";
    count_bytes(plan, launch, &sample, &step);
    const char *uses = launch->buffers.count ? arena_printf(text->arena, ", .buffers = %s%s_uses, .buffer_count = %d",
                                                            launch->name, plan->suffix, launch->buffers.count) : "";
    line_wrapped(text, "{ \"%s\", \"%s\", .units = %" PRId64 ", .block_units = %" PRId64 ", .samples = %d, "
                 ".threads = %d, .shared_bytes = %" PRId64 ", .sample_flop = %" PRId64 ", .sample_bytes = %" PRId64
                 ", .step_bytes = %" PRId64 "%s },", launch->name, parts, sum.units, sum.block_units, sum.samples,
                 launch->threads, launch->shared, flop, sample, step, uses);
}

static void print_kernels(Text *text, const GpuPlan *plan, const char *what, const GpuLaunches *launches)
{
    line(text, "\nstatic const struct cuda_kernel %s%s[] = {", what, plan->suffix);
    for (int i = 0; i < launches->count; i++)
        print_kernel(text, plan, launches->at[i]);
    line(text, "};");
}

static void print_code(Text *text, const GpuPlan *plan)
{
    const char *name = plan->model->name, *suffix = plan->suffix;
    const Graph *graph = plan->train.graph;
    line(text, "\nextern const char %s%s_source[], %s%s_source_end[];", name, suffix, name, suffix);
    line(text, "__asm__(\".section .rodata\\n\"\n"
               "        \"%s%s_source: .incbin \\\"%s%s.cu\\\"\\n\"\n"
               "        \"%s%s_source_end: .byte 0\\n\"\n"
               "        \".text\\n\");", name, suffix, name, suffix, name, suffix);
    print_parameters(text, plan);
    print_buffers(text, plan);
    print_uses(text, plan, &plan->train_launches);
    print_uses(text, plan, &plan->evaluate_launches);
    const char *squares = clips(plan) ? arena_printf(text->arena, ", %d", plan->memory.count) : "";
    line_wrapped(text, "static const int update%s_uses[] = { %d, %d%s };", suffix,
                 buffer_index(plan, plan->train.buffer[graph->loss->id]),
                 buffer_index(plan, plan->train.buffer[graph->correct->id]), squares);
    print_kernels(text, plan, "train", &plan->train_launches);
    print_kernels(text, plan, "evaluate", &plan->evaluate_launches);

    line(text, "\nstatic const struct cuda_code code%s = {", suffix);
    line(text, ".name = \"%s\", .file = \"%s%s.cu\",", plan->title, name, suffix);
    line(text, ".source = %s%s_source, .source_end = %s%s_source_end,", name, suffix, name, suffix);
    line(text, ".block = %d, .eval_samples = %" PRId64 ",", plan->block, plan->eval_samples);
    if (graph->parameters.count)
        line(text, ".parameters = parameters%s, .parameter_count = sizeof parameters%s / sizeof *parameters%s,", suffix,
             suffix, suffix);
    line(text, ".weights_size = %" PRId64 ",", plan->weights_size);
    line(text, ".buffers = buffers%s, .buffer_count = sizeof buffers%s / sizeof *buffers%s,", suffix, suffix, suffix);
    line(text, ".train = train%s, .train_count = sizeof train%s / sizeof *train%s, .joined = %s,", suffix, suffix, suffix,
         plan->joined ? "true" : "false");
    if (clips(plan)) {
        line(text, ".norm = {");
        line_wrapped(text, "\"%s_norm\", \"norm\", .units = %d, .samples = %d, .threads = %d, .step_flop = %" PRId64 ", "
                     ".step_bytes = %" PRId64 ", .buffers = update%s_uses + 2, .buffer_count = 1,", name, NORM_BLOCKS,
                     plan->block, NORM_THREADS, 2 * plan->weights_size, 4 * plan->weights_size, suffix);
        line(text, "},");
    }
    line(text, ".update = {");
    line_wrapped(text, "\"%s_update\", \"update\", .units = %" PRId64 ", .samples = %d, .threads = %d, "
                 ".step_flop = %" PRId64 ", .step_bytes = %" PRId64 ", .buffers = update%s_uses, .buffer_count = %d,",
                 name, divide_up(plan->weights_size + 1, GPU_THREADS), plan->block, GPU_THREADS, 4 * plan->weights_size,
                 20 * plan->weights_size, suffix, clips(plan) ? 3 : 2);
    line(text, "},");
    line(text, ".evaluate = evaluate%s, .evaluate_count = sizeof evaluate%s / sizeof *evaluate%s,", suffix, suffix, suffix);
    line(text, "};");
}

void cuda_print_tables(Text *text, const Model *model, const GpuPlans *plans)
{
    const char *codes = "";
    line(text, "#include \"cuda_model.h\"");
    for (int i = 0; i < plans->count; i++) {
        print_code(text, plans->at[i]);
        codes = arena_printf(text->arena, "%s&code%s, ", codes, plans->at[i]->suffix);
    }
    line(text, "\nextern const struct cuda_code *const %s_cuda[];", model->name);
    line_wrapped(text, "const struct cuda_code *const %s_cuda[] = { %sNULL };", model->name, codes);
}
