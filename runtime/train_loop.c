#include "training.h"

#include "diagnose.h"
#include "format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool evaluate_part(struct training *training, enum part part, int64_t epoch, struct evaluation *evaluation,
                          struct error *error)
{
    double          done = training->steps ? (double)training->now.step / (double)training->steps : 1;
    struct standing standing = {.fraction = done};
    return evaluate(training->device, part, training->now.seed, epoch, &training->blocks_pace, &training->progress,
                    &standing, evaluation, error);
}

/* Behind what was said of a loss that is not finite; of a checkpoint `train_command` says more. */
static bool give_up(const struct training *training, struct error *error)
{
    return training->written < 0 ? error_add(error, "nothing was saved") : false;
}

/* Makes the steps that are left of an epoch (from 0), and sets what the report says of all of them. */
static bool train_epoch(struct training *training, int64_t epoch, struct epoch_report *report, struct error *error)
{
    const struct model *model = training->model;
    struct checkpoint  *now = &training->now;
    int64_t       before = epoch * training->steps_an_epoch, left = training->steps - before;
    int64_t       steps = left < training->steps_an_epoch ? left : training->steps_an_epoch, first = now->step - before;
    struct order  order = order_make(now->seed, (uint64_t)epoch, (uint64_t)training->train.count);
    char          part[FORMAT_SIZE];
    snprintf(part, sizeof part, "epoch %" PRId64 "/%" PRId64, epoch + 1, training->epochs);
    struct watch watch = {
        .progress = &training->progress, .error = error, .part = part, .batch = model->batch_size, .steps = steps,
        .first = first, .samples = data_step_samples(model, training->train.count, steps),
        .before = before, .all = training->steps, .started = seconds_now(), .made = first,
    };
    int64_t        broken = -1;
    struct stretch stretch = {
        .order = model->shuffle ? &order : NULL, .first = first, .steps = steps - first, .before = before,
        .rates = &training->rates, .fresh = now->step == 0, .seed = now->seed, .epoch = (uint64_t)epoch, .broken = &broken,
        .after_step = watch_step, .watcher = &watch,
    };
    if (steps > first && !training->device->kind->train(training->device, &stretch, &now->sum, error))
        return false;
    if (broken >= 0) {
        diagnose(training->device, &stretch, broken, error);
        return give_up(training, error);
    }
    now->step = before + watch.made;
    if (watch.stopped)
        return false;
    report->seconds = seconds_now() - watch.started;
    report->samples = watch.samples - data_step_samples(model, training->train.count, first);
    report->train_loss = now->sum.loss / now->sum.weight;
    report->train_accuracy = (double)now->sum.correct / (double)watch.samples;
    return true;
}

/* The line of an epoch in the log. */
static void note_epoch(struct training *training, const struct epoch_report *report)
{
    bool trained = report->epoch > 0;
    if (!training->log)
        return;
    log_epoch(training->log, &(struct log_record){
        .epoch = (double)report->epoch, .step = (double)training->now.step,
        .train_loss = trained ? report->train_loss : NAN, .train_accuracy = trained ? report->train_accuracy : NAN,
        .valid_loss = report->valid_loss, .valid_accuracy = report->valid_accuracy,
        .test_loss = report->test_loss, .test_accuracy = report->test_accuracy,
        .lr = rate_at(&training->rates, training->now.step > 0 ? training->now.step - 1 : 0), .seconds = report->seconds, .eval_seconds = report->eval_seconds,
    });
}

static bool evaluate_epoch(struct training *training, int64_t epoch, struct epoch_report *report, struct error *error)
{
    struct evaluation valid = {.loss = NAN, .accuracy = NAN}, test = {0};
    if (training->train.held_out > 0 && !evaluate_part(training, PART_VALID, epoch, &valid, error))
        return false;
    if (training->log)
        log_evaluation(training->log, &test);
    if (!evaluate_part(training, PART_TEST, epoch, &test, error))
        return false;
    report->validated = training->train.held_out > 0;
    report->valid_loss = valid.loss;
    report->valid_accuracy = valid.accuracy;
    report->test_loss = test.loss;
    report->test_accuracy = test.accuracy;
    report->eval_seconds = valid.seconds + test.seconds;
    progress_epoch(&training->progress, report);
    note_epoch(training, report);
    return true;
}

/* The losses of steps have been looked at: what the last of them made of the weights shows here first. Going on would waste
 * the time, saving would replace good weights. */
