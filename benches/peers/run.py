#!/usr/bin/env python3
"""Measures filterscope and other engines interleaved in one run. `tools/bench-peers.sh` prepares everything and calls this.

There is one long-lived process per engine. Each request and each answer is one line:

    (start)        ready BASE        BASE: largest resident memory in kB before the model is loaded
    run K          WALL CPU          milliseconds per inference, the mean of K after one that isn't counted
    output PATH    ok                runs once and writes the final layer's f32 values, little endian, NCHW
    peak           KB                largest resident memory in kB so far

In each round every engine runs once, in a new order; the table has medians over rounds. An engine is only timed when its
output agrees with filterscope's first engine.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from importlib import metadata

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
import export_onnx  # noqa: E402

hashweights = export_onnx.hashweights

# Weights that are in the repository; other models get generated ones.
CARRIED = {
    "xception.keras_in1k": "weights/xception_keras_in1k_notop.f16.safetensors",
    "tf_efficientnet_lite0.in1k": "weights/tf_efficientnet_lite0.f16.safetensors",
}
# Gain of generated weights, as in the tests for the same architecture, so that values neither vanish nor explode.
GAIN = {
    "resnet50.tv_in1k": 3, "vgg16.tv_in1k": 6, "inception_v3.tv_in1k": 6, "tf_efficientnet_b0.in1k": 8, "mobilenetv2_100.ra_in1k": 6,
    "mobilenetv3_large_100.ra_in1k": 6, "densenet121.tv_in1k": 6, "regnety_016.tv2_in1k": 3, "repvgg_a2.rvgg_in1k": 1,
    "resnet18.tv_in1k": 3, "googlenet.tv_in1k": 6, "inception_resnet_v2.tf_in1k": 6, "convnext_tiny.fb_in1k": 3,
}
# name -> (model, batch, width, height)
CASES = {
    "resnet50": ("resnet50.tv_in1k", 1, 224, 224),
    "resnet50-640x480": ("resnet50.tv_in1k", 1, 640, 480),
    "resnet50-batch8": ("resnet50.tv_in1k", 8, 224, 224),
    "vgg16": ("vgg16.tv_in1k", 1, 224, 224),
    "inception_v3": ("inception_v3.tv_in1k", 1, 299, 299),
    "inception_v3-640x480": ("inception_v3.tv_in1k", 1, 640, 480),
    "xception": ("xception.keras_in1k", 1, 299, 299),
    "efficientnet_lite0": ("tf_efficientnet_lite0.in1k", 1, 224, 224),
    "efficientnet_b0": ("tf_efficientnet_b0.in1k", 1, 224, 224),
    "mobilenetv2": ("mobilenetv2_100.ra_in1k", 1, 224, 224),
    "mobilenetv3": ("mobilenetv3_large_100.ra_in1k", 1, 224, 224),
    "densenet121": ("densenet121.tv_in1k", 1, 224, 224),
    "regnety_016": ("regnety_016.tv2_in1k", 1, 224, 224),
    "repvgg_a2": ("repvgg_a2.rvgg_in1k", 1, 224, 224),
    "resnet18": ("resnet18.tv_in1k", 1, 224, 224),
    "googlenet": ("googlenet.tv_in1k", 1, 224, 224),
    "inception_resnet_v2": ("inception_resnet_v2.tf_in1k", 1, 299, 299),
    "convnext_tiny": ("convnext_tiny.fb_in1k", 1, 224, 224),
}
PYTHON_ENGINES = {"onnxruntime": "onnxruntime", "openvino": "openvino", "torch": "torch"}
TITLES = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "torch": "PyTorch (eager)", "tract": "tract", "rten": "rten"}
# Largest allowed difference from filterscope, as a share of its output's range. Summing f32 in another order gives about 1e-6.
TOLERANCE = 1e-3
# A measurement lasts about this long, so that the resolution of the clock and the scheduler doesn't matter.
TURN_MS = 150


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def title(engine):
    return TITLES.get(engine) or engine.replace("filterscope-", "filterscope (") + ")"


class Engine:
    """One process of an engine. Raises `RuntimeError` with the process's last output if it fails."""

    def __init__(self, name, job, binary, log):
        self.name, self.log = name, log
        if name in PYTHON_ENGINES:
            command = [sys.executable, str(HERE / "engine.py"), name, json.dumps(job)]
        else:
            shape = [job["batch"], job["height"], job["width"], job["threads"]]
            command = [binary, "serve", name, job["model"], job["weights"], job["onnx"], job["input"], *map(str, shape)]
        threads = str(job["threads"])
        env = {**os.environ, "RAYON_NUM_THREADS": threads, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        with open(log, "w") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                            text=True, env=env)
        self.base_kb = int(self.answer("ready"))

    def answer(self, start=None):
        for line in self.process.stdout:
            line = line.strip()
            if start is None:
                return line
            if line.startswith(start):
                return line.removeprefix(start)
        self.process.wait()
        words = pathlib.Path(self.log).read_text().strip().splitlines()
        raise RuntimeError(f"{self.name} ended with {self.process.returncode}: {' '.join(words[-3:]) or 'no message'}")

    def ask(self, request):
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return self.answer()

    def run(self, times):
        wall, cpu = self.ask(f"run {times}").split()
        return float(wall), float(cpu)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def prepare(case, work, binary, threads):
    """Writes the case's layers, weights, ONNX file and input; returns the job and facts about its numbers."""
    model, batch, width, height = CASES[case]
    stem = work / case
    command = [binary, "cli", "layers", model, "--input", f"{width}x{height}", "--json"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode:
        raise SystemExit(f"`filterscope layers {model}` failed: {listed.stderr.strip()}")
    stem.with_suffix(".layers.json").write_text(listed.stdout)
    layers = json.loads(listed.stdout)
    if model in CARRIED:
        weights = ROOT / CARRIED[model]
    else:
        weights = work / f"{model}.generated.safetensors"
        export_onnx.save_file(export_onnx.generate(layers, GAIN[model]), str(weights))
    tensors = export_onnx.load_file(str(weights))
    onnx_file = work / f"{case}.onnx"
    export_onnx.onnx.save(export_onnx.write(layers, tensors, batch), str(onnx_file))
    # The images of a batch differ: each is the test input, shifted.
    noise = hashweights.noise_input(height, width)
    images = np.concatenate([np.roll(noise, 17 * i, axis=3) for i in range(batch)])
    input_file = work / f"{case}.input.f32"
    images.astype("<f4").tofile(input_file)
    odd = {"weights": export_onnx.denormal_weights(layers, tensors), **odd_values(onnx_file, images)}
    job = {"model": model, "batch": batch, "width": width, "height": height, "threads": threads, "weights": str(weights),
           "onnx": str(onnx_file), "input": str(input_file), "layers": str(stem.with_suffix(".layers.json"))}
    return job, {"generated": model not in CARRIED, "odd": odd}


def odd_values(onnx_file, images):
    """Counts denormal and non-finite values in all intermediate maps, by running the graph without optimisation and with all maps as
    outputs."""
    try:
        import onnxruntime as ort
    except ImportError:
        return {"values": None, "non-finite": None}
    model = export_onnx.onnx.load(str(onnx_file))
    seen = {o.name for o in model.graph.output}
    for node in model.graph.node:
        if node.output[0] not in seen:
            model.graph.output.append(export_onnx.helper.make_empty_tensor_value_info(node.output[0]))
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    values = session.run(None, {session.get_inputs()[0].name: images})
    return {"values": sum(export_onnx.denormals(v) for v in values),
            "non-finite": sum(int((~np.isfinite(v)).sum()) for v in values)}


def compare(engine, reference, values):
    """Largest difference as a share of the reference's range."""
    if values.shape != reference.shape or not np.isfinite(values).all():
        raise SystemExit(f"{title(engine)} gave {values.size} values, {int((~np.isfinite(values)).sum())} of them not finite, "
                         f"filterscope {reference.size}")
    error = float(np.abs(values - reference).max() / max(np.ptp(reference), 1e-30))
    if error > TOLERANCE:
        raise SystemExit(f"{title(engine)} differs from filterscope by {error:.1e} of the range; more than {TOLERANCE:.0e} means "
                         "that it isn't running the same network, so nothing was measured")
    return error


def measure(case, engines, work, binary, args):
    say(f"== {case}: exporting")
    job, notes = prepare(case, work, binary, args.threads)
    running, errors, missing = [], {}, {}
    reference = None
    for name in engines:
        say(f"   starting {title(name)}")
        try:
            engine = Engine(name, job, binary, work / f"{case}.{name}.log")
            path = work / f"{case}.{name}.out"
            engine.ask(f"output {path}")
        except RuntimeError as error:
            if reference is None:
                raise SystemExit(str(error)) from error
            say(f"   left out: {error}")
            missing[name] = str(error)
            continue
        values = np.fromfile(path, "<f4")
        reference = values if reference is None else reference
        errors[name] = compare(name, reference, values)
        running.append(engine)
    times = {}
    for engine in running:
        wall, _ = engine.run(1)
        times[engine.name] = min(max(round(TURN_MS / wall), 1), 20)
    walls, cpus = ({e.name: [] for e in running} for _ in range(2))
    load = os.getloadavg()[0]
    for round_number in range(args.rounds):
        shift = round_number % len(running)
        for engine in running[shift:] + running[:shift]:
            wall, cpu = engine.run(times[engine.name])
            walls[engine.name].append(wall)
            cpus[engine.name].append(cpu)
            # Lets this engine's threads go to sleep before the next engine starts.
            time.sleep(0.02)
    for engine in running:
        engine.close()
    peaks = {}
    for engine in running:
        alone = Engine(engine.name, job, binary, work / f"{case}.{engine.name}.peak.log")
        alone.run(2)
        peaks[engine.name] = (int(alone.ask("peak")) / 1024, alone.base_kb / 1024)
        alone.close()
    notes |= {"job": job, "errors": errors, "missing": missing, "walls": walls, "cpus": cpus, "peaks": peaks, "load": load}
    return notes


def table(case, result):
    job = result["job"]
    base = "onnxruntime" if "onnxruntime" in result["walls"] else next(iter(result["walls"]))
    wall = {name: statistics.median(v) / job["batch"] for name, v in result["walls"].items()}
    cpu = {name: statistics.median(v) / job["batch"] for name, v in result["cpus"].items()}

    def ratio(values, name):
        # The ratio is taken in each round, so that anything that slows down a whole round cancels out.
        return statistics.median(a / b for a, b in zip(values[name], values[base]))

    weights = "generated weights" if result["generated"] else "real weights"
    lines = [f"### {case}: {job['model']}, {job['batch']} × {job['height']}×{job['width']}, {weights}", "",
             "| engine | wall ms | × | CPU ms | × | spread of wall | peak MB (before loading) | max error |",
             "|---|---|---|---|---|---|---|---|"]
    for name in sorted(wall, key=wall.get):
        low, high = (f(result["walls"][name]) / job["batch"] for f in (min, max))
        peak, before = result["peaks"][name]
        first = next(iter(result["errors"]))
        error = "reference" if name == first else f"{result['errors'][name]:.1e}"
        lines.append(f"| {title(name)} | {wall[name]:.1f} | {ratio(result['walls'], name):.2f} | {cpu[name]:.1f} | "
                     f"{ratio(result['cpus'], name):.2f} | {low:.1f}–{high:.1f} | {peak:.0f} ({before:.0f}) | {error} |")
    lines.append("")
    odd = result["odd"]
    if odd["values"] is None:
        lines.append(f"Denormals: {odd['weights']} among the weights; intermediate values not looked at (that takes ONNX Runtime).")
    else:
        lines.append(f"Denormals: {odd['weights']} among the weights, {odd['values']} among all intermediate values; "
                     f"not finite: {odd['non-finite']}. Load average at the start: {result['load']:.1f}.")
    lines += [f"Left out: {title(name)} ({words})." for name, words in result["missing"].items()]
    return "\n".join(lines) + "\n"


def machine(engines, args):
    name, flags = platform.processor() or platform.machine(), ""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
        fields = dict(line.split(":", 1) for line in text.split("\n\n")[0].splitlines() if ":" in line)
        fields = {k.strip(): v.strip() for k, v in fields.items()}
        name = f"{fields['model name']} (family {fields['cpu family']}, model {fields['model']})"
        have = fields["flags"].split()
        flags = ", " + next((f for f in ("avx512f", "avx2", "sse4_2") if f in have), "no AVX")
    except (OSError, KeyError):
        pass
    versions = [f"{package} {metadata.version(package)}" for e, package in PYTHON_ENGINES.items() if e in engines]
    lock, package = (HERE / "Cargo.lock").read_text().split("[[package]]"), {}
    for block in lock:
        fields = dict(line.split(" = ", 1) for line in block.strip().splitlines() if " = " in line)
        package.setdefault(fields.get("name", "").strip('"'), fields.get("version", "").strip('"'))
    for crate in ("tract-onnx", "rten"):
        if crate.split("-")[0] in engines:
            versions.append(f"{crate} {package[crate]}")
    if any("candle" in e for e in engines):
        versions.append(f"candle-core {package['candle-core']}")
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "src", "Cargo.toml"], capture_output=True, text=True).stdout.strip()
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()[1:2]
    load = " ".join(f"{v:.1f}" for v in os.getloadavg())
    return (f"{datetime.date.today()}; {name}{flags}, {os.cpu_count()} cores, {platform.system()}; {args.threads} threads, "
            f"{args.rounds} rounds; filterscope {commit or 'unknown'}{' with changes' if changed else ''}, rustc {' '.join(rustc)}; "
            f"{', '.join(versions)}; load average at the end {load}.\n")


