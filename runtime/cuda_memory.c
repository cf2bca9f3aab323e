#include "cuda_gpu.h"

#include "cuda_images.h"
#include "weights.h"

#include <math.h>
#include <string.h>

/* Flop of a run after which to look at the device: about a second of a modest GPU. */
static const double run_flop = 1e12;

/* Numbers that the host has room for in an evaluation. */
static const double most_logits = 1 << 24;

static double step_flop(const struct model *model, const struct cuda_kernel *kernel)
{
    return (double)kernel->sample_flop * (double)model->batch_size + (double)kernel->step_flop;
}

int64_t cuda_run_steps(const struct model *model, const struct cuda_code *code)
{
    double flop = cuda_updates_apart(code, 1) ? step_flop(model, &code->norm) + step_flop(model, &code->update) : 0;
    for (int k = 0; k < code->train_count; k++)
        flop += step_flop(model, &code->train[k]);
    double steps = flop > 0 ? floor(run_flop / flop) : RUN_STEPS;
    return steps < 1 ? 1 : steps > RUN_STEPS ? RUN_STEPS : (int64_t)steps;
}

int64_t cuda_look_samples(const struct model *model, const struct cuda_code *code)
{
    double flop = 0;
    for (int k = 0; k < code->evaluate_count; k++)
        flop += (double)code->evaluate[k].sample_flop * (double)code->eval_samples + (double)code->evaluate[k].step_flop;
    double pieces = flop > 0 ? floor(run_flop / flop) : RUN_STEPS;
    double most = floor(most_logits / (double)model->classes / (double)code->eval_samples);
    pieces = fmin(fmin(pieces, most), RUN_STEPS);
    return code->eval_samples * (pieces < 1 ? 1 : (int64_t)pieces);
}

int64_t cuda_evaluated(const struct cuda_sizes *sizes)
{
    return sizes->test_count > sizes->held_out ? sizes->test_count : sizes->held_out;
}

int64_t cuda_step_samples(const struct cuda_sizes *sizes)
{
    int64_t samples = smaller(sizes->model->batch_size, sizes->train_count);
    return (samples + sizes->gpus - 1) / sizes->gpus;
}

static bool uses(const struct cuda_kernel *kernel, int buffer)
{
    for (int i = 0; i < kernel->buffer_count; i++)
        if (kernel->buffers[i] == buffer)
            return true;
    return false;
}

static bool any_uses(const struct cuda_kernel *kernels, int count, int buffer)
{
    for (int k = 0; k < count; k++)
        if (uses(&kernels[k], buffer))
            return true;
    return false;
}

double cuda_buffer_bytes(const struct cuda_sizes *sizes, int buffer)
{
    const struct cuda_code *code = sizes->code;
    int64_t samples = 0, evaluated = smaller(code->eval_samples, cuda_evaluated(sizes));
    if (sizes->train_count > 0
        && (any_uses(code->train, code->train_count, buffer) || uses(&code->update, buffer)))
        samples = cuda_step_samples(sizes);
    if (any_uses(code->evaluate, code->evaluate_count, buffer))
        samples = evaluated > samples ? evaluated : samples;
    if (samples == 0)
        return 0;
    int64_t blocks = (samples + code->block - 1) / code->block;
    return (double)code->buffers[buffer].bytes + (double)code->buffers[buffer].block_bytes * (double)blocks;
}

