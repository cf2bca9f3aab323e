#include "archive.h"

#include "library.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* libarchive's functions, whose objects are opaque, and its results: 0 is success, 1 the end, -20 success with something to
 * tell (a name that is not of this locale), all else a fault. */
struct functions {
    void       *(*new)(void);
    int         (*free)(void *archive);
    int         (*support_zip)(void *archive);
    int         (*support_tar)(void *archive);
    int         (*open_filename)(void *archive, const char *path, size_t block);
    int         (*open)(void *archive, void *client, void *opened,
                        ssize_t (*read)(void *archive, void *client, const void **bytes), void *closed);
    int         (*next_header)(void *archive, void **entry);
    const char *(*pathname)(void *entry);
    ssize_t     (*read_data)(void *archive, void *bytes, size_t size);
    const char *(*error_string)(void *archive);
};

enum { RESULT_OK = 0, RESULT_END = 1, RESULT_WARN = -20, BLOCK = 1 << 16 };

struct unpacker {
    struct functions call;
    void            *archive;
    char            *path;
    struct stream   *tar;               /* NULL: a zip, which libarchive reads itself */
    bool             failed;            /* reading `tar` did: `error` says why */
    struct error     error;
    unsigned char    block[BLOCK];
};

static const struct symbol symbols[] = {
    {"archive_read_new", offsetof(struct functions, new)},
    {"archive_read_free", offsetof(struct functions, free)},
    {"archive_read_support_format_zip_seekable", offsetof(struct functions, support_zip)},
    {"archive_read_support_format_tar", offsetof(struct functions, support_tar)},
    {"archive_read_open_filename", offsetof(struct functions, open_filename)},
    {"archive_read_open", offsetof(struct functions, open)},
    {"archive_read_next_header", offsetof(struct functions, next_header)},
    {"archive_entry_pathname", offsetof(struct functions, pathname)},
    {"archive_read_data", offsetof(struct functions, read_data)},
    {"archive_error_string", offsetof(struct functions, error_string)},
    {NULL, 0},
};

static const struct library library = {
    .name = "libarchive", .package = "libarchive13", .use = "to read archives",
    .files = (const char *const[]){"libarchive.so.13", NULL}, .symbols = symbols,
};

static bool fault(struct unpacker *unpacker, struct error *error)
{
    const char *why = unpacker->call.error_string(unpacker->archive);
    if (unpacker->failed) {
        *error = unpacker->error;
        return false;
    }
    return error_input(error, "%s: damaged: %s", unpacker->path, why ? why : "not an archive");
}

static ssize_t read_block(void *archive, void *client, const void **bytes)
{
    struct unpacker *unpacker = client;
    size_t           got;
    (void)archive;
    *bytes = unpacker->block;
    unpacker->failed = !stream_read(unpacker->tar, unpacker->block, BLOCK, &got, &unpacker->error);
    return unpacker->failed ? -1 : (ssize_t)got;
}

static struct unpacker *open_archive(const char *path, struct stream *tar, struct error *error)
{
    struct unpacker *unpacker = calloc(1, sizeof *unpacker);
    if (!unpacker || !(unpacker->path = strdup(path))) {
        error_memory(error, "an archive", sizeof *unpacker);
        archive_close(unpacker);
        return NULL;
    }
    unpacker->tar = tar;
    if (!library_load(&library, &unpacker->call, error)) {
        error_add(error, tar ? "or unpack it with: tar -xzf %s" : "or unpack it with: unzip %s", path);
        error_add(error, "in its own folder");
        archive_close(unpacker);
        return NULL;
    }
    unpacker->archive = unpacker->call.new();
    if (!unpacker->archive)
        error_memory(error, "an archive", sizeof *unpacker);
    else if ((tar ? unpacker->call.support_tar(unpacker->archive) : unpacker->call.support_zip(unpacker->archive))
                 == RESULT_OK
             && (tar ? unpacker->call.open(unpacker->archive, unpacker, NULL, read_block, NULL)
                     : unpacker->call.open_filename(unpacker->archive, path, BLOCK)) == RESULT_OK)
        return unpacker;
    else
        fault(unpacker, error);
    archive_close(unpacker);
    return NULL;
}

struct unpacker *archive_open_zip(const char *path, struct error *error) { return open_archive(path, NULL, error); }

struct unpacker *archive_open_tar(struct stream *tar, struct error *error)
{
    return open_archive(stream_path(tar), tar, error);
}

bool archive_next(struct unpacker *unpacker, const char **name, struct error *error)
{
    void *entry;
    int   result = unpacker->call.next_header(unpacker->archive, &entry);
    *name = NULL;
    if (result == RESULT_END)
        return true;
    if (result != RESULT_OK && result != RESULT_WARN)
        return fault(unpacker, error);
    *name = unpacker->call.pathname(entry);
    if (!*name)
        *name = "";
    return true;
}

bool archive_read(struct unpacker *unpacker, void *bytes, size_t size, size_t *got, struct error *error)
{
    *got = 0;
    while (*got < size) {
        ssize_t more = unpacker->call.read_data(unpacker->archive, (unsigned char *)bytes + *got, size - *got);
        if (more < 0)
            return fault(unpacker, error);
        if (more == 0)
            break;
        *got += (size_t)more;
    }
    return true;
}

void archive_close(struct unpacker *unpacker)
{
    if (!unpacker)
        return;
    if (unpacker->archive)
        unpacker->call.free(unpacker->archive);
    free(unpacker->path);
    free(unpacker);
}
