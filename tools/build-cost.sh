#!/usr/bin/env bash
# What building costs on this machine, as CPU and wall time: from nothing, and after a change of a panel or of a kernel. Builds in a folder of
# its own, which is removed at the end, and changes two source files for a moment; they must have no uncommitted changes.
#   tools/build-cost.sh          all of it (half an hour and more on two cores)
#   tools/build-cost.sh quick    only what follows a change; takes what `cargo build` and `cargo build --release` left
set -euo pipefail
cd "$(dirname "$0")/.."
panel=src/app/ui/panels/help.rs
kernel=crates/engine/src/engine/ops/winograd.rs
git diff --quiet HEAD -- "$panel" "$kernel"
if [ "${1:-}" != quick ]; then
    CARGO_TARGET_DIR=$(mktemp -d)
    export CARGO_TARGET_DIR
    trap 'rm -rf "$CARGO_TARGET_DIR"; git checkout -q -- "$panel" "$kernel"' EXIT
else
    trap 'git checkout -q -- "$panel" "$kernel"' EXIT
fi
cargo fetch -q --locked

# Runs a command, and prints a row of a table: what it was, CPU time and wall time in seconds.
row() {
    local what=$1 log
    shift
    log=$(mktemp)
    TIMEFORMAT='%U %S %R'
    if ! { time "$@" > "$log.out" 2>&1; } 2> "$log"; then
        tail -20 "$log.out" >&2
        return 1
    fi
    awk -v what="$what" '{ printf "| %s | %.0f | %.0f |\n", what, $1 + $2, $3 }' "$log"
    rm -f "$log" "$log.out"
}

echo '| what | CPU, s | wall, s |'
echo '|---|---|---|'
if [ "${1:-}" != quick ]; then
    row 'cargo build --release, from nothing' cargo build --release
    row 'cargo test --release, after that' cargo test --release
fi
cargo build -q
cargo build -q --release
sed -i 's/"look at a copied picture"/"look at a copied picture "/' "$panel"
row 'a panel, dev' cargo build
row 'a panel, release' cargo build --release
git checkout -q -- "$panel"
cargo build -q
sed -i 's/const MIN_TILES: usize = 28;/const MIN_TILES: usize = 29;/' "$kernel"
row 'a kernel, dev' cargo build
row 'a kernel, release' cargo build --release
target=${CARGO_TARGET_DIR:-target}
echo "the release binary has $(stat -c %s "$target/release/filterscope") bytes, of which code: $(size -A "$target/release/filterscope" | awk '$1 == ".text" { print $2 }')"
