#!/usr/bin/env python3
"""Draws networks, trains each a few steps in PyTorch in double precision, and records what came out.

    draw.py --out FOLDER [--seed N] [--count N]

writes NAME.net and NAME.ref for each. The same seed gives the same files. Nothing random is stored: initial weights,
images and labels come from the hash in network.py, which tests/harness/harness.c computes too. NAME.ref holds, little-endian:

    8 bytes "netcref1", int32 samples, int32 steps, int32 parameters, float64 loss of each step, then of each parameter
    int32 length of its name, the name, int32 elements, float32 of each: final value - initial value

Step k takes the samples [k * batch, (k + 1) * batch) of the dataset, the last batch of an epoch being smaller; then the
next epoch starts at sample 0.
"""
import argparse
import math
import os
import random
import struct
import sys

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as missing:
    sys.exit(f"draw.py needs numpy and torch: {missing}. PYTHON=... selects an interpreter that has them.")

from network import IMAGES, LABELS, U64, Net, Unfit, hashed, initial, text_of
from segments import EXTRA, SEGMENTS, concat_input, flat_branches, linear, small_conv

BATCHES = [1, 2, 3, 4, 5, 7, 8, 9, 11, 16, 17, 20]
LIMIT = 1500                            # parameters of a network: what keeps the references small


def draw_optimizer(rng, number):
    """SGD's settings; the networks go round all kinds."""
    lr = rng.choice([0.05, 0.1, 0.2])
    momentum = rng.choice([0.5, 0.9])
    decay = rng.choice([0.001, 0.01, 0.1])
    return [
        {"lr": lr}, {"lr": lr, "momentum": momentum}, {"lr": lr, "weight_decay": decay},
        {"lr": lr, "momentum": momentum, "dampening": rng.choice([0.1, 0.5])},
        {"lr": lr, "momentum": momentum, "nesterov": True},
        {"lr": lr, "momentum": momentum, "weight_decay": decay, "nesterov": True},
        {"lr": lr, "momentum": momentum, "dampening": 0.3, "weight_decay": decay},
    ][number % 7]


PLAIN = len(SEGMENTS) + 16              # so many are drawn with cross_entropy as it is; those after them go round these
LOSSES = 8


def draw_loss(net, number, seed, attempt):
    """Smoothed labels, weights of classes, clipped gradients. Numbers of their own: they change nothing else."""
    rng = random.Random(f"loss {seed} {number} {attempt}")
    kind = number - PLAIN if PLAIN <= number < PLAIN + LOSSES else None
    net.smoothing = rng.choice([0.05, 0.1, 0.3, 1]) if kind in (0, 2, 5) else 0
    weights = [rng.choice([0, 0.25, 0.5, 1, 1.5, 3]) if kind == 7 else round(rng.uniform(0.1, 4), 2) for _ in range(net.classes)]
    net.weights = weights if kind in (1, 2, 5, 7) else None
    net.clip = {3: 0.05, 4: 2.5, 5: 0.3, 6: 0.5}.get(kind)


# one_cycle's arguments, SGD's momentum, dampening and nesterov; each for a run of CYCLE_STEPS. Where base_momentum is 0, so
# is the momentum of the fourth step.
CYCLE_STEPS = 10
CYCLED = [
    ({}, {}),
    ({"anneal_strategy": "linear", "pct_start": 0.5}, {"momentum": 0.9, "nesterov": True}),
    ({"base_momentum": 0.2, "max_momentum": 0.9}, {"dampening": 0.3}),
    ({"pct_start": 0.4, "base_momentum": 0, "max_momentum": 0.8}, {"dampening": 0.5}),
    ({"pct_start": 0.4, "anneal_strategy": "linear", "base_momentum": 0}, {"momentum": 0.5, "nesterov": True}),
    ({"cycle_momentum": False}, {"momentum": 0.6}),
]


def draw_schedule(net, number, seed, attempt):
    """The networks behind those with other losses. Numbers of their own, too."""
    rng = random.Random(f"schedule {seed} {number} {attempt}")
    net.cycle = None
    if number < PLAIN + LOSSES:
        return
    cycle, sgd = CYCLED[(number - PLAIN - LOSSES) % len(CYCLED)]
    net.step_count = CYCLE_STEPS
    net.cycle = {"max_lr": rng.choice([0.1, 0.2]), **cycle, "div_factor": 4, "final_div_factor": 2}
    net.sgd = {"lr": 0.05, **sgd, **({"weight_decay": 0.01} if rng.random() < 0.5 else {})}


