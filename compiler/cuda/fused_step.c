/* The fused step: its parts as functions over arrays in shared memory, and the kernel that calls them level by level. */
#include "cuda/fused.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* ---- signatures */

static bool is_given(const Kernel *kernel, const Tensor *tensor)
{
    return tensor == kernel->program->graph->label || tensor == kernel->program->graph->scale;
}

static bool is_parameter(const Kernel *kernel, int i)
{
    for (int j = 0; j < i; j++)
        if (kernel_operand(kernel, j) == kernel_operand(kernel, i))
            return false;
    return !is_given(kernel, kernel_operand(kernel, i));
}

/* Whether the part needs to know which sample it is. */
static bool needs_sample(const Kernel *kernel)
{
    bool needs = kernel->scheme == SCHEME_FUSED_LOAD || kernel->scheme == SCHEME_FUSED_LOGITS;
    for (int i = 0; i < kernel_operands(kernel); i++)
        needs = needs || kernel_operand(kernel, i) == kernel->program->graph->label ||
                kernel_buffer(kernel, kernel_operand(kernel, i))->place == PLACE_BATCH;
    return needs;
}

/* What is given to every part that wants it: `first` for the step, `second` for the sample. */
static const char *given(Arena *arena, const Kernel *kernel, const char *first, const char *second)
{
    bool sample = needs_sample(kernel), step = kernel->scheme == SCHEME_FUSED_WEIGHTS || kernel->scheme == SCHEME_FUSED_LOAD ||
                                               kernel->scheme == SCHEME_FUSED_LOGITS;
    for (int i = 0; i < kernel_operands(kernel); i++)
        step = step || is_given(kernel, kernel_operand(kernel, i));
    return arena_printf(arena, "%s%s%s", step ? first : "", step && sample ? ", " : "", sample ? second : "");
}

/* float[10][148] */
static const char *array_type(Arena *arena, const Buffer *buffer)
{
    return arena_printf(arena, "%s%s", gpu_type(buffer), buffer_dims(arena, buffer));
}

/* "const float (&relu_1)[10][148]" */
static const char *array_parameter(Arena *arena, const Buffer *buffer, bool written)
{
    return arena_printf(arena, buffer->rank ? "%s%s (&%s)%s" : "%s%s &%s%s", written ? "" : "const ", gpu_type(buffer),
                        buffer->name, buffer_dims(arena, buffer));
}

static void print_signature(Text *text, const GpuPlan *plan, const Kernel *kernel)
{
    const char *list = given(text->arena, kernel, "const cuda_step &step", "int sample");
    for (int i = 0; i < kernel_operands(kernel); i++) {
        const Buffer *buffer = kernel_buffer(kernel, kernel_operand(kernel, i));
        bool written = kernel_makes(kernel, kernel_operand(kernel, i));
        if (is_parameter(kernel, i))
            list = arena_printf(text->arena, "%s%s%s", list, *list ? ", " : "",
                                buffer->place == PLACE_BATCH ? cuda_parameter(text->arena, plan, buffer, written)
                                                             : array_parameter(text->arena, buffer, written));
    }
    line_wrapped(text, "DEVICE void %s(%s)", kernel->name, list);
}

static const char *arguments(Arena *arena, const Kernel *kernel)
{
    const char *list = given(arena, kernel, "step", "sample");
    for (int i = 0; i < kernel_operands(kernel); i++)
        if (is_parameter(kernel, i))
            list = arena_printf(arena, "%s%s%s", list, *list ? ", " : "", kernel_buffer(kernel, kernel_operand(kernel, i))->name);
    return list;
}

/* ---- all */

/* By scheme: what prints the body of the function, and, where the kernel is no node's, what stands above it. */
static const struct Part {
    void      (*print)(CudaEmitter *e);
    const char *note;
} parts[SCHEMES] = {
    [SCHEME_NEST] = { fused_print_nest, NULL },
    [SCHEME_FUSED_WEIGHTS] = { fused_print_weights, "The weights, from the flat array into shared memory." },
    [SCHEME_FUSED_LOAD] = { fused_print_load, "The image of the sample, normalised: byte * factor + shift = (byte / 255 - mean) / std." },
    [SCHEME_FUSED_CONV] = { fused_print_conv, NULL },
    [SCHEME_FUSED_CONV_SUM] = { fused_print_conv_sum, NULL },
    [SCHEME_FUSED_INPUT] = { fused_print_input, NULL },
    [SCHEME_FUSED_INPUT_SUM] = { fused_print_input_sum, NULL },
    [SCHEME_FUSED_WEIGHT] = { fused_print_weight, NULL },
    [SCHEME_FUSED_PLACES] = { fused_print_places, NULL },
    [SCHEME_FUSED_SPARSE] = { fused_print_sparse, NULL },
    [SCHEME_FUSED_SPARSE_SUM] = { fused_print_sparse_sum, NULL },
    [SCHEME_FUSED_UNPOOL] = { fused_print_unpool, NULL },
    [SCHEME_FUSED_BIAS] = { fused_print_bias, NULL },
    [SCHEME_FUSED_LINEAR] = { fused_print_linear, NULL },
    [SCHEME_FUSED_LOSS] = { fused_print_loss, NULL },
    [SCHEME_FUSED_KEEP] = { fused_print_keep, "What the reduction takes of the sample." },
    [SCHEME_FUSED_LOGITS] = { fused_print_logits, "The logits, where the host wants them." },
};

