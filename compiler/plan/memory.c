/* Which tensor lies where. */
#include "plan/plan.h"

#include <string.h>

int64_t tensor_elements(const Tensor *tensor)
{
    int64_t elements = 1;
    for (int i = 0; i < tensor->rank; i++)
        elements *= tensor->dim[i];
    return elements;
}

/* What a tensor may not be called beside what the graph sees to: x0, where a tile over x begins, and lanes.h's
 * functions of single values. */
static bool is_taken(const char *name)
{
    bool tile = name[0] && name[1] == '0' && !name[2];
    return tile || strncmp(name, "real_", strlen("real_")) == 0 || strncmp(name, "int_", strlen("int_")) == 0;
}

static bool is_tensor(const Graph *graph, const char *name)
{
    for (int i = 0; i < graph->tensors.count; i++)
        if (strcmp(graph->tensors.at[i]->name, name) == 0)
            return true;
    return false;
}

const char *tensor_name_in_c(Arena *arena, const Graph *train, const Graph *evaluate, bool (*taken)(const char *name),
                             const char *name)
{
    const char *safe = name;
    while (taken(safe) || (safe != name && (is_tensor(train, safe) || is_tensor(evaluate, safe))))
        safe = arena_printf(arena, "value_%s", safe);
    return safe;
}

static const char *name_in_c(Arena *arena, const Plan *plan, const Graph *graph, const char *name)
{
    return tensor_name_in_c(arena, plan->train.graph, graph, is_taken, name);
}

/* Activations have the channel innermost, so that a pixel's channels lie together; so have a convolution's weights. A
 * tensor of the plan's own is as its kernel wants it. */
static void storage_order(const Tensor *tensor, int order[MAX_RANK])
{
    static const int plain[MAX_RANK] = { 0, 1, 2, 3 };
    static const int channel_last[MAX_RANK + 1][MAX_RANK] = { [3] = { 1, 2, 0 }, [4] = { 0, 2, 3, 1 } };
    bool own = tensor->role == ROLE_VALUE && !tensor->per_sample;
    memcpy(order, tensor->rank >= 3 && !own ? channel_last[tensor->rank] : plain, sizeof plain);
}

static const Packing *packing_of(const Plan *plan, const Tensor *tensor)
{
    for (int i = 0; i < plan->packed.count; i++)
        if (plan->packed.at[i].parameter == tensor || plan->packed.at[i].gradient == tensor)
            return &plan->packed.at[i];
    return NULL;
}

static int64_t whole_vectors(const Plan *plan, int64_t reals)
{
    return divide_up(reals, plan->target->lanes) * plan->target->lanes;
}

static Buffer *buffer_new(Arena *arena, const Plan *plan, const Tensor *tensor, Place place)
{
    Buffer *buffer = NEW(arena, Buffer);
    buffer->name = name_in_c(arena, plan, plan->evaluate.graph, tensor->name);
    buffer->tensor = tensor;
    buffer->place = place;
    buffer->rank = tensor->rank;
    storage_order(tensor, buffer->order);
    for (int i = 0; i < tensor->rank; i++)
        buffer->dim[i] = tensor->dim[buffer->order[i]];
    buffer->size = tensor_elements(tensor) * (tensor->per_sample ? plan->target->lanes : 1);
    const Packing *packing = packing_of(plan, tensor);
    if (packing) {
        int last = packing->innermost;
        buffer->packed = true;
        buffer->order[0] = 1 - last;
        buffer->order[1] = last;
        buffer->dim[0] = tensor->dim[1 - last];
        buffer->dim[1] = whole_vectors(plan, tensor->dim[last]);
        buffer->size = buffer->dim[0] * buffer->dim[1];
    }
    return buffer;
}

static bool same_shape(const Buffer *buffer, const Tensor *tensor)
{
    return buffer->rank == tensor->rank && buffer->tensor->type == tensor->type &&
           memcmp(buffer->tensor->dim, tensor->dim, sizeof tensor->dim) == 0;
}

