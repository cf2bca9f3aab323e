/* CIFAR-10, from files in their exact format: unpacked and in the archive, whole and damaged. */
#define _GNU_SOURCE
#include "data_folder.h"

#include <zlib.h>

enum { PIXELS = 3 * 32 * 32, RECORD = PIXELS + 1, RECORDS = 10000, BATCH = RECORD * RECORDS, BATCHES = 6, TAR_BLOCK = 512 };

static const char *const batch_names[BATCHES] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                                 "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
static const char archive[] = "cifar-10-binary.tar.gz";

static const struct model cifar = {.channels = 3, .height = 32, .width = 32, .classes = 10, .dataset = "cifar10"};

/* Most pixels are zero, so that the archive is small. */
static uint8_t *make_batch(int batch)
{
    uint8_t *bytes = calloc(1, BATCH + 1);
    assert_non_null(bytes);
    for (int i = 0; i < RECORDS; i++) {
        bytes[i * RECORD] = (uint8_t)((i + batch) % 10);
        bytes[i * RECORD + 1 + i % PIXELS] = (uint8_t)(1 + batch);
    }
    return bytes;
}

static void put_batches(const struct place *place, const char *folder)
{
    char name[128];
    for (int b = 0; b < BATCHES; b++) {
        uint8_t *bytes = make_batch(b);
        snprintf(name, sizeof name, "%s%s", folder, batch_names[b]);
        put_file(place, name, bytes, BATCH);
        free(bytes);
    }
}

static void tar_header(gzFile tar, const char *name, int size, char type)
{
    char     block[TAR_BLOCK] = {0};
    unsigned sum = 0;
    snprintf(block, 100, "cifar-10-batches-bin/%s", name);
    snprintf(block + 100, 8, "%07o", 0644);
    snprintf(block + 108, 8, "%07o", 0);
    snprintf(block + 116, 8, "%07o", 0);
    snprintf(block + 124, 12, "%011o", (unsigned)size);
    snprintf(block + 136, 12, "%011o", 0);
    memset(block + 148, ' ', 8);
    block[156] = type;
    memcpy(block + 257, "ustar\00000", 8);
    for (int i = 0; i < TAR_BLOCK; i++)
        sum += (unsigned char)block[i];
    snprintf(block + 148, 7, "%06o", sum);
    assert_int_equal(gzwrite(tar, block, TAR_BLOCK), TAR_BLOCK);
}

/* The real one has a folder, a text and a page beside the batches. `but` is left out, `size` is what batch 2 has. */
static void put_archive(const struct place *place, int but, int size)
{
    static const char zeros[2 * TAR_BLOCK];
    char   path[256];
    gzFile tar = gzopen(path_in(place, archive, path), "wb1");
    assert_non_null(tar);
    tar_header(tar, "", 0, '5');
    tar_header(tar, "batches.meta.txt", 5, '0');
    assert_int_equal(gzwrite(tar, "cat\n\n", 5), 5);
    gzwrite(tar, zeros, TAR_BLOCK - 5);
    for (int order = 0; order < BATCHES; order++) {
        int b = (order + 4) % BATCHES, bytes = b == 1 ? size : BATCH;
        if (b == but)
            continue;
        uint8_t *batch = make_batch(b);
        tar_header(tar, batch_names[b], bytes, '0');
        assert_int_equal(gzwrite(tar, batch, (unsigned)bytes), bytes);
        gzwrite(tar, zeros, (unsigned)((TAR_BLOCK - bytes % TAR_BLOCK) % TAR_BLOCK));
        free(batch);
    }
    gzwrite(tar, zeros, sizeof zeros);
    assert_int_equal(gzclose(tar), Z_OK);
}

/* Batch `batch` is at record `at` of the part. */
static void expect_batch(const struct dataset *data, int64_t at, int batch)
{
    uint8_t *bytes = make_batch(batch);
    for (int i = 0; i < RECORDS; i++) {
        assert_int_equal(data->labels[at + i], bytes[i * RECORD]);
        assert_memory_equal(data->images + (at + i) * PIXELS, bytes + i * RECORD + 1, PIXELS);
    }
    free(bytes);
}

static void expect_cifar(const struct place *place, const struct model *model)
{
    struct dataset train = load_good(place, model, PART_TRAIN), test = load_good(place, model, PART_TEST);
    assert_int_equal(train.count, 50000);
    assert_int_equal(test.count, 10000);
    for (int b = 0; b < BATCHES; b++)
        expect_batch(b < 5 ? &train : &test, b < 5 ? b * RECORDS : 0, b);
    data_free(&train);
    data_free(&test);
}

static void test_cifar_files(void **state)
{
    struct model rows = cifar;
    rows.channels = PIXELS;
    rows.height = rows.width = 1;
    rows.flat = true;
    put_batches(*state, "");
    expect_cifar(*state, &cifar);
    expect_cifar(*state, &rows);
    rows.classes = 9;
    load_bad(*state, &rows, PART_TEST, WORDS("not for CIFAR-10"));
}

