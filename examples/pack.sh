#!/usr/bin/env bash
# Pack the sample raster into a package folder, and look at what is in it.
#
#     examples/pack.sh [FOLDER]
set -euo pipefail
data=$(cd "$(dirname "$0")/data" && pwd)
package=${1:-blue-marble}

offgrid pack "$data/earth-blue-marble.jpg" -o "$package" --attribution "NASA Visible Earth"
ls "$package"
