#include "cli/options.h"

#include "base/diag.h"
#include "base/text.h"
#include "plan/plan.h"

#include <string.h>
#include <unistd.h>

enum {
    COMPILES  = COMMAND_COMPILE | COMMAND_RUN,
    PLANS     = COMPILES | COMMAND_SUMMARY | COMMAND_EMIT_PLAN,
    FUSES     = COMPILES | COMMAND_EMIT_GRAPH | COMMAND_EMIT_PLAN,
    EMITS     = COMMAND_EMIT_AST | COMMAND_EMIT_GRAPH | COMMAND_EMIT_PLAN,
    SPECLESS  = COMMAND_RUNTIME | COMMAND_VERSION | COMMAND_HELP,
};

typedef struct CommandDef {
    const char *word;               /* as typed: the first word, or an option that stands for the command */
    Command     command;
    const char *usage, *help;       /* NULL: not listed again */
} CommandDef;

static const CommandDef commands[] = {
    {"run", COMMAND_RUN, "netc run SPEC [options] [-- ARGS]",
     "the same, then build the trainer and run it with ARGS (default: train)"},
    {"check", COMMAND_CHECK, "netc check SPEC...", "report errors only"},
    {"summary", COMMAND_SUMMARY, "netc summary SPEC [--cpu=...]",
     "a table: layer, output shape, parameters, MFLOP, bytes; memory"},
    {"--emit=ast", COMMAND_EMIT_AST, "netc --emit=ast|graph|plan SPEC", "what a stage hands to the next one, as text"},
    {"--emit=graph", COMMAND_EMIT_GRAPH, NULL, NULL},
    {"--emit=plan", COMMAND_EMIT_PLAN, NULL, NULL},
    {"--runtime", COMMAND_RUNTIME, "netc --runtime", "the folder of the sources that a trainer is built with"},
    {"--version", COMMAND_VERSION, "netc --version", "the version"},
    {"--help", COMMAND_HELP, "netc --help", "this page"},
    {"help", COMMAND_HELP, NULL, NULL},
    {"-h", COMMAND_HELP, NULL, NULL},
};

/* Names that are taken for commands to come. */
static const char *const later[] = {"fmt", "graph", "ops", "explain"};

enum { COMMANDS = sizeof commands / sizeof *commands, LATER = sizeof later / sizeof *later };

typedef enum OptionId {
    OPTION_OUTPUT, OPTION_CPU, OPTION_NO_TUNED, OPTION_WITHOUT, OPTION_UNITS, OPTION_EMIT, OPTIONS
} OptionId;

static const struct OptionDef {
    const char        *name, *value;        /* value: as --help names it */
    int                commands;            /* it belongs to */
    const char *const *words;               /* the values it can have instead, ends with NULL */
    const char        *help;                /* NULL: --help lists it among the commands */
} option_defs[OPTIONS] = {
    [OPTION_OUTPUT] = {"-o", "DIR", COMPILES, NULL,
                       "the folder to write into (default: generated/ and the net's name)"},
    [OPTION_CPU] = {"--cpu", NULL, PLANS, target_names,
                    "the CPU to write for (default: native, the one netc runs on)"},
    [OPTION_NO_TUNED] = {"--no-tuned", NULL, FUSES, NULL,
                         "the reference: one plain loop nest for each operation, nothing fused"},
    [OPTION_WITHOUT] = {"--without", "LIST", PLANS, NULL,
                        "leave these techniques out, to see what each brings (--without=help lists them)"},
    [OPTION_UNITS] = {"--units", "N", PLANS, NULL,
                      "for N processors: cut large phases of a step into N units (default: one a block of samples)"},
    [OPTION_EMIT] = {"--emit", NULL, EMITS, (const char *const[]){"ast", "graph", "plan", NULL}, NULL},
};

typedef struct Reader {
    Arena      *arena;
    Options    *options;
    bool        chosen;                     /* options->command was named */
    const char *value[OPTIONS];             /* "" for one without a value; NULL: not given */
} Reader;

/* A line that says what is wrong with the command line, and one that says where to look. Returns false. */
__attribute__((format(printf, 1, 2)))
static bool wrong(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("netc: ", stderr);
    vfprintf(stderr, format, list);
    fputs("\nsee netc --help\n", stderr);
    va_end(list);
    return false;
}

static const char *suggestion(Arena *arena, const char *word, const char *const *names)
{
    const char *near = nearest_name(word, names);
    return near ? arena_printf(arena, "; did you mean %s?", near) : "";
}

/* What an option's value can be, as one writes it in a usage; NULL where it takes none. */
static const char *values_of(Arena *arena, const struct OptionDef *def)
{
    const char *text = def->value;
    for (int i = 0; def->words && def->words[i]; i++)
        text = text ? arena_printf(arena, "%s|%s", text, def->words[i]) : def->words[i];
    return text;
}

