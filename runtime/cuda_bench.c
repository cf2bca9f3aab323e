#include "cuda_bench.h"

#include "cuda_images.h"

#include "cuda_steps.h"

#include <stdlib.h>

enum { TIMED_STEPS = 32 };

/* Events between kernels that are launched one after the other: a row of `columns` + 1 for each step or piece. */
struct clock {
    const struct gpu   *gpu;
    struct cuda_event **events;
    int64_t             rows, columns;
};

static void clock_free(struct clock *clock)
{
    int64_t all = clock->rows * (clock->columns + 1);
    for (int64_t i = 0; clock->events && i < all; i++)
        if (clock->events[i])
            clock->gpu->driver->event_destroy(clock->events[i]);
    free(clock->events);
}

static bool clock_make(struct clock *clock, const struct gpu *gpu, int64_t rows, int64_t columns, struct error *error)
{
    size_t all = (size_t)(rows * (columns + 1));
    *clock = (struct clock){.gpu = gpu, .events = calloc(all + 1, sizeof(struct cuda_event *)), .rows = rows,
                            .columns = columns};
    if (!clock->events)
        return error_memory(error, "the clock's events", all * sizeof *clock->events);
    for (size_t i = 0; i < all; i++)
        if (!cuda_succeeds(gpu->driver, gpu->driver->event_create(&clock->events[i], 0), gpu->label, error,
                           "cuEventCreate")) {
            clock->events[i] = NULL;
            return false;
        }
    return true;
}

static bool clock_record(const struct clock *clock, int64_t row, int64_t column, struct error *error)
{
    const struct gpu  *gpu = clock->gpu;
    struct cuda_event *event = clock->events[row * (clock->columns + 1) + column];
    return cuda_succeeds(gpu->driver, gpu->driver->event_record(event, gpu->stream), gpu->label, error, "cuEventRecord");
}

