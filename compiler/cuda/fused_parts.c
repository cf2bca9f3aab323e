/* Parts of the fused step that are no convolution's. */
#include "cuda/fused.h"

#include <inttypes.h>
#include <string.h>

void fused_print_nest(CudaEmitter *e)
{
    NestPrinter p = nest_printer(e->text, e->kernel);
    const Kernel *kernel = e->kernel;
    Heads domain = {0};
    int64_t points = 1, inner = 1;
    p.scope.element = fused_element;
    for (int i = 0; i < p.nest->overs; i++)
        points *= p.nest->over[i]->extent;
    fused_open_items(e, "point", points);
    for (int i = p.nest->overs - 1; i >= 0; i--) {
        const Axis *axis = kernel->over[i].axis;
        if (axis->extent > 1)
            line(e->text, "%s %s = %s;", p.index, axis->name,
                 fused_digit(e->arena, "point", inner, axis->extent, inner * axis->extent == points));
        inner *= axis->extent;
    }
    for (int i = -1; i < p.nest->overs; i++)
        heads_add_conditions(&p, &domain, p.nest->domain, p.nest->domains, i, false);
    nest_name_reductions(&p);
    heads_open(&p, &domain, true);
    if (p.nest->reduces > 0 && p.scope.reduced[0])
        nest_print_reductions(&p);
    e->scope = p.scope;
    fused_stores(e);
    heads_close(&p, &domain, true);
    line(e->text, "}");
}

void fused_print_weights(CudaEmitter *e)
{
    line(e->text, "const %s_weights &w = *(const %s_weights *)step.weights;", e->plan->model->name, e->plan->model->name);
    for (int i = 0; i < e->kernel->stores.count; i++) {
        const char *name = kernel_buffer(e->kernel, e->kernel->stores.at[i])->name;
        line(e->text, "copy_array<%d>(%s, w.%s);", e->kernel->launch.threads, name, name);
    }
}

/* Rows that end with padding, which is zero. */
static void print_padded_load(CudaEmitter *e, const Tensor *input, const Buffer *buffer)
{
    int64_t height = input->dim[1], width = input->dim[2], plane = buffer->dim[1];
    line(e->text, "const uint8_t *image = step.images + (int64_t)step.samples[sample] * %" PRId64 ";",
         tensor_elements(input));
    fused_open_items(e, "item", input->dim[0] * plane);
    line(e->text, "int c = %s, at = %s, y = at / %" PRId64 ", x = at %% %" PRId64 ";",
         fused_digit(e->arena, "item", plane, input->dim[0], true),
         fused_digit(e->arena, "item", 1, plane, input->dim[0] == 1), buffer->pitch, buffer->pitch);
    line(e->text, "bool exists = y < %" PRId64 " && x < %" PRId64 ";", height, width);
    line_wrapped(e->text, "%s[c][at] = exists ? image[%" PRId64 "*c + %" PRId64 "*y + x] * factor[c] + shift[c] : 0;",
                 buffer->name, height * width, width);
    line(e->text, "}");
}

