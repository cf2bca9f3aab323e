#include "log_parts.h"

#include "replace.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static const double redraw_seconds = 2;         /* drawing pictures more often than this would take time from training */

static const struct { const char *file; log_picture *draw; bool of_findings; } pictures[] = {
    {"loss.svg", log_draw_loss, false},
    {"accuracy.svg", log_draw_accuracy, false},
    {"confusion.svg", log_draw_confusion, true},
    {"mistakes.svg", log_draw_mistakes, true},
};

static const char metrics_file[] = "metrics.jsonl";

static bool path_of(const char *dir, const char *file, char path[PATH_SIZE], struct error *error)
{
    return snprintf(path, PATH_SIZE, "%s/%s", dir, file) < PATH_SIZE
        || error_input(error, "%s: the name of this folder is too long", dir);
}

/* Whether a folder can be made where none is yet. */
static bool parent_writable(const char *dir, struct error *error)
{
    char *copy = strdup(dir);
    bool  good = copy && access(dirname(copy), W_OK | X_OK) == 0;
    int   why = copy ? errno : ENOMEM;
    free(copy);
    return good || error_input(error, "%s: cannot make this folder: %s", dir, strerror(why));
}

bool log_possible(const char *dir, struct error *error)
{
    struct stat info;
    char        path[PATH_SIZE];
    if (stat(dir, &info) != 0)
        return errno == ENOENT ? parent_writable(dir, error)
                               : error_input(error, "%s: cannot write: %s", dir, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return error_input(error, "%s: cannot write a log there: it is not a folder", dir);
    if (!path_of(dir, metrics_file, path, error) || !replace_possible(path, error))
        return false;
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        if (!path_of(dir, pictures[i].file, path, error) || !replace_possible(path, error))
            return false;
    return true;
}

static void release(struct log *log)
{
    classes_free(&log->classes);
    free(log->records.at);
    free(log->current.confusion);
    free(log->last.confusion);
    free(log);
}

static bool begin(struct log *log, struct error *error)
{
    const struct model *model = log->config.model;
    const char         *dir = log->config.settings->log;
    size_t              cells = (size_t)(confusion_rows(model) * model->classes);
    char                path[PATH_SIZE];
    log->shape = picture_of_sample(model, log->config.test);
    log->current.confusion = calloc(cells, sizeof *log->current.confusion);
    log->last.confusion = calloc(cells, sizeof *log->last.confusion);
    if (!log->current.confusion || !log->last.confusion)
        return error_memory(error, "the log", 2 * cells * sizeof *log->last.confusion);
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        return error_input(error, "%s: cannot make this folder: %s", dir, strerror(errno));
    return classes_find(model, log->config.settings->data, &log->classes, error)
        && path_of(dir, metrics_file, path, error) && log_begin_lines(log, path, error);
}

struct log *log_open(const struct log_config *config, struct error *error)
{
    struct log *log = calloc(1, sizeof *log);
    if (!log) {
        error_memory(error, "the log", sizeof *log);
        return NULL;
    }
    log->config = *config;
    log->drawn = -redraw_seconds;
    if (begin(log, error))
        return log;
    release(log);
    return NULL;
}

void log_evaluation(struct log *log, struct evaluation *evaluation)
{
    const struct model *model = log->config.model;
    memset(log->current.confusion, 0, (size_t)(confusion_rows(model) * model->classes) * sizeof *log->current.confusion);
    log->current.mistakes.count = 0;
    evaluation->confusion = log->current.confusion;
    evaluation->mistakes = &log->current.mistakes;
}

/* Keeps what went wrong first. */
static bool note(struct log *log, bool good, const struct error *why)
{
    if (!good && log->error.status == STATUS_OK)
        log->error = *why;
    return good;
}

static void draw(struct log *log)
{
    char         path[PATH_SIZE];
    struct error why;
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        note(log, path_of(log->config.settings->log, pictures[i].file, path, &why)
                  && pictures[i].draw(log, path, &why), &why);
    log->due = false;
    log->drawn = seconds_now();
}

void log_epoch(struct log *log, const struct log_record *record)
{
    char                path[PATH_SIZE];
    struct error        why;
    struct log_findings other = log->last;
    log->last = log->current;
    log->last.epoch = record->epoch;
    log->current = other;
    log->due = true;
    note(log, log_add(&log->records, record, &why) && path_of(log->config.settings->log, metrics_file, path, &why)
              && log_append_line(log, path, record, &why), &why);
    if (seconds_now() - log->drawn >= redraw_seconds)
        draw(log);
}

bool log_close(struct log *log, struct error *error)
{
    if (!log)
        return true;
    if (log->due)
        draw(log);
    bool good = log->error.status == STATUS_OK;
    if (!good) {
        *error = log->error;
        error_add(error, "the log is not complete; the training went on without it");
    }
    release(log);
    return good;
}
