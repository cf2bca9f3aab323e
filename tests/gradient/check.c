/* Compares the gradients that every model computes with central differences of its loss, in double precision. The
 * specs train with plain sgd(lr=1): one step moves the weights by minus the gradient. */
#include "harness.h"

#include "weights.h"

#include <math.h>
#include <stdlib.h>

/* Of the largest logit. */
static const double PREDICT_TOLERANCE = 1e-12;
static const double EPS = 1e-6, RTOL = 1e-3, ATOL = 1e-5;

static double loss_at(struct device *device, const real *flat)
{
    int64_t       count = device->config.test->count;
    struct result result = {0};
    struct error  error = {0};
    if (!device->kind->set_weights(device, flat, &error) ||
        !device->kind->evaluate(device, PART_TEST, NULL, 0, count, &result, NULL, &error))
        fail("%s: %s", device->config.model->name, error.text);
    return result.loss / result.weight;
}

/* Checks one tensor; says which element is farthest off. Returns the largest gradient, or NAN. */
static double check_parameter(struct device *device, const struct parameter *parameter, real *flat, const real *gradient)
{
    double        largest = 0, worst = 0, analytic = 0, numeric = 0;
    struct cursor cursor = cursor_start(parameter);
    int64_t       elements = parameter_elements(parameter), worst_at = -1;
    for (int64_t i = 0; i < elements; i++, cursor_next(&cursor)) {
        real   weight = flat[cursor.at], theirs = gradient[cursor.at];
        double sides[2];
        for (int side = 0; side < 2; side++) {
            flat[cursor.at] = weight + (side ? EPS : -EPS);
            sides[side] = loss_at(device, flat);
        }
        flat[cursor.at] = weight;
        double mine = (sides[1] - sides[0]) / (2 * EPS), excess = fabs(mine - theirs) - (ATOL + RTOL * fabs(mine));
        largest = fmax(largest, fabs(mine));
        if (!(excess <= worst))
            worst = excess, worst_at = i, analytic = theirs, numeric = mine;
    }
    if (worst_at < 0)
        return largest;
    printf("%s: the gradient of %s[%lld] is %.9g, by differences %.9g\n", device->config.model->name, parameter->name,
           (long long)worst_at, analytic, numeric);
    return NAN;
}

static bool check_model(const struct model *model)
{
    real          *flat = hashed_weights(model), *gradient = hashed_weights(model);
    struct dataset data = hashed_dataset(model, model->batch_size);
    struct device *device = device_with(model, &data, 1, flat);
    double         evaluated = loss_at(device, flat), trained = train_step(device, 0, 1);
    bool           good = fabs(evaluated - trained) <= 1e-12;
    if (!good)
        printf("%s: the loss is %.12g in training, %.12g in evaluation\n", model->name, trained, evaluated);
    weights_now(device, gradient);
    double difference = predict_difference(device, flat);
    if (!(difference <= PREDICT_TOLERANCE)) {
        printf("%s: the logits of single images differ by %g\n", model->name, difference);
        good = false;
    }
    good &= layers_hold(device, flat, PREDICT_TOLERANCE);
    for (int64_t i = 0; i < model->weights_size; i++)
        gradient[i] = flat[i] - gradient[i];
    for (int p = 0; p < model->parameter_count; p++) {
        double largest = check_parameter(device, &model->parameters[p], flat, gradient);
        if (largest < 100 * ATOL)
            printf("%s: %s has no gradient to speak of: this checks nothing\n", model->name, model->parameters[p].name);
        good &= largest >= 100 * ATOL;
    }
    device->kind->close(device);
    data_free(&data);
    free(flat);
    free(gradient);
    return good;
}

int main(void)
{
    int passed = 0, failed = 0;
    for (const struct model *const *model = models; *model; model++)
        check_model(*model) ? passed++ : failed++;
    printf("gradient: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
