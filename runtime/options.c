#include "options.h"

#include "device.h"
#include "format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of values: how one is read (false: it is not one) and how a default is shown in the help. */
struct value_kind {
    const char *expected;
    bool      (*read)(const char *text, void *value);
    void      (*show)(const void *value, char *text, size_t size);
};

static bool read_whole(const char *text, uint64_t most, uint64_t *number)
{
    *number = 0;
    if (!*text)
        return false;
    for (; *text; text++)
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(*number, 10u, number)
            || __builtin_add_overflow(*number, (uint64_t)(*text - '0'), number) || *number > most)
            return false;
    return true;
}

static bool read_count(const char *text, void *value)
{
    uint64_t number;
    bool     good = read_whole(text, INT64_MAX, &number);
    if (good)
        *(int64_t *)value = (int64_t)number;
    return good;
}

static bool read_most(const char *text, void *value)
{
    int64_t number;
    bool    good = read_count(text, &number) && number > 0;
    if (good)
        *(int64_t *)value = number;
    return good;
}

static void show_count(const void *value, char *text, size_t size)
{
    int64_t count = *(const int64_t *)value;
    if (count >= 0)
        snprintf(text, size, "%" PRId64, count);
}

static bool read_seed(const char *text, void *value)
{
    uint64_t number;
    bool     good = read_whole(text, UINT64_MAX, &number);
    if (good)
        *(uint64_t *)value = number;
    return good;
}

static void show_seed(const void *value, char *text, size_t size)
{
    snprintf(text, size, "%" PRIu64, *(const uint64_t *)value);
}

static bool read_threads(const char *text, void *value)
{
    uint64_t number;
    bool     good = read_whole(text, MOST_THREADS, &number) && number > 0;
    if (good)
        *(int *)value = (int)number;
    return good;
}

static void show_threads(const void *value, char *text, size_t size) { snprintf(text, size, "%d",
                                                                                *(const int *)value); }

/* Digits, at most one point among them, then perhaps an exponent: strtod would take more, "inf" and "0x1p3" for
 * instance. */
static bool read_rate(const char *text, void *value)
{
    size_t before = strspn(text, "0123456789"), after = 0, at = before;
    if (text[at] == '.')
        at += 1 + (after = strspn(text + at + 1, "0123456789"));
    if (before + after == 0)
        return false;
    if (text[at] == 'e' || text[at] == 'E') {
        at += 1 + (text[at + 1] == '+' || text[at + 1] == '-');
        size_t exponent = strspn(text + at, "0123456789");
        if (exponent == 0)
            return false;
        at += exponent;
    }
    double number = strtod(text, NULL);
    if (text[at] != '\0' || !isfinite(number))
        return false;
    *(double *)value = number;
    return true;
}

static void show_rate(const void *value, char *text, size_t size) { snprintf(text, size, "%g",
                                                                             *(const double *)value); }

static bool read_text(const char *text, void *value)
{
    *(const char **)value = text;
    return *text != '\0';
}

static void show_text(const void *value, char *text, size_t size)
{
    const char *string = *(const char *const *)value;
    if (string)
        snprintf(text, size, "%s", string);
}

static bool read_device(const char *text, void *value) { return device_name_valid(text) && read_text(text, value); }

/* Which of the words it is, or -1. */
static int word_at(const char *text, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return -1;
}

static bool read_progress(const char *text, void *value)
{
    int i = word_at(text, progress_words);
    if (i >= 0)
        *(enum progress_mode *)value = (enum progress_mode)i;
    return i >= 0;
}

static bool read_kernels(const char *text, void *value)
{
    int i = word_at(text, kernels_words);
    if (i >= 0)
        *(enum kernels *)value = (enum kernels)i;
    return i >= 0;
}

static void show_kernels(const void *value, char *text, size_t size)
{
    snprintf(text, size, "%s", kernels_words[*(const enum kernels *)value]);
}

static void show_progress(const void *value, char *text, size_t size)
{
    snprintf(text, size, "%s", progress_words[*(const enum progress_mode *)value]);
}