/* Four pixels of a row at once where rows have whole fours of them. */
void fused_print_load(CudaEmitter *e)
{
    const Tensor *input = e->kernel->stores.at[0];
    const Buffer *buffer = kernel_buffer(e->kernel, input);
    int64_t pixels = tensor_elements(input), channels = input->rank == 3 ? input->dim[0] : 1;
    int64_t width = input->rank == 3 ? input->dim[2] : pixels, plane = pixels / channels;
    bool four = input->rank == 3 && width % 4 == 0 && fused_vector(e, input, 4) == 4;
    if (buffer->pitch > width) {
        print_padded_load(e, input, buffer);
        return;
    }
    line(e->text, "const uint8_t *image = step.images + (int64_t)step.samples[sample] * %" PRId64 ";", pixels);
    fused_open_items(e, "item", four ? pixels / 4 : pixels);
    const char *at = "item";
    if (input->rank == 3) {
        int64_t each = four ? 4 : 1;
        const char *x = fused_digit(e->arena, "item", 1, width / each, plane * channels == width);
        line(e->text, "int c = %s, y = %s, x = %s;", fused_digit(e->arena, "item", plane / each, channels, true),
             fused_digit(e->arena, "item", width / each, plane / width, channels == 1),
             four ? arena_printf(e->arena, "4 * (%s)", x) : x);
        at = fused_row(e, input, "c", "y", "x");
    } else {
        line(e->text, "int c = 0;");
        at = arena_printf(e->arena, "%s[item]", buffer->name);
    }
    if (four) {
        line(e->text, "uint32_t pixels = ((const uint32_t *)image)[item];\n"
                      "float four[4];\n"
                      "UNROLL\n"
                      "for (int i = 0; i < 4; i++)\n"
                      "    four[i] = (pixels >> 8 * i & 255) * factor[c] + shift[c];\n"
                      "store_row<4>(&%s, four);\n"
                      "}", at);
        return;
    }
    line(e->text, "%s = image[item] * factor[c] + shift[c];\n"
                  "}", at);
}

void fused_print_bias(CudaEmitter *e)
{
    const Nest *nest = e->kernel->nest;
    int64_t rows = nest->fold[0]->extent, columns = nest->fold[1]->extent, channels = nest->over[0]->extent;
    int warps = e->kernel->launch.threads / GPU_LANES;
    const char *o = nest->over[0]->name;
    line(e->text, channels > 1 ? "for (int %s = warp_of_thread(); %s < %" PRId64 "; %s += %d) {"
                               : "if (warp_of_thread() == 0) {", o, o, channels, o, warps);
    line(e->text, "float sum = 0;\n"
                  "for (int item = lane_of_thread(); item < %" PRId64 "; item += LANES) {", rows * columns);
    for (int i = 0; i < 2; i++)
        if (nest->fold[i]->extent > 1)
            line(e->text, "int %s = %s;", nest->fold[i]->name,
                 fused_digit(e->arena, "item", i ? 1 : columns, i ? columns : rows, i ? rows == 1 : true));
    line_wrapped(e->text, "sum += %s;", expr_c(&e->scope, nest->reduce[0].value, 0));
    line(e->text, "}\n"
                  "sum = warp_sum(sum);\n"
                  "if (lane_of_thread() == 0) {");
    e->scope.reduced[0] = "sum";
    fused_stores(e);
    line(e->text, "}\n"
                  "}");
}

void fused_print_linear(CudaEmitter *e)
{
    const Nest *nest = e->kernel->nest;
    const Tensor *x = e->kernel->shape;
    const Buffer *buffer = kernel_buffer(e->kernel, x);
    int64_t outputs = nest->overs ? nest->over[0]->extent : 1, features = nest->fold[0]->extent;
    const char *j = nest->fold[0]->name;
    if (x != e->kernel->node->in.at[0])
        line(e->text, "const float *features = &%s[0][0][0];", buffer->name);
    if (outputs > 1)
        line(e->text, "for (int %s = warp_of_thread(); %s < %" PRId64 "; %s += %d) {", nest->over[0]->name,
             nest->over[0]->name, outputs, nest->over[0]->name, e->kernel->launch.threads / GPU_LANES);
    else
        line(e->text, "if (warp_of_thread() == 0) {");
    line(e->text, "float sum = 0;");
    if (features > 1) {
        if (features % GPU_LANES == 0)
            line(e->text, "UNROLL");
        line(e->text, "for (int %s = lane_of_thread(); %s < %" PRId64 "; %s += LANES)", j, j, features, j);
    } else
        line(e->text, "if (lane_of_thread() == 0)");
    e->text->indent++;
    line_wrapped(e->text, "sum += %s;", expr_c(&e->scope, nest->reduce[0].value, 0));
    e->text->indent--;
    const Expr *init = nest->reduce[0].init;
    bool zero = init->kind == EXPR_REAL && init->real == 0;
    line_wrapped(e->text, zero ? "sum = warp_sum(sum)%s;" : "sum = warp_sum(sum) + %s;",
                 zero ? "" : expr_c(&e->scope, init, 0));
    line(e->text, "if (lane_of_thread() == 0) {");
    e->scope.reduced[0] = "sum";
    fused_stores(e);
    line(e->text, "}\n"
                  "}");
}

