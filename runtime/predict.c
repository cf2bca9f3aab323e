#include "commands.h"

#include "classes.h"
#include "format.h"
#include "interrupt.h"
#include "picture.h"
#include "pipeline.h"
#include "report.h"
#include "utf8.h"
#include "weights.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALIGNMENT = 64, BRIGHT = 160 };  /* BRIGHT: images that are so on average are drawn on white */

struct prediction {
    const struct model    *model;
    const struct settings *settings;
    struct classes         classes;
    real                  *weights, *logits;
    void                  *scratch, *input;     /* input: an image as the network takes it */
    double                *probability;
    int64_t               *order;       /* classes, the most probable first */
    int                    failed, status;      /* files that could not be read, and the worst of their statuses */
    int64_t                bright, images;
    const char            *first_bright;
};

/* ---- what is printed */

static void print_text(const struct prediction *p, const char *file, int64_t image, int64_t top)
{
    if (image >= 0)
        printf("%s[%" PRId64 "]:", file, image);
    else
        printf("%s:", file);
    for (int64_t i = 0; i < top; i++)
        printf("%s %s  %.2f %%", i ? "," : "", p->classes.name[p->order[i]], 100 * p->probability[p->order[i]]);
    putchar('\n');
}

/* "index": 7, "class": "7", "probability": 0.998 */
static void print_class(const struct prediction *p, int64_t class)
{
    printf("\"index\": %" PRId64 ", \"class\": ", class);
    utf8_print_json(stdout, p->classes.name[class]);
    fputs(", ", stdout);
    progress_json_number("probability", p->probability[class]);
}

static void print_json(const struct prediction *p, const char *file, int64_t image, int64_t top)
{
    fputs("{\"file\": ", stdout);
    utf8_print_json(stdout, file);
    if (image >= 0)
        printf(", \"image\": %" PRId64, image);
    fputs(", ", stdout);
    print_class(p, p->order[0]);
    for (int64_t i = 0; i < top && p->settings->top > 1; i++) {
        fputs(i ? ", {" : ", \"top\": [{", stdout);
        print_class(p, p->order[i]);
        fputs(i + 1 < top ? "}" : "}]", stdout);
    }
    puts("}");
}

/* ---- one image */

/* Brings the `top` most probable classes to the front. */
static void sort_classes(const struct prediction *p, int64_t top)
{
    for (int64_t c = 0; c < p->model->classes; c++)
        p->order[c] = c;
    for (int64_t i = 0; i < top; i++) {
        int64_t best = i;
        for (int64_t j = i + 1; j < p->model->classes; j++)
            if (p->logits[p->order[j]] > p->logits[p->order[best]])
                best = j;
        int64_t class = p->order[best];
        memmove(&p->order[i + 1], &p->order[i], (size_t)(best - i) * sizeof *p->order);
        p->order[i] = class;
    }
}

/* These datasets are drawn bright on black. */
static bool drawn_on_black(const struct model *model)
{
    static const char *const names[] = {"mnist", "fashion_mnist", "kmnist", "emnist"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], model->dataset) == 0)
            return true;
    return false;
}

static void look_at(struct prediction *p, const struct picture *picture, const char *file)
{
    int64_t size = shape_bytes(picture->shape), sum = 0;
    for (int64_t i = 0; i < size; i++)
        sum += picture->planes[i];
    p->images++;
    if (sum < BRIGHT * size)
        return;
    p->first_bright = p->bright++ ? p->first_bright : file;
}

static void invert(struct picture *picture)
{
    int64_t size = shape_bytes(picture->shape);
    for (int64_t i = 0; i < size; i++)
        picture->planes[i] = (uint8_t)(255 - picture->planes[i]);
}

static bool predict_picture(struct prediction *p, const struct picture_file *file, struct picture *picture,
                            struct error *error)
{
    int64_t top = p->settings->top < p->model->classes ? p->settings->top : p->model->classes;
    int64_t image = file->stream ? file->read - 1 : -1;
    if (p->settings->invert)
        invert(picture);
    look_at(p, picture, file->path);
    if (!picture_input(p->model, picture, file->path, p->input, error))
        return false;
    p->model->predict(p->weights, p->scratch, p->input, p->logits);
    probabilities(p->logits, p->model->classes, p->probability);
    sort_classes(p, top);
    if (!isfinite(p->probability[p->order[0]]))
        return error_input(error, "%s: the network gives no finite numbers for it", file->path);
    (p->settings->json ? print_json : print_text)(p, file->path, image, top);
    return true;
}

/* ---- files */

