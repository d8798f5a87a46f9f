#!/usr/bin/env bash
# All checks except the tests, cheapest first. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
    local started=$SECONDS
    echo "== $*"
    "$@"
    echo "== took $((SECONDS - started)) s: $*"
}

step cargo fmt --all --check
# Everything is built with the profile that the tests use, so that what generates code is compiled once.
step cargo build --release
step cargo clippy --release --all-targets -- -D warnings
# The library alone, and the commands without the window; the default is everything but what needs a vendor's toolkit.
step cargo check --release --no-default-features
step cargo check --release --no-default-features --features cli,keras,onnx,fetch,hdf5,parquet
step cargo check --release --no-default-features --examples
for crate in crates/*/; do
    step cargo check --release --no-default-features -p "filterscope-$(basename "$crate")"
done
RUSTDOCFLAGS="-D warnings" step cargo doc --release --no-deps

# The main job with the binary that is shipped: no window, no display, no other files next to it.
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cp assets/cat.png "$place/"
(cd "$place" && env -u DISPLAY -u WAYLAND_DISPLAY "$target/release/filterscope" render cat.png -o out.png)
test -s "$place/out.png"
echo "== the release binary drew $(wc -c < "$place/out.png") bytes of mosaic"
