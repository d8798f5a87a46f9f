#!/usr/bin/env python3
"""Writes exactly filterscope's graph of a model as ONNX, from what `filterscope layers MODEL --input WxH --json` prints.

    filterscope layers resnet50.tv_in1k --input 224x224 --json > layers.json
    export_onnx.py layers.json --batch 1 --weights FILE.safetensors --onnx resnet50.onnx
    export_onnx.py layers.json --batch 1 --generate 3 --weights OUT.safetensors --onnx resnet50.onnx

Each node of filterscope's graph becomes one ONNX node. Nothing is folded or fused, which is left to the other engines. SAME borders
become explicit widths for this input size. With `--generate GAIN` the weights are generated as in the tests
(tests/fixtures/structural/hashweights.py) and written to `--weights` first, so that every engine reads the same numbers.
"""
import argparse
import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/fixtures/structural"))
import hashweights  # noqa: E402

# Old enough for every engine, new enough for each operator used here.
OPSET, IR_VERSION = 17, 8
# The smallest normal f32. Smaller values except zero (denormals) take up to a hundred times as long on some processors.
TINY = np.float32(1.17549435e-38)


def operation(node):
    """`(kind, parameters)` of a node: serde writes an operation without parameters as a bare string."""
    op = node["operation"]
    return (op, None) if isinstance(op, str) else next(iter(op.items()))


def needed(layers):
    """The nodes that the final layer depends on, in order: what filterscope runs."""
    by_name = {n["name"]: n for n in layers["layers"]}
    wanted, stack = set(), [layers["final_layer"]]
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.add(name)
            stack.extend(by_name[name]["inputs"])
    return [n for n in layers["layers"] if n["name"] in wanted]


