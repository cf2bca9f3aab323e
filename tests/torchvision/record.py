"""Records what torchvision's transforms (v2, on tensors) make of small images: python record.py > cases.txt

A line for each case: its name, the transform, what was drawn for it where it is a random one, shapes, and the values that
came out. Images are not recorded, as `image` makes them of their index alone; compare.c makes the same."""
import math

import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F

KINDS = ["pad", "center_crop", "crop", "horizontal_flip", "vertical_flip", "resize", "affine", "erase", "grayscale", "invert",
         "to_tensor", "normalize"]
MODES = ["constant", "edge", "reflect", "symmetric"]
SHAPES = [(1, 7, 9), (3, 10, 6)]


def image(shape, real):
    count = math.prod(shape)
    index = torch.arange(count, dtype=torch.int64)
    values = ((index * 2654435761 + 12345) % 2**32 >> 13) % 256
    values = values.to(torch.uint8).reshape(shape)
    return values.to(torch.float32) / 255 if real else values


def show(name, kind, shape, real, result, tolerance=0.0, size=(0, 0), padding=(0, 0, 0, 0), mode="constant", bilinear=False,
         fill=0.0, channels=0, place=(0, 0), drawn=(0.0, 0.0, 0.0, 1.0, 0.0, 0.0)):
    head = [name, KINDS.index(kind), int(real), tolerance, *shape, *size, *padding, MODES.index(mode), int(bilinear), fill,
            channels, *place, *drawn, *result.shape]
    values = result.flatten().tolist()
    text = [f"{v:.9g}" if isinstance(v, float) else str(v) for v in head + values]
    print(" ".join(text))


def deterministic(shape, real):
    x = image(shape, real)
    kind = "float" if real else "byte"
    size = "x".join(map(str, shape))
    fill = 0.25 if real else 64
    for mode in MODES:
        for padding in ([2, 1, 3, 4], [0, 5, 0, 0]):
            show(f"pad_{mode}_{size}_{kind}", "pad", shape, real, F.pad(x, padding, fill=fill, padding_mode=mode),
                 padding=padding, mode=mode, fill=fill)
    for crop in ((4, 4), (5, 5), (12, 5), (12, 13), (3, 13), shape[1:]):
        show(f"center_crop_{size}_{kind}", "center_crop", shape, real, F.center_crop(x, list(crop)), size=crop)
    for to in ((4, 5), (14, 18), (3, 20), (20, 3), (5, 0), (11, 0), shape[1:]):
        result = F.resize(x, [s for s in to if s], interpolation=InterpolationMode.BILINEAR, antialias=True)
        show(f"resize_{size}_{kind}", "resize", shape, real, result, tolerance=2e-6 if real else 1.0, size=to)
    for channels in (1, 3):
        show(f"grayscale_{size}_{kind}", "grayscale", shape, real, F.rgb_to_grayscale(x, channels),
             tolerance=2e-7 if real else 0.0, channels=channels)
    show(f"invert_{size}_{kind}", "invert", shape, real, F.invert(x))


def tensors(shape):
    show("to_tensor", "to_tensor", shape, False, F.to_dtype(image(shape, False), torch.float32, scale=True), tolerance=1e-7)
    mean, std = [0.25, 0.5, 0.75][:shape[0]], [0.5, 0.25, 0.2][:shape[0]]
    show("normalize", "normalize", shape, True, F.normalize(image(shape, True), mean, std), tolerance=1e-6)


def drawn(shape, real):
    x = image(shape, real)
    kind = "float" if real else "byte"
    size = "x".join(map(str, shape))
    fill = 0.25 if real else 64
    show(f"horizontal_flip_{size}_{kind}", "horizontal_flip", shape, real, F.horizontal_flip(x))
    show(f"vertical_flip_{size}_{kind}", "vertical_flip", shape, real, F.vertical_flip(x))
    for mode in MODES:
        for place in ((0, 0), (3, 1), (5, 7)):
            padded = F.pad(x, [3, 3, 3, 3], fill=fill, padding_mode=mode)
            show(f"crop_{mode}_{size}_{kind}", "crop", shape, real, F.crop(padded, *place, 5, 4), size=(5, 4),
                 padding=(3, 3, 3, 3), mode=mode, fill=fill, place=place)
    for place in ((0, 0, 3, 4), (2, 1, 4, 2)):
        result = F.erase(x, *place, torch.full((1, 1, 1), fill).to(x.dtype))
        show(f"erase_{size}_{kind}", "erase", shape, real, result, size=place[2:], fill=fill, place=place[:2])
    # Angles are such that no place of `nearest` lies halfway between two pixels.
    for angle, tx, ty, scale, sx, sy in ((0, 1, -2, 1, 0, 0), (33.3, 0, 0, 1, 0, 0), (-17.1, 2, 1, 0.83, 0, 0),
                                         (4.7, 0, -1, 1.27, 11.3, 0), (101.7, 1, 0, 0.9, -7.9, 13.1)):
        for bilinear in (False, True):
            mode = InterpolationMode.BILINEAR if bilinear else InterpolationMode.NEAREST
            result = F.affine(x, angle, [tx, ty], scale, [sx, sy], interpolation=mode, fill=fill)
            show(f"affine_{size}_{kind}", "affine", shape, real, result, bilinear=bilinear, fill=fill,
                 tolerance=(2e-5 if real else 1.0) if bilinear else 0.0, drawn=(angle, tx, ty, scale, sx, sy))
    for angle in (12.3, -48.7):
        result = F.rotate(x, angle, interpolation=InterpolationMode.BILINEAR, fill=fill)
        show(f"rotate_{size}_{kind}", "affine", shape, real, result, bilinear=True, fill=fill, tolerance=2e-5 if real else 1.0,
             drawn=(-angle, 0.0, 0.0, 1.0, 0.0, 0.0))


for shape in SHAPES:
    tensors(shape)
    for real in (False, True):
        deterministic(shape, real)
        drawn(shape, real)
