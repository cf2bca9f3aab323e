/* PNG and PGM files, and folders of them: every kind of pixel, every length, every bit. */
#define _GNU_SOURCE
#include "data_folder.h"
#include "image.h"

#include <png.h>

enum { HEIGHT = 4, WIDTH = 5, ROOM = 4096 };

struct bytes {
    uint8_t at[ROOM];
    size_t  size;
};

static void collect(png_structp png, png_bytep bytes, png_size_t size)
{
    struct bytes *out = png_get_io_ptr(png);
    assert_true(out->size + size <= ROOM);
    memcpy(out->at + out->size, bytes, size);
    out->size += size;
}

static void no_flush(png_structp png) { (void)png; }

static uint8_t sample(int y, int x, int channel) { return (uint8_t)(37 * y + 11 * x * x + 71 * channel + 3); }

static const png_color palette[4] = {{1, 2, 3}, {200, 100, 50}, {0, 255, 0}, {9, 8, 7}};

/* A PNG whose pixels are sample(); with fewer bits than 8, or a palette, their lowest bits. */
static struct bytes make_png(int kind, int bits, int interlace)
{
    struct bytes out = {.size = 0};
    png_structp  png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop    info = png_create_info_struct(png);
    int          channels = kind == PNG_COLOR_TYPE_GRAY || kind == PNG_COLOR_TYPE_PALETTE ? 1
                          : kind == PNG_COLOR_TYPE_GRAY_ALPHA ? 2 : kind == PNG_COLOR_TYPE_RGB ? 3 : 4;
    uint8_t      rows[HEIGHT][WIDTH * 4 * 2] = {{0}};
    png_bytep    row[HEIGHT];
    png_set_write_fn(png, &out, collect, no_flush);
    png_set_IHDR(png, info, WIDTH, HEIGHT, bits, kind, interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (kind == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 4);
    png_set_gAMA(png, info, 1.0);       /* must change nothing */
    png_write_info(png, info);
    for (int y = 0; y < HEIGHT; y++) {
        row[y] = rows[y];
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < channels; c++) {
                int place = (x * channels + c) * bits;
                rows[y][place / 8] |= bits < 8 ? (uint8_t)((sample(y, x, c) & ((1 << bits) - 1)) << (8 - bits - place % 8))
                                               : sample(y, x, c);
            }
    }
    png_write_image(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return out;
}

static void put(const struct place *place, const struct bytes *bytes) { put_file(place, "image", bytes->at, bytes->size); }

static bool read_image(const struct place *place, struct image *image, struct error *error)
{
    char path[256];
    return image_read(path_in(place, "image", path), HEIGHT, WIDTH, image, error);
}

static struct image read_good(const struct place *place)
{
    struct image image;
    struct error error;
    if (!read_image(place, &image, &error))
        fail_msg("refused: %s", error.text);
    assert_int_equal(image.height, HEIGHT);
    assert_int_equal(image.width, WIDTH);
    return image;
}

static void read_bad(const struct place *place, const char *const *words)
{
    struct image image;
    struct error error;
    if (read_image(place, &image, &error))
        fail_msg("read, but expected '%s'", *words);
    assert_int_equal(error.status, STATUS_INPUT);
    assert_null(image.bytes);
    for (; *words; words++)
        if (!strstr(error.text, *words))
            fail_msg("'%s' does not say '%s'", error.text, *words);
}

/* The pixel of a PNG as it is to be read. */
static int expected(int kind, int bits, int y, int x, int channel)
{
    int value = sample(y, x, kind == PNG_COLOR_TYPE_RGB || kind == PNG_COLOR_TYPE_RGB_ALPHA ? channel : 0);
    if (kind == PNG_COLOR_TYPE_PALETTE) {
        const png_color *color = &palette[value & 3];
        return channel == 0 ? color->red : channel == 1 ? color->green : color->blue;
    }
    return bits < 8 ? (value & ((1 << bits) - 1)) * 255 / ((1 << bits) - 1) : value;
}

static void test_png_kinds(void **state)
{
    static const struct { int kind, bits, channels; } cases[] = {
        {PNG_COLOR_TYPE_GRAY, 8, 1}, {PNG_COLOR_TYPE_GRAY, 4, 1}, {PNG_COLOR_TYPE_GRAY, 2, 1}, {PNG_COLOR_TYPE_GRAY, 1, 1},
        {PNG_COLOR_TYPE_GRAY_ALPHA, 8, 1}, {PNG_COLOR_TYPE_RGB, 8, 3}, {PNG_COLOR_TYPE_RGB_ALPHA, 8, 3},
        {PNG_COLOR_TYPE_PALETTE, 2, 3},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        int          kind = cases[i / 2].kind, bits = cases[i / 2].bits, channels = cases[i / 2].channels;
        struct bytes png = make_png(kind, bits, i % 2 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE);
        put(*state, &png);
        struct image image = read_good(*state);
        assert_int_equal(image.channels, channels);
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                for (int c = 0; c < channels; c++)
                    assert_int_equal(image.bytes[(y * WIDTH + x) * channels + c], expected(kind, bits, y, x, c));
        image_free(&image);
    }
}

static void test_refused(void **state)
{
    struct bytes png = make_png(PNG_COLOR_TYPE_GRAY, 16, PNG_INTERLACE_NONE);
    struct image image;
    struct error error;
    char         path[256];
    put(*state, &png);
    read_bad(*state, WORDS("image: found 16 bits a channel, expected 8 or fewer"));
    png = make_png(PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE);
    put(*state, &png);
    assert_false(image_read(path_in(*state, "image", path), HEIGHT, WIDTH + 1, &image, &error));
    assert_non_null(strstr(error.text, "found 4x5 pixels (height x width), expected 4x6"));
    assert_true(image_read(path, 0, 0, &image, &error));
    assert_int_equal(image.width, WIDTH);
    image_free(&image);
    put_file(*state, "image", "GIF89a", 6);
    read_bad(*state, WORDS("neither a PNG nor a PGM"));
    put_file(*state, "image", "", 0);
    read_bad(*state, WORDS("neither a PNG nor a PGM"));
    take_file_away(*state, "image");
    read_bad(*state, WORDS("image: cannot open"));
    put_folder(*state, "image");
    read_bad(*state, WORDS("a folder"));
}

/* Reads it with each bit turned over, which is refused where there are checksums. */
static void flip_bits(const struct place *place, struct bytes bytes, bool checksums)
{
    size_t       refused = 0;
    struct error error;
    struct image image;
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        bytes.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        put(place, &bytes);
        bool read = read_image(place, &image, &error);
        assert_true(!read || !checksums);
        assert_true(read || (error.status == STATUS_INPUT && error.length > 0));
        refused += !read;
        image_free(&image);
        bytes.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(refused > 8 * 6);       /* of a PGM the header alone */
}

static void test_damaged_png(void **state)
{
    struct bytes png = make_png(PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE), cut = png;
    for (cut.size = 0; cut.size < png.size; cut.size++) {
        put(*state, &cut);
        read_bad(*state, WORDS("image: "));
    }
    flip_bits(*state, png, true);
}

static struct bytes text(const char *head, const void *pixels, size_t size)
{
    struct bytes bytes = {.size = strlen(head) + size};
    memcpy(bytes.at, head, strlen(head));
    if (size)
        memcpy(bytes.at + strlen(head), pixels, size);
    return bytes;
}

static void test_pgm(void **state)
{
    uint8_t pixels[HEIGHT * WIDTH];
    for (int i = 0; i < HEIGHT * WIDTH; i++)
        pixels[i] = (uint8_t)(i * 13 % 256);
    struct bytes pgm = text("P5\n# five wide\n5 4#four high\n255\n", pixels, sizeof pixels);
    put(*state, &pgm);
    struct image image = read_good(*state);
    assert_int_equal(image.channels, 1);
    assert_memory_equal(image.bytes, pixels, sizeof pixels);
    image_free(&image);
    for (int i = 0; i < HEIGHT * WIDTH; i++)
        pixels[i] = (uint8_t)(i % 16);
    pgm = text("P5 5 4 15\t", pixels, sizeof pixels);
    put(*state, &pgm);
    image = read_good(*state);
    for (int i = 0; i < HEIGHT * WIDTH; i++)
        assert_int_equal(image.bytes[i], i % 16 * 17);
    image_free(&image);
    pgm = text("P2\n5 4\n100\n0 1 2 3 4\n5 6 7 8 9 # ten\n10 11 12 13 14 15 16 17 18 100\n# the end\n", NULL, 0);
    put(*state, &pgm);
    image = read_good(*state);
    assert_int_equal(image.bytes[10], 26);              /* 25.5, to even */
    assert_int_equal(image.bytes[18], 46);              /* 45.9 */
    assert_int_equal(image.bytes[19], 255);
    image_free(&image);
}

static void test_damaged_pgm(void **state)
{
    static const struct { const char *text, *words; } cases[] = {
        {"P5 5 4 65535 ", "convert them to 8"}, {"P5 5 4 0 ", "found 0 as the value of white"},
        {"P5 4 5 255 ", "found 5x4 pixels"}, {"P5 x", "found byte 0x78, expected the width"},
        {"P5 5 4x 255 ", "expected the height"}, {"P5 5 4 -1 ", "expected the value of white"},
        {"P5 5 99999999999 255 ", "expected the height"}, {"P5 # no end", "the file ends, expected the width"},
        {"P2 5 4 255 1 2 3", "the file ends, expected a pixel"}, {"P2 5 4 3 1 2 4", "found a pixel of 4, expected at most 3"},
        {"P5 5 4 3 \1\4", "found a pixel of 4"}, {"P5 5 4 255 abc", "the file ends after 3 of its 20 pixels"},
        {"P5 5 4 255 12345678901234567890x", "found more bytes"},
        {"P2 5 4 9 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1", "found more bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes bytes = text(cases[i].text, NULL, 0);
        put(*state, &bytes);
        read_bad(*state, WORDS(cases[i].words));
    }
    struct bytes pgm = text("P5 5 4 255 12345678901234567890", NULL, 0), cut = pgm;
    for (cut.size = 0; cut.size < pgm.size; cut.size++) {
        put(*state, &cut);
        read_bad(*state, WORDS("image: "));
    }
    flip_bits(*state, pgm, false);
    struct image image;
    struct error error;
    char         path[256];
    pgm = text("P5 999999999 999999999 255 1", NULL, 0);
    put(*state, &pgm);
    assert_false(image_read(path_in(*state, "image", path), 0, 0, &image, &error));
    assert_non_null(strstr(error.text, "expected sides of 1 to 16384"));
}

static void test_channels(void **state)
{
    (void)state;
    uint8_t      pixels[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30}, planes[12];
    struct image colour = {.height = 1, .width = 4, .channels = 3, .bytes = pixels};
    image_planes(&colour, 3, planes);
    assert_memory_equal(planes, ((uint8_t[]){255, 0, 0, 10, 0, 255, 0, 20, 0, 0, 255, 30}), 12);
    image_planes(&colour, 1, planes);
    assert_memory_equal(planes, ((uint8_t[]){76, 150, 29, 18}), 4);     /* as PIL's convert("L") gives */
    struct image grey = {.height = 2, .width = 2, .channels = 1, .bytes = pixels};
    image_planes(&grey, 3, planes);
    assert_memory_equal(planes, ((uint8_t[]){255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0}), 12);
    image_planes(&grey, 1, planes);
    assert_memory_equal(planes, pixels, 4);
}

/* ---- folders of them */

static const struct model model = {.channels = 1, .height = 1, .width = 1, .classes = 3, .dataset = "folder"};

static void put_pixel(const struct place *place, const char *name, int value)
{
    char head[32];
    snprintf(head, sizeof head, "P2 1 1 255 %d", value);
    put_file(place, name, head, strlen(head));
}

static int set_up_folders(void **state)
{
    static const char *const folders[] = {"train", "test", "train/b", "train/a", "train/C", "test/a", "test/b", "test/C"};
    int status = set_up(state);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        put_folder(*state, folders[i]);
    put_pixel(*state, "train/a/2.pgm", 12);
    put_pixel(*state, "train/a/10.pgm", 11);            /* before 2, as a word */
    put_pixel(*state, "train/b/x.PGM", 20);
    put_pixel(*state, "train/C/x.png", 30);             /* what it is, the contents say */
    put_pixel(*state, "test/a/1.pgm", 41);
    put_pixel(*state, "test/b/1.pgm", 42);
    put_pixel(*state, "test/C/1.pgm", 43);
    put_file(*state, "train/a/.hidden.png", "", 0);
    put_file(*state, "train/a/notes.txt", "", 0);
    put_file(*state, "train/README", "", 0);
    return status;
}

static void test_folder(void **state)
{
    struct dataset train = load_good(*state, &model, PART_TRAIN), test = load_good(*state, &model, PART_TEST);
    assert_int_equal(train.count, 4);
    assert_memory_equal(train.images, ((uint8_t[]){30, 11, 12, 20}), 4);
    assert_memory_equal(train.labels, ((uint8_t[]){0, 1, 1, 2}), 4);
    assert_int_equal(test.count, 3);
    assert_memory_equal(test.images, ((uint8_t[]){43, 41, 42}), 3);
    assert_memory_equal(test.labels, ((uint8_t[]){0, 1, 2}), 3);
    data_free(&train);
    data_free(&test);
    struct model colour = model;
    colour.channels = 3;
    train = load_good(*state, &colour, PART_TRAIN);
    assert_memory_equal(train.images, ((uint8_t[]){30, 30, 30, 11, 11, 11, 12, 12, 12, 20, 20, 20}), 12);
    data_free(&train);
}

/* Pictures of any size, where the transforms that are done once make one of all. */
static void test_sizes(void **state)
{
    static const struct transform steps[] = {
        {.kind = TRANSFORM_CENTER_CROP, .size = {1, 1}}, {.kind = TRANSFORM_RANDOM_HORIZONTAL_FLIP, .p = 0.5f},
    };
    static const char wide[] = "P2 3 1 255 1 77 3", tall[] = "P2 1 5 255 1 2 88 4 5";
    struct model some = model;
    some.transforms = steps;
    some.transform_count = 2;
    some.prepared = 1;
    put_file(*state, "train/a/2.pgm", wide, sizeof wide - 1);
    put_file(*state, "train/b/x.PGM", tall, sizeof tall - 1);
    struct dataset train = load_good(*state, &some, PART_TRAIN);
    assert_memory_equal(train.images, ((uint8_t[]){30, 11, 77, 88}), 4);
    assert_int_equal(data_bytes(&some, &train), 8);
    data_free(&train);
    load_bad(*state, &model, PART_TRAIN, WORDS("train/a/2.pgm: found 1x3 pixels", "expected 1x1"));
    some.prepared = 0;                  /* now they are cropped on their way in, and must be alike */
    load_bad(*state, &some, PART_TRAIN, WORDS("train/a/2.pgm: 1x3 pixels", "train/C/x.png has 1x1", "`resize((height, width))` as the first"));
    put_file(*state, "train/C/x.png", wide, sizeof wide - 1);
    some.transform_count = 2;
    some.height = 2;
    load_bad(*state, &some, PART_TRAIN, WORDS("train/C/x.png: found images of 1x1x3, of which the transforms make 1x1x1",
                                              "expected the network's input of 1x2x1"));
}

static void test_wrong_folders(void **state)
{
    struct model few = model, large = model;
    few.classes = 2;
    large.height = 2;
    load_bad(*state, &few, PART_TRAIN, WORDS("found 3 classes, but the network gives 2 values"));
    load_bad(*state, &large, PART_TRAIN, WORDS("train/C/x.png: found 1x1 pixels", "expected 2x1", "`resize((2, 1))` in the spec"));
    put_file(*state, "train/b/photo.JPEG", "", 0);
    load_bad(*state, &model, PART_TRAIN, WORDS("train/b/photo.JPEG", "only PNG and PGM"));
    take_file_away(*state, "train/b/photo.JPEG");
    put_folder(*state, "train/b/more.png");
    load_bad(*state, &model, PART_TRAIN, WORDS("train/b/more.png: a folder, expected images"));
    take_file_away(*state, "train/b/more.png");
    put_folder(*state, "test/d");
    load_bad(*state, &model, PART_TEST, WORDS("test/d: this class is not among the 3"));
    take_file_away(*state, "test/d");
    take_file_away(*state, "train/b/x.PGM");
    load_bad(*state, &model, PART_TRAIN, WORDS("train/b: no image in it"));
    take_file_away(*state, "test/b/1.pgm");
    take_file_away(*state, "test/b");
    load_bad(*state, &model, PART_TEST, WORDS("test/b: there is no such folder", "the training part has this class"));
    put_file(*state, "test/C/1.pgm", "P5", 2);
    put_folder(*state, "test/b");
    put_pixel(*state, "test/b/1.pgm", 1);
    load_bad(*state, &model, PART_TEST, WORDS("test/C/1.pgm: offset 2: the file ends"));
}

static void test_no_folders(void **state)
{
    struct model many = model;
    char         name[64];
    load_bad(*state, &model, PART_TRAIN, WORDS("no training data: there is no folder", "/train", "train/CLASS/FILE.png"));
    put_folder(*state, "train");
    load_bad(*state, &model, PART_TRAIN, WORDS("train: no folder in it, expected one for each class"));
    many.classes = 1000;
    for (int i = 0; i < 257; i++) {
        snprintf(name, sizeof name, "train/%d", i);
        put_folder(*state, name);
    }
    load_bad(*state, &many, PART_TRAIN, WORDS("found 257 classes, expected at most 256"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define TEST_FOLDERS(function) cmocka_unit_test_setup_teardown(function, set_up_folders, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_png_kinds), TEST(test_refused), TEST(test_damaged_png), TEST(test_pgm), TEST(test_damaged_pgm),
        cmocka_unit_test(test_channels), TEST_FOLDERS(test_folder), TEST_FOLDERS(test_sizes), TEST_FOLDERS(test_wrong_folders),
        TEST(test_no_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
