/* What is done to images on their way into the network: torchvision's transforms. Random ones draw from Philox, keyed by
 * seed, epoch and sample, so that a sample's image does not depend on who makes it, or when. For CPU and GPU alike. */
#ifndef NETC_TRANSFORM_H
#define NETC_TRANSFORM_H

#include "both.h"

#include <stdbool.h>
#include <stdint.h>

enum transform_kind {
    TRANSFORM_PAD,                      /* padding, mode, fill */
    TRANSFORM_CENTER_CROP,              /* size */
    TRANSFORM_RANDOM_CROP,              /* padding, mode, fill, pad_if_needed; then size. Where nothing is random (test,
                                           validation) images must have that size too: a CENTER_CROP with this fill */
    TRANSFORM_RANDOM_HORIZONTAL_FLIP,   /* p */
    TRANSFORM_RANDOM_VERTICAL_FLIP,     /* p */
    TRANSFORM_RESIZE,                   /* size, bilinear with antialias; size[1] = 0: the shorter side becomes size[0] */
    TRANSFORM_RANDOM_AFFINE,            /* degrees, translate (of width and height), scale, shear (along x, along y), bilinear,
                                           fill; a rotation is one too, its degrees negated as torchvision's rotate does */
    TRANSFORM_RANDOM_ERASING,           /* p, scale, ratio, fill */
    TRANSFORM_GRAYSCALE,                /* channels: 1 or 3. Pictures of `folder` are then read in colour */
    TRANSFORM_INVERT,
    TRANSFORM_TO_TENSOR,                /* bytes become reals from 0 to 1 */
    TRANSFORM_NORMALIZE,                /* mean and std, `channels` of each */
};

/* An image's channels x height x width values: bytes, or floats. */
struct sample_shape { int32_t channels, height, width; bool real; };

enum padding_mode { PADDING_CONSTANT, PADDING_EDGE, PADDING_REFLECT, PADDING_SYMMETRIC };

struct transform {
    enum transform_kind kind;
    int32_t size[2];                    /* height, width */
    int32_t padding[4];                 /* left, top, right, bottom */
    enum padding_mode mode;
    bool    pad_if_needed, bilinear;    /* else nearest */
    float   fill;                       /* bytes before to_tensor, reals behind it */
    float   p;
    float   degrees[2], translate[2], scale[2], shear[4], ratio[2];
    int32_t channels;
    const float *mean, *std;
};

#endif
