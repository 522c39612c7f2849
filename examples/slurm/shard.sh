#!/usr/bin/env bash
# Make one shard of a package. Submitted by pack.sh as a job array; the number of the task is that of the shard.
#
#     shard.sh SHARDS FOLDER SOURCE... [OPTION...]
#
#SBATCH --job-name=offgrid-shard
#SBATCH --cpus-per-task=4
#SBATCH --mem=1G
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail
count=$1
package=$2
shift 2
shard=$package.shards/$SLURM_ARRAY_TASK_ID

if [ -e "$shard" ]; then
    echo "$shard is there already"
    exit
fi

# After the failure of a node Slurm starts the task again: --resume goes on where it was.
status=0
offgrid pack "$@" --output "$shard" --layer "$(basename "$package")" --shard "$SLURM_ARRAY_TASK_ID/$count" \
    --threads "$SLURM_CPUS_PER_TASK" --resume || status=$?

# 3: made, but some of the sources could not be read. The job that merges ends with it too.
[ "$status" = 3 ] || exit "$status"
