#include "commands.h"

#include "cuda_info.h"
#include "format.h"
#include "pipeline.h"
#include "weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_layers(const struct model *model)
{
    int     name = (int)strlen("layer"), kind = (int)strlen("kind");
    int64_t parameters = 0, forward = 0, backward = 0;
    char    shape[FORMAT_SIZE], count[FORMAT_SIZE];
    for (int i = 0; i < model->layer_count; i++) {
        int a = (int)strlen(model->layers[i].name), b = (int)strlen(model->layers[i].kind);
        name = a > name ? a : name;
        kind = b > kind ? b : kind;
    }
    printf("%-*s  %-*s  %-12s  %12s  %12s  %12s\n", name, "layer", kind, "kind", "output", "parameters", "MFLOP fwd",
           "MFLOP bwd");
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        printf("%-*s  %-*s  %-12s  %12s  %12.3f  %12.3f\n", name, layer->name, kind, layer->kind,
               format_shape(shape, layer->shape, layer->rank), format_count(count, layer->parameters),
               1e-6 * (double)layer->forward_flop, 1e-6 * (double)layer->backward_flop);
        parameters += layer->parameters;
        forward += layer->forward_flop;
        backward += layer->backward_flop;
    }
    printf("%-*s  %-*s  %-12s  %12s  %12.3f  %12.3f\n", name, "total", kind, "", "", format_count(count, parameters),
           1e-6 * (double)forward, 1e-6 * (double)backward);
}

void print_bytes(const char *what, double bytes, const char *note)
{
    char text[FORMAT_SIZE];
    printf("  %-20s %10s%s%s\n", what, format_bytes(text, bytes), *note ? "  " : "", note);
}

/* The dataset's size, as far as its files can be found; else both counts are 0, and *why says why. */
static void count_dataset(const struct model *model, const struct settings *settings, struct dataset *train,
                          struct dataset *test, struct error *why)
{
    if (data_count(model, settings->data, PART_TRAIN, train, why)
        && data_count(model, settings->data, PART_TEST, test, why)) {
        train->held_out = model->valid < train->count ? model->valid : 0;
        train->count -= train->held_out;
        return;
    }
    why->text[strcspn(why->text, "\n")] = '\0';
    *train = *test = (struct dataset){0};
}

/* Returns its bytes in memory. */
static double print_dataset(const struct model *model, const struct dataset *train, const struct dataset *test,
                            const struct error *why)
{
    char first[FORMAT_SIZE], second[FORMAT_SIZE], third[FORMAT_SIZE], held[2 * FORMAT_SIZE] = "", note[6 * FORMAT_SIZE];
    if (train->count == 0) {
        printf("  %-20s %10s  %s\n", "dataset", "?", why->text);
        return 0;
    }
    double bytes = (double)data_bytes(model, train) + (double)data_bytes(model, test);
    if (train->held_out > 0)
        snprintf(held, sizeof held, ", %s validation", format_count(third, train->held_out));
    snprintf(note, sizeof note, "%s training%s and %s test images from %s", format_count(first, train->count), held,
             format_count(second, test->count), model->dataset);
    print_bytes("dataset", bytes, note);
    return bytes;
}

static void print_memory(const struct model *model, const struct settings *settings)
{
    char           note[FORMAT_SIZE];
    struct dataset train, test;
    struct error   why;
    count_dataset(model, settings, &train, &test, &why);
    printf("\nmemory for training with %s\n", format_counted(note, settings->threads, "thread"));
    double  dataset = print_dataset(model, &train, &test, &why);
    int64_t evaluated = train.held_out > test.count ? train.held_out : test.count;
    struct pipelines pipelines;         /* where the dataset is not known, of images like the network's input */
    bool known = pipelines_make(model, &train, &test, &pipelines, &why);
    struct memory_need need = memory_need(model, settings->threads, true, evaluated, known ? pipelines_bytes(&pipelines) : 0);
    const char *copies = need.copies > 1 ? "a copy for each thread" : "";
    print_bytes("weights", need.weights, copies);
    print_bytes("optimiser's state", need.state, copies);
    print_bytes("threads' scratch", need.scratch, "activations");
    if (need.workspace > 0)
        print_bytes("threads' images", need.workspace, "transformed");
    snprintf(note, sizeof note, "batch of %" PRId64, model->batch_size);
    print_bytes("between phases", need.batch, note);
    print_bytes("results", need.results, "");
    print_bytes("total", need.total + dataset, "");
    cuda_info_memory(model, &train, &test, known ? &pipelines : NULL);
    pipelines_free(&pipelines);
}

bool info_command(const struct model *model, const struct settings *settings, struct error *error)
{
    char processors[FORMAT_SIZE];
    (void)error;
    printf("%s, compiled from %s by %s for %s\n\n", model->name, model->spec, model->compiler, model->target);
    print_layers(model);
    printf("(one sample; a multiplication and an addition are two)\n");
    print_memory(model, settings);
    printf("\ndevices\n  cpu: %s, code for %s\n", format_counted(processors, device_cpu_processors(), "processor"),
           model->target);
    cuda_info_devices(model);
    return true;
}