static void test_cifar_folder(void **state)
{
    put_folder(*state, "cifar-10-batches-bin");
    put_batches(*state, "cifar-10-batches-bin/");
    expect_cifar(*state, &cifar);
}

static void test_cifar_archive(void **state)
{
    put_archive(*state, -1, BATCH);
    expect_cifar(*state, &cifar);
}

static void test_cifar_missing(void **state)
{
    uint8_t *batch = make_batch(0);
    load_bad(*state, &cifar, PART_TRAIN, WORDS("no training data", archive, "data_batch_1.bin", "download = true", "curl",
                                               "cifar-10-binary.tar.gz"));
    put_file(*state, batch_names[0], batch, BATCH);
    load_bad(*state, &cifar, PART_TRAIN, WORDS("no training data"));
    put_archive(*state, 3, BATCH);
    load_bad(*state, &cifar, PART_TRAIN, WORDS(archive, "there is no data_batch_4.bin in it"));
    free(batch);
}

static void test_cifar_sizes(void **state)
{
    static const int sizes[] = {0, 1, RECORD, BATCH - RECORD, BATCH - 1, BATCH + 1};
    uint8_t *batch = make_batch(5);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        put_file(*state, batch_names[5], batch, (size_t)sizes[i]);
        load_bad(*state, &cifar, PART_TEST, WORDS(batch_names[5], sizes[i] > BATCH ? "more than" : "found",
                                                  "expected 30730000"));
    }
    batch[7 * RECORD] = 10;
    put_file(*state, batch_names[5], batch, BATCH);
    load_bad(*state, &cifar, PART_TEST, WORDS("test_batch.bin: offset 21511", "found label 10"));
    free(batch);
    put_archive(*state, -1, BATCH - RECORD);
    load_bad(*state, &cifar, PART_TRAIN, WORDS("data_batch_2.bin", "found 30726927 bytes"));
}

static uint8_t *take_archive(const struct place *place, size_t *size)
{
    char  path[256];
    FILE *file = fopen(path_in(place, archive, path), "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

/* Wherever it is cut, and whichever byte is another, gzip's checksum at its end tells: what is loaded nevertheless was
 * packed in another way, and is the same. */
static void test_cifar_damaged_archive(void **state)
{
    enum { CUTS = 8, FLIPS = 12 };
    size_t size, refused = 0;
    put_archive(*state, -1, BATCH);
    uint8_t *bytes = take_archive(*state, &size);
    for (size_t i = 0; i < CUTS; i++) {
        size_t cut = i == 0 ? 0 : i == 1 ? 5 : i == 2 ? size - 1 : i == 3 ? size - 9 : size * (i - 3) / 6;
        put_file(*state, archive, bytes, cut);
        load_bad(*state, &cifar, PART_TEST, WORDS(archive));
    }
    for (size_t i = 0; i < FLIPS; i++) {
        struct dataset data;
        struct error   error;
        size_t         at = i == 0 ? 0 : i == 1 ? size - 1 : i == 2 ? size - 5 : size * (i - 2) / 11;
        bytes[at] ^= 0x3c;
        put_file(*state, archive, bytes, size);
        if (data_load(&cifar, ((struct place *)*state)->folder, PART_TEST, PROGRESS_OFF, &data, &error))
            expect_batch(&data, 0, 5);
        else
            refused += error.status == STATUS_INPUT && strstr(error.text, archive);
        data_free(&data);
        bytes[at] ^= 0x3c;
    }
    assert_in_range(refused, 9, FLIPS);
    free(bytes);
    char   path[256];
    gzFile other = gzopen(path_in(*state, archive, path), "wb");
    gzwrite(other, "no tar at all", 13);
    gzclose(other);
    load_bad(*state, &cifar, PART_TRAIN, WORDS(archive));
}

/* With download = true: what is damaged is moved aside, what is whole is kept. */
static void test_cifar_fetched(void **state)
{
    struct model model = fetching(&cifar);
    uint8_t     *batch = make_batch(5);
    put_file(*state, batch_names[5], batch, BATCH);
    struct dataset data = load_good(*state, &model, PART_TEST);
    data_free(&data);
    put_file(*state, batch_names[5], batch, BATCH - 1);
    put_folder(*state, "cifar-10-batches-bin");
    put_file(*state, "cifar-10-batches-bin/test_batch.bin", batch, BATCH);
    data = load_good(*state, &model, PART_TEST);        /* the other one will do */
    data_free(&data);
    assert_true(there(*state, "test_batch.bin.damaged"));
    put_file(*state, archive, batch, 1000);
    load_bad(*state, &model, PART_TRAIN, WORDS("cifar-10-binary.tar.gz could not be fetched"));
    assert_true(there(*state, "cifar-10-binary.tar.gz.damaged"));
    assert_false(there(*state, archive));
    free(batch);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cifar_files), TEST(test_cifar_folder), TEST(test_cifar_archive), TEST(test_cifar_missing),
        TEST(test_cifar_sizes), TEST(test_cifar_damaged_archive), TEST(test_cifar_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
