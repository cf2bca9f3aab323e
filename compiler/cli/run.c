#include "cli/run.h"

#include "cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Relative to the folder of the executable: installed; build/netc; build/asan/netc. */
static const char *const runtime_places[] = {"../share/netc/runtime", "../runtime", "../../runtime"};

enum { PLACES = sizeof runtime_places / sizeof *runtime_places };

/* The folder of the running executable. /proc is Linux's; elsewhere the name it was started by has to do. */
static const char *own_folder(Arena *arena, const char *argv0)
{
    char path[PATH_MAX];
    if (!realpath("/proc/self/exe", path) && !realpath(argv0, path))
        return NULL;
    *strrchr(path, '/') = 0;
    return arena_copy(arena, path, strlen(path));
}

const char *runtime_folder(Arena *arena, const char *argv0)
{
    const char *own = own_folder(arena, argv0);
    for (int i = 0; own && i < PLACES; i++) {
        char path[PATH_MAX];
        if (realpath(arena_printf(arena, "%s/%s", own, runtime_places[i]), path)
            && access(arena_printf(arena, "%s/model.h", path), R_OK) == 0)
            return arena_copy(arena, path, strlen(path));
    }
    fprintf(stderr, "netc: the runtime is missing: no %s beside the folder of netc; is it installed whole?\n",
            runtime_places[0] + strlen("../"));
    return NULL;
}

/* Whether a program of this name can be started. */
static bool in_path(Arena *arena, const char *program)
{
    if (strchr(program, '/'))
        return access(program, X_OK) == 0;
    const char *path = getenv("PATH");
    for (size_t length; path && *path; path += length + (path[length] == ':')) {
        length = strcspn(path, ":");
        if (access(arena_printf(arena, "%.*s/%s", (int)length, path, program), X_OK) == 0)
            return true;
    }
    return false;
}

static void show(FILE *file)
{
    rewind(file);
    for (int c; (c = getc(file)) != EOF; )
        putc(c, stderr);
}

/* Runs a program with its output going to `log`. Returns its wait status, or -1 with errno set. */
static int run(char *const args[], FILE *log)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(log), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(log), STDERR_FILENO);
    pid_t child;
    int cause = posix_spawnp(&child, args[0], &actions, NULL, args, environ), status = -1;
    posix_spawn_file_actions_destroy(&actions);
    if (cause) {
        errno = cause;
        return -1;
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

int build_trainer(Arena *arena, const char *folder, const char *runtime)
{
    FILE *log = tmpfile();
    if (!log) {
        fprintf(stderr, "netc: cannot make a temporary file: %s\n", strerror(errno));
        return EXIT_MACHINE;
    }
    /* A make that this netc runs under would hand down its own options, and its jobs, which are not this one's. */
    unsetenv("MAKEFLAGS");
    unsetenv("MFLAGS");
    unsetenv("MAKELEVEL");
    char *args[] = {
        "make", "--no-print-directory", "-C", arena_copy(arena, folder, strlen(folder)),
        arena_printf(arena, "RUNTIME=%s", runtime), NULL,
    };
    int status = run(args, log);
    if (status == -1)
        fprintf(stderr, "netc: cannot run make: %s; netc run needs make and a C compiler\n", strerror(errno));
    else if (status != 0) {
        const char *cc = getenv("CC");
        cc = cc && *cc ? cc : "cc";
        const char *program = arena_copy(arena, cc, strcspn(cc, " "));
        show(log);
        if (!in_path(arena, program))
            fprintf(stderr, "netc: there is no C compiler %s; install one, or name it in the variable CC\n", program);
        else
            fprintf(stderr, "netc: make -C %s failed, see above\n", folder);
    }
    fclose(log);
    return status == 0 ? EXIT_WELL : EXIT_MACHINE;
}

int become_trainer(Arena *arena, const char *folder, const char *net, char **args)
{
    char *path = arena_printf(arena, "%s/%s", folder, net), *train[] = {path, "train", NULL}, **all = train;
    if (args && args[0]) {
        int count = 0;
        while (args[count])
            count++;
        all = arena_alloc(arena, (size_t)(count + 2) * sizeof *all);
        all[0] = path;
        memcpy(all + 1, args, (size_t)count * sizeof *args);
    }
    fflush(NULL);
    execv(path, all);
    fprintf(stderr, "netc: cannot run %s: %s\n", path, strerror(errno));
    return EXIT_MACHINE;
}
