"""What drawn networks are made of: each segment appends some layers to a net, or raises Unfit."""
from network import Unfit, Value


def channels(net):
    if len(net.now.shape) != 3:
        raise Unfit("flat")
    return net.now.shape[0]


def conv(net, out=None, **given):
    given.setdefault("kernel_size", net.rng.choice([1, 2, 3, (3, 2)]))
    return net.layer("conv2d", (channels(net), out or net.rng.randint(2, 5)),
                     label=net.new_label("conv") if net.rng.random() < 0.4 else None, **given)


def small_conv(net):
    return conv(net, kernel_size=net.rng.choice([1, 2, 3]), padding=net.rng.choice([0, 1]))


def conv_with(**given):
    def segment(net):
        if channels(net) % given.get("groups", 1):
            raise Unfit("groups")
        out = net.rng.randint(1, 3) * given["groups"] if "groups" in given else None
        conv(net, out, **given)
        if net.rng.random() < 0.5:
            net.layer("relu")
    return segment


def depthwise(net):
    small_conv(net)
    c = channels(net)
    conv(net, c * net.rng.choice([1, 2]), groups=c, kernel_size=3, padding=1,
         padding_mode=net.rng.choice(["zeros", "reflect", "replicate", "circular"]))


def pool_with(**given):
    def segment(net):
        small_conv(net)
        net.layer("max_pool2d", label=net.new_label("pool") if net.rng.random() < 0.3 else None, **given)
        if net.rng.random() < 0.6:
            net.layer("relu")
    return segment


def relu_then_pool(net):
    small_conv(net)
    net.layer("relu")
    net.layer("max_pool2d", kernel_size=2)


def pool_first(net):
    net.layer("max_pool2d", kernel_size=2, stride=1)
    small_conv(net)


def unpool_with(unpool, between=None, **given):
    """pool with indices, something on the pooled values, unpool with the same geometry."""
    def segment(net):
        small_conv(net)
        label = net.new_label("pool")
        before = net.now.shape
        pool = net.layer("max_pool2d", label=label, return_indices=True, **given)
        if between:
            between(net, pool)
        net.layer("max_unpool2d", indices=pool, **unpool)
        if net.now.shape[1:] != before[1:]:
            raise Unfit("unpool does not give the pool's input back")
        small_conv(net)
    return segment


def scaled(net, pool):
    conv(net, pool.shape[0], kernel_size=1)


def gated(net, pool):
    net.layer("relu")


def linear(net, out, **given):
    label = net.new_label("fc") if net.rng.random() < 0.5 else None
    return net.layer("linear", (net.now.shape[0], out), label=label, **given)


def mlp(bias):
    def segment(net):
        if len(net.now.shape) == 3:
            net.layer("flatten")
        linear(net, net.rng.randint(3, 9), bias=bias)
        net.layer("relu")
    return segment


def named(net, make):
    """A layer with a label, made by make(label)."""
    return make(net.new_label("v"))


def residual_add(net):
    small_conv(net)
    entry = named(net, lambda l: net.layer("identity", label=l))
    c = channels(net)
    net.layer("conv2d", (c, c), kernel_size=3, padding=1, bias=net.rng.random() < 0.5)
    net.layer("relu")
    body = named(net, lambda l: net.layer("conv2d", (c, c), label=l, kernel_size=3, padding="same"))
    net.layer("add", reads=[entry, body] if net.rng.random() < 0.5 else [body, entry])
    net.layer("relu")


def add_previous(net):
    c = net.rng.randint(2, 4)
    a = named(net, lambda l: net.layer("conv2d", (channels(net), c), label=l, kernel_size=1))
    net.layer("relu")
    previous = Value(net.now.of, net.now.sample, "previous")
    net.layer("add", reads=[previous, a])


