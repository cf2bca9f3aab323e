/* What generated CUDA code is written with. A lane is a sample: the 32 threads of a warp have one sample each, and
 * arrays have the lane as their innermost dimension. Included by NAME_cuda.cu, which NVRTC compiles when the trainer runs
 * and nvcc compiles as well; the tests compile it for the CPU, with a header that plays the device's part. */
#ifndef NETC_CUDA_KERNELS_H
#define NETC_CUDA_KERNELS_H

#include "cuda_step.h"
#include "optim.h"

#define LANES 32
#define DEVICE static __device__ __forceinline__

/* A kernel's dynamic shared memory, as a variable `name` of `type`. */
#ifndef SHARED_MEMORY
#define SHARED_MEMORY(type, name)               \
    extern __shared__ float4 shared_memory[];   \
    type &name = *(type *)shared_memory
#endif

#ifndef INFINITY
#define INFINITY __int_as_float(0x7f800000)
#endif

/* ---- single values, as nests have them */

DEVICE bool  real_exceeds(float value, float largest) { return value > largest || value != value; }
DEVICE float real_max(float a, float b) { return a < b ? b : a; }
DEVICE float real_min(float a, float b) { return b < a ? b : a; }
DEVICE float real_abs(float a)          { return fabsf(a); }
DEVICE float real_exp(float a)          { return expf(a); }
DEVICE float real_log(float a)          { return logf(a); }
DEVICE float real_tanh(float a)         { return tanhf(a); }
DEVICE float real_sqrt(float a)         { return sqrtf(a); }
DEVICE float real_erf(float a)          { return erff(a); }
DEVICE int   int_max(int a, int b)      { return a < b ? b : a; }
DEVICE int   int_min(int a, int b)      { return b < a ? b : a; }
DEVICE int   int_abs(int a)             { return a < 0 ? -a : a; }

/* ---- samples */

DEVICE int lane_of_thread(void) { return threadIdx.x % LANES; }
DEVICE int warp_of_thread(void) { return threadIdx.x / LANES; }

/* Blocks of 32 samples of the step. */
DEVICE int step_blocks(const cuda_step &step) { return (step.count + LANES - 1) / LANES; }

/* The sample of the dataset that a lane of a block has. Lanes beyond the step's last sample repeat the first one of their
 * block, and weigh nothing. */
DEVICE int sample_of_lane(const cuda_step &step, int block, int lane)
{
    int position = block * LANES + lane;
    return step.samples[position < step.count ? position : block * LANES];
}

/* What a lane's loss weighs in the mean over the step. */
DEVICE float scale_of_lane(const cuda_step &step, int block, int lane)
{
    return block * LANES + lane < step.count ? step.scale : 0;
}

/* ---- sums, always in the same order */

/* Over the lanes of a warp; every lane gets it. */
template <typename Number> DEVICE Number warp_sum(Number value)
{
    for (int apart = LANES / 2; apart; apart /= 2)
        value += __shfl_xor_sync(~0u, value, apart);
    return value;
}

/* Adds the step's losses and hits, one of each sample, to its result. By one warp. */
DEVICE void add_results(const cuda_step &step, const float *loss, const float *correct)
{
    double  sum = 0;
    int32_t hits = 0;
    for (int i = lane_of_thread(); i < step.count; i += LANES) {
        sum += loss[i];
        hits += (int32_t)correct[i];
    }
    sum = warp_sum(sum);
    hits = warp_sum(hits);
    if (lane_of_thread() == 0) {
        step.result->loss += sum;
        step.result->correct += hits;
    }
}

/* ---- the optimiser */

/* Makes the step of weight `i` of the flat array. */
DEVICE void update_weight(const cuda_step &step, struct sgd sgd, int i, float gradient)
{
    float *history = sgd.momentum != 0 ? &step.state[i] : nullptr;
    bool first = step.index == 0 && step.stretch->fresh;
    step.weights[i] = sgd_update(step.weights[i], gradient, history, sgd, step.stretch->lr, first);
}

/* ---- kernels that every model has */

/* The samples at positions 0 .. count-1 of the stretch. */
extern "C" __global__ void __launch_bounds__(256)
shuffle(const cuda_stretch *stretch, int32_t *samples, int32_t count)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count)
        samples[i] = stretch->shuffled ? (int32_t)order_at(&stretch->order, stretch->first + i) : stretch->first + i;
}

#endif
