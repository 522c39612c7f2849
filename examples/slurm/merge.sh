#!/usr/bin/env bash
# Merge the shards of a package and remove them. Submitted by pack.sh, to run when all are made.
#
#     merge.sh SHARDS FOLDER
#
#SBATCH --job-name=offgrid-merge
#SBATCH --mem=1G
#SBATCH --open-mode=append
set -euo pipefail
count=$1
package=$2

shards=()
for ((number = 1; number <= count; ++number)); do
    shards+=("$package.shards/$number")
done

# 3: merged, but some of the sources could not be read.
status=0
offgrid pack --merge "${shards[@]}" --output "$package" || status=$?
case $status in
    0 | 3) rm -rf "${shards[@]}" ;;
esac
exit "$status"
