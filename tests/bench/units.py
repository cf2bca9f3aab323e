#!/usr/bin/env python3
"""The parts of the bench: units.py NETC"""
import glob
import math
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, "bench")
import bench            # noqa: E402
import idx              # noqa: E402
import report           # noqa: E402
import rows             # noqa: E402
from spec import Spec   # noqa: E402

NETC = sys.argv.pop(1)


def parameters(spec):
    """As PyTorch counts them."""
    count = 0
    for layer in spec.layers:
        if layer.sizes:
            inputs, outputs = layer.sizes
            taps = math.prod(layer.pair(0, "kernel_size")) if layer.kind == "conv2d" else 1
            count += outputs * (inputs * taps + 1)
    return count


class Specs(unittest.TestCase):
    def test_agree_with_netc(self):
        files = glob.glob("bench/specs/*.net") + [rows.SEED]
        self.assertEqual({row.spec for row in rows.ROWS}, set(files))
        for path in files:
            spec = Spec(path)
            said = subprocess.run([NETC, "summary", path], stdout=subprocess.PIPE, text=True, check=True).stdout
            total = next(line.split() for line in said.splitlines() if line.startswith("total"))
            kinds = [line.split()[1] for line in said.splitlines()[2:] if line][:len(spec.layers)]
            self.assertEqual(int(total[1].replace(",", "")), parameters(spec), path)
            self.assertEqual(kinds, [layer.kind for layer in spec.layers], path)
            self.assertEqual(spec.name, os.path.basename(path)[:-4])

    def test_values(self):
        with tempfile.NamedTemporaryFile("w", suffix=".net") as file:
            file.write("net n { input 3x8x6; a: conv2d(3 -> 4, (5, 3), padding=same, bias=false) # comment\n"
                       "max_pool2d(2, stride=(1, 2))\n}\n"
                       "data idx { root = \"d\"; transform = [to_tensor, normalize(mean=[0.1, 0.2, 0.3], std=0.5)]\n"
                       "batch_size = 8; test { shuffle = false } }\ntrain { optimizer = sgd(lr=1e-3) }\n")
            file.flush()
            spec = Spec(file.name)
        conv, pool = spec.layers
        self.assertEqual((spec.name, spec.input, spec.dataset), ("n", (3, 8, 6), "idx"))
        self.assertEqual((conv.label, conv.sizes, conv.pair(0, "kernel_size"), conv.arg(2, "padding"), conv.arg(5, "bias")),
                         ("a", (3, 4), (5, 3), "same", False))
        self.assertEqual((pool.label, pool.pair(0, "kernel_size"), pool.pair(1, "stride")), (None, (2, 2), (1, 2)))
        self.assertEqual((spec.data["root"], spec.data["batch_size"]), ("d", 8))
        self.assertEqual(spec.setting("normalize", "mean", 0), [0.1, 0.2, 0.3])
        self.assertEqual(spec.setting("sgd", "lr", 1), 1e-3)
        self.assertEqual(spec.setting("sgd", "momentum", 0), 0)


class Data(unittest.TestCase):
    def test_scaled(self):
        with tempfile.TemporaryDirectory() as folder:
            for size in 28, 14, 30:
                idx.provide(f"{folder}/{size}x{size}-7", "data/mnist")
            dims, data = idx.read("data/mnist", "train-images-idx3-ubyte")
            self.assertEqual(dims, (60000, 28, 28))
            self.assertEqual(idx.read(f"{folder}/28x28-7", "train-images-idx3-ubyte"), ((7, 28, 28), data[:7 * 784]))
            dims, half = idx.read(f"{folder}/14x14-7", "train-images-idx3-ubyte")
            self.assertEqual((dims, half[:14]), ((7, 14, 14), data[:28:2]))
            self.assertEqual(half[6 * 196 + 14:][:14], data[6 * 784 + 56:][:28:2])
            self.assertEqual(idx.read(f"{folder}/30x30-7", "train-labels-idx1-ubyte")[0], (7,))

    def test_noise(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in "a", "b":
                idx.provide(f"{folder}/{name}/3x4x5-20", "")
            files = [idx.read(f"{folder}/{name}/3x4x5-20", "train-images-idx3-ubyte") for name in "ab"]
            self.assertEqual(files[0], files[1])
            self.assertEqual((files[0][0], len(files[0][1])), ((20, 3, 4, 5), 1200))


class Ratios(unittest.TestCase):
    def test_the_better_peer_of_each_round(self):
        row = next(r for r in rows.ROWS if r.name == "padding")
        eager, last = row.peers()
        self.assertEqual(bench.ratios({row.netc(): [1, 2], eager: [4, 4], last: [3, 8]}, row), [3, 2])
        self.assertEqual(bench.ratios({row.netc(): [1, 2], eager: [4, 4], last: []}, row), [])
        self.assertEqual(bench.ratios({row.netc(): [], eager: [4, 4], last: [3, 8]}, row), [])

    def test_chosen(self):
        names = [r.name for r in rows.chosen(["seed", "wide"])[0]]
        self.assertEqual(names, ["seed-eager", "seed-tuned", "seed-1-thread", "seed-avx2", "seed-script", "wide"])
        self.assertEqual([c.name for c in rows.chosen(["cost-build"])[1]], ["cost-build"])
        self.assertEqual([len(part) for part in rows.chosen([])], [len(rows.ROWS), len(rows.COSTS)])

    def test_verdicts(self):
        row = {"aim": 5, "floor": 3, "reason": "rain"}
        for ratios, expected in (([6, 4, 5], "aim reached"), ([3], "floor reached"), ([2, 2.9, 9], "below the floor"),
                                 ([], "not measured: rain")):
            self.assertEqual(report.verdict({**row, "ratios": ratios}), expected)

    def test_seconds(self):
        self.assertEqual([report.seconds(v) for v in (12.345, 0.5, 0.0123, 7.8e-6)],
                         ["12.3 s", "500 ms", "12.3 ms", "7.8 us"])


if __name__ == "__main__":
    unittest.main()
