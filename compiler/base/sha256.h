/* SHA-256 (FIPS 180-4): generated files name the spec that they were made from. */
#ifndef NETC_SHA256_H
#define NETC_SHA256_H

#include "base/arena.h"

/* The digest of `size` bytes, as 64 hexadecimal digits. */
const char *sha256_text(Arena *arena, const void *bytes, size_t size);

#endif
