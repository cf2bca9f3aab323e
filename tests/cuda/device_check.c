/* Checks the device that the host plays: device_check LIBRARY, of device_check.cu. device_check LIBRARY KERNEL launches
 * that kernel alone, one that the address sanitizer stops. */
#include "host_launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 2 };

static int passed, failed;

static bool launch(struct host_module *module, const char *name, int threads, enum host_order order, float *out,
                   struct error *error)
{
    static const int   buffers[] = {0};
    struct cuda_kernel kernel = {.name = name, .block_units = 1, .samples = 32, .threads = threads,
                                 .shared_bytes = 256, .buffers = buffers, .buffer_count = 1};
    struct cuda_step   step = {.count = threads == 32 ? 32 : 40};   /* one block of samples, or two */
    return host_launch(module, &kernel, &step, (void *[]){out}, order, error);
}

static void check(const char *what, bool good, const struct error *error)
{
    good ? passed++ : failed++;
    if (!good)
        printf("%s: %s\n", what, error->text);
}

static void sums(struct host_module *module, enum host_order order)
{
    struct error error = {0};
    float        out[BLOCKS] = {0};
    bool good = launch(module, "sums", 64, order, out, &error) && out[0] == 2016 && out[1] == 2016 + 64;
    check("sums", good, &error);
}

static void neighbours(struct host_module *module)
{
    struct error error = {0};
    float        out[32] = {0};
    bool good = launch(module, "neighbours", 32, HOST_FORWARD, out, &error);
    for (int lane = 0; lane < 32; lane++)
        good &= out[lane] == 5 + (lane ^ 3) + (lane < 30 ? lane + 2 : lane) + (lane >= 2 ? lane - 2 : lane)
                             + (lane % 8 < 4 ? lane + 4 : lane);
    check("neighbours", good, &error);
}

/* A kernel with a race gives another result when its threads run the other way round; NaN where nothing was written. */
static void race(struct host_module *module)
{
    struct error error = {0};
    float        out[HOST_ORDERS][BLOCKS] = {{0}};
    bool good = launch(module, "race", 64, HOST_FORWARD, out[0], &error)
             && launch(module, "race", 64, HOST_BACKWARD, out[1], &error);
    check("race", good && out[0][0] == 1 && out[1][0] != out[1][0], &error);
}

/* Of every block: the first one's values are gone when the second one starts. */
static void unset(struct host_module *module)
{
    struct error error = {0};
    float        out[BLOCKS] = {0};
    check("unset", launch(module, "unset", 64, HOST_FORWARD, out, &error) && out[0] == 1 && out[1] == 1, &error);
}

static void refused(struct host_module *module, const char *name, int threads, const char *why)
{
    struct error error = {0};
    float        out[BLOCKS] = {0};
    check(name, !launch(module, name, threads, HOST_FORWARD, out, &error) && strstr(error.text, why), &error);
}

int main(int argc, char **argv)
{
    struct error        error = {0};
    struct host_module *module = argc > 1 ? host_module_open(argv[1], &error) : NULL;
    if (!module) {
        fprintf(stderr, "%s\n", argc > 1 ? error.text : "usage: device_check LIBRARY [KERNEL]");
        return 2;
    }
    if (argc > 2) {
        float *out = calloc(BLOCKS, sizeof *out);
        launch(module, argv[2], 64, HOST_FORWARD, out, &error);
        free(out);
        return 0;
    }
    sums(module, HOST_FORWARD);
    sums(module, HOST_BACKWARD);
    neighbours(module);
    race(module);
    unset(module);
    refused(module, "half_a_barrier", 64, "waits at a barrier while others of its block have ended");
    refused(module, "half_a_warp", 64, "waits for others of its warp that never come");
    refused(module, "absent_lane", 64, "reads a lane that takes no part in it");
    refused(module, "sums", 2048, "no GPU can run 2 blocks of 2048 threads");
    refused(module, "nothing_of_that_name", 64, "nothing_of_that_name");
    sums(module, HOST_FORWARD);                 /* faults leave it usable */
    printf("device: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
