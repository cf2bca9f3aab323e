/* What can be told of GPUs without one: names of devices, architectures to compile for, the cache, layouts of weights,
 * memory, the choice among a model's codes, how errors read. */
#include "cuda_cache.h"
#include "cuda_gpu.h"
#include "cuda_sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names and architectures */

static void test_ordinals(void **state)
{
    int          ordinals[MOST_GPUS];
    struct error error;
    (void)state;
    assert_int_equal(gpu_ordinals("auto", ordinals, &error), 1);
    assert_int_equal(gpu_ordinals("cuda", ordinals, &error), 1);
    assert_int_equal(ordinals[0], 0);
    assert_int_equal(gpu_ordinals("cuda:7", ordinals, &error), 1);
    assert_int_equal(ordinals[0], 7);
    assert_int_equal(gpu_ordinals("cuda:2,0,11", ordinals, &error), 3);
    assert_int_equal(ordinals[0], 2);
    assert_int_equal(ordinals[1], 0);
    assert_int_equal(ordinals[2], 11);
    assert_int_equal(gpu_ordinals("cuda:1,0,1", ordinals, &error), 0);
    assert_int_equal(error.status, STATUS_USAGE);
    assert_non_null(strstr(error.text, "GPU 1 is named twice"));

    char many[512] = "cuda:0";
    for (int i = 1; i <= MOST_GPUS; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), ",%d", i);
    assert_int_equal(gpu_ordinals(many, ordinals, &error), 0);
    assert_int_equal(error.status, STATUS_USAGE);
}

