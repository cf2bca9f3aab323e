/* PNG, as it is, and once more with the checksum of every chunk put right: behind a wrong one libpng does not look. */
#include "../picture.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MAGIC = 8, AROUND = 12 };        /* of a chunk, around its data: length, name, checksum */

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_checksums(uint8_t *bytes, size_t size)
{
    for (size_t at = MAGIC, length; at + AROUND <= size; at += AROUND + length) {
        length = big_endian(bytes + at);
        if (length > size - at - AROUND)
            return;
        uint32_t sum = (uint32_t)crc32(crc32(0, NULL, 0), bytes + at + 4, (uInt)(4 + length));
        for (int i = 0; i < 4; i++)
            bytes[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
    }
}

/* Not one that asks for much memory, which takes long. */
static bool is_small(const uint8_t *bytes, size_t size)
{
    return size < MAGIC + AROUND + 8
        || (uint64_t)big_endian(bytes + MAGIC + 8) * big_endian(bytes + MAGIC + 12) < FUZZ_MOST_PIXELS;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fuzz_picture(bytes, size);
    uint8_t *copy = malloc(size + 1);
    fuzz_require(copy != NULL, "no memory");
    memcpy(copy, bytes, size);
    put_checksums(copy, size);
    if (memcmp(copy, bytes, size) != 0 && is_small(copy, size))
        fuzz_picture(copy, size);
    free(copy);
    return 0;
}
