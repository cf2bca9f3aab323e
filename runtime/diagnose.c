#include "diagnose.h"

#include "pipeline.h"
#include "sampler_make.h"
#include "step.h"
#include "weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, PLACE = 96 };

static const char *word_for(double value) { return isnan(value) ? "NaN" : "infinite"; }

/* ---- learned tensors */

/* "[3, 0, 2, 2]" */
static const char *place_of(const struct cursor *cursor, char place[PLACE])
{
    int length = snprintf(place, PLACE, "[");
    for (int d = 0; d < cursor->parameter->rank; d++)
        length += snprintf(place + length, PLACE - (size_t)length, "%s%" PRId64, d ? ", " : "", cursor->index[d]);
    snprintf(place + length, PLACE - (size_t)length, "]");
    return place;
}

/* Says which tensor of `flat` is the first that is not finite; true where all are. `what` stands before its name. */
static bool tensors_finite(const struct model *model, const real *flat, const char *what, struct error *error)
{
    for (int p = 0; p < model->parameter_count; p++) {
        struct cursor cursor = cursor_start(&model->parameters[p]), first = cursor;
        int64_t       elements = parameter_elements(&model->parameters[p]), strange = 0;
        char          place[PLACE];
        for (int64_t i = 0; i < elements; i++, cursor_next(&cursor))
            if (!isfinite(flat[cursor.at]) && strange++ == 0)
                first = cursor;
        if (strange > 0)
            return error_add(error, "%s%s is not finite before this step: %" PRId64 " of its %" PRId64 " values, the first "
                             "at %s, which is %s", what, model->parameters[p].name, strange, elements,
                             place_of(&first, place), word_for((double)flat[first.at]));
    }
    return true;
}

/* Weights, then the slots of the state. *weights receives the weights, for the caller to free. */
static bool memory_finite(struct device *device, real **weights, struct error *error)
{
    const struct model *model = device->config.model;
    size_t       flat = (size_t)model->weights_size, bytes = flat * sizeof(real);
    struct error why = {0};
    real        *state = malloc(bytes * (size_t)model->state_slots + 1);
    *weights = malloc(bytes + 1);
    bool good = (*weights && state) || error_memory(&why, "the weights", bytes);
    good = good && device->kind->get_weights(device, *weights, &why) && device->kind->get_state(device, state, &why);
    if (!good)
        error_add(error, "%s", why.text);
    good = good && tensors_finite(model, *weights, "", error);
    for (int s = 0; s < model->state_slots && good; s++)
        good = tensors_finite(model, state + (size_t)s * flat, "the optimiser's state of ", error);
    free(state);
    return good;
}

/* ---- layers */

/* The largest value so far, and the layer that gave it. */
struct largest { double value; int layer; };

struct search {
    int            layer;               /* the first one that is not finite in any sample; layer_count: none */
    int64_t        sample;
    double         value;               /* the first that is not finite there */
    struct largest before;              /* in this sample, before that layer */
    int64_t        current;             /* the sample that is looked at */
    bool           over;                /* it had something that is not finite */
    struct largest own, all;            /* in it, in all samples */
};

static void see(void *visitor, int layer, const real *values, int64_t count)
{
    struct search *search = visitor;
    struct largest before = search->own;
    for (int64_t i = 0; i < count && !search->over; i++) {
        double value = (double)values[i];
        if (isfinite(value) && fabs(value) > search->own.value)
            search->own = (struct largest){fabs(value), layer};
        search->over = !isfinite(value);
        if (search->over && layer < search->layer) {
            search->layer = layer;
            search->sample = search->current;
            search->value = value;
            search->before = before;
        }
    }
    if (!search->over && search->own.value > search->all.value)
        search->all = search->own;
}

