/* The seed network's first steps on MNIST, in the trainers' own precision: losses FILE TOLERANCE INIT FINAL compares
 * the mean loss of each with those that losses.py printed, and saves the weights before the first and after the last. */
#include "harness.h"

#include "weights.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 10 };

int main(int argc, char **argv)
{
    const struct model *model = models[0];
    FILE               *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    struct dataset      data;
    struct error        error = {0};
    if (!file || argc != 5)
        fail("losses FILE TOLERANCE INIT FINAL");
    real *flat = hashed_weights(model);
    if (!data_load(model, model->root, PART_TRAIN, PROGRESS_OFF, &data, &error) || !weights_save(model, argv[3], flat, &error))
        fail("%s", error.text);
    struct device *device = device_with(model, &data, 2, flat);
    int            passed = 0, failed = 0;
    double         theirs;
    for (int step = 0; fscanf(file, "%lf", &theirs) == 1; step++) {
        double ours = train_step(device, step, STEPS);
        bool   good = fabs(ours - theirs) <= strtod(argv[2], NULL);
        if (!good)
            printf("the loss of step %d is %.7f, in PyTorch %.7f\n", step + 1, ours, theirs);
        good ? passed++ : failed++;
    }
    weights_now(device, flat);
    if (!weights_save(model, argv[4], flat, &error))
        fail("%s", error.text);
    device->kind->close(device);
    data_free(&data);
    free(flat);
    fclose(file);
    printf("losses: %d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}
