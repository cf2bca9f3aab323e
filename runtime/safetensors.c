#include "safetensors.h"

#include "fnv.h"
#include "format.h"
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LENGTH_BYTES = 8, MOST_HEADER_BYTES = 100000000 };  /* the limit that the format's own library sets */

static const struct { const char *name; int bytes; } dtypes[] = {
    {"BOOL", 1}, {"U8", 1}, {"I8", 1}, {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"U16", 2}, {"I16", 2}, {"F16", 2}, {"BF16", 2},
    {"U32", 4}, {"I32", 4}, {"F32", 4}, {"U64", 8}, {"I64", 8}, {"F64", 8},
};

int64_t dtype_bytes(const char *dtype)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(dtypes[i].name, dtype) == 0)
            return dtypes[i].bytes;
    return 0;
}

bool tensor_elements(const int64_t *shape, int rank, int64_t *elements)
{
    *elements = 1;
    for (int d = 0; d < rank; d++)
        if (__builtin_mul_overflow(*elements, shape[d], elements))
            return false;
    return true;
}

static bool parse_shape(struct json *json, struct tensor *tensor, struct error *error)
{
    uint64_t dim;
    if (!json_expect(json, '[', error))
        return false;
    tensor->rank = 0;
    if (json_take(json, ']'))
        return true;
    do {
        if (!json_whole(json, &dim, error))
            return false;
        if (tensor->rank == TENSOR_MAX_RANK)
            return error_input(error, "header, offset %zu: more than %d dimensions", json->at, TENSOR_MAX_RANK);
        if (dim > INT64_MAX)
            return error_input(error, "header, offset %zu: the number is too large", json->at);
        tensor->shape[tensor->rank++] = (int64_t)dim;
    } while (json_take(json, ','));
    return json_expect(json, ']', error);
}

/* {"dtype": "F32", "shape": [10, 1, 5, 5], "data_offsets": [0, 1000]}, in any order */
static bool parse_tensor(struct json *json, struct tensor *tensor, struct error *error)
{
    enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4 };
    char *key, *dtype;
    int   seen = 0, now;
    if (!json_expect(json, '{', error))
        return false;
    do {
        if (!json_string(json, &key, error) || !json_expect(json, ':', error))
            return false;
        if (strcmp(key, "dtype") == 0) {
            now = DTYPE;
            if (!json_string(json, &dtype, error))
                return false;
            tensor->dtype = dtype;
        } else if (strcmp(key, "shape") == 0) {
            now = SHAPE;
            if (!parse_shape(json, tensor, error))
                return false;
        } else if (strcmp(key, "data_offsets") == 0) {
            now = OFFSETS;
            if (!json_expect(json, '[', error) || !json_whole(json, &tensor->begin, error)
                || !json_expect(json, ',', error) || !json_whole(json, &tensor->end, error)
                || !json_expect(json, ']', error))
                return false;
        } else {
            return error_input(error, "header: tensor %s has an unknown key '%s'", tensor->name, key);
        }
        if (seen & now)
            return error_input(error, "header: tensor %s has the key '%s' twice", tensor->name, key);
        seen |= now;
    } while (json_take(json, ','));
    if (!json_expect(json, '}', error))
        return false;
    if (seen != (DTYPE | SHAPE | OFFSETS))
        return error_input(error, "header: tensor %s lacks %s", tensor->name,
                           !(seen & DTYPE) ? "dtype" : !(seen & SHAPE) ? "shape" : "data_offsets");
    return true;
}

/* The array with room for one more element, which grows by doubling; NULL after an error. */
static void *with_room(void *array, int count, size_t size, struct error *error)
{
    enum { FIRST = 64 };
    if (count != 0 && (count < FIRST || (count & (count - 1)) != 0))
        return array;
    size_t bytes = (count ? 2 * (size_t)count : FIRST) * size;
    void  *more = realloc(array, bytes);
    if (!more)
        error_memory(error, "the header", bytes);
    return more;
}

/* {"format": "pt", …}: any strings */
static bool parse_metadata(struct safetensors *file, struct json *json, struct error *error)
{
    char *key, *value;
    if (!json_expect(json, '{', error))
        return false;
    if (json_take(json, '}'))
        return true;
    do {
        if (!json_string(json, &key, error) || !json_expect(json, ':', error) || !json_string(json, &value, error))
            return false;
        struct metadata *more = with_room(file->metadata, file->metadata_count, sizeof *more, error);
        if (!more)
            return false;
        file->metadata = more;
        more[file->metadata_count++] = (struct metadata){key, value};
    } while (json_take(json, ','));
    return json_expect(json, '}', error);
}

