/* The trainer's command line. */
#ifndef NETC_OPTIONS_H
#define NETC_OPTIONS_H

#include "device.h"
#include "error.h"
#include "model.h"
#include "progress.h"

enum command { COMMAND_TRAIN, COMMAND_EVAL, COMMAND_PREDICT, COMMAND_BENCH, COMMAND_INFO, COMMAND_HELP, COMMAND_VERSION };

/* What the options say; where they say nothing, what the spec says. */
struct settings {
    enum command command, topic;        /* topic: the command that help is wanted for, COMMAND_HELP for all */
    int64_t      epochs, steps;         /* -1: not limited by it */
    double       lr;
    uint64_t     seed;
    int          threads;
    const char  *data, *device;
    const char  *init;                  /* or NULL */
    const char  *save, *weights;
    const char  *log;                   /* folder, or NULL */
    const char  *checkpoint, *resume;   /* files, or NULL */
    int64_t      every;                 /* epochs from one checkpoint to the next */
    bool         overfit;
    enum progress_mode progress;
    enum kernels kernels;
    bool         json;                  /* of bench and predict */
    bool         invert;                /* of predict */
    int64_t      top;
    char *const *files;                 /* of predict: what is named on the command line; it lies in argv */
    int          file_count;
    uint64_t     given;                 /* a bit for each option that is (options_given) */
    char *const *arguments;             /* the command line */
    int          argument_count;
    char         file[1024];            /* NAME.safetensors, what save and weights point to by default */
    char         root[4096];            /* the spec's folder, where `~` is in front of it: what data points to then */
};

bool options_read(struct settings *settings, const struct model *model, int argc, char **argv, struct error *error);

/* Whether the command line has this option: "--seed". */
bool options_given(const struct settings *settings, const char *name);

/* Prints what help and --help print, to standard output. */
void options_help(const struct settings *settings, const struct model *model);

#endif
