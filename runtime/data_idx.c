/* Datasets of IDX files (idx.h), one of images and one of labels for each part. Images have the dimensions n x height x width
 * or n x channels x height x width, or any others of the right size where the network's input is flat. */
#include "data_prepare.h"
#include "data_source.h"
#include "format.h"
#include "idx.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_BUFFER = 1 << 20, MOST_TRANSFORMED = 1 << 28 };

/* Says that `name` is in no form in `root`, and what can be done. */
static bool missing(const struct model *model, const char *root, const char *name, enum part part, struct error *error)
{
    char found[2048], other[DATA_NAME];
    if (model->split)
        snprintf(found, sizeof found, "there is neither %s/gzip.zip nor %s/%s.gz", root, root, name);
    else
        snprintf(found, sizeof found, "there is neither %s/%s nor %s/%s.gz", root, name, root, name);
    data_missing(model, root, part, found, error);
    if (!data_source_find(model->dataset)) {
        error_add(error, "wanted, each as it is or with .gz:");
        for (int piece = 0; piece < 4; piece++)
            if (data_piece(model, piece < 2 ? PART_TRAIN : PART_TEST, piece % 2, other))
                error_add(error, "    %s", other);
    }
    return false;
}

/* Opens the file of images (piece 0) or labels (1): as it is, compressed, or in EMNIST's archive. */
static struct stream *open_file(const struct model *model, const char *root, int piece, enum part part,
                                struct error *error)
{
    char           name[DATA_NAME] = "", entry[DATA_NAME + 16], zip[4096];
    bool           gzip;
    struct stream *stream = NULL;
    data_piece(model, part, piece, name);
    char *path = data_piece_find(model, root, name, &gzip);
    snprintf(zip, sizeof zip, "%s/gzip.zip", root);
    snprintf(entry, sizeof entry, "gzip/%s.gz", name);
    if (path)
        stream = stream_open(path, gzip, error);
    else if (model->split && access(zip, F_OK) == 0)
        stream = stream_open_entry(zip, entry, true, error);
    else
        missing(model, root, name, part, error);
    free(path);
    return stream;
}

/* The shape of the images that a header is about: c x h x w, h x w, or a row of values. */
static struct sample_shape shape_of(const struct idx_header *header)
{
    const int64_t *dim = header->dim + 1;
    switch (header->rank) {
    case 4:  return (struct sample_shape){(int32_t)dim[0], (int32_t)dim[1], (int32_t)dim[2], false};
    case 3:  return (struct sample_shape){1, (int32_t)dim[0], (int32_t)dim[1], false};
    default: return (struct sample_shape){(int32_t)dim[0], 1, 1, false};
    }
}

/* The header of an images file, checked against the network's input. */
static bool read_images_header(const struct model *model, struct stream *stream, struct idx_header *header,
                               struct error *error)
{
    const char   *path = stream_path(stream);
    const int64_t input[] = {model->channels, model->height, model->width};
    int64_t       bytes = 1;
    char          found[FORMAT_SIZE], expected[FORMAT_SIZE];
    if (!idx_read_header(stream, header, error))
        return false;
    if (header->rank == 1) {
        error_input(error, "%s: offset 0: found magic number 0x00000801 (1 dimension), expected 0x00000803 or "
                    "0x00000804", path);
        return error_add(error, "these look like labels");
    }
    for (int d = 1; d < header->rank; d++)
        if (__builtin_mul_overflow(bytes, header->dim[d], &bytes))
            return error_input(error, "%s: offset 8: images of %s bytes, expected %s", path,
                               format_shape(found, header->dim + 1, header->rank - 1),
                               format_shape(expected, input, 3));
    if (model->split && (header->rank != 3 || header->dim[1] != 28 || header->dim[2] != 28))
        return error_input(error, "%s: offset 8: found images of %s, expected EMNIST's of 28x28", path,
                           format_shape(found, header->dim + 1, header->rank - 1));
    if (model->transform_count > 0 && bytes >= 1 && bytes <= MOST_TRANSFORMED)
        return data_fits(model, shape_of(header), path, error);
    if (model->flat ? bytes == model->channels * model->height * model->width
        : header->rank == 3 ? model->channels == 1 && memcmp(header->dim + 1, input + 1, 2 * sizeof *input) == 0
        : header->rank == 4 && memcmp(header->dim + 1, input, sizeof input) == 0)
        return true;
    return error_input(error, "%s: offset 8: found images of %s, expected the network's input of %s", path,
                       format_shape(found, header->dim + 1, header->rank - 1),
                       format_shape(expected, input, model->flat ? 1 : 3));
}

static bool read_labels_header(struct stream *stream, struct idx_header *header, struct error *error)
{
    if (!idx_read_header(stream, header, error))
        return false;
    if (header->rank == 1)
        return true;
    error_input(error, "%s: offset 0: found magic number 0x000008%02x (%d dimensions), expected 0x00000801",
                stream_path(stream), (unsigned)header->rank, header->rank);
    return error_add(error, "these look like images");
}

/* Reads `size` bytes that follow a header of `offset` bytes, and makes sure that nothing follows them. The buffer grows
 * with what arrives, so that a header cannot ask for memory that the data do not fill. */