/* Each sample of the step as the step saw it. */
static bool search_layers(const struct model *model, const real *weights, const struct step *step, int64_t image_bytes,
                          struct search *search, struct error *error)
{
    size_t bytes = (model->visit_bytes / ALIGNMENT + 1) * ALIGNMENT;
    size_t room = (step->pipeline ? pipeline_bytes(step->pipeline) / ALIGNMENT + 1 : 1) * ALIGNMENT;
    void  *scratch = aligned_alloc(ALIGNMENT, bytes), *workspace = aligned_alloc(ALIGNMENT, room);
    bool   good = (scratch && workspace) || error_memory(error, "a look at the layers", bytes + room);
    if (good)
        memset(scratch, 0, bytes);
    *search = (struct search){.layer = model->layer_count};
    for (int64_t position = 0; position < step->count && good; position++) {
        int64_t     sample = sample_at(step, position);
        const void *image = step->images + image_bytes * sample;
        if (step->pipeline)
            image = pipeline_image(step->pipeline, image, (uint64_t)(step->sampler ? step->first + position : sample),
                                   workspace);
        search->current = sample;
        search->over = false;
        search->own = (struct largest){0};
        model->visit_layers(weights, scratch, image, see, search);
    }
    free(scratch);
    free(workspace);
    return good;
}

static void say_layer(const struct model *model, const struct search *search, struct error *error)
{
    const struct layer *layer = &model->layers[search->layer];
    if (search->layer == model->layer_count) {
        error_add(error, "all weights and all layers are finite; the largest value is %g, given by %s: the loss of such "
                  "values overflows", search->all.value, model->layers[search->all.layer].name);
        return;
    }
    error_add(error, "the first layer that is not finite is %s (%s): it gives a value that is %s, for training sample %"
              PRId64, layer->name, layer->kind, word_for(search->value), search->sample);
    if (search->layer > 0)
        error_add(error, "all weights are finite; the largest value before it is %g, given by %s", search->before.value,
                  model->layers[search->before.layer].name);
}

/* Sets up what the step saw, and looks. */
static void look_at_layers(const struct device *device, const struct stretch *stretch, int64_t at, const real *weights,
                           struct error *error)
{
    const struct model   *model = device->config.model;
    const struct dataset *data = device->config.train;
    int64_t         first = at * model->batch_size, left = data->count - first;
    struct pipeline pipeline = {0};
    struct sampler  sampler = {0};
    struct search   search;
    struct error    why = {0};
    struct step     step = {
        .images = data->images, .labels = data->labels, .order = stretch->order, .first = first,
        .count = left < model->batch_size ? left : model->batch_size, .pipeline = &pipeline, .sampler = &sampler,
    };
    bool good = pipeline_make(model, model->prepared, model->transform_count, !stretch->plain, data_shape(model, data),
                              "training images", &pipeline, &why)
             && (!model->balanced || sampler_make(data, &sampler, &why));
    pipeline.seed = sampler.seed = stretch->seed;
    pipeline.epoch = sampler.epoch = stretch->epoch;
    if (pipeline.count == 0)
        step.pipeline = NULL;
    if (!sampler.samples)
        step.sampler = NULL;
    if (good && search_layers(model, weights, &step, data_image_bytes(model, data), &search, &why))
        say_layer(model, &search, error);
    else
        error_add(error, "all weights are finite; the layers could not be looked at: %s", why.text);
    pipeline_free(&pipeline);
    sampler_free(&sampler);
}

/* ---- what to try */

static void say_help(const struct model *model, const struct rates *rates, int64_t step, struct error *error)
{
    if (step == 0) {
        error_add(error, "no step has been made yet: look at the images (normalize among the transforms), and at the weights "
                  "that training began with");
        return;
    }
    error_add(error, "what may help: a learning rate below %g (--lr), %s, %s, normalize among the transforms",
              rate_at(rates, step), model->clip_grad_norm > 0 ? "a smaller clip_grad_norm" : "clip_grad_norm = 1.0",
              rates->schedule->warmup_steps > 0 ? "a longer warmup" : "warmup(steps=500) in lr_scheduler");
}

bool diagnose(struct device *device, const struct stretch *stretch, int64_t step, struct error *error)
{
    const struct model *model = device->config.model;
    real               *weights;
    error_input(error, "training diverged: the loss of step %" PRId64 " of epoch %" PRIu64 " is no finite number", step + 1,
                stretch->epoch + 1);
    if (memory_finite(device, &weights, error)) {
        if (model->visit_layers)
            look_at_layers(device, stretch, step, weights, error);
        else
            error_add(error, "all weights are finite before it");
    }
    free(weights);
    say_help(model, stretch->rates, stretch->before + step, error);
    return false;
}
