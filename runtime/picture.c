#include "picture.h"

#include "format.h"
#include "idx.h"
#include "image.h"
#include "pipeline.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CHANNELS = 64 };

/* A square of one channel or three, if one has so many values. */
static bool square(int64_t size, struct sample_shape *shape)
{
    for (int64_t channels = 1; channels <= 3; channels += 2) {
        int64_t side = llround(sqrt((double)(size / channels)));
        if (channels * side * side == size) {
            *shape = (struct sample_shape){(int32_t)channels, (int32_t)side, (int32_t)side, false};
            return true;
        }
    }
    *shape = (struct sample_shape){1, 1, (int32_t)size, false};
    return false;
}

/* Of the datasets that have one. */
static const struct sample_shape *published_shape(const struct model *model)
{
    static const struct { const char *dataset; struct sample_shape shape; } published[] = {
        {"mnist", {1, 28, 28, false}}, {"fashion_mnist", {1, 28, 28, false}}, {"kmnist", {1, 28, 28, false}},
        {"emnist", {1, 28, 28, false}}, {"cifar10", {3, 32, 32, false}},
    };
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        if (strcmp(published[i].dataset, model->dataset) == 0)
            return &published[i].shape;
    return NULL;
}

bool picture_shape(const struct model *model, struct sample_shape *shape)
{
    const struct sample_shape *published = published_shape(model);
    *shape = published ? *published : (struct sample_shape){(int32_t)model->channels, (int32_t)model->height,
                                                            (int32_t)model->width, false};
    return published || !model->flat || square(model->channels * model->height * model->width, shape);
}

struct sample_shape picture_of_sample(const struct model *model, const struct dataset *data)
{
    struct sample_shape shape = data_shape(model, data);
    if (shape.height == 1 && shape.width == 1)
        square(shape.channels, &shape);
    return shape;
}

/* ---- IDX */

/* What the header says of an image: n x height x width, n x channels x height x width, or n rows of the network's values. */
static bool read_shape(struct picture_file *file, struct error *error)
{
    struct idx_header header;
    char              text[FORMAT_SIZE];
    if (!idx_read_header(file->stream, &header, error))
        return false;
    file->count = header.dim[0];
    if (header.rank == 1) {
        error_input(error, "%s: found magic number 0x00000801 (1 dimension), expected 0x00000803 or 0x00000804",
                    file->path);
        return error_add(error, "these look like labels");
    }
    picture_shape(file->model, &file->shape);
    if (header.rank == 2 && header.dim[1] == shape_bytes(file->shape))
        return true;
    if (header.rank == 2)
        return error_input(error, "%s: found rows of %" PRId64 " values, expected %" PRId64, file->path, header.dim[1],
                           shape_bytes(file->shape));
    const int64_t channels = header.rank == 3 ? 1 : header.dim[1], *side = header.dim + header.rank - 2;
    file->shape = (struct sample_shape){(int32_t)channels, (int32_t)side[0], (int32_t)side[1], false};
    if (channels >= 1 && channels <= MOST_CHANNELS && side[0] >= 1 && side[0] <= IMAGE_MOST_SIDE && side[1] >= 1
        && side[1] <= IMAGE_MOST_SIDE)
        return true;
    return error_input(error, "%s: found images of %s, expected sides of 1 to %d and at most %d channels", file->path,
                       format_shape(text, header.dim + 1, header.rank - 1), IMAGE_MOST_SIDE, MOST_CHANNELS);
}

static void turn(struct sample_shape *shape, uint8_t **planes, uint8_t *turned)
{
    for (int64_t y = 0; y < shape->height; y++)
        for (int64_t x = 0; x < shape->width; x++)
            turned[x * shape->height + y] = (*planes)[y * shape->width + x];
    free(*planes);
    *planes = turned;
    *shape = (struct sample_shape){1, shape->width, shape->height, false};
}

static bool read_idx(struct picture_file *file, struct picture *picture, struct error *error)
{
    size_t size = (size_t)shape_bytes(file->shape), got;
    picture->shape = file->shape;
    picture->planes = malloc(size);
    if (!picture->planes)
        return error_memory(error, file->path, size);
    if (!stream_read(file->stream, picture->planes, size, &got, error))
        return false;
    if (got < size)
        return error_input(error, "%s: the file ends within image %" PRId64 " of %" PRId64, file->path, file->read,
                           file->count);
    if (!file->model->split || picture->shape.channels != 1)
        return true;
    uint8_t *turned = malloc(size);
    if (!turned)
        return error_memory(error, file->path, size);
    turn(&picture->shape, &picture->planes, turned);
    return true;
}

/* ---- channels */

