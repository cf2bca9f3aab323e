/* How steps run on GPUs. All that changes from run to run is one small struct in the device's memory, so that the kernels
 * of a run, once recorded, are launched as one graph. Each step has a result of its own, which the host adds up in order:
 * no sum depends on how an epoch was cut. */
#include "cuda_steps.h"

#include "cuda_images.h"

#include <math.h>

static int64_t ceiling(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* ---- what a GPU is asked for */

struct cuda_run cuda_run_of(const struct cuda *cuda, const struct stretch *stretch, int64_t done)
{
    int64_t batch = cuda->sizes.model->batch_size, steps = smaller(cuda->run_steps, stretch->steps - done);
    int64_t first = (stretch->first + done) * batch;
    return (struct cuda_run){
        .first = first, .steps = steps, .plain = stretch->plain,
        .last = smaller(batch, cuda->sizes.train_count - first - (steps - 1) * batch),
    };
}

struct cuda_stretch cuda_stretch_at(const struct order *order, int64_t first)
{
    struct cuda_stretch stretch = {.shuffled = order != NULL, .first = first};
    if (order)
        stretch.order = *order;
    return stretch;
}

bool gpu_upload_stretch(const struct gpu *gpu, const struct cuda_stretch *stretch, struct error *error)
{
    *gpu->stretch = *stretch;
    return cuda_succeeds(gpu->driver, gpu->driver->copy_to_device(gpu->memory[MEMORY_STRETCH], gpu->stretch,
                                                                  gpu->stretch_bytes, gpu->stream),
                         gpu->label, error, "cuMemcpyHtoDAsync of %zu bytes", gpu->stretch_bytes);
}

double cuda_weigh_run(const struct cuda *cuda, const struct stretch *stretch, const struct cuda_run *run)
{
    const struct model *model = cuda->sizes.model;
    struct sampler      sampler = cuda->sampler;
    double sum = 0;
    sampler.seed = stretch->seed;
    sampler.epoch = stretch->epoch;
    for (int64_t i = 0; i < run->steps; i++) {
        struct step step = {.labels = cuda->device.config.train->labels, .order = stretch->order,
                            .sampler = sampler.samples ? &sampler : NULL,
                            .first = run->first + i * model->batch_size,
                            .count = i == run->steps - 1 ? run->last : model->batch_size};
        double weight = step_weight(model, &step);
        for (int g = 0; g < cuda->gpu_count && model->class_weights; g++)
            ((float *)(cuda->gpus[g].stretch + 1))[i] = (float)weight_scale(weight);
        sum += weight;
    }
    return sum;
}

bool gpu_read_results(const struct gpu *gpu, int64_t results, struct error *error)
{
    size_t bytes = (size_t)results * sizeof *gpu->results;
    return cuda_succeeds(gpu->driver, gpu->driver->copy_to_host(gpu->results, gpu->memory[MEMORY_RESULTS], bytes,
                                                                gpu->stream),
                         gpu->label, error, "cuMemcpyDtoHAsync of %zu bytes", bytes);
}

static bool launch(const struct gpu *gpu, const char *name, struct cuda_function *function, int64_t blocks, int threads,
                   size_t shared_bytes, void **arguments, struct error *error)
{
    return cuda_succeeds(gpu->driver, gpu->driver->launch(function, (unsigned)blocks, 1, 1, (unsigned)threads, 1, 1,
                                                          (unsigned)shared_bytes, gpu->stream, arguments, NULL),
                         gpu->label, error, "cuLaunchKernel of %s", name);
}

int64_t cuda_blocks(const struct cuda_kernel *kernel, const struct cuda_step *step)
{
    int64_t blocks = kernel->units;
    if (kernel->block_units > 0)
        blocks += kernel->block_units * ceiling(step->count, kernel->samples);
    return blocks;
}

bool gpu_launch(const struct gpu *gpu, const struct cuda_kernel *kernel, struct cuda_function *function,
                const struct cuda_step *step, struct error *error)
{
    int64_t blocks = cuda_blocks(kernel, step);
    gpu->arguments[0] = (void *)(uintptr_t)step;
    for (int i = 0; i < kernel->buffer_count; i++)
        gpu->arguments[i + 1] = &gpu->buffers[kernel->buffers[i]];
    return blocks == 0 || launch(gpu, kernel->name, function, blocks, kernel->threads, kernel->shared_bytes,
                                 gpu->arguments, error);
}

bool gpu_begin(const struct gpu *gpu, int64_t count, int64_t results, struct error *error)
{
    cuda_pointer stretch = gpu->memory[MEMORY_STRETCH], samples = gpu->memory[MEMORY_SAMPLES];
    int32_t      number = (int32_t)count;
    void        *arguments[] = {&stretch, &samples, &number};
    size_t       bytes = (size_t)results * sizeof *gpu->results;
    return launch(gpu, "shuffle", gpu->shuffle, ceiling(count, SHUFFLE_THREADS), SHUFFLE_THREADS, 0, arguments, error)
        && cuda_succeeds(gpu->driver, gpu->driver->memset(gpu->memory[MEMORY_RESULTS], 0, bytes, gpu->stream), gpu->label,
                         error, "cuMemsetD8Async of %zu bytes", bytes);
}

int64_t cuda_step_offset(const struct cuda *cuda, int g, const struct cuda_run *run, int64_t index)
{
    int64_t batch = cuda->sizes.model->batch_size, count = index == run->steps - 1 ? run->last : batch;
    return index * batch + count * g / cuda->gpu_count;
}

struct cuda_step cuda_train_step(const struct cuda *cuda, int g, const struct cuda_run *run, int64_t index)
{
    const struct gpu *gpu = &cuda->gpus[g];
    int64_t batch = cuda->sizes.model->batch_size, count = index == run->steps - 1 ? run->last : batch;
    int64_t begin = count * g / cuda->gpu_count, end = count * (g + 1) / cuda->gpu_count;   /* the GPU's part */
    return (struct cuda_step){
        .images = place(gpu, MEMORY_TRAIN_IMAGES, 0), .labels = place(gpu, MEMORY_TRAIN_LABELS, 0),
        .samples = place(gpu, MEMORY_SAMPLES, (size_t)(index * batch + begin) * sizeof(int32_t)),
        .weights = place(gpu, MEMORY_WEIGHTS, 0), .state = place(gpu, MEMORY_STATE, 0),
        .gradient = place(gpu, MEMORY_GRADIENT, 0), .stretch = place(gpu, MEMORY_STRETCH, 0),
        .result = place(gpu, MEMORY_RESULTS, (size_t)index * sizeof(struct cuda_result)),
        .scale = 1 / (float)count, .count = (int32_t)(end - begin), .index = (int32_t)index,
    };
}

struct cuda_step cuda_evaluate_step(const struct cuda *cuda, int g, enum part part, int64_t index, int64_t count)
{
    const struct gpu *gpu = &cuda->gpus[g];
    bool    test = part == PART_TEST;
    size_t  before = part == PART_VALID ? (size_t)cuda->sizes.train_count : 0;      /* samples of the memory */
    int64_t first = index * cuda->code->eval_samples, samples = smaller(cuda->code->eval_samples, count - first);
    return (struct cuda_step){
        .images = place(gpu, test ? MEMORY_TEST_IMAGES : MEMORY_TRAIN_IMAGES, before * (size_t)shape_bytes(cuda->pipelines.plain.from)),
        .labels = place(gpu, test ? MEMORY_TEST_LABELS : MEMORY_TRAIN_LABELS, before),
        .samples = place(gpu, MEMORY_SAMPLES, (size_t)first * sizeof(int32_t)),
        .weights = place(gpu, MEMORY_WEIGHTS, 0), .stretch = place(gpu, MEMORY_STRETCH, 0),
        .result = place(gpu, MEMORY_RESULTS, (size_t)index * sizeof(struct cuda_result)),
        .scale = 1 / (float)samples, .count = (int32_t)samples,
    };
}

/* ---- training */

/* The step up to its gradient; with `joined` code on a single GPU, all of it. A GPU without samples has no gradient. */
static bool enqueue_gradient(const struct cuda *cuda, int g, const struct cuda_run *run, int64_t index,
                             struct cuda_step *step, struct error *error)
{
    const struct gpu       *gpu = &cuda->gpus[g];
    const struct cuda_code *code = cuda->code;
    size_t bytes = (size_t)code->weights_size * sizeof(float);
    if (step->count == 0)
        return cuda_succeeds(gpu->driver, gpu->driver->memset(gpu->memory[MEMORY_GRADIENT], 0, bytes, gpu->stream),
                             gpu->label, error, "cuMemsetD8Async of %zu bytes", bytes);
    if (!gpu_make_images(gpu, PART_TRAIN, !run->plain, cuda_step_offset(cuda, g, run, index), step, error))
        return false;
    for (int k = 0; k < code->train_count; k++)
        if (!gpu_launch(gpu, &code->train[k], gpu->train[k], step, error))
            return false;
    return true;
}

static bool nccl_succeeds(const struct cuda *cuda, int status, const char *call, struct error *error)
{
    if (status == 0)
        return true;
    error_set(error, STATUS_MACHINE, "NCCL: %s failed: %s", call, cuda->libraries.nccl.get_error_string(status));
    return error_add(error, "NCCL_DEBUG=INFO makes it say why; one GPU (--device cuda:0) trains without");
}

/* Makes each GPU's gradient the sum of all. */
static bool enqueue_reduce(const struct cuda *cuda, struct error *error)
{
    const struct nccl *nccl = &cuda->libraries.nccl;
    size_t             count = (size_t)cuda->code->weights_size;
    bool good = nccl_succeeds(cuda, nccl->group_start(), "ncclGroupStart", error);
    for (int g = 0; g < cuda->gpu_count && good; g++) {
        const struct gpu *gpu = &cuda->gpus[g];
        void *gradient = place(gpu, MEMORY_GRADIENT, 0);
        good = nccl_succeeds(cuda, nccl->all_reduce(gradient, gradient, count, NCCL_FLOAT, NCCL_SUM, gpu->comm,
                                                    gpu->stream), "ncclAllReduce", error);
    }
    return good && nccl_succeeds(cuda, nccl->group_end(), "ncclGroupEnd", error);
}

static bool enqueue_step(const struct cuda *cuda, const struct cuda_run *run, int64_t index, struct error *error)
{
    bool several = cuda->gpu_count > 1;
    for (int g = 0; g < cuda->gpu_count; g++) {
        struct cuda_step step = cuda_train_step(cuda, g, run, index);
        if ((several && !gpu_enter(&cuda->gpus[g], error)) || !enqueue_gradient(cuda, g, run, index, &step, error))
            return false;
    }
    if (several && !enqueue_reduce(cuda, error))
        return false;
    for (int g = 0; g < cuda->gpu_count && cuda_updates_apart(cuda->code, cuda->gpu_count); g++) {
        const struct gpu *gpu = &cuda->gpus[g];
        struct cuda_step  step = cuda_train_step(cuda, g, run, index);
        if ((several && !gpu_enter(gpu, error))
            || (cuda->code->norm.name && !gpu_launch(gpu, &cuda->code->norm, gpu->norm, &step, error))
            || !gpu_launch(gpu, &cuda->code->update, gpu->update, &step, error))
            return false;
    }
    return true;
}

/* All of a run that follows the upload. */
static bool enqueue_run(const struct cuda *cuda, const struct cuda_run *run, struct error *error)
{
    int64_t samples = (run->steps - 1) * cuda->sizes.model->batch_size + run->last;
    for (int g = 0; g < cuda->gpu_count; g++)
        if ((cuda->gpu_count > 1 && !gpu_enter(&cuda->gpus[g], error))
            || !gpu_begin(&cuda->gpus[g], samples, run->steps, error))
            return false;
    for (int64_t index = 0; index < run->steps; index++)
        if (!enqueue_step(cuda, run, index, error))
            return false;
    return true;
}

/* Records the run. What fails meanwhile ends the recording as well. */
static bool record(const struct cuda *cuda, const struct cuda_run *run, struct gpu_graph *graph, struct error *error)
{
    const struct gpu         *gpu = &cuda->gpus[0];
    const struct cuda_driver *driver = gpu->driver;
    struct cuda_graph        *recorded = NULL;
    if (!cuda_succeeds(driver, driver->capture_begin(gpu->stream, CUDA_CAPTURE_THREAD_LOCAL), gpu->label, error,
                       "cuStreamBeginCapture"))
        return false;
    bool good = enqueue_run(cuda, run, error);
    int  status = driver->capture_end(gpu->stream, &recorded);
    good = good && cuda_succeeds(driver, status, gpu->label, error, "cuStreamEndCapture")
        && cuda_succeeds(driver, driver->graph_instantiate(&graph->exec, recorded, 0), gpu->label, error,
                         "cuGraphInstantiateWithFlags of %lld steps", (long long)run->steps);
    if (status == CUDA_SUCCESS && recorded)
        driver->graph_destroy(recorded);
    if (!good)
        graph->exec = NULL;
    graph->steps = run->steps;
    graph->last = run->last;
    graph->plain = run->plain;
    return good;
}

/* The graph of runs of this form: recorded once, in place of the one that was recorded longest ago. */
static struct gpu_graph *graph_of(const struct cuda *cuda, const struct cuda_run *run, struct error *error)
{
    struct gpu *gpu = &cuda->gpus[0];
    for (int i = 0; i < GRAPHS; i++)
        if (gpu->graphs[i].exec && gpu->graphs[i].steps == run->steps && gpu->graphs[i].last == run->last
            && gpu->graphs[i].plain == run->plain)
            return &gpu->graphs[i];
    struct gpu_graph *graph = &gpu->graphs[gpu->next_graph];
    gpu->next_graph = (gpu->next_graph + 1) % GRAPHS;
    if (graph->exec)
        gpu->driver->graph_exec_destroy(graph->exec);
    graph->exec = NULL;
    return record(cuda, run, graph, error) ? graph : NULL;
}

static bool launch_run(const struct cuda *cuda, const struct cuda_run *run, struct error *error)
{
    const struct gpu *gpu = &cuda->gpus[0];
    if (cuda->gpu_count > 1)
        return enqueue_run(cuda, run, error);
    const struct gpu_graph *graph = graph_of(cuda, run, error);
    return graph && cuda_succeeds(gpu->driver, gpu->driver->graph_launch(graph->exec, gpu->stream), gpu->label, error,
                                  "cuGraphLaunch of %lld steps", (long long)run->steps);
}

/* The first steps of a longer run. */
static struct cuda_run beginning(const struct cuda *cuda, const struct cuda_run *run, int64_t steps)
{
    struct cuda_run part = *run;
    part.steps = steps;
    part.last = cuda->sizes.model->batch_size;
    return part;
}

/* Puts back what was kept before a run, and makes its beginning again. What was uploaded for it is still there. */
static bool make_again(const struct cuda *cuda, const struct cuda_run *run, struct error *error)
{
    for (int g = 0; g < cuda->gpu_count; g++)
        if (!gpu_enter(&cuda->gpus[g], error) || !gpu_put_back(&cuda->gpus[g], &cuda->sizes, error))
            return false;
    if (run->steps > 0 && !enqueue_run(cuda, run, error))
        return false;
    for (int g = 0; g < cuda->gpu_count; g++)
        if (!gpu_wait(&cuda->gpus[g], error))
            return false;
    return true;
}

/* The steps of a run that come before the first one whose loss is not finite. */
static int64_t finite_steps(const struct cuda *cuda, const struct cuda_run *run)
{
    for (int64_t step = 0; step < run->steps; step++)
        for (int g = 0; g < cuda->gpu_count; g++)
            if (!isfinite(cuda->gpus[g].results[step].loss))
                return step;
    return run->steps;
}

/* Tells the GPUs what the run is about; they keep what may have to be put back. *weight: of all its samples. */
static bool prepare_run(const struct cuda *cuda, const struct cuda_run *run, const struct stretch *stretch, bool fresh,
                        double *weight, struct error *error)
{
    struct cuda_stretch uploaded = cuda_stretch_at(stretch->order, run->first);
    uploaded.fresh = fresh;
    for (int64_t step = 0; step < run->steps; step++) {
        int64_t all = stretch->before + run->first / cuda->sizes.model->batch_size + step;
        uploaded.lr[step] = rate_at(stretch->rates, all);
        uploaded.momentum[step] = momentum_at(stretch->rates, all);
    }
    *weight = cuda_weigh_run(cuda, stretch, run);
    uploaded.seed = stretch->seed;
    uploaded.epoch = stretch->epoch;
    for (int g = 0; g < cuda->gpu_count; g++) {
        uploaded.sampler = gpu_sampler(&cuda->gpus[g], &cuda->sampler);
        uploaded.sampler.seed = stretch->seed;
        uploaded.sampler.epoch = stretch->epoch;
        if (!gpu_enter(&cuda->gpus[g], error) || !gpu_upload_stretch(&cuda->gpus[g], &uploaded, error)
            || (stretch->broken && !gpu_keep(&cuda->gpus[g], &cuda->sizes, error)))
            return false;
    }
    return true;
}

/* Makes the steps of a run, *made of them, and adds their results, in the order of steps. */
static bool make_run(struct cuda *cuda, const struct cuda_run *run, const struct stretch *stretch, bool fresh,
                     struct result *result, int64_t *made, struct error *error)
{
    double weight;
    if (!prepare_run(cuda, run, stretch, fresh, &weight, error) || !launch_run(cuda, run, error))
        return false;
    for (int g = 0; g < cuda->gpu_count; g++)
        if (!gpu_enter(&cuda->gpus[g], error) || !gpu_read_results(&cuda->gpus[g], run->steps, error))
            return false;
    for (int g = 0; g < cuda->gpu_count; g++)
        if (!gpu_wait(&cuda->gpus[g], error))
            return false;
    cuda->transfers += 3 * cuda->gpu_count;
    *made = stretch->broken ? finite_steps(cuda, run) : run->steps;
    struct cuda_run finite = *made < run->steps ? beginning(cuda, run, *made) : *run;
    result->weight += *made < run->steps ? cuda_weigh_run(cuda, stretch, &finite) : weight;
    for (int64_t step = 0; step < *made; step++)
        for (int g = 0; g < cuda->gpu_count; g++) {
            result->loss += cuda->gpus[g].results[step].loss;
            result->correct += cuda->gpus[g].results[step].correct;
        }
    return *made == run->steps || make_again(cuda, &finite, error);
}

bool cuda_train(struct device *device, const struct stretch *stretch, struct result *result, struct error *error)
{
    struct cuda *cuda = (struct cuda *)device;
    for (int64_t done = 0; done < stretch->steps;) {
        struct cuda_run run = cuda_run_of(cuda, stretch, done);
        int64_t         made;
        if (!make_run(cuda, &run, stretch, stretch->fresh && done == 0, result, &made, error)) {
            cuda_drain(cuda);
            return false;
        }
        done += made;
        if (made < run.steps) {
            *stretch->broken = stretch->first + done;
            break;
        }
        if (stretch->after_step && !stretch->after_step(stretch->watcher, done, result))
            break;
    }
    return true;
}
