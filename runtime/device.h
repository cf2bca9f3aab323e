/* Where training runs. A device holds the weights and the optimiser's state, and works on the datasets it was opened
 * with. Every function that can fail says so in `error`. */
#ifndef NETC_DEVICE_H
#define NETC_DEVICE_H

#include "data.h"
#include "error.h"
#include "model.h"
#include "random.h"

struct device_config {
    const struct model   *model;
    const struct dataset *train, *test; /* outlive the device; train is NULL where only evaluation is wanted */
    int                   threads;
};

/* Consecutive steps of one epoch. */
struct stretch {
    const struct order *order;          /* of the epoch, or NULL for the order of the file */
    int64_t             first, steps;   /* steps first .. first + steps - 1 of the epoch; the last one may be smaller */
    double              lr;
    bool                fresh;          /* begins with the first step of all */

    /* Called after each step with the steps made so far and the result until then, by one thread while the others wait
     * for it; false ends the stretch. NULL: not wanted. */
    bool              (*after_step)(void *watcher, int64_t steps, const struct result *result);
    void               *watcher;
};

struct device {
    const struct device_kind *kind;
    struct device_config      config;
    uint64_t                 *laps;     /* NULL; or one for each kernel of the model, to which is added how many ticks
                                           (ticks.h) it takes, all threads together */
};

struct device_kind {
    const char *name;                   /* "cpu" */

    struct device *(*open)(const struct device_config *config, struct error *error);

    /* Copy the flat weights to the device and back. */
    bool (*set_weights)(struct device *device, const real *flat, struct error *error);
    bool (*get_weights)(struct device *device, real *flat, struct error *error);

    /* Makes steps; adds the samples' losses and hits to *result, so that a sum over an epoch does not depend on how it
     * was cut into stretches. */
    bool (*train)(struct device *device, const struct stretch *stretch, struct result *result, struct error *error);

    /* Evaluates the test samples at positions first .. first + count - 1 of `order` (NULL: of the file); `first` is a
     * multiple of the model's lanes. Adds to *result; logits, where not NULL, receives count x classes reals. */
    bool (*evaluate)(struct device *device, const struct order *order, int64_t first, int64_t count,
                     struct result *result, real *logits, struct error *error);

    void (*close)(struct device *device);
};

extern const struct device_kind device_cpu;

/* Says whether `text` is a device as one writes it: auto, cpu, cuda, cuda:1, cuda:0,1. */
bool device_name_valid(const char *text);

/* The kind of device that a valid name asks for; an error where this build or machine has none such. */
const struct device_kind *device_find(const char *text, struct error *error);

/* Bytes that training (or, without `train`, evaluation) with this many threads takes, by what they are for. The sum
 * is in `total`, a double: it may be more than any machine has. */
struct memory_need {
    double weights, state, scratch, batch, results, total;
    int    copies;                      /* of weights and state that are counted there: one, or one for each thread */
};
struct memory_need memory_need(const struct model *model, int threads, bool train, int64_t test_count);

/* Of so many threads those that find work in training: no more than the largest phase of a step has units. */
int device_cpu_busy(const struct model *model, int threads);

/* Threads to use where the command line names none, and the processors this process may use. */
int device_cpu_threads(void);
int device_cpu_processors(void);

/* Whether this processor has the instructions that the model was compiled for. */
bool device_cpu_runs(const struct model *model, struct error *error);

enum { MOST_THREADS = 1024 };

#endif
