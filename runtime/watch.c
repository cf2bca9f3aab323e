#include "commands.h"

#include "interrupt.h"

#include <string.h>

bool watch_step(void *watcher, int64_t steps, const struct result *result)
{
    struct watch *watch = watcher;
    int64_t       made = watch->first + steps, done = made == watch->steps ? watch->samples : made * watch->batch;
    watch->made = made;
    progress_show(watch->progress, &(struct standing){
        .part = watch->part, .done = done, .all = watch->samples,
        .before = watch->first * watch->batch, .loss = result->loss / result->weight,
        .accuracy = (double)result->correct / (double)done, .seconds = seconds_now() - watch->started,
        .fraction = (double)(watch->before + made) / (double)watch->all,
    });
    watch->stopped = !interrupt_none(watch->error);
    return !watch->stopped;
}

struct device *command_device(const struct device_config *config, struct progress *progress, struct error *error)
{
    struct error   why;
    struct device *device = device_open(config, &why, error);
    if (device && why.length > 0)
        progress_say(progress, "no GPU is used: %.*s", (int)strcspn(why.text, "\n"), why.text);
    return device;
}
