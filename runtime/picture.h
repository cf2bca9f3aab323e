/* Pictures from files as samples of the network, and samples as pictures. */
#ifndef NETC_PICTURE_H
#define NETC_PICTURE_H

#include "error.h"
#include "model.h"

struct image_shape { int64_t channels, height, width; };

/* The form of a sample in memory. Where the network's input is a row of values, that of the dataset's images, or a square
 * of one channel or three, if one has so many; false: of what form they are is not known, and `shape` is the row. */
bool picture_shape(const struct model *model, struct image_shape *shape);

/* A picture of any size: channels x height x width bytes. */
struct picture {
    struct image_shape shape;
    uint8_t           *planes;          /* owned; a next picture replaces it */
};

/* A file of pictures: PNG, PGM, or IDX, which has many and may be compressed by gzip. */
struct picture_file {
    const struct model *model;
    const char         *path;
    struct stream      *stream;         /* of IDX; else NULL */
    struct image_shape  shape;          /* of its images, of IDX */
    int64_t             count, read;    /* pictures in it; so many have been read */
};

/* picture_close gives back what is open, also after false. What an IDX file of emnist holds lies on its side there and is
 * turned upright. */
bool picture_open(struct picture_file *file, const struct model *model, const char *path, struct error *error);

/* The next picture, with the network's channels: colour becomes grey or grey colour. */
bool picture_next(struct picture_file *file, struct picture *picture, struct error *error);

/* After the last picture: that nothing follows it. */
bool picture_ended(struct picture_file *file, struct error *error);

void picture_close(struct picture_file *file);

/* Brings pictures to the form of a sample of the model's data. */
struct picture_fit;
struct picture_fit *picture_fit_make(const struct model *model, struct error *error);

/* The picture as model->predict takes it, resized where it has another size; good until the next call. NULL: `error` says
 * why, of the file at `path`. */
const void *picture_fit(struct picture_fit *fit, const struct picture *picture, const char *path, struct error *error);
void picture_fit_free(struct picture_fit *fit);

#endif
