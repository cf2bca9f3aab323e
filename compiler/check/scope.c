#include "check/check.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* Lets and parameters. -------------------------------------------------------------------------------------------- */

const Let *find_let(const Scope *scope, const char *name, uint32_t at)
{
    for (; scope; scope = scope->outer) {
        const Let *let = names_find(&scope->lets, name);
        if (let && (scope->kind != SCOPE_FILE || let->span.begin < at))
            return let;
    }
    return NULL;
}

static const char *nearest_let(Checker *c, const Scope *scope, const char *name)
{
    NameList list = { 0 };
    for (; scope; scope = scope->outer)
        names_collect(c->arena, &list, &scope->lets);
    list_add(c->arena, &list, "true");
    list_add(c->arena, &list, "false");
    return nearest_name(name, names_list(c->arena, &list));
}

void unknown_name(Checker *c, const Scope *scope, const Ast *name)
{
    const Let   *later = names_find(&c->file->lets, name->text);
    const Label *label = scope->body ? names_find(&scope->body->labels, name->text) : NULL;
    if (later) {
        diag_error(c->diag, name->span, "`%s` is used before it is defined", name->text);
        diag_note(c->diag, later->span, "it is defined here");
        diag_help(c->diag, "move the `let` above the line that uses it");
        return;
    }
    if (label) {
        diag_error(c->diag, name->span, "a value is expected here, but `%s` is a layer", name->text);
        diag_note(c->diag, label->span, "it is the label of this layer");
        return;
    }
    diag_error(c->diag, name->span, "nothing is called `%s`", name->text);
    const char *near = nearest_let(c, scope, name->text);
    if (near)
        diag_help(c->diag, "is `%s` meant?", near);
    else
        diag_help(c->diag, "define it above, with `let %s = …`", name->text);
}

static void report_let(Checker *c, const Ast *let, const Let *found)
{
    diag_error(c->diag, let->name_span, found->parameter ? "`%s` is already a parameter of this block"
                                                         : "`%s` is defined twice", let->text);
    diag_note(c->diag, found->span, "here is the first one");
    diag_help(c->diag, "a let keeps its value; give this one another name");
}

/* A let that failed in an earlier call or round is known all the same, without a value. */
void define_let(Checker *c, Scope *scope, const Ast *let)
{
    const Let *found = names_find(&scope->lets, let->text);
    bool       failed = c->failed[let->span.begin];
    Let       *made = NEW(c->arena, Let);
    made->span = made->origin = let->name_span;
    made->value = failed ? (Value){ .kind = VALUE_UNKNOWN } : evaluate(c, scope, let->children.at[0]);
    if (made->value.kind == VALUE_LIST) {
        diag_error(c->diag, made->value.span, "a let holds a number, a pair, a string, true or false, not a list");
        made->value.kind = VALUE_UNKNOWN;
    }
    if (!found)
        names_add(c->arena, &scope->lets, let->text, made);
    if (failed)
        return;
    if (strcmp(let->text, "true") == 0 || strcmp(let->text, "false") == 0)
        diag_error(c->diag, let->name_span, "`%s` is a value of the language and cannot be defined", let->text);
    else if (found)
        report_let(c, let, found);
}

/* Labels. --------------------------------------------------------------------------------------------------------- */

/* The first statement that gives the label `name`. */
static const Ast *labelled_in(const AstList *statements, const char *name)
{
    for (int i = 0; i < statements->count; i++) {
        const Ast *statement = statements->at[i];
        if (statement->label && strcmp(statement->label, name) == 0)
            return statement;
    }
    return NULL;
}

/* The kind that `name` counts, as relu in relu_1, or NULL. */
static const char *counted_kind(Checker *c, const char *name)
{
    size_t length = strlen(name), digits = 0;
    while (digits < length && isdigit((unsigned char)name[length - digits - 1]))
        digits++;
    if (!digits || digits + 1 >= length || name[length - digits - 1] != '_')
        return NULL;
    const char *kind = arena_copy(c->arena, name, length - digits - 1);
    bool known = op_find(kind, false) || names_find(&c->blocks, kind) || is_unbuilt(&family_layers, kind);
    return known ? kind : NULL;
}

static bool check_label(Checker *c, const Scope *scope, const Ast *statement)
{
    const char *kind = counted_kind(c, statement->label);
    if (strcmp(statement->label, "input") == 0 || strcmp(statement->label, "previous") == 0) {
        diag_error(c->diag, statement->label_span, "`%s` names a value already and cannot be a label",
                   statement->label);
        return false;
    }
    if (kind) {
        diag_error(c->diag, statement->label_span, "a label cannot be `%s`: layers without a label are called so",
                   statement->label);
        diag_help(c->diag, "the first `%s` without a label is `%s_1`, the next `%s_2`; choose another name", kind, kind,
                  kind);
        return false;
    }
    if (scope->kind == SCOPE_REPEAT) {
        diag_error(c->diag, statement->label_span, "a label cannot stand in a repeat: each round would give it again");
        diag_help(c->diag, "put these layers into a block and repeat a call to it: `repeat 3 { name(…) }`");
        return false;
    }
    return check_name(c, statement->label_span, "a label", statement->label, false);
}

