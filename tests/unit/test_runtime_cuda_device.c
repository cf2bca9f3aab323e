/* The device cuda on a driver that is not one (cuda_fake.h): which samples, counts and parts of a batch kernels get, that
 * results and weights do not depend on how an epoch is cut nor much on how many GPUs share it, how often the device is
 * looked at, and that each call may fail: an error then, and nothing is left behind. */
#include "cuda_fake.h"

#include "cuda_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

enum { BATCH = 6, SAMPLES = 38, STEPS = 7, TESTS = 25, CLASSES = 2, WEIGHTS = 3, FLAT = 8, EVALUATED = 10, LANES = 4 };

/* Weight j stands at 2j + 1 of the GPU's layout, at 3 - j of the CPU's. */
static const struct parameter cpu_parameters[] = {{"w", 1, {WEIGHTS}, {-1}, 3, 1}};
static const struct parameter gpu_parameters[] = {{"w", 1, {WEIGHTS}, {2}, 1, 1}};

static int wrong;                       /* things that kernels have seen and must not */

static int spoiled;                     /* the sample whose loss is NaN; -1: none */

static void expect(bool right) { wrong += !right; }

/* ---- kernels */

#define SGD {.lr = 0.01, .momentum = 0.5}

static const struct sgd sgd = SGD;

static void run_shuffle(unsigned blocks, void **arguments)
{
    const struct cuda_stretch *stretch = *(const struct cuda_stretch **)arguments[0];
    int32_t *samples = *(int32_t **)arguments[1], count;
    memcpy(&count, arguments[2], sizeof count);
    expect(blocks == (unsigned)(count + 255) / 256);
    for (int i = 0; i < count; i++) {
        uint64_t at = (uint64_t)stretch->first + (uint64_t)i;
        samples[i] = (int32_t)(stretch->shuffled ? order_at(&stretch->order, at) : at);
    }
}

static void run_copy(unsigned blocks, void **arguments)
{
    int32_t count;
    memcpy(&count, arguments[2], sizeof count);
    expect(blocks == (unsigned)(count + 255) / 256);
    memcpy(*(float **)arguments[1], *(float **)arguments[0], (size_t)count * sizeof(float));
}

static void add_results(const struct cuda_step *step, const float *loss, const float *correct)
{
    for (int i = 0; i < step->count; i++) {
        step->result->loss += (double)loss[i];
        step->result->correct += (int64_t)correct[i];
    }
}

static void update(const struct cuda_step *step, const float *gradient)
{
    struct sgd now = sgd;
    now.momentum = step->stretch->momentum[step->index];
    for (int i = 1; i < 2 * WEIGHTS; i += 2)
        step->weights[i] = (float)sgd_update((real)step->weights[i], (real)gradient[i], (real *)&step->state[i], now,
                                             step->stretch->lr[step->index], step->index == 0 && step->stretch->fresh);
}

static void run_forward(unsigned blocks, void **arguments)
{
    const struct cuda_step *step = arguments[0];
    float *loss = *(float **)arguments[1], *correct = *(float **)arguments[2];
    expect(step->count > 0 && blocks == (unsigned)(step->count + 3) / 4 * 2);
    for (int i = 0; i < step->count; i++) {
        loss[i] = 0.125f * (float)step->images[step->samples[i]];
        if (step->samples[i] == spoiled)
            loss[i] = step->weights[1] = step->state[3] = NAN;
        correct[i] = step->labels[step->samples[i]];
    }
}

static void sum_gradient(const struct cuda_step *step, float *gradient)
{
    for (int j = 0; j < WEIGHTS; j++) {
        float sum = 0;
        for (int i = 0; i < step->count; i++)
            sum += step->scale * ((float)step->images[step->samples[i]] + step->weights[2 * j + 1]) * (float)(j + 1);
        gradient[2 * j + 1] = sum;
    }
}

