/* One or several GPUs: what they are opened with, their weights and state. cuda_steps.c runs the steps. */
#include "cuda_images.h"

#include "format.h"
#include "sampler_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void cuda_close(struct device *device)
{
    struct cuda *cuda = (struct cuda *)device;
    const struct nccl *nccl = &cuda->libraries.nccl;
    for (int g = 0; g < cuda->gpu_count; g++)
        if (cuda->gpus[g].comm) {
            cuda->gpus[g].driver->context_set_current(cuda->gpus[g].context);
            if (cuda->failed)
                nccl->comm_abort(cuda->gpus[g].comm);
            else
                nccl->comm_destroy(cuda->gpus[g].comm);
        }
    for (int g = 0; g < cuda->gpu_count; g++)
        gpu_close(&cuda->gpus[g], cuda->code);
    pipelines_free(&cuda->pipelines);
    sampler_free(&cuda->sampler);
    free(cuda->gpus);
    free(cuda);
}

/* ---- opening */

/* What there is of the GPUs asked for, and what can be told without opening them: that they can run the model's code. */
static const struct cuda_code *find_gpus(const struct cuda_libraries *libraries, const struct device_config *config,
                                         struct gpu_facts facts[MOST_GPUS], int *count, struct error *error)
{
    int    ordinals[MOST_GPUS];
    size_t shared_bytes = SIZE_MAX;
    *count = gpu_ordinals(config->device, ordinals, error);
    if (*count == 0)
        return NULL;
    for (int g = 0; g < *count; g++) {
        if (!gpu_find(&libraries->driver, ordinals[g], &facts[g], error)
            || !cuda_compilable(&libraries->nvrtc, facts[g].capability, error))
            return NULL;
        if ((size_t)facts[g].shared_bytes < shared_bytes)
            shared_bytes = (size_t)facts[g].shared_bytes;
    }
    return cuda_choose(config->model, config->kernels, shared_bytes, error);
}

/* Loads the image, which is compiled unless the GPU before was of the same kind. */
static bool load_as(const struct cuda *cuda, struct gpu *gpu, bool binary, struct cuda_image *image, bool *unsupported,
                    struct error *error)
{
    *unsupported = false;
    if (!image->bytes || image->device != gpu->facts.capability || image->binary != binary) {
        cuda_image_free(image);
        if (!cuda_compile(&cuda->libraries.nvrtc, cuda->code, gpu->facts.capability, binary, image, error))
            return false;
    }
    const struct model *model = cuda->device.config.model;
    return gpu_load(gpu, cuda->code, model->transform_count > model->prepared, image, unsupported, error);
}

/* As PTX, which the driver compiles for the very GPU; where the driver is too old for this NVRTC's PTX, as a cubin. */
static bool load_all(const struct cuda *cuda, struct error *error)
{
    struct cuda_image image = {0};
    bool good = true, unsupported;
    for (int g = 0; g < cuda->gpu_count && good; g++)
        good = load_as(cuda, &cuda->gpus[g], false, &image, &unsupported, error)
            || (unsupported && load_as(cuda, &cuda->gpus[g], true, &image, &unsupported, error));
    cuda_image_free(&image);
    return good;
}

static bool upload_datasets(const struct cuda *cuda, const struct gpu *gpu, struct error *error)
{
    const struct device_config *config = &cuda->device.config;
    const struct model         *model = config->model;
    const struct { enum cuda_memory images, labels; const struct dataset *data; } parts[] = {
        {MEMORY_TRAIN_IMAGES, MEMORY_TRAIN_LABELS, config->train}, {MEMORY_TEST_IMAGES, MEMORY_TEST_LABELS, config->test},
    };
    for (int p = 0; p < 2; p++) {
        const struct dataset *data = parts[p].data;
        size_t                count = data ? (size_t)(data->count + data->held_out) : 0;
        size_t                image = data ? (size_t)data_image_bytes(model, data) : 0;
        if (data && (!gpu_upload(gpu, parts[p].images, data->images, image * count, error)
                     || !gpu_upload(gpu, parts[p].labels, data->labels, count, error)))
            return false;
    }
    return gpu_wait(gpu, error);
}

