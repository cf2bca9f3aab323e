#include "host_run.h"

#include "harness.h"
#include "numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Zeroed memory as a driver gives it, but no byte more than asked for: the address sanitizer sees what goes beyond. */
static void *device_memory(size_t bytes)
{
    void *memory = NULL;
    if (posix_memalign(&memory, 256, bytes ? bytes : 1) != 0)
        fail("out of memory");
    memset(memory, 0, bytes);
    return memory;
}

struct host_gpu *host_gpu_open(const struct model *model, const struct cuda_code *code, const char *folder,
                               const struct dataset *data, int64_t samples, enum host_order order)
{
    char             path[4096];
    struct error     error = {0};
    struct host_gpu *gpu = allocate(1, sizeof *gpu);
    size_t           bytes = (size_t)code->weights_size * sizeof(float);
    *gpu = (struct host_gpu){.model = model, .code = code, .data = data, .samples = samples, .order = order};
    snprintf(path, sizeof path, "%s/%s/%.*s.so", folder, model->name, (int)strcspn(code->file, "."), code->file);
    gpu->module = host_module_open(path, &error);
    if (!gpu->module)
        fail("%s: %s", path, error.text);
    gpu->weights = device_memory(bytes);
    gpu->gradient = device_memory(bytes);
    if (model->state_slots)
        gpu->state = device_memory(bytes * (size_t)model->state_slots);
    gpu->unset = allocate(weight_elements(model), sizeof *gpu->unset);
    memset(gpu->unset, 0xFF, (size_t)weight_elements(model) * sizeof *gpu->unset);
    gpu->buffers = allocate(code->buffer_count, sizeof *gpu->buffers);
    for (int i = 0; i < code->buffer_count; i++) {
        size_t blocks = (size_t)((samples + code->block - 1) / code->block);
        gpu->buffers[i] = device_memory(code->buffers[i].bytes + code->buffers[i].block_bytes * blocks);
    }
    if (!pipelines_make(model, data, data, &gpu->pipelines, &error))
        fail("%s: %s", model->name, error.text);
    return gpu;
}

void host_gpu_close(struct host_gpu *gpu)
{
    for (int i = 0; i < gpu->code->buffer_count; i++)
        free(gpu->buffers[i]);
    free(gpu->buffers);
    free(gpu->weights);
    free(gpu->state);
    free(gpu->gradient);
    free(gpu->unset);
    pipelines_free(&gpu->pipelines);
    free(gpu);
}

void host_gpu_set_weights(struct host_gpu *gpu, real *ordered)
{
    size_t bytes = (size_t)gpu->code->weights_size * sizeof(float);
    memset(gpu->weights, 0, bytes);
    weights_exchange(gpu->code->parameters, gpu->code->parameter_count, ordered, gpu->weights, false);
    if (gpu->state)
        memset(gpu->state, 0, bytes * (size_t)gpu->model->state_slots);
}

void host_gpu_get_weights(struct host_gpu *gpu, real *ordered)
{
    weights_exchange(gpu->code->parameters, gpu->code->parameter_count, ordered, gpu->weights, true);
}

void host_gpu_get_gradient(struct host_gpu *gpu, real *ordered)
{
    weights_exchange(gpu->code->parameters, gpu->code->parameter_count, ordered, gpu->gradient, true);
}

/* ---- steps */

static void launch(struct host_gpu *gpu, const struct cuda_kernel *kernel, const struct cuda_step *step)
{
    struct error error = {0};
    void        *buffers[64];
    for (int i = 0; i < kernel->buffer_count && i < 64; i++)
        buffers[i] = gpu->buffers[kernel->buffers[i]];
    if (!host_launch(gpu->module, kernel, step, buffers, gpu->order, &error))
        fail("%s: %s", gpu->model->name, error.text);
}

/* Makes the step's images in memory as large as they are; the step is then about these. */
static void make_images(struct host_gpu *gpu, const struct pipeline *pipeline, struct cuda_step *step)
{
    struct error error = {0};
    size_t       count = (size_t)step->count;
    if (pipeline->count == 0)
        return;
    gpu->made = (struct host_images){
        .images = device_memory(count * (size_t)shape_bytes(pipeline->to)), .labels = device_memory(count),
        .workspace = device_memory(2 * count * (size_t)pipeline->buffer),
        .samples = device_memory(count * sizeof *gpu->made.samples),
    };
    if (!host_launch_transform(gpu->module, step, pipeline, &gpu->made, gpu->order, &error))
        fail("%s: %s", gpu->model->name, error.text);
    free((void *)step->samples);
    step->images = gpu->made.images;
    step->labels = gpu->made.labels;
    step->samples = gpu->made.samples;
}

