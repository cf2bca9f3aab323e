/* Launches kernels that were compiled for the host with host_device.h: what the tests see of it. */
#ifndef NETC_HOST_LAUNCH_H
#define NETC_HOST_LAUNCH_H

#ifdef __cplusplus
extern "C" {
#endif

#include "cuda_model.h"
#include "error.h"
#include "transform_image.h"

/* A shared library of kernels. NULL, and an error, if it cannot be opened. It stays open until the program ends. */
struct host_module *host_module_open(const char *path, struct error *error);

/* The order in which blocks and threads run between two barriers. No result may depend on it. */
enum host_order { HOST_FORWARD, HOST_BACKWARD, HOST_ORDERS };

/* Runs `kernel` of the module as the tables say, for the samples of `step`. An error when threads of a block wait for
 * others that never come, and when the launch is beyond what GPUs can do. */
bool host_launch(struct host_module *module, const struct cuda_kernel *kernel, const struct cuda_step *step,
                 void *const buffers[], enum host_order order, struct error *error);

/* Runs the kernel `shuffle` for the positions 0 .. count-1 of the stretch. */
bool host_launch_shuffle(struct host_module *module, const struct cuda_stretch *stretch, int32_t *samples, int32_t count,
                         enum host_order order, struct error *error);

/* Where the kernel `transform` leaves what it makes, and works. */
struct host_images { uint8_t *images, *labels, *workspace; int32_t *samples; };

/* Runs the kernel `transform` for the samples of the step, the first of the stretch. */
bool host_launch_transform(struct host_module *module, const struct cuda_step *step, const struct pipeline *pipeline,
                           const struct host_images *made, enum host_order order, struct error *error);

/* Blocks of threads that a kernel is launched with for so many samples. */
int64_t host_blocks(const struct cuda_kernel *kernel, int64_t samples);

#ifdef __cplusplus
}
#endif

#endif