static uint8_t *read_elements(struct stream *stream, int64_t offset, int64_t size, const char *what,
                              struct error *error)
{
    const char *path = stream_path(stream);
    int64_t     file = stream_size(stream), room = file >= 0 || size < FIRST_BUFFER ? size : FIRST_BUFFER, have = 0;
    uint8_t    *bytes = NULL, extra;
    size_t      got;
    if (file >= 0 && file - offset < size) {
        error_input(error, "%s: offset %" PRId64 ": the file ends; %s end at offset %" PRId64 " by its header", path,
                    file, what, offset + size);
        return NULL;
    }
    for (;;) {
        uint8_t *more = realloc(bytes, (size_t)room);
        if (!more) {
            error_memory(error, path, (size_t)room);
            break;
        }
        bytes = more;
        if (!stream_read(stream, bytes + have, (size_t)(room - have), &got, error))
            break;
        have += (int64_t)got;
        if (have < room) {
            error_input(error, "%s: offset %" PRId64 " (unpacked): the data end; %s end at offset %" PRId64
                        " by its header", path, offset + have, what, offset + size);
            break;
        }
        if (have < size) {
            room = size - have < have ? size : 2 * have;
            continue;
        }
        if (!stream_read(stream, &extra, 1, &got, error))
            break;
        if (got == 0)
            return bytes;
        error_input(error, "%s: offset %" PRId64 ": found more bytes, expected the end of the data after %s", path,
                    offset + size, what);
        break;
    }
    free(bytes);
    return NULL;
}

static bool load_images(const struct model *model, struct stream *stream, struct dataset *data, struct error *error)
{
    struct idx_header header;
    char              what[FORMAT_SIZE];
    int64_t           size;
    if (!read_images_header(model, stream, &header, error))
        return false;
    snprintf(what, sizeof what, "its %" PRId64 " images", header.dim[0]);
    data->shape = shape_of(&header);
    if (__builtin_mul_overflow(header.dim[0], data_image_bytes(model, data), &size))
        return error_input(error, "%s: offset 4: %s are larger than any file", stream_path(stream), what);
    data->count = header.dim[0];
    data->images = read_elements(stream, header.bytes, size, what, error);
    return data->images != NULL;
}

static bool load_labels(const struct model *model, struct stream *stream, struct dataset *data, const char *images,
                        struct error *error)
{
    struct idx_header header;
    char              what[FORMAT_SIZE];
    if (!read_labels_header(stream, &header, error))
        return false;
    if (header.dim[0] != data->count)
        return error_input(error, "%s: offset 4: found %" PRId64 " labels, expected %" PRId64 ", as many as %s has "
                           "images", stream_path(stream), header.dim[0], data->count, images);
    snprintf(what, sizeof what, "its %" PRId64 " labels", header.dim[0]);
    data->labels = read_elements(stream, header.bytes, header.dim[0], what, error);
    for (int64_t i = 0; data->labels && i < data->count; i++)
        if (data->labels[i] >= model->classes && !model->targets)
            return error_input(error, "%s: offset %" PRId64 ": found label %d, expected 0 to %" PRId64
                               ", the network's classes", stream_path(stream), header.bytes + i, data->labels[i],
                               model->classes - 1);
    return data->labels != NULL;
}

/* EMNIST's images lie on their sides: rows and columns change places. */
static void turn_images(struct dataset *data)
{
    enum { SIDE = 28 };
    for (int64_t i = 0; i < data->count; i++) {
        uint8_t *image = data->images + i * SIDE * SIDE;
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < y; x++) {
                uint8_t pixel = image[y * SIDE + x];
                image[y * SIDE + x] = image[x * SIDE + y];
                image[x * SIDE + y] = pixel;
            }
    }
}

/* Plain files have no checksum of their own. */
static bool check_content(const struct model *model, enum part part, int piece, const struct stream *stream,
                          struct error *error)
{
    char name[DATA_NAME] = "";
    return stream_size(stream) < 0 || (data_piece(model, part, piece, name)
           && data_check_content(model, name, stream_path(stream), stream_size(stream), error));
}

bool idx_load(const struct model *model, const char *root, enum part part, struct dataset *data, struct error *error)
{
    struct stream *images = open_file(model, root, 0, part, error);
    struct stream *labels = images ? open_file(model, root, 1, part, error) : NULL;
    bool           loaded = labels && load_images(model, images, data, error)
                         && load_labels(model, labels, data, stream_path(images), error)
                         && check_content(model, part, 0, images, error)
                         && check_content(model, part, 1, labels, error);
    if (loaded && model->split)
        turn_images(data);
    stream_close(images);
    stream_close(labels);
    return loaded;
}

bool idx_count(const struct model *model, const char *root, enum part part, struct dataset *data, struct error *error)
{
    struct stream    *images = open_file(model, root, 0, part, error);
    struct idx_header header;
    bool              known = images && read_images_header(model, images, &header, error);
    if (known) {
        data->count = header.dim[0];
        data->shape = shape_of(&header);
    }
    stream_close(images);
    return known;
}
