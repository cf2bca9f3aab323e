#include "check/check.h"

#include <stdlib.h>
#include <string.h>

int params_count(const ParamDef *params)
{
    int count = 0;
    while (params && params[count].name)
        count++;
    return count;
}

/* Binding. -------------------------------------------------------------------------------------------------------- */

/* "conv2d(in -> out, kernel_size, stride=1, …)" */
static const char *signature_text(Checker *c, const Signature *signature)
{
    const char *text = arena_printf(c->arena, "%s(%s", signature->name, signature->takes_sizes ? "in -> out" : "");
    for (int i = 0; i < signature->count; i++) {
        const ParamDef *def = &signature->params[i];
        const char     *comma = i || signature->takes_sizes ? ", " : "";
        if (def->fallback)
            text = arena_printf(c->arena, "%s%s%s=%s", text, comma, def->name,
                                def->fallback + (def->fallback[0] == '='));
        else
            text = arena_printf(c->arena, "%s%s%s%s", text, comma, def->name, def->named_only ? "=…" : "");
    }
    return arena_printf(c->arena, "%s)", text);
}

static void help_with_signature(Checker *c, const Signature *signature)
{
    if (signature->count || signature->takes_sizes)
        diag_help(c->diag, "it is `%s`", signature_text(c, signature));
}

/* What the user wrote there, if it is short. */
static const char *source_text(Checker *c, Span span)
{
    size_t length = span.end - span.begin;
    return length > 30 ? "…" : arena_copy(c->arena, c->source->text + span.begin, length);
}

static const Known foreign_arguments[] = {
    { "antialias", "leave it out: images are always resized bilinearly, with antialias" },
    { "center", "leave it out: images are turned about their centre" },
    { "dtype", "netc computes in 32-bit floats" },
    { "expand", "leave it out: a turned image keeps its size; `pad` before it leaves nothing out" },
    { "inplace", "leave it out: netc finds out by itself what can be computed in place" },
    { "in_channels", "sizes come first and without names, `in -> out`" },
    { "in_features", "sizes come first and without names, `in -> out`" },
    { "out_channels", "sizes come first and without names, `in -> out`" },
    { "interpolation", "leave it out: images are always resized bilinearly, with antialias" },
    { "learning_rate", "is `lr` meant?" },
    { "max_size", "leave it out: `center_crop` behind `resize` bounds the longer side" },
    { "out_features", "sizes come first and without names, `in -> out`" },
    { NULL, NULL }
};

static void unknown_argument(Checker *c, const Signature *signature, const Ast *argument)
{
    const char *hint = known_hint(foreign_arguments, argument->text);
    if (hint) {
        diag_error(c->diag, argument->name_span, "%s has no argument `%s`", signature->name, argument->text);
        diag_help(c->diag, "%s", hint);
        return;
    }
    NameList list = { 0 };
    for (int i = 0; i < signature->count; i++)
        list_add(c->arena, &list, signature->params[i].name);
    report_no_such(c, argument->name_span, signature->name, "argument", argument->text, names_list(c->arena, &list));
}

/* A number stands where `in -> out` should: PyTorch's (in, out, …) most likely. Returns how many arguments that is. */
static int missing_arrow(Checker *c, const Signature *signature, const AstList *arguments, int at)
{
    const Ast *first = arguments->at[at];
    const Ast *second = at + 1 < arguments->count ? arguments->at[at + 1] : NULL;
    bool       both = second && !second->text && second->children.at[0]->kind != AST_ARROW;
    diag_error(c->diag, both ? span_join(first->span, second->span) : first->span,
               "the arguments of %s begin with its sizes, `in -> out`", signature->name);
    if (both)
        diag_help(c->diag, "write `%s -> %s`", source_text(c, first->span), source_text(c, second->span));
    else
        diag_help(c->diag, "`-> %s` takes what comes in and gives %s", source_text(c, first->span),
                  source_text(c, first->span));
    return both ? 2 : 1;
}

