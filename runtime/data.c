#include "data.h"

#include "data_prepare.h"
#include "data_source.h"
#include "pipeline.h"

#include <stdlib.h>
#include <string.h>

/* The datasets that a spec can name. */
static const struct {
    const char *name;
    bool (*load)(const struct model *model, const char *root, enum part part, struct dataset *data,
                 struct error *error);
    bool (*count)(const struct model *model, const char *root, enum part part, struct dataset *data,
                  struct error *error);
    bool prepares;                      /* load leaves prepared images */
} datasets[] = {
    {"mnist", idx_load, idx_count, false},
    {"fashion_mnist", idx_load, idx_count, false},
    {"kmnist", idx_load, idx_count, false},
    {"emnist", idx_load, idx_count, false},
    {"cifar10", cifar10_load, cifar10_count, false},
    {"idx", idx_load, idx_count, false},
    {"folder", folder_load, folder_count, true},
};

enum { DATASETS = sizeof datasets / sizeof *datasets };

static int find(const struct model *model, struct error *error)
{
    for (int i = 0; i < DATASETS; i++)
        if (strcmp(datasets[i].name, model->dataset) == 0)
            return i;
    error_input(error, "this trainer's runtime does not know the dataset '%s'", model->dataset);
    return -1;
}

/* What follows when the files have been read. */
static bool finish(const struct model *model, int i, enum part part, struct dataset *data, struct error *error)
{
    if ((datasets[i].prepares || data_prepare(model, data, model->dataset, error)) && data_finish(model, part, data, error))
        return true;
    data_free(data);
    return false;
}

bool data_load(const struct model *model, const char *root, enum part part, enum progress_mode mode,
               struct dataset *data, struct error *error)
{
    int          i = find(model, error);
    struct error why;
    bool         changed;
    *data = (struct dataset){0};
    if (i < 0)
        return false;
    if (datasets[i].load(model, root, part, data, error))
        return finish(model, i, part, data, error);
    data_free(data);
    if (!model->download || error->status != STATUS_INPUT)
        return false;
    /* Nothing is looked for on the network unless the files that are here will not do. */
    if (!data_obtain(model, root, part, mode, &changed, &why)) {
        *error = why;
        return false;
    }
    if (changed && datasets[i].load(model, root, part, data, error))
        return finish(model, i, part, data, error);
    data_free(data);
    return false;
}

bool data_count(const struct model *model, const char *root, enum part part, struct dataset *data, struct error *error)
{
    struct pipeline pipeline;
    int             i = find(model, error);
    *data = (struct dataset){0};
    if (i < 0 || !datasets[i].count(model, root, part, data, error)
        || !pipeline_make(model, 0, model->prepared, false, data_shape(model, data), model->dataset, &pipeline, error))
        return false;
    data->shape = pipeline.to;
    pipeline_free(&pipeline);
    return true;
}

size_t data_bytes(const struct model *model, const struct dataset *data)
{
    return (size_t)(data->count + data->held_out) * ((size_t)data_image_bytes(model, data) + 1);
}

int64_t data_steps(const struct model *model, int64_t count)
{
    return model->drop_last ? count / model->batch_size : (count - 1) / model->batch_size + 1;
}

int64_t data_step_samples(const struct model *model, int64_t count, int64_t steps)
{
    return steps > count / model->batch_size ? count : steps * model->batch_size;
}

struct sample_shape data_shape(const struct model *model, const struct dataset *data)
{
    if (data->shape.channels > 0)
        return data->shape;
    return (struct sample_shape){(int32_t)model->channels, (int32_t)model->height, (int32_t)model->width, false};
}

int64_t data_image_bytes(const struct model *model, const struct dataset *data)
{
    struct sample_shape shape = data_shape(model, data);
    return (int64_t)shape.channels * shape.height * shape.width;
}

struct dataset data_part(const struct model *model, const struct dataset *train, const struct dataset *test,
                         enum part part)
{
    struct dataset data = part == PART_TEST ? *test : *train;
    if (part == PART_VALID) {
        data.images += data.count * data_image_bytes(model, &data);
        data.labels += data.count;
        data.count = data.held_out;
    }
    data.held_out = 0;
    return data;
}

void data_free(struct dataset *data)
{
    free(data->images);
    free(data->labels);
    *data = (struct dataset){0};
}
