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

/* The loop behind it is written out; n rounds of it. */
#ifdef __CUDACC__
#define UNROLL_PRAGMA(text) _Pragma(#text)
#define UNROLL              UNROLL_PRAGMA(unroll)
#define UNROLL_BY(n)        UNROLL_PRAGMA(unroll n)
#else
#define UNROLL
#define UNROLL_BY(n)
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

/* What a max_pool2d has found so far of a window: `value` is its element `i`. */
DEVICE void take_larger(float value, int i, float &largest, int &place)
{
    bool taken = real_exceeds(value, largest);
    largest = taken ? value : largest;
    place = taken ? i : place;
}

DEVICE void take_larger(float value, float &largest)
{
    largest = real_exceeds(value, largest) ? value : largest;
}

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

/* What a sample's loss weighs in the mean over the step. Where classes have weights that is another for each step, and
 * stands behind the stretch. */
DEVICE float step_scale(const cuda_step &step)
{
#ifdef CLASS_WEIGHTS
    return ((const float *)(step.stretch + 1))[step.index];
#else
    return step.scale;
#endif
}

/* What a lane's loss weighs in it. */
DEVICE float scale_of_lane(const cuda_step &step, int block, int lane)
{
    return block * LANES + lane < step.count ? step_scale(step) : 0;
}

/* `width` bytes of an image, loaded at once. */
template <int width> struct Bytes {
    uint8_t byte;
    __device__ __forceinline__ uint32_t at(int) const { return byte; }
};
template <> struct Bytes<2> {
    uint16_t both;
    __device__ __forceinline__ uint32_t at(int k) const { return both >> 8 * k & 255; }
};
template <> struct Bytes<4> {
    uint32_t word;
    __device__ __forceinline__ uint32_t at(int k) const { return word >> 8 * k & 255; }
};
template <> struct Bytes<8> {
    uint2 words;
    __device__ __forceinline__ uint32_t at(int k) const { return (k < 4 ? words.x : words.y) >> 8 * (k % 4) & 255; }
};

/* The bytes first .. first + count - 1 of the images of a block of samples, as byte * factor + shift, to x[byte][sample], by
 * all threads of a block. A thread loads `width` bytes at once, so `first`, count and the bytes of an image are multiples of
 * it. With a pitch of 33 a warp loads 32 neighbouring bytes of `width` samples, and stores to 32 banks; with one of 32
 * each lane has a sample, so that in every row of x the bank is the lane. */
template <int width, int count, int pitch, int threads>
DEVICE void stage_images(float (*x)[pitch], const cuda_step &step, int block, int image_bytes, int first, float factor,
                         float shift)
{
    enum { SAMPLES = pitch == LANES ? LANES : width, RUN = LANES / SAMPLES * width, RUNS = (count + RUN - 1) / RUN };
    int lane = lane_of_thread();
    for (int i = warp_of_thread(); i < RUNS * (LANES / SAMPLES); i += threads / LANES) {
        int sample = i % (LANES / SAMPLES) * SAMPLES + lane % SAMPLES;
        int at = i / (LANES / SAMPLES) * RUN + lane / SAMPLES * width;
        if (RUNS * RUN > count && at >= count)
            continue;
        const uint8_t *image = step.images + (int64_t)sample_of_lane(step, block, sample) * image_bytes;
        Bytes<width> bytes = *(const Bytes<width> *)(image + first + at);
        UNROLL
        for (int k = 0; k < width; k++)
            x[at + k][sample] = (float)bytes.at(k) * factor + shift;
    }
}

/* ---- sums, always in the same order */

/* Over the lanes of a warp; every lane gets it. */
template <typename Number> DEVICE Number warp_sum(Number value)
{
    for (int apart = LANES / 2; apart; apart /= 2)
        value += __shfl_xor_sync(~0u, value, apart);
    return value;
}

