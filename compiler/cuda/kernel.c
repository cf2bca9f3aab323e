/* A kernel as a __device__ function. Nests: a warp for each point, a thread for each sample. */
#include "cuda/fused.h"
#include "cuda/tuned.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* ---- elements and parameters */

const char *cuda_element(const Scope *scope, const Tensor *tensor, Expr *const index[])
{
    const Kernel *kernel = scope->kernel;
    const Buffer *buffer = kernel_buffer(kernel, tensor);
    const Graph *graph = kernel->program->graph;
    Arena *arena = scope->arena;
    const char *text = buffer->name;
    if (tensor == graph->label)
        return kernel->all_blocks ? "step.labels[sample_of_lane(step, block, lane)]" : "label";
    if (tensor == graph->scale)
        return kernel->all_blocks ? "scale_of_lane(step, block, lane)" : "scale";
    if (buffer->place == PLACE_WEIGHTS || buffer->place == PLACE_GRADIENT)
        text = arena_printf(arena, "%s.%s", buffer->place == PLACE_WEIGHTS ? "w" : "gradient", text);
    else if (buffer->place == PLACE_BATCH)
        text = arena_printf(arena, "%s[block]", text);
    for (int i = 0; i < buffer->rank; i++) {
        Expr *at = index[i];
        if (buffer->packed && i == 2)
            at = expr_binary(arena, EXPR_ADD, expr_binary(arena, EXPR_MUL, expr_int(arena, tensor->dim[3]), at), index[3]);
        text = arena_printf(arena, "%s[%s]", text, expr_c(scope, at, 0));
    }
    return buffer->place == PLACE_BATCH ? arena_printf(arena, "%s[lane]", text) : text;
}

const char *cuda_parameter(Arena *arena, const GpuPlan *plan, const Buffer *buffer, bool written)
{
    const char *lanes = plan->block > 1 && buffer->tensor->per_sample ? "[LANES]" : "";
    if (buffer->place == PLACE_STEP) {      /* one of them: its outermost dimension is the pointer's */
        const char *dims = buffer_dims(arena, buffer), *inner = strchr(dims + 1, '[');
        return arena_printf(arena, inner ? "%sfloat (*%s)%s" : "%sfloat *%s", written ? "" : "const ", buffer->name, inner);
    }
    return arena_printf(arena, "%s%s (*%s)%s%s", written ? "" : "const ", gpu_type(buffer), buffer->name,
                        buffer_dims(arena, buffer), lanes);
}

/* The tensors that the kernel reads, then those that it writes. */
static const Buffer *operand(const Kernel *kernel, int i)
{
    return kernel_buffer(kernel, kernel_operand(kernel, i));
}

/* Whether it stands among those before it already. */
static bool is_again(const Kernel *kernel, int i)
{
    for (int j = 0; j < i; j++)
        if (operand(kernel, j) == operand(kernel, i))
            return true;
    return false;
}

static bool is_written(const Kernel *kernel, const Buffer *buffer)
{
    for (int i = 0; i < kernel->stores.count; i++)
        if (kernel_buffer(kernel, kernel->stores.at[i]) == buffer)
            return true;
    return false;
}

const char *cuda_arguments(Arena *arena, const Kernel *kernel, const char *unit)
{
    const char *text = arena_printf(arena, "step, %s", unit);
    for (int i = 0; i < kernel_operands(kernel); i++)
        if (gpu_in_memory(operand(kernel, i)) && !is_again(kernel, i))
            text = arena_printf(arena, "%s, %s", text, operand(kernel, i)->name);
    return text;
}

static void print_signature(Text *text, const GpuPlan *plan, const Kernel *kernel)
{
    const char *parameters = "const cuda_step &step, int unit";
    for (int i = 0; i < kernel_operands(kernel); i++) {
        const Buffer *buffer = operand(kernel, i);
        if (gpu_in_memory(buffer) && !is_again(kernel, i))
            parameters = arena_printf(text->arena, "%s, %s", parameters,
                                      cuda_parameter(text->arena, plan, buffer, is_written(kernel, buffer)));
    }
    line_wrapped(text, "DEVICE void %s(%s)", kernel->name, parameters);
}

bool cuda_reads_weights(const Kernel *kernel)
{
    for (int i = 0; i < kernel->loads.count; i++)
        if (kernel->loads.at[i]->role == ROLE_PARAMETER)
            return true;
    return false;
}

bool cuda_makes_gradient(const Kernel *kernel)
{
    for (int i = 0; i < kernel->stores.count; i++)
        if (kernel->stores.at[i]->role == ROLE_GRADIENT && kernel_buffer(kernel, kernel->stores.at[i])->place == PLACE_GRADIENT)
            return true;
    return false;
}

