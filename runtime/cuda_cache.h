/* What NVRTC has compiled, kept in files: $XDG_CACHE_HOME/netc or ~/.cache/netc. The cache is a help only: what cannot be
 * read, or has been damaged, is compiled again, and where nothing can be written nothing is kept. */
#ifndef NETC_CUDA_CACHE_H
#define NETC_CUDA_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All that a compilation depends on, condensed to 128 bits. */
struct cache_key { uint64_t word[2]; };

struct cache_key cache_key_start(void);

/* Takes in `size` bytes, and that they end here. */
void cache_key_add(struct cache_key *key, const void *bytes, size_t size);

/* The file of an entry; false where there is no folder for one. */
bool cache_path(struct cache_key key, char *path, size_t size);

/* The entry's content, of *size bytes and a '\0' behind them, for the caller to free; or NULL. */
void *cache_read(struct cache_key key, size_t *size);

void cache_write(struct cache_key key, const void *content, size_t size);

#endif