static void run_backward(unsigned blocks, void **arguments)
{
    const struct cuda_step *step = arguments[0];
    float own[FLAT] = {0};
    expect(blocks == 3 && step->count > 0);
    sum_gradient(step, step->gradient ? step->gradient : own);
    if (step->gradient)
        return;
    update(step, own);
    add_results(step, *(float **)arguments[1], *(float **)arguments[2]);
}

static void run_update(unsigned blocks, void **arguments)
{
    const struct cuda_step *step = arguments[0];
    expect(blocks == 1 && step->gradient != NULL);
    update(step, step->gradient);
    add_results(step, *(float **)arguments[1], *(float **)arguments[2]);
}

static void run_evaluate(unsigned blocks, void **arguments)
{
    const struct cuda_step *step = arguments[0];
    run_forward(blocks, arguments);
    add_results(step, *(float **)arguments[1], *(float **)arguments[2]);
    for (int i = 0; i < step->count * CLASSES && step->logits; i++)
        step->logits[i] = (float)(CLASSES * step->samples[i / CLASSES] + i % CLASSES);
}

static struct cuda_function functions[] = {
    {"shuffle", 0, run_shuffle}, {"copy", 0, run_copy}, {"forward", 0, run_forward}, {"backward", 0, run_backward}, {"update", 0, run_update},
    {"evaluate", 0, run_evaluate},
};

static const int both[] = {0, 1};

#define FORWARD .block_units = 2, .samples = 4, .threads = 32, .shared_bytes = 50000, .sample_flop = 5, \
                .sample_bytes = 3, .step_bytes = 100, .buffers = both, .buffer_count = 2

static const struct cuda_kernel train[] = {
    {"forward", "forward", FORWARD},
    {"backward", "backward", .units = 3, .samples = 4, .threads = 64, .step_flop = 7, .buffers = both,
     .buffer_count = 2},
};
static const struct cuda_kernel evaluation[] = {{"evaluate", "evaluate", FORWARD}};
static const struct cuda_buffer buffers[] = {{"loss", 16, 0}, {"correct", 16, 0}};

#define CODE(name_, joined_)                                                                                    \
    {.name = name_, .file = "small.cu", .source = source, .source_end = source + sizeof source - 1, .block = 4, \
     .eval_samples = EVALUATED, .parameters = gpu_parameters, .parameter_count = 1, .weights_size = FLAT,       \
     .buffers = buffers, .buffer_count = 2, .train = train, .train_count = 2, .joined = joined_,                \
     .update = {"update", "update", .units = 1, .threads = 32, .buffers = both, .buffer_count = 2},            \
     .evaluate = evaluation, .evaluate_count = 1}

static const char source[] = "code";
static const struct cuda_code fused = CODE("fused step", true), layers = CODE("layer by layer", false);
static const struct cuda_code *const codes[] = {&fused, &layers, NULL};
static const struct model model = {
    .name = "small", .channels = 1, .height = 1, .width = 1, .classes = CLASSES, .lanes = LANES,
    .parameters = cpu_parameters, .parameter_count = 1, .weights_size = 4, .state_slots = 1, .batch_size = BATCH,
    .sgd = SGD, .cuda = codes,
};

/* ---- what is to come out */

struct outcome { double weights[WEIGHTS]; struct result train, test; };

static uint8_t images[SAMPLES], labels[SAMPLES];
static struct dataset train_data = {.count = SAMPLES, .images = images, .labels = labels},
                      test_data = {.count = TESTS, .images = images, .labels = labels};