/* The weights whose gradients have the same place lie together, so that a slice of the flat array has one kind. */
static void place_weights(Arena *arena, Plan *plan, const Place *gradient_place)
{
    const Graph *train = plan->train.graph, *evaluate = plan->evaluate.graph;
    static const Place groups[] = { PLACE_PARTIAL, PLACE_GRADIENT, PLACE_APPLIED, PLACE_WEIGHTS };
    enum { GROUPS = sizeof groups / sizeof *groups };

    for (int group = 0; group < GROUPS; group++) {
        for (int i = 0; i < train->parameters.count; i++) {
            const Tensor *parameter = train->parameters.at[i];
            const Tensor *gradient = i < train->gradients.count ? train->gradients.at[i] : NULL;
            if (groups[group] != (gradient ? gradient_place[gradient->id] : PLACE_WEIGHTS))
                continue;
            Buffer *buffer = buffer_new(arena, plan, parameter, PLACE_WEIGHTS);
            buffer->offset = buffer->packed ? whole_vectors(plan, plan->weights_size) : plan->weights_size;
            plan->weights_size = buffer->offset + buffer->size;
            list_add(arena, &plan->weights, buffer);
            plan->train.buffer[parameter->id] = buffer;
            for (int j = 0; j < evaluate->parameters.count; j++)
                if (strcmp(evaluate->parameters.at[j]->name, parameter->name) == 0)
                    plan->evaluate.buffer[evaluate->parameters.at[j]->id] = buffer;
            if (!gradient)
                continue;
            Buffer *sum = buffer_new(arena, plan, gradient, groups[group]);
            sum->name = buffer->name;
            sum->offset = buffer->offset;
            plan->train.buffer[gradient->id] = sum;
        }
        if (groups[group] == PLACE_PARTIAL)
            plan->partial_size = plan->weights_size;
        if (groups[group] == PLACE_GRADIENT)
            plan->trained_size = plan->weights_size;
    }

    /* As the struct in C ends, which has rows that begin at whole vectors. */
    int64_t end = plan->packed.count ? whole_vectors(plan, plan->weights_size) : plan->weights_size;
    if (plan->partial_size == plan->weights_size)
        plan->partial_size = end;
    if (plan->trained_size == plan->weights_size)
        plan->trained_size = end;
    plan->weights_size = end;
}

static void place_value(Arena *arena, Plan *plan, Program *program, const Tensor *tensor, Place place)
{
    if (program->buffer[tensor->id])
        return;
    if (place == PLACE_SCRATCH)
        for (int i = 0; i < plan->scratch.count; i++) {
            Buffer *known = plan->scratch.at[i];
            if (strcmp(known->tensor->name, tensor->name) == 0 && same_shape(known, tensor)) {
                program->buffer[tensor->id] = known;
                return;
            }
        }

    Buffer *buffer = buffer_new(arena, plan, tensor, place);
    for (int i = 0; i < plan->scratch.count; i++)
        if (place == PLACE_SCRATCH && strcmp(plan->scratch.at[i]->name, buffer->name) == 0)
            buffer->name = arena_printf(arena, "evaluate_%s", buffer->name);
    program->buffer[tensor->id] = buffer;
    if (place == PLACE_STEP)
        list_add(arena, &plan->once, buffer);
    else if (place == PLACE_BATCH) {
        buffer->offset = plan->batch_size;
        plan->batch_size += buffer->size * plan->blocks;
        list_add(arena, &plan->batch, buffer);
    } else {
        buffer->offset = plan->scratch_size;
        plan->scratch_size += buffer->size;
        list_add(arena, &plan->scratch, buffer);
    }
}

/* Whatever is made of samples, or of weights (plan->prepare). */
static bool is_value(const Tensor *tensor)
{
    return tensor->role != ROLE_PARAMETER && tensor->role != ROLE_GRADIENT;
}

