/* Trains each model on cuda:0, whatever plays it, and on the CPU: the same seed, the same batches. After ten steps no
 * parameter differs by more than 1e-4 of the largest change that its tensor made, and the losses of twenty steps agree to 1e-4.
 * And with a rate that makes weights overflow, the device ends with the bits from before the step whose loss is not finite. */
#include "check.h"

#include "harness.h"
#include "numbers.h"
#include "weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double TOLERANCE = 1e-4;

/* The most that is taken for lr: some specs have 1, with which gradients are seen, and rounding grows beyond bounds. */
static const double MOST_LR = 0.01;

static const double WILD_LR = 1e38;

enum { COMPARED = 10, STEPS = 20, SEED = 1 };

struct run {
    double  loss[STEPS];
    int64_t correct;
    double  tested;
    real   *start, *weights;            /* before the first step and after COMPARED, in PyTorch's order */
};

static real *weights_of(struct device *device)
{
    const struct model *model = device->config.model;
    real *flat = allocate(model->weights_size, sizeof *flat);
    real *ordered = allocate(weight_elements(model), sizeof *ordered);
    weights_now(device, flat);
    weights_exchange(model->parameters, model->parameter_count, ordered, flat, true);
    free(flat);
    return ordered;
}

/* Trains step by step, then evaluates all samples. */
static bool train(const struct model *model, const struct dataset *data, const char *name, enum kernels kernels,
                  struct run *run, struct error *error)
{
    struct device_config config = {.model = model, .device = name, .kernels = kernels, .train = data, .test = data,
                                   .threads = 2};
    struct error         why = {0};
    struct device       *device = device_open(&config, &why, error);
    if (!device)
        return false;
    int64_t steps = (data->count + model->batch_size - 1) / model->batch_size;
    real   *flat = allocate(model->weights_size, sizeof *flat);
    weights_init(model, SEED, flat);
    bool good = device->kind->set_weights(device, flat, error);
    free(flat);
    run->start = weights_of(device);
    for (int i = 0; good && i < STEPS; i++) {
        struct order   order = order_make(SEED, (uint64_t)(i / steps), (uint64_t)data->count);
        struct rates   rates = spec_rates(model, steps, STEPS);
        struct stretch stretch = {.order = &order, .first = i % steps, .steps = 1, .before = i - i % steps, .rates = &rates,
                                  .fresh = i == 0};
        struct result  result = {0};
        rates.lr = rates.spec_lr = fmin(model->sgd.lr, MOST_LR);
        good = device->kind->train(device, &stretch, &result, error);
        run->loss[i] = result.loss / result.weight;
        if (i == COMPARED - 1)
            run->weights = weights_of(device);
    }
    struct result tested = {0};
    good = good && device->kind->evaluate(device, PART_TEST, NULL, 0, data->count, &tested, NULL, error);
    run->correct = tested.correct;
    run->tested = tested.loss / tested.weight;
    device->kind->close(device);
    return good;
}

static void run_free(struct run *run)
{
    free(run->start);
    free(run->weights);
}

static bool compare(const struct model *model, const char *what, const struct run *cpu, const struct run *gpu)
{
    bool    good = true;
    int64_t at = 0;
    for (int p = 0; p < model->parameter_count; at += parameter_elements(&model->parameters[p++])) {
        double largest = 0, worst = 0;
        for (int64_t i = at; i < at + parameter_elements(&model->parameters[p]); i++) {
            largest = fmax(largest, fabs((double)cpu->weights[i] - (double)cpu->start[i]));
            double difference = fabs((double)cpu->weights[i] - (double)gpu->weights[i]);
            if (!(difference <= worst))
                worst = isnan(difference) ? INFINITY : difference;
        }
        if (largest > 0 && worst <= TOLERANCE * largest)
            continue;
        printf("%s, %s: after %d steps %s differs by %.3g, and has changed by %.3g at most\n", model->name, what, COMPARED,
               model->parameters[p].name, worst, largest);
        good = false;
    }
    for (int i = 0; i < STEPS; i++)
        if (!(fabs(cpu->loss[i] - gpu->loss[i]) <= TOLERANCE)) {
            printf("%s, %s: the loss of step %d is %.9g, on the CPU %.9g\n", model->name, what, i, gpu->loss[i], cpu->loss[i]);
            good = false;
            break;
        }
    return good;
}

