/* Archives, by libarchive: the files in a zip or in a tar, one after the other. */
#ifndef NETC_ARCHIVE_H
#define NETC_ARCHIVE_H

#include "error.h"
#include "stream.h"

struct unpacker;

struct unpacker *archive_open_zip(const char *path, struct error *error);

/* The tar's bytes come from `tar`, which stays the caller's and outlives this. */
struct unpacker *archive_open_tar(struct stream *tar, struct error *error);

/* Goes to the next file. *name is its path in the archive, until the next call; NULL after the last one. */
bool archive_next(struct unpacker *unpacker, const char **name, struct error *error);

/* Reads up to `size` bytes of it, fewer only where it ends, and sets *got. Checksums are verified at its end. */
bool archive_read(struct unpacker *unpacker, void *bytes, size_t size, size_t *got, struct error *error);

void archive_close(struct unpacker *unpacker);

#endif
