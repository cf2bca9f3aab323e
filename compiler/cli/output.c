#include "cli/output.h"

#include "cli/options.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every generated file names its net and this in its first lines. */
static const char mark[] = ", compiled by netc ";

enum { HEAD = 512 };

/* A move that has been made, to be taken back if a later one fails. */
typedef struct Move { const char *from, *to; } Move;

typedef struct Output {
    Arena        *arena;
    const char   *folder, *net;
    const Files  *files;
    const char   *work;             /* a folder inside `folder`: new files, and old ones until all is done */
    List(const char *) made;        /* folders made for this, outermost first */
    List(const char *) fresh, old;  /* names of files to put into their place, and to remove or replace */
    List(Move)    moves;
    int           status;           /* of the first thing that failed */
} Output;

/* Says what failed. Returns false. */
__attribute__((format(printf, 3, 4)))
static bool fail(Output *output, int status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "netc: %s\n", arena_vprintf(output->arena, format, list));
    va_end(list);
    output->status = status;
    return false;
}

static const char *path_in(Output *output, const char *folder, const char *name)
{
    return arena_printf(output->arena, "%s/%s", folder, name);
}

/* Makes `folder` and those above it, where they are missing. */
static bool make_folders(Output *output)
{
    char *path = arena_copy(output->arena, output->folder, strlen(output->folder));
    for (char *end = path;; ) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char after = *end;
        *end = 0;
        struct stat info;
        bool exists = stat(path, &info) == 0;
        if (!exists && mkdir(path, 0777) != 0)
            return fail(output, EXIT_MACHINE, "cannot make the folder %s: %s", path, strerror(errno));
        if (!exists)
            list_add(output->arena, &output->made, arena_copy(output->arena, path, strlen(path)));
        else if (!S_ISDIR(info.st_mode))
            return fail(output, EXIT_WRONG_INPUT, "%s is in the way: it is no folder; choose another one with -o",
                        path);
        if (!after)
            return true;
        *end = after;
    }
}

static bool make_work_folder(Output *output)
{
    char *path = arena_printf(output->arena, "%s/.netc-XXXXXX", output->folder);
    if (!mkdtemp(path))
        return fail(output, EXIT_MACHINE, "cannot write into %s: %s", output->folder, strerror(errno));
    output->work = path;
    return true;
}

static bool write_file(Output *output, const char *path, const File *file)
{
    FILE *out = fopen(path, "w");
    bool well = out && fwrite(file->text, 1, file->size, out) == file->size;
    int cause = errno;
    if (out && fclose(out) != 0) {
        cause = well ? errno : cause;
        well = false;
    }
    return well || fail(output, EXIT_MACHINE, "cannot write %s: %s", path_in(output, output->folder, file->name),
                        strerror(cause));
}

/* The net that the file at `path` was written for, by netc; NULL for any other file. */
static const char *net_of(Output *output, const char *path)
{
    char head[HEAD + 1];
    FILE *in = fopen(path, "r");
    if (!in)
        return NULL;
    head[fread(head, 1, HEAD, in)] = 0;
    fclose(in);
    const char *end = strstr(head, mark), *begin = end;
    while (end && begin > head && begin[-1] != ' ')
        begin--;
    return end ? arena_copy(output->arena, begin, (size_t)(end - begin)) : NULL;
}

static bool same_bytes(const char *path, const File *file)
{
    FILE *in = fopen(path, "r");
    if (!in)
        return false;
    size_t at = 0;
    int c;
    while ((c = getc(in)) != EOF && at < file->size && (unsigned char)file->text[at] == c)
        at++;
    bool same = c == EOF && !ferror(in) && at == file->size;
    fclose(in);
    return same;
}

static bool move(Output *output, const char *from, const char *to)
{
    if (rename(from, to) != 0)
        return fail(output, EXIT_MACHINE, "cannot write %s: %s", output->folder, strerror(errno));
    list_add(output->arena, &output->moves, ((Move){from, to}));
    return true;
}

