#pragma once

#include "formats/tile/grid.h"
#include "pack/transfer/selection.h"

#include <memory>
#include <string>

namespace offgrid::gdal {

/// The polygons of all layers of a vector file (GeoJSON, GeoPackage, Shapefile …), in the SRS of
/// the grid, grown by metres on the ground. What lies beyond the grid's extent is cut off.
///
/// Throws `not_found` when there is no such file, `unsupported` when it is no vector file, has no
/// polygon or anything else than polygons, or does not say its CRS.
std::unique_ptr<Region> read_region(const std::string& name, const Grid& grid, double buffer_m = 0);

/// The box around a box of longitude and latitude degrees, in the SRS of the grid.
Box box_in_grid(const Box& lonlat, const Grid& grid);

}  // namespace offgrid::gdal
