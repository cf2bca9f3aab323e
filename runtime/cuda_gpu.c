#include "cuda_gpu.h"

#include "format.h"

#include <stdio.h>
#include <stdlib.h>

enum { JIT_LOG = 2048 };

bool gpu_enter(const struct gpu *gpu, struct error *error)
{
    return cuda_succeeds(gpu->driver, gpu->driver->context_set_current(gpu->context), gpu->label, error,
                         "cuCtxSetCurrent");
}

bool gpu_open(struct gpu *gpu, const struct cuda_driver *driver, const struct gpu_facts *facts, struct error *error)
{
    *gpu = (struct gpu){.driver = driver, .facts = *facts};
    snprintf(gpu->label, sizeof gpu->label, "cuda:%d (%s)", facts->ordinal, facts->name);
    return cuda_succeeds(driver, driver->context_retain(&gpu->context, facts->handle), gpu->label, error,
                         "cuDevicePrimaryCtxRetain")
        && gpu_enter(gpu, error)
        && cuda_succeeds(driver, driver->stream_create(&gpu->stream, CUDA_STREAM_NON_BLOCKING), gpu->label, error,
                         "cuStreamCreate");
}

bool gpu_has(const struct gpu *gpu, double bytes, struct error *error)
{
    size_t free = 0, all = 0;
    char   need[FORMAT_SIZE], have[FORMAT_SIZE], total[FORMAT_SIZE];
    if (!gpu_enter(gpu, error)
        || !cuda_succeeds(gpu->driver, gpu->driver->mem_get_info(&free, &all), gpu->label, error, "cuMemGetInfo"))
        return false;
    if (bytes <= (double)free)
        return true;
    error_set(error, STATUS_MACHINE, "%s: not enough memory: %s needed, %s of %s free", gpu->label,
              format_bytes(need, bytes), format_bytes(have, (double)free), format_bytes(total, (double)all));
    return error_add(error, "a smaller batch_size takes less; other programs may hold memory (nvidia-smi lists them);\n"
                     "  --device cpu trains without the GPU");
}

/* To ask for an attribute also makes the driver load the function now, where it would wait for its first launch. */
static bool find_function(const struct gpu *gpu, const char *name, int threads, size_t shared_bytes,
                          struct cuda_function **function, struct error *error)
{
    const struct cuda_driver *driver = gpu->driver;
    int most = 0;
    if (!cuda_succeeds(driver, driver->module_get_function(function, gpu->module, name), gpu->label, error,
                       "cuModuleGetFunction of %s", name)
        || !cuda_succeeds(driver, driver->function_get_attribute(&most, CUDA_MOST_THREADS, *function), gpu->label, error,
                          "cuFuncGetAttribute of %s", name))
        return false;
    if (threads > most) {
        error_set(error, STATUS_MACHINE, "%s: %s runs with %d threads a block, but at most %d fit", gpu->label, name,
                  threads, most);
        return error_add(error, "--device cpu trains without the GPU");
    }
    return shared_bytes == 0
        || cuda_succeeds(driver, driver->function_set_attribute(*function, CUDA_DYNAMIC_SHARED_BYTES, (int)shared_bytes),
                         gpu->label, error, "cuFuncSetAttribute (%zu bytes of shared memory for %s)", shared_bytes, name);
}

static bool find_kernels(const struct gpu *gpu, const struct cuda_kernel *kernels, int count,
                         struct cuda_function **functions, struct error *error)
{
    for (int k = 0; k < count; k++)
        if (!find_function(gpu, kernels[k].name, kernels[k].threads, kernels[k].shared_bytes, &functions[k], error))
            return false;
    return true;
}

