/* NAME.h and NAME.c: the structures, the kernels, and the phases that call them. */
#include "cpu/print.h"

#include <inttypes.h>

static void print_members(Text *text, Buffer *const buffers[], int count, const char *copies)
{
    for (int i = 0; i < count; i++)
        line(text, "%s %s%s%s;", buffer_type(buffers[i]), buffers[i]->name, copies,
             buffer_dims(text->arena, buffers[i]));
}

static void print_weights(Text *text, const Plan *plan)
{
    const char *name = plan->model->name;
    line(text, "\n/* The flat array of weights; a convolution's are [output channel][row][column][input channel]. */");
    line(text, "struct %s_weights {", name);
    print_members(text, plan->weights.at, plan->weights.count, "");
    line(text, "};");
    if (!has_partial(plan) || plan->partial_size == plan->weights_size)
        return;

    int count = 0;
    while (count < plan->weights.count && plan->weights.at[count]->offset < plan->partial_size)
        count++;
    line(text, "\n/* The beginning of the weights: those whose gradients each block sums for itself. */");
    line(text, "struct %s_partial {", name);
    print_members(text, plan->weights.at, count, "");
    line(text, "};");
}

static void print_memory(Text *text, const Plan *plan)
{
    const char *name = plan->model->name, *copies = arena_printf(text->arena, "[%" PRId64 "]", plan->blocks);
    line(text, "\n/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],"
               "\n * each element a vector with one value of each sample; d_ marks the gradient of what follows. */");
    line(text, "struct %s_scratch {", name);
    print_members(text, plan->scratch.at, plan->scratch.count, "");
    line(text, "};");

    line(text, "\n/* What one phase of a step leaves for the next, of each of the step's blocks. */");
    line(text, "struct %s_batch {", name);
    print_members(text, plan->batch.at, plan->batch.count, copies);
    if (has_partial(plan))
        line(text, "struct %s_%s partial%s;", name, partial_type(plan), copies);
    if (has_whole(plan))
        line(text, "struct %s_weights gradient;", name);
    line(text, "};");
}

void print_header(Text *text, const Plan *plan)
{
    const char *name = plan->model->name;
    line(text, "#ifndef NETC_GENERATED_H\n"
               "#define NETC_GENERATED_H\n\n"
               "#define LANES %d\n\n"
               "#include <lanes.h>\n"
               "#include <model.h>", plan->target->lanes);
    print_weights(text, plan);
    print_memory(text, plan);
    line(text, "\n/* The phases of a training step, and evaluation: model.h says how they are called. */");
    for (int i = 0; i < plan->phases.count; i++)
        line(text, "void %s(const struct step *step, void *scratch, int64_t unit);",
             phase_function(text->arena, plan, plan->phases.at[i]));
    line(text, "void %s(const struct step *step, void *scratch, int64_t unit);",
         phase_function(text->arena, plan, plan->evaluation));
    line(text, "\nextern const struct model %s_model;", name);
    line(text, "\n#endif");
}

static void print_kernels(Text *text, const Plan *plan, const Phase *phase)
{
    for (int i = 0; i < phase->kernels.count; i++)
        if (!phase->kernels.at[i]->same) {
            line(text, "%s", "");
            kernel_print(text, plan, phase->kernels.at[i]);
        }
}

void print_source(Text *text, const Plan *plan)
{
    line(text, "#include \"%s.h\"\n\n"
               "#include <optim.h>\n"
               "#include <step.h>", plan->model->name);
    print_block_functions(text, plan);
    for (int i = 0; i < plan->phases.count; i++)
        print_kernels(text, plan, plan->phases.at[i]);
    print_kernels(text, plan, plan->evaluation);
    for (int i = 0; i < plan->phases.count; i++)
        print_phase(text, plan, plan->phases.at[i]);
    print_phase(text, plan, plan->evaluation);
}