def three_way_add(net):
    x = net.now if net.now.name != "previous" else named(net, lambda l: net.layer("identity", label=l))
    c = net.rng.randint(2, 4)
    a = named(net, lambda l: net.layer("conv2d", (x.shape[0], c), label=l, reads=[x], kernel_size=1))
    b = named(net, lambda l: net.layer("conv2d", (x.shape[0], c), label=l, reads=[x], kernel_size=3, padding=1))
    d = named(net, lambda l: net.layer("relu", label=l, reads=[a]))
    net.layer("add", reads=[a, b, d])


def twice(net):
    """The same value added to itself, and used once more."""
    small_conv(net)
    a = named(net, lambda l: net.layer("relu", label=l))
    net.layer("add", reads=[a, a])
    b = named(net, lambda l: net.layer("identity", label=l))
    net.layer("add", reads=[b, a])


def concat(dim):
    def segment(net):
        x = net.now if net.now.name != "previous" else named(net, lambda l: net.layer("identity", label=l))
        c = net.rng.randint(2, 3)
        more = 1 if dim == 1 else 0
        a = named(net, lambda l: net.layer("conv2d", (x.shape[0], c), label=l, reads=[x], kernel_size=3, padding=1))
        kernel, padding = (3, 1) if dim == 1 else ((2, 1), 0) if dim == 2 else ((1, 2), 0)
        b = named(net, lambda l: net.layer("conv2d", (x.shape[0], c + more), label=l, reads=[x], kernel_size=kernel,
                                           padding=padding))
        reads = [a, b] + ([a] if net.rng.random() < 0.4 else [])
        net.layer("concat", reads=reads, **({"dim": dim} if dim != 1 or net.rng.random() < 0.5 else {}))
        small_conv(net)
    return segment


def concat_input(net):
    small = named(net, lambda l: net.layer("conv2d", (channels(net), 3), label=l, kernel_size=3, padding="same"))
    if small.shape[1:] != net.input.shape[1:]:
        raise Unfit("size")
    net.layer("concat", reads=[small, net.input])


def flat_branches(net):
    if len(net.now.shape) == 3:
        net.layer("flatten")
    x = named(net, lambda l: net.layer("identity", label=l))
    a = named(net, lambda l: net.layer("linear", (x.shape[0], 4), label=l, reads=[x]))
    b = named(net, lambda l: net.layer("linear", (x.shape[0], 4), label=l, reads=[x], bias=False))
    s = named(net, lambda l: net.layer("add", label=l, reads=[a, b]))
    r = named(net, lambda l: net.layer("relu", label=l, reads=[s]))
    net.layer("concat", reads=[r, a])


def plain_block(net):
    def body(net, a):
        net.layer("conv2d", (a, a), kernel_size=3, padding=1, bias=False)
        net.layer("relu")
    c = net.rng.randint(2, 4)
    conv(net, c)
    net.block("step", 2, body, (c,))


def residual_block(net):
    def body(net, a):
        entry = net.layer("identity", label="entry")
        net.layer("conv2d", (a, a), kernel_size=3, padding=1, bias=False)
        net.layer("relu")
        net.layer("conv2d", (a, a), kernel_size=3, padding=1, padding_mode="circular")
        previous = Value(net.now.of, net.now.sample, "previous")
        net.layer("add", reads=[entry, previous])
        net.layer("relu")
    c = net.rng.randint(2, 3)
    conv(net, c)
    net.block("residual", 2, body, (c,), repeat=net.rng.random() < 0.7)


def labelled_block(net):
    def body(net):
        net.layer("relu")
        net.layer("max_pool2d", kernel_size=2)
    small_conv(net)
    net.block("squash", 1, body, label=net.new_label("s"))


def repeat_layers(net):
    c = net.rng.randint(2, 3)
    conv(net, c)
    times = net.rng.randint(2, 3)
    net.write(f"repeat {times} {{")
    net.indent += 1
    for turn in range(times):
        net.silent = turn > 0
        net.layer("conv2d", (c, c), kernel_size=3, padding="same", padding_mode="replicate")
        net.layer("relu")
    net.silent = False
    net.indent -= 1
    net.write("}")