static bool still_finite(struct training *training, const struct epoch_report *report, struct error *error)
{
    bool test = isfinite(report->test_loss), valid = !report->validated || isfinite(report->valid_loss);
    if (test && valid)
        return true;
    error_input(error, "training diverged in epoch %" PRId64 ": the loss of the %s images is no finite number", report->epoch,
                test ? "validation" : "test");
    diagnose_part(training->device, test ? PART_VALID : PART_TEST, &training->rates, training->now.step, error);
    return give_up(training, error);
}

/* The best epoch has the highest accuracy, and of equals the lowest loss, on the validation part, or without one on the
 * test part. Its weights are kept where the spec wants them. */
static bool note_best(struct training *training, const struct epoch_report *report, struct error *error)
{
    struct checkpoint *now = &training->now;
    double accuracy = report->validated ? report->valid_accuracy : report->test_accuracy;
    double loss = report->validated ? report->valid_loss : report->test_loss;
    if (now->best_epoch > 0 && (accuracy < now->best_accuracy
                                || (accuracy == now->best_accuracy && loss >= now->best_loss)))
        return true;
    now->best_epoch = report->epoch;
    now->best_accuracy = accuracy;
    now->best_loss = loss;
    return !now->best || training->device->kind->get_weights(training->device, now->best, error);
}

static bool out_of_patience(struct training *training)
{
    const struct checkpoint *now = &training->now;
    int64_t patience = training->model->patience;
    if (patience == 0 || now->best_epoch == 0 || now->epoch - now->best_epoch < patience)
        return false;
    progress_say(&training->progress, "stopped early: no epoch since epoch %" PRId64 " was better (patience = %" PRId64 ")",
                 now->best_epoch, patience);
    return true;
}

static bool all_finite(const struct model *model, const real *flat)
{
    for (int64_t i = 0; flat && i < model->weights_size; i++)
        if (!isfinite(flat[i]))
            return false;
    return true;
}

bool training_checkpoint(struct training *training, struct error *error)
{
    const struct device_kind *kind = training->device->kind;
    struct checkpoint        *now = &training->now;
    if (!training->checkpoint || (training->written == now->step && training->written_epoch == now->epoch))
        return true;
    if (!kind->get_weights(training->device, now->weights, error)
        || (now->state && !kind->get_state(training->device, now->state, error)))
        return false;
    if (!all_finite(training->model, now->weights) || !all_finite(training->model, now->state))
        return error_input(error, "training diverged: after step %" PRId64 " weights are no finite numbers; %s is left as it is",
                           now->step, training->checkpoint);
    double next_lr = rate_at(&training->rates, now->step);
    now->next_lr = isfinite(next_lr) ? next_lr : -1;
    if (!checkpoint_write(now, training->model, &training->train, training->checkpoint, training->model->checkpoints,
                             error))
        return false;
    training->written = now->step;
    training->written_epoch = now->epoch;
    return true;
}

/* An epoch, or what is left of it, its evaluation, and what follows from that. */
static bool make_epoch(struct training *training, struct error *error)
{
    struct checkpoint  *now = &training->now;
    int64_t             epoch = now->epoch;
    struct epoch_report report = {.epoch = epoch + 1, .epochs = training->epochs};
    if (!train_epoch(training, epoch, &report, error) || !evaluate_epoch(training, epoch, &report, error)
        || !still_finite(training, &report, error))
        return false;
    /* Cut short, it may be the best of this run. A longer one goes on here, and never has this part of an epoch to choose
     * from: so the checkpoint is written before. */
    if (now->step < (epoch + 1) * training->steps_an_epoch)
        return training_checkpoint(training, error) && note_best(training, &report, error);
    if (!note_best(training, &report, error))
        return false;
    now->epoch++;
    now->sum = (struct result){0};
    return now->epoch % training->settings->every != 0 || training_checkpoint(training, error);
}

bool train_epochs(struct training *training, struct error *error)
{
    struct checkpoint *now = &training->now;
    if (training->steps == 0 && now->step == 0) {
        struct epoch_report report = {.epochs = training->epochs};
        return evaluate_epoch(training, 0, &report, error) && training_checkpoint(training, error);
    }
    if (now->step >= training->steps && now->step < (now->epoch + 1) * training->steps_an_epoch)
        progress_say(&training->progress, "nothing is left to train after step %" PRId64 ": --epochs or --steps says how many "
                     "there are to be in all", now->step);
    while ((now->step < training->steps || now->step == (now->epoch + 1) * training->steps_an_epoch)
           && !out_of_patience(training))
        if (!make_epoch(training, error))
            return false;
    return training_checkpoint(training, error);
}
