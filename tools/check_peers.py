"""Reads what `filterscope extract` wrote in every format and compares it all with the folder of .npy files.

Called by check-peers.sh with the folder that holds FORMAT-POOL-DTYPE/MODEL."""
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
NUMBERS = ["row", "timestamp", "angle", "speed"]


def check(what, got, expected):
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{what}: {got.shape} for {expected.shape}"
    assert (got == expected).all(), f"{what}: values differ"


count = 0
for pool in ["none", "avg"]:
    for dtype in ["f32", "f16"]:
        folder = lambda form: place / f"{form}-{pool}-{dtype}"
        for model in sorted(p.name for p in folder("folder").iterdir()):
            index = pd.read_csv(folder("folder") / model / "index.csv")
            features = np.stack([np.load(folder("folder") / model / name) for name in index.features_file])
            assert features.dtype == {"f32": np.float32, "f16": np.float16}[dtype]
            name = f"{model} {pool} {dtype}"
            check(f"{name} npy", np.load(folder("npy") / model / "features.npy"), features)

            npz = np.load(folder("npz") / model / "features.npz")
            check(f"{name} npz", npz["features"], features)
            for column in NUMBERS:
                check(f"{name} npz {column}", npz[column], index[column])
            check(f"{name} npz camera", npz["camera"], index.camera)
            assert json.loads(str(npz["about"]))["tag"] == model

            with h5py.File(folder("h5") / model / "features.h5") as file:
                check(f"{name} h5", file["features"][:], features)
                assert file["features"].chunks and file["features"].maxshape[0] is None
                frame = pd.DataFrame(file["features"][:].reshape(len(index), -1), index=file["row"][:])
                assert len(frame) == len(index)
                for column in NUMBERS:
                    check(f"{name} h5 {column}", file[column][:], index[column])
                check(f"{name} h5 camera", file["camera"].asstr()[:], index.camera)
                assert json.loads(file.attrs["filterscope"])["tag"] == model

            tensors = load_file(folder("safetensors") / model / "features.safetensors")
            check(f"{name} safetensors", tensors["features"], features)
            for column in NUMBERS:
                check(f"{name} safetensors {column}", tensors[column], index[column])

            parquet = folder("parquet") / model / "features.parquet"
            flat = features.reshape(len(index), -1)
            table = pd.read_parquet(parquet)
            check(f"{name} pandas", np.stack(table.features), flat)
            check(f"{name} pandas camera", table.camera, index.camera)
            dataset = pyarrow.dataset.dataset(parquet, format="parquet").to_table()
            check(f"{name} pyarrow", np.stack(dataset["features"].to_numpy(zero_copy_only=False)), flat)
            for column in NUMBERS:
                check(f"{name} pyarrow {column}", dataset[column].to_numpy(), index[column])
            shape = pyarrow.parquet.read_metadata(next(parquet.iterdir())).metadata[b"filterscope.shape"]
            assert tuple(map(int, shape.split(b","))) == features.shape[1:]
            rows = duckdb.sql(f"select features, angle from read_parquet('{parquet}/*.parquet')").fetchall()
            check(f"{name} duckdb", np.array([r[0] for r in rows], dtype=features.dtype), flat)
            check(f"{name} duckdb angle", [r[1] for r in rows], index.angle)
            frame = polars.read_parquet(f"{parquet}/*.parquet")
            check(f"{name} polars", np.array(frame["features"].to_list(), dtype=features.dtype), flat)
            count += 1
print(f"== {count} sets in six formats, the same in numpy, h5py, pandas, pyarrow, DuckDB, polars and safetensors")
