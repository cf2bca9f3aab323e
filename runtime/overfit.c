/* train --overfit: the first batch again and again. A network that cannot learn so little has a mistake somewhere: in its
 * layers, its labels, its images or its learning rate. */
#include "training.h"

#include "diagnose.h"
#include "format.h"
#include "interrupt.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 200, REPORTS = 10 };

bool overfit_batch(struct training *training, struct error *error)
{
    const struct model *model = training->model;
    struct dataset     *data = &training->train;
    int64_t      count = data_step_samples(model, data->count, 1), bytes = data_image_bytes(model, data);
    struct order order = order_make(training->settings->seed, 0, (uint64_t)data->count);
    uint8_t     *images = malloc((size_t)(count * bytes) + 1), *labels = malloc((size_t)count + 1);
    if (!images || !labels) {
        free(images);
        free(labels);
        return error_memory(error, "a batch", (size_t)(count * (bytes + 1)));
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t sample = model->shuffle ? (int64_t)order_at(&order, (uint64_t)i) : i;
        memcpy(images + i * bytes, data->images + sample * bytes, (size_t)bytes);
        labels[i] = data->labels[sample];
    }
    struct sample_shape shape = data->shape;
    data_free(data);
    *data = (struct dataset){.count = count, .images = images, .labels = labels, .shape = shape};
    return true;
}

static void report(struct training *training, int64_t step, int64_t steps, const struct evaluation *found)
{
    char loss[FORMAT_SIZE];
    if (training->settings->progress != PROGRESS_JSON) {
        progress_say(&training->progress, "step %" PRId64 "/%" PRId64 "  loss %s  accuracy %.2f %%", step, steps,
                     format_loss(loss, found->loss), 100 * found->accuracy);
        return;
    }
    printf("{\"step\": %" PRId64 ", ", step);
    progress_json_number("loss", found->loss);
    fputs(", ", stdout);
    progress_json_number("accuracy", found->accuracy);
    puts("}");
}

static void conclude(struct training *training, int64_t steps, const struct evaluation *found)
{
    char images[FORMAT_SIZE], made[FORMAT_SIZE];
    format_counted(images, found->count, "image");
    format_counted(made, steps, "step");
    if (found->correct == found->count) {
        progress_say(&training->progress, "the batch is learned: all %s right after %s", images, made);
        return;
    }
    progress_say(&training->progress, "the batch is not learned: %" PRId64 " of %s right after %s", found->correct, images, made);
    progress_say(&training->progress, "try --steps %" PRId64 " or another --lr than %g; else look at the labels, at normalize, "
                 "and whether the layers before the loss end in a relu", steps < STEPS ? STEPS : 5 * steps, training->now.lr);
}

bool train_overfit(struct training *training, struct error *error)
{
    int64_t steps = training->settings->steps >= 0 ? training->settings->steps : STEPS;
    int64_t piece = steps < REPORTS ? 1 : steps / REPORTS;
    const struct model *model = training->model;
    struct rates rates = rates_constant(training->now.lr, momentum_steady(&model->schedule, model->sgd.momentum));
    struct evaluation found = {0};
    int64_t           broken = -1;
    for (int64_t done = 0; done <= steps; done++) {
        if (done % piece == 0 || done == steps) {
            struct standing standing = {.fraction = steps ? (double)done / (double)steps : 1};
            if (!evaluate(training->device, PART_TRAIN, training->now.seed, 0, &training->blocks_pace, &training->progress,
                          &standing, &found, error))
                return false;
            report(training, done, steps, &found);
        }
        struct stretch stretch = {
            .steps = 1, .before = done, .rates = &rates, .fresh = done == 0, .seed = training->now.seed, .plain = true,
            .broken = &broken,
        };
        struct result  sum = {0};
        if (done < steps && !training->device->kind->train(training->device, &stretch, &sum, error))
            return false;
        if (broken >= 0 || !isfinite(found.loss))
            return diagnose(training->device, &stretch, 0, error);
        if (!interrupt_none(error))
            return false;
    }
    conclude(training, steps, &found);
    return true;
}

