#include "mistakes.h"

#include <math.h>
#include <string.h>

void mistakes_add(struct mistakes *mistakes, const real *logits, int64_t classes, int64_t sample, int64_t label,
                  int64_t predicted)
{
    double most = (double)logits[predicted], sum = 0;
    for (int64_t c = 0; c < classes; c++)
        sum += exp((double)logits[c] - most);
    double         loss = most - (double)logits[label] + log(sum);
    struct mistake mistake = {sample, label, predicted, isfinite(loss) ? loss : INFINITY, 1 / sum};
    int            at = mistakes->count;
    while (at > 0 && mistake.loss > mistakes->at[at - 1].loss)
        at--;
    if (at == MOST_MISTAKES)
        return;
    mistakes->count += mistakes->count < MOST_MISTAKES;
    memmove(&mistakes->at[at + 1], &mistakes->at[at], (size_t)(mistakes->count - 1 - at) * sizeof mistake);
    mistakes->at[at] = mistake;
}