template <int count, int apart> struct LaneTotals {
    static __device__ __forceinline__ void add(float *value, int lane)
    {
        bool upper = lane & apart;
        UNROLL
        for (int i = 0; i < apart && i < count; i++) {
            float high = i + apart < count ? value[i + apart] : 0;
            float given = upper ? value[i] : high, kept = upper ? high : value[i];
            value[i] = kept + __shfl_xor_sync(~0u, given, apart);
        }
        LaneTotals<(count < apart ? count : apart), apart / 2>::add(value, lane);
    }
};

template <int count> struct LaneTotals<count, 0> {
    static __device__ __forceinline__ void add(float *, int) {}
};

/* The totals over the lanes of `count` values, at most 32: lane i gets that of value[i], lanes beyond them 0. In each round
 * a lane keeps half of what it has and gives its partner the other half: 31 exchanges for 32 values, in place of 160. */
template <int count> DEVICE float lane_totals(float *value)
{
    LaneTotals<count, LANES / 2>::add(value, lane_of_thread());
    return value[0];
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
    float *history = sgd_has_momentum(sgd) ? &step.state[i] : nullptr;
    bool first = step.index == 0 && step.stretch->fresh;
    step.weights[i] = sgd_update(step.weights[i], gradient, history, sgd, step.stretch->lr[step.index], first);
}

/* ---- a block of threads: arrays in its shared memory, rows of them in registers */

/* The array that begins `offset` bytes, whole 16, into the memory. */
template <typename Array> DEVICE Array &array_at(void *memory, int offset)
{
    return *(Array *)((char *)memory + offset);
}

/* Takes a row of floats that lie side by side, Vector (4, 2 or 1) at once: `from` begins at a multiple of as many. */
template <int Vector, int Count> DEVICE void load_row(float (&row)[Count], const float *from)
{
    const int fours = Vector == 4 ? Count / 4 * 4 : 0, pairs = Vector >= 2 ? Count / 2 * 2 : 0;
    UNROLL
    for (int i = 0; i < fours; i += 4) {
        float4 next = *(const float4 *)(from + i);
        row[i] = next.x;
        row[i + 1] = next.y;
        row[i + 2] = next.z;
        row[i + 3] = next.w;
    }
    UNROLL
    for (int i = fours; i < pairs; i += 2) {
        float2 next = *(const float2 *)(from + i);
        row[i] = next.x;
        row[i + 1] = next.y;
    }
    UNROLL
    for (int i = pairs; i < Count; i++)
        row[i] = from[i];
}

/* The way back. */
template <int Vector, int Count> DEVICE void store_row(float *to, const float (&row)[Count])
{
    const int fours = Vector == 4 ? Count / 4 * 4 : 0, pairs = Vector >= 2 ? Count / 2 * 2 : 0;
    UNROLL
    for (int i = 0; i < fours; i += 4)
        *(float4 *)(to + i) = make_float4(row[i], row[i + 1], row[i + 2], row[i + 3]);
    UNROLL
    for (int i = fours; i < pairs; i += 2)
        *(float2 *)(to + i) = make_float2(row[i], row[i + 1]);
    UNROLL
    for (int i = pairs; i < Count; i++)
        to[i] = row[i];
}

/* Copies an array by all threads of the block, in whole 16 bytes: both begin at such, and end with padding. */
template <int Threads, typename Array> DEVICE void copy_array(Array &to, const Array &from)
{
    const int fours = (sizeof(Array) + sizeof(float4) - 1) / sizeof(float4);
    UNROLL
    for (int round = 0; round < fours; round += Threads) {
        int i = round + threadIdx.x;
        if (i < fours)
            ((float4 *)&to)[i] = ((const float4 *)&from)[i];
    }
}

/* Makes elements First to End - 1 zeros, by all threads of the block. */
template <int Threads, int First, int End> DEVICE void clear_memory(float4 *memory)
{
    UNROLL
    for (int round = First; round < End; round += Threads)
        if (round + (int)threadIdx.x < End)
            memory[round + threadIdx.x] = make_float4(0, 0, 0, 0);
}

