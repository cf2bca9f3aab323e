/* What is done when data cannot be read and may be fetched: which files are missing, which are damaged. */
#include "data_source.h"
#include "fetch.h"
#include "md5.h"
#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IDX_HEADER = 20, IDX_MOST_RANK = 4 };

enum condition { ABSENT, GOOD, DAMAGED };

struct obtaining {
    const struct model       *model;
    const struct data_source *source;
    const char               *root;
    struct progress           progress;
    bool                      changed;
};

/* What a whole IDX file would be long, by its header; -1 where that is none. */
static int64_t idx_size(const unsigned char *header, int64_t have)
{
    int     rank = have >= 4 ? header[3] : 0;
    int64_t size = 1;
    if (rank < 1 || rank > IDX_MOST_RANK || have < 4 + 4 * rank || header[0] || header[1] || header[2] != 8)
        return -1;
    for (int d = 0; d < rank; d++) {
        const unsigned char *dim = header + 4 + 4 * d;
        if (__builtin_mul_overflow(size, (int64_t)dim[0] << 24 | dim[1] << 16 | dim[2] << 8 | dim[3], &size))
            return -1;
    }
    return size > INT64_MAX - IDX_HEADER ? -1 : 4 + 4 * rank + size;
}

/* Reads all of an IDX file. Its MD5 counts where its size is the published one: else it is somebody's own. */
static bool judge_idx(const char *path, bool gzip, const struct data_file *file, enum condition *condition,
                      struct error *error)
{
    struct error   none;
    struct md5    *md5 = file && file->content_md5 ? md5_start(&none) : NULL;
    struct stream *stream = stream_open(path, gzip, error);
    unsigned char  header[IDX_HEADER] = {0}, bytes[1 << 16];
    char           sum[MD5_TEXT] = "";
    int64_t        size = 0;
    size_t         got = sizeof bytes;
    bool           good = stream != NULL, summed = md5 != NULL;
    while (good && got == sizeof bytes && (good = stream_read(stream, bytes, sizeof bytes, &got, error))) {
        if (size == 0)
            memcpy(header, bytes, got < IDX_HEADER ? got : IDX_HEADER);
        if (md5)
            md5_add(md5, bytes, got);
        size += (int64_t)got;
    }
    stream_close(stream);
    md5_end(md5, sum);
    *condition = DAMAGED;
    if (!good)
        return error->status == STATUS_INPUT;
    int64_t whole = idx_size(header, size);
    if (whole < 0)
        error_input(error, "%s: not an IDX file, by its first bytes", path);
    else if (whole != size)
        error_input(error, "%s: found %" PRId64 " bytes, expected %" PRId64 " by its header", path, size, whole);
    else if (summed && size == file->content_size && strcmp(sum, file->content_md5) != 0)
        error_input(error, "%s: found MD5 %s, expected %s", path, sum, file->content_md5);
    else
        *condition = GOOD;
    return true;
}

/* Whether something is there at all; *condition is ABSENT if not, and GOOD where it is nothing that could be judged. */
static bool begin_settling(const char *path, enum condition *condition)
{
    struct stat info;
    bool        known = stat(path, &info) == 0;
    *condition = known || (errno != ENOENT && errno != ENOTDIR) ? GOOD : ABSENT;
    return known && S_ISREG(info.st_mode) && access(path, R_OK) == 0;
}

/* Moves a damaged file out of the way. */
static bool keep_aside(struct obtaining *o, const char *path, const struct error *why, struct error *error)
{
    static const char suffix[] = ".damaged";
    char *aside = malloc(strlen(path) + sizeof suffix);
    if (!aside)
        return error_memory(error, "a file name", strlen(path));
    strcat(strcpy(aside, path), suffix);
    progress_say(&o->progress, "%.*s", (int)strcspn(why->text, "\n"), why->text);
    bool moved = rename(path, aside) == 0;
    if (moved)
        progress_say(&o->progress, "damaged: it is kept as %s", aside);
    else
        error_set(error, STATUS_MACHINE, "%s is damaged, but cannot be renamed: %s", path, strerror(errno));
    free(aside);
    o->changed = o->changed || moved;
    return moved;
}

/* Judges an IDX file if it is there; a damaged one is moved away, and is ABSENT then. */
static bool settle_idx(struct obtaining *o, const char *path, bool gzip, const struct data_file *file,
                       enum condition *condition, struct error *error)
{
    struct error why;
    if (!begin_settling(path, condition) || (gzip && !stream_unpacks()))
        return true;
    if (!judge_idx(path, gzip, file, condition, &why)) {
        *error = why;
        return false;
    }
    if (*condition == GOOD)
        return true;
    *condition = ABSENT;
    return keep_aside(o, path, &why, error);
}

/* The same of a batch of CIFAR-10. */
static bool settle_batch(struct obtaining *o, const char *path, enum condition *condition, struct error *error)
{
    struct error why;
    if (!begin_settling(path, condition))
        return true;
    *condition = ABSENT;
    if (cifar10_check(path, &why))
        *condition = GOOD;
    else if (why.status != STATUS_INPUT)
        *error = why;
    else
        return keep_aside(o, path, &why, error);
    return *condition == GOOD;
}

/* The same of an archive. */
static bool settle_archive(struct obtaining *o, const char *path, const struct data_file *file,
                           enum condition *condition, struct error *error)
{
    char         sum[MD5_TEXT];
    struct error why;
    if (!begin_settling(path, condition))
        return true;
    if (!md5_file(path, false, sum, error))
        return false;
    *condition = strcmp(sum, file->md5) == 0 ? GOOD : ABSENT;
    error_input(&why, "%s: found MD5 %s, expected %s", path, sum, file->md5);
    return *condition == GOOD || keep_aside(o, path, &why, error);
}

