/* What is drawn for random_affine and random_erasing. */
#ifndef NETC_TRANSFORM_DRAW_H
#define NETC_TRANSFORM_DRAW_H

#include "transform_pass.h"

/* The cosine and sine of an angle in degrees. CUDA takes them of half turns: what it has for radians keeps a stack, as
 * those may be large. */
struct direction { double cosine, sine; };

BOTH struct direction direction_of(double degrees)
{
    struct direction to;
#ifdef __CUDACC__
    sincospi(degrees / 180, &to.sine, &to.cosine);
#else
    double angle = degrees * 3.14159265358979323846 / 180;
    to.cosine = cos(angle);
    to.sine = sin(angle);
#endif
    return to;
}

/* The inverse of a rotation by `angle` degrees, shears, a scale and a translation, about the image's middle: from a
 * place in the result, in pixels from its middle, to one in the source, which reaches from -1 to 1. */
BOTH void affine_matrix(float angle, float scale, float shear_x, float shear_y, float move_x, float move_y,
                        struct sample_shape shape, float matrix[6])
{
    struct direction turn = direction_of(angle), along = direction_of(shear_x), upright = direction_of(shear_y);
    double slant = along.sine / along.cosine, lean = upright.sine / upright.cosine;
    double a = turn.cosine + turn.sine * lean, b = -a * slant - turn.sine;
    double c = turn.sine - turn.cosine * lean, d = -c * slant + turn.cosine;
    double inverse = 1 / (double)scale, m[4] = {d * inverse, -b * inverse, -c * inverse, a * inverse};
    float  far_x = 0.5f * (float)shape.width, far_y = 0.5f * (float)shape.height;
    matrix[0] = (float)m[0] / far_x;
    matrix[1] = (float)m[1] / far_x;
    matrix[2] = (float)(-m[0] * move_x - m[1] * move_y) / far_x;
    matrix[3] = (float)m[2] / far_y;
    matrix[4] = (float)m[3] / far_y;
    matrix[5] = (float)(-m[2] * move_x - m[3] * move_y) / far_y;
}

BOTH void draw_affine(const struct pipeline *pipeline, uint64_t sample, int32_t at, struct pass *pass)
{
    const struct transform *step = pass->step;
    struct philox a = transform_draw(pipeline, sample, at, 0), b = transform_draw(pipeline, sample, at, 1);
    float far_x = step->translate[0] * (float)pass->from.width, far_y = step->translate[1] * (float)pass->from.height;
    affine_matrix(draw_between(a.word[0], step->degrees[0], step->degrees[1]),
                  draw_between(a.word[3], step->scale[0], step->scale[1]),
                  draw_between(b.word[0], step->shear[0], step->shear[1]),
                  draw_between(b.word[1], step->shear[2], step->shear[3]),
                  rintf(draw_between(a.word[1], -far_x, far_x)), rintf(draw_between(a.word[2], -far_y, far_y)),
                  pass->from, pass->matrix);
}

/* A rectangle that is smaller than the image in both directions; the pass has none where ten attempts find none. */
BOTH void draw_rectangle(const struct pipeline *pipeline, uint64_t sample, int32_t at, struct pass *pass)
{
    enum { ATTEMPTS = 10 };
    const struct transform *step = &pipeline->steps[at];
    double area = (double)pass->from.height * pass->from.width;
    float  low = (float)log((double)step->ratio[0]), high = (float)log((double)step->ratio[1]);
    if (philox_uniform(transform_draw(pipeline, sample, at, 0).word[0]) >= step->p)
        return;
    for (uint32_t attempt = 1; attempt <= ATTEMPTS; attempt++) {
        struct philox words = transform_draw(pipeline, sample, at, attempt);
        double  side = sqrt(area * draw_between(words.word[0], step->scale[0], step->scale[1]));
        double  longer = exp(0.5 * draw_between(words.word[1], low, high));     /* the root of the ratio */
        int32_t height = (int32_t)rint(side * longer), width = (int32_t)rint(side / longer);
        if (height >= pass->from.height || width >= pass->from.width)
            continue;
        pass->height = height;
        pass->width = width;
        pass->top = draw_below(words.word[2], pass->from.height - height + 1);
        pass->left = draw_below(words.word[3], pass->from.width - width + 1);
        return;
    }
}

#endif
