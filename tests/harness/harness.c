#include "harness.h"

#include "pipeline.h"

#include "weights.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(3);
}

/* The finaliser of splitmix64 (G. Steele, D. Lea, C. Flood, 2014). */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t hashed(const char *net, uint64_t stream, uint64_t i)
{
    uint64_t key = 0xCBF29CE484222325u;         /* FNV-1a */
    for (const char *c = net; *c; c++)
        key = (key ^ (uint8_t)*c) * 0x100000001B3u;
    return mix(mix(key + stream) + i * 0x9E3779B97F4A7C15u);
}

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        fail("out of memory");
    return memory;
}

real *hashed_weights(const struct model *model)
{
    real *flat = zeroed((size_t)model->weights_size, sizeof *flat);
    for (int p = 0; p < model->parameter_count; p++) {
        const struct parameter *parameter = &model->parameters[p];
        struct cursor           cursor = cursor_start(parameter);
        int64_t                 elements = parameter_elements(parameter);
        for (int64_t i = 0; i < elements; i++, cursor_next(&cursor)) {
            double unit = (double)(hashed(model->name, STREAM_WEIGHTS + (uint64_t)p, (uint64_t)i) >> 11) * 0x1p-52 - 1;
            flat[cursor.at] = (real)(unit / sqrt((double)parameter->fan_in));
        }
    }
    return flat;
}

struct dataset hashed_dataset(const struct model *model, int64_t samples)
{
    int64_t        bytes = samples * model->channels * model->height * model->width;
    struct dataset data = {.count = samples, .images = zeroed((size_t)bytes, 1), .labels = zeroed((size_t)samples, 1)};
    for (int64_t i = 0; i < bytes; i++)
        data.images[i] = (uint8_t)(hashed(model->name, STREAM_IMAGES, (uint64_t)i) >> 56);
    for (int64_t i = 0; i < samples; i++)
        data.labels[i] = (uint8_t)(hashed(model->name, STREAM_LABELS, (uint64_t)i) % (uint64_t)model->classes);
    return data;
}

void network_input(const struct model *model, const struct dataset *data, int64_t sample, void *to)
{
    struct error   error = {0};
    const uint8_t *image = data->images + sample * data_image_bytes(model, data);
    if (!model_input(model, image, (int)model->channels, model->height, model->width, "an image", to, &error))
        fail("%s: %s", model->name, error.text);
}

struct device *device_with(const struct model *model, const struct dataset *data, int threads, const real *flat)
{
    if (model->contract != MODEL_CONTRACT || model->real_bytes != sizeof(real))
        fail("%s: compiled for another runtime", model->name);
    struct device_config config = {.model = model, .train = data, .test = data, .threads = threads};
    struct error         error = {0};
    struct device       *device = device_cpu.open(&config, &error);
    if (!device || !device->kind->set_weights(device, flat, &error))
        fail("%s: %s", model->name, error.text);
    return device;
}

struct rates spec_rates(const struct model *model, int64_t steps_an_epoch, int64_t steps)
{
    return (struct rates){
        .schedule = &model->schedule, .lr = model->sgd.lr, .spec_lr = model->sgd.lr, .momentum = model->sgd.momentum,
        .steps_an_epoch = steps_an_epoch, .steps = steps,
    };
}

double train_step(struct device *device, int64_t step, int64_t steps)
{
    const struct model *model = device->config.model;
    int64_t             samples = device->config.train->count;
    int64_t             epoch = (samples + model->batch_size - 1) / model->batch_size, at = step % epoch;
    struct rates        rates = spec_rates(model, epoch, steps);
    struct stretch      stretch = {.first = at, .steps = 1, .before = step - at, .rates = &rates, .fresh = step == 0,
                                   .plain = true};
    struct result       result = {0};
    struct error        error = {0};
    if (!device->kind->train(device, &stretch, &result, &error))
        fail("%s: step %lld: %s", model->name, (long long)step, error.text);
    return result.loss / result.weight;
}

double predict_difference(struct device *device, const real *flat)
{
    const struct model   *model = device->config.model;
    const struct dataset *data = device->config.test;
    int64_t               classes = model->classes;
    size_t                size = (model->predict_bytes + 63) / 64 * 64;
    real                 *expected = zeroed((size_t)(data->count * classes), sizeof *expected);
    real                 *logits = zeroed((size_t)classes, sizeof *logits);
    void                 *scratch = aligned_alloc(64, size);
    struct result         result = {0};
    struct error          error = {0};
    double                largest = 0, worst = 0;
    void                 *input = zeroed(model_input_bytes(model), 1);
    if (!scratch)
        fail("out of memory");
    memset(scratch, 0, size);
    if (!device->kind->set_weights(device, flat, &error) ||
        !device->kind->evaluate(device, PART_TEST, NULL, 0, data->count, &result, expected, &error))
        fail("%s: %s", model->name, error.text);
    model->prepare_predict(flat, scratch);
    for (int64_t i = 0; i < data->count; i++) {
        network_input(model, data, i, input);
        model->predict(flat, scratch, input, logits);
        for (int64_t k = 0; k < classes; k++) {
            double mine = logits[k], theirs = expected[i * classes + k];
            largest = fmax(largest, fabs(theirs));
            if (!isnan(worst) && !(fabs(mine - theirs) <= worst))
                worst = fabs(mine - theirs);
        }
    }
    free(expected);
    free(input);
    free(logits);
    free(scratch);
    return worst / fmax(largest, 1e-30);
}

void weights_now(struct device *device, real *flat)
{
    struct error error = {0};
    if (!device->kind->get_weights(device, flat, &error))
        fail("%s: %s", device->config.model->name, error.text);
}
