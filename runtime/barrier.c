#include "barrier.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Long enough for the others to end their units where all have processors; short enough to give the processor back soon
 * where another program wants it. */
enum { SPIN_PAUSES = 2000 };

static inline void pause_briefly(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

static void futex_wait(_Atomic uint32_t *word, uint32_t expected)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void futex_wake_all(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void barrier_init(struct barrier *barrier, int threads, int processors)
{
    barrier->threads = threads;
    barrier->spin = threads <= processors ? SPIN_PAUSES : 0;
    atomic_init(&barrier->arrived, 0);
    atomic_init(&barrier->sleepers, 0);
    atomic_init(&barrier->generation, 0);
}

bool barrier_arrive(struct barrier *barrier)
{
    uint32_t generation = atomic_load_explicit(&barrier->generation, memory_order_acquire);
    if (atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) + 1 == barrier->threads)
        return true;
    for (int i = 0; i < barrier->spin; i++) {
        if (atomic_load_explicit(&barrier->generation, memory_order_acquire) != generation)
            return false;
        pause_briefly();
    }
    /* Sequentially consistent, as in barrier_release: either this thread sees the new generation, or that one the
     * sleeper. */
    atomic_fetch_add(&barrier->sleepers, 1);
    while (atomic_load(&barrier->generation) == generation)
        futex_wait(&barrier->generation, generation);
    atomic_fetch_sub(&barrier->sleepers, 1);
    return false;
}

void barrier_release(struct barrier *barrier)
{
    atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
    atomic_fetch_add(&barrier->generation, 1);
    if (atomic_load(&barrier->sleepers) > 0)
        futex_wake_all(&barrier->generation);
}
