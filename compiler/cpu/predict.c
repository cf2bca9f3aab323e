/* NAME_predict.c: the logits of a single image. What lies side by side in the lanes is part of it, not samples. */
#include "cpu/tuned.h"

#include <inttypes.h>

static bool has_work(const Phase *phase)
{
    for (int i = 0; i < phase->kernels.count; i++)
        if (phase->kernels.at[i]->work.count)
            return true;
    return false;
}

static bool reads_weights(const Kernel *kernel)
{
    for (int i = 0; i < kernel->loads.count; i++)
        if (kernel_buffer(kernel, kernel->loads.at[i])->place == PLACE_WEIGHTS)
            return true;
    return false;
}

/* Pointers to what the kernels of the list, one or more, read and make. */
static void print_pointers(Text *text, const Plan *plan, Kernel *const kernels[], int count)
{
    bool weights = false;
    for (int i = 0; i < count; i++)
        weights = weights || reads_weights(kernels[i]);
    if (weights)
        line(text, "const struct %s_weights *w = (const struct %s_weights *)weights;", plan->model->name,
             plan->model->name);
    else
        line(text, "(void)weights;");
    line(text, "struct %s_image *s = scratch;", plan->model->name);
}

static const char *prepare_signature(Text *text, const Plan *plan)
{
    return arena_printf(text->arena, "void %s_prepare_predict(const real *weights, void *scratch)", plan->model->name);
}

static const char *predict_signature(Text *text, const Plan *plan)
{
    return arena_printf(text->arena, "void %s_predict(const real *weights, void *scratch, const void *image, "
                                     "real *logits)", plan->model->name);
}

void print_predict_header(Text *text, const Plan *plan)
{
    const Prediction *predict = &plan->predict;
    if (has_work(predict->phase))
        line(text, "\n/* What a kernel uses while it runs on a single image. */");
    print_work(text, predict->phase, false);
    line(text, "\n/* What the prediction of a single image keeps: [channel][row][column]. */");
    line(text, "struct %s_image {", plan->model->name);
    print_members(text, predict->scratch.at, predict->scratch.count, "");
    if (has_work(predict->phase)) {
        line(text, "union {");
        print_work(text, predict->phase, true);
        line(text, "} work;");
    }
    line(text, "real beyond[LANES];     /* vectors reach over the end of what they read */");
    line(text, "};");
    line(text, "\n/* The logits of one image: model.h says how they are called. */");
    line(text, "%s;", prepare_signature(text, plan));
    line(text, "%s;", predict_signature(text, plan));
}

const char *first_of(const Buffer *buffer)
{
    static const char *const rows[] = { "", "", "[0]", "[0][0]", "[0][0][0]" };
    return rows[buffer->rank];
}

void print_load_image(Text *text, const Plan *plan, const Program *program)
{
    const Buffer *input = program->buffer[program->graph->input->id];
    const Normalize *normalize = plan->model->data.normalize;
    bool flat = input->rank == 1, floats = plan->model->data.real_images;
    int64_t channels = flat ? 1 : input->dim[0], pixels = input->size / channels;

    line(text, floats ? "\n/* The image, as its transforms left it. */"
                      : "\n/* The image, normalised: (byte / 255 - mean) / std. */");
    line_wrapped(text, "static KERNEL void load_image(const %s, real %s%s)", floats ? "float *value" : "uint8_t *byte",
                 input->name, buffer_dims(text->arena, input));
    line(text, "{");
    if (!floats)
        print_normalize(text, "static const real", "", normalize, channels);
    line(text, "real *to = %s%s;\n", input->name, first_of(input));
    const char *c = channels > 1 ? "c" : "0", *from = channels > 1 ? arena_printf(text->arena, "c*%" PRId64 " + i", pixels) : "i";
    if (channels > 1) {
        line(text, "for (int c = 0; c < %" PRId64 "; c++)", channels);
        text->indent++;
    }
    line(text, "#pragma omp simd\n"
               "for (int64_t i = 0; i < %" PRId64 "; i++)", pixels);
    if (floats)
        line(text, "    to[%s] = value[%s];", from, from);
    else
        line(text, "    to[%s] = factor[%s] * byte[%s] + shift[%s];", from, c, from, c);
    text->indent -= channels > 1;
    line(text, "}");
}

/* Winograd's transforms, each form once. */
static void print_transforms(Text *text, const Prediction *predict)
{
    for (int i = 0; i < predict->prepare.count; i++) {
        const PixelWeight *shape = predict->prepare.at[i]->shape;
        bool printed = !shape->winograd;
        for (int j = 0; j < i; j++) {
            const PixelWeight *before = predict->prepare.at[j]->shape;
            printed = printed || winograd_same(before->winograd, shape->winograd);
        }
        if (!printed)
            print_winograd_functions(text, shape->winograd, FORM_INPUT | FORM_OUTPUT);
    }
}

static void print_prepare(Text *text, const Plan *plan)
{
    const Prediction *predict = &plan->predict;
    for (int i = 0; i < predict->prepare.count; i++) {
        const PixelWeight *shape = predict->prepare.at[i]->shape;
        line(text, "\n/* [%s][input channel][column][output channel]: what a register tile reads lies together. */",
             shape->winograd ? "point" : "row");
        kernel_print(text, plan, predict->prepare.at[i]);
    }
    line(text, "\n%s\n{", prepare_signature(text, plan));
    if (predict->prepare.count)
        print_pointers(text, plan, predict->prepare.at, predict->prepare.count);
    else
        line(text, "(void)weights, (void)scratch;");
    for (int i = 0; i < predict->prepare.count; i++)
        kernel_call(text, predict->prepare.at[i]);
    line(text, "}");
}

void print_predict(Text *text, const Plan *plan)
{
    const Prediction *predict = &plan->predict;
    const Program *program = &predict->program;
    const Phase *phase = predict->phase;
    const Buffer *input = program->buffer[program->graph->input->id];
    const Buffer *output = program->buffer[program->graph->output->id];

    line(text, "#include \"%s.h\"\n\n"
               "#include <step.h>\n\n"
               "#include <string.h>", plan->model->name);
    print_load_image(text, plan, program);
    print_transforms(text, predict);
    print_prepare(text, plan);
    for (int i = 0; i < phase->kernels.count; i++) {
        line(text, "%s", "");
        kernel_print(text, plan, phase->kernels.at[i]);
    }
    line(text, "\n%s\n{", predict_signature(text, plan));
    print_pointers(text, plan, phase->kernels.at, phase->kernels.count);
    line(text, "load_image(image, s->%s);", input->name);
    for (int i = 0; i < phase->kernels.count; i++)
        kernel_call(text, phase->kernels.at[i]);
    line(text, "memcpy(logits, s->%s, sizeof s->%s);", output->name, output->name);
    line(text, "}");
}
