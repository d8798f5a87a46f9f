#!/bin/bash
# Features of one data set by a Slurm array. Submit the array, then the merge that waits for it:
#
#   array=$(sbatch --parsable docs/cluster/slurm-array.sh extract)
#   sbatch --dependency=afterok:"$array" --array=0 docs/cluster/slurm-array.sh merge
#
#SBATCH --job-name=features
#SBATCH --array=0-15
#SBATCH --cpus-per-task=8
#SBATCH --mem=4G
#SBATCH --requeue
set -euo pipefail

data=${DATA:-/data/photos}
out=${OUT:-/data/features}
options=(--model tf_efficientnet_lite0.in1k --pool avg --format parquet)

case ${1:-extract} in
    extract)
        # The index and the count come from Slurm. A task that is requeued goes on where it was. Exit code 1 says that some pictures
        # failed; they are listed in skipped.csv and are no reason to stop the others.
        filterscope extract "$data" -o "$out" "${options[@]}" --shard auto --resume || test $? -eq 1
        ;;
    merge)
        filterscope features merge "$out" -o "$out-merged"
        filterscope features verify "$out-merged"
        ;;
esac