static const struct value_kind
    count = {"a whole number of 0 or more", read_count, show_count},
    most = {"a whole number of 1 or more", read_most, show_count},
    seed = {"a whole number from 0 to 18446744073709551615", read_seed, show_seed},
    threads = {"a whole number from 1 to 1024", read_threads, show_threads},
    rate = {"a number of 0 or more, as in 0.01 or 1e-3", read_rate, show_rate},
    file = {"a file name", read_text, show_text},
    folder = {"a folder's name", read_text, show_text},
    device = {"auto, cpu, cuda, cuda:1 or cuda:0,1", read_device, show_text},
    kernels = {"auto, fused or layers", read_kernels, show_kernels},
    mode = {"auto, plain, json or off", read_progress, show_progress};

enum {
    TRAIN = 1 << COMMAND_TRAIN, EVAL = 1 << COMMAND_EVAL, BENCH = 1 << COMMAND_BENCH, INFO = 1 << COMMAND_INFO,
    PREDICT = 1 << COMMAND_PREDICT,
    BENCH_EPOCHS = 3,                   /* that bench measures by default */
};

/* One that means something else for another command stands here twice. Without a kind it takes no value: the field is a
 * bool, which becomes true. */
static const struct option {
    const char              *name, *value;
    const struct value_kind *kind;
    size_t                   field;     /* in struct settings */
    unsigned                 commands;  /* that have it */
    const char              *help;
} options[] = {
    {"--epochs", "N", &count, offsetof(struct settings, epochs), TRAIN, "epochs in all"},
    {"--epochs", "N", &count, offsetof(struct settings, epochs), BENCH, "epochs to measure, of which the fastest counts"},
    {"--steps", "N", &count, offsetof(struct settings, steps), TRAIN, "stop after N steps; alone, instead of --epochs"},
    {"--steps", "N", &count, offsetof(struct settings, steps), BENCH, "of each epoch make the first N steps only"},
    {"--lr", "X", &rate, offsetof(struct settings, lr), TRAIN, "learning rate"},
    {"--seed", "N", &seed, offsetof(struct settings, seed), TRAIN, "of the initial weights and the order of images"},
    {"--threads", "N", &threads, offsetof(struct settings, threads), TRAIN | EVAL | INFO, "changes the speed, no result"},
    {"--threads", "N", &threads, offsetof(struct settings, threads), BENCH, "threads to run on"},
    {"--data", "DIR", &folder, offsetof(struct settings, data), TRAIN | EVAL | BENCH | INFO,
     "where the dataset's files are"},
    {"--device", "D", &device, offsetof(struct settings, device), TRAIN | EVAL | BENCH,
     "auto, cpu, cuda, cuda:1, cuda:0,1"},
    {"--kernels", "K", &kernels, offsetof(struct settings, kernels), TRAIN | EVAL | BENCH,
     "of a GPU: auto, fused, layers"},
    {"--init", "FILE", &file, offsetof(struct settings, init), TRAIN, "start from these weights (safetensors)"},
    {"--save", "FILE", &file, offsetof(struct settings, save), TRAIN, "write the final weights there (safetensors)"},
    {"--log", "DIR", &folder, offsetof(struct settings, log), TRAIN, "write metrics.jsonl and pictures there"},
    {"--weights", "FILE", &file, offsetof(struct settings, weights), EVAL, "weights to evaluate (safetensors)"},
    {"--weights", "FILE", &file, offsetof(struct settings, weights), PREDICT, "weights to predict with (safetensors)"},
    {"--data", "DIR", &folder, offsetof(struct settings, data), PREDICT, "where classes that are folders get their names"},
    {"--top", "N", &most, offsetof(struct settings, top), PREDICT, "so many classes, the most probable first"},
    {"--invert", NULL, NULL, offsetof(struct settings, invert), PREDICT, "dark on bright becomes bright on dark"},
    {"--progress", "P", &mode, offsetof(struct settings, progress), TRAIN | EVAL, "auto, plain, json, off"},
    {"--json", NULL, NULL, offsetof(struct settings, json), BENCH, "one JSON object instead of tables"},
    {"--json", NULL, NULL, offsetof(struct settings, json), PREDICT, "one JSON object a line and image"},
};

enum { OPTIONS = sizeof options / sizeof *options };