static bool predict_file(struct prediction *p, const char *path, struct error *error)
{
    struct picture_file file;
    struct picture      picture = {.planes = NULL};
    bool                good = picture_open(&file, p->model, path, error);
    while (good && file.read < file.count)
        good = picture_next(&file, &picture, error) && predict_picture(p, &file, &picture, error)
            && interrupt_none(error);
    good = good && picture_ended(&file, error);
    free(picture.planes);
    picture_close(&file);
    return good;
}

/* Whoever draws on paper draws dark on bright. That is not guessed at, but said. */
static void hint(const struct prediction *p)
{
    if (p->bright == 0 || !drawn_on_black(p->model))
        return;
    fprintf(stderr, "%s: hint: ", p->model->name);
    if (p->images == 1)
        fprintf(stderr, "%s is mostly bright", p->first_bright);
    else
        fprintf(stderr, "%" PRId64 " of %" PRId64 " images are mostly bright (%s first)", p->bright, p->images,
                p->first_bright);
    fprintf(stderr, ", and %s is bright on black: %s\n", p->model->dataset,
            p->settings->invert ? "--invert made it so" : "for dark on bright there is --invert");
}

/* With a single file its error is all that is to be said. */
static bool predict_files(struct prediction *p, struct error *error)
{
    const struct settings *settings = p->settings;
    for (int i = 0; i < settings->file_count; i++) {
        if (predict_file(p, settings->files[i], error))
            continue;
        if (error->status > STATUS_SIGNAL || settings->file_count == 1)
            return false;
        fflush(stdout);
        error_print(error, p->model->name);
        p->failed++;
        p->status = error->status > p->status ? error->status : p->status;
    }
    fflush(stdout);
    hint(p);
    return p->failed == 0
        || error_set(error, p->status, "%d of %d files could not be used", p->failed, settings->file_count);
}

static bool load_weights(struct prediction *p, struct error *error)
{
    const char *path = p->settings->weights;
    int64_t     strange;
    char        count[FORMAT_SIZE];
    if (access(path, R_OK) != 0) {
        error_input(error, "%s: cannot open: %s", path, strerror(errno));
        return error_add(error, "%s train writes weights, --weights FILE names others", p->model->name);
    }
    if (!weights_load(p->model, path, p->weights, &strange, error))
        return false;
    if (strange > 0)
        fprintf(stderr, "%s: warning: %s: NaN or infinity in %s\n", p->model->name, path,
                format_counted(count, strange, "value"));
    return true;
}

/* Without --data classes that are folders may do without names. */
static bool names_there(const struct prediction *p, struct error *error)
{
    char path[4096];
    if (strcmp(p->model->dataset, "folder") != 0 || !options_given(p->settings, "--data"))
        return true;
    snprintf(path, sizeof path, "%s/train", p->settings->data);
    return access(path, R_OK) == 0
        || error_input(error, "--data: found no folder %s, expected one with a folder for each class", path);
}

static void *allocate(size_t bytes)
{
    size_t size = (bytes / ALIGNMENT + 1) * ALIGNMENT;
    void  *memory = aligned_alloc(ALIGNMENT, size);
    return memory ? memset(memory, 0, size) : NULL;
}

static bool prepare(struct prediction *p, struct error *error)
{
    const struct model *model = p->model;
    size_t              classes = (size_t)model->classes, weights = (size_t)model->weights_size * sizeof(real);
    if (!model->predict)
        return error_set(error, STATUS_MACHINE, "this trainer has no code for single images: compile %s anew", model->spec);
    p->weights = allocate(weights);
    p->scratch = allocate(model->predict_bytes);
    p->input = allocate(model_input_bytes(model));
    p->logits = allocate(classes * sizeof *p->logits);
    p->probability = allocate(classes * sizeof *p->probability);
    p->order = allocate(classes * sizeof *p->order);
    if (!p->weights || !p->scratch || !p->input || !p->logits || !p->probability || !p->order)
        return error_memory(error, "the network", weights + model->predict_bytes);
    if (!load_weights(p, error) || !names_there(p, error) || !classes_find(model, p->settings->data, &p->classes, error))
        return false;
    model->prepare_predict(p->weights, p->scratch);
    return true;
}

bool predict_command(const struct model *model, const struct settings *settings, struct error *error)
{
    struct prediction p = {.model = model, .settings = settings};
    bool              good = prepare(&p, error) && predict_files(&p, error);
    classes_free(&p.classes);
    free(p.weights);
    free(p.scratch);
    free(p.input);
    free(p.logits);
    free(p.probability);
    free(p.order);
    return good;
}
