#include "check/check.h"

#include <inttypes.h>
#include <string.h>

/* batch_size where it is left out: PyTorch's 1 would make most trainings slow for no reason. */
static const int64_t DEFAULT_BATCH = 64;

/* A 32-bit float divided by less may be infinite. */
static const double LEAST_STD = 1e-30;

enum { MOST_CHANNELS = 65536 };

/* Settings. ------------------------------------------------------------------------------------------------------- */

static void read_root(Checker *c, const Scope *scope, const Ast *ast)
{
    if (ast->kind == AST_NAME && !find_let(scope, ast->text, ast->span.begin)) {
        diag_error(c->diag, ast->span, "root takes a string in double quotes");
        diag_help(c->diag, "write `root = \"%s\"`", ast->text);
        return;
    }
    Value value = evaluate(c, scope, ast);
    if (value.kind != VALUE_STRING)
        wrong_type(c, value, "root", "a string, the folder of the data");
    else if (!*value.text)
        diag_error(c->diag, value.span, "root is empty: it names the folder of the data");
    else
        c->model->data.root = value.text;
}

static void read_download(Checker *c, const Scope *scope, const Ast *ast)
{
    DataSpec *data = &c->model->data;
    if (!want_bool(c, evaluate(c, scope, ast), "download", &data->download))
        return;
    if (data->download && data->set && !data->set->downloads)
        diag_error(c->diag, ast->span, "data %s reads your own files: there is nothing to download", data->name);
}

static void read_batch_size(Checker *c, const Scope *scope, const Ast *ast)
{
    want_int(c, evaluate(c, scope, ast), "batch_size", 1, MOST_INT, &c->model->data.batch_size);
}

static void read_shuffle(Checker *c, const Scope *scope, const Ast *ast)
{
    want_bool(c, evaluate(c, scope, ast), "shuffle", &c->model->data.shuffle);
}

static void read_drop_last(Checker *c, const Scope *scope, const Ast *ast)
{
    want_bool(c, evaluate(c, scope, ast), "drop_last", &c->model->data.drop_last);
}

static void read_valid(Checker *c, const Scope *scope, const Ast *ast)
{
    want_int(c, evaluate(c, scope, ast), "valid", 0, MOST_INT, &c->model->data.valid);
}

static void read_sampler(Checker *c, const Scope *scope, const Ast *ast)
{
    static const char *const samplers[] = { "balanced", NULL };
    const Ast *call = want_call(c, ast, "a sampler", "sampler = balanced");
    (void)scope;
    if (!call)
        return;
    if (strcmp(call->text, samplers[0]) != 0)
        report_unknown(c, call->name_span, &family_samplers, call->text, samplers);
    else if (call->children.count)
        diag_error(c->diag, call->span, "balanced takes no arguments");
    else
        c->model->data.balanced = true;
}

static void read_test_batch_size(Checker *c, const Scope *scope, const Ast *ast)
{
    want_int(c, evaluate(c, scope, ast), "batch_size", 1, MOST_INT, &c->model->data.test_batch_size);
}

static void read_test_shuffle(Checker *c, const Scope *scope, const Ast *ast)
{
    want_bool(c, evaluate(c, scope, ast), "shuffle", &c->model->data.test_shuffle);
}

/* Transforms. ----------------------------------------------------------------------------------------------------- */

static const char *const transforms[] = { "to_tensor", "normalize", NULL };

static const ParamDef normalize_params[] = {
    { .name = "mean", .type = PARAM_REAL, .help = "what is subtracted: one number, or one for each channel" },
    { .name = "std", .type = PARAM_REAL, .help = "what is divided by: one number, or one for each channel" },
    { .name = NULL }
};

/* The channels of the input; 0 where it is not known. Rows of features are images of one channel. */
static int64_t channels_of(const Checker *c)
{
    return c->input->out.rank == 3 ? c->input->out.dim[0] : c->input->out.rank;
}

static bool check_channels(Checker *c, Value value, const char *what)
{
    int64_t channels = channels_of(c);
    if (!channels || value.count == 1 || value.count == channels)
        return true;
    diag_error(c->diag, value.span, "%s has %d values, but the input %s has %" PRId64 " channel%s", what, value.count,
               shape_text(c->arena, c->input->out), channels, channels == 1 ? "" : "s");
    diag_note(c->diag, c->input_span, "the input is given here");
    return false;
}

