#pragma once

#include "formats/tile/grid.h"

namespace offgrid {

/// The size of a pixel that scale denominators suppose, in metres (OGC 17-083r2, section 6.1.1.1).
inline constexpr double standard_pixel_m = 0.000'28;

/// Metres of a unit by the same section: of a degree at the equator of WGS 84.
constexpr double metres_per_unit(Grid::Unit unit) {
    switch (unit) {
        case Grid::Unit::metre:
            return 1;
        case Grid::Unit::degree:
            return 111'319.490'793'273'58;
        case Grid::Unit::foot:
            return 0.3048;
    }
    return 1;
}

}  // namespace offgrid
