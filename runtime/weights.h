/* The model's flat weights: initial values, and safetensors files with PyTorch's names and shapes. */
#ifndef NETC_WEIGHTS_H
#define NETC_WEIGHTS_H

#include "error.h"
#include "model.h"
#include "safetensors.h"

/* Elements of a learned tensor. */
int64_t parameter_elements(const struct parameter *parameter);

/* Walks a tensor's elements in PyTorch's (row-major) order: `at` is where the element stands in the flat array. */
struct cursor {
    const struct parameter *parameter;
    int64_t index[MODEL_MAX_RANK], at;
};

struct cursor cursor_start(const struct parameter *parameter);
void cursor_next(struct cursor *cursor);

/* PyTorch's default initialisation, U(-1/sqrt(fan_in), 1/sqrt(fan_in)): element i of parameter p depends on (seed,
 * p, i) alone. The same values, of float precision, in float and double builds. Padding becomes zero. */
void weights_init(const struct model *model, uint64_t seed, real *flat);

/* Values of all parameters, in a file under names that begin with `prefix`: "" for the weights, "best." or
 * "optimizer.momentum_buffer." in checkpoints. */
struct weights_set { const char *prefix; real *flat; };

/* Reads sets of values from an open file; padding becomes zero. F32 and F64 are converted to real. What does not fit is
 * named, all of it; of a checkpoint (checkpoint.h) the sets that are not asked for are passed over. *strange is the number
 * of values that are infinite or not a number. */
bool weights_read(const struct model *model, const struct safetensors *file, const struct weights_set *sets, int count,
                  int64_t *strange, struct error *error);

/* Writes sets of values to `path`, each in the model's order, as F32 (F64 in double builds), and strings beside them. */
bool weights_write(const struct model *model, const char *path, const struct weights_set *sets, int count,
                   const struct metadata *metadata, int metadata_count, struct error *error);

/* The same for the weights alone, from and to a file's name. */
bool weights_load(const struct model *model, const char *path, real *flat, int64_t *strange, struct error *error);
bool weights_save(const struct model *model, const char *path, real *flat, struct error *error);

#endif
