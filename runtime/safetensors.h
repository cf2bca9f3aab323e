/* Safetensors files: an eight-byte little-endian length, a JSON header of that length (name -> dtype, shape, offsets
 * into what follows it), the tensors' bytes. */
#ifndef NETC_SAFETENSORS_H
#define NETC_SAFETENSORS_H

#include "error.h"

#include <stdint.h>
#include <stdio.h>

enum { TENSOR_MAX_RANK = 16 };

struct tensor {
    const char *name;
    const char *dtype;                  /* "F32" */
    int         rank;
    int64_t     shape[TENSOR_MAX_RANK];
    uint64_t    begin, end;             /* its bytes, from the end of the header */
};

/* What a file says of itself beside its tensors: a string under a key. */
struct metadata { const char *key, *value; };

struct safetensors {
    char          *path;
    FILE          *file;
    char          *header;              /* holds the names and dtypes */
    uint64_t       data;                /* offset of the tensors' bytes in the file */
    int            count;
    struct tensor *tensors;             /* ordered by name */
    int              metadata_count;
    struct metadata *metadata;          /* in the file's order */
};

/* Opens `path` and checks its whole header: every offset lies in the file, tensors neither overlap nor leave holes,
 * sizes agree with shapes, no name comes twice. */
bool safetensors_open(struct safetensors *file, const char *path, struct error *error);

/* The tensor of this name, or NULL. */
const struct tensor *safetensors_find(const struct safetensors *file, const char *name);

/* Reads a tensor's bytes, end - begin of them. */
bool safetensors_read(const struct safetensors *file, const struct tensor *tensor, void *bytes, struct error *error);

/* Under this key files that safetensors_write made have a hash (fnv.h) of all other metadata, each key and value with the zero
 * byte behind it, and of the tensors' bytes, in the order of the file. */
#define SAFETENSORS_SUM "netc.sum"

/* Whether all of it is as it was written; of a file that says nothing of it this is taken for granted. */
bool safetensors_intact(const struct safetensors *file, struct error *error);

/* What the metadata has under `key`, or NULL. */
const char *safetensors_metadata(const struct safetensors *file, const char *key);

void safetensors_close(struct safetensors *file);

/* What is written: tensors in this order, one after the other (begin and end are not looked at), data[i] being tensor i's
 * bytes, little-endian; and strings beside the "format" that every file has. */
struct safetensors_content {
    const struct tensor   *tensors;
    const void     *const *data;
    int                    count;
    const struct metadata *metadata;
    int                    metadata_count;
};

/* The file appears whole under its name or not at all, and has come to the disk when this returns. */
bool safetensors_write(const char *path, const struct safetensors_content *content, struct error *error);

/* Whether safetensors_write would have a place to write to; leaves nothing behind. */
bool safetensors_writable(const char *path, struct error *error);

/* Elements of a shape; false when there are more than an int64_t holds. */
bool tensor_elements(const int64_t *shape, int rank, int64_t *elements);

/* Bytes of an element of a dtype, or 0 if there is no such dtype. */
int64_t dtype_bytes(const char *dtype);

#endif
