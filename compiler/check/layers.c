#include "check/check.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

Span layer_span(const Source *source, const Ast *ast)
{
    uint32_t end = ast->has_from ? ast->from_span.begin : ast->span.end;
    while (end > ast->name_span.end && isspace((unsigned char)source->text[end - 1]))
        end--;
    return (Span){ ast->name_span.begin, end };
}

Span from_span(const Source *source, const Ast *ast)
{
    return ast->has_from ? ast->from_span : layer_span(source, ast);
}

/* Layers. --------------------------------------------------------------------------------------------------------- */

const char *layer_name(Checker *c, const Scope *scope, const Ast *ast)
{
    Body *body = scope->body;
    if (ast->label)
        return arena_printf(c->arena, "%s%s", body->prefix, ast->label);
    int *count = names_find(&body->counts, ast->text);
    if (!count) {
        count = NEW(c->arena, int);
        names_add(c->arena, &body->counts, ast->text, count);
    }
    return arena_printf(c->arena, "%s%s_%d", body->prefix, ast->text, ++*count);
}

bool read_inputs(Checker *c, const Scope *scope, const Ast *ast, const char *what, int least, int most, Layer *reader)
{
    bool good = true;
    if (ast->from.count > MOST_INPUTS) {
        diag_error(c->diag, reader->from_span, "%s reads %d values, more than %d", what, ast->from.count, MOST_INPUTS);
        return false;
    }
    for (int i = 0; i < ast->from.count; i++) {
        Layer *layer = find_layer(c, scope, ast->from.at[i]);
        good &= layer != NULL;
        list_add(c->arena, &reader->in, layer);
    }
    if (!ast->has_from)
        list_add(c->arena, &reader->in, scope->body->previous);
    if (reader->in.count < least) {
        diag_error(c->diag, reader->from_span, "%s joins %d values or more, but reads %d", what, least,
                   reader->in.count);
        diag_help(c->diag, "name what it reads: `%s from a, b`", ast->text);
        return false;
    }
    if (most >= 0 && reader->in.count > most) {
        diag_error(c->diag, reader->from_span, "%s reads one value, but %d are named", what, reader->in.count);
        diag_help(c->diag, "join them first, with `add` or `concat`");
        return false;
    }
    return good;
}

static bool any_unknown(const Checker *c, const Layer *layer)
{
    for (int i = 0; i < layer->in.count; i++)
        if (layer->in.at[i] == c->unknown)
            return true;
    return false;
}

/* Whether the one error of a layer is that it states another size than comes in. What it gives is known all the same,
 * where its shape rule has set it. */
static bool states_wrong_size(Checker *c, const Layer *layer, int errors_before)
{
    return diag_errors(c->diag) == errors_before + 1 && layer->sizes.in_given && layer->out.rank
        && layer->sizes.in != layer->in.at[0]->out.dim[0];
}

/* The layer, or c->unknown where it has an error or reads a value that has one. */
static Layer *make_layer(Checker *c, const Scope *scope, const Ast *ast, const Op *op)
{
    Layer    *layer = NEW(c->arena, Layer);
    Signature signature = { op->name, op->params, params_count(op->params), op->takes_sizes };
    layer->op = op;
    layer->name = layer_name(c, scope, ast);
    layer->span = layer_span(c->source, ast);
    layer->from_span = from_span(c->source, ast);
    bool good = read_inputs(c, scope, ast, op->name, op->least_inputs, op->most_inputs, layer);
    layer->args = read_arguments(c, scope, &signature, layer->span, &ast->children, layer);
    if (!good || !layer->args || any_unknown(c, layer))
        return c->unknown;
    int errors = diag_errors(c->diag);
    if (!op->shape(c->arena, layer, c->diag))
        return states_wrong_size(c, layer, errors) ? layer : c->unknown;
    if (!layer_fits(c, layer))
        return c->unknown;
    layer->index = c->model->layers.count;
    layer->arguments = arguments_text(c, op->params, layer->args);
    list_add(c->arena, &c->model->layers, layer);
    return layer;
}

/* Reports a name that is neither operator nor block. */
static void unknown_layer(Checker *c, const Ast *ast)
{
    if (op_find(ast->text, true)) {
        diag_error(c->diag, ast->name_span, "`%s` is a loss, not a layer", ast->text);
        diag_help(c->diag, "leave it out here and write `train { loss = %s … }`", ast->text);
        return;
    }
    NameList list = { 0 };
    for (int i = 0; all_ops[i]; i++)
        if (!all_ops[i]->is_loss && strcmp(all_ops[i]->name, "input") != 0)
            list_add(c->arena, &list, all_ops[i]->name);
    names_collect(c->arena, &list, &c->blocks);
    report_unknown(c, ast->name_span, &family_layers, ast->text, names_list(c->arena, &list));
}

