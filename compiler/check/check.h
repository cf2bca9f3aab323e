/* What the files of the checker share. */
#ifndef NETC_CHECK_H
#define NETC_CHECK_H

#include "check/model.h"
#include "op.h"

enum {
    MOST_LAYERS = 10000,        /* a network of more is an error */
    MOST_CALLS  = 100,          /* blocks that call blocks: how deep */
    MOST_ERRORS = 200,          /* more than are shown: then it is no use to look for further ones */
    MOST_PARAMS = 100,          /* of a block */
    MOST_INPUTS = 1000,         /* of a layer */
    MOST_NAME   = 100,          /* characters of a net's name, a block's or a label */
};

/* The largest real number: so far a 32-bit float reaches. */
static const double MOST_REAL = 1e38;

/* The largest whole number an argument or a size may be: products of two of them fit an int64_t. */
static const int64_t MOST_INT = INT32_MAX;

/* names.c: a table from names to things. -------------------------------------------------------------------------- */

typedef struct Named { const char *name; void *item; } Named;

typedef struct Names {
    List(Named) entries;        /* in the order in which they were added */
    int        *slots;          /* hash table of places in `entries`, from 1; 0: free */
    int         slot_count;     /* 0 or a power of two, more than twice entries.count */
} Names;

/* What `name` stands for, or NULL. */
void *names_find(const Names *names, const char *name);

/* Adds a name that is not in the table. */
void  names_add(Arena *arena, Names *names, const char *name, void *item);

/* A list of names to search for the nearest one. names_list ends it with NULL. */
typedef List(const char *) NameList;
void               names_collect(Arena *arena, NameList *list, const Names *names);
const char *const *names_list(Arena *arena, NameList *list);

/* value.c: expressions. ------------------------------------------------------------------------------------------- */

typedef enum ValueKind {
    VALUE_UNKNOWN,              /* after an error, which has been reported: nobody reports it again */
    VALUE_INT,
    VALUE_REAL,
    VALUE_BOOL,                 /* integer: 0 or 1 */
    VALUE_STRING,
    VALUE_TUPLE,                /* items, two or more */
    VALUE_LIST,                 /* items */
} ValueKind;

typedef struct Value {
    ValueKind           kind;
    Span                span;       /* the expression */
    int64_t             integer;
    double              real;       /* VALUE_INT too */
    const char         *text;
    const struct Value *items;
    int                 count;
    const char         *name;       /* the let or parameter that the expression consists of, or NULL */
    Span                origin;     /* with `name`: where it got its value */
} Value;

typedef struct Checker Checker;
typedef struct Scope   Scope;

/* The value of an expression. Errors are reported, and give VALUE_UNKNOWN. */
Value evaluate(Checker *c, const Scope *scope, const Ast *ast);

/* A value in words: `0.5`, `the pair (5, 3)`, `a string`. */
const char *value_text(Checker *c, Value value);

/* The value as a number within limits, or false: after a report, unless the value is unknown. `what` is the argument's
 * or setting's name. */
bool want_int(Checker *c, Value value, const char *what, int64_t least, int64_t most, int64_t *result);
bool want_real(Checker *c, Value value, const char *what, double least, double most, double *result);
bool want_bool(Checker *c, Value value, const char *what, bool *result);

/* Reports that `what` takes `wanted`, but not this value (nothing, if it is unknown). */
void wrong_type(Checker *c, Value value, const char *what, const char *wanted);

/* A note that says where the value comes from, if that is elsewhere. */
void note_origin(Checker *c, Value value);

/* scope.c: what a name means. ------------------------------------------------------------------------------------- */

typedef enum ScopeKind { SCOPE_FILE, SCOPE_SECTION, SCOPE_NET, SCOPE_BLOCK, SCOPE_REPEAT } ScopeKind;

/* A let, or a block's parameter. */
typedef struct Let {
    Span  span;                 /* of its name; of a parameter: where the block names it */
    Span  origin;               /* where it got its value: the let's name, or the argument of the call */
    bool  parameter;
    Value value;
} Let;

typedef struct Label {
    Span   span;
    Layer *layer;
} Label;

/* One run through the statements of the net or of a block. */
typedef struct Body {
    const AstList *statements;
    const char    *prefix;      /* of layer names: "", "residual_2." */
    Layer         *previous;
    Names          labels;      /* Label * */
    Names          counts;      /* int *: unlabelled layers and calls so far, by kind */
} Body;

struct Scope {
    ScopeKind    kind;
    const Scope *outer;         /* where a name is looked up that is not known here */
    const Scope *caller;        /* SCOPE_BLOCK, SCOPE_REPEAT: where `site` stands */
    const Ast   *site;          /* the call or the repeat; NULL for a block that nothing calls */
    const char  *block;         /* SCOPE_BLOCK: its name */
    int64_t      round;         /* SCOPE_REPEAT: from 1 */
    Names        lets;          /* Let * */
    Body        *body;          /* SCOPE_NET, SCOPE_BLOCK; of SCOPE_REPEAT: the one around it */
};

