/* What the generated units of a step share: which samples are theirs, and how they call their kernels. */
#ifndef NETC_STEP_H
#define NETC_STEP_H

#include "model.h"
#include "random.h"
#include "sampler.h"
#include "ticks.h"

/* Marks a kernel, which stays a function of its own even where it is called once: so RUN and profilers can tell what
 * takes how long. */
#define KERNEL __attribute__((noinline))

/* Calls a kernel. Where `bench` wants to know, adds the ticks that it took to the running thread's laps; the enum of
 * kernels in the generated header has a KERNEL_name for each, which is also its place in the model's table. */
#define RUN(kernel, ...)                                            \
    do {                                                            \
        if (step->laps) {                                           \
            uint64_t began = ticks_now();                           \
            kernel(__VA_ARGS__);                                    \
            step->laps[KERNEL_##kernel] += ticks_now() - began;     \
        } else {                                                    \
            kernel(__VA_ARGS__);                                    \
        }                                                           \
    } while (0)

/* The sample of the dataset at a position of the step. */
static inline int64_t sample_at(const struct step *step, int64_t position)
{
    int64_t at = step->first + position;
    if (step->sampler)
        return sampler_at(step->sampler, (uint64_t)at);
    return step->order ? (int64_t)order_at(step->order, (uint64_t)at) : at;
}

/* How many samples a block of `lanes` has: fewer in the last one, where lanes does not divide the count. */
static inline int block_samples(const struct step *step, int64_t block, int lanes)
{
    int64_t left = step->count - block * lanes;
    return left < lanes ? (int)left : lanes;
}

/* The blocks of `lanes` samples that the step has. */
static inline int64_t step_blocks(const struct step *step, int lanes)
{
    return (step->count + lanes - 1) / lanes;
}

/* Points of a loop that are a unit's. */
struct range { int64_t first, end; };

/* The points of a loop that the unit `part` of `parts` has: as many whole tiles as any other, or one more, and in the
 * last part what remains beyond them. */
static inline struct range range_part(int64_t part, int64_t parts, int64_t extent, int64_t tile)
{
    int64_t tiles = extent / tile;
    return (struct range){ tiles * part / parts * tile,
                           part + 1 == parts ? extent : tiles * (part + 1) / parts * tile };
}

/* Where a range's next tile begins after the one at `at`: the last one ends with the range, and may begin early. */
static inline int64_t next_tile(int64_t at, int64_t tile, int64_t end)
{
    at += tile;
    return at < end && at + tile > end ? end - tile : at;
}

#endif
