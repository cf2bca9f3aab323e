#include "cuda_gpu.h"

#include "format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int gpu_ordinals(const char *text, int ordinals[MOST_GPUS], struct error *error)
{
    const char *colon = strchr(text, ':');
    int         count = 0;
    if (!colon) {
        ordinals[0] = 0;
        return 1;
    }
    for (const char *at = colon; *at; count++) {
        char *end;
        if (count == MOST_GPUS)
            return error_set(error, STATUS_USAGE, "device %s: at most %d GPUs", text, MOST_GPUS);
        ordinals[count] = (int)strtol(at + 1, &end, 10);
        for (int i = 0; i < count; i++)
            if (ordinals[i] == ordinals[count])
                return error_set(error, STATUS_USAGE, "device %s: GPU %d is named twice", text, ordinals[i]);
        at = end;
    }
    return count;
}

bool gpu_count(const struct cuda_driver *driver, int *count, struct error *error)
{
    *count = 0;
    return cuda_succeeds(driver, driver->device_get_count(count), NULL, error, "cuDeviceGetCount");
}

/* Says that there is no such GPU, and which there are. */
static bool no_such(int ordinal, int count, struct error *error)
{
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");
    if (count == 0)
        return cuda_no_gpu(error);
    if (count == 1)
        error_set(error, STATUS_MACHINE, "there is no cuda:%d: the only GPU here is cuda:0", ordinal);
    else
        error_set(error, STATUS_MACHINE, "there is no cuda:%d: the GPUs here are cuda:0 to cuda:%d", ordinal, count - 1);
    if (visible)
        return error_add(error, "CUDA_VISIBLE_DEVICES is '%s': only these are seen, and numbered from 0 in that order",
                         visible);
    return error_add(error, "nvidia-smi lists the GPUs that the driver knows");
}

bool gpu_find(const struct cuda_driver *driver, int ordinal, struct gpu_facts *facts, struct error *error)
{
    int  count, major = 0, minor = 0, handle = 0;
    char label[GPU_LABEL];
    *facts = (struct gpu_facts){.ordinal = ordinal};
    snprintf(label, sizeof label, "cuda:%d", ordinal);
    if (!gpu_count(driver, &count, error))
        return false;
    if (ordinal >= count)
        return no_such(ordinal, count, error);
    if (!cuda_succeeds(driver, driver->device_get(&handle, ordinal), label, error, "cuDeviceGet")
        || !cuda_succeeds(driver, driver->device_get_name(facts->name, sizeof facts->name, handle), label, error,
                          "cuDeviceGetName")
        || !cuda_succeeds(driver, driver->device_get_attribute(&major, CUDA_CAPABILITY_MAJOR, handle), label, error,
                          "cuDeviceGetAttribute")
        || !cuda_succeeds(driver, driver->device_get_attribute(&minor, CUDA_CAPABILITY_MINOR, handle), label, error,
                          "cuDeviceGetAttribute")
        || !cuda_succeeds(driver, driver->device_get_attribute(&facts->shared_bytes, CUDA_SHARED_BYTES_OPTIN, handle),
                          label, error, "cuDeviceGetAttribute")
        || !cuda_succeeds(driver, driver->device_total_mem(&facts->memory, handle), label, error, "cuDeviceTotalMem"))
        return false;
    facts->name[sizeof facts->name - 1] = '\0';
    facts->capability = 10 * major + minor;
    facts->handle = handle;
    return true;
}

size_t cuda_shared_bytes(const struct cuda_code *code)
{
    size_t most = code->update.shared_bytes;
    for (int k = 0; k < code->train_count; k++)
        most = code->train[k].shared_bytes > most ? code->train[k].shared_bytes : most;
    for (int k = 0; k < code->evaluate_count; k++)
        most = code->evaluate[k].shared_bytes > most ? code->evaluate[k].shared_bytes : most;
    return most;
}

static bool is_wanted(const struct cuda_code *code, enum kernels kernels)
{
    static const char *const names[] = {[KERNELS_FUSED] = "fused step", [KERNELS_LAYERS] = "layer by layer"};
    return kernels == KERNELS_AUTO || strcmp(code->name, names[kernels]) == 0;
}

const struct cuda_code *cuda_choose(const struct model *model, enum kernels kernels, size_t shared_bytes,
                                    struct error *error)
{
    size_t least = 0;
    bool   found = false;
    char   need[FORMAT_SIZE], have[FORMAT_SIZE];
    if (sizeof(real) != sizeof(float) || !model->cuda || !model->cuda[0]) {
        error_set(error, STATUS_MACHINE, "this trainer has no CUDA code, it runs on the CPU only");
        error_add(error, "--device cpu (or auto) trains there");
        return NULL;
    }
    for (int i = 0; model->cuda[i]; i++) {
        size_t bytes = cuda_shared_bytes(model->cuda[i]);
        if (!is_wanted(model->cuda[i], kernels))
            continue;
        found = true;
        if (bytes <= shared_bytes)
            return model->cuda[i];
        least = least == 0 || bytes < least ? bytes : least;
    }
    if (!found) {
        error_set(error, STATUS_USAGE, "--kernels %s: this network has no such code", kernels_words[kernels]);
        for (int i = 0; model->cuda[i]; i++)
            error_add(error, "it has: %s", model->cuda[i]->name);
        return NULL;
    }
    error_set(error, STATUS_MACHINE, "the GPU has too little shared memory: %s a block needed, %s there",
              format_bytes(need, (double)least), format_bytes(have, (double)shared_bytes));
    error_add(error, "%s", kernels == KERNELS_AUTO ? "--device cpu trains without" : "--kernels auto may find others");
    return NULL;
}
