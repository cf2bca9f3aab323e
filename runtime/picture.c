#include "picture.h"

#include "format.h"
#include "idx.h"
#include "image.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CHANNELS = 64 };

static int64_t bytes_of(const struct image_shape *shape) { return shape->channels * shape->height * shape->width; }

bool picture_shape(const struct model *model, struct image_shape *shape)
{
    static const struct image_shape forms[] = {{1, 28, 28}, {3, 32, 32}};       /* MNIST and its like, CIFAR-10 */
    int64_t size = model->channels * model->height * model->width;
    *shape = (struct image_shape){model->channels, model->height, model->width};
    if (!model->flat)
        return true;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (bytes_of(&forms[i]) == size) {
            *shape = forms[i];
            return true;
        }
    for (int64_t channels = 1; channels <= 3; channels += 2) {
        int64_t side = llround(sqrt((double)(size / channels)));
        if (channels * side * side == size) {
            *shape = (struct image_shape){channels, side, side};
            return true;
        }
    }
    *shape = (struct image_shape){1, 1, size};
    return false;
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
    if (header.rank == 2 && header.dim[1] == bytes_of(&file->shape))
        return true;
    if (header.rank == 2)
        return error_input(error, "%s: found rows of %" PRId64 " values, expected %" PRId64, file->path, header.dim[1],
                           bytes_of(&file->shape));
    file->shape = header.rank == 3 ? (struct image_shape){1, header.dim[1], header.dim[2]}
                                   : (struct image_shape){header.dim[1], header.dim[2], header.dim[3]};
    const struct image_shape *shape = &file->shape;
    if (shape->channels >= 1 && shape->channels <= MOST_CHANNELS && shape->height >= 1 && shape->height <= IMAGE_MOST_SIDE
        && shape->width >= 1 && shape->width <= IMAGE_MOST_SIDE)
        return true;
    return error_input(error, "%s: found images of %s, expected sides of 1 to %d and at most %d channels", file->path,
                       format_shape(text, header.dim + 1, header.rank - 1), IMAGE_MOST_SIDE, MOST_CHANNELS);
}

static void turn(struct image_shape *shape, uint8_t **planes, uint8_t *turned)
{
    for (int64_t y = 0; y < shape->height; y++)
        for (int64_t x = 0; x < shape->width; x++)
            turned[x * shape->height + y] = (*planes)[y * shape->width + x];
    free(*planes);
    *planes = turned;
    *shape = (struct image_shape){1, shape->width, shape->height};
}

static bool read_idx(struct picture_file *file, struct picture *picture, struct error *error)
{
    size_t size = (size_t)bytes_of(&file->shape), got;
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
    const struct image_shape *shape = &picture->shape;
    int64_t                   size = shape->height * shape->width, have = shape->channels;
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
    picture->shape = (struct image_shape){image.channels, image.height, image.width};
    picture->planes = malloc((size_t)bytes_of(&picture->shape));
    if (picture->planes)
        image_planes(&image, image.channels, picture->planes);
    image_free(&image);
    return picture->planes || error_memory(error, file->path, (size_t)bytes_of(&picture->shape));
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
    struct image_shape wanted;
    free(picture->planes);
    picture->planes = NULL;
    picture_shape(file->model, &wanted);
    if (!(file->stream ? read_idx(file, picture, error) : read_image(file, picture, error)))
        return false;
    file->read++;
    return picture->shape.channels == wanted.channels || convert(picture, wanted.channels, file->path, error);
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
