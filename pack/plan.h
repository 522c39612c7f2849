#pragma once

#include "formats/package/manifest.h"
#include "pack/options.h"
#include "pack/source_info.h"

#include <atomic>
#include <string>
#include <vector>

namespace offgrid {

/// Where a source lies, within what the layer covers. A value.
struct Cover {
    Box box{};  ///< in the units of the grid
    std::size_t source = 0;
};

/// Everything that is decided before the first tile is made. A value; the same for the same sources
/// and options.
struct Plan {
    std::vector<SourceInfo> sources;
    Manifest manifest;  ///< without its files
    Encoding encoding = Encoding::jpeg;
    int quality = 75;
    Box box;                    ///< what the layer covers, in the units of the grid
    std::vector<Cover> covers;  ///< where sources lie in it, in their order
    int block_levels =
        0;  ///< zooms from the root of a block to the deepest: a block has 4^levels tiles
    std::vector<std::string> notes;  ///< for the user: what was chosen for him

    const Grid& grid() const { return *manifest.grid; }
    int min_zoom() const { return manifest.min_zoom; }
    int max_zoom() const { return manifest.max_zoom; }
    int block_zoom() const { return manifest.max_zoom - block_levels; }
};

/// Open the sources and decide. Throws the first Error, naming the source or the option;
/// `interrupted` when stopped.
Plan make_plan(const PackOptions& options, const GridRef& grid,
               const std::atomic<bool>& is_stopped);

}  // namespace offgrid
