#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void release(struct replacement *replacement)
{
    free(replacement->path);
    free(replacement->temporary);
}

static bool choose(struct replacement *replacement, const char *path, struct error *error)
{
    struct stat info;
    bool        exists = stat(path, &info) == 0;
    if (exists && !S_ISREG(info.st_mode))
        return error_input(error, "%s: cannot write: %s", path,
                           S_ISDIR(info.st_mode) ? "it is a folder" : "it is not a regular file");
    if (exists && access(path, W_OK) != 0)
        return error_input(error, "%s: cannot write: %s", path, strerror(errno));
    *replacement = (struct replacement){.name = path, .path = exists ? realpath(path, NULL) : strdup(path)};
    size_t size = replacement->path ? strlen(replacement->path) + sizeof ".12345678901234567890.tmp" : 0;
    replacement->temporary = size ? malloc(size) : NULL;
    if (!replacement->temporary) {
        release(replacement);
        return error_memory(error, path, PATH_MAX);
    }
    snprintf(replacement->temporary, size, "%s.%ld.tmp", replacement->path, (long)getpid());
    return true;
}

bool replace_begin(struct replacement *replacement, const char *path, struct error *error)
{
    if (!choose(replacement, path, error))
        return false;
    unlink(replacement->temporary);     /* of a process that had the same number and was killed */
    int descriptor = open(replacement->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    replacement->file = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
    if (replacement->file)
        return true;
    int why = errno;
    error_set(error, why == ENOSPC || why == EIO || why == EMFILE ? STATUS_MACHINE : STATUS_INPUT,
              "%s: cannot write: %s", path, strerror(why));
    if (descriptor >= 0) {
        close(descriptor);
        unlink(replacement->temporary);
    }
    release(replacement);
    return false;
}

/* Makes the new name last: a rename is kept by the folder. Best effort, since the file itself is complete. */
static void sync_folder(char *path)
{
    int folder = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
}

bool replace_end(struct replacement *replacement, bool written, bool durable, struct error *error)
{
    FILE *file = replacement->file;
    written = written && !ferror(file) && fflush(file) == 0 && (!durable || fsync(fileno(file)) == 0);
    int why = errno;
    if (fclose(file) != 0 && written) {
        written = false;
        why = errno;
    }
    if (written && rename(replacement->temporary, replacement->path) != 0) {
        written = false;
        why = errno;
    }
    if (!written) {
        unlink(replacement->temporary);
        error_set(error, STATUS_MACHINE, "%s: cannot write: %s", replacement->name, strerror(why));
    } else if (durable) {
        sync_folder(replacement->path);
    }
    release(replacement);
    return written;
}

bool replace_possible(const char *path, struct error *error)
{
    struct replacement replacement;
    if (!replace_begin(&replacement, path, error))
        return false;
    fclose(replacement.file);
    unlink(replacement.temporary);
    release(&replacement);
    return true;
}
