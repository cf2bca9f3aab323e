/* GPUs from inside. What is found of them is in cuda_find.c, one's memory and functions in cuda_gpu.c, what runs on them in
 * cuda_steps.c and cuda_evaluate.c, and device_cuda.c makes of one or several of them a device. */
#ifndef NETC_CUDA_GPU_H
#define NETC_CUDA_GPU_H

#include "cuda_compile.h"
#include "cuda_driver.h"
#include "cuda_model.h"
#include "device.h"
#include "pipeline.h"
#include "sampler.h"

enum {
    SHUFFLE_THREADS = 256, COPY_THREADS = 256, GRAPHS = 4, MOST_GPUS = 64, GPU_PIPELINES = 3, GPU_NAME = 128,
    GPU_LABEL = GPU_NAME + 32,
};

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- cuda_find.c: GPUs as they are found, before anything is opened on them */

struct gpu_facts {
    int    ordinal;                     /* 0: it is cuda:0 */
    int    handle;                      /* the driver's CUdevice */
    char   name[GPU_NAME];              /* "NVIDIA L4" */
    int    capability;                  /* 89: 8.9 */
    int    shared_bytes;                /* most that a block may have */
    size_t memory;
};

/* The numbers in "cuda", "cuda:1", "cuda:0,1", or "auto": how many, at most MOST_GPUS; 0 with an error. */
int gpu_ordinals(const char *text, int ordinals[MOST_GPUS], struct error *error);

bool gpu_count(const struct cuda_driver *driver, int *count, struct error *error);
bool gpu_find(const struct cuda_driver *driver, int ordinal, struct gpu_facts *facts, struct error *error);

/* The largest dynamic shared memory of all of the code's kernels. */
size_t cuda_shared_bytes(const struct cuda_code *code);

/* The first of the model's codes that needs no more shared memory than there is, or the one asked for. */
const struct cuda_code *cuda_choose(const struct model *model, enum kernels kernels, size_t shared_bytes,
                                    struct error *error);

/* ---- cuda_memory.c: what training takes */

/* All that the sizes depend on. */
struct cuda_sizes {
    const struct model     *model;
    const struct cuda_code *code;
    int64_t train_count, test_count;    /* samples; 0: no training */
    int64_t held_out;                   /* of the training part's, beside train_count */
    int     gpus;
    const struct pipelines *pipelines;  /* NULL: images are taken as they are */
};

enum cuda_memory {
    MEMORY_TRAIN_IMAGES, MEMORY_TRAIN_LABELS, MEMORY_TEST_IMAGES, MEMORY_TEST_LABELS, MEMORY_WEIGHTS, MEMORY_STATE,
    MEMORY_KEPT_WEIGHTS, MEMORY_KEPT_STATE,     /* from before the run */
    MEMORY_GRADIENT, MEMORY_SAMPLES, MEMORY_STRETCH, MEMORY_RESULTS, MEMORY_LOGITS, MEMORY_TRANSFORMS, MEMORY_STEP_IMAGES,
    MEMORY_STEP_LABELS, MEMORY_STEP_SAMPLES, MEMORY_WORKSPACE, MEMORY_SAMPLER, MEMORIES
};

/* Steps that are made between two looks at the device: at most RUN_STEPS, and no more than take about a second. */
int64_t cuda_run_steps(const struct model *model, const struct cuda_code *code);

/* Samples that are evaluated between two looks at the device: as many pieces as take about a second. */
int64_t cuda_look_samples(const struct model *model, const struct cuda_code *code);

/* Samples of the larger one of the parts that are evaluated again and again. */
int64_t cuda_evaluated(const struct cuda_sizes *sizes);

/* The most samples of a step that one of the GPUs has. */
int64_t cuda_step_samples(const struct cuda_sizes *sizes);

/* Bytes on each GPU of a memory, of a buffer of the code; 0: it is not needed. Doubles, as they may be more than any machine
 * has. */
double cuda_memory_bytes(const struct cuda_sizes *sizes, enum cuda_memory memory);
double cuda_buffer_bytes(const struct cuda_sizes *sizes, int buffer);

/* What is wanted of each GPU, by what it is for. */
struct cuda_need { double dataset, images, weights, state, gradient, buffers, steps, total; };
struct cuda_need cuda_need(const struct cuda_sizes *sizes);

/* Copies weights between the model's flat array and one in the code's layout; what is no weight becomes zero. */
void cuda_scatter(const struct cuda_sizes *sizes, const real *flat, float *weights);
void cuda_gather(const struct cuda_sizes *sizes, const float *weights, real *flat);

/* ---- cuda_gpu.c */