static struct outcome expected(const struct order *order)
{
    struct outcome outcome = {.weights = {1, 2, 3}};
    double history[WEIGHTS] = {0};
    for (int first = 0; first < SAMPLES; first += BATCH) {
        int    end = first + BATCH < SAMPLES ? first + BATCH : SAMPLES;
        double gradient[WEIGHTS] = {0};
        for (int at = first; at < end; at++) {
            int sample = order ? (int)order_at(order, (uint64_t)at) : at;
            outcome.train.loss += 0.125 * images[sample];
            outcome.train.correct += labels[sample];
            for (int j = 0; j < WEIGHTS; j++)
                gradient[j] += (images[sample] + outcome.weights[j]) * (j + 1) / (end - first);
        }
        for (int j = 0; j < WEIGHTS; j++) {
            history[j] = first == 0 ? gradient[j] : 0.5 * history[j] + gradient[j];
            outcome.weights[j] -= 0.125 * history[j];
        }
    }
    for (int i = 0; i < TESTS; i++) {
        outcome.test.loss += 0.125 * images[i];
        outcome.test.correct += labels[i];
    }
    return outcome;
}

/* ---- running */

static void reset(int fail_at, bool sticky)
{
    fake = (struct fake){
        .devices = FAKE_GPUS, .capability = 86, .shared_bytes = 100000, .most_threads = 1024,
        .free_bytes = 1 << 20, .fail_at = fail_at,
        .fail_with = 700, .sticky = sticky, .functions = functions, .function_count = sizeof functions / sizeof *functions,
    };
    for (int i = 0; i < fake.function_count; i++)
        functions[i].shared_bytes = 0;
    for (int i = 0; i < SAMPLES; i++) {
        images[i] = (uint8_t)(7 * i % 32);
        labels[i] = i % 3 == 0;
    }
    wrong = 0;
    spoiled = -1;
}

static struct device *open_device(const char *name, enum kernels kernels, struct error *error)
{
    const struct cuda_libraries libraries = {fake_driver, fake_nvrtc, fake_nccl};
    struct device_config config = {
        .model = &model, .device = name, .kernels = kernels, .train = &train_data, .test = &test_data,
    };
    return cuda_open_with(&libraries, &config, error);
}

/* An epoch in stretches of `cut` steps, an evaluation, and the weights. */
static bool run(struct device *device, const struct order *order, int64_t cut, struct outcome *outcome,
                struct error *error)
{
    const struct device_kind *kind = device->kind;
    struct rates rates = rates_constant(0.125, sgd.momentum);
    real flat[] = {0, 3, 2, 1}, logits[TESTS * CLASSES];
    int64_t broken = -1;
    *outcome = (struct outcome){0};
    if (!kind->set_weights(device, flat, error))
        return false;
    for (int64_t first = 0; first < STEPS; first += cut) {
        struct stretch stretch = {
            .order = order, .first = first, .steps = first + cut < STEPS ? cut : STEPS - first, .rates = &rates,
            .fresh = first == 0, .broken = &broken,
        };
        if (!kind->train(device, &stretch, &outcome->train, error))
            return false;
    }
    if (!kind->evaluate(device, PART_TEST, NULL, 0, EVALUATED, &outcome->test, NULL, error)
        || !kind->evaluate(device, PART_TEST, NULL, EVALUATED, TESTS - EVALUATED, &outcome->test, logits, error)
        || !kind->get_weights(device, flat, error))
        return false;
    for (int i = 0; i < (TESTS - EVALUATED) * CLASSES; i++)
        expect(logits[i] == (real)(CLASSES * EVALUATED + i));
    for (int j = 0; j < WEIGHTS; j++)
        outcome->weights[j] = flat[3 - j];
    expect(broken == -1);
    return true;
}

static void check(const struct outcome *got, const struct outcome *wanted)
{
    for (int j = 0; j < WEIGHTS; j++)
        if (fabs(got->weights[j] - wanted->weights[j]) > 1e-4)
            fail_msg("weight %d: %g, expected %g", j, got->weights[j], wanted->weights[j]);
    assert_true(got->train.loss == wanted->train.loss && got->train.correct == wanted->train.correct);
    assert_true(got->test.loss == wanted->test.loss && got->test.correct == wanted->test.correct);
    assert_int_equal(wrong, 0);
}

