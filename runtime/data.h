/* Datasets: bytes of images and labels in memory, as the files have them. Normalisation is the generated code's. */
#ifndef NETC_DATA_H
#define NETC_DATA_H

#include "error.h"
#include "model.h"
#include "progress.h"

/* What is held out of the training part for validation is a part of its own once the data are read. */
enum part { PART_TRAIN, PART_TEST, PART_VALID };

enum { LABELS = 256 };                  /* a label is a byte */

struct dataset {
    int64_t  count;                     /* samples, 1 or more */
    uint8_t *images;                    /* one after the other, as the model's prepared transforms leave them */
    uint8_t *labels;                    /* count, each below the model's classes */
    int64_t  held_out;                  /* samples for validation, which follow these in both arrays */
    struct sample_shape shape;           /* of an image; all zero: the network's input */
};

/* The shape of an image in memory. */
struct sample_shape data_shape(const struct model *model, const struct dataset *data);

/* Steps of an epoch over `count` samples: with the spec's drop_last, whole batches only. */
int64_t data_steps(const struct model *model, int64_t count);

/* Samples in the first so many of these steps. */
int64_t data_step_samples(const struct model *model, int64_t count, int64_t steps);

/* Bytes from one image to the next. */
int64_t data_image_bytes(const struct model *model, const struct dataset *data);

/* The samples of a part, of the two datasets in which they lie. */
struct dataset data_part(const struct model *model, const struct dataset *train, const struct dataset *test,
                         enum part part);

/* Reads one part of the model's dataset from the folder `root` and checks all of it against the model. With the spec's
 * download = true, what is missing or damaged is fetched first, which `mode` may show. */
bool data_load(const struct model *model, const char *root, enum part part, enum progress_mode mode,
               struct dataset *data, struct error *error);

/* Reads only as much as tells the number of samples and the shape of their images: data->count, data->shape. */
bool data_count(const struct model *model, const char *root, enum part part, struct dataset *data, struct error *error);

/* Bytes that the samples take in memory. */
size_t data_bytes(const struct model *model, const struct dataset *data);

void data_free(struct dataset *data);

/* Readers of datasets: images and labels as the files have them, with the shape of the images; but folder_load does the
 * prepared transforms as well, as its pictures may have any size. The others, _count, tell number and shape alone. */

/* data_idx.c: the IDX format, in which MNIST is and those like it. */
bool idx_load(const struct model *model, const char *root, enum part part, struct dataset *data, struct error *error);
bool idx_count(const struct model *model, const char *root, enum part part, struct dataset *data, struct error *error);

/* data_cifar10.c */
bool cifar10_load(const struct model *model, const char *root, enum part part, struct dataset *data,
                  struct error *error);
bool cifar10_count(const struct model *model, const char *root, enum part part, struct dataset *data,
                   struct error *error);

/* Whether the file at `path` can be one of its six: size and labels. */
bool cifar10_check(const char *path, struct error *error);

/* data_folder.c: a folder of pictures for each class. */
bool folder_load(const struct model *model, const char *root, enum part part, struct dataset *data,
                 struct error *error);
bool folder_count(const struct model *model, const char *root, enum part part, struct dataset *data,
                  struct error *error);

/* Calls add with the name of each class, in order, until it says false, which is returned; with none where the folders cannot
 * be read. */
bool folder_classes(const char *root, bool (*add)(void *to, const char *name), void *to);

/* data_pieces.c: the files that a part consists of. ---------------------------------------------------------------- */

enum { DATA_NAME = 64 };

/* Writes the name of the part's file number `piece`, from 0: "train-images-idx3-ubyte"; false where there are no more. */
bool data_piece(const struct model *model, enum part part, int piece, char name[DATA_NAME]);

/* A path that it may have below `root`; `way` counts them from 0. The caller frees it; NULL where there are no more. */
char *data_piece_path(const struct model *model, const char *root, const char *name, int way, bool *gzip);

/* The first of these paths at which there is something, or NULL. */
char *data_piece_find(const struct model *model, const char *root, const char *name, bool *gzip);

#endif
