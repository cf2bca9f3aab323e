/* A folder of pictures for each class, below root/train and root/test. Classes are numbered in the order of their names, as
 * torchvision's ImageFolder does; the names are those of the training part. */
#include "data_prepare.h"
#include "data_source.h"
#include "image.h"
#include "pipeline.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct names {
    char  **at;
    int64_t count, room;
};

struct folder {
    char          path[4096];           /* root/train, root/test */
    struct names  classes;              /* of the training part */
    struct names  files;                /* of this part: whole paths, class after class */
    int64_t      *ends;                 /* of each class's files */
};

static bool add_name(struct names *names, const char *folder, const char *name, struct error *error)
{
    if (names->count == names->room) {
        int64_t room = names->room ? 2 * names->room : 64;
        char  **at = realloc(names->at, (size_t)room * sizeof *at);
        if (!at)
            return error_memory(error, "the names of the images", (size_t)room * sizeof *at);
        names->at = at;
        names->room = room;
    }
    size_t size = strlen(folder) + strlen(name) + 2;
    char  *text = malloc(size);
    if (!text)
        return error_memory(error, "the names of the images", size);
    snprintf(text, size, "%s%s%s", folder, *folder ? "/" : "", name);
    names->at[names->count++] = text;
    return true;
}

static void free_names(struct names *names)
{
    for (int64_t i = 0; i < names->count; i++)
        free(names->at[i]);
    free(names->at);
    *names = (struct names){0};
}

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void sort_names(struct names *names, int64_t from)
{
    if (names->count > from)
        qsort(names->at + from, (size_t)(names->count - from), sizeof *names->at, compare);
}

/* Files with these endings are images; torchvision reads the last ones as well. */
static const struct { const char *ending; bool read; } endings[] = {
    {".png", true}, {".pgm", true}, {".jpg", false}, {".jpeg", false}, {".ppm", false}, {".bmp", false}, {".tif", false},
    {".tiff", false}, {".webp", false},
};

static bool take_file(struct names *names, const char *folder, const char *name, struct error *error)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++) {
        if (strcasecmp(dot, endings[i].ending) != 0)
            continue;
        if (endings[i].read)
            return add_name(names, folder, name, error);
        error_input(error, "%s/%s: this format of images is not read: only PNG and PGM are", folder, name);
        return error_add(error, "convert the images, or take the file away");
    }
    return true;                        /* something else, as torchvision passes it over */
}

/* Adds the folders of `folder` (classes), or its files. Hidden ones are passed over. */
static bool list(const char *folder, bool classes, struct names *names, struct error *error)
{
    DIR *open = opendir(folder);
    bool good = open || (!classes && errno == ENOENT
                         ? error_input(error, "%s: there is no such folder, but the training part has this class", folder)
                         : error_input(error, "%s: cannot open: %s", folder, strerror(errno)));
    for (struct dirent *entry; good && (entry = readdir(open)) != NULL; ) {
        struct stat info;
        char        path[8192];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &info) != 0)
            good = error_input(error, "%s: cannot open: %s", path, strerror(errno));
        else if (classes)
            good = !S_ISDIR(info.st_mode) || add_name(names, "", entry->d_name, error);
        else if (S_ISDIR(info.st_mode))
            good = error_input(error, "%s: a folder, expected images: the folder of a class holds no other", path);
        else
            good = take_file(names, folder, entry->d_name, error);
    }
    if (open)
        closedir(open);
    return good;
}

/* The class folders of root/train; without that, those of this part. */
static bool list_classes(const char *root, const char *part, struct names *classes, struct error *error)
{
    char        train[4096];
    struct stat info;
    snprintf(train, sizeof train, "%s/train", root);
    const char *folder = stat(train, &info) == 0 ? train : part;
    if (!list(folder, true, classes, error))
        return false;
    sort_names(classes, 0);
    if (classes->count == 0)
        return error_input(error, "%s: no folder in it, expected one for each class", folder);
    return classes->count <= LABELS
        || error_input(error, "%s: found %" PRId64 " classes, expected at most %d", folder, classes->count, LABELS);
}

/* A folder in the test part that is no class of the training part's. */
static bool check_strangers(const struct folder *f, struct error *error)
{
    struct names here = {0};
    bool         good = list(f->path, true, &here, error);
    for (int64_t i = 0; good && i < here.count; i++)
        if (!bsearch(&here.at[i], f->classes.at, (size_t)f->classes.count, sizeof *f->classes.at, compare))
            good = error_input(error, "%s/%s: this class is not among the %" PRId64 " of the training part", f->path,
                               here.at[i], f->classes.count);
    free_names(&here);
    return good;
}

static bool list_files(struct folder *f, struct error *error)
{
    f->ends = calloc((size_t)f->classes.count, sizeof *f->ends);
    if (!f->ends)
        return error_memory(error, "the classes", (size_t)f->classes.count * sizeof *f->ends);
    for (int64_t i = 0; i < f->classes.count; i++) {
        char    folder[8192];
        int64_t before = f->files.count;
        snprintf(folder, sizeof folder, "%s/%s", f->path, f->classes.at[i]);
        if (!list(folder, false, &f->files, error))
            return false;
        if (f->files.count == before)
            return error_input(error, "%s: no image in it, expected PNG or PGM files", folder);
        sort_names(&f->files, before);
        f->ends[i] = f->files.count;
    }
    return true;
}