/* Fills in a step, finds its samples and makes their images; step_end frees these. */
static struct cuda_step step_begin(struct host_gpu *gpu, const struct pipeline *pipeline, const struct host_step *wanted)
{
    struct error         error = {0};
    struct cuda_stretch *stretch = device_memory(sizeof *stretch + ((size_t)wanted->index + 1) * sizeof(float));
    struct step          all = {.labels = gpu->data->labels, .order = wanted->order, .first = wanted->start,
                                .count = wanted->whole};
    float                scale = (float)weight_scale(step_weight(gpu->model, &all));
    int32_t             *samples = device_memory((size_t)wanted->count * sizeof *samples);
    *stretch = (struct cuda_stretch){.shuffled = wanted->order != NULL, .fresh = wanted->fresh, .first = wanted->first};
    stretch->lr[wanted->index] = wanted->lr;
    stretch->momentum[wanted->index] = wanted->momentum;
    if (wanted->order)
        stretch->order = *wanted->order;
    ((float *)(stretch + 1))[wanted->index] = scale;
    if (!host_launch_shuffle(gpu->module, stretch, samples, (int32_t)wanted->count, gpu->order, &error))
        fail("%s: %s", gpu->model->name, error.text);
    struct cuda_step step = {
        .images = gpu->data->images, .labels = gpu->data->labels, .samples = samples, .weights = gpu->weights,
        .state = gpu->state, .stretch = stretch, .result = &gpu->result, .scale = scale,
        .count = (int32_t)wanted->count, .index = wanted->index,
    };
    make_images(gpu, pipeline, &step);
    return step;
}

static void step_end(struct host_gpu *gpu, const struct cuda_step *step)
{
    free(gpu->made.images);
    free(gpu->made.labels);
    free(gpu->made.workspace);
    gpu->made = (struct host_images){0};
    free((void *)step->stretch);
    free((void *)step->samples);
}

/* Applies step->gradient. */
static void update(struct host_gpu *gpu, const struct cuda_step *step)
{
    if (gpu->code->norm.name)
        launch(gpu, &gpu->code->norm, step);
    launch(gpu, &gpu->code->update, step);
}

void host_gpu_train(struct host_gpu *gpu, const struct host_step *wanted)
{
    struct cuda_step step = step_begin(gpu, &gpu->pipelines.train, wanted);
    bool             apart = cuda_updates_apart(gpu->code, 1);
    step.gradient = apart ? gpu->gradient : NULL;
    for (int i = 0; i < gpu->code->train_count; i++)
        launch(gpu, &gpu->code->train[i], &step);
    if (apart)
        update(gpu, &step);
    step_end(gpu, &step);
}

void host_gpu_gradient(struct host_gpu *gpu, const struct host_step *wanted)
{
    struct cuda_step step = step_begin(gpu, &gpu->pipelines.train, wanted);
    step.gradient = gpu->gradient;
    weights_exchange(gpu->code->parameters, gpu->code->parameter_count, gpu->unset, gpu->gradient, false);
    for (int i = 0; i < gpu->code->train_count; i++)
        launch(gpu, &gpu->code->train[i], &step);
    step_end(gpu, &step);
}

void host_gpu_update(struct host_gpu *gpu, const struct host_step *wanted)
{
    struct cuda_step step = step_begin(gpu, &gpu->pipelines.train, wanted);
    step.gradient = gpu->gradient;
    update(gpu, &step);
    step_end(gpu, &step);
}

void host_gpu_evaluate(struct host_gpu *gpu, int64_t count, float *logits)
{
    int64_t most = gpu->code->eval_samples < gpu->samples ? gpu->code->eval_samples : gpu->samples;
    for (int64_t first = 0; first < count; first += most) {
        int64_t          now = count - first < most ? count - first : most;
        struct host_step wanted = {.first = first, .count = now, .start = first, .whole = now};
        struct cuda_step step = step_begin(gpu, &gpu->pipelines.test, &wanted);
        float           *piece = device_memory((size_t)(now * gpu->model->classes) * sizeof *piece);
        step.logits = logits ? piece : NULL;
        for (int i = 0; i < gpu->code->evaluate_count; i++)
            launch(gpu, &gpu->code->evaluate[i], &step);
        if (logits)
            memcpy(logits + first * gpu->model->classes, piece, (size_t)(now * gpu->model->classes) * sizeof *piece);
        free(piece);
        step_end(gpu, &step);
    }
}
