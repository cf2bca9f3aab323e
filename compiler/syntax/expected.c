/* What is wrong where a token does not fit, in the words of the page of the language. What the parser would take is
 * known, and so are the tokens around: from these each case below is recognised; the first that fits speaks. */
#include "syntax/parse.h"
#include "syntax/parser.h"

#include <string.h>

enum { SHOWN_MOST = 40 };       /* bytes of a token in a message */

static const char *quoted(const Parse *parse, const Token *token)
{
    size_t length = token->span.end - token->span.begin;
    return arena_printf(parse->arena, "`%.*s%s`", (int)(length < SHOWN_MOST ? length : SHOWN_MOST),
                        parse->source->text + token->span.begin, length > SHOWN_MOST ? "..." : "");
}

static const char *found(const Parse *parse)
{
    const Token *token = parse->last;
    return !token->kind ? "the end of the file" : token->line_break ? "the end of the line" : quoted(parse, token);
}

/* Where an error about parse->last is shown: a line or a file that ends too early is shown at its end. */
static Span place(const Parse *parse)
{
    const Token *token = parse->last, *before = parse->before;
    if (!before || (token->kind && !token->line_break))
        return token->span;
    uint32_t at = before->line_break ? before->span.begin : before->span.end;
    return (Span){at, at};
}

/* "expected … after …, found …" */
static void expected_after(const Parse *parse, const char *what)
{
    diag_error(parse->diag, place(parse), "expected %s after %s, found %s", what, quoted(parse, parse->before),
               found(parse));
}

static void expected(const Parse *parse, const char *what)
{
    diag_error(parse->diag, place(parse), "expected %s, found %s", what, found(parse));
}

static int closer_of(int opener)
{
    return opener == '(' ? ')' : opener == '[' ? ']' : '}';
}

/* The bracket around parse->last, or NULL. */
static const Token *opener(const Parse *parse)
{
    int kind = parse->last->kind, count = parse->bracket_count - (kind == '(' || kind == '[');
    return kind == ')' || kind == ']' ? parse->closed : count > 0 ? parse->brackets[count - 1] : NULL;
}

/* The first token of the statement in whose body parse->last stands, or NULL at the top of the file. */
static const Token *body_head(const Parse *parse)
{
    int count = parse->brace_count - (parse->last->kind == '{');
    return count > 0 ? parse->braces[count - 1].head : NULL;
}

static bool in_settings(const Parse *parse)
{
    const Token *head = body_head(parse);
    return head && (head->kind == T_DATA || head->kind == T_TRAIN || (head->kind == T_NAME && head[1].kind == '{'));
}

static bool begins_value(const Token *token)
{
    switch (token->kind) {
    case T_INT:
    case T_FLOAT:
    case T_STRING:
    case T_NAME:
    case T_SHAPE:
    case '(':
    case '[':
        return true;
    default:
        return false;
    }
}

static const char *nearest_reserved(const Token *token)
{
#define WORD(word, kind) #word,
    static const char *const words[] = {RESERVED(WORD) NULL};
#undef WORD
    return token->kind == T_NAME ? nearest_name(token->text, words) : NULL;
}

/* `28 x 28`, `1x28 x28`: a shape with spaces in it. */
static void help_shape(const Parse *parse)
{
    const Token *token = parse->last, *before = parse->before;
    if (token->kind == T_NAME && (before->kind == T_INT || before->kind == T_SHAPE) && token->text[0] == 'x'
        && strspn(token->text + 1, "x0123456789") == strlen(token->text + 1))
        diag_help(parse->diag, "a shape is written without spaces: 1x28x28");
}

/* A closer that closes nothing, or another kind of bracket. */
static bool wrong_closer(const Parse *parse)
{
    const Token *token = parse->last, *closed = parse->closed;
    if (token->kind != ')' && token->kind != ']' && token->kind != '}')
        return false;
    if (!closed) {
        const char *open = token->kind == ')' ? "(" : token->kind == ']' ? "[" : "{";
        diag_error(parse->diag, token->span, "`%c` closes nothing: no `%s` is open", token->kind, open);
        return true;
    }
    if (closer_of(closed->kind) == token->kind)
        return false;
    diag_error(parse->diag, token->span, "expected `%c`, found `%c`", closer_of(closed->kind), token->kind);
    diag_note(parse->diag, closed->span, "this `%c` is open", closed->kind);
    return true;
}

/* Whether the brackets around parse->last were to be closed before it. */
static bool unclosed(const Parse *parse)
{
    const Token *token = parse->last;
    switch (token->kind) {
    case 0:
    case '{':
    case '}':
    case T_END:
        return true;
    default:
        return token->begins_line && !brackets_close(parse);
    }
}