static bool open_folder(const struct model *model, const char *root, enum part part, struct folder *f,
                        struct error *error)
{
    struct stat info;
    char        found[8192];
    *f = (struct folder){0};
    snprintf(f->path, sizeof f->path, "%s/%s", root, part == PART_TRAIN ? "train" : "test");
    if (stat(f->path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        snprintf(found, sizeof found, "there is no folder %s", f->path);
        data_missing(model, root, part, found, error);
        return error_add(error, "wanted: train/CLASS/FILE.png and test/CLASS/FILE.png, a folder for each class");
    }
    if (!list_classes(root, f->path, &f->classes, error) || !check_strangers(f, error))
        return false;
    if (f->classes.count > model->classes && !model->targets)
        return error_input(error, "%s: found %" PRId64 " classes, but the network gives %" PRId64 " values", root,
                           f->classes.count, model->classes);
    return list_files(f, error);
}

static void close_folder(struct folder *f)
{
    free_names(&f->classes);
    free_names(&f->files);
    free(f->ends);
}

/* Reads a picture in the channels that the model's transforms, if any, want, as planes; NULL where it cannot. */
static uint8_t *read_planes(const struct model *model, const char *path, struct sample_shape *shape, struct error *error)
{
    struct image image;
    bool         any = model->transform_count > 0;      /* size */
    if (!image_read(path, any ? 0 : model->height, any ? 0 : model->width, &image, error))
        return NULL;
    int channels = model_picture_channels(model);
    *shape = (struct sample_shape){channels, (int32_t)image.height, (int32_t)image.width, false};
    uint8_t *planes = malloc((size_t)shape_values(*shape));
    if (planes)
        image_planes(&image, channels, planes);
    else
        error_memory(error, path, (size_t)shape_values(*shape));
    image_free(&image);
    return planes;
}

/* All pictures must have one size when they are prepared. */
static bool check_size(const struct dataset *data, struct sample_shape shape, const char *path, const char *first,
                       struct error *error)
{
    if (shape.height == data->shape.height && shape.width == data->shape.width && shape.channels == data->shape.channels)
        return true;
    error_input(error, "%s: %dx%d pixels in %d channels, but %s has %dx%d in %d", path, shape.height, shape.width,
                shape.channels, first, data->shape.height, data->shape.width, data->shape.channels);
    return error_add(error, "`resize((height, width))` as the first of `transform` makes one size of all");
}

/* Picture i, prepared. The first one says how large all are. */
static bool take_image(const struct model *model, const struct folder *f, int64_t i, struct dataset *data,
                       struct error *error)
{
    const char         *path = f->files.at[i];
    struct sample_shape shape;
    struct dataset      one = {.count = 1, .images = read_planes(model, path, &shape, error)};
    if (!one.images)
        return false;
    one.shape = shape;
    bool good = (i > 0 || data_fits(model, shape, path, error)) && data_prepare(model, &one, path, error);
    if (good && i == 0) {
        data->shape = one.shape;
        data->images = malloc((size_t)(data->count * data_image_bytes(model, data)));
        good = data->images || error_memory(error, f->path, (size_t)(data->count * data_image_bytes(model, data)));
    }
    good = good && check_size(data, one.shape, path, f->files.at[0], error);
    if (good)
        memcpy(data->images + i * data_image_bytes(model, data), one.images, (size_t)data_image_bytes(model, data));
    free(one.images);
    return good;
}

static bool read_images(const struct model *model, const struct folder *f, struct dataset *data, struct error *error)
{
    int64_t class = 0;
    data->count = f->files.count;
    data->labels = malloc((size_t)data->count);
    if (!data->labels)
        return error_memory(error, f->path, (size_t)data->count);
    for (int64_t i = 0; i < data->count; i++) {
        if (!take_image(model, f, i, data, error))
            return false;
        while (i >= f->ends[class])
            class++;
        data->labels[i] = (uint8_t)class;
    }
    return true;
}

bool folder_load(const struct model *model, const char *root, enum part part, struct dataset *data,
                 struct error *error)
{
    struct folder f;
    bool          good = open_folder(model, root, part, &f, error) && read_images(model, &f, data, error);
    close_folder(&f);
    return good;
}

bool folder_count(const struct model *model, const char *root, enum part part, struct dataset *data, struct error *error)
{
    struct folder f;
    bool          good = open_folder(model, root, part, &f, error);
    uint8_t      *first = good ? read_planes(model, f.files.at[0], &data->shape, error) : NULL;
    data->count = f.files.count;
    free(first);
    close_folder(&f);
    return first != NULL;
}

bool folder_classes(const char *root, bool (*add)(void *to, const char *name), void *to)
{
    char         test[4096];
    struct names classes = {0};
    struct error unread;
    bool         good = true;
    snprintf(test, sizeof test, "%s/test", root);
    if (list_classes(root, test, &classes, &unread))
        for (int64_t i = 0; i < classes.count && good; i++)
            good = add(to, classes.at[i]);
    free_names(&classes);
    return good;
}
