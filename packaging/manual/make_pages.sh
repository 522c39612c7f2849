#!/usr/bin/env bash
# make_pages.sh PROGRAMS FOLDER: write the manual pages of the programs in the folder PROGRAMS.
#
# Names, options and defaults come from --help, through help2man, so that no page can be older than its
# program. What a page says beyond that is in NAME.h2m beside this script, in help2man's include format.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
export PATH=$programs:$PATH

# page NAME SUMMARY COMMAND...: the summary counts where NAME.h2m has none.
page() {
    local name=$1 summary=$2
    shift 2
    local version
    version=$(offgrid --version | awk '{ print $2 }')
    help2man --no-info --locale=C.UTF-8 --section=1 --manual="offgrid" --source="offgrid $version" \
        --version-string="$name $version" --name="$summary" \
        --opt-include="$here/$name.h2m" --include="$here/see_also.h2m" --output="$folder/$name.1" "$*"
}

page offgrid "map tiles where there is no network" offgrid
offgrid --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\)  *\(.*\)/\1 \2/p' | while read -r verb summary; do
    page "offgrid-$verb" "${summary,}" offgrid "$verb"
done
