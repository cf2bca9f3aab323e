/* A kernel's function from outside: its parameters, its call. */
#include "cpu/print.h"

#include <inttypes.h>

static const char *parameter_c(Arena *arena, const Kernel *kernel, const Tensor *tensor, bool written)
{
    const Buffer *buffer = kernel_buffer(kernel, tensor);
    bool kept = kernel->all_blocks && tensor->per_sample;
    const char *type = buffer_type(buffer), *constant = written ? "" : "const ";
    if (buffer->rank == 0 && !kept)
        return arena_printf(arena, "%s %s%s", type, written ? "*" : "", buffer->name);
    const char *dims = buffer_dims(arena, buffer);
    if (buffer->place == PLACE_APPLIED && has_history(kernel))
        return arena_printf(arena, "real %s%s, real history%s", buffer->name, dims, dims);
    return arena_printf(arena, "%s%s %s%s%s", constant, type, buffer->name, kept ? "[]" : "", dims);
}

/* The ranges of the loops that units share. */
static const char *range_parameters(Arena *arena, const Kernel *kernel)
{
    const char *text = "";
    for (int i = 0; i < kernel->cuts; i++)
        if (kernel->cut[i].parts > 1)
            text = arena_printf(arena, "%s%sstruct range %s_range", text, *text ? ", " : "", kernel->cut[i].name);
    return text;
}

/* Of all `units` of the kernel, `inner` to each range of a loop of `parts`: which range the one has that is the block's
 * unit `part`, as "(part - 1) / 2 % 4". */
static const char *part_c(Arena *arena, const Kernel *kernel, int64_t inner, int64_t parts)
{
    bool divided = inner > 1, wrapped = inner * parts < kernel->units;
    const char *text = "part";
    if (kernel->first_unit)
        text = arena_printf(arena, divided || wrapped ? "(part - %" PRId64 ")" : "part - %" PRId64, kernel->first_unit);
    if (divided)
        text = arena_printf(arena, "%s / %" PRId64, text, inner);
    return wrapped ? arena_printf(arena, "%s %% %" PRId64, text, parts) : text;
}

/* For a unit of the kernel's own the ranges that are its share; where none is, in the evaluation, all. */
static const char *range_arguments(Arena *arena, const Kernel *kernel)
{
    const Kernel *called = kernel->same ? kernel->same : kernel;
    int64_t inner = kernel->units;
    const char *text = "";
    for (int i = 0; i < called->cuts; i++) {
        const Cut *cut = &called->cut[i];
        if (cut->parts == 1)
            continue;
        inner /= cut->parts;
        const char *range = arena_printf(arena, "(struct range){ 0, %" PRId64 " }", cut->extent);
        if (kernel->units)
            range = arena_printf(arena, "range_part(%s, %" PRId64 ", %" PRId64 ", %" PRId64 ")",
                                 part_c(arena, kernel, inner, cut->parts), cut->parts, cut->extent, cut->tile);
        text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", range);
    }
    return text;
}

static const char *argument_c(Arena *arena, const Kernel *kernel, const Tensor *tensor, bool written)
{
    const Buffer *buffer = kernel_buffer(kernel, tensor);
    const char *address = written && buffer->rank == 0 ? "&" : "";
    switch (buffer->place) {
    case PLACE_BATCH:
        return arena_printf(arena, kernel->all_blocks ? "%sb->%s" : "%sb->%s[block]", address, buffer->name);
    case PLACE_STEP:
        return arena_printf(arena, "b->%s", buffer->name);
    case PLACE_PARTIAL:
        return arena_printf(arena, "g->%s", buffer->name);
    case PLACE_APPLIED:
        return arena_printf(arena, has_history(kernel) ? "weights->%s, history->%s" : "weights->%s", buffer->name,
                            buffer->name);
    case PLACE_GRADIENT:
        return arena_printf(arena, "b->gradient.%s", buffer->name);
    default:
        return arena_printf(arena, "%ss->%s", address, buffer->name);
    }
}

/* Appends an item to a list that commas separate. */
static void add_item(Text *list, const char *item)
{
    text_add(list, "%s%s", list->size ? ", " : "", item);
}

/* The weights if they are read, what is over all blocks, then the operands but for parameters, which are in the
 * weights; the kernel's work and its ranges at last. `weights`, `over_blocks`, `work` and `ranges` are how these are
 * written, `write` how an operand is. */
static const char *list_operands(Text *text, const Kernel *kernel, const char *weights, const char *over_blocks,
                                 const char *work, const char *ranges,
                                 const char *(*write)(Arena *, const Kernel *, const Tensor *, bool))
{
    Text *list = text_new(text->arena);
    int reads = kernel->loads.count;
    for (int i = 0; i < reads && !list->size; i++)
        if (kernel_buffer(kernel, kernel->loads.at[i])->place == PLACE_WEIGHTS)
            add_item(list, weights);
    if (kernel->all_blocks)
        add_item(list, over_blocks);
    for (int i = 0; i < reads + kernel->stores.count; i++)
        if (kernel_buffer(kernel, kernel_operand(kernel, i))->place != PLACE_WEIGHTS)
            add_item(list, write(text->arena, kernel, kernel_operand(kernel, i), i >= reads));
    if (kernel->work.count)
        add_item(list, work);
    if (*ranges)
        add_item(list, ranges);
    return list->at;
}

void print_signature(Text *text, const Plan *plan, const Kernel *kernel)
{
    const char *weights = arena_printf(text->arena, "const struct %s_weights *w", plan->model->name);
    const char *blocks = applies_update(kernel) ? "const struct step *step, int64_t blocks, int64_t unit"
                       : has_tiles(kernel) ? "int64_t blocks, int64_t unit" : "int64_t blocks, int64_t first, int64_t end";
    line_wrapped(text, "static KERNEL void %s(%s)", kernel->name,
                 list_operands(text, kernel, weights, blocks,
                               arena_printf(text->arena, "struct %s_work *work", kernel->name),
                               range_parameters(text->arena, kernel), parameter_c));
}

void kernel_call(Text *text, const Kernel *kernel)
{
    const char *called = kernel->same ? kernel->same->name : kernel->name;
    const char *blocks = "blocks, first, end";
    if (has_tiles(kernel)) {
        blocks = kernel->first_unit ? arena_printf(text->arena, "blocks, unit - %" PRId64, kernel->first_unit)
                                    : "blocks, unit";
        blocks = arena_printf(text->arena, "%s%s", applies_update(kernel) ? "step, " : "", blocks);
    }
    line_wrapped(text, kernel->program->single ? "%s(%s);" : "RUN(%s, %s);", called,
                 list_operands(text, kernel, "w", blocks, arena_printf(text->arena, "&s->work.%s", called),
                               range_arguments(text->arena, kernel), argument_c));
}
