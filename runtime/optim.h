/* The optimisers' formulas, for one weight: plain functions without state, for CPU and GPU alike. */
#ifndef NETC_OPTIM_H
#define NETC_OPTIM_H

#include "both.h"
#include "real.h"

#include <stdbool.h>

/* The settings of SGD (PyTorch's names). lr can be changed by the command line. `positive`: momentum is greater than 0, where
 * it comes with the step and the compiler of a loop would not see that. */
struct sgd { double lr, momentum, dampening, weight_decay; bool nesterov, positive; };

/* Whether a step uses the weights' history. */
BOTH bool sgd_has_momentum(struct sgd sgd) { return sgd.positive || sgd.momentum != 0; }

/* Stochastic gradient descent as PyTorch's torch.optim.SGD computes it (the page of that class gives the algorithm):
 * weight decay joins the gradient; with momentum, the history starts as the first gradient, undamped, and is then
 * momentum * history + (1 - dampening) * gradient; Nesterov's variant steps along gradient + momentum * history. A step
 * without momentum leaves the history alone.
 * `history` is the weight's slot of the optimiser's state, NULL without momentum; `first`: it has none yet, and is zero.
 * The settings are rounded to a real before they meet one, as PyTorch rounds its scalars. Returns the new weight.
 * What depends on `first` are two factors, not the flow, so that a loop over weights becomes vector code. */
BOTH real sgd_update(real weight, real gradient, real *history, struct sgd sgd, double lr, bool first)
{
    if (sgd.weight_decay != 0)
        gradient += (real)sgd.weight_decay * weight;
    if (sgd_has_momentum(sgd)) {
        real momentum = (real)sgd.momentum, keep = first ? 0 : momentum, take = first ? 1 : (real)(1 - sgd.dampening);
        *history = keep * *history + take * gradient;
        gradient = sgd.nesterov ? gradient + momentum * *history : *history;
    }
    return weight - (real)lr * gradient;
}

/* What gradients are multiplied by so that the norm of all of them is at most about `most`, as PyTorch's clip_grad_norm_ has
 * it. A norm that is no number leaves them as they are: those that are no numbers will show. */
BOTH real clip_factor(real norm, double most)
{
    real factor = (real)most / (norm + (real)1e-6);
    return factor < 1 ? factor : 1;
}

#endif
