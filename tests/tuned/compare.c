/* Compares tuned kernels with plain nests: every network compiled with --no-tuned, and beside it, as NAME_TARGET, with
 * tuned kernels for each target. All start from the same weights and images, and must have the same losses, logits and
 * gradients to rounding; a tuned one must have the same bits for any number of threads.
 *
 * A maximum of a pool that wins by less than the rounding sends its gradient elsewhere when sums are rounded otherwise.
 * In double precision that does not happen to numbers at random. In single precision it would, so there gradients are
 * taken at weights and images that are small whole numbers times powers of two: up to the last relu or pool every sum
 * is exact in whatever order, and equal elements, of which there are many, are equal for all. */
#include "harness.h"

#include "numbers.h"
#include "weights.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const bool SINGLE = sizeof(real) == sizeof(float);

/* Of the largest element of a tensor. In single precision two orders of the same sum were seen to differ by 3e-7 of it:
 * there is room for kernels that round more often, and none for a product left out or counted twice. */
static const double TOLERANCE = sizeof(real) == sizeof(float) ? 5e-6 : 1e-12, TRAINED_TOLERANCE = 1e-10;

enum { STEPS = 2, MOST_VARIANTS = 16 };

/* What a model does with the data. Weights and what has their shape are in PyTorch's order. */
struct outcome {
    double  loss[STEPS + 2];        /* of the steps, of the evaluation of all samples, of the first sample alone */
    int64_t correct[STEPS + 2];
    real   *logits;                 /* of all samples, then once more of the first */
    real   *gradient[STEPS];        /* of a whole batch, and of what is left of the epoch, a smaller one */
    real   *movement;               /* by two epochs with the spec's optimiser and schedule */
    double  predicted;              /* how far single images' logits are from the evaluation's */
};

struct subject {
    const struct model *model;
    bool                exact;      /* weights and images are small whole numbers, but for their unit */
    struct dataset      data;
    real               *weights;    /* in PyTorch's order */
    int64_t             elements;   /* of all weights */
};

static void exchange(const struct model *model, real *ordered, real *flat, bool back)
{
    weights_exchange(model->parameters, model->parameter_count, ordered, flat, back);
}

/* ---- weights and images */

static struct subject subject_of(const struct model *model, bool exact)
{
    struct subject subject = {.model = model, .exact = exact, .elements = weight_elements(model)};
    subject.weights = allocate(subject.elements, sizeof(real));
    subject.data = hashed_dataset(model, model->batch_size + model->batch_size / 2 + 1);
    if (exact) {
        exact_weights(model, subject.weights);
        exact_images(&subject.data, model);
    } else {
        real *flat = hashed_weights(model);
        exchange(model, subject.weights, flat, true);
        free(flat);
    }
    return subject;
}

/* ---- what a model does */

static void train(struct device *device, const struct stretch *stretch, struct result *result)
{
    struct error error = {0};
    if (!device->kind->train(device, stretch, result, &error))
        fail("%s: %s", device->config.model->name, error.text);
}

static void evaluate(struct device *device, int64_t count, struct result *result, real *logits)
{
    struct error error = {0};
    if (!device->kind->evaluate(device, PART_TEST, NULL, 0, count, result, logits, &error))
        fail("%s: %s", device->config.model->name, error.text);
}

static void set_weights(struct device *device, const real *flat)
{
    struct error error = {0};
    if (!device->kind->set_weights(device, flat, &error))
        fail("%s: %s", device->config.model->name, error.text);
}

/* By how much the weights have moved from `flat`, divided by -lr: a gradient, or a movement with lr = -1. */
static real *moved(const struct subject *subject, struct device *device, const real *flat, double lr)
{
    const struct model *model = subject->model;
    real *now = allocate(model->weights_size, sizeof *now), *ordered = allocate(subject->elements, sizeof *ordered);
    weights_now(device, now);
    for (int64_t i = 0; i < model->weights_size; i++)
        now[i] = (real)(((double)flat[i] - (double)now[i]) / lr);
    exchange(model, ordered, now, true);
    free(now);
    return ordered;
}

