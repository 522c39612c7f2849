#!/usr/bin/env bash
# static_libraries.sh FOLDER [TRIPLET [SYSROOT]]: build the libraries that a device build links in and
# of which Debian has no fitting archive, from Debian's sources, into FOLDER.
#
#   fmt, spng      Debian has them as shared libraries only
#   libmicrohttpd  Debian's archive refers to GnuTLS, whose helpers (p11-kit) have no archive; here it is
#                  built without, so it says itself that it cannot do TLS
#
# With TRIPLET (aarch64-linux-gnu) they are for that machine; SYSROOT has zlib's header for it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/private_apt.sh"

prefix=$(realpath -m "$1")
triplet=${2:-}
sysroot=${3:+$(realpath "$3")}
cross=${triplet:+$triplet-}
flags="-O2 -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections"

rm -rf "$prefix"
mkdir -p "$prefix/sources" "$prefix/include" "$prefix/lib/pkgconfig"
cd "$prefix/sources"
private_apt "$prefix/sources/apt" deb-src "$(dpkg --print-architecture)"
apt-get source -qq fmtlib libmicrohttpd libspng >/dev/null

"${cross}gcc" $flags ${sysroot:+-isystem "$sysroot/usr/include"} -c libspng-*/spng/spng.c -o spng.o
"${cross}ar" rcs "$prefix/lib/libspng.a" spng.o
cp libspng-*/spng/spng.h "$prefix/include"
cat >"$prefix/lib/pkgconfig/spng.pc" <<PC
Name: spng
Description: Reads and writes PNG
Version: $(basename libspng-*/ | cut -d- -f2)
Libs: -L$prefix/lib -lspng -lz
Cflags: -I$prefix/include
PC

cmake -S "$(echo fmtlib-*/)" -B fmt -G Ninja -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_CXX_COMPILER="${cross}g++" -DCMAKE_CXX_FLAGS="$flags" -DBUILD_SHARED_LIBS=OFF \
    -DFMT_DOC=OFF -DFMT_TEST=OFF >/dev/null
cmake --build fmt --target install >/dev/null

(
    cd libmicrohttpd-*/
    ./configure --quiet --prefix="$prefix" ${triplet:+--host="$triplet"} CFLAGS="$flags" --disable-https \
        --disable-shared --disable-doc --disable-examples --disable-curl
    make --silent -j"$(nproc)" install
) >"$prefix/sources/libmicrohttpd.log" 2>&1 || { cat "$prefix/sources/libmicrohttpd.log" >&2; exit 1; }
rm -rf "$prefix/sources"
touch "$prefix/complete"
