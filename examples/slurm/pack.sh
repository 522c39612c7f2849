#!/usr/bin/env bash
# Pack rasters with many machines: a Slurm job array makes the shards of a package, and a job after it merges them.
#
#     examples/slurm/pack.sh SHARDS FOLDER SOURCE... [OPTION...]
#
# The package is the one that `offgrid pack SOURCE... -o FOLDER [OPTION...]` makes, byte for byte. Prints the id of the job that
# merges them, for `squeue` or for the `--dependency` of what is to follow.
#
# The nodes must see offgrid, the sources and FOLDER under the same names as this machine. Slurm's own variables say where to
# run: SBATCH_PARTITION, SBATCH_ACCOUNT, SBATCH_TIMELIMIT. The logs are in FOLDER.shards; when a shard fails nothing is merged,
# and the same command makes what is missing.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: $0 SHARDS FOLDER SOURCE... [OPTION of offgrid pack...]" >&2
    exit 2
fi
scripts=$(cd "$(dirname "$0")" && pwd)
count=$1
package=$(realpath --canonicalize-missing "$2")
shift 2

if [ -e "$package" ]; then
    echo "$0: $package is there already" >&2
    exit 1
fi
mkdir -p "$package.shards"

# With several clusters Slurm answers JOB;CLUSTER.
array=$(sbatch --parsable --array="1-$count" --output="$package.shards/%a.log" "$scripts/shard.sh" "$count" "$package" "$@")
sbatch --parsable --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes --output="$package.shards/merge.log" \
    "$scripts/merge.sh" "$count" "$package"
