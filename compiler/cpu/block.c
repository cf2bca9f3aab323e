/* What goes into the first kernel of a block and what comes out of its last one. */
#include "cpu/print.h"

#include <inttypes.h>

static bool normalizes_alike(const Normalize *normalize, int64_t channels)
{
    for (int64_t c = 1; c < channels; c++)
        if (normalize[c].mean != normalize[0].mean || normalize[c].std != normalize[0].std)
            return false;
    return true;
}

/* byte * factor + shift = (byte / 255 - mean) / std; arrays where the channels differ. */
static void print_normalize(Text *text, const Normalize *normalize, int64_t channels)
{
    bool alike = normalizes_alike(normalize, channels);
    const char *factors = "", *shifts = "";
    for (int64_t c = 0; c < (alike ? 1 : channels); c++) {
        const char *mean = double_c(text->arena, 0 - normalize[c].mean), *std = double_c(text->arena, normalize[c].std);
        const char *comma = c ? ", " : "";
        factors = arena_printf(text->arena, "%s%s1 / (255 * %s)", factors, comma, std);
        shifts = arena_printf(text->arena, "%s%s%s / %s", shifts, comma, mean, std);
    }
    if (alike) {
        line(text, "const real factor = %s, shift = %s;", factors, shifts);
        return;
    }
    line_wrapped(text, "static const real factor[%" PRId64 "] = { %s };", channels, factors);
    line_wrapped(text, "static const real shift[%" PRId64 "] = { %s };", channels, shifts);
}

static void print_load(Text *text, const Plan *plan)
{
    const Tensor *input = plan->train.graph->input;
    const Normalize *normalize = plan->model->data.normalize;
    bool flat = input->rank == 1;
    int64_t channels = flat ? 1 : input->dim[0];

    line(text, "\n/* The images and labels of a block, a sample in each lane: (byte / 255 - mean) / std. Lanes beyond\n"
               " * the step's last sample repeat the first one of the block, and weigh nothing. */");
    line_wrapped(text, "static KERNEL void load_block(const struct step *step, int64_t unit, vf image%s, vi *label)",
                 buffer_dims(text->arena, plan->train.buffer[input->id]));
    line(text, "{");
    print_normalize(text, normalize, channels);
    line(text, "int samples = block_samples(step, unit, LANES);\n\n"
               "for (int lane = 0; lane < LANES; lane++) {\n"
               "int64_t sample = sample_at(step, unit * LANES + (lane < samples ? lane : 0));\n"
               "const uint8_t *byte = step->images + %" PRId64 " * sample;\n"
               "(*label)[lane] = step->labels[sample];", tensor_elements(input));
    const char *of_channel = normalizes_alike(normalize, channels) ? "" : "[c]";
    if (flat)
        line(text, "for (int64_t i = 0; i < %" PRId64 "; i++)\n"
                   "    image[i][lane] = factor * byte[i] + shift;", input->dim[0]);
    else
        line(text, "for (int64_t c = 0; c < %" PRId64 "; c++)\n"
                   "    for (int64_t y = 0; y < %" PRId64 "; y++)\n"
                   "        for (int64_t x = 0; x < %" PRId64 "; x++)\n"
                   "            image[y][x][c][lane] = factor%s * byte[(c*%" PRId64 " + y)*%" PRId64 " + x] + shift%s;",
             input->dim[0], input->dim[1], input->dim[2], of_channel, input->dim[1], input->dim[2], of_channel);
    line(text, "}\n}");
}

void print_block_functions(Text *text, const Plan *plan)
{
    const Graph *train = plan->train.graph, *evaluate = plan->evaluate.graph;
    print_load(text, plan);

    if (plan->train.buffer[train->scale->id])
        line(text, "\n/* What each sample's loss weighs in the mean over the step: nothing in lanes without one. */\n"
                   "static vf sample_weights(const struct step *step, int64_t unit)\n"
                   "{\n"
                   "int samples = block_samples(step, unit, LANES);\n"
                   "vf weights = {0};\n"
                   "for (int lane = 0; lane < samples; lane++)\n"
                   "    weights[lane] = 1 / (real)step->count;\n"
                   "return weights;\n"
                   "}");

    line(text, "\n/* The block's part of the results. */\n"
               "static void store_result(const struct step *step, int64_t unit, %s loss, %s correct)\n"
               "{\n"
               "int samples = block_samples(step, unit, LANES);\n"
               "struct result result = {0};\n"
               "for (int lane = 0; lane < samples; lane++) {\n"
               "result.loss += loss[lane];\n"
               "result.correct += (int64_t)correct[lane];\n"
               "}\n"
               "step->result[unit] = result;\n"
               "}", buffer_type(plan->train.buffer[train->loss->id]),
         buffer_type(plan->train.buffer[train->correct->id]));

    int64_t classes = evaluate->output->dim[0];
    line(text, "\nstatic void store_logits(const struct step *step, int64_t unit, const vf logits[%" PRId64 "])\n"
               "{\n"
               "int samples = block_samples(step, unit, LANES);\n"
               "real *to = step->logits + unit * LANES * %" PRId64 ";\n"
               "for (int lane = 0; lane < samples; lane++)\n"
               "    for (int64_t k = 0; k < %" PRId64 "; k++)\n"
               "        *to++ = logits[k][lane];\n"
               "}", classes, classes, classes);
}
