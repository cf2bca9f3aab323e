#include "diagnose.h"

#include "format.h"
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

/* Says which tensor of `flat` is the first that is not finite; true where all are. `what` stands before its name, `when`
 * behind what is said. */
static bool tensors_finite(const struct model *model, const real *flat, const char *what, const char *when,
                           struct error *error)
{
    for (int p = 0; p < model->parameter_count; p++) {
        struct cursor cursor = cursor_start(&model->parameters[p]), first = cursor;
        int64_t       elements = parameter_elements(&model->parameters[p]), strange = 0;
        char          place[PLACE], count[FORMAT_SIZE];
        for (int64_t i = 0; i < elements; i++, cursor_next(&cursor))
            if (!isfinite(flat[cursor.at]) && strange++ == 0)
                first = cursor;
        if (strange > 0)
            return error_add(error, "%s%s is not finite%s: %" PRId64 " of its %s, the first at %s, which is %s", what,
                             model->parameters[p].name, when, strange, format_counted(count, elements, "value"),
                             place_of(&first, place), word_for((double)flat[first.at]));
    }
    return true;
}

/* Weights, then the slots of the state. *weights receives the weights, for the caller to free. */
static bool memory_finite(struct device *device, const char *when, real **weights, struct error *error)
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
    good = good && tensors_finite(model, *weights, "", when, error);
    for (int s = 0; s < model->state_slots && good; s++)
        good = tensors_finite(model, state + (size_t)s * flat, "the optimiser's state of ", when, error);
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

/* What is looked at. */
struct view {
    const struct dataset *data;
    const char           *samples;      /* what one of them is called */
    bool                  random;       /* random transforms are done */
    bool                  one;          /* there may be many: one that is not finite is enough */
    uint64_t              seed, epoch;
    struct step           step;         /* order, first and count say which samples */
};

/* Each sample of the step as the step saw it. */
static bool search_layers(const struct model *model, const real *weights, const struct view *view, struct search *search,
                          struct error *error)
{
    const struct step *step = &view->step;
    int64_t image_bytes = data_image_bytes(model, view->data);
    size_t bytes = (model->visit_bytes / ALIGNMENT + 1) * ALIGNMENT;
    size_t room = (step->pipeline ? pipeline_bytes(step->pipeline) / ALIGNMENT + 1 : 1) * ALIGNMENT;
    void  *scratch = aligned_alloc(ALIGNMENT, bytes), *workspace = aligned_alloc(ALIGNMENT, room);
    bool   good = (scratch && workspace) || error_memory(error, "a look at the layers", bytes + room);
    if (good)
        memset(scratch, 0, bytes);
    *search = (struct search){.layer = model->layer_count};
    for (int64_t position = 0; position < step->count && good && !(view->one && search->over); position++) {
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

static void say_layer(const struct model *model, const struct view *view, const struct search *search, struct error *error)
{
    const struct layer *layer = &model->layers[search->layer];
    if (search->layer == model->layer_count) {
        error_add(error, "all weights and all layers are finite; the largest value is %g, given by %s: the loss of such "
                  "values overflows", search->all.value, model->layers[search->all.layer].name);
        return;
    }
    error_add(error, "the first layer that is not finite is %s (%s): it gives a value that is %s, for %s %" PRId64,
              layer->name, layer->kind, word_for(search->value), view->samples, search->sample);
    if (search->layer > 0)
        error_add(error, "all weights are finite; the largest value before it is %g, given by %s", search->before.value,
                  model->layers[search->before.layer].name);
}

/* Sets up what the network saw, and looks. */
static void look_at_layers(const struct model *model, struct view *view, const real *weights, struct error *error)
{
    const struct dataset *data = view->data;
    struct pipeline pipeline = {0};
    struct sampler  sampler = {0};
    struct search   search;
    struct error    why = {0};
    bool good = pipeline_make(model, model->prepared, model->transform_count, view->random, data_shape(model, data),
                              "images", &pipeline, &why)
             && (!model->balanced || !view->random || sampler_make(data, &sampler, &why));
    pipeline.seed = sampler.seed = view->seed;
    pipeline.epoch = sampler.epoch = view->epoch;
    view->step.images = data->images;
    view->step.labels = data->labels;
    view->step.pipeline = pipeline.count ? &pipeline : NULL;
    view->step.sampler = sampler.samples ? &sampler : NULL;
    if (good && search_layers(model, weights, view, &search, &why))
        say_layer(model, view, &search, error);
    else
        error_add(error, "all weights are finite; the layers could not be looked at: %s", why.text);
    pipeline_free(&pipeline);
    sampler_free(&sampler);
}

/* Learned tensors, then layers. */
static void look(struct device *device, struct view *view, const char *when, struct error *error)
{
    const struct model *model = device->config.model;
    real               *weights;
    if (memory_finite(device, when, &weights, error)) {
        if (model->visit_layers)
            look_at_layers(model, view, weights, error);
        else
            error_add(error, "all weights are finite%s", when);
    }
    free(weights);
}

/* ---- what to try */

static bool normalizes(const struct model *model)
{
    for (int i = 0; i < model->transform_count; i++)
        if (model->transforms[i].kind == TRANSFORM_NORMALIZE)
            return true;
    return model->normalize != NULL;
}

static void say_help(const struct model *model, const struct rates *rates, int64_t step, struct error *error)
{
    if (step == 0) {
        error_add(error, "no step has been made yet: look at the images (normalize among the transforms), and at the weights "
                  "that training began with");
        return;
    }
    error_add(error, "what may help: a learning rate below %g (--lr), %s, %s%s",
              rate_at(rates, step), model->clip_grad_norm > 0 ? "a smaller clip_grad_norm" : "clip_grad_norm = 1.0",
              rates->schedule->warmup_steps > 0 ? "a longer warmup" : "warmup(steps=500) in lr_scheduler",
              normalizes(model) ? "" : ", normalize among the transforms");
}

bool diagnose(struct device *device, const struct stretch *stretch, int64_t step, struct error *error)
{
    const struct model   *model = device->config.model;
    const struct dataset *data = device->config.train;
    int64_t     first = step * model->batch_size, left = data->count - first;
    char        count[FORMAT_SIZE];
    struct view view = {
        .data = data, .samples = "training sample", .random = !stretch->plain, .seed = stretch->seed, .epoch = stretch->epoch,
        .step = {.order = stretch->order, .first = first, .count = left < model->batch_size ? left : model->batch_size},
    };
    if (stretch->plain)
        error_input(error, "the loss is no finite number after %s",
                    format_counted(count, stretch->before + step, "step"));
    else
        error_input(error, "training diverged: the loss of step %" PRId64 " of epoch %" PRIu64 " is no finite number", step + 1,
                    stretch->epoch + 1);
    look(device, &view, " before this step", error);
    say_help(model, stretch->rates, stretch->before + step, error);
    return false;
}

bool diagnose_part(struct device *device, enum part part, const struct rates *rates, int64_t step, struct error *error)
{
    static const char *const samples[] = {
        [PART_TRAIN] = "training sample", [PART_TEST] = "test sample", [PART_VALID] = "validation sample",
    };
    struct dataset data = device_part(device, part);
    struct view    view = {.data = &data, .samples = samples[part], .one = true, .step = {.count = data.count}};
    look(device, &view, "", error);
    say_help(device->config.model, rates, step, error);
    return false;
}
