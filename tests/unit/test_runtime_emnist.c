/* EMNIST, from files in their exact format: unpacked and in the zip, whole and damaged. */
#define _GNU_SOURCE
#include "data_folder.h"

#include <zlib.h>

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

/* A file beside ours whose name is not of this locale: libarchive warns of it, and goes on. */
static void test_emnist_foreign_name(void **state)
{
    enum { UTF8 = 1 << 3, LOCAL_FLAGS = 7, LOCAL_NAME = 30, LINE_FLAGS = 9, LINE_NAME = 46 };
    uint8_t  zip[ZIP_ROOM];
    size_t   size = make_zip(zip, -1);
    uint8_t *line = memmem(zip, size, "PK\1\2", 4);
    assert_non_null(line);
    zip[LOCAL_FLAGS] = line[LINE_FLAGS] = UTF8;
    memcpy(zip + LOCAL_NAME, "\xc3\xa9", 2);
    memcpy(line + LINE_NAME, "\xc3\xa9", 2);
    put_file(*state, "gzip.zip", zip, size);
    struct dataset data = load_good(*state, &letters, PART_TEST);
    expect_part(&data, PART_TEST);
    data_free(&data);
    load_bad(*state, &letters, PART_TRAIN, WORDS("train-images-idx3-ubyte.gz: it is not in the archive"));
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

/* A zip that is cut is refused, as its directory is at its end; with another byte somewhere what is loaded nevertheless is
 * right, as only fields that carry no data were hit. */
static void test_emnist_damaged_zip(void **state)
{
    uint8_t zip[ZIP_ROOM];
    size_t  size = make_zip(zip, -1), refused = 0;
    for (size_t cut = 0; cut <= 2 * size; cut++) {
        struct dataset data;
        struct error   error;
        size_t         flip = cut > size ? cut - size - 1 : size;
        if (flip < size)
            zip[flip] ^= 0x21;
        put_file(*state, "gzip.zip", zip, cut < size ? cut : size);
        if (data_load(&letters, ((struct place *)*state)->folder, PART_TEST, PROGRESS_OFF, &data, &error)) {
            expect_part(&data, PART_TEST);
            assert_true(cut >= size);
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

/* With download = true: what is damaged is moved aside, what is whole is kept. */
static void test_emnist_fetched(void **state)
{
    struct model model = fetching(&letters);
    uint8_t      zip[ZIP_ROOM], bytes[8192];
    size_t       size = make_zip(zip, -1);
    load_bad(*state, &model, PART_TRAIN, WORDS("gzip.zip could not be fetched", "http://127.0.0.1:1/gzip.zip: "));
    assert_false(there(*state, "gzip.zip.part"));
    put_file(*state, "gzip.zip", zip, size);
    struct dataset data = load_good(*state, &model, PART_TRAIN);
    data_free(&data);
    zip[100] ^= 1;
    put_file(*state, "gzip.zip", zip, size);
    load_bad(*state, &model, PART_TRAIN, WORDS("gzip.zip could not be fetched"));
    assert_false(there(*state, "gzip.zip"));
    assert_true(there(*state, "gzip.zip.damaged"));
    put_emnist(*state, "", false);
    expect_emnist(*state);
    put_file(*state, emnist_names[0], bytes, make_emnist(0, bytes) - 1);
    load_bad(*state, &model, PART_TRAIN, WORDS("gzip.zip could not be fetched"));
    assert_true(there(*state, "emnist-letters-train-images-idx3-ubyte.damaged"));
    put_file(*state, "emnist-letters-train-images-idx3-ubyte.gz", bytes, make_emnist_gz(0, bytes, sizeof bytes));
    data = load_good(*state, &model, PART_TRAIN);
    expect_part(&data, PART_TRAIN);
    data_free(&data);
    struct place file = **(struct place **)state, deep = file;
    put_folder(*state, "was");
    strcat(deep.folder, "/was/not/here/");
    load_bad(&deep, &model, PART_TRAIN, WORDS("gzip.zip could not be fetched"));
    assert_true(there(*state, "was"));
    assert_false(there(*state, "was/not"));
    put_file(*state, "file", "", 0);
    strcat(file.folder, "/file");
    load_bad(&file, &model, PART_TRAIN, WORDS("/file: a file, expected the folder of the data"));
    /* A link that leads to itself: neither moved nor fetched anew. */
    char link[256];
    path_in(*state, "emnist-letters-train-labels-idx1-ubyte", link);
    remove(link);
    assert_int_equal(symlink(link, link), 0);
    load_bad(*state, &model, PART_TRAIN, WORDS("train-labels-idx1-ubyte: cannot open: Too many levels of symbolic links"));
    remove(link);
    put_emnist(*state, "", false);
    /* No file at all: nothing to be moved. */
    put_folder(*state, "gzip.zip");
    take_file_away(*state, emnist_names[1]);
    load_bad(*state, &model, PART_TRAIN, WORDS("gzip.zip"));
    assert_true(there(*state, "gzip.zip"));
    put_emnist(*state, "", false);
    /* Whole files, which the network does not suit: that is said, and nothing is touched. */
    model.classes = 26;
    load_bad(*state, &model, PART_TRAIN, WORDS("found label 26, expected 0 to 25"));
    assert_true(there(*state, emnist_names[1]));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_emnist_zip), TEST(test_emnist_foreign_name), TEST(test_emnist_unpacked), TEST(test_emnist_unzipped),
        TEST(test_emnist_size), TEST(test_emnist_damaged_zip), TEST(test_emnist_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
