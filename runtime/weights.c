#include "weights.h"

#include "checkpoint.h"
#include "format.h"
#include "random.h"
#include "safetensors.h"

#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t parameter_elements(const struct parameter *parameter)
{
    int64_t elements = 1;
    for (int d = 0; d < parameter->rank; d++)
        elements *= parameter->shape[d];
    return elements;
}

struct cursor cursor_start(const struct parameter *parameter)
{
    return (struct cursor){.parameter = parameter, .at = parameter->offset};
}

void cursor_next(struct cursor *cursor)
{
    const struct parameter *p = cursor->parameter;
    for (int d = p->rank - 1; d >= 0; d--) {
        cursor->at += p->stride[d];
        if (++cursor->index[d] < p->shape[d])
            return;
        cursor->at -= p->shape[d] * p->stride[d];
        cursor->index[d] = 0;
    }
}

void weights_init(const struct model *model, uint64_t seed, real *flat)
{
    memset(flat, 0, (size_t)model->weights_size * sizeof *flat);
    for (int p = 0; p < model->parameter_count; p++) {
        const struct parameter *parameter = &model->parameters[p];
        float         bound = (float)(1 / sqrt((double)parameter->fan_in));
        int64_t       elements = parameter_elements(parameter);
        struct cursor cursor = cursor_start(parameter);
        for (int64_t i = 0; i < elements; i++, cursor_next(&cursor)) {
            float uniform = philox_uniform(philox(seed, PURPOSE_INIT, (uint64_t)p, (uint64_t)i).word[0]);
            flat[cursor.at] = (2 * uniform - 1) * bound;
        }
    }
}

static double decode(const unsigned char *bytes, size_t size)
{
    if (size == 4) {
        uint32_t bits;
        float    value;
        memcpy(&bits, bytes, size);
        bits = le32toh(bits);
        memcpy(&value, &bits, size);
        return value;
    }
    uint64_t bits;
    double   value;
    memcpy(&bits, bytes, size);
    bits = le64toh(bits);
    memcpy(&value, &bits, size);
    return value;
}

static void encode(unsigned char *bytes, real value)
{
#ifdef NETC_DOUBLE
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htole64(bits);
#else
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htole32(bits);
#endif
    memcpy(bytes, &bits, sizeof bits);
}

static bool same_shape(const struct parameter *parameter, const struct tensor *tensor)
{
    return parameter->rank == tensor->rank
        && memcmp(parameter->shape, tensor->shape, (size_t)tensor->rank * sizeof *tensor->shape) == 0;
}

/* Appends to `error` what keeps `tensor` from being the set's `parameter`. */
static int compare(const struct weights_set *set, const struct parameter *parameter, const struct tensor *tensor,
                   struct error *error)
{
    char found[FORMAT_SIZE], expected[FORMAT_SIZE];
    format_shape(expected, parameter->shape, parameter->rank);
    if (!tensor) {
        error_add(error, "missing: %s%s, %s", set->prefix, parameter->name, expected);
        return 1;
    }
    int differences = 0;
    if (!same_shape(parameter, tensor)) {
        error_add(error, "shape of %s: found %s, expected %s", tensor->name,
                  format_shape(found, tensor->shape, tensor->rank), expected);
        differences++;
    }
    if (strcmp(tensor->dtype, "F32") != 0 && strcmp(tensor->dtype, "F64") != 0) {
        error_add(error, "dtype of %s: found %s, expected F32 or F64", tensor->name, tensor->dtype);
        differences++;
    }
    return differences;
}

static bool is_parameter(const struct model *model, const char *name)
{
    for (int p = 0; p < model->parameter_count; p++)
        if (strcmp(model->parameters[p].name, name) == 0)
            return true;
    return false;
}

/* Sets that only checkpoints have. */
static const char *const checkpoint_sets[] = {"best.", "optimizer.momentum_buffer."};

/* Whether the tensor belongs to one of the sets, or to one of a checkpoint's others. */
static bool is_wanted(const struct model *model, const struct safetensors *file, const struct weights_set *sets, int count,
                      const char *name)
{
    bool checkpoint = safetensors_metadata(file, CHECKPOINT_KEY) != NULL;
    for (int s = 0; s < count; s++)
        if (strncmp(name, sets[s].prefix, strlen(sets[s].prefix)) == 0
            && is_parameter(model, name + strlen(sets[s].prefix)))
            return true;
    for (size_t i = 0; i < sizeof checkpoint_sets / sizeof *checkpoint_sets && checkpoint; i++)
        if (strncmp(name, checkpoint_sets[i], strlen(checkpoint_sets[i])) == 0)
            return true;
    return false;
}

/* The parameter's name in a file, which the caller frees; NULL without memory. */
static char *name_in_file(const struct weights_set *set, const struct parameter *parameter)
{
    size_t size = strlen(set->prefix) + strlen(parameter->name) + 1;
    char  *name = malloc(size);
    if (name)
        snprintf(name, size, "%s%s", set->prefix, parameter->name);
    return name;
}

static const struct tensor *find(const struct safetensors *file, const struct weights_set *set,
                                 const struct parameter *parameter)
{
    char                *name = name_in_file(set, parameter);
    const struct tensor *tensor = name ? safetensors_find(file, name) : NULL;
    free(name);
    return tensor;
}

