/* CIFAR-10: the bytes are a batch by themselves, the beginning of one of the right size, and the archive; where they are no
 * gzip file they are made one. */
#include "../refused.h"
#include "data.h"

#include <stdlib.h>
#include <zlib.h>

enum { BATCH = 10000 * (1 + 3 * 32 * 32), ARCHIVE = 0, LOOSE = 1 };

static const struct model model = {.channels = 3, .height = 32, .width = 32, .classes = 10, .dataset = "cifar10"};

static bool check(const char *path)
{
    struct error error;
    bool         good = cifar10_check(path, &error);
    if (!good)
        fuzz_refused(&error);
    return good;
}

static void put_archive(const uint8_t *bytes, size_t size)
{
    if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b) {
        fuzz_file(ARCHIVE, bytes, size);
        return;
    }
    size_t   room = size + 1024;
    uint8_t *packed = malloc(room);
    z_stream z = {.next_in = (Bytef *)bytes, .avail_in = (uInt)size, .next_out = packed, .avail_out = (uInt)room};
    fuzz_require(packed && deflateInit2(&z, 0, Z_DEFLATED, 16 + MAX_WBITS, 1, 0) == Z_OK, "no memory");
    fuzz_require(deflate(&z, Z_FINISH) == Z_STREAM_END, "not compressed");
    fuzz_file(ARCHIVE, packed, z.total_out);
    deflateEnd(&z);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool    linked;
    struct dataset data;
    struct error   error;
    if (!linked)
        fuzz_link("cifar-10-binary.tar.gz", ARCHIVE);
    linked = true;
    fuzz_require(size == BATCH || !check(fuzz_file(LOOSE, bytes, size)), "a batch of %zu bytes", size);
    if (size % 2)                       /* half of the time: this one takes long */
        fuzz_require(!check(fuzz_file_padded(LOOSE, bytes, size, BATCH)) || bytes[0] < model.classes, "label %d", bytes[0]);
    put_archive(bytes, size);
    if (data_load(&model, fuzz_folder(), PART_TEST, PROGRESS_OFF, &data, &error)) {
        for (int64_t i = 0; i < data.count; i++)
            fuzz_require(data.labels[i] < model.classes, "label %d", data.labels[i]);
        data_free(&data);
    } else {
        fuzz_require(!data.images && !data.labels, "a refused dataset has samples");
        fuzz_refused(&error);
    }
    return 0;
}
