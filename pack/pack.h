#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/manifest.h"
#include "pack/options.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace offgrid {

/// How far a pack has come. A value.
struct PackProgress {
    std::int64_t blocks = 0;        ///< done
    std::int64_t blocks_total = 0;  ///< about
    std::int64_t tiles = 0;         ///< stored
};

/// What a pack made. A value.
struct PackResult {
    Manifest manifest;
    std::filesystem::path package;
    std::int64_t tiles = 0;
    std::uint64_t bytes = 0;  ///< of the tile files
    double seconds = 0;
    std::vector<std::string> notes;  ///< what was chosen that the user may want to know
};

/// What a pack needs from its surroundings. Nothing is owned.
struct PackContext {
    FileOps& files;
    const std::atomic<bool>& is_stopped;  ///< set from anywhere: give up soon
    std::function<void(const PackProgress&)> report = [](auto&&) {
    };  ///< called often, on the calling thread
};

/// Make a package from rasters. The package appears under its name when it is complete, else
/// nothing is left of it. The same sources and options give the same bytes.
///
/// Throws the first Error, naming the source, the option or the file; `interrupted` when stopped.
PackResult pack(const PackOptions& options, const PackContext& context);

}  // namespace offgrid
