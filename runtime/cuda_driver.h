/* The CUDA driver, NVRTC and NCCL as tables of functions that are found when the trainer runs. Their types and constants
 * are declared here, as far as they are used, so that a machine without any file of CUDA builds the trainer. Names are the
 * libraries' own: their manuals say what each function does. */
#ifndef NETC_CUDA_DRIVER_H
#define NETC_CUDA_DRIVER_H

#include "error.h"

#include <stdint.h>

typedef uint64_t cuda_pointer;          /* of memory on a device; 0: none */

struct cuda_context;
struct cuda_module;
struct cuda_function;
struct cuda_stream;
struct cuda_graph;
struct cuda_graph_exec;
struct cuda_event;

/* Results of the driver's functions that are told apart here. */
enum {
    CUDA_SUCCESS = 0, CUDA_OUT_OF_MEMORY = 2, CUDA_NO_DEVICE = 100, CUDA_NO_BINARY_FOR_GPU = 209, CUDA_INVALID_PTX = 218,
    CUDA_UNSUPPORTED_PTX_VERSION = 222,
};

/* Attributes of devices and functions, options of modules and streams. */
enum {
    CUDA_CAPABILITY_MAJOR = 75, CUDA_CAPABILITY_MINOR = 76, CUDA_SHARED_BYTES_OPTIN = 97,
    CUDA_MOST_THREADS = 0, CUDA_DYNAMIC_SHARED_BYTES = 8,
    CUDA_JIT_ERROR_LOG = 5, CUDA_JIT_ERROR_LOG_BYTES = 6,
    CUDA_STREAM_NON_BLOCKING = 1, CUDA_CAPTURE_THREAD_LOCAL = 1,
};

/* F(name in the table, name in the library, parameters) */
#define CUDA_DRIVER_FUNCTIONS(F)                                                                                        \
    F(get_error_name, cuGetErrorName, (int, const char **))                                                             \
    F(get_error_string, cuGetErrorString, (int, const char **))                                                         \
    F(init, cuInit, (unsigned))                                                                                         \
    F(driver_get_version, cuDriverGetVersion, (int *))                                                                  \
    F(device_get_count, cuDeviceGetCount, (int *))                                                                      \
    F(device_get, cuDeviceGet, (int *, int))                                                                            \
    F(device_get_name, cuDeviceGetName, (char *, int, int))                                                             \
    F(device_get_attribute, cuDeviceGetAttribute, (int *, int, int))                                                    \
    F(device_total_mem, cuDeviceTotalMem_v2, (size_t *, int))                                                           \
    F(context_retain, cuDevicePrimaryCtxRetain, (struct cuda_context **, int))                                          \
    F(context_release, cuDevicePrimaryCtxRelease_v2, (int))                                                             \
    F(context_set_current, cuCtxSetCurrent, (struct cuda_context *))                                                    \
    F(mem_get_info, cuMemGetInfo_v2, (size_t *, size_t *))                                                              \
    F(mem_alloc, cuMemAlloc_v2, (cuda_pointer *, size_t))                                                               \
    F(mem_free, cuMemFree_v2, (cuda_pointer))                                                                           \
    F(mem_alloc_host, cuMemAllocHost_v2, (void **, size_t))                                                             \
    F(mem_free_host, cuMemFreeHost, (void *))                                                                           \
    F(copy_to_device, cuMemcpyHtoDAsync_v2, (cuda_pointer, const void *, size_t, struct cuda_stream *))                 \
    F(copy_to_host, cuMemcpyDtoHAsync_v2, (void *, cuda_pointer, size_t, struct cuda_stream *))                         \
    F(memset, cuMemsetD8Async, (cuda_pointer, unsigned char, size_t, struct cuda_stream *))                             \
    F(module_load, cuModuleLoadDataEx, (struct cuda_module **, const void *, unsigned, int *, void **))                 \
    F(module_unload, cuModuleUnload, (struct cuda_module *))                                                            \
    F(module_get_function, cuModuleGetFunction, (struct cuda_function **, struct cuda_module *, const char *))          \
    F(function_get_attribute, cuFuncGetAttribute, (int *, int, struct cuda_function *))                                 \
    F(function_set_attribute, cuFuncSetAttribute, (struct cuda_function *, int, int))                                   \
    F(launch, cuLaunchKernel, (struct cuda_function *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,      \
                               unsigned, struct cuda_stream *, void **, void **))                                       \
    F(stream_create, cuStreamCreate, (struct cuda_stream **, unsigned))                                                 \
    F(stream_destroy, cuStreamDestroy_v2, (struct cuda_stream *))                                                       \
    F(stream_synchronize, cuStreamSynchronize, (struct cuda_stream *))                                                  \
    F(capture_begin, cuStreamBeginCapture_v2, (struct cuda_stream *, int))                                              \
    F(capture_end, cuStreamEndCapture, (struct cuda_stream *, struct cuda_graph **))                                    \
    F(graph_destroy, cuGraphDestroy, (struct cuda_graph *))                                                             \
    F(graph_instantiate, cuGraphInstantiateWithFlags, (struct cuda_graph_exec **, struct cuda_graph *,                  \
                                                       unsigned long long))                                             \
    F(graph_exec_destroy, cuGraphExecDestroy, (struct cuda_graph_exec *))                                               \
    F(graph_launch, cuGraphLaunch, (struct cuda_graph_exec *, struct cuda_stream *))                                    \
    F(event_create, cuEventCreate, (struct cuda_event **, unsigned))                                                    \
    F(event_destroy, cuEventDestroy_v2, (struct cuda_event *))                                                          \
    F(event_record, cuEventRecord, (struct cuda_event *, struct cuda_stream *))                                         \
    F(event_elapsed_time, cuEventElapsedTime, (float *, struct cuda_event *, struct cuda_event *))