/* Steps of a run that have been recorded, to be launched at once. */
struct gpu_graph {
    int64_t steps, last;                /* samples of the last step; the others have a whole batch */
    bool    plain;                      /* random transforms are left out */
    struct cuda_graph_exec *exec;
};

struct gpu {
    const struct cuda_driver *driver;
    struct gpu_facts          facts;
    char                      label[GPU_LABEL];     /* "cuda:0 (NVIDIA L4)", for messages */
    struct cuda_context      *context;
    struct cuda_module       *module;
    struct cuda_stream       *stream;
    struct cuda_function     *shuffle, *copy, *norm, *update, **train, **evaluate;    /* of the code's kernels, in their order */
    struct cuda_function     *transform;            /* NULL: the model has none */
    struct pipeline           pipelines[GPU_PIPELINES];     /* those of struct pipelines, with the device's pointers */
    cuda_pointer              memory[MEMORIES], *buffers;
    void                    **arguments;            /* room for those of any kernel */
    size_t                    stretch_bytes;        /* of it and the scales behind it */
    struct cuda_stretch      *stretch;              /* the host's ends of what is uploaded and read, */
    struct cuda_result       *results;              /* in memory that the device can copy from and to at any time */
    struct gpu_graph          graphs[GRAPHS];
    int                       next_graph;           /* to be replaced */
    struct nccl_comm         *comm;                 /* where there are several GPUs */
};

struct cuda_libraries {
    struct cuda_driver driver;
    struct nvrtc       nvrtc;
    struct nccl        nccl;
};

struct cuda {
    struct device          device;      /* first: a struct cuda is a struct device */
    struct cuda_libraries  libraries;
    const struct cuda_code *code;
    struct cuda_sizes      sizes;
    struct pipelines       pipelines;
    struct sampler         sampler;     /* of the training part, where the spec wants it balanced */
    struct gpu            *gpus;
    int                    gpu_count;
    int64_t                run_steps;
    int64_t                transfers;   /* copies between host and device, and waits for it, in training so far */
    bool                   failed;      /* a GPU has: its NCCL would wait for ever */
};

/* Makes the GPU's context the one that the driver's calls are about. */
bool gpu_enter(const struct gpu *gpu, struct error *error);

/* Opens the context; closed by gpu_close, as whatever follows. */
bool gpu_open(struct gpu *gpu, const struct cuda_driver *driver, const struct gpu_facts *facts, struct error *error);

/* Whether so much memory is free. */
bool gpu_has(const struct gpu *gpu, double bytes, struct error *error);

/* Loads compiled code, and finds its kernels; with `transforms` the one that makes images, too. *unsupported: the driver does not know this version of PTX. */
bool gpu_load(struct gpu *gpu, const struct cuda_code *code, bool transforms, const struct cuda_image *image,
              bool *unsupported, struct error *error);

/* Allocates and zeroes all memory. */
bool gpu_allocate(struct gpu *gpu, const struct cuda_sizes *sizes, struct error *error);

/* Asks the GPU to copy to the beginning of a memory; `from` must stay until gpu_wait. */
bool gpu_upload(const struct gpu *gpu, enum cuda_memory memory, const void *from, size_t bytes, struct error *error);

/* Waits until all that was asked of the GPU is done. */
bool gpu_wait(const struct gpu *gpu, struct error *error);

/* The same after something has failed, so that no copy is on its way when the host's memory goes. */
void gpu_drain(const struct gpu *gpu);

void gpu_close(struct gpu *gpu, const struct cuda_code *code);

/* ---- cuda_keep.c: what a run that breaks is taken back to */

/* Asks the GPU to keep its weights and state as they are then, in memory of its own, and to put back what it has kept. */
bool gpu_keep(const struct gpu *gpu, const struct cuda_sizes *sizes, struct error *error);
bool gpu_put_back(const struct gpu *gpu, const struct cuda_sizes *sizes, struct error *error);

/* ---- device_cuda.c */

/* After something has failed: drains all GPUs. */
void cuda_drain(struct cuda *cuda);

/* Opens the device with these libraries, of which NCCL is opened where it is needed (unless it is there). */
struct device *cuda_open_with(const struct cuda_libraries *libraries, const struct device_config *config,
                              struct error *error);

/* ---- cuda_steps.c */

bool cuda_train(struct device *device, const struct stretch *stretch, struct result *result, struct error *error);

/* ---- cuda_evaluate.c */

bool cuda_evaluate(struct device *device, enum part part, const struct order *order, int64_t first, int64_t count,
                   struct result *result, real *logits, struct error *error);

#endif