/* A number, or a list of one for each channel; NULL after a report. */
static const Value *channel_values(Checker *c, const Scope *scope, const Ast *ast, const char *what, int *count)
{
    Value  value = evaluate(c, scope, ast);
    Value *items = arena_alloc(c->arena, sizeof *items * (value.count ? (size_t)value.count : 1));
    double number;
    *count = 1;
    if (value.kind == VALUE_LIST || value.kind == VALUE_TUPLE) {
        if (!check_channels(c, value, what))
            return NULL;
        memcpy(items, value.items, (size_t)value.count * sizeof *items);
        *count = value.count;
    } else if (value.kind == VALUE_INT || value.kind == VALUE_REAL) {
        items[0] = value;
    } else {
        wrong_type(c, value, what, "a number or a list of one for each channel");
        return NULL;
    }
    for (int i = 0; i < *count; i++)
        if (!want_real(c, items[i], what, -MOST_REAL, MOST_REAL, &number))
            return NULL;
    return items;
}

static void set_normalize(Checker *c, const Value *mean, int means, const Value *std, int stds)
{
    Normalize *normalize = c->model->data.normalize;
    for (int64_t i = 0; i < channels_of(c); i++)
        normalize[i] = (Normalize){ mean[means > 1 ? i : 0].real, std[stds > 1 ? i : 0].real };
}

static void read_normalize(Checker *c, const Scope *scope, const Ast *ast)
{
    Signature  signature = { "normalize", normalize_params, params_count(normalize_params), false };
    const Ast *bound[2] = { 0 }, *sizes = NULL;
    int        means, stds;
    if (!bind_arguments(c, &signature, ast->span, &ast->children, bound, &sizes))
        return;
    const Value *mean = channel_values(c, scope, bound[0]->children.at[0], "mean", &means);
    const Value *std = channel_values(c, scope, bound[1]->children.at[0], "std", &stds);
    if (!mean || !std)
        return;
    for (int i = 0; i < stds; i++) {
        if (std[i].real >= LEAST_STD)
            continue;
        diag_error(c->diag, std[i].span, "std must be greater than 0, as the images are divided by it, but it is %g",
                   std[i].real);
        note_origin(c, std[i]);
        return;
    }
    set_normalize(c, mean, means, std, stds);
}

static void read_transform(Checker *c, const Scope *scope, const Ast *ast)
{
    static const char usual[] = "`transform = [to_tensor, normalize(mean=0.1307, std=0.3081)]`";
    const Ast *normalize = NULL;
    if (ast->kind != AST_LIST) {
        diag_error(c->diag, ast->span, "transform takes a list");
        diag_help(c->diag, "for example %s", usual);
        return;
    }
    for (int i = 0; i < ast->children.count; i++) {
        const Ast *item = want_call(c, ast->children.at[i], "a transform", "normalize(mean=0.1307, std=0.3081)");
        if (!item)
            continue;
        bool to_tensor = strcmp(item->text, "to_tensor") == 0;
        if (!to_tensor && strcmp(item->text, "normalize") != 0) {
            report_unknown(c, item->name_span, &family_transforms, item->text, transforms);
        } else if (to_tensor && item->children.count) {
            diag_error(c->diag, item->span, "to_tensor takes no arguments");
        } else if (to_tensor != (i == 0)) {
            diag_error(c->diag, item->span, to_tensor ? "to_tensor comes first, and once"
                                                      : "normalize comes after `to_tensor`");
            diag_help(c->diag, "for example %s", usual);
        } else if (!to_tensor && normalize) {
            diag_error(c->diag, item->span, "normalize is given twice");
            diag_note(c->diag, normalize->span, "here is the first one");
        } else if (!to_tensor) {
            normalize = item;
            read_normalize(c, scope, item);
        }
    }
    if (!ast->children.count) {
        diag_error(c->diag, ast->span, "transform is empty: `to_tensor` comes first");
        diag_help(c->diag, "for example %s", usual);
    }
}

