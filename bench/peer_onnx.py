#!/usr/bin/env python3
"""Runs a spec's network in ONNX Runtime: peer_onnx.py SPEC DATA images|image THREADS

images: the test set, in the best of a few batch sizes; image: the same one image again and again. Says what it is in one
JSON line, then measures for each line it reads and answers {"seconds": ...}: of the whole test set, or of one image.
"""
import json
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import idx
from spec import Spec

BATCHES = 32, 100, 250, 1000, 10000
REPEATS, IMAGES = 5, 2000


def model_of(spec):
    """The network in ONNX with weights drawn at random, and their number."""
    draw, nodes, weights, value = np.random.default_rng(1), [], [], "x"
    for number, layer in enumerate(spec.layers):
        inputs, attributes, result = [value], {}, f"v{number}"
        if layer.kind in ("conv2d", "linear"):
            size_in, size_out = layer.sizes
            shape = [size_out, size_in]
            if layer.kind == "conv2d":
                shape = [size_out, size_in // layer.arg(4, "groups", 1), *layer.pair(0, "kernel_size")]
                attributes = {"kernel_shape": shape[2:], "strides": layer.pair(1, "stride", 1),
                              "pads": layer.pair(2, "padding", 0) * 2, "dilations": layer.pair(3, "dilation", 1),
                              "group": layer.arg(4, "groups", 1)}
            else:
                attributes = {"transB": 1}
            bound = np.prod(shape[1:]) ** -0.5
            for part, dims in (("w", shape), ("b", [size_out])):
                name = f"{part}{number}"
                weights.append(numpy_helper.from_array(draw.uniform(-bound, bound, dims).astype(np.float32), name))
                inputs.append(name)
        elif layer.kind == "max_pool2d":
            kernel = layer.pair(0, "kernel_size")
            attributes = {"kernel_shape": kernel, "strides": layer.pair(1, "stride", kernel),
                          "pads": layer.pair(2, "padding", 0) * 2}
        operator = {"conv2d": "Conv", "linear": "Gemm", "max_pool2d": "MaxPool", "relu": "Relu", "flatten": "Flatten"}
        nodes.append(helper.make_node(operator[layer.kind], inputs, [result], **attributes))
        value = result
    graph = helper.make_graph(nodes, spec.name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *spec.input])],
                              [helper.make_tensor_value_info(value, TensorProto.FLOAT, ["n", None])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model, sum(int(np.prod(w.dims)) for w in weights)


def seconds_of(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Bound:
    """A run whose input and output are bound beforehand: less is done a call than by session.run."""
    def __init__(self, session, x, classes):
        self.session, self.binding = session, session.io_binding()
        self.x, self.y = x, np.empty((len(x), classes), np.float32)
        for bind, name, array in ((self.binding.bind_input, session.get_inputs()[0].name, self.x),
                                  (self.binding.bind_output, session.get_outputs()[0].name, self.y)):
            bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def __call__(self):
        self.session.run_with_iobinding(self.binding)


def main():
    spec, folder, what, threads = Spec(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    model, parameters = model_of(spec)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    x = idx.normalised(spec, folder, "test")[0]
    classes = spec.layers[-1].sizes[1]
    note = ""
    if what == "images":
        def through(size):
            runs = [Bound(session, x[i:i + size], classes) for i in range(0, len(x), size)]
            return lambda: [run() for run in runs]
        found = {}
        for size in BATCHES:
            work = through(size)
            found[size] = min(seconds_of(work) for _ in range(REPEATS))
        batch = min(found, key=found.get)
        work, count, note = through(batch), 1, f"in batches of {batch}"
    else:
        run, count = Bound(session, x[:1].copy(), classes), IMAGES
        work = lambda: [run() for _ in range(count)]        # noqa: E731
        work()
    print(json.dumps({"parameters": parameters, "note": note}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({"seconds": min(seconds_of(work) for _ in range(REPEATS)) / count}), flush=True)


if __name__ == "__main__":
    main()
