/* lr_scheduler: PyTorch's schedules of the learning rate, and a warm-up before them. */
#include "check/check.h"

#include <inttypes.h>
#include <string.h>

static const char *const anneal_words[] = { "cos", "linear", NULL };

static const ParamDef step_params[] = {
    { .name = "step_size", .type = PARAM_INT, .least = 1, .help = "epochs from one drop to the next" },
    { .name = "gamma", .type = PARAM_REAL, .fallback = "0.1", .help = "what each drop multiplies by" },
    { .name = NULL }
};

static const ParamDef multi_step_params[] = {
    { .name = "milestones", .type = PARAM_NUMBERS, .least = 1, .whole = true, .help = "the epochs of the drops" },
    { .name = "gamma", .type = PARAM_REAL, .fallback = "0.1", .help = "what each drop multiplies by" },
    { .name = NULL }
};

static const ParamDef cosine_params[] = {
    { .name = "T_max", .type = PARAM_INT, .fallback = "epochs", .least = 1, .help = "epochs from lr down to eta_min" },
    { .name = "eta_min", .type = PARAM_REAL, .fallback = "0", .help = "the least learning rate" },
    { .name = NULL }
};

static const ParamDef one_cycle_params[] = {
    { .name = "max_lr", .type = PARAM_REAL, .fallback = "lr", .help = "the greatest learning rate" },
    { .name = "pct_start", .type = PARAM_REAL, .fallback = "0.3", .most = 1, .help = "the part of the steps that rises" },
    { .name = "anneal_strategy", .type = PARAM_WORD, .fallback = "cos", .words = anneal_words, .help = "the curve" },
    { .name = "cycle_momentum", .type = PARAM_BOOL, .fallback = "true", .help = "momentum falls while the rate rises" },
    { .name = "base_momentum", .type = PARAM_REAL, .fallback = "0.85", .most = 1, .help = "momentum at max_lr" },
    { .name = "max_momentum", .type = PARAM_REAL, .fallback = "0.95", .most = 1, .help = "momentum at both ends" },
    { .name = "div_factor", .type = PARAM_REAL, .fallback = "25", .help = "max_lr by the first learning rate" },
    { .name = "final_div_factor", .type = PARAM_REAL, .fallback = "1e4", .help = "the first learning rate by the last" },
    { .name = NULL }
};

static const ParamDef linear_params[] = {
    { .name = "start_factor", .type = PARAM_REAL, .fallback = "1/3", .most = 1, .help = "of the first epoch" },
    { .name = "end_factor", .type = PARAM_REAL, .fallback = "1", .most = 1, .help = "of the last epoch" },
    { .name = "total_iters", .type = PARAM_INT, .fallback = "5", .least = 1, .help = "epochs from one to the other" },
    { .name = NULL }
};

static const ParamDef warmup_params[] = {
    { .name = "steps", .type = PARAM_INT, .least = 1, .help = "steps from start_factor to 1" },
    { .name = "start_factor", .type = PARAM_REAL, .fallback = "1/3", .most = 1, .help = "of the first step" },
    { .name = NULL }
};

/* Whether the argument is greater than 0, as its table cannot say. */
static bool positive(Checker *c, const Arg *arg, const char *name)
{
    if (!arg->given || arg->real > 0)
        return true;
    diag_error(c->diag, arg->span, "%s must be greater than 0, but it is %g", name, arg->real);
    return false;
}

static void set_step(Checker *c, Schedule *schedule, const Arg *args)
{
    (void)c;
    schedule->step_size = args[0].i[0];
    schedule->gamma = args[1].real;
}

static void set_multi_step(Checker *c, Schedule *schedule, const Arg *args)
{
    const Arg *given = &args[0];
    int64_t   *milestones = arena_alloc(c->arena, (size_t)given->count * sizeof *milestones);
    for (int i = 0; i < given->count; i++) {
        milestones[i] = (int64_t)given->numbers[i];
        if (i && milestones[i] <= milestones[i - 1]) {
            diag_error(c->diag, given->spans[i], "milestones ascend, but %" PRId64 " comes after %" PRId64, milestones[i],
                       milestones[i - 1]);
            return;
        }
    }
    schedule->milestones = milestones;
    schedule->milestone_count = given->count;
    schedule->gamma = args[1].real;
}

static void set_cosine(Checker *c, Schedule *schedule, const Arg *args)
{
    (void)c;
    schedule->t_max = args[0].i[0];
    schedule->eta_min = args[1].real;
}

enum { MAX_LR, PCT_START, ANNEAL_STRATEGY, CYCLE_MOMENTUM, BASE_MOMENTUM, MAX_MOMENTUM, DIV_FACTOR, FINAL_DIV_FACTOR };

/* one_cycle's momentum; it falls from max_momentum, so that the first step has one and its history begins there. */
static void set_momentum(Checker *c, Schedule *schedule, const Arg *args)
{
    const Arg *base = &args[BASE_MOMENTUM], *most = &args[MAX_MOMENTUM], *given = base->given ? base : most;
    if (!args[CYCLE_MOMENTUM].i[0]) {
        if (!given->given)
            return;
        diag_error(c->diag, given->span, "%s has no meaning without cycle_momentum",
                   base->given ? "base_momentum" : "max_momentum");
        diag_note(c->diag, args[CYCLE_MOMENTUM].span, "cycle_momentum is given here");
        diag_help(c->diag, "leave either out; the optimizer's own momentum is an argument of it, `sgd(lr=0.1, momentum=0.9)`");
    } else if (most->real == 0) {
        diag_error(c->diag, most->span, "max_momentum must be greater than 0, but it is 0");
        diag_help(c->diag, "cycle_momentum=false leaves the optimizer's momentum as it is");
    } else if (base->real > most->real) {
        diag_error(c->diag, given->span, "base_momentum must be at most max_momentum, but %g is more than %g", base->real,
                   most->real);
        diag_help(c->diag, "momentum falls from max_momentum to base_momentum while the learning rate rises, then rises again");
    } else {
        schedule->base_momentum = base->real;
        schedule->max_momentum = most->real;
    }
}

