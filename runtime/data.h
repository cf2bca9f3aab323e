/* Datasets: bytes of images and labels in memory, as the files have them. Normalisation is the generated code's. */
#ifndef NETC_DATA_H
#define NETC_DATA_H

#include "error.h"
#include "model.h"

enum part { PART_TRAIN, PART_TEST };

struct dataset {
    int64_t  count;                     /* samples, 1 or more */
    uint8_t *images;                    /* count x channels x height x width */
    uint8_t *labels;                    /* count, each below the model's classes */
};

/* Reads one part of the model's dataset from the folder `root` and checks all of it against the model. */
bool data_load(const struct model *model, const char *root, enum part part, struct dataset *data, struct error *error);

/* Reads only as much as tells the number of samples. */
bool data_count(const struct model *model, const char *root, enum part part, int64_t *count, struct error *error);

/* Bytes that `count` samples take in memory. */
size_t data_bytes(const struct model *model, int64_t count);

void data_free(struct dataset *data);

/* The IDX format: data_idx.c. MNIST is a dataset in this format. */
bool idx_load(const struct model *model, const char *root, enum part part, struct dataset *data, struct error *error);
bool idx_count(const struct model *model, const char *root, enum part part, int64_t *count, struct error *error);

#endif
