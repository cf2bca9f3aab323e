#!/usr/bin/env python3
"""Prints the seconds of one epoch of the seed network in PyTorch: pytorch.py [THREADS [DATA]]

Eager, on tensors that are in memory and normalised beforehand, batches of 64 in a new order. Of two epochs the second.
"""
import gzip
import sys
import time

import numpy as np
import torch
from torch import nn

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
folder = sys.argv[2] if len(sys.argv) > 2 else "data/mnist"
torch.set_num_threads(threads)
torch.manual_seed(1)


def read(name, head):
    with gzip.open(f"{folder}/{name}") as file:
        return torch.from_numpy(np.frombuffer(file.read(), np.uint8, offset=head).copy())


images = (read("train-images-idx3-ubyte.gz", 16).view(-1, 1, 28, 28).float() / 255 - 0.1307) / 0.3081
labels = read("train-labels-idx1-ubyte.gz", 8).long()
net = nn.Sequential(nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(),
                    nn.Flatten(), nn.Linear(320, 10))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.5)
for epoch in range(2):
    start = time.perf_counter()
    order = torch.randperm(len(labels))
    for first in range(0, len(labels), 64):
        batch = order[first:first + 64]
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(images[batch]), labels[batch]).backward()
        optimizer.step()
    seconds = time.perf_counter() - start
print(f"{seconds:.4f}")
