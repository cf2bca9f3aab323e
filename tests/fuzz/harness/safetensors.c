/* Safetensors: any file's header and tensors, a file as the weights of a network, and as a checkpoint of its training. */
#include "../refused.h"
#include "checkpoint.h"
#include "safetensors.h"
#include "weights.h"

#include <stdlib.h>
#include <string.h>

static const struct parameter parameters[] = {
    {.name = "fc.weight", .rank = 2, .shape = {2, 3}, .stride = {1, 2}, .offset = 0, .fan_in = 3},
    {.name = "fc.bias", .rank = 1, .shape = {2}, .stride = {1}, .offset = 6, .fan_in = 3},
};
static const struct model model = {.name = "fuzzed", .parameters = parameters, .parameter_count = 2, .weights_size = 8,
                                   .channels = 3, .height = 1, .width = 1, .flat = true, .classes = 2, .dataset = "idx",
                                   .batch_size = 2, .epochs = 3, .state_slots = 1, .sgd = {.lr = 0.1, .momentum = 0.5}};
static const struct dataset train = {.count = 4, .images = (uint8_t[12]){0}, .labels = (uint8_t[4]){0, 1, 0, 1}};

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

static void read_checkpoint(const char *path)
{
    struct checkpoint checkpoint;
    struct error      error;
    uint64_t          seed;
    double            lr;
    fuzz_require(checkpoint_make(&checkpoint, &model, &error), "no memory");
    bool peeked = checkpoint_peek(path, &seed, &lr, &error);
    if (!peeked)
        fuzz_refused(&error);
    if (!checkpoint_read(&checkpoint, &model, &train, path, &error))
        fuzz_refused(&error);
    else
        fuzz_require(peeked && checkpoint.seed == seed && checkpoint.lr == lr && checkpoint.epoch >= 0 && checkpoint.step >= 0,
                     "a checkpoint of epoch %d, step %d", (int)checkpoint.epoch, (int)checkpoint.step);
    checkpoint_free(&checkpoint);
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
    read_checkpoint(path);
    return 0;
}