/* The let or parameter called `name` that is known at byte `at`, or NULL. */
const Let *find_let(const Scope *scope, const char *name, uint32_t at);

/* Evaluates a let and makes it known in `scope`. */
void define_let(Checker *c, Scope *scope, const Ast *let);

/* Reports a name that no let or parameter has. */
void unknown_name(Checker *c, const Scope *scope, const Ast *name);

/* Gives the label of `statement`, if it has one, to `layer`. */
void define_label(Checker *c, const Scope *scope, const Ast *statement, Layer *layer);

/* What `name` in a `from` or `indices=` stands for: a label, `previous` or `input`. NULL after a report. */
Layer *find_layer(Checker *c, const Scope *scope, const Ast *name);

/* Reports a name that cannot be the net's, a block's or a label: too long, or (`in_c`) a word of C. */
bool check_name(Checker *c, Span span, const char *what, const char *name, bool in_c);

/* After errors in a block or a later round of a repeat: notes that say which calls and rounds led there, at most the
 * nearest three. */
void note_callers(Checker *c, const Scope *scope);

/* known.c: names that PyTorch users write. ------------------------------------------------------------------------ */

/* A name that netc does not have, and what to say of it. */
typedef struct Known { const char *name, *hint; } Known;

/* A kind of things with names. */
typedef struct Family {
    const char  *what;          /* "layer" */
    const Known *unbuilt;       /* refused as not built yet; hint: what helps meanwhile, or NULL */
    const Known *aliases;       /* other spellings; hint: the right one */
} Family;

extern const Family family_layers, family_losses, family_optimizers, family_schedules, family_datasets, family_samplers,
                    family_transforms, family_target_transforms;

/* Reports that none of `names` is `word`: not built yet, or unknown, with the nearest name. */
void report_unknown(Checker *c, Span span, const Family *family, const char *word, const char *const *names);

/* Whether netc keeps this name for a layer to come. */
bool is_unbuilt(const Family *family, const char *word);

/* Reports that `owner` has no `what` (argument, setting, section) called `word`, with what is near, or all there is. */
void report_no_such(Checker *c, Span span, const char *owner, const char *what, const char *word,
                    const char *const *names);

/* The `hint` of the entry called `word`, or NULL. The table ends with a NULL name. */
const char *known_hint(const Known *table, const char *word);

/* "a, b and c", with " and " for `last`. */
const char *join_names(Arena *arena, const char *const *names, const char *last);

/* args.c: arguments. ---------------------------------------------------------------------------------------------- */

/* What takes arguments, as the binder sees it. */
typedef struct Signature {
    const char     *name;
    const ParamDef *params;         /* `count` of them */
    int             count;
    bool            takes_sizes;
} Signature;

int params_count(const ParamDef *params);

/* Finds the parameter of each argument: bound[i] is the AST_ARG for params[i] or NULL, *sizes the AST_ARROW or NULL.
 * Returns false after a report; what could be bound is bound. `span` is the layer's or the call's. */
bool bind_arguments(Checker *c, const Signature *signature, Span span, const AstList *arguments, const Ast **bound,
                    const Ast **sizes);

/* The arguments as the operator's table wants them, defaults filled in; *sizes may be NULL where there are none.
 * Returns NULL after a report, or where a value is unknown. */
Arg *read_arguments(Checker *c, const Scope *scope, const Signature *signature, Span span, const AstList *arguments,
                    Layer *layer);

/* defaults.c: where a word stands in a parameter's words, or -1. */
int word_place(const char *const *words, const char *word);

/* Fills in what the spec does not give; `args` of earlier parameters are there already. And the arguments as one
 * writes them, without those that say what the default does: "kernel_size=5, padding=same". */
void        fill_default(Checker *c, const ParamDef *params, int place, Arg *args);
const char *arguments_text(Checker *c, const ParamDef *params, Arg *args);

/* numbers.c: arguments that are PARAM_NUMBERS. What they take in words; reading one, false after a report; its default. */
const char *numbers_wanted(Checker *c, const ParamDef *def);
bool        read_numbers(Checker *c, const ParamDef *def, Value value, Arg *arg);
void        default_numbers(Checker *c, const ParamDef *def, Arg *arg);

/* layers.c, blocks.c: statements. --------------------------------------------------------------------------------- */

typedef struct Block {
    const Ast *ast;
    ParamDef  *params;          /* names alone */
    int        count;
    bool       active;          /* is being run through: a call to it now would never end */
    bool       visited;
} Block;

/* Runs through the statements of the scope's net, block or repeat. */
void check_statements(Checker *c, Scope *scope, const AstList *statements);

