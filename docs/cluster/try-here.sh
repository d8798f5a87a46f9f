#!/usr/bin/env bash
# Runs every share of a small data set as a process of its own, as a cluster would (once as Slurm, once as Kubernetes), kills one and
# starts it again, merges, and compares with one run.
#
#   docs/cluster/try-here.sh [BINARY]        (without one: target/release/filterscope)
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=$(realpath "${1:-target/release/filterscope}")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
common=(extract assets/drive --model tf_efficientnet_lite0.in1k --fit 96x96 --pool avg --format parquet --quiet)

"$binary" "${common[@]}" -o "$place/one"
for index in 0 1 2 3; do
    SLURM_ARRAY_TASK_ID=$index SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_COUNT=4 \
        "$binary" "${common[@]}" -o "$place/slurm" --shard auto --resume &
    JOB_COMPLETION_INDEX=$index "$binary" "${common[@]}" -o "$place/kubernetes" --shard auto/4 --shard-by hash --resume &
    [ "$index" != 3 ] || { sleep 0.2; kill -KILL $! 2> /dev/null || true; }
done
wait
JOB_COMPLETION_INDEX=3 "$binary" "${common[@]}" -o "$place/kubernetes" --shard auto/4 --shard-by hash --resume
for cluster in slurm kubernetes; do
    "$binary" features merge "$place/$cluster" -o "$place/$cluster-merged"
    diff -r "$place/one" "$place/$cluster-merged"
    echo "== $cluster: four shards merged are one run"
done
