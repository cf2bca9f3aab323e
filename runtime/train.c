#include "training.h"

#include "format.h"
#include "interrupt.h"
#include "safetensors.h"
#include "weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

    /* A schedule is one of the whole training: --steps, which may end a part of it, does not make it shorter. */
    int64_t epochs = settings->epochs >= 0 ? settings->epochs : training->model->epochs, whole;
    if (__builtin_mul_overflow(epochs, training->steps_an_epoch, &whole) || whole < all)
        whole = all;
    training->rates = (struct rates){
        .schedule = &training->model->schedule, .lr = training->now.lr, .spec_lr = training->model->sgd.lr,
        .momentum = training->model->sgd.momentum,
        .steps_an_epoch = training->steps_an_epoch, .steps = whole,
    };
}

/* The result of the run: the weights of the best epoch, where the spec wants these, or of the last. */
static bool save(struct training *training, struct error *error)
{
    const struct model *model = training->model;
    const char         *path = training->settings->save;
    struct checkpoint  *now = &training->now;
    bool best = now->best && now->best_epoch > 0;
    if ((!best && !training->device->kind->get_weights(training->device, now->weights, error))
        || !weights_save(model, path, best ? now->best : now->weights, error))
        return false;
    if (best)
        progress_say(&training->progress, "weights saved in %s: those of epoch %" PRId64 ", the best one, %s accuracy %.2f %%", path,
                     now->best_epoch, training->train.held_out > 0 ? "valid" : "test", 100 * now->best_accuracy);
    else
        progress_say(&training->progress, "weights saved in %s", path);
    return true;
}

/* Goes on from a checkpoint, from given weights, or begins with random ones. */
static bool set_start(struct training *training, struct error *error)
{
    const struct settings    *settings = training->settings;
    const struct device_kind *kind = training->device->kind;
    struct checkpoint        *now = &training->now;
    if (settings->resume) {
        double lr = now->lr;            /* the one to go on with; set_rates has chosen it */
        bool   good = checkpoint_read(now, training->model, &training->train, settings->resume, error)
                   && kind->set_weights(training->device, now->weights, error)
                   && (!now->state || kind->set_state(training->device, now->state, error));
        now->lr = lr;
        if (good && strcmp(settings->resume, training->checkpoint) == 0) {
            training->written = now->step;
            training->written_epoch = now->epoch;
        }
        return good;
    }
    if (settings->init)
        return read_weights(training->device, settings->init, &training->progress, error);
    weights_init(training->model, now->seed, now->weights);
    return kind->set_weights(training->device, now->weights, error);
}

/* Seed and learning rate: those of the checkpoint to go on from. Another seed would make another training of it. */
static bool set_rates(struct training *training, struct error *error)
{
    const struct settings *settings = training->settings;
    struct checkpoint     *now = &training->now;
    uint64_t seed;
    double   lr;
    now->seed = settings->seed;
    now->lr = settings->lr;
    if (!settings->resume)
        return true;
    if (!checkpoint_peek(settings->resume, &seed, &lr, error))
        return false;
    if (options_given(settings, "--seed") && seed != settings->seed)
        return error_set(error, STATUS_USAGE, "--seed %" PRIu64 " contradicts --resume: the seed of %s is %" PRIu64,
                         settings->seed, settings->resume, seed);
    now->seed = seed;
    if (!options_given(settings, "--lr"))
        now->lr = lr;
    if (options_given(settings, "--lr") && lr != settings->lr)
        progress_say(&training->progress, "goes on with lr %g in place of %g", settings->lr, lr);
    else if (lr != settings->lr)
        progress_say(&training->progress, "goes on with lr %g, as %s has it; --lr %g takes the spec's", lr, settings->resume,
                     settings->lr);
    return true;
}

/* Appends a word as one types it in a shell. */
static void print_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
    if (*word && !word[strspn(word, plain)]) {
        fprintf(out, " %s", word);
        return;
    }
    fputs(" '", out);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, out);
    fputc('\'', out);
}

/* The command that goes on: the same one, but from the checkpoint. */
static void print_command(const struct training *training, FILE *out)
{
    static const char *const replaced[] = {"--resume", "--init"};
    const struct settings *settings = training->settings;
    for (int i = 0; i < settings->argument_count; i++) {
        const char *word = settings->arguments[i];
        bool        goes = false, value = false;
        for (size_t k = 0; k < sizeof replaced / sizeof *replaced; k++) {
            size_t length = strlen(replaced[k]);
            bool   same = strncmp(word, replaced[k], length) == 0;
            value = value || (same && word[length] == '\0');
            goes = goes || (same && (word[length] == '\0' || word[length] == '='));
        }
        i += value;
        if (!goes)
            print_word(out, word);
    }
    print_word(out, "--resume");
    print_word(out, training->checkpoint);
}

/* Says in `error`, after a signal, what has come of the run, and how to go on. */
static bool interrupted(struct training *training, struct error *error)
{
    int          status = error->status;
    char         command[4096] = "";
    struct error why;
    if (!training->checkpoint || !training->device || training->settings->overfit) {
        error_set(error, status, "interrupted; nothing was saved");
        if (!training->checkpoint && !training->settings->overfit)
            error_add(error, "with --checkpoint FILE a run can go on where it was interrupted");
        return false;
    }
    if (!training_checkpoint(training, &why)) {
        error_set(error, why.status, "interrupted, and the checkpoint could not be written: %s", why.text);
        return false;
    }
    FILE *out = fmemopen(command, sizeof command, "w");
    if (out) {
        print_command(training, out);
        fclose(out);
    }
    error_set(error, status, "interrupted after step %" PRId64 " of %" PRId64 "; this goes on:", training->now.step,
              training->steps);
    return error_add(error, "%s", command + 1);
}

