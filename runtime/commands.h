/* What the trainer's commands do, and what they share. */
#ifndef NETC_COMMANDS_H
#define NETC_COMMANDS_H

#include "device.h"
#include "options.h"

/* train: trains and saves the weights. Without --steps it makes --epochs epochs; with --steps alone it makes that many
 * steps; with both it ends with the first of them; those that a resumed run has made count. Each epoch, also one cut short by
 * --steps, is followed by an evaluation; with 0 epochs or steps there is one of the initial weights, and these are saved. The
 * places to write to are tried before anything else. A loss that is not finite ends training with STATUS_INPUT, and the
 * weights of an earlier run survive. A signal ends it after the step at hand: the checkpoint is written, if there is to be
 * one. */
bool train_command(const struct model *model, const struct settings *settings, struct error *error);

/* eval: prints loss, accuracy, precision and recall of each class and the confusion matrix to standard output, with
 * --progress json as one JSON object. */
bool eval_command(const struct model *model, const struct settings *settings, struct error *error);

/* predict: prints the classes of the images in files to standard output, a line for each, on the CPU. A file that cannot be read
 * is reported and the others go on; the last error is that there was one. */
bool predict_command(const struct model *model, const struct settings *settings, struct error *error);

/* bench: measures how fast this trainer is here, and prints it to standard output as tables or, with --json, as one JSON
 * object. It trains from initial weights and forgets what it has trained. */
bool bench_command(const struct model *model, const struct settings *settings, struct error *error);

/* info: prints tables of layers, memory and devices to standard output. */
bool info_command(const struct model *model, const struct settings *settings, struct error *error);

/* What watch_step looks after while an epoch, or some steps of one, are made. */
struct watch {
    struct progress *progress;
    struct error    *error;
    const char      *part;              /* "epoch 3/10" */
    int64_t          batch, steps, samples; /* steps: of this epoch, samples: that these have */
    int64_t          first, made;       /* steps of the epoch that were made before the stretch, and that are made now */
    int64_t          before, all;       /* steps of the whole run: before this epoch, in all */
    double           started;           /* seconds_now() */
    bool             stopped;           /* by a signal; the error says so */
};

/* For struct stretch, with a struct watch: shows progress, and ends the stretch after a signal. */
bool watch_step(void *watcher, int64_t steps, const struct result *result);

/* Opens the device that config->device asks for; says so where `auto` finds no GPU that can be used. */
struct device *command_device(const struct device_config *config, struct progress *progress, struct error *error);

/* How many pieces of an evaluation to hand to a device at a time: adapted until a piece takes about as long as a person
 * can wait for a sign of life, which changes no result. */
struct pace { int64_t amount; };

/* Means over a part of the data, and what the counting is made of. */
struct evaluation {
    double   loss, accuracy;
    int64_t  correct, count;
    double   seconds;
    int64_t *confusion;                 /* if given: confusion_rows x classes, true class by predicted class */
    struct mistakes *mistakes;          /* if given, beside the confusion: the worst ones (mistakes.h) */
};

/* Labels are bytes, so a network may have more classes than occur. */
int64_t confusion_rows(const struct model *model);

/* Evaluates the device's weights on a part of its data; `epoch` picks the order of the test part where the spec shuffles
 * it. */
bool evaluate(struct device *device, enum part part, uint64_t seed, int64_t epoch, struct pace *pace,
              struct progress *progress, struct standing *standing, struct evaluation *evaluation, struct error *error);

/* Reads weights for the device from a file; says so where some are not finite. */
bool read_weights(struct device *device, const char *path, struct progress *progress, struct error *error);

#endif