static bool bind_arrow(Checker *c, const Signature *signature, const Ast *argument, int place, const Ast **sizes)
{
    if (!signature->takes_sizes)
        diag_error(c->diag, argument->span, "%s takes no sizes: `->` does not belong here", signature->name);
    else if (place > 0 && *sizes)
        diag_error(c->diag, argument->span, "the sizes of %s are given twice", signature->name);
    else if (place > 0)
        diag_error(c->diag, argument->span, "the sizes of %s come first", signature->name);
    else
        return *sizes = argument->children.at[0], true;
    if (!signature->takes_sizes)
        help_with_signature(c, signature);
    return false;
}

static bool bind_named(Checker *c, const Signature *signature, const Ast *argument, const Ast **bound)
{
    for (int i = 0; i < signature->count; i++) {
        if (strcmp(signature->params[i].name, argument->text) != 0)
            continue;
        if (!bound[i])
            return bound[i] = argument, true;
        diag_error(c->diag, argument->span, "%s is given twice", argument->text);
        diag_note(c->diag, bound[i]->span, bound[i]->text ? "here is the first one"
                                                          : "here it is given first, by its place");
        return false;
    }
    unknown_argument(c, signature, argument);
    return false;
}

static void superfluous(Checker *c, const Signature *signature, const Ast *argument, int places)
{
    const ParamDef *next = places < signature->count ? &signature->params[places] : NULL;
    if (signature->count == 0 && !signature->takes_sizes)
        diag_error(c->diag, argument->span, "%s takes no arguments", signature->name);
    else if (next)
        diag_error(c->diag, argument->span, "%s can only be given by name: `%s=…`", next->name, next->name);
    else
        diag_error(c->diag, argument->span, "%s takes no more arguments", signature->name);
    help_with_signature(c, signature);
}

static bool report_missing(Checker *c, const Signature *signature, Span span, const Ast **bound, const Ast *sizes)
{
    const char *missing = signature->takes_sizes && !sizes ? "its sizes `in -> out`" : "";
    for (int i = 0; i < signature->count; i++)
        if (!bound[i] && !signature->params[i].fallback)
            missing = arena_printf(c->arena, "%s%s%s", missing, *missing ? " and " : "", signature->params[i].name);
    if (!*missing)
        return false;
    diag_error(c->diag, span, "%s needs %s", signature->name, missing);
    help_with_signature(c, signature);
    return true;
}

static bool has_arrow(const AstList *arguments)
{
    for (int i = 0; i < arguments->count; i++)
        if (arguments->at[i]->children.at[0]->kind == AST_ARROW)
            return true;
    return false;
}

bool bind_arguments(Checker *c, const Signature *signature, Span span, const AstList *arguments, const Ast **bound,
                    const Ast **sizes)
{
    const Ast *named = NULL;
    bool       good = true, too_many = false;
    int        next = 0, places = 0;            /* `places`: parameters that can be given without a name */
    while (places < signature->count && !signature->params[places].named_only)
        places++;
    for (int i = 0; i < arguments->count; i++) {
        const Ast *argument = arguments->at[i];
        if (argument->text) {
            named = named ? named : argument;
            good &= bind_named(c, signature, argument, bound);
        } else if (argument->children.at[0]->kind == AST_ARROW) {
            good &= bind_arrow(c, signature, argument, i, sizes);
        } else if (named) {
            diag_error(c->diag, argument->span, "this argument has no name, but comes after one that has");
            diag_note(c->diag, named->span, "from here on, each argument needs its name");
            good = false;
        } else if (signature->takes_sizes && i == 0 && !has_arrow(arguments)) {
            i += missing_arrow(c, signature, arguments, i) - 1;
            good = false;
        } else if (next < places) {
            bound[next++] = argument;
        } else {
            if (!too_many)
                superfluous(c, signature, argument, places);
            too_many = true;
            good = false;
        }
    }
    return good && !report_missing(c, signature, span, bound, *sizes);
}

/* Values. --------------------------------------------------------------------------------------------------------- */

