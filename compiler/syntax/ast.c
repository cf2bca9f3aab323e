#include "syntax/parse.h"

#include <stdlib.h>

Ast *ast_new(Parse *parse, AstKind kind, Span span)
{
    Ast *ast = NEW(parse->arena, Ast);
    ast->kind = kind;
    ast->span = span;
    return ast;
}

Ast *ast_literal(Parse *parse, AstKind kind, const Token *token)
{
    Ast *ast = ast_new(parse, kind, token->span);
    ast->text = token->text;
    ast->name_span = token->span;
    ast->integer = token->integer;
    ast->real = token->real;
    return ast;
}

/* A child for each number between the `x`; the lexer has seen that they fit. */
Ast *ast_shape(Parse *parse, const Token *token)
{
    Ast        *shape = ast_new(parse, AST_SHAPE, token->span);
    shape->name_span = token->span;
    const char *text = parse->source->text, *at = text + token->span.begin, *end = text + token->span.end;
    while (at < end) {
        char    *after;
        int64_t  size = strtoll(at, &after, 10);
        Ast     *child = ast_new(parse, AST_INT, (Span){(uint32_t)(at - text), (uint32_t)(after - text)});
        child->name_span = child->span;
        child->integer = size;
        child->real = (double)size;
        shape->children = ast_append(parse, shape->children, child);
        at = after + 1;
    }
    return shape;
}

Ast *ast_named(Parse *parse, AstKind kind, Span span, const Token *name, AstList children)
{
    Ast *ast = ast_new(parse, kind, span);
    ast->text = name->text;
    ast->name_span = name->span;
    ast->children = children;
    return ast;
}

Ast *ast_unary(Parse *parse, AstKind kind, Span span, Ast *child)
{
    Ast *ast = ast_new(parse, kind, span);
    ast->children = ast_append(parse, ast->children, child);
    return ast;
}

Ast *ast_binary(Parse *parse, const Token *operator, Ast *left, Ast *right)
{
    Ast *ast = ast_unary(parse, AST_BINARY, span_join(left->span, right->span), left);
    ast->children = ast_append(parse, ast->children, right);
    ast->text = arena_printf(parse->arena, "%c", operator->kind);
    ast->name_span = operator->span;
    return ast;
}

Ast *ast_arrow(Parse *parse, Span span, Ast *left, Ast *right)
{
    Ast *ast = ast_new(parse, AST_ARROW, span);
    list_add(parse->arena, &ast->children, left);
    list_add(parse->arena, &ast->children, right);
    return ast;
}

Ast *ast_assign(Parse *parse, AstKind kind, Span span, const Token *name, Ast *value)
{
    return ast_named(parse, kind, span, name, ast_append(parse, (AstList){0}, value));
}

AstList ast_append(Parse *parse, AstList list, Ast *ast)
{
    if (ast)
        list_add(parse->arena, &list, ast);
    return list;
}
