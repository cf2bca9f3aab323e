/* How the threads of the CPU run steps. All steps of a run are one parallel region. In each phase threads claim the next
 * unit until none is left; nothing is divided by thread number, and results are added in the order of units, so that the
 * number of threads changes no bit. Whoever comes last to the barrier after a phase sets up the next one. */
#include "device_cpu.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static bool is_everywhere(const struct run *run, int phase)
{
    return phase < run->phase_count && run->phases[phase].everywhere;
}

static void start_phase(struct run *run, int phase)
{
    run->phase = phase;
    run->units = cpu_units(run->cpu->device.config.model, &run->phases[phase], run->step.count);
    atomic_store_explicit(&run->next, 0, memory_order_relaxed);
}

static void start_step(struct run *run)
{
    run->weight = step_weight(run->cpu->device.config.model, &run->step);
    run->step.scale = (real)weight_scale(run->weight);
    start_phase(run, 0);
}

/* How many units of a phase may have left a result. */
static int64_t result_units(const struct run *run)
{
    int64_t units = 0;
    for (int i = 0; i < run->phase_count; i++) {
        int64_t these = cpu_units(run->cpu->device.config.model, &run->phases[i], run->step.count);
        units = these > units && !run->phases[i].everywhere ? these : units;
    }
    return units;
}

/* Whether the step's loss, so far, is not finite: then the step ends here, before any weight is changed. */
static bool breaks(struct run *run)
{
    int64_t units = result_units(run);
    for (int64_t i = 0; i < units && !run->broken; i++)
        run->broken = !isfinite(run->cpu->result[i].loss);
    if (!run->broken)
        return false;
    *run->stretch->broken = run->stretch->first + run->steps_done;
    memset(run->cpu->result, 0, (size_t)units * sizeof *run->cpu->result);
    run->steps_left = 0;
    return true;
}

/* Adds up the results of the step that has ended and clears them for the next. */
static void collect(struct run *run)
{
    int64_t units = result_units(run);
    for (int64_t i = 0; i < units; i++) {
        run->sum.loss += run->cpu->result[i].loss;
        run->sum.correct += run->cpu->result[i].correct;
    }
    run->sum.weight += run->weight;
    memset(run->cpu->result, 0, (size_t)units * sizeof *run->cpu->result);
}

/* Goes on to the next phase or step; by the last thread to end the current phase, while the others wait. */
static void advance(struct run *run)
{
    const struct stretch *stretch = run->stretch;
    int phase = run->phase + 1;
    if (stretch && stretch->broken && breaks(run))
        return;
    while (is_everywhere(run, phase))
        phase++;
    if (phase < run->phase_count) {
        start_phase(run, phase);
        return;
    }
    collect(run);
    if (stretch)
        run->step.version = ++run->cpu->version;
    run->steps_left--;
    run->steps_done++;
    if (stretch && stretch->after_step && !stretch->after_step(stretch->watcher, run->steps_done, &run->sum))
        run->steps_left = 0;
    if (run->steps_left == 0)
        return;
    int64_t batch = run->cpu->device.config.model->batch_size;
    run->step.first += batch;
    run->step.count = run->samples - run->step.first < batch ? run->samples - run->step.first : batch;
    run->step.first_step = false;
    run->step.parity ^= 1;
    cpu_set_rates(run);
    start_step(run);
}

/* The run's step as the thread sees it. A copy: while it updates, others may be a step further. */
static struct step own_step(const struct run *run, const struct thread *thread, bool copies)
{
    struct step step = run->step;
    if (copies) {
        step.weights = thread->weights;
        step.state = thread->state;
    }
    step.workspace = thread->workspace;
    if (run->cpu->device.laps)
        step.laps = thread->laps;
    return step;
}

static void work(struct run *run, const struct thread *thread, bool copies)
{
    while (run->steps_left > 0) {
        struct step         step = own_step(run, thread, copies);
        int                 at = run->phase;
        const struct phase *phase = &run->phases[at];
        int64_t             units = run->units, unit;
        while ((unit = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed)) < units)
            phase->run(&step, thread->scratch, unit);
        if (barrier_arrive(&run->barrier)) {
            advance(run);
            barrier_release(&run->barrier);
        }
        while (!run->broken && is_everywhere(run, ++at))
            for (unit = 0; unit < run->phases[at].units; unit++)
                run->phases[at].run(&step, thread->scratch, unit);
    }
}

/* The device's weights and state are the first thread's; the others begin with the same. */
static void copy_weights(const struct run *run, const struct thread *thread)
{
    const struct cpu   *cpu = run->cpu;
    const struct model *model = cpu->device.config.model;
    size_t bytes = (size_t)model->weights_size * sizeof(real);
    if (thread->weights == cpu->weights)
        return;
    memcpy(thread->weights, cpu->weights, bytes);
    memcpy(thread->state, cpu->state, bytes * (size_t)model->state_slots);
}

static void sum_laps(struct cpu *cpu)
{
    int kernels = cpu->device.config.model->kernel_count;
    for (int i = 0; i < cpu->threads; i++)
        for (int k = 0; k < kernels; k++) {
            cpu->device.laps[k] += cpu->thread[i].laps[k];
            cpu->thread[i].laps[k] = 0;
        }
}

void cpu_run(struct run *run)
{
    struct cpu *cpu = run->cpu;
    bool        copies = false;
    for (int i = 0; i < run->phase_count; i++)
        copies = copies || run->phases[i].everywhere;
    start_step(run);
    #pragma omp parallel num_threads(run->threads)
    {
        const struct thread *thread = &cpu->thread[omp_get_thread_num()];
        /* OpenMP may grant fewer threads than asked for. */
        #pragma omp single
        barrier_init(&run->barrier, omp_get_num_threads(), omp_get_num_procs());
        if (copies)
            copy_weights(run, thread);
        work(run, thread, copies);
    }
    if (cpu->device.laps)
        sum_laps(cpu);
}
