/* The worst mistakes of an evaluation: samples that were classified wrongly, those with the highest loss first. */
#ifndef NETC_MISTAKES_H
#define NETC_MISTAKES_H

#include "real.h"

#include <stdint.h>

struct mistake {
    int64_t sample;                     /* of the dataset */
    int64_t label, predicted;
    double  loss;                       /* -log of the label's probability; infinite where it is not finite */
    double  probability;                /* of the predicted class */
};

enum { MOST_MISTAKES = 24 };

struct mistakes {
    int            count;               /* that are kept */
    struct mistake at[MOST_MISTAKES];
};

/* Takes a sample that was classified wrongly. */
void mistakes_add(struct mistakes *mistakes, const real *logits, int64_t classes, int64_t sample, int64_t label,
                  int64_t predicted);

#endif
