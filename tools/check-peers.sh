#!/usr/bin/env bash
# Reads extracted features with the libraries that people use: numpy, h5py, pandas, pyarrow, DuckDB, polars, safetensors.
# Downloads them into a virtual environment that is deleted afterwards. Not part of the tests, which need only a Rust toolchain.
#
#   tools/check-peers.sh [BINARY]        (without one: target/release/filterscope)
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
cd "$(dirname "$0")/.."
binary=$(realpath "${1:-target/release/filterscope}")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv" || { echo "python3 can't make a venv (on Debian: apt install python3-venv)" >&2; exit 2; }
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    numpy==2.4.6 h5py==3.16.0 pandas==3.1.1 pyarrow==26.0.1 duckdb==2.0.1 polars==2.1.0 safetensors==0.8.0 ||
    { echo "pip can't install the peers" >&2; exit 2; }

models=tf_efficientnet_lite0.in1k,xception.keras_in1k
for format in folder npy npz h5 safetensors parquet; do
    for pool in none avg; do
        for dtype in f32 f16; do
            "$binary" extract assets/drive -o "$place/$format-$pool-$dtype" --model "$models" --fit 96x96 --limit 8 \
                --pool "$pool" --dtype "$dtype" --format "$format" --quiet
        done
    done
done
"$binary" features verify "$place"/*-*-* > "$place/verified"
! grep -v '^whole' "$place/verified"
"$place/venv/bin/python" tools/check_peers.py "$place"
