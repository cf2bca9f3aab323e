/* The balanced sampler: each position of an epoch draws a class, all those that have samples being as likely, and then one
 * of its samples. PyTorch's WeightedRandomSampler with weights of 1 / size of the class. For CPU and GPU alike. */
#ifndef NETC_SAMPLER_H
#define NETC_SAMPLER_H

#include "random.h"

enum { SAMPLER_CLASSES = 256 };         /* labels are bytes */

struct sampler {
    const int32_t *samples;             /* of the dataset, class after class; NULL: there is no such sampler */
    const int32_t *starts;              /* of each class that has samples, and behind the last one */
    int32_t        classes;
    uint64_t       seed, epoch;
};

/* The sample at a position of the epoch. */
BOTH int64_t sampler_at(const struct sampler *sampler, uint64_t position)
{
    struct philox words = philox(sampler->seed, PURPOSE_SAMPLER, sampler->epoch, position);
    uint32_t class_ = (uint32_t)((uint64_t)words.word[0] * (uint32_t)sampler->classes >> 32);
    int32_t  first = sampler->starts[class_], count = sampler->starts[class_ + 1] - first;
    return sampler->samples[first + (int32_t)((uint64_t)words.word[1] * (uint32_t)count >> 32)];
}

#endif
