/* The grammar. One kind of statement list serves the file and every body, so that a statement which stands in the wrong
 * place is read like any other and refused by name (place.c). Actions build nodes and do nothing else; what a fault is
 * called in the user's words is in expected.c. */

%define api.pure full
%define api.location.type {Span}
%define api.token.prefix {T_}
%define api.symbol.prefix {S_}
%define parse.error custom
%define parse.lac full
%define lr.default-reduction consistent
%locations
%expect 0
%param {Parse *parse}

%code requires {
#include "syntax/parse.h"
}

%union {
    const Token *token;
    Ast         *ast;
    AstList      list;
}

%code {
#define YYLLOC_DEFAULT(joined, parts, count)                                                        \
    ((joined) = (count) ? span_join(YYRHSLOC(parts, 1), YYRHSLOC(parts, count))                     \
                        : (Span){YYRHSLOC(parts, 0).end, YYRHSLOC(parts, 0).end})

static int  yylex(YYSTYPE *value, Span *span, Parse *parse);
static void yyerror(const Span *span, Parse *parse, const char *message);
}

%token <token> INT FLOAT STRING NAME SHAPE ARROW
%token <token> END
%token <token> NET BLOCK DATA TRAIN LET INPUT REPEAT FROM
%token <token> '{' '}' '(' ')' '[' ']' ',' ':' '=' '+' '-' '*' '/'

%type <ast>  last statement layer layer_head arg item value product unary primary source
%type <list> list body parameters parameter_list args arg_list sources items item_list values

%%

file:
    list last                           { parse->file = ast_new(parse, AST_FILE, @$);
                                          parse->file->body = ast_append(parse, $1, $2); }
    ;

list:
    %empty                              { $$ = (AstList){0}; }
  | list END                            { $$ = $1; }
  | list statement END                  { $$ = ast_append(parse, $1, $2); }
    ;

last:
    %empty                              { $$ = NULL; }
  | statement
    ;

body:
    '{' list last '}'                   { $$ = ast_append(parse, $2, $3); }
    ;

statement:
    LET NAME '=' value                  { $$ = ast_assign(parse, AST_LET, @$, $2, $4); }
  | INPUT value                         { $$ = ast_unary(parse, AST_INPUT, @$, $2); }
  | layer
  | NAME ':' layer                      { $$ = $3; $$->label = $1->text; $$->label_span = @1; $$->span = @$; }
  | REPEAT value body                   { $$ = ast_unary(parse, AST_REPEAT, span_join(@1, @2), $2); $$->body = $3; }
  | NAME '=' value                      { $$ = ast_assign(parse, AST_SETTING, @$, $1, $3); }
  | NAME body                           { $$ = ast_named(parse, AST_SECTION, @1, $1, (AstList){0}); $$->body = $2; }
  | NET NAME body                       { $$ = ast_named(parse, AST_NET, span_join(@1, @2), $2, (AstList){0});
                                          $$->body = $3; }
  | BLOCK NAME parameters body          { $$ = ast_named(parse, AST_BLOCK, span_join(@1, @3), $2, $3); $$->body = $4; }
  | DATA NAME body                      { $$ = ast_named(parse, AST_DATA, span_join(@1, @2), $2, (AstList){0});
                                          $$->body = $3; }
  | DATA NAME '(' args ')' body         { $$ = ast_named(parse, AST_DATA, span_join(@1, @5), $2, $4);
                                          $$->parentheses = true; $$->body = $6; }
  | TRAIN body                          { $$ = ast_new(parse, AST_TRAIN, @1); $$->body = $2; }
  | error                               { $$ = NULL; yyerrok; }
  | faulty_head body                    { $$ = NULL; }
    ;

faulty_head:
    error                               { yyerrok; }
    ;

parameters:
    %empty                              { $$ = (AstList){0}; }
  | '(' ')'                             { $$ = (AstList){0}; }
  | '(' parameter_list ')'              { $$ = $2; }
  | '(' parameter_list ',' ')'          { $$ = $2; }
    ;

parameter_list:
    NAME                                { $$ = ast_append(parse, (AstList){0}, ast_literal(parse, AST_NAME, $1)); }
  | parameter_list ',' NAME             { $$ = ast_append(parse, $1, ast_literal(parse, AST_NAME, $3)); }
    ;

layer:
    layer_head
  | layer_head FROM sources             { $$ = $1; $$->span = @$; $$->has_from = true; $$->from = $3;
                                          $$->from_span = span_join(@2, @3); }
    ;

layer_head:
    NAME                                { $$ = ast_named(parse, AST_LAYER, @$, $1, (AstList){0}); }
  | NAME '(' args ')'                   { $$ = ast_named(parse, AST_LAYER, @$, $1, $3); $$->parentheses = true; }
    ;

