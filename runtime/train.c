#include "commands.h"

#include "format.h"
#include "log.h"
#include "safetensors.h"
#include "weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct training {
    const struct model    *model;
    const struct settings *settings;
    struct dataset         train, test;
    struct device         *device;
    struct progress        progress;
    struct log            *log;                 /* or NULL */
    struct pace            blocks_pace;
    int64_t                steps_an_epoch;
    int64_t                steps, epochs;       /* in all; the last epoch may be cut short */
};

static void plan_steps(struct training *training)
{
    const struct settings *settings = training->settings;
    int64_t all;
    training->steps_an_epoch = data_steps(training->model, training->train.count);
    if (settings->epochs < 0 || __builtin_mul_overflow(settings->epochs, training->steps_an_epoch, &all))
        all = INT64_MAX;
    if (settings->steps >= 0 && settings->steps < all)
        all = settings->steps;
    training->steps = all;
    training->epochs = all == 0 ? 0 : (all - 1) / training->steps_an_epoch + 1;
}

/* Makes the steps of an epoch (from 0) and sets what the report says of them. */
static bool train_epoch(struct training *training, int64_t epoch, struct epoch_report *report, struct error *error)
{
    const struct model *model = training->model;
    int64_t       before = epoch * training->steps_an_epoch, left = training->steps - before;
    int64_t       steps = left < training->steps_an_epoch ? left : training->steps_an_epoch;
    struct order  order = order_make(training->settings->seed, (uint64_t)epoch, (uint64_t)training->train.count);
    struct result sum = {0};
    char          part[FORMAT_SIZE];
    snprintf(part, sizeof part, "epoch %" PRId64 "/%" PRId64, epoch + 1, training->epochs);
    struct rates rates = {
        .schedule = &model->schedule, .lr = training->settings->lr, .spec_lr = model->sgd.lr,
        .steps_an_epoch = training->steps_an_epoch, .steps = training->steps,
    };
    struct watch watch = {
        .progress = &training->progress, .error = error, .part = part, .batch = model->batch_size, .steps = steps,
        .samples = data_step_samples(model, training->train.count, steps),
        .before = before, .all = training->steps, .started = seconds_now(),
    };
    struct stretch stretch = {
        .order = model->shuffle ? &order : NULL, .steps = steps, .before = before, .rates = &rates,
        .fresh = before == 0,
        .seed = training->settings->seed, .epoch = (uint64_t)epoch,
        .after_step = watch_step, .watcher = &watch,
    };
    if (!training->device->kind->train(training->device, &stretch, &sum, error) || watch.stopped)
        return false;
    report->seconds = seconds_now() - watch.started;
    report->samples = watch.samples;
    report->train_loss = sum.loss / sum.weight;
    report->train_accuracy = (double)sum.correct / (double)watch.samples;
    return true;
}

/* The line of an epoch in the log. */
static void note_epoch(struct training *training, const struct epoch_report *report)
{
    bool    trained = report->epoch > 0;
    int64_t end = report->epoch * training->steps_an_epoch;
    if (!training->log)
        return;
    log_epoch(training->log, &(struct log_record){
        .epoch = (double)report->epoch, .step = (double)(end < training->steps ? end : training->steps),
        .train_loss = trained ? report->train_loss : NAN, .train_accuracy = trained ? report->train_accuracy : NAN,
        .valid_loss = NAN, .valid_accuracy = NAN, .test_loss = report->test_loss, .test_accuracy = report->test_accuracy,
        .lr = training->settings->lr, .seconds = report->seconds, .eval_seconds = report->eval_seconds,
    });
}

/* A loss that is not finite never becomes so again: going on would waste the time, saving would replace good
 * weights. */
static bool still_finite(const struct training *training, const struct epoch_report *report, struct error *error)
{
    if (report->epoch == 0 || (isfinite(report->test_loss) && isfinite(report->train_loss)))
        return true;
    error_input(error, "training diverged in epoch %" PRId64 ": the loss is no finite number", report->epoch);
    return error_add(error, "nothing was saved; a learning rate smaller than %g may help", training->settings->lr);
}

