/* CIFAR-10's binary form: six files of 10,000 records, each a byte for the label and 3 planes (red, green, blue) of
 * 32 x 32 bytes. They lie in an archive, or unpacked. */
#include "archive.h"
#include "data_prepare.h"
#include "data_source.h"
#include "stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIXELS = 3 * 32 * 32, RECORD = 1 + PIXELS, RECORDS = 10000, FILE_SIZE = RECORD * RECORDS, CLASSES = 10,
       MOST_FILES = 5 };

static const char archive_name[] = "cifar-10-binary.tar.gz";

/* Takes the records of one file apart. `size` bytes were found in it. */
static bool take_records(const char *path, const uint8_t *bytes, int64_t size, uint8_t *images, uint8_t *labels,
                         struct error *error)
{
    if (size != FILE_SIZE)
        return error_input(error, "%s: found %s%" PRId64 " bytes, expected %d: 10,000 records of %d bytes", path,
                           size > FILE_SIZE ? "more than " : "", size > FILE_SIZE ? (int64_t)FILE_SIZE : size, FILE_SIZE,
                           RECORD);
    for (int64_t i = 0; i < RECORDS; i++) {
        const uint8_t *record = bytes + i * RECORD;
        if (record[0] >= CLASSES)
            return error_input(error, "%s: offset %" PRId64 ": found label %d, expected 0 to 9", path, i * RECORD,
                               record[0]);
        if (labels)
            labels[i] = record[0];
        if (images)
            memcpy(images + i * PIXELS, record + 1, PIXELS);
    }
    return true;
}

static uint8_t *allocate(size_t size, struct error *error)
{
    uint8_t *bytes = malloc(size);
    if (!bytes)
        error_memory(error, "CIFAR-10", size);
    return bytes;
}

static bool read_batch(const char *path, uint8_t *buffer, uint8_t *images, uint8_t *labels, struct error *error)
{
    struct stream *stream = stream_open(path, false, error);
    size_t         got;
    bool           good = stream && stream_read(stream, buffer, FILE_SIZE + 1, &got, error)
                       && take_records(path, buffer, (int64_t)got, images, labels, error);
    stream_close(stream);
    return good;
}

bool cifar10_check(const char *path, struct error *error)
{
    uint8_t *buffer = allocate(FILE_SIZE + 1, error);
    bool     good = buffer && read_batch(path, buffer, NULL, NULL, error);
    free(buffer);
    return good;
}

/* Which piece of the part a file of the archive is, or -1. */
static int piece_of(const struct model *model, enum part part, const char *path)
{
    const char *slash = strrchr(path, '/');
    char        name[DATA_NAME];
    for (int piece = 0; data_piece(model, part, piece, name); piece++)
        if (strcmp(slash ? slash + 1 : path, name) == 0)
            return piece;
    return -1;
}

static bool read_entries(const struct model *model, struct unpacker *unpacker, const char *path, enum part part,
                         uint8_t *buffer, const struct dataset *data, bool *seen, struct error *error)
{
    const char *entry;
    char        what[8192];
    size_t      got;
    while (archive_next(unpacker, &entry, error)) {
        if (!entry)
            return true;
        int piece = piece_of(model, part, entry);
        snprintf(what, sizeof what, "%s: %s", path, entry);
        if (piece < 0)
            continue;
        if (!archive_read(unpacker, buffer, FILE_SIZE + 1, &got, error)
            || !take_records(what, buffer, (int64_t)got, data->images + (int64_t)piece * RECORDS * PIXELS,
                             data->labels + piece * RECORDS, error))
            return false;
        seen[piece] = true;
    }
    return false;
}

/* The archive is read to its end, where gzip has its checksum. */
static bool read_to_end(struct stream *stream, uint8_t *buffer, struct error *error)
{
    size_t got;
    do {
        if (!stream_read(stream, buffer, FILE_SIZE, &got, error))
            return false;
    } while (got > 0);
    return true;
}

