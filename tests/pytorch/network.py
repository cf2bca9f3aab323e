"""A network under construction, its text and its modules at once; and the hash that all its numbers come from."""
import math

import numpy as np
import torch
from torch import nn

U64 = np.uint64


# ---- the hash: FNV-1a of the net's name, then splitmix64's finaliser of (name, stream) and of the element's number

def mix(z):
    with np.errstate(over="ignore"):
        z = (z ^ (z >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> U64(27))) * U64(0x94D049BB133111EB)
        return z ^ (z >> U64(31))


def hashed(name, stream, count):
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        start = mix(np.array([(key + stream) % 2**64], dtype=U64))
        return mix(start + np.arange(count, dtype=U64) * U64(0x9E3779B97F4A7C15))


IMAGES, LABELS, WEIGHTS = 0, 1, 2       # streams; parameter i has WEIGHTS + i


def initial(name, index, shape, fan_in):
    unit = (hashed(name, WEIGHTS + index, math.prod(shape)) >> U64(11)).astype(np.float64) * 2.0**-52 - 1.0
    return torch.from_numpy((unit / math.sqrt(fan_in)).reshape(shape))


class Flat(nn.Module):
    def forward(self, x):
        return x.flatten(1)


class Add(nn.Module):
    def forward(self, *xs):
        total = xs[0]
        for x in xs[1:]:
            total = total + x
        return total


class Concat(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, *xs):
        return torch.cat(xs, self.dim)


class Unfit(Exception):
    """What was drawn cannot be a network."""


class Value:
    """The output of a layer: `of` is the number of its step, -1 the input."""
    def __init__(self, of, sample, name):
        self.of, self.sample, self.name = of, sample, name

    @property
    def shape(self):
        return tuple(self.sample.shape[1:])


