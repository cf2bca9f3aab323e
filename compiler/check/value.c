#include "check/check.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static Value unknown_value(const Ast *ast)
{
    return (Value){ .kind = VALUE_UNKNOWN, .span = ast->span };
}

static Value int_value(const Ast *ast, int64_t integer)
{
    return (Value){ .kind = VALUE_INT, .span = ast->span, .integer = integer, .real = (double)integer };
}

static Value real_value(Checker *c, const Ast *ast, double real)
{
    if (!isfinite(real)) {
        diag_error(c->diag, ast->span, "this number is too large: the largest is about %.2g", DBL_MAX);
        return unknown_value(ast);
    }
    return (Value){ .kind = VALUE_REAL, .span = ast->span, .real = real };
}

static bool is_number(Value value)
{
    return value.kind == VALUE_INT || value.kind == VALUE_REAL;
}

/* 2.0 shows that it is no integer. */
static const char *real_text(Checker *c, double real)
{
    const char *text = arena_printf(c->arena, "%.9g", real);
    return strpbrk(text, ".en") ? text : arena_printf(c->arena, "%s.0", text);
}

const char *value_text(Checker *c, Value value)
{
    switch (value.kind) {
    case VALUE_INT:    return arena_printf(c->arena, "%" PRId64, value.integer);
    case VALUE_REAL:   return real_text(c, value.real);
    case VALUE_BOOL:   return value.integer ? "true" : "false";
    case VALUE_STRING: return "a string";
    case VALUE_LIST:   return "a list";
    case VALUE_TUPLE:
        if (value.count == 2 && is_number(value.items[0]) && is_number(value.items[1]))
            return arena_printf(c->arena, "the pair (%s, %s)", value_text(c, value.items[0]),
                                value_text(c, value.items[1]));
        return arena_printf(c->arena, "a tuple of %d values", value.count);
    case VALUE_UNKNOWN: break;
    }
    return "an unknown value";
}

void note_origin(Checker *c, Value value)
{
    if (value.name)
        diag_note(c->diag, value.origin, "`%s` gets its value here", value.name);
}

void wrong_type(Checker *c, Value value, const char *what, const char *wanted)
{
    if (value.kind == VALUE_UNKNOWN)
        return;
    diag_error(c->diag, value.span, "%s takes %s, but this is %s", what, wanted, value_text(c, value));
    note_origin(c, value);
}

bool want_int(Checker *c, Value value, const char *what, int64_t least, int64_t most, int64_t *result)
{
    if (value.kind != VALUE_INT) {
        wrong_type(c, value, what, "a whole number");
        return false;
    }
    *result = value.integer;
    if (value.integer >= least && value.integer <= most)
        return true;
    if (value.integer < least)
        diag_error(c->diag, value.span, "%s must be at least %" PRId64 ", but it is %" PRId64, what, least,
                   value.integer);
    else
        diag_error(c->diag, value.span, "%s must be at most %" PRId64 ", but it is %" PRId64, what, most,
                   value.integer);
    note_origin(c, value);
    return false;
}

bool want_real(Checker *c, Value value, const char *what, double least, double most, double *result)
{
    if (!is_number(value)) {
        wrong_type(c, value, what, "a number");
        return false;
    }
    *result = value.real;
    if (value.real >= least && value.real <= most)
        return true;
    if (value.real < least)
        diag_error(c->diag, value.span, "%s must be at least %.9g, but it is %.9g", what, least, value.real);
    else
        diag_error(c->diag, value.span, "%s must be at most %.9g, but it is %.9g", what, most, value.real);
    note_origin(c, value);
    return false;
}

bool want_bool(Checker *c, Value value, const char *what, bool *result)
{
    if (value.kind != VALUE_BOOL) {
        wrong_type(c, value, what, "true or false");
        return false;
    }
    *result = value.integer != 0;
    return true;
}

/* Arithmetic. ----------------------------------------------------------------------------------------------------- */

static Value divide_ints(Checker *c, const Ast *ast, int64_t a, int64_t b)
{
    if (a == INT64_MIN && b == -1) {
        diag_error(c->diag, ast->span, "%" PRId64 " / -1 does not fit 64 bits", a);
        return unknown_value(ast);
    }
    if (a % b != 0) {
        diag_error(c->diag, ast->span, "%" PRId64 " / %" PRId64 " does not come out even: it leaves a remainder of %"
                   PRId64, a, b, a % b);
        diag_help(c->diag, "where a fraction is wanted, write a decimal: `%" PRId64 ".0 / %" PRId64 "`", a, b);
        return unknown_value(ast);
    }
    return int_value(ast, a / b);
}