static bool load_archive(const struct model *model, const char *path, enum part part, uint8_t *buffer,
                         const struct dataset *data, struct error *error)
{
    bool             seen[MOST_FILES] = {false};
    char             name[DATA_NAME];
    struct stream   *stream = stream_open(path, true, error);
    struct unpacker *unpacker = stream ? archive_open_tar(stream, error) : NULL;
    bool             good = unpacker && read_entries(model, unpacker, path, part, buffer, data, seen, error)
                         && read_to_end(stream, buffer, error);
    for (int piece = 0; good && data_piece(model, part, piece, name); piece++)
        if (!seen[piece])
            good = error_input(error, "%s: there is no %s in it", path, name);
    archive_close(unpacker);
    stream_close(stream);
    return good;
}

/* Whether all files of the part lie there unpacked. */
static bool unpacked(const struct model *model, const char *root, enum part part)
{
    char name[DATA_NAME];
    bool all = true, gzip;
    for (int piece = 0; all && data_piece(model, part, piece, name); piece++) {
        char *path = data_piece_find(model, root, name, &gzip);
        all = path != NULL;
        free(path);
    }
    return all;
}

static bool load_files(const struct model *model, const char *root, enum part part, uint8_t *buffer,
                       const struct dataset *data, struct error *error)
{
    char name[DATA_NAME];
    bool good = true, gzip;
    for (int piece = 0; good && data_piece(model, part, piece, name); piece++) {
        char *path = data_piece_find(model, root, name, &gzip);
        good = path ? read_batch(path, buffer, data->images + (int64_t)piece * RECORDS * PIXELS,
                                 data->labels + piece * RECORDS, error)
                    : error_input(error, "%s/%s: it has gone", root, name);
        free(path);
    }
    return good;
}

static const struct sample_shape image_shape = {3, 32, 32, false};

static bool check_model(const struct model *model, struct error *error)
{
    if (model->transform_count > 0 && !data_fits(model, image_shape, "CIFAR-10", error))
        return false;
    bool fits = model->channels * model->height * model->width == PIXELS
        && (model->flat || (model->channels == 3 && model->height == 32));
    if ((model->transform_count > 0 || fits) && (model->classes >= CLASSES || model->targets))
        return true;
    return error_input(error, "the network is not for CIFAR-10, which has images of 3x32x32 and 10 classes");
}

static bool missing(const struct model *model, const char *root, enum part part, struct error *error)
{
    char name[DATA_NAME] = "", found[4096];
    data_piece(model, part, 0, name);
    snprintf(found, sizeof found, "there is neither %s/%s nor %s/%s%s", root, archive_name, root, name,
             part == PART_TRAIN ? " and its like" : "");
    return data_missing(model, root, part, found, error);
}

bool cifar10_load(const struct model *model, const char *root, enum part part, struct dataset *data,
                  struct error *error)
{
    int64_t count = RECORDS * (part == PART_TRAIN ? MOST_FILES : 1);
    char    path[4096];
    bool    files = unpacked(model, root, part);
    snprintf(path, sizeof path, "%s/%s", root, archive_name);
    if (!check_model(model, error))
        return false;
    if (!files && access(path, F_OK) != 0)
        return missing(model, root, part, error);
    uint8_t *buffer = allocate(FILE_SIZE + 1, error);
    data->count = count;
    data->shape = image_shape;
    data->images = buffer ? allocate((size_t)count * PIXELS, error) : NULL;
    data->labels = data->images ? allocate((size_t)count, error) : NULL;
    bool good = data->labels && (files ? load_files(model, root, part, buffer, data, error)
                                       : load_archive(model, path, part, buffer, data, error));
    free(buffer);
    return good;
}

bool cifar10_count(const struct model *model, const char *root, enum part part, struct dataset *data,
                   struct error *error)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, archive_name);
    if (!unpacked(model, root, part) && access(path, F_OK) != 0)
        return missing(model, root, part, error);
    data->count = RECORDS * (part == PART_TRAIN ? MOST_FILES : 1);
    data->shape = image_shape;
    return true;
}
