#include "bench.h"

#include "commands.h"
#include "cuda_bench.h"
#include "format.h"
#include "interrupt.h"
#include "peak.h"
#include "pipeline.h"
#include "ticks.h"
#include "weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, IMAGES_A_ROUND = 100, MOST_ROUNDS = 200 };

static const double predict_budget = 0.3;       /* seconds for single images */

struct measuring {
    const struct settings *settings;
    struct dataset         train, test;
    struct device         *device;
    struct progress        progress;
    struct pace            pace;
    int64_t                steps, samples;      /* of each measurement: an epoch, or a part of it */
    uint64_t              *laps;                /* of the kernels */
    real                  *weights;             /* the initial ones */
    struct bench           bench;
};

/* ---- the work of kernels */

static double times(const struct bench *bench, int kernel)
{
    return bench->model->kernels[kernel].everywhere ? bench->busy : 1;
}

double bench_train_flop(const struct bench *bench, int kernel)
{
    const struct kernel *k = &bench->model->kernels[kernel];
    return times(bench, kernel) * ((double)k->sample_flop * (double)bench->train_count
                                   + (double)k->step_flop * (double)bench->steps);
}

double bench_evaluate_flop(const struct bench *bench, int kernel)
{
    return (double)bench->model->kernels[kernel].sample_flop * (double)bench->test_count;
}

double bench_step_bytes(const struct bench *bench, int kernel)
{
    const struct model  *model = bench->model;
    const struct kernel *k = &model->kernels[kernel];
    int64_t blocks = (model->batch_size + model->lanes - 1) / model->lanes;
    return times(bench, kernel) * ((double)k->block_bytes * (double)blocks + (double)k->step_bytes);
}

/* ---- measuring */

static double smaller(double a, double b) { return a < b ? a : b; }

/* The seconds of each kernel: its ticks, in the unit of which `ticks` took `seconds`. Clears the ticks. */
static double *kernel_seconds(const struct measuring *m, double scale, double seconds, uint64_t ticks)
{
    int     kernels = m->bench.model->kernel_count;
    double *each = calloc((size_t)kernels + 1, sizeof *each);
    for (int k = 0; each && k < kernels; k++)
        each[k] = scale * (double)m->laps[k] * seconds / (double)(ticks ? ticks : 1);
    memset(m->laps, 0, (size_t)kernels * sizeof *m->laps);
    return each;
}

/* How much longer an epoch is than what is measured. */
static double epoch_share(const struct measuring *m)
{
    return (double)m->bench.train_count / (double)m->samples;
}

/* Trains; returns the seconds an epoch takes, or -1. `round` of as many as are measured, and one more whose kernels are
 * timed. */
static double train(struct measuring *m, int64_t round, struct error *error)
{
    const struct model *model = m->bench.model;
    struct order  order = order_make(m->settings->seed, (uint64_t)round, (uint64_t)m->train.count);
    struct result sum = {0};
    char          part[FORMAT_SIZE];
    snprintf(part, sizeof part, "bench %" PRId64 "/%" PRId64, round + 1, m->bench.epochs + 1);
    struct rates rates = rates_constant(m->settings->lr, momentum_steady(&model->schedule, model->sgd.momentum));
    struct watch watch = {
        .progress = &m->progress, .error = error, .part = part, .batch = model->batch_size, .steps = m->steps,
        .samples = m->samples, .before = round * m->steps, .all = (m->bench.epochs + 1) * m->steps,
        .started = seconds_now(),
    };
    struct stretch stretch = {
        .order = model->shuffle ? &order : NULL, .steps = m->steps, .rates = &rates, .fresh = round == 0,
        .seed = m->settings->seed, .epoch = (uint64_t)round,
        .after_step = watch_step, .watcher = &watch,
    };
    if (!m->device->kind->train(m->device, &stretch, &sum, error) || watch.stopped)
        return -1;
    return (seconds_now() - watch.started) * epoch_share(m);
}

/* Evaluates; returns the seconds it takes, or -1. */
static double evaluate_once(struct measuring *m, struct error *error)
{
    struct standing   standing = {.fraction = 1};
    struct evaluation evaluation = {0};
    return evaluate(m->device, PART_TEST, m->settings->seed, 0, &m->pace, &m->progress, &standing, &evaluation, error)
        ? evaluation.seconds : -1;
}