static Value calculate_ints(Checker *c, const Ast *ast, char operation, int64_t a, int64_t b)
{
    int64_t result;
    bool    overflow;
    switch (operation) {
    case '+': overflow = __builtin_add_overflow(a, b, &result); break;
    case '-': overflow = __builtin_sub_overflow(a, b, &result); break;
    case '*': overflow = __builtin_mul_overflow(a, b, &result); break;
    default:  return divide_ints(c, ast, a, b);
    }
    if (overflow) {
        diag_error(c->diag, ast->span, "%" PRId64 " %c %" PRId64 " does not fit 64 bits", a, operation, b);
        diag_help(c->diag, "whole numbers go up to %" PRId64, INT64_MAX);
        return unknown_value(ast);
    }
    return int_value(ast, result);
}

static double calculate_reals(char operation, double a, double b)
{
    switch (operation) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    default:  return a / b;
    }
}

static Value calculate(Checker *c, const Ast *ast, Value a, Value b)
{
    if (a.kind == VALUE_UNKNOWN || b.kind == VALUE_UNKNOWN)
        return unknown_value(ast);
    if (!is_number(a) || !is_number(b)) {
        Value wrong = is_number(a) ? b : a;
        diag_error(c->diag, wrong.span, "`%s` works on numbers, but this is %s", ast->text, value_text(c, wrong));
        note_origin(c, wrong);
        return unknown_value(ast);
    }
    if (ast->text[0] == '/' && b.real == 0) {
        diag_error(c->diag, ast->span, "%s is divided by zero", value_text(c, a));
        note_origin(c, b);
        return unknown_value(ast);
    }
    if (a.kind == VALUE_INT && b.kind == VALUE_INT)
        return calculate_ints(c, ast, ast->text[0], a.integer, b.integer);
    return real_value(c, ast, calculate_reals(ast->text[0], a.real, b.real));
}

static Value negate(Checker *c, const Ast *ast, Value value)
{
    if (value.kind == VALUE_UNKNOWN)
        return unknown_value(ast);
    if (!is_number(value)) {
        diag_error(c->diag, value.span, "`-` works on numbers, but this is %s", value_text(c, value));
        note_origin(c, value);
        return unknown_value(ast);
    }
    if (value.kind == VALUE_REAL)
        return real_value(c, ast, -value.real);
    return calculate_ints(c, ast, '-', 0, value.integer);
}

static Value evaluate_items(Checker *c, const Scope *scope, const Ast *ast, ValueKind kind)
{
    Value *items = arena_alloc(c->arena, (size_t)ast->children.count * sizeof *items);
    Value  value = { .kind = kind, .span = ast->span, .items = items, .count = ast->children.count };
    for (int i = 0; i < value.count; i++) {
        items[i] = evaluate(c, scope, ast->children.at[i]);
        if (items[i].kind == VALUE_UNKNOWN)
            value.kind = VALUE_UNKNOWN;
    }
    return value;
}

static Value evaluate_name(Checker *c, const Scope *scope, const Ast *ast)
{
    bool yes = strcmp(ast->text, "true") == 0;
    if (yes || strcmp(ast->text, "false") == 0)
        return (Value){ .kind = VALUE_BOOL, .span = ast->span, .integer = yes };
    const Let *let = find_let(scope, ast->text, ast->span.begin);
    if (!let) {
        unknown_name(c, scope, ast);
        return unknown_value(ast);
    }
    Value value = let->value;
    value.span = ast->span;
    value.name = ast->text;
    value.origin = let->origin;
    return value;
}

Value evaluate(Checker *c, const Scope *scope, const Ast *ast)
{
    switch (ast->kind) {
    case AST_INT:    return int_value(ast, ast->integer);
    case AST_FLOAT:  return real_value(c, ast, ast->real);
    case AST_STRING: return (Value){ .kind = VALUE_STRING, .span = ast->span, .text = ast->text };
    case AST_NAME:   return evaluate_name(c, scope, ast);
    case AST_NEGATE: return negate(c, ast, evaluate(c, scope, ast->children.at[0]));
    case AST_BINARY: return calculate(c, ast, evaluate(c, scope, ast->children.at[0]),
                                      evaluate(c, scope, ast->children.at[1]));
    case AST_TUPLE:  return evaluate_items(c, scope, ast, VALUE_TUPLE);
    case AST_LIST:   return evaluate_items(c, scope, ast, VALUE_LIST);
    case AST_CALL:
        diag_error(c->diag, ast->span, "a value is expected here, but `%s(…)` is a call", ast->text);
        diag_help(c->diag, "expressions are made of numbers, `let` names, `+ - * /` and parentheses");
        return unknown_value(ast);
    case AST_SHAPE:
        diag_error(c->diag, ast->span, "a value is expected here, but this is a shape");
        diag_help(c->diag, "shapes stand after `input`; a pair is written `(5, 3)`, a product `5 * 3`");
        return unknown_value(ast);
    case AST_ARROW:
        diag_error(c->diag, ast->span, "a value is expected here, but `->` makes the sizes of a layer");
        diag_help(c->diag, "`in -> out` stands first in the arguments of the layers that take it");
        return unknown_value(ast);
    default:
        return unknown_value(ast);
    }
}