static bool parse_entry(struct safetensors *file, struct json *json, bool *metadata, struct error *error)
{
    char *name;
    if (!json_string(json, &name, error) || !json_expect(json, ':', error))
        return false;
    if (strcmp(name, "__metadata__") == 0) {
        if (*metadata)
            return error_input(error, "header: __metadata__ comes twice");
        *metadata = true;
        return parse_metadata(file, json, error);
    }
    struct tensor *more = with_room(file->tensors, file->count, sizeof *more, error);
    if (!more)
        return false;
    file->tensors = more;
    more[file->count] = (struct tensor){.name = name};
    return parse_tensor(json, &more[file->count++], error);
}

static bool parse_header(struct safetensors *file, struct json *json, struct error *error)
{
    bool metadata = false;
    if (json->size == 0 || json->text[0] != '{')
        return json_error(json, "'{'", error);
    json->at = 1;
    if (!json_take(json, '}')) {
        do {
            if (!parse_entry(file, json, &metadata, error))
                return false;
        } while (json_take(json, ','));
        if (!json_expect(json, '}', error))
            return false;
    }
    json_peek(json);
    return json->at == json->size || json_error(json, "its end", error);
}

static int by_offset(const void *a, const void *b)
{
    const struct tensor *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

static bool check_tensor(const struct tensor *tensor, uint64_t data_bytes, struct error *error)
{
    char    shape[FORMAT_SIZE];
    int64_t size = dtype_bytes(tensor->dtype), bytes;
    if (size == 0)
        return error_input(error, "tensor %s has the unknown dtype '%s'", tensor->name, tensor->dtype);
    if (tensor->begin > tensor->end || tensor->end > data_bytes)
        return error_input(error, "tensor %s has the offsets %" PRIu64 " to %" PRIu64 ", outside the file's %" PRIu64
                           " bytes of tensors", tensor->name, tensor->begin, tensor->end, data_bytes);
    if (!tensor_elements(tensor->shape, tensor->rank, &bytes) || __builtin_mul_overflow(bytes, size, &bytes)
        || (uint64_t)bytes != tensor->end - tensor->begin)
        return error_input(error, "tensor %s of shape %s and dtype %s does not fill its %" PRIu64 " bytes, offsets %"
                           PRIu64 " to %" PRIu64, tensor->name, format_shape(shape, tensor->shape, tensor->rank),
                           tensor->dtype, tensor->end - tensor->begin, tensor->begin, tensor->end);
    return true;
}

/* Tensors must cover the bytes after the header, each byte once. Leaves them ordered by name. */
static bool check_tensors(struct safetensors *file, uint64_t data_bytes, struct error *error)
{
    uint64_t end = 0;
    char     count[FORMAT_SIZE];
    for (int i = 0; i < file->count; i++)
        if (!check_tensor(&file->tensors[i], data_bytes, error))
            return false;
    if (file->count > 0)
        qsort(file->tensors, (size_t)file->count, sizeof *file->tensors, by_offset);
    for (int i = 0; i < file->count; i++) {
        const struct tensor *tensor = &file->tensors[i];
        if (tensor->begin < end)
            return error_input(error, "tensors %s and %s overlap at offset %" PRIu64, file->tensors[i - 1].name,
                               tensor->name, tensor->begin);
        if (tensor->begin > end)
            return error_input(error, "a hole of %s before tensor %s",
                               format_counted(count, (int64_t)(tensor->begin - end), "byte"), tensor->name);
        end = tensor->end;
    }
    if (end != data_bytes)
        return error_input(error, "%s more than the tensors have", format_counted(count, (int64_t)(data_bytes - end), "byte"));
    if (file->count > 0)
        qsort(file->tensors, (size_t)file->count, sizeof *file->tensors, by_name);
    for (int i = 1; i < file->count; i++)
        if (by_name(&file->tensors[i - 1], &file->tensors[i]) == 0)
            return error_input(error, "tensor %s comes twice", file->tensors[i].name);
    return true;
}

static bool read_all(struct safetensors *file, struct error *error)
{
    unsigned char length[LENGTH_BYTES];
    struct stat   info;
    uint64_t      bytes = 0;
    char          count[FORMAT_SIZE];
    if (stat(file->path, &info) != 0)
        return error_input(error, "cannot open: %s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return error_input(error, "%s", S_ISDIR(info.st_mode) ? "a folder, not a file" : "not a regular file");
    if (!(file->file = fopen(file->path, "rb")))
        return error_input(error, "cannot open: %s", strerror(errno));
    uint64_t size = (uint64_t)info.st_size;
    if (size < LENGTH_BYTES)
        return error_input(error, "%s in all: too short for a safetensors file", format_counted(count, (int64_t)size, "byte"));
    if (fread(length, sizeof length, 1, file->file) != 1)
        return error_set(error, STATUS_MACHINE, "cannot read: %s", strerror(errno));
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        bytes = bytes << 8 | length[i];
    if (bytes > size - LENGTH_BYTES || bytes > MOST_HEADER_BYTES)
        return error_input(error, "offset 0: a header of %" PRIu64 " bytes, in a file of %" PRIu64
                           ": not a safetensors file, or a damaged one", bytes, size);
    file->header = malloc(bytes + 1);
    if (!file->header)
        return error_memory(error, "the header", bytes);
    if (fread(file->header, 1, bytes, file->file) != bytes)
        return error_set(error, STATUS_MACHINE, "cannot read: %s", strerror(errno));
    file->data = LENGTH_BYTES + bytes;
    struct json json = {.text = file->header, .size = bytes, .where = "header, "};
    return parse_header(file, &json, error) && check_tensors(file, size - file->data, error);
}

bool safetensors_open(struct safetensors *file, const char *path, struct error *error)
{
    struct error why;
    *file = (struct safetensors){.path = strdup(path)};
    if (!file->path)
        return error_memory(error, path, strlen(path) + 1);
    if (read_all(file, &why))
        return true;
    safetensors_close(file);
    return error_set(error, why.status, "%s: %s", path, why.text);
}

const struct tensor *safetensors_find(const struct safetensors *file, const char *name)
{
    struct tensor key = {.name = name};
    return file->count ? bsearch(&key, file->tensors, (size_t)file->count, sizeof key, by_name) : NULL;
}

const char *safetensors_metadata(const struct safetensors *file, const char *key)
{
    for (int i = 0; i < file->metadata_count; i++)
        if (strcmp(file->metadata[i].key, key) == 0)
            return file->metadata[i].value;
    return NULL;
}

bool safetensors_read(const struct safetensors *file, const struct tensor *tensor, void *bytes, struct error *error)
{
    size_t size = (size_t)(tensor->end - tensor->begin);
    if (fseeko(file->file, (off_t)(file->data + tensor->begin), SEEK_SET) == 0
        && fread(bytes, 1, size, file->file) == size)
        return true;
    return error_set(error, STATUS_MACHINE, "%s: cannot read tensor %s: %s", file->path, tensor->name,
                     ferror(file->file) ? strerror(errno) : "the file has become shorter");
}

bool safetensors_intact(const struct safetensors *file, struct error *error)
{
    const char *wanted = safetensors_metadata(file, SAFETENSORS_SUM);
    uint64_t    sum = FNV_START;
    char        found[FORMAT_SIZE], bytes[1 << 16];
    if (!wanted)
        return true;
    for (int i = 0; i < file->metadata_count; i++) {
        const struct metadata *metadata = &file->metadata[i];
        if (strcmp(metadata->key, SAFETENSORS_SUM) == 0)
            continue;
        sum = fnv(sum, metadata->key, strlen(metadata->key) + 1);
        sum = fnv(sum, metadata->value, strlen(metadata->value) + 1);
    }
    bool read = fseeko(file->file, (off_t)file->data, SEEK_SET) == 0;
    for (size_t got; read && (got = fread(bytes, 1, sizeof bytes, file->file)) > 0; )
        sum = fnv(sum, bytes, got);
    if (!read || ferror(file->file))
        return error_set(error, STATUS_MACHINE, "%s: cannot read: %s", file->path, strerror(errno));
    snprintf(found, sizeof found, "%016" PRIx64, sum);
    if (strcmp(found, wanted) == 0)
        return true;
    error_input(error, "%s: damaged: what is in it has the sum %s, expected %s", file->path, found, wanted);
    return error_add(error, "whoever changes it on purpose takes " SAFETENSORS_SUM " out of its metadata");
}

void safetensors_close(struct safetensors *file)
{
    if (file->file)
        fclose(file->file);
    free(file->path);
    free(file->header);
    free(file->tensors);
    free(file->metadata);
    *file = (struct safetensors){0};
}
