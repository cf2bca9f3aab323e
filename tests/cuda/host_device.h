/* Plays the device for the host's C++ compiler, so that generated CUDA code can be compiled and run without a GPU:
 *   c++ -x c++ -include tests/cuda/host_device.h -Iruntime -shared -fPIC -o NAME_cuda.so NAME_cuda.cu
 * The shared library's kernels are launched by host_launch.h. The threads of a block are fibers, which take turns at
 * barriers and shuffles only; blocks run one after the other. Only what generated code uses is here. */
#ifndef NETC_HOST_DEVICE_H
#define NETC_HOST_DEVICE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__    __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))

/* Static shared memory: blocks run one after the other, so one of each variable will do. They lie in a section of their
 * own, which is filled with NaN bytes when a block starts; each library says where its own is. */
#define __shared__ static __attribute__((section("device_shared")))
extern "C" {
extern char __start_device_shared[] __attribute__((weak, visibility("hidden")));
extern char __stop_device_shared[] __attribute__((weak, visibility("hidden")));
char *host_static_shared(size_t *bytes);
__attribute__((weak)) char *host_static_shared(size_t *bytes)
{
    *bytes = (size_t)(__stop_device_shared - __start_device_shared);
    return __start_device_shared;
}
}

#define SHARED_MEMORY(type, name) type &name = *(type *)host_shared_memory()

/* ---- vector types */

#define HOST_VECTORS(scalar, name, size)                                                                            \
    struct name##1 { scalar x; };                                                                                   \
    struct __attribute__((aligned(2 * size))) name##2 { scalar x, y; };                                             \
    struct name##3 { scalar x, y, z; };                                                                             \
    struct __attribute__((aligned(4 * size > 16 ? 16 : 4 * size))) name##4 { scalar x, y, z, w; };                  \
    static inline name##2 make_##name##2(scalar x, scalar y) { name##2 v = {x, y}; return v; }                      \
    static inline name##3 make_##name##3(scalar x, scalar y, scalar z) { name##3 v = {x, y, z}; return v; }         \
    static inline name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) { name##4 v = {x, y, z, w}; return v; }

HOST_VECTORS(signed char, char, 1)
HOST_VECTORS(unsigned char, uchar, 1)
HOST_VECTORS(short, short, 2)
HOST_VECTORS(unsigned short, ushort, 2)
HOST_VECTORS(int, int, 4)
HOST_VECTORS(unsigned, uint, 4)
HOST_VECTORS(float, float, 4)
HOST_VECTORS(long long, longlong, 8)
HOST_VECTORS(double, double, 8)

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

/* ---- where the running thread is */

struct host_place { uint3 thread, block; dim3 threads, blocks; };
extern "C" const struct host_place *host_at;         /* of the thread that runs */

#define threadIdx (host_at->thread)
#define blockIdx  (host_at->block)
#define blockDim  (host_at->threads)
#define gridDim   (host_at->blocks)
#define warpSize  32

extern "C" void *host_shared_memory(void);

/* ---- waiting for each other */

extern "C" void host_barrier(void);
extern "C" void host_warp_barrier(unsigned mask);

static inline void __syncthreads(void) { host_barrier(); }
static inline void __syncwarp(unsigned mask = ~0u) { host_warp_barrier(mask); }
static inline void __threadfence(void) {}
static inline void __threadfence_block(void) {}

/* Hands `size` bytes to the other lanes of `mask`; returns those that the lane `from` handed over. */
extern "C" const void *host_exchange(unsigned mask, const void *mine, size_t size, int from);

template <typename Value> static inline Value host_shuffle(unsigned mask, Value value, int from)
{
    Value other;
    memcpy(&other, host_exchange(mask, &value, sizeof value, from), sizeof other);
    return other;
}

static inline int host_lane(void) { return (int)(threadIdx.x % warpSize); }

template <typename Value> static inline Value __shfl_sync(unsigned mask, Value value, int lane, int width = warpSize)
{
    return host_shuffle(mask, value, (host_lane() & ~(width - 1)) + (lane & (width - 1)));
}

template <typename Value> static inline Value __shfl_xor_sync(unsigned mask, Value value, int bits, int width = warpSize)
{
    int from = host_lane() ^ bits;
    return host_shuffle(mask, value, (from & ~(width - 1)) <= (host_lane() & ~(width - 1)) ? from : host_lane());
}

template <typename Value>
static inline Value __shfl_down_sync(unsigned mask, Value value, unsigned by, int width = warpSize)
{
    int from = host_lane() + (int)by;
    return host_shuffle(mask, value, (host_lane() & (width - 1)) + (int)by < width ? from : host_lane());
}

template <typename Value>
static inline Value __shfl_up_sync(unsigned mask, Value value, unsigned by, int width = warpSize)
{
    int from = host_lane() - (int)by;
    return host_shuffle(mask, value, (host_lane() & (width - 1)) >= (int)by ? from : host_lane());
}

static inline unsigned __ballot_sync(unsigned mask, int predicate)
{
    unsigned all = 0;
    for (int lane = 0; lane < warpSize; lane++)
        if (mask >> lane & 1)
            all |= (unsigned)(host_shuffle(mask, predicate, lane) != 0) << lane;
    return all;
}

static inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
static inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) == mask; }

/* ---- memory and arithmetic */

#define __expf(a) expf(a)
#define __logf(a) logf(a)

template <typename Value> static inline Value __ldg(const Value *at) { return *at; }
template <typename Value> static inline Value __ldcg(const Value *at) { return *at; }
template <typename Value> static inline Value __ldcs(const Value *at) { return *at; }
template <typename Value> static inline Value __ldca(const Value *at) { return *at; }
template <typename Value> static inline void __stcg(Value *at, Value value) { *at = value; }
template <typename Value> static inline void __stcs(Value *at, Value value) { *at = value; }

static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float rsqrtf(float a) { return 1 / sqrtf(a); }
static inline float __int_as_float(int bits) { float value; memcpy(&value, &bits, sizeof value); return value; }
static inline int   __float_as_int(float value) { int bits; memcpy(&bits, &value, sizeof bits); return bits; }
static inline float __uint_as_float(unsigned bits) { float value; memcpy(&value, &bits, sizeof value); return value; }
static inline unsigned __float_as_uint(float value) { unsigned bits; memcpy(&bits, &value, sizeof bits); return bits; }
static inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
static inline int __ffs(int bits) { return __builtin_ffs(bits); }
static inline int __clz(int bits) { return bits ? __builtin_clz((unsigned)bits) : 32; }
static inline int min(int a, int b) { return b < a ? b : a; }
static inline int max(int a, int b) { return a < b ? b : a; }
static inline float min(float a, float b) { return fminf(a, b); }
static inline float max(float a, float b) { return fmaxf(a, b); }

#endif
