"""Probes scikit-learn's digits, written as pictures, and compares the scores with scikit-learn's on the same features.

    pip install numpy scikit-learn pillow
    python tools/check_probe.py target/release/filterscope FOLDER [PICTURES]

FOLDER gets the pictures and the features. The folds are this program's: `--split group:fold` by a column of the table. Heads are compared by
nested cross-validation with the same grids, so the chosen strengths and the accuracies should be the same.
"""

import csv
import json
import pathlib
import subprocess
import sys
import time
import warnings

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, r2_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
limit = int(sys.argv[3]) if len(sys.argv) > 3 else 1797
folder.mkdir(parents=True, exist_ok=True)
digits = load_digits()
with open(folder / "digits.csv", "w", newline="") as file:
    lines = csv.writer(file)
    lines.writerow(["image", "digit", "name", "fold"])
    for at in range(limit):
        pixels = np.uint8(digits.images[at] * 255 / 16)
        Image.fromarray(pixels).convert("RGB").resize((64, 64), Image.NEAREST).save(folder / f"{at:04}.png")
        lines.writerow([f"{at:04}.png", digits.target[at], f"d{digits.target[at]}", f"f{at * 5 // limit}"])


def run(*arguments):
    begun = time.time()
    out = subprocess.run([program, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    print(f"{' '.join(arguments)}: {time.time() - begun:.1f} s", flush=True)
    return out.stdout


run("extract", "digits.csv", "--path-column", "image", "--model", "tf_efficientnet_lite0", "--fit", "64x64", "--pool", "avg",
    "--format", "npy", "-o", "features", "--resume", "-q")
features = "features/tf_efficientnet_lite0.in1k"
x = np.load(folder / features / "features.npy").astype(np.float64)
folds = np.arange(limit) * 5 // limit
name = np.array([f"d{digit}" for digit in digits.target[:limit]])
number = digits.target[:limit].astype(float)
common = ["--split", "group:fold", "--permutations", "0", "--no-random-weights", "--json", "-q"]


def nested(make, grid, y, loss):
    told, chosen = np.zeros(len(y), dtype=y.dtype), []
    for fold in range(5):
        sums = []
        for strength in grid:
            total = 0.0
            for inner in range(5):
                if inner != fold:
                    fit, held = (folds != fold) & (folds != inner), folds == inner
                    total += loss(make_pipeline(StandardScaler(), make(strength)).fit(x[fit], y[fit]), x[held], y[held])
            sums.append(total)
        strength = grid[len(sums) - 1 - int(np.argmin(sums[::-1]))]
        told[folds == fold] = make_pipeline(StandardScaler(), make(strength)).fit(x[folds != fold], y[folds != fold]).predict(x[folds == fold])
        chosen.append(float(strength))
    return told, chosen


def negative_log(model, x, y):
    told = model.predict_proba(x)
    return -np.log(told[np.arange(len(y)), np.searchsorted(model.classes_, y)]).sum()


got = json.loads(run("probe", features, "--target", "digit", "--head", "ridge", *common))["results"][0]
told, chosen = nested(lambda a: Ridge(alpha=a), [10.0 ** e for e in range(-3, 8)], number,
                      lambda m, x, y: ((m.predict(x) - y) ** 2).sum())
print("ridge", got["r2"], r2_score(number, told), sorted(got["strengths"]), sorted(chosen))

got = json.loads(run("probe", features, "--target", "name", "--head", "logistic,knn", *common))
results = {line["head"]: line for line in got["results"]}
print("pixels:", [(line["name"], line["accuracy"]) for line in got["baselines"]])
begun = time.time()
told, chosen = nested(lambda k: KNeighborsClassifier(k), [1, 3, 5, 10, 20], name, lambda m, x, y: (m.predict(x) != y).sum())
print("knn", results["knn"]["accuracy"], accuracy_score(name, told), sorted(results["knn"]["strengths"]), sorted(chosen))
told, chosen = nested(lambda l: LogisticRegression(C=1 / l, tol=1e-6, max_iter=2000), [1e3, 1e2, 1e1, 1, 1e-1, 1e-2], name, negative_log)
print("logistic", results["logistic"]["accuracy"], accuracy_score(name, told), results["logistic"]["macro_f1"],
      f1_score(name, told, average="macro"), sorted(results["logistic"]["strengths"]), sorted(chosen), f"{time.time() - begun:.0f} s")
