#include "commands.h"

#include "format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int decimal_digits(int64_t number)
{
    int digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

static void print_text(const struct model *model, const struct evaluation *evaluation)
{
    int64_t rows = confusion_rows(model), largest = model->classes - 1;
    for (int64_t i = 0; i < rows * model->classes; i++)
        largest = evaluation->confusion[i] > largest ? evaluation->confusion[i] : largest;
    int  width = decimal_digits(largest);
    char loss[FORMAT_SIZE];
    printf("test loss %s, accuracy %.2f %% (%" PRId64 " of %" PRId64 ")\n\n", format_loss(loss, evaluation->loss),
           100 * evaluation->accuracy, evaluation->correct, evaluation->count);
    printf("confusion matrix: a row for each true class, a column for each predicted one\n%*s ", width + 2, "");
    for (int64_t c = 0; c < model->classes; c++)
        printf(" %*" PRId64, width, c);
    putchar('\n');
    for (int64_t r = 0; r < rows; r++) {
        printf("  %*" PRId64 ":", width, r);
        for (int64_t c = 0; c < model->classes; c++)
            printf(" %*" PRId64, width, evaluation->confusion[r * model->classes + c]);
        putchar('\n');
    }
}

static void print_json(const struct model *model, const struct evaluation *evaluation)
{
    putchar('{');
    progress_json_number("test_loss", evaluation->loss);
    fputs(", ", stdout);
    progress_json_number("test_accuracy", evaluation->accuracy);
    fputs(", ", stdout);
    progress_json_number("eval_seconds", evaluation->seconds);
    fputs(", \"confusion\": [", stdout);
    for (int64_t r = 0; r < confusion_rows(model); r++)
        for (int64_t c = 0; c < model->classes; c++)
            printf("%s%" PRId64 "%s", c ? ", " : r ? ", [" : "[", evaluation->confusion[r * model->classes + c],
                   c == model->classes - 1 ? "]" : "");
    puts("]}");
}

static bool evaluate_file(struct device *device, const struct settings *settings, struct progress *progress,
                          struct error *error)
{
    const struct model *model = device->config.model;
    struct standing     standing = {.fraction = 1};
    struct pace         pace = {.amount = 1};
    size_t              cells = (size_t)(confusion_rows(model) * model->classes);
    struct evaluation   evaluation = {.confusion = calloc(cells, sizeof(int64_t))};
    bool good = evaluation.confusion || error_memory(error, "the confusion matrix", cells * sizeof(int64_t));
    good = good && read_weights(device, settings->weights, progress, error)
        && evaluate(device, settings->seed, 0, &pace, progress, &standing, &evaluation, error);
    progress_clear(progress);
    if (good && settings->progress == PROGRESS_JSON)
        print_json(model, &evaluation);
    else if (good)
        print_text(model, &evaluation);
    free(evaluation.confusion);
    return good;
}

bool eval_command(const struct model *model, const struct settings *settings, struct error *error)
{
    struct dataset       test;
    struct progress      progress = progress_start(settings->progress, model->name);
    struct device_config config = {
        .model = model, .device = settings->device, .kernels = settings->kernels, .test = &test,
        .threads = settings->threads,
    };
    if (!device_check(&config, error))
        return false;
    if (access(settings->weights, R_OK) != 0) {
        error_input(error, "%s: cannot open: %s", settings->weights, strerror(errno));
        return error_add(error, "%s train writes weights, --weights FILE names others", model->name);
    }
    if (!data_load(model, settings->data, PART_TEST, settings->progress, &test, error))
        return false;
    struct device *device = command_device(&config, &progress, error);
    bool           good = device && evaluate_file(device, settings, &progress, error);
    if (device)
        device->kind->close(device);
    data_free(&test);
    return good;
}
