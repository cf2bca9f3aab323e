/* The phases of a step: what the runtime calls, unit by unit. */
#include "cpu/print.h"

#include <inttypes.h>

static bool touches(const Phase *phase, Place place)
{
    for (int i = 0; i < phase->kernels.count; i++) {
        const Kernel *kernel = phase->kernels.at[i];
        for (int j = 0; j < kernel->loads.count; j++)
            if (kernel_buffer(kernel, kernel->loads.at[j])->place == place)
                return true;
        for (int j = 0; j < kernel->stores.count; j++)
            if (kernel_buffer(kernel, kernel->stores.at[j])->place == place)
                return true;
    }
    return false;
}

void print_sgd(Text *text, const Plan *plan)
{
    const TrainSpec *train = &plan->model->train;
    bool        cycles = cycles_momentum(train);
    const char *momentum = !cycles ? double_c(text->arena, train->sgd.momentum)
                         : train->schedule.base_momentum > 0 ? "step->momentum, .positive = true" : "step->momentum";
    if (cycles)
        line(text, "\n/* The optimiser's settings; its momentum, like lr, is another one in each step. */\n"
                   "static inline struct sgd sgd_at(const struct step *step)\n{\n"
                   "return (struct sgd){");
    else
        line(text, "\nstatic const struct sgd sgd = {");
    line(text, ".momentum = %s, .dampening = %s, .weight_decay = %s, .nesterov = %s,\n"
               "};", momentum, double_c(text->arena, train->sgd.dampening), double_c(text->arena, train->sgd.weight_decay),
         train->sgd.nesterov ? "true" : "false");
    if (cycles)
        line(text, "}");
}

/* Whether the units of the phase read what their thread prepares for itself. */
static bool prepares(const Plan *plan, const Phase *phase)
{
    return phase->kind == PHASE_BLOCKS && prepares_in_scratch(plan) &&
           (phase == plan->evaluation || !plan_is_split(plan));
}

static void print_weights_pointer(Text *text, const Plan *plan, const Phase *phase)
{
    if (touches(phase, PLACE_WEIGHTS) || phase->step_units || prepares(plan, phase))
        line(text, "const struct %s_weights *w = (const struct %s_weights *)step->weights;", plan->model->name,
             plan->model->name);
}

/* The value of a block, inside its own phase. */
static const char *value_c(Text *text, const Program *program, const Tensor *tensor)
{
    const Buffer *buffer = program->buffer[tensor->id];
    return arena_printf(text->arena, buffer->place == PLACE_BATCH ? "b->%s[block]" : "s->%s", buffer->name);
}

/* What the first unit of a block does: of all units, where there is one for each block. */
static void print_rest(Text *text, const Plan *plan, const Phase *phase)
{
    bool evaluates = phase == plan->evaluation;
    const Program *program = evaluates ? &plan->evaluate : &plan->train;
    const Graph *graph = program->graph;
    if (phase->loads) {
        line(text, "RUN(load_block, step, block, %s, &%s);", value_c(text, program, graph->input),
             value_c(text, program, graph->label));
        if (program->buffer[graph->scale->id])
            line(text, "%s = sample_weights(step, block);", value_c(text, program, graph->scale));
    }
    for (int i = 0; i < phase->kernels.count; i++)
        if (!phase->kernels.at[i]->units)
            kernel_call(text, phase->kernels.at[i]);
    if (phase->stores)
        line(text, "store_result(step, block, %s, %s);", value_c(text, program, graph->loss),
             value_c(text, program, graph->correct));
    if (evaluates)
        line(text, "if (step->logits)\n"
                   "    store_logits(step, block, %s);", value_c(text, program, graph->output));
}

/* The half of the partial gradients that a step has. */
static const char *half_c(const Plan *plan) { return plan->everywhere ? "[step->parity]" : ""; }

static void print_blocks(Text *text, const Plan *plan, const Phase *phase)
{
    const char *name = plan->model->name;
    print_weights_pointer(text, plan, phase);
    line(text, "struct %s_scratch *s = scratch;", name);
    if (touches(phase, PLACE_BATCH) || touches(phase, PLACE_PARTIAL))
        line(text, "struct %s_batch *b = step->batch;", name);
    if (touches(phase, PLACE_PARTIAL))
        line(text, "struct %s_%s *g = &b->partial%s[block];", name, partial_type(plan), half_c(plan));

    if (prepares(plan, phase))
        line(text, "prepare(step, w, s);");
    line(text, "%s", "");
    print_rest(text, plan, phase);
}

