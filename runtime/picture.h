/* Pictures from files as samples of the network, and samples as pictures. */
#ifndef NETC_PICTURE_H
#define NETC_PICTURE_H

#include "data.h"

/* The form of the pictures that the dataset consists of, before all transforms. Where only the files know, that of the
 * network's input; where that is a row of values, a square of one channel or three, if one has so many. False: of what form
 * they are is not known, and `shape` is the row. */
bool picture_shape(const struct model *model, struct sample_shape *shape);

/* The form of a sample in memory as a picture. */
struct sample_shape picture_of_sample(const struct model *model, const struct dataset *data);

/* A picture of any size: channels x height x width bytes. */
struct picture {
    struct sample_shape shape;
    uint8_t            *planes;         /* owned; a next picture replaces it */
};

/* A file of pictures: PNG, PGM, or IDX, which has many and may be compressed by gzip. */
struct picture_file {
    const struct model *model;
    const char         *path;
    struct stream      *stream;         /* of IDX; else NULL */
    struct sample_shape shape;          /* of its images, of IDX */
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

/* Makes of a picture what model->predict takes, in `to`, which has room for model_input_bytes (pipeline.h): it is resized to
 * what the dataset's pictures have, where it has another size, and goes through the spec's transforms without the random
 * ones. A picture for `folder` or `idx` is resized only where the transforms make nothing of it that fits. */
bool picture_input(const struct model *model, const struct picture *picture, const char *path, void *to,
                   struct error *error);

#endif
