/* `netc summary`. */
#ifndef NETC_SUMMARY_H
#define NETC_SUMMARY_H

#include "base/text.h"
#include "plan/plan.h"

/* A table of the layers: kind, shape and bytes of the output, parameters, arithmetic forward and backward, all for one
 * sample. `graph` has every layer by itself, with the backward pass where the spec has a train section. With `plan`,
 * which may be NULL, also the memory that training takes. */
void summary_print(Text *text, const Model *model, const Graph *graph, const Plan *plan);

#endif
