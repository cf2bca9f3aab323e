/* The CPU: its memory, and what it is asked for. run_cpu.c runs the threads. */
#include "device_cpu.h"

#include "format.h"
#include "sampler_make.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

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

int64_t cpu_units(const struct model *model, const struct phase *phase, int64_t count)
{
    return phase->units + phase->block_units * ((count + model->lanes - 1) / model->lanes);
}

/* Whether some phase of training is done everywhere: then each thread needs weights and state of its own. */
static bool needs_copies(const struct model *model)
{
    for (int i = 0; i < model->train_count; i++)
        if (model->train[i].everywhere)
            return true;
    return false;
}

/* Units of the largest phase of training that threads share. */
static int64_t most_train_units(const struct model *model)
{
    int64_t most = 0;
    for (int i = 0; i < model->train_count; i++) {
        int64_t units = cpu_units(model, &model->train[i], model->batch_size);
        most = units > most && !model->train[i].everywhere ? units : most;
    }
    return most;
}

/* Units of the largest phase: of training, where wanted, and of an evaluation of up to test_count samples. */
static int64_t most_units(const struct model *model, bool train, int64_t test_count)
{
    int64_t most = cpu_units(model, &model->evaluate, test_count), other = train ? most_train_units(model) : 0;
    return most > other ? most : other;
}

int device_cpu_busy(const struct model *model, int threads)
{
    int64_t units = most_train_units(model);
    return threads < units ? threads : (int)units;
}

struct memory_need memory_need(const struct model *model, int threads, bool train, int64_t test_count, size_t workspace)
{
    int64_t units = most_units(model, train, test_count), busy = threads < units ? threads : units;
    int     copies = train && needs_copies(model) ? device_cpu_busy(model, threads) : 1;
    double  flat = (double)model->weights_size * sizeof(real) * copies;
    struct memory_need need = {
        .weights = flat,
        .state = train ? flat * model->state_slots : 0,
        .scratch = (double)model->scratch_bytes * (double)busy,
        .workspace = (double)workspace * model->lanes * (double)busy,
        .batch = train ? (double)model->batch_bytes : 0,
        .results = (double)units * sizeof(struct result),
        .copies = copies,
    };
    need.total = need.weights + need.state + need.scratch + need.workspace + need.batch + need.results;
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
    for (int i = 0; cpu->thread && i < cpu->threads; i++) {
        free(cpu->thread[i].scratch);
        free(cpu->thread[i].workspace);
        free(cpu->thread[i].laps);
        if (i > 0) {
            free(cpu->thread[i].weights);
            free(cpu->thread[i].state);
        }
    }
    free(cpu->thread);
    free(cpu->weights);
    free(cpu->state);
    free(cpu->batch);
    free(cpu->result);
    pipelines_free(&cpu->pipelines);
    sampler_free(&cpu->sampler);
    free(cpu);
}

