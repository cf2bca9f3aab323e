/* The lists that the balanced sampler draws from. */
#ifndef NETC_SAMPLER_MAKE_H
#define NETC_SAMPLER_MAKE_H

#include "data.h"
#include "sampler.h"

/* Lists the samples of each class. Freed by sampler_free. */
bool sampler_make(const struct dataset *data, struct sampler *sampler, struct error *error);
void sampler_free(struct sampler *sampler);

#endif
