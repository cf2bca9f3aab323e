/* CUDA C becomes what the driver can load: PTX, which any driver that is not older compiles for its device, or a cubin,
 * which is for one architecture. By NVRTC, unless the cache has it. */
#ifndef NETC_CUDA_COMPILE_H
#define NETC_CUDA_COMPILE_H

#include "cuda_driver.h"
#include "cuda_model.h"

struct cuda_image {
    char  *bytes;                       /* PTX with a '\0' at its end, or a cubin */
    size_t size;
    int    device;                      /* 86: asked for by a device of capability 8.6 */
    int    arch;                        /* 80: compiled for compute_80 or sm_80 */
    bool   binary;                      /* a cubin */
    bool   cached;                      /* it came from the cache */
};

/* Of the architectures that an NVRTC knows the one to compile for: the highest that the device (75: of capability 7.5) can
 * run. A cubin runs on devices of its own major number only. 0: there is none. */
int cuda_arch(const int *known, int count, int device, bool binary);

/* NVRTC's version, 13000 for 13.0; 0 where it does not tell. */
int nvrtc_version(const struct nvrtc *nvrtc);

/* Compiles for a device; free the image with cuda_image_free. */
bool cuda_compile(const struct nvrtc *nvrtc, const struct cuda_code *code, int device, bool binary,
                  struct cuda_image *image, struct error *error);

/* Says whether NVRTC knows an architecture for the device, without compiling anything. */
bool cuda_compilable(const struct nvrtc *nvrtc, int device, struct error *error);

void cuda_image_free(struct cuda_image *image);

#endif