/* Each thread allocates and zeroes what it has for itself, so that the pages lie near the processor it runs on. */
static bool allocate_threads(struct cpu *cpu, int copies)
{
    const struct model *model = cpu->device.config.model;
    double flat = (double)model->weights_size * sizeof(real);
    int    failed = 0;
    cpu->thread = calloc((size_t)cpu->threads, sizeof *cpu->thread);
    if (!cpu->thread)
        return false;
    cpu->thread[0] = (struct thread){.weights = cpu->weights, .state = cpu->state};
    #pragma omp parallel for num_threads(cpu->threads) schedule(static, 1) reduction(+ : failed)
    for (int i = 0; i < cpu->threads; i++) {
        struct thread *thread = &cpu->thread[i];
        thread->scratch = allocate((double)model->scratch_bytes);
        thread->workspace = allocate((double)pipelines_bytes(&cpu->pipelines) * model->lanes);
        thread->laps = allocate((double)model->kernel_count * sizeof *thread->laps);
        if (i > 0 && i < copies) {
            thread->weights = allocate(flat);
            thread->state = allocate(flat * model->state_slots);
            failed += !thread->weights || !thread->state;
        }
        failed += !thread->scratch || !thread->workspace || !thread->laps;
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

static bool cpu_check(const struct device_config *config, struct error *error)
{
    return config->kernels == KERNELS_AUTO
        || error_set(error, STATUS_USAGE, "--kernels %s chooses among the codes for a GPU, but the device is the CPU",
                     kernels_words[config->kernels]);
}

/* Everything else, when the pipelines are made. */
static bool open_memory(struct cpu *cpu, struct error *error)
{
    const struct device_config *config = &cpu->device.config;
    const struct model *model = config->model;
    bool    train = config->train != NULL;
    int64_t evaluated = device_evaluated(config), units = most_units(model, train, evaluated);
    struct memory_need need = memory_need(model, config->threads, train, evaluated, pipelines_bytes(&cpu->pipelines));
    if (!machine_has(need.total, error))
        return false;
    cpu->threads = (int)(config->threads < units ? config->threads : units);
    cpu->weights = allocate(need.weights / need.copies);
    cpu->state = allocate(need.state / need.copies);
    cpu->batch = allocate(need.batch);
    cpu->result = allocate(need.results);
    return (cpu->weights && cpu->state && cpu->batch && cpu->result && allocate_threads(cpu, need.copies))
        || error_memory(error, "the network", (size_t)need.total);
}

static struct device *cpu_open(const struct device_config *config, struct error *error)
{
    struct cpu *cpu = calloc(1, sizeof *cpu);
    char        threads[FORMAT_SIZE];
    if (!cpu) {
        error_memory(error, "the network", sizeof *cpu);
        return NULL;
    }
    cpu->device = (struct device){.kind = &device_cpu, .config = *config, .piece = config->model->lanes};
    snprintf(cpu->device.name, sizeof cpu->device.name, "cpu, %s", format_counted(threads, config->threads, "thread"));
    if (pipelines_make(config->model, config->train, config->test, &cpu->pipelines, error)
        && (!config->model->balanced || !config->train || sampler_make(config->train, &cpu->sampler, error))
        && open_memory(cpu, error))
        return &cpu->device;
    cpu_close(&cpu->device);
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

static size_t state_bytes(const struct model *model)
{
    return (size_t)model->weights_size * (size_t)model->state_slots * sizeof(real);
}

static bool cpu_set_state(struct device *device, const real *flat, struct error *error)
{
    (void)error;
    memcpy(((struct cpu *)device)->state, flat, state_bytes(device->config.model));
    return true;
}

static bool cpu_get_state(struct device *device, real *flat, struct error *error)
{
    (void)error;
    memcpy(flat, ((struct cpu *)device)->state, state_bytes(device->config.model));
    return true;
}

void cpu_set_rates(struct run *run)
{
    const struct stretch *stretch = run->stretch;
    int64_t               step = stretch->before + stretch->first + run->steps_done;
    run->step.lr = rate_at(stretch->rates, step);
    run->step.momentum = momentum_at(stretch->rates, step);
}

/* What is done to the part's images, as the run sees it; of an evaluation `stretch` is NULL. */
static void use_pipeline(struct run *run, enum part part, const struct stretch *stretch)
{
    const struct pipeline *pipeline = pipelines_find(&run->cpu->pipelines, part, stretch && !stretch->plain);
    if (!pipeline)
        return;
    run->pipeline = *pipeline;
    if (stretch) {
        run->pipeline.seed = stretch->seed;
        run->pipeline.epoch = stretch->epoch;
    }
    run->step.pipeline = &run->pipeline;
}

static void use_sampler(struct run *run)
{
    if (!run->cpu->sampler.samples)
        return;
    run->sampler = run->cpu->sampler;
    run->sampler.seed = run->stretch->seed;
    run->sampler.epoch = run->stretch->epoch;
    run->step.sampler = &run->sampler;
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
        .threads = device_cpu_busy(model, cpu->threads), .steps_left = stretch->steps, .stretch = stretch,
        .sum = *result,
        .step = {
            .weights = cpu->weights, .state = cpu->state, .batch = cpu->batch, .images = data->images,
            .labels = data->labels, .order = stretch->order, .first = first,
            .count = left < model->batch_size ? left : model->batch_size,
            .version = cpu->version, .first_step = stretch->fresh, .result = cpu->result,
        },
    };
    cpu_set_rates(&run);
    use_pipeline(&run, PART_TRAIN, stretch);
    use_sampler(&run);
    cpu_run(&run);
    *result = run.sum;
    return true;
}

/* No more samples at a time than there is room for results. */
static bool cpu_evaluate(struct device *device, enum part part, const struct order *order, int64_t first, int64_t count,
                         struct result *result, real *logits, struct error *error)
{
    struct cpu         *cpu = (struct cpu *)device;
    const struct model *model = device->config.model;
    struct dataset      data = device_part(device, part);
    int64_t             most = (device_evaluated(&device->config) + model->lanes - 1) / model->lanes * model->lanes;
    (void)error;
    for (int64_t done = 0; done < count; done += most) {
        struct run run = {
            .cpu = cpu, .phases = &model->evaluate, .phase_count = 1, .samples = data.count, .threads = cpu->threads,
            .steps_left = 1, .sum = *result,
            .step = {
                .weights = cpu->weights, .state = cpu->state, .batch = cpu->batch, .images = data.images,
                .labels = data.labels, .order = order, .first = first + done,
                .count = count - done < most ? count - done : most, .result = cpu->result,
                .logits = logits ? logits + done * model->classes : NULL, .version = cpu->version,
            },
        };
        use_pipeline(&run, part, NULL);
        cpu_run(&run);
        *result = run.sum;
    }
    return true;
}

const struct device_kind device_cpu = {
    .name = "cpu", .check = cpu_check, .open = cpu_open, .set_weights = cpu_set_weights,
    .get_weights = cpu_get_weights, .set_state = cpu_set_state, .get_state = cpu_get_state, .train = cpu_train,
    .evaluate = cpu_evaluate, .close = cpu_close,
};