/* Loads it; what the driver's compiler has to say about PTX comes with the error. */
static bool load_module(struct gpu *gpu, const struct cuda_image *image, bool *unsupported, struct error *error)
{
    char  log[JIT_LOG] = "";
    int   options[] = {CUDA_JIT_ERROR_LOG, CUDA_JIT_ERROR_LOG_BYTES};
    void *values[] = {log, (void *)(uintptr_t)(sizeof log - 1)};
    int   status = gpu->driver->module_load(&gpu->module, image->bytes, 2, options, values);
    *unsupported = status == CUDA_UNSUPPORTED_PTX_VERSION;
    if (cuda_succeeds(gpu->driver, status, gpu->label, error, "cuModuleLoadDataEx of code for %s_%d",
                      image->binary ? "sm" : "compute", image->arch))
        return true;
    return *log ? error_add(error, "the driver's compiler: %s", log) : false;
}

bool gpu_load(struct gpu *gpu, const struct cuda_code *code, bool transforms, const struct cuda_image *image,
              bool *unsupported, struct error *error)
{
    int most = code->update.buffer_count;
    for (int k = 0; k < code->train_count; k++)
        most = code->train[k].buffer_count > most ? code->train[k].buffer_count : most;
    for (int k = 0; k < code->evaluate_count; k++)
        most = code->evaluate[k].buffer_count > most ? code->evaluate[k].buffer_count : most;
    if (!gpu_enter(gpu, error) || !load_module(gpu, image, unsupported, error))
        return false;
    gpu->arguments = calloc((size_t)most + 1, sizeof *gpu->arguments);
    gpu->train = calloc((size_t)code->train_count + 1, sizeof *gpu->train);
    gpu->evaluate = calloc((size_t)code->evaluate_count + 1, sizeof *gpu->evaluate);
    if (!gpu->arguments || !gpu->train || !gpu->evaluate)
        return error_memory(error, "tables of kernels", (size_t)(most + code->train_count + code->evaluate_count)
                                                            * sizeof(void *));
    return find_function(gpu, "shuffle", SHUFFLE_THREADS, 0, &gpu->shuffle, error)
        && find_function(gpu, "copy", COPY_THREADS, 0, &gpu->copy, error)
        && (!transforms || find_function(gpu, "transform", 0, 0, &gpu->transform, error))
        && find_kernels(gpu, &code->norm, code->norm.name != NULL, &gpu->norm, error)
        && find_kernels(gpu, &code->update, 1, &gpu->update, error)
        && find_kernels(gpu, code->train, code->train_count, gpu->train, error)
        && find_kernels(gpu, code->evaluate, code->evaluate_count, gpu->evaluate, error);
}

static bool allocate(const struct gpu *gpu, double bytes, const char *what, cuda_pointer *memory, struct error *error)
{
    const struct cuda_driver *driver = gpu->driver;
    size_t size = (size_t)bytes;
    if (size == 0)
        return true;
    if (!cuda_succeeds(driver, driver->mem_alloc(memory, size), gpu->label, error, "cuMemAlloc of %zu bytes for %s", size,
                       what)) {
        *memory = 0;
        return false;
    }
    return cuda_succeeds(driver, driver->memset(*memory, 0, size, gpu->stream), gpu->label, error,
                         "cuMemsetD8Async of %zu bytes for %s", size, what);
}

static bool allocate_host(const struct gpu *gpu, size_t size, void **memory, struct error *error)
{
    if (cuda_succeeds(gpu->driver, gpu->driver->mem_alloc_host(memory, size), gpu->label, error,
                      "cuMemAllocHost of %zu bytes", size))
        return true;
    *memory = NULL;
    return false;
}

