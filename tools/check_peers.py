"""Reads the features that `filterscope extract` wrote in every format and compares all of them with the folder of .npy files.

check-peers.sh calls it with the folder that contains FORMAT-POOL-DTYPE/MODEL."""
import json
import sys
from pathlib import Path

import duckdb
import h5py
import numpy as np
import pandas as pd
import polars
import pyarrow.dataset
import pyarrow.parquet
from safetensors.numpy import load_file

place = Path(sys.argv[1])
# Columns added by filterscope that only some formats have.
OWN = ["features_file"]


def check(what, got, expected):
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{what}: {got.shape} for {expected.shape}"
    assert (got == expected).all(), f"{what}: values differ"


def check_labels(what, got, texts):
    """Compares a column as a library reads it with the index's cells as text."""
    got = list(got)
    assert len(got) == len(texts), f"{what}: {len(got)} for {len(texts)}"
    for value, text in zip(got, texts):
        if value is None or isinstance(value, float) and value != value:
            same = text == "" or text.lower() == "nan"
        elif isinstance(value, (int, np.integer)):
            same = int(text) == int(value)
        elif isinstance(value, (float, np.floating)):
            same = float(text) == float(value)
        else:
            same = str(value) == text
        assert same, f"{what}: {value!r} for {text!r}"


count = 0
for pool in ["none", "avg"]:
    for dtype in ["f32", "f16"]:
        folder = lambda form: place / f"{form}-{pool}-{dtype}"
        for model in sorted(p.name for p in folder("folder").iterdir()):
            index = pd.read_csv(folder("folder") / model / "index.csv")
            texts = pd.read_csv(folder("folder") / model / "index.csv", dtype=str, keep_default_na=False)
            columns = [column for column in texts if column not in OWN]
            features = np.stack([np.load(folder("folder") / model / name) for name in index.features_file])
            assert features.dtype == {"f32": np.float32, "f16": np.float16}[dtype]
            name = f"{model} {pool} {dtype}"
            check(f"{name} npy", np.load(folder("npy") / model / "features.npy"), features)

            npz = np.load(folder("npz") / model / "features.npz")
            check(f"{name} npz", npz["features"], features)
            for column in columns:
                check_labels(f"{name} npz {column}", npz[column], texts[column])
            assert json.loads(str(npz["about"]))["tag"] == model

            with h5py.File(folder("h5") / model / "features.h5") as file:
                check(f"{name} h5", file["features"][:], features)
                assert file["features"].chunks and file["features"].maxshape[0] is None
                frame = pd.DataFrame(file["features"][:].reshape(len(index), -1), index=file["row"][:])
                assert len(frame) == len(index)
                for column in columns:
                    is_text = h5py.check_string_dtype(file[column].dtype)
                    labels = file[column].asstr()[:] if is_text else file[column][:]
                    check_labels(f"{name} h5 {column}", labels, texts[column])
                assert json.loads(file.attrs["filterscope"])["tag"] == model

            tensors = load_file(folder("safetensors") / model / "features.safetensors")
            check(f"{name} safetensors", tensors["features"], features)
            for column in tensors.keys() - {"features"}:
                check_labels(f"{name} safetensors {column}", tensors[column], texts[column])

            parquet = folder("parquet") / model / "features.parquet"
            flat = features.reshape(len(index), -1)
            table = pd.read_parquet(parquet)
            check(f"{name} pandas", np.stack(table.features), flat)
            for column in columns:
                check_labels(f"{name} pandas {column}", table[column], texts[column])
            dataset = pyarrow.dataset.dataset(parquet, format="parquet").to_table()
            check(f"{name} pyarrow", np.stack(dataset["features"].to_numpy(zero_copy_only=False)), flat)
            for column in columns:
                check_labels(f"{name} pyarrow {column}", dataset[column].to_pylist(), texts[column])
            shape = pyarrow.parquet.read_metadata(next(parquet.iterdir())).metadata[b"filterscope.shape"]
            assert tuple(map(int, shape.split(b","))) == features.shape[1:]
            rows = duckdb.sql(f"select * from read_parquet('{parquet}/*.parquet')").fetchall()
            check(f"{name} duckdb", np.array([r[-1] for r in rows], dtype=features.dtype), flat)
            for at, column in enumerate(columns):
                check_labels(f"{name} duckdb {column}", [r[at] for r in rows], texts[column])
            frame = polars.read_parquet(f"{parquet}/*.parquet")
            for column in columns:
                check_labels(f"{name} polars {column}", frame[column].to_list(), texts[column])
            check(f"{name} polars", np.array(frame["features"].to_list(), dtype=features.dtype), flat)
            count += 1
print(f"== {count} sets in six formats, the same in numpy, h5py, pandas, pyarrow, DuckDB, polars and safetensors")
