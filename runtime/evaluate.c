#include "commands.h"

#include "format.h"
#include "interrupt.h"
#include "mistakes.h"
#include "report.h"
#include "weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_SAMPLES = 4096 };     /* at a time: bounds the memory for logits */

static const double shortest_piece = 0.05, longest_piece = 0.2;

/* After a piece took `seconds`. */
static void adapt(struct pace *pace, double seconds)
{
    if (seconds < shortest_piece && pace->amount <= INT32_MAX)
        pace->amount *= 2;
    else if (seconds > longest_piece && pace->amount > 1)
        pace->amount /= 2;
}

int64_t confusion_rows(const struct model *model) { return model->classes < LABELS ? model->classes : LABELS; }

/* Counts the samples at positions first .. first + count - 1, whose logits these are. */
static void count_confusion(const struct model *model, const struct dataset *data, const struct order *order,
                            int64_t first, int64_t count, const real *logits, struct evaluation *evaluation)
{
    for (int64_t i = 0; i < count; i++, logits += model->classes) {
        int64_t at = first + i, sample = order ? (int64_t)order_at(order, (uint64_t)at) : at;
        int64_t label = data->labels[sample], predicted = largest_logit(logits, model->classes);
        evaluation->confusion[label * model->classes + predicted]++;
        if (evaluation->mistakes && predicted != label)
            mistakes_add(evaluation->mistakes, logits, model->classes, sample, label, predicted);
    }
}

bool evaluate(struct device *device, enum part part, uint64_t seed, int64_t epoch, struct pace *pace,
              struct progress *progress, struct standing *standing, struct evaluation *evaluation, struct error *error)
{
    static const char *const names[] = {[PART_TRAIN] = "train", [PART_TEST] = "test", [PART_VALID] = "valid"};
    const struct model *model = device->config.model;
    struct dataset      data = device_part(device, part);
    struct order        order = order_make(seed, (uint64_t)epoch, (uint64_t)data.count);
    const struct order *shuffled = part == PART_TEST && model->test_shuffle ? &order : NULL;
    struct result       sum = {0};
    bool                good = true;
    int64_t             most = (MOST_SAMPLES + device->piece - 1) / device->piece;      /* in pieces */
    real               *logits = NULL;
    if (evaluation->confusion) {
        int64_t samples = most * device->piece < data.count ? most * device->piece : data.count;
        size_t  bytes = (size_t)(samples * model->classes) * sizeof *logits;
        logits = malloc(bytes);
        if (!logits)
            return error_memory(error, "the evaluation", bytes);
    }
    evaluation->seconds = 0;
    for (int64_t first = 0, count; first < data.count && good; first += count) {
        pace->amount = pace->amount > most ? most : pace->amount;
        count = pace->amount * device->piece;
        count = count < data.count - first ? count : data.count - first;
        double started = seconds_now();
        good = device->kind->evaluate(device, part, shuffled, first, count, &sum, logits, error);
        double seconds = seconds_now() - started;
        if (!good)
            break;
        evaluation->seconds += seconds;
        adapt(pace, seconds);
        if (logits)
            count_confusion(model, &data, shuffled, first, count, logits, evaluation);
        standing->part = names[part];
        standing->done = first + count;
        standing->all = data.count;
        standing->loss = sum.loss / sum.weight;
        standing->accuracy = (double)sum.correct / (double)standing->done;
        standing->seconds = evaluation->seconds;
        progress_show(progress, standing);
        good = interrupt_none(error);
    }
    free(logits);
    evaluation->count = data.count;
    evaluation->correct = sum.correct;
    evaluation->loss = sum.loss / sum.weight;
    evaluation->accuracy = (double)sum.correct / (double)data.count;
    return good;
}

bool read_weights(struct device *device, const char *path, struct progress *progress, struct error *error)
{
    const struct model *model = device->config.model;
    size_t  bytes = (size_t)model->weights_size * sizeof(real);
    real   *flat = malloc(bytes + 1);
    int64_t strange;
    char    count[FORMAT_SIZE];
    bool    good = flat || error_memory(error, path, bytes);
    good = good && weights_load(model, path, flat, &strange, error);
    if (good && strange > 0)
        progress_say(progress, "warning: %s: NaN or infinity in %s", path, format_counted(count, strange, "value"));
    good = good && device->kind->set_weights(device, flat, error);
    free(flat);
    return good;
}
