# For 64-bit ARM devices, with Debian's cross compiler (g++-aarch64-linux-gnu) and the libraries that
# packaging/device/sysroot.sh unpacks. The C library is that of the compiler.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

set(sysroot ${CMAKE_CURRENT_LIST_DIR}/../build/sysroot-arm64)
set(CMAKE_FIND_ROOT_PATH ${sysroot} ${CMAKE_CURRENT_LIST_DIR}/../build/device-libraries/arm64)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Headers that differ between machines (jconfig.h, openssl/configuration.h) have a folder of their own. g++
# notes where it passes arguments otherwise than before its version 10, which no code of ours was built with.
set(CMAKE_CXX_FLAGS_INIT "-isystem ${sysroot}/usr/include/aarch64-linux-gnu -Wno-psabi")

# pkg-config answers for the sysroot, not for the machine that builds. The libraries of device-libraries,
# which know where they are, come first through CMAKE_PREFIX_PATH.
set(ENV{PKG_CONFIG_LIBDIR} ${sysroot}/usr/lib/aarch64-linux-gnu/pkgconfig:${sysroot}/usr/share/pkgconfig)
