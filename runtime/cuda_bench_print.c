#include "cuda_bench.h"

#include "format.h"
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct cuda_lap sum_of(const struct cuda_lap *laps, int count)
{
    struct cuda_lap sum = {0};
    for (int k = 0; k < count; k++) {
        sum.seconds += laps[k].seconds;
        sum.flop += laps[k].flop;
        sum.bytes += laps[k].bytes;
    }
    return sum;
}

static double rate(double amount, double seconds) { return seconds > 0 ? amount / seconds : 0; }

static double step_seconds(const struct bench *bench) { return bench->train_seconds / (double)bench->steps; }

/* Of a step on all GPUs. */
static double step_flop(const struct cuda_bench *gpu) { return gpu->gpus * sum_of(gpu->train, gpu->train_count).flop; }

/* ---- tables */

/* What the kernel does, where its name does not say it. */
static const char *parts_of(const struct cuda_kernel *kernel)
{
    size_t name = strlen(kernel->name), parts = strlen(kernel->parts);
    return parts <= name && strcmp(kernel->name + name - parts, kernel->parts) == 0 ? "" : kernel->parts;
}

static void print_laps(const char *title, const struct cuda_lap *laps, int count)
{
    struct cuda_lap all = sum_of(laps, count);
    int  width = (int)strlen(title);
    char shared[FORMAT_SIZE], bytes[FORMAT_SIZE];
    for (int k = 0; k < count; k++) {
        int length = (int)strlen(laps[k].kernel->name);
        width = length > width ? length : width;
    }
    printf("\n%-*s  %8s  %7s  %10s  %10s  %7s  %9s  %8s  %10s\n", width, title, "blocks", "threads", "shared", "us",
           "share", "GFLOP/s", "GB/s", "bytes");
    for (int k = 0; k < count; k++) {
        const struct cuda_lap *lap = &laps[k];
        const char *parts = parts_of(lap->kernel);
        printf("%-*s  %8" PRId64 "  %7d  %10s  %10.2f  %5.1f %%  %9.1f  %8.1f  %10s%s%s\n", width, lap->kernel->name,
               lap->blocks, lap->kernel->threads,
               lap->kernel->shared_bytes ? format_bytes(shared, (double)lap->kernel->shared_bytes) : "",
               1e6 * lap->seconds, 100 * rate(lap->seconds, all.seconds), 1e-9 * rate(lap->flop, lap->seconds),
               1e-9 * rate(lap->bytes, lap->seconds), format_bytes(bytes, lap->bytes), *parts ? "  " : "", parts);
    }
    printf("%-*s  %8s  %7s  %10s  %10.2f  %7s  %9.1f  %8.1f  %10s\n", width, "all", "", "", "", 1e6 * all.seconds, "",
           1e-9 * rate(all.flop, all.seconds), 1e-9 * rate(all.bytes, all.seconds), format_bytes(bytes, all.bytes));
}

void cuda_bench_print(const struct bench *bench, const struct cuda_bench *gpu)
{
    char first[FORMAT_SIZE], second[FORMAT_SIZE];
    struct cuda_lap step = sum_of(gpu->train, gpu->train_count);
    printf("%s on %s, batch %" PRId64 ": %s training and %s test images\n\n", bench->model->name, bench->device,
           bench->model->batch_size, format_count(first, bench->train_count), format_count(second, bench->test_count));
    printf("training      %10.4f s an epoch  %12s images/s  (the fastest of %" PRId64 ")\n", bench->train_seconds,
           format_count(first, (int64_t)rate((double)bench->train_count, bench->train_seconds)), bench->epochs);
    printf("a step        %10.2f us          %12.1f GFLOP/s   %s, %s read and written%s\n",
           1e6 * step_seconds(bench), 1e-9 * rate(step_flop(gpu), step_seconds(bench)),
           format_counted(second, gpu->train_count, "kernel"), format_bytes(first, step.bytes), gpu->gpus > 1 ? ", on each GPU" : "");
    printf("evaluation    %10.4f s           %12s images/s\n", bench->evaluate_seconds,
           format_count(first, (int64_t)rate((double)bench->test_count, bench->evaluate_seconds)));
    printf("memory        %10s on %s\n", format_bytes(first, gpu->memory), gpu->gpus > 1 ? "each GPU" : "the GPU");
    printf("copies, waits %10.4f a training step: between host and %s\n", gpu->transfers,
           gpu->gpus > 1 ? "GPUs, all of them together" : "GPU");
    print_laps("kernels of a step", gpu->train, gpu->train_count);
    print_laps("kernels of an evaluation", gpu->evaluate, gpu->evaluate_count);
    printf("(%seach kernel launched on its own, with a clock before and after it)\n",
           gpu->gpus > 1 ? "on the first GPU, for its part of the batch; " : "");
}

/* ---- JSON */

static void print_numbers(const char *const keys[], const double values[], int count)
{
    for (int i = 0; i < count; i++) {
        fputs(", ", stdout);
        progress_json_number(keys[i], values[i]);
    }
}

static void print_json_laps(const char *key, const struct cuda_lap *laps, int count)
{
    static const char *const keys[] = {"blocks", "threads", "shared_bytes", "microseconds", "share", "gflops", "bytes"};
    double all = sum_of(laps, count).seconds;
    printf(", \"%s\": [", key);
    for (int k = 0; k < count; k++) {
        const struct cuda_lap *lap = &laps[k];
        const double values[] = {
            (double)lap->blocks, lap->kernel->threads, (double)lap->kernel->shared_bytes, 1e6 * lap->seconds,
            rate(lap->seconds, all), 1e-9 * rate(lap->flop, lap->seconds), lap->bytes,
        };
        printf("%s{\"name\": \"%s\", \"parts\": \"%s\"", k ? ", " : "", lap->kernel->name, lap->kernel->parts);
        print_numbers(keys, values, sizeof keys / sizeof *keys);
        putchar('}');
    }
    putchar(']');
}

void cuda_bench_print_json(const struct bench *bench, const struct cuda_bench *gpu)
{
    static const char *const keys[] = {
        "gpus", "batch_size", "seconds_an_epoch", "images_per_second", "evaluate_images_per_second",
        "microseconds_a_step", "kernels_a_step", "gflops", "bytes_a_step", "transfers_a_step", "memory_bytes",
    };
    const double values[] = {
        gpu->gpus, (double)bench->model->batch_size, bench->train_seconds,
        rate((double)bench->train_count, bench->train_seconds),
        rate((double)bench->test_count, bench->evaluate_seconds), 1e6 * step_seconds(bench), gpu->train_count,
        1e-9 * rate(step_flop(gpu), step_seconds(bench)), gpu->gpus * sum_of(gpu->train, gpu->train_count).bytes,
        gpu->transfers, gpu->memory,
    };
    printf("{\"name\": \"%s\", \"device\": \"%s\", \"code\": \"%s\"", bench->model->name, bench->device, gpu->code->name);
    print_numbers(keys, values, sizeof keys / sizeof *keys);
    print_json_laps("kernels", gpu->train, gpu->train_count);
    print_json_laps("evaluate_kernels", gpu->evaluate, gpu->evaluate_count);
    puts("}");
}
