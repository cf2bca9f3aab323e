/* The optimiser on vectors: LANES weights that lie side by side. Included after lanes.h. */
#ifndef NETC_APPLY_H
#define NETC_APPLY_H

#include "optim.h"

/* SGD's step of the weights whose gradients the vector holds; history: theirs, or NULL without momentum. */
INLINE void sgd_lanes(real *weight, real *history, vf gradient, struct sgd sgd, double lr, bool first)
{
    real each[LANES];
    lanes_store(each, gradient);
    #pragma omp simd
    for (int i = 0; i < LANES; i++)
        weight[i] = sgd_update(weight[i], each[i], history ? &history[i] : NULL, sgd, lr, first);
}

#endif