/* The picture as image.h wants it, whose way of making grey of colours it is. */
static bool convert(struct picture *picture, int64_t channels, const char *path, struct error *error)
{
    const struct sample_shape *shape = &picture->shape;
    int64_t                    size = (int64_t)shape->height * shape->width, have = shape->channels;
    if ((have != 1 && have != 3) || (channels != 1 && channels != 3))
        return error_input(error, "%s: found %" PRId64 " channels, expected the network's %" PRId64, path, have, channels);
    struct image image = {shape->height, shape->width, (int)have, malloc((size_t)(size * have))};
    uint8_t     *planes = malloc((size_t)(size * channels));
    if (!planes || !image.bytes) {
        free(planes);
        image_free(&image);
        return error_memory(error, path, (size_t)(size * (have + channels)));
    }
    for (int64_t i = 0; i < size; i++)
        for (int64_t c = 0; c < have; c++)
            image.bytes[have * i + c] = picture->planes[c * size + i];
    image_planes(&image, (int)channels, planes);
    image_free(&image);
    free(picture->planes);
    picture->planes = planes;
    picture->shape.channels = channels;
    return true;
}

/* Of a PNG or PGM file. */
static bool read_image(const struct picture_file *file, struct picture *picture, struct error *error)
{
    struct image image;
    if (!image_read(file->path, 0, 0, &image, error))
        return false;
    picture->shape = (struct sample_shape){image.channels, (int32_t)image.height, (int32_t)image.width, false};
    picture->planes = malloc((size_t)shape_bytes(picture->shape));
    if (picture->planes)
        image_planes(&image, image.channels, picture->planes);
    image_free(&image);
    return picture->planes || error_memory(error, file->path, (size_t)shape_bytes(picture->shape));
}

/* ---- files */

bool picture_open(struct picture_file *file, const struct model *model, const char *path, struct error *error)
{
    uint8_t magic[2] = {0xFF, 0xFF};
    size_t  got = 0;
    *file = (struct picture_file){.model = model, .path = path, .count = 1};
    struct stream *stream = stream_open(path, false, error);
    bool           good = stream && stream_read(stream, magic, sizeof magic, &got, error);
    stream_close(stream);
    if (!good)
        return false;
    bool gzip = magic[0] == 0x1F && magic[1] == 0x8B, idx = got == sizeof magic && magic[0] == 0 && magic[1] == 0;
    if (!gzip && !idx)
        return true;
    file->stream = stream_open(path, gzip, error);
    return file->stream && read_shape(file, error);
}

bool picture_next(struct picture_file *file, struct picture *picture, struct error *error)
{
    struct sample_shape own;
    free(picture->planes);
    picture->planes = NULL;
    picture_shape(file->model, &own);
    if (!(file->stream ? read_idx(file, picture, error) : read_image(file, picture, error)))
        return false;
    file->read++;
    int have = picture->shape.channels, wanted = file->model->flat ? own.channels : model_picture_channels(file->model);
    if (wanted == 0)                    /* the transforms begin by making one of either */
        wanted = have == 3 ? 3 : 1;
    return wanted == have || convert(picture, wanted, file->path, error);
}

bool picture_ended(struct picture_file *file, struct error *error)
{
    uint8_t more;
    size_t  got = 0;
    if (!file->stream)
        return true;
    return stream_read(file->stream, &more, 1, &got, error)
        && (got == 0 || error_input(error, "%s: found more bytes, expected the end after its %" PRId64 " images", file->path,
                                    file->count));
}

void picture_close(struct picture_file *file) { stream_close(file->stream); }

/* ---- what the network takes */

static bool fits(const struct model *model, struct sample_shape shape, const char *path)
{
    struct pipeline pipeline;
    struct error    unused;
    if (!pipeline_make(model, 0, model->transform_count, false, shape, path, &pipeline, &unused))
        return false;
    bool good = model_fits(model, pipeline.to);
    pipeline_free(&pipeline);
    return good;
}

bool picture_input(const struct model *model, const struct picture *picture, const char *path, void *to,
                   struct error *error)
{
    struct sample_shape shape = picture->shape, own;
    const uint8_t      *planes = picture->planes;
    uint8_t            *resized = NULL;
    bool                known = picture_shape(model, &own);
    if (known && (shape.height != own.height || shape.width != own.width)
        && (published_shape(model) || !fits(model, shape, path))) {
        const struct transform resize = {.kind = TRANSFORM_RESIZE, .size = {own.height, own.width}, .bilinear = true};
        planes = resized = transform_apply(&resize, planes, &shape, path, error);
    }
    bool good = planes && model_input(model, planes, shape.channels, shape.height, shape.width, path, to, error);
    free(resized);
    return good;
}
