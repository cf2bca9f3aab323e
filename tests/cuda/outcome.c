#include "outcome.h"

#include "harness.h"
#include "numbers.h"

#include <stdlib.h>

/* Gradients are seen as movements of the weights, so large that what the weights were is lost in rounding. */
static const double LARGE = 0x1p20;

/* (before - now) / lr */
static real *moved(const real *before, const real *now, int64_t count, double lr)
{
    real *movement = allocate(count, sizeof *movement);
    for (int64_t i = 0; i < count; i++)
        movement[i] = (real)(((double)before[i] - (double)now[i]) / lr);
    return movement;
}

struct subject subject_of(const struct model *model, bool exact, const char *folder)
{
    struct subject subject = {.model = model, .exact = exact, .folder = folder, .elements = weight_elements(model)};
    subject.weights = allocate(subject.elements, sizeof(real));
    subject.data = hashed_dataset(model, model->batch_size + model->batch_size / 2 + 1);
    if (exact) {
        exact_weights(model, subject.weights);
        exact_images(&subject.data, model);
    } else {
        real *flat = hashed_weights(model);
        weights_exchange(model->parameters, model->parameter_count, subject.weights, flat, true);
        free(flat);
    }
    return subject;
}

void subject_free(struct subject *subject)
{
    data_free(&subject->data);
    free(subject->weights);
}

void outcome_free(struct outcome *outcome)
{
    free(outcome->logits);
    for (int step = 0; step < STEPS; step++)
        free(outcome->gradient[step]);
    free(outcome->momentum);
    free(outcome->trained);
}

/* ---- the CPU */

static void cpu_set(const struct subject *subject, struct device *device)
{
    const struct model *model = subject->model;
    struct error        error = {0};
    real               *flat = allocate(model->weights_size, sizeof *flat);
    weights_exchange(model->parameters, model->parameter_count, subject->weights, flat, false);
    if (!device->kind->set_weights(device, flat, &error))
        fail("%s: %s", model->name, error.text);
    free(flat);
}

static real *cpu_moved(const struct subject *subject, struct device *device, double lr)
{
    const struct model *model = subject->model;
    real *flat = allocate(model->weights_size, sizeof *flat), *now = allocate(subject->elements, sizeof *now);
    weights_now(device, flat);
    weights_exchange(model->parameters, model->parameter_count, now, flat, true);
    real *movement = moved(subject->weights, now, subject->elements, lr);
    free(flat);
    free(now);
    return movement;
}

static void cpu_train(struct device *device, const struct stretch *stretch, struct result *result)
{
    struct error error = {0};
    if (!device->kind->train(device, stretch, result, &error))
        fail("%s: %s", device->config.model->name, error.text);
}

static void cpu_evaluate(struct device *device, int64_t count, struct result *result, real *logits)
{
    struct error error = {0};
    if (!device->kind->evaluate(device, PART_TEST, NULL, 0, count, result, logits, &error))
        fail("%s: %s", device->config.model->name, error.text);
}

struct outcome cpu_outcome(const struct subject *subject)
{
    const struct model *model = subject->model;
    int64_t             count = subject->data.count;
    struct outcome      outcome = {.logits = allocate((count + 1) * model->classes, sizeof(real))};
    struct result       result[STEPS + 2] = {0}, unused = {0};
    double              momentum = momentum_steady(&model->schedule, model->sgd.momentum);
    struct rates        none = rates_constant(0, momentum), large = rates_constant(LARGE, momentum);
    struct rates        own = spec_rates(model, STEPS, RANDOM_STEPS);
    real               *flat = allocate(model->weights_size, sizeof *flat);
    struct device      *device = device_with(model, &subject->data, 2, flat);
    for (int step = 0; step < STEPS; step++) {
        cpu_set(subject, device);
        cpu_train(device, &(struct stretch){.first = step, .steps = 1, .rates = &large, .fresh = true}, &result[step]);
        outcome.gradient[step] = cpu_moved(subject, device, LARGE);
    }
    cpu_set(subject, device);
    cpu_evaluate(device, count, &result[STEPS], outcome.logits);
    cpu_evaluate(device, 1, &result[STEPS + 1], outcome.logits + count * model->classes);
    cpu_train(device, &(struct stretch){.steps = STEPS, .rates = &none, .fresh = true}, &unused);
    cpu_train(device, &(struct stretch){.steps = 1, .rates = &large}, &unused);
    outcome.momentum = cpu_moved(subject, device, LARGE);
    cpu_set(subject, device);
    for (int step = 0; step < RANDOM_STEPS; step++) {
        struct stretch stretch = {.first = step % STEPS, .steps = 1, .before = step - step % STEPS, .rates = &own,
                                  .fresh = step == 0};
        struct result  one = {0};
        cpu_train(device, &stretch, &one);
        outcome.random_loss[step] = one.loss;
    }
    outcome.trained = cpu_moved(subject, device, -1);
    device->kind->close(device);
    for (int i = 0; i < STEPS + 2; i++)
        outcome.loss[i] = result[i].loss, outcome.correct[i] = result[i].correct;
    free(flat);
    return outcome;
}

/* ---- the GPU that the host plays */

static struct host_step step_of(const struct subject *subject, int step, double lr, int index, bool fresh)
{
    int64_t batch = subject->model->batch_size, first = step * batch, left = subject->data.count - first;
    int64_t count = left < batch ? left : batch;
    double  momentum = momentum_steady(&subject->model->schedule, subject->model->sgd.momentum);
    return (struct host_step){
        .first = first, .count = count, .start = first, .whole = count, .lr = lr, .momentum = momentum,
        .index = index, .fresh = fresh,
    };
}

