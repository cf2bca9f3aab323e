#include "syntax/parse.h"
#include "syntax/parser.h"

/* With more errors than this, which are not shown any more, nothing else is read. */
enum { ERRORS_MOST = 60 };

bool is_reserved(int kind)
{
#define CASE(word, kind) case kind:
    switch (kind) {
    RESERVED(CASE)
        return true;
    default:
        return false;
    }
#undef CASE
}

/* Whether `token` can only be the beginning of a statement: then no bracket is open before it. */
static bool begins_statement(const Token *token)
{
    return token->begins_line
        && (is_reserved(token->kind) || (token->kind == T_NAME && token[1].kind == ':'));
}

/* The end of the statement that parse->last is in: a line break or `;` outside brackets, a brace, or the end of the
 * file. Where a bracket is not closed, *closed is false and the statement ends at its next line break. */
static const Token *statement_end(const Parse *parse, bool *closed)
{
    const Token *at = parse->next, *line_end = NULL;
    int          depth = parse->bracket_count;
    if (depth && parse->last->begins_line && parse->last > parse->tokens)
        line_end = parse->last - 1;
    *closed = true;
    for (;; at++) {
        int kind = at->kind;
        if (kind == '(' || kind == '[')
            depth++;
        else if ((kind == ')' || kind == ']') && depth)
            depth--;
        if (!kind || kind == '{' || kind == '}' || (kind == T_END && (!depth || !at->line_break))
            || begins_statement(at))
            break;
        if (kind == T_END && !line_end)
            line_end = at;
    }
    if (!depth)
        return at;
    *closed = false;
    return line_end ? line_end : at;
}

bool brackets_close(const Parse *parse)
{
    bool closed;
    statement_end(parse, &closed);
    return closed;
}

void start_recovery(Parse *parse)
{
    const Token *last = parse->last;
    bool ends = !last->kind || last->kind == T_END || last->kind == '{' || last->kind == '}';
    if (ends)
        parse->bracket_count = 0;
    else
        parse->recover = true;
}

/* Reports what is wrong with a token by itself. */
static void report_fault(Parse *parse, const Token *token)
{
    bool whole = token->fault_span.begin == token->fault_span.end;
    diag_error(parse->diag, whole ? token->span : token->fault_span, "%s", token->fault);
    if (token->help)
        diag_help(parse->diag, "%s", token->help);
}

/* A token that does not stand so in the source. */
static const Token *make_up(Parse *parse, int kind, Span span)
{
    Token *token = NEW(parse->arena, Token);
    *token = (Token){.kind = kind, .span = span};
    return token;
}

/* Whether a part of the file begins at `token`, which must stand outside all braces. */
static bool begins_part(const Token *token)
{
    switch (token->kind) {
    case T_NET:
    case T_BLOCK:
    case T_DATA:
        return token[1].kind == T_NAME;
    case T_TRAIN:
        return token[1].kind == '{';
    default:
        return false;
    }
}

/* Braces are open where they cannot be: the parser gets the closers that lack, and later ones too many are dropped. */
static void close_braces(Parse *parse, const Token *token)
{
    const Brace *brace = &parse->braces[parse->brace_count - 1];
    diag_error(parse->diag, token->span, "`%s` cannot stand inside braces; is a `}` missing before it?", token->text);
    diag_note(parse->diag, brace->token->span, "this `{` is open");
    parse->closers = 2 * parse->brace_count;
    parse->braces_to_skip = parse->brace_count;
    parse->braces_guessed = true;
}

/* The next token of the source or of what must be made up, or NULL where one was dropped. */
static const Token *take(Parse *parse)
{
    const Token *token = parse->next, *last = parse->last;
    if (parse->closers)                                     /* `}` and a statement's end for each */
        return make_up(parse, parse->closers-- % 2 ? T_END : '}', (Span){last->span.end, last->span.end});
    if (parse->brace_count && (last->kind == T_END || last->kind == '{') && begins_part(token)) {
        close_braces(parse, token);
        return NULL;
    }
    if (token->kind)
        parse->next++;
    if (token->line_break && parse->bracket_count)
        return NULL;
    if (token->line_break && last && token[1].kind == '{') {
        diag_error(parse->diag, token[1].span, "this `{` stands on a line of its own");
        diag_help(parse->diag, "a line break ends a statement: write the `{` at the end of the line above");
        return NULL;
    }
    if (token->fault)
        report_fault(parse, token);
    if (token->kind == TOKEN_SKIPPED)
        return NULL;
    if (token->kind == '}' && !parse->brace_count && parse->braces_to_skip) {
        parse->braces_to_skip--;
        return make_up(parse, T_END, token->span);
    }
    return token;
}

/* The parser gets no more than the end of the file. */
static const Token *stop(Parse *parse)
{
    while (parse->next->kind)
        parse->next++;
    parse->stop = true;
    return parse->next;
}

static const Token *too_deep(Parse *parse, const Token *token)
{
    diag_error(parse->diag, token->span, "nested too deeply: more than %d `%c` are open", DEEPEST, token->kind);
    return stop(parse);
}

/* Keeps brackets, braces and the beginning of the statement. */
static const Token *note_token(Parse *parse, const Token *token)
{
    const Token *last = parse->last;
    if (!last || last->kind == T_END || last->kind == '{' || last->kind == '}') {
        parse->statement = token;
        parse->operators = 0;
    }
    switch (token->kind) {
    case '(':
    case '[':
        if (parse->bracket_count == DEEPEST)
            return too_deep(parse, token);
        parse->brackets[parse->bracket_count++] = token;
        break;
    case ')':
    case ']':
        parse->closed = parse->bracket_count ? parse->brackets[--parse->bracket_count] : NULL;
        break;
    case '{':
        if (parse->brace_count == DEEPEST)
            return too_deep(parse, token);
        parse->braces[parse->brace_count++] = (Brace){token, parse->statement};
        break;
    case '}':
        parse->closed = parse->brace_count ? parse->braces[--parse->brace_count].token : NULL;
        break;
    case '+':
    case '-':
    case '*':
    case '/':
        if (++parse->operators > OPERATORS_MOST) {
            diag_error(parse->diag, token->span, "a statement has more than %d operators", OPERATORS_MOST);
            diag_help(parse->diag, "give parts of it names with `let`");
            return stop(parse);
        }
        break;
    default:
        break;
    }
    return token;
}

int next_token(const Token **out, Span *span, Parse *parse)
{
    if (parse->recover) {
        bool closed;
        parse->next = statement_end(parse, &closed);
        parse->bracket_count = 0;
        parse->recover = false;
    }
    const Token *token;
    do {
        token = diag_errors(parse->diag) > ERRORS_MOST ? stop(parse) : take(parse);
    } while (!token);
    token = note_token(parse, token);
    parse->before = parse->last;
    parse->last = token;
    if (token->kind == T_YYerror)
        start_recovery(parse);
    *out = token;
    *span = token->span;
    return token->kind;
}