static struct outcome observe(const struct subject *subject, int threads)
{
    const struct model *model = subject->model;
    /* Gradients are seen as movements of the weights, so large that what the weights were is lost in rounding. */
    const double   lr = 0x1p20;
    struct rates   large = rates_constant(lr, momentum_steady(&model->schedule, model->sgd.momentum));
    struct rates   own = spec_rates(model, STEPS, 2 * STEPS);
    int64_t        count = subject->data.count;
    struct outcome outcome = {.logits = allocate((count + 1) * model->classes, sizeof(real))};
    struct result  result[STEPS + 2] = {0}, unused = {0};
    real          *flat = allocate(model->weights_size, sizeof *flat);
    exchange(model, subject->weights, flat, false);
    struct device *device = device_with(model, &subject->data, threads, flat);
    for (int step = 0; step < STEPS; step++) {
        set_weights(device, flat);
        train(device, &(struct stretch){.first = step, .steps = 1, .rates = &large, .fresh = true}, &result[step]);
        outcome.gradient[step] = moved(subject, device, flat, lr);
    }
    set_weights(device, flat);
    evaluate(device, count, &result[STEPS], outcome.logits);
    evaluate(device, 1, &result[STEPS + 1], outcome.logits + count * model->classes);
    outcome.predicted = predict_difference(device, flat);
    train(device, &(struct stretch){.steps = STEPS, .rates = &own, .fresh = true}, &unused);
    train(device, &(struct stretch){.steps = STEPS, .before = STEPS, .rates = &own}, &unused);
    outcome.movement = moved(subject, device, flat, -1);
    device->kind->close(device);
    for (int i = 0; i < STEPS + 2; i++)
        outcome.loss[i] = result[i].loss, outcome.correct[i] = result[i].correct;
    free(flat);
    return outcome;
}

static void outcome_free(struct outcome *outcome)
{
    free(outcome->logits);
    for (int step = 0; step < STEPS; step++)
        free(outcome->gradient[step]);
    free(outcome->movement);
}

/* ---- comparing */

__attribute__((format(printf, 2, 3))) static bool differs(const struct subject *subject, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printf("%s, %s numbers: ", subject->model->name, subject->exact ? "whole" : "random");
    vprintf(format, values);
    putchar('\n');
    va_end(values);
    return false;
}

/* Compares two arrays; says which element is farthest off. */
static bool near(const struct subject *subject, const char *what, const real *plain, const real *tuned, int64_t count,
                 double tolerance)
{
    double  largest = 0, worst = 0;
    int64_t at = 0;
    for (int64_t i = 0; i < count; i++) {
        double difference = fabs((double)plain[i] - (double)tuned[i]);
        largest = fmax(largest, fabs((double)plain[i]));
        if (!(difference <= worst))
            worst = difference, at = i;
    }
    if (largest == 0)
        return differs(subject, "all of %s is zero: this checks nothing", what);
    return worst <= tolerance * largest
        || differs(subject, "%s[%lld] is %.9g, with plain nests %.9g: off by %.2g of the largest", what, (long long)at,
                   (double)tuned[at], (double)plain[at], worst / largest);
}

/* The same of what has the shape of the weights, one tensor after another. */
static bool near_parameters(const struct subject *subject, const char *what, const real *plain, const real *tuned,
                            double tolerance)
{
    const struct model *model = subject->model;
    bool    good = true;
    int64_t at = 0;
    for (int p = 0; p < model->parameter_count; p++) {
        char    name[512];
        int64_t elements = parameter_elements(&model->parameters[p]);
        snprintf(name, sizeof name, "%s of %s", what, model->parameters[p].name);
        good &= near(subject, name, plain + at, tuned + at, elements, tolerance);
        at += elements;
    }
    return good;
}