def parameters(node):
    """Torch name and shape of each tensor of a node."""
    kind, p = operation(node)
    name = node["name"]
    if kind == "conv2d":
        yield f"{name}.weight", (p["c_out"], p["c_in"] // p["groups"], *p["kernel"])
        if p["has_bias"]:
            yield f"{name}.bias", (p["c_out"],)
    elif kind == "batch_norm":
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            yield f"{name}.{leaf}", (p["channels"],)
    elif kind == "layer_norm":
        for leaf in ("weight", "bias"):
            yield f"{name}.{leaf}", (p["channels"],)
    elif kind == "scale":
        yield name, (p,)


def generate(layers, gain):
    return {name: hashweights.tensor(name, shape, gain) for n in layers["layers"] for name, shape in parameters(n)}


def borders(p, height, width):
    """Explicit borders `[top, left, bottom, right]`."""
    padding = p["padding"]
    if padding == "valid":
        return [0, 0, 0, 0]
    if padding == "same":
        total = []
        for n, k, s, d in zip((height, width), p["kernel"], p["stride"], p.get("dilation", [1, 1])):
            reach = d * (k - 1) + 1
            total.append(max((max(-(-n // s), 1) - 1) * s + reach - n, 0))
        return [total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2]
    if "ceil" in padding:
        # A last window that begins inside the map or its border counts, even if it reaches beyond; what it lacks is added to the end.
        sides, more = padding["ceil"], []
        for n, k, s, before, after in zip((height, width), p["kernel"], p["stride"], (sides["top"], sides["left"]),
                                          (sides["bottom"], sides["right"])):
            num = -(-(n + before + after - k) // s) + 1
            num -= (num - 1) * s >= n + before
            more.append(max((num - 1) * s + k - n - before, after))
        return [sides["top"], sides["left"], *more]
    sides = padding["explicit"]
    return [sides["top"], sides["left"], sides["bottom"], sides["right"]]


class Writer:
    def __init__(self):
        self.nodes, self.constants = [], {}

    def constant(self, name, value):
        self.constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{output}:{kind}", **attributes))


ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "hard_swish": "HardSwish"}


def write(layers, tensors, batch):
    shapes = {n["name"]: n["shape"] for n in layers["layers"]}
    w = Writer()
    for node in needed(layers):
        kind, p = operation(node)
        name, inputs = node["name"], node["inputs"]
        if kind == "input":
            continue
        size = (shapes[inputs[0]]["height"], shapes[inputs[0]]["width"])
        for tensor, shape in parameters(node):
            # If the file has no gamma for a batch norm, ones are used.
            value = tensors[tensor] if tensor in tensors or not tensor.endswith(".weight") else np.ones(shape)
            if tuple(value.shape) != shape:
                raise SystemExit(f"tensor {tensor} is {value.shape}, {layers['model']} needs {shape}")
            # A parameter with the node's own name would clash with the node's output.
            if tensor != name:
                w.constant(tensor, value.astype(np.float32))
        if kind == "conv2d":
            bias = [f"{name}.bias"] if p["has_bias"] else []
            w.add("Conv", [inputs[0], f"{name}.weight", *bias], name, kernel_shape=p["kernel"], strides=p["stride"],
                  dilations=p["dilation"], group=p["groups"], pads=borders(p, *size))
        elif kind == "batch_norm":
            leaves = [f"{name}.{leaf}" for leaf in ("weight", "bias", "running_mean", "running_var")]
            w.add("BatchNormalization", [inputs[0], *leaves], name, epsilon=p["eps"])
        elif kind == "activation" and p == "relu6":
            limits = [w.constant("six:low", np.float32(0)), w.constant("six:high", np.float32(6))]
            w.add("Clip", [inputs[0], *limits], name)
        elif kind == "activation" and p == "silu":
            w.add("Sigmoid", inputs, f"{name}:gate")
            w.add("Mul", [inputs[0], f"{name}:gate"], name)
        elif kind == "activation" and p == "gelu":
            # Opset 17 has no such node; engines recognise these.
            w.add("Div", [inputs[0], w.constant("gelu:root", np.float32(2**0.5))], f"{name}:scaled")
            w.add("Erf", [f"{name}:scaled"], f"{name}:erf")
            w.add("Add", [f"{name}:erf", w.constant("gelu:one", np.float32(1))], f"{name}:share")
            w.add("Mul", [inputs[0], f"{name}:share"], f"{name}:twice")
            w.add("Mul", [f"{name}:twice", w.constant("gelu:half", np.float32(0.5))], name)
        elif kind == "times":
            w.add("Mul", [inputs[0], w.constant(f"{name}:factor", np.float32(p))], name)
        elif kind == "scale":
            factor = tensors[name].astype(np.float32).reshape(1, -1, 1, 1)
            w.add("Mul", [inputs[0], w.constant(f"{name}:factor", factor)], name)
        elif kind == "layer_norm":
            # Over the channels of each location.
            w.add("Transpose", inputs, f"{name}:last", perm=[0, 2, 3, 1])
            w.add("LayerNormalization", [f"{name}:last", f"{name}.weight", f"{name}.bias"], f"{name}:normed", axis=-1,
                  epsilon=p["eps"])
            w.add("Transpose", [f"{name}:normed"], name, perm=[0, 3, 1, 2])
        elif kind == "activation" and p == "hard_sigmoid":
            w.add("HardSigmoid", inputs, name, alpha=1 / 6, beta=0.5)
        elif kind == "activation":
            w.add(ACTIVATIONS[p], inputs, name)
        elif kind == "add":
            total = inputs[0]
            for i, other in enumerate(inputs[1:], 1):
                out = name if i == len(inputs) - 1 else f"{name}:{i}"
                w.add("Add", [total, other], out)
                total = out
        elif kind == "gate":
            w.add("Mul", inputs, name)
        elif kind == "max_pool":
            w.add("MaxPool", inputs, name, kernel_shape=p["kernel"], strides=p["stride"], pads=borders(p, *size))
        elif kind == "avg_pool":
            pool, mean = p
            w.add("AveragePool", inputs, name, kernel_shape=pool["kernel"], strides=pool["stride"],
                  pads=borders(pool, *size), count_include_pad=int(mean == "count_border"))
        elif kind == "global_avg_pool":
            w.add("GlobalAveragePool", inputs, name)
        elif kind == "concat":
            w.add("Concat", inputs, name, axis=1)
        elif kind == "zero_pad":
            widths = [0, 0, p["top"], p["left"], 0, 0, p["bottom"], p["right"]]
            w.add("Pad", [inputs[0], w.constant(f"{name}:widths", np.array(widths, np.int64))], name, mode="constant")
        else:
            raise SystemExit(f"{name}: no ONNX form of {kind!r} here yet")

    def value(name):
        s = shapes[name]
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, s["channels"], s["height"], s["width"]])

    first = next(n["name"] for n in layers["layers"] if operation(n)[0] == "input")
    graph = helper.make_graph(w.nodes, layers["model"], [value(first)], [value(layers["final_layer"])],
                              list(w.constants.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
                              producer_name="filterscope")
    onnx.checker.check_model(model)
    return model


def denormals(array):
    a = np.abs(np.asarray(array))
    return int(((a > 0) & (a < TINY)).sum())


def denormal_weights(layers, tensors):
    """The number of denormals in the weights, plus those in the weights with batch norms folded in."""
    count = sum(denormals(t) for t in tensors.values())
    kinds = {n["name"]: (operation(n), n["inputs"]) for n in layers["layers"]}
    for name, ((kind, p), inputs) in kinds.items():
        if kind == "batch_norm" and kinds[inputs[0]][0][0] == "conv2d":
            kernel = tensors[f"{inputs[0]}.weight"].astype(np.float64)
            gamma = tensors.get(f"{name}.weight", np.ones(p["channels"]))
            scale = gamma.astype(np.float64) / np.sqrt(tensors[f"{name}.running_var"].astype(np.float64) + p["eps"])
            count += denormals((kernel * scale[:, None, None, None]).astype(np.float32))
    return count


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("layers", help="JSON of `filterscope layers MODEL --input WxH --json`")
    ask.add_argument("--batch", type=int, default=1)
    ask.add_argument("--weights", required=True, help="safetensors with torch's names; written first with --generate")
    ask.add_argument("--generate", type=int, metavar="GAIN", help="make the weights, with this gain")
    ask.add_argument("--onnx", required=True)
    args = ask.parse_args()
    layers = json.loads(pathlib.Path(args.layers).read_text())
    if args.generate is not None:
        save_file(generate(layers, args.generate), args.weights)
    tensors = load_file(args.weights)
    onnx.save(write(layers, tensors, args.batch), args.onnx)
    print(f"{args.onnx}: {len(needed(layers))} nodes, {denormal_weights(layers, tensors)} denormal weights")


if __name__ == "__main__":
    main()
