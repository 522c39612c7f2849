#pragma once

#include "formats/tile/grid.h"

#include <optional>
#include <span>
#include <string>

namespace offgrid {

/// What makes the tiles of two grids differ at these zooms, or nothing when a tile of the one is
/// the tile of the other with the same key: the same SRS under one of its names, tiles of the same
/// pixels, resolutions and corners that agree within a tenth of a pixel. From where they count
/// their rows does not matter: keys count from the north.
std::optional<std::string> difference_of_tiles(const Grid& one, const Grid& other,
                                               std::span<const int> zooms);

}  // namespace offgrid