static const char *wanted(Checker *c, const ParamDef *def)
{
    switch (def->type) {
    case PARAM_SPATIAL:         return "a whole number or a pair (height, width)";
    case PARAM_SPATIAL_OR_WORD: return arena_printf(c->arena, "a whole number, a pair (height, width), %s",
                                                    join_names(c->arena, def->words, " or "));
    case PARAM_WORD:            return join_names(c->arena, def->words, " or ");
    case PARAM_NUMBERS:         return numbers_wanted(c, def);
    case PARAM_LAYER:           return "the label of a layer";
    case PARAM_BOOL:            return "true or false";
    case PARAM_INT:             return "a whole number";
    case PARAM_REAL:            return "a number";
    }
    return "";
}

static int64_t least_int(const ParamDef *def)
{
    return def->least > -(double)MOST_INT ? (int64_t)def->least : -MOST_INT;
}

static int64_t most_int(const ParamDef *def)
{
    return def->most > 0 && def->most < (double)MOST_INT ? (int64_t)def->most : MOST_INT;
}

static bool read_spatial(Checker *c, const ParamDef *def, Value value, Arg *arg)
{
    if (value.kind == VALUE_TUPLE && value.count == 2)
        return want_int(c, value.items[0], def->name, least_int(def), most_int(def), &arg->i[0])
            && want_int(c, value.items[1], def->name, least_int(def), most_int(def), &arg->i[1]);
    if (value.kind != VALUE_INT) {
        wrong_type(c, value, def->name, wanted(c, def));
        if (value.kind == VALUE_LIST)
            diag_help(c->diag, "a pair stands in parentheses");
        return false;
    }
    if (!want_int(c, value, def->name, least_int(def), most_int(def), &arg->i[0]))
        return false;
    arg->i[1] = arg->i[0];
    return true;
}

/* The place of the word that `ast` is, or -1: after a report, if it is a word or a string but not one of these. */
static int read_word(Checker *c, const Scope *scope, const ParamDef *def, const Ast *ast, bool *reported)
{
    *reported = false;
    if (ast->kind == AST_STRING) {
        int place = word_place(def->words, ast->text);
        diag_error(c->diag, ast->span, "%s takes %s, but this is a string", def->name, wanted(c, def));
        if (place >= 0)
            diag_help(c->diag, "write the word without quotes: `%s=%s`", def->name, def->words[place]);
        *reported = true;
    }
    if (ast->kind != AST_NAME)
        return -1;
    int place = word_place(def->words, ast->text);
    if (place >= 0 || find_let(scope, ast->text, ast->span.begin))
        return place;
    const char *near = nearest_name(ast->text, def->words);
    diag_error(c->diag, ast->span, "%s takes %s, not `%s`", def->name, wanted(c, def), ast->text);
    if (near)
        diag_help(c->diag, "is `%s` meant?", near);
    *reported = true;
    return -1;
}

static bool read_real(Checker *c, const ParamDef *def, Value value, Arg *arg)
{
    return want_real(c, value, def->name, def->least, def->most > 0 ? def->most : MOST_REAL, &arg->real);
}

static bool read_layer(Checker *c, const Scope *scope, const ParamDef *def, const Ast *ast, Arg *arg)
{
    if (ast->kind != AST_NAME) {
        diag_error(c->diag, ast->span, "%s takes %s", def->name, wanted(c, def));
        return false;
    }
    arg->layer = find_layer(c, scope, ast);
    return arg->layer && arg->layer != c->unknown;
}

/* Reports a word that stands where another parameter's value does. */
static bool word_of_another(Checker *c, const Scope *scope, const Signature *signature, const ParamDef *def,
                            const Ast *ast)
{
    if (ast->kind != AST_NAME || def->type == PARAM_LAYER || find_let(scope, ast->text, ast->span.begin))
        return false;
    if (def->words && word_place(def->words, ast->text) >= 0)
        return false;
    for (int i = 0; i < signature->count; i++) {
        const ParamDef *other = &signature->params[i];
        if (!other->words || word_place(other->words, ast->text) < 0)
            continue;
        diag_error(c->diag, ast->span, "%s takes %s, but `%s` is a word of %s", def->name, wanted(c, def), ast->text,
                   other->name);
        diag_help(c->diag, "write `%s=%s`", other->name, ast->text);
        return true;
    }
    return false;
}

