/* Inside syntax/: what lexer, token stream, parser and messages share. The stages in their order:
 *     lexer.l     characters to tokens, each with its own fault, if any
 *     tokens.c    the tokens as the parser sees them: line breaks inside brackets are space; recovery after a fault
 *     parser.y    tokens to nodes, made by ast.c
 *     expected.c  what the parser's "this token does not fit" is in the user's words
 *     place.c     which statement may stand where */
#ifndef NETC_PARSE_H
#define NETC_PARSE_H

#include "syntax/ast.h"

enum {
    DEEPEST = 200,              /* open brackets, and open braces, at the same time */
    OPERATORS_MOST = 1000,      /* of one statement: each may make its tree deeper */
};

/* Kinds of token are the parser's, of the generated parser.h. This one is not for the parser: the token only carries a
 * fault. T_YYerror is another: its text cannot be any token. */
enum { TOKEN_SKIPPED = -1 };

/* The words that are no names, with their kinds. */
#define RESERVED(X)                                                                                           \
    X(net, T_NET) X(block, T_BLOCK) X(data, T_DATA) X(train, T_TRAIN) X(let, T_LET) X(input, T_INPUT)          \
    X(repeat, T_REPEAT) X(from, T_FROM)

typedef struct Token {
    int         kind;
    Span        span;
    bool        line_break;     /* T_END: a line break, not a semicolon */
    bool        begins_line;
    const char *text;           /* of names and reserved words; of strings their value */
    int64_t     integer;
    double      real;
    const char *fault, *help;   /* what is wrong with it, or NULL; how to mend that, or NULL */
    Span        fault_span;     /* where; the whole token if empty */
} Token;

typedef List(Token) TokenList;

/* An open `{`: its token, and the first token of the statement whose body it opens. */
typedef struct Brace { const Token *token, *head; } Brace;

typedef struct Parse {
    Arena        *arena;
    const Source *source;
    Diag         *diag;
    const Token  *tokens;       /* the last one has kind 0 */
    const Token  *next;         /* the first one that the parser has not got */
    const Token  *last, *before;        /* what it got last, and before that; NULL at the beginning */
    const Token  *statement;    /* the first one of the statement that `last` is in */
    const Token  *brackets[DEEPEST];    /* the open ( and [ */
    int           bracket_count;
    const Token  *closed;       /* what `last`, if it is a closer, has closed, rightly or not; NULL: nothing was open */
    Brace         braces[DEEPEST];      /* the open { */
    int           brace_count;
    int           operators;    /* of this statement so far */
    bool          recover;      /* after a fault: go on at the end of the statement */
    bool          stop;         /* say no more: to the parser the file ends here */
    int           closers;      /* tokens to make up, as a `}` lacked here for each open brace, … */
    int           braces_to_skip;       /* … and the file may have so many too many later */
    bool          braces_guessed;       /* that happened: what stands in which braces is unclear */
    Ast          *file;
} Parse;

/* lexer.l: the tokens of the whole source, the last one of kind 0. Returns false, with an error, if it is not text. */
bool tokenise(Arena *arena, const Source *source, Diag *diag, TokenList *tokens);

/* tokens.c: the parser's next token into *token and *span; returns its kind. Faults of tokens are reported here. */
int next_token(const Token **token, Span *span, Parse *parse);

/* tokens.c: whether a token of this kind is a word that is no name. */
bool is_reserved(int kind);

/* tokens.c: after an error at parse->last: what the stream does so that the parser can go on. */
void start_recovery(Parse *parse);

/* tokens.c: whether every bracket that is open now is closed before something shows that a closer was forgotten. */
bool brackets_close(const Parse *parse);

/* What the parser would have taken instead of the token that does not fit. */
typedef struct Expected {
    bool statement, value, name, source, from, open_brace, equals, comma, closer, end;
} Expected;

/* expected.c: reports that parse->last does not fit. */
void report_unexpected(Parse *parse, const Expected *expected);

/* place.c: reports statements of `file` that may not stand where they do. */
void check_places(const Ast *file, Diag *diag);

/* ast.c: nodes. A Token gives text and name_span. */
Ast *ast_new(Parse *parse, AstKind kind, Span span);
Ast *ast_literal(Parse *parse, AstKind kind, const Token *token);
Ast *ast_shape(Parse *parse, const Token *token);
Ast *ast_named(Parse *parse, AstKind kind, Span span, const Token *name, AstList children);
Ast *ast_unary(Parse *parse, AstKind kind, Span span, Ast *child);
Ast *ast_binary(Parse *parse, const Token *operator, Ast *left, Ast *right);
Ast *ast_arrow(Parse *parse, Span span, Ast *left, Ast *right);
Ast *ast_assign(Parse *parse, AstKind kind, Span span, const Token *name, Ast *value);

/* ast.c: `list` with `ast` after it; NULL (what a fault leaves) is not added. */
AstList ast_append(Parse *parse, AstList list, Ast *ast);

#endif
