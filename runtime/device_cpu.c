/* The CPU. A run of steps, or an evaluation, is one parallel region. In each phase threads claim the next unit until
 * none is left; nothing is divided by thread number, and results are added in the order of units, so that the number
 * of threads changes no bit. Whoever comes last to the barrier after a phase sets up the next one. */
#include "device.h"

#include "barrier.h"
#include "format.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

enum { ALIGNMENT = 64 };                /* a cache line, and the widest vector */

struct cpu {
    struct device  device;              /* first: a struct cpu is a struct device */
    int            threads;             /* that can find work: no more than units in a phase */
    real          *weights, *state;
    int64_t        version;             /* of the weights */
    void          *batch;
    void         **scratch;             /* one for each thread */
    struct result *result;              /* one for each unit of the largest phase */
};

/* What the threads of a parallel region share. All but `next` is written between barriers only. */
struct run {
    _Alignas(ALIGNMENT) atomic_llong next;  /* unit to be claimed; in a cache line of its own */
    _Alignas(ALIGNMENT) struct barrier barrier;
    _Alignas(ALIGNMENT) struct step step;
    struct cpu         *cpu;
    const struct phase *phases;
    int                 phase_count, phase;
    int64_t             units;          /* of the current phase */
    int64_t             samples;        /* in the dataset */
    int64_t             steps_left;     /* the current one included */
    struct result       sum;
};

int device_cpu_threads(void)
{
    int threads = omp_get_max_threads();        /* OMP_NUM_THREADS, else the processors this process may use */
    return threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
}

int device_cpu_processors(void) { return omp_get_num_procs(); }

bool device_cpu_runs(const struct model *model, struct error *error)
{
#if defined __x86_64__ || defined __i386__
    bool avx512 = strcmp(model->target, "avx512") == 0, avx2 = strcmp(model->target, "avx2") == 0;
    if ((avx512 && !__builtin_cpu_supports("avx512f")) || (avx2 && !__builtin_cpu_supports("avx2"))
        || ((avx512 || avx2) && !__builtin_cpu_supports("fma")))
        return error_set(error, STATUS_MACHINE,
                         "this trainer was compiled with --cpu=%s, which this processor does not have", model->target);
#else
    (void)model, (void)error;
#endif
    return true;
}

static int64_t units_of(const struct model *model, const struct phase *phase, int64_t count)
{
    return phase->blocks ? (count + model->lanes - 1) / model->lanes : phase->units;
}

/* Units of the largest phase: of training, where wanted, and of an evaluation of up to test_count samples. */
static int64_t most_units(const struct model *model, bool train, int64_t test_count)
{
    int64_t most = units_of(model, &model->evaluate, test_count);
    for (int i = 0; train && i < model->train_count; i++) {
        int64_t units = units_of(model, &model->train[i], model->batch_size);
        most = units > most ? units : most;
    }
    return most;
}

struct memory_need memory_need(const struct model *model, int threads, bool train, int64_t test_count)
{
    int64_t units = most_units(model, train, test_count);
    struct memory_need need = {
        .weights = (double)model->weights_size * sizeof(real),
        .state = train ? (double)model->weights_size * sizeof(real) * model->state_slots : 0,
        .scratch = (double)model->scratch_bytes * (double)(threads < units ? threads : units),
        .batch = train ? (double)model->batch_bytes : 0,
        .results = (double)units * sizeof(struct result),
    };
    need.total = need.weights + need.state + need.scratch + need.batch + need.results;
    return need;
}

/* Zeroed memory of at least one byte. */
static void *allocate(double bytes)
{
    size_t size = ((size_t)bytes / ALIGNMENT + 1) * ALIGNMENT;
    void  *memory = aligned_alloc(ALIGNMENT, size);
    return memory ? memset(memory, 0, size) : NULL;
}

static void cpu_close(struct device *device)
{
    struct cpu *cpu = (struct cpu *)device;
    for (int i = 0; cpu->scratch && i < cpu->threads; i++)
        free(cpu->scratch[i]);
    free(cpu->scratch);
    free(cpu->weights);
    free(cpu->state);
    free(cpu->batch);
    free(cpu->result);
    free(cpu);
}

/* Each thread allocates and zeroes its own scratch, so that its pages lie near the processor it runs on. */
static bool allocate_scratch(struct cpu *cpu, size_t bytes)
{
    int failed = 0;
    cpu->scratch = calloc((size_t)cpu->threads, sizeof *cpu->scratch);
    if (!cpu->scratch)
        return false;
    #pragma omp parallel for num_threads(cpu->threads) schedule(static, 1) reduction(+ : failed)
    for (int i = 0; i < cpu->threads; i++) {
        cpu->scratch[i] = allocate((double)bytes);
        failed += cpu->scratch[i] == NULL;
    }
    return failed == 0;
}

/* Memory that is promised but not there ends a process without a word, so this asks first. */
static bool machine_has(double bytes, struct error *error)
{
    struct sysinfo info;
    char need[FORMAT_SIZE], have[FORMAT_SIZE];
    if (sysinfo(&info) != 0)
        return true;
    double machine = ((double)info.totalram + (double)info.totalswap) * info.mem_unit;
    return bytes <= machine
        || error_set(error, STATUS_MACHINE, "not enough memory: %s needed, this machine has %s",
                     format_bytes(need, bytes), format_bytes(have, machine));
}

