/* Which tensor lies where on a GPU. */
#include "plan/gpu.h"

#include <string.h>

enum { FLOATS_OF_16_BYTES = 4, FLOATS_OF_A_SECTOR = 8, MOST_OF_A_BYTE = 255 };

const char *gpu_type(const Buffer *buffer)
{
    return buffer->tensor->type != TYPE_INT ? "float" : buffer->bytes ? "uint8_t" : "int";
}

int64_t gpu_bytes(const Buffer *buffer)
{
    return buffer->tensor->type == TYPE_INT && buffer->bytes ? 1 : 4;
}

/* ---- names */

/* What a tensor may not be called beside what the graph sees to: the words of cuda_kernels.h and of the kernels. */
static bool is_taken(const char *name)
{
    static const char *const words[] = {
        "step", "unit", "lane", "block", "blocks", "point", "part", "parts", "w", "gradient", "samples", "threadIdx",
        "blockIdx", "gridDim", "blockDim", "warpSize", "weights", "shuffle", "copy", "thread", "tile", "s",
        "item", "row", "rows", "memory", "sample", "partial", "other", "taps", "first", "last", "group",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(name, words[i]) == 0)
            return true;
    return strncmp(name, "real_", 5) == 0 || strncmp(name, "int_", 4) == 0 || strncmp(name, "netc_", 5) == 0;
}

const char *gpu_name(Arena *arena, const GpuPlan *plan, const char *name)
{
    return tensor_name_in_c(arena, plan->train.graph, plan->evaluate.graph, is_taken, name);
}

/* ---- weights */

/* A convolution's weight is [output channel][input channel][taps], the taps padded to whole 16 bytes. */
static Buffer *weight_new(Arena *arena, const GpuPlan *plan, const Tensor *tensor)
{
    Buffer *buffer = NEW(arena, Buffer);
    *buffer = (Buffer){ .name = gpu_name(arena, plan, tensor->name), .tensor = tensor, .place = PLACE_WEIGHTS,
                        .single = true, .rank = tensor->rank, .order = { 0, 1, 2, 3 }, .size = 1 };
    memcpy(buffer->dim, tensor->dim, sizeof buffer->dim);
    if (tensor->rank == 4) {
        buffer->packed = true;
        buffer->rank = 3;
        buffer->dim[2] = divide_up(tensor->dim[2] * tensor->dim[3], FLOATS_OF_16_BYTES) * FLOATS_OF_16_BYTES;
    }
    for (int i = 0; i < buffer->rank; i++)
        buffer->size *= buffer->dim[i];
    return buffer;
}

/* In which part of the flat array the parameter stands: 0; or 1 where the reduction of a fused step forms its gradient of
 * factors, and 2 where a fused step has none. */
static int part_of(const GpuPlan *plan, const Phase *products, const Tensor *gradient)
{
    if (!plan->fused)
        return 0;
    if (!gradient)
        return 2;
    for (int i = 0; i < products->kernels.count; i++)
        if (products->kernels.at[i]->stores.at[0] == gradient)
            return 1;
    return 0;
}

int64_t gpu_alignment(const GpuPlan *plan)
{
    return plan->fused ? FLOATS_OF_A_SECTOR : FLOATS_OF_16_BYTES;
}

/* The parameters of one part, and their gradients. */
static void add_weights(Arena *arena, GpuPlan *plan, const Phase *products, int part)
{
    const Graph *train = plan->train.graph, *evaluate = plan->evaluate.graph;
    for (int i = 0; i < train->parameters.count; i++) {
        const Tensor *parameter = train->parameters.at[i];
        const Tensor *gradient = i < train->gradients.count ? train->gradients.at[i] : NULL;
        if (part_of(plan, products, gradient) != part)
            continue;
        Buffer *buffer = weight_new(arena, plan, parameter);
        buffer->offset = plan->weights_size;
        plan->weights_size += divide_up(buffer->size, gpu_alignment(plan)) * gpu_alignment(plan);
        list_add(arena, &plan->weights, buffer);
        plan->train.buffer[parameter->id] = buffer;
        for (int j = 0; j < evaluate->parameters.count; j++)
            if (strcmp(evaluate->parameters.at[j]->name, parameter->name) == 0)
                plan->evaluate.buffer[evaluate->parameters.at[j]->id] = buffer;
        if (!gradient)
            continue;
        Buffer *sum = NEW(arena, Buffer);
        *sum = *buffer;
        sum->tensor = gradient;
        sum->place = PLACE_GRADIENT;
        if (plan->joined && !plan->fused) {     /* the last launch reads it, if it is in memory at all */
            sum->place = PLACE_STEP;
            sum->name = gpu_name(arena, plan, gradient->name);
        }
        plan->train.buffer[gradient->id] = sum;
    }
}

