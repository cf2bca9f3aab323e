/* The FNV-1a hash of 64 bits (G. Fowler, L. C. Noll, P. Vo: RFC 9923): tells bytes that were damaged, not such as were forged. */
#ifndef NETC_FNV_H
#define NETC_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_START 0xCBF29CE484222325u   /* of no bytes */

/* The hash of bytes, behind those whose hash is given. */
static inline uint64_t fnv(uint64_t hash, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001B3u;
    return hash;
}

#endif