void define_label(Checker *c, const Scope *scope, const Ast *statement, Layer *layer)
{
    if (!statement->label)
        return;
    Names       *labels = &scope->body->labels;
    const Label *first = names_find(labels, statement->label);
    bool         good = c->failed[statement->span.begin] || check_label(c, scope, statement);
    if (!first) {
        Label *label = NEW(c->arena, Label);
        *label = (Label){ statement->label_span, layer };
        names_add(c->arena, labels, statement->label, label);
    } else if (good && first->span.begin != statement->label_span.begin) {
        diag_error(c->diag, statement->label_span, "the label `%s` is given twice", statement->label);
        diag_note(c->diag, first->span, "here is the first one");
    }
}

/* Whether the net gives `name`, which a block cannot see. */
static bool labelled_in_net(Checker *c, const Scope *scope, const char *name)
{
    return c->net && scope->body->statements != &c->net->body && labelled_in(&c->net->body, name);
}

static void unknown_label(Checker *c, const Scope *scope, const Ast *name)
{
    const Ast  *later = labelled_in(scope->body->statements, name->text);
    const char *kind = counted_kind(c, name->text);
    if (find_let(scope, name->text, name->span.begin)) {
        diag_error(c->diag, name->span, "a layer is expected here, but `%s` is a value", name->text);
        return;
    }
    if (later) {
        if (later->label_span.begin < name->span.begin) {
            diag_error(c->diag, name->span, "`%s` would read itself", name->text);
            return;
        }
        diag_error(c->diag, name->span, "`%s` is read before the line that makes it", name->text);
        diag_note(c->diag, later->label_span, "it is made here");
        return;
    }
    diag_error(c->diag, name->span, "no layer above has the label `%s`", name->text);
    NameList list = { 0 };
    names_collect(c->arena, &list, &scope->body->labels);
    list_add(c->arena, &list, "previous");
    list_add(c->arena, &list, "input");
    const char *near = nearest_name(name->text, names_list(c->arena, &list));
    if (kind)
        diag_help(c->diag, "only labels can be named: write `NAME: %s…` where it is made, and `NAME` here", kind);
    else if (labelled_in_net(c, scope, name->text))
        diag_help(c->diag, "a block knows only labels of its own; what it reads is `previous` in its first line");
    else if (near)
        diag_help(c->diag, "is `%s` meant?", near);
    else
        diag_help(c->diag, "give the layer that is meant a label: `%s: …`", name->text);
}

Layer *find_layer(Checker *c, const Scope *scope, const Ast *name)
{
    if (strcmp(name->text, "previous") == 0)
        return scope->body->previous;
    if (strcmp(name->text, "input") == 0)
        return c->uncalled ? c->unknown : c->input;
    const Label *label = names_find(&scope->body->labels, name->text);
    if (label)
        return label->layer;
    unknown_label(c, scope, name);
    return NULL;
}

/* Names that become C. -------------------------------------------------------------------------------------------- */

static const char *const c_words[] = {
    "alignas", "alignof", "asm", "auto", "bool", "break", "case", "char", "const", "constexpr", "continue", "default",
    "do", "double", "else", "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "main", "nullptr",
    "register", "restrict", "return", "short", "signed", "sizeof", "static", "static_assert", "struct", "switch",
    "thread_local", "typedef", "typeof", "union", "unsigned", "void", "volatile", "while", NULL
};

static bool is_c_word(const char *name)
{
    for (const char *const *word = c_words; *word; word++)
        if (strcmp(*word, name) == 0)
            return true;
    return false;
}

/* A net's trainer stands in its output folder under the net's name, beside these. */
static bool is_output_file(const char *name)
{
    return strcmp(name, "Makefile") == 0 || strcmp(name, "build") == 0;
}

bool check_name(Checker *c, Span span, const char *what, const char *name, bool in_c)
{
    if (strlen(name) > MOST_NAME) {
        diag_error(c->diag, span, "the name of %s has at most %d characters, this one has %zu", what, MOST_NAME,
                   strlen(name));
        return false;
    }
    if (in_c && (is_c_word(name) || name[0] == '_')) {
        diag_error(c->diag, span, "%s cannot be called `%s`: it becomes a name in C, where this one is taken", what,
                   name);
        diag_help(c->diag, name[0] == '_' ? "begin it with a letter" : "choose another name");
        return false;
    }
    if (in_c && is_output_file(name)) {
        diag_error(c->diag, span, "%s cannot be called `%s`: its output folder has a file of this name already", what,
                   name);
        diag_help(c->diag, "choose another name");
        return false;
    }
    return true;
}

/* Where errors in blocks come from. ------------------------------------------------------------------------------- */

void note_callers(Checker *c, const Scope *scope)
{
    int shown = 0;
    for (; scope && shown < 3; scope = scope->caller) {
        if (scope->kind == SCOPE_BLOCK && scope->site)
            diag_note(c->diag, layer_span(c->source, scope->site), "in this call of the block `%s`", scope->block);
        else if (scope->kind == SCOPE_REPEAT && scope->round > 1)
            diag_note(c->diag, scope->site->span, "in round %" PRId64 " of this repeat", scope->round);
        else
            continue;
        shown++;
    }
}