/* ---- nests */

/* Where the point stands along each axis, the last one counting fastest. */
static void print_axes(NestPrinter *p)
{
    int64_t inner = 1;
    for (int i = p->nest->overs - 1; i >= 0; i--) {
        const Axis *axis = p->nest->over[i];
        const char *at = inner > 1 ? arena_printf(p->arena, "point / %" PRId64, inner) : "point";
        bool outermost = true;
        for (int j = 0; j < i; j++)
            outermost = outermost && p->nest->over[j]->extent == 1;
        if (axis->extent > 1)
            line(p->text, outermost ? "%s %s = %s;" : "%s %s = %s %% %" PRId64 ";", p->index, axis->name, at,
                 axis->extent);
        inner *= axis->extent;
    }
}

/* Which block of samples, which point. A grid has a warp for each; of a gradient, which sums over all blocks, for each
 * point alone. */
static void print_place(NestPrinter *p)
{
    const Kernel *kernel = p->kernel;
    int64_t points = 1, units = kernel->launch.units + kernel->launch.block_units;
    for (int i = 0; i < p->nest->overs; i++)
        points *= p->nest->over[i]->extent;
    bool sums = kernel->all_blocks;

    line(p->text, "int lane = lane_of_thread();");
    if (sums)
        line(p->text, "int blocks = step_blocks(step);");
    else
        line(p->text, units > 1 ? "int block = unit / %" PRId64 ";" : "int block = unit;", units);
    line(p->text, sums ? "int point = %d * unit + warp_of_thread();"
                       : units > 1 ? "int point = %d * (unit %% %" PRId64 ") + warp_of_thread();"
                                   : "int point = warp_of_thread();", GPU_WARPS, units);
    if (points % GPU_WARPS)
        line(p->text, "if (point >= %" PRId64 ")\n"
                      "    return;", points);
    print_axes(p);
    if (!sums && kernel_reads(kernel, kernel->program->graph->label))
        line(p->text, "int label = step.labels[sample_of_lane(step, block, lane)];");
    if (!sums && kernel_reads(kernel, kernel->program->graph->scale))
        line(p->text, "float scale = scale_of_lane(step, block, lane);");
}

static void print_store(NestPrinter *p, const Store *store)
{
    const char *element = cuda_element(&p->scope, store->tensor, store->index);
    const char *value = expr_c(&p->scope, store->value, 0);
    if (store->tensor->role != ROLE_GRADIENT) {
        line_wrapped(p->text, "%s = %s;", element, value);
        return;
    }
    line_wrapped(p->text, "float total = warp_sum(%s);", value);
    line(p->text, "if (lane == 0)");
    p->text->indent++;
    line_wrapped(p->text, "%s = total;", element);
    p->text->indent--;
}

static void print_nest(CudaEmitter *e)
{
    NestPrinter p = nest_printer(e->text, e->kernel);
    Heads domain = {0};
    p.scope.element = cuda_element;
    p.blocks = "for (int block = 0; block < blocks; block++)";
    print_place(&p);
    for (int i = -1; i < p.nest->overs; i++)
        heads_add_conditions(&p, &domain, p.nest->domain, p.nest->domains, i, false);
    nest_name_reductions(&p);
    heads_open(&p, &domain, true);
    if (p.nest->reduces > 0 && p.scope.reduced[0])
        nest_print_reductions(&p);
    for (int i = 0; i < p.nest->stores; i++)
        print_store(&p, &p.nest->store[i]);
    heads_close(&p, &domain, true);
}

/* ---- kernels that are no node's */

static void print_load(CudaEmitter *e)
{
    const Tensor *input = e->kernel->stores.at[0];
    int64_t pixels = tensor_elements(input), channels = input->rank == 1 ? 1 : input->dim[0];
    bool floats = e->plan->model->data.real_images;
    const char *images = floats ? "((const float *)step.images)" : "step.images";
    line(e->text, "__shared__ %s tile[LANES][LANES + %d];\n"
                  "int lane = lane_of_thread(), block = unit / %" PRId64 ", first = unit %% %" PRId64 " * LANES;\n\n"
                  "for (int sample = warp_of_thread(); sample < LANES; sample += %d)\n"
                  "    if (first + lane < %" PRId64 ")\n"
                  "        tile[sample][lane] = %s[(int64_t)sample_of_lane(step, block, sample) * %" PRId64
                  " + first + lane];\n"
                  "__syncthreads();",
         floats ? "float" : "uint8_t", floats ? 1 : 4, e->kernel->launch.block_units, e->kernel->launch.block_units, GPU_WARPS,
         pixels, images, pixels);
    line(e->text, "for (int i = warp_of_thread(); i < LANES && first + i < %" PRId64 "; i += %d)", pixels, GPU_WARPS);
    e->text->indent++;
    const char *channel = channels > 1 ? arena_printf(e->arena, "(first + i) / %" PRId64, pixels / channels) : "0";
    const char *scaled = floats ? "" : arena_printf(e->arena, " * factor[%s] + shift[%s]", channel, channel);
    line_wrapped(e->text, "(&input[block]%s[0])[(first + i) * LANES + lane] = tile[lane][i]%s;",
                 input->rank == 3 ? "[0][0][0]" : "[0]", scaled);
    e->text->indent--;
}