static void test_archs(void **state)
{
    static const int known[] = {75, 80, 86, 89, 90, 100, 120};
    static const struct { int device; bool binary; int arch; } cases[] = {
        {75, false, 75}, {87, false, 86}, {90, false, 90}, {103, false, 100}, {130, false, 120}, {61, false, 0},
        {75, true, 75}, {87, true, 86}, {72, true, 0}, {103, true, 100}, {130, true, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(cuda_arch(known, 7, cases[i].device, cases[i].binary), cases[i].arch);
    assert_int_equal(cuda_arch(known, 0, 75, false), 0);
}

static void test_headers(void **state)
{
    (void)state;
    for (int i = 0; i < cuda_header_count; i++)
        if (strcmp(cuda_header_names[i], "cuda_kernels.h") == 0) {
            assert_non_null(strstr(cuda_header_texts[i], "sample_of_lane"));
            return;
        }
    fail_msg("cuda_kernels.h is not there");
}

/* ---- the cache */

static struct cache_key key_of(const char *first, const char *second)
{
    struct cache_key key = cache_key_start();
    cache_key_add(&key, first, strlen(first));
    cache_key_add(&key, second, strlen(second));
    return key;
}

static bool same_key(struct cache_key a, struct cache_key b) { return memcmp(&a, &b, sizeof a) == 0; }

static void test_keys(void **state)
{
    (void)state;
    assert_true(same_key(key_of("source", "sm_75"), key_of("source", "sm_75")));
    assert_false(same_key(key_of("source", "sm_75"), key_of("source", "sm_80")));
    assert_false(same_key(key_of("source", "sm_75"), key_of("sources", "m_75")));
    assert_false(same_key(key_of("", "source"), key_of("source", "")));
    struct cache_key a = key_of("source", "sm_75"), b = key_of("sourcf", "sm_75");
    assert_true(a.word[0] != b.word[0] && a.word[1] != b.word[1]);
}

static const char content[] = "what was compiled";

static void expect_content(struct cache_key key)
{
    size_t size = 0;
    char  *read = cache_read(key, &size);
    assert_non_null(read);
    assert_int_equal(size, sizeof content);
    assert_memory_equal(read, content, sizeof content);
    free(read);
}

static void expect_none(struct cache_key key)
{
    size_t size;
    void  *read = cache_read(key, &size);
    assert_null(read);
}

static size_t read_file(const char *path, char *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, size, file);
    fclose(file);
    return count;
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Whatever byte of an entry has changed, been lost or added: it is not taken, and can be written anew. */
static void test_damage(void **state)
{
    struct cache_key key = key_of("source", "sm_75");
    char   path[512], bytes[512], damaged[512];
    (void)state;
    expect_none(key);
    cache_write(key, content, sizeof content);
    expect_content(key);
    expect_none(key_of("source", "sm_80"));
    assert_true(cache_path(key, path, sizeof path));
    size_t size = read_file(path, bytes, sizeof bytes);
    assert_true(size > sizeof content && size < sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        memcpy(damaged, bytes, size);
        damaged[i] ^= 1 << i % 8;
        write_file(path, damaged, size);
        expect_none(key);
        write_file(path, bytes, i);
        expect_none(key);
    }
    memcpy(damaged, bytes, size);
    damaged[size] = 0;
    write_file(path, damaged, size + 1);
    expect_none(key);
    cache_write(key, content, sizeof content);
    expect_content(key);
}

/* Another key's entry under this one's name. */
static void test_foreign(void **state)
{
    struct cache_key key = key_of("mine", ""), other = key_of("other", "");
    char path[512], foreign[512];
    (void)state;
    cache_write(other, content, sizeof content);
    assert_true(cache_path(key, path, sizeof path) && cache_path(other, foreign, sizeof foreign));
    assert_int_equal(rename(foreign, path), 0);
    expect_none(key);
}

static void test_no_folder(void **state)
{
    struct cache_key key = key_of("nowhere", "");
    char *kept = strdup(getenv("XDG_CACHE_HOME")), path[512];
    (void)state;
    setenv("XDG_CACHE_HOME", "/dev/null/cache", 1);
    cache_write(key, content, sizeof content);
    expect_none(key);
    setenv("XDG_CACHE_HOME", "relative", 1);    /* which the XDG specification says to ignore */
    unsetenv("HOME");
    assert_false(cache_path(key, path, sizeof path));
    cache_write(key, content, sizeof content);
    expect_none(key);
    setenv("HOME", "/home/somebody", 1);
    assert_true(cache_path(key, path, sizeof path));
    assert_ptr_equal(strstr(path, "/home/somebody/.cache/netc/"), path);
    setenv("XDG_CACHE_HOME", kept, 1);
    assert_true(cache_path(key, path, sizeof path));
    assert_ptr_equal(strstr(path, kept), path);
    free(kept);
}

/* ---- a model, in two layouts */

enum { ALL = 3 * 2 + 3 };

static const struct parameter cpu_parameters[] = {
    {"w", 2, {3, 2}, {2, 1}, 0, 2}, {"b", 1, {3}, {1}, 8, 2},
};
static const struct parameter gpu_parameters[] = {
    {"w", 2, {3, 2}, {1, 4}, 1, 2}, {"b", 1, {3}, {2}, 16, 2},
};

static const int used_in_training[] = {0, 1}, used_in_evaluation[] = {1, 2};
static const struct cuda_kernel train[] = {
    {.name = "train", .sample_flop = 1000000, .buffers = used_in_training, .buffer_count = 2, .shared_bytes = 70000},
};
static const struct cuda_kernel evaluation[] = {
    {.name = "evaluate", .buffers = used_in_evaluation, .buffer_count = 2},
};
static const struct cuda_buffer buffers[] = {{"a", 100, 1}, {"b", 1000, 0}, {"c", 10000, 0}};

static const struct cuda_code fused = {
    .name = "fused step", .block = 32, .eval_samples = 100, .parameters = gpu_parameters, .parameter_count = 2,
    .weights_size = 24, .buffers = buffers, .buffer_count = 3, .train = train, .train_count = 1, .joined = true,
    .evaluate = evaluation, .evaluate_count = 1,
};
static const struct cuda_code layers = {
    .name = "layer by layer", .block = 32, .eval_samples = 100, .parameters = gpu_parameters, .parameter_count = 2,
    .weights_size = 24, .buffers = buffers, .buffer_count = 3, .evaluate = evaluation, .evaluate_count = 1,
};
static const struct cuda_code *const codes[] = {&fused, &layers, NULL};

static const struct model model = {
    .name = "small", .channels = 1, .height = 5, .width = 5, .classes = 3, .lanes = 4, .parameters = cpu_parameters,
    .parameter_count = 2, .weights_size = 12, .state_slots = 2, .batch_size = 70, .cuda = codes,
};

static void test_layouts(void **state)
{
    struct cuda_sizes sizes = {.model = &model, .code = &fused};
    real  flat[12], back[12];
    float weights[24];
    (void)state;
    for (int i = 0; i < 12; i++)
        flat[i] = (real)(i < 6 || (i >= 8 && i < 11) ? i + 1 : 0);     /* padding is zero */
    cuda_scatter(&sizes, flat, weights);
    for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 2; column++)
            assert_true(weights[1 + row + 4 * column] == (float)flat[2 * row + column]);
        assert_true(weights[16 + 2 * row] == (float)flat[8 + row]);
    }
    int zeros = 0;
    for (int i = 0; i < 24; i++)
        zeros += weights[i] == 0;
    assert_int_equal(zeros, 24 - ALL);
    memset(back, 0xff, sizeof back);
    cuda_gather(&sizes, weights, back);
    assert_memory_equal(flat, back, sizeof flat);
}