static const struct { const char *name; enum command command; const char *help; } commands[] = {
    {"train", COMMAND_TRAIN, "train as the spec says, then save the weights"},
    {"eval", COMMAND_EVAL, "loss, accuracy, precision and recall, confusion matrix on the test set"},
    {"predict", COMMAND_PREDICT, "class and probability of images: PNG, PGM, IDX"},
    {"bench", COMMAND_BENCH, "how fast training and its kernels are on this machine"},
    {"info", COMMAND_INFO, "layers, parameters, memory needed, devices"},
    {"help", COMMAND_HELP, "this text; help COMMAND: its options"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

/* Known names that would be taken for mistakes otherwise. */
static const char *const commands_to_come[] = {"export", NULL};
static const char *const options_to_come[] = {"--checkpoint", "--every", "--resume", NULL};

static bool listed(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

static const char *command_name(enum command command)
{
    for (int i = 0; i < COMMANDS; i++)
        if (commands[i].command == command)
            return commands[i].name;
    return "";
}

static bool find_command(const char *word, const struct model *model, enum command *command, struct error *error)
{
    const char *names[COMMANDS + 1] = {0};
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, word) == 0) {
            *command = commands[i].command;
            return true;
        }
        names[i] = commands[i].name;
    }
    if (listed(word, commands_to_come))
        return error_set(error, STATUS_USAGE, "%s is not built yet", word);
    const char *meant = nearest_name(word, names);
    error_set(error, STATUS_USAGE, "there is no command '%s'", word);
    if (meant)
        error_add(error, "did you mean %s?", meant);
    return error_add(error, "%s --help lists the commands", model->name);
}

/* The option whose name is the first `length` characters of `word`. */
static const struct option *find_option(const struct settings *settings, const struct model *model, const char *word,
                                        size_t length, struct error *error)
{
    const char *names[OPTIONS + 2] = {0}, *command = command_name(settings->command);
    char        name[64];
    int         known = 0;
    bool        elsewhere = false;
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), word);
    for (int i = 0; i < OPTIONS; i++) {
        bool has = options[i].commands >> settings->command & 1;
        bool same = strcmp(options[i].name, name) == 0;
        if (same && has)
            return &options[i];
        elsewhere = elsewhere || same;
        if (has)
            names[known++] = options[i].name;
    }
    if (elsewhere) {
        error_set(error, STATUS_USAGE, "%s has no option %s", command, name);
        error_add(error, "%s %s --help lists its options", model->name, command);
        return NULL;
    }
    names[known] = "--help";
    if (listed(name, options_to_come)) {
        error_set(error, STATUS_USAGE, "%s is not built yet", name);
        return NULL;
    }
    const char *meant = nearest_name(name, names);
    error_set(error, STATUS_USAGE, "%s has no option %s", command, name);
    if (meant)
        error_add(error, "did you mean %s?", meant);
    error_add(error, "%s %s --help lists its options", model->name, command);
    return NULL;
}

/* Reads the option at argv[*at] and goes on to the argument behind it. */
static bool read_option(struct settings *settings, const struct model *model, int argc, char **argv, int *at,
                        struct error *error)
{
    const char *word = argv[(*at)++], *equals = strchr(word, '=');
    size_t      length = equals ? (size_t)(equals - word) : strlen(word);
    const struct option *option = find_option(settings, model, word, length, error);
    if (!option)
        return false;
    if (!option->kind) {
        *(bool *)((char *)settings + option->field) = true;
        return !equals || error_set(error, STATUS_USAGE, "%s takes no value", option->name);
    }
    const char *value = equals ? equals + 1 : *at < argc && strncmp(argv[*at], "--", 2) != 0 ? argv[(*at)++] : NULL;
    if (!value)
        return error_set(error, STATUS_USAGE, "%s: found no value, expected %s", option->name, option->kind->expected);
    return option->kind->read(value, (char *)settings + option->field)
        || error_set(error, STATUS_USAGE, "%s: found '%s', expected %s", option->name, value, option->kind->expected);
}

static bool asks_help(const char *word) { return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0; }

