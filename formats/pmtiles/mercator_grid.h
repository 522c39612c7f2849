#pragma once

#include "formats/tile/grid.h"

#include <filesystem>

namespace offgrid::pmtiles {

/// Throws `unsupported`, naming the file, for a grid whose tiles are not those of
/// GoogleMapsCompatible, whatever its name and the pixels of a tile: PMTiles knows no others.
void require_mercator_grid(const Grid& grid, const std::filesystem::path& file);

}  // namespace offgrid::pmtiles
