/* The IDX reader: every field of a header, every length, damage to compressed files, files that disagree. */
#include "data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#ifndef __SANITIZE_ADDRESS__
#define __SANITIZE_ADDRESS__ 0
#endif

/* A sanitizer's own memory is beyond any limit that could be set. */
enum { SANITIZED = __SANITIZE_ADDRESS__ || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) };

enum { SAMPLES = 5, HEIGHT = 3, WIDTH = 2, CLASSES = 4 };
enum { IMAGES_SIZE = 16 + SAMPLES * HEIGHT * WIDTH, LABELS_SIZE = 8 + SAMPLES };

static const char images_name[] = "t10k-images-idx3-ubyte", labels_name[] = "t10k-labels-idx1-ubyte";

struct fixture {
    char    folder[64];
    uint8_t images[IMAGES_SIZE], labels[LABELS_SIZE];
};

static const struct model grey = {
    .channels = 1, .height = HEIGHT, .width = WIDTH, .classes = CLASSES, .dataset = "idx",
};
static const struct model flat = {
    .channels = 6, .height = 1, .width = 1, .classes = CLASSES, .dataset = "mnist", .flat = true,
};
static const struct model colour = {.channels = 3, .height = 2, .width = 1, .classes = CLASSES, .dataset = "idx"};

static void path_of(const struct fixture *f, const char *name, const char *suffix, char *path, size_t size)
{
    snprintf(path, size, "%s/%s%s", f->folder, name, suffix);
}

