/* What `info` prints about GPUs. */
#ifndef NETC_CUDA_INFO_H
#define NETC_CUDA_INFO_H

#include "pipeline.h"

/* A line of a table of memory: info.c. */
void print_bytes(const char *what, double bytes, const char *note);

/* The memory that training on one GPU takes, for each of the model's codes; nothing where it has none. Counts are 0 where
 * the dataset is not known. */
void cuda_info_memory(const struct model *model, const struct dataset *train, const struct dataset *test,
                      const struct pipelines *pipelines);

/* The GPUs here, with the versions of driver, NVRTC and NCCL; or what is missing. */
void cuda_info_devices(const struct model *model);

#endif
