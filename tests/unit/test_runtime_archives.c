/* CIFAR-10 and EMNIST, from files in their exact formats: unpacked and in their archives, whole and damaged. */
#define _GNU_SOURCE
#include "data_folder.h"

#include <zlib.h>

/* ---- CIFAR-10 */

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

/* ---- EMNIST */

enum { IMAGES = 3, SIDE = 28, FILES = 4, ZIP_ROOM = 16384 };

static const struct model letters = {.channels = 1, .height = SIDE, .width = SIDE, .classes = 27, .dataset = "emnist",
                                     .split = "letters"};

static const char *const emnist_names[FILES] = {
    "emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte",
    "emnist-letters-test-images-idx3-ubyte", "emnist-letters-test-labels-idx1-ubyte",
};

static uint8_t pixel(int file, int image, int y, int x) { return (uint8_t)(file + 3 * image + 5 * y + 7 * x * x); }

/* The contents of file `file`; returns their size. */
static size_t make_emnist(int file, uint8_t *bytes)
{
    static const uint8_t images[16] = {0, 0, 8, 3, 0, 0, 0, IMAGES, 0, 0, 0, SIDE, 0, 0, 0, SIDE};
    static const uint8_t labels[8 + IMAGES] = {0, 0, 8, 1, 0, 0, 0, IMAGES, 1, 26, 13};
    if (file % 2) {
        memcpy(bytes, labels, sizeof labels);
        return sizeof labels;
    }
    memcpy(bytes, images, sizeof images);
    for (int i = 0; i < IMAGES; i++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                bytes[16 + (i * SIDE + x) * SIDE + y] = pixel(file, i, y, x);   /* stored column by column */
    return 16 + IMAGES * SIDE * SIDE;
}

static size_t make_emnist_gz(int file, uint8_t *packed, size_t room)
{
    uint8_t  bytes[16 + IMAGES * SIDE * SIDE];
    z_stream z = {.next_in = bytes, .avail_in = (unsigned)make_emnist(file, bytes), .next_out = packed,
                  .avail_out = (unsigned)room};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static uint8_t *little(uint8_t *at, uint32_t value, int bytes)
{
    while (bytes-- > 0) {
        *at++ = (uint8_t)value;
        value >>= 8;
    }
    return at;
}

/* The fields that a file's header and its line in the directory share: version needed to sizes and name length. */
static uint8_t *zip_fields(uint8_t *at, uint32_t sum, size_t size, const char *name)
{
    at = little(at, 10, 2);
    at = little(at, 0, 2);
    at = little(at, 0, 2);              /* stored: they are compressed already */
    at = little(at, 0, 4);
    at = little(at, sum, 4);
    at = little(at, (uint32_t)size, 4);
    at = little(at, (uint32_t)size, 4);
    at = little(at, (uint32_t)strlen(name), 2);
    return little(at, 0, 2);
}

/* The zip with the four files, but for `but`. */
static size_t make_zip(uint8_t *zip, int but)
{
    uint8_t *at = zip, directory[1024], *line = directory;
    int      count = 0;
    for (int file = 0; file < FILES; file++) {
        uint8_t  packed[4096];
        char     name[64];
        size_t   size = make_emnist_gz(file, packed, sizeof packed);
        uint32_t sum = (uint32_t)crc32(0, packed, (unsigned)size), begin = (uint32_t)(at - zip);
        if (file == but)
            continue;
        count++;
        snprintf(name, sizeof name, "gzip/%s.gz", emnist_names[file]);
        at = zip_fields(little(at, 0x04034b50, 4), sum, size, name);
        memcpy(at, name, strlen(name));
        memcpy(at + strlen(name), packed, size);
        at += strlen(name) + size;
        line = zip_fields(little(little(line, 0x02014b50, 4), 10, 2), sum, size, name);
        line = little(line, 0, 10);
        line = little(line, begin, 4);
        memcpy(line, name, strlen(name));
        line += strlen(name);
    }
    uint32_t begin = (uint32_t)(at - zip), size = (uint32_t)(line - directory);
    memcpy(at, directory, size);
    at = little(little(at + size, 0x06054b50, 4), 0, 4);
    at = little(little(at, (uint32_t)count, 2), (uint32_t)count, 2);
    return (size_t)(little(little(little(at, size, 4), begin, 4), 0, 2) - zip);
}

static void expect_part(const struct dataset *data, enum part part)
{
    assert_int_equal(data->count, IMAGES);
    assert_memory_equal(data->labels, ((uint8_t[]){1, 26, 13}), IMAGES);
    for (int i = 0; i < IMAGES; i++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                assert_int_equal(data->images[(i * SIDE + y) * SIDE + x], pixel(part == PART_TRAIN ? 0 : 2, i, y, x));
}

static void expect_emnist(const struct place *place)
{
    for (enum part part = PART_TRAIN; part <= PART_TEST; part++) {
        struct dataset data = load_good(place, &letters, part);
        expect_part(&data, part);
        data_free(&data);
    }
}

static void put_emnist(const struct place *place, const char *folder, bool gzip)
{
    for (int file = 0; file < FILES; file++) {
        uint8_t bytes[8192];
        char    name[128];
        size_t  size = gzip ? make_emnist_gz(file, bytes, sizeof bytes) : make_emnist(file, bytes);
        snprintf(name, sizeof name, "%s%s%s", folder, emnist_names[file], gzip ? ".gz" : "");
        put_file(place, name, bytes, size);
    }
}

static void test_emnist_zip(void **state)
{
    uint8_t zip[ZIP_ROOM];
    load_bad(*state, &letters, PART_TEST, WORDS("no test data", "gzip.zip", "emnist-letters-test-images-idx3-ubyte.gz",
                                                "curl"));
    put_file(*state, "gzip.zip", zip, make_zip(zip, -1));
    expect_emnist(*state);
    struct model digits = letters, few = letters;
    digits.split = "digits";
    load_bad(*state, &digits, PART_TRAIN, WORDS("gzip.zip: gzip/emnist-digits-train-images-idx3-ubyte.gz",
                                                "it is not in the archive"));
    few.classes = 26;
    load_bad(*state, &few, PART_TRAIN, WORDS("gzip.zip: gzip/emnist-letters-train-labels-idx1-ubyte.gz: offset 9",
                                             "found label 26, expected 0 to 25"));
    put_file(*state, "gzip.zip", zip, make_zip(zip, 1));
    load_bad(*state, &letters, PART_TRAIN, WORDS("train-labels-idx1-ubyte.gz: it is not in the archive"));
}

static void test_emnist_unpacked(void **state)
{
    put_emnist(*state, "", false);
    expect_emnist(*state);
}

static void test_emnist_unzipped(void **state)
{
    put_folder(*state, "gzip");
    put_emnist(*state, "gzip/", true);
    expect_emnist(*state);
}

static void test_emnist_size(void **state)
{
    struct model flat = letters;
    uint8_t      bytes[8192];
    flat.channels = SIDE * SIDE;
    flat.height = flat.width = 1;
    flat.flat = true;
    put_emnist(*state, "", false);
    struct dataset data = load_good(*state, &flat, PART_TRAIN);
    expect_part(&data, PART_TRAIN);
    data_free(&data);
    size_t size = make_emnist(0, bytes);
    bytes[11] = 14;
    bytes[15] = 56;
    put_file(*state, emnist_names[0], bytes, size);
    load_bad(*state, &flat, PART_TRAIN, WORDS("found images of 14x56", "EMNIST's of 28x28"));
}

/* A zip that is cut, or has another byte somewhere: what is loaded nevertheless is right, as only the directory at its end
 * or fields that carry no data were hit. */
static void test_emnist_damaged_zip(void **state)
{
    uint8_t zip[ZIP_ROOM];
    size_t  size = make_zip(zip, -1), refused = 0, directory = size - 22 - FILES * (46 + 46);
    for (size_t cut = 0; cut <= 2 * size; cut++) {
        struct dataset data;
        struct error   error;
        size_t         flip = cut > size ? cut - size - 1 : size;
        if (flip < size)
            zip[flip] ^= 0x21;
        put_file(*state, "gzip.zip", zip, cut < size ? cut : size);
        if (data_load(&letters, ((struct place *)*state)->folder, PART_TEST, PROGRESS_OFF, &data, &error)) {
            expect_part(&data, PART_TEST);
            assert_true(cut >= directory);
        } else {
            assert_int_equal(error.status, STATUS_INPUT);
            assert_non_null(strstr(error.text, "gzip.zip"));
            refused++;
        }
        data_free(&data);
        if (flip < size)
            zip[flip] ^= 0x21;
    }
    assert_true(refused > size);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cifar_files), TEST(test_cifar_folder), TEST(test_cifar_archive), TEST(test_cifar_missing),
        TEST(test_cifar_sizes), TEST(test_cifar_damaged_archive), TEST(test_emnist_zip), TEST(test_emnist_unpacked),
        TEST(test_emnist_unzipped), TEST(test_emnist_size), TEST(test_emnist_damaged_zip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
