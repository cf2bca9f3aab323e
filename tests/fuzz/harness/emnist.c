/* EMNIST: the bytes are the zip in which its files lie; of them a whole part is loaded, or nothing. */
#include "../refused.h"
#include "data.h"

enum { ZIP, SIDE = 28, CLASSES = 27 };

static const struct model model = {.channels = 1, .height = SIDE, .width = SIDE, .classes = CLASSES, .dataset = "emnist",
                                   .split = "letters"};

static void load(enum part part)
{
    struct dataset data, counted;
    struct error   error;
    if (!data_load(&model, fuzz_folder(), part, PROGRESS_OFF, &data, &error)) {
        fuzz_require(!data.images && !data.labels, "a refused dataset has samples");
        fuzz_refused(&error);
        return;
    }
    uint8_t last = data.images[data.count * SIDE * SIDE - 1];
    fuzz_require(data_count(&model, fuzz_folder(), part, &counted, &error) && counted.count == data.count,
                 "another count: the last pixel is %d", last);
    for (int64_t i = 0; i < data.count; i++)
        fuzz_require(data.labels[i] < CLASSES, "label %d", data.labels[i]);
    data_free(&data);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool linked;
    if (!linked)
        fuzz_link("gzip.zip", ZIP);
    linked = true;
    fuzz_file(ZIP, bytes, size);
    load(PART_TRAIN);
    load(PART_TEST);
    return 0;
}