# Parameters in PyTorch's order, with defaults; None must be given.
PARAMS = {
    "conv2d": [("kernel_size", None), ("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1), ("bias", True),
               ("padding_mode", "zeros")],
    "max_pool2d": [("kernel_size", None), ("stride", "kernel_size"), ("padding", 0), ("dilation", 1),
                   ("return_indices", False), ("ceil_mode", False)],
    "max_unpool2d": [("kernel_size", None), ("stride", "kernel_size"), ("padding", 0), ("indices", None)],
    "relu": [], "identity": [], "flatten": [], "add": [],
    "linear": [("bias", True)],
    "concat": [("dim", 1)],
}


class Letter(int):
    """The value of a block's parameter, which is written as the parameter's name."""
    def __new__(cls, value, name):
        letter = super().__new__(cls, value)
        letter.name = name
        return letter


def text_of(value):
    if isinstance(value, Letter):
        return value.name
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"({value[0]}, {value[1]})"
    return str(value)


class Net:
    def __init__(self, rng, name, shape):
        self.rng, self.name = rng, name
        self.steps = []                 # (module, numbers of the values it reads)
        self.named = []                 # (name, module) of those with parameters
        self.lines, self.blocks = [], []
        self.indent, self.scope, self.counts, self.silent = 1, "", [{}], False
        self.labels = 0
        self.uses = {}                  # what is covered: (operator, parameter) -> set of kinds of value
        self.input_shape = shape
        self.input = Value(-1, torch.rand(1, *shape, dtype=torch.float64), "input")
        self.indices = {}
        self.now = self.input
        self.write(f"input {'x'.join(map(str, shape))}" if rng.random() < 0.7 or len(shape) == 1
                   else f"input ({', '.join(map(str, shape))})")

    def write(self, line):
        if not self.silent:
            self.lines.append("    " * self.indent + line)

    def count(self, kind):
        self.counts[-1][kind] = self.counts[-1].get(kind, 0) + 1
        return f"{self.scope}{kind}_{self.counts[-1][kind]}"

    def new_label(self, stem):
        self.labels += 1
        return f"{stem}{self.labels}"

    def layer(self, op, sizes=None, reads=None, label=None, **given):
        """Appends a layer. `reads` names the values of a `from`; `sizes` is (in, out)."""
        args = {}
        for parameter, default in PARAMS[op]:
            args[parameter] = given.get(parameter, default)
        for parameter, value in given.items():
            self.uses.setdefault((op, parameter), set()).add(
                "pair" if isinstance(value, tuple) else "word" if isinstance(value, str) else
                "bool" if isinstance(value, bool) else "number" if not isinstance(value, Value) else "layer")
        if "stride" in args and args["stride"] == "kernel_size":
            args["stride"] = args["kernel_size"]
        values = reads or [self.now]

        full = self.scope + label if label else self.count(op)
        try:
            module = self.module(op, sizes, args)
            if op == "max_unpool2d":
                at = args["indices"]
                result = module(values[0].sample, self.indices[at.of])
            else:
                result = module(*[v.sample for v in values])
        except (RuntimeError, ValueError) as error:
            raise Unfit(str(error))
        if op == "max_pool2d":
            result, self.indices[len(self.steps)] = result
        if math.prod(result.shape) == 0:
            raise Unfit("empty")

        self.write((f"{label}: " if label else "") + op + self.arguments(op, sizes, given)
                   + (" from " + ", ".join(v.name for v in reads) if reads else ""))
        if any(True for _ in module.parameters()):
            self.named.append((full, module))
        self.steps.append((module, [v.of for v in values], args["indices"].of if op == "max_unpool2d" else None))
        self.now = Value(len(self.steps) - 1, result.detach(), label or "previous")
        return self.now

    def module(self, op, sizes, a):
        if op == "conv2d":
            return nn.Conv2d(*sizes, a["kernel_size"], a["stride"], a["padding"], a["dilation"], a["groups"], a["bias"],
                             a["padding_mode"], dtype=torch.float64)
        if op == "max_pool2d":
            return nn.MaxPool2d(a["kernel_size"], a["stride"], a["padding"], a["dilation"], True, a["ceil_mode"])
        if op == "max_unpool2d":
            return nn.MaxUnpool2d(a["kernel_size"], a["stride"], a["padding"])
        if op == "linear":
            return nn.Linear(*sizes, a["bias"], dtype=torch.float64)
        if op == "concat":
            return Concat(a["dim"])
        return {"relu": nn.ReLU, "identity": nn.Identity, "flatten": Flat, "add": Add}[op]()

    def arguments(self, op, sizes, given):
        rng, parts = self.rng, []
        if sizes:
            parts.append((text_of(sizes[0]) + " " if rng.random() < 0.6 else "") + "-> " + text_of(sizes[1]))
        positional = rng.random() < 0.6
        rest = []
        for parameter, _ in PARAMS[op]:
            if parameter == "indices":
                positional = False
            if parameter not in given:
                positional = False
            elif positional and rng.random() < 0.8:
                parts.append(text_of(given[parameter]))
            else:
                positional = False
                value = given[parameter]
                rest.append(f"{parameter}={value.name if isinstance(value, Value) else text_of(value)}")
        rng.shuffle(rest)
        parts += rest
        return f"({', '.join(parts)})" if parts else ""

    def block(self, name, calls, body, values=(), repeat=False, label=None):
        """A new block called `calls` times with `values`; body(net, *letters) is its text and its meaning."""
        letters = [Letter(value, "abcd"[i]) for i, value in enumerate(values)]
        call_text = name + (f"({', '.join(map(str, values))})" if values else "")
        outer_lines, outer_indent, outer_scope = self.lines, self.indent, self.scope
        for call in range(calls):
            self.scope = (outer_scope + label if label else self.count(name)) + "."
            self.lines, self.indent = [], 1
            self.counts.append({})
            body(self, *letters)
            if call == 0:
                head = name + (f"({', '.join(letter.name for letter in letters)})" if letters else "")
                self.blocks += [f"block {head} {{", *self.lines, "}"]
            self.counts.pop()
            self.lines, self.indent, self.scope = outer_lines, outer_indent, outer_scope
            if not repeat:
                self.write((f"{label}: " if label else "") + call_text)
        if repeat:
            self.write(f"repeat {calls} {{ {call_text} }}")

    # ---- running it

    def parameters(self):
        for name, module in self.named:
            for part, tensor in module.named_parameters():
                yield f"{name}.{part}", module, tensor

    def forward(self, x):
        values, indices = {-1: x}, {}
        for number, (module, reads, at) in enumerate(self.steps):
            arguments = [values[r] for r in reads]
            if at is not None:
                values[number] = module(arguments[0], indices[at])
            elif isinstance(module, nn.MaxPool2d):
                values[number], indices[number] = module(*arguments)
            else:
                values[number] = module(*arguments)
        return values[len(self.steps) - 1]
