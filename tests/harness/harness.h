/* What the test programs share that train compiled models inside one process. */
#ifndef NETC_HARNESS_H
#define NETC_HARNESS_H

#include "data.h"
#include "device.h"
#include "model.h"

#include <stdio.h>

/* The models linked into the program, by name; ends with NULL. */
extern const struct model *const models[];

/* Numbers that tests/pytorch/network.py makes too: nothing random needs to be stored. `i` counts within the stream. */
enum { STREAM_IMAGES, STREAM_LABELS, STREAM_WEIGHTS };      /* the parameter with index p has STREAM_WEIGHTS + p */
uint64_t hashed(const char *net, uint64_t stream, uint64_t i);

/* Weights in +-1/sqrt(fan_in) for every element in PyTorch's order, zero in the padding. Freed by the caller. */
real *hashed_weights(const struct model *model);

/* A dataset of `samples` images. data_free frees it. */
struct dataset hashed_dataset(const struct model *model, int64_t samples);

/* Makes of a sample of such a dataset what the model's functions for single images take; `to` has room for
 * model_input_bytes. */
void network_input(const struct model *model, const struct dataset *data, int64_t sample, void *to);

/* What the spec's optimiser and schedule make of a run of so many steps. */
struct rates spec_rates(const struct model *model, int64_t steps_an_epoch, int64_t steps);

/* A device with the weights on it. Ends the program if that fails. */
struct device *device_with(const struct model *model, const struct dataset *data, int threads, const real *flat);

/* Makes step `step` (from 0, over all epochs) of a run of `steps` in the order of the file, with the spec's optimiser and
 * schedule; returns the batch's mean loss. */
double train_step(struct device *device, int64_t step, int64_t steps);

/* Visits the layers of the dataset's first images: each is visited once, in order, with as many values as its shape has; the
 * last one's are the logits of the evaluation, to `tolerance` of the largest; and where a weight of a layer becomes NaN or
 * infinite, that layer is the first with such a value. Says what does not hold. */
bool layers_hold(struct device *device, const real *flat, double tolerance);

/* The flat weights now. */
void weights_now(struct device *device, real *flat);

/* The largest difference between the logits of the dataset's images by predict and by evaluation, by the largest logit;
 * NAN where one is no number. */
double predict_difference(struct device *device, const real *flat);

/* Ends the program with a message: for what is no result of the test. */
__attribute__((format(printf, 1, 2), noreturn)) void fail(const char *format, ...);

#endif