static bool open_nccl(struct cuda *cuda, struct error *error)
{
    struct nccl      *nccl = &cuda->libraries.nccl;
    struct nccl_comm *comms[MOST_GPUS];
    int               ordinals[MOST_GPUS];
    if (!nccl->comm_init_all && !nccl_open(nccl, error))
        return false;
    for (int g = 0; g < cuda->gpu_count; g++)
        ordinals[g] = cuda->gpus[g].facts.ordinal;
    int status = nccl->comm_init_all(comms, cuda->gpu_count, ordinals);
    if (status != 0) {
        error_set(error, STATUS_MACHINE, "NCCL: ncclCommInitAll of %d GPUs failed: %s", cuda->gpu_count,
                  nccl->get_error_string(status));
        return error_add(error, "NCCL_DEBUG=INFO makes it say why; one GPU (--device cuda:0) trains without");
    }
    for (int g = 0; g < cuda->gpu_count; g++)
        cuda->gpus[g].comm = comms[g];
    return true;
}

/* All contexts first, so that memory is compared with what is needed before anything is compiled or allocated. */
static bool open_gpus(struct cuda *cuda, const struct gpu_facts *facts, struct error *error)
{
    double need = cuda_need(&cuda->sizes).total;
    for (int g = 0; g < cuda->gpu_count; g++)
        if (!gpu_open(&cuda->gpus[g], &cuda->libraries.driver, &facts[g], error) || !gpu_has(&cuda->gpus[g], need, error))
            return false;
    if (!load_all(cuda, error))
        return false;
    for (int g = 0; g < cuda->gpu_count; g++)
        if (!gpu_allocate(&cuda->gpus[g], &cuda->sizes, error) || !upload_datasets(cuda, &cuda->gpus[g], error)
            || !gpu_upload_transforms(&cuda->gpus[g], &cuda->pipelines, error)
            || !gpu_upload_sampler(&cuda->gpus[g], &cuda->sampler, cuda->sizes.train_count, error))
            return false;
    return cuda->gpu_count == 1 || cuda->sizes.train_count == 0 || open_nccl(cuda, error);
}

/* "cuda:0 (NVIDIA L4), fused step", "cuda:0,1 (2 x NVIDIA L4), layer by layer" */
static void name_device(struct cuda *cuda)
{
    char  *name = cuda->device.name;
    size_t size = sizeof cuda->device.name, at = (size_t)snprintf(name, size, "cuda:");
    for (int g = 0; g < cuda->gpu_count && at < size; g++)
        at += (size_t)snprintf(name + at, size - at, "%s%d", g ? "," : "", cuda->gpus[g].facts.ordinal);
    if (at < size && cuda->gpu_count > 1)
        at += (size_t)snprintf(name + at, size - at, " (%d x %s)", cuda->gpu_count, cuda->gpus[0].facts.name);
    else if (at < size)
        at += (size_t)snprintf(name + at, size - at, " (%s)", cuda->gpus[0].facts.name);
    if (at < size)
        snprintf(name + at, size - at, ", %s", cuda->code->name);
}

/* On a GPU the number of a sample has 32 bits. */
static bool countable(const struct dataset *data, struct error *error)
{
    return !data || data->count + data->held_out <= INT32_MAX
        || error_set(error, STATUS_MACHINE, "too many images for a GPU: %lld, at most %d",
                     (long long)(data->count + data->held_out), INT32_MAX);
}

/* What images and samples are made with, before memory is counted. */
static bool make_tables(struct cuda *cuda, struct error *error)
{
    const struct device_config *config = &cuda->device.config;
    cuda->sizes.pipelines = &cuda->pipelines;
    return pipelines_make(config->model, config->train, config->test, &cuda->pipelines, error)
        && (!config->model->balanced || !config->train || sampler_make(config->train, &cuda->sampler, error));
}

struct device *cuda_open_with(const struct cuda_libraries *libraries, const struct device_config *config,
                              struct error *error)
{
    struct gpu_facts facts[MOST_GPUS];
    int              count;
    const struct cuda_code *code = find_gpus(libraries, config, facts, &count, error);
    if (!code || !countable(config->train, error) || !countable(config->test, error))
        return NULL;
    struct cuda *cuda = calloc(1, sizeof *cuda);
    struct gpu  *gpus = calloc((size_t)count, sizeof *gpus);
    if (!cuda || !gpus) {
        free(cuda);
        free(gpus);
        error_memory(error, "the GPUs' tables", sizeof *cuda + (size_t)count * sizeof *gpus);
        return NULL;
    }
    *cuda = (struct cuda){
        .device = {.kind = &device_cuda, .config = *config, .piece = cuda_look_samples(config->model, code)},
        .libraries = *libraries, .code = code, .gpus = gpus, .gpu_count = count, .run_steps = cuda_run_steps(config->model, code),
        .sizes = {
            .model = config->model, .code = code, .train_count = config->train ? config->train->count : 0,
            .held_out = config->train ? config->train->held_out : 0, .test_count = config->test->count, .gpus = count,
        },
    };
    if (make_tables(cuda, error) && open_gpus(cuda, facts, error)) {
        name_device(cuda);
        return &cuda->device;
    }
    cuda_close(&cuda->device);
    return NULL;
}

