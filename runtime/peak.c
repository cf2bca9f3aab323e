#include "peak.h"

#include "progress.h"
#include "real.h"

#include <stdint.h>

#if defined __AVX512F__
enum { VECTOR_BYTES = 64 };
#elif defined __AVX__
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif

typedef real vector __attribute__((vector_size(VECTOR_BYTES)));

/* Two multiply-adds begin in a cycle and each takes four or five, so that twelve chains keep both units busy; with
 * the two other operands they fit the 16 registers of AVX2. Each chain is a variable of its own, because arrays are not always
 * kept in registers, and has a value of its own, or one of them would do for all. */
#define CHAINS(EACH) EACH(0) EACH(1) EACH(2) EACH(3) EACH(4) EACH(5) EACH(6) EACH(7) EACH(8) EACH(9) EACH(10) EACH(11)

enum { CHAIN_COUNT = 12, LANES_A_VECTOR = VECTOR_BYTES / sizeof(real), ROUNDS = 50 };

static const double shortest_run = 0.004;

/* All chains go towards shift / (1 - factor), so that no value leaves what the hardware computes at full speed. */
static real multiply_add(int64_t iterations, real start, real factor, real shift)
{
    vector f = factor - (vector){0}, s = shift - (vector){0};
#define BEGIN(i) vector c##i = start + i - (vector){0};
#define STEP(i)  c##i = c##i * f + s;
#define SUM(i)   + c##i
    CHAINS(BEGIN)
    for (int64_t n = 0; n < iterations; n++) {
        CHAINS(STEP)
    }
    vector sum = (vector){0} CHAINS(SUM);
#undef BEGIN
#undef STEP
#undef SUM
    return sum[0];
}

/* Operations a second with `iterations` on each thread; *seconds is how long they took. */
static double run(int threads, int64_t iterations, double *seconds)
{
    volatile real start = 1, factor = (real)0.75, shift = (real)0.5;      /* unknown to the compiler */
    volatile real sink = 0;
    real   sum = 0;
    int    granted = 0;                 /* OpenMP may grant fewer threads than asked for */
    double started = seconds_now();
    #pragma omp parallel num_threads(threads) reduction(+ : sum, granted)
    {
        sum += multiply_add(iterations, start, factor, shift);
        granted++;
    }
    *seconds = seconds_now() - started;
    sink = sum;
    (void)sink;
    return 2.0 * CHAIN_COUNT * LANES_A_VECTOR * (double)iterations * granted / *seconds;
}

/* Iterations whose fastest run on one thread takes long enough to be timed: one run alone may have been interrupted. */
static int64_t enough(void)
{
    int64_t iterations = 1 << 14;
    for (;; iterations *= 2) {
        double fastest = shortest_run, seconds;
        for (int i = 0; i < 3; i++) {
            run(1, iterations, &seconds);
            fastest = seconds < fastest ? seconds : fastest;
        }
        if (fastest >= shortest_run)
            return iterations;
    }
}

double peak_flops(int threads)
{
    int64_t iterations = enough();
    double  seconds, best = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double speed = run(threads, iterations, &seconds);
        best = speed > best ? speed : best;
    }
    return best;
}
