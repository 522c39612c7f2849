// A GeoTIFF: header, directories, tiles. It goes through a file; TMPDIR had better be in memory.

#include "formats/base/error.h"
#include "formats/tiff/cog_reader.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    static const auto path =
        std::filesystem::temp_directory_path() / ("offgrid-fuzz-cog-" + std::to_string(::getpid()));
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(input),
                                                static_cast<std::streamsize>(size));
    try {
        const offgrid::CogReader reader{{.name = "fuzz", .file = path.string()},
                                        offgrid::Grid::google_maps_compatible()};
        const auto& info = reader.info();
        int tiles = 0;
        for (int z = info.min_zoom; z <= info.max_zoom; ++z) {
            reader.scan(info.grid->whole(z), [&](const offgrid::TileKey& key, offgrid::BytesView) {
                if (!reader.exists(key)) {
                    __builtin_trap();  // what is visited is found
                }
                if (++tiles == 100) {  // places may all lead to the same bytes
                    throw offgrid::Error{offgrid::Errc::interrupted, "enough"};
                }
            });
        }
    } catch (const offgrid::Error&) {
        // refused
    }
    std::filesystem::remove(path);
    return 0;
}