/* Reals of the kernel's work. */
static int64_t work_size(const Plan *plan, const Kernel *kernel)
{
    int64_t size = 0;
    for (int i = 0; i < kernel->work.count; i++) {
        const Work *work = &kernel->work.at[i];
        int64_t elements = work->type[0] == 'v' ? plan->target->lanes : 1;
        for (int d = 0; d < work->rank; d++)
            elements *= work->dim[d];
        size += whole_vectors(plan, elements);
    }
    return size;
}

/* In the order in which kernels touch them; what others touch than the unit that makes it is `kept` for each block. */
static void place_values(Arena *arena, Plan *plan, Program *program, const Phase *phase, const bool *kept)
{
    Place of_weights = kept && plan_is_split(plan) ? PLACE_STEP : PLACE_SCRATCH;
    for (int i = 0; i < phase->kernels.count; i++) {
        const Kernel *kernel = phase->kernels.at[i];
        for (int j = 0; j < kernel->loads.count + kernel->stores.count; j++) {
            int store = j - kernel->loads.count;
            const Tensor *tensor = store < 0 ? kernel->loads.at[j] : kernel->stores.at[store];
            if (is_value(tensor))
                place_value(arena, plan, program, tensor, kept && kept[tensor->id] ? PLACE_BATCH
                            : tensor->per_sample ? PLACE_SCRATCH : of_weights);
        }
        plan->work_size = work_size(plan, kernel) > plan->work_size ? work_size(plan, kernel) : plan->work_size;
    }
}

/* ---- what is kept for each block */

/* In which phase a tensor was made: a block's unit of that phase still has it. */
typedef struct Keeper { bool *kept; int *made; } Keeper;
enum { NOT_MADE = -1 };

static void use(Keeper *keeper, const Tensor *tensor, int phase, bool apart)
{
    if (tensor->per_sample && (apart || keeper->made[tensor->id] != phase))
        keeper->kept[tensor->id] = true;
}

static void make(Keeper *keeper, const Tensor *tensor, int phase, bool apart)
{
    if (keeper->made[tensor->id] == NOT_MADE)
        keeper->made[tensor->id] = phase;
    use(keeper, tensor, phase, apart);
}

/* What another phase reads or makes a part of, or another unit of the same phase. */
static bool *find_kept(Arena *arena, const Plan *plan)
{
    const Graph *graph = plan->train.graph;
    size_t tensors = (size_t)graph->tensors.count;
    Keeper keeper = { arena_alloc(arena, tensors * sizeof(bool)), arena_alloc(arena, tensors * sizeof(int)) };
    for (size_t i = 0; i < tensors; i++)
        keeper.made[i] = NOT_MADE;
    make(&keeper, graph->input, 0, false);
    make(&keeper, graph->label, 0, false);
    make(&keeper, graph->scale, 0, false);
    for (int i = 0; i < plan->phases.count; i++) {
        const Phase *phase = plan->phases.at[i];
        for (int j = 0; j < phase->kernels.count; j++) {
            const Kernel *kernel = phase->kernels.at[j];
            bool apart = kernel->units > 0 || kernel->all_blocks;
            for (int k = 0; k < kernel->loads.count; k++)
                use(&keeper, kernel->loads.at[k], i, apart);
            for (int k = 0; k < kernel->stores.count; k++)
                make(&keeper, kernel->stores.at[k], i, apart);
        }
        if (phase->stores) {
            use(&keeper, graph->loss, i, false);
            use(&keeper, graph->correct, i, false);
        }
    }
    return keeper.kept;
}

/* ---- single images */

