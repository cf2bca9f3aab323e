/* Images that a GPU makes for itself in front of each step, and the lists of the balanced sampler there. */
#ifndef NETC_CUDA_IMAGES_H
#define NETC_CUDA_IMAGES_H

#include "cuda_gpu.h"

/* Bytes of the memories that this takes, as cuda_memory_bytes tells them. */
double cuda_images_bytes(const struct cuda_sizes *sizes, enum cuda_memory memory);

/* Copies the tables of the pipelines, and of the sampler of `count` samples, where there is any. */
bool gpu_upload_transforms(struct gpu *gpu, const struct pipelines *pipelines, struct error *error);
bool gpu_upload_sampler(const struct gpu *gpu, const struct sampler *sampler, int64_t count, struct error *error);

/* The sampler as the GPU sees it. */
struct sampler gpu_sampler(const struct gpu *gpu, const struct sampler *sampler);

/* Makes the images of a step, whose first sample is the stretch's number `offset`; changes the step to be about these. Nothing
 * where the part's images are taken as they are. */
bool gpu_make_images(const struct gpu *gpu, enum part part, bool augment, int64_t offset, struct cuda_step *step,
                     struct error *error);

#endif