static bool check_fit(const struct model *model, const struct safetensors *file, const struct weights_set *sets, int count,
                      struct error *error)
{
    int          differences = 0, missing = 0;
    const char **names = malloc(((size_t)model->parameter_count + 1) * sizeof *names);
    if (!names)
        return error_memory(error, "a list of names", (size_t)model->parameter_count * sizeof *names);
    error_input(error, "%s: these are not the weights of %s:", file->path, model->name);
    for (int s = 0; s < count; s++)
        for (int p = 0; p < model->parameter_count; p++) {
            const struct tensor *tensor = find(file, &sets[s], &model->parameters[p]);
            if (!tensor && s == 0)
                names[missing++] = model->parameters[p].name;
            differences += compare(&sets[s], &model->parameters[p], tensor, error);
        }
    names[missing] = NULL;
    for (int i = 0; i < file->count && !error->full; i++) {
        const struct tensor *tensor = &file->tensors[i];
        char shape[FORMAT_SIZE];
        if (is_wanted(model, file, sets, count, tensor->name))
            continue;
        const char *meant = nearest_name(tensor->name, names);
        error_add(error, "superfluous: %s, %s%s%s%s", tensor->name, format_shape(shape, tensor->shape, tensor->rank),
                  meant ? " (is it " : "", meant ? meant : "", meant ? "?)" : "");
        differences++;
    }
    free(names);
    return differences == 0;
}

static void pack(const struct parameter *parameter, const unsigned char *bytes, size_t size, real *flat,
                 int64_t *strange)
{
    int64_t       elements = parameter_elements(parameter);
    struct cursor cursor = cursor_start(parameter);
    for (int64_t i = 0; i < elements; i++, cursor_next(&cursor)) {
        flat[cursor.at] = (real)decode(bytes + (size_t)i * size, size);
        *strange += !isfinite(flat[cursor.at]);
    }
}

static bool read_parameter(const struct safetensors *file, const struct tensor *tensor, const struct parameter *parameter,
                           real *flat, int64_t *strange, struct error *error)
{
    size_t         bytes = (size_t)(tensor->end - tensor->begin);
    unsigned char *values = malloc(bytes + 1);
    bool           read = values ? safetensors_read(file, tensor, values, error)
                                 : error_memory(error, tensor->name, bytes);
    if (read)
        pack(parameter, values, (size_t)dtype_bytes(tensor->dtype), flat, strange);
    free(values);
    return read;
}

bool weights_read(const struct model *model, const struct safetensors *file, const struct weights_set *sets, int count,
                  int64_t *strange, struct error *error)
{
    bool read = check_fit(model, file, sets, count, error) && safetensors_intact(file, error);
    *strange = 0;
    for (int s = 0; s < count; s++) {
        memset(sets[s].flat, 0, (size_t)model->weights_size * sizeof *sets[s].flat);
        for (int p = 0; p < model->parameter_count && read; p++) {
            const struct tensor *tensor = find(file, &sets[s], &model->parameters[p]);
            read = tensor ? read_parameter(file, tensor, &model->parameters[p], sets[s].flat, strange, error)
                          : error_memory(error, "a name", strlen(model->parameters[p].name));
        }
    }
    return read;
}

bool weights_load(const struct model *model, const char *path, real *flat, int64_t *strange, struct error *error)
{
    struct safetensors file;
    if (!safetensors_open(&file, path, error))
        return false;
    bool loaded = weights_read(model, &file, &(struct weights_set){"", flat}, 1, strange, error);
    safetensors_close(&file);
    return loaded;
}

static void unpack(const struct parameter *parameter, const real *flat, unsigned char *bytes)
{
    int64_t       elements = parameter_elements(parameter);
    struct cursor cursor = cursor_start(parameter);
    for (int64_t i = 0; i < elements; i++, cursor_next(&cursor))
        encode(bytes + (size_t)i * sizeof *flat, flat[cursor.at]);
}

/* What goes into the tensors of a file: as many as the sets have parameters, whose names are the caller's to free. */
static bool fill(const struct model *model, const struct weights_set *sets, int count, struct tensor *tensors,
                 const void **data, char **names, unsigned char *bytes)
{
    size_t at = 0;
    for (int s = 0; s < count; s++)
        for (int p = 0; p < model->parameter_count; p++, tensors++, data++, names++) {
            const struct parameter *parameter = &model->parameters[p];
            *names = name_in_file(&sets[s], parameter);
            if (!*names)
                return false;
            *tensors = (struct tensor){
                .name = *names, .dtype = sizeof(real) == sizeof(double) ? "F64" : "F32", .rank = parameter->rank,
            };
            memcpy(tensors->shape, parameter->shape, sizeof parameter->shape);
            *data = bytes + at;
            unpack(parameter, sets[s].flat, bytes + at);
            at += (size_t)parameter_elements(parameter) * sizeof(real);
        }
    return true;
}

bool weights_write(const struct model *model, const char *path, const struct weights_set *sets, int count,
                   const struct metadata *metadata, int metadata_count, struct error *error)
{
    size_t  tensors_count = (size_t)(count * model->parameter_count);
    int64_t elements = 0;
    for (int p = 0; p < model->parameter_count; p++)
        elements += parameter_elements(&model->parameters[p]);
    size_t         size = (size_t)(elements * count) * sizeof(real);
    struct tensor *tensors = calloc(tensors_count + 1, sizeof *tensors);
    const void   **data = calloc(tensors_count + 1, sizeof *data);
    char         **names = calloc(tensors_count + 1, sizeof *names);
    unsigned char *bytes = malloc(size + 1);
    bool written = tensors && data && names && bytes && fill(model, sets, count, tensors, data, names, bytes);
    if (!written)
        error_memory(error, path, size);
    else
        written = safetensors_write(path, &(struct safetensors_content){
            tensors, data, (int)tensors_count, metadata, metadata_count,
        }, error);
    for (size_t i = 0; names && i < tensors_count; i++)
        free(names[i]);
    free(names);
    free(tensors);
    free(data);
    free(bytes);
    return written;
}

bool weights_save(const struct model *model, const char *path, real *flat, struct error *error)
{
    return weights_write(model, path, &(struct weights_set){"", flat}, 1, NULL, 0, error);
}