/* The block's definition. */
void define_block(Checker *c, const Ast *ast);

/* Runs through the block for one call; returns its value. */
Layer *call_block(Checker *c, const Scope *scope, const Ast *ast, Block *block);

/* Runs through a block that nothing calls, with unknown arguments and input. */
void check_uncalled(Checker *c, Block *block);

void check_repeat(Checker *c, const Scope *scope, const Ast *ast);

/* After the statement `ast`: if it had errors, notes who called it, and remembers that they are reported, so that the
 * next call or round passes over it. */
void settle(Checker *c, const Scope *scope, const Ast *ast, int errors_before);

/* What a layer or a call reads: the names after `from`, or the line above. False after a report. */
bool read_inputs(Checker *c, const Scope *scope, const Ast *ast, const char *what, int least, int most, Layer *reader);

/* Its name: prefix and label, or prefix, kind and count. */
const char *layer_name(Checker *c, const Scope *scope, const Ast *ast);

/* The statement's name and arguments, without label and `from`; and `from …`, or the same where there is none. */
Span layer_span(const Source *source, const Ast *ast);
Span from_span(const Source *source, const Ast *ast);

/* sections: settings.c, data.c, train.c. -------------------------------------------------------------------------- */

/* One line of a section's table. */
typedef struct Setting Setting;
struct Setting {
    const char    *name;
    void         (*read)(Checker *c, const Scope *scope, const Ast *value);
    const Setting *section;     /* it is a section with these settings; ends with a NULL name */
};

/* The settings of both sections, so that one that stands in the wrong place is told where it belongs. */
extern const Setting data_settings[], train_settings[];

/* Reads a section's body. `title` is `data`, `train` or `test`. given[i] is the statement of table[i], or NULL.
 * Returns false if a setting is not in the table: it may be one that seems to be missing. */
bool read_settings(Checker *c, const Scope *outer, const char *title, const Setting *table, const AstList *body,
                   const Ast **given);

void check_data(Checker *c, const Ast *ast);

/* datasets.c: what can be named after `data`. The dataset that `ast` names, or NULL after a report. */
const Dataset *find_dataset(Checker *c, const Ast *ast);

/* Reads the dataset's arguments: after it, what is known of its samples and classes is. */
void read_dataset(Checker *c, const Ast *ast);

/* Compares its classes with the network, and its images, if no transform gives them another shape. */
void check_dataset(Checker *c, const Ast *ast, bool same_images);

/* transforms.c: one transform of the list `transform = […]`. */
typedef struct Step {
    Transform   transform;
    const char *name;           /* "random_rotation" */
    bool        random;
    const Arg  *args;
} Step;

typedef List(Step) StepList;

/* Reads the list into c->steps. */
void read_transform(Checker *c, const Scope *scope, const Ast *ast);

/* images.c: follows the images through c->steps to the network's input, and puts all into the model. Returns whether they keep
 * their shape; false after a report. */
bool check_transforms(Checker *c);

/* targets.c: target_transform = […], and its result, compared with the network's classes. */
void read_target_transform(Checker *c, const Scope *scope, const Ast *ast);
void check_targets(Checker *c);

void check_train(Checker *c, const Ast *ast);

/* schedule.c: the train section's lr_scheduler. */
void read_lr_scheduler(Checker *c, const Scope *scope, const Ast *ast);

/* The word or call that a setting consists of, or NULL after a report: `sgd`, `sgd(lr=0.1)`. */
const Ast *want_call(Checker *c, const Ast *value, const char *what, const char *example);

/* memory.c -------------------------------------------------------------------------------------------------------- */

/* Reports a layer whose values or parameters alone need more memory than any machine has. */
bool layer_fits(Checker *c, const Layer *layer);

/* Reports a network that needs more in all. */
void check_memory(Checker *c);

/* check.c --------------------------------------------------------------------------------------------------------- */

/* Whether there are too many layers or errors to go on. */
bool give_up(const Checker *c);

struct Checker {
    Arena        *arena;
    const Source *source;
    Diag         *diag;
    Model        *model;
    Scope        *file;         /* the lets at the top */
    Names         blocks;       /* Block * */
    const Ast    *net;          /* or NULL */
    Span          input_span;   /* of the input's shape */
    Layer        *unknown;      /* the value of a layer that could not be made; it has no operator */
    Layer        *input, *output;   /* of the net; perhaps `unknown` */
    bool         *failed;       /* by byte of the source: an error of the statement that begins there is reported */
    int           made;         /* layers so far, those that failed among them */
    int           depth;        /* of calls */
    bool          full;         /* too many layers: stop */
    StepList      steps;        /* of the data section's `transform` */
    bool          steps_failed; /* one of them could not be read, which is reported */
    bool          uncalled;     /* running through a block that nothing calls */
};

#endif
