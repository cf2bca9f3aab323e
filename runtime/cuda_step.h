/* What the runtime hands to every CUDA kernel; read by the host's C and by the device's CUDA C. */
#ifndef NETC_CUDA_STEP_H
#define NETC_CUDA_STEP_H

#include "random.h"
#include "sampler.h"

/* Sums over the samples: of their losses, and how many were classified correctly. */
struct cuda_result { double loss; int64_t correct; };

enum { RUN_STEPS = 512 };               /* the most of a run */

/* What changes from one run of the graph of steps to the next: in the device's memory, so that the graph stays the same.
 * Where classes have weights a float for each step follows, its scale: what a sample's loss weighs in the mean. */
struct cuda_stretch {
    struct order order;                 /* of the epoch */
    int32_t      shuffled;              /* 0: the order of the file */
    int32_t      fresh;                 /* its first step is the first one of all: the optimiser has no history yet */
    int64_t      first;                 /* position in the order of its first sample */
    uint64_t     seed, epoch;           /* of the draws for images and, where it has samples, of the sampler */
    struct sampler sampler;             /* which then says, in place of the order, which samples come */
    double       lr[RUN_STEPS], momentum[RUN_STEPS];    /* of each of its steps */
};

/* One step of training, or one evaluation, on one device: the parameter of every kernel, by value. */
struct cuda_step {
    const uint8_t *images, *labels;     /* the dataset part: samples x channels x height x width bytes, a byte a sample */
    const int32_t *samples;             /* which sample of the dataset a position of the step is: count of them */
    float         *weights, *state;     /* flat; state: the optimiser's slots, each as large as the weights */
    float         *gradient;            /* flat; NULL: a kernel that can do so applies what it sums at once */
    float         *logits;              /* evaluation: count x classes, in the order of positions; or NULL: not wanted */
    const struct cuda_stretch *stretch;
    struct cuda_result *result;         /* to add the step's to */
    float          scale;               /* 1 / samples of the step, of all devices together; where classes have weights
                                           the stretch has it */
    int32_t        count;               /* samples of the step on this device */
    int32_t        index;               /* of the step in the stretch */
};

#endif
