/* Safetensors files: round trips, every kind of damage, random mutations; weights that do not fit. */
#include "safetensors.h"
#include "weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/test_safetensors_XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove(path);
    return rmdir(folder);               /* fails where anything else was left behind */
}

static int files_in_folder(void)
{
    int  count = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void write_bytes(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static size_t read_bytes(unsigned char *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

/* A file of this header and `data` zero bytes. */
static void write_header(const char *header, size_t data)
{
    unsigned char bytes[4096] = {0};
    size_t        size = strlen(header);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)size >> 8 * i);
    memcpy(bytes + 8, header, size);
    write_bytes(bytes, 8 + size + data);
}

static const int64_t pitch = 8;

/* weight: 3x2, transposed and padded in the flat array; bias: 3; scalar */
static const struct parameter parameters[] = {
    {.name = "fc.weight", .rank = 2, .shape = {3, 2}, .stride = {1, 8}, .offset = 0, .fan_in = 2},
    {.name = "fc.bias", .rank = 1, .shape = {3}, .stride = {1}, .offset = 16, .fan_in = 2},
    {.name = "scale", .rank = 0, .offset = 20, .fan_in = 1},
};

enum { WEIGHTS = 24 };

static const struct model model = {
    .name = "net", .parameters = parameters, .parameter_count = 3, .weights_size = WEIGHTS,
};

static void test_round_trip(void **state)
{
    real flat[WEIGHTS] = {0}, back[WEIGHTS];
    struct error error;
    struct safetensors file;
    int64_t strange;
    unsigned char bytes[1024], length[8];
    (void)state;
    for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 2; c++)
            flat[c * pitch + r] = (real)(10 * r + c) + (real)0.1;
        flat[16 + r] = (real)-1.5 * (real)r;
    }
    flat[20] = (real)1e-40;             /* denormal in float */
    assert_true(weights_save(&model, path, flat, &error));
    memset(back, 0xFF, sizeof back);
    assert_true(weights_load(&model, path, back, &strange, &error));
    assert_int_equal(strange, 0);
    assert_memory_equal(flat, back, sizeof flat);
    assert_int_equal(files_in_folder(), 1);

    size_t size = read_bytes(bytes, sizeof bytes);
    memcpy(length, bytes, 8);
    size_t header = length[0] + 256u * length[1];
    assert_int_equal(header % 8, 0);
    assert_int_equal(size, 8 + header + 10 * sizeof(real));
    bytes[8 + header] = '\0';
    assert_non_null(strstr((char *)bytes + 8, "{\"__metadata__\":{\"format\":\"pt\",\"netc.sum\":\""));
    assert_non_null(strstr((char *)bytes + 8, "\"},\"fc.weight\":{\"dtype\":\"F"));
    assert_true(strstr((char *)bytes + 8, "fc.weight") < strstr((char *)bytes + 8, "fc.bias"));

    assert_true(safetensors_open(&file, path, &error));
    assert_int_equal(file.count, 3);
    const struct tensor *weight = safetensors_find(&file, "fc.weight");
    assert_non_null(weight);
    assert_null(safetensors_find(&file, "fc.weigh"));
    real values[6];
    assert_true(safetensors_read(&file, weight, values, &error));
    for (int i = 0; i < 6; i++)         /* row-major, as PyTorch has it */
        assert_true(values[i] == (real)(10 * (i / 2) + i % 2) + (real)0.1);
    safetensors_close(&file);
}

static void test_conversion_and_strange_values(void **state)
{
    const double doubles[10] = {1.5, -2, 3, 4, 5, 6, 7, INFINITY, NAN, 0.25};
    const struct tensor tensors[] = {
        {.name = "fc.weight", .dtype = "F64", .rank = 2, .shape = {3, 2}},
        {.name = "fc.bias", .dtype = "F64", .rank = 1, .shape = {3}},
        {.name = "scale", .dtype = "F64"},
    };
    const void *data[] = {doubles, doubles + 6, doubles + 9};
    struct error error;
    real flat[WEIGHTS];
    int64_t strange;
    (void)state;
    assert_true(safetensors_write(path, &(struct safetensors_content){tensors, data, 3, NULL, 0}, &error));
    assert_true(weights_load(&model, path, flat, &strange, &error));
    assert_int_equal(strange, 2);
    assert_true(flat[0] == (real)1.5 && flat[pitch] == -2 && flat[2 + pitch] == 6 && flat[16] == 7
                && flat[20] == (real)0.25);
    assert_true(isinf(flat[17]) && isnan(flat[18]) && flat[3] == 0);
}

