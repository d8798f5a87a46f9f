#!/usr/bin/env bash
# Compiles and links the program with `--features cuda` on a machine without a GPU, and runs it against a driver that finds none. Not part of
# CI: it downloads the CUDA compiler and libraries as Python packages (2 GB) into a folder that is removed at the end, and takes most of an
# hour on two cores, because candle's kernels are compiled. Wants python3 with venv, and a C compiler.
#   tools/check-cuda.sh          all of it
#   CUDA_COMPUTE_CAP=80 tools/check-cuda.sh    for another GPU than an H100 (90)
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

echo "== the toolkit"
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q 'nvidia-cuda-nvcc==13.0.*' 'nvidia-cuda-runtime==13.0.*' 'nvidia-cuda-cccl==13.0.*' \
    'nvidia-cuda-crt==13.0.*' 'nvidia-cuda-nvrtc==13.0.*' 'nvidia-nvvm==13.0.*' nvidia-curand nvidia-cublas
cuda=$(echo "$place"/venv/lib/python3*/site-packages/nvidia/cu13)
test -x "$cuda/bin/nvcc"
export CUDA_HOME=$cuda CUDA_PATH=$cuda CUDA_ROOT=$cuda CUDA_TOOLKIT_ROOT_DIR=$cuda
export CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-90}
export PATH="$cuda/bin:$PATH"
# The linker looks for names without a version, which the packages don't have, and candle's build for `lib64`.
for library in "$cuda"/lib/*.so.*; do
    bare=${library%%.so.*}.so
    test -e "$bare" || ln -s "$(basename "$library")" "$bare"
done
test -e "$cuda/lib64" || ln -s lib "$cuda/lib64"

echo "== a driver that finds no GPU"
cargo fetch -q --locked
bindings=$(dirname "$(cargo metadata --format-version 1 --features cuda |
    grep -o '"manifest_path":"[^"]*/cudarc-[^"]*/Cargo.toml"' | head -1 | cut -d'"' -f4)")
mkdir -p "$cuda/lib/stubs"
{
    # CUDA_ERROR_NO_DEVICE, from every function but the two that say what an error means.
    echo 'int cuGetErrorName(int e, const char **s) { (void)e; *s = "CUDA_ERROR_NO_DEVICE"; return 0; }'
    echo 'int cuGetErrorString(int e, const char **s) { (void)e; *s = "no CUDA-capable device is detected"; return 0; }'
    grep -rhoE 'fn cu[A-Z][A-Za-z0-9_]*' "$bindings/src/driver/sys" | cut -c4- | sort -u |
        grep -vE '^cuGetError(Name|String)$' | sed 's/.*/int &(void) { return 100; }/'
} > "$place/driver.c"
cc -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$cuda/lib/stubs/libcuda.so" "$place/driver.c"
ln -sf libcuda.so "$cuda/lib/stubs/libcuda.so.1"
export LIBRARY_PATH="$cuda/lib:$cuda/lib/stubs"

echo "== the program"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$place/target}
cargo build --release --features cuda
program=$CARGO_TARGET_DIR/release/filterscope

echo "== it falls back to the CPU, and says in one sentence why there is no GPU"
export LD_LIBRARY_PATH="$cuda/lib:$cuda/lib/stubs"
RUST_BACKTRACE=1 "$program" render assets/cat.png -o "$place/auto.png"
test -s "$place/auto.png"
if RUST_BACKTRACE=1 "$program" render assets/cat.png --device cuda -o "$place/cuda.png" 2> "$place/said"; then
    echo "it took a GPU that isn't there" >&2
    exit 1
fi
cat "$place/said"
grep -q "cuda:0 can't be used here (no CUDA-capable device is detected; CUDA_ERROR_NO_DEVICE)" "$place/said"
test "$(wc -l < "$place/said")" -le 3
