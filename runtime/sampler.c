#include "sampler_make.h"

#include <inttypes.h>
#include <stdlib.h>

bool sampler_make(const struct dataset *data, struct sampler *sampler, struct error *error)
{
    size_t   entries = (size_t)data->count + SAMPLER_CLASSES + 1;
    int32_t *starts = malloc(entries * sizeof *starts), *samples, at = 0;
    *sampler = (struct sampler){0};
    if (data->count > INT32_MAX) {
        free(starts);
        return error_input(error, "sampler = balanced takes at most %d samples, found %" PRId64, INT32_MAX, data->count);
    }
    if (!starts)
        return error_memory(error, "the samples of each class", entries * sizeof *starts);
    samples = starts + SAMPLER_CLASSES + 1;
    for (int class = 0; class < SAMPLER_CLASSES; class++) {
        starts[sampler->classes] = at;
        for (int64_t i = 0; i < data->count; i++)
            if (data->labels[i] == class)
                samples[at++] = (int32_t)i;
        sampler->classes += at > starts[sampler->classes];
    }
    starts[sampler->classes] = at;
    sampler->starts = starts;
    sampler->samples = samples;
    return true;
}

void sampler_free(struct sampler *sampler)
{
    free((void *)(uintptr_t)sampler->starts);
    *sampler = (struct sampler){0};
}
