#include "picture.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct picture_fit {
    struct image_shape shape;           /* of a sample */
    bool               known;           /* else the sample is a row of values, whatever picture it was */
    uint8_t           *sample;
};

struct picture_fit *picture_fit_make(const struct model *model, struct error *error)
{
    struct picture_fit *fit = calloc(1, sizeof *fit);
    size_t              size = (size_t)(model->channels * model->height * model->width);
    if (fit) {
        fit->known = picture_shape(model, &fit->shape);
        fit->sample = malloc(size);
    }
    if (fit && fit->sample)
        return fit;
    picture_fit_free(fit);
    error_memory(error, "an image", size);
    return NULL;
}

void picture_fit_free(struct picture_fit *fit)
{
    if (fit)
        free(fit->sample);
    free(fit);
}

/* One output of a row (or column) of `in` bytes that are `stride` apart: output i of `out` is the mean of the bytes below a
 * triangle as wide as two outputs, or two inputs where these are wider. */
static uint8_t blend(const uint8_t *bytes, int64_t in, int64_t stride, int64_t out, int64_t i)
{
    double  scale = (double)in / (double)out, reach = fmax(scale, 1), centre = scale * ((double)i + 0.5);
    int64_t first = (int64_t)fmax(0, floor(centre - reach + 0.5)), end = (int64_t)fmin((double)in, floor(centre + reach + 0.5));
    double  sum = 0, weights = 0;
    for (int64_t j = first; j < end; j++) {
        double weight = fmax(0, 1 - fabs(((double)j - centre + 0.5) / reach));
        sum += weight * bytes[j * stride];
        weights += weight;
    }
    return (uint8_t)lrint(sum / weights);
}

/* Rows first, then columns; what is between has bytes too. */
static bool resize(const struct picture *picture, const struct image_shape *to, uint8_t *sample)
{
    const struct image_shape *from = &picture->shape;
    uint8_t                  *narrow = malloc((size_t)(from->height * to->width));
    for (int64_t c = 0; c < to->channels && narrow; c++) {
        const uint8_t *plane = picture->planes + c * from->height * from->width;
        uint8_t       *result = sample + c * to->height * to->width;
        for (int64_t y = 0; y < from->height; y++)
            for (int64_t x = 0; x < to->width; x++)
                narrow[y * to->width + x] = blend(plane + y * from->width, from->width, 1, to->width, x);
        for (int64_t y = 0; y < to->height; y++)
            for (int64_t x = 0; x < to->width; x++)
                result[y * to->width + x] = blend(narrow + x, from->height, to->width, to->height, y);
    }
    free(narrow);
    return narrow != NULL;
}

const void *picture_fit(struct picture_fit *fit, const struct picture *picture, const char *path, struct error *error)
{
    const struct image_shape *from = &picture->shape, *to = &fit->shape;
    if (from->height == to->height && from->width == to->width)
        return picture->planes;
    if (!fit->known && from->height * from->width == to->width)
        return picture->planes;
    if (!fit->known) {
        error_input(error, "%s: found %" PRId64 "x%" PRId64 " pixels, expected %" PRId64 " in all: the network's input is a row "
                    "of values", path, from->height, from->width, to->width);
        return NULL;
    }
    if (resize(picture, to, fit->sample))
        return fit->sample;
    error_memory(error, path, (size_t)(from->height * to->width));
    return NULL;
}
