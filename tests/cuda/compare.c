/* Compares CUDA code, compiled for the host, with the CPU's plain nests. Every network is there twice: compiled with
 * --no-tuned, and as NAME_TARGET. Each way to train either of them on a GPU must have the same losses, hits, logits,
 * gradients and weights as the CPU, in steps of a whole batch and in the smaller one that ends an epoch; and the same bits
 * in whatever order its threads and blocks run.
 *
 * As in tests/tuned, gradients are compared at weights and images that are small whole numbers times powers of two, so that
 * rounding does not decide which element is a pool's largest. At random numbers it may: there only losses and logits are
 * compared closely. */
#include "check.h"

#include "harness.h"
#include "outcome.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Of the largest element of a tensor; RANDOM: where a maximum may have been decided the other way. Losses are compared with
 * LOSS of themselves plus one. */
static const double TOLERANCE = 5e-6, RANDOM_TOLERANCE = 0.05, LOSS = 1e-5, RANDOM_LOSS = 1e-4;

struct pair { const struct subject *subject; const struct model *model; const struct cuda_code *code; };

__attribute__((format(printf, 2, 3))) static bool differs(const struct pair *pair, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printf("%s, %s, %s numbers: ", pair->model->name, pair->code->name, pair->subject->exact ? "whole" : "random");
    vprintf(format, values);
    putchar('\n');
    va_end(values);
    return false;
}

static bool near(const struct pair *pair, const char *what, const real *cpu, const real *gpu, int64_t count,
                 double tolerance)
{
    double  largest = 0, worst = 0;
    int64_t at = 0;
    for (int64_t i = 0; i < count; i++) {
        double difference = fabs((double)cpu[i] - (double)gpu[i]);
        largest = fmax(largest, fabs((double)cpu[i]));
        if (!(difference <= worst))
            worst = difference, at = i;
        if (isnan(worst))
            break;
    }
    if (largest == 0)
        return differs(pair, "all of %s is zero: this checks nothing", what);
    return worst <= tolerance * largest
        || differs(pair, "%s[%lld] is %.9g, on the CPU %.9g: off by %.2g of the largest", what, (long long)at,
                   (double)gpu[at], (double)cpu[at], worst / largest);
}

static bool near_parameters(const struct pair *pair, const char *what, const real *cpu, const real *gpu, double tolerance)
{
    const struct model *model = pair->model;
    bool    good = true;
    int64_t at = 0;
    for (int p = 0; p < model->parameter_count; p++) {
        char    name[512];
        int64_t elements = 1;
        for (int d = 0; d < model->parameters[p].rank; d++)
            elements *= model->parameters[p].shape[d];
        snprintf(name, sizeof name, "%s of %s", what, model->parameters[p].name);
        good &= near(pair, name, cpu + at, gpu + at, elements, tolerance);
        at += elements;
    }
    return good;
}

static bool near_loss(const struct pair *pair, const char *what, int i, double cpu, double gpu, double tolerance)
{
    return fabs(cpu - gpu) <= tolerance * (1 + fabs(cpu))
        || differs(pair, "the loss of %s %d is %.12g, on the CPU %.12g", what, i, gpu, cpu);
}

static bool near_result(const struct pair *pair, const char *what, int i, const struct outcome *cpu,
                        const struct outcome *gpu)
{
    bool good = near_loss(pair, what, i, cpu->loss[i], gpu->loss[i], LOSS);
    if (pair->subject->exact && cpu->correct[i] != gpu->correct[i])
        good = differs(pair, "the hits of %s %d are %lld, on the CPU %lld", what, i, (long long)gpu->correct[i],
                       (long long)cpu->correct[i]);
    return good;
}