void fused_print_loss(CudaEmitter *e)
{
    const LossShape *s = e->kernel->shape;
    const char *logits = kernel_buffer(e->kernel, s->logits)->name;
    const char *gradient = kernel_buffer(e->kernel, s->gradient)->name;
    int64_t classes = s->logits->dim[0];
    line(e->text, "if (warp_of_thread() != 0)\n"
                  "    return;\n"
                  "int label = step.labels[step.samples[sample]];\n"
                  "float largest = -INFINITY;\n"
                  "int place = 0;\n"
                  "for (int k = lane_of_thread(); k < %" PRId64 "; k += LANES) {\n"
                  "bool taken = real_exceeds(%s[k], largest);\n"
                  "largest = taken ? %s[k] : largest;\n"
                  "place = taken ? k : place;\n"
                  "}\n"
                  "warp_largest(largest, place);", classes, logits, logits);
    line(e->text, "float total = 0;\n"
                  "for (int k = lane_of_thread(); k < %" PRId64 "; k += LANES)\n"
                  "    total += real_exp(%s[k] - largest);\n"
                  "total = warp_sum(total);", classes, logits);
    line(e->text, "if (lane_of_thread() == 0) {\n"
                  "%s[sample] = place == label ? 1.0f : 0.0f;\n"
                  "%s[sample] = real_log(total) + (largest - %s[label]);\n"
                  "}", kernel_buffer(e->kernel, s->correct)->name, kernel_buffer(e->kernel, s->loss)->name, logits);
    line(e->text, "for (int k = lane_of_thread(); k < %" PRId64 "; k += LANES)\n"
                  "    %s[k] = (real_exp(%s[k] - largest) / total - (k == label ? 1.0f : 0.0f)) * step.scale;",
         classes, gradient, logits);
}

/* The first element of an array, as a place. */
static const char *start_of(const CudaEmitter *e, const Buffer *buffer)
{
    const char *text = arena_printf(e->arena, buffer->rank ? "&%s" : "%s", buffer->name);
    for (int i = 0; i < buffer->rank; i++)
        text = arena_printf(e->arena, "%s[0]", text);
    return text;
}

void fused_print_keep(CudaEmitter *e)
{
    const FusedKeep *keep = e->kernel->shape;
    const Buffer *from = kernel_buffer(e->kernel, keep->from), *to = kernel_buffer(e->kernel, keep->to);
    int64_t taps = keep->from->rank == 4 ? keep->from->dim[2] * keep->from->dim[3] : 0;
    if (from->packed && from->dim[2] > taps && !keep->padded) {
        fused_open_items(e, "item", from->size);
        line_wrapped(e->text, "%s[sample][%" PRId64 " + item] = item %% %" PRId64 " < %" PRId64 " ? (%s)[item] : 0;",
                     to->name, keep->offset, from->dim[2], taps, start_of(e, from));
        line(e->text, "}");
        return;
    }
    line(e->text, "copy_floats<%d, %" PRId64 ">(&%s[sample][%" PRId64 "], %s);", e->kernel->launch.threads, from->size,
         to->name, keep->offset, start_of(e, from));
}

void fused_print_logits(CudaEmitter *e)
{
    const Buffer *logits = kernel_buffer(e->kernel, e->kernel->loads.at[0]);
    line(e->text, "if (step.logits)\n"
                  "    copy_floats<%d, %" PRId64 ">(&step.logits[(int64_t)sample * %" PRId64 "], %s);",
         e->kernel->launch.threads, logits->size, logits->size, start_of(e, logits));
}