/* One sample: every tensor in its own order. */
static void place_single(Arena *arena, const Plan *plan, Prediction *predict, const Tensor *tensor)
{
    const Graph *graph = predict->program.graph, *evaluate = plan->evaluate.graph;
    if (predict->program.buffer[tensor->id])
        return;
    for (int i = 0; i < graph->parameters.count; i++)
        if (graph->parameters.at[i] == tensor) {
            predict->program.buffer[tensor->id] = plan->evaluate.buffer[evaluate->parameters.at[i]->id];
            return;
        }
    Buffer *buffer = NEW(arena, Buffer);
    *buffer = (Buffer){ .name = name_in_c(arena, plan, graph, tensor->name), .tensor = tensor, .place = PLACE_SCRATCH,
                        .single = true, .rank = tensor->rank, .order = { 0, 1, 2, 3 },
                        .offset = predict->scratch_size, .size = tensor_elements(tensor) };
    memcpy(buffer->dim, tensor->dim, sizeof buffer->dim);
    predict->scratch_size += buffer->size;
    predict->program.buffer[tensor->id] = buffer;
    list_add(arena, &predict->scratch, buffer);
}

void plan_predict_memory(Arena *arena, const Plan *plan, Prediction *predict)
{
    Program *program = &predict->program;
    program->buffer = arena_alloc(arena, (size_t)program->graph->tensors.count * sizeof(Buffer *));
    place_single(arena, plan, predict, program->graph->input);
    for (int i = 0; i < predict->phase->kernels.count; i++) {
        const Kernel *kernel = predict->phase->kernels.at[i];
        for (int j = 0; j < kernel_operands(kernel); j++)
            place_single(arena, plan, predict, kernel_operand(kernel, j));
    }
    for (int i = 0; i < predict->prepare.count; i++)
        for (int j = 0; j < predict->prepare.at[i]->loads.count; j++)
            place_single(arena, plan, predict, predict->prepare.at[i]->loads.at[j]);
}

void plan_memory(Arena *arena, Plan *plan)
{
    const Graph *train = plan->train.graph, *evaluate = plan->evaluate.graph;
    plan->train.buffer = arena_alloc(arena, (size_t)train->tensors.count * sizeof(Buffer *));
    plan->evaluate.buffer = arena_alloc(arena, (size_t)evaluate->tensors.count * sizeof(Buffer *));

    Place *gradient_place = arena_alloc(arena, (size_t)train->tensors.count * sizeof(Place));
    for (int i = 0; i < train->tensors.count; i++)
        gradient_place[i] = PLACE_PARTIAL;
    for (int i = 0; i < plan->phases.count; i++)
        for (int j = 0; j < plan->phases.at[i]->kernels.count; j++) {
            const Kernel *kernel = plan->phases.at[i]->kernels.at[j];
            if (!kernel->all_blocks)
                continue;
            if (work_size(plan, kernel) > plan->work_size)
                plan->work_size = work_size(plan, kernel);
            gradient_place[kernel->stores.at[0]->id] = applies_update(kernel) ? PLACE_APPLIED : PLACE_GRADIENT;
        }
    const bool *kept = find_kept(arena, plan);

    place_weights(arena, plan, gradient_place);
    place_value(arena, plan, &plan->train, train->input, kept[train->input->id] ? PLACE_BATCH : PLACE_SCRATCH);
    for (int i = 0; i < plan->phases.count; i++)
        if (plan->phases.at[i]->kind == PHASE_BLOCKS)
            place_values(arena, plan, &plan->train, plan->phases.at[i], kept);
    place_value(arena, plan, &plan->evaluate, evaluate->input, PLACE_SCRATCH);
    place_values(arena, plan, &plan->evaluate, plan->evaluation, NULL);

    /* After what is kept: what is made of weights once a step; a partial gradient for each block, twice where threads
     * update apart; the whole gradient where a phase makes a part of it. */
    for (int i = 0; i < plan->once.count; i++) {
        plan->once.at[i]->offset = plan->batch_size;
        plan->batch_size += plan->once.at[i]->size;
    }
    plan->batch_size += partials_size(plan);
    plan->batch_size += gradient_size(plan);
}
