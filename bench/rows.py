"""What the bench measures: who trains what, and the rows in which they are set against each other."""
from dataclasses import dataclass

SEED = "specs/lenet.net"


@dataclass(frozen=True)
class Contestant:
    """One program on one network. `who` is netc, eager, channels_last, tuned, loader or onnx; `work` is train (an epoch),
    images (the test set evaluated) or image (one image)."""
    who: str
    spec: str
    threads: int
    work: str = "train"
    cpu: str = "native"                 # of netc: what the trainer is built for


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    spec: str
    against: tuple                      # of the peers the one that is faster, round by round
    aim: float                          # netc is so many times as fast
    floor: float
    work: str = "train"
    threads: int = 2
    cpu: str = "native"

    def netc(self):
        return Contestant("netc", self.spec, self.threads, self.work, self.cpu)

    def peers(self):
        return tuple(Contestant(who, self.spec, self.threads, self.work) for who in self.against)


@dataclass(frozen=True)
class Cost:
    """What netc alone costs, and may cost at most."""
    name: str
    title: str
    limit: float
    unit: str
    transforms: str = ""                # of the seed network's images: what they add to an epoch


PEERS = {
    "eager": "PyTorch eager, tensors in memory",
    "channels_last": "PyTorch channels_last",
    "tuned": "PyTorch tuned: channels_last, fused SGD, jemalloc",
    "loader": "PyTorch, the tutorial's script with DataLoader",
    "onnx": "ONNX Runtime",
}
BEST = ("eager", "channels_last")


def variant(name, title, aim, floor, against=BEST):
    return Row(name, title, f"bench/specs/{name.replace('-', '_')}.net", against, aim, floor)


ROWS = (
    Row("seed-eager", "seed network", SEED, ("eager",), 11, 9),
    Row("seed-tuned", "seed network", SEED, ("tuned",), 7, 5.5),
    Row("seed-1-thread", "seed network, 1 thread", SEED, ("tuned",), 6, 5, threads=1),
    Row("seed-avx2", "seed network, --cpu=avx2", SEED, ("tuned",), 3.5, 3, cpu="avx2"),
    Row("seed-script", "seed network", SEED, ("loader",), 24, 20),
    variant("batch32", "batch 32", 5, 3.5),
    variant("batch256", "batch 256", 5, 3.5),
    variant("padding", "3x3 kernels, padding 1", 5, 3.5),
    variant("channels", "16 and 32 channels", 5, 3.5),
    variant("stride", "stride 2", 5, 3.5),
    variant("relu-first", "relu before the pool", 5, 3.5),
    variant("image20", "inputs of 20x20", 5, 3.5),
    variant("image40", "inputs of 40x40", 5, 3.5),
    variant("no-pool", "without pools", 2.5, 1.7),
    variant("perceptron", "perceptron 784-256-128-10", 2.5, 1.7, ("eager",)),
    variant("wide", "3x32x32, 32-32-64-64 channels", 2, 1.5, ("channels_last",)),
    Row("evaluation", "10,000 images evaluated", SEED, ("onnx",), 3.3, 2.8, work="images"),
    Row("one-image", "one image, 1 thread", SEED, ("onnx",), 3, 2, work="image", threads=1),
)

COSTS = (
    Cost("cost-memory", "memory peak of training the seed network", 64, "MiB"),
    Cost("cost-netc", "netc specs/lenet.net", 20, "ms"),
    Cost("cost-build", "its output built with gcc", 5, "s"),
    Cost("cost-first-step", "netc run, until one step is trained and evaluated", 6, "s"),
    Cost("cost-augment", "of an epoch more, for a random crop and flip", 15, "%",
         "random_crop(28, padding=4), random_horizontal_flip"),
    Cost("cost-affine", "of an epoch more, for a random affine, bilinear", 20, "%",
         "random_affine(15, translate=(0.1, 0.1), interpolation=bilinear)"),
)


def chosen(words):
    """The rows and costs of these names, or whose names begin so; all where there are none."""
    def matches(name):
        return not words or any(name == word or name.startswith(word + "-") for word in words)
    for word in words:
        if not any(r.name == word or r.name.startswith(word + "-") for r in ROWS + COSTS):
            raise SystemExit(f"bench: there is no row {word}; there are: {' '.join(r.name for r in ROWS + COSTS)}")
    return [r for r in ROWS if matches(r.name)], [c for c in COSTS if matches(c.name)]
