/* Compares two trainings that began alike: changes START ONE OTHER TOLERANCE, all safetensors files of one network. No
 * element may differ by more than so much of the largest change that its tensor made. */
#include "safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static float *values(const struct safetensors *file, const char *name, int64_t count, struct error *error)
{
    const struct tensor *tensor = safetensors_find(file, name);
    float *read = malloc((size_t)count * sizeof *read + 1);
    if (read && tensor && tensor->end - tensor->begin == (uint64_t)count * sizeof *read
        && safetensors_read(file, tensor, read, error))
        return read;
    if (tensor == NULL || error->text[0] == '\0')
        error_input(error, "%s: no %lld numbers named %s", file->path, (long long)count, name);
    free(read);
    return NULL;
}

static bool compare(const struct safetensors file[3], const struct tensor *tensor, double tolerance, struct error *error)
{
    int64_t count = (int64_t)(tensor->end - tensor->begin) / (int64_t)sizeof(float);
    float  *read[3] = {NULL};
    double  largest = 0, worst = 0;
    for (int i = 0; i < 3; i++) {
        read[i] = values(&file[i], tensor->name, count, error);
        if (!read[i])
            return false;
    }
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)read[1][i] - (double)read[0][i]));
        double difference = fabs((double)read[2][i] - (double)read[1][i]);
        if (!(difference <= worst))
            worst = isnan(difference) ? INFINITY : difference;
    }
    for (int i = 0; i < 3; i++)
        free(read[i]);
    if (largest > 0 && worst <= tolerance * largest)
        return true;
    printf("%s differs by %.3g, and has changed by %.3g at most\n", tensor->name, worst, largest);
    return false;
}

int main(int argc, char **argv)
{
    struct error       error = {0};
    struct safetensors file[3];
    bool               good = true;
    if (argc != 5) {
        fprintf(stderr, "usage: changes START ONE OTHER TOLERANCE\n");
        return 2;
    }
    for (int i = 0; i < 3; i++)
        if (!safetensors_open(&file[i], argv[1 + i], &error)) {
            error_print(&error, "changes");
            return 2;
        }
    for (int i = 0; i < file[0].count; i++)
        good &= compare(file, &file[0].tensors[i], strtod(argv[4], NULL), &error);
    if (error.text[0])
        error_print(&error, "changes");
    for (int i = 0; i < 3; i++)
        safetensors_close(&file[i]);
    return good ? 0 : 1;
}