/* Words that are no options are files where the command takes some; they move to the front of argv. Behind "--" all are. */
static bool read_arguments(struct settings *settings, const struct model *model, int argc, char **argv,
                           struct error *error)
{
    bool takes_files = settings->command == COMMAND_PREDICT, only_files = false;
    settings->files = argv + 2;
    for (int at = 2; at < argc;) {
        if (!only_files && asks_help(argv[at])) {
            settings->topic = settings->command;
            settings->command = COMMAND_HELP;
            return true;
        }
        if (!only_files && takes_files && strcmp(argv[at], "--") == 0) {
            only_files = true;
            at++;
        } else if (!only_files && argv[at][0] == '-' && argv[at][1] != '\0') {
            if (!read_option(settings, model, argc, argv, &at, error))
                return false;
        } else if (takes_files) {
            argv[2 + settings->file_count++] = argv[at++];
        } else {
            return error_set(error, STATUS_USAGE, "%s takes options only, found '%s'", command_name(settings->command),
                             argv[at]);
        }
    }
    return !takes_files || settings->file_count > 0
        || error_set(error, STATUS_USAGE, "predict: found no file, expected images: PNG, PGM or IDX");
}

static void set_defaults(struct settings *settings, const struct model *model)
{
    *settings = (struct settings){
        .topic = COMMAND_HELP, .epochs = -1, .steps = -1, .lr = model->sgd.lr, .seed = model->seed,
        .threads = device_cpu_threads(), .data = model->root, .device = model->device, .save = settings->file,
        .weights = settings->file, .progress = PROGRESS_AUTO, .kernels = KERNELS_AUTO, .top = 1,
    };
    snprintf(settings->file, sizeof settings->file, "%s.safetensors", model->name);
}

bool options_read(struct settings *settings, const struct model *model, int argc, char **argv, struct error *error)
{
    set_defaults(settings, model);
    if (argc < 2) {
        error_set(error, STATUS_USAGE, "no command given");
        return error_add(error, "%s train trains the network, %s --help lists the commands", model->name, model->name);
    }
    if (asks_help(argv[1]) || strcmp(argv[1], "--version") == 0) {
        settings->command = asks_help(argv[1]) ? COMMAND_HELP : COMMAND_VERSION;
        return true;
    }
    if (!find_command(argv[1], model, &settings->command, error))
        return false;
    if (settings->command == COMMAND_HELP && argc == 3 && !asks_help(argv[2]))
        return find_command(argv[2], model, &settings->topic, error);
    if (!read_arguments(settings, model, argc, argv, error))
        return false;
    if (settings->command == COMMAND_BENCH && settings->epochs < 0)
        settings->epochs = BENCH_EPOCHS;
    if (settings->epochs < 0 && settings->steps < 0)
        settings->epochs = model->epochs;
    return true;
}

static void help_command(const struct settings *settings, const struct model *model)
{
    struct settings defaults = *settings;
    defaults.epochs = settings->topic == COMMAND_BENCH ? BENCH_EPOCHS : model->epochs;
    printf("usage: %s %s %s[OPTION]...\n\noptions, and what holds without them:\n", model->name,
           command_name(settings->topic), settings->topic == COMMAND_PREDICT ? "FILE... " : "");
    for (int i = 0; i < OPTIONS; i++) {
        if (!(options[i].commands >> settings->topic & 1))
            continue;
        char left[FORMAT_SIZE], fallback[sizeof settings->file] = "";
        snprintf(left, sizeof left, "%s %s", options[i].name, options[i].value ? options[i].value : "");
        if (options[i].kind)
            options[i].kind->show((const char *)&defaults + options[i].field, fallback, sizeof fallback);
        printf("  %-16s %s%s%s%s\n", left, options[i].help, *fallback ? " (" : "", fallback, *fallback ? ")" : "");
    }
}

void options_help(const struct settings *settings, const struct model *model)
{
    if (settings->topic != COMMAND_HELP) {
        help_command(settings, model);
        return;
    }
    printf("The network %s, compiled from %s by %s for %s.\n\n", model->name, model->spec, model->compiler,
           model->target);
    printf("usage: %s COMMAND [OPTION]...\n\n", model->name);
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].help);
    printf("\n%s COMMAND --help lists a command's options; --version tells how this was made.\n", model->name);
    printf("Exit status: 0 all is well, 1 the data or a file is wrong, 2 the command line is wrong,\n"
           "3 the machine failed (device, disk, memory), 130 and 143 after SIGINT and SIGTERM.\n");
}
