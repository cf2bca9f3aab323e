/* What goes into the first kernel of a block and what comes out of its last one. */
#include "cpu/print.h"

#include <inttypes.h>

static void print_load(Text *text, const Plan *plan)
{
    const Tensor *input = plan->train.graph->input;
    const Buffer *buffer = plan->train.buffer[input->id];
    bool flat = input->rank == 1;
    int64_t elements = tensor_elements(input), channels = flat ? 1 : input->dim[0];

    const DataSpec *data = &plan->model->data;
    bool transformed = data->transforms.count > data->prepared;

    line(text, "\n/* The images and labels of a block, a sample in each lane%s. Lanes beyond\n"
               " * the step's last sample repeat the first one of the block, and weigh nothing. */",
         data->real_images ? "" : ": (byte / 255 - mean) / std");
    line_wrapped(text, "static KERNEL void load_block(const struct step *step, int64_t block, vf image%s, vi *label)",
                 buffer_dims(text->arena, buffer));
    line(text, "{");
    const char *to = flat ? "image" : "&image[0][0][0]", *image = data->real_images ? "value" : "byte";
    if (!data->real_images)
        print_normalize(text, "static const real", "", data->normalize, channels);
    line(text, "const %s *%s[LANES];\n\n"
               "%s(step, block, %" PRId64 ", %s, label);", data->real_images ? "float" : "uint8_t", image,
         data->real_images ? "load_made_values" : transformed ? "load_made_bytes" : "load_samples", elements, image);
    if (data->real_images)
        line(text, "load_values(value, %" PRId64 ", %" PRId64 ", %s);", channels, elements / channels, to);
    else
        line(text, "load_images(byte, %" PRId64 ", %" PRId64 ", factor, shift, %s);", channels, elements / channels, to);
    line(text, "}");
}

void print_block_functions(Text *text, const Plan *plan)
{
    const Graph *train = plan->train.graph, *evaluate = plan->evaluate.graph;
    print_load(text, plan);

    if (plan->train.buffer[train->scale->id])
        line(text, "\n/* What each sample's loss weighs in the mean over the step: nothing in lanes without one. */\n"
                   "static vf sample_weights(const struct step *step, int64_t block)\n"
                   "{\n"
                   "int samples = block_samples(step, block, LANES);\n"
                   "vf weights = {0};\n"
                   "for (int lane = 0; lane < samples; lane++)\n"
                   "    weights[lane] = step->scale;\n"
                   "return weights;\n"
                   "}");

    line(text, "\n/* The block's part of the results. */\n"
               "static void store_result(const struct step *step, int64_t block, %s loss, %s correct)\n"
               "{\n"
               "int samples = block_samples(step, block, LANES);\n"
               "struct result result = {0};\n"
               "for (int lane = 0; lane < samples; lane++) {\n"
               "result.loss += loss[lane];\n"
               "result.correct += (int64_t)correct[lane];\n"
               "}\n"
               "step->result[block] = result;\n"
               "}", buffer_type(plan->train.buffer[train->loss->id]),
         buffer_type(plan->train.buffer[train->correct->id]));

    int64_t classes = evaluate->output->dim[0];
    line(text, "\nstatic void store_logits(const struct step *step, int64_t block, const vf logits[%" PRId64 "])\n"
               "{\n"
               "int samples = block_samples(step, block, LANES);\n"
               "real *to = step->logits + block * LANES * %" PRId64 ";\n"
               "for (int lane = 0; lane < samples; lane++)\n"
               "    for (int64_t k = 0; k < %" PRId64 "; k++)\n"
               "        *to++ = logits[k][lane];\n"
               "}", classes, classes, classes);
}
