/* Which statement may stand where. The grammar takes any of them anywhere, so that the rule is told by name. */
#include "syntax/parse.h"

#define IN(kind)  (1u << (kind))
#define IN_LAYERS (IN(AST_NET) | IN(AST_BLOCK) | IN(AST_REPEAT))

typedef struct Rule {
    AstKind     kind;
    const char *what;
    unsigned    in;             /* IN() of each body that it may stand in */
    const char *home;           /* where it belongs */
} Rule;

static const Rule rules[] = {
    {AST_LET,     "`let`",     IN_LAYERS | IN(AST_FILE) | IN(AST_DATA) | IN(AST_TRAIN),
                               "at the top, in a net, a block, data or train"},
    {AST_INPUT,   "`input`",   IN(AST_NET),                                    "in the net"},
    {AST_LAYER,   "a layer",   IN_LAYERS,                                      "in a net or a block"},
    {AST_REPEAT,  "`repeat`",  IN_LAYERS,                                      "in a net or a block"},
    {AST_SETTING, "a setting", IN(AST_DATA) | IN(AST_TRAIN) | IN(AST_SECTION),  "in data or train"},
    {AST_SECTION, "a section", IN(AST_DATA),                                    "in data"},
    {AST_NET,     "`net`",     IN(AST_FILE),                                    "at the top of the file"},
    {AST_BLOCK,   "`block`",   IN(AST_FILE),                                    "at the top of the file"},
    {AST_DATA,    "`data`",    IN(AST_FILE),                                    "at the top of the file"},
    {AST_TRAIN,   "`train`",   IN(AST_FILE),                                    "at the top of the file"},
};

static const char *body_name(AstKind kind)
{
    switch (kind) {
    case AST_NET:     return "in a net";
    case AST_BLOCK:   return "in a block";
    case AST_REPEAT:  return "in a repeat";
    case AST_DATA:    return "in data";
    case AST_TRAIN:   return "in train";
    case AST_SECTION: return "in a section of data";
    default:          return "at the top of the file";
    }
}

/* How what stands in the wrong place is written in the right one. */
static void help(const Ast *statement, AstKind body, Diag *diag)
{
    bool settings = body == AST_DATA || body == AST_TRAIN || body == AST_SECTION;
    if (statement->kind == AST_LAYER && settings)
        diag_help(diag, "a setting is written `%s = value`", statement->label ? statement->label : statement->text);
    else if (statement->kind == AST_SETTING && !settings)
        diag_help(diag, "a constant is written `let %s = …`; an argument stands in the parentheses of its layer",
                  statement->text);
}

static void check_body(const Ast *owner, Diag *diag)
{
    for (int i = 0; i < owner->body.count; i++) {
        const Ast  *statement = owner->body.at[i];
        const Rule *rule = rules;
        while (rule->kind != statement->kind)
            rule++;
        if (rule->in & IN(owner->kind)) {
            check_body(statement, diag);
            continue;
        }
        diag_error(diag, statement->span, "%s cannot stand %s; it belongs %s", rule->what, body_name(owner->kind),
                   rule->home);
        help(statement, owner->kind, diag);
    }
}

void check_places(const Ast *file, Diag *diag)
{
    check_body(file, diag);
}
