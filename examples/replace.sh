#!/usr/bin/env bash
# Install a package on a running daemon, then replace one of its files, with curl alone.
#
#     PORT=8080 ADMIN_PORT=8081 examples/replace.sh
set -euo pipefail
data=$(cd "$(dirname "$0")/data" && pwd)
port=${PORT:-8080}
admin_port=${ADMIN_PORT:-8081}
tile=http://127.0.0.1:$port/tiles/blue-marble/2/2/1.jpg
replace=http://127.0.0.1:$admin_port/rest/sqlite/replace

work=$(mktemp -d)
daemon=
cleanup() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap cleanup EXIT

# Two versions of the same map: the second is compressed more.
offgrid pack "$data/earth-blue-marble.jpg" -o "$work/first" --layer blue-marble --quiet
offgrid pack "$data/earth-blue-marble.jpg" -o "$work/second" --layer blue-marble --quality 50 --quiet

offgrid daemon "$work/depot" --listen "127.0.0.1:$port" --admin "127.0.0.1:$admin_port" &
daemon=$!
curl --silent --fail --retry 50 --retry-connrefused --retry-delay 1 -o /dev/null "http://127.0.0.1:$port/health"

# A new layer: the whole package as a zip.
(cd "$work/first" && zip --quiet --recurse-paths ../first.zip .)
curl --silent --show-error --fail -F layer=blue-marble -F "file=@$work/first.zip" "$replace"
echo
curl --silent --fail -o "$work/before.jpg" "$tile"

# A part of it: one file. Rows in file names count from the south, as MapCache counts them.
file=$(cd "$work/first" && echo z02-2-2.*)
curl --silent --show-error --fail -F layer=blue-marble -F "destination=$file" -F "file=@$work/second/$file" "$replace"
echo
curl --silent --fail -o "$work/after.jpg" "$tile"

if cmp --silent "$work/before.jpg" "$work/after.jpg"; then
    echo "the tile is still the old one" >&2
    exit 1
fi
echo "the tile changed: $(stat -c %s "$work/before.jpg") bytes before, $(stat -c %s "$work/after.jpg") after"
