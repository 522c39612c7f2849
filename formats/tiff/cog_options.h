#pragma once

#include "formats/tiff/tiff_format.h"
#include "formats/tile/range.h"

#include <cstdint>
#include <optional>
#include <string>

namespace offgrid {

/// One Cloud Optimized GeoTIFF (OGC 21-026) whose tiles are those of the grid.
struct CogOptions {
    std::string name{};  ///< of the store, for messages
    std::string file{};
    std::optional<TileRange> extent{};  ///< of the image, tiles of its zoom; nothing: all there are
    int quality = 90;                   ///< of JPEG, where a tile must be encoded; from 1 to 100
    int threads = 0;                    ///< that encode; 0: one for each processor
    std::uint64_t max_classic_size = tiff::max_classic_size;  ///< a larger file is BigTIFF
};

}  // namespace offgrid