bool gpu_allocate(struct gpu *gpu, const struct cuda_sizes *sizes, struct error *error)
{
    static const char *const names[MEMORIES] = {
        [MEMORY_TRAIN_IMAGES] = "training images", [MEMORY_TRAIN_LABELS] = "training labels",
        [MEMORY_TEST_IMAGES] = "test images", [MEMORY_TEST_LABELS] = "test labels", [MEMORY_WEIGHTS] = "weights",
        [MEMORY_STATE] = "the optimiser's state", [MEMORY_KEPT_WEIGHTS] = "weights from before a run",
        [MEMORY_KEPT_STATE] = "the state from before a run", [MEMORY_GRADIENT] = "the gradient",
        [MEMORY_SAMPLES] = "the order of samples", [MEMORY_STRETCH] = "settings of steps",
        [MEMORY_RESULTS] = "results", [MEMORY_LOGITS] = "logits",
        [MEMORY_TRANSFORMS] = "the table of transforms", [MEMORY_STEP_IMAGES] = "images of a step",
        [MEMORY_STEP_LABELS] = "labels of a step", [MEMORY_STEP_SAMPLES] = "samples of a step",
        [MEMORY_WORKSPACE] = "transforms", [MEMORY_SAMPLER] = "the samples of each class",
    };
    const struct cuda_code *code = sizes->code;
    void *stretch, *results;
    gpu->buffers = calloc((size_t)code->buffer_count + 1, sizeof *gpu->buffers);
    if (!gpu->buffers)
        return error_memory(error, "a list of buffers", (size_t)code->buffer_count * sizeof *gpu->buffers);
    if (!gpu_enter(gpu, error))
        return false;
    for (int m = 0; m < MEMORIES; m++)
        if (!allocate(gpu, cuda_memory_bytes(sizes, (enum cuda_memory)m), names[m], &gpu->memory[m], error))
            return false;
    for (int b = 0; b < code->buffer_count; b++)
        if (!allocate(gpu, cuda_buffer_bytes(sizes, b), code->buffers[b].name, &gpu->buffers[b], error))
            return false;
    gpu->stretch_bytes = (size_t)cuda_memory_bytes(sizes, MEMORY_STRETCH);
    if (!allocate_host(gpu, gpu->stretch_bytes, &stretch, error))
        return false;
    gpu->stretch = stretch;
    if (!allocate_host(gpu, RUN_STEPS * sizeof *gpu->results, &results, error))
        return false;
    gpu->results = results;
    return true;
}

bool gpu_upload(const struct gpu *gpu, enum cuda_memory memory, const void *from, size_t bytes, struct error *error)
{
    return bytes == 0
        || cuda_succeeds(gpu->driver, gpu->driver->copy_to_device(gpu->memory[memory], from, bytes, gpu->stream),
                         gpu->label, error, "cuMemcpyHtoDAsync of %zu bytes", bytes);
}

bool gpu_wait(const struct gpu *gpu, struct error *error)
{
    return gpu_enter(gpu, error)
        && cuda_succeeds(gpu->driver, gpu->driver->stream_synchronize(gpu->stream), gpu->label, error,
                         "cuStreamSynchronize");
}

void gpu_drain(const struct gpu *gpu)
{
    gpu->driver->context_set_current(gpu->context);
    gpu->driver->stream_synchronize(gpu->stream);
}

/* After a fault every call fails; what it says is of no use then. */
void gpu_close(struct gpu *gpu, const struct cuda_code *code)
{
    const struct cuda_driver *driver = gpu->driver;
    free(gpu->arguments);
    free(gpu->train);
    free(gpu->evaluate);
    if (gpu->context) {
        driver->context_set_current(gpu->context);
        if (gpu->stream)
            gpu_drain(gpu);
        for (int g = 0; g < GRAPHS; g++)
            if (gpu->graphs[g].exec)
                driver->graph_exec_destroy(gpu->graphs[g].exec);
        for (int m = 0; m < MEMORIES; m++)
            if (gpu->memory[m])
                driver->mem_free(gpu->memory[m]);
        for (int b = 0; gpu->buffers && b < code->buffer_count; b++)
            if (gpu->buffers[b])
                driver->mem_free(gpu->buffers[b]);
        if (gpu->stretch)
            driver->mem_free_host(gpu->stretch);
        if (gpu->results)
            driver->mem_free_host(gpu->results);
        if (gpu->module)
            driver->module_unload(gpu->module);
        if (gpu->stream)
            driver->stream_destroy(gpu->stream);
        driver->context_set_current(NULL);
        driver->context_release(gpu->facts.handle);
    }
    free(gpu->buffers);
    *gpu = (struct gpu){0};
}
