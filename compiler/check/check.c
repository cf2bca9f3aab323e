#include "check/check.h"

typedef struct Sections { const Ast *net, *data, *train; } Sections;

bool give_up(const Checker *c)
{
    return c->full || diag_errors(c->diag) > MOST_ERRORS;
}

/* Notes the only net, data or train of a file in *place. */
static void only_one(Checker *c, const Ast **place, const Ast *ast, const char *what)
{
    if (!*place) {
        *place = ast;
        return;
    }
    diag_error(c->diag, ast->span, "a spec has one %s, but this is a second one", what);
    diag_note(c->diag, (*place)->span, "here is the first one");
}

static Sections read_file(Checker *c, const Ast *file)
{
    Sections sections = { 0 };
    for (int i = 0; i < file->body.count && !give_up(c); i++) {
        const Ast *ast = file->body.at[i];
        switch (ast->kind) {
        case AST_LET:   define_let(c, c->file, ast); break;
        case AST_BLOCK: define_block(c, ast); break;
        case AST_NET:   only_one(c, &sections.net, ast, "net"); break;
        case AST_DATA:  only_one(c, &sections.data, ast, "data section"); break;
        default:        only_one(c, &sections.train, ast, "train section");
        }
    }
    return sections;
}

static void check_net(Checker *c, const Ast *ast)
{
    Body  body = { .statements = &ast->body, .prefix = "", .previous = c->unknown };
    Scope scope = { .kind = SCOPE_NET, .outer = c->file, .body = &body };
    int   errors = diag_errors(c->diag);
    c->net = ast;
    c->model->name = ast->text;
    c->model->span = ast->span;
    check_name(c, ast->name_span, "a net", ast->text, true);
    check_statements(c, &scope, &ast->body);
    c->output = body.previous;
    if (give_up(c))
        return;
    if (!c->input_span.end) {
        diag_error(c->diag, ast->span, "the net `%s` has no input", ast->text);
        diag_help(c->diag, "say first what it reads: `input 1x28x28`");
    }
    if (!c->made) {
        diag_error(c->diag, ast->span, "the net `%s` has no layers", ast->text);
        diag_help(c->diag, "write what is to be computed, for example `flatten` and `linear(-> 10)`");
    }
    if (diag_errors(c->diag) == errors)
        check_memory(c);
}

/* A trainer needs all three. */
static void check_missing(Checker *c, const Sections *sections)
{
    const Ast *net = sections->net;
    if (!sections->data) {
        diag_error(c->diag, net->span, "there is no `data` for the net `%s`: a trainer has to know what to learn from",
                   net->text);
        diag_help(c->diag, "for example `data mnist { batch_size = 64; shuffle = true }`");
    }
    if (!sections->train) {
        diag_error(c->diag, net->span, "there is no `train` for the net `%s`: a trainer has to know how to learn",
                   net->text);
        diag_help(c->diag, "for example `train { loss = cross_entropy; optimizer = sgd(lr=0.01, momentum=0.5) }`");
    }
}

Model *check(Arena *arena, const Source *source, const Ast *file, bool need_all, Diag *diag)
{
    Scope   top = { .kind = SCOPE_FILE };
    Layer   unknown = { .name = "" };
    Model  *model = NEW(arena, Model);
    Checker c = { .arena = arena, .source = source, .diag = diag, .model = model, .file = &top, .unknown = &unknown,
                  .input = &unknown, .output = &unknown };
    int     errors = diag_errors(diag);
    model->source = source;
    c.failed = arena_alloc(arena, source->size + 1);
    Sections sections = read_file(&c, file);
    if (sections.net) {
        check_net(&c, sections.net);
    } else {
        diag_error(diag, (Span){ (uint32_t)source->size, (uint32_t)source->size }, "there is no net");
        diag_help(diag, "a spec describes one: `net NAME { input 1x28x28 … }`");
    }
    if (sections.data)
        check_data(&c, sections.data);
    if (sections.train)
        check_train(&c, sections.train);
    for (int i = 0; i < c.blocks.entries.count && !give_up(&c); i++)
        if (!((Block *)c.blocks.entries.at[i].item)->visited)
            check_uncalled(&c, c.blocks.entries.at[i].item);
    if (need_all && sections.net)
        check_missing(&c, &sections);
    return diag_errors(diag) == errors ? model : NULL;
}