/* ---- a phase that is a part of the way: several units a block */

/* Calls each of the kernels that have units of their own in these; `units` is the number of all, `part` says which one
 * runs. What comes before them has been printed as the first branch. */
static void print_apart(Text *text, Kernel *const kernels[], int count, int64_t units)
{
    for (int i = 0; i < count; i++) {
        const Kernel *kernel = kernels[i];
        int64_t first = kernel->first_unit, end = first + kernel->units;
        if (!kernel->units)
            continue;
        const char *head = first ? "} else " : "";
        if (end < units)
            line(text, "%sif (part < %" PRId64 ") {", head, end);
        else if (first)
            line(text, "%s{", head);
        kernel_call(text, kernel);
        if (end == units && first)
            line(text, "}");
    }
}

/* Units that make what all blocks read of the weights come first; each block of the step has as many as any other. */
static void print_parts(Text *text, const Plan *plan, const Phase *phase)
{
    const char *name = plan->model->name;
    bool works = false;
    List(Kernel *) prepare = {0};
    for (int i = 0; i < plan->prepare.count && phase->step_units; i++)
        if (plan->prepare.at[i]->units)
            list_add(text->arena, &prepare, plan->prepare.at[i]);
    for (int i = 0; i < phase->kernels.count; i++)
        works = works || phase->kernels.at[i]->work.count;

    print_weights_pointer(text, plan, phase);
    line(text, "struct %s_batch *b = step->batch;", name);
    if (works || touches(phase, PLACE_SCRATCH))
        line(text, "struct %s_scratch *s = scratch;", name);
    else
        line(text, "(void)scratch;");
    const char *unit = "unit";
    if (phase->step_units) {
        line(text, "\nif (unit < %" PRId64 ") {", phase->step_units);
        line(text, "int64_t part = unit;");
        print_apart(text, prepare.at, prepare.count, phase->step_units);
        line(text, "return;\n}");
        unit = arena_printf(text->arena, "(unit - %" PRId64 ")", phase->step_units);
    }
    if (phase->block_units == 1 && phase->step_units)
        line(text, "int64_t block = unit - %" PRId64 ";", phase->step_units);
    else if (phase->block_units > 1)
        line(text, "int64_t block = %s / %" PRId64 ", part = %s %% %" PRId64 ";", unit, phase->block_units, unit,
             phase->block_units);
    if (touches(phase, PLACE_PARTIAL))
        line(text, "struct %s_%s *g = &b->partial%s[block];", name, partial_type(plan), half_c(plan));
    line(text, "%s", "");
    if (phase_has_rest(phase)) {
        if (phase->block_units > 1)
            line(text, "if (part == 0) {");
        print_rest(text, plan, phase);
        if (phase->joined && phase->block_units > 1)
            line(text, "}");
    }
    print_apart(text, phase->kernels.at, phase->kernels.count, phase->block_units);
}

static void print_slices(Text *text, const Plan *plan, const Phase *phase)
{
    print_weights_pointer(text, plan, phase);
    const char *name = plan->model->name;
    bool works = false;
    for (int i = 0; i < phase->kernels.count; i++)
        works = works || phase->kernels.at[i]->work.count;
    if (touches(phase, PLACE_APPLIED)) {
        line(text, "struct %s_weights *weights = (struct %s_weights *)step->weights;", name, name);
        if (has_momentum(&plan->model->train))
            line(text, "struct %s_weights *history = (struct %s_weights *)step->state;", name, name);
    }
    if (works)
        line(text, "struct %s_scratch *s = scratch;", name);
    line(text, "struct %s_batch *b = step->batch;\n"
               "int64_t blocks = step_blocks(step, LANES);%s\n", name, works ? "" : "\n(void)scratch;");
    for (int i = 0; i < phase->kernels.count; i++) {
        const Kernel *kernel = phase->kernels.at[i];
        line(text, "%sif (unit < %" PRId64 ") {", i ? "} else " : "", kernel->first_unit + kernel->units);
        if (!has_tiles(kernel)) {
            if (i == 0)
                line(text, "int64_t first = %" PRId64 " * unit;", kernel->slice);
            else
                line(text, "int64_t first = %" PRId64 " * (unit - %" PRId64 ");", kernel->slice, kernel->first_unit);
            line(text, "int64_t end = int_min(first + %" PRId64 ", %" PRId64 ");", kernel->slice,
                 kernel->over[0].axis->extent);
        }
        kernel_call(text, kernel);
    }
    line(text, "}");
}