static void test_training(void **state)
{
    static const char *const names[] = {"cuda", "cuda:1,0", "cuda:0,1,2"};
    struct order   order = order_make(5, 0, SAMPLES);
    struct error   error;
    struct outcome wanted[] = {expected(NULL), expected(&order)}, got, first;
    (void)state;
    for (int n = 0; n < 3; n++)
        for (int k = KERNELS_FUSED; k <= KERNELS_LAYERS; k++)
            for (int shuffled = 0; shuffled < 2; shuffled++)
                for (int64_t cut = STEPS; cut >= 1; cut -= 3) {
                    reset(0, false);
                    wanted[shuffled] = expected(shuffled ? &order : NULL);
                    struct device *device = open_device(names[n], (enum kernels)k, &error);
                    assert_non_null(device);
                    int allocations = fake.allocations;
                    assert_true(run(device, shuffled ? &order : NULL, cut, &got, &error));
                    assert_int_equal(fake.allocations, allocations);    /* none after the start */
                    check(&got, &wanted[shuffled]);
                    if (cut == STEPS)
                        first = got;
                    assert_memory_equal(&got, &first, sizeof got);      /* however it is cut */
                    device->kind->close(device);
                    assert_int_equal(fake.alive, 0);
                }
}

/* One upload, one read and one wait a run; graphs are recorded once for each form. */
/* Evaluates a part, of which there are `count` samples. */
static struct result evaluate_part(enum part part, int64_t count)
{
    struct error   error;
    struct result  result = {0};
    real           flat[] = {0, 3, 2, 1};
    struct device *device = open_device("cuda:0,1", KERNELS_LAYERS, &error);
    assert_non_null(device);
    assert_int_equal(device_part(device, part).count, count);
    assert_true(device->kind->set_weights(device, flat, &error));
    assert_true(device->kind->evaluate(device, part, NULL, 0, count, &result, NULL, &error));
    device->kind->close(device);
    return result;
}

/* The samples held out follow those of training: what they give is what a test part of the same samples gives. */
static void test_parts(void **state)
{
    enum { HELD_OUT = 27 };             /* more than the test part has, and than are evaluated at once */
    const struct dataset before = train_data, tests = test_data;
    (void)state;
    reset(0, false);
    train_data.count = SAMPLES - HELD_OUT;
    train_data.held_out = HELD_OUT;
    struct result held_out = evaluate_part(PART_VALID, HELD_OUT), trained = evaluate_part(PART_TRAIN, SAMPLES - HELD_OUT);
    train_data = before;
    test_data.images += SAMPLES - HELD_OUT;
    test_data.labels += SAMPLES - HELD_OUT;
    test_data.count = HELD_OUT;
    struct result wanted = evaluate_part(PART_TEST, HELD_OUT);
    test_data = tests;
    assert_true(held_out.loss == wanted.loss && held_out.correct == wanted.correct && held_out.weight == wanted.weight);
    struct result all = evaluate_part(PART_TRAIN, SAMPLES);
    assert_true(held_out.loss + trained.loss == all.loss && held_out.correct + trained.correct == all.correct);
}

static void test_looks(void **state)
{
    struct error   error;
    struct outcome outcome;
    (void)state;
    reset(0, false);
    struct device *device = open_device("cuda:2", KERNELS_AUTO, &error);
    struct cuda   *cuda = (struct cuda *)device;
    assert_non_null(device);
    assert_non_null(strstr(device->name, "cuda:2 (Fake), fused step"));
    assert_true(run(device, NULL, STEPS, &outcome, &error));
    assert_int_equal(cuda->transfers, 3);
    assert_int_equal(fake.captures, 1);

    /* whoever wants to know of losses that are not finite pays nothing for it */
    struct rates   rates = rates_constant(0.125, sgd.momentum);
    struct result  result = {0};
    int64_t        broken = -1;
    struct stretch stretch = {.steps = STEPS, .rates = &rates, .broken = &broken};
    int            before = fake.copies + fake.waits;
    assert_true(device->kind->train(device, &stretch, &result, &error));
    assert_int_equal(fake.copies + fake.waits, before + 3);
    cuda->transfers = 3;
    fake.graphs = 1;
    assert_true(run(device, NULL, 3, &outcome, &error));        /* 3, 3 and the last one */
    assert_int_equal(cuda->transfers, 3 + 9);
    assert_int_equal(fake.captures, 3);
    assert_int_equal(fake.graphs, 4);
    assert_true(run(device, NULL, STEPS, &outcome, &error));
    assert_int_equal(fake.captures, 3);
    assert_true(run(device, NULL, 1, &outcome, &error) && run(device, NULL, 2, &outcome, &error)
                && run(device, NULL, 4, &outcome, &error));     /* more forms than are kept */
    assert_int_equal(fake.captures, 7);
    device->kind->close(device);
    assert_int_equal(fake.alive, 0);
}

