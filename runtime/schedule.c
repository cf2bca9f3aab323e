/* The formulas of torch.optim.lr_scheduler in closed form: what they give depends on the step alone, so that a run can be
 * taken up anywhere. */
#include "schedule.h"

#include <math.h>
#include <stdio.h>

static const double pi = 3.14159265358979323846;

static double constant_rate(const struct rates *rates, double epoch)
{
    (void)epoch;
    return rates->lr;
}

static double step_rate(const struct rates *rates, double epoch)
{
    return rates->lr * pow(rates->schedule->gamma, floor(epoch / (double)rates->schedule->step_size));
}

static double multi_step_rate(const struct rates *rates, double epoch)
{
    const struct schedule *schedule = rates->schedule;
    int passed = 0;
    while (passed < schedule->milestone_count && (double)schedule->milestones[passed] <= epoch)
        passed++;
    return rates->lr * pow(schedule->gamma, passed);
}

static double cosine_rate(const struct rates *rates, double epoch)
{
    const struct schedule *schedule = rates->schedule;
    double all = ceil((double)rates->steps / (double)rates->steps_an_epoch);
    double half = schedule->t_max > 0 ? (double)schedule->t_max : fmax(all, 1);
    return schedule->eta_min + (rates->lr - schedule->eta_min) * (1 + cos(pi * epoch / half)) / 2;
}

static double linear_rate(const struct rates *rates, double epoch)
{
    const struct schedule *schedule = rates->schedule;
    double part = fmin(epoch / (double)schedule->total_iters, 1);
    return rates->lr * (schedule->start_factor + (schedule->end_factor - schedule->start_factor) * part);
}

/* From one value to another: at `part` 0 the first, at 1 the second. */
static double anneal(const struct schedule *schedule, double from, double to, double part)
{
    return schedule->linear ? from + (to - from) * part : to + (from - to) / 2 * (1 + cos(pi * part));
}

/* From the first value to the middle one in the first pct_start of all steps, then to the last; PyTorch counts both ends
 * in. */
static double cycle_at(const struct rates *rates, double step, double first, double middle, double last)
{
    const struct schedule *schedule = rates->schedule;
    double end = (double)rates->steps - 1, top = schedule->pct_start * (double)rates->steps - 1;
    if (step <= top)
        return anneal(schedule, first, middle, top > 0 ? step / top : 1);
    return anneal(schedule, middle, last, end > top ? fmin((step - top) / (end - top), 1) : 1);
}

static double one_cycle_rate(const struct rates *rates, double step)
{
    const struct schedule *schedule = rates->schedule;
    double scale = rates->lr == rates->spec_lr ? 1 : rates->lr / rates->spec_lr;
    double highest = schedule->max_lr > 0 ? schedule->max_lr * scale : rates->lr;
    double first = highest / schedule->div_factor;
    return cycle_at(rates, step, first, highest, first / schedule->final_div_factor);
}

/* Of each kind: by epochs, or by steps. */
static const struct { double (*rate)(const struct rates *rates, double at); bool steps; } kinds[] = {
    [SCHEDULE_CONSTANT] = {constant_rate, false},
    [SCHEDULE_STEP] = {step_rate, false},
    [SCHEDULE_MULTI_STEP] = {multi_step_rate, false},
    [SCHEDULE_COSINE] = {cosine_rate, false},
    [SCHEDULE_ONE_CYCLE] = {one_cycle_rate, true},
    [SCHEDULE_LINEAR] = {linear_rate, false},
};

struct rates rates_constant(double lr, double momentum)
{
    static const struct schedule constant = {.kind = SCHEDULE_CONSTANT};
    return (struct rates){.schedule = &constant, .lr = lr, .spec_lr = lr, .momentum = momentum, .steps_an_epoch = 1};
}

double rate_at(const struct rates *rates, int64_t step)
{
    const struct schedule *schedule = rates->schedule;
    double rate = kinds[schedule->kind].rate(rates, (double)(kinds[schedule->kind].steps ? step
                                                                                         : step / rates->steps_an_epoch));
    if (step >= schedule->warmup_steps)
        return rate;
    return rate * (schedule->warmup_factor
                   + (1 - schedule->warmup_factor) * (double)step / (double)schedule->warmup_steps);
}

double momentum_at(const struct rates *rates, int64_t step)
{
    const struct schedule *schedule = rates->schedule;
    if (schedule->max_momentum <= 0)
        return rates->momentum;
    return cycle_at(rates, (double)step, schedule->max_momentum, schedule->base_momentum, schedule->max_momentum);
}

double momentum_steady(const struct schedule *schedule, double momentum)
{
    return schedule->max_momentum > 0 ? schedule->base_momentum : momentum;
}

const char *momentum_show(char text[MOMENTUM_SIZE], const struct schedule *schedule, double momentum)
{
    if (schedule->max_momentum > 0)
        snprintf(text, MOMENTUM_SIZE, "%.9g to %.9g", schedule->max_momentum, schedule->base_momentum);
    else
        snprintf(text, MOMENTUM_SIZE, "%.9g", momentum);
    return text;
}
