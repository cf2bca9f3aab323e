#include "cli/summary.h"

#include "op.h"

#include <string.h>

enum { COLUMNS = 7, REAL_BYTES = 4 };

static const char *const heads[COLUMNS] = {
    "layer", "kind", "output", "parameters", "MFLOP forward", "MFLOP backward", "output bytes",
};

/* Columns of names are left-aligned, those of numbers right-aligned. */
enum { NAME_COLUMNS = 3 };

typedef struct Row { const char *cell[COLUMNS]; } Row;

typedef struct Summary {
    Arena *arena;
    List(Row) rows;
    int64_t parameters, bytes, flop[2];     /* of all layers; flop: forward, backward */
} Summary;

/* 1234567 -> 1,234,567 */
static const char *grouped(Arena *arena, int64_t number)
{
    char *digits = arena_printf(arena, "%lld", (long long)number);
    size_t length = strlen(digits), commas = (length - 1) / 3;
    char *out = arena_alloc(arena, length + commas + 1);
    for (size_t i = 0, at = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    return out;
}

static const char *mflop(Arena *arena, int64_t flop)
{
    return flop ? arena_printf(arena, "%.4f", (double)flop / 1e6) : "";
}

/* 89,064,000 -> 84.94 MiB */
static const char *memory(Arena *arena, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    for (; bytes >= 1024 && unit < 4; unit++)
        bytes /= 1024;
    return arena_printf(arena, unit ? "%.2f %s" : "%.0f %s", bytes, units[unit]);
}

static int64_t parameters_of(const Layer *layer)
{
    int64_t sum = 0;
    for (int i = 0; i < layer->learnables.count; i++) {
        int64_t elements = 1;
        for (int k = 0; k < layer->learnables.at[i].rank; k++)
            elements *= layer->learnables.at[i].dim[k];
        sum += elements;
    }
    return sum;
}

static int64_t flop_of(const Graph *graph, const Layer *layer, bool backward)
{
    int64_t sum = 0;
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        for (int k = 0; node->layer == layer && node->backward == backward && k < node->nests.count; k++)
            sum += nest_flop(node->nests.at[k]);
    }
    return sum;
}

static void add_row(Summary *summary, const Graph *graph, const Layer *layer, const char *output, int64_t bytes)
{
    Arena *arena = summary->arena;
    int64_t parameters = parameters_of(layer), flop[2] = {flop_of(graph, layer, false), flop_of(graph, layer, true)};
    summary->parameters += parameters;
    summary->bytes += bytes;
    summary->flop[0] += flop[0];
    summary->flop[1] += flop[1];
    list_add(arena, &summary->rows, ((Row){{
        layer->name, layer->op->name, output, parameters ? grouped(arena, parameters) : "",
        mflop(arena, flop[0]), mflop(arena, flop[1]), bytes ? grouped(arena, bytes) : "",
    }}));
}

/* Of a line, but the spaces at its end. */
static size_t length_without_spaces(const char *text)
{
    size_t length = strlen(text);
    while (length && text[length - 1] == ' ')
        length--;
    return length;
}

static void print_rows(Text *text, const Summary *summary)
{
    int width[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) {
        width[c] = (int)strlen(heads[c]);
        for (int r = 0; r < summary->rows.count; r++) {
            int length = (int)strlen(summary->rows.at[r].cell[c]);
            width[c] = length > width[c] ? length : width[c];
        }
    }
    for (int r = -1; r < summary->rows.count; r++) {
        const char *const *cell = r < 0 ? heads : summary->rows.at[r].cell;
        const char *line_text = "";
        for (int c = 0; c < COLUMNS; c++)
            line_text = arena_printf(text->arena, "%s%s%*s", line_text, c ? "  " : "",
                                     c < NAME_COLUMNS ? -width[c] : width[c], cell[c]);
        text_add(text, "%.*s\n", (int)length_without_spaces(line_text), line_text);
    }
}

static void print_memory(Text *text, const Plan *plan)
{
    const Model *model = plan->model;
    double weights = (double)plan->weights_size * REAL_BYTES, slots = has_momentum(&model->train);
    double thread = (double)plan->scratch_size * REAL_BYTES, step = (double)plan->batch_size * REAL_BYTES;
    bool copies = plan->everywhere;
    const struct { const char *what; double bytes; } rows[] = {
        {copies ? "weights, each thread" : "weights", weights},
        {copies ? "state of the optimiser, each thread" : "state of the optimiser", slots * weights},
        {"gradients, and values kept for them", step}, {"values of the samples in work, each thread", thread},
        {"together, with one thread", weights * (1 + slots) + step + thread},
    };
    text_add(text, "\nmemory for training, batch of %lld, compiled for %s; the dataset comes on top\n",
             (long long)model->data.batch_size, plan->target->name);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        text_add(text, "  %-42s  %10s\n", rows[i].what, memory(text->arena, rows[i].bytes));
}

void summary_print(Text *text, const Model *model, const Graph *graph, const Plan *plan)
{
    Summary summary = {.arena = text->arena};
    for (int i = 0; i < model->layers.count; i++) {
        const Layer *layer = model->layers.at[i];
        add_row(&summary, graph, layer, shape_text(text->arena, layer->out), shape_elements(layer->out) * REAL_BYTES);
    }
    if (graph->loss)
        add_row(&summary, graph, graph->loss->layer, "", 0);
    list_add(text->arena, &summary.rows, ((Row){{
        "total", "", "", grouped(text->arena, summary.parameters), mflop(text->arena, summary.flop[0]),
        mflop(text->arena, summary.flop[1]), grouped(text->arena, summary.bytes),
    }}));
    print_rows(text, &summary);
    text_add(text, "(one sample; a multiplication and an addition are two)\n");
    if (plan)
        print_memory(text, plan);
}
