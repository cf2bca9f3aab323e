/* What a parameter is where the spec does not say; and what a layer's arguments say beyond that. */
#include "check/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int word_place(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

/* A decimal, or one over another: "1/3". */
static double fraction(const char *text)
{
    char  *end;
    double over = strtod(text, &end);
    return *end == '/' ? over / strtod(end + 1, NULL) : over;
}

void fill_default(Checker *c, const ParamDef *params, int place, Arg *args)
{
    const ParamDef *def = &params[place];
    Arg            *arg = &args[place];
    if (def->fallback[0] == '=') {
        for (int i = 0; i < place; i++)
            if (strcmp(params[i].name, def->fallback + 1) == 0)
                memcpy(arg->i, args[i].i, sizeof arg->i);
        return;
    }
    int word = def->words ? word_place(def->words, def->fallback) : -1;
    switch (def->type) {
    case PARAM_BOOL: arg->i[0] = strcmp(def->fallback, "true") == 0; break;
    case PARAM_REAL: arg->real = fraction(def->fallback); break;
    case PARAM_WORD: arg->i[0] = word; break;
    case PARAM_NUMBERS: default_numbers(c, def, arg); break;
    default:
        arg->word = word;
        if (word < 0)
            arg->i[0] = arg->i[1] = strtoll(def->fallback, NULL, 10);
    }
}

static const char *spatial_text(Checker *c, const Arg *arg)
{
    return arg->i[0] == arg->i[1] ? arena_printf(c->arena, "%" PRId64, arg->i[0])
                                  : arena_printf(c->arena, "(%" PRId64 ", %" PRId64 ")", arg->i[0], arg->i[1]);
}

static const char *numbers_text(Checker *c, const Arg *arg)
{
    const char *text = "";
    for (int i = 0; i < arg->count; i++)
        text = arena_printf(c->arena, "%s%s%.17g", text, i ? ", " : "", arg->numbers[i]);
    return arena_printf(c->arena, "[%s]", text);
}

static const char *arg_text(Checker *c, const ParamDef *def, const Arg *arg)
{
    switch (def->type) {
    case PARAM_INT:             return arena_printf(c->arena, "%" PRId64, arg->i[0]);
    case PARAM_SPATIAL:         return spatial_text(c, arg);
    case PARAM_SPATIAL_OR_WORD: return arg->word < 0 ? spatial_text(c, arg) : def->words[arg->word];
    case PARAM_BOOL:            return arg->i[0] ? "true" : "false";
    case PARAM_REAL:            return arena_printf(c->arena, "%.17g", arg->real);
    case PARAM_WORD:            return def->words[arg->i[0]];
    case PARAM_NUMBERS:         return numbers_text(c, arg);
    case PARAM_LAYER:           return arg->layer ? arg->layer->name : "";
    }
    return "";
}

const char *arguments_text(Checker *c, const ParamDef *params, Arg *args)
{
    const char *text = "";
    for (int i = 0; params && params[i].name; i++) {
        const char *given = arg_text(c, &params[i], &args[i]);
        Arg         arg = args[i];
        if (params[i].fallback) {
            args[i] = (Arg){ .word = -1 };
            fill_default(c, params, i, args);
            bool same = strcmp(given, arg_text(c, &params[i], &args[i])) == 0;
            args[i] = arg;
            if (same)
                continue;
        }
        text = arena_printf(c->arena, "%s%s%s=%s", text, *text ? ", " : "", params[i].name, given);
    }
    return text;
}
