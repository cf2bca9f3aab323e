/* The CPU from inside: its memory is in device_cpu.c, how its threads run steps in run_cpu.c. */
#ifndef NETC_DEVICE_CPU_H
#define NETC_DEVICE_CPU_H

#include "barrier.h"
#include "device.h"
#include "pipeline.h"
#include "sampler.h"

enum { ALIGNMENT = 64 };                /* a cache line, and the widest vector */

/* What a thread has for itself. */
struct thread {
    void     *scratch;
    void     *workspace;                /* for the images of a block */
    real     *weights, *state;          /* where a phase is done everywhere; the first thread's are those of the device */
    uint64_t *laps;                     /* of the kernels, zero between two runs */
};

struct cpu {
    struct device  device;              /* first: a struct cpu is a struct device */
    int            threads;             /* that can find work: no more than units in a phase */
    struct thread *thread;
    real          *weights, *state;
    int64_t        version;             /* of the weights */
    struct pipelines pipelines;
    struct sampler sampler;             /* of the training part, where the spec wants it balanced */
    void          *batch;
    struct result *result;              /* one for each unit of the largest phase */
};

/* Steps of training, or an evaluation, to be run by one parallel region. All but `next` is written between barriers
 * only. */
struct run {
    _Alignas(ALIGNMENT) atomic_llong next;  /* unit to be claimed; in a cache line of its own */
    _Alignas(ALIGNMENT) struct barrier barrier;
    _Alignas(ALIGNMENT) struct step step;
    struct cpu           *cpu;
    const struct phase   *phases;
    int                   phase_count, phase;
    int                   threads;
    int64_t               units;        /* of the current phase */
    int64_t               samples;      /* in the dataset */
    int64_t               steps_left, steps_done;   /* left: the current one included */
    bool                  broken;       /* the current step's loss is not finite: nobody goes on with it */
    const struct stretch *stretch;      /* NULL: it is an evaluation */
    struct result         sum;
    double                weight;       /* of the current step's samples */
    struct pipeline       pipeline;     /* what step.pipeline and step.sampler are about */
    struct sampler        sampler;
};

/* Units of a phase with so many samples. */
int64_t cpu_units(const struct model *model, const struct phase *phase, int64_t count);

/* Gives the run's step the learning rate and momentum that it has after steps_done of the stretch. */
void cpu_set_rates(struct run *run);

/* Runs it: who asks sets phases, step, threads, samples and steps_left. */
void cpu_run(struct run *run);

#endif