def draw(number, seed, attempt, name):
    rng = random.Random(f"{seed} {number} {attempt}")
    segment = SEGMENTS[number % len(SEGMENTS)]
    flat = segment.__qualname__.startswith("mlp") or segment is flat_branches
    if flat and rng.random() < 0.5:
        shape = (rng.randint(5, 30),)
    else:
        shape = (rng.choice([1, 1, 2, 3, 4]), rng.randint(6, 13), rng.randint(6, 13))
    net = Net(rng, name, shape)
    if rng.random() < 0.4 and len(shape) == 3 and segment is not concat_input:
        small_conv(net)
    segment(net)
    if rng.random() < 0.35 and len(net.now.shape) == 3:
        rng.choice(EXTRA)(net)
    if len(net.now.shape) == 3:
        net.layer("flatten")
    classes = rng.randint(2, 10)
    linear(net, classes, **({} if rng.random() < 0.7 else {"bias": False}))
    if sum(p.numel() for _, _, p in net.parameters()) > LIMIT:
        raise Unfit("large")
    net.classes = classes
    net.batch = BATCHES[number % len(BATCHES)] if attempt == 0 else rng.choice(BATCHES)
    net.samples = rng.randint(net.batch + 1, 3 * net.batch) if rng.random() < 0.8 else net.batch
    net.step_count = rng.randint(3, 5)
    net.sgd = draw_optimizer(rng, number)
    one = rng.random() < 0.6
    each = [(round(rng.uniform(0.1, 0.6), 3), round(rng.uniform(0.2, 0.6), 3)) for _ in range(shape[0] if len(shape) == 3 else 1)]
    net.normalize = None if rng.random() < 0.25 else each[:1] if one else each
    net.epochs = rng.randint(1, 3)
    draw_loss(net, number, seed, attempt)
    draw_schedule(net, number, seed, attempt)
    return net


def spec_text(net, seed, number):
    out = [f"# Drawn by draw.py: seed {seed}, number {number}."]
    out += net.blocks
    out += [f"net {net.name} {{", *net.lines, "}"]
    transform = "[to_tensor]"
    if net.normalize:
        means, stds = zip(*net.normalize)
        show = lambda xs: str(xs[0]) if len(xs) == 1 else f"[{', '.join(map(str, xs))}]"
        transform = f"[to_tensor, normalize(mean={show(means)}, std={show(stds)})]"
    loss = ([f"weight={net.weights}"] if net.weights else []) + ([f"label_smoothing={net.smoothing}"] if net.smoothing else [])
    loss = f"cross_entropy({', '.join(loss)})" if loss else "cross_entropy"
    out += ["data idx {", '    root       = "data"', f"    transform  = {transform}", f"    batch_size = {net.batch}",
            "    shuffle    = false", "}", "train {", f"    loss      = {loss}",
            f"    optimizer = sgd({', '.join(f'{k}={text_of(v)}' for k, v in net.sgd.items())})",
            *([f"    clip_grad_norm = {net.clip}"] if net.clip else []),
            *([f"    lr_scheduler = one_cycle({', '.join(f'{k}={text_of(v)}' for k, v in net.cycle.items())})"] if net.cycle else []),
            f"    epochs    = {net.epochs}", "}", ""]
    return "\n".join(out)


# ---- training

