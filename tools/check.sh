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
step cargo clippy --all-targets -- -D warnings
step cargo check --no-default-features
RUSTDOCFLAGS="-D warnings" step cargo doc --no-deps
step cargo build --release

# The main job with the binary that is shipped: no window, no display, no other files next to it.
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cp assets/cat.png "$place/"
(cd "$place" && env -u DISPLAY -u WAYLAND_DISPLAY "$target/release/filterscope" render cat.png -o out.png)
test -s "$place/out.png"
echo "== the release binary drew $(wc -c < "$place/out.png") bytes of mosaic"
