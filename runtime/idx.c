#include "idx.h"

#include <inttypes.h>

enum { TYPE_UNSIGNED_BYTE = 0x08, IDX_LEAST_RANK = 1 };

static const char *type_name(unsigned type)
{
    switch (type) {
    case 0x08: return "unsigned byte";
    case 0x09: return "signed byte";
    case 0x0B: return "short";
    case 0x0C: return "int";
    case 0x0D: return "float";
    case 0x0E: return "double";
    default:   return "unknown";
    }
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

bool idx_read_header(struct stream *stream, struct idx_header *header, struct error *error)
{
    const char *path = stream_path(stream);
    uint8_t     bytes[4 + 4 * IDX_MOST_RANK] = {0};
    size_t      got;
    if (!stream_read(stream, bytes, 4, &got, error))
        return false;
    if (got < 4)
        return error_input(error, "%s: offset %zu: the file ends within the magic number", path, got);
    if (bytes[0] != 0 || bytes[1] != 0) {
        error_input(error, "%s: offset 0: found magic number 0x%08" PRIx32 ", expected two zero bytes first: not an IDX file",
                    path, big_endian(bytes));
        if (bytes[0] == 0x1f && bytes[1] == 0x8b)
            error_add(error, "it is compressed: put .gz behind its name");
        return false;
    }
    if (bytes[2] != TYPE_UNSIGNED_BYTE)
        return error_input(error, "%s: offset 2: found element type 0x%02x (%s), expected 0x08 (unsigned byte)", path,
                           bytes[2], type_name(bytes[2]));
    header->rank = bytes[3];
    if (header->rank < IDX_LEAST_RANK || header->rank > IDX_MOST_RANK)
        return error_input(error, "%s: offset 3: found %d dimensions, expected %d to %d", path, header->rank,
                           IDX_LEAST_RANK, IDX_MOST_RANK);
    size_t size = 4 * (size_t)header->rank;
    if (!stream_read(stream, bytes + 4, size, &got, error))
        return false;
    if (got < size)
        return error_input(error, "%s: offset %zu: the file ends within the header of %zu bytes", path, 4 + got,
                           4 + size);
    header->bytes = (int64_t)(4 + size);
    for (int d = 0; d < header->rank; d++)
        header->dim[d] = big_endian(bytes + 4 + 4 * d);
    if (header->dim[0] == 0)
        return error_input(error, "%s: offset 4: found 0 samples, expected at least 1", path);
    return true;
}
