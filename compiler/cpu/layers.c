/* NAME_layers.c: the plain forward pass of a single image, a function for each layer. */
#include "cpu/print.h"

#include <inttypes.h>

static const char *signature(Text *text, const Plan *plan)
{
    return arena_printf(text->arena, "void %s_visit_layers(const real *weights, void *scratch, const void *image, "
                                     "void (*visit)(void *visitor, int layer, const real *values, int64_t count), "
                                     "void *visitor)", plan->model->name);
}

void print_layers_header(Text *text, const Plan *plan)
{
    line(text, "\n/* The value of each layer, of a single image: [channel][row][column]. */");
    line(text, "struct %s_layers {", plan->model->name);
    print_members(text, plan->layers.scratch.at, plan->layers.scratch.count, "");
    line(text, "};");
    line(text, "\n/* Its layers, one after the other: model.h says how it is called. */");
    line_wrapped(text, "%s;", signature(text, plan));
}

/* A layer that has no kernel of its own has its input's value. */
static void print_layer(Text *text, const Plan *plan, const Layer *layer)
{
    const Program *program = &plan->layers.program;
    const Phase *phase = plan->layers.phase;
    const Buffer *value = program->buffer[program->graph->of_layer[layer->index]->id];
    for (int i = 0; i < phase->kernels.count; i++)
        if (phase->kernels.at[i]->node->layer == layer)
            kernel_call(text, phase->kernels.at[i]);
    line(text, "visit(visitor, %d, s->%s%s, %" PRId64 ");", layer->index, value->name, first_of(value), value->size);
}

void print_visit(Text *text, const Plan *plan)
{
    const char *name = plan->model->name;
    const Program *program = &plan->layers.program;
    const Phase *phase = plan->layers.phase;
    line(text, "#include \"%s.h\"\n\n"
               "#include <step.h>", name);
    print_load_image(text, plan, program);
    for (int i = 0; i < phase->kernels.count; i++) {
        line(text, "%s", "");
        kernel_print(text, plan, phase->kernels.at[i]);
    }
    line(text, "%s", "");
    line_wrapped(text, "%s", signature(text, plan));
    line(text, "{");
    if (program->graph->parameters.count)
        line(text, "const struct %s_weights *w = (const struct %s_weights *)weights;", name, name);
    else
        line(text, "(void)weights;");
    line(text, "struct %s_layers *s = scratch;\n", name);
    line(text, "load_image(image, s->%s);", program->buffer[program->graph->input->id]->name);
    for (int i = 0; i < plan->model->layers.count; i++)
        print_layer(text, plan, plan->model->layers.at[i]);
    line(text, "}");
}
