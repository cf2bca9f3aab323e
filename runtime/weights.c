#include "weights.h"

#include "format.h"
#include "random.h"
#include "safetensors.h"

#include <endian.h>
#include <math.h>
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

/* Appends to `error` what keeps `tensor` from being `parameter`. */
static int compare(const struct parameter *parameter, const struct tensor *tensor, struct error *error)
{
    char found[FORMAT_SIZE], expected[FORMAT_SIZE];
    format_shape(expected, parameter->shape, parameter->rank);
    if (!tensor) {
        error_add(error, "missing: %s, %s", parameter->name, expected);
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

static bool check_fit(const struct model *model, const struct safetensors *file, struct error *error)
{
    int          differences = 0, missing = 0;
    const char **names = malloc(((size_t)model->parameter_count + 1) * sizeof *names);
    if (!names)
        return error_memory(error, "a list of names", (size_t)model->parameter_count * sizeof *names);
    error_input(error, "%s: these are not the weights of %s:", file->path, model->name);
    for (int p = 0; p < model->parameter_count; p++) {
        const struct tensor *tensor = safetensors_find(file, model->parameters[p].name);
        if (!tensor)
            names[missing++] = model->parameters[p].name;
        differences += compare(&model->parameters[p], tensor, error);
    }
    names[missing] = NULL;
    for (int i = 0; i < file->count && !error->full; i++) {
        const struct tensor *tensor = &file->tensors[i];
        char shape[FORMAT_SIZE];
        if (is_parameter(model, tensor->name))
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

bool weights_load(const struct model *model, const char *path, real *flat, int64_t *strange, struct error *error)
{
    struct safetensors file;
    if (!safetensors_open(&file, path, error))
        return false;
    bool loaded = check_fit(model, &file, error);
    *strange = 0;
    memset(flat, 0, (size_t)model->weights_size * sizeof *flat);
    for (int p = 0; p < model->parameter_count && loaded; p++) {
        const struct tensor *tensor = safetensors_find(&file, model->parameters[p].name);
        size_t         bytes = (size_t)(tensor->end - tensor->begin);
        unsigned char *values = malloc(bytes + 1);
        loaded = values ? safetensors_read(&file, tensor, values, error) : error_memory(error, tensor->name, bytes);
        if (loaded)
            pack(&model->parameters[p], values, (size_t)dtype_bytes(tensor->dtype), flat, strange);
        free(values);
    }
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

bool weights_save(const struct model *model, const char *path, const real *flat, struct error *error)
{
    int            count = model->parameter_count;
    int64_t        elements = 0;
    for (int p = 0; p < count; p++)
        elements += parameter_elements(&model->parameters[p]);
    size_t         size = (size_t)elements * sizeof *flat, at = 0;
    struct tensor *tensors = calloc((size_t)count + 1, sizeof *tensors);
    const void   **data = calloc((size_t)count + 1, sizeof *data);
    unsigned char *bytes = malloc(size + 1);
    bool           saved = tensors && data && bytes;
    if (!saved)
        error_memory(error, path, size);
    for (int p = 0; p < count && saved; p++) {
        const struct parameter *parameter = &model->parameters[p];
        tensors[p] = (struct tensor){
            .name = parameter->name,
            .dtype = sizeof(real) == sizeof(double) ? "F64" : "F32",
            .rank = parameter->rank,
        };
        memcpy(tensors[p].shape, parameter->shape, sizeof parameter->shape);
        data[p] = bytes + at;
        unpack(parameter, flat, bytes + at);
        at += (size_t)parameter_elements(parameter) * sizeof *flat;
    }
    saved = saved && safetensors_write(path, tensors, data, count, error);
    free(tensors);
    free(data);
    free(bytes);
    return saved;
}
