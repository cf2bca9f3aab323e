#include "check/check.h"

#include <ctype.h>
#include <string.h>

/* The loss. ------------------------------------------------------------------------------------------------------- */

static void read_loss(Checker *c, const Scope *scope, const Ast *ast)
{
    NameList   list = { 0 };
    const Ast *call = want_call(c, ast, "a loss", "loss = cross_entropy");
    if (!call)
        return;
    const Op *op = op_find(call->text, true);
    for (int i = 0; all_ops[i]; i++)
        if (all_ops[i]->is_loss)
            list_add(c->arena, &list, all_ops[i]->name);
    if (!op) {
        report_unknown(c, call->name_span, &family_losses, call->text, names_list(c->arena, &list));
        return;
    }
    Signature signature = { op->name, op->params, params_count(op->params), false };
    Layer    *loss = NEW(c->arena, Layer);
    *loss = (Layer){ .op = op, .name = op->name, .span = call->span, .from_span = call->span };
    loss->args = read_arguments(c, scope, &signature, call->span, &call->children, loss);
    list_add(c->arena, &loss->in, c->output);
    if (loss->args && c->output->out.rank)
        op->shape(c->arena, loss, c->diag);
    c->model->train.loss = op;
    c->model->train.loss_layer = loss;
    if (loss->args)
        c->model->train.label_smoothing = layer_arg(loss, "label_smoothing")->real;
    if (loss->args && layer_arg(loss, "weight")->count)
        c->model->train.class_weights = layer_arg(loss, "weight")->numbers;
}

/* The optimizer. -------------------------------------------------------------------------------------------------- */

static const ParamDef sgd_params[] = {
    { .name = "lr", .type = PARAM_REAL, .fallback = "0.001", .help = "learning rate" },
    { .name = "momentum", .type = PARAM_REAL, .fallback = "0", .help = "how much of the last step is kept" },
    { .name = "dampening", .type = PARAM_REAL, .fallback = "0", .help = "how much of a gradient momentum leaves out" },
    { .name = "weight_decay", .type = PARAM_REAL, .fallback = "0", .help = "pulls weights towards zero" },
    { .name = "nesterov", .type = PARAM_BOOL, .fallback = "false", .help = "Nesterov's momentum" },
    { .name = NULL }
};

enum { SGD_LR, SGD_MOMENTUM, SGD_DAMPENING, SGD_WEIGHT_DECAY, SGD_NESTEROV };

static const char *const optimizers[] = { "sgd", NULL };

static void check_nesterov(Checker *c, const Arg *args)
{
    const Arg *momentum = &args[SGD_MOMENTUM], *dampening = &args[SGD_DAMPENING];
    if (!args[SGD_NESTEROV].i[0])
        return;
    if (momentum->real == 0) {
        diag_error(c->diag, args[SGD_NESTEROV].span, "nesterov needs a momentum, but momentum is 0");
        if (momentum->given)
            diag_note(c->diag, momentum->span, "momentum is given here");
        diag_help(c->diag, "for example `sgd(lr=0.01, momentum=0.9, nesterov=true)`");
    }
    if (dampening->real != 0) {
        diag_error(c->diag, dampening->span, "with nesterov, dampening must be 0, but it is %g", dampening->real);
        diag_note(c->diag, args[SGD_NESTEROV].span, "nesterov is given here");
    }
}

static void read_optimizer(Checker *c, const Scope *scope, const Ast *ast)
{
    const Ast *call = want_call(c, ast, "an optimizer", "optimizer = sgd(lr=0.01)");
    if (!call)
        return;
    if (strcmp(call->text, "sgd") != 0) {
        report_unknown(c, call->name_span, &family_optimizers, call->text, optimizers);
        return;
    }
    Signature signature = { "sgd", sgd_params, params_count(sgd_params), false };
    const Arg *args = read_arguments(c, scope, &signature, call->span, &call->children, NULL);
    if (!args)
        return;
    check_nesterov(c, args);
    c->model->train.sgd = (Sgd){ .lr = args[SGD_LR].real, .momentum = args[SGD_MOMENTUM].real,
                                 .dampening = args[SGD_DAMPENING].real, .weight_decay = args[SGD_WEIGHT_DECAY].real,
                                 .nesterov = args[SGD_NESTEROV].i[0] };
}

/* The device. ----------------------------------------------------------------------------------------------------- */

enum { MOST_DEVICE = 1023 };

static const char *const device_words[] = { "auto", "cpu", "cuda", NULL };

/* A word, or "cuda:" and numbers with commas between; *why says what is wrong with the numbers. */
static bool is_device(const char *text, const char **why)
{
    bool seen[MOST_DEVICE + 1] = { false };
    for (const char *const *word = device_words; *word; word++)
        if (strcmp(*word, text) == 0)
            return true;
    if (strncmp(text, "cuda:", strlen("cuda:")) != 0)
        return false;
    text += strlen("cuda:");
    do {
        int number = 0;
        *why = "after `cuda:` come the numbers of devices, with commas between";
        if (!isdigit((unsigned char)*text))
            return false;
        for (; isdigit((unsigned char)*text); text++) {
            number = 10 * number + *text - '0';
            if (number > MOST_DEVICE) {
                *why = "no machine has a device of this number";
                return false;
            }
        }
        if (seen[number]) {
            *why = "it names a device twice";
            return false;
        }
        seen[number] = true;
    } while (*text++ == ',');
    return !text[-1];
}

