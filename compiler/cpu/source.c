/* NAME.h and NAME.c: the structures, the kernels, and the phases that call them. */
#include "cpu/tuned.h"

#include <inttypes.h>
#include <string.h>

void print_members(Text *text, Buffer *const buffers[], int count, const char *copies)
{
    for (int i = 0; i < count; i++)
        line(text, "%s%s %s%s%s;", buffers[i]->packed ? "_Alignas(LANES * sizeof(real)) " : "",
             buffer_type(buffers[i]), buffers[i]->name, copies, buffer_dims(text->arena, buffers[i]));
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

void print_work(Text *text, const Phase *phase, bool members)
{
    for (int i = 0; i < phase->kernels.count; i++) {
        const Kernel *kernel = phase->kernels.at[i];
        if (!kernel->work.count || kernel->same)
            continue;
        if (members) {
            line(text, "struct %s_work %s;", kernel->name, kernel->name);
            continue;
        }
        line(text, "\nstruct %s_work {", kernel->name);
        for (int j = 0; j < kernel->work.count; j++) {
            const Work *work = &kernel->work.at[j];
            const char *dims = "";
            for (int d = 0; d < work->rank; d++)
                dims = arena_printf(text->arena, "%s[%" PRId64 "]", dims, work->dim[d]);
            line(text, "%s %s%s;", work->type, work->name, dims);
        }
        line(text, "};");
    }
}

static void print_all_work(Text *text, const Plan *plan, bool members)
{
    for (int i = 0; i < plan->phases.count; i++)
        print_work(text, plan->phases.at[i], members);
    print_work(text, plan->evaluation, members);
}

static void print_memory(Text *text, const Plan *plan)
{
    const char *name = plan->model->name, *copies = arena_printf(text->arena, "[%" PRId64 "]", plan->blocks);
    if (plan->work_size) {
        line(text, "\n/* What a kernel uses while it runs. */");
        print_all_work(text, plan, false);
    }
    line(text, "\n/* What a thread keeps while it works on a block. Images and activations are [row][column][channel],"
               "\n * each element a vector with one value of each sample; d_ marks the gradient of what follows. */");
    line(text, "struct %s_scratch {", name);
    print_members(text, plan->scratch.at, plan->scratch.count, "");
    if (plan->work_size) {
        line(text, "union {");
        print_all_work(text, plan, true);
        line(text, "} work;");
    }
    if (prepares_in_scratch(plan))
        line(text, "int64_t version;     /* of the weights that the transformed ones were made of */");
    line(text, "};");

    line(text, "\n/* What one phase of a step leaves for the next, of each of the step's blocks.%s */",
         plan->everywhere ? " Partial gradients are in the half\n * of the step's parity: a thread that goes on does not "
                            "touch what others still sum." : "");
    line(text, "struct %s_batch {", name);
    print_members(text, plan->batch.at, plan->batch.count, copies);
    print_members(text, plan->once.at, plan->once.count, "");
    if (has_partial(plan))
        line(text, "struct %s_%s partial%s%s;", name, partial_type(plan), plan->everywhere ? "[2]" : "", copies);
    if (keeps_gradient(plan))
        line(text, "struct %s_weights gradient;", name);
    if (plan_clips(plan))
        line(text, "real squares[%" PRId64 "];      /* of the gradient, a sum for each slice */\n"
                   "real factor;          /* what clipping multiplies the gradient by */", update_slices(plan));
    line(text, "};");
}

static void print_kernel_numbers(Text *text, const Plan *plan)
{
    const KernelWorks *works = kernel_works(text->arena, plan);
    const char *names = "";
    line(text, "\n/* The kernels, as step->laps and the model's table of them number them. */\n"
               "enum {");
    for (int i = 0; i < works->count; i++) {
        const char *name = arena_printf(text->arena, "KERNEL_%s,", works->at[i].name);
        if (*names && strlen(names) + strlen(name) > LINE_WIDTH - 5) {
            line(text, "%s", names);
            names = "";
        }
        names = arena_printf(text->arena, "%s%s%s", names, *names ? " " : "", name);
    }
    line(text, "%s\nKERNELS\n};", names);
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
    print_predict_header(text, plan);
    print_layers_header(text, plan);
    line(text, "\n/* The phases of a training step, and evaluation: model.h says how they are called. */");
    for (int i = 0; i < plan->phases.count; i++)
        line(text, "void %s(const struct step *step, void *scratch, int64_t unit);",
             phase_function(text->arena, plan, plan->phases.at[i]));
    line(text, "void %s(const struct step *step, void *scratch, int64_t unit);",
         phase_function(text->arena, plan, plan->evaluation));
    print_kernel_numbers(text, plan);
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

/* The form of Winograd's convolution that a kernel uses, or NULL; *parts: which functions of it. */
static const Winograd *form_of(const Kernel *kernel, int *parts)
{
    switch (kernel->scheme) {
    case SCHEME_CONV:
        *parts = FORM_INPUT | FORM_OUTPUT;
        return ((const ConvShape *)kernel->shape)->winograd;
    case SCHEME_CONV_INPUT:
        *parts = FORM_GRADIENT | FORM_SCATTER;
        return ((const ConvShape *)kernel->shape)->winograd;
    case SCHEME_DENSE_WEIGHT:
        *parts = FORM_INPUT | FORM_GRADIENT | FORM_TAPS;
        return ((const DenseWeightShape *)kernel->shape)->conv.winograd;
    default:
        return NULL;
    }
}

/* The forms that are in use, each once, with all parts of it. */
typedef struct Forms {
    const Winograd *form[WINOGRAD_MOST * WINOGRAD_MOST];
    int             parts[WINOGRAD_MOST * WINOGRAD_MOST], count;
} Forms;

static void collect_forms(Forms *forms, const Phase *phase)
{
    for (int i = 0; i < phase->kernels.count; i++) {
        int parts = 0, at = 0;
        const Winograd *form = form_of(phase->kernels.at[i], &parts);
        if (!form)
            continue;
        while (at < forms->count && !winograd_same(forms->form[at], form))
            at++;
        forms->count += at == forms->count;
        forms->form[at] = form;
        forms->parts[at] |= parts;
    }
}

static void print_transforms(Text *text, const Plan *plan)
{
    Forms forms = { .count = 0 };
    for (int i = 0; i < plan->phases.count; i++)
        collect_forms(&forms, plan->phases.at[i]);
    collect_forms(&forms, plan->evaluation);
    for (int i = 0; i < forms.count; i++)
        print_winograd_functions(text, forms.form[i], forms.parts[i]);
}

/* Whether the kernel of plan->prepare is one that each thread runs, unless another has made the same. */
static bool is_own(const Kernel *kernel)
{
    bool scratch = kernel_buffer(kernel, kernel->stores.at[0])->place == PLACE_SCRATCH;
    return scratch && (!kernel->same || kernel_buffer(kernel->same, kernel->same->stores.at[0])->place != PLACE_SCRATCH);
}

bool prepares_in_scratch(const Plan *plan)
{
    for (int i = 0; i < plan->prepare.count; i++)
        if (is_own(plan->prepare.at[i]))
            return true;
    return false;
}

static void print_prepare(Text *text, const Plan *plan)
{
    for (int i = 0; i < plan->prepare.count; i++)
        if (!plan->prepare.at[i]->same) {
            line(text, "%s", "");
            kernel_print(text, plan, plan->prepare.at[i]);
        }
    if (!prepares_in_scratch(plan))
        return;
    line(text, "\n/* Makes the transformed weights of the thread, where the weights are new. */");
    line(text, "static void prepare(const struct step *step, const struct %s_weights *w, struct %s_scratch *s)\n{",
         plan->model->name, plan->model->name);
    line(text, "if (s->version == step->version)\n    return;");
    for (int i = 0; i < plan->prepare.count; i++)
        if (is_own(plan->prepare.at[i]))
            kernel_call(text, plan->prepare.at[i]);
    line(text, "s->version = step->version;\n}");
}

void print_source(Text *text, const Plan *plan)
{
    line(text, "#include \"%s.h\"\n\n"
               "#include <apply.h>\n"
               "#include <load.h>\n"
               "#include <step.h>", plan->model->name);
    print_constants(text, "static const real", "", plan->train.graph);
    print_block_functions(text, plan);
    if (plan->phases.count > 1)
        print_sgd(text, plan);
    print_transforms(text, plan);
    print_prepare(text, plan);
    for (int i = 0; i < plan->phases.count; i++)
        print_kernels(text, plan, plan->phases.at[i]);
    print_kernels(text, plan, plan->evaluation);
    for (int i = 0; i < plan->phases.count; i++)
        print_phase(text, plan, plan->phases.at[i]);
    print_phase(text, plan, plan->evaluation);
}
