/* IDX: the bytes are a file of images beside right labels, then a file of labels beside right images; as they are, and
 * compressed, by whoever sent them or here. */
#include "../refused.h"
#include "data.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { HEIGHT = 2, WIDTH = 3, PIXELS = HEIGHT * WIDTH, SAMPLES = 3, MOST = 1024, CLASSES = 10 };
enum { RAW_IMAGES, RAW_LABELS, GZ_IMAGES, GZ_LABELS };

static const struct model models[] = {
    {.channels = 1, .height = HEIGHT, .width = WIDTH, .classes = CLASSES, .dataset = "idx"},
    {.channels = 1, .height = 28, .width = 28, .classes = CLASSES, .dataset = "idx"},
    {.channels = PIXELS, .height = 1, .width = 1, .flat = true, .classes = CLASSES, .dataset = "idx"},
    {.channels = 3, .height = HEIGHT, .width = WIDTH, .classes = CLASSES, .dataset = "idx"},
};
enum { ALL = sizeof models / sizeof *models, FEW = 2 };

static void link_all(void)
{
    static bool linked;
    if (!linked) {
        fuzz_link("train-images-idx3-ubyte", RAW_IMAGES);
        fuzz_link("train-labels-idx1-ubyte", RAW_LABELS);
        fuzz_link("t10k-images-idx3-ubyte.gz", GZ_IMAGES);
        fuzz_link("t10k-labels-idx1-ubyte.gz", GZ_LABELS);
        linked = true;
    }
}

static void put_number(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> (24 - 8 * i));
}

/* A gzip file in which the bytes are stored as they are. */
static void put_gz(int slot, const uint8_t *bytes, size_t size)
{
    uint8_t *packed = malloc(size + 1024);
    z_stream z = {.next_in = (Bytef *)bytes, .avail_in = (uInt)size, .next_out = packed, .avail_out = (uInt)(size + 1024)};
    fuzz_require(packed && deflateInit2(&z, 0, Z_DEFLATED, 16 + MAX_WBITS, 1, 0) == Z_OK, "no memory");
    fuzz_require(deflate(&z, Z_FINISH) == Z_STREAM_END, "not compressed");
    fuzz_file(slot, packed, z.total_out);
    deflateEnd(&z);
    free(packed);
}

static void load(const struct model *model, enum part part)
{
    struct dataset data, counted;
    struct error   error;
    if (!data_load(model, fuzz_folder(), part, PROGRESS_OFF, &data, &error)) {
        fuzz_require(!data.images && !data.labels, "a refused dataset has samples");
        fuzz_refused(&error);
        return;
    }
    size_t  size = (size_t)(model->channels * model->height * model->width);
    uint8_t last = data.images[(size_t)data.count * size - 1];
    fuzz_require(data_count(model, fuzz_folder(), part, &counted, &error) && counted.count == data.count + data.held_out,
                 "another count: the last pixel is %d", last);
    for (int64_t i = 0; i < data.count; i++)
        fuzz_require(data.labels[i] < CLASSES, "label %d", data.labels[i]);
    data_free(&data);
}

static void load_first(int count, enum part part)
{
    for (int i = 0; i < count; i++)
        load(&models[i], part);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static uint8_t right[16 + MOST * PIXELS];
    bool     gzip = size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
    uint32_t count = SAMPLES;
    if (!gzip && size >= 8)
        count = (uint32_t)bytes[4] << 24 | (uint32_t)bytes[5] << 16 | (uint32_t)bytes[6] << 8 | bytes[7];
    if (count > MOST)
        count = MOST;
    link_all();
    for (int labels = 0; labels < 2; labels++) {
        size_t head = labels ? 16 : 8;      /* of the right file beside it */
        memset(right, 0, head);
        put_number(right, labels ? 0x803 : 0x801);
        put_number(right + 4, count);
        if (labels) {
            put_number(right + 8, HEIGHT);
            put_number(right + 12, WIDTH);
        }
        size_t whole = head + count * (labels ? PIXELS : 1);
        fuzz_file(labels ? RAW_LABELS : RAW_IMAGES, bytes, size);
        fuzz_file(labels ? RAW_IMAGES : RAW_LABELS, right, whole);
        load_first(ALL, PART_TRAIN);
        put_gz(labels ? GZ_IMAGES : GZ_LABELS, right, whole);
        if (gzip)
            fuzz_file(labels ? GZ_LABELS : GZ_IMAGES, bytes, size);
        else
            put_gz(labels ? GZ_LABELS : GZ_IMAGES, bytes, size);
        load_first(FEW, PART_TEST);
    }
    return 0;
}
