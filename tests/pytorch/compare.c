/* Trains every model as its NAME.ref says and compares with what PyTorch recorded there: compare FOLDER.
 * draw.py describes the file. */
#include "harness.h"

#include "weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the largest step that the tensor made. Both sides compute in double precision; the file holds floats. */
static const double STEP_TOLERANCE = 1e-5, LOSS_TOLERANCE = 1e-9, PREDICT_TOLERANCE = 1e-12;

static void read_bytes(FILE *file, void *into, size_t size)
{
    if (fread(into, 1, size, file) != size)
        fail("a reference ends too early");
}

static int32_t read_int(FILE *file)
{
    int32_t value;
    read_bytes(file, &value, sizeof value);
    return value;
}

/* Compares one tensor; says what differs most. */
static bool compare_parameter(FILE *file, const struct model *model, int p, const real *before, const real *after)
{
    const struct parameter *parameter = &model->parameters[p];
    char    name[256] = "";
    int32_t length = read_int(file);
    if (length < 0 || length >= (int32_t)sizeof name)
        fail("%s: a reference is damaged", model->name);
    read_bytes(file, name, (size_t)length);
    int32_t elements = read_int(file);
    if (strcmp(name, parameter->name) != 0 || elements != parameter_elements(parameter)) {
        printf("%s: parameter %d is %s with %lld elements, PyTorch's is %s with %d\n", model->name, p, parameter->name,
               (long long)parameter_elements(parameter), name, elements);
        return false;
    }
    double        largest = 0, worst = -1, theirs = 0, ours = 0;
    int32_t       worst_at = 0;
    struct cursor cursor = cursor_start(parameter);
    for (int32_t i = 0; i < elements; i++, cursor_next(&cursor)) {
        float step;
        read_bytes(file, &step, sizeof step);
        double mine = after[cursor.at] - before[cursor.at], difference = fabs(mine - step);
        largest = fmax(largest, fabs(step));
        if (!(difference <= worst))
            worst = difference, worst_at = i, theirs = step, ours = mine;
    }
    if (worst <= STEP_TOLERANCE * largest)
        return true;
    printf("%s: %s[%d] moved by %.9g, in PyTorch by %.9g (largest step %.9g)\n", model->name, name, worst_at, ours, theirs,
           largest);
    return false;
}

static bool compare_model(const struct model *model, const char *folder)
{
    char path[4096], magic[8];
    snprintf(path, sizeof path, "%s/%s.ref", folder, model->name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail("%s cannot be read", path);
    read_bytes(file, magic, sizeof magic);
    if (memcmp(magic, "netcref1", sizeof magic) != 0)
        fail("%s is no reference", path);
    int32_t samples = read_int(file), steps = read_int(file), parameters = read_int(file);
    bool    good = parameters == model->parameter_count;
    if (!good)
        printf("%s: %d parameters, PyTorch has %d\n", model->name, model->parameter_count, parameters);

    real          *before = hashed_weights(model), *after = hashed_weights(model);
    struct dataset data = hashed_dataset(model, samples);
    struct device *device = device_with(model, &data, 2, before);
    for (int32_t i = 0; i < steps; i++) {
        double theirs, ours = train_step(device, i, steps);
        read_bytes(file, &theirs, sizeof theirs);
        if (!(fabs(ours - theirs) <= LOSS_TOLERANCE * (1 + fabs(theirs)))) {
            printf("%s: the loss of step %d is %.12g, in PyTorch %.12g\n", model->name, i + 1, ours, theirs);
            good = false;
        }
    }
    weights_now(device, after);
    for (int p = 0; p < parameters && p < model->parameter_count; p++)
        good &= compare_parameter(file, model, p, before, after);
    double difference = predict_difference(device, after);
    if (!(difference <= PREDICT_TOLERANCE)) {
        printf("%s: the logits of single images differ by %g\n", model->name, difference);
        good = false;
    }
    good &= layers_hold(device, after, PREDICT_TOLERANCE);
    device->kind->close(device);
    data_free(&data);
    free(before);
    free(after);
    fclose(file);
    return good;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    if (argc < 2)
        fail("compare FOLDER");
    for (const struct model *const *model = models; *model; model++)
        compare_model(*model, argv[1]) ? passed++ : failed++;
    printf("pytorch: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
