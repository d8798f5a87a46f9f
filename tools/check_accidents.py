#!/usr/bin/env python3
"""Damages the features of a small data set in many ways and counts damage that isn't detected. All of it must be.

    tools/check_accidents.py [--formats npz,h5] [--kinds kills,flips] [--seed 1] [BINARY]     (without one: target/release/filterscope)

Kinds:
  kills     a run is killed at every system call that touches its folder (strace injects the signal), then resumed: the result must have
            the same bytes as an uninterrupted run. The same is done to a resumed run that was killed half way before.
  flips     in every file of a finished set a bit is flipped, or a byte is cut off or added: `features verify` must find it.
  parts     the same in every file that an unfinished run leaves: the resumed run must end with the same bytes or be refused.
  rows      rows are permuted, among the numbers (with right checksums), in the index, or in both.
  labels    cells of the index are changed, and labels inside the files (with right checksums).
  merge     a bit is flipped in a shard: `features merge` must refuse it.

Prints a table: tried, found (or, if a run is resumed, ended with the same bytes), undetected. Needs only Python, and strace for the
kills (Debian: apt install strace). Takes some minutes for each format."""
import argparse
import io
import json
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FORMATS = ["folder", "npy", "npz", "h5", "safetensors", "parquet"]
KINDS = ["kills", "flips", "parts", "rows", "labels", "merge"]
MODEL = ROOT / "tests/fixtures/onnx/upsample_9.onnx"
SET = "upsample_9.onnx"
# These calls only read. A signal at one of them has the same effect as a signal at the next call.
ONLY_ASK = {"lseek", "fcntl", "statx", "newfstatat", "fstat", "statfs", "readlink", "access", "execve", "ioctl"}

count = {}
undetected = []