static const Setting test_settings[] = {
    { "shuffle", read_test_shuffle, NULL },
    { "batch_size", read_test_batch_size, NULL },
    { NULL, NULL, NULL }
};

const Setting data_settings[] = {
    { "root", read_root, NULL },
    { "download", read_download, NULL },
    { "transform", read_transform, NULL },
    { "batch_size", read_batch_size, NULL },
    { "shuffle", read_shuffle, NULL },
    { "drop_last", read_drop_last, NULL },
    { "sampler", read_sampler, NULL },
    { "valid", read_valid, NULL },
    { "test", NULL, test_settings },
    { NULL, NULL, NULL }
};

/* Places in data_settings. */
enum {
    DATA_ROOT, DATA_BATCH_SIZE = 3, DATA_SHUFFLE, DATA_DROP_LAST, DATA_SAMPLER, DATA_VALID,
    DATA_SETTINGS = sizeof data_settings / sizeof *data_settings
};

/* The section. ---------------------------------------------------------------------------------------------------- */

/* The sampler decides which samples come, so there is no order left to choose: DataLoader refuses both as well. */
static void check_sampler(Checker *c, const Ast *shuffle, const Ast *sampler)
{
    if (!shuffle || !sampler)
        return;
    diag_error(c->diag, shuffle->span, "shuffle and sampler cannot be given together: the sampler draws samples at random, "
               "each class as often");
    diag_note(c->diag, sampler->span, "the sampler is given here");
    diag_help(c->diag, "leave `shuffle` out");
}

/* Whether there is something to train with, as far as the dataset's size is known. */
static void check_samples(Checker *c, const Ast *valid, const Ast *batch_size, const Ast *drop_last)
{
    const DataSpec *data = &c->model->data;
    int64_t         left = data->samples - data->valid;
    if (!data->samples)
        return;
    if (valid && left < 1) {
        diag_error(c->diag, valid->children.at[0]->span, "valid = %" PRId64 " leaves nothing to train with: %s has %" PRId64
                   " training samples", data->valid, data->set->title, data->samples);
    } else if (data->drop_last && left < data->batch_size) {
        diag_error(c->diag, drop_last->span, "an epoch would have no batch: %" PRId64 " training samples are fewer than "
                   "batch_size = %" PRId64 ", and drop_last leaves them out", left, data->batch_size);
        if (batch_size)
            diag_note(c->diag, batch_size->span, "batch_size is given here");
    }
}

void check_data(Checker *c, const Ast *ast)
{
    const Ast *given[DATA_SETTINGS] = { 0 };
    DataSpec  *data = &c->model->data;
    if (channels_of(c) > MOST_CHANNELS) {
        diag_error(c->diag, c->input_span, "images have at most %d channels, but the input has %" PRId64, MOST_CHANNELS,
                   channels_of(c));
        return;
    }
    int64_t channels = channels_of(c);
    *data = (DataSpec){ .span = ast->span, .name = ast->text, .batch_size = DEFAULT_BATCH };
    data->normalize = arena_alloc(c->arena, (size_t)(channels + 1) * sizeof *data->normalize);
    for (int64_t i = 0; i < channels; i++)
        data->normalize[i] = (Normalize){ 0, 1 };
    data->set = find_dataset(c, ast);
    bool settings_known = read_settings(c, c->file, "data", data_settings, &ast->body, given);
    if (!data->test_batch_size)
        data->test_batch_size = data->batch_size;
    if (data->set && settings_known && !data->set->downloads && !given[DATA_ROOT]) {
        diag_error(c->diag, ast->name_span, "data %s needs `root`, the folder of its files", ast->text);
        diag_help(c->diag, "for example `root = \"data/my_images\"`");
    }
    if (!data->root)
        data->root = arena_printf(c->arena, "data/%s", ast->text);
    check_sampler(c, given[DATA_SHUFFLE], given[DATA_SAMPLER]);
    if (data->set)
        check_dataset(c, ast);
    check_samples(c, given[DATA_VALID], given[DATA_BATCH_SIZE], given[DATA_DROP_LAST]);
    c->model->has_data = true;
}
