#include "safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the bytes go: beside the file itself, to take its name when they are all there. */
struct target {
    char *path;                         /* links followed */
    char *temporary;
};

static void target_free(struct target *target)
{
    free(target->path);
    free(target->temporary);
}

/* Only regular files are replaced: a device or a pipe would be lost. */
static bool target_choose(struct target *target, const char *path, struct error *error)
{
    struct stat info;
    bool        exists = stat(path, &info) == 0;
    if (exists && !S_ISREG(info.st_mode))
        return error_input(error, "%s: cannot write: %s", path,
                           S_ISDIR(info.st_mode) ? "it is a folder" : "it is not a regular file");
    if (exists && access(path, W_OK) != 0)
        return error_input(error, "%s: cannot write: %s", path, strerror(errno));
    *target = (struct target){.path = exists ? realpath(path, NULL) : strdup(path)};
    size_t size = target->path ? strlen(target->path) + sizeof ".12345678901234567890.tmp" : 0;
    target->temporary = size ? malloc(size) : NULL;
    if (!target->temporary) {
        target_free(target);
        return error_memory(error, path, PATH_MAX);
    }
    snprintf(target->temporary, size, "%s.%ld.tmp", target->path, (long)getpid());
    return true;
}

static FILE *target_open(const struct target *target, const char *path, struct error *error)
{
    int   descriptor = open(target->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
    if (file)
        return file;
    int why = errno;
    error_set(error, why == ENOSPC || why == EIO || why == EMFILE ? STATUS_MACHINE : STATUS_INPUT,
              "%s: cannot write: %s", path, strerror(why));
    if (descriptor >= 0) {
        close(descriptor);
        unlink(target->temporary);
    }
    return NULL;
}

bool safetensors_writable(const char *path, struct error *error)
{
    struct target target;
    if (!target_choose(&target, path, error))
        return false;
    FILE *file = target_open(&target, path, error);
    if (file) {
        fclose(file);
        unlink(target.temporary);
    }
    target_free(&target);
    return file != NULL;
}

static void print_name(FILE *out, const char *name)
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

/* The header's text, padded by spaces so that the tensors start at a multiple of eight; sets *size. */
static char *make_header(const struct tensor *tensors, int count, size_t *size)
{
    char    *text = NULL;
    uint64_t at = 0;
    FILE    *out = open_memstream(&text, size);
    if (!out)
        return NULL;
    fputs("{\"__metadata__\":{\"format\":\"pt\"}", out);
    for (int i = 0; i < count; i++) {
        fputc(',', out);
        print_name(out, tensors[i].name);
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

static bool write_all(FILE *out, const struct tensor *tensors, const void *const *data, int count)
{
    size_t        size;
    char         *header = make_header(tensors, count, &size);
    unsigned char length[8];
    if (!header)
        return false;
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (unsigned char)((uint64_t)size >> 8 * i);
    bool written = fwrite(length, sizeof length, 1, out) == 1 && fwrite(header, 1, size, out) == size;
    free(header);
    for (int i = 0; i < count && written; i++) {
        size_t bytes = tensor_bytes(&tensors[i]);
        written = fwrite(data[i], 1, bytes, out) == bytes;
    }
    return written && fflush(out) == 0 && fsync(fileno(out)) == 0;
}

/* Makes the new name last: a rename is kept by the folder. Best effort, since the file itself is complete. */
static void sync_folder(const char *path)
{
    char *copy = strdup(path);
    int   folder = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    free(copy);
}

bool safetensors_write(const char *path, const struct tensor *tensors, const void *const *data, int count,
                       struct error *error)
{
    struct target target;
    if (!target_choose(&target, path, error))
        return false;
    FILE *file = target_open(&target, path, error);
    if (!file) {
        target_free(&target);
        return false;
    }
    bool written = write_all(file, tensors, data, count);
    int  why = errno;
    if (fclose(file) != 0 && written) {
        written = false;
        why = errno;
    }
    if (written && rename(target.temporary, target.path) != 0) {
        written = false;
        why = errno;
    }
    if (written) {
        sync_folder(target.path);
    } else {
        unlink(target.temporary);
        error_set(error, STATUS_MACHINE, "%s: cannot write: %s", path, strerror(why));
    }
    target_free(&target);
    return written;
}
