/* The syntax tree: what the parser hands to the checker. Every node carries its span. Nothing is checked here beyond
 * grammar: names, types, ranges and counts are the checker's. */
#ifndef NETC_AST_H
#define NETC_AST_H

#include "base/diag.h"
#include "base/text.h"

typedef enum AstKind {
    /* values */
    AST_INT,            /* integer                                              28 */
    AST_FLOAT,          /* real                                                 0.5, 1e-3 */
    AST_STRING,         /* text: its value, escapes replaced                    "data/mnist" */
    AST_NAME,           /* text                                                 width, zeros, true */
    AST_SHAPE,          /* children: AST_INT each                               1x28x28 */
    AST_NEGATE,         /* children[0]                                          -x */
    AST_BINARY,         /* text: "+", "-", "*" or "/"; children[0], [1]         2 * width */
    AST_TUPLE,          /* children, two or more (one in parentheses is itself) (5, 3) */
    AST_LIST,           /* children                                             [to_tensor, normalize(…)] */
    AST_CALL,           /* text: the name; children: AST_ARG each               sgd(lr=0.01) */
    AST_ARROW,          /* children[0]: left or NULL; children[1]: right        1 -> 10, -> 10 */
    AST_ARG,            /* text: the name, or NULL if positional; children[0]: the value */

    /* statements */
    AST_LET,            /* text: the name; children[0]: the value */
    AST_INPUT,          /* children[0]: AST_SHAPE, AST_TUPLE or an expression */
    AST_LAYER,          /* label, text: the layer's or block's name; children: AST_ARG each; from */
    AST_REPEAT,         /* children[0]: the count; body */
    AST_SETTING,        /* text: the name; children[0]: the value */
    AST_SECTION,        /* text: the name (test); body: AST_SETTING each */

    /* top level */
    AST_NET,            /* text: the name; body: let, input, layer, repeat */
    AST_BLOCK,          /* text: the name; children: AST_NAME each, the parameters; body as of a net, but input */
    AST_DATA,           /* text: the dataset's name; children: its arguments; body: settings and sections, and let */
    AST_TRAIN,          /* body: settings, and let */
    AST_FILE,           /* body: let, net, block, data, train, in their order */
} AstKind;

typedef struct Ast Ast;
typedef List(Ast *) AstList;

struct Ast {
    AstKind     kind;
    Span        span;           /* the whole node; of a statement with a body: what stands before its `{` */
    Span        name_span;      /* of `text`, where the node has one; a literal's without parentheses around it */
    const char *text;
    int64_t     integer;        /* AST_INT */
    double      real;           /* AST_FLOAT; AST_INT too */
    AstList     children;       /* may hold NULL only as the left side of AST_ARROW */
    AstList     body;
    const char *label;          /* AST_LAYER: what stands before the colon, or NULL */
    Span        label_span;
    bool        parentheses;    /* AST_LAYER: was written with (), perhaps empty */
    bool        has_from;       /* AST_LAYER: `from` was written */
    AstList     from;           /* AST_LAYER: AST_NAME each, `previous` and `input` among them */
    Span        from_span;      /* AST_LAYER: `from a, b`, where it was written */
};

/* Reads `source`. Lexical and syntax errors go to `diag`, each fault once; parsing recovers at the next statement, so
 * several are found in one run. Returns the AST_FILE node, or NULL if there was any error. A tree is at most some 1500
 * nodes deep, so that recursion over it is safe. */
Ast *parse(Arena *arena, const Source *source, Diag *diag);

/* Prints the tree for --emit=ast: a node a line with its line and column, children indented below it. */
void ast_print(Text *out, const Source *source, const Ast *ast);

#endif
