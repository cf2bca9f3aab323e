#include "device.h"

#include "step.h"

#include <string.h>

const char *const kernels_words[] = {
    [KERNELS_AUTO] = "auto", [KERNELS_FUSED] = "fused", [KERNELS_LAYERS] = "layers", NULL,
};

bool device_name_valid(const char *text)
{
    static const char cuda[] = "cuda";
    if (strcmp(text, "auto") == 0 || strcmp(text, "cpu") == 0 || strcmp(text, cuda) == 0)
        return true;
    size_t prefix = sizeof cuda - 1;
    if (strncmp(text, cuda, prefix) != 0 || text[prefix] != ':')
        return false;
    do {
        text += prefix + 1;             /* behind the colon, then behind each comma */
        prefix = strspn(text, "0123456789");
        if (prefix == 0 || prefix > 3)
            return false;
    } while (text[prefix] == ',');
    return text[prefix] == '\0';
}

static bool is_auto(const struct device_config *config) { return strcmp(config->device, "auto") == 0; }

static const struct device_kind *kind_of(const struct device_config *config)
{
    return strncmp(config->device, "cuda", strlen("cuda")) == 0 ? &device_cuda : &device_cpu;
}

bool device_check(const struct device_config *config, struct error *error)
{
    return is_auto(config) || kind_of(config)->check(config, error);
}

struct dataset device_part(const struct device *device, enum part part)
{
    const struct device_config *config = &device->config;
    return data_part(config->model, config->train, config->test, part);
}

int64_t device_evaluated(const struct device_config *config)
{
    int64_t held_out = config->train ? config->train->held_out : 0;
    return config->test->count > held_out ? config->test->count : held_out;
}

struct device *device_open(const struct device_config *config, struct error *why, struct error *error)
{
    *why = (struct error){.status = STATUS_OK};
    if (!is_auto(config))
        return kind_of(config)->open(config, error);
    if (config->model->cuda && config->model->cuda[0]) {
        struct device *device = device_cuda.open(config, why);
        if (device) {
            *why = (struct error){.status = STATUS_OK};     /* what was tried on the way is of no interest */
            return device;
        }
        if (why->status != STATUS_MACHINE) {
            *error = *why;
            return NULL;
        }
    }
    return device_cpu.open(config, error);
}

double step_weight(const struct model *model, const struct step *step)
{
    double weight = 0;
    if (!model->class_weights)
        return (double)step->count;
    for (int64_t i = 0; i < step->count; i++)
        weight += (double)model->class_weights[step->labels[sample_at(step, i)]];
    return weight;
}
