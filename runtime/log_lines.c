/* metrics.jsonl: a JSON object a line, first one of the run, then one for each epoch. */
#include "log_parts.h"
#include "json.h"
#include "replace.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FIELD(member) {#member, offsetof(struct log_record, member)}

const struct log_field log_fields[] = {
    FIELD(epoch), FIELD(step), FIELD(train_loss), FIELD(train_accuracy), FIELD(valid_loss), FIELD(valid_accuracy),
    FIELD(test_loss), FIELD(test_accuracy), FIELD(lr), FIELD(seconds), FIELD(eval_seconds),
};

_Static_assert(sizeof log_fields / sizeof *log_fields == LOG_FIELDS, "log_parts.h counts the fields");

static double *field_of(const struct log_record *record, int field)
{
    return (double *)((char *)record + log_fields[field].offset);
}

bool log_add(struct log_records *records, const struct log_record *record, struct error *error)
{
    if (records->count == records->room) {
        int64_t            room = records->room ? 2 * records->room : 64;
        struct log_record *at = realloc(records->at, (size_t)room * sizeof *at);
        if (!at)
            return error_memory(error, "the log", (size_t)room * sizeof *at);
        records->at = at;
        records->room = room;
    }
    records->at[records->count++] = *record;
    return true;
}

/* ---- what is written */

static void print_time(FILE *out)
{
    char      text[32] = "";
    time_t    now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    fprintf(out, ", \"time\": \"%s\"}\n", text);
}

static void print_pair(FILE *out, const char *key, const char *text)
{
    fprintf(out, ", \"%s\": ", key);
    utf8_print_json(out, text);
}

static void print_head(FILE *out, const struct log *log)
{
    const struct log_config *config = &log->config;
    const struct model      *model = config->model;
    fputs("{\"net\": ", out);
    utf8_print_json(out, model->name);
    print_pair(out, "spec", model->spec);
    print_pair(out, "compiler", model->compiler);
    print_pair(out, "target", model->target);
    print_pair(out, "device", config->device);
    print_pair(out, "dataset", model->dataset);
    fprintf(out, ", \"train_count\": %" PRId64, config->train_count);
    if (config->valid_count > 0)
        fprintf(out, ", \"valid_count\": %" PRId64, config->valid_count);
    fprintf(out, ", \"test_count\": %" PRId64 ", \"batch_size\": %" PRId64 ", \"epochs\": %" PRId64 ", \"lr\": %.9g"
            ", \"weight_decay\": %.9g, \"seed\": %" PRIu64, config->test->count, model->batch_size, config->epochs,
            config->lr, model->sgd.weight_decay, config->seed);
    if (model->schedule.max_momentum > 0)
        fprintf(out, ", \"base_momentum\": %.9g, \"max_momentum\": %.9g", model->schedule.base_momentum,
                model->schedule.max_momentum);
    else
        fprintf(out, ", \"momentum\": %.9g", model->sgd.momentum);
    fputs(", \"classes\": [", out);
    for (int64_t c = 0; c < log->classes.count; c++) {
        fputs(c ? ", " : "", out);
        utf8_print_json(out, log->classes.name[c]);
    }
    fputc(']', out);
    print_time(out);
}

static void print_record(FILE *out, const struct log *log, const struct log_record *record)
{
    for (int i = 0; i < LOG_FIELDS; i++) {
        double value = *field_of(record, i);
        if (strncmp(log_fields[i].key, "valid_", 6) == 0 && log->config.valid_count == 0)
            continue;
        fprintf(out, "%s\"%s\": ", i ? ", " : "{", log_fields[i].key);
        if (isfinite(value))
            fprintf(out, value == floor(value) && fabs(value) < 1e15 ? "%.0f" : "%.9g", value);
        else
            fputs("null", out);
    }
    print_time(out);
}

static bool append(const char *path, const char *text, size_t size, struct error *error)
{
    struct stat before;
    int         file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    bool        good = file >= 0 && fstat(file, &before) == 0;
    ssize_t     got = good ? write(file, text, size) : 0;
    int         why = errno;
    if (good && got != (ssize_t)size) { /* no half of a line stays */
        why = got < 0 ? why : ENOSPC;
        good = false;
        if (ftruncate(file, before.st_size) != 0)
            why = errno;
    }
    if (file >= 0 && close(file) != 0 && good) {
        why = errno;
        good = false;
    }
    return good || error_set(error, STATUS_MACHINE, "%s: cannot write: %s", path, strerror(why));
}

