/* The bytes of a data file, plain, compressed by gzip or in a zip, from its beginning to its end. */
#ifndef NETC_STREAM_H
#define NETC_STREAM_H

#include "error.h"

#include <stdint.h>

struct stream;

/* Opens a regular file; with `gzip` its bytes are unpacked. A build with -DNETC_NO_ZLIB refuses those. */
struct stream *stream_open(const char *path, bool gzip, struct error *error);

/* Whether this build can do that. */
bool stream_unpacks(void);

/* Opens a file in a zip: "gzip/x.gz" in "data/gzip.zip". */
struct stream *stream_open_entry(const char *path, const char *entry, bool gzip, struct error *error);

/* Reads up to `size` bytes, fewer only where the data end, and sets *got. */
bool stream_read(struct stream *stream, void *bytes, size_t size, size_t *got, struct error *error);

/* How many bytes the data have, or -1 where only reading to the end would tell. */
int64_t stream_size(const struct stream *stream);

/* The path it was opened with; of a file in a zip "data/gzip.zip: gzip/x.gz". */
const char *stream_path(const struct stream *stream);

void stream_close(struct stream *stream);

#endif
