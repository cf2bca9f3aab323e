/* The layers that a model's visit_layers shows. */
#include "harness.h"

#include "pipeline.h"
#include "weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 3 };

/* What one visit of all layers saw. */
struct seen {
    const struct model *model;
    const real *logits;                 /* the evaluation's */
    int         next;                   /* the layer that is due */
    int         wrong;                  /* the first one that came at another place or with other values; -1: none */
    int         not_finite;             /* the first one with a NaN or Inf; -1: none */
    double      difference, largest;    /* of the last layer's values to the logits; of these */
};

static int64_t elements_of(const struct layer *layer)
{
    int64_t elements = 1;
    for (int i = 0; i < layer->rank; i++)
        elements *= layer->shape[i];
    return elements;
}

static void see(void *visitor, int layer, const real *values, int64_t count)
{
    struct seen        *seen = visitor;
    const struct model *model = seen->model;
    bool                right = layer == seen->next && layer < model->layer_count;
    if (seen->wrong < 0 && (!right || count != elements_of(&model->layers[layer])))
        seen->wrong = layer;
    seen->next++;
    for (int64_t i = 0; i < count && seen->not_finite < 0; i++)
        if (!isfinite(values[i]))
            seen->not_finite = layer;
    for (int64_t i = 0; layer == model->layer_count - 1 && i < model->classes; i++) {
        seen->difference = fmax(seen->difference, fabs((double)values[i] - (double)seen->logits[i]));
        seen->largest = fmax(seen->largest, fabs((double)seen->logits[i]));
    }
}

static struct seen visit(const struct model *model, const real *flat, void *scratch, const void *image,
                         const real *logits)
{
    struct seen seen = {.model = model, .logits = logits, .wrong = -1, .not_finite = -1};
    model->visit_layers(flat, scratch, image, see, &seen);
    return seen;
}

/* The place of the layer that the parameter "conv1.weight" belongs to. */
static int layer_of(const struct model *model, const struct parameter *parameter)
{
    size_t length = (size_t)(strrchr(parameter->name, '.') - parameter->name);
    for (int i = 0; i < model->layer_count; i++)
        if (strlen(model->layers[i].name) == length && !strncmp(model->layers[i].name, parameter->name, length))
            return i;
    fail("%s: no layer has the parameter %s", model->name, parameter->name);
}

/* Spoils the middle element of each parameter by turns. */
static bool spoiled_layers_are_found(const struct model *model, const real *flat, void *scratch, const void *image,
                                     const real *logits)
{
    bool  good = true;
    real *spoiled = malloc((size_t)model->weights_size * sizeof *spoiled);
    if (!spoiled)
        fail("out of memory");
    memcpy(spoiled, flat, (size_t)model->weights_size * sizeof *spoiled);
    for (int p = 0; p < model->parameter_count; p++) {
        const struct parameter *parameter = &model->parameters[p];
        struct cursor           cursor = cursor_start(parameter);
        for (int64_t i = parameter_elements(parameter) / 2; i > 0; i--)
            cursor_next(&cursor);
        spoiled[cursor.at] = p % 2 ? NAN : INFINITY;
        int found = visit(model, spoiled, scratch, image, logits).not_finite, wanted = layer_of(model, parameter);
        if (found != wanted)
            printf("%s: with %s spoiled, layer %d is the first that is not finite, not %d\n", model->name, parameter->name,
                   found, wanted);
        good &= found == wanted;
        spoiled[cursor.at] = flat[cursor.at];
    }
    free(spoiled);
    return good;
}

bool layers_hold(struct device *device, const real *flat, double tolerance)
{
    const struct model   *model = device->config.model;
    const struct dataset *data = device->config.test;
    int64_t               count = data->count < IMAGES ? data->count : IMAGES;
    void                 *input = malloc(model_input_bytes(model));
    void                 *scratch = aligned_alloc(64, (model->visit_bytes + 63) / 64 * 64);
    real                 *logits = calloc((size_t)(data->count * model->classes), sizeof *logits);
    struct result         result = {0};
    struct error          error = {0};
    bool                  good = true;
    if (!scratch || !logits || !input)
        fail("out of memory");
    memset(scratch, 0, model->visit_bytes);
    if (!device->kind->set_weights(device, flat, &error) ||
        !device->kind->evaluate(device, PART_TEST, NULL, 0, data->count, &result, logits, &error))
        fail("%s: %s", model->name, error.text);
    for (int64_t i = 0; i < count; i++) {
        network_input(model, data, i, input);
        struct seen seen = visit(model, flat, scratch, input, logits + i * model->classes);
        if (seen.wrong >= 0 || seen.next != model->layer_count) {
            printf("%s: %d of %d layers are visited, or layer %d at another place\n", model->name, seen.next,
                   model->layer_count, seen.wrong);
            good = false;
        }
        if (!(seen.difference <= tolerance * seen.largest) || seen.not_finite >= 0) {
            printf("%s: the last layer's values differ from the logits by %g\n", model->name, seen.difference);
            good = false;
        }
    }
    network_input(model, data, 0, input);
    good &= spoiled_layers_are_found(model, flat, scratch, input, logits);
    free(input);
    free(scratch);
    free(logits);
    return good;
}