/* At whole numbers: gradients, and what they leave to momentum. */
static bool compare_gradients(const struct pair *pair, const struct outcome *cpu, const struct outcome *gpu)
{
    static const char *const whats[STEPS] = {"the gradient", "the gradient of a smaller batch"};
    bool good = near_parameters(pair, "the movement with momentum", cpu->momentum, gpu->momentum, TOLERANCE);
    for (int i = 0; i < STEPS; i++)
        good &= near_parameters(pair, whats[i], cpu->gradient[i], gpu->gradient[i], TOLERANCE)
              & near_result(pair, "step", i, cpu, gpu);
    return good;
}

static bool compare_evaluation(const struct pair *pair, const struct outcome *cpu, const struct outcome *gpu)
{
    int64_t logits = (pair->subject->data.count + 1) * pair->subject->model->classes;
    return near(pair, "logits", cpu->logits, gpu->logits, logits, TOLERANCE)
         & near_result(pair, "evaluation", STEPS, cpu, gpu) & near_result(pair, "evaluation", STEPS + 1, cpu, gpu);
}

/* At random numbers: what the spec's optimiser makes of them. */
static bool compare_steps(const struct pair *pair, const struct outcome *cpu, const struct outcome *gpu)
{
    bool good = near_parameters(pair, "the movement", cpu->trained, gpu->trained, RANDOM_TOLERANCE);
    for (int step = 0; step < RANDOM_STEPS; step++)
        good &= near_loss(pair, "step", step, cpu->random_loss[step], gpu->random_loss[step], RANDOM_LOSS);
    return good;
}

/* The smaller step made by two GPUs, and by two whose threads and blocks run the other way round. */
static bool compare_shared(const struct pair *pair, const struct outcome *cpu)
{
    const struct subject *subject = pair->subject;
    struct outcome shared[HOST_ORDERS] = {0};
    for (int order = 0; order < HOST_ORDERS; order++) {
        gpu_shared(subject, pair->model, pair->code, (enum host_order)order, &shared[order]);
        gpu_evaluate(subject, pair->model, pair->code, (enum host_order)order, &shared[order]);
    }
    const struct outcome *one = &shared[HOST_FORWARD], *other = &shared[HOST_BACKWARD];
    size_t logits = (size_t)((subject->data.count + 1) * subject->model->classes) * sizeof(real);
    bool   good = near_result(pair, "step of two GPUs", STEPS - 1, cpu, one)
                & near_parameters(pair, "the gradient of two GPUs", cpu->gradient[STEPS - 1], one->gradient[STEPS - 1],
                                  TOLERANCE);
    if (memcmp(one->loss, other->loss, sizeof one->loss) != 0 || memcmp(one->logits, other->logits, logits) != 0
        || memcmp(one->gradient[STEPS - 1], other->gradient[STEPS - 1], (size_t)subject->elements * sizeof(real)) != 0)
        good = differs(pair, "the order in which threads and blocks run changes results");
    for (int order = 0; order < HOST_ORDERS; order++)
        outcome_free(&shared[order]);
    return good;
}

/* Bytes of the gpu's buffer. */
static size_t buffer_bytes(const struct host_gpu *gpu, int buffer)
{
    const struct cuda_buffer *b = &gpu->code->buffers[buffer];
    return b->bytes + b->block_bytes * (size_t)((gpu->samples + gpu->code->block - 1) / gpu->code->block);
}

/* One buffer of both codes: the same bits, or numbers that are near. What is no number is the same. */
static bool same_buffer(const struct pair *pair, const struct host_gpu *plain, int i, const struct host_gpu *gpu, int j)
{
    const char *name = gpu->code->buffers[j].name;
    size_t      bytes = buffer_bytes(gpu, j);
    if (memcmp(plain->buffers[i], gpu->buffers[j], bytes) == 0)
        return true;
    if (strstr(name, "indices"))
        return differs(pair, "%s is not the plain nest's", name);
    return near(pair, name, plain->buffers[i], gpu->buffers[j], (int64_t)(bytes / sizeof(float)), TOLERANCE);
}

