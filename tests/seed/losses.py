#!/usr/bin/env python3
"""Prints the losses of the seed network's first steps in PyTorch: losses.py [DATA] >losses.txt

float32, batches of 64 in the order of the files, SGD(lr=0.01, momentum=0.5), as specs/lenet.net says. The initial
weights are the hash of tests/pytorch/network.py.
"""
import gzip
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "pytorch"))
import network
import numpy as np
import torch
from torch import nn

STEPS, BATCH = 10, 64


def idx(path, head):
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=head).copy()


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "data/mnist"
    images = idx(f"{folder}/train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    labels = idx(f"{folder}/train-labels-idx1-ubyte.gz", 8)
    net = nn.Sequential(nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(),
                        nn.Flatten(), nn.Linear(320, 10))
    with torch.no_grad():
        for index, (module, tensor) in enumerate((m, t) for m in net for t in m.parameters()):
            tensor.copy_(network.initial("lenet", index, tuple(tensor.shape), module.weight[0].numel()))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.5)
    for step in range(STEPS):
        batch = slice(step * BATCH, (step + 1) * BATCH)
        x = (torch.from_numpy(images[batch]).float() / 255 - 0.1307) / 0.3081
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), torch.from_numpy(labels[batch]).long())
        loss.backward()
        optimizer.step()
        print(f"{loss.item():.7f}")


if __name__ == "__main__":
    main()
