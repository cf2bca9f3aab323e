#include "check/check.h"

#include <string.h>

/* Definitions. ---------------------------------------------------------------------------------------------------- */

void define_block(Checker *c, const Ast *ast)
{
    const Block *first = names_find(&c->blocks, ast->text);
    Block       *block = NEW(c->arena, Block);
    block->ast = ast;
    block->params = arena_alloc(c->arena, (size_t)(ast->children.count + 1) * sizeof *block->params);
    Names known = { 0 };
    if (ast->children.count > MOST_PARAMS)
        diag_error(c->diag, ast->name_span, "the block `%s` has %d parameters, more than %d", ast->text,
                   ast->children.count, MOST_PARAMS);
    for (int i = 0; i < ast->children.count && i < MOST_PARAMS; i++) {
        const Ast *name = ast->children.at[i], *other = names_find(&known, name->text);
        if (other) {
            diag_error(c->diag, name->span, "the block `%s` has two parameters `%s`", ast->text, name->text);
            diag_note(c->diag, other->span, "here is the first one");
            continue;
        }
        names_add(c->arena, &known, name->text, (void *)name);
        block->params[block->count++] = (ParamDef){ .name = name->text };
    }
    if (first) {
        diag_error(c->diag, ast->name_span, "the block `%s` is defined twice", ast->text);
        diag_note(c->diag, first->ast->name_span, "here is the first one");
        return;
    }
    if (op_find(ast->text, false) || op_find(ast->text, true) || is_unbuilt(&family_layers, ast->text)) {
        diag_error(c->diag, ast->name_span, "a block cannot be called `%s`: this is a %s of PyTorch's", ast->text,
                   op_find(ast->text, true) ? "loss" : "layer");
        diag_help(c->diag, "choose another name");
    }
    check_name(c, ast->name_span, "a block", ast->text, false);
    names_add(c->arena, &c->blocks, ast->text, block);
}

/* Calls. ---------------------------------------------------------------------------------------------------------- */

/* "a -> b -> a" */
static const char *chain_text(Checker *c, const Scope *scope, const char *end)
{
    const char *text = end;
    for (; scope; scope = scope->caller) {
        if (scope->kind != SCOPE_BLOCK)
            continue;
        text = arena_printf(c->arena, "%s -> %s", scope->block, text);
        if (strcmp(scope->block, end) == 0)
            break;
    }
    return text;
}

static Scope *block_scope(Checker *c, const Scope *caller, const Ast *site, const Block *block, const char *prefix)
{
    Scope *scope = NEW(c->arena, Scope);
    Body  *body = NEW(c->arena, Body);
    *body = (Body){ .statements = &block->ast->body, .prefix = prefix, .previous = c->unknown };
    *scope = (Scope){ .kind = SCOPE_BLOCK, .outer = c->file, .caller = caller, .site = site, .body = body,
                      .block = block->ast->text };
    return scope;
}

static void define_parameter(Checker *c, Scope *scope, const Block *block, int place, Value value)
{
    Let *let = NEW(c->arena, Let);
    *let = (Let){ .span = block->ast->name_span, .origin = value.span, .parameter = true, .value = value };
    for (int i = 0; i < block->ast->children.count; i++)
        if (strcmp(block->ast->children.at[i]->text, block->params[place].name) == 0)
            let->span = block->ast->children.at[i]->span;
    names_add(c->arena, &scope->lets, block->params[place].name, let);
}

static bool read_parameters(Checker *c, const Scope *caller, const Ast *site, const Block *block, Scope *scope)
{
    Signature   signature = { block->ast->text, block->params, block->count, false };
    const Ast **bound = arena_alloc(c->arena, (size_t)(block->count + 1) * sizeof *bound);
    const Ast  *sizes = NULL;
    int         errors = diag_errors(c->diag);
    bool        good = bind_arguments(c, &signature, layer_span(c->source, site), &site->children, bound, &sizes);
    if (!good)
        diag_note(c->diag, block->ast->span, "the block is defined here");
    for (int i = 0; i < block->count; i++)
        if (bound[i])
            define_parameter(c, scope, block, i, evaluate(c, caller, bound[i]->children.at[0]));
    return diag_errors(c->diag) == errors;
}

static void run_block(Checker *c, Block *block, Scope *scope)
{
    block->active = block->visited = true;
    c->depth++;
    check_statements(c, scope, &block->ast->body);
    c->depth--;
    block->active = false;
}

Layer *call_block(Checker *c, const Scope *scope, const Ast *ast, Block *block)
{
    int         errors = diag_errors(c->diag);
    Layer      *reader = NEW(c->arena, Layer);
    const char *prefix = arena_printf(c->arena, "%s.", layer_name(c, scope, ast));
    Scope      *inner = block_scope(c, scope, ast, block, prefix);
    reader->from_span = from_span(c->source, ast);
    bool good = read_inputs(c, scope, ast, arena_printf(c->arena, "the block `%s`", ast->text), 1, 1, reader);
    good &= read_parameters(c, scope, ast, block, inner);
    if (block->active) {
        diag_error(c->diag, layer_span(c->source, ast), "the block `%s` reaches itself: %s", ast->text,
                   chain_text(c, scope, ast->text));
        good = false;
    } else if (c->depth >= MOST_CALLS) {
        diag_error(c->diag, layer_span(c->source, ast), "more than %d blocks call one another in a chain", MOST_CALLS);
        good = false;
    }
    settle(c, scope, ast, errors);
    if (!good || (c->uncalled && block->visited))
        return c->unknown;
    int made = c->made;
    inner->body->previous = reader->in.at[0];
    errors = diag_errors(c->diag);
    run_block(c, block, inner);
    if (c->made == made && diag_errors(c->diag) == errors) {
        diag_error(c->diag, layer_span(c->source, ast), "this call of the block `%s` makes no layer", ast->text);
        diag_note(c->diag, block->ast->span, "the block is defined here");
        settle(c, scope, ast, errors);
    }
    return inner->body->previous;
}

void check_uncalled(Checker *c, Block *block)
{
    Scope *scope = block_scope(c, NULL, NULL, block, "");
    for (int i = 0; i < block->count; i++)
        define_parameter(c, scope, block, i, (Value){ .kind = VALUE_UNKNOWN, .span = block->ast->name_span });
    c->uncalled = true;
    c->made = 0;
    run_block(c, block, scope);
}

/* Repetition. ----------------------------------------------------------------------------------------------------- */

void check_repeat(Checker *c, const Scope *scope, const Ast *ast)
{
    int     errors = diag_errors(c->diag);
    int64_t rounds = 1;
    if (!c->failed[ast->span.begin])
        want_int(c, evaluate(c, scope, ast->children.at[0]), "repeat", 0, INT64_MAX, &rounds);
    settle(c, scope, ast, errors);
    if (diag_errors(c->diag) > errors || c->uncalled)
        rounds = 1;
    for (int64_t round = 1; round <= rounds && !give_up(c); round++) {
        int    made = c->made;
        Scope *inner = NEW(c->arena, Scope);
        *inner = (Scope){ .kind = SCOPE_REPEAT, .outer = scope, .caller = scope, .site = ast, .round = round,
                          .body = scope->body };
        errors = diag_errors(c->diag);
        check_statements(c, inner, &ast->body);
        if (c->made == made || diag_errors(c->diag) > errors)
            break;              /* a further round would make nothing either, or the same errors */
    }
}
