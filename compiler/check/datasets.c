/* The datasets, and what of them is known before their files are opened. */
#include "check/check.h"

#include <inttypes.h>
#include <string.h>

static const Dataset datasets[] = {
    { .name = "mnist", .title = "MNIST", .downloads = true, .image = { 3, { 1, 28, 28 } }, .classes = 10,
      .samples = 60000 },
    { .name = "fashion_mnist", .title = "Fashion-MNIST", .downloads = true, .image = { 3, { 1, 28, 28 } },
      .classes = 10, .samples = 60000 },
    { .name = "kmnist", .title = "KMNIST", .downloads = true, .image = { 3, { 1, 28, 28 } }, .classes = 10,
      .samples = 60000 },
    { .name = "emnist", .title = "EMNIST", .downloads = true, .image = { 3, { 1, 28, 28 } }, .split = true },
    { .name = "cifar10", .title = "CIFAR-10", .downloads = true, .image = { 3, { 3, 32, 32 } }, .classes = 10,
      .samples = 50000 },
    { .name = "idx" },
    { .name = "folder", .pictures = true },
};

enum { DATASETS = sizeof datasets / sizeof *datasets };

static const char *const emnist_splits[] = { "balanced", "byclass", "bymerge", "digits", "letters", "mnist", NULL };

/* Of each split. The letters have the labels 1 to 26, as in their files and in torchvision: class 0 has no sample. */
static const int64_t emnist_classes[] = { 47, 62, 47, 10, 27, 10 };
static const int64_t emnist_samples[] = { 112800, 697932, 697932, 240000, 124800, 60000 };

static const ParamDef emnist_params[] = {
    { .name = "split", .type = PARAM_WORD, .words = emnist_splits, .help = "which part of EMNIST" },
    { .name = NULL }
};

const Dataset *find_dataset(Checker *c, const Ast *ast)
{
    NameList list = { 0 };
    for (int i = 0; i < DATASETS; i++) {
        if (strcmp(datasets[i].name, ast->text) == 0)
            return &datasets[i];
        list_add(c->arena, &list, datasets[i].name);
    }
    report_unknown(c, ast->name_span, &family_datasets, ast->text, names_list(c->arena, &list));
    return NULL;
}

static void read_split(Checker *c, const Ast *ast)
{
    if (!ast->children.count) {
        diag_error(c->diag, ast->span, "emnist is several datasets: say which one");
        diag_help(c->diag, "for example `data emnist(balanced)`; there are %s",
                  join_names(c->arena, emnist_splits, " and "));
        return;
    }
    Signature  signature = { "emnist", emnist_params, params_count(emnist_params), false };
    const Arg *args = read_arguments(c, c->file, &signature, ast->span, &ast->children, NULL);
    if (!args)
        return;
    c->model->data.split = emnist_splits[args[0].i[0]];
    c->model->data.samples = emnist_samples[args[0].i[0]];
    c->model->data.classes = emnist_classes[args[0].i[0]];
}

static void check_images(Checker *c, const Ast *ast, const Dataset *set)
{
    Shape   in = c->input->out;
    int64_t pixels = set->image.dim[0] * set->image.dim[1] * set->image.dim[2];
    if (!in.rank || shape_equal(in, set->image) || (in.rank == 1 && in.dim[0] == pixels))
        return;
    diag_error(c->diag, c->input_span, "the images of %s are %s, but the input is %s", set->title,
               shape_text(c->arena, set->image), shape_text(c->arena, in));
    diag_note(c->diag, ast->name_span, "%s is chosen here", set->title);
    diag_help(c->diag, "write `input %s`, or `input %" PRId64 "` for rows of pixels", shape_text(c->arena, set->image),
              pixels);
}

static void check_classes(Checker *c, const Ast *ast, const Dataset *set)
{
    int64_t     classes = c->model->data.classes;
    const char *split = c->model->data.split;
    const char *title = split ? arena_printf(c->arena, "%s(%s)", ast->text, split) : set->title;
    Shape       out = c->output->out;
    if (out.rank != 1 || out.dim[0] >= classes)
        return;
    diag_error(c->diag, c->output->span, "%s has %" PRId64 " classes, but the network gives %" PRId64 " value%s", title,
               classes, out.dim[0], out.dim[0] == 1 ? "" : "s");
    diag_note(c->diag, ast->name_span, "%s is chosen here", set->title);
    if (split && strcmp(split, "letters") == 0 && out.dim[0] == classes - 1)
        diag_help(c->diag, "the labels of the letters are 1 to 26, as in torchvision: 0 is a class without samples");
    diag_help(c->diag, "let the last layer give one value for each class: `linear(-> %" PRId64 ")`", classes);
}

/* Pictures become one channel or three. */
static void check_pictures(Checker *c, const Ast *ast)
{
    Shape in = c->input->out;
    if (!in.rank || (in.rank == 3 && (in.dim[0] == 1 || in.dim[0] == 3)))
        return;
    diag_error(c->diag, c->input_span, "data folder gives images of 1 channel (grey) or 3 (colour), but the input is %s",
               shape_text(c->arena, in));
    diag_note(c->diag, ast->name_span, "the dataset is chosen here");
    diag_help(c->diag, "for example `input 3x32x32`%s", in.rank == 1 ? ", and `flatten` before the first linear layer" : "");
}

void read_dataset(Checker *c, const Ast *ast)
{
    DataSpec *data = &c->model->data;
    Signature none = { data->set->name, NULL, 0, false };
    data->samples = data->set->samples;
    data->classes = data->set->classes;
    if (data->set->split)
        read_split(c, ast);
    else
        read_arguments(c, c->file, &none, ast->span, &ast->children, NULL);
}

void check_dataset(Checker *c, const Ast *ast, bool same_images)
{
    const Dataset *set = c->model->data.set;
    if (set->pictures)
        check_pictures(c, ast);
    if (set->image.rank && same_images)
        check_images(c, ast, set);
    if (c->model->data.targets)
        check_targets(c);
    else if (c->model->data.classes && !c->model->data.targets_span.end)
        check_classes(c, ast, set);
}
