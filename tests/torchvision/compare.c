/* Transforms beside torchvision's: cases.txt has what it makes of small images (record.py). Deterministic ones are
 * applied as they are, of random ones the pass is set up with what was drawn. */
#include "pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 64 };

struct recorded {
    char   name[NAME];
    struct transform step;
    struct sample_shape from, to;
    double tolerance;
    int    place[2];
    float  drawn[6];                    /* angle, translation, scale, shears */
    float *values;
};

static const float mean[] = {0.25f, 0.5f, 0.75f}, std[] = {0.5f, 0.25f, 0.2f};

/* Whether there was another line. */
static bool read_case(FILE *file, struct recorded *r)
{
    int    kind, real, mode, bilinear;
    struct transform *t = &r->step;
    *r = (struct recorded){0};
    if (fscanf(file, "%63s %d %d %lf %d %d %d %d %d %d %d %d %d %d %d %f %d %d %d", r->name, &kind, &real,
               &r->tolerance, &r->from.channels, &r->from.height, &r->from.width, &t->size[0], &t->size[1],
               &t->padding[0], &t->padding[1], &t->padding[2], &t->padding[3], &mode, &bilinear, &t->fill, &t->channels,
               &r->place[0], &r->place[1]) != 19)
        return false;
    for (int i = 0; i < 6; i++)
        if (fscanf(file, "%f", &r->drawn[i]) != 1)
            return false;
    if (fscanf(file, "%d %d %d", &r->to.channels, &r->to.height, &r->to.width) != 3)
        return false;
    t->kind = (enum transform_kind)kind;
    t->mode = (enum padding_mode)mode;
    t->bilinear = bilinear;
    t->mean = mean;
    t->std = std;
    r->from.real = real;
    r->to.real = real || t->kind == TRANSFORM_TO_TENSOR;
    int64_t count = shape_values(r->to);
    r->values = malloc((size_t)count * sizeof *r->values);
    for (int64_t i = 0; i < count; i++)
        if (!r->values || fscanf(file, "%f", &r->values[i]) != 1)
            return false;
    return true;
}

static void *make_image(struct sample_shape shape)
{
    int64_t count = shape_values(shape);
    void   *image = malloc((size_t)shape_bytes(shape));
    for (int64_t i = 0; i < count && image; i++) {
        uint8_t byte = (uint8_t)((uint32_t)((uint64_t)i * 2654435761u + 12345) >> 13);
        if (shape.real)
            ((float *)image)[i] = (float)byte / 255;
        else
            ((uint8_t *)image)[i] = byte;
    }
    return image;
}

/* A random transform's pass, with what was drawn. */
static struct pass drawn_pass(const struct recorded *r)
{
    const struct transform *t = &r->step;
    struct pass  pass = {.step = t, .from = r->from, .to = r->to};
    struct move *move = &pass.move[0];
    *move = (struct move){.extent = {r->from.height, r->from.width}, .mode = t->mode, .fill = t->fill};
    pass.points = t->kind == TRANSFORM_RANDOM_ERASING;
    pass.moves = t->kind != TRANSFORM_RANDOM_AFFINE && !pass.points;
    switch (t->kind) {
    case TRANSFORM_RANDOM_CROP:
        move->offset[0] = r->place[0] - t->padding[1];
        move->offset[1] = r->place[1] - t->padding[0];
        break;
    case TRANSFORM_RANDOM_HORIZONTAL_FLIP:
        move->reversed[1] = true;
        break;
    case TRANSFORM_RANDOM_VERTICAL_FLIP:
        move->reversed[0] = true;
        break;
    case TRANSFORM_RANDOM_AFFINE:
        affine_matrix(r->drawn[0], r->drawn[3], r->drawn[4], r->drawn[5], r->drawn[1], r->drawn[2], r->from,
                      pass.matrix);
        break;
    default:
        pass.top = r->place[0];
        pass.left = r->place[1];
        pass.height = t->size[0];
        pass.width = t->size[1];
    }
    return pass;
}

static bool is_random(enum transform_kind kind)
{
    return kind == TRANSFORM_RANDOM_CROP || kind == TRANSFORM_RANDOM_HORIZONTAL_FLIP
        || kind == TRANSFORM_RANDOM_VERTICAL_FLIP || kind == TRANSFORM_RANDOM_AFFINE
        || kind == TRANSFORM_RANDOM_ERASING;
}

/* What netc makes of the same image; NULL with a message where it is of another shape. */
static void *transformed(const struct recorded *r, const void *image)
{
    struct sample_shape shape = r->from;
    struct error        error;
    void               *result;
    if (is_random(r->step.kind)) {
        struct pass pass = drawn_pass(r);
        if ((result = malloc((size_t)shape_bytes(pass.to))) != NULL)
            pass_run(&pass, image, result);
        return result;
    }
    result = transform_apply(&r->step, image, &shape, r->name, &error);
    if (!result)
        printf("FAILED: %s: %s\n", r->name, error.text);
    else if (shape.channels == r->to.channels && shape.height == r->to.height && shape.width == r->to.width
             && shape.real == r->to.real)
        return result;
    else
        printf("FAILED: %s: found %dx%dx%d, expected %dx%dx%d\n", r->name, shape.channels, shape.height, shape.width,
               r->to.channels, r->to.height, r->to.width);
    free(result);
    return NULL;
}

static bool compare(const struct recorded *r)
{
    void   *image = make_image(r->from), *result = image ? transformed(r, image) : NULL;
    int64_t count = shape_values(r->to), wrong = 0, first = 0;
    double  far = 0;
    for (int64_t i = 0; i < count && result; i++) {
        double value = r->to.real ? ((float *)result)[i] : ((uint8_t *)result)[i];
        double apart = value > (double)r->values[i] ? value - (double)r->values[i] : (double)r->values[i] - value;
        if (!(apart <= r->tolerance)) {
            first = wrong++ ? first : i;
            far = apart > far ? apart : far;
        }
    }
    if (wrong)
        printf("FAILED: %s: %" PRId64 " of %" PRId64 " values differ by up to %g, the first one at %" PRId64 "\n",
               r->name, wrong, count, far, first);
    bool good = result && !wrong;
    free(image);
    free(result);
    return good;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    int   passed = 0, failed = 0;
    struct recorded r;
    if (!file) {
        fprintf(stderr, "usage: compare cases.txt\n");
        return 2;
    }
    while (read_case(file, &r)) {
        if (compare(&r))
            passed++;
        else
            failed++;
        free(r.values);
    }
    free(r.values);
    bool whole = feof(file);
    fclose(file);
    if (!whole)
        printf("FAILED: %s: not as record.py writes it, after %d cases\n", argv[1], passed + failed);
    printf("transforms: %d passed, %d failed\n", passed, failed + !whole);
    return failed > 0 || !whole || passed == 0;
}
