#include "bench.h"

#include "format.h"
#include "progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is printed of a kernel. */
struct row { double seconds, share, gflops, fraction, bytes; };

static double sum_of(const struct bench *bench, const double *seconds)
{
    double sum = 0;
    for (int k = 0; k < bench->model->kernel_count; k++)
        sum += seconds[k];
    return sum;
}

/* A kernel's speed is that of one thread, to be compared with what one alone can reach. */
static struct row row_of(const struct bench *bench, const double *seconds, int kernel)
{
    double all = sum_of(bench, seconds);
    double flop = seconds == bench->train_kernels ? bench_train_flop(bench, kernel) : bench_evaluate_flop(bench, kernel);
    double speed = seconds[kernel] > 0 ? flop / seconds[kernel] : 0;
    return (struct row){
        .seconds = seconds[kernel], .share = all > 0 ? seconds[kernel] / all : 0, .gflops = 1e-9 * speed,
        .fraction = speed / bench->peak_one, .bytes = bench_step_bytes(bench, kernel),
    };
}

/* The share of the threads' time that is spent in no kernel: waiting for others, for the most part. */
static double waiting_share(const struct bench *bench)
{
    double share = 1 - sum_of(bench, bench->train_kernels) / (bench->timed_seconds * bench->busy);
    return share > 0 ? share : 0;
}

static const char *images_a_second(char *text, int64_t images, double seconds)
{
    return format_count(text, (int64_t)((double)images / seconds));
}

/* ---- tables */

static void print_kernels(const struct bench *bench, const char *title, const double *seconds)
{
    const struct model *model = bench->model;
    bool training = seconds == bench->train_kernels;
    int  width = (int)strlen(title);
    for (int k = 0; k < model->kernel_count; k++) {
        int length = (int)strlen(model->kernels[k].name);
        width = length > width ? length : width;
    }
    printf("\n%-*s  %10s  %7s  %8s  %7s%s\n", width, title, "ms", "share", "GFLOP/s", "of peak",
           training ? "  bytes a step" : "");
    for (int k = 0; k < model->kernel_count; k++) {
        if (seconds[k] == 0)
            continue;
        struct row row = row_of(bench, seconds, k);
        char       bytes[FORMAT_SIZE];
        printf("%-*s  %10.3f  %5.1f %%", width, model->kernels[k].name, 1e3 * row.seconds, 100 * row.share);
        if (row.gflops > 0)
            printf("  %8.1f  %5.0f %%", row.gflops, 100 * row.fraction);
        else if (training)
            printf("  %8s  %7s", "", "");
        if (training)
            printf("  %12s", format_bytes(bytes, row.bytes));
        putchar('\n');
    }
    printf("%-*s  %10.3f\n", width, "all", 1e3 * sum_of(bench, seconds));
}

void bench_print(const struct bench *bench)
{
    const struct model *model = bench->model;
    char first[FORMAT_SIZE], second[FORMAT_SIZE], third[FORMAT_SIZE];
    printf("%s for %s, %s, batch %" PRId64 ": %s training and %s test images\n\n", model->name, model->target,
           format_counted(third, bench->threads, "thread"), model->batch_size, format_count(first, bench->train_count),
           format_count(second, bench->test_count));
    printf("training      %10.4f s an epoch  %12s images/s  (the fastest of %" PRId64 ")\n", bench->train_seconds,
           images_a_second(first, bench->train_count, bench->train_seconds), bench->epochs);
    printf("evaluation    %10.4f s           %12s images/s\n", bench->evaluate_seconds,
           images_a_second(first, bench->test_count, bench->evaluate_seconds));
    if (!isnan(bench->predict_seconds))
        printf("one image     %10.2f us, one thread\n", 1e6 * bench->predict_seconds);
    if (!isnan(bench->memory))
        printf("memory        %10s at most\n", format_bytes(first, bench->memory));
    printf("multiply-adds %10.1f GFLOP/s at most on one thread", 1e-9 * bench->peak_one);
    if (bench->threads > 1)
        printf(", %.1f on %d", 1e-9 * bench->peak_all, bench->threads);
    putchar('\n');
    print_kernels(bench, "kernels of an epoch", bench->train_kernels);
    printf("(all threads together; %.1f %% of their time passed outside these, for the most part waiting for each other)\n",
           100 * waiting_share(bench));
    print_kernels(bench, "kernels of an evaluation", bench->evaluate_kernels);
}

/* ---- JSON */

static void print_numbers(const char *const keys[], const double values[], int count)
{
    for (int i = 0; i < count; i++) {
        fputs(", ", stdout);
        progress_json_number(keys[i], values[i]);
    }
}

static void print_json_kernels(const struct bench *bench, const char *key, const double *seconds)
{
    static const char *const keys[] = {"seconds", "share", "gflops", "peak_fraction", "bytes"};
    const struct model *model = bench->model;
    bool first = true;
    printf(", \"%s\": [", key);
    for (int k = 0; k < model->kernel_count; k++) {
        if (seconds[k] == 0)
            continue;
        struct row row = row_of(bench, seconds, k);
        printf("%s{\"name\": \"%s\", \"phase\": \"%s\"", first ? "" : ", ", model->kernels[k].name,
               model->kernels[k].phase);
        print_numbers(keys, (double[]){row.seconds, row.share, row.gflops, row.fraction, row.bytes},
                      seconds == bench->train_kernels ? 5 : 4);
        putchar('}');
        first = false;
    }
    putchar(']');
}

void bench_print_json(const struct bench *bench)
{
    static const char *const keys[] = {
        "batch_size", "seconds_an_epoch", "images_per_second", "evaluate_images_per_second", "predict_microseconds",
        "memory_peak_bytes", "peak_gflops", "peak_gflops_all", "waiting_share",
    };
    const double values[] = {
        (double)bench->model->batch_size, bench->train_seconds, (double)bench->train_count / bench->train_seconds,
        (double)bench->test_count / bench->evaluate_seconds, 1e6 * bench->predict_seconds, bench->memory,
        1e-9 * bench->peak_one, 1e-9 * bench->peak_all, waiting_share(bench),
    };
    printf("{\"name\": \"%s\", \"target\": \"%s\", \"device\": \"%s\", \"threads\": %d", bench->model->name,
           bench->model->target, bench->device, bench->threads);
    print_numbers(keys, values, sizeof keys / sizeof *keys);
    print_json_kernels(bench, "kernels", bench->train_kernels);
    print_json_kernels(bench, "evaluate_kernels", bench->evaluate_kernels);
    puts("}");
}
