// A PMTiles file: header, directories, metadata, a tile. It goes through a file; TMPDIR had better
// be in memory.

#include "formats/base/error.h"
#include "formats/pmtiles/pmtiles_reader.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    static const auto path = std::filesystem::temp_directory_path() /
                             ("offgrid-fuzz-pmtiles-" + std::to_string(::getpid()));
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(input),
                                                static_cast<std::streamsize>(size));
    try {
        const offgrid::PmtilesReader reader{{.file = path}};
        const auto& info = reader.info();
        int tiles = 0;
        for (int z = info.min_zoom; z <= info.max_zoom; ++z) {
            reader.scan(info.grid->whole(z), [&](const offgrid::TileKey& key, offgrid::BytesView) {
                if (!reader.exists(key)) {
                    __builtin_trap();  // what is visited is found
                }
                if (++tiles == 1000) {  // a run may claim four thousand million
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