void gpu_weights(Arena *arena, GpuPlan *plan, const Phase *products)
{
    for (int part = 0; part < 3; part++) {
        add_weights(arena, plan, products, part);
        if (part == 0 && plan->fused)
            plan->partial_size = plan->weights_size;
    }
}

/* ---- what is made of samples */

bool gpu_fits_byte(const Kernel *kernel, const Tensor *tensor)
{
    for (int i = 0; kernel->nest && i < kernel->nest->stores; i++) {
        const Store *store = &kernel->nest->store[i];
        const Expr *value = store->value;
        if (store->tensor != tensor)
            continue;
        if (value->kind == EXPR_REDUCED)
            value = kernel->nest->reduce[value->integer].value;
        Range range = expr_range(value);
        return range.lo >= 0 && range.hi <= MOST_OF_A_BYTE;
    }
    return false;
}

static bool same_shape(const Buffer *buffer, const Tensor *tensor, bool bytes)
{
    return buffer->rank == tensor->rank && buffer->tensor->type == tensor->type && buffer->bytes == bytes &&
           memcmp(buffer->tensor->dim, tensor->dim, sizeof tensor->dim) == 0;
}

/* The label and the scale of a sample are no memory: they come with the step. */
static bool is_given(const Program *program, const Tensor *tensor)
{
    return tensor == program->graph->label || tensor == program->graph->scale;
}

/* A gradient that a kernel leaves in memory. */
static void place_once(Arena *arena, GpuPlan *plan, Buffer *buffer)
{
    for (int i = 0; i < plan->memory.count; i++)
        if (plan->memory.at[i] == buffer)
            return;
    list_add(arena, &plan->memory, buffer);
}

static void place_value(Arena *arena, GpuPlan *plan, Program *program, const Tensor *tensor, bool bytes)
{
    Buffer *there = program->buffer[tensor->id];
    if (there && there->place == PLACE_STEP)
        place_once(arena, plan, there);
    if (there || tensor->role == ROLE_PARAMETER || tensor->role == ROLE_GRADIENT)
        return;
    bool given = is_given(program, tensor);
    for (int i = 0; i < plan->memory.count && !given; i++) {
        Buffer *known = plan->memory.at[i];
        if (strcmp(known->tensor->name, tensor->name) == 0 && same_shape(known, tensor, bytes)) {
            program->buffer[tensor->id] = known;
            return;
        }
    }
    Buffer *buffer = NEW(arena, Buffer);
    *buffer = (Buffer){ .name = gpu_name(arena, plan, tensor->name), .tensor = tensor,
                        .place = given ? PLACE_SCRATCH : PLACE_BATCH, .single = true, .rank = tensor->rank,
                        .order = { 0, 1, 2, 3 }, .bytes = bytes,
                        .size = tensor_elements(tensor) * (tensor->per_sample ? plan->block : 1) };
    memcpy(buffer->dim, tensor->dim, sizeof buffer->dim);
    for (int i = 0; i < plan->memory.count; i++)
        if (strcmp(plan->memory.at[i]->name, buffer->name) == 0)
            buffer->name = arena_printf(arena, "evaluate_%s", buffer->name);
    program->buffer[tensor->id] = buffer;
    if (!given)
        list_add(arena, &plan->memory, buffer);
}

static void place_values(Arena *arena, GpuPlan *plan, Program *program, const Phase *phase)
{
    for (int i = 0; i < phase->kernels.count; i++) {
        const Kernel *kernel = phase->kernels.at[i];
        for (int j = 0; j < kernel->loads.count; j++)
            place_value(arena, plan, program, kernel->loads.at[j], false);
        for (int j = 0; j < kernel->stores.count; j++)
            place_value(arena, plan, program, kernel->stores.at[j],
                        kernel->stores.at[j]->type == TYPE_INT && gpu_fits_byte(kernel, kernel->stores.at[j]));
    }
}

void gpu_memory(Arena *arena, GpuPlan *plan)
{
    gpu_weights(arena, plan, NULL);
    place_values(arena, plan, &plan->train, plan->step);
    place_values(arena, plan, &plan->evaluate, plan->evaluation);
}
