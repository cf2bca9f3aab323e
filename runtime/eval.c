#include "commands.h"

#include "classes.h"
#include "format.h"
#include "report.h"
#include "utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is printed of an evaluation. */
struct findings {
    const struct model      *model;
    const struct classes    *classes;
    const struct evaluation *evaluation;
    const struct report     *report;
};

static int decimal_digits(int64_t number)
{
    int digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

static void print_percent(double share)
{
    if (isnan(share))
        printf("  %9s  ", "-");
    else
        printf("  %9.2f %%", 100 * share);
}

static void print_row(const char *name, int width, const struct class_report *class)
{
    printf("  %s%*s", name, width - utf8_width(name), "");
    print_percent(class->precision);
    print_percent(class->recall);
    print_percent(class->f1);
    printf("  %9" PRId64 "\n", class->support);
}

static void print_report(const struct findings *f)
{
    static const char macro[] = "macro mean", weighted[] = "weighted mean";
    int width = classes_width(f->classes), least = (int)sizeof weighted - 1;
    width = width > least ? width : least;
    printf("  %-*s  %11s  %11s  %11s  %9s\n", width, "class", "precision", "recall", "F1", "images");
    for (int64_t c = 0; c < f->classes->count; c++)
        print_row(f->classes->name[c], width, &f->report->classes[c]);
    print_row(macro, width, &f->report->macro);
    print_row(weighted, width, &f->report->weighted);
}

static void print_confusion(const struct findings *f)
{
    const int64_t *confusion = f->evaluation->confusion;
    int64_t classes = f->model->classes, rows = confusion_rows(f->model), largest = classes - 1;
    for (int64_t i = 0; i < rows * classes; i++)
        largest = confusion[i] > largest ? confusion[i] : largest;
    int width = decimal_digits(largest), names = f->classes->named ? classes_width(f->classes) + 1 : 0;
    printf("confusion matrix: a row for each true class, a column for each predicted one\n%*s ", width + 2 + names, "");
    for (int64_t c = 0; c < classes; c++)
        printf(" %*" PRId64, width, c);
    putchar('\n');
    for (int64_t r = 0; r < rows; r++) {
        printf("  %*" PRId64, width, r);
        if (names)
            printf(" %s%*s", f->classes->name[r], names - 1 - utf8_width(f->classes->name[r]), "");
        putchar(':');
        for (int64_t c = 0; c < classes; c++)
            printf(" %*" PRId64, width, confusion[r * classes + c]);
        putchar('\n');
    }
}

static void print_text(const struct findings *f)
{
    const struct evaluation *evaluation = f->evaluation;
    char loss[FORMAT_SIZE];
    printf("test loss %s, accuracy %.2f %% (%" PRId64 " of %" PRId64 ")\n\n", format_loss(loss, evaluation->loss),
           100 * evaluation->accuracy, evaluation->correct, evaluation->count);
    print_report(f);
    putchar('\n');
    print_confusion(f);
}

/* "precision": 0.98, "recall": 0.97, "f1": 0.975 */
static void print_json_rates(const struct class_report *class)
{
    progress_json_number("precision", class->precision);
    fputs(", ", stdout);
    progress_json_number("recall", class->recall);
    fputs(", ", stdout);
    progress_json_number("f1", class->f1);
}

static void print_json(const struct findings *f)
{
    const struct evaluation *evaluation = f->evaluation;
    int64_t                  classes = f->model->classes;
    putchar('{');
    progress_json_number("test_loss", evaluation->loss);
    fputs(", ", stdout);
    progress_json_number("test_accuracy", evaluation->accuracy);
    fputs(", ", stdout);
    progress_json_number("eval_seconds", evaluation->seconds);
    fputs(", \"classes\": [", stdout);
    for (int64_t c = 0; c < classes; c++) {
        fputs(c ? ", {\"name\": " : "{\"name\": ", stdout);
        utf8_print_json(stdout, f->classes->name[c]);
        fputs(", ", stdout);
        print_json_rates(&f->report->classes[c]);
        printf(", \"support\": %" PRId64 "}", f->report->classes[c].support);
    }
    fputs("], \"macro\": {", stdout);
    print_json_rates(&f->report->macro);
    fputs("}, \"weighted\": {", stdout);
    print_json_rates(&f->report->weighted);
    fputs("}, \"confusion\": [", stdout);
    for (int64_t r = 0; r < confusion_rows(f->model); r++)
        for (int64_t c = 0; c < classes; c++)
            printf("%s%" PRId64 "%s", c ? ", " : r ? ", [" : "[", evaluation->confusion[r * classes + c],
                   c == classes - 1 ? "]" : "");
    puts("]}");
}

static bool print_findings(const struct model *model, const struct settings *settings,
                           const struct evaluation *evaluation, struct error *error)
{
    struct classes  classes;
    struct report   report = {.classes = calloc((size_t)model->classes, sizeof *report.classes)};
    struct findings findings = {model, &classes, evaluation, &report};
    bool good = classes_find(model, settings->data, &classes, error)
             && (report.classes || error_memory(error, "the report", (size_t)model->classes * sizeof *report.classes));
    if (good) {
        report_make(evaluation->confusion, confusion_rows(model), model->classes, &report);
        (settings->json || settings->progress == PROGRESS_JSON ? print_json : print_text)(&findings);
    }
    classes_free(&classes);
    free(report.classes);
    return good;
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
        && evaluate(device, PART_TEST, settings->seed, 0, &pace, progress, &standing, &evaluation, error);
    progress_clear(progress);
    good = good && print_findings(model, settings, &evaluation, error);
    free(evaluation.confusion);
    return good;
}

bool eval_command(const struct model *model, const struct settings *settings, struct error *error)
{
    struct dataset       test;
    struct progress      progress = progress_start(settings->json ? PROGRESS_JSON : settings->progress, model->name);
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