sources:
    source                              { $$ = ast_append(parse, (AstList){0}, $1); }
  | sources ',' source                  { $$ = ast_append(parse, $1, $3); }
    ;

source:
    NAME                                { $$ = ast_literal(parse, AST_NAME, $1); }
  | INPUT                               { $$ = ast_literal(parse, AST_NAME, $1); }
    ;

args:
    %empty                              { $$ = (AstList){0}; }
  | arg_list
  | arg_list ','
    ;

arg_list:
    arg                                 { $$ = ast_append(parse, (AstList){0}, $1); }
  | arg_list ',' arg                    { $$ = ast_append(parse, $1, $3); }
    ;

arg:
    item                                { $$ = ast_unary(parse, AST_ARG, @$, $1); }
  | NAME '=' value                      { $$ = ast_assign(parse, AST_ARG, @$, $1, $3); }
    ;

items:
    %empty                              { $$ = (AstList){0}; }
  | item_list
  | item_list ','
    ;

item_list:
    item                                { $$ = ast_append(parse, (AstList){0}, $1); }
  | item_list ',' item                  { $$ = ast_append(parse, $1, $3); }
    ;

item:
    value
  | value ARROW value                   { $$ = ast_arrow(parse, @$, $1, $3); }
  | ARROW value                         { $$ = ast_arrow(parse, @$, NULL, $2); }
    ;

value:
    product
  | value '+' product                   { $$ = ast_binary(parse, $2, $1, $3); }
  | value '-' product                   { $$ = ast_binary(parse, $2, $1, $3); }
    ;

product:
    unary
  | product '*' unary                   { $$ = ast_binary(parse, $2, $1, $3); }
  | product '/' unary                   { $$ = ast_binary(parse, $2, $1, $3); }
    ;

unary:
    primary
  | '-' unary                           { $$ = ast_unary(parse, AST_NEGATE, @$, $2); }
    ;

primary:
    INT                                 { $$ = ast_literal(parse, AST_INT, $1); }
  | FLOAT                               { $$ = ast_literal(parse, AST_FLOAT, $1); }
  | STRING                              { $$ = ast_literal(parse, AST_STRING, $1); }
  | NAME                                { $$ = ast_literal(parse, AST_NAME, $1); }
  | SHAPE                               { $$ = ast_shape(parse, $1); }
  | NAME '(' args ')'                   { $$ = ast_named(parse, AST_CALL, @$, $1, $3); }
  | '(' value comma ')'                 { $$ = $2; $$->span = @$; }
  | '(' values comma ')'                { $$ = ast_new(parse, AST_TUPLE, @$); $$->children = $2; }
  | '[' items ']'                       { $$ = ast_new(parse, AST_LIST, @$); $$->children = $2; }
    ;

comma:
    %empty
  | ','
    ;

values:
    value ',' value                     { $$ = ast_append(parse, ast_append(parse, (AstList){0}, $1), $3); }
  | values ',' value                    { $$ = ast_append(parse, $1, $3); }
    ;

%%

static int yylex(YYSTYPE *value, Span *span, Parse *parse)
{
    return next_token(&value->token, span, parse);
}

/* Only when the parser's stack is full, which DEEPEST and OPERATORS_MOST prevent. */
static void yyerror(const Span *span, Parse *parse, const char *message)
{
    diag_error(parse->diag, *span, "%s", message);
}

static int yyreport_syntax_error(const yypcontext_t *context, Parse *parse)
{
    bool can[YYNTOKENS] = {false};
    yysymbol_kind_t kinds[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    for (int i = 0; i < count; i++)
        can[kinds[i]] = true;
    report_unexpected(parse, &(Expected){
        .statement = can[S_LET],
        .value = can[S_INT],
        .name = can[S_NAME],
        .source = can[S_INPUT],
        .from = can[S_FROM],
        .open_brace = can[YYTRANSLATE('{')],
        .equals = can[YYTRANSLATE('=')],
        .comma = can[YYTRANSLATE(',')],
        .closer = can[YYTRANSLATE(')')] || can[YYTRANSLATE(']')],
        .end = can[S_END],
    });
    start_recovery(parse);
    return 0;
}

Ast *parse(Arena *arena, const Source *source, Diag *diag)
{
    TokenList tokens = {0};
    if (!tokenise(arena, source, diag, &tokens))
        return NULL;
    Parse parse = {.arena = arena, .source = source, .diag = diag, .tokens = tokens.at, .next = tokens.at};
    yyparse(&parse);
    if (parse.file && !parse.braces_guessed)
        check_places(parse.file, diag);
    return diag_errors(diag) ? NULL : parse.file;
}
