#pragma once

#include "formats/tile/grid.h"

#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// Which corner a box in a reference system begins with.
enum class AxisOrder { east_first, north_first };

/// Whether the grid is in the reference system that a client calls so: by any spelling that
/// `parse_srs` knows, in any case, also by an alias, and by all names that web mercator has had
/// before it became EPSG:3857. `CRS:84` is EPSG:4326 with the longitude first.
bool is_in_srs(const Grid& grid, std::string_view srs);

/// The names under which services offer the grid, its own first, then aliases and `CRS:84`; each
/// `AUTHORITY:CODE`.
std::vector<std::string> srs_names(const Grid& grid);

/// The order in which WMS 1.3.0 (OGC 06-042, section 6.7.2) gives coordinates of that system.
AxisOrder axis_order_of(std::string_view srs);

/// The name by which `lonlat.h` knows the grid's system, where it does.
std::string_view formula_of(const Grid& grid);

}  // namespace offgrid