static bool open_libraries(struct cuda_libraries *libraries, struct error *error)
{
    *libraries = (struct cuda_libraries){0};
    return cuda_driver_open(&libraries->driver, error) && nvrtc_open(&libraries->nvrtc, error);
}

static struct device *cuda_open(const struct device_config *config, struct error *error)
{
    struct cuda_libraries libraries;
    return open_libraries(&libraries, error) ? cuda_open_with(&libraries, config, error) : NULL;
}

static bool cuda_check(const struct device_config *config, struct error *error)
{
    struct cuda_libraries libraries;
    struct gpu_facts      facts[MOST_GPUS];
    int                   count, ordinals[MOST_GPUS];
    return gpu_ordinals(config->device, ordinals, error) > 0        /* what is wrong on any machine comes first */
        && cuda_choose(config->model, config->kernels, SIZE_MAX, error) && open_libraries(&libraries, error)
        && find_gpus(&libraries, config, facts, &count, error);
}

/* ---- weights and state */

void cuda_drain(struct cuda *cuda)
{
    cuda->failed = true;
    for (int g = 0; g < cuda->gpu_count; g++)
        gpu_drain(&cuda->gpus[g]);
}

/* `slots` arrays, each in the model's layout, become a memory's content. */
static bool set_flat(struct cuda *cuda, enum cuda_memory memory, int slots, const char *what, const real *flat,
                     struct error *error)
{
    size_t slot = (size_t)cuda->code->weights_size, bytes = slot * (size_t)slots * sizeof(float);
    float *values = malloc(bytes + 1);
    bool   good = values || error_memory(error, what, bytes);
    for (int s = 0; s < slots && good; s++)
        cuda_scatter(&cuda->sizes, flat + s * cuda->sizes.model->weights_size, values + (size_t)s * slot);
    for (int g = 0; g < cuda->gpu_count && good; g++)
        good = gpu_enter(&cuda->gpus[g], error) && gpu_upload(&cuda->gpus[g], memory, values, bytes, error)
            && gpu_wait(&cuda->gpus[g], error);
    if (!good)
        cuda_drain(cuda);
    free(values);
    return good;
}

/* The other way round; all GPUs have the same. */
static bool get_flat(struct cuda *cuda, enum cuda_memory memory, int slots, const char *what, real *flat,
                     struct error *error)
{
    const struct gpu *gpu = &cuda->gpus[0];
    size_t slot = (size_t)cuda->code->weights_size, bytes = slot * (size_t)slots * sizeof(float);
    float *values = calloc(1, bytes + 1);
    bool good = (values || error_memory(error, what, bytes)) && gpu_enter(gpu, error)
             && (bytes == 0
                 || cuda_succeeds(gpu->driver, gpu->driver->copy_to_host(values, gpu->memory[memory], bytes, gpu->stream),
                                  gpu->label, error, "cuMemcpyDtoHAsync of %zu bytes", bytes))
             && gpu_wait(gpu, error);
    for (int s = 0; s < slots && good; s++)
        cuda_gather(&cuda->sizes, values + (size_t)s * slot, flat + s * cuda->sizes.model->weights_size);
    if (!good)
        cuda_drain(cuda);
    free(values);
    return good;
}

static bool cuda_set_weights(struct device *device, const real *flat, struct error *error)
{
    return set_flat((struct cuda *)device, MEMORY_WEIGHTS, 1, "the weights", flat, error);
}

static bool cuda_get_weights(struct device *device, real *flat, struct error *error)
{
    return get_flat((struct cuda *)device, MEMORY_WEIGHTS, 1, "the weights", flat, error);
}

static bool cuda_set_state(struct device *device, const real *flat, struct error *error)
{
    return set_flat((struct cuda *)device, MEMORY_STATE, device->config.model->state_slots, "the optimiser's state", flat,
                    error);
}

static bool cuda_get_state(struct device *device, real *flat, struct error *error)
{
    return get_flat((struct cuda *)device, MEMORY_STATE, device->config.model->state_slots, "the optimiser's state", flat,
                    error);
}

const struct device_kind device_cuda = {
    .name = "cuda", .check = cuda_check, .open = cuda_open, .set_weights = cuda_set_weights,
    .get_weights = cuda_get_weights, .set_state = cuda_set_state, .get_state = cuda_get_state, .train = cuda_train,
    .evaluate = cuda_evaluate, .close = cuda_close,
};
