#!/usr/bin/env bash
# Run clang-tidy on the sources that differ from the main branch, committed or not.
#
#     tests/lint_changed.sh BUILD_FOLDER     a folder with compile_commands.json
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1

base=$(git merge-base HEAD origin/HEAD 2>/dev/null || git rev-parse --verify --quiet HEAD || true)
changed=$({
    [ -z "$base" ] || git diff --name-only --diff-filter=d "$base" -- '*.cpp'
    git ls-files --others --exclude-standard '*.cpp'
} | sort -u)

# Only what is built can be checked.
compiled=()
for source in $changed; do
    if grep -qF "\"$PWD/$source\"" "$build/compile_commands.json"; then
        compiled+=("$source")
    fi
done
if [ ${#compiled[@]} -eq 0 ]; then
    echo "lint ok (no source changed)"
    exit 0
fi
printf '%s\n' "${compiled[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p "$build" 2>/dev/null
echo "lint ok (${#compiled[@]} sources)"
