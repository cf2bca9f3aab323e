#!/usr/bin/env python3
"""How the time of an epoch grows: with images, batch size, channels and image size. `make bench-growth` calls it.

The seed network is trained in many sizes, by turns; the fastest of the rounds counts. Beside what was measured stands
the line that the arithmetic predicts: floating-point operations of `netc summary`, at the rate that is the median of all
points.
"""
import argparse
import json
import os
import sys
from statistics import median

import chart
import contest
from bench import machine, say, write

SPEC = """# The seed network, {channels} and {twice} channels, on images of {size}x{size}, in batches of {batch}.
net {name} {{
    input 1x{size}x{size}

    conv1: conv2d(1 -> {channels}, kernel_size=5)
    max_pool2d(2)
    relu
    conv2: conv2d({channels} -> {twice}, kernel_size=5)
    max_pool2d(2)
    relu
    flatten
    fc: linear(-> 10)
}}

data idx {{
    root       = "data"
    transform  = [to_tensor, normalize(mean=0.1307, std=0.3081)]
    batch_size = {batch}
    shuffle    = true
}}

train {{
    loss      = cross_entropy
    optimizer = sgd(lr=0.01, momentum=0.5)
}}
"""

PANELS = (
    ("images", "Images", (1000, 2000, 5000, 10000, 20000, 60000)),
    ("batch", "Batch size", (8, 16, 24, 32, 48, 64, 96, 128, 256, 512)),
    ("channels", "Channels of the first convolution", (4, 6, 8, 10, 12, 16, 20, 24, 32, 48)),
    ("size", "Size of an image", (16, 20, 24, 28, 32, 36, 40, 48, 56, 64)),
)
ACROSS = {"images": "images an epoch", "batch": "batch size, 10,000 images", "channels": "channels, 10,000 images",
          "size": "pixels a side, 10,000 images"}


class Point:
    """A network of one size on so many images."""
    def __init__(self, setup, what, value, threads):
        of = {"images": 10000, "batch": 64, "channels": 10, "size": 28, what: value}
        name = f"seed_c{of['channels']}_s{of['size']}_b{of['batch']}"
        spec = os.path.join(setup.work, "growth", name + ".net")
        os.makedirs(os.path.dirname(spec), exist_ok=True)
        write(spec, SPEC.format(name=name, channels=of["channels"], twice=2 * of["channels"], size=of["size"],
                                batch=of["batch"]))
        images = of["images"] // 10 if setup.quick else of["images"]
        self.command = [setup.trainer(spec, "native"), "train", "--epochs", "2", "--progress", "json", "--threads",
                        str(threads), "--save", setup.weights,
                        "--data", setup.dataset(f"{of['size']}x{of['size']}-{images}")]
        self.value, self.flop, self.seconds = value, 1e6 * images * setup.summary(spec)["train"], []

    def measure(self):
        self.seconds.append(json.loads(contest.output(self.command).splitlines()[-1])["seconds"])


def panel(setup, what, title, values, rounds, threads):
    say(f"{what}: building {len(values)} trainers")
    points = [Point(setup, what, value, threads) for value in values]
    for _ in range(rounds):
        for point in points:
            point.measure()
    rate = median(p.flop / min(p.seconds) for p in points)
    # How far a point lies above the line, beside the best point before it: a step that the arithmetic does not explain.
    over = [min(p.seconds) * rate / p.flop for p in points]
    step = max(b / a for a, b in zip(over, over[1:]))
    print(f"\n{title}: {rate / 1e9:.0f} GFLOP/s; the largest step up between neighbours beyond the arithmetic: {step:.2f}x")
    for point, above in zip(points, over):
        print(f"  {point.value:7,}  {min(point.seconds):8.4f} s  {point.flop / min(point.seconds) / 1e9:7.1f} GFLOP/s  "
              f"{above:5.2f} of the line")
    return {"title": title, "across": ACROSS[what],
            "points": [(p.value, min(p.seconds)) for p in points], "line": [(p.value, p.flop / rate) for p in points]}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--netc", default="build/netc")
    options.add_argument("--work", default="build/bench", help="the folder to work in")
    options.add_argument("--cc", default="cc")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--quick", action="store_true", help="a tenth of the images: to see whether all of it works")
    options.add_argument("--rows", default="", help=f"which of {' '.join(name for name, _, _ in PANELS)}; none: all")
    given = options.parse_args()
    panels = [p for p in PANELS if not given.rows or p[0] in given.rows.split()]
    if not panels:
        raise SystemExit(f"growth: there are {', '.join(name for name, _, _ in PANELS)}, not {given.rows}")
    setup = contest.Setup(given.netc, given.work, "", given.cc, given.quick)
    try:
        series = [panel(setup, what, title, values, given.rounds, given.threads) for what, title, values in panels]
    except (contest.Failed, OSError) as error:
        raise SystemExit(f"growth: {error}") from error
    folder = setup.work if given.quick or panels != list(PANELS) else "bench"
    write(os.path.join(folder, "growth.svg"), chart.curves({
        "title": f"Seconds an epoch of the seed network: {machine()}, {given.threads} threads",
        "line": "in line with floating-point operations", "series": series}))
    say(f"\nwritten: {folder}/growth.svg")


if __name__ == "__main__":
    sys.exit(main())
