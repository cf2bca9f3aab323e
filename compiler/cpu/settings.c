/* NAME_model.c: the spec's data and train sections. A member that would be zero is left out, but for those that every
 * spec has. */
#include "cpu/print.h"

#include <inttypes.h>

static const char *flag(bool value) { return value ? "true" : "false"; }

/* ", .gamma = 0.5" */
static void add_real(Text *row, const char *member, double value)
{
    if (value != 0)
        text_add(row, ", .%s = %s", member, double_c(row->arena, value));
}

void add_int(Text *row, const char *member, int64_t value)
{
    if (value)
        text_add(row, ", .%s = %" PRId64, member, value);
}

void add_string(Text *row, const char *member, const char *value)
{
    if (value && *value)
        text_add(row, ", .%s = \"%s\"", member, value);
}

static void print_milestones(Text *text, const Schedule *schedule)
{
    const char *numbers = "";
    for (int i = 0; i < schedule->milestone_count; i++)
        numbers = arena_printf(text->arena, "%s%s%" PRId64, numbers, i ? ", " : "", schedule->milestones[i]);
    line_wrapped(text, "static const int64_t milestones[] = { %s };", numbers);
    line(text, "%s", "");
}

static void print_class_weights(Text *text, const Model *model)
{
    const char *numbers = "";
    for (int64_t i = 0; i < model->layers.at[model->layers.count - 1]->out.dim[0]; i++)
        numbers = arena_printf(text->arena, "%s%s%s", numbers, i ? ", " : "", double_c(text->arena, model->train.class_weights[i]));
    line_wrapped(text, "static const real class_weights[] = { %s };", numbers);
    line(text, "%s", "");
}

/* "0.5f", "10.0f" */
static const char *float_c(Arena *arena, double value)
{
    bool whole = value == (double)(int)value;
    return whole ? arena_printf(arena, "%d.0f", (int)value) : arena_printf(arena, "%sf", double_c(arena, value));
}

static void add_float(Text *row, const char *member, double value)
{
    if (value != 0)
        text_add(row, ", .%s = %s", member, float_c(row->arena, value));
}

/* ", .degrees = { -10.0f, 10.0f }" */
static void add_floats(Text *row, const char *member, const double *values, int count)
{
    bool zero = true;
    for (int i = 0; i < count; i++)
        zero &= values[i] == 0;
    if (zero)
        return;
    text_add(row, ", .%s = { ", member);
    for (int i = 0; i < count; i++)
        text_add(row, "%s%s", i ? ", " : "", float_c(row->arena, values[i]));
    text_add(row, " }");
}

static void add_ints(Text *row, const char *member, const int64_t *values, int count)
{
    bool zero = true;
    for (int i = 0; i < count; i++)
        zero &= values[i] == 0;
    if (zero)
        return;
    text_add(row, ", .%s = { ", member);
    for (int i = 0; i < count; i++)
        text_add(row, "%s%" PRId64, i ? ", " : "", values[i]);
    text_add(row, " }");
}

/* mean or std of each channel. */
static void print_channels(Text *text, const char *name, const double *first, int channels)
{
    const char *numbers = "";
    for (int i = 0; i < channels; i++)
        numbers = arena_printf(text->arena, "%s%s%s", numbers, i ? ", " : "",
                               float_c(text->arena, first[i * (int)(sizeof(Normalize) / sizeof *first)]));
    line_wrapped(text, "static const float %s[] = { %s };", name, numbers);
}

static void print_transform(Text *text, const Transform *transform)
{
    static const char *const kinds[] = {
        "PAD", "CENTER_CROP", "RANDOM_CROP", "RANDOM_HORIZONTAL_FLIP", "RANDOM_VERTICAL_FLIP", "RESIZE", "RANDOM_AFFINE",
        "RANDOM_ERASING", "GRAYSCALE", "INVERT", "TO_TENSOR", "NORMALIZE",
    };
    static const char *const modes[] = { "CONSTANT", "EDGE", "REFLECT", "SYMMETRIC" };
    Text *row = text_new(text->arena);
    text_add(row, "{ .kind = TRANSFORM_%s", kinds[transform->kind]);
    add_ints(row, "size", transform->size, 2);
    add_ints(row, "padding", transform->padding, 4);
    if (transform->mode)
        text_add(row, ", .mode = PADDING_%s", modes[transform->mode]);
    if (transform->pad_if_needed)
        text_add(row, ", .pad_if_needed = true");
    if (transform->bilinear)
        text_add(row, ", .bilinear = true");
    add_float(row, "fill", transform->fill);
    add_float(row, "p", transform->p);
    add_floats(row, "degrees", transform->degrees, 2);
    add_floats(row, "translate", transform->translate, 2);
    add_floats(row, "scale", transform->scale, 2);
    add_floats(row, "shear", transform->shear, 4);
    add_floats(row, "ratio", transform->ratio, 2);
    add_int(row, "channels", transform->channels);
    if (transform->kind == TRANSFORM_NORMALIZE)
        text_add(row, ", .mean = mean, .std = std");
    line_wrapped(text, "%s },", row->at);
}