static bool make_folders(const char *root, struct error *error)
{
    struct stat info;
    if (stat(root, &info) == 0)
        return S_ISDIR(info.st_mode) || error_input(error, "%s: a file, expected the folder of the data", root);
    char *path = strdup(root);
    bool  made = path != NULL;
    for (char *end = path; made && end; ) {
        end = strchr(end + 1, '/');
        if (end)
            *end = '\0';
        made = mkdir(path, 0777) == 0 || errno == EEXIST;
        if (!made)
            error_set(error, STATUS_MACHINE, "%s: cannot make this folder: %s", path, strerror(errno));
        if (end)
            *end = '/';
    }
    if (!path)
        error_memory(error, "a file name", strlen(root));
    free(path);
    return made;
}

/* Cuts the last folder off the path; false where it is the only one. */
static bool leave_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    return slash && slash > path;
}

/* Bytes of the path that are there already. */
static size_t existing(const char *root)
{
    char *path = strdup(root);
    bool  more = path != NULL;
    while (more && access(path, F_OK) != 0)
        more = leave_folder(path);
    size_t length = more ? strlen(path) : 0;
    free(path);
    return length;
}

/* Takes away what make_folders made behind these bytes, unless a part of the file is in it. */
static void remove_folders(const char *root, size_t before)
{
    char *path = strdup(root);
    bool  more = path != NULL;
    while (more && strlen(path) > before && (rmdir(path) == 0 || errno == ENOENT))
        more = leave_folder(path);
    free(path);
}

/* Where the file may be had: the publishers' addresses, or the folder that NETC_MIRROR names. */
static char **addresses_of(const struct obtaining *o, const struct data_file *file)
{
    const char        *mirror = getenv("NETC_MIRROR");
    const char *const  own[] = {mirror, NULL};
    const char *const *bases = mirror && *mirror ? own : o->source->bases;
    int                count = 0;
    while (bases[count])
        count++;
    char **addresses = calloc((size_t)count + 1, sizeof *addresses);
    for (int i = 0; addresses && i < count; i++) {
        size_t length = strlen(bases[i]), size = length + strlen(file->name) + 2;
        addresses[i] = malloc(size);
        if (addresses[i])
            snprintf(addresses[i], size, "%s%s%s", bases[i], length && bases[i][length - 1] == '/' ? "" : "/",
                     file->name);
    }
    return addresses;
}

static bool fetch(struct obtaining *o, const char *path, const struct data_file *file, struct error *error)
{
    char **addresses = addresses_of(o, file);
    bool   fetched = false;
    size_t before = existing(o->root);
    if (!addresses || !addresses[0]) {
        error_memory(error, "an address", sizeof *addresses);
    } else if (make_folders(o->root, error)) {
        struct fetch one = {
            .file = file, .path = path, .addresses = (const char *const *)addresses, .patience = FETCH_PATIENCE,
            .progress = &o->progress,
        };
        fetched = fetch_file(&one, error);
    }
    for (int i = 0; addresses && addresses[i]; i++)
        free(addresses[i]);
    free(addresses);
    if (!fetched)
        remove_folders(o->root, before);
    o->changed = o->changed || fetched;
    return fetched;
}

/* A file that is read as it is, or without its .gz. */
static bool obtain_idx(struct obtaining *o, const struct data_file *file, char *path, struct error *error)
{
    enum condition condition;
    size_t         length = strlen(path), end = length - strlen(".gz");
    path[end] = '\0';
    if (!settle_idx(o, path, false, file, &condition, error))
        return false;
    path[end] = '.';
    if (condition == ABSENT && !settle_idx(o, path, true, file, &condition, error))
        return false;
    return condition == GOOD || fetch(o, path, file, error);
}

/* The pieces of an archive may lie there unpacked; if all of them do, it is not wanted. */
static bool settle_pieces(struct obtaining *o, enum part part, bool *all, struct error *error)
{
    char name[DATA_NAME];
    *all = true;
    for (int piece = 0; *all && data_piece(o->model, part, piece, name); piece++) {
        enum condition condition = ABSENT;
        for (int way = 0; condition == ABSENT; way++) {
            bool  gzip;
            char *path = data_piece_path(o->model, o->root, name, way, &gzip);
            if (!path)
                break;
            bool settled = o->model->split ? settle_idx(o, path, gzip, NULL, &condition, error)
                                           : settle_batch(o, path, &condition, error);
            free(path);
            if (!settled)
                return false;
        }
        *all = condition == GOOD;
    }
    return true;
}

static bool obtain_archive(struct obtaining *o, enum part part, const struct data_file *file, char *path,
                           struct error *error)
{
    enum condition condition;
    bool           all;
    if (!settle_pieces(o, part, &all, error))
        return false;
    return all || (settle_archive(o, path, file, &condition, error)
                   && (condition == GOOD || fetch(o, path, file, error)));
}

bool data_obtain(const struct model *model, const char *root, enum part part, enum progress_mode mode, bool *changed,
                 struct error *error)
{
    struct obtaining o = {.model = model, .source = data_source_find(model->dataset), .root = root,
                          .progress = progress_start(mode, model->name)};
    bool             good = true;
    for (const struct data_file *file = o.source ? o.source->files : NULL; good && file && file->name; file++) {
        if (!data_file_of(file, part))
            continue;
        size_t size = strlen(root) + strlen(file->name) + sizeof "/";
        char  *path = malloc(size);
        if (!path)
            return error_memory(error, "a file name", size);
        snprintf(path, size, "%s/%s", root, file->name);
        good = file->content_size ? obtain_idx(&o, file, path, error) : obtain_archive(&o, part, file, path, error);
        free(path);
    }
    *changed = o.changed;
    return good;
}