/* All training, then all evaluation: the fastest of several. */
static bool measure_epochs(struct measuring *m, struct error *error)
{
    struct bench *bench = &m->bench;
    double        seconds;
    for (int64_t round = 0; round < bench->epochs; round++) {
        if ((seconds = train(m, round, error)) < 0)
            return false;
        bench->train_seconds = smaller(bench->train_seconds, seconds);
    }
    for (int64_t round = 0; round <= bench->epochs; round++) {      /* one more: the first finds its pace */
        if ((seconds = evaluate_once(m, error)) < 0)
            return false;
        bench->evaluate_seconds = smaller(bench->evaluate_seconds, seconds);
    }
    return true;
}

/* The same once more, with a clock in the kernels. */
static bool measure_kernels(struct measuring *m, struct error *error)
{
    struct bench *bench = &m->bench;
    double        scale = epoch_share(m), started = seconds_now();
    uint64_t      ticks = ticks_now();
    m->device->laps = m->laps;
    if ((bench->timed_seconds = train(m, bench->epochs, error)) < 0)
        return false;
    bench->train_kernels = kernel_seconds(m, scale, seconds_now() - started, ticks_now() - ticks);
    started = seconds_now(), ticks = ticks_now();
    if (evaluate_once(m, error) < 0)
        return false;
    bench->evaluate_kernels = kernel_seconds(m, 1, seconds_now() - started, ticks_now() - ticks);
    m->device->laps = NULL;
    return (bench->train_kernels && bench->evaluate_kernels)
        || error_memory(error, "the measurements", (size_t)bench->model->kernel_count * sizeof(double));
}

static void *allocate(size_t bytes)
{
    size_t size = (bytes / ALIGNMENT + 1) * ALIGNMENT;
    void  *memory = aligned_alloc(ALIGNMENT, size);
    return memory ? memset(memory, 0, size) : NULL;
}

/* Test images as the model's function for single ones takes them, one after the other; the caller frees them. */
static char *make_inputs(const struct measuring *m, struct error *error)
{
    const struct model *model = m->bench.model;
    size_t          bytes = model_input_bytes(model);
    char           *inputs = malloc(IMAGES_A_ROUND * bytes + 1);
    struct pipeline pipeline;
    if (!pipeline_make(model, model->prepared, model->transform_count, false, data_shape(model, &m->test), "test images",
                       &pipeline, error)) {
        free(inputs);
        return NULL;
    }
    void *workspace = malloc(pipeline_bytes(&pipeline) + 1);
    for (int i = 0; i < IMAGES_A_ROUND && inputs && workspace; i++) {
        const uint8_t *image = m->test.images + data_image_bytes(model, &m->test) * (i % m->test.count);
        memcpy(inputs + (size_t)i * bytes, pipeline_image(&pipeline, image, 0, workspace), bytes);
    }
    if (!inputs || !workspace) {
        error_memory(error, "the images of a prediction", IMAGES_A_ROUND * bytes + pipeline_bytes(&pipeline));
        free(inputs);
        inputs = NULL;
    }
    free(workspace);
    pipeline_free(&pipeline);
    return inputs;
}

/* One image after the other, by the model's function for that. */
static bool measure_predict(struct measuring *m, struct error *error)
{
    const struct model *model = m->bench.model;
    char   *inputs;
    size_t  bytes = (size_t)model->weights_size * sizeof(real);
    real   *weights, *logits;
    void   *scratch;
    if (!model->predict)
        return true;
    weights = allocate(bytes), logits = allocate((size_t)model->classes * sizeof(real));
    scratch = allocate(model->predict_bytes);
    inputs = make_inputs(m, error);
    bool good = !inputs ? false : (weights && logits && scratch)
             || error_memory(error, "a prediction", bytes + model->predict_bytes);
    if (good)
        model->prepare_predict(memcpy(weights, m->weights, bytes), scratch);
    double begun = seconds_now();
    for (int round = 0; good && round < MOST_ROUNDS && seconds_now() - begun < predict_budget; round++) {
        double started = seconds_now();
        for (int i = 0; i < IMAGES_A_ROUND; i++)
            model->predict(weights, scratch, inputs + (size_t)i * model_input_bytes(model), logits);
        double seconds = (seconds_now() - started) / IMAGES_A_ROUND;
        m->bench.predict_seconds = round == 0 ? seconds : smaller(m->bench.predict_seconds, seconds);
        good = interrupt_none(error);
    }
    free(weights);
    free(logits);
    free(scratch);
    free(inputs);
    return good;
}

