"""IDX files: reading them for PyTorch and ONNX Runtime, and writing the datasets of the bench that are not MNIST."""
import gzip
import math
import operator
import os
import random
import struct
import sys

PARTS = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}


def read(folder, name):
    """The dimensions and the bytes of a file, which may be compressed."""
    path = os.path.join(folder, name)
    opened = open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz")
    with opened as file:
        rank = file.read(4)[3]
        dims = struct.unpack(f">{rank}I", file.read(4 * rank))
        return dims, file.read()


def normalised(spec, folder, part):
    """Images as the spec's net reads them, normalised, in float32; labels in int64."""
    import numpy as np
    images, labels = PARTS[part]
    dims, data = read(folder, images)
    mean, std = (np.array(spec.setting("normalize", name, default), np.float32).reshape(-1, 1)
                 for name, default in (("mean", 0), ("std", 1)))
    channels = dims[1] if len(dims) == 4 else 1
    x = np.frombuffer(data, np.uint8).astype(np.float32).reshape(dims[0], channels, -1) / np.float32(255)
    y = np.frombuffer(read(folder, labels)[1], np.uint8).astype(np.int64)
    return ((x - mean) / std).reshape(dims[0], *spec.input), y


def write(path, dims, blocks):
    """A file of these dimensions; appears under its name when it is whole."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "wb") as file:
        file.write(bytes([0, 0, 8, len(dims)]) + struct.pack(f">{len(dims)}I", *dims))
        for block in blocks:
            file.write(block)
    os.replace(path + ".part", path)


def write_scaled(mnist, folder, size, most):
    """MNIST, at most so many images to train with, in size x size: each pixel is the nearest one of the original."""
    for part, (images, labels) in PARTS.items():
        (count, height, width), data = read(mnist, images)
        count = min(count, most) if part == "train" else min(count, max(most, 1000))
        area = height * width
        at = operator.itemgetter(*[(y * height // size) * width + x * width // size
                                   for y in range(size) for x in range(size)])
        scaled = (data[i * area:(i + 1) * area] for i in range(count))
        write(os.path.join(folder, images), (count, size, size),
              scaled if size == height == width else (bytes(at(image)) for image in scaled))
        write(os.path.join(folder, labels), (count,), [read(mnist, labels)[1][:count]])


def write_noise(folder, shape, train):
    """Images, and labels out of ten, all drawn from a generator of fixed seed."""
    draw = random.Random(1)
    for (images, labels), count in zip(PARTS.values(), (train, 1000)):
        write(os.path.join(folder, images), (count, *shape),
              (draw.randbytes(math.prod(shape)) for _ in range(count)))
        write(os.path.join(folder, labels), (count,), [bytes(draw.randrange(10) for _ in range(count))])


def provide(folder, mnist):
    """Writes the dataset that the last part of `folder` names, unless it is there: 20x20 is MNIST in that size,
    28x28-5000 its first 5,000 images, 3x32x32 noise of that shape."""
    if os.path.exists(os.path.join(folder, PARTS["test"][1])):
        return
    name, _, most = os.path.basename(folder).partition("-")
    shape = tuple(map(int, name.split("x")))
    if len(shape) == 2:
        write_scaled(mnist, folder, shape[0], int(most or 60000))
    else:
        write_noise(folder, shape, int(most or 10000))


if __name__ == "__main__":
    provide(*sys.argv[1:3])
