#!/usr/bin/env python3
"""Writes tests/unit/shapes_table.h: the output sizes that PyTorch gives for conv2d and max_pool2d.

    python3 tests/pytorch/make_shapes.py > tests/unit/shapes_table.h

Arguments are drawn from a fixed seed, many of them at the edge of what is allowed. A size of 0 means that PyTorch
refuses the arguments, or that they make a window of nothing but padding, whose maximum it says is -infinity.
"""
import random

import torch
from torch import nn

CASES = 400
MODES = ["zeros", "reflect", "replicate", "circular"]


def size_of(make, image):
    """Height and width of what the module gives for an image of this size."""
    try:
        out = make()(torch.zeros(1, 1, *image))
    except (RuntimeError, ValueError):
        return 0, 0
    return (0, 0) if torch.isinf(out).any() else tuple(out.shape[2:])


def one_or_two(draw):
    """A pair whose halves are equal half of the time."""
    first = draw()
    return (first, first) if random.random() < 0.5 else (first, draw())


def draw_conv():
    image = one_or_two(lambda: random.randint(1, 16))
    kernel = one_or_two(lambda: random.randint(1, 5))
    stride = one_or_two(lambda: random.choice([1, 1, 1, 2, 3, 5]))
    dilation = one_or_two(lambda: random.choice([1, 1, 2, 3]))
    mode = random.randrange(len(MODES))
    kind = random.choice(["number", "number", "number", "same", "valid"])
    padding = one_or_two(lambda: random.choice([0, 0, 0, 1, 1, 2, 3, 6]))
    module = lambda: nn.Conv2d(1, 1, kernel, stride=stride, dilation=dilation, padding_mode=MODES[mode],
                               padding=padding if kind == "number" else kind)
    if kind != "number":
        padding = (0, 0)
    return image, kernel, stride, dilation, kind, padding, mode, size_of(module, image)


def draw_pool():
    image = one_or_two(lambda: random.randint(1, 16))
    kernel = one_or_two(lambda: random.randint(1, 5))
    stride = kernel if random.random() < 0.4 else one_or_two(lambda: random.randint(1, 6))
    dilation = one_or_two(lambda: random.choice([1, 1, 1, 2, 3]))
    padding = one_or_two(lambda: random.choice([0, 0, 0, 1, 1, 2]))
    ceil_mode = random.random() < 0.5
    module = lambda: nn.MaxPool2d(kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)
    return image, kernel, stride, dilation, padding, ceil_mode, size_of(module, image)


def pair(values):
    return "{ %d, %d }" % tuple(values)


def main():
    random.seed(1)
    version = torch.__version__.split("+")[0]
    print(f"/* Made by tests/pytorch/make_shapes.py with PyTorch {version}: change that, not this. */")
    print()
    print("static const struct {")
    print("    int64_t image[2], kernel[2], stride[2], dilation[2], padding[2];")
    print("    int word, mode;             /* word: 0 same, 1 valid, -1 neither; mode: a place in padding_modes */")
    print("    int64_t out[2];             /* 0: refused */")
    print("} conv_shapes[] = {")
    for _ in range(CASES):
        image, kernel, stride, dilation, kind, padding, mode, out = draw_conv()
        word = {"same": 0, "valid": 1, "number": -1}[kind]
        print("    { %s, %d, %d, %s }," % (", ".join(map(pair, (image, kernel, stride, dilation, padding))), word, mode,
                                         pair(out)))
    print("};")
    print()
    print("static const struct {")
    print("    int64_t image[2], kernel[2], stride[2], dilation[2], padding[2];")
    print("    bool ceil_mode;")
    print("    int64_t out[2];             /* 0: refused */")
    print("} pool_shapes[] = {")
    for _ in range(CASES):
        image, kernel, stride, dilation, padding, ceil_mode, out = draw_pool()
        print("    { %s, %s, %s }," % (", ".join(map(pair, (image, kernel, stride, dilation, padding))),
                                     "true" if ceil_mode else "false", pair(out)))
    print("};")


if __name__ == "__main__":
    main()
