/* What a run tells while it goes on: a line that is redrawn on a terminal, plain lines elsewhere, or JSON lines on
 * standard output. Everything else here goes to standard error. */
#ifndef NETC_PROGRESS_H
#define NETC_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum progress_mode { PROGRESS_AUTO, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_OFF };

/* The words for them on the command line; ends with NULL. */
extern const char *const progress_words[];

struct progress {
    enum progress_mode mode;
    const char        *name;            /* of the network */
    bool               redraws;         /* standard error is a terminal that can */
    bool               drawn;           /* an unfinished line stands on it */
    double             started, last;   /* seconds_now() of the beginning and of the last line */
};

/* Where a run stands; losses and accuracy are means over the samples so far. */
struct standing {
    const char *part;                   /* "epoch 3/10", "test" */
    int64_t     done, all;              /* samples */
    int64_t     before;                 /* of these, made before the clock of `seconds` ran */
    double      loss, accuracy;
    double      seconds;                /* that `done` took */
    double      fraction;               /* of the whole run, 0 .. 1 */
};

/* What an epoch has brought; accuracies are fractions. */
struct epoch_report {
    int64_t epoch, epochs;              /* epoch 0: before any training */
    int64_t samples;
    double  train_loss, train_accuracy, test_loss, test_accuracy;
    bool    validated;                  /* a part is held out, and this is what it gives: */
    double  valid_loss, valid_accuracy;
    double  seconds, eval_seconds;      /* of training alone; of the evaluation */
};

struct progress progress_start(enum progress_mode mode, const char *name);

/* A message on a line of its own; nothing with --progress off. */
void progress_say(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Shows where the run stands, at most a few times a second on a terminal and once a minute elsewhere. */
void progress_show(struct progress *progress, const struct standing *standing);

/* Shows how much of a file has come, as often. */
void progress_bytes(struct progress *progress, const char *file, int64_t done, int64_t all);

void progress_epoch(struct progress *progress, const struct epoch_report *report);

/* Takes an unfinished line off the terminal. */
void progress_clear(struct progress *progress);

/* Prints a number as JSON, null where JSON has none. */
void progress_json_number(const char *key, double value);

double seconds_now(void);

#endif
