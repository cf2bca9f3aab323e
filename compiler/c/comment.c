/* The comment above a kernel. */
#include "c/print.h"

#include <inttypes.h>
#include <string.h>

static void add_shape(Text *text, const Buffer *buffer, int width, bool written)
{
    const char *shape = buffer->rank ? "" : "one a sample";
    for (int i = 0; i < (buffer->pitch ? 3 : buffer->rank); i++)
        shape = arena_printf(text->arena, "%s%s%" PRId64, shape, i ? " x " : "",
                             buffer->pitch ? buffer->tensor->dim[i] : buffer->dim[i]);
    text_add(text, "\n *   %-*s  %s%s", width, buffer->name, shape, written ? "  (result)" : "");
}

static void add_tile(Text *text, const Kernel *kernel)
{
    const char *tile = "", *again = "";
    for (int i = 0; i < kernel->nest->overs; i++) {
        const Loop *loop = &kernel->over[i];
        const char *name = loop->axis->name;
        if (loop->tile == 1)
            continue;
        tile = arena_printf(text->arena, "%s%s%" PRId64 " points of %s", tile, *tile ? " x " : "", loop->tile, name);
        if (loop->axis->extent % loop->tile)
            again = arena_printf(text->arena, "%s\n * The last tile of %s begins early, and computes some of it again.",
                                 again, name);
    }
    if (kernel->note)
        text_add(text, "\n * %s", kernel->note);
    if (*tile)
        text_add(text, "\n * The sums of %s stay in registers.%s", tile, again);
    const char *shared = NULL;
    for (int i = 0; i < kernel->cuts; i++)
        if (kernel->cut[i].parts > 1)
            shared = shared ? arena_printf(text->arena, "%s and %s", shared, kernel->cut[i].name) : kernel->cut[i].name;
    if (shared)
        text_add(text, "\n * Units share the points of %s: each has a range of them.", shared);
    if (kernel->all_blocks && !has_tiles(kernel) && !kernel->program->single)
        text_add(text, "\n * Summed over all blocks of the step, for %s from first to end.",
                 kernel->over[0].axis->name);
}

static void add_work(Text *text, const Kernel *kernel)
{
    for (int i = 0; i < kernel->work.count; i++)
        text_add(text, "\n *   work->%s: %s", kernel->work.at[i].name, kernel->work.at[i].what);
}

/* Its head names every layer that the kernel does the work of, and their lines in the spec. */
void print_comment(Text *text, const Model *model, const Kernel *kernel)
{
    const Node *node = kernel->node;
    const Source *source = model->source;
    Arena *arena = text->arena;
    int line = source_position(source, node->layer->span.begin).line, first = line, last = line;
    const char *title = arena_printf(arena, "/* %s: %s", node->layer->name, node->kind->name);
    size_t begin = 0;                       /* of the line of the title that is being filled */
    for (int i = -1; i < kernel->absorbed.count; i++) {
        const Node *whole = i < 0 ? node : kernel->absorbed.at[i];
        for (int j = i < 0 ? 0 : -1; j < whole->fused.count; j++) {
            const Node *part = j < 0 ? whole : whole->fused.at[j];
            line = source_position(source, part->layer->span.begin).line;
            first = line < first ? line : first;
            last = line > last ? line : last;
            const char *next = arena_printf(arena, "%s: %s", part->layer->name, part->kind->name);
            bool full = strlen(title) - begin + strlen(next) > LINE_WIDTH - 8;
            if (full)
                begin = strlen(title);
            title = arena_printf(arena, "%s,%s%s", title, full ? "\n *   " : " ", next);
        }
    }
    const char *where = arena_printf(arena, "%s:%d", spec_name(arena, source), first);
    if (last > first)
        where = arena_printf(arena, "%s-%d", where, last);
    int gap = LINE_WIDTH - 10 - (int)(strlen(title) - begin) - (int)strlen(where), width = 0;
    text_add(text, "%s%*s%s", title, gap < 2 ? 2 : gap, "", where);

    int reads = kernel->loads.count, operands = reads + kernel->stores.count;
    for (int i = 0; i < operands; i++) {
        int length = (int)strlen(kernel_buffer(kernel, kernel_operand(kernel, i))->name);
        width = length > width ? length : width;
    }
    for (int i = 0; i < operands; i++)
        add_shape(text, kernel_buffer(kernel, kernel_operand(kernel, i)), width, i >= reads);
    add_work(text, kernel);
    if (kernel->nest->note && !kernel_helps(kernel))
        text_add(text, "\n * %s.", kernel->nest->note);
    add_tile(text, kernel);
    text_add(text, " */\n");
}
