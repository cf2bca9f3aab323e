/* Random numbers that can be computed anywhere, alone: Philox 4x32-10 keyed by seed and purpose, indexed by counter
 * (J. Salmon, M. Moraes, R. Dror, D. Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011), and the order of an
 * epoch as a keyed bijection. Plain functions without state, for CPU and GPU alike. */
#ifndef NETC_RANDOM_H
#define NETC_RANDOM_H

#include "both.h"

#include <stdint.h>

/* What a stream is for; part of the key, so that streams of one seed are independent. */
enum purpose {
    PURPOSE_INIT = 1, PURPOSE_ORDER = 2, PURPOSE_AUGMENT = 3, PURPOSE_DROPOUT = 4, PURPOSE_VALID = 5, PURPOSE_SAMPLER = 6
};

struct philox { uint32_t word[4]; };

/* The block of four words at counter (index, stream) of the generator (seed, purpose). */
BOTH struct philox philox(uint64_t seed, enum purpose purpose, uint64_t stream, uint64_t index)
{
    uint32_t k0 = (uint32_t)seed ^ (uint32_t)purpose * 0x9E3779B9u, k1 = (uint32_t)(seed >> 32);
    uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32), c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    struct philox words = {{c0, c1, c2, c3}};
    return words;
}

/* Uniform in [0, 1), a multiple of 2^-24: exact in float. */
BOTH float philox_uniform(uint32_t word) { return (float)(word >> 8) * 0x1p-24f; }

enum { ORDER_ROUNDS = 6 };

/* A permutation of 0 .. count-1: a balanced Feistel network over the next power of four, walked until it lands
 * inside. */
struct order {
    uint64_t count;
    int      half;                      /* bits of each half */
    uint32_t key[ORDER_ROUNDS];
};

/* An order for some purpose. count is 1 or more. */
BOTH struct order order_for(uint64_t seed, enum purpose purpose, uint64_t epoch, uint64_t count)
{
    struct order order = {count, 1, {0}};
    while (((uint64_t)1 << (2 * order.half)) < count)
        order.half++;
    struct philox a = philox(seed, purpose, epoch, 0), b = philox(seed, purpose, epoch, 1);
    for (int round = 0; round < ORDER_ROUNDS; round++)
        order.key[round] = round < 4 ? a.word[round] : b.word[round - 4];
    return order;
}

/* The order of an epoch (from 0). */
BOTH struct order order_make(uint64_t seed, uint64_t epoch, uint64_t count)
{
    return order_for(seed, PURPOSE_ORDER, epoch, count);
}

/* The sample at position `at`; a bijection of 0 .. count-1. */
BOTH uint64_t order_at(const struct order *order, uint64_t at)
{
    uint32_t mask = (uint32_t)(((uint64_t)1 << order->half) - 1);
    do {
        uint32_t left = (uint32_t)(at >> order->half), right = (uint32_t)at & mask;
        for (int round = 0; round < ORDER_ROUNDS; round++) {
            uint32_t mixed = (right ^ order->key[round]) * 0x85EBCA6Bu;     /* murmur3's finaliser */
            mixed = (mixed ^ mixed >> 13) * 0xC2B2AE35u;
            mixed ^= mixed >> 16;
            uint32_t next = left ^ (mixed & mask);
            left = right;
            right = next;
        }
        at = (uint64_t)left << order->half | right;
    } while (at >= order->count);
    return at;
}

#endif
