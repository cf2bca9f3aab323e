#include "check/check.h"

#include <inttypes.h>
#include <string.h>

/* batch_size where it is left out: PyTorch's 1 would make most trainings slow for no reason. */
static const int64_t DEFAULT_BATCH = 64;

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

static const Setting test_settings[] = {
    { "shuffle", read_test_shuffle, NULL },
    { "batch_size", read_test_batch_size, NULL },
    { NULL, NULL, NULL }
};

const Setting data_settings[] = {
    { "root", read_root, NULL },
    { "download", read_download, NULL },
    { "transform", read_transform, NULL },
    { "target_transform", read_target_transform, NULL },
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
    DATA_ROOT, DATA_BATCH_SIZE = 4, DATA_SHUFFLE, DATA_DROP_LAST, DATA_SAMPLER, DATA_VALID,
    DATA_SETTINGS = sizeof data_settings / sizeof *data_settings
};

/* The section. ---------------------------------------------------------------------------------------------------- */

/* The sampler decides which samples come, so there is no order left to choose: DataLoader refuses both as well. */
static void check_sampler(Checker *c, const Ast *shuffle, const Ast *sampler)
{
    if (!shuffle || !sampler || !c->model->data.shuffle)
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

/* Whether images of so many channels can be loaded. */
static bool check_input(Checker *c)
{
    Shape in = c->input->out;
    if (in.rank != 3 || in.dim[0] <= MOST_CHANNELS)
        return true;
    diag_error(c->diag, c->input_span, "images have at most %d channels, but the input has %" PRId64, MOST_CHANNELS, in.dim[0]);
    return false;
}

void check_data(Checker *c, const Ast *ast)
{
    const Ast *given[DATA_SETTINGS] = { 0 };
    DataSpec  *data = &c->model->data;
    if (!check_input(c))
        return;
    *data = (DataSpec){ .span = ast->span, .name = ast->text, .batch_size = DEFAULT_BATCH };
    data->set = find_dataset(c, ast);
    if (data->set)
        read_dataset(c, ast);
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
    check_samples(c, given[DATA_VALID], given[DATA_BATCH_SIZE], given[DATA_DROP_LAST]);
    bool as_they_are = check_transforms(c);
    if (data->set)
        check_dataset(c, ast, as_they_are);
    c->model->has_data = true;
}