# What the drawn networks are made of: network i starts with segment i (mod their number) and has others after it.
SEGMENTS = [
    conv_with(kernel_size=3), conv_with(kernel_size=(3, 2), stride=2), conv_with(kernel_size=2, stride=(2, 1)),
    conv_with(kernel_size=1, stride=2), conv_with(kernel_size=2, stride=3), conv_with(kernel_size=3, padding=1, bias=False),
    conv_with(kernel_size=3, padding=(2, 1)), conv_with(kernel_size=(2, 3), dilation=2), conv_with(kernel_size=2, dilation=(3, 1)),
    conv_with(kernel_size=3, padding="same"), conv_with(kernel_size=(4, 2), padding="same", dilation=(1, 2)),
    conv_with(kernel_size=3, padding="valid", stride=2), conv_with(kernel_size=(1, 3), padding=(0, 2), stride=(1, 2)),
    *[conv_with(kernel_size=3, padding=p, padding_mode=m) for m in ("reflect", "replicate", "circular") for p in (1, (2, 1))],
    *[conv_with(kernel_size=(2, 3), padding=2, dilation=2, padding_mode=m) for m in ("reflect", "replicate", "circular", "zeros")],
    *[conv_with(kernel_size=(4, 3), padding="same", padding_mode=m) for m in ("reflect", "replicate", "circular")],
    *[conv_with(kernel_size=3, padding=(1, 2), stride=(2, 3), padding_mode=m) for m in ("reflect", "replicate", "circular", "zeros")],
    conv_with(kernel_size=3, groups=2), conv_with(kernel_size=2, groups=2, stride=2, bias=False), depthwise, depthwise,
    conv_with(kernel_size=3, groups=2, padding=1, padding_mode="reflect", dilation=1),
    pool_with(kernel_size=2), pool_with(kernel_size=(2, 3)), pool_with(kernel_size=3, stride=2), pool_with(kernel_size=2, stride=1),
    pool_with(kernel_size=2, stride=(1, 3)), pool_with(kernel_size=3, stride=2, padding=1), pool_with(kernel_size=(3, 2), padding=(1, 0)),
    pool_with(kernel_size=2, dilation=2), pool_with(kernel_size=(2, 3), stride=1, dilation=(3, 2), padding=1),
    pool_with(kernel_size=2, ceil_mode=True), pool_with(kernel_size=3, stride=2, ceil_mode=True, padding=1),
    pool_with(kernel_size=(3, 2), stride=(2, 3), ceil_mode=True), pool_with(kernel_size=2, stride=3, dilation=2, ceil_mode=True),
    pool_with(kernel_size=3, stride=1, padding=1, return_indices=True), relu_then_pool, pool_first,
    unpool_with({"kernel_size": 2}, kernel_size=2), unpool_with({"kernel_size": 2}, scaled, kernel_size=2),
    unpool_with({"kernel_size": (2, 3)}, gated, kernel_size=(2, 3)),
    unpool_with({"kernel_size": 3, "stride": 2}, kernel_size=3, stride=2),
    unpool_with({"kernel_size": 3, "stride": 1}, scaled, kernel_size=3, stride=1),
    unpool_with({"kernel_size": 3, "stride": 2, "padding": 1}, scaled, kernel_size=3, stride=2, padding=1),
    unpool_with({"kernel_size": 2, "stride": (1, 2)}, kernel_size=2, stride=(1, 2)),
    unpool_with({"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 0)}, kernel_size=(3, 2), stride=(1, 2), padding=(1, 0)),
    mlp(True), mlp(False), residual_add, add_previous, three_way_add, twice, concat(1), concat(2), concat(3), concat_input,
    flat_branches, plain_block, residual_block, labelled_block, repeat_layers, residual_block,
]

EXTRA = [residual_add, twice, relu_then_pool, depthwise, concat(1), plain_block, repeat_layers, three_way_add, small_conv]