/* The optimiser's state: in the model's layout, on all GPUs. Each step has a rate and momentum of its own, however they are
 * cut into runs. */
static void test_state(void **state)
{
    static const struct schedule falling = {.kind = SCHEDULE_ONE_CYCLE, .pct_start = 0.3, .div_factor = 2,
                                            .final_div_factor = 3, .base_momentum = 0.25, .max_momentum = 0.75};
    struct error   error;
    struct rates   rates = {.schedule = &falling, .lr = 0.125, .spec_lr = 0.125, .steps_an_epoch = STEPS, .steps = STEPS};
    struct result  result = {0};
    struct stretch whole = {.steps = STEPS, .rates = &rates, .fresh = true}, begun = whole, rest = whole;
    real start[] = {0, 3, 2, 1}, weights[2][4], history[4], again[4];
    (void)state;
    begun.steps = rest.first = 2;
    rest.steps = STEPS - 2;
    rest.fresh = false;
    reset(0, false);
    for (int part = 0; part < 2; part++) {
        struct device *device = open_device("cuda:0,1", KERNELS_AUTO, &error);
        assert_non_null(device);
        assert_true(device->kind->set_weights(device, start, &error));
        assert_true(device->kind->train(device, part == 0 ? &whole : &begun, &result, &error));
        assert_true(device->kind->get_weights(device, weights[part], &error));
        assert_true(device->kind->get_state(device, history, &error));
        device->kind->close(device);
    }
    assert_memory_not_equal(weights[0], weights[1], sizeof weights[0]);
    struct device *device = open_device("cuda:1,2", KERNELS_AUTO, &error);
    assert_non_null(device);
    assert_true(device->kind->set_weights(device, weights[1], &error));
    assert_true(device->kind->set_state(device, history, &error));
    assert_true(device->kind->get_state(device, again, &error));
    assert_memory_equal(history, again, sizeof history);
    assert_true(device->kind->train(device, &rest, &result, &error));
    assert_true(device->kind->get_weights(device, weights[1], &error));
    assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
    device->kind->close(device);
    assert_int_equal(fake.alive, 0);
}

/* A loss that is not finite: the weights, state and result are those from before its step, as if only the steps before it
 * had been made. */
