/* IDX files, the format of MNIST and those like it: a magic number (two zero bytes, the type of the elements, the number of
 * dimensions), each dimension as a big-endian 32-bit number, then the elements in row-major order. */
#ifndef NETC_IDX_H
#define NETC_IDX_H

#include "stream.h"

enum { IDX_MOST_RANK = 4 };

struct idx_header {
    int     rank;
    int64_t dim[IDX_MOST_RANK];
    int64_t bytes;                      /* of the header itself */
};

/* Reads the header of a file of bytes, from its beginning; there is at least one sample. */
bool idx_read_header(struct stream *stream, struct idx_header *header, struct error *error);

#endif