/* All that one of the model's codes does. */
static bool check_kernels(const struct model *model, const struct dataset *data, enum kernels kernels, const struct run *cpu)
{
    struct error error = {0};
    struct run   gpu = {0};
    bool         good = train(model, data, "cuda:0", kernels, &gpu, &error);
    if (good)
        good = compare(model, kernels_words[kernels], cpu, &gpu);
    else
        printf("%s, %s: %s\n", model->name, kernels_words[kernels], error.text);
    run_free(&gpu);
    return good;
}

/* ---- a loss that is not finite */

/* An epoch, or as much of it as is wanted, from the initial weights; weights and state lie in `memory` then. Returns the
 * step that breaks, or `steps`. */
static int64_t train_wildly(struct device *device, int64_t steps, real *memory)
{
    const struct model *model = device->config.model;
    struct error   error = {0};
    struct rates   rates = rates_constant(WILD_LR, momentum_steady(&model->schedule, model->sgd.momentum));
    int64_t        broken = steps, slots = model->state_slots;
    struct stretch stretch = {.steps = steps, .rates = &rates, .fresh = true, .broken = &broken};
    struct result  result = {0};
    real *state = memory + model->weights_size;
    memset(memory, 0, (size_t)(model->weights_size * (1 + slots)) * sizeof *memory);
    weights_init(model, SEED, memory);
    if (!device->kind->set_weights(device, memory, &error) || !device->kind->set_state(device, state, &error)
        || !device->kind->train(device, &stretch, &result, &error) || !device->kind->get_weights(device, memory, &error)
        || !device->kind->get_state(device, state, &error))
        fail("%s: %s", model->name, error.text);
    return broken;
}

/* *broke becomes true where the loss has become something that is not finite. */
static bool check_broken(const struct model *model, const struct dataset *data, enum kernels kernels, bool *broke)
{
    struct device_config config = {.model = model, .device = "cuda:0", .kernels = kernels, .train = data, .test = data,
                                   .threads = 1};
    struct error         why = {0}, error = {0};
    struct device       *device = device_open(&config, &why, &error);
    int64_t              reals = model->weights_size * (1 + model->state_slots), steps = data_steps(model, data->count);
    real *broken = allocate(reals, sizeof *broken), *expected = allocate(reals, sizeof *expected);
    if (!device)
        fail("%s: %s", model->name, error.text);
    int64_t step = train_wildly(device, steps, broken);
    bool    same = train_wildly(device, step, expected) == step
                && memcmp(broken, expected, (size_t)reals * sizeof *broken) == 0;
    *broke = *broke || step < steps;
    if (!same)
        printf("%s, %s: step %lld breaks, and what is kept are not the bits from before it\n", model->name,
               kernels_words[kernels], (long long)step);
    device->kind->close(device);
    free(broken);
    free(expected);
    return same;
}

/* Whether its name ends in the target's, which nets.mk appends where there is a plain one beside it. */
static bool is_tuned(const struct model *model)
{
    size_t name = strlen(model->name), target = strlen(model->target);
    return name > target && strcmp(model->name + name - target, model->target) == 0;
}

int train_models(bool plain)
{
    int  passed = 0, failed = 0;
    bool broke = false;
    for (const struct model *const *at = models; *at; at++) {
        const struct model *model = *at;
        if (!plain && !is_tuned(model))
            continue;
        struct dataset      data = hashed_dataset(model, 2 * model->batch_size + (model->batch_size + 1) / 2);
        struct run          cpu = {0};
        struct error        error = {0};
        if (!train(model, &data, "cpu", KERNELS_AUTO, &cpu, &error))
            fail("%s: %s", model->name, error.text);
        if (model->cuda[1])
            check_kernels(model, &data, KERNELS_FUSED, &cpu) ? passed++ : failed++;
        check_kernels(model, &data, KERNELS_LAYERS, &cpu) ? passed++ : failed++;
        if (model->cuda[1])
            check_broken(model, &data, KERNELS_FUSED, &broke) ? passed++ : failed++;
        check_broken(model, &data, KERNELS_LAYERS, &broke) ? passed++ : failed++;
        run_free(&cpu);
        data_free(&data);
    }
    if (!broke)
        printf("no loss is not finite at a learning rate of %g\n", WILD_LR), failed++;
    printf("emulated: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