static void read_device(Checker *c, const Scope *scope, const Ast *ast)
{
    static const char choices[] = "`auto`, `cpu`, `cuda`, `\"cuda:1\"` or `\"cuda:0,1\"`";
    const char *text = ast->text, *why = NULL;
    if (ast->kind != AST_NAME || find_let(scope, ast->text, ast->span.begin)) {
        Value value = evaluate(c, scope, ast);
        text = value.kind == VALUE_STRING ? value.text : NULL;
        if (!text) {
            wrong_type(c, value, "device", choices);
            return;
        }
    }
    if (is_device(text, &why)) {
        c->model->train.device = text;
        return;
    }
    const char *near = strcmp(text, "gpu") ? nearest_name(text, device_words) : "cuda";
    diag_error(c->diag, ast->span, "device takes %s, not `%s`", choices, text);
    if (why)
        diag_help(c->diag, "%s", why);
    else if (near)
        diag_help(c->diag, "is `%s` meant?", near);
}

enum { MOST_CHECKPOINTS = 1000 };

/* The section. ---------------------------------------------------------------------------------------------------- */

static void read_epochs(Checker *c, const Scope *scope, const Ast *ast)
{
    want_int(c, evaluate(c, scope, ast), "epochs", 1, MOST_INT, &c->model->train.epochs);
}

static void read_seed(Checker *c, const Scope *scope, const Ast *ast)
{
    int64_t seed;
    if (want_int(c, evaluate(c, scope, ast), "seed", 0, INT64_MAX, &seed))
        c->model->train.seed = (uint64_t)seed;
}

static void read_clip_grad_norm(Checker *c, const Scope *scope, const Ast *ast)
{
    Value value = evaluate(c, scope, ast);
    if (!want_real(c, value, "clip_grad_norm", 0, MOST_REAL, &c->model->train.clip_grad_norm) || value.real > 0)
        return;
    diag_error(c->diag, value.span, "clip_grad_norm must be greater than 0, but it is %g", value.real);
    note_origin(c, value);
    diag_help(c->diag, "leave it out, and gradients are not clipped");
}

static void read_keep(Checker *c, const Scope *scope, const Ast *ast)
{
    static const char choices[] = "`best`, `last` or how many checkpoints are kept";
    static const char *const words[] = { "last", "best", NULL };
    TrainSpec *train = &c->model->train;
    if (ast->kind == AST_NAME && !find_let(scope, ast->text, ast->span.begin)) {
        for (int i = 0; words[i]; i++)
            if (strcmp(words[i], ast->text) == 0) {
                train->keep = i ? KEEP_BEST : KEEP_LAST;
                return;
            }
        const char *near = nearest_name(ast->text, words);
        diag_error(c->diag, ast->span, "keep takes %s, not `%s`", choices, ast->text);
        if (near)
            diag_help(c->diag, "is `%s` meant?", near);
        return;
    }
    Value value = evaluate(c, scope, ast);
    if (value.kind == VALUE_INT)
        want_int(c, value, "keep", 1, MOST_CHECKPOINTS, &train->checkpoints);
    else
        wrong_type(c, value, "keep", choices);
}

static void read_patience(Checker *c, const Scope *scope, const Ast *ast)
{
    want_int(c, evaluate(c, scope, ast), "patience", 1, MOST_INT, &c->model->train.patience);
}

const Setting train_settings[] = {
    { "loss", read_loss, NULL },
    { "optimizer", read_optimizer, NULL },
    { "lr_scheduler", read_lr_scheduler, NULL },
    { "clip_grad_norm", read_clip_grad_norm, NULL },
    { "keep", read_keep, NULL },
    { "patience", read_patience, NULL },
    { "epochs", read_epochs, NULL },
    { "device", read_device, NULL },
    { "seed", read_seed, NULL },
    { NULL, NULL, NULL }
};

enum { TRAIN_LOSS, TRAIN_OPTIMIZER, TRAIN_SETTINGS = sizeof train_settings / sizeof *train_settings };

static void check_learnables(Checker *c, const Ast *ast)
{
    for (int i = 0; i < c->model->layers.count; i++)
        if (c->model->layers.at[i]->learnables.count)
            return;
    diag_error(c->diag, c->net->name_span, "the net `%s` has nothing to learn: no layer has parameters", c->net->text);
    diag_note(c->diag, ast->span, "training is asked for here");
    diag_help(c->diag, "for example, `linear(-> 10)` has parameters");
}

void check_train(Checker *c, const Ast *ast)
{
    const Ast *given[TRAIN_SETTINGS] = { 0 };
    c->model->train = (TrainSpec){ .span = ast->span, .checkpoints = 1, .epochs = 1, .device = "auto",
                                    .seed = 1 };
    bool known = read_settings(c, c->file, "train", train_settings, &ast->body, given);
    if (known && !given[TRAIN_LOSS]) {
        diag_error(c->diag, ast->span, "train needs a loss");
        diag_help(c->diag, "write `loss = cross_entropy`");
    }
    if (known && !given[TRAIN_OPTIMIZER]) {
        diag_error(c->diag, ast->span, "train needs an optimizer");
        diag_help(c->diag, "for example `optimizer = sgd(lr=0.01, momentum=0.5)`");
    }
    if (c->output->out.rank)
        check_learnables(c, ast);
    c->model->has_train = true;
}