/* Whether a kernel of a training step has to do with the buffer. */
static bool trains_with(const struct cuda_code *code, int buffer)
{
    for (int k = 0; k < code->train_count; k++)
        for (int i = 0; i < code->train[k].buffer_count; i++)
            if (code->train[k].buffers[i] == buffer)
                return true;
    return false;
}

/* Whether a relu stands before a pool. Behind it, where the tuned code puts it, names have other values. */
static bool is_reordered(const struct model *model)
{
    for (int i = 1; i < model->layer_count; i++)
        if (strcmp(model->layers[i - 1].kind, "relu") == 0 && strcmp(model->layers[i].kind, "max_pool2d") == 0)
            return true;
    return false;
}

/* What each kernel leaves in global memory beside what the plain nests leave there, wherever both have an array of that
 * name and size: a sum or a place that is wrong is seen where it is made. */
static bool compare_buffers(const struct pair *pair)
{
    const struct model *plain_model = pair->subject->model;
    struct host_gpu    *plain = gpu_after_gradient(pair->subject, plain_model, plain_model->cuda[0]);
    struct host_gpu    *gpu = gpu_after_gradient(pair->subject, pair->model, pair->code);
    int  compared = 0;
    bool good = true;
    for (int j = 0; j < gpu->code->buffer_count; j++)
        for (int i = 0; i < plain->code->buffer_count; i++)
            if (strcmp(plain->code->buffers[i].name, gpu->code->buffers[j].name) == 0
                && buffer_bytes(plain, i) == buffer_bytes(gpu, j) && trains_with(plain->code, i)
                && trains_with(gpu->code, j)) {
                good &= same_buffer(pair, plain, i, gpu, j);
                compared++;
            }
    host_gpu_close(plain);
    host_gpu_close(gpu);
    return compared > 0 ? good : differs(pair, "no buffer has the name of a plain nest's");
}

static bool check_code(const struct subject *subject, const struct model *model, const struct cuda_code *code,
                       const struct outcome *cpu)
{
    struct pair    pair = {subject, model, code};
    struct outcome gpu = subject->exact ? gpu_gradients(subject, model, code) : (struct outcome){0};
    if (!subject->exact)
        gpu_steps(subject, model, code, &gpu);
    gpu_evaluate(subject, model, code, HOST_FORWARD, &gpu);
    bool good = subject->exact ? compare_gradients(&pair, cpu, &gpu) & compare_shared(&pair, cpu)
                               : compare_steps(&pair, cpu, &gpu);
    good &= compare_evaluation(&pair, cpu, &gpu);
    if (subject->exact && code->block == subject->model->cuda[0]->block && !is_reordered(model))
        good &= compare_buffers(&pair);
    outcome_free(&gpu);
    return good;
}

/* How many models of one network begin at network[0]: the names of those after it are its own and their target. */
static int variants(const struct model *const *network)
{
    int    count = 1;
    size_t length = strlen(network[0]->name);
    for (const struct model *next; (next = network[count]); count++)
        if (strncmp(next->name, network[0]->name, length) != 0 || next->name[length] != '_'
            || strcmp(next->name + length + 1, next->target) != 0)
            break;
    return count;
}

int compare_models(const char *folder)
{
    int passed = 0, failed = 0;
    for (const struct model *const *network = models; *network; network += variants(network)) {
        for (int exact = 0; exact <= 1; exact++) {
            struct subject subject = subject_of(network[0], exact, folder);
            struct outcome cpu = cpu_outcome(&subject);
            for (int i = 0; i < variants(network); i++)
                for (int c = 0; network[i]->cuda[c]; c++)
                    check_code(&subject, network[i], network[i]->cuda[c], &cpu) ? passed++ : failed++;
            outcome_free(&cpu);
            subject_free(&subject);
        }
    }
    if (passed + failed == 0)
        printf("no model has CUDA code\n"), failed = 1;
    printf("cuda-host: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