static bool compare(const struct subject *subject, const struct outcome *plain, const struct outcome *tuned)
{
    static const char *const whats[STEPS] = {"the gradient", "the gradient of a smaller batch"};
    bool    stable = subject->exact || !SINGLE, good = true;    /* stable: rounding turns over no maximum */
    int64_t logits = (subject->data.count + 1) * subject->model->classes;
    for (int i = 0; i < STEPS + 2; i++) {
        double difference = fabs(plain->loss[i] - tuned->loss[i]);
        if (!(difference <= TOLERANCE * (1 + fabs(plain->loss[i]))))
            good = differs(subject, "loss %d is %.12g, with plain nests %.12g", i, tuned->loss[i], plain->loss[i]);
        if (stable && plain->correct[i] != tuned->correct[i])
            good = differs(subject, "hits %d are %lld, with plain nests %lld", i, (long long)tuned->correct[i],
                           (long long)plain->correct[i]);
    }
    if (!(tuned->predicted <= TOLERANCE))
        good = differs(subject, "the logits of single images are off by %.2g of the largest", tuned->predicted);
    good &= near(subject, "logits", plain->logits, tuned->logits, logits, TOLERANCE);
    for (int step = 0; stable && step < STEPS; step++)
        good &= near_parameters(subject, whats[step], plain->gradient[step], tuned->gradient[step], TOLERANCE);
    if (!SINGLE)
        good &= near_parameters(subject, "the movement", plain->movement, tuned->movement, TRAINED_TOLERANCE);
    return good;
}

static bool same_bits(const struct subject *subject, const struct outcome *one, const struct outcome *other)
{
    size_t weights = (size_t)subject->elements * sizeof(real);
    size_t logits = (size_t)((subject->data.count + 1) * subject->model->classes) * sizeof(real);
    return memcmp(one->loss, other->loss, sizeof one->loss) == 0
        && memcmp(one->correct, other->correct, sizeof one->correct) == 0
        && memcmp(one->logits, other->logits, logits) == 0
        && memcmp(one->gradient[0], other->gradient[0], weights) == 0
        && memcmp(one->gradient[1], other->gradient[1], weights) == 0
        && memcmp(one->movement, other->movement, weights) == 0;
}

/* Whether the subject gives what it gave on one thread. */
static bool same_on(const struct subject *subject, const struct outcome *one, int threads)
{
    struct outcome other = observe(subject, threads);
    bool           same = same_bits(subject, one, &other);
    outcome_free(&other);
    return same || differs(subject, "%d threads change results", threads);
}

/* One draw for one network: a plain model, and the tuned ones after it. */
static void check_network(const struct model *const *network, int count, bool exact, bool good[])
{
    struct subject subject = subject_of(network[0], exact);
    struct outcome plain = observe(&subject, 2);
    for (int i = 1; i < count; i++) {
        subject.model = network[i];
        struct outcome tuned = observe(&subject, 1);
        good[i] &= compare(&subject, &plain, &tuned);
        if (SINGLE)
            good[i] &= same_on(&subject, &tuned, 3) & same_on(&subject, &tuned, 64);
        outcome_free(&tuned);
    }
    outcome_free(&plain);
    data_free(&subject.data);
    free(subject.weights);
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

int main(void)
{
    int passed = 0, failed = 0;
    for (const struct model *const *network = models; *network; network += variants(network)) {
        int  count = variants(network);
        bool good[MOST_VARIANTS];
        if (count > MOST_VARIANTS)
            fail("more targets than expected");
        for (int i = 0; i < count; i++)
            good[i] = weight_elements(network[i]) == weight_elements(network[0]);
        for (int exact = 0; exact <= SINGLE; exact++)
            check_network(network, count, exact, good);
        for (int i = 1; i < count; i++)
            good[i] ? passed++ : failed++;
    }
    printf("tuned: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