/* Where the unit's slice begins and ends; `partial` says, where there are both, whether blocks have its gradient. */
static void print_range(Text *text, const Plan *plan)
{
    int64_t units = (plan->partial_size + UPDATE_SLICE - 1) / UPDATE_SLICE;
    if (!has_partial(plan) || !has_whole(plan)) {
        line(text, "int64_t first = %d * unit, end = int_min(first + %d, %" PRId64 ");", UPDATE_SLICE, UPDATE_SLICE,
             plan->trained_size);
        return;
    }
    line(text, "bool partial = unit < %" PRId64 ";", units);
    line(text, "int64_t first = partial ? %d * unit : %" PRId64 " + %d * (unit - %" PRId64 ");", UPDATE_SLICE,
         plan->partial_size, UPDATE_SLICE, units);
    line(text, "int64_t end = int_min(first + %d, partial ? %" PRId64 " : %" PRId64 ");", UPDATE_SLICE,
         plan->partial_size, plan->trained_size);
}

/* The loop that sums its gradient. */
static void print_sum(Text *text, const Plan *plan)
{
    const char *partial = arena_printf(text->arena, "(const real *)&b->partial%s[block]", half_c(plan));
    const char *whole = "(const real *)&b->gradient";
    const char *blocks = "step_blocks(step, LANES)", *from = partial;

    if (has_partial(plan) && has_whole(plan)) {
        blocks = arena_printf(text->arena, "partial ? %s : 1", blocks);
        from = arena_printf(text->arena, "partial ? %s : %s", partial, whole);
    } else if (has_whole(plan)) {
        blocks = "1";
        from = whole;
    }
    line(text, "int64_t blocks = %s;\n"
               "real gradient[%d] = {0};\n\n"
               "for (int64_t block = 0; block < blocks; block++) {\n"
               "const real *part = %s;\n"
               "#pragma omp simd\n"
               "for (int64_t i = first; i < end; i++)\n"
               "    gradient[i - first] += part[i];\n"
               "}", blocks, UPDATE_SLICE, from);
}

/* The phase that is nothing but a call of its kernel. */
static void print_caller(Text *text, const Plan *plan, const Phase *phase, const char *kernel)
{
    line(text, "\nvoid %s(const struct step *step, void *scratch, int64_t unit)\n{\n"
               "(void)scratch;\n"
               "RUN(%s, step, unit);\n"
               "}", phase_function(text->arena, plan, phase), kernel);
}

static void print_update(Text *text, const Plan *plan, const Phase *phase)
{
    const char *history = has_momentum(&plan->model->train) ? "&step->state[i]" : "NULL";
    bool clips = plan_clips(plan);
    if (clips)
        line(text, "\n/* A slice of %d weights: SGD's step, by the clipped gradient. */", UPDATE_SLICE);
    else
        line(text, "\n/* A slice of %d weights: their gradient, summed over the blocks in order, and SGD's step.%s */", UPDATE_SLICE,
             phase->everywhere ? " Each\n * thread does all slices, of weights that are its own." : "");
    line(text, "static KERNEL void update(const struct step *step, int64_t unit)\n{");
    line(text, "const struct %s_batch *b = step->batch;", plan->model->name);
    print_range(text, plan);
    if (clips)
        line(text, "const real *gradient = (const real *)&b->gradient;\n");
    else
        print_sum(text, plan);
    line(text, "#pragma omp simd\n"
               "for (int64_t i = first; i < end; i++)");
    text->indent++;
    line_wrapped(text, "step->weights[i] = sgd_update(step->weights[i], %s, %s, %s, step->lr, "
                       "step->first_step);", clips ? "b->factor * gradient[i]" : "gradient[i - first]", history,
                 sgd_c(&plan->model->train));
    text->indent--;
    line(text, "}");
    print_caller(text, plan, phase, "update");
}