static void test_memory(void **state)
{
    struct cuda_sizes sizes = {.model = &model, .code = &fused, .train_count = 1000, .test_count = 300, .gpus = 1};
    struct cuda_need  need = cuda_need(&sizes);
    (void)state;
    assert_true(need.dataset == 26 * 1300);
    assert_true(need.weights == 2 * 24 * 4 && need.state == 2 * 2 * 24 * 4 && need.gradient == 0);    /* and as they were */
    /* 70 samples of a step are 3 blocks of 32; 100 that are evaluated at once are 4 */
    assert_true(cuda_buffer_bytes(&sizes, 0) == 301 && cuda_buffer_bytes(&sizes, 1) == 4000);
    assert_true(cuda_buffer_bytes(&sizes, 2) == 40000 && need.buffers == 44301);
    assert_true(cuda_memory_bytes(&sizes, MEMORY_SAMPLES) == 1000 * 4);     /* no more than the dataset has */
    assert_true(cuda_memory_bytes(&sizes, MEMORY_LOGITS) == 100 * 3 * 4);
    double sum = need.buffers;
    for (int m = 0; m < MEMORIES; m++)
        sum += cuda_memory_bytes(&sizes, (enum cuda_memory)m);
    assert_true(need.total == sum);

    sizes.gpus = 3;                     /* each with 24 of the batch's samples, and a gradient to be added up */
    assert_int_equal(cuda_step_samples(&sizes), 24);
    assert_true(cuda_buffer_bytes(&sizes, 0) == 101 && cuda_memory_bytes(&sizes, MEMORY_GRADIENT) == 24 * 4);

    sizes = (struct cuda_sizes){.model = &model, .code = &layers, .test_count = 30, .gpus = 1};     /* no training */
    need = cuda_need(&sizes);
    assert_true(need.state == 0 && need.gradient == 0 && need.dataset == 26 * 30);
    assert_true(cuda_buffer_bytes(&sizes, 0) == 0 && cuda_buffer_bytes(&sizes, 2) == 10000);
    sizes.train_count = 40;             /* layer by layer has a gradient of its own */
    assert_true(cuda_memory_bytes(&sizes, MEMORY_GRADIENT) == 24 * 4);
}

/* Runs are long where steps are short. */
static void test_run_steps(void **state)
{
    struct cuda_kernel kernel = train[0];
    struct cuda_code   code = {.train = &kernel, .train_count = 1, .joined = true};
    (void)state;
    assert_int_equal(cuda_run_steps(&model, &code), RUN_STEPS);
    kernel.sample_flop = 1000000000;
    assert_int_equal(cuda_run_steps(&model, &code), 14);        /* of 70 GFLOP */
    kernel.sample_flop = 1000000000000;
    assert_int_equal(cuda_run_steps(&model, &code), 1);
    kernel.sample_flop = 0;
    assert_int_equal(cuda_run_steps(&model, &code), RUN_STEPS);
}

static void test_look_samples(void **state)
{
    struct cuda_kernel kernel = {.name = "evaluate"};
    struct cuda_code   code = {.eval_samples = 100, .evaluate = &kernel, .evaluate_count = 1};
    struct model       many = {.classes = 100000};
    (void)state;
    assert_int_equal(cuda_look_samples(&model, &code), 100 * RUN_STEPS);
    assert_int_equal(cuda_look_samples(&many, &code), 100);         /* for which the host has room */
    kernel.sample_flop = 1000000000;
    assert_int_equal(cuda_look_samples(&model, &code), 1000);
    kernel.sample_flop = 1000000000000;
    assert_int_equal(cuda_look_samples(&model, &code), 100);
}

static void test_choice(void **state)
{
    struct error error;
    struct model none = {.name = "none"};
    const struct cuda_code *const large[] = {&fused, NULL};
    (void)state;
    assert_ptr_equal(cuda_choose(&model, KERNELS_AUTO, 99 * 1024, &error), &fused);
    assert_ptr_equal(cuda_choose(&model, KERNELS_AUTO, 64 * 1024, &error), &layers);
    assert_ptr_equal(cuda_choose(&model, KERNELS_LAYERS, 99 * 1024, &error), &layers);
    assert_null(cuda_choose(&model, KERNELS_FUSED, 64 * 1024, &error));
    assert_int_equal(error.status, STATUS_MACHINE);
    assert_non_null(strstr(error.text, "68.4 KiB a block needed, 64.0 KiB there"));
    assert_null(cuda_choose(&none, KERNELS_AUTO, 64 * 1024, &error));
    assert_int_equal(error.status, STATUS_MACHINE);
    none.cuda = large;
    assert_null(cuda_choose(&none, KERNELS_LAYERS, 64 * 1024, &error));
    assert_int_equal(error.status, STATUS_USAGE);
    assert_non_null(strstr(error.text, "it has: fused step"));
    assert_null(cuda_choose(&none, KERNELS_AUTO, 64 * 1024, &error));
    assert_int_equal(error.status, STATUS_MACHINE);
}

