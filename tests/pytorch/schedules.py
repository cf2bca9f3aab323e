#!/usr/bin/env python3
"""Records the learning rate and momentum that PyTorch's schedulers give each step.

    schedules.py > schedules.txt                (by hand; tests/unit/test_runtime_schedule.c compares)

A run of `steps` steps, `epoch` of them an epoch. Each case is a line `KIND lr steps epoch NAME=VALUE…`, with the fields of
struct schedule, a line with the rate of each step, and one with its momentum: the optimizer's, MOMENTUM, unless
max_momentum says that it cycles. A warm-up is stepped each step and chained with the other
scheduler, which is stepped each epoch; one_cycle is stepped each step.
"""
import sys

try:
    import torch
    from torch.optim import lr_scheduler as schedulers
except ImportError as missing:
    sys.exit(f"schedules.py needs torch: {missing}. PYTHON=... selects an interpreter that has it.")

MOMENTUM = 0.5

ONE_CYCLE = {"pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e4}
CYCLED = {"base_momentum": 0.85, "max_momentum": 0.95}

# kind, lr, steps of the run, steps of an epoch, the schedule's fields
CASES = [
    ("constant", 0.1, 12, 4, {}),
    ("step", 0.1, 60, 4, {"step_size": 3, "gamma": 0.1}),
    ("step", 0.25, 40, 3, {"step_size": 1, "gamma": 0.7}),
    ("multi_step", 0.1, 60, 4, {"milestones": [2, 3, 9], "gamma": 0.1}),
    ("multi_step", 3.0, 30, 2, {"milestones": [0, 5, 5], "gamma": 0.5}),
    ("cosine", 0.1, 60, 4, {"t_max": 0, "eta_min": 0.0}),
    ("cosine", 0.1, 58, 4, {"t_max": 0, "eta_min": 0.01}),
    ("cosine", 0.5, 90, 3, {"t_max": 8, "eta_min": 0.125}),
    ("linear", 0.1, 60, 4, {"start_factor": 1 / 3, "end_factor": 1.0, "total_iters": 5}),
    ("linear", 0.7, 60, 5, {"start_factor": 1.0, "end_factor": 0.05, "total_iters": 9}),
    ("one_cycle", 0.1, 100, 10, {"max_lr": 0.0, "linear": 0, **ONE_CYCLE, **CYCLED}),
    ("one_cycle", 0.1, 100, 10, {"max_lr": 0.0, "linear": 0, **ONE_CYCLE, "base_momentum": 0.0, "max_momentum": 1.0}),
    ("one_cycle", 0.1, 97, 10, {"max_lr": 0.3, "linear": 1, **ONE_CYCLE}),
    ("one_cycle", 0.1, 61, 7, {"max_lr": 2.0, "linear": 0, "pct_start": 0.55, "div_factor": 3.0, "final_div_factor": 7.0,
                               "base_momentum": 0.7, "max_momentum": 0.9}),
    ("one_cycle", 0.1, 5, 7, {"max_lr": 1.0, "linear": 1, "pct_start": 0.01, "div_factor": 10.0, "final_div_factor": 2.0,
                              **CYCLED}),
    ("constant", 0.1, 40, 8, {"warmup_steps": 15, "warmup_factor": 0.1}),
    ("constant", 0.1, 10, 8, {"warmup_steps": 15, "warmup_factor": 1 / 3}),
    ("step", 0.1, 60, 4, {"step_size": 2, "gamma": 0.3, "warmup_steps": 11, "warmup_factor": 0.25}),
    ("multi_step", 0.1, 60, 4, {"milestones": [1, 4], "gamma": 0.1, "warmup_steps": 6, "warmup_factor": 0.01}),
    ("cosine", 0.1, 60, 4, {"t_max": 0, "eta_min": 0.0, "warmup_steps": 20, "warmup_factor": 0.1}),
    ("linear", 0.1, 60, 4, {"start_factor": 0.9, "end_factor": 0.2, "total_iters": 7, "warmup_steps": 9,
                            "warmup_factor": 0.5}),
]


def main_scheduler(kind, optimizer, lr, steps, epoch, fields):
    if kind == "step":
        return schedulers.StepLR(optimizer, fields["step_size"], fields["gamma"])
    if kind == "multi_step":
        return schedulers.MultiStepLR(optimizer, fields["milestones"], fields["gamma"])
    if kind == "cosine":
        return schedulers.CosineAnnealingLR(optimizer, fields["t_max"] or -(-steps // epoch), fields["eta_min"])
    if kind == "linear":
        return schedulers.LinearLR(optimizer, fields["start_factor"], fields["end_factor"], fields["total_iters"])
    if kind == "one_cycle":
        return schedulers.OneCycleLR(
            optimizer, fields["max_lr"] or lr, total_steps=steps, pct_start=fields["pct_start"],
            anneal_strategy="linear" if fields["linear"] else "cos", cycle_momentum="max_momentum" in fields,
            base_momentum=fields.get("base_momentum"), max_momentum=fields.get("max_momentum"),
            div_factor=fields["div_factor"], final_div_factor=fields["final_div_factor"])
    return None


def course(kind, lr, steps, epoch, fields):
    """Yields rate and momentum of each step."""
    optimizer = torch.optim.SGD([torch.zeros(1, dtype=torch.float64, requires_grad=True)], lr=lr, momentum=MOMENTUM)
    main = main_scheduler(kind, optimizer, lr, steps, epoch, fields)
    warmup = fields.get("warmup_steps") and schedulers.LinearLR(optimizer, fields["warmup_factor"], 1.0,
                                                                 fields["warmup_steps"])
    for step in range(steps):
        yield optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]
        optimizer.step()
        if warmup:
            warmup.step()
        if main and step < steps - 1 and (kind == "one_cycle" or (step + 1) % epoch == 0):
            main.step()


def field(name, value):
    return f"{name}={','.join(map(repr, value)) if isinstance(value, list) else repr(value)}"


for kind, lr, steps, epoch, fields in CASES:
    print(kind, repr(lr), steps, epoch, *(field(name, value) for name, value in fields.items()))
    for numbers in zip(*course(kind, lr, steps, epoch, fields)):
        print(*(repr(float(number)) for number in numbers))
