#pragma once

#include "formats/tile/box.h"

#include <optional>
#include <string_view>

namespace offgrid {

/// Half the equator's length on the sphere of EPSG:3857, as MapCache and OGC 17-083r2 (annex D)
/// write it: the edge of Web Mercator's square.
inline constexpr double half_equator_m = 20037508.3427892480;

/// The box in longitude and latitude degrees (WGS 84), from an SRS whose formula is known here:
/// EPSG:3857 and EPSG:4326. Nothing for any other. Metadata such as MBTiles `bounds` speaks degrees
/// whatever the grid.
std::optional<Box> to_lonlat(std::string_view srs, const Box& box);

/// The reverse. Latitudes beyond the limit of EPSG:3857 (85.0511 degrees) are cut there.
std::optional<Box> from_lonlat(std::string_view srs, const Box& box);

}  // namespace offgrid