static void write_raw(const struct fixture *f, const char *name, const char *suffix, const void *bytes, size_t size)
{
    char path[256];
    path_of(f, name, suffix, path, sizeof path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void write_gz(const struct fixture *f, const char *name, const void *bytes, size_t size)
{
    char path[256];
    path_of(f, name, ".gz", path, sizeof path);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    if (size)
        assert_int_equal(gzwrite(file, bytes, (unsigned)size), (int)size);
    gzclose(file);
}

static size_t read_back(const struct fixture *f, const char *name, uint8_t *bytes, size_t room)
{
    char path[256];
    path_of(f, name, ".gz", path, sizeof path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

static void remove_file(const struct fixture *f, const char *name, const char *suffix)
{
    char path[256];
    path_of(f, name, suffix, path, sizeof path);
    remove(path);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    static const uint8_t images[16] = {0, 0, 8, 3, 0, 0, 0, SAMPLES, 0, 0, 0, HEIGHT, 0, 0, 0, WIDTH};
    static const uint8_t labels[8] = {0, 0, 8, 1, 0, 0, 0, SAMPLES};
    strcpy(f->folder, "/tmp/test_idx_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    memcpy(f->images, images, sizeof images);
    memcpy(f->labels, labels, sizeof labels);
    for (int i = 16; i < IMAGES_SIZE; i++)
        f->images[i] = (uint8_t)(7 * i);
    for (int i = 0; i < SAMPLES; i++)
        f->labels[8 + i] = (uint8_t)(i % CLASSES);
    write_raw(f, images_name, "", f->images, IMAGES_SIZE);
    write_raw(f, labels_name, "", f->labels, LABELS_SIZE);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {images_name, labels_name};
    for (int i = 0; i < 2; i++) {
        remove_file(f, names[i], "");
        remove_file(f, names[i], ".gz");
    }
    rmdir(f->folder);
    free(f);
    return 0;
}

static void expect_good(const struct fixture *f, const struct model *model)
{
    struct dataset data;
    struct error   error;
    struct dataset counted;
    if (!data_load(model, f->folder, PART_TEST, PROGRESS_OFF, &data, &error))
        fail_msg("refused: %s", error.text);
    assert_int_equal(data.count, SAMPLES);
    assert_memory_equal(data.images, f->images + IMAGES_SIZE - SAMPLES * HEIGHT * WIDTH, SAMPLES * HEIGHT * WIDTH);
    assert_memory_equal(data.labels, f->labels + 8, SAMPLES);
    data_free(&data);
    assert_true(data_count(model, f->folder, PART_TEST, &counted, &error));
    assert_int_equal(counted.count, SAMPLES);
}

/* Loading must fail with exit status 1 and a message that holds each of the words. */
static void expect_bad(const struct fixture *f, const struct model *model, const char *const *words)
{
    struct dataset data;
    struct error   error;
    assert_false(data_load(model, f->folder, PART_TEST, PROGRESS_OFF, &data, &error));
    assert_int_equal(error.status, STATUS_INPUT);
    assert_null(data.images);
    assert_null(data.labels);
    for (; *words; words++)
        if (!strstr(error.text, *words))
            fail_msg("'%s' does not say '%s'", error.text, *words);
}

#define EXPECT_BAD(f, model, ...) expect_bad(f, model, (const char *const[]){__VA_ARGS__, NULL})

static void test_good_files(void **state)
{
    const struct fixture *f = *state;
    expect_good(f, &grey);
    expect_good(f, &flat);
}

static void test_gz_is_read(void **state)
{
    const struct fixture *f = *state;
    remove_file(f, images_name, "");
    write_gz(f, images_name, f->images, IMAGES_SIZE);
    expect_good(f, &grey);
    remove_file(f, labels_name, "");
    write_gz(f, labels_name, f->labels, LABELS_SIZE);
    expect_good(f, &grey);
}

static void test_raw_is_preferred(void **state)
{
    const struct fixture *f = *state;
    write_raw(f, images_name, ".gz", "not gzip", 8);
    expect_good(f, &grey);
}

static void test_gz_of_several_members(void **state)
{
    const struct fixture *f = *state;
    uint8_t packed[1000];
    remove_file(f, images_name, "");
    write_gz(f, images_name, f->images, 20);
    size_t size = read_back(f, images_name, packed, sizeof packed);
    write_gz(f, images_name, f->images + 20, IMAGES_SIZE - 20);
    size += read_back(f, images_name, packed + size, sizeof packed - size);
    write_raw(f, images_name, ".gz", packed, size);
    expect_good(f, &grey);
}

static void test_larger_than_the_first_buffer(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 700000 };
    uint8_t *images = malloc(16 + (size_t)COUNT * HEIGHT * WIDTH), *labels = calloc(1, 8 + COUNT);
    struct dataset data;
    struct error   error;
    memcpy(images, f->images, 16);
    memcpy(labels, f->labels, 8);
    for (int i = 0; i < 4; i++)
        images[4 + i] = labels[4 + i] = (uint8_t)(COUNT >> 8 * (3 - i));
    for (int i = 0; i < COUNT * HEIGHT * WIDTH; i++)
        images[16 + i] = (uint8_t)(i ^ i >> 8);
    remove_file(f, images_name, "");
    write_gz(f, images_name, images, 16 + (size_t)COUNT * HEIGHT * WIDTH);
    write_raw(f, labels_name, "", labels, 8 + COUNT);
    assert_true(data_load(&grey, f->folder, PART_TEST, PROGRESS_OFF, &data, &error));
    assert_int_equal(data.count, COUNT);
    assert_memory_equal(data.images, images + 16, (size_t)COUNT * HEIGHT * WIDTH);
    data_free(&data);
    free(images);
    free(labels);
}

static void test_magic_numbers(void **state)
{
    struct fixture *f = *state;
    static const struct { int at; uint8_t value; const char *words[3]; } cases[] = {
        {0, 1, {"t10k-images-idx3-ubyte: offset 0", "0x01000803", "two zero bytes"}},
        {1, 9, {"offset 0", "0x00090803", "not an IDX file"}},
        {2, 0x0D, {"offset 2", "0x0d (float)", "0x08 (unsigned byte)"}},
        {2, 0xFF, {"offset 2", "0xff (unknown)", "0x08"}},
        {3, 0, {"offset 3", "0 dimensions", "1 to 4"}},
        {3, 5, {"offset 3", "5 dimensions", "1 to 4"}},
        {3, 1, {"offset 0", "0x00000801", "look like labels"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t images[IMAGES_SIZE];
        memcpy(images, f->images, IMAGES_SIZE);
        images[cases[i].at] = cases[i].value;
        write_raw(f, images_name, "", images, IMAGES_SIZE);
        EXPECT_BAD(f, &grey, cases[i].words[0], cases[i].words[1], cases[i].words[2]);
    }
    write_raw(f, images_name, "", f->images, IMAGES_SIZE);
    write_raw(f, labels_name, "", f->images, IMAGES_SIZE);
    EXPECT_BAD(f, &grey, "t10k-labels-idx1-ubyte: offset 0", "0x00000803", "0x00000801", "look like images");
    write_raw(f, labels_name, "", "\x1f\x8b\x08\0", 4);
    EXPECT_BAD(f, &grey, "t10k-labels-idx1-ubyte: offset 0", "not an IDX file", "compressed", ".gz");
}

static void test_sizes(void **state)
{
    struct fixture *f = *state;
    uint8_t images[IMAGES_SIZE];
    memcpy(images, f->images, IMAGES_SIZE);
    images[11] = WIDTH;
    images[15] = HEIGHT;
    write_raw(f, images_name, "", images, IMAGES_SIZE);
    EXPECT_BAD(f, &grey, "offset 8", "2x3", "1x3x2");
    expect_good(f, &flat);
    images[11] = 4;
    write_raw(f, images_name, "", images, IMAGES_SIZE);
    EXPECT_BAD(f, &flat, "offset 8", "4x3", "input of 6");
    memset(images + 8, 0xFF, 8);
    write_raw(f, images_name, "", images, IMAGES_SIZE);
    EXPECT_BAD(f, &flat, "offset 8", "4294967295x4294967295");
    write_raw(f, images_name, "", f->images, IMAGES_SIZE);
    EXPECT_BAD(f, &colour, "offset 8", "3x2", "3x2x1");
    memset(images + 4, 0, 4);
    write_raw(f, images_name, "", images, IMAGES_SIZE);
    EXPECT_BAD(f, &grey, "offset 4", "0 samples", "at least 1");
}

static void test_channels(void **state)
{
    struct fixture *f = *state;
    uint8_t images[20 + SAMPLES * 6] = {0, 0, 8, 4, 0, 0, 0, SAMPLES, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1};
    memcpy(images + 20, f->images + 16, SAMPLES * 6);
    write_raw(f, images_name, "", images, sizeof images);
    expect_good(f, &colour);
    expect_good(f, &flat);
    EXPECT_BAD(f, &grey, "offset 8", "3x2x1", "1x3x2");
    images[11] = 1;
    images[15] = 3;
    images[19] = 2;
    write_raw(f, images_name, "", images, sizeof images);
    expect_good(f, &grey);
    EXPECT_BAD(f, &colour, "1x3x2", "3x2x1");
}

/* A header that promises more than memory holds must not be believed. */
static void test_promises(void **state)
{
    struct fixture *f = *state;
    struct rlimit   before;
    memset(f->images + 4, 0xFF, 4);
    write_raw(f, images_name, "", f->images, IMAGES_SIZE);
    getrlimit(RLIMIT_AS, &before);
    if (!SANITIZED)
        setrlimit(RLIMIT_AS, &(struct rlimit){.rlim_cur = 1u << 30, .rlim_max = before.rlim_max});
    EXPECT_BAD(f, &grey, "offset 46: the file ends", "4294967295 images end at offset 25769803786");
    remove_file(f, images_name, "");
    write_gz(f, images_name, f->images, IMAGES_SIZE);
    EXPECT_BAD(f, &grey, "offset 46 (unpacked)", "4294967295 images");
    setrlimit(RLIMIT_AS, &before);
}

static void test_every_length(void **state)
{
    struct fixture *f = *state;
    uint8_t longer[IMAGES_SIZE + 1];
    memcpy(longer, f->images, IMAGES_SIZE);
    longer[IMAGES_SIZE] = 0;
    for (size_t size = 0; size < IMAGES_SIZE; size++) {
        char offset[32];
        snprintf(offset, sizeof offset, "offset %zu", size);
        write_raw(f, images_name, "", longer, size);
        EXPECT_BAD(f, &grey, images_name, offset, "ends");
        remove_file(f, images_name, "");
        write_gz(f, images_name, longer, size);
        EXPECT_BAD(f, &grey, images_name, offset, "end");
    }
    write_gz(f, images_name, longer, sizeof longer);
    EXPECT_BAD(f, &grey, "offset 46", "found more bytes");
    write_raw(f, images_name, "", longer, sizeof longer);
    EXPECT_BAD(f, &grey, "offset 46", "found more bytes", "5 images");
    write_raw(f, images_name, "", longer, IMAGES_SIZE);
    for (size_t size = 0; size < LABELS_SIZE; size++) {
        write_raw(f, labels_name, "", f->labels, size);
        EXPECT_BAD(f, &grey, labels_name, "offset", "ends");
    }
    memcpy(longer, f->labels, LABELS_SIZE);
    write_raw(f, labels_name, "", longer, LABELS_SIZE + 1);
    EXPECT_BAD(f, &grey, labels_name, "offset 13", "found more bytes");
}

static void test_counts_and_labels(void **state)
{
    struct fixture *f = *state;
    uint8_t labels[LABELS_SIZE];
    memcpy(labels, f->labels, LABELS_SIZE);
    labels[7] = SAMPLES - 1;
    write_raw(f, labels_name, "", labels, LABELS_SIZE - 1);
    EXPECT_BAD(f, &grey, labels_name, "offset 4", "4 labels", "expected 5", images_name);
    memcpy(labels, f->labels, LABELS_SIZE);
    labels[8 + 3] = CLASSES;
    write_raw(f, labels_name, "", labels, LABELS_SIZE);
    EXPECT_BAD(f, &grey, labels_name, "offset 11", "label 4", "0 to 3");
}

static void test_missing(void **state)
{
    struct fixture *f = *state;
    remove_file(f, labels_name, "");
    EXPECT_BAD(f, &grey, labels_name, "t10k-labels-idx1-ubyte.gz", "--data", f->folder);
    EXPECT_BAD(f, &grey, "train-images-idx3-ubyte", "t10k-images-idx3-ubyte");
    EXPECT_BAD(f, &flat, labels_name, "--data", "write `download = true`", "curl -fL --create-dirs --output-dir",
               f->folder, "/t10k-labels-idx1-ubyte.gz", "/train-images-idx3-ubyte.gz \\");
    strcat(f->folder, "/none");
    EXPECT_BAD(f, &grey, "no test data");
    *strrchr(f->folder, '/') = '\0';
    char path[256];
    path_of(f, labels_name, "", path, sizeof path);
    mkdir(path, 0777);
    EXPECT_BAD(f, &grey, labels_name, "a folder");
    rmdir(path);
    assert_int_equal(symlink(path, path), 0);
    EXPECT_BAD(f, &grey, labels_name, "cannot open: Too many levels of symbolic links");
    unlink(path);
    assert_int_equal(mkfifo(path, 0666), 0);
    EXPECT_BAD(f, &grey, labels_name, "pipe");
}

/* A plain file of the published size has the published MD5, or is refused; files of other sizes are somebody's own. */
static void test_published_contents(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 10000 };
    uint8_t *labels = calloc(1, 8 + COUNT);
    struct model mnist = grey;
    mnist.dataset = "mnist";
    expect_good(f, &mnist);
    memcpy(labels, f->labels, 8);
    labels[6] = COUNT >> 8;
    labels[7] = COUNT & 255;
    uint8_t *images = calloc(1, 16 + COUNT * HEIGHT * WIDTH);
    memcpy(images, f->images, 16);
    images[6] = labels[6];
    images[7] = labels[7];
    write_raw(f, images_name, "", images, 16 + COUNT * HEIGHT * WIDTH);
    write_raw(f, labels_name, "", labels, 8 + COUNT);
    EXPECT_BAD(f, &mnist, labels_name, "found MD5 ", "expected 27ae3e4e09519cfbb04c329615203637", "`data idx`");
    remove_file(f, labels_name, "");
    write_gz(f, labels_name, labels, 8 + COUNT);
    struct dataset data;
    struct error   error;
    assert_true(data_load(&mnist, f->folder, PART_TEST, PROGRESS_OFF, &data, &error));
    data_free(&data);
    free(labels);
    free(images);
}

static void test_damaged_gz(void **state)
{
    struct fixture *f = *state;
    uint8_t packed[1000], changed[1000];
    remove_file(f, images_name, "");
    write_gz(f, images_name, f->images, IMAGES_SIZE);
    size_t size = read_back(f, images_name, packed, sizeof packed);
    for (size_t length = 0; length < size; length++) {
        write_raw(f, images_name, ".gz", packed, length);
        EXPECT_BAD(f, &grey, "t10k-images-idx3-ubyte.gz");
    }
    /* A flipped bit is found, unless it carries no data: in the fields for time and system, or padding. */
    size_t harmless = 0;
    for (size_t bit = 0; bit < 8 * size; bit++) {
        struct dataset data;
        struct error   error;
        memcpy(changed, packed, size);
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_raw(f, images_name, ".gz", changed, size);
        if (data_load(&grey, f->folder, PART_TEST, PROGRESS_OFF, &data, &error)) {
            harmless++;
            assert_memory_equal(data.images, f->images + 16, IMAGES_SIZE - 16);
            data_free(&data);
        } else {
            assert_int_equal(error.status, STATUS_INPUT);
        }
    }
    assert_in_range(harmless, 0, 8 * 8);
    memcpy(changed, packed, size);
    changed[size - 5] ^= 0x10;
    write_raw(f, images_name, ".gz", changed, size);
    EXPECT_BAD(f, &grey, "damaged near offset", "incorrect data check");
    memcpy(changed, packed, size);
    changed[size] = 'x';
    write_raw(f, images_name, ".gz", changed, size + 1);
    EXPECT_BAD(f, &grey, "t10k-images-idx3-ubyte.gz", "damaged");
    write_raw(f, images_name, ".gz", f->images, IMAGES_SIZE);
    EXPECT_BAD(f, &grey, "found bytes 00 00", "1f 8b", "take .gz off");
}

/* Whatever single byte of the plain files changes: it loads, or it is refused; the sanitizers watch. */
static void test_flipped_bits(void **state)
{
    struct fixture *f = *state;
    for (size_t bit = 0; bit < 8 * (IMAGES_SIZE + LABELS_SIZE); bit++) {
        struct dataset data;
        struct error   error;
        uint8_t *byte = bit / 8 < IMAGES_SIZE ? &f->images[bit / 8] : &f->labels[bit / 8 - IMAGES_SIZE];
        *byte ^= (uint8_t)(1 << bit % 8);
        write_raw(f, images_name, "", f->images, IMAGES_SIZE);
        write_raw(f, labels_name, "", f->labels, LABELS_SIZE);
        bool header = bit / 8 < 16 || (bit / 8 >= IMAGES_SIZE && bit / 8 < IMAGES_SIZE + 8);
        bool loaded = data_load(&grey, f->folder, PART_TEST, PROGRESS_OFF, &data, &error);
        assert_false(loaded && header);
        assert_true(loaded || error.length > 0);
        data_free(&data);
        *byte ^= (uint8_t)(1 << bit % 8);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good_files), TEST(test_gz_is_read), TEST(test_raw_is_preferred), TEST(test_gz_of_several_members),
        TEST(test_larger_than_the_first_buffer), TEST(test_magic_numbers), TEST(test_sizes), TEST(test_channels),
        TEST(test_promises), TEST(test_every_length), TEST(test_counts_and_labels), TEST(test_missing),
        TEST(test_published_contents),
        TEST(test_damaged_gz), TEST(test_flipped_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
