#include "cuda_info.h"

#include "cuda_gpu.h"
#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool has_code(const struct model *model) { return sizeof(real) == sizeof(float) && model->cuda && model->cuda[0]; }

static void print_need(const struct cuda_sizes *sizes, bool known)
{
    struct cuda_need need = cuda_need(sizes);
    char count[FORMAT_SIZE], note[3 * FORMAT_SIZE];
    printf("\nmemory for training on a GPU, %s\n", sizes->code->name);
    if (known)
        print_bytes("dataset", need.dataset, "");
    if (need.images > 0)
        print_bytes("images of a step", need.images, "transformed");
    print_bytes("weights", need.weights, "");
    print_bytes("optimiser's state", need.state, "");
    if (need.gradient > 0)
        print_bytes("gradient", need.gradient, "");
    snprintf(note, sizeof note, "batch of %" PRId64 "; up to %s images evaluated at once", sizes->model->batch_size,
             format_count(count, sizes->code->eval_samples));
    print_bytes("activations", need.buffers, note);
    print_bytes("order and results", need.steps, "");
    print_bytes("total", known ? need.total : need.total - need.dataset, "");
}

void cuda_info_memory(const struct model *model, const struct dataset *train, const struct dataset *test,
                      const struct pipelines *pipelines)
{
    bool known = train->count > 0;
    for (int i = 0; has_code(model) && model->cuda[i]; i++)
        print_need(&(struct cuda_sizes){
            .model = model, .code = model->cuda[i], .train_count = known ? train->count : model->batch_size,
            .test_count = known ? test->count : model->cuda[i]->eval_samples, .held_out = train->held_out, .gpus = 1,
            .pipelines = pipelines,
        }, known);
}

/* The first line of an error, behind the name of what it is about. */
static void print_missing(const char *what, const struct error *error)
{
    printf("  %s: %.*s\n", what, (int)strcspn(error->text, "\n"), error->text);
}

/* Which of the model's codes the GPU would run, or why none. */
static void print_gpu(const struct model *model, const struct nvrtc *nvrtc, const struct gpu_facts *gpu)
{
    struct error error = {.status = STATUS_OK};
    char memory[FORMAT_SIZE], shared[FORMAT_SIZE];
    const struct cuda_code *code = cuda_choose(model, KERNELS_AUTO, (size_t)gpu->shared_bytes, &error);
    bool runs = code && (!nvrtc || cuda_compilable(nvrtc, gpu->capability, &error));
    printf("  cuda:%d: %s, capability %d.%d, %s, %s of shared memory a block; ", gpu->ordinal, gpu->name,
           gpu->capability / 10, gpu->capability % 10, format_bytes(memory, (double)gpu->memory),
           format_bytes(shared, (double)gpu->shared_bytes));
    if (runs)
        printf("%s\n", code->name);
    else
        printf("%.*s\n", (int)strcspn(error.text, "\n"), error.text);
}

/* Finds NVRTC, and prints its version. */
static bool print_nvrtc(struct nvrtc *nvrtc)
{
    struct error error;
    char         version[FORMAT_SIZE];
    bool         found = nvrtc_open(nvrtc, &error);
    if (found)
        printf("  NVRTC %s\n", cuda_version(version, nvrtc_version(nvrtc)));
    else
        print_missing("NVRTC", &error);
    return found;
}

void cuda_info_devices(const struct model *model)
{
    struct cuda_driver driver;
    struct nvrtc       nvrtc;
    struct nccl        nccl;
    struct error       error;
    int                version = 0, count = 0;
    char               text[FORMAT_SIZE];
    if (!has_code(model)) {
        puts("  cuda: this trainer has no CUDA code");
        return;
    }
    if (!cuda_driver_open(&driver, &error)) {
        print_missing("cuda", &error);
        return;
    }
    driver.driver_get_version(&version);
    printf("  cuda: driver for CUDA %s\n", cuda_version(text, version));
    bool compiles = print_nvrtc(&nvrtc);
    if (!gpu_count(&driver, &count, &error))
        print_missing("cuda", &error);
    if (count > 1) {
        if (nccl_open(&nccl, &error))
            puts("  NCCL: found");
        else
            print_missing("NCCL", &error);
    }
    for (int ordinal = 0; ordinal < count; ordinal++) {
        struct gpu_facts gpu;
        snprintf(text, sizeof text, "cuda:%d", ordinal);
        if (gpu_find(&driver, ordinal, &gpu, &error))
            print_gpu(model, compiles ? &nvrtc : NULL, &gpu);
        else
            print_missing(text, &error);
    }
}
