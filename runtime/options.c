#include "option_values.h"

#include "format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    {"--epochs", "N", &value_count, offsetof(struct settings, epochs), TRAIN, "epochs in all"},
    {"--epochs", "N", &value_count, offsetof(struct settings, epochs), BENCH, "epochs to measure, of which the fastest counts"},
    {"--steps", "N", &value_count, offsetof(struct settings, steps), TRAIN, "stop after N steps; alone, instead of --epochs"},
    {"--steps", "N", &value_count, offsetof(struct settings, steps), BENCH, "of each epoch make the first N steps only"},
    {"--lr", "X", &value_rate, offsetof(struct settings, lr), TRAIN, "learning rate"},
    {"--seed", "N", &value_seed, offsetof(struct settings, seed), TRAIN, "of the initial weights and the order of images"},
    {"--threads", "N", &value_threads, offsetof(struct settings, threads), TRAIN | EVAL | INFO, "changes the speed, no result"},
    {"--threads", "N", &value_threads, offsetof(struct settings, threads), BENCH, "threads to run on"},
    {"--data", "DIR", &value_folder, offsetof(struct settings, data), TRAIN | EVAL | BENCH | INFO,
     "where the dataset's files are"},
    {"--device", "D", &value_device, offsetof(struct settings, device), TRAIN | EVAL | BENCH,
     "auto, cpu, cuda, cuda:1, cuda:0,1"},
    {"--kernels", "K", &value_kernels, offsetof(struct settings, kernels), TRAIN | EVAL | BENCH,
     "of a GPU: auto, fused, layers"},
    {"--init", "FILE", &value_file, offsetof(struct settings, init), TRAIN, "start from these weights (safetensors)"},
    {"--save", "FILE", &value_file, offsetof(struct settings, save), TRAIN, "write the final weights there (safetensors)"},
    {"--checkpoint", "FILE", &value_file, offsetof(struct settings, checkpoint), TRAIN,
     "write there what it takes to go on, also when interrupted"},
    {"--every", "N", &value_most, offsetof(struct settings, every), TRAIN, "write the checkpoint each N epochs"},
    {"--resume", "FILE", &value_file, offsetof(struct settings, resume), TRAIN, "go on from this checkpoint"},
    {"--overfit", NULL, NULL, offsetof(struct settings, overfit), TRAIN, "can it learn? train on one batch, save nothing"},
    {"--log", "DIR", &value_folder, offsetof(struct settings, log), TRAIN, "write metrics.jsonl and pictures there"},
    {"--weights", "FILE", &value_file, offsetof(struct settings, weights), EVAL, "weights to evaluate (safetensors)"},
    {"--weights", "FILE", &value_file, offsetof(struct settings, weights), PREDICT, "weights to predict with (safetensors)"},
    {"--data", "DIR", &value_folder, offsetof(struct settings, data), PREDICT, "where classes that are folders get their names"},
    {"--top", "N", &value_most, offsetof(struct settings, top), PREDICT, "so many classes, the most probable first"},
    {"--invert", NULL, NULL, offsetof(struct settings, invert), PREDICT, "dark on bright becomes bright on dark"},
    {"--progress", "P", &value_mode, offsetof(struct settings, progress), TRAIN | EVAL, "auto, plain, json, off"},
    {"--json", NULL, NULL, offsetof(struct settings, json), EVAL, "one JSON object instead of tables, as --progress json"},
    {"--json", NULL, NULL, offsetof(struct settings, json), BENCH, "one JSON object instead of tables"},
    {"--json", NULL, NULL, offsetof(struct settings, json), PREDICT, "one JSON object a line and image"},
};

enum { OPTIONS = sizeof options / sizeof *options };

_Static_assert(OPTIONS <= 64, "struct settings has a bit for each");

/* Options that are not wanted together: they say different things of the same. */
static const char *const contradictions[][2] = {
    {"--resume", "--init"}, {"--overfit", "--checkpoint"}, {"--overfit", "--resume"}, {"--overfit", "--save"},
    {"--overfit", "--log"}, {"--overfit", "--epochs"}, {"--overfit", "--every"},
};

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
    settings->given |= (uint64_t)1 << (option - options);
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

bool options_given(const struct settings *settings, const char *name)
{
    for (int i = 0; i < OPTIONS; i++)
        if ((settings->given >> i & 1) && strcmp(options[i].name, name) == 0)
            return true;
    return false;
}

static bool check_together(const struct settings *settings, const struct model *model, struct error *error)
{
    for (size_t i = 0; i < sizeof contradictions / sizeof *contradictions; i++)
        if (options_given(settings, contradictions[i][0]) && options_given(settings, contradictions[i][1]))
            return error_set(error, STATUS_USAGE, "%s and %s do not go together", contradictions[i][0], contradictions[i][1]);
    if (options_given(settings, "--every") && !settings->checkpoint && !settings->resume) {
        error_set(error, STATUS_USAGE, "--every says how often to write the checkpoint, but there is none to write");
        return error_add(error, "%s train --checkpoint FILE --every N", model->name);
    }
    return true;
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

/* The spec's folder of the data. No shell sees it, so `~` is made the user's home here. */
static const char *expand_root(struct settings *settings, const char *root)
{
    const char *home = getenv("HOME");
    if (root[0] != '~' || (root[1] && root[1] != '/') || !home
        || snprintf(settings->root, sizeof settings->root, "%s%s", home, root + 1) >= (int)sizeof settings->root)
        return root;
    return settings->root;
}

static void set_defaults(struct settings *settings, const struct model *model)
{
    *settings = (struct settings){
        .topic = COMMAND_HELP, .epochs = -1, .steps = -1, .lr = model->sgd.lr, .seed = model->seed,
        .threads = device_cpu_threads(), .device = model->device, .save = settings->file,
        .weights = settings->file, .progress = PROGRESS_AUTO, .kernels = KERNELS_AUTO, .top = 1,
        .every = 1,
    };
    settings->data = expand_root(settings, model->root);
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
    settings->arguments = argv;
    settings->argument_count = argc;
    if (!read_arguments(settings, model, argc, argv, error) || !check_together(settings, model, error))
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
        printf("  %-18s %s%s%s%s\n", left, options[i].help, *fallback ? " (" : "", fallback, *fallback ? ")" : "");
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
           "3 the machine failed (device, disk, memory), 129, 130 and 143 after SIGHUP, SIGINT and SIGTERM.\n");
}
