#pragma once

#include "formats/tile/box.h"
#include "formats/tile/grid.h"

#include <cstdint>
#include <vector>

namespace offgrid {

/// A level of a tile matrix set as its document has it.
struct TileMatrix {
    double resolution = 0;  ///< units of the SRS per pixel
    int tile_size = 0;
    std::int64_t width = 0;   ///< tiles
    std::int64_t height = 0;  ///< tiles
    Grid::Origin origin = Grid::Origin::top_left;
    double x = 0;  ///< of the origin's corner
    double y = 0;
};

/// The extent that gives a grid these levels, which have one origin and one size of tiles: the
/// `stated` one if it does; else one of whole tiles; else any. Where none does, the smallest that
/// gives no level fewer. An empty box states nothing. REQUIRES: `levels` is not empty.
Box extent_of(const std::vector<TileMatrix>& levels, const Box& stated);

}  // namespace offgrid
