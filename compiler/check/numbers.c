/* Arguments that are a number or several: PARAM_NUMBERS. */
#include "check/check.h"

#include <stdlib.h>
#include <string.h>

/* "1, 2 or 4" */
static const char *counts_text(Checker *c, unsigned counts)
{
    const char *text = "";
    for (int n = 1; counts >> n; n++)
        if (counts >> n & 1)
            text = arena_printf(c->arena, "%s%s%d", text, !*text ? "" : counts >> (n + 1) ? ", " : " or ", n);
    return text;
}

const char *numbers_wanted(Checker *c, const ParamDef *def)
{
    const char *what = def->whole ? "whole numbers" : "numbers";
    switch (def->counts) {
    case 0:               return def->whole ? "a whole number or a list of them" : "a number or a list of them";
    case 1 << 2:          return arena_printf(c->arena, "a pair of %s", what);
    case 1 << 1 | 1 << 2: return arena_printf(c->arena, "a %snumber or a pair", def->whole ? "whole " : "");
    default:              return arena_printf(c->arena, "%s %s", counts_text(c, def->counts), what);
    }
}

static bool read_number(Checker *c, const ParamDef *def, Value value, double *number)
{
    double  most = def->most > 0 ? def->most : def->whole ? (double)MOST_INT : MOST_REAL;
    int64_t whole;
    if (!def->whole)
        return want_real(c, value, def->name, def->least, most, number);
    if (!want_int(c, value, def->name, (int64_t)def->least, (int64_t)most, &whole))
        return false;
    *number = (double)whole;
    return true;
}

bool read_numbers(Checker *c, const ParamDef *def, Value value, Arg *arg)
{
    bool         several = value.kind == VALUE_TUPLE || value.kind == VALUE_LIST;
    int          count = several ? value.count : 1;
    const Value *items = several ? value.items : &value;
    double      *numbers = arena_alloc(c->arena, (size_t)(count + 1) * sizeof *numbers);
    Span        *spans = arena_alloc(c->arena, (size_t)(count + 1) * sizeof *spans);
    if (!several && value.kind != VALUE_INT && value.kind != VALUE_REAL) {
        wrong_type(c, value, def->name, numbers_wanted(c, def));
        return false;
    }
    if (!count) {
        diag_error(c->diag, value.span, "%s takes %s, but this list is empty", def->name, numbers_wanted(c, def));
        return false;
    }
    if (def->counts && (count > 31 || !(def->counts >> count & 1))) {
        diag_error(c->diag, value.span, several ? "%s takes %s, but these are %d" : "%s takes %s, but this is %d",
                   def->name, numbers_wanted(c, def), count);
        note_origin(c, value);
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!read_number(c, def, items[i], &numbers[i]))
            return false;
        spans[i] = items[i].span;
    }
    arg->numbers = numbers;
    arg->spans = spans;
    arg->count = count;
    return true;
}

void default_numbers(Checker *c, const ParamDef *def, Arg *arg)
{
    enum { MOST = 4 };
    double *numbers = arena_alloc(c->arena, MOST * sizeof *numbers);
    char   *end;
    if (strcmp(def->fallback, "none") == 0)
        return;
    for (const char *at = def->fallback; *at && arg->count < MOST; at = end + strspn(end, "), "))
        numbers[arg->count++] = strtod(at + strspn(at, "("), &end);
    arg->numbers = numbers;
}