def main():
    ask = argparse.ArgumentParser(description="Measures filterscope and its peers interleaved; see tools/bench-peers.sh.")
    ask.add_argument("--binary", required=True, help="filterscope-peers, built")
    ask.add_argument("--work", required=True, type=pathlib.Path, help="folder for models, inputs and logs")
    ask.add_argument("--threads", type=int, default=2)
    ask.add_argument("--rounds", type=int, default=9)
    ask.add_argument("--quick", action="store_true", help="three rounds: checks that it works, measures nothing")
    ask.add_argument("--with-torch", action="store_true", help="PyTorch takes part too, if it is installed")
    ask.add_argument("--engines", help="only these, with commas")
    ask.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all if none")
    args = ask.parse_args()
    args.rounds = 3 if args.quick else args.rounds
    if args.rounds < 1 or args.threads < 1:
        ask.error("--rounds and --threads start at 1")
    unknown = [case for case in args.cases if case not in CASES]
    if unknown:
        ask.error(f"no case {', '.join(unknown)}; cases are {', '.join(CASES)}")
    args.work.mkdir(parents=True, exist_ok=True)
    engines = subprocess.run([args.binary, "list"], capture_output=True, text=True, check=True).stdout.split()
    for engine, package in PYTHON_ENGINES.items():
        if engine == "torch" and not args.with_torch:
            continue
        try:
            metadata.version(package)
            engines.append(engine)
        except metadata.PackageNotFoundError:
            pass
    if args.engines:
        wanted = args.engines.split(",")
        strange = [e for e in wanted if e not in engines]
        if strange:
            ask.error(f"no engine {', '.join(strange)} here; there are {', '.join(engines)}")
        # The others are compared with filterscope's first engine, so that one always runs.
        engines = [e for i, e in enumerate(engines) if i == 0 or e in wanted]
    if args.quick:
        print("Quick run: it shows that everything works; its figures measure nothing.\n")
    for case in args.cases or CASES:
        print(table(case, measure(case, engines, args.work, args.binary, args)), flush=True)
    base = title("onnxruntime" if "onnxruntime" in engines else engines[0])
    print(f"× is the median over rounds of the ratio to {base} in the same round; times are per image.")
    print(machine(engines, args))


if __name__ == "__main__":
    main()
