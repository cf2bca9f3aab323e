/* NAME_model.c: what the runtime reads of the model; and main.c. */
#include "cpu/print.h"

#include "base/version.h"
#include "op.h"

#include <inttypes.h>

/* What it reads, unless that is the layer before: "conv1, relu_2". */
static const char *from_text(Arena *arena, const Layer *layer)
{
    const char *text = "";
    if (layer->in.count == 1 && layer->in.at[0]->index == layer->index - 1)
        return text;
    for (int i = 0; i < layer->in.count; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", layer->in.at[i]->name);
    return text;
}

static void print_layers(Text *text, const Plan *plan)
{
    const Model *model = plan->model;
    const Graph *graph = plan->train.graph;
    line(text, "/* Name, kind, shape of the output; arguments beside the defaults, what is read if not the layer before, and\n"
               " * the work of a sample. */\n"
               "static const struct layer layers[] = {");
    for (int i = 0; i < model->layers.count; i++) {
        const Layer *layer = model->layers.at[i];
        int64_t parameters = 0, flop[2] = {0};
        for (int j = 0; j < layer->learnables.count; j++) {
            int64_t elements = 1;
            for (int k = 0; k < layer->learnables.at[j].rank; k++)
                elements *= layer->learnables.at[j].dim[k];
            parameters += elements;
        }
        for (int j = 0; j < graph->nodes.count; j++)
            for (int k = 0; graph->nodes.at[j]->layer == layer && k < graph->nodes.at[j]->nests.count; k++)
                flop[graph->nodes.at[j]->backward] += nest_flop(graph->nodes.at[j]->nests.at[k]);

        Text *row = text_new(text->arena);
        text_add(row, "{ \"%s\", \"%s\", .rank = %d, .shape = { ", layer->name, layer->op->name, layer->out.rank);
        for (int j = 0; j < layer->out.rank; j++)
            text_add(row, "%s%" PRId64, j ? ", " : "", layer->out.dim[j]);
        text_add(row, " }");
        add_string(row, "arguments", layer->arguments);
        add_string(row, "from", from_text(text->arena, layer));
        add_int(row, "parameters", parameters);
        add_int(row, "forward_flop", flop[0]);
        add_int(row, "backward_flop", flop[1]);
        line_wrapped(text, "%s },", row->at);
    }
    line(text, "};");
    line(text, "%s", "");
}

/* Reals from one element of the tensor's dimension to the next. */
static int64_t stride_of(const Buffer *buffer, int dimension)
{
    int64_t stride = 1;
    for (int i = buffer->rank - 1; buffer->order[i] != dimension; i--)
        stride *= buffer->dim[i];
    return stride;
}

static void print_parameters(Text *text, const Plan *plan)
{
    const Graph *graph = plan->train.graph;
    if (!graph->parameters.count)
        return;
    line(text, "#define AT(member) (offsetof(struct %s_weights, member) / sizeof(real))\n\n"
               "/* Name, PyTorch's shape, the stride of each dimension in the flat array, where the first one is. */\n"
               "static const struct parameter parameters[] = {", plan->model->name);
    for (int i = 0; i < graph->parameters.count; i++) {
        const Tensor *tensor = graph->parameters.at[i];
        const Buffer *buffer = plan->train.buffer[tensor->id];
        const Learnable *learnable = &tensor->layer->learnables.at[tensor->learnable];
        const char *shape = "", *stride = "";
        for (int j = 0; j < tensor->rank; j++) {
            shape = arena_printf(text->arena, "%s%s%" PRId64, shape, j ? ", " : "", tensor->dim[j]);
            stride = arena_printf(text->arena, "%s%s%" PRId64, stride, j ? ", " : "", stride_of(buffer, j));
        }
        line_wrapped(text, "{ \"%s.%s\", %d, { %s }, { %s }, AT(%s), .fan_in = %" PRId64 " },", tensor->layer->name,
                     learnable->name, tensor->rank, shape, stride, buffer->name, learnable->fan_in);
    }
    line(text, "};");
    line(text, "%s", "");
}

static const char *flag(bool value) { return value ? "true" : "false"; }

static void print_phases(Text *text, const Plan *plan)
{
    line(text, "static const struct phase train[] = {");
    for (int i = 0; i < plan->phases.count; i++) {
        const Phase *phase = plan->phases.at[i];
        int64_t units = phase->kind == PHASE_BLOCKS ? phase->step_units : phase->units;
        const char *counts = units ? arena_printf(text->arena, ".units = %" PRId64 ", ", units) : "";
        if (phase->block_units)
            counts = arena_printf(text->arena, "%s.block_units = %" PRId64 ", ", counts, phase->block_units);
        line(text, "{ \"%s\", %s%s.run = %s },", phase->name, counts, phase->everywhere ? ".everywhere = true, " : "",
             phase_function(text->arena, plan, phase));
    }
    line(text, "};");
    line(text, "%s", "");
}

static const char *sum_c(Arena *arena, int64_t reals, int64_t bytes)
{
    const char *product = arena_printf(arena, "%" PRId64 " * sizeof(real)", reals);
    return bytes ? arena_printf(arena, "%s + %" PRId64, product, bytes) : product;
}

static void print_kernels(Text *text, const Plan *plan)
{
    const KernelWorks *works = kernel_works(text->arena, plan);
    line(text, "/* The work of each kernel, in the order of their KERNEL_ constants; a multiplication and an addition are\n"
               " * two flop. */\n"
               "static const struct kernel kernels[KERNELS] = {");
    for (int i = 0; i < works->count; i++) {
        const KernelWork *work = &works->at[i];
        Text *row = text_new(text->arena);
        if (work->sample_flop)
            text_add(row, ", .sample_flop = %" PRId64, work->sample_flop);
        if (work->step_flop)
            text_add(row, ", .step_flop = %" PRId64, work->step_flop);
        if (work->block_reals)
            text_add(row, ", .block_bytes = %s", sum_c(text->arena, work->block_reals,
                                                       work->sample_bytes * plan->target->lanes));
        if (work->step_reals)
            text_add(row, ", .step_bytes = %s", sum_c(text->arena, work->step_reals, 0));
        if (work->everywhere)
            text_add(row, ", .everywhere = true");
        line_wrapped(text, "{ \"%s\", \"%s\"%s },", work->name, work->phase, row->at);
    }
    line(text, "};");
    line(text, "%s", "");
}

static void print_model(Text *text, const Plan *plan)
{
    Arena *arena = text->arena;
    const Model *model = plan->model;
    Shape in = model->layers.at[0]->out;
    bool flat = in.rank == 1, learns = plan->train.graph->parameters.count > 0;

    line(text, "extern const struct cuda_code *const %s_cuda[];\n", model->name);
    line(text, "const struct model %s_model = {", model->name);
    line(text, ".contract = MODEL_CONTRACT,");
    line(text, ".real_bytes = sizeof(real),");
    line(text, ".name = \"%s\",", model->name);
    line(text, ".spec = %s,", c_string(arena, spec_name(arena, model->source)));
    line(text, ".target = \"%s\",", plan->target->name);
    line(text, ".compiler = \"netc %s\",", NETC_VERSION);
    line(text, "%s", "");
    line(text, ".channels = %" PRId64 ", .height = %" PRId64 ", .width = %" PRId64 ", .flat = %s,", in.dim[0],
         flat ? 1 : in.dim[1], flat ? 1 : in.dim[2], flag(flat));
    line(text, ".classes = %" PRId64 ",", plan->train.graph->output->dim[0]);
    line(text, ".lanes = LANES,");
    line(text, "%s", "");
    line(text, ".layers = layers, .layer_count = sizeof layers / sizeof *layers,");
    if (learns)
        line(text, ".parameters = parameters, .parameter_count = sizeof parameters / sizeof *parameters,");
    line(text, ".weights_size = sizeof(struct %s_weights) / sizeof(real),", model->name);
    line(text, ".state_slots = %d,", has_momentum(&model->train));
    line(text, ".scratch_bytes = sizeof(struct %s_scratch),", model->name);
    line(text, ".batch_bytes = sizeof(struct %s_batch),", model->name);
    line(text, ".train = train, .train_count = sizeof train / sizeof *train,");
    line(text, ".evaluate = { \"%s\", .block_units = 1, .run = %s },", plan->evaluation->name,
         phase_function(arena, plan, plan->evaluation));
    line(text, ".predict_bytes = sizeof(struct %s_image), .prepare_predict = %s_prepare_predict, .predict = %s_predict,",
         model->name, model->name, model->name);
    line(text, ".visit_bytes = sizeof(struct %s_layers), .visit_layers = %s_visit_layers,", model->name, model->name);
    line(text, ".kernels = kernels, .kernel_count = KERNELS,");
    line(text, ".cuda = %s_cuda,", model->name);
    line(text, "%s", "");
    print_settings(text, model);
    line(text, "};");
}

void print_tables(Text *text, const Plan *plan)
{
    line(text, "#include \"%s.h\"", plan->model->name);
    line(text, "%s", "");
    print_layers(text, plan);
    print_parameters(text, plan);
    print_phases(text, plan);
    print_kernels(text, plan);
    print_setting_arrays(text, plan->model);
    print_model(text, plan);
}

void print_main(Text *text, const Plan *plan)
{
    line(text, "#include \"%s.h\"", plan->model->name);
    line(text, "%s", "");
    line(text, "int main(int argc, char **argv)");
    line(text, "{");
    line(text, "return trainer_main(&%s_model, argc, argv);", plan->model->name);
    line(text, "}");
}
