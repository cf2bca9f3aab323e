/* Why a loss is not finite. */
#ifndef NETC_DIAGNOSE_H
#define NETC_DIAGNOSE_H

#include "device.h"

/* Looks for what made the loss of step `step` of the stretch's epoch NaN or infinite; the device has the weights and state
 * from before it. Says in `error` (STATUS_INPUT) which learned tensor holds a NaN or Inf, or which layer first gives one
 * and for which sample, and what may help. Always returns false. */
bool diagnose(struct device *device, const struct stretch *stretch, int64_t step, struct error *error);

/* The same where the mean loss of a part is not finite: adds it to an error that says so. What the weights are was made by
 * `step` steps. */
bool diagnose_part(struct device *device, enum part part, const struct rates *rates, int64_t step, struct error *error);

#endif
