/* The images of a step, made on the GPU where the model's transforms want that: cuda_transform.h has the kernel. */
#include "cuda_images.h"

#include <stdlib.h>
#include <string.h>

enum { THREADS = 128 };                 /* of the kernel's blocks */

static const struct pipeline *pipeline_of(const struct pipelines *pipelines, int i)
{
    const struct pipeline *all[GPU_PIPELINES] = {&pipelines->train, &pipelines->plain, &pipelines->test};
    return all[i];
}

static bool needed(const struct pipelines *pipelines)
{
    for (int i = 0; i < GPU_PIPELINES && pipelines; i++)
        if (pipeline_of(pipelines, i)->count > 0)
            return true;
    return false;
}

/* Channels of a step that has means and deviations. */
static int32_t channels_of(const struct transform *step)
{
    return step->kind == TRANSFORM_NORMALIZE ? step->channels : 0;
}

/* The table of all pipelines' steps, and behind it the means and deviations of those that have such. */
static size_t table_bytes(const struct pipelines *pipelines, size_t *steps)
{
    size_t floats = 0;
    *steps = 0;
    for (int i = 0; i < GPU_PIPELINES; i++) {
        const struct pipeline *pipeline = pipeline_of(pipelines, i);
        *steps += (size_t)pipeline->count;
        for (int32_t s = 0; s < pipeline->count; s++)
            floats += 2 * (size_t)channels_of(&pipeline->steps[s]);
    }
    return *steps * sizeof(struct transform) + floats * sizeof(float);
}

double cuda_images_bytes(const struct cuda_sizes *sizes, enum cuda_memory memory)
{
    const struct pipelines *pipelines = sizes->pipelines;
    size_t  steps;
    int64_t evaluated = cuda_evaluated(sizes), samples = sizes->train_count > 0 ? cuda_step_samples(sizes) : 0;
    int64_t image = 0, buffer = 0;
    if (memory == MEMORY_SAMPLER)
        return sizes->train_count > 0 && sizes->model->balanced
            ? (double)(SAMPLER_CLASSES + 1 + sizes->train_count) * sizeof(int32_t) : 0;
    if (!needed(pipelines))
        return 0;
    evaluated = evaluated < sizes->code->eval_samples ? evaluated : sizes->code->eval_samples;
    samples = samples > evaluated ? samples : evaluated;
    for (int i = 0; i < GPU_PIPELINES; i++) {
        int64_t bytes = shape_bytes(pipeline_of(pipelines, i)->to), room = pipeline_of(pipelines, i)->buffer;
        image = bytes > image ? bytes : image;
        buffer = room > buffer ? room : buffer;
    }
    switch (memory) {
    case MEMORY_TRANSFORMS:   return (double)table_bytes(pipelines, &steps);
    case MEMORY_STEP_IMAGES:  return (double)samples * (double)image;
    case MEMORY_STEP_LABELS:  return (double)samples;
    case MEMORY_STEP_SAMPLES: return (double)samples * sizeof(int32_t);
    case MEMORY_WORKSPACE:    return 2 * (double)samples * (double)buffer;
    default:                  return 0;
    }
}

/* Pointers within the table are the device's. */
static void fill_table(struct gpu *gpu, const struct pipelines *pipelines, char *table, size_t steps)
{
    struct transform *step = (struct transform *)table;
    char             *number = table + steps * sizeof *step;
    uintptr_t         device = (uintptr_t)gpu->memory[MEMORY_TRANSFORMS];
    for (int i = 0; i < GPU_PIPELINES; i++) {
        struct pipeline *pipeline = &gpu->pipelines[i];
        *pipeline = *pipeline_of(pipelines, i);
        for (int32_t s = 0; s < pipeline->count; s++, step++) {
            size_t bytes = (size_t)channels_of(&pipeline->steps[s]) * sizeof(float);
            *step = pipeline->steps[s];
            if (bytes == 0)
                continue;
            memcpy(number, step->mean, bytes);
            memcpy(number + bytes, step->std, bytes);
            step->mean = (const float *)(device + (size_t)(number - table));
            step->std = (const float *)(device + (size_t)(number - table) + bytes);
            number += 2 * bytes;
        }
        pipeline->steps = (const struct transform *)(device + (size_t)((char *)(step - pipeline->count) - table));
    }
}

bool gpu_upload_transforms(struct gpu *gpu, const struct pipelines *pipelines, struct error *error)
{
    size_t steps, bytes = table_bytes(pipelines, &steps);
    if (!needed(pipelines))
        return true;
    char *table = calloc(1, bytes);
    if (!table)
        return error_memory(error, "the table of transforms", bytes);
    fill_table(gpu, pipelines, table, steps);
    bool good = gpu_upload(gpu, MEMORY_TRANSFORMS, table, bytes, error) && gpu_wait(gpu, error);
    free(table);
    return good;
}

bool gpu_upload_sampler(const struct gpu *gpu, const struct sampler *sampler, int64_t count, struct error *error)
{
    size_t bytes = (size_t)(SAMPLER_CLASSES + 1 + count) * sizeof(int32_t);
    return !sampler->samples
        || (gpu_upload(gpu, MEMORY_SAMPLER, sampler->starts, bytes, error) && gpu_wait(gpu, error));
}

struct sampler gpu_sampler(const struct gpu *gpu, const struct sampler *sampler)
{
    struct sampler there = *sampler;
    const int32_t *lists = (const int32_t *)(uintptr_t)gpu->memory[MEMORY_SAMPLER];
    if (sampler->samples) {
        there.starts = lists;
        there.samples = lists + SAMPLER_CLASSES + 1;
    }
    return there;
}

bool gpu_make_images(const struct gpu *gpu, enum part part, bool augment, int64_t offset, struct cuda_step *step,
                     struct error *error)
{
    const struct pipeline *pipeline = &gpu->pipelines[part == PART_TEST ? 2 : augment ? 0 : 1];
    cuda_pointer images = gpu->memory[MEMORY_STEP_IMAGES], labels = gpu->memory[MEMORY_STEP_LABELS];
    cuda_pointer samples = gpu->memory[MEMORY_STEP_SAMPLES], workspace = gpu->memory[MEMORY_WORKSPACE];
    struct cuda_step source = *step;
    struct pipeline  by_value = *pipeline;
    void            *arguments[] = {&source, &by_value, &images, &labels, &samples, &workspace, &offset};
    if (pipeline->count == 0 || step->count == 0)
        return true;
    step->images = (const uint8_t *)(uintptr_t)images;
    step->labels = (const uint8_t *)(uintptr_t)labels;
    step->samples = (const int32_t *)(uintptr_t)samples;
    return cuda_succeeds(gpu->driver, gpu->driver->launch(gpu->transform, (unsigned)source.count, 1, 1, THREADS, 1, 1, 0,
                                                          gpu->stream, arguments, NULL),
                         gpu->label, error, "cuLaunchKernel of transform");
}