/* Trains the epochs; without any, reports what the initial weights are worth. */
static bool train_epochs(struct training *training, struct error *error)
{
    for (int64_t epoch = 0; epoch == 0 || epoch < training->epochs; epoch++) {
        bool                trains = training->epochs > 0;
        struct epoch_report report = {.epoch = trains ? epoch + 1 : 0, .epochs = training->epochs};
        struct evaluation   evaluation = {0};
        if (trains && !train_epoch(training, epoch, &report, error))
            return false;
        if (training->log)
            log_evaluation(training->log, &evaluation);
        struct standing standing = {.fraction = trains ? (double)(epoch + 1) / (double)training->epochs : 1};
        if (!evaluate(training->device, PART_TEST, training->settings->seed, epoch, &training->blocks_pace,
                      &training->progress, &standing, &evaluation, error))
            return false;
        report.test_loss = evaluation.loss;
        report.test_accuracy = evaluation.accuracy;
        report.eval_seconds = evaluation.seconds;
        progress_epoch(&training->progress, &report);
        note_epoch(training, &report);
        if (!still_finite(training, &report, error))
            return false;
    }
    return true;
}

static bool save(struct training *training, struct error *error)
{
    const struct model *model = training->model;
    const char         *path = training->settings->save;
    size_t bytes = (size_t)model->weights_size * sizeof(real);
    real  *flat = malloc(bytes + 1);
    bool   saved = flat ? training->device->kind->get_weights(training->device, flat, error)
                              && weights_save(model, path, flat, error)
                        : error_memory(error, path, bytes);
    free(flat);
    if (saved)
        progress_say(&training->progress, "weights saved in %s", path);
    return saved;
}

static bool set_initial_weights(struct training *training, struct error *error)
{
    const struct model *model = training->model;
    if (training->settings->init)
        return read_weights(training->device, training->settings->init, &training->progress, error);
    size_t bytes = (size_t)model->weights_size * sizeof(real);
    real  *flat = malloc(bytes + 1);
    if (!flat)
        return error_memory(error, "the initial weights", bytes);
    weights_init(model, training->settings->seed, flat);
    bool set = training->device->kind->set_weights(training->device, flat, error);
    free(flat);
    return set;
}

static void announce(struct training *training)
{
    const struct model    *model = training->model;
    const struct settings *settings = training->settings;
    int64_t parameters = 0;
    char    first[FORMAT_SIZE], second[FORMAT_SIZE], third[FORMAT_SIZE];
    for (int p = 0; p < model->parameter_count; p++)
        parameters += parameter_elements(&model->parameters[p]);
    progress_say(&training->progress, "%s parameters; %s training and %s test images from %s",
                 format_count(first, parameters), format_count(second, training->train.count),
                 format_count(third, training->test.count), settings->data);
    progress_say(&training->progress, "device: %s; batch %" PRId64 ", lr %g, momentum %g, seed %" PRIu64,
                 training->device->name, model->batch_size, settings->lr, model->sgd.momentum, settings->seed);
}

static struct device_config device_config(const struct training *training)
{
    const struct settings *settings = training->settings;
    return (struct device_config){
        .model = training->model, .device = settings->device, .kernels = settings->kernels, .train = &training->train,
        .test = &training->test, .threads = settings->threads,
    };
}

static bool open_log(struct training *training, struct error *error)
{
    training->log = log_open(&(struct log_config){
        .model = training->model, .settings = training->settings, .device = training->device->name,
        .epochs = training->epochs, .train_count = training->train.count, .test = &training->test,
    }, error);
    return training->log != NULL;
}

static bool run(struct training *training, struct error *error)
{
    const struct settings *settings = training->settings;
    const struct model    *model = training->model;
    if (!data_load(model, settings->data, PART_TRAIN, settings->progress, &training->train, error)
        || !data_load(model, settings->data, PART_TEST, settings->progress, &training->test, error))
        return false;
    struct device_config config = device_config(training);
    training->device = command_device(&config, &training->progress, error);
    if (!training->device || !set_initial_weights(training, error))
        return false;
    plan_steps(training);
    if (settings->log && !open_log(training, error))
        return false;
    announce(training);
    training->progress.started = seconds_now();
    return train_epochs(training, error) && save(training, error);
}

bool train_command(const struct model *model, const struct settings *settings, struct error *error)
{
    struct training training = {
        .model = model, .settings = settings, .progress = progress_start(settings->progress, model->name),
        .blocks_pace = {.amount = 1},
    };
    struct device_config config = device_config(&training);
    if (!device_check(&config, error) || !safetensors_writable(settings->save, error)
        || (settings->log && !log_possible(settings->log, error)))
        return false;
    struct error why;
    bool good = run(&training, error);
    if (!log_close(training.log, &why) && good) {
        *error = why;
        good = false;
    }
    progress_clear(&training.progress);
    if (!good && error->status > STATUS_SIGNAL)
        error_set(error, error->status, "interrupted; nothing was saved");
    if (training.device)
        training.device->kind->close(training.device);
    data_free(&training.train);
    data_free(&training.test);
    return good;
}
