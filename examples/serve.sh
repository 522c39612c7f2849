#!/usr/bin/env bash
# Serve a package and ask for a tile, twice: the second time only whether it has changed.
#
#     PORT=8080 examples/serve.sh
set -euo pipefail
data=$(cd "$(dirname "$0")/data" && pwd)
port=${PORT:-8080}
url=http://127.0.0.1:$port

work=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap cleanup EXIT

offgrid pack "$data/earth-blue-marble.jpg" -o "$work/blue-marble" --layer blue-marble --quiet
offgrid serve "$work/blue-marble" --listen "127.0.0.1:$port" &
server=$!
curl --silent --fail --retry 50 --retry-connrefused --retry-delay 1 -o /dev/null "$url/health"

curl --silent --fail "$url/tiles/blue-marble.json"
echo
curl --silent --fail -o "$work/tile.jpg" -D "$work/headers" -w '%{http_code} %{content_type}\n' \
    "$url/tiles/blue-marble/3/4/2.jpg"
etag=$(sed -n 's/^ETag: \([^\r]*\).*/\1/Ip' "$work/headers")
curl --silent -o /dev/null -w '%{http_code}\n' -H "If-None-Match: $etag" "$url/tiles/blue-marble/3/4/2.jpg"
