#include "data_prepare.h"

#include "format.h"
#include "pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- images */

bool data_fits(const struct model *model, struct sample_shape raw, const char *what, struct error *error)
{
    for (int random = 0; random < 2; random++) {
        struct pipeline pipeline;
        if (!pipeline_make(model, 0, model->transform_count, random, raw, what, &pipeline, error))
            return false;
        struct sample_shape to = pipeline.to;
        pipeline_free(&pipeline);
        if (!model_fits(model, to))
            return model_misfit(model, raw, to, what, error);
    }
    return true;
}

/* The images one after the other, by all threads; false: there is no memory. */
static bool make_images(const struct pipeline *pipeline, const struct dataset *data, uint8_t *to)
{
    int64_t from_bytes = shape_bytes(pipeline->from), to_bytes = shape_bytes(pipeline->to);
    int     failed = 0;
    #pragma omp parallel reduction(+ : failed)
    {
        void *workspace = malloc(pipeline_bytes(pipeline) + 1);
        failed += !workspace;
        #pragma omp for
        for (int64_t i = 0; i < data->count; i++)
            if (workspace)
                memcpy(to + i * to_bytes,
                       pipeline_image(pipeline, data->images + i * from_bytes, (uint64_t)i, workspace), (size_t)to_bytes);
        free(workspace);
    }
    return failed == 0;
}

bool data_prepare(const struct model *model, struct dataset *data, const char *what, struct error *error)
{
    struct pipeline pipeline;
    if (!pipeline_make(model, 0, model->prepared, false, data->shape, what, &pipeline, error))
        return false;
    size_t   bytes = (size_t)(data->count * shape_bytes(pipeline.to));
    uint8_t *images = pipeline.count > 0 ? malloc(bytes) : data->images;
    bool     good = pipeline.count == 0 || (images && make_images(&pipeline, data, images))
                 || error_memory(error, "the prepared images", bytes);
    if (pipeline.count > 0) {
        free(good ? data->images : images);
        data->images = good ? images : data->images;
    }
    data->shape = pipeline.to;
    pipeline_free(&pipeline);
    return good;
}

/* ---- labels */

static const char *part_name(enum part part) { return part == PART_TRAIN ? "training" : "test"; }

/* Says how many samples each class has. */
static void list_counts(const int64_t counts[LABELS], struct error *error)
{
    char   text[1024], number[FORMAT_SIZE];
    size_t at = 0;
    for (int class = 0; class < LABELS && at < sizeof text; class++)
        if (counts[class] > 0)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%d: %s", at ? ", " : "", class,
                                   format_count(number, counts[class]));
    error_add(error, "samples of each class: %s", text);
}

static bool map_labels(const struct model *model, enum part part, struct dataset *data, struct error *error)
{
    int64_t before[LABELS] = {0}, after[LABELS] = {0};
    char    number[FORMAT_SIZE];
    for (int64_t i = 0; i < data->count; i++) {
        before[data->labels[i]]++;
        data->labels[i] = (uint8_t)model->targets[data->labels[i]];
        after[data->labels[i]]++;
    }
    for (int label = 0; label < LABELS; label++)
        if (before[label] > 0 && model->targets[label] >= model->classes) {
            error_input(error, "target_transform makes %d of label %d (%s samples of the %s part), expected 0 to %" PRId64
                        ", the network's classes", model->targets[label], label, format_count(number, before[label]),
                        part_name(part), model->classes - 1);
            list_counts(after, error);
            return false;
        }
    for (int class = 0; class < model->classes && class < LABELS && part == PART_TRAIN; class++)
        if (after[class] == 0) {
            error_input(error, "no sample of the training part is of class %d after target_transform, but the network gives "
                        "%" PRId64 " values", class, model->classes);
            list_counts(after, error);
            return error_add(error, "a last layer of fewer values, or another map, mends it");
        }
    return true;
}

/* ---- what is held out */

/* Moves the samples that are held out behind the others; both stay in the order of the file. Which these are does not
 * depend on --seed, so that runs can be compared. */
static bool hold_out(const struct model *model, struct dataset *data, struct error *error)
{
    enum { SEED = 1 };
    int64_t  count = data->count, held = model->valid, kept = 0, aside = 0, bytes = data_image_bytes(model, data);
    bool    *out = calloc((size_t)count, sizeof *out);
    uint8_t *images = malloc((size_t)(held * bytes) + 1), *labels = malloc((size_t)held + 1);
    bool     good = (out && images && labels)
                 || error_memory(error, "the samples held out", (size_t)(count + held * (bytes + 1)));
    struct order order = order_for(SEED, PURPOSE_VALID, 0, (uint64_t)count);
    for (int64_t i = 0; i < held && good; i++)
        out[order_at(&order, (uint64_t)i)] = true;
    for (int64_t i = 0; i < count && good; i++) {
        uint8_t *image = out[i] ? images + aside * bytes : data->images + kept * bytes;
        if (image != data->images + i * bytes)
            memcpy(image, data->images + i * bytes, (size_t)bytes);
        *(out[i] ? &labels[aside++] : &data->labels[kept++]) = data->labels[i];
    }
    if (good) {
        memcpy(data->images + kept * bytes, images, (size_t)(held * bytes));
        memcpy(data->labels + kept, labels, (size_t)held);
        data->count = kept;
        data->held_out = held;
    }
    free(out);
    free(images);
    free(labels);
    return good;
}

bool data_finish(const struct model *model, enum part part, struct dataset *data, struct error *error)
{
    if (model->targets && !map_labels(model, part, data, error))
        return false;
    if (part != PART_TRAIN)
        return true;
    if (model->valid >= data->count)
        return error_input(error, "valid = %" PRId64 " leaves nothing to train with: the training part has %" PRId64 " samples",
                           model->valid, data->count);
    if (model->valid > 0 && !hold_out(model, data, error))
        return false;
    return !model->drop_last || data_steps(model, data->count) > 0
        || error_input(error, "drop_last leaves no batch: %" PRId64 " training samples are fewer than a batch of %" PRId64,
                       data->count, model->batch_size);
}