/* Whether a default of no numbers is written out, `padding=none`. */
static bool is_none(const Scope *scope, const ParamDef *def, const Ast *ast)
{
    return def->fallback && strcmp(def->fallback, "none") == 0 && ast->kind == AST_NAME
        && strcmp(ast->text, "none") == 0 && !find_let(scope, ast->text, ast->span.begin);
}

static bool read_value(Checker *c, const Scope *scope, const ParamDef *def, const Ast *ast, Arg *arg)
{
    bool yes, reported;
    switch (def->type) {
    case PARAM_INT:
        return want_int(c, evaluate(c, scope, ast), def->name, least_int(def), most_int(def), &arg->i[0]);
    case PARAM_SPATIAL:
        return read_spatial(c, def, evaluate(c, scope, ast), arg);
    case PARAM_SPATIAL_OR_WORD:
        arg->word = read_word(c, scope, def, ast, &reported);
        return arg->word >= 0 || (!reported && read_spatial(c, def, evaluate(c, scope, ast), arg));
    case PARAM_BOOL:
        if (!want_bool(c, evaluate(c, scope, ast), def->name, &yes))
            return false;
        arg->i[0] = yes;
        return true;
    case PARAM_REAL:
        return read_real(c, def, evaluate(c, scope, ast), arg);
    case PARAM_WORD:
        arg->i[0] = read_word(c, scope, def, ast, &reported);
        if (arg->i[0] < 0 && !reported)
            wrong_type(c, evaluate(c, scope, ast), def->name, wanted(c, def));
        return arg->i[0] >= 0;
    case PARAM_NUMBERS:
        if (is_none(scope, def, ast)) {
            default_numbers(c, def, arg);
            return true;
        }
        return read_numbers(c, def, evaluate(c, scope, ast), arg);
    case PARAM_LAYER:
        return read_layer(c, scope, def, ast, arg);
    }
    return false;
}

static bool read_sizes(Checker *c, const Scope *scope, const Ast *arrow, Layer *layer)
{
    const Ast *in = arrow->children.at[0], *out = arrow->children.at[1];
    bool       good = true;
    layer->sizes.span = arrow->span;
    layer->sizes.out_span = out->span;
    layer->sizes.in_span = in ? in->span : arrow->span;
    layer->sizes.in_given = in != NULL;
    if (in)
        good = want_int(c, evaluate(c, scope, in), "the size before `->`", 1, MOST_INT, &layer->sizes.in);
    return want_int(c, evaluate(c, scope, out), "the size after `->`", 1, MOST_INT, &layer->sizes.out) && good;
}

Arg *read_arguments(Checker *c, const Scope *scope, const Signature *signature, Span span, const AstList *arguments,
                    Layer *layer)
{
    Arg        *args = arena_alloc(c->arena, (size_t)(signature->count + 1) * sizeof *args);
    const Ast **bound = arena_alloc(c->arena, (size_t)(signature->count + 1) * sizeof *bound);
    const Ast  *sizes = NULL;
    bool        good = bind_arguments(c, signature, span, arguments, bound, &sizes);
    if (sizes)
        good &= read_sizes(c, scope, sizes, layer);
    for (int i = 0; i < signature->count; i++) {
        args[i] = (Arg){ .given = bound[i] != NULL, .span = span, .word = -1 };
        if (bound[i]) {
            const ParamDef *def = &signature->params[i];
            const Ast      *value = bound[i]->children.at[0];
            args[i].span = value->span;
            good &= !word_of_another(c, scope, signature, def, value) && read_value(c, scope, def, value, &args[i]);
        } else if (signature->params[i].fallback) {
            fill_default(c, signature->params, i, args);
        }
    }
    return good ? args : NULL;
}
