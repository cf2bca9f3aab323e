#include "pipeline.h"

#include "format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64, MOST_SIDE = 1 << 15 };

static const int64_t most_values = 1 << 28;     /* of an image: what follows counts its bytes in 32 bits */

static const char *const names[] = {
    [TRANSFORM_PAD] = "pad", [TRANSFORM_CENTER_CROP] = "center_crop", [TRANSFORM_RANDOM_CROP] = "random_crop",
    [TRANSFORM_RANDOM_HORIZONTAL_FLIP] = "random_horizontal_flip",
    [TRANSFORM_RANDOM_VERTICAL_FLIP] = "random_vertical_flip", [TRANSFORM_RESIZE] = "resize",
    [TRANSFORM_RANDOM_AFFINE] = "random_affine", [TRANSFORM_RANDOM_ERASING] = "random_erasing",
    [TRANSFORM_GRAYSCALE] = "grayscale", [TRANSFORM_INVERT] = "invert", [TRANSFORM_TO_TENSOR] = "to_tensor",
    [TRANSFORM_NORMALIZE] = "normalize",
};

const char *transform_name(enum transform_kind kind) { return names[kind]; }

static bool is_random(enum transform_kind kind)
{
    return kind == TRANSFORM_RANDOM_CROP || kind == TRANSFORM_RANDOM_HORIZONTAL_FLIP
        || kind == TRANSFORM_RANDOM_VERTICAL_FLIP || kind == TRANSFORM_RANDOM_AFFINE
        || kind == TRANSFORM_RANDOM_ERASING;
}

/* ---- whether sizes fit */

/* Padding along an axis: an image can be mirrored into no more than it has itself. */
static bool check_padding(const struct transform *step, int axis, int32_t extent, int32_t before, int32_t after,
                          const char *what, struct error *error)
{
    int32_t most = extent - (step->mode == PADDING_REFLECT), wanted = before > after ? before : after;
    if ((step->mode != PADDING_REFLECT && step->mode != PADDING_SYMMETRIC) || wanted <= most)
        return true;
    return error_input(error, "%s: %s pads %d %s by mirroring, but images of %d have %d that can be mirrored", what,
                       names[step->kind], wanted, axis ? "columns" : "rows", extent, most);
}

/* What a step wants of the image that comes to it. */
static bool check_step(const struct transform *step, struct sample_shape shape, const char *what, struct error *error)
{
    int32_t extent[] = {shape.height, shape.width}, padded;
    for (int axis = 0; axis < 2; axis++) {
        int32_t before = step->padding[1 - axis], after = step->padding[3 - axis];
        if (step->kind == TRANSFORM_RANDOM_CROP) {
            before = crop_padding(step, axis, extent[axis], &padded);
            after = padded - extent[axis] - before;
            if (padded < step->size[axis]) {
                error_input(error, "%s: random_crop takes %dx%d out of images of %dx%d, which are smaller", what,
                            step->size[0], step->size[1], shape.height, shape.width);
                return error_add(error, "padding=N or pad_if_needed=true makes them larger first");
            }
        }
        if ((step->kind == TRANSFORM_PAD || step->kind == TRANSFORM_RANDOM_CROP)
            && !check_padding(step, axis, extent[axis], before, after, what, error))
            return false;
    }
    return step->kind != TRANSFORM_GRAYSCALE || shape.channels == 1 || shape.channels == 3
        || error_input(error, "%s: grayscale takes images of 1 or 3 channels, found %d", what, shape.channels);
}

/* The image's shape after the step, where both fit. */
static bool take_step(const struct transform *step, struct sample_shape *shape, const char *what, struct error *error)
{
    if (!check_step(step, *shape, what, error))
        return false;
    *shape = transform_shape(step, *shape);
    if (shape->height >= 1 && shape->width >= 1 && shape->height <= MOST_SIDE && shape->width <= MOST_SIDE
        && shape_values(*shape) <= most_values)
        return true;
    return error_input(error, "%s: %s makes images of %dx%dx%d, expected sides of 1 to %d", what, names[step->kind],
                       shape->channels, shape->height, shape->width, MOST_SIDE);
}

