/* train --log DIR: metrics.jsonl, a line for each epoch, and pictures of them. */
#ifndef NETC_LOG_H
#define NETC_LOG_H

#include "commands.h"

/* What an epoch has brought; NAN where there is nothing to say. Accuracies are fractions. */
struct log_record {
    double epoch, step;                 /* epochs and steps since the beginning; whole numbers */
    double train_loss, train_accuracy, valid_loss, valid_accuracy, test_loss, test_accuracy;
    double lr;                          /* of the epoch's last step */
    double seconds, eval_seconds;       /* of training alone; of evaluations */
};

struct log_config {
    const struct model    *model;
    const struct settings *settings;
    const char            *device;      /* its name */
    int64_t                epochs;      /* in all */
    double                 lr;          /* of the run; a schedule starts from it */
    uint64_t               seed;
    int64_t                train_count, valid_count;
    const struct dataset  *test;        /* outlives the log */
    bool                   resumed;     /* after `epochs_done` epochs: the log of these goes on */
    int64_t                epochs_done;
};

struct log;

/* Whether a log can be written to the folder `dir`, which need not be there; nothing is left behind. */
bool log_possible(const char *dir, struct error *error);

/* Begins the log in settings->log, or goes on with what a resumed run has written there: lines of epochs that are made
 * anew go. */
struct log *log_open(const struct log_config *config, struct error *error);

/* Has an evaluation of the test part collect what the pictures show. */
void log_evaluation(struct log *log, struct evaluation *evaluation);

/* Writes an epoch's line; and the pictures, if it is a while since they were. What fails is kept for log_close: no
 * training ends for the sake of its log. */
void log_epoch(struct log *log, const struct log_record *record);

/* Writes what pictures are due and frees the log (or NULL). False: something could not be written. */
bool log_close(struct log *log, struct error *error);

#endif