struct nvrtc_program;

#define NVRTC_FUNCTIONS(F)                                                                                              \
    F(get_error_string, nvrtcGetErrorString, (int), const char *)                                                       \
    F(version, nvrtcVersion, (int *, int *), int)                                                                       \
    F(get_num_supported_archs, nvrtcGetNumSupportedArchs, (int *), int)                                                 \
    F(get_supported_archs, nvrtcGetSupportedArchs, (int *), int)                                                        \
    F(create_program, nvrtcCreateProgram, (struct nvrtc_program **, const char *, const char *, int,                    \
                                           const char *const *, const char *const *), int)                              \
    F(destroy_program, nvrtcDestroyProgram, (struct nvrtc_program **), int)                                             \
    F(compile_program, nvrtcCompileProgram, (struct nvrtc_program *, int, const char *const *), int)                    \
    F(get_log_size, nvrtcGetProgramLogSize, (struct nvrtc_program *, size_t *), int)                                    \
    F(get_log, nvrtcGetProgramLog, (struct nvrtc_program *, char *), int)                                               \
    F(get_ptx_size, nvrtcGetPTXSize, (struct nvrtc_program *, size_t *), int)                                           \
    F(get_ptx, nvrtcGetPTX, (struct nvrtc_program *, char *), int)                                                      \
    F(get_cubin_size, nvrtcGetCUBINSize, (struct nvrtc_program *, size_t *), int)                                       \
    F(get_cubin, nvrtcGetCUBIN, (struct nvrtc_program *, char *), int)

struct nccl_comm;
enum { NCCL_FLOAT = 7, NCCL_SUM = 0 };

#define NCCL_FUNCTIONS(F)                                                                                               \
    F(get_error_string, ncclGetErrorString, (int), const char *)                                                        \
    F(comm_init_all, ncclCommInitAll, (struct nccl_comm **, int, const int *), int)                                     \
    F(comm_destroy, ncclCommDestroy, (struct nccl_comm *), int)                                                         \
    F(comm_abort, ncclCommAbort, (struct nccl_comm *), int)                                                             \
    F(group_start, ncclGroupStart, (void), int)                                                                         \
    F(group_end, ncclGroupEnd, (void), int)                                                                             \
    F(all_reduce, ncclAllReduce, (const void *, void *, size_t, int, int, struct nccl_comm *, struct cuda_stream *), int)

#define FIELD(name, symbol, parameters) int (*name) parameters;
struct cuda_driver { CUDA_DRIVER_FUNCTIONS(FIELD) };
#undef FIELD

#define FIELD(name, symbol, parameters, result) result (*name) parameters;
struct nvrtc { NVRTC_FUNCTIONS(FIELD) };
struct nccl { NCCL_FUNCTIONS(FIELD) };
#undef FIELD

/* Open a library and fill in its table; an error says what is missing and where it comes from. The driver is initialised
 * as well, and new enough. Libraries stay open until the process ends, as they have threads of their own. */
bool cuda_driver_open(struct cuda_driver *driver, struct error *error);
bool nvrtc_open(struct nvrtc *nvrtc, struct error *error);
bool nccl_open(struct nccl *nccl, struct error *error);

/* Says that the driver finds no GPU. Always returns false. */
bool cuda_no_gpu(struct error *error);

/* "13.0", of the number that cuDriverGetVersion gives. Writes into `text` (of FORMAT_SIZE bytes) and returns it. */
const char *cuda_version(char *text, int version);

/* Whether a call of the driver went well; otherwise the error says on which device ("cuda:0") which call failed, how,
 * and what may help. The call is told by a format, as in "cuMemAlloc of %zu bytes". */
bool cuda_succeeds(const struct cuda_driver *driver, int status, const char *device, struct error *error,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