static void test_broken(void **state)
{
    static const char *const names[] = {"cuda", "cuda:0,1,2"};
    struct error error;
    struct rates rates = rates_constant(0.125, sgd.momentum);
    struct order order = order_make(5, 0, SAMPLES);
    real start[] = {0, 3, 2, 1}, weights[2][4], history[2][4];
    (void)state;
    for (int n = 0; n < 2; n++)
        for (int k = KERNELS_FUSED; k <= KERNELS_LAYERS; k++)
            for (int64_t step = 0; step < STEPS; step++)
                for (int run_steps = 2; run_steps <= 8; run_steps += 3) {
                    struct result results[2] = {0};
                    int64_t       broken[2] = {-1, -1};
                    for (int part = 0; part < 2; part++) {      /* without, and with a sample whose loss is NaN */
                        struct stretch stretch = {
                            .order = &order, .steps = part ? STEPS : step, .rates = &rates, .fresh = true,
                            .broken = &broken[part],
                        };
                        reset(0, false);
                        struct device *device = open_device(names[n], (enum kernels)k, &error);
                        assert_non_null(device);
                        ((struct cuda *)device)->run_steps = run_steps;
                        spoiled = part ? (int)order_at(&order, (uint64_t)(step * BATCH + 1)) : -1;
                        assert_true(device->kind->set_weights(device, start, &error));
                        assert_true(device->kind->train(device, &stretch, &results[part], &error));
                        assert_true(device->kind->get_weights(device, weights[part], &error));
                        assert_true(device->kind->get_state(device, history[part], &error));
                        device->kind->close(device);
                        assert_int_equal(fake.alive, 0);
                    }
                    assert_int_equal(broken[0], -1);
                    assert_int_equal(broken[1], step);
                    assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
                    assert_memory_equal(history[0], history[1], sizeof history[0]);
                    assert_memory_equal(&results[0], &results[1], sizeof results[0]);
                    assert_int_equal(wrong, 0);
                }
}

struct watched { int64_t calls, steps; double loss; };

static bool stop(void *watcher, int64_t steps, const struct result *result)
{
    struct watched *watched = watcher;
    *watched = (struct watched){watched->calls + 1, steps, result->loss};
    return steps < 4;
}

static void test_stop(void **state)
{
    struct error   error;
    struct watched watched = {0};
    struct result  result = {.loss = 1};
    struct rates   rates = rates_constant(0.125, sgd.momentum);
    struct stretch stretch = {.steps = STEPS, .rates = &rates, .after_step = stop, .watcher = &watched};
    (void)state;
    reset(0, false);
    struct device *device = open_device("cuda", KERNELS_AUTO, &error);
    assert_non_null(device);
    ((struct cuda *)device)->run_steps = 2;     /* as with large networks */
    assert_true(device->kind->train(device, &stretch, &result, &error));
    assert_int_equal(watched.calls, 2);
    assert_int_equal(watched.steps, 4);
    assert_true(watched.loss == result.loss && result.loss > 1);
    device->kind->close(device);
}

static void refused(const char *device, enum kernels kernels, int status, const char *says)
{
    struct error error;
    assert_null(open_device(device, kernels, &error));
    assert_int_equal(error.status, status);
    if (!strstr(error.text, says))
        fail_msg("'%s' does not say '%s'", error.text, says);
    assert_int_equal(fake.alive, 0);
}

static void test_refused(void **state)
{
    (void)state;
    reset(0, false);
    refused("cuda:3", KERNELS_AUTO, STATUS_MACHINE, "the GPUs here are cuda:0 to cuda:2");
    refused("cuda:1,1", KERNELS_AUTO, STATUS_USAGE, "named twice");
    train_data.count = (int64_t)INT32_MAX + 1;
    refused("cuda", KERNELS_AUTO, STATUS_MACHINE, "too many images for a GPU: 2147483648");
    train_data.count = SAMPLES;
    fake.most_threads = 32;
    refused("cuda", KERNELS_AUTO, STATUS_MACHINE, "shuffle runs with 256 threads a block, but at most 32 fit");
    reset(0, false);
    fake.free_bytes = 1000;
    refused("cuda:1", KERNELS_AUTO, STATUS_MACHINE, "not enough memory");
    assert_int_equal(fake.allocations, 0);
    fake.capability = 61;
    refused("cuda", KERNELS_AUTO, STATUS_MACHINE, "no architecture as old as this GPU's, 6.1: its oldest is 7.5");
    fake.capability = 86;
    fake.shared_bytes = 48 * 1024;
    refused("cuda", KERNELS_AUTO, STATUS_MACHINE, "too little shared memory");
    fake.devices = 0;
    refused("cuda", KERNELS_AUTO, STATUS_MACHINE, "finds no CUDA-capable device");
}