static struct device *cpu_open(const struct device_config *config, struct error *error)
{
    const struct model *model = config->model;
    bool    train = config->train != NULL;
    int64_t units = most_units(model, train, config->test->count);
    struct memory_need need = memory_need(model, config->threads, train, config->test->count);
    if (!machine_has(need.total, error))
        return NULL;
    struct cpu *cpu = calloc(1, sizeof *cpu);
    if (!cpu) {
        error_memory(error, "the network", (size_t)need.total);
        return NULL;
    }
    cpu->device = (struct device){.kind = &device_cpu, .config = *config};
    cpu->threads = (int)(config->threads < units ? config->threads : units);
    cpu->weights = allocate(need.weights);
    cpu->state = allocate(need.state);
    cpu->batch = allocate(need.batch);
    cpu->result = allocate(need.results);
    if (cpu->weights && cpu->state && cpu->batch && cpu->result && allocate_scratch(cpu, model->scratch_bytes))
        return &cpu->device;
    cpu_close(&cpu->device);
    error_memory(error, "the network", (size_t)need.total);
    return NULL;
}

static bool cpu_set_weights(struct device *device, const real *flat, struct error *error)
{
    (void)error;
    struct cpu *cpu = (struct cpu *)device;
    memcpy(cpu->weights, flat, (size_t)device->config.model->weights_size * sizeof *flat);
    cpu->version++;
    return true;
}

static bool cpu_get_weights(struct device *device, real *flat, struct error *error)
{
    (void)error;
    memcpy(flat, ((struct cpu *)device)->weights, (size_t)device->config.model->weights_size * sizeof *flat);
    return true;
}

static void start_phase(struct run *run, int phase)
{
    run->phase = phase;
    run->units = units_of(run->cpu->device.config.model, &run->phases[phase], run->step.count);
    atomic_store_explicit(&run->next, 0, memory_order_relaxed);
}

/* Adds up the results of the step that has ended and clears them for the next. */
static void collect(struct run *run)
{
    int64_t units = 0;
    for (int i = 0; i < run->phase_count; i++) {
        int64_t these = units_of(run->cpu->device.config.model, &run->phases[i], run->step.count);
        units = these > units ? these : units;
    }
    for (int64_t i = 0; i < units; i++) {
        run->sum.loss += run->cpu->result[i].loss;
        run->sum.correct += run->cpu->result[i].correct;
    }
    memset(run->cpu->result, 0, (size_t)units * sizeof *run->cpu->result);
}

/* Goes on to the next phase or step; by the last thread to end the current phase, while the others wait. */
static void advance(struct run *run)
{
    if (run->phase + 1 < run->phase_count) {
        start_phase(run, run->phase + 1);
        return;
    }
    collect(run);
    if (run->phases == run->cpu->device.config.model->train)
        run->step.version = ++run->cpu->version;
    if (--run->steps_left == 0)
        return;
    int64_t batch = run->cpu->device.config.model->batch_size;
    run->step.first += batch;
    run->step.count = run->samples - run->step.first < batch ? run->samples - run->step.first : batch;
    run->step.first_step = false;
    start_phase(run, 0);
}

static void work(struct run *run, void *scratch)
{
    while (run->steps_left > 0) {
        const struct phase *phase = &run->phases[run->phase];
        int64_t             units = run->units, unit;
        while ((unit = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed)) < units)
            phase->run(&run->step, scratch, unit);
        if (barrier_arrive(&run->barrier)) {
            advance(run);
            barrier_release(&run->barrier);
        }
    }
}

static void run_threads(struct run *run)
{
    struct cpu *cpu = run->cpu;
    start_phase(run, 0);
    #pragma omp parallel num_threads(cpu->threads)
    {
        /* OpenMP may grant fewer threads than asked for. */
        #pragma omp single
        barrier_init(&run->barrier, omp_get_num_threads(), omp_get_num_procs());
        work(run, cpu->scratch[omp_get_thread_num()]);
    }
}

static bool cpu_train(struct device *device, const struct stretch *stretch, struct result *result, struct error *error)
{
    struct cpu           *cpu = (struct cpu *)device;
    const struct model   *model = device->config.model;
    const struct dataset *data = device->config.train;
    int64_t               first = stretch->first * model->batch_size, left = data->count - first;
    (void)error;
    if (stretch->steps == 0)
        return true;
    struct run run = {
        .cpu = cpu, .phases = model->train, .phase_count = model->train_count, .samples = data->count,
        .steps_left = stretch->steps, .sum = *result,
        .step = {
            .weights = cpu->weights, .state = cpu->state, .batch = cpu->batch, .images = data->images,
            .labels = data->labels, .order = stretch->order, .first = first,
            .count = left < model->batch_size ? left : model->batch_size, .lr = stretch->lr,
            .version = cpu->version, .first_step = stretch->fresh, .result = cpu->result,
        },
    };
    run_threads(&run);
    *result = run.sum;
    return true;
}

static bool cpu_evaluate(struct device *device, const struct order *order, int64_t first, int64_t count,
                         struct result *result, real *logits, struct error *error)
{
    struct cpu           *cpu = (struct cpu *)device;
    const struct model   *model = device->config.model;
    const struct dataset *data = device->config.test;
    (void)error;
    if (count == 0)
        return true;
    struct run run = {
        .cpu = cpu, .phases = &model->evaluate, .phase_count = 1, .samples = data->count, .steps_left = 1,
        .sum = *result,
        .step = {
            .weights = cpu->weights, .state = cpu->state, .batch = cpu->batch, .images = data->images,
            .labels = data->labels, .order = order, .first = first, .count = count, .result = cpu->result,
            .logits = logits, .version = cpu->version,
        },
    };
    run_threads(&run);
    *result = run.sum;
    return true;
}

const struct device_kind device_cpu = {
    .name = "cpu", .open = cpu_open, .set_weights = cpu_set_weights, .get_weights = cpu_get_weights, .train = cpu_train,
    .evaluate = cpu_evaluate, .close = cpu_close,
};
