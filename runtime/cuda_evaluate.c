/* Evaluation on GPUs: in pieces, each with a result of its own, which the host adds up in order. */
#include "cuda_images.h"
#include "cuda_steps.h"

/* The pieces go around the GPUs; a piece's logits are read before the next one's replace them. */
static bool enqueue_pieces(const struct cuda *cuda, enum part part, int64_t pieces, int64_t count, real *logits,
                           struct error *error)
{
    const struct cuda_code *code = cuda->code;
    int64_t classes = cuda->sizes.model->classes;
    for (int64_t index = 0; index < pieces; index++) {
        int g = (int)(index % cuda->gpu_count);
        const struct gpu *gpu = &cuda->gpus[g];
        struct cuda_step  step = cuda_evaluate_step(cuda, g, part, index, count);
        if (logits)
            step.logits = place(gpu, MEMORY_LOGITS, 0);
        if (!gpu_enter(gpu, error) || !gpu_make_images(gpu, part, false, 0, &step, error))
            return false;
        for (int k = 0; k < code->evaluate_count; k++)
            if (!gpu_launch(gpu, &code->evaluate[k], gpu->evaluate[k], &step, error))
                return false;
        size_t bytes = (size_t)(step.count * classes) * sizeof(float);
        if (logits
            && !cuda_succeeds(gpu->driver, gpu->driver->copy_to_host(logits + index * code->eval_samples * classes,
                                                                     gpu->memory[MEMORY_LOGITS], bytes, gpu->stream),
                              gpu->label, error, "cuMemcpyDtoHAsync of %zu bytes of logits", bytes))
            return false;
    }
    return true;
}

/* As many samples as there are results for the pieces of. */
static bool evaluate_some(const struct cuda *cuda, enum part part, const struct order *order, int64_t first,
                          int64_t count, struct result *result, real *logits, struct error *error)
{
    struct cuda_stretch uploaded = cuda_stretch_at(order, first);
    struct dataset data = device_part(&cuda->device, part);
    struct step    all = {.labels = data.labels, .order = order, .first = first, .count = count};
    int64_t pieces = (count + cuda->code->eval_samples - 1) / cuda->code->eval_samples;
    for (int g = 0; g < cuda->gpu_count; g++)
        if (!gpu_enter(&cuda->gpus[g], error) || !gpu_upload_stretch(&cuda->gpus[g], &uploaded, error)
            || !gpu_begin(&cuda->gpus[g], count, pieces, error))
            return false;
    if (!enqueue_pieces(cuda, part, pieces, count, logits, error))
        return false;
    for (int g = 0; g < cuda->gpu_count; g++)
        if (!gpu_enter(&cuda->gpus[g], error) || !gpu_read_results(&cuda->gpus[g], pieces, error))
            return false;
    for (int g = 0; g < cuda->gpu_count; g++)
        if (!gpu_wait(&cuda->gpus[g], error))
            return false;
    for (int64_t index = 0; index < pieces; index++) {
        const struct cuda_result *piece = &cuda->gpus[index % cuda->gpu_count].results[index];
        result->loss += piece->loss;
        result->correct += piece->correct;
    }
    result->weight += step_weight(cuda->sizes.model, &all);
    return true;
}

/* At a time whole pieces, of which the memory has room for the samples; a part that is no piece is one. */
static int64_t most_evaluated(const struct cuda *cuda)
{
    int64_t piece = cuda->code->eval_samples, room = smaller(RUN_STEPS * piece, cuda_evaluated(&cuda->sizes));
    return room < piece ? room : room / piece * piece;
}

bool cuda_evaluate(struct device *device, enum part part, const struct order *order, int64_t first, int64_t count,
                   struct result *result, real *logits, struct error *error)
{
    struct cuda *cuda = (struct cuda *)device;
    int64_t      most = most_evaluated(cuda), classes = cuda->sizes.model->classes;
    for (int64_t done = 0; done < count; done += most) {
        int64_t some = smaller(most, count - done);
        real   *to = logits ? logits + done * classes : NULL;
        if (!evaluate_some(cuda, part, order, first + done, some, result, to, error)) {
            cuda_drain(cuda);
            return false;
        }
    }
    return true;
}