/* Copies floats by all threads of the block; both begin at whole 16 bytes. */
template <int Threads, int Count> DEVICE void copy_floats(float *to, const float *from)
{
    const int each = Count % 4 == 0 ? 4 : 1;
    UNROLL
    for (int round = 0; round < Count / each; round += Threads) {
        int i = round + threadIdx.x;
        if (i < Count / each && each == 4)
            ((float4 *)to)[i] = ((const float4 *)from)[i];
        else if (i < Count / each)
            to[i] = from[i];
    }
}

/* The largest value of the lanes' and its place, the first of equals; a NaN wins. Every lane gets them. */
DEVICE void warp_largest(float &largest, int &place)
{
    for (int apart = LANES / 2; apart; apart /= 2) {
        float value = __shfl_xor_sync(~0u, largest, apart);
        int   other = __shfl_xor_sync(~0u, place, apart);
        bool  same = value == largest || (value != value && largest != largest);
        if (same ? other < place : value > largest || value != value) {
            largest = value;
            place = other;
        }
    }
}

/* ---- the reduction over samples: a lane has some weights, warps share the samples */

/* Each lane of the block's warps has Count sums, side by side: thread i gets the sum of number i over the warps, in their
 * order. */
template <int Warps, int Count> DEVICE float sum_of_warps(const float (&sum)[Count])
{
    __shared__ float4 sums[Warps][(LANES * Count + 3) / 4];
    store_row<Count>((float *)sums[warp_of_thread()] + Count * lane_of_thread(), sum);
    __syncthreads();
    float total = 0;
    if (threadIdx.x < LANES * Count)
        UNROLL
        for (int warp = 0; warp < Warps; warp++)
            total += ((const float *)sums[warp])[threadIdx.x];
    return total;
}

/* Makes the step of weight `i`, or leaves its gradient where someone else wants to make it. */
DEVICE void apply_gradient(const cuda_step &step, struct sgd sgd, int i, float gradient)
{
    if (step.gradient)
        step.gradient[i] = gradient;
    else
        update_weight(step, sgd, i, gradient);
}

/* ---- clipping by the norm of the gradient, in an order of sums that is always the same */

enum { NORM_BLOCKS = 64, NORM_THREADS = 256 };

/* By NORM_BLOCKS blocks of NORM_THREADS threads: each sums the squares of its part of the flat gradient. */
DEVICE void sum_squares(const cuda_step &step, int weights, float *squares)
{
    float sum[1] = {0};
    for (int i = NORM_THREADS * blockIdx.x + threadIdx.x; i < weights; i += NORM_THREADS * NORM_BLOCKS)
        sum[0] += step.gradient[i] * step.gradient[i];
    float total = warp_sum(sum_of_warps<NORM_THREADS / LANES>(sum));
    if (threadIdx.x == 0)
        squares[blockIdx.x] = total;
}

/* What the gradient is then multiplied by; every lane gets it. By whole warps. */
DEVICE float clip_of(const float *squares, double most)
{
    float sum = 0;
    for (int i = lane_of_thread(); i < NORM_BLOCKS; i += LANES)
        sum += squares[i];
    return clip_factor(sqrtf(warp_sum(sum)), most);
}

/* ---- kernels that every model has */

/* The samples at positions 0 .. count-1 of the stretch. */
extern "C" __global__ void __launch_bounds__(256)
shuffle(const cuda_stretch *stretch, int32_t *samples, int32_t count)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count && stretch->sampler.samples)
        samples[i] = (int32_t)sampler_at(&stretch->sampler, stretch->first + i);
    else if (i < count)
        samples[i] = stretch->shuffled ? (int32_t)order_at(&stretch->order, stretch->first + i) : stretch->first + i;
}

/* Copies floats: within the device, so that a run's start costs no copy that the host asks for. */
extern "C" __global__ void __launch_bounds__(256)
copy(const float *from, float *to, int32_t count)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count)
        to[i] = from[i];
}

#endif
