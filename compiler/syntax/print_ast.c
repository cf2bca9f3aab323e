#include "syntax/ast.h"

static const char *const kind_names[] = {
    [AST_INT] = "int",         [AST_FLOAT] = "float",     [AST_STRING] = "string",   [AST_NAME] = "name",
    [AST_SHAPE] = "shape",     [AST_NEGATE] = "negate",   [AST_BINARY] = "binary",   [AST_TUPLE] = "tuple",
    [AST_LIST] = "list",       [AST_CALL] = "call",       [AST_ARROW] = "arrow",     [AST_ARG] = "argument",
    [AST_LET] = "let",         [AST_INPUT] = "input",     [AST_LAYER] = "layer",     [AST_REPEAT] = "repeat",
    [AST_SETTING] = "setting", [AST_SECTION] = "section", [AST_NET] = "net",         [AST_BLOCK] = "block",
    [AST_DATA] = "data",       [AST_TRAIN] = "train",     [AST_FILE] = "file",
};

typedef struct Printer {
    Text         *out;
    const Source *source;
    int           level;
} Printer;

static void print_list(Printer *printer, const AstList *list);

/* The position, the indentation, and what the line says before the node's own words. */
static void begin_line(const Printer *printer, Span span, const char *what)
{
    Position position = source_position(printer->source, span.begin);
    const char *at = arena_printf(printer->out->arena, "%d:%d", position.line, position.column);
    text_add(printer->out, "%-9s%*s%s", at, 4 * printer->level, "", what);
}

/* A node's own words: a literal as it stands in the source, else the name. */
static void print_text(const Printer *printer, const Ast *ast)
{
    Span span = ast->name_span;
    if (ast->kind == AST_INT || ast->kind == AST_FLOAT || ast->kind == AST_STRING || ast->kind == AST_SHAPE)
        text_add(printer->out, " %.*s", (int)(span.end - span.begin), printer->source->text + span.begin);
    else if (ast->text)
        text_add(printer->out, " %s", ast->text);
}

static void print_node(Printer *printer, const Ast *ast)
{
    begin_line(printer, ast->span, kind_names[ast->kind]);
    print_text(printer, ast);
    if (ast->label)
        text_add(printer->out, ", label %s", ast->label);
    text_add(printer->out, "\n");

    printer->level++;
    print_list(printer, &ast->children);
    if (ast->has_from) {
        begin_line(printer, ast->from_span, "from\n");
        printer->level++;
        print_list(printer, &ast->from);
        printer->level--;
    }
    print_list(printer, &ast->body);
    printer->level--;
}

static void print_list(Printer *printer, const AstList *list)
{
    for (int i = 0; i < list->count; i++)
        if (list->at[i])
            print_node(printer, list->at[i]);
}

void ast_print(Text *out, const Source *source, const Ast *ast)
{
    print_node(&(Printer){.out = out, .source = source}, ast);
}
