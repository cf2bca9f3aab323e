/* Marks the functions of headers that CPU and GPU code share. */
#ifndef NETC_BOTH_H
#define NETC_BOTH_H

#ifdef __CUDACC__
#define BOTH static __host__ __device__ inline
#else
#define BOTH static inline
#endif

#endif