void fused_part_print(Text *text, const GpuPlan *plan, const Kernel *kernel)
{
    CudaEmitter e = { .text = text, .arena = text->arena, .plan = plan, .kernel = kernel,
                      .scope = { .arena = text->arena, .kernel = kernel, .element = fused_element } };
    if (kernel->node)
        print_comment(text, plan->model, kernel);
    else
        line(text, "/* %s */", parts[kernel->scheme].note);
    print_signature(text, plan, kernel);
    line(text, "{");
    if (kernel_reads(kernel, kernel->program->graph->label) && kernel->scheme != SCHEME_FUSED_LOSS)
        line(text, "int label = step.labels[step.samples[sample]];");
    parts[kernel->scheme].print(&e);
    line(text, "}");
}

static bool launch_writes(const GpuLaunch *launch, const Buffer *buffer)
{
    for (int i = 0; i < launch->parts.count; i++)
        for (int j = 0; j < launch->parts.at[i]->stores.count; j++)
            if (kernel_buffer(launch->parts.at[i], launch->parts.at[i]->stores.at[j]) == buffer)
                return true;
    return false;
}

/* Where each array lies, and from which level to which. */
static void print_arrays(Text *text, const GpuLaunch *launch)
{
    int width = 0;
    const char *of[launch->arrays.count + 1];
    for (int i = 0; i < launch->arrays.count; i++) {
        const SharedArray *array = &launch->arrays.at[i];
        of[i] = arena_printf(text->arena, "auto &%s = array_at<%s>(&memory, %" PRId64 ");", array->buffer->name,
                             array_type(text->arena, array->buffer), array->offset);
        width = (int)strlen(of[i]) > width ? (int)strlen(of[i]) : width;
    }
    for (int i = 0; i < launch->arrays.count; i++)
        line(text, "%-*s  /* %d to %d */", width, of[i], launch->arrays.at[i].first, launch->arrays.at[i].last);
}

/* Zeros wherever the parts of level 0 put nothing. */
static void print_clear(Text *text, const GpuLaunch *launch)
{
    line(text, "\n/* Rows that end with padding may be loaded with it: it is zero, or what was there before. */");
    for (int64_t at = 0, next; at < launch->shared; at = next) {
        const SharedArray *inside = NULL;
        next = launch->shared;
        for (int i = 0; i < launch->arrays.count; i++) {
            const SharedArray *array = &launch->arrays.at[i];
            if (array->first > 0)
                continue;
            if (array->offset <= at && at < array->offset + array->bytes)
                inside = array;
            if (at < array->offset && array->offset < next)
                next = array->offset;
        }
        if (inside)
            next = inside->offset + inside->bytes;
        else
            line(text, "clear_memory<%d, %" PRId64 ", %" PRId64 ">(memory.all);", launch->threads, at / 16, next / 16);
    }
}

void fused_launch_print(Text *text, const GpuPlan *plan, const GpuLaunch *launch)
{
    const char *list = "cuda_step step";
    for (int i = 0; i < launch->buffers.count; i++)
        list = arena_printf(text->arena, "%s, %s", list,
                            cuda_parameter(text->arena, plan, launch->buffers.at[i],
                                           launch_writes(launch, launch->buffers.at[i])));
    line(text, "\nstruct %s_memory { float4 all[%" PRId64 "]; };", launch->name, launch->shared / 16);
    line(text, "\n/* A block of threads for each sample, %" PRId64 " bytes of shared memory. Arrays that are not needed at the same\n"
               " * time share it: behind each stands from which level of parts to which it is. */", launch->shared);
    line(text, "extern \"C\" __global__ void __launch_bounds__(%d)", launch->threads);
    line_wrapped(text, "%s(%s)", launch->name, list);
    line(text, "{\n"
               "SHARED_MEMORY(%s_memory, memory);", launch->name);
    print_arrays(text, launch);
    line(text, "int sample = blockIdx.x;");
    if (launch->clears)
        print_clear(text, launch);
    int level = -1;
    for (int i = 0; i < launch->parts.count; i++) {
        const Kernel *kernel = launch->parts.at[i], *called = kernel->same ? kernel->same : kernel;
        if (kernel->level != level)
            line(text, level < 0 ? "\n/* level %d */" : "__syncthreads();\n\n/* level %d */", kernel->level);
        level = kernel->level;
        line_wrapped(text, "%s(%s);", called->name, arguments(text->arena, kernel));
    }
    line(text, "}");
}