/* The largest memory that this process has had. */
static double memory_peak(void)
{
    FILE  *file = fopen("/proc/self/status", "r");
    char   text[256];
    double kib = NAN;
    while (file && fgets(text, sizeof text, file))
        if (sscanf(text, "VmHWM: %lf kB", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib * 1024;
}

/* ---- the command */

static struct device_config device_config(const struct measuring *m)
{
    return (struct device_config){
        .model = m->bench.model, .device = m->settings->device, .kernels = m->settings->kernels, .train = &m->train,
        .test = &m->test, .threads = m->settings->threads,
    };
}

static bool open_device(struct measuring *m, struct error *error)
{
    const struct model *model = m->bench.model;
    size_t bytes = (size_t)model->weights_size * sizeof(real), laps = (size_t)model->kernel_count * sizeof *m->laps;
    struct device_config config = device_config(m);
    m->weights = malloc(bytes + 1);
    m->laps = calloc(1, laps + 1);
    if (!m->weights || !m->laps)
        return error_memory(error, "the initial weights", bytes + laps);
    weights_init(model, m->settings->seed, m->weights);
    m->device = command_device(&config, &m->progress, error);
    return m->device && m->device->kind->set_weights(m->device, m->weights, error);
}

/* A share of the epoch's steps may do; only whole batches then. */
static void plan_steps(struct measuring *m)
{
    const struct model *model = m->bench.model;
    int64_t all = data_steps(model, m->train.count), wanted = m->settings->steps;
    m->steps = wanted < 0 || wanted >= all ? all : wanted;
    m->samples = data_step_samples(model, m->train.count, m->steps);
    m->bench.steps = all;
    m->bench.train_count = data_step_samples(model, m->train.count, all);
    m->bench.test_count = m->test.count;
}

static bool run_cpu(struct measuring *m, struct error *error)
{
    if (!measure_kernels(m, error) || !measure_predict(m, error))
        return false;
    m->bench.memory = memory_peak();
    m->bench.peak_one = peak_flops(1);
    m->bench.peak_all = peak_flops(m->bench.threads);
    progress_clear(&m->progress);
    if (!interrupt_none(error))
        return false;
    if (m->settings->json)
        bench_print_json(&m->bench);
    else
        bench_print(&m->bench);
    return true;
}

static bool run_cuda(struct measuring *m, struct error *error)
{
    struct cuda_bench gpu;
    bool good = cuda_measure(m->device, m->bench.epochs * m->steps, &gpu, error) && interrupt_none(error);
    progress_clear(&m->progress);
    if (good && m->settings->json)
        cuda_bench_print_json(&m->bench, &gpu);
    else if (good)
        cuda_bench_print(&m->bench, &gpu);
    cuda_bench_free(&gpu);
    return good;
}

static bool run(struct measuring *m, struct error *error)
{
    const struct model *model = m->bench.model;
    enum progress_mode  mode = m->settings->json ? PROGRESS_OFF : PROGRESS_AUTO;
    if (!data_load(model, m->settings->data, PART_TRAIN, mode, &m->train, error)
        || !data_load(model, m->settings->data, PART_TEST, mode, &m->test, error) || !open_device(m, error))
        return false;
    plan_steps(m);
    bool cpu = m->device->kind == &device_cpu;
    m->bench.device = cpu ? m->device->kind->name : m->device->name;
    return measure_epochs(m, error) && (cpu ? run_cpu(m, error) : run_cuda(m, error));
}

bool bench_command(const struct model *model, const struct settings *settings, struct error *error)
{
    if (settings->epochs == 0 || settings->steps == 0)
        return error_set(error, STATUS_USAGE, "bench measures at least one step of one epoch");
    struct measuring m = {
        .settings = settings, .progress = progress_start(PROGRESS_AUTO, model->name), .pace = {.amount = 1},
        .bench = {
            .model = model, .threads = settings->threads,
            .busy = device_cpu_busy(model, settings->threads), .epochs = settings->epochs,
            .train_seconds = INFINITY, .evaluate_seconds = INFINITY, .predict_seconds = NAN,
        },
    };
    struct device_config config = device_config(&m);
    bool good = device_check(&config, error) && run(&m, error);
    progress_clear(&m.progress);
    if (m.device)
        m.device->kind->close(m.device);
    data_free(&m.train);
    data_free(&m.test);
    free(m.weights);
    free(m.laps);
    free(m.bench.train_kernels);
    free(m.bench.evaluate_kernels);
    return good;
}
