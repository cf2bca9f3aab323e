#!/usr/bin/env python3
"""Trains a spec's network in PyTorch: peer_pytorch.py SPEC DATA MODE THREADS

MODE is eager (as the tutorial writes it, but on tensors that are in memory and normalised beforehand), channels_last,
tuned (channels_last and the fused SGD; jemalloc is the caller's), or loader (the tutorial's own script: torchvision's
MNIST, ToTensor, Normalize, DataLoader).

Says what it is in one JSON line, then trains an epoch for each line it reads and answers {"seconds": ...}.
"""
import itertools
import json
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import idx
from spec import Spec

WARM_UP = 50                            # steps: memory is taken and kernels are chosen in the first ones


MODULES = {"conv2d": nn.Conv2d, "max_pool2d": nn.MaxPool2d, "linear": nn.Linear, "relu": nn.ReLU, "flatten": nn.Flatten,
           "identity": nn.Identity}


def module(layer):
    """A spec's arguments are those of PyTorch's modules, in their order."""
    positional, named = layer.args
    return MODULES[layer.kind](*(layer.sizes or ()), *positional, **named)


def epoch_of_tensors(spec, folder, net, optimizer, memory_format):
    """A function that trains an epoch on tensors in memory."""
    images, labels = map(torch.from_numpy, idx.normalised(spec, folder, "train"))
    batch_size = spec.data.get("batch_size", 64)
    if memory_format != torch.contiguous_format:
        images = images.contiguous(memory_format=memory_format)

    def epoch(steps=None):
        order = torch.randperm(len(labels))
        for first in range(0, len(labels), batch_size)[:steps]:
            batch = order[first:first + batch_size]
            x = images[batch].contiguous(memory_format=memory_format)
            optimizer.zero_grad()
            F.cross_entropy(net(x), labels[batch]).backward()
            optimizer.step()
    return epoch


class Images(torch.utils.data.Dataset):
    """torchvision.datasets.MNIST with ToTensor and Normalize, where torchvision is not: what it does for each image."""
    def __init__(self, spec, folder):
        (count, height, width), data = idx.read(folder, idx.PARTS["train"][0])
        self.data = torch.from_numpy(np.frombuffer(data, np.uint8).copy()).view(count, height, width)
        labels = idx.read(folder, idx.PARTS["train"][1])[1]
        self.targets = torch.from_numpy(np.frombuffer(labels, np.uint8).astype(np.int64))
        self.mean, self.std = spec.setting("normalize", "mean", 0), spec.setting("normalize", "std", 1)

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        from PIL import Image
        image, target = self.data[index], int(self.targets[index])
        image = Image.fromarray(image.numpy())
        # ToTensor
        x = torch.from_numpy(np.array(image, np.uint8, copy=True)).view(image.size[1], image.size[0], 1)
        x = x.permute((2, 0, 1)).contiguous().to(dtype=torch.get_default_dtype()).div(255)
        # Normalize
        mean, std = (torch.as_tensor((v,), dtype=x.dtype).view(-1, 1, 1) for v in (self.mean, self.std))
        return x.clone().sub_(mean).div_(std), target


def dataset(spec, folder):
    """The dataset of the tutorial's script, and a note on who made it."""
    try:
        from torchvision import datasets, transforms
    except (ImportError, RuntimeError):
        return Images(spec, folder), "images as torchvision loads them"
    root = os.path.join(os.environ["BENCH_WORK"], "torchvision", os.path.basename(folder))
    for images, labels in idx.PARTS.values():
        for name in (images, labels):
            dims, data = idx.read(folder, name)
            idx.write(os.path.join(root, "MNIST", "raw", name), dims, [data])
    mean, std = (spec.setting("normalize", name, default) for name, default in (("mean", 0), ("std", 1)))
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((mean,), (std,))])
    return datasets.MNIST(root, train=True, transform=transform), "images by torchvision"


def epoch_of_loader(spec, folder, net, optimizer):
    """A function that trains an epoch as the tutorial's script does, and a note."""
    data, note = dataset(spec, folder)
    loader = torch.utils.data.DataLoader(data, batch_size=spec.data["batch_size"], shuffle=True)

    def epoch(steps=None):
        net.train()
        for image, label in itertools.islice(loader, steps):
            optimizer.zero_grad()
            F.cross_entropy(net(image), label).backward()
            optimizer.step()
    return epoch, note


def main():
    spec, folder, mode, threads = Spec(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    torch.set_num_threads(threads)
    torch.manual_seed(spec.train.get("seed", 1))
    net = nn.Sequential(*map(module, spec.layers))
    memory_format = torch.channels_last if mode in ("channels_last", "tuned") else torch.contiguous_format
    net = net.to(memory_format=memory_format)
    optimizer = torch.optim.SGD(net.parameters(), lr=spec.setting("sgd", "lr", 0.001),
                                momentum=spec.setting("sgd", "momentum", 0), fused=True if mode == "tuned" else None)
    note = ""
    if mode == "loader":
        epoch, note = epoch_of_loader(spec, folder, net, optimizer)
    else:
        epoch = epoch_of_tensors(spec, folder, net, optimizer, memory_format)
    epoch(WARM_UP)
    print(json.dumps({"parameters": sum(p.numel() for p in net.parameters()), "note": note}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        epoch()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


if __name__ == "__main__":
    main()
