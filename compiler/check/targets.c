/* target_transform = […]: what becomes of the labels. */
#include "check/check.h"

#include <inttypes.h>
#include <string.h>

enum { LABELS = 256 };

static const ParamDef modulo_params[] = {
    { .name = "divisor", .type = PARAM_INT, .least = 1, .most = LABELS, .help = "labels become the remainder by it" },
    { .name = NULL }
};

static bool read_label(Checker *c, const Scope *scope, const Ast *ast, const char *what, int64_t *label)
{
    return want_int(c, evaluate(c, scope, ast), what, 0, LABELS - 1, label);
}

/* map(4 -> 0, 9 -> 1): labels that it does not name stay. */
static void read_map(Checker *c, const Scope *scope, const Ast *call, int16_t *targets)
{
    static const char example[] = "for example `map(4 -> 0, 9 -> 1)`";
    int16_t    map[LABELS];
    const Ast *first[LABELS] = { NULL };
    bool       good = call->children.count > 0;
    if (!good) {
        diag_error(c->diag, call->span, "map needs the labels that it changes");
        diag_help(c->diag, "%s", example);
    }
    for (int i = 0; i < LABELS; i++)
        map[i] = (int16_t)i;
    for (int i = 0; i < call->children.count; i++) {
        const Ast *argument = call->children.at[i], *arrow = argument->children.at[0];
        int64_t    from, to;
        if (argument->text || arrow->kind != AST_ARROW || !arrow->children.at[0]) {
            diag_error(c->diag, argument->span, "map takes `label -> label`");
            diag_help(c->diag, "%s", example);
            good = false;
            continue;
        }
        bool known = read_label(c, scope, arrow->children.at[0], "a label", &from);
        if (!read_label(c, scope, arrow->children.at[1], "a label", &to) || !known) {
            good = false;
        } else if (first[from]) {
            diag_error(c->diag, arrow->span, "map names the label %" PRId64 " twice", from);
            diag_note(c->diag, first[from]->span, "here is the first one");
            good = false;
        } else {
            first[from] = arrow;
            map[from] = (int16_t)to;
        }
    }
    for (int i = 0; good && i < LABELS; i++)
        targets[i] = map[targets[i]];
}

static void read_modulo(Checker *c, const Scope *scope, const Ast *call, int16_t *targets)
{
    Signature  signature = { "modulo", modulo_params, params_count(modulo_params), false };
    const Arg *args = read_arguments(c, scope, &signature, call->span, &call->children, NULL);
    for (int i = 0; args && i < LABELS; i++)
        targets[i] = (int16_t)(targets[i] % args[0].i[0]);
}

void read_target_transform(Checker *c, const Scope *scope, const Ast *ast)
{
    static const char example[] = "for example `target_transform = [map(4 -> 0, 9 -> 1)]`, or `[modulo(2)]`";
    static const char *const names[] = { "map", "modulo", NULL };
    int errors = diag_errors(c->diag);
    if (ast->kind != AST_LIST || !ast->children.count) {
        diag_error(c->diag, ast->span, ast->kind == AST_LIST ? "target_transform is empty" : "target_transform takes a list");
        diag_help(c->diag, "%s", example);
        return;
    }
    int16_t *targets = arena_alloc(c->arena, LABELS * sizeof *targets);
    for (int i = 0; i < LABELS; i++)
        targets[i] = (int16_t)i;
    for (int i = 0; i < ast->children.count; i++) {
        const Ast *call = want_call(c, ast->children.at[i], "a target transform", "map(4 -> 0, 9 -> 1)");
        if (!call)
            continue;
        if (strcmp(call->text, names[0]) == 0)
            read_map(c, scope, call, targets);
        else if (strcmp(call->text, names[1]) == 0)
            read_modulo(c, scope, call, targets);
        else
            report_unknown(c, call->name_span, &family_target_transforms, call->text, names);
    }
    c->model->data.targets_span = ast->span;
    c->model->data.targets = diag_errors(c->diag) == errors ? targets : NULL;
}

/* EMNIST's letters have the labels 1 to 26. */
static bool has_label(const DataSpec *data, int label)
{
    return label < data->classes && (label || !data->split || strcmp(data->split, "letters") != 0);
}

/* Which of `classes` classes no label becomes: "4 and 7"; how many there are in *count. */
static const char *without_label(Checker *c, int64_t classes, int *count)
{
    enum { SHOWN = 8 };
    const DataSpec *data = &c->model->data;
    NameList        names = { 0 };
    bool            has[LABELS] = { false };
    *count = 0;
    for (int label = 0; label < LABELS; label++)
        if (has_label(data, label))
            has[data->targets[label]] = true;
    for (int64_t class = 0; class < classes; class++)
        if ((class >= LABELS || !has[class]) && ++*count <= SHOWN)
            list_add(c->arena, &names, arena_printf(c->arena, "%" PRId64, class));
    if (*count > SHOWN)
        list_add(c->arena, &names, arena_printf(c->arena, "%d more", *count - SHOWN));
    return join_names(c->arena, names_list(c->arena, &names), " and ");
}

void check_targets(Checker *c)
{
    const DataSpec *data = &c->model->data;
    Shape           out = c->output->out;
    int             label = 0, none;
    if (!data->classes || out.rank != 1)
        return;
    for (int i = 1; i < LABELS; i++)
        if (has_label(data, i) && (!has_label(data, label) || data->targets[i] > data->targets[label]))
            label = i;
    if (data->targets[label] >= out.dim[0]) {
        diag_error(c->diag, c->output->span, "the label %d becomes class %d, but the network gives %" PRId64 " value%s", label,
                   data->targets[label], out.dim[0], out.dim[0] == 1 ? "" : "s");
        diag_note(c->diag, data->targets_span, "labels are changed here");
        diag_help(c->diag, "let the last layer give one value for each class: `linear(-> %d)`", data->targets[label] + 1);
        return;
    }
    const char *classes = without_label(c, out.dim[0], &none);
    if (!none)
        return;
    diag_error(c->diag, data->targets_span, "the network gives %" PRId64 " classes, but class%s %s get%s no label", out.dim[0],
               none == 1 ? "" : "es", classes, none == 1 ? "s" : "");
    diag_note(c->diag, c->output->span, "the network's last layer is here");
    diag_help(c->diag, "%s", data->targets[label] + 1 == out.dim[0] ? "labels are to become each class from 0 on" :
              arena_printf(c->arena, "let the last layer give one value for each class: `linear(-> %d)`",
                           data->targets[label] + 1));
}