double cuda_memory_bytes(const struct cuda_sizes *sizes, enum cuda_memory memory)
{
    const struct model     *model = sizes->model;
    const struct cuda_code *code = sizes->code;
    bool    train = sizes->train_count > 0;
    double  input = (double)(model->channels * model->height * model->width);
    double  image = sizes->pipelines ? (double)shape_bytes(sizes->pipelines->plain.from) : input;
    double  tests = sizes->pipelines ? (double)shape_bytes(sizes->pipelines->test.from) : input;
    double  flat = (double)code->weights_size * sizeof(float);
    int64_t positions = 0;
    switch (memory) {
    case MEMORY_TRAIN_IMAGES: return image * (double)(sizes->train_count + sizes->held_out);
    case MEMORY_TRAIN_LABELS: return (double)(sizes->train_count + sizes->held_out);
    case MEMORY_TEST_IMAGES: return tests * (double)sizes->test_count;
    case MEMORY_TEST_LABELS: return (double)sizes->test_count;
    case MEMORY_WEIGHTS: return flat;
    case MEMORY_KEPT_WEIGHTS: return train ? flat : 0;
    case MEMORY_STATE: case MEMORY_KEPT_STATE: return train ? flat * model->state_slots : 0;
    case MEMORY_GRADIENT: return train && cuda_updates_apart(code, sizes->gpus) ? flat : 0;
    case MEMORY_SAMPLES:                /* of a run of steps, or of the evaluation of all */
        if (train)
            positions = (int64_t)fmin((double)cuda_run_steps(model, code) * (double)model->batch_size,
                                      (double)sizes->train_count);
        positions = positions > cuda_evaluated(sizes) ? positions : cuda_evaluated(sizes);
        return (double)positions * sizeof(int32_t);
    case MEMORY_STRETCH: return sizeof(struct cuda_stretch) + (model->class_weights ? RUN_STEPS * sizeof(float) : 0);
    case MEMORY_RESULTS: return RUN_STEPS * sizeof(struct cuda_result);
    case MEMORY_LOGITS:
        return (double)smaller(code->eval_samples, cuda_evaluated(sizes)) * (double)model->classes * sizeof(float);
    default: break;
    }
    return cuda_images_bytes(sizes, memory);
}

struct cuda_need cuda_need(const struct cuda_sizes *sizes)
{
    double bytes[MEMORIES];
    for (int m = 0; m < MEMORIES; m++)
        bytes[m] = cuda_memory_bytes(sizes, (enum cuda_memory)m);
    struct cuda_need need = {
        .dataset = bytes[MEMORY_TRAIN_IMAGES] + bytes[MEMORY_TRAIN_LABELS] + bytes[MEMORY_TEST_IMAGES]
                 + bytes[MEMORY_TEST_LABELS],
        .weights = bytes[MEMORY_WEIGHTS] + bytes[MEMORY_KEPT_WEIGHTS],
        .state = bytes[MEMORY_STATE] + bytes[MEMORY_KEPT_STATE], .gradient = bytes[MEMORY_GRADIENT],
        .steps = bytes[MEMORY_SAMPLES] + bytes[MEMORY_STRETCH] + bytes[MEMORY_RESULTS] + bytes[MEMORY_LOGITS],
    };
    for (int m = MEMORY_TRANSFORMS; m < MEMORIES; m++)
        need.images += bytes[m];
    for (int b = 0; b < sizes->code->buffer_count; b++)
        need.buffers += cuda_buffer_bytes(sizes, b);
    need.total = need.dataset + need.images + need.weights + need.state + need.gradient + need.steps + need.buffers;
    return need;
}

void cuda_scatter(const struct cuda_sizes *sizes, const real *flat, float *weights)
{
    memset(weights, 0, (size_t)sizes->code->weights_size * sizeof *weights);
    for (int p = 0; p < sizes->model->parameter_count; p++) {
        struct cursor from = cursor_start(&sizes->model->parameters[p]), to = cursor_start(&sizes->code->parameters[p]);
        int64_t elements = parameter_elements(from.parameter);
        for (int64_t i = 0; i < elements; i++, cursor_next(&from), cursor_next(&to))
            weights[to.at] = (float)flat[from.at];
    }
}

void cuda_gather(const struct cuda_sizes *sizes, const float *weights, real *flat)
{
    memset(flat, 0, (size_t)sizes->model->weights_size * sizeof *flat);
    for (int p = 0; p < sizes->model->parameter_count; p++) {
        struct cursor from = cursor_start(&sizes->code->parameters[p]), to = cursor_start(&sizes->model->parameters[p]);
        int64_t elements = parameter_elements(from.parameter);
        for (int64_t i = 0; i < elements; i++, cursor_next(&from), cursor_next(&to))
            flat[to.at] = weights[from.at];
    }
}
