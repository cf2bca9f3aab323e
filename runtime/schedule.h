/* Schedules of the learning rate, and of momentum with it, with PyTorch's names and numbers (torch.optim.lr_scheduler). */
#ifndef NETC_SCHEDULE_H
#define NETC_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

enum schedule_kind {
    SCHEDULE_CONSTANT, SCHEDULE_STEP, SCHEDULE_MULTI_STEP, SCHEDULE_COSINE, SCHEDULE_ONE_CYCLE, SCHEDULE_LINEAR
};

/* one_cycle goes by steps, the others by epochs. */
struct schedule {
    enum schedule_kind kind;
    int64_t        step_size, t_max, total_iters;   /* epochs; t_max 0: all that the spec has */
    const int64_t *milestones; int milestone_count; /* epochs, ascending */
    double         gamma, eta_min, start_factor, end_factor;
    double         max_lr;              /* of one_cycle; 0: the optimiser's lr */
    double         pct_start, div_factor, final_div_factor;
    bool           linear;              /* one_cycle's anneal_strategy; else cosine */
    double         base_momentum, max_momentum;     /* of one_cycle; max_momentum 0: momentum does not cycle */
    int64_t        warmup_steps;        /* 0: none; else what the schedule gives is multiplied by a factor that grows from */
    double         warmup_factor;       /* this to 1 in so many steps: LinearLR, chained */
};

/* What a run makes of a schedule. */
struct rates {
    const struct schedule *schedule;
    double  lr;                         /* the optimiser's, which the command line may have replaced, */
    double  spec_lr;                    /* and the spec's: a stated max_lr is scaled by lr / spec_lr */
    double  momentum;                   /* the optimiser's, where the schedule does not cycle it */
    int64_t steps_an_epoch, steps;      /* steps: of the whole run */
};

/* Rate and momentum that never change. */
struct rates rates_constant(double lr, double momentum);

/* The learning rate of a step of the run, from 0. */
double rate_at(const struct rates *rates, int64_t step);

/* Its momentum. */
double momentum_at(const struct rates *rates, int64_t step);

/* The one that goes with a rate that stays: the optimiser's, or the least one of a cycle, which its greatest rate has. */
double momentum_steady(const struct schedule *schedule, double momentum);

/* "0.9"; where the schedule cycles the optimiser's momentum "0.95 to 0.85". Returns `text`. */
enum { MOMENTUM_SIZE = 40 };
const char *momentum_show(char text[MOMENTUM_SIZE], const struct schedule *schedule, double momentum);

#endif