/* ---- pipelines */

/* How many passes the steps take, and how large images become in them. */
static void measure(struct pipeline *pipeline)
{
    struct sample_shape shape = pipeline->from;
    struct pass        pass;
    for (int32_t at = 0; at < pipeline->count; pipeline->passes++) {
        at = pass_begin(pipeline, 0, at, shape, &pass);
        shape = pass.to;
        int64_t bytes = (shape_bytes(shape) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
        pipeline->buffer = bytes > pipeline->buffer ? bytes : pipeline->buffer;
    }
}

/* What a step is where nothing is random: itself, nothing, or of a crop, which changes the size, one in the middle. */
static bool stays(struct transform *step, bool random, struct sample_shape shape)
{
    if (random || !is_random(step->kind))
        return true;
    bool crops = step->kind == TRANSFORM_RANDOM_CROP && (shape.height != step->size[0] || shape.width != step->size[1]);
    step->kind = TRANSFORM_CENTER_CROP;
    return crops;
}

bool pipeline_make(const struct model *model, int first, int end, bool random, struct sample_shape from,
                   const char *what, struct pipeline *pipeline, struct error *error)
{
    struct transform *steps = calloc((size_t)(end - first) + 1, sizeof *steps);
    *pipeline = (struct pipeline){.steps = steps, .place = first, .from = from, .to = from};
    if (!steps)
        return error_memory(error, "the transforms", (size_t)(end - first) * sizeof *steps);
    for (int i = first; i < end; i++) {
        struct transform step = model->transforms[i];
        if (!stays(&step, random, pipeline->to))
            continue;
        if (!take_step(&step, &pipeline->to, what, error)) {
            pipeline_free(pipeline);
            return false;
        }
        steps[pipeline->count++] = step;
    }
    measure(pipeline);
    return true;
}

void pipeline_free(struct pipeline *pipeline)
{
    free((void *)(uintptr_t)pipeline->steps);
    *pipeline = (struct pipeline){0};
}

size_t pipeline_bytes(const struct pipeline *pipeline)
{
    return (size_t)pipeline->buffer * (pipeline->passes > 1 ? 2 : (size_t)pipeline->passes);
}

bool pipelines_make(const struct model *model, const struct dataset *train, const struct dataset *test,
                    struct pipelines *pipelines, struct error *error)
{
    int                first = model->prepared, end = model->transform_count;
    struct sample_shape tests = data_shape(model, test), trains = train ? data_shape(model, train) : tests;
    *pipelines = (struct pipelines){0};
    if (pipeline_make(model, first, end, train != NULL, trains, "training images", &pipelines->train, error)
        && pipeline_make(model, first, end, false, trains, "validation images", &pipelines->plain, error)
        && pipeline_make(model, first, end, false, tests, "test images", &pipelines->test, error))
        return true;
    pipelines_free(pipelines);
    return false;
}

void pipelines_free(struct pipelines *pipelines)
{
    pipeline_free(&pipelines->train);
    pipeline_free(&pipelines->plain);
    pipeline_free(&pipelines->test);
}

const struct pipeline *pipelines_find(const struct pipelines *pipelines, enum part part, bool augment)
{
    const struct pipeline *pipeline = part == PART_TEST ? &pipelines->test
                                    : augment ? &pipelines->train : &pipelines->plain;
    return pipeline->count > 0 ? pipeline : NULL;
}

size_t pipelines_bytes(const struct pipelines *pipelines)
{
    size_t train = pipeline_bytes(&pipelines->train), plain = pipeline_bytes(&pipelines->plain);
    size_t test = pipeline_bytes(&pipelines->test), most = train > plain ? train : plain;
    return most > test ? most : test;
}

/* ---- images */

const void *pipeline_image(const struct pipeline *pipeline, const void *image, uint64_t sample, void *workspace)
{
    struct sample_shape shape = pipeline->from;
    struct pass        pass;
    char              *to = workspace, *other = to + pipeline->buffer;
    for (int32_t at = 0; at < pipeline->count; shape = pass.to) {
        at = pass_begin(pipeline, sample, at, shape, &pass);
        pass_run(&pass, image, to);
        image = to;
        to = other;
        other = (char *)(uintptr_t)image;
    }
    return image;
}

/* ---- single images */

/* The pipeline's image in memory of its own. */
static void *apply(const struct pipeline *pipeline, const void *image, struct error *error)
{
    size_t bytes = (size_t)shape_bytes(pipeline->to), room = pipeline_bytes(pipeline);
    void  *result = malloc(bytes + 1), *workspace = malloc(room + 1);
    if (result && workspace)
        memcpy(result, pipeline_image(pipeline, image, 0, workspace), bytes);
    else
        error_memory(error, "an image", bytes + room);
    if (!workspace) {
        free(result);
        result = NULL;
    }
    free(workspace);
    return result;
}

void *transform_apply(const struct transform *step, const void *image, struct sample_shape *shape, const char *what,
                      struct error *error)
{
    struct pipeline pipeline = {.steps = step, .count = 1, .from = *shape};
    if (!take_step(step, shape, what, error))
        return NULL;
    pipeline.to = *shape;
    measure(&pipeline);
    return apply(&pipeline, image, error);
}

int model_picture_channels(const struct model *model)
{
    for (int i = 0; i < model->transform_count; i++)
        if (model->transforms[i].kind == TRANSFORM_GRAYSCALE)
            return 3;
    return (int)model->channels;
}

size_t model_input_bytes(const struct model *model)
{
    return (size_t)(model->channels * model->height * model->width) * (model->real_images ? sizeof(float) : 1);
}

bool model_fits(const struct model *model, struct sample_shape shape)
{
    int64_t values = model->channels * model->height * model->width;
    return model->flat ? shape_values(shape) == values
        : shape.channels == model->channels && shape.height == model->height && shape.width == model->width;
}

bool model_misfit(const struct model *model, struct sample_shape from, struct sample_shape to, const char *what,
                  struct error *error)
{
    const int64_t before[] = {from.channels, from.height, from.width}, after[] = {to.channels, to.height, to.width};
    const int64_t input[] = {model->channels, model->height, model->width};
    char found[FORMAT_SIZE], made[FORMAT_SIZE], expected[FORMAT_SIZE];
    format_shape(found, before, 3);
    format_shape(made, after, 3);
    format_shape(expected, input, model->flat ? 1 : 3);
    if (model->transform_count == 0)
        error_input(error, "%s: found images of %s, expected the network's input of %s", what, found, expected);
    else
        error_input(error, "%s: found images of %s, of which the transforms make %s, expected the network's input of "
                    "%s", what, found, made, expected);
    return from.channels != to.channels || model->flat ? false
        : error_add(error, "transform = [resize((%" PRId64 ", %" PRId64 ")), ...] in the spec's data section makes one "
                    "size of all", model->height, model->width);
}

bool model_input(const struct model *model, const uint8_t *image, int channels, int64_t height, int64_t width,
                 const char *what, void *to, struct error *error)
{
    struct sample_shape from = {channels, (int32_t)height, (int32_t)width, false};
    struct pipeline    pipeline;
    if (!pipeline_make(model, 0, model->transform_count, false, from, what, &pipeline, error))
        return false;
    bool good = (model_fits(model, pipeline.to) && pipeline.to.real == model->real_images)
             || model_misfit(model, from, pipeline.to, what, error);
    void *made = good ? apply(&pipeline, image, error) : NULL;
    if (made)
        memcpy(to, made, model_input_bytes(model));
    free(made);
    pipeline_free(&pipeline);
    return made != NULL;
}
