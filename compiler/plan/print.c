/* The text of --emit=plan. */
#include "plan/tuned.h"

#include <inttypes.h>
#include <string.h>

enum { FLOAT_BYTES = 4 };

static const char *dims_text(Arena *arena, const Buffer *buffer)
{
    const char *text = buffer->rank ? "" : "one";
    for (int i = 0; i < buffer->rank; i++)
        text = arena_printf(arena, "%s%s%" PRId64, text, i ? " x " : "", buffer->dim[i]);
    return text;
}

/* Which of the tensor's dimensions is stored where, as 1 2 0; nothing where the order is the tensor's own. */
static const char *order_text(Arena *arena, const Buffer *buffer)
{
    const char *text = "";
    bool own = true;
    for (int i = 0; i < buffer->rank; i++) {
        text = arena_printf(arena, "%s %d", text, buffer->order[i]);
        own = own && buffer->order[i] == i;
    }
    return own ? "" : arena_printf(arena, "  dimensions%s", text);
}

static void print_buffers(Text *text, const char *title, int64_t size, Buffer *const buffers[], int count,
                          int64_t copies)
{
    line(text, "%s: %" PRId64 " bytes", title, size * FLOAT_BYTES);
    text->indent++;
    for (int i = 0; i < count; i++) {
        const Buffer *buffer = buffers[i];
        const char *dims = dims_text(text->arena, buffer);
        if (copies > 1)
            dims = arena_printf(text->arena, "%" PRId64 " x %s", copies, dims);
        line(text, "%8" PRId64 "  %-24s %-4s %s%s", buffer->offset * FLOAT_BYTES, buffer->name,
             buffer->tensor->type == TYPE_INT ? "int" : "real", dims, order_text(text->arena, buffer));
    }
    text->indent--;
}

static const char *loops_text(Arena *arena, const Kernel *kernel)
{
    const char *text = "";
    for (int i = 0; i < kernel->nest->overs; i++) {
        const Loop *loop = &kernel->over[i];
        const char *tile = loop->tile > 1 ? arena_printf(arena, ":%" PRId64, loop->tile) : "";
        text = arena_printf(arena, "%s %s%s", text, loop->axis->name, tile);
    }
    if (kernel->nest->folds || kernel->all_blocks)
        text = arena_printf(arena, "%s |%s", text, kernel->all_blocks ? " block" : "");
    for (int i = 0; i < kernel->nest->folds; i++)
        text = arena_printf(arena, "%s %s", text, kernel->fold[i]->name);
    return text;
}

static const char *weight_text(Arena *arena, const Kernel *kernel)
{
    const ConvWeightShape *w = kernel->shape;
    if (kernel->scheme == SCHEME_CONV_WEIGHT_BLEND)
        return arena_printf(arena, " tuned: blends, %" PRId64 " x %" PRId64 " taps", w->conv.rows, w->conv.columns);
    return arena_printf(arena, " tuned: lists of %" PRId64 " samples, %" PRId64 " x %" PRId64 " vectors of taps", w->group,
                        w->tile[0], w->tile[1] * w->tile[2]);
}

static const char *scheme_text(Arena *arena, const Kernel *kernel)
{
    if (kernel->scheme == SCHEME_PIXEL_CONV || kernel->scheme == SCHEME_DOT)
        return arena_printf(arena, " tuned: %s", kernel->note);
    if (kernel->scheme == SCHEME_CONV_WEIGHT_LISTS || kernel->scheme == SCHEME_CONV_WEIGHT_BLEND)
        return weight_text(arena, kernel);
    if (kernel->scheme == SCHEME_LINEAR_WEIGHT) {
        const LinearWeight *s = kernel->shape;
        return arena_printf(arena, " tuned: tile of %" PRId64 " %s x %" PRId64 " vectors of %s", s->tile_rows,
                            s->of_inputs ? "outputs" : "inputs", s->tile_vectors, s->of_inputs ? "inputs" : "outputs");
    }
    if (kernel->scheme != SCHEME_CONV && kernel->scheme != SCHEME_CONV_INPUT &&
        kernel->scheme != SCHEME_DENSE_WEIGHT)
        return "";
    const DenseWeightShape *weight = kernel->scheme == SCHEME_DENSE_WEIGHT ? kernel->shape : NULL;
    const ConvShape *s = weight ? &weight->conv : kernel->shape;
    const char *winograd = s->winograd ? arena_printf(arena, " F(%d, %d)", s->winograd->results, s->winograd->taps) : "";
    if (weight)
        return arena_printf(arena, " tuned: tile of %" PRId64 " rows x %" PRId64 " channels x %" PRId64 " vectors%s",
                            weight->taps, weight->scalars, weight->wide, winograd);
    return arena_printf(arena, " tuned: tile of %" PRId64 " x %" PRId64 " x %" PRId64 " channels%s", s->rows, s->columns,
                        s->channels, winograd);
}

