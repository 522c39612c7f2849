// A GeoPackage: its tables and a pyramid. It goes through a file; TMPDIR had better be in memory.

#include "formats/base/error.h"
#include "formats/gpkg/gpkg_reader.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    static const auto path = std::filesystem::temp_directory_path() /
                             ("offgrid-fuzz-gpkg-" + std::to_string(::getpid()));
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(input),
                                                static_cast<std::streamsize>(size));
    try {
        const auto pool = offgrid::gpkg::make_gpkg_pool(1);
        const offgrid::gpkg::GpkgReader reader{path, "", offgrid::gpkg::grid_of(path, ""), *pool};
        const auto& info = reader.info();
        int tiles = 0;
        for (int z = info.min_zoom; z <= info.max_zoom; ++z) {
            reader.list(info.grid->whole(z), [&](const offgrid::TileKey& key, std::uint64_t) {
                if (!info.grid->contains(key)) {
                    __builtin_trap();  // what is visited is a tile
                }
                if (++tiles == 1000) {
                    throw offgrid::Error{offgrid::Errc::interrupted, "enough"};
                }
            });
        }
        (void)reader.get({info.min_zoom, 0, 0});
    } catch (const offgrid::Error&) {
        // refused
    }
    std::filesystem::remove(path);
    return 0;
}