/* Inside brackets, after something complete. */
static void in_brackets(const Parse *parse, const Expected *can, const Token *open)
{
    const Token *token = parse->last, *before = parse->before;
    const char  *closer = open->kind == '(' ? "`)`" : "`]`";
    bool         list = open->kind == '[', call = !list && open > parse->tokens && open[-1].kind == T_NAME;
    bool         parameters = call && open > parse->tokens + 1 && open[-2].kind == T_BLOCK;

    if (unclosed(parse)) {
        if (token->begins_line || !token->kind)
            diag_error(parse->diag, (Span){before->span.end, before->span.end}, "expected %s, found the end of the %s",
                       closer, token->kind ? "line" : "file");
        else
            expected(parse, closer);
        diag_note(parse->diag, open->span, "this `%c` is not closed", open->kind);
    } else if (can->equals && before->kind == T_NAME && begins_value(token)) {
        expected_after(parse, "`=` or `,`");
    } else if (can->comma && begins_value(token)) {
        expected(parse, parameters ? "`,` between parameters"
                        : call     ? "`,` between arguments"
                        : list     ? "`,` between the values of the list"
                                   : "`,` between values");
        help_shape(parse);
    } else if (can->comma) {
        expected(parse, list ? "`,` or `]`" : "`,` or `)`");
    } else if (can->value) {
        expected_after(parse, list ? "a value or `]`" : call ? "an argument or `)`" : "a value or `)`");
    } else {
        expected_after(parse, can->name ? "a parameter's name or `)`" : closer);
    }
}

/* At the end of the file, inside braces. */
static void at_end(const Parse *parse)
{
    expected(parse, "`}`");
    diag_note(parse->diag, parse->braces[parse->brace_count - 1].token->span, "this `{` is not closed");
}

/* Where a statement may begin. */
static void at_statement(const Parse *parse)
{
    expected(parse, !body_head(parse)    ? "`net`, `block`, `data`, `train` or `let`"
                    : in_settings(parse) ? "a setting like `name = value`"
                                         : "a layer");
}

/* A reserved word where a name belongs, on either side of what does not fit. */
static bool reserved_as_name(const Parse *parse, const Expected *can)
{
    const Token *token = parse->last, *before = parse->before;
    bool         behind = before && is_reserved(before->kind) && before == token - 1
                          && (token->kind == ':' || token->kind == '=');
    bool named = parse->next->kind == ':' || parse->next->kind == '=';
    bool here = is_reserved(token->kind) && (named || (can->name && !can->statement && !token->begins_line));
    if (!behind && !here)
        return false;
    const Token *word = behind ? before : token;
    diag_error(parse->diag, word->span, "`%s` is a word of the language and cannot be a name", word->text);
    diag_help(parse->diag, "take another one, for example `%s_1`", word->text);
    return true;
}

static void at_name(const Parse *parse, const Expected *can)
{
    switch (parse->before->kind) {
    case T_DATA:
        expected_after(parse, "the name of a dataset");
        diag_help(parse->diag, "for example `data mnist { … }`");
        break;
    case ':':
        expected_after(parse, "a layer");
        break;
    default:
        expected_after(parse, can->source ? "the name of a layer" : "a name");
        break;
    }
}

static void at_value(const Parse *parse)
{
    switch (parse->before->kind) {
    case T_INPUT:
        expected_after(parse, "a shape");
        diag_help(parse->diag, "for example `input 1x28x28`: channels, height, width");
        break;
    case T_REPEAT:
        expected_after(parse, "a number");
        break;
    case T_ARROW:
        expected_after(parse, "a size");
        break;
    default:
        expected_after(parse, "a value");
        break;
    }
}

/* After a name that begins a statement, or that follows a label. */
static void after_name(const Parse *parse, const Expected *can)
{
    const Token *token = parse->last, *name = parse->before;
    const char  *near = nearest_reserved(name);
    if (can->equals && begins_value(token) && (near || !body_head(parse))) {
        diag_error(parse->diag, name->span, "`%s` begins no statement", name->text);
        if (near)
            diag_help(parse->diag, "is `%s` meant?", near);
        else
            diag_help(parse->diag, "at the top of a file stand `net`, `block`, `data`, `train` and `let`");
    } else if (can->equals && in_settings(parse)) {
        expected_after(parse, "`=`");
    } else if (token->kind == T_NAME) {
        expected_after(parse, "`(` or `from`");
        if (nearest_reserved(token))
            diag_help(parse->diag, "is `%s` meant?", nearest_reserved(token));
    } else {
        expected_after(parse, "`(`");
        if (begins_value(token))
            diag_help(parse->diag, "arguments stand in parentheses: `%s(…)`", name->text);
    }
}

void report_unexpected(Parse *parse, const Expected *can)
{
    const Token *before = parse->before, *open = opener(parse);
    if (parse->stop || parse->last->fault || wrong_closer(parse) || reserved_as_name(parse, can))
        return;
    if (can->closer && open) {
        in_brackets(parse, can, open);
    } else if (!parse->last->kind && parse->brace_count && (can->statement || can->end)) {
        at_end(parse);
    } else if (can->statement) {
        at_statement(parse);
    } else if (can->value) {
        at_value(parse);
    } else if (can->name) {
        at_name(parse, can);
    } else if (before->kind == T_NAME && can->from) {
        after_name(parse, can);
    } else if (can->open_brace && !can->end) {
        expected_after(parse, "`{`");
    } else if (can->equals) {
        expected_after(parse, "`=`");
    } else {
        expected_after(parse, can->from    ? "`from` or a line break"
                              : can->comma ? "`,` or a line break"
                                           : "a line break or `;`");
        help_shape(parse);
    }
}