static const char *suggested_option(Arena *arena, const char *word)
{
    List(const char *) names = {0};
    for (int i = 0; i < OPTIONS; i++)
        list_add(arena, &names, option_defs[i].name);
    for (int i = 0; i < COMMANDS; i++)
        if (commands[i].word[0] == '-' && !strchr(commands[i].word, '='))
            list_add(arena, &names, commands[i].word);
    list_add(arena, &names, NULL);
    return suggestion(arena, word, names.at);
}

static const CommandDef *command_find(const char *word)
{
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i].word, word))
            return &commands[i];
    return NULL;
}

/* How one types the command, for messages. */
static const char *command_name(Arena *arena, Command command)
{
    for (int i = 0; i < COMMANDS; i++)
        if (commands[i].command == command)
            return arena_printf(arena, "netc %s", commands[i].word);
    return "netc";
}

static bool choose(Reader *reader, const CommandDef *def)
{
    if (reader->chosen && reader->options->command != def->command && def->command != COMMAND_HELP)
        return wrong("%s and %s are two commands; give one",
                     command_name(reader->arena, reader->options->command), command_name(reader->arena, def->command));
    reader->chosen = true;
    reader->options->command = def->command;
    return true;
}

static bool read_units(const char *value, int *units)
{
    *units = 0;
    for (const char *c = value; *c; c++) {
        if (*c < '0' || *c > '9' || *units > MOST_UNITS)
            return false;
        *units = 10 * *units + (*c - '0');
    }
    return *units >= 1 && *units <= MOST_UNITS;
}

static bool set_option(Reader *reader, OptionId id, const char *value)
{
    const struct OptionDef *def = &option_defs[id];
    if (reader->value[id])
        return wrong("%s is given twice", def->name);
    reader->value[id] = value;
    bool known = !def->words;
    for (int i = 0; !known && def->words[i]; i++)
        known = !strcmp(def->words[i], value);
    if (!known)
        return wrong("%s=%s: expected %s%s", def->name, value,
                     values_of(reader->arena, def), suggestion(reader->arena, value, def->words));
    if (id == OPTION_UNITS && !read_units(value, &reader->options->units))
        return wrong("%s=%s: expected a number from 1 to %d", def->name, value, MOST_UNITS);
    if (id == OPTION_EMIT)
        return choose(reader, command_find(arena_printf(reader->arena, "--emit=%s", value)));
    return true;
}

/* Reads the option at argv[*at], and its value where that is the next word. */
static bool read_option(Reader *reader, char **argv, int *at)
{
    const char *word = argv[*at], *equals = strchr(word, '=');
    const char *name = equals ? arena_copy(reader->arena, word, (size_t)(equals - word)) : word;
    for (OptionId id = 0; id < OPTIONS; id++) {
        const struct OptionDef *def = &option_defs[id];
        if (strcmp(def->name, name))
            continue;
        const char *values = values_of(reader->arena, def);
        if (!values)
            return equals ? wrong("%s takes no value", name) : set_option(reader, id, "");
        const char *value = equals ? equals + 1 : argv[*at + 1];
        if (!value || !*value || (!equals && value[0] == '-'))
            return wrong("%s needs a value: %s%s%s", name, name, name[1] == '-' ? "=" : " ", values);
        if (!equals)
            ++*at;
        return set_option(reader, id, value);
    }
    const CommandDef *command = command_find(name);
    if (command)
        return equals ? wrong("%s takes no value", name) : choose(reader, command);
    return wrong("there is no option %s%s%s", name, suggested_option(reader->arena, name),
                 reader->options->command == COMMAND_RUN ? "; options of the trainer stand after --" : "");
}

/* A word that is no option: the command, where it comes first, else a spec. */
static bool read_word(Reader *reader, const char *word)
{
    Options *options = reader->options;
    if (!reader->chosen && !options->specs.count) {
        const CommandDef *def = command_find(word);
        if (def)
            return choose(reader, def);
        for (int i = 0; i < LATER; i++)
            if (!strcmp(later[i], word))
                return wrong("netc %s is not built yet", word);
    }
    list_add(reader->arena, &options->specs, word);
    return true;
}

/* Whether the first word, taken for a spec, was meant as a command: it does not look like a file and is none. Says so
 * and returns false. */
static bool check_command(const Reader *reader)
{
    const Options *options = reader->options;
    const char *words[COMMANDS + LATER + 1] = {0}, *word = options->specs.at[0];
    int count = 0;
    if (reader->chosen || strpbrk(word, "./") || access(word, F_OK) == 0)
        return true;
    for (int i = 0; i < COMMANDS; i++)
        if (commands[i].word[0] != '-')
            words[count++] = commands[i].word;
    for (int i = 0; i < LATER; i++)
        words[count++] = later[i];
    const char *suggested = suggestion(reader->arena, word, words);
    return (!*suggested && options->specs.count == 1) || wrong("there is no command %s%s", word, suggested);
}