static void print_results(CudaEmitter *e)
{
    const Kernel *kernel = e->kernel;
    const char *loss = kernel_buffer(kernel, kernel->loads.at[0])->name;
    const char *correct = kernel_buffer(kernel, kernel->loads.at[1])->name;
    const Buffer *logits = kernel_buffer(kernel, kernel->loads.at[2]);
    int64_t classes = logits->dim[0];
    line(e->text, "if (unit == 0) {\n"
                  "if (warp_of_thread() == 0)\n"
                  "    add_results(step, %s[0], %s[0]);\n"
                  "return;\n"
                  "}\n"
                  "int block = unit - 1;\n"
                  "if (!step.logits)\n"
                  "    return;\n"
                  "for (int i = threadIdx.x; i < %" PRId64 " * LANES; i += %d) {\n"
                  "int lane = i / %" PRId64 ", position = block * LANES + lane;\n"
                  "if (position < step.count)\n"
                  "    step.logits[position * %" PRId64 " + i %% %" PRId64 "] = %s[block][i %% %" PRId64 "][lane];\n"
                  "}",
         loss, correct, classes, GPU_THREADS, classes, classes, classes, logits->name, classes);
}

/* ---- all */

/* By scheme: what prints the body of the function, and, where the kernel is no node's, what stands above it. */
static const struct Emission {
    void      (*print)(CudaEmitter *e);
    const char *note;
} emitters[SCHEMES] = {
    [SCHEME_NEST] = { print_nest, NULL },
    [SCHEME_GPU_LOAD] = { print_load,
        "The images of a block as numbers, normalised where they are bytes: byte * factor + shift = (byte / 255 - mean) / std.\n"
        " * 32 pixels of 32 samples go through shared memory, so that both what is loaded and the numbers lie side by side for a\n"
        " * warp." },
    [SCHEME_GPU_RESULTS] = { print_results,
        "Adds up the losses and hits of the step; the logits, where the host wants them, sample by sample." },
    [SCHEME_FUSED_REDUCE] = { fused_print_reduce,
        "Sums what the samples have left: a lane a weight, and each warp a part of the samples, in fixed order." },
    [SCHEME_FUSED_REDUCE_LINEAR] = { fused_print_reduce_linear, NULL },
    [SCHEME_FUSED_RESULTS] = { fused_print_results, "Adds up the losses and hits of the step." },
    [SCHEME_GPU_CONV] = { print_gpu_conv, NULL },
    [SCHEME_GPU_CONV_INPUT] = { print_gpu_conv_input, NULL },
    [SCHEME_GPU_CONV_WEIGHT] = { print_gpu_conv_weight, NULL },
    [SCHEME_GPU_LINEAR] = { print_gpu_linear, NULL },
    [SCHEME_GPU_CLASSIFY] = { print_gpu_classify, NULL },
    [SCHEME_GPU_LINEAR_WEIGHT] = { print_gpu_linear_weight, NULL },
    [SCHEME_GPU_SUM] = { print_gpu_sum, NULL },
    [SCHEME_GPU_STEP_RESULTS] = { print_gpu_step_results, NULL },
};

void cuda_kernel_print(Text *text, const GpuPlan *plan, const Kernel *kernel)
{
    CudaEmitter e = { .text = text, .arena = text->arena, .plan = plan, .kernel = kernel,
                      .scope = { .arena = text->arena, .kernel = kernel, .element = cuda_element } };
    if (kernel->node)
        print_comment(text, plan->model, kernel);
    else
        line(text, "/* %s */", kernel->note ? kernel->note : emitters[kernel->scheme].note);
    print_signature(text, plan, kernel);
    line(text, "{");
    if (cuda_reads_weights(kernel))
        line(text, "const %s_weights &w = *(const %s_weights *)step.weights;", plan->model->name, plan->model->name);
    if (cuda_makes_gradient(kernel) && kernel->scheme != SCHEME_FUSED_REDUCE_LINEAR)
        line(text, "%s_weights &gradient = *(%s_weights *)step.gradient;", plan->model->name, plan->model->name);
    emitters[kernel->scheme].print(&e);
    line(text, "}");
}