/* ---- libraries that are not there */

static void test_libraries(void **state)
{
    struct nvrtc nvrtc;
    struct nccl  nccl;
    struct error error;
    (void)state;
    setenv("NETC_NVRTC", "/nowhere/libnvrtc.so", 1);
    assert_false(nvrtc_open(&nvrtc, &error));
    assert_int_equal(error.status, STATUS_MACHINE);
    assert_non_null(strstr(error.text, "/nowhere/libnvrtc.so"));
    assert_non_null(strstr(error.text, "NETC_NVRTC names this file"));
    setenv("NETC_NCCL", "libm.so.6", 1);        /* a library, but not this one */
    assert_false(nccl_open(&nccl, &error));
    assert_int_equal(error.status, STATUS_MACHINE);
    assert_non_null(strstr(error.text, "has no function ncclGetErrorString"));
    unsetenv("NETC_NVRTC");
    unsetenv("NETC_NCCL");
}

/* `auto` is the CPU then, and says why; what the command line has wrong stays an error. */
static void test_fallback(void **state)
{
    uint8_t        images[25] = {0}, labels[1] = {0};
    struct dataset data = {.count = 1, .images = images, .labels = labels};
    struct model   trained = model;
    struct device_config config = {.model = &trained, .device = "auto", .test = &data, .threads = 1};
    struct error   why, error;
    (void)state;
    setenv("CUDA_VISIBLE_DEVICES", "", 1);      /* where there is a GPU */
    trained.target = "generic";
    trained.evaluate = (struct phase){.name = "evaluate", .block_units = 1};
    assert_true(device_check(&config, &error));
    struct device *device = device_open(&config, &why, &error);
    assert_non_null(device);
    assert_ptr_equal(device->kind, &device_cpu);
    assert_string_equal(device->name, "cpu, 1 thread");
    assert_non_null(strstr(why.text, "NVIDIA's driver"));
    device->kind->close(device);

    trained.cuda = NULL;                        /* nothing is missing but the code */
    device = device_open(&config, &why, &error);
    assert_non_null(device);
    assert_int_equal(why.length, 0);
    device->kind->close(device);

    config.device = "cuda";
    assert_false(device_check(&config, &error));
    assert_non_null(strstr(error.text, "no CUDA code"));
    trained.cuda = codes;
    assert_null(device_open(&config, &why, &error));
    assert_int_equal(error.status, STATUS_MACHINE);
}

static int no_name(int status, const char **name) { (void)status; *name = NULL; return 1; }

static int some_name(int status, const char **name) { (void)status; *name = "CUDA_ERROR_SOME"; return 0; }

static void test_errors(void **state)
{
    struct cuda_driver driver = {.get_error_name = some_name, .get_error_string = no_name};
    struct error error;
    (void)state;
    assert_true(cuda_succeeds(&driver, CUDA_SUCCESS, "cuda:1", &error, "cuInit"));
    assert_false(cuda_succeeds(&driver, 2, "cuda:1 (A)", &error, "cuMemAlloc of %d bytes", 7));
    assert_int_equal(error.status, STATUS_MACHINE);
    assert_non_null(strstr(error.text, "cuda:1 (A): cuMemAlloc of 7 bytes failed: CUDA_ERROR_SOME (2): no description"));
    assert_non_null(strstr(error.text, "nvidia-smi"));
    assert_false(cuda_succeeds(&driver, 716, NULL, &error, "cuStreamSynchronize"));
    assert_non_null(strstr(error.text, "a fault of netc"));
    assert_false(cuda_succeeds(&driver, 12345, NULL, &error, "cuStreamSynchronize"));
    assert_non_null(strstr(error.text, "--device cpu"));
    char text[64];
    assert_string_equal(cuda_version(text, 13000), "13.0");
    assert_string_equal(cuda_version(text, 11080), "11.8");
}

static int set_up(void **state)
{
    static char folder[] = "/tmp/netc_cuda_XXXXXX";
    *state = mkdtemp(folder);
    return *state ? setenv("XDG_CACHE_HOME", folder, 1) : 1;
}

static int tear_down(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordinals), cmocka_unit_test(test_archs), cmocka_unit_test(test_headers),
        cmocka_unit_test(test_keys), cmocka_unit_test(test_damage), cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_no_folder), cmocka_unit_test(test_layouts), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_run_steps),
        cmocka_unit_test(test_look_samples), cmocka_unit_test(test_choice), cmocka_unit_test(test_libraries),
        cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