static void announce(struct training *training)
{
    const struct model    *model = training->model;
    const struct settings *settings = training->settings;
    int64_t parameters = 0;
    char    first[FORMAT_SIZE], second[FORMAT_SIZE], third[FORMAT_SIZE];
    for (int p = 0; p < model->parameter_count; p++)
        parameters += parameter_elements(&model->parameters[p]);
    char held_out[FORMAT_SIZE + 32] = "";
    if (training->train.held_out > 0)
        snprintf(held_out, sizeof held_out, ", %s held out", format_count(first, training->train.held_out));
    progress_say(&training->progress, "%s parameters; %s training%s and %s test images from %s",
                 format_count(first, parameters), format_count(second, training->train.count), held_out,
                 format_count(third, training->test.count), settings->data);
    char momentum[MOMENTUM_SIZE];
    progress_say(&training->progress, "device: %s; batch %" PRId64 ", lr %g, momentum %s, seed %" PRIu64,
                 training->device->name, model->batch_size, training->now.lr,
                 momentum_show(momentum, &model->schedule, model->sgd.momentum), training->now.seed);
    if (settings->resume)
        progress_say(&training->progress, "goes on from %s: %s, %s in all are made", settings->resume,
                     format_counted(first, training->now.epoch, "epoch"), format_counted(second, training->now.step, "step"));
}

/* A schedule that goes over all epochs is another one where these are more or fewer; so it is where the spec has another. */
static void say_schedule(struct training *training)
{
    double before = training->now.next_lr, now = rate_at(&training->rates, training->now.step);
    if (!training->settings->resume || before < 0 || options_given(training->settings, "--lr")
        || fabs(now - before) <= 1e-9 * fmax(fabs(before), training->now.lr))
        return;
    progress_say(&training->progress, "goes on with a learning rate of %g in place of %g: the schedule is not that of %s", now,
                 before, training->settings->resume);
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
        .epochs = training->epochs, .train_count = training->train.count, .valid_count = training->train.held_out,
        .lr = training->now.lr, .seed = training->now.seed, .test = &training->test,
        .resumed = training->settings->resume != NULL, .epochs_done = training->now.epoch,
    }, error);
    return training->log != NULL;
}

static bool run(struct training *training, struct error *error)
{
    const struct settings *settings = training->settings;
    const struct model    *model = training->model;
    if (!data_load(model, settings->data, PART_TRAIN, settings->progress, &training->train, error)
        || !data_load(model, settings->data, PART_TEST, settings->progress, &training->test, error)
        || (settings->overfit && !overfit_batch(training, error)))
        return false;
    struct device_config config = device_config(training);
    training->device = command_device(&config, &training->progress, error);
    if (!training->device || !set_start(training, error))
        return false;
    plan_steps(training);
    if (settings->log && !open_log(training, error))
        return false;
    announce(training);
    say_schedule(training);
    training->progress.started = seconds_now();
    if (settings->overfit)
        return train_overfit(training, error);
    return train_epochs(training, error) && save(training, error);
}

/* The weights come last: in the checkpoint's place, they would leave nothing to go on from. */
static bool two_files(const struct training *training, struct error *error)
{
    const char *save = training->settings->save, *checkpoint = training->checkpoint;
    struct stat one, other;
    if (!checkpoint || (strcmp(save, checkpoint) != 0
                        && (stat(save, &one) != 0 || stat(checkpoint, &other) != 0 || one.st_dev != other.st_dev
                            || one.st_ino != other.st_ino)))
        return true;
    error_set(error, STATUS_USAGE, "%s: both the checkpoint and the weights are to be written there", checkpoint);
    return error_add(error, "--save FILE names another file for the weights");
}

/* Whether it is a file of tensors at all. */
static bool readable(const char *path, struct error *error)
{
    struct safetensors file;
    if (!safetensors_open(&file, path, error))
        return false;
    safetensors_close(&file);
    return true;
}

/* What can be told before any data is read. */
static bool check(struct training *training, struct error *error)
{
    const struct settings *settings = training->settings;
    struct device_config   config = device_config(training);
    return device_check(&config, error) && (!settings->init || readable(settings->init, error)) && set_rates(training, error)
        && two_files(training, error) && (settings->overfit || safetensors_writable(settings->save, error))
        && (!training->checkpoint || safetensors_writable(training->checkpoint, error))
        && (!settings->log || log_possible(settings->log, error));
}

/* Says after an error what is left to go on from. */
static void say_rest(const struct training *training, struct error *error)
{
    if (training->written >= 0)
        error_add(error, "%s holds the state after step %" PRId64, training->checkpoint, training->written);
}

bool train_command(const struct model *model, const struct settings *settings, struct error *error)
{
    struct model one_batch = *model;    /* --overfit: each of its images in each step */
    one_batch.balanced = false;
    struct training training = {
        .model = settings->overfit ? &one_batch : model, .settings = settings,
        .progress = progress_start(settings->progress, model->name),
        .checkpoint = settings->checkpoint ? settings->checkpoint : settings->resume, .blocks_pace = {.amount = 1},
        .written = -1,
    };
    struct error why;
    bool good = checkpoint_make(&training.now, model, error) && check(&training, error) && run(&training, error);
    progress_clear(&training.progress);
    if (!good && error->status > STATUS_SIGNAL)
        interrupted(&training, error);
    else if (!good)
        say_rest(&training, error);
    if (!log_close(training.log, &why) && good) {
        *error = why;
        good = false;
    }
    progress_clear(&training.progress);
    if (training.device)
        training.device->kind->close(training.device);
    data_free(&training.train);
    data_free(&training.test);
    checkpoint_free(&training.now);
    return good;
}