/* A square that is too large for a real is infinite, and then the factor 0: as in PyTorch. */
static void print_gradient(Text *text, const Plan *plan, const Phase *phase)
{
    line(text, "\n/* A slice of %d weights: their gradient, summed over the blocks in order, and the sum of its squares. */\n"
               "static KERNEL void sum_gradient(const struct step *step, int64_t unit)\n{", UPDATE_SLICE);
    line(text, "struct %s_batch *b = step->batch;", plan->model->name);
    print_range(text, plan);
    print_sum(text, plan);
    line(text, "\nreal *to = (real *)&b->gradient, squares = 0;\n"
               "#pragma omp simd reduction(+ : squares)\n"
               "for (int64_t i = first; i < end; i++) {\n"
               "to[i] = gradient[i - first];\n"
               "squares += gradient[i - first] * gradient[i - first];\n"
               "}\n"
               "b->squares[unit] = squares;\n"
               "}");
    print_caller(text, plan, phase, "sum_gradient");
}

static void print_norm(Text *text, const Plan *plan, const Phase *phase)
{
    const char *most = double_c(text->arena, plan->model->train.clip_grad_norm);
    line(text, "\n/* The norm of all gradients, and what they are multiplied by so that it is at most %s. */\n"
               "static KERNEL void clip(const struct step *step, int64_t unit)\n{", most);
    line(text, "struct %s_batch *b = step->batch;\n"
               "real squares = 0;\n"
               "(void)unit;\n"
               "for (int i = 0; i < %" PRId64 "; i++)\n"
               "    squares += b->squares[i];\n"
               "b->factor = clip_factor(real_sqrt(squares), %s);\n"
               "}", plan->model->name, update_slices(plan), most);
    print_caller(text, plan, phase, "clip");
}

const char *phase_function(Arena *arena, const Plan *plan, const Phase *phase)
{
    static const char *const verbs[] = {
        [PHASE_BLOCKS] = "train_block", [PHASE_WEIGHTS] = "sum_weights", [PHASE_GRADIENT] = "sum_gradient",
        [PHASE_NORM] = "clip", [PHASE_UPDATE] = "update",
    };
    const char *verb = phase == plan->evaluation ? "evaluate_block" : verbs[phase->kind];
    int number = 0;
    for (int i = 0; plan_is_split(plan) && phase->kind == PHASE_BLOCKS && i < plan->phases.count; i++)
        if (plan->phases.at[i] == phase)
            number = i + 1;
    return arena_printf(arena, number ? "%s_%s_%d" : "%s_%s", plan->model->name, verb, number);
}

/* Whether a unit is a block, all of its work in the phase. */
static bool is_block(const Phase *phase)
{
    return phase->kind == PHASE_BLOCKS && phase->block_units == 1 && !phase->step_units;
}

void print_phase(Text *text, const Plan *plan, const Phase *phase)
{
    int lanes = plan->target->lanes;
    bool split = phase->kind == PHASE_BLOCKS && phase != plan->evaluation && plan_is_split(plan);
    static void (*const of_slices[])(Text *, const Plan *, const Phase *) = {
        [PHASE_GRADIENT] = print_gradient, [PHASE_NORM] = print_norm, [PHASE_UPDATE] = print_update,
    };
    if (phase->kind >= PHASE_GRADIENT) {
        of_slices[phase->kind](text, plan, phase);
        return;
    }
    line(text, "%s", "");
    if (phase == plan->evaluation)
        line(text, "/* The loss of a block of %d samples, and the logits where they are wanted. */", lanes);
    else if (split) {
        const char *first = "";
        if (phase->step_units)
            first = arena_printf(text->arena, "\n * The first %" PRId64 " units transform weights, for all blocks.",
                                 phase->step_units);
        line(text, "/* A stage of the way of a block of %d samples down and back up: %" PRId64 " unit%s of each.%s */", lanes,
             phase->block_units, phase->block_units == 1 ? "" : "s", first);
    }
    else if (phase->kind == PHASE_BLOCKS)
        line(text, "/* A block of %d samples goes all the way down and back up while it is in cache. */", lanes);
    else
        line(text, "/* Large gradients are summed over all blocks at once: a unit is a slice of one of them. */");

    line(text, "void %s(const struct step *step, void *scratch, int64_t %s)\n{",
         phase_function(text->arena, plan, phase), is_block(phase) ? "block" : "unit");
    if (split)
        print_parts(text, plan, phase);
    else if (phase->kind == PHASE_BLOCKS)
        print_blocks(text, plan, phase);
    else
        print_slices(text, plan, phase);
    line(text, "}");
}
