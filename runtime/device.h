/* Where training runs. A device holds the weights and the optimiser's state, and works on the datasets it was opened
 * with. Every function that can fail says so in `error`. */
#ifndef NETC_DEVICE_H
#define NETC_DEVICE_H

#include "data.h"
#include "error.h"
#include "model.h"
#include "random.h"

/* Which of the model's CUDA codes a GPU runs. */
enum kernels { KERNELS_AUTO, KERNELS_FUSED, KERNELS_LAYERS };

/* The words for them on the command line; ends with NULL. */
extern const char *const kernels_words[];

struct device_config {
    const struct model   *model;
    const char           *device;       /* as one writes it: auto, cpu, cuda, cuda:1, cuda:0,1 */
    enum kernels          kernels;
    const struct dataset *train, *test; /* outlive the device; train is NULL where only evaluation is wanted */
    int                   threads;
};

/* Consecutive steps of one epoch. */
struct stretch {
    const struct order *order;          /* of the epoch, or NULL for the order of the file */
    int64_t             first, steps;   /* steps first .. first + steps - 1 of the epoch; the last one may be smaller */
    int64_t             before;         /* steps of the run that were made before the epoch */
    const struct rates *rates;          /* the learning rate of each step of the run */
    bool                fresh;          /* begins with the first step of all */
    uint64_t            seed, epoch;    /* of the random transforms' draws */
    bool                plain;          /* random transforms are left out */

    /* NULL, or where to say which step of the epoch has a loss that is not finite. Training then ends with the weights and
     * state, and the result, from before that step; it is left alone where all losses are finite. */
    int64_t            *broken;

    /* Called with the steps made so far and the result until then: by the CPU after each step, by one thread while the
     * others wait for it; by a GPU after as many as it makes in one go. False ends the stretch. NULL: not wanted. */
    bool              (*after_step)(void *watcher, int64_t steps, const struct result *result);
    void               *watcher;
};

enum { DEVICE_NAME = 160 };

struct device {
    const struct device_kind *kind;
    struct device_config      config;
    char                      name[DEVICE_NAME];    /* "cpu, 8 threads", "cuda:0 (NVIDIA L4), fused step" */
    int64_t                   piece;    /* evaluations are asked for in multiples of so many samples */
    uint64_t                 *laps;     /* NULL; or one for each kernel of the model, to which is added how many ticks
                                           (ticks.h) it takes, all threads together */
};

struct device_kind {
    const char *name;                   /* "cpu" */

    /* Whether it is there, as far as can be told before any data is read. */
    bool (*check)(const struct device_config *config, struct error *error);

    struct device *(*open)(const struct device_config *config, struct error *error);

    /* Copy the flat weights to the device and back. */
    bool (*set_weights)(struct device *device, const real *flat, struct error *error);
    bool (*get_weights)(struct device *device, real *flat, struct error *error);

    /* The same for the optimiser's state: state_slots arrays in the layout of the weights, one behind the other. */
    bool (*set_state)(struct device *device, const real *flat, struct error *error);
    bool (*get_state)(struct device *device, real *flat, struct error *error);

    /* Makes steps; adds the samples' losses, hits and weights to *result, so that a sum over an epoch does not depend on how it
     * was cut into stretches. */
    bool (*train)(struct device *device, const struct stretch *stretch, struct result *result, struct error *error);

    /* Evaluates a part's samples at positions first .. first + count - 1 of `order` (NULL: of the file); `first` is a
     * multiple of the device's piece. Adds to *result; logits, where not NULL, receives count x classes reals. */
    bool (*evaluate)(struct device *device, enum part part, const struct order *order, int64_t first, int64_t count,
                     struct result *result, real *logits, struct error *error);

    void (*close)(struct device *device);
};

extern const struct device_kind device_cpu, device_cuda;

/* The samples of a part of the data that the device was opened with. */
struct dataset device_part(const struct device *device, enum part part);

/* Samples of the larger one of the parts that are evaluated again and again: test and validation. */
int64_t device_evaluated(const struct device_config *config);

/* Says whether `text` is a device as one writes it: auto, cpu, cuda, cuda:1, cuda:0,1. */
bool device_name_valid(const char *text);

/* Says before any data is read whether the device that is asked for can be had. `auto` always can. */
bool device_check(const struct device_config *config, struct error *error);

/* Opens the device that is asked for. `auto` is the first GPU, or, where the model can not be trained on it, the CPU;
 * *why then says what is missing (its text is empty where nothing is). */
struct device *device_open(const struct device_config *config, struct error *why, struct error *error);

/* What the samples of a step (its labels, order, first and count) weigh together in their mean loss. */
double step_weight(const struct model *model, const struct step *step);

/* What a sample's loss weighs in the mean of samples that weigh so much together. */
static inline double weight_scale(double weight) { return weight > 0 ? 1 / weight : 0; }

/* Bytes that training (or, without `train`, evaluation) with this many threads takes, by what they are for. The sum
 * is in `total`, a double: it may be more than any machine has. `workspace`: bytes that making an image takes. */
struct memory_need {
    double weights, state, scratch, workspace, batch, results, total;
    int    copies;                      /* of weights and state that are counted there: one, or one for each thread */
};
struct memory_need memory_need(const struct model *model, int threads, bool train, int64_t test_count, size_t workspace);

/* Of so many threads those that find work in training: no more than the largest phase of a step has units. */
int device_cpu_busy(const struct model *model, int threads);

/* Threads to use where the command line names none, and the processors this process may use. */
int device_cpu_threads(void);
int device_cpu_processors(void);

/* Whether this processor has the instructions that the model was compiled for. */
bool device_cpu_runs(const struct model *model, struct error *error);

enum { MOST_THREADS = 1024 };

#endif