static void print_transforms(Text *text, const DataSpec *data)
{
    for (int i = 0; i < data->transforms.count; i++)
        if (data->transforms.at[i].kind == TRANSFORM_NORMALIZE) {
            print_channels(text, "mean", &data->normalize[0].mean, data->transforms.at[i].channels);
            print_channels(text, "std", &data->normalize[0].std, data->transforms.at[i].channels);
            line(text, "%s", "");
        }
    line(text, "/* What is done to an image on its way in; what is zero is left out. */\n"
               "static const struct transform transforms[] = {");
    for (int i = 0; i < data->transforms.count; i++)
        print_transform(text, &data->transforms.at[i]);
    line(text, "};");
    line(text, "%s", "");
}

static void print_targets(Text *text, const int16_t *targets)
{
    enum { LABELS = 256, ROW = 16 };
    line(text, "/* What each label becomes. */\n"
               "static const int16_t targets[] = {");
    for (int i = 0; i < LABELS; i += ROW) {
        const char *numbers = "";
        for (int j = i; j < i + ROW; j++)
            numbers = arena_printf(text->arena, "%s%d,%s", numbers, targets[j], j + 1 < i + ROW ? " " : "");
        line(text, "%s", numbers);
    }
    line(text, "};");
    line(text, "%s", "");
}

void print_setting_arrays(Text *text, const Model *model)
{
    if (model->data.transforms.count)
        print_transforms(text, &model->data);
    if (model->data.targets)
        print_targets(text, model->data.targets);
    if (model->train.schedule.milestone_count)
        print_milestones(text, &model->train.schedule);
    if (model->train.class_weights)
        print_class_weights(text, model);
}

static void print_schedule(Text *text, const Schedule *schedule)
{
    static const char *const kinds[] = { "CONSTANT", "STEP", "MULTI_STEP", "COSINE", "ONE_CYCLE", "LINEAR" };
    Text *row = text_new(text->arena);
    if (schedule->kind == SCHEDULE_CONSTANT && !schedule->warmup_steps)
        return;
    text_add(row, ".schedule = { .kind = SCHEDULE_%s", kinds[schedule->kind]);
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
    add_real(row, "base_momentum", schedule->base_momentum);
    add_real(row, "max_momentum", schedule->max_momentum);
    add_int(row, "warmup_steps", schedule->warmup_steps);
    add_real(row, "warmup_factor", schedule->warmup_factor);
    line_wrapped(text, "%s },", row->at);
}

/* "mean=[0.5, 0.4], std=0.25": lists only where channels differ. */
static const char *normalize_text(Arena *arena, const Normalize *normalize, int64_t channels)
{
    const char *text = "";
    for (int value = 0; value < 2; value++) {
        const char *numbers = "";
        bool        same = true;
        for (int64_t c = 0; c < channels; c++) {
            double number = value ? normalize[c].std : normalize[c].mean;
            same = same && number == (value ? normalize[0].std : normalize[0].mean);
            numbers = arena_printf(arena, "%s%s%.9g", numbers, c ? ", " : "", number);
        }
        if (same)
            numbers = arena_printf(arena, "%.9g", value ? normalize[0].std : normalize[0].mean);
        text = arena_printf(arena, value ? "%s, std=%s%s%s" : "%smean=%s%s%s", text, same ? "" : "[", numbers, same ? "" : "]");
    }
    return text;
}

/* normalize, where generated code does it while it loads bytes. */
static void print_loading(Text *text, const Model *model)
{
    const Normalize *normalize = model->data.normalize;
    const Shape     *in = &model->layers.at[0]->out;
    int64_t          channels = in->rank == 1 ? 1 : in->dim[0];
    bool             normalizes = false;
    for (int64_t c = 0; c < channels; c++)
        normalizes = normalizes || normalize[c].mean != 0 || normalize[c].std != 1;
    if (normalizes && !model->data.real_images)
        line_wrapped(text, ".normalize = \"%s\",", normalize_text(text->arena, normalize, channels));
}

static void print_data(Text *text, const DataSpec *data)
{
    Arena *arena = text->arena;
    line(text, ".dataset = %s, .root = %s,", c_string(arena, data->name), c_string(arena, data->root));
    if (data->split)
        line(text, ".split = %s,", c_string(arena, data->split));
    line(text, ".download = %s, .shuffle = %s, .test_shuffle = %s,", flag(data->download), flag(data->shuffle),
         flag(data->test_shuffle));
    if (data->transforms.count)
        line(text, ".transforms = transforms, .transform_count = sizeof transforms / sizeof *transforms,");
    if (data->prepared)
        line(text, ".prepared = %d,", data->prepared);
    if (data->real_images)
        line(text, ".real_images = true,");
    if (data->targets)
        line(text, ".targets = targets,");
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
    if (train->label_smoothing != 0)
        line(text, ".label_smoothing = %s,", double_c(arena, train->label_smoothing));
    if (train->class_weights)
        line(text, ".class_weights = class_weights,");
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
    print_loading(text, model);
    print_train(text, &model->train);
}