void settle(Checker *c, const Scope *scope, const Ast *ast, int errors_before)
{
    if (diag_errors(c->diag) == errors_before)
        return;
    c->failed[ast->span.begin] = true;
    note_callers(c, scope);
}

static Layer *layer_value(Checker *c, const Scope *scope, const Ast *ast)
{
    int       errors = diag_errors(c->diag);
    const Op *op = op_find(ast->text, false);
    Block    *block = names_find(&c->blocks, ast->text);
    Layer    *layer = c->unknown;
    if (c->failed[ast->span.begin])
        return c->unknown;
    if (block)
        return call_block(c, scope, ast, block);
    if (op) {
        layer = make_layer(c, scope, ast, op);
    } else {
        unknown_layer(c, ast);
        c->failed[ast->span.begin] = true;
        errors = diag_errors(c->diag);
        Layer *reader = NEW(c->arena, Layer);
        reader->from_span = from_span(c->source, ast);
        read_inputs(c, scope, ast, ast->text, 0, -1, reader);
    }
    settle(c, scope, ast, errors);
    return layer;
}

static void check_layer(Checker *c, const Scope *scope, const Ast *ast)
{
    if (++c->made > MOST_LAYERS) {
        const Ast *site = ast;      /* in the net */
        for (const Scope *s = scope; s && s->site; s = s->caller)
            site = s->site;
        diag_error(c->diag, site->span, "here the network grows beyond %d layers", MOST_LAYERS);
        c->full = true;
        return;
    }
    Layer *layer = layer_value(c, scope, ast);
    int    errors = diag_errors(c->diag);
    define_label(c, scope, ast, layer);
    settle(c, scope, ast, errors);
    scope->body->previous = layer;
}

/* Input. ---------------------------------------------------------------------------------------------------------- */

static void wrong_rank(Checker *c, const Ast *ast)
{
    const AstList *dims = &ast->children;
    diag_error(c->diag, ast->span, "an input has 1 dimension (features) or 3 (channels, height, width), not %d",
               dims->count);
    if (ast->kind == AST_SHAPE && dims->count == 2)
        diag_help(c->diag, "write `1x%" PRId64 "x%" PRId64 "` for images of one channel", dims->at[0]->integer,
                  dims->at[1]->integer);
    else if (dims->count == 2)
        diag_help(c->diag, "write `(1, height, width)` for images of one channel");
    else if (dims->count == 4)
        diag_help(c->diag, "leave the batch out: its size stands in `data`, as `batch_size`");
}

/* Rank 0 after a report. */
static Shape read_shape(Checker *c, const Scope *scope, const Ast *ast)
{
    bool  listed = ast->kind == AST_SHAPE || ast->kind == AST_TUPLE;
    bool  good = true;
    Shape shape = { .rank = listed ? ast->children.count : 1 };
    if (shape.rank != 1 && shape.rank != 3) {
        wrong_rank(c, ast);
        return (Shape){ 0 };
    }
    for (int i = 0; i < shape.rank; i++)
        good &= want_int(c, evaluate(c, scope, listed ? ast->children.at[i] : ast), "a dimension of the input", 1,
                         MOST_INT, &shape.dim[i]);
    return good ? shape : (Shape){ 0 };
}

static void check_input(Checker *c, const Scope *scope, const Ast *ast)
{
    const Ast *shape = ast->children.at[0];
    if (c->input_span.end) {
        diag_error(c->diag, ast->span, "the net has a second input");
        diag_note(c->diag, c->input_span, "here is the first one");
        return;
    }
    if (c->made) {
        diag_error(c->diag, ast->span, "`input` must stand before the first layer");
        diag_help(c->diag, "move it to the top of the net");
    }
    Layer *layer = NEW(c->arena, Layer);
    *layer = (Layer){ .op = op_find("input", false), .name = "input", .span = ast->span, .from_span = ast->span,
                      .out = read_shape(c, scope, shape) };
    layer->args = arena_alloc(c->arena, sizeof *layer->args);
    c->input_span = shape->span;
    if (!layer->out.rank || !layer_fits(c, layer))
        return;
    c->input = scope->body->previous = layer;
    list_add(c->arena, &c->model->layers, layer);
}

void check_statements(Checker *c, Scope *scope, const AstList *statements)
{
    for (int i = 0; i < statements->count && !give_up(c); i++) {
        const Ast *ast = statements->at[i];
        int        errors = diag_errors(c->diag);
        switch (ast->kind) {
        case AST_LET:
            define_let(c, scope, ast);
            settle(c, scope, ast, errors);
            break;
        case AST_INPUT:
            check_input(c, scope, ast);
            break;
        case AST_REPEAT:
            check_repeat(c, scope, ast);
            break;
        default:
            check_layer(c, scope, ast);
        }
    }
}