static void expect_refused(const char *const *words)
{
    struct safetensors file;
    struct error error;
    assert_false(safetensors_open(&file, path, &error));
    assert_int_equal(error.status, STATUS_INPUT);
    assert_null(file.file);
    for (; *words; words++)
        if (!strstr(error.text, *words))
            fail_msg("'%s' does not say '%s'", error.text, *words);
}

#define EXPECT_REFUSED(...) expect_refused((const char *const[]){path, __VA_ARGS__, NULL})

#define A "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"
#define B "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]}"

static void test_accepted_headers(void **state)
{
    static const struct { const char *text; size_t data; int count; } cases[] = {
        {"{}", 0, 0}, {"{" A "}", 8, 1}, {"{" A "}   ", 8, 1}, {"{" B "," A "}", 16, 2},
        {"{\"__metadata__\":{}," A "}", 8, 1},
        {"{" A ",\"__metadata__\":{\"format\":\"pt\",\"a\":\"\\u0001\\n\"}}", 8, 1},
        {"{ \"a\" :\n{\t\"shape\" : [ 2 ] , \"data_offsets\":[0, 8],\"dtype\":\"F32\"} }", 8, 1},
        {"{\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[0,0]}}", 0, 1},
        {"{\"\":{\"dtype\":\"BOOL\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct safetensors file;
        struct error error;
        write_header(cases[i].text, cases[i].data);
        if (!safetensors_open(&file, path, &error))
            fail_msg("%s: %s", cases[i].text, error.text);
        assert_int_equal(file.count, cases[i].count);
        assert_true(!strstr(cases[i].text, "a\"") || safetensors_find(&file, "a") || file.count == 0);
        safetensors_close(&file);
    }
    struct safetensors file;
    struct error error;
    write_header("{\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\\t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                 8);
    assert_true(safetensors_open(&file, path, &error));
    assert_string_equal(file.tensors[0].name, "\xC3\xA9\xF0\x9F\x98\x80\"\\/\t");
    safetensors_close(&file);
}

static void test_refused_headers(void **state)
{
    static const struct { const char *text; size_t data; const char *says; } cases[] = {
        {"", 0, "expected '{', found its end"}, {" {}", 0, "expected '{'"}, {"[]", 0, "found '['"},
        {"{", 0, "found its end"},
        {"{" A, 8, "expected '}', found its end"}, {"{" A ",}", 8, "expected a string, found '}'"},
        {"{}x", 0, "its end"},
        {"{," A "}", 8, "found ','"}, {"{" A "}{}", 8, "its end"}, {"{\"a\"}", 0, "expected ':'"},
        {"{\"a\":1}", 0, "expected '{'"},
        {"{\"a\":{}}", 0, "expected a string"}, {"{\"a\":{\"dtype\":\"F32\"}}", 0, "lacks shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "lacks data_offsets"},
        {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "lacks dtype"},
        {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "'dtype' twice"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8, "unknown key 'x'"},
        {"{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "unknown dtype 'F33'"},
        {"{\"a\":{\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "expected a string, found '3'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "expected a whole number, found '-'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8, "found '.'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[02],\"data_offsets\":[0,8]}}", 8, "begins with 0"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2,],\"data_offsets\":[0,8]}}", 8, "whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8, "expected '['"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "expected ','"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", 8, "expected ']'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9]}}", 8, "outside the file's 8 bytes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "outside"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,18446744073709551615]}}", 8, "outside"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,18446744073709551616]}}", 8, "too large"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,8]}}", 8, "too large"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "does not fill"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0, "does not fill"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "shape 3 and dtype F32 does not fill"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "does not fill"},
        {"{" A "}", 9, "1 byte more than the tensors have"}, {"{" A "}", 7, "outside"}, {"{}", 1, "1 byte more"},
        {"{" A "," A "}", 8, "overlap"}, {"{" B "}", 16, "hole of 8 bytes before tensor b"},
        {"{" A ",\"b\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "a and b overlap at offset 4"},
        {"{" A ",\"c\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[9,17]}}", 17, "hole of 1 byte before"},
        {"{" A ",\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}", 16, "tensor a comes twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "comes twice"},
        {"{\"__metadata__\":{\"a\":1}}", 0, "expected a string"},
        {"{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, "expected a string"},
        {"{\"__metadata__\":[]}", 0, "expected '{'"},
        {"{\"\\u0000\":{}}", 0, "\\u0000"}, {"{\"\\x\":{}}", 0, "escape sequence"},
        {"{\"\\u12g4\":{}}", 0, "hexadecimal"},
        {"{\"\\ud800\":{}}", 0, "surrogate"}, {"{\"\\ud800\\u0041\":{}}", 0, "surrogate"},
        {"{\"\\udc00\":{}}", 0, "surrogate"},
        {"{\"a\nb\":{}}", 0, "byte 0x0a"}, {"{\"\xFF\":{}}", 0, "UTF-8"}, {"{\"\xC0\x80\":{}}", 0, "UTF-8"},
        {"{\"\xED\xA0\x80\":{}}", 0, "UTF-8"}, {"{\"\xF4\x90\x80\x80\":{}}", 0, "UTF-8"}, {"{\"\xE2\x82", 0, "UTF-8"},
        {"{\"a", 0, "the end of a string"}, {"{\"a\\", 0, "escape"}, {"{\"\\u00", 0, "hexadecimal"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_header(cases[i].text, cases[i].data);
        EXPECT_REFUSED(cases[i].says);
    }
}

static void test_refused_files(void **state)
{
    static const unsigned char huge[16] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, '{', '}'};
    struct safetensors file;
    struct error error;
    char deep[3000];
    (void)state;
    EXPECT_REFUSED("cannot open");
    write_bytes("", 0);
    EXPECT_REFUSED("too short");
    write_bytes(huge, 7);
    EXPECT_REFUSED("too short");
    write_bytes(huge, sizeof huge);
    EXPECT_REFUSED("header of 9223372036854775807 bytes");
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    deep[0] = '{';
    write_header(deep, 0);
    EXPECT_REFUSED("expected a string");
    assert_false(safetensors_open(&file, folder, &error));
    assert_non_null(strstr(error.text, "folder"));
}

static void test_truncated_everywhere(void **state)
{
    unsigned char bytes[1024];
    real flat[WEIGHTS] = {0};
    struct error error;
    (void)state;
    assert_true(weights_save(&model, path, flat, &error));
    size_t size = read_bytes(bytes, sizeof bytes);
    for (size_t length = 0; length < size; length++) {
        write_bytes(bytes, length);
        EXPECT_REFUSED("");
    }
}

/* Random changes of a good file: it is read, or refused with a reason; the sanitizers watch. */
static void test_mutations(void **state)
{
    unsigned char good[1024], bytes[1024];
    real flat[WEIGHTS] = {0};
    struct error error;
    int64_t strange;
    uint32_t random = 1;
    (void)state;
    assert_true(weights_save(&model, path, flat, &error));
    size_t size = read_bytes(good, sizeof good);
    for (int round = 0; round < 20000; round++) {
        memcpy(bytes, good, size);
        for (int i = 0; i < 1 + round % 3; i++) {
            random = random * 1664525u + 1013904223u;
            char likely = "{}[]\":,0123456789\\ufFaI"[(random >> 3) % 22];
            bytes[(random >> 8) % (size - 40)] = (unsigned char)(random >> 31 ? likely : (char)random);
        }
        write_bytes(bytes, size);
        if (!weights_load(&model, path, flat, &strange, &error))
            assert_true(error.length > 0 && error.status == STATUS_INPUT);
    }
}

static void expect_unfit(const char *const *words)
{
    real flat[WEIGHTS];
    struct error error;
    int64_t strange;
    assert_false(weights_load(&model, path, flat, &strange, &error));
    assert_int_equal(error.status, STATUS_INPUT);
    for (; *words; words++)
        if (!strstr(error.text, *words))
            fail_msg("'%s' does not say '%s'", error.text, *words);
}

#define EXPECT_UNFIT(...) expect_unfit((const char *const[]){path, __VA_ARGS__, NULL})

static void test_weights_that_do_not_fit(void **state)
{
    const float zeros[12] = {0};
    const void *data[] = {zeros, zeros, zeros, zeros};
    struct tensor tensors[] = {
        {.name = "fc.weight", .dtype = "F32", .rank = 2, .shape = {3, 2}},
        {.name = "fc.bias", .dtype = "F32", .rank = 1, .shape = {3}},
        {.name = "scale", .dtype = "F32"}, {.name = "more", .dtype = "F32", .rank = 1, .shape = {1}},
    };
    struct error error;
    real flat[WEIGHTS];
    int64_t strange;
    (void)state;
    assert_true(safetensors_write(path, &(struct safetensors_content){tensors, data, 3, NULL, 0}, &error));
    assert_true(weights_load(&model, path, flat, &strange, &error));
    assert_true(safetensors_write(path, &(struct safetensors_content){tensors, data, 4, NULL, 0}, &error));
    EXPECT_UNFIT("not the weights of net", "superfluous: more, 1");
    assert_true(safetensors_write(path, &(struct safetensors_content){tensors, data, 2, NULL, 0}, &error));
    EXPECT_UNFIT("missing: scale, scalar");
    tensors[0].shape[0] = 2;
    tensors[0].shape[1] = 3;
    tensors[1].dtype = "F16";
    tensors[2].name = "scales";
    assert_true(safetensors_write(path, &(struct safetensors_content){tensors, data, 4, NULL, 0}, &error));
    EXPECT_UNFIT("shape of fc.weight: found 2x3, expected 3x2", "dtype of fc.bias: found F16, expected F32 or F64",
                 "missing: scale, scalar", "superfluous: scales, scalar (is it scale?)", "superfluous: more");
    tensors[0].rank = 1;
    tensors[0].shape[0] = 6;
    assert_true(safetensors_write(path, &(struct safetensors_content){tensors, data, 3, NULL, 0}, &error));
    EXPECT_UNFIT("shape of fc.weight: found 6, expected 3x2");
}

/* More differences than a message can hold. */
static void test_very_many_differences(void **state)
{
    enum { COUNT = 2000 };
    static struct tensor tensors[COUNT];
    static char names[COUNT][16];
    static const void *data[COUNT];
    struct error error;
    real flat[WEIGHTS];
    int64_t strange;
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        tensors[i] = (struct tensor){.name = names[i], .dtype = "F32"};
        data[i] = "\0\0\0";
    }
    assert_true(safetensors_write(path, &(struct safetensors_content){tensors, data, COUNT, NULL, 0}, &error));
    assert_false(weights_load(&model, path, flat, &strange, &error));
    assert_int_equal(error.length, sizeof error.text - 1);
    assert_string_equal(error.text + error.length - 4, " ...");
}

static void test_writing_fails(void **state)
{
    real flat[WEIGHTS] = {1};
    struct error error;
    char other[256];
    unsigned char before[1024], after[1024];
    struct rlimit limit;
    (void)state;
    assert_false(weights_save(&model, folder, flat, &error));
    assert_non_null(strstr(error.text, "folder"));
    assert_false(safetensors_writable("/dev/null", &error));
    assert_non_null(strstr(error.text, "not a regular file"));
    snprintf(other, sizeof other, "%s/none/file", folder);
    assert_false(safetensors_writable(other, &error));
    assert_non_null(strstr(error.text, "No such file"));
    assert_true(safetensors_writable(path, &error));
    assert_int_equal(files_in_folder(), 0);

    assert_true(weights_save(&model, path, flat, &error));
    size_t size = read_bytes(before, sizeof before);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 100, .rlim_max = limit.rlim_max});     /* as a full disk */
    assert_false(weights_save(&model, path, flat, &error));
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_equal(error.status, STATUS_MACHINE);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(files_in_folder(), 1);
    assert_int_equal(read_bytes(after, sizeof after), size);
    assert_memory_equal(before, after, size);
}

static void test_links_are_followed(void **state)
{
    real flat[WEIGHTS] = {1};
    struct error error;
    struct stat info;
    char link[256];
    (void)state;
    write_bytes("x", 1);
    snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink(path, link), 0);
    assert_true(weights_save(&model, link, flat, &error));
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size > 100);
    unlink(link);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip), TEST(test_conversion_and_strange_values), TEST(test_accepted_headers),
        TEST(test_refused_headers), TEST(test_refused_files), TEST(test_truncated_everywhere), TEST(test_mutations),
        TEST(test_weights_that_do_not_fit),
        TEST(test_very_many_differences), TEST(test_writing_fails), TEST(test_links_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