/* A driver that does not know NVRTC's PTX gets a cubin, where one can be made. */
static void test_old_driver(void **state)
{
    struct error error;
    (void)state;
    reset(0, false);
    fake.old_driver = true;
    struct device *device = open_device("cuda:0,1", KERNELS_AUTO, &error);
    assert_non_null(device);
    assert_true(((struct cuda *)device)->gpus[1].module->binary);
    device->kind->close(device);
    assert_int_equal(fake.alive, 0);
    fake.capability = 90;
    refused("cuda", KERNELS_AUTO, STATUS_MACHINE, "too new for this driver");
}

static void test_bench(void **state)
{
    struct error      error;
    struct outcome    outcome;
    struct cuda_bench gpu;
    (void)state;
    reset(0, false);
    struct device *device = open_device("cuda", KERNELS_LAYERS, &error);
    assert_non_null(device);
    assert_true(run(device, NULL, STEPS, &outcome, &error));
    assert_true(cuda_measure(device, STEPS, &gpu, &error));
    assert_int_equal(gpu.train_count, 3);       /* forward, backward, update */
    assert_int_equal(gpu.evaluate_count, 1);
    assert_true(gpu.transfers == 3.0 / STEPS);
    assert_true(gpu.train[0].flop == 5 * BATCH && gpu.train[0].bytes == 3 * BATCH + 100 && gpu.train[1].flop == 7);
    assert_true(fabs(gpu.train[0].seconds - 1e-3) < 1e-9);
    assert_true(gpu.evaluate[0].flop == 5 * TESTS && gpu.evaluate[0].bytes == 3 * TESTS + 3 * 100);
    assert_true(fabs(gpu.evaluate[0].seconds - 3e-3) < 1e-9);
    assert_int_equal(gpu.train[0].blocks, 4);
    cuda_bench_free(&gpu);
    device->kind->close(device);
    assert_int_equal(fake.alive, 0);
    assert_int_equal(wrong, 0);
}

/* ---- each call fails in turn */

/* With a part of training whose loss becomes NaN, and which is taken back. */
static bool whole(const char *name, struct error *error)
{
    struct outcome outcome;
    struct device *device = open_device(name, KERNELS_AUTO, error);
    struct rates   rates = rates_constant(0.125, sgd.momentum);
    struct result  result = {0};
    int64_t        broken = -1;
    struct stretch stretch = {.steps = STEPS, .rates = &rates, .broken = &broken};
    bool good = device && run(device, NULL, 3, &outcome, error);
    spoiled = 2 * BATCH;
    good = good && device->kind->train(device, &stretch, &result, error);
    expect(!good || broken == 2);
    if (device)
        device->kind->close(device);
    return good;
}

static void test_failures(void **state)
{
    static const char *const names[] = {"cuda", "cuda:0,1,2"};
    struct error error;
    (void)state;
    for (int n = 0; n < 2; n++)
        for (int sticky = 0; sticky < 2; sticky++) {
            int failed = 0;
            for (int at = 1;; at++) {
                reset(at, sticky);
                error = (struct error){0};
                bool good = whole(names[n], &error);
                assert_int_equal(fake.alive, 0);
                if (good && fake.calls < at)
                    break;
                if (good)
                    continue;           /* it failed while all was closed */
                failed++;
                assert_int_equal(error.status, STATUS_MACHINE);
                assert_true(strstr(error.text, "fail") || strstr(error.text, "does not compile"));
            }
            assert_true(failed > 60);
            assert_int_equal(wrong, 0);
        }
}

static int no_cache(void **state)
{
    (void)state;
    return setenv("XDG_CACHE_HOME", "/dev/null/none", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training), cmocka_unit_test(test_parts), cmocka_unit_test(test_looks),
        cmocka_unit_test(test_state), cmocka_unit_test(test_broken), cmocka_unit_test(test_stop),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_old_driver), cmocka_unit_test(test_bench),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, no_cache, NULL);
}
