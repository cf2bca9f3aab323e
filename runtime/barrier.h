/* A barrier for the threads of a run. Who comes last does the work between two phases before the others go on. */
#ifndef NETC_BARRIER_H
#define NETC_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Who arrives writes another cache line than the one that those who wait look at. */
struct barrier {
    int         threads;
    int         spin;                   /* pauses before going to sleep */
    _Alignas(64) atomic_int arrived;
    _Alignas(64) _Atomic uint32_t generation;   /* the word that sleepers wait on; counts releases */
    atomic_int  sleepers;
};

/* Prepares it. Spinning pays only where each thread has a processor of its own. */
void barrier_init(struct barrier *barrier, int threads, int processors);

/* Waits for all threads. Returns true at once in the one that comes last: it must then call barrier_release, which lets
 * the others go on; what it wrote before is seen by all, and so is what they wrote by it. */
bool barrier_arrive(struct barrier *barrier);
void barrier_release(struct barrier *barrier);

#endif