/* What can only be judged when all has been read. */
static bool check_options(Reader *reader)
{
    Options *options = reader->options;
    if (options->command & SPECLESS) {
        for (OptionId id = 0; id < OPTIONS; id++)
            if (reader->value[id])
                return wrong("%s takes no options", command_name(reader->arena, options->command));
        return options->command == COMMAND_HELP || !options->specs.count
               || wrong("%s takes no spec", command_name(reader->arena, options->command));
    }
    for (OptionId id = 0; id < OPTIONS; id++)
        if (reader->value[id] && !(option_defs[id].commands & options->command))
            return wrong("%s does not belong to %s", option_defs[id].name,
                         command_name(reader->arena, options->command));
    if (!options->specs.count)
        return wrong("expected a spec: a file such as specs/lenet.net");
    if (!check_command(reader))
        return false;
    if (options->specs.count > 1 && options->command != COMMAND_CHECK) {
        const char *first = options->specs.at[0], *second = options->specs.at[1], *hint = "";
        if (options->command == COMMAND_RUN)
            hint = arena_printf(reader->arena, "; what the trainer is to get stands after --: netc run %s -- %s",
                                first, second);
        return wrong("expected one spec, found %s and %s%s", first, second, hint);
    }
    return true;
}

static const char *technique_list(Arena *arena)
{
    const char *text = "";
    for (Technique i = 0; i < TECHNIQUES; i++)
        text = arena_printf(arena, "%s\n  %-16s %s", text, technique_names[i], technique_help[i]);
    return text;
}

/* The names that --without lists, with commas between. */
static bool read_techniques(Reader *reader)
{
    const char *list = reader->value[OPTION_WITHOUT];
    for (const char *end; list; list = *end ? end + 1 : NULL) {
        end = list + strcspn(list, ",");
        const char *name = arena_copy(reader->arena, list, (size_t)(end - list));
        Technique i = 0;
        while (i < TECHNIQUES && strcmp(technique_names[i], name))
            i++;
        if (i == TECHNIQUES)
            return wrong("--without=%s: expected a list of these, with commas between%s%s", name,
                         suggestion(reader->arena, name, technique_names), technique_list(reader->arena));
        reader->options->without |= 1u << i;
    }
    return true;
}

static void short_usage(void)
{
    fputs("usage: netc SPEC            write the trainer of a .net spec as C, into generated/\n"
          "       netc run SPEC        build and run it too\n"
          "       netc --help          all commands and options\n", stderr);
}

bool options_read(Arena *arena, int argc, char **argv, Options *options)
{
    *options = (Options){.command = COMMAND_COMPILE, .cpu = "native"};
    Reader reader = {.arena = arena, .options = options};
    if (argc < 2) {
        short_usage();
        return false;
    }
    bool only_specs = false;
    for (int i = 1; i < argc; i++) {
        if (only_specs)
            list_add(arena, &options->specs, argv[i]);
        else if (!strcmp(argv[i], "--") && options->command == COMMAND_RUN) {
            options->trainer_args = argv + i + 1;
            break;
        } else if (!strcmp(argv[i], "--"))
            only_specs = true;
        else if (argv[i][0] == '-' && argv[i][1] ? !read_option(&reader, argv, &i) : !read_word(&reader, argv[i]))
            return false;
        if (options->command == COMMAND_HELP)
            return true;
    }
    if (reader.value[OPTION_CPU])
        options->cpu = reader.value[OPTION_CPU];
    options->output = reader.value[OPTION_OUTPUT];
    options->plain = reader.value[OPTION_NO_TUNED];
    return check_options(&reader) && read_techniques(&reader);
}

const char *options_help(Arena *arena)
{
    Text *text = text_new(arena);
    text_add(text, "netc compiles a network, described in a .net spec, into the C source of a program that trains it."
                   "\n\n"
                   "  %-36s %s\n", "netc SPEC [options]", "write the trainer of SPEC and a Makefile that builds it");
    for (int i = 0; i < COMMANDS; i++)
        if (commands[i].usage)
            text_add(text, "  %-36s %s\n", commands[i].usage, commands[i].help);
    text_add(text, "\noptions:\n");
    for (int i = 0; i < OPTIONS; i++) {
        const struct OptionDef *def = &option_defs[i];
        if (!def->help)
            continue;
        const char *values = values_of(arena, def), *equals = !values ? "" : def->name[1] == '-' ? "=" : " ";
        const char *head = arena_printf(arena, "%s%s%s", def->name, equals, values ? values : "");
        text_add(text, "  %-40s %s\n", head, def->help);
    }
    text_add(text, "\nA SPEC of - is standard input. Exit status: 0 all is well, 1 the spec or a file is wrong, "
                   "2 the command line\nis wrong, 3 the machine failed (disk, memory, no compiler).\n");
    return text->at;
}

const char *options_text(Arena *arena, const Options *options, const char *cpu)
{
    const char *spec = options->specs.at[0], *slash = strrchr(spec, '/');
    const char *text = arena_printf(arena, "netc %s --cpu=%s%s", slash ? slash + 1 : spec, cpu,
                                    options->plain ? " --no-tuned" : ""), *mark = " --without=";
    for (Technique i = 0; i < TECHNIQUES; i++)
        if (options->without >> i & 1) {
            text = arena_printf(arena, "%s%s%s", text, mark, technique_names[i]);
            mark = ",";
        }
    return options->units ? arena_printf(arena, "%s --units=%d", text, options->units) : text;
}
