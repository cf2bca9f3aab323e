#include "check/check.h"

#include <string.h>

/* Settings of other programs, and of the wrong section. */
static const Known foreign_settings[] = {
    { "batch", "is `batch_size` meant?" },
    { "base_momentum", "it is an argument of the schedule: `lr_scheduler = one_cycle(base_momentum=0.85)`" },
    { "best", "is `keep = best` meant, in `train`?" },
    { "checkpoints", "is `keep = 3` meant, in `train`? The trainer writes them with --checkpoint FILE" },
    { "class_weight", "it is an argument of the loss: `loss = cross_entropy(weight=[1, 2, …])`" },
    { "clip", "is `clip_grad_norm = 1.0` meant, in `train`?" },
    { "clip_grad", "is `clip_grad_norm = 1.0` meant, in `train`?" },
    { "criterion", "the loss is set with `loss = cross_entropy`" },
    { "cycle_momentum", "it is an argument of the schedule: `lr_scheduler = one_cycle(cycle_momentum=false)`" },
    { "dampening", "it is an argument of the optimizer: `optimizer = sgd(lr=0.01, dampening=0.1)`" },
    { "early_stopping", "is `patience = 3` meant, in `train`? Training ends after so many epochs without a better one" },
    { "gamma", "it is an argument of the schedule: `lr_scheduler = step(step_size=5, gamma=0.1)`" },
    { "grad_clip", "is `clip_grad_norm = 1.0` meant, in `train`?" },
    { "label_smoothing", "it is an argument of the loss: `loss = cross_entropy(label_smoothing=0.1)`" },
    { "learning_rate", "it is an argument of the optimizer: `optimizer = sgd(lr=0.01)`" },
    { "lr", "it is an argument of the optimizer: `optimizer = sgd(lr=0.01)`" },
    { "max_momentum", "it is an argument of the schedule: `lr_scheduler = one_cycle(max_momentum=0.95)`" },
    { "mean", "it is an argument of normalize: `transform = [to_tensor, normalize(mean=0.1307, std=0.3081)]`" },
    { "momentum", "it is an argument of the optimizer: `optimizer = sgd(lr=0.01, momentum=0.5)`" },
    { "nesterov", "it is an argument of the optimizer: `optimizer = sgd(lr=0.01, momentum=0.5, nesterov=true)`" },
    { "normalize", "it is part of `transform = [to_tensor, normalize(mean=0.1307, std=0.3081)]`" },
    { "num_workers", "leave it out: no workers are needed to load data" },
    { "schedule", "is `lr_scheduler = cosine` meant, in `train`?" },
    { "scheduler", "is `lr_scheduler = cosine` meant, in `train`?" },
    { "std", "it is an argument of normalize: `transform = [to_tensor, normalize(mean=0.1307, std=0.3081)]`" },
    { "transforms", "is `transform = [to_tensor]` meant, in `data`?" },
    { "val", "is `valid = 5000` meant, in `data`? So many samples of the training part are held out" },
    { "val_size", "is `valid = 5000` meant, in `data`? So many samples of the training part are held out" },
    { "valid_size", "is `valid = 5000` meant, in `data`? So many samples of the training part are held out" },
    { "validation", "is `valid = 5000` meant, in `data`? So many samples of the training part are held out" },
    { "warmup", "it is part of the schedule: `lr_scheduler = [warmup(steps=500), cosine]`" },
    { "weight", "it is an argument of the loss: `loss = cross_entropy(weight=[1, 2, …])`" },
    { "weight_decay", "it is an argument of the optimizer: `optimizer = sgd(lr=0.01, weight_decay=1e-4)`" },
    { NULL, NULL }
};

static int setting_place(const Setting *table, const char *name)
{
    for (int i = 0; table[i].name; i++)
        if (strcmp(table[i].name, name) == 0)
            return i;
    return -1;
}

static void unknown_setting(Checker *c, const Ast *ast, const char *title, const Setting *table)
{
    NameList    list = { 0 };
    bool        section = ast->kind == AST_SECTION;
    const char *what = section ? "section" : "setting";
    const char *hint = known_hint(foreign_settings, ast->text);
    const char *home = NULL;
    for (int i = 0; table[i].name; i++)
        if ((table[i].section != NULL) == section)
            list_add(c->arena, &list, table[i].name);
    if (setting_place(data_settings, ast->text) >= 0)
        home = "data";
    else if (setting_place(train_settings, ast->text) >= 0)
        home = "train";
    if (!hint && !home) {
        report_no_such(c, ast->name_span, title, what, ast->text, names_list(c->arena, &list));
        return;
    }
    diag_error(c->diag, ast->name_span, "%s has no %s `%s`", title, what, ast->text);
    if (home)
        diag_help(c->diag, "it belongs in `%s`", home);
    else
        diag_help(c->diag, "%s", hint);
}

static bool wrong_form(Checker *c, const Ast *ast, const Setting *setting)
{
    bool section = ast->kind == AST_SECTION;
    if (section == (setting->section != NULL))
        return false;
    if (section) {
        diag_error(c->diag, ast->name_span, "%s is a setting, not a section", ast->text);
        diag_help(c->diag, "write `%s = …`", ast->text);
    } else {
        diag_error(c->diag, ast->name_span, "%s is a section, not a setting", ast->text);
        diag_help(c->diag, "write `%s { … }`", ast->text);
    }
    return true;
}

static bool read_setting(Checker *c, const Scope *scope, const char *title, const Setting *table, const Ast *ast,
                         const Ast **given)
{
    int place = setting_place(table, ast->text);
    if (place < 0) {
        unknown_setting(c, ast, title, table);
        return false;
    }
    if (wrong_form(c, ast, &table[place]))
        return false;
    if (given[place]) {
        diag_error(c->diag, ast->name_span, "%s is given twice", ast->text);
        diag_note(c->diag, given[place]->name_span, "here is the first one");
        return true;
    }
    given[place] = ast;
    if (ast->kind == AST_SETTING) {
        table[place].read(c, scope, ast->children.at[0]);
    } else {
        const Ast *inner[16] = { 0 };
        read_settings(c, scope, ast->text, table[place].section, &ast->body, inner);
    }
    return true;
}

bool read_settings(Checker *c, const Scope *outer, const char *title, const Setting *table, const AstList *body,
                   const Ast **given)
{
    Scope scope = { .kind = SCOPE_SECTION, .outer = outer };
    bool  known = true;
    for (int i = 0; i < body->count && !give_up(c); i++) {
        if (body->at[i]->kind == AST_LET)
            define_let(c, &scope, body->at[i]);
        else
            known &= read_setting(c, &scope, title, table, body->at[i], given);
    }
    return known;
}

const Ast *want_call(Checker *c, const Ast *value, const char *what, const char *example)
{
    if (value->kind == AST_CALL || value->kind == AST_NAME)
        return value;
    diag_error(c->diag, value->span, value->kind == AST_STRING ? "%s is written without quotes"
                                                            : "%s is named, with its arguments in parentheses",
               what);
    diag_help(c->diag, "for example `%s`", example);
    return NULL;
}
