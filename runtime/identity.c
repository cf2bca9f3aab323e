#include "identity.h"

#include "format.h"
#include "pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Layers without weights count as well: a relu in place of a tanh is another network. */
static void show_network(FILE *out, const struct model *model, const struct dataset *train)
{
    char shape[FORMAT_SIZE];
    (void)train;
    fputs(model->name, out);
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        fprintf(out, "\n%s: %s", layer->name, layer->kind);
        if (layer->arguments)
            fprintf(out, "(%s)", layer->arguments);
        if (layer->from)
            fprintf(out, " from %s", layer->from);
        fprintf(out, ", %s", format_shape(shape, layer->shape, layer->rank));
    }
}

static void show_dataset(FILE *out, const struct model *model, const struct dataset *train)
{
    fprintf(out, "%s%s%s, %" PRId64 " training images, %" PRId64 " held out", model->dataset, model->split ? " " : "",
            model->split ? model->split : "", train->count, train->held_out);
}

static void show_batches(FILE *out, const struct model *model, const struct dataset *train)
{
    (void)train;
    fprintf(out, "of %" PRId64 ", %s%s", model->batch_size,
            model->balanced ? "balanced" : model->shuffle ? "shuffled" : "in the order of the files",
            model->drop_last ? ", a smaller last one dropped" : "");
}

static void show_optimizer(FILE *out, const struct model *model, const struct dataset *train)
{
    const struct sgd *sgd = &model->sgd;
    char momentum[MOMENTUM_SIZE];
    (void)train;
    fprintf(out, "sgd(momentum=%s, dampening=%.9g, weight_decay=%.9g, nesterov=%s), clip_grad_norm=%.9g",
            momentum_show(momentum, &model->schedule, sgd->momentum), sgd->dampening, sgd->weight_decay,
            sgd->nesterov ? "true" : "false", model->clip_grad_norm);
}

static void show_loss(FILE *out, const struct model *model, const struct dataset *train)
{
    (void)train;
    fprintf(out, "label_smoothing=%.9g", model->label_smoothing);
    for (int64_t c = 0; model->class_weights && c < model->classes; c++)
        fprintf(out, "\nweight of class %" PRId64 ": %.9g", c, (double)model->class_weights[c]);
}

/* With as few digits as tell it from all others. */
static void print_float(FILE *out, float value)
{
    char text[32];
    int  digits = 6;
    do
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
    while (strtof(text, NULL) != value && digits++ < 9);
    fputs(text, out);
}

/* Appends numbers under their name, unless all are 0. */
static void show_reals(FILE *out, const char *name, const float *values, int count)
{
    bool any = false;
    for (int i = 0; i < count; i++)
        any = any || values[i] != 0;
    if (any)
        fprintf(out, " %s", name);
    for (int i = 0; any && i < count; i++) {
        fputc(i ? ',' : '=', out);
        print_float(out, values[i]);
    }
}

static void show_whole(FILE *out, const char *name, const int32_t *values, int count)
{
    float reals[4];                     /* sizes of images: they are exact */
    for (int i = 0; i < count; i++)
        reals[i] = (float)values[i];
    show_reals(out, name, reals, count);
}

static void show_transform(FILE *out, const struct transform *t)
{
    static const char *const modes[] = {
        [PADDING_CONSTANT] = NULL, [PADDING_EDGE] = "edge", [PADDING_REFLECT] = "reflect", [PADDING_SYMMETRIC] = "symmetric",
    };
    fputs(transform_name(t->kind), out);
    show_whole(out, "size", t->size, 2);
    show_whole(out, "padding", t->padding, 4);
    if (modes[t->mode])
        fprintf(out, " padding_mode=%s", modes[t->mode]);
    if (t->pad_if_needed)
        fputs(" pad_if_needed", out);
    if (t->bilinear)
        fputs(" bilinear", out);
    show_reals(out, "fill", &t->fill, 1);
    show_reals(out, "p", &t->p, 1);
    show_reals(out, "degrees", t->degrees, 2);
    show_reals(out, "translate", t->translate, 2);
    show_reals(out, "scale", t->scale, 2);
    show_reals(out, "shear", t->shear, 4);
    show_reals(out, "ratio", t->ratio, 2);
    show_whole(out, "channels", &t->channels, 1);
    if (t->mean) {
        show_reals(out, "mean", t->mean, t->channels);
        show_reals(out, "std", t->std, t->channels);
    }
}

static void show_transforms(FILE *out, const struct model *model, const struct dataset *train)
{
    int labels = 0;
    (void)train;
    for (int label = 0; model->targets && label < LABELS; label++)
        labels += model->targets[label] != label;
    fprintf(out, "%d of images, %d of labels", model->transform_count, labels);
    for (int i = 0; i < model->transform_count; i++) {
        fputc('\n', out);
        show_transform(out, &model->transforms[i]);
    }
    if (model->normalize)
        fprintf(out, "\nnormalize %s", model->normalize);
    for (int label = 0; model->targets && label < LABELS; label++)
        if (model->targets[label] != label)
            fprintf(out, "\n%d -> %d", label, model->targets[label]);
}

static void (*const show[IDENTITIES])(FILE *out, const struct model *model, const struct dataset *train) = {
    show_network, show_dataset, show_batches, show_optimizer, show_loss, show_transforms,
};

const char *const identity_keys[IDENTITIES] = {
    "netc.network", "netc.dataset", "netc.batches", "netc.optimizer", "netc.loss", "netc.transforms",
};

bool identity_make(struct identity *identity, const struct model *model, const struct dataset *train, struct error *error)
{
    bool good = true;
    *identity = (struct identity){{NULL}};
    for (int i = 0; i < IDENTITIES; i++) {
        size_t size = 0;
        FILE  *out = open_memstream(&identity->text[i], &size);
        if (out)
            show[i](out, model, train);
        good &= out && fclose(out) == 0 && identity->text[i];
    }
    return good || error_memory(error, "what the training is of", 0);
}

void identity_free(struct identity *identity)
{
    for (int i = 0; i < IDENTITIES; i++)
        free(identity->text[i]);
}

/* The length of the line at `text`, and the line after it; NULL: the text ends. */
static int line_length(const char *text) { return (int)strcspn(text, "\n"); }

static const char *line_after(const char *text)
{
    text += line_length(text);
    return *text ? text + 1 : NULL;
}

/* Says where two texts differ: the first line that is not the same. */
static void add_difference(const char *key, const char *found, const char *expected, struct error *error)
{
    static const char nothing[] = "nothing more";
    while (found && expected && line_length(found) == line_length(expected)
           && strncmp(found, expected, (size_t)line_length(found)) == 0) {
        found = line_after(found);
        expected = line_after(expected);
    }
    found = found ? found : nothing;
    expected = expected ? expected : nothing;
    error_add(error, "%s: found %.*s, expected %.*s", strchr(key, '.') + 1, line_length(found), found,
              line_length(expected), expected);
}

bool identity_check(const struct safetensors *file, const struct model *model, const struct dataset *train,
                    struct error *error)
{
    struct identity expected;
    bool same = true, good = identity_make(&expected, model, train, error);
    for (int i = 0; good && i < IDENTITIES; i++) {
        const char *found = safetensors_metadata(file, identity_keys[i]);
        found = found ? found : "nothing";
        if (strcmp(found, expected.text[i]) == 0)
            continue;
        if (same)
            error_input(error, "%s: this checkpoint is of another training:", file->path);
        same = false;
        add_difference(identity_keys[i], found, expected.text[i], error);
    }
    identity_free(&expected);
    return good && same;
}
