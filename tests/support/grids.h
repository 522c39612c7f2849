#pragma once

#include "formats/tile/grid_ref.h"

namespace offgrid::test {

/// A grid that is not built in, counted from the given corner: tiles of Switzerland (EPSG:2056),
/// 2 by 2, 4 by 3 and 8 by 5 of them, more than the extent needs.
inline GridRef swiss_grid(Grid::Origin origin = Grid::Origin::top_left) {
    return GridRef{Grid{{.name = "Swiss",
                         .srs = "EPSG:2056",
                         .extent = {2420000, 1030000, 2900000, 1350000},
                         .resolutions = {1000, 500, 250},
                         .origin = origin}}};
}

/// Tiles of its zooms 0 to 2, also at its edges.
inline constexpr const char* swiss_drawing = R"(z0: a b / c d
                                                z1: e f g h / i j k l / m n o p
                                                z2: q . . . . . . r / . / . / . / s . . . . . . t)";

}  // namespace offgrid::test
