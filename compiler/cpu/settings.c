/* NAME_model.c: the spec's data and train sections. A member that would be zero is left out, but for those that every
 * spec has. */
#include "cpu/print.h"

#include <inttypes.h>

static const char *flag(bool value) { return value ? "true" : "false"; }

static void print_milestones(Text *text, const Schedule *schedule)
{
    const char *numbers = "";
    for (int i = 0; i < schedule->milestone_count; i++)
        numbers = arena_printf(text->arena, "%s%s%" PRId64, numbers, i ? ", " : "", schedule->milestones[i]);
    line_wrapped(text, "static const int64_t milestones[] = { %s };", numbers);
    line(text, "%s", "");
}

void print_setting_arrays(Text *text, const Model *model)
{
    if (model->train.schedule.milestone_count)
        print_milestones(text, &model->train.schedule);
}

/* ", .gamma = 0.5" */
static void add_real(Text *row, const char *member, double value)
{
    if (value != 0)
        text_add(row, ", .%s = %s", member, double_c(row->arena, value));
}

static void add_int(Text *row, const char *member, int64_t value)
{
    if (value)
        text_add(row, ", .%s = %" PRId64, member, value);
}

static void print_schedule(Text *text, const Schedule *schedule)
{
    static const char *const kinds[] = { "CONSTANT", "STEP", "MULTI_STEP", "COSINE", "ONE_CYCLE", "LINEAR" };
    Text *row = text_new(text->arena);
    if (schedule->kind == SCHEDULE_CONSTANT && !schedule->warmup_steps)
        return;
    text_add(row, ".schedule = { SCHEDULE_%s", kinds[schedule->kind]);
    add_int(row, "step_size", schedule->step_size);
    add_int(row, "t_max", schedule->t_max);
    add_int(row, "total_iters", schedule->total_iters);
    if (schedule->milestone_count)
        text_add(row, ", .milestones = milestones, .milestone_count = %d", schedule->milestone_count);
    add_real(row, "gamma", schedule->gamma);
    add_real(row, "eta_min", schedule->eta_min);
    add_real(row, "start_factor", schedule->start_factor);
    add_real(row, "end_factor", schedule->end_factor);
    add_real(row, "max_lr", schedule->max_lr);
    add_real(row, "pct_start", schedule->pct_start);
    add_real(row, "div_factor", schedule->div_factor);
    add_real(row, "final_div_factor", schedule->final_div_factor);
    if (schedule->linear)
        text_add(row, ", .linear = true");
    add_int(row, "warmup_steps", schedule->warmup_steps);
    add_real(row, "warmup_factor", schedule->warmup_factor);
    line_wrapped(text, "%s },", row->at);
}

static void print_data(Text *text, const DataSpec *data)
{
    Arena *arena = text->arena;
    line(text, ".dataset = %s, .root = %s,", c_string(arena, data->name), c_string(arena, data->root));
    if (data->split)
        line(text, ".split = %s,", c_string(arena, data->split));
    line(text, ".download = %s, .shuffle = %s, .test_shuffle = %s,", flag(data->download), flag(data->shuffle),
         flag(data->test_shuffle));
    if (data->valid)
        line(text, ".valid = %" PRId64 ",", data->valid);
    if (data->drop_last)
        line(text, ".drop_last = true,");
    if (data->balanced)
        line(text, ".balanced = true,");
    line(text, ".batch_size = %" PRId64 ", .test_batch_size = %" PRId64 ",", data->batch_size, data->test_batch_size);
}

static void print_train(Text *text, const TrainSpec *train)
{
    Arena *arena = text->arena;
    line(text, ".sgd = { .lr = %s, .momentum = %s, .dampening = %s, .weight_decay = %s, .nesterov = %s },",
         double_c(arena, train->sgd.lr), double_c(arena, train->sgd.momentum), double_c(arena, train->sgd.dampening),
         double_c(arena, train->sgd.weight_decay), flag(train->sgd.nesterov));
    print_schedule(text, &train->schedule);
    if (train->clip_grad_norm != 0)
        line(text, ".clip_grad_norm = %s,", double_c(arena, train->clip_grad_norm));
    line(text, ".epochs = %" PRId64 ",", train->epochs);
    if (train->keep == KEEP_BEST)
        line(text, ".keep_best = true,");
    line(text, ".checkpoints = %" PRId64 ",", train->checkpoints);
    if (train->patience)
        line(text, ".patience = %" PRId64 ",", train->patience);
    line(text, ".device = %s,", c_string(arena, train->device));
    line(text, ".seed = %" PRIu64 "u,", train->seed);
}

void print_settings(Text *text, const Model *model)
{
    print_data(text, &model->data);
    print_train(text, &model->train);
}
