/* The command line of netc. */
#ifndef NETC_OPTIONS_H
#define NETC_OPTIONS_H

#include "base/arena.h"

#include <stdbool.h>

/* What netc and the trainers exit with. */
enum { EXIT_WELL = 0, EXIT_WRONG_INPUT = 1, EXIT_WRONG_COMMAND_LINE = 2, EXIT_MACHINE = 3 };

/* One bit each: the table of options says which commands an option belongs to. */
typedef enum Command {
    COMMAND_COMPILE    = 1 << 0,
    COMMAND_RUN        = 1 << 1,
    COMMAND_CHECK      = 1 << 2,
    COMMAND_SUMMARY    = 1 << 3,
    COMMAND_EMIT_AST   = 1 << 4,
    COMMAND_EMIT_GRAPH = 1 << 5,
    COMMAND_EMIT_PLAN  = 1 << 6,
    COMMAND_RUNTIME    = 1 << 7,
    COMMAND_VERSION    = 1 << 8,
    COMMAND_HELP       = 1 << 9,
} Command;

typedef struct Options {
    Command     command;
    List(const char *) specs;       /* one, or more with COMMAND_CHECK; none with the last three */
    const char *output;             /* -o, or NULL: generated/NAME */
    const char *cpu;                /* --cpu, or "native" */
    bool        plain;              /* --no-tuned */
    unsigned    without;            /* --without: a bit for each Technique (plan.h) */
    int         units;              /* --units, or 0 */
    char      **trainer_args;       /* COMMAND_RUN: what stands after --, ends with NULL; NULL without -- */
} Options;

/* Reads the command line. Where it is wrong, says so on standard error and returns false. */
bool options_read(Arena *arena, int argc, char **argv, Options *options);

/* The page of --help. */
const char *options_help(Arena *arena);

/* How the generated files say they were made, without folders: "netc lenet.net --cpu=avx2". `cpu` is the target's name
 * where --cpu=native stands for it. */
const char *options_text(Arena *arena, const Options *options, const char *cpu);

#endif