def train(net):
    """Returns (losses, [(name, final - initial)]); Unfit if a tensor hardly moves or the loss runs away."""
    name, shape = net.name, net.input_shape
    images = (hashed(name, IMAGES, net.samples * math.prod(shape)) >> U64(56)).astype(np.float64) / 255.0
    images = torch.from_numpy(images.reshape(net.samples, *shape))
    if net.normalize:
        mean, std = (torch.tensor(column, dtype=torch.float64) for column in zip(*net.normalize))
        images = (images - mean.view(1, -1, *[1] * (len(shape) - 1))) / std.view(1, -1, *[1] * (len(shape) - 1))
    labels = torch.from_numpy((hashed(name, LABELS, net.samples) % U64(net.classes)).astype(np.int64))

    before = []
    with torch.no_grad():
        for index, (full, module, tensor) in enumerate(net.parameters()):
            fan_in = math.prod(module.weight.shape[1:])
            tensor.copy_(initial(name, index, tuple(tensor.shape), fan_in))
            before.append(tensor.detach().clone())
    tensors = [tensor for _, _, tensor in net.parameters()]
    optimizer = torch.optim.SGD(tensors, **net.sgd)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, total_steps=net.step_count, **net.cycle) if net.cycle else None
    weights = torch.tensor(net.weights, dtype=torch.float64) if net.weights else None

    losses, first = [], 0
    for _ in range(net.step_count):
        last = min(first + net.batch, net.samples)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net.forward(images[first:last]), labels[first:last], weight=weights,
                                           label_smoothing=net.smoothing)
        loss.backward()
        if net.clip:
            nn.utils.clip_grad_norm_(tensors, net.clip)
        optimizer.step()
        if scheduler and len(losses) < net.step_count - 1:
            scheduler.step()
        losses.append(loss.item())
        first = last % net.samples
    steps = [(full, (tensor.detach() - old).numpy()) for (full, _, tensor), old in zip(net.parameters(), before)]
    if not all(math.isfinite(loss) and loss < 20 for loss in losses) or any(abs(s).max() < 1e-5 for _, s in steps):
        raise Unfit("does not train")
    return losses, steps


def reference_bytes(net, losses, steps):
    data = b"netcref1" + struct.pack("<iii", net.samples, len(losses), len(steps)) + struct.pack(f"<{len(losses)}d", *losses)
    for full, step in steps:
        data += struct.pack("<i", len(full)) + full.encode() + struct.pack("<i", step.size)
        data += step.astype("<f4").tobytes()
    return data


# ---- what a collection must hold

NEEDED = {("conv2d", "kernel_size"): {"number", "pair"}, ("conv2d", "stride"): {"number", "pair"},
          ("conv2d", "padding"): {"number", "pair", "word"}, ("conv2d", "dilation"): {"number", "pair"},
          ("conv2d", "groups"): {"number"}, ("conv2d", "bias"): {"bool"}, ("conv2d", "padding_mode"): {"word"},
          ("max_pool2d", "kernel_size"): {"number", "pair"}, ("max_pool2d", "stride"): {"number", "pair"},
          ("max_pool2d", "padding"): {"number", "pair"}, ("max_pool2d", "dilation"): {"number", "pair"},
          ("max_pool2d", "return_indices"): {"bool"}, ("max_pool2d", "ceil_mode"): {"bool"},
          ("max_unpool2d", "kernel_size"): {"number", "pair"}, ("max_unpool2d", "stride"): {"number", "pair"},
          ("max_unpool2d", "padding"): {"number", "pair"}, ("max_unpool2d", "indices"): {"layer"},
          ("linear", "bias"): {"bool"}, ("concat", "dim"): {"number"}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=PLAIN + LOSSES + len(CYCLED))
    options = parser.parse_args()
    torch.set_num_threads(1)
    os.makedirs(options.out, exist_ok=True)
    covered = {}
    for number in range(options.count):
        name = f"n{number:03d}"
        for attempt in range(1000):
            try:
                net = draw(number, options.seed, attempt, name)
                losses, steps = train(net)
                break
            except Unfit as reason:
                why = reason
        else:
            sys.exit(f"draw.py: nothing fits for number {number}: {why}")
        with open(os.path.join(options.out, name + ".net"), "w") as file:
            file.write(spec_text(net, options.seed, number))
        with open(os.path.join(options.out, name + ".ref"), "wb") as file:
            file.write(reference_bytes(net, losses, steps))
        for use, kinds in net.uses.items():
            covered.setdefault(use, set()).update(kinds)
    if options.count >= len(SEGMENTS):
        for use, kinds in NEEDED.items():
            if not kinds <= covered.get(use, set()):
                sys.exit(f"draw.py: {use[0]}'s {use[1]} is not covered: {kinds - covered.get(use, set())}")


if __name__ == "__main__":
    main()
