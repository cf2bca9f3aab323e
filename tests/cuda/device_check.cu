/* Kernels that show what the host's device does, right and wrong; device_check.c launches them. */
#include "cuda_kernels.h"

struct few { float value[64]; };

/* Sums each warp by shuffles, the warps through shared memory: out[block] is the sum of 0 .. 63 and 64 * block. */
extern "C" __global__ void __launch_bounds__(64) sums(cuda_step step, float *out)
{
    SHARED_MEMORY(few, shared);
    shared.value[threadIdx.x] = warp_sum((float)(threadIdx.x + blockIdx.x));
    __syncthreads();
    if (threadIdx.x == 0)
        out[blockIdx.x] = shared.value[0] + shared.value[32] + step.scale;
}

/* Hands values to neighbours in all ways there are. */
extern "C" __global__ void __launch_bounds__(32) neighbours(cuda_step step, float *out)
{
    int lane = threadIdx.x;
    out[lane] = (float)(__shfl_sync(~0u, lane, 5) + __shfl_xor_sync(~0u, lane, 3) + __shfl_down_sync(~0u, lane, 2)
                        + __shfl_up_sync(~0u, lane, 2) + __shfl_down_sync(~0u, lane, 4, 8)) + step.scale;
}

/* The second thread reads what the first one may not have written yet. */
extern "C" __global__ void __launch_bounds__(64) race(cuda_step step, float *out)
{
    SHARED_MEMORY(few, shared);
    if (threadIdx.x == 0)
        shared.value[0] = 1 + step.scale;
    if (threadIdx.x == 63)
        out[blockIdx.x] = shared.value[0];
}

extern "C" __global__ void __launch_bounds__(64) unset(cuda_step step, float *out)
{
    SHARED_MEMORY(few, shared);
    __shared__ float fixed[2];
    if (threadIdx.x == 0)
        out[blockIdx.x] = isnan(shared.value[1]) && isnan(fixed[1]) ? 1 + step.scale : 0;
    __syncthreads();
    shared.value[threadIdx.x] = fixed[threadIdx.x % 2] = 0;
}

extern "C" __global__ void __launch_bounds__(64) half_a_barrier(cuda_step step, float *out)
{
    if (threadIdx.x < 32)
        __syncthreads();
    out[blockIdx.x] = step.scale;
}

extern "C" __global__ void __launch_bounds__(64) half_a_warp(cuda_step step, float *out)
{
    if (threadIdx.x % 32 < 16)
        __syncwarp();
    out[blockIdx.x] = step.scale;
}

extern "C" __global__ void __launch_bounds__(64) absent_lane(cuda_step step, float *out)
{
    out[blockIdx.x] = step.scale + (threadIdx.x < 16 ? __shfl_sync(0xFFFFu, 1.0f, 20) : 0);
}

/* Reads one float beyond what the launch has of shared memory, or the buffer. */
extern "C" __global__ void __launch_bounds__(64) beyond_shared(cuda_step step, float *out)
{
    SHARED_MEMORY(few, shared);
    out[blockIdx.x] = shared.value[threadIdx.x + 1] + step.scale;
}

extern "C" __global__ void __launch_bounds__(64) beyond_buffer(cuda_step step, float *out)
{
    out[1 + threadIdx.x % 2] = step.scale;
}