bool log_append_line(const struct log *log, const char *path, const struct log_record *record, struct error *error)
{
    char  *text = NULL;
    size_t size = 0;
    FILE  *out = open_memstream(&text, &size);
    if (out)
        print_record(out, log, record);
    bool good = (out && fclose(out) == 0) || error_memory(error, path, size);
    good = good && append(path, text, size, error);
    free(text);
    return good;
}

/* ---- what a resumed run has written before */

static char *read_file(const char *path, size_t *size, struct error *error)
{
    char *text = NULL;
    FILE *in = fopen(path, "rb"), *out = in ? open_memstream(&text, size) : NULL;
    char  bytes[4096];
    bool  good = in && out;
    for (size_t got; good && (got = fread(bytes, 1, sizeof bytes, in)) > 0; )
        good = fwrite(bytes, 1, got, out) == got;
    good = good && !ferror(in);
    int why = errno;
    if (out && fclose(out) != 0)
        good = false;
    if (in)
        fclose(in);
    if (good)
        return text;
    free(text);
    error_set(error, STATUS_MACHINE, "%s: cannot read: %s", path, strerror(why));
    return NULL;
}

/* Reads `"key": value, …}` behind the opening brace; values are numbers or strings, of which only numbers are kept. */
static bool read_record(struct json *json, struct log_record *record, struct error *error)
{
    for (int i = 0; i < LOG_FIELDS; i++)
        *field_of(record, i) = NAN;
    do {
        char  *key, *text;
        double number = NAN;
        if (!json_string(json, &key, error) || !json_expect(json, ':', error))
            return false;
        if (json_peek(json) == '"' ? !json_string(json, &text, error) : !json_number(json, &number, error))
            return false;
        for (int i = 0; i < LOG_FIELDS; i++)
            if (strcmp(log_fields[i].key, key) == 0)
                *field_of(record, i) = number;
    } while (json_take(json, ','));
    if (!json_expect(json, '}', error))
        return false;
    return isfinite(record->epoch) || error_input(error, "no \"epoch\" in it");
}

/* The first line: of this network? */
static bool check_head(const struct log *log, struct json *json, struct error *error)
{
    char *key, *net;
    if (!json_expect(json, '{', error) || !json_string(json, &key, error) || !json_expect(json, ':', error)
        || !json_string(json, &net, error))
        return false;
    return (strcmp(key, "net") == 0 && strcmp(net, log->config.model->name) == 0)
        || error_input(error, "it is the log of \"%s\", expected one of \"%s\"", net, log->config.model->name);
}

/* Copies the lines of the epochs that stay, as they are. A last line without an end was cut off and goes. */
static bool keep_lines(struct log *log, const char *path, char *text, size_t size, FILE *out, struct error *error)
{
    int line = 1;
    for (char *at = text, *end; (end = memchr(at, '\n', size - (size_t)(at - text))) != NULL; at = end + 1, line++) {
        size_t            length = (size_t)(end - at);
        char             *copy = strndup(at, length);
        struct json       json = {.text = copy, .size = length};
        struct log_record record = {.epoch = 0};
        struct error      why;
        if (!copy)
            return error_memory(error, path, length);
        bool good = line == 1 ? check_head(log, &json, &why)
                              : json_expect(&json, '{', &why) && read_record(&json, &record, &why);
        bool stays = good && (line == 1 || record.epoch <= (double)log->config.epochs_done);
        free(copy);
        if (!good) {
            error_input(error, "%s: line %d: %s", path, line, why.text);
            return error_add(error, "name another folder with --log, or take the file away");
        }
        if (stays)
            fwrite(at, 1, length + 1, out);
        if (stays && line > 1 && !log_add(&log->records, &record, error))
            return false;
    }
    if (line == 1)                      /* not even the first one is whole */
        print_head(out, log);
    return true;
}

bool log_begin_lines(struct log *log, const char *path, struct error *error)
{
    struct replacement file;
    struct error       unused;
    size_t             size = 0;
    char              *text = NULL;
    bool               goes_on = log->config.resumed && access(path, F_OK) == 0, good = true;
    if (goes_on && !(text = read_file(path, &size, error)))
        return false;
    if (!replace_begin(&file, path, error)) {
        free(text);
        return false;
    }
    if (goes_on)
        good = keep_lines(log, path, text, size, file.file, error);
    else
        print_head(file.file, log);
    free(text);
    return replace_end(&file, good, true, good ? error : &unused) && good;
}
