#include "numbers.h"

#include "harness.h"
#include "weights.h"

#include <math.h>
#include <stdlib.h>

void *allocate(int64_t count, size_t size)
{
    void *memory = calloc((size_t)count + 1, size);
    if (!memory)
        fail("out of memory");
    return memory;
}

int64_t weight_elements(const struct model *model)
{
    int64_t elements = 0;
    for (int p = 0; p < model->parameter_count; p++)
        elements += parameter_elements(&model->parameters[p]);
    return elements;
}

void weights_exchange(const struct parameter *parameters, int count, real *ordered, real *flat, bool back)
{
    for (int p = 0; p < count; p++) {
        struct cursor cursor = cursor_start(&parameters[p]);
        int64_t       elements = parameter_elements(&parameters[p]);
        for (int64_t i = 0; i < elements; i++, cursor_next(&cursor), ordered++)
            *(back ? ordered : &flat[cursor.at]) = *(back ? &flat[cursor.at] : ordered);
    }
}

void exact_weights(const struct model *model, real *ordered)
{
    for (int p = 0; p < model->parameter_count; p++) {
        const struct parameter *parameter = &model->parameters[p];
        double  size = exp2(round(log2(1.5 / sqrt((double)parameter->fan_in))));
        int64_t elements = parameter_elements(parameter);
        for (int64_t i = 0; i < elements; i++) {
            int drawn = (int)(hashed(model->name, STREAM_WEIGHTS + (uint64_t)p, (uint64_t)i) % 3);
            *ordered++ = (real)(size * (drawn - 1));
        }
    }
}

void exact_images(struct dataset *data, const struct model *model)
{
    int64_t bytes = data->count * model->channels * model->height * model->width;
    for (int64_t i = 0; i < bytes; i++)
        data->images[i] &= 0xF8;
}
