#include "model.h"

#include "commands.h"
#include "interrupt.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool version_command(const struct model *model, const struct settings *settings, struct error *error)
{
    (void)settings, (void)error;
    printf("%s: compiled from %s by %s for %s\n", model->name, model->spec, model->compiler, model->target);
    return true;
}

static bool help_command(const struct model *model, const struct settings *settings, struct error *error)
{
    (void)error;
    options_help(settings, model);
    return true;
}

/* Results that could not be printed are an error, unless the reader has had enough. */
static bool finish_output(struct error *error)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    int           why = errno;
    struct pollfd reader = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return (poll(&reader, 1, 0) == 1 && reader.revents & POLLERR)
        || error_set(error, STATUS_MACHINE, "cannot write to standard output: %s",
                     why ? strerror(why) : "failed earlier");
}

static bool run(const struct model *model, int argc, char **argv, struct error *error)
{
    static const struct {
        bool (*run)(const struct model *model, const struct settings *settings, struct error *error);
        bool computes;
    } commands[] = {
        [COMMAND_TRAIN] = {train_command, true},
        [COMMAND_EVAL] = {eval_command, true},
        [COMMAND_PREDICT] = {predict_command, true},
        [COMMAND_BENCH] = {bench_command, true},
        [COMMAND_INFO] = {info_command, false},
        [COMMAND_HELP] = {help_command, false},
        [COMMAND_VERSION] = {version_command, false},
    };
    struct settings settings;
    if (model->contract != MODEL_CONTRACT || model->real_bytes != sizeof(real))
        return error_set(error, STATUS_MACHINE,
                         "the network and the runtime were not made for each other: build both anew");
    if (!options_read(&settings, model, argc, argv, error))
        return false;
    if (commands[settings.command].computes && !device_cpu_runs(model, error))
        return false;
    interrupt_catch();
    return commands[settings.command].run(model, &settings, error) && finish_output(error);
}

int trainer_main(const struct model *model, int argc, char **argv)
{
    struct error error = {.status = STATUS_OK};
    if (run(model, argc, argv, &error))
        return STATUS_OK;
    error_print(&error, model->name);
    return error.status;
}