def note(kind, form, outcome, what):
    """Counts one case of damage. `outcome`: found, same, or undetected."""
    row = count.setdefault((kind, form), {"tried": 0, "found": 0, "same": 0, "undetected": 0})
    row["tried"] += 1
    row[outcome] += 1
    if outcome == "undetected":
        undetected.append(f"{kind}, {form}: {what}")
        print(f"UNDETECTED {kind}, {form}: {what}", file=sys.stderr, flush=True)


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def put(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


class Bench:
    def __init__(self, binary, place, rng, all_calls):
        self.binary, self.place, self.rng, self.all_calls = binary, place, rng, all_calls
        self.environment = dict(os.environ, HOME=str(place / "home"))
        shutil.copytree(ROOT / "assets/drive", place / "drive")
        # One broken picture, so that there is a list of pictures left out.
        broken = sorted((place / "drive/center").iterdir())[1]
        broken.write_bytes(b"\xff\xd8\xff")

    def command(self, form, out, *more):
        return [self.binary, "extract", str(self.place / "drive"), "-o", str(out), "--model", str(MODEL), "--preprocess", "torch",
                "--limit", "3", "--format", form, "--pool", "avg", "--part-rows", "3", "--batch", "3", "--threads", "1", "-q", *more]

    def run(self, command, prefix=()):
        process = subprocess.Popen([*prefix, *command], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            # strace itself sometimes hangs when a process with many threads dies.
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            if not prefix:
                undetected.append(f"{command} hangs")
        ran = subprocess.CompletedProcess(command, process.returncode, out, err)
        if ran.returncode not in (0, 1, 2) and not prefix:
            undetected.append(f"exit code {ran.returncode} of {command}: {ran.stderr[-300:]}")
        return ran

    def extract(self, form, out, *more):
        """One picture is broken, so a good run's exit code is 1."""
        return self.run(self.command(form, out, *more))

    def verify(self, folder):
        return self.run([self.binary, "features", "verify", str(folder)]).returncode == 0

    # Kills.

    def calls(self, log, out):
        """The calls in a log that touch the folder: thread, name of the call, and the arguments with which strace kills there."""
        counts, found = {}, []
        line_of = re.compile(r"^(\d+) +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)(.*)$")
        for line in log.read_text(errors="replace").splitlines():
            match = line_of.match(line)
            if not match or " resumed>" in line[:60]:
                continue
            thread, call, rest = match.groups()
            whole = counts[thread, call] = counts.get((thread, call), 0) + 1
            paths = sorted(set(re.findall(re.escape(str(out)) + r'[^">,]*', rest)))
            if not paths:
                continue
            fixed = [p for p in paths if not re.search(r"\.filterscope-\d+-", p)]
            for path in paths:
                counts[thread, call, path] = counts.get((thread, call, path), 0) + 1
            if call in ONLY_ASK and not self.all_calls:
                continue
            if fixed:
                found.append((call, fixed[-1], counts[thread, call, fixed[-1]]))
            else:
                found.append((call, None, whole))
        return list(dict.fromkeys(found))

    def kill_everywhere(self, form, begin, arguments, expected, kind):
        out, log = self.place / "out", self.place / "log"
        put(out, begin)
        self.run(self.command(form, out, *arguments), ["strace", "-f", "-y", "-s", "8", "-o", str(log)])
        assert tree(out) == expected, "a run under strace gives other bytes"
        missed = 0
        points = self.calls(log, out)
        for call, path, number in points:
            put(out, begin)
            if not begin:
                shutil.rmtree(out, ignore_errors=True)
            filters = ["-P", path] if path else []
            inject = [f"--trace={call}", f"--inject={call}:signal=KILL:when={number}"]
            ran = self.run(self.command(form, out, *arguments), ["strace", "-f", "-qq", "-o", str(log), *filters, *inject])
            if ran.returncode != -signal.SIGKILL:
                missed += 1
                continue
            resumed = self.extract(form, out, "--resume")
            is_same = resumed.returncode in (0, 1) and tree(out) == expected
            what = f"killed at {call} number {number} of {path}: {resumed.returncode} {resumed.stderr.strip()[-400:]}"
            note(kind, form, "same" if is_same else "undetected", what)
        if missed:
            print(f"   {form}: {missed} of {len(points)} calls came otherwise the second time", file=sys.stderr, flush=True)

    def half(self, form):
        """The folder of a run that was killed before its third part got its name."""
        out, parts = self.place / "out", self.place / "out/.filterscope/parts/open.tmp"
        shutil.rmtree(out, ignore_errors=True)
        inject = ["-P", str(parts), "--trace=rename", "--inject=rename:signal=KILL:when=3"]
        ran = self.run(self.command(form, out), ["strace", "-f", "-qq", "-o", "/dev/null", *inject])
        assert ran.returncode == -signal.SIGKILL, ran.stderr
        return tree(out)

    def kills(self, form, whole):
        self.kill_everywhere(form, {}, [], whole, "killed at a call")
        self.kill_everywhere(form, self.half(form), ["--resume"], whole, "resumed, killed at a call, resumed")

    # Flips.

    def damages(self, data, num):
        """Copies of a file, each with one bit flipped at places all over it, and copies with a byte cut off or added."""
        for step in range(num):
            at = step * len(data) // num + self.rng.randrange(max(1, len(data) // num))
            at, bit = min(at, len(data) - 1), self.rng.randrange(8)
            yield f"bit {bit} of byte {at}", data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]
        yield "a byte less", data[:-1]
        yield "a byte more", data + b"\0"

    def flips(self, form, whole):
        out = self.place / "out"
        put(out, whole)
        assert self.verify(out), "a whole set isn't whole"
        for name, data in whole.items():
            for what, damaged in self.damages(data, 40):
                (out / name).write_bytes(damaged)
                note("a bit in a finished set", form, "undetected" if self.verify(out) else "found", f"{what} of {name}")
            (out / name).unlink()
            note("a file of a finished set gone", form, "undetected" if self.verify(out) else "found", name)
            (out / name).write_bytes(data)

    def parts(self, form, whole):
        out, half = self.place / "out", self.half(form)
        for name, data in half.items():
            for what, damaged in self.damages(data, 24) if data else []:
                put(out, dict(half, **{name: damaged}))
                self.judge(form, whole, "a bit in an unfinished run", f"{what} of {name}")
            put(out, {n: d for n, d in half.items() if n != name})
            self.judge(form, whole, "a file of an unfinished run gone", name)

    def judge(self, form, whole, kind, what):
        out = self.place / "out"
        ran = self.extract(form, out, "--resume")
        if ran.returncode == 2:
            note(kind, form, "found", what)
        else:
            note(kind, form, "same" if tree(out) == whole else "undetected", f"{what}: {ran.stderr.strip()}")

    # Rows and labels.

    def rewritten(self, data, change):
        """An .npz file with one entry changed and correct checksums."""
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(made, "w") as after:
            for entry in before.infolist():
                after.writestr(entry, change(entry.filename, before.read(entry)))
        return made.getvalue()

    def rows(self, form, whole):
        out = self.place / "out"
        index, = [n for n in whole if n.endswith("index.csv")]
        header, *lines = whole[index].splitlines(keepends=True)
        values = self.values(whole, form)
        for _ in range(12):
            a, b = sorted(self.rng.sample(range(len(lines)), 2))
            swapped = list(lines)
            swapped[a], swapped[b] = swapped[b], swapped[a]
            in_index = {index: header + b"".join(swapped)}
            in_values = {}
            for name, data in whole.items():
                data = self.swapped(name, data, values[a], values[b])
                if data is not None:
                    in_values[name] = data
            for what, changes in [("index", in_index), ("numbers", in_values), ("both", {**in_index, **in_values})]:
                if not changes or what != "index" and form == "folder":
                    continue
                put(out, {**whole, **changes})
                note(f"rows permuted: {what}", form, "undetected" if self.verify(out) else "found", f"{a} and {b}")

    def values(self, whole, form):
        """Bytes of each row's feature, from the set in .npy files."""
        array, = [d for n, d in self.as_npy.items() if n.endswith("features.npy")]
        start = 10 + int.from_bytes(array[8:10], "little")
        num = len(self.as_npy[f"{SET}/index.csv"].splitlines()) - 1
        size = (len(array) - start) // num
        return [array[start + at * size:start + (at + 1) * size] for at in range(num)]

    def swapped(self, name, data, a, b):
        if name.endswith(".csv") or name.endswith(".json"):
            return None
        def swap(bytes_):
            at, to = bytes_.find(a), bytes_.find(b)
            if at < 0 or to < 0 or a == b:
                return bytes_
            out = bytearray(bytes_)
            out[at:at + len(a)], out[to:to + len(b)] = b, a
            return bytes(out)
        changed = self.rewritten(data, lambda _, entry: swap(entry)) if name.endswith(".npz") else swap(data)
        return changed if changed != data else None

    def labels(self, form, whole):
        out = self.place / "out"
        index, = [n for n in whole if n.endswith("index.csv")]
        lines = whole[index].decode().splitlines()
        for _ in range(20):
            line = self.rng.randrange(1, len(lines))
            cells = lines[line].split(",")
            cell = self.rng.randrange(len(cells))
            cells[cell] = (cells[cell][:-1] + "7") if cells[cell] and cells[cell][-1] != "7" else cells[cell] + "1"
            changed = "\n".join([*lines[:line], ",".join(cells), *lines[line + 1:]]) + "\n"
            put(out, {**whole, index: changed.encode()})
            note("a label changed: index", form, "undetected" if self.verify(out) else "found", f"line {line}, cell {cell}")
        for name, data in whole.items():
            if name.endswith(".npz"):
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    names = archive.namelist()
                for entry in names:
                    change = lambda n, d: d[:-8] + bytes([d[-8] ^ 1]) + d[-7:] if n == entry else d
                    put(out, {**whole, name: self.rewritten(data, change)})
                    note("a label changed: inside", form, "undetected" if self.verify(out) else "found", entry)
            elif name.endswith(".safetensors"):
                length = int.from_bytes(data[:8], "little")
                for tensor, said in json.loads(data[8:8 + length]).items():
                    if tensor == "__metadata__":
                        continue
                    at = 8 + length + said["data_offsets"][0]
                    put(out, {**whole, name: data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]})
                    note("a label changed: inside", form, "undetected" if self.verify(out) else "found", tensor)

    # Shards.

    def merge(self, form, whole):
        shards, merged = self.place / "shards", self.place / "merged"
        shutil.rmtree(shards, ignore_errors=True)
        for shard in range(2):
            self.extract(form, shards, "--shard", f"{shard}/2")
        call = [self.binary, "features", "merge", str(shards), "-o", str(merged)]
        shutil.rmtree(merged, ignore_errors=True)
        assert self.run(call).returncode == 0
        assert {n: d for n, d in tree(merged).items()} == whole, "merged shards are not one run"
        for name, data in tree(shards).items():
            for what, damaged in self.damages(data, 12):
                shutil.rmtree(merged, ignore_errors=True)
                (shards / name).write_bytes(damaged)
                is_merged = self.run(call).returncode == 0
                is_same = is_merged and tree(merged) == whole
                outcome = "same" if is_same else "undetected" if is_merged or merged.exists() and any(merged.iterdir()) else "found"
                note("a bit in a shard, merged", form, outcome, f"{what} of {name}")
            (shards / name).write_bytes(data)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("binary", nargs="?", default=str(ROOT / "target/release/filterscope"), type=lambda p: str(Path(p).resolve()))
    options.add_argument("--formats", default=",".join(FORMATS))
    options.add_argument("--kinds", default=",".join(KINDS))
    options.add_argument("--seed", default=1, type=int)
    options.add_argument("--all-calls", action="store_true", help="kill also at calls that only ask (lseek, stat …)")
    arguments = options.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(arguments.binary, Path(place).resolve(), random.Random(arguments.seed), arguments.all_calls)
        bench.extract("npy", bench.place / "whole")
        bench.as_npy = tree(bench.place / "whole")
        for form in arguments.formats.split(","):
            shutil.rmtree(bench.place / "whole")
            ran = bench.extract(form, bench.place / "whole")
            assert ran.returncode == 1, ran.stderr
            whole = tree(bench.place / "whole")
            for kind in arguments.kinds.split(","):
                getattr(bench, kind)(form, whole)
                print(f"== {form}, {kind}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    kinds = list(dict.fromkeys(kind for kind, _ in count))
    print("| what happened | tried | found | same bytes in the end | undetected |\n|---|---|---|---|---|")
    for kind in [*kinds, None]:
        rows = [row for (k, _), row in count.items() if kind in (k, None)]
        total = {name: sum(row[name] for row in rows) for name in ["tried", "found", "same", "undetected"]}
        print(f"| {kind or 'all'} | {total['tried']} | {total['found']} | {total['same']} | {total['undetected']} |")
    print(f"\n{', '.join(dict.fromkeys(form for _, form in count))}; {time.strftime('%Y-%m-%d')}, {platform.system()} {platform.machine()}, "
          f"seed {arguments.seed}, {time.monotonic() - started:.0f} s")
    for words in undetected:
        print(f"undetected: {words}", file=sys.stderr)
    sys.exit(bool(undetected))


if __name__ == "__main__":
    main()
