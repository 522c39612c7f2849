# Programs that need nothing of the machine they run on but its C library: OFFGRID_STATIC.
#
# Every other library is linked in from its archive. Those of which Debian has no fitting archive
# come from packaging/device/static_libraries.sh, in a folder on CMAKE_PREFIX_PATH.

# find_library, and with it pkg-config's and all other modules, sees archives alone, so what has none
# is reported here and not when the program does not start elsewhere.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(OPENSSL_USE_STATIC_LIBS ON)

# Its CMake package offers both, and takes the shared one when nothing is said.
find_package(pugixml REQUIRED)
set_target_properties(pugixml::pugixml PROPERTIES INTERFACE_LINK_LIBRARIES pugixml::static)

add_compile_options(-ffunction-sections -fdata-sections)
add_link_options(-static-libstdc++ -static-libgcc LINKER:--gc-sections LINKER:--strip-all)
# The archives name what they need without saying which archive has it.
set(CMAKE_CXX_STANDARD_LIBRARIES "${CMAKE_CXX_STANDARD_LIBRARIES} -lm")
