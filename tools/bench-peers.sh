#!/usr/bin/env bash
# Measures filterscope against other engines, interleaved in one run, and prints Markdown tables.
#
#   tools/bench-peers.sh [--quick] [--with-torch] [--threads N] [--rounds N] [--engines A,B] [CASE…]
#
# Needs python3 with venv, a package index for pip and cargo. All files it makes are in the target folder (target/peers) and can be
# deleted at any time. docs/BENCHMARKS.md says how to read the result.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
cd "$(dirname "$0")/.."

torch=0
rest=()
for arg in "$@"; do
    case $arg in
        --with-torch) torch=1; rest+=(--with-torch) ;;
        -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit ;;
        *) rest+=("$arg") ;;
    esac
done

# Pinned, because a figure is valid for one version only; change them together with the tables in docs/BENCHMARKS.md.
needed=(numpy==2.4.6 onnx==1.23.2 safetensors==0.8.0)
peers=(onnxruntime==1.32.0 openvino==2026.4.1)
[ "$torch" = 0 ] || peers+=(torch==2.15.0)

place="${CARGO_TARGET_DIR:-target}/peers"
mkdir -p "$place"
venv="$place/venv"
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" || { echo "python3 can't make a venv (on Debian: apt install python3-venv)" >&2; exit 2; }
fi
install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" > "$place/pip.log" 2>&1
}
install "${needed[@]}" || {
    tail -n 5 "$place/pip.log" >&2
    echo "pip can't install ${needed[*]}: without them there is nothing to export or compare with" >&2
    exit 2
}
for peer in "${peers[@]}"; do
    install "$peer" || {
        tail -n 2 "$place/pip.log" >&2
        echo "left out: pip can't install $peer" >&2
        # An older version, left from an earlier run, must not be measured instead.
        "$venv/bin/python" -m pip uninstall --quiet --yes "${peer%%==*}" > /dev/null 2>&1 || true
    }
done
echo "== building the Rust engines" >&2
cargo build --release --locked --manifest-path benches/peers/Cargo.toml --target-dir "$place"
exec "$venv/bin/python" benches/peers/run.py --binary "$place/release/filterscope-peers" --work "$place/work" \
    ${rest[@]+"${rest[@]}"}
