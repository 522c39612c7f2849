#!/usr/bin/env bash
# sysroot.sh FOLDER ARCHITECTURE PACKAGE...: unpack Debian's packages for another machine into FOLDER, for
# a cross compiler. They are not installed: nothing outside FOLDER changes, and no script of theirs runs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/private_apt.sh"

folder=$(realpath -m "$1")
architecture=$2
shift 2
rm -rf "$folder"
mkdir -p "$folder/packages"
cd "$folder/packages"
private_apt "$folder/packages/apt" deb "$architecture"
apt-get download -qq "$@"
for package in ./*.deb; do
    dpkg-deb -x "$package" "$folder"
done
rm -rf "$folder/packages"
touch "$folder/complete"
