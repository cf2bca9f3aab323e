#include "ops/nests.h"

void over_elements(Nest *n, const Tensor *tensor, Expr *index[3])
{
    if (tensor->rank == 1) {
        index[0] = nest_over(n, "i", tensor->dim[0]);
        return;
    }
    index[1] = nest_over(n, "y", tensor->dim[1]);
    index[2] = nest_over(n, "x", tensor->dim[2]);
    index[0] = nest_over(n, "c", tensor->dim[0]);
}

Expr *sum(Nest *n, Expr *value)
{
    return nest_reduce(n, REDUCE_SUM, real(n, 0), value, NULL);
}

void guard_range(Nest *n, Expr *at, int64_t least, int64_t most)
{
    nest_guard(n, at_most(n, whole(n, least), at));
    nest_guard(n, at_most(n, at, whole(n, most)));
}
