/* The kernel that makes the images of a step on a GPU, as pipeline.c does on the CPU: a block of threads for each
 * sample. Included by NAME_cuda.cu of models with transforms. */
#ifndef NETC_CUDA_TRANSFORM_H
#define NETC_CUDA_TRANSFORM_H

#include "cuda_step.h"
#include "transform_image.h"

/* Makes the images of the step's samples, and lists their labels; step.samples of what follows are then `samples`, 0 to
 * count - 1. `offset` is the place of the step's first sample among those of the stretch; `workspace` has two buffers
 * of pipeline.buffer bytes for each sample. */
extern "C" __global__ void __launch_bounds__(128)
transform(cuda_step step, struct pipeline pipeline, uint8_t *images, uint8_t *labels, int32_t *samples,
          uint8_t *workspace, int64_t offset)
{
    __shared__ struct pass pass;
    __shared__ int32_t at;
    const int64_t sample = step.samples[blockIdx.x];
    const void   *from = step.images + sample * shape_bytes(pipeline.from);
    uint8_t      *to = workspace + 2 * blockIdx.x * pipeline.buffer, *other = to + pipeline.buffer;
    struct sample_shape shape = pipeline.from;
    int32_t begin = 0;
    pipeline.seed = step.stretch->seed;
    pipeline.epoch = step.stretch->epoch;
    /* A balanced sampler may draw a sample twice: the position in the epoch says what is drawn for the image. */
    uint64_t key = step.stretch->sampler.samples ? step.stretch->first + offset + blockIdx.x : sample;
    if (threadIdx.x == 0) {
        labels[blockIdx.x] = step.labels[sample];
        samples[blockIdx.x] = blockIdx.x;
    }
    while (begin < pipeline.count) {
        if (threadIdx.x == 0)
            at = pass_begin(&pipeline, key, begin, shape, &pass);
        __syncthreads();
        begin = at;
        shape = pass.to;
        if (begin == pipeline.count)
            to = images + blockIdx.x * shape_bytes(shape);
        int32_t row = shape.width, plane = shape.height * row;
        for (int32_t i = threadIdx.x; i < shape.channels * plane; i += blockDim.x)
            pass_store(&pass, to, i, pass_value(&pass, from, i / plane, i % plane / row, i % row));
        __syncthreads();
        from = to;
        to = other;
        other = (uint8_t *)from;
    }
}

#endif