static void set_one_cycle(Checker *c, Schedule *schedule, const Arg *args)
{
    if (!positive(c, &args[MAX_LR], "max_lr") || !positive(c, &args[DIV_FACTOR], "div_factor")
        || !positive(c, &args[FINAL_DIV_FACTOR], "final_div_factor"))
        return;
    schedule->max_lr = args[MAX_LR].real;
    schedule->pct_start = args[PCT_START].real;
    schedule->linear = args[ANNEAL_STRATEGY].i[0] == 1;
    schedule->div_factor = args[DIV_FACTOR].real;
    schedule->final_div_factor = args[FINAL_DIV_FACTOR].real;
    set_momentum(c, schedule, args);
}

static void set_linear(Checker *c, Schedule *schedule, const Arg *args)
{
    if (!positive(c, &args[0], "start_factor"))
        return;
    schedule->start_factor = args[0].real;
    schedule->end_factor = args[1].real;
    schedule->total_iters = args[2].i[0];
}

static void set_warmup(Checker *c, Schedule *schedule, const Arg *args)
{
    if (!positive(c, &args[1], "start_factor"))
        return;
    schedule->warmup_steps = args[0].i[0];
    schedule->warmup_factor = args[1].real;
}

enum { WARMUP = 5 };

/* In the order of `names`; `set` takes the arguments in the order of `params`. */
static const struct Scheduler {
    ScheduleKind    kind;
    const ParamDef *params;
    void          (*set)(Checker *c, Schedule *schedule, const Arg *args);
} schedulers[] = {
    { SCHEDULE_STEP, step_params, set_step },
    { SCHEDULE_MULTI_STEP, multi_step_params, set_multi_step },
    { SCHEDULE_COSINE, cosine_params, set_cosine },
    { SCHEDULE_ONE_CYCLE, one_cycle_params, set_one_cycle },
    { SCHEDULE_LINEAR, linear_params, set_linear },
    [WARMUP] = { SCHEDULE_CONSTANT, warmup_params, set_warmup },
};

static const char *const names[] = { "step", "multi_step", "cosine", "one_cycle", "linear", "warmup", NULL };

/* The place in `names` of the schedule that `ast` is, or -1 after a report. */
static int read_schedule(Checker *c, const Scope *scope, const Ast *ast, Schedule *schedule)
{
    const Ast *call = want_call(c, ast, "a schedule", "lr_scheduler = cosine");
    int        place = 0;
    if (!call)
        return -1;
    while (names[place] && strcmp(names[place], call->text) != 0)
        place++;
    if (!names[place]) {
        report_unknown(c, call->name_span, &family_schedules, call->text, names);
        return -1;
    }
    const struct Scheduler *scheduler = &schedulers[place];
    if (place != WARMUP)
        schedule->kind = scheduler->kind;
    Signature  signature = { names[place], scheduler->params, params_count(scheduler->params), false };
    const Arg *args = read_arguments(c, scope, &signature, call->span, &call->children, NULL);
    if (args)
        scheduler->set(c, schedule, args);
    return place;
}

/* [warmup(…), schedule], either of them alone, or nothing. */
static void read_list(Checker *c, const Scope *scope, const Ast *ast, Schedule *schedule)
{
    static const char usual[] = "for example `lr_scheduler = [warmup(steps=500), cosine]`";
    const Ast *first[2] = { NULL, NULL };       /* schedule, warm-up */
    for (int i = 0; i < ast->children.count; i++) {
        const Ast *item = ast->children.at[i];
        int        place = read_schedule(c, scope, item, schedule);
        bool       warmup = place == WARMUP;
        if (place < 0)
            return;
        if (first[warmup]) {
            diag_error(c->diag, item->span, warmup ? "warmup is given twice" : "there is one schedule beside the warm-up");
            diag_note(c->diag, first[warmup]->span, "here is the first one");
            return;
        }
        if (warmup && first[0]) {
            diag_error(c->diag, item->span, "warmup comes before the schedule that it leads to");
            diag_help(c->diag, "%s", usual);
            return;
        }
        first[warmup] = item;
    }
    if (!ast->children.count) {
        diag_error(c->diag, ast->span, "lr_scheduler is empty");
        diag_help(c->diag, "%s", usual);
    }
    if (schedule->kind == SCHEDULE_ONE_CYCLE && first[1]) {
        diag_error(c->diag, first[1]->span, "one_cycle has a warm-up of its own: the first pct_start of all steps");
        diag_help(c->diag, "leave warmup out, or take another schedule, `[warmup(steps=500), cosine]`");
    }
}

void read_lr_scheduler(Checker *c, const Scope *scope, const Ast *ast)
{
    Schedule *schedule = &c->model->train.schedule;
    if (ast->kind == AST_LIST)
        read_list(c, scope, ast, schedule);
    else
        read_schedule(c, scope, ast, schedule);
}
