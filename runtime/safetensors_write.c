#include "safetensors.h"

#include "fnv.h"
#include "replace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool safetensors_writable(const char *path, struct error *error) { return replace_possible(path, error); }

static void print_string(FILE *out, const char *name)
{
    fputc('"', out);
    for (; *name; name++)
        if (*name == '"' || *name == '\\')
            fprintf(out, "\\%c", *name);
        else if ((unsigned char)*name < ' ')
            fprintf(out, "\\u%04x", (unsigned)*name);
        else
            fputc(*name, out);
    fputc('"', out);
}

static uint64_t tensor_bytes(const struct tensor *tensor)
{
    int64_t elements = 0;
    tensor_elements(tensor->shape, tensor->rank, &elements);
    return (uint64_t)(elements * dtype_bytes(tensor->dtype));
}

static const struct metadata format = {"format", "pt"};

static void print_metadata(FILE *out, const struct metadata *metadata)
{
    print_string(out, metadata->key);
    fputc(':', out);
    print_string(out, metadata->value);
}

static uint64_t add_metadata(uint64_t sum, const struct metadata *metadata)
{
    return fnv(fnv(sum, metadata->key, strlen(metadata->key) + 1), metadata->value, strlen(metadata->value) + 1);
}

static uint64_t sum_of(const struct safetensors_content *content)
{
    uint64_t sum = add_metadata(FNV_START, &format);
    for (int i = 0; i < content->metadata_count; i++)
        sum = add_metadata(sum, &content->metadata[i]);
    for (int i = 0; i < content->count; i++)
        sum = fnv(sum, content->data[i], tensor_bytes(&content->tensors[i]));
    return sum;
}

/* The header's text, padded by spaces so that the tensors start at a multiple of eight; sets *size. */
static char *make_header(const struct safetensors_content *content, size_t *size)
{
    const struct tensor *tensors = content->tensors;
    char    *text = NULL;
    uint64_t at = 0;
    FILE    *out = open_memstream(&text, size);
    if (!out)
        return NULL;
    fputs("{\"__metadata__\":{", out);
    print_metadata(out, &format);
    for (int i = 0; i < content->metadata_count; i++) {
        fputc(',', out);
        print_metadata(out, &content->metadata[i]);
    }
    fprintf(out, ",\"%s\":\"%016" PRIx64 "\"}", SAFETENSORS_SUM, sum_of(content));
    for (int i = 0; i < content->count; i++) {
        fputc(',', out);
        print_string(out, tensors[i].name);
        fprintf(out, ":{\"dtype\":\"%s\",\"shape\":[", tensors[i].dtype);
        for (int d = 0; d < tensors[i].rank; d++)
            fprintf(out, "%s%" PRId64, d ? "," : "", tensors[i].shape[d]);
        uint64_t end = at + tensor_bytes(&tensors[i]);
        fprintf(out, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", at, end);
        at = end;
    }
    fputc('}', out);
    while (ftell(out) % 8 != 0)
        fputc(' ', out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static bool write_all(FILE *out, const struct safetensors_content *content)
{
    size_t        size;
    char         *header = make_header(content, &size);
    unsigned char length[8];
    if (!header)
        return false;
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (unsigned char)((uint64_t)size >> 8 * i);
    bool written = fwrite(length, sizeof length, 1, out) == 1 && fwrite(header, 1, size, out) == size;
    free(header);
    for (int i = 0; i < content->count && written; i++) {
        size_t bytes = tensor_bytes(&content->tensors[i]);
        written = fwrite(content->data[i], 1, bytes, out) == bytes;
    }
    return written;
}

bool safetensors_write(const char *path, const struct safetensors_content *content, struct error *error)
{
    struct replacement file;
    return replace_begin(&file, path, error) && replace_end(&file, write_all(file.file, content), true, error);
}
