#!/usr/bin/env python3
"""Runs one engine that is used through Python: onnxruntime, openvino or torch. Same protocol as `src/main.rs`, see `run.py`."""
import json
import sys
import time

import numpy as np

# After the last timed run the process sleeps this long before CPU time is read, so that the time of pool threads that keep spinning
# for a while is included. `src/main.rs` does the same.
SETTLE = 0.025


def peak_rss_kb():
    """Largest resident memory so far, in kB. `ru_maxrss` isn't used, because it starts from the parent's size."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except OSError:
        return 0


def onnxruntime(job):
    import onnxruntime as ort

    base = peak_rss_kb()
    options = ort.SessionOptions()
    options.intra_op_num_threads = job["threads"]
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(job["onnx"], options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    x = job["input"]
    return base, lambda: session.run(None, {name: x})[0]


def openvino(job):
    import openvino as ov

    base = peak_rss_kb()
    core = ov.Core()
    # f32 is set explicitly: on processors with bf16, OpenVINO would use bf16 by default.
    settings = {"INFERENCE_NUM_THREADS": job["threads"], "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32",
                "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(job["onnx"], "CPU", settings).create_infer_request()
    x = job["input"]
    # `.copy()`, because the result is a view of memory that the next run overwrites.
    return base, lambda: next(iter(request.infer([x], share_inputs=True).values())).copy()


def torch(job):
    import torch
    import torch.nn.functional as F
    from safetensors.torch import load_file

    from export_onnx import borders, needed, operation

    base = peak_rss_kb()
    torch.set_num_threads(job["threads"])
    layers = json.load(open(job["layers"]))
    tensors = {k: v.float() for k, v in load_file(job["weights"]).items()}
    shapes = {n["name"]: n["shape"] for n in layers["layers"]}
    functions = {"relu": F.relu, "relu6": F.relu6, "silu": F.silu, "sigmoid": torch.sigmoid, "hard_swish": F.hardswish,
                 "hard_sigmoid": F.hardsigmoid}

    def bordered(p, size, fill):
        """How to run a window operation: the operation itself adds symmetric borders, others are padded before it."""
        top, left, bottom, right = borders(p, *size)
        if (top, left) == (bottom, right):
            return (top, left), lambda x: x
        return (0, 0), lambda x: F.pad(x, (left, right, top, bottom), value=fill)

    def step(node):
        kind, p = operation(node)
        name, inputs = node["name"], node["inputs"]
        size = (shapes[inputs[0]]["height"], shapes[inputs[0]]["width"]) if inputs else None

        def get(leaf):
            return tensors.get(f"{name}.{leaf}")

        if kind == "conv2d":
            padding, pad = bordered(p, size, 0.0)
            weight, bias = tensors[f"{name}.weight"], get("bias")
            return lambda x: F.conv2d(pad(x), weight, bias, p["stride"], padding, p["dilation"], p["groups"])
        if kind == "batch_norm":
            mean, var, gamma, beta = (get(leaf) for leaf in ("running_mean", "running_var", "weight", "bias"))
            return lambda x: F.batch_norm(x, mean, var, gamma, beta, eps=p["eps"])
        if kind == "activation":
            return functions[p]
        if kind == "add":
            return lambda *x: sum(x[1:], x[0])
        if kind == "gate":
            return lambda x, g: x * g
        if kind == "max_pool":
            padding, pad = bordered(p, size, float("-inf"))
            return lambda x: F.max_pool2d(pad(x), p["kernel"], p["stride"], padding)
        if kind == "avg_pool":
            pool, mean = p
            top, left, bottom, right = borders(pool, *size)
            if (top, left) != (bottom, right):
                raise SystemExit(f"{name}: an average pool with uneven borders has no torch form here yet")
            counted = mean == "count_border"
            return lambda x: F.avg_pool2d(x, pool["kernel"], pool["stride"], (top, left), count_include_pad=counted)
        if kind == "global_avg_pool":
            return lambda x: x.mean((2, 3), keepdim=True)
        if kind == "concat":
            return lambda *x: torch.cat(x, 1)
        if kind == "zero_pad":
            return lambda x: F.pad(x, (p["left"], p["right"], p["top"], p["bottom"]))
        raise SystemExit(f"{name}: no torch form of {kind!r} here yet")

    nodes = needed(layers)
    first, last = nodes[0]["name"], layers["final_layer"]
    steps = [(n["name"], n["inputs"], step(n)) for n in nodes[1:]]
    last_use = {name: i for i, (_, inputs, _) in enumerate(steps) for name in inputs}
    x = torch.from_numpy(job["input"])

    @torch.inference_mode()
    def run():
        values = {first: x}
        for i, (name, inputs, function) in enumerate(steps):
            values[name] = function(*(values[j] for j in inputs))
            for j in inputs:
                if last_use[j] == i:
                    values.pop(j, None)
        return values[last].numpy()

    return base, run


def main():
    engine, job = sys.argv[1], json.loads(sys.argv[2])
    job["input"] = np.fromfile(job["input"], np.float32).reshape(job["batch"], 3, job["height"], job["width"])
    base, run = {"onnxruntime": onnxruntime, "openvino": openvino, "torch": torch}[engine](job)
    run()
    print("ready", base, flush=True)
    for line in sys.stdin:
        request, _, rest = line.strip().partition(" ")
        if request == "run":
            times = int(rest)
            run()
            cpu, clock = time.process_time(), time.perf_counter()
            for _ in range(times):
                run()
            wall = time.perf_counter() - clock
            time.sleep(SETTLE)
            print(wall / times * 1e3, (time.process_time() - cpu) / times * 1e3, flush=True)
        elif request == "output":
            np.ascontiguousarray(run(), np.float32).tofile(rest)
            print("ok", flush=True)
        elif request == "peak":
            print(peak_rss_kb(), flush=True)
        else:
            raise SystemExit(f"unknown request {line!r}")


if __name__ == "__main__":
    main()