/* "  (8 units of a block: y in 4 parts, o in 2)"; nothing where it has no units of its own. */
static const char *units_text(Arena *arena, const Kernel *kernel, const char *of)
{
    if (kernel->all_blocks)
        return arena_printf(arena, "  (%" PRId64 " units, %s by %" PRId64 ")", kernel->units,
                            kernel->scheme == SCHEME_LINEAR_WEIGHT ? "rows" : kernel->over[0].axis->name, kernel->slice);
    if (!kernel->units)
        return "";
    const char *text = arena_printf(arena, "  (%" PRId64 " unit%s of a %s", kernel->units,
                                    kernel->units == 1 ? "" : "s", of);
    const char *before = ": ";
    for (int i = 0; i < kernel->cuts; i++)
        if (kernel->cut[i].parts > 1) {
            text = arena_printf(arena, "%s%s%s in %" PRId64 "%s", text, before, kernel->cut[i].name,
                                kernel->cut[i].parts, before[0] == ':' ? " parts" : "");
            before = ", ";
        }
    return arena_printf(arena, "%s)", text);
}

static void print_kernels(Text *text, const Phase *phase)
{
    text->indent++;
    for (int i = 0; i < phase->kernels.count; i++) {
        const Kernel *kernel = phase->kernels.at[i];
        line(text, "%-32s%s%s%s", kernel->name, kernel->scheme == SCHEME_NEST ? loops_text(text->arena, kernel)
                                                                               : scheme_text(text->arena, kernel),
             units_text(text->arena, kernel, "block"), kernel->same ? "  (as in training)" : "");
    }
    text->indent--;
}

static void print_phase(Text *text, const Plan *plan, const Phase *phase)
{
    const char *units = "units as needed";
    if (phase->units)
        units = arena_printf(text->arena, "%" PRId64 " unit%s", phase->units, phase->units == 1 ? "" : "s");
    switch (phase->kind) {
    case PHASE_BLOCKS:
        if (phase->step_units)
            units = arena_printf(text->arena, "%s, %" PRId64 " of the step", units, phase->step_units);
        if (phase->block_units > 1 || phase->step_units)
            line(text, "phase %s: %s, %" PRId64 " of each block of %d samples", phase->name, units, phase->block_units,
                 plan->target->lanes);
        else
            line(text, "phase %s: %s, each %d samples", phase->name, units, plan->target->lanes);
        break;
    case PHASE_WEIGHTS:
        line(text, "phase %s: %s, each a slice of a gradient over all blocks", phase->name, units);
        break;
    case PHASE_GRADIENT:
        line(text, "phase %s: %s, each the gradient of %d weights", phase->name, units, UPDATE_SLICE);
        break;
    case PHASE_NORM:
        line(text, "phase %s: %s, the norm of the gradient", phase->name, units);
        break;
    case PHASE_UPDATE:
        line(text, "phase %s: %s, each %d weights%s", phase->name, units, UPDATE_SLICE,
             phase->everywhere ? "; every thread does all of them for itself" : "");
        break;
    }
    text->indent++;
    for (int i = 0; phase->step_units && i < plan->prepare.count; i++)
        if (plan->prepare.at[i]->units)
            line(text, "%-32s%s", plan->prepare.at[i]->name, units_text(text->arena, plan->prepare.at[i], "step"));
    text->indent--;
    print_kernels(text, phase);
}

/* Of single images: its memory, and its kernels. */
static void print_prediction(Text *text, const Prediction *predict)
{
    print_buffers(text, "scratch of the prediction", predict->scratch_size, predict->scratch.at, predict->scratch.count, 1);
    line(text, "%s", "");
    line(text, "prediction: one sample");
    print_kernels(text, predict->phase);
}

void plan_print(Text *text, const Plan *plan)
{
    line(text, "plan %s for %s: %s", plan->model->name, plan->target->name, plan->target->help);
    line(text, "%d samples in a vector, batch %" PRId64 ", at most %d sums in registers; sizes are of a float build",
         plan->target->lanes, plan->model->data.batch_size, plan->target->accumulators);
    line(text, "%s", "");
    print_buffers(text, "weights", plan->weights_size, plan->weights.at, plan->weights.count, 1);
    line(text, "%s", "");
    print_buffers(text, "scratch of a thread", plan->scratch_size, plan->scratch.at, plan->scratch.count, 1);
    line(text, "%s", "");
    print_buffers(text, "memory of a step", plan->batch_size, plan->batch.at, plan->batch.count, plan->blocks);
    text->indent++;
    for (int i = 0; i < plan->once.count; i++)
        line(text, "%8" PRId64 "  %-24s real %s  of the step", plan->once.at[i]->offset * FLOAT_BYTES,
             plan->once.at[i]->name, dims_text(text->arena, plan->once.at[i]));
    if (plan->partial_size)
        line(text, "partial gradients: %s%" PRId64 " x %" PRId64 " bytes", plan->everywhere ? "2 x " : "", plan->blocks,
             plan->partial_size * FLOAT_BYTES);
    if (keeps_gradient(plan))
        line(text, "gradient: %" PRId64 " bytes", plan->weights_size * FLOAT_BYTES);
    text->indent--;
    for (int i = 0; i < plan->phases.count; i++) {
        line(text, "%s", "");
        print_phase(text, plan, plan->phases.at[i]);
    }
    line(text, "%s", "");
    print_phase(text, plan, plan->evaluation);
    line(text, "%s", "");
    print_prediction(text, &plan->predict);
}
