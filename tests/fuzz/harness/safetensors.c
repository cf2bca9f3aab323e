/* Safetensors: any file's header and tensors, and a file as the weights of a network. */
#include "../refused.h"
#include "safetensors.h"
#include "weights.h"

#include <stdlib.h>
#include <string.h>

static const struct parameter parameters[] = {
    {.name = "fc.weight", .rank = 2, .shape = {2, 3}, .stride = {1, 2}, .offset = 0, .fan_in = 3},
    {.name = "fc.bias", .rank = 1, .shape = {2}, .stride = {1}, .offset = 6, .fan_in = 3},
};
static const struct model model = {.name = "fuzzed", .parameters = parameters, .parameter_count = 2, .weights_size = 8};

static void read_all(const char *path)
{
    struct safetensors file;
    struct error       error;
    if (!safetensors_open(&file, path, &error)) {
        fuzz_refused(&error);
        return;
    }
    for (int i = 0; i < file.count; i++) {
        const struct tensor *tensor = &file.tensors[i];
        size_t               size = (size_t)(tensor->end - tensor->begin);
        void                *bytes = malloc(size + 1);
        fuzz_require(safetensors_find(&file, tensor->name) == tensor, "%s is not found", tensor->name);
        fuzz_require(bytes && safetensors_read(&file, tensor, bytes, &error), "%s is not read", tensor->name);
        free(bytes);
    }
    safetensors_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char  *path = fuzz_file(0, bytes, size);
    real         weights[8];
    int64_t      strange;
    struct error error;
    read_all(path);
    if (!weights_load(&model, path, weights, &strange, &error))
        fuzz_refused(&error);
    return 0;
}