static real *gpu_moved(const struct subject *subject, struct host_gpu *gpu, double lr)
{
    real *now = allocate(subject->elements, sizeof *now);
    host_gpu_get_weights(gpu, now);
    real *movement = moved(subject->weights, now, subject->elements, lr);
    free(now);
    return movement;
}

/* The result of what was done since the last call. */
static void take_result(struct host_gpu *gpu, double *loss, int64_t *correct)
{
    *loss = gpu->result.loss;
    *correct = gpu->result.correct;
    gpu->result = (struct cuda_result){0};
}

void gpu_evaluate(const struct subject *subject, const struct model *model, const struct cuda_code *code,
                  enum host_order order, struct outcome *outcome)
{
    int64_t          count = subject->data.count, most = count < code->eval_samples ? count : code->eval_samples;
    struct host_gpu *gpu = host_gpu_open(model, code, subject->folder, &subject->data, most, order);
    host_gpu_set_weights(gpu, subject->weights);
    outcome->logits = allocate((count + 1) * model->classes, sizeof *outcome->logits);
    host_gpu_evaluate(gpu, count, outcome->logits);
    take_result(gpu, &outcome->loss[STEPS], &outcome->correct[STEPS]);
    host_gpu_evaluate(gpu, 1, outcome->logits + count * model->classes);
    take_result(gpu, &outcome->loss[STEPS + 1], &outcome->correct[STEPS + 1]);
    host_gpu_close(gpu);
}

struct outcome gpu_gradients(const struct subject *subject, const struct model *model, const struct cuda_code *code)
{
    int64_t          unused;
    double           none;
    struct outcome   outcome = {0};
    struct host_gpu *gpu = host_gpu_open(model, code, subject->folder, &subject->data, model->batch_size, HOST_FORWARD);
    for (int step = STEPS - 1; step >= 0; step--) {
        struct host_step wanted = step_of(subject, step, LARGE, 0, true);
        host_gpu_set_weights(gpu, subject->weights);
        host_gpu_train(gpu, &wanted);
        take_result(gpu, &outcome.loss[step], &outcome.correct[step]);
        outcome.gradient[step] = gpu_moved(subject, gpu, LARGE);
    }
    host_gpu_set_weights(gpu, subject->weights);
    for (int step = 0; step <= STEPS; step++) {
        struct host_step wanted = step_of(subject, step % STEPS, step < STEPS ? 0 : LARGE, step % STEPS, step < STEPS);
        host_gpu_train(gpu, &wanted);
    }
    take_result(gpu, &none, &unused);
    outcome.momentum = gpu_moved(subject, gpu, LARGE);
    host_gpu_close(gpu);
    return outcome;
}

struct host_gpu *gpu_after_gradient(const struct subject *subject, const struct model *model,
                                    const struct cuda_code *code)
{
    struct host_gpu *gpu = host_gpu_open(model, code, subject->folder, &subject->data, model->batch_size, HOST_FORWARD);
    struct host_step wanted = step_of(subject, 0, LARGE, 0, true);
    host_gpu_set_weights(gpu, subject->weights);
    host_gpu_gradient(gpu, &wanted);
    return gpu;
}

void gpu_steps(const struct subject *subject, const struct model *model, const struct cuda_code *code,
               struct outcome *outcome)
{
    int64_t          unused;
    struct host_gpu *gpu = host_gpu_open(model, code, subject->folder, &subject->data, model->batch_size, HOST_FORWARD);
    struct rates     own = spec_rates(model, STEPS, RANDOM_STEPS);
    host_gpu_set_weights(gpu, subject->weights);
    for (int step = 0; step < RANDOM_STEPS; step++) {
        struct host_step wanted = step_of(subject, step % STEPS, rate_at(&own, step), step % STEPS, step < STEPS);
        wanted.momentum = momentum_at(&own, step);
        host_gpu_train(gpu, &wanted);
        take_result(gpu, &outcome->random_loss[step], &unused);
    }
    outcome->trained = gpu_moved(subject, gpu, -1);
    host_gpu_close(gpu);
}

void gpu_shared(const struct subject *subject, const struct model *model, const struct cuda_code *code,
                enum host_order order, struct outcome *outcome)
{
    struct host_step part[2] = {step_of(subject, STEPS - 1, LARGE, 0, true), step_of(subject, STEPS - 1, LARGE, 0, true)};
    struct host_gpu *gpu[2];
    part[0].count = (part[0].count + 1) / 2;
    part[1].first += part[0].count;
    part[1].count -= part[0].count;
    for (int i = 0; i < 2 && part[i].count; i++) {
        gpu[i] = host_gpu_open(model, code, subject->folder, &subject->data, part[i].count, order);
        host_gpu_set_weights(gpu[i], subject->weights);
        host_gpu_gradient(gpu[i], &part[i]);
        for (int64_t k = 0; i && k < code->weights_size; k++)
            gpu[0]->gradient[k] += gpu[i]->gradient[k];
    }
    for (int i = 0; i < 2 && part[i].count; i++) {
        host_gpu_update(gpu[i], &part[i]);
        outcome->loss[STEPS - 1] += gpu[i]->result.loss;
        outcome->correct[STEPS - 1] += gpu[i]->result.correct;
    }
    outcome->gradient[STEPS - 1] = gpu_moved(subject, gpu[0], LARGE);
    for (int i = 0; i < 2 && part[i].count; i++)
        host_gpu_close(gpu[i]);
}