/* Writes the file into the work folder, unless it is in its place already, and sees that nothing is in its way. */
static bool write_fresh(Output *output, const File *file)
{
    const char *path = path_in(output, output->folder, file->name);
    struct stat info;
    bool exists = lstat(path, &info) == 0;
    if (exists && !S_ISREG(info.st_mode))
        return fail(output, EXIT_WRONG_INPUT, "%s is in the way: it is no file; choose another folder with -o", path);
    if (exists && same_bytes(path, file))
        return true;
    if (exists && !net_of(output, path))
        return fail(output, EXIT_WRONG_INPUT, "%s is in the way: netc did not write it; move it, or choose another "
                    "folder with -o", path);
    if (exists)
        list_add(output->arena, &output->old, file->name);
    list_add(output->arena, &output->fresh, file->name);
    return write_file(output, path_in(output, output->work, file->name), file);
}

/* A file that only some networks have. */
static const char sometimes[] = "_fused.cu";

/* Whether `name` is what one of the files would be called for the net `other`, and none of the files themselves. */
static bool called_like_one(const Output *output, const char *name, const char *other)
{
    size_t stem = strlen(output->net), other_stem = strlen(other);
    if (strncmp(name, other, other_stem) != 0)
        return false;
    bool like = strcmp(name + other_stem, sometimes) == 0;
    for (int i = 0; i < output->files->count; i++) {
        const char *file = output->files->at[i].name;
        if (!strcmp(file, name))
            return false;
        like = like || (!strncmp(file, output->net, stem) && !strcmp(file + stem, name + other_stem));
    }
    return like;
}

/* Finds what netc wrote into the folder for another net, or for this one by other options, which is of no use now. */
static bool find_stale(Output *output)
{
    DIR *folder = opendir(output->folder);
    if (!folder)
        return fail(output, EXIT_MACHINE, "cannot read %s: %s", output->folder, strerror(errno));
    for (struct dirent *entry; (entry = readdir(folder)); ) {
        const char *path = path_in(output, output->folder, entry->d_name);
        struct stat info;
        const char *net = lstat(path, &info) == 0 && S_ISREG(info.st_mode) ? net_of(output, path) : NULL;
        if (net && called_like_one(output, entry->d_name, net))
            list_add(output->arena, &output->old, arena_copy(output->arena, entry->d_name, strlen(entry->d_name)));
    }
    closedir(folder);
    return true;
}

/* Old files move into the work folder, fresh ones out of it. */
static bool exchange(Output *output)
{
    bool well = true;
    for (int i = 0; well && i < output->old.count; i++)
        well = move(output, path_in(output, output->folder, output->old.at[i]),
                    arena_printf(output->arena, "%s/old-%s", output->work, output->old.at[i]));
    for (int i = 0; well && i < output->fresh.count; i++)
        well = move(output, path_in(output, output->work, output->fresh.at[i]),
                    path_in(output, output->folder, output->fresh.at[i]));
    return well;
}

static void take_back(Output *output)
{
    for (int i = output->moves.count - 1; i >= 0; i--)
        if (rename(output->moves.at[i].to, output->moves.at[i].from) != 0)
            fail(output, EXIT_MACHINE, "cannot bring back %s: %s", output->moves.at[i].from, strerror(errno));
}

static void remove_work_folder(Output *output)
{
    DIR *folder = opendir(output->work);
    for (struct dirent *entry; folder && (entry = readdir(folder)); )
        unlink(path_in(output, output->work, entry->d_name));
    if (folder)
        closedir(folder);
    rmdir(output->work);
}

int output_write(Arena *arena, const char *folder, const char *net, const Files *files, bool *changed)
{
    Output output = {.arena = arena, .folder = folder, .net = net, .files = files};
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGHUP);
    sigprocmask(SIG_BLOCK, &block, &before);

    bool well = make_folders(&output) && make_work_folder(&output);
    for (int i = 0; well && i < files->count; i++)
        well = write_fresh(&output, &files->at[i]);
    well = well && find_stale(&output) && exchange(&output);
    if (!well)
        take_back(&output);
    if (output.work)
        remove_work_folder(&output);
    for (int i = output.made.count - 1; !well && i >= 0; i--)
        rmdir(output.made.at[i]);

    sigprocmask(SIG_SETMASK, &before, NULL);
    *changed = output.moves.count > 0;
    return output.status;
}