/* The seconds of a kernel in a row. */
static bool clock_read(const struct clock *clock, int64_t row, int64_t column, double *seconds, struct error *error)
{
    const struct gpu   *gpu = clock->gpu;
    struct cuda_event **event = &clock->events[row * (clock->columns + 1) + column];
    float               milliseconds = 0;
    bool good = cuda_succeeds(gpu->driver, gpu->driver->event_elapsed_time(&milliseconds, event[0], event[1]), gpu->label,
                              error, "cuEventElapsedTime");
    *seconds = 1e-3 * milliseconds;
    return good;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool median(const struct clock *clock, int64_t column, double *seconds, struct error *error)
{
    double each[TIMED_STEPS];
    for (int64_t row = 0; row < clock->rows; row++)
        if (!clock_read(clock, row, column, &each[row], error))
            return false;
    qsort(each, (size_t)clock->rows, sizeof *each, compare);
    *seconds = each[clock->rows / 2];
    return true;
}

static bool sum(const struct clock *clock, int64_t column, double *seconds, struct error *error)
{
    double each;
    *seconds = 0;
    for (int64_t row = 0; row < clock->rows; row++, *seconds += each)
        if (!clock_read(clock, row, column, &each, error))
            return false;
    return true;
}

static struct cuda_lap lap_of(const struct cuda_kernel *kernel, const struct cuda_step *step, double samples, double steps)
{
    return (struct cuda_lap){
        .kernel = kernel, .blocks = cuda_blocks(kernel, step),
        .flop = (double)kernel->sample_flop * samples + (double)kernel->step_flop * steps,
        .bytes = (double)kernel->sample_bytes * samples + (double)kernel->step_bytes * steps,
    };
}

/* A kernel and what launches it. */
struct launch { const struct cuda_kernel *kernel; struct cuda_function *function; };

/* Those that make a step on the device; returns how many. */
static int step_launches(const struct cuda *cuda, struct launch *launches)
{
    const struct cuda_code *code = cuda->code;
    for (int k = 0; k < code->train_count; k++)
        launches[k] = (struct launch){&code->train[k], cuda->gpus[0].train[k]};
    int count = code->train_count;
    if (code->norm.name)
        launches[count++] = (struct launch){&code->norm, cuda->gpus[0].norm};
    if (cuda_updates_apart(code, cuda->gpu_count))
        launches[count++] = (struct launch){&code->update, cuda->gpus[0].update};
    return count;
}

static bool time_steps(const struct cuda *cuda, const struct launch *launches, struct cuda_bench *gpu,
                       struct error *error)
{
    const struct model *model = cuda->sizes.model;
    const struct gpu   *first = &cuda->gpus[0];
    int64_t             whole = cuda->sizes.train_count / model->batch_size;
    struct stretch      stretch = {.steps = whole == 0 ? 1 : whole < TIMED_STEPS ? whole : TIMED_STEPS};
    struct cuda_run     run = cuda_run_of(cuda, &stretch, 0);
    struct cuda_stretch uploaded = {.fresh = 1};
    struct cuda_step    step = cuda_train_step(cuda, 0, &run, 0);
    struct clock        clock;
    for (int64_t index = 0; index < run.steps; index++) {
        uploaded.lr[index] = model->sgd.lr;
        uploaded.momentum[index] = momentum_steady(&model->schedule, model->sgd.momentum);
    }
    cuda_weigh_run(cuda, &stretch, &run);
    bool good = clock_make(&clock, first, run.steps, gpu->train_count, error)
             && gpu_upload_stretch(first, &uploaded, error)
             && gpu_begin(first, (run.steps - 1) * cuda->sizes.model->batch_size + run.last, run.steps, error);
    for (int64_t index = 0; index < run.steps && good; index++) {
        step = cuda_train_step(cuda, 0, &run, index);
        good = gpu_make_images(first, PART_TRAIN, true, cuda_step_offset(cuda, 0, &run, index), &step, error)
            && clock_record(&clock, index, 0, error);
        for (int k = 0; k < gpu->train_count && good; k++)
            good = gpu_launch(first, launches[k].kernel, launches[k].function, &step, error)
                && clock_record(&clock, index, k + 1, error);
    }
    good = good && gpu_wait(first, error);
    for (int k = 0; k < gpu->train_count && good; k++) {
        gpu->train[k] = lap_of(launches[k].kernel, &step, step.count, 1);
        good = median(&clock, k, &gpu->train[k].seconds, error);
    }
    clock_free(&clock);
    return good;
}

static bool time_evaluation(const struct cuda *cuda, struct cuda_bench *gpu, struct error *error)
{
    const struct gpu       *first = &cuda->gpus[0];
    const struct cuda_code *code = cuda->code;
    int64_t most = RUN_STEPS * code->eval_samples, count = cuda->sizes.test_count;
    count = count < most ? count : most;
    int64_t pieces = (count + code->eval_samples - 1) / code->eval_samples;
    struct cuda_stretch uploaded = {0};
    struct clock        clock;
    bool good = clock_make(&clock, first, pieces, code->evaluate_count, error)
             && gpu_upload_stretch(first, &uploaded, error) && gpu_begin(first, count, pieces, error);
    for (int64_t index = 0; index < pieces && good; index++) {
        struct cuda_step step = cuda_evaluate_step(cuda, 0, PART_TEST, index, count);
        good = gpu_make_images(first, PART_TEST, false, 0, &step, error) && clock_record(&clock, index, 0, error);
        for (int k = 0; k < code->evaluate_count && good; k++)
            good = gpu_launch(first, &code->evaluate[k], first->evaluate[k], &step, error)
                && clock_record(&clock, index, k + 1, error);
    }
    good = good && gpu_wait(first, error);
    struct cuda_step step = cuda_evaluate_step(cuda, 0, PART_TEST, 0, count);
    for (int k = 0; k < code->evaluate_count && good; k++) {
        gpu->evaluate[k] = lap_of(&code->evaluate[k], &step, (double)count, (double)pieces);
        good = sum(&clock, k, &gpu->evaluate[k].seconds, error);
    }
    clock_free(&clock);
    return good;
}

bool cuda_measure(struct device *device, int64_t steps, struct cuda_bench *gpu, struct error *error)
{
    const struct cuda      *cuda = (const struct cuda *)device;
    const struct cuda_code *code = cuda->code;
    struct launch *launches = calloc((size_t)code->train_count + 2, sizeof *launches);
    *gpu = (struct cuda_bench){
        .code = code, .gpus = cuda->gpu_count, .train = calloc((size_t)code->train_count + 2, sizeof *gpu->train),
        .evaluate = calloc((size_t)code->evaluate_count + 1, sizeof *gpu->evaluate),
        .evaluate_count = code->evaluate_count, .memory = cuda_need(&cuda->sizes).total,
        .transfers = (double)cuda->transfers / (double)(steps > 0 ? steps : 1),
    };
    bool good = (launches && gpu->train && gpu->evaluate)
             || error_memory(error, "the measurements", (size_t)code->train_count * sizeof *gpu->train);
    if (good)
        gpu->train_count = step_launches(cuda, launches);
    good = good && gpu_enter(&cuda->gpus[0], error) && time_steps(cuda, launches, gpu, error)
        && time_evaluation(cuda, gpu, error);
    free(launches);
    return good;
}

void cuda_bench_free(struct cuda_bench *gpu)
{
    free(gpu->train);
    free(gpu->evaluate);
}
