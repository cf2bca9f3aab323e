/* Weights in PyTorch's order, whatever layout a model has, and numbers whose sums do not depend on the order of summing. */
#ifndef NETC_NUMBERS_H
#define NETC_NUMBERS_H

#include "data.h"
#include "model.h"

/* `count` + 1 elements of `size` bytes, zeroed. Ends the program if there are none. */
void *allocate(int64_t count, size_t size);

/* Of all weights together. */
int64_t weight_elements(const struct model *model);

/* Copies all parameters of a table from PyTorch's order into the flat array, or back. */
void weights_exchange(const struct parameter *parameters, int count, real *ordered, real *flat, bool back);

/* The weights -s, 0 and s in PyTorch's order, where s is a power of two near 1.5/sqrt(fan_in), so that values keep their
 * size. Together with images that are exact, sums are exact in whatever order up to the first thing that is no sum or
 * maximum, as long as networks are shallow. */
void exact_weights(const struct model *model, real *ordered);

/* Makes all bytes multiples of 8: the specs' transform makes multiples of 1/8 from -2 to 1.875 of them. */
void exact_images(struct dataset *data, const struct model *model);

#endif
