/* A training on its way: what `train` and its parts share. */
#ifndef NETC_TRAINING_H
#define NETC_TRAINING_H

#include "checkpoint.h"
#include "commands.h"
#include "log.h"

struct training {
    const struct model    *model;
    const struct settings *settings;
    const char            *checkpoint;          /* the file to write checkpoints to, or NULL */
    struct dataset         train, test;
    struct device         *device;
    struct progress        progress;
    struct log            *log;                 /* or NULL */
    struct pace            blocks_pace;
    int64_t                steps_an_epoch;
    int64_t                steps, epochs;       /* in all; the last epoch may be cut short */
    struct rates           rates;               /* the learning rate of each step */
    struct checkpoint      now;                 /* where it stands; the arrays are filled in when they are wanted */
    int64_t                written;             /* the step of the last checkpoint; -1: none */
    int64_t                written_epoch;       /* and its epochs that are done */
};

/* train_loop.c: makes the epochs that are left, each with an evaluation, and the checkpoints. Without any epoch it reports
 * what the initial weights are worth. */
bool train_epochs(struct training *training, struct error *error);

/* Writes the present state to the checkpoint, if there is to be one. */
bool training_checkpoint(struct training *training, struct error *error);

/* overfit.c: leaves of the training part only the first batch. */
bool overfit_batch(struct training *training, struct error *error);

/* Trains on that, and says whether the network can learn it at all. */
bool train_overfit(struct training *training, struct error *error);

#endif
