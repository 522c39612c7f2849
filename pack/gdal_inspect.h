#pragma once

#include "formats/tile/grid.h"
#include "pack/band_options.h"
#include "pack/gdal_error.h"
#include "pack/source_info.h"

#include <string>

namespace offgrid::gdal {

/// Look at a source: what it covers in the grid, how fine it is, how its bands show.
///
/// Throws an Error that names the source when it cannot be placed on the grid: it is missing, no
/// raster, without georeferencing or CRS, or of another body than the Earth. `stretch` is left
/// open.
SourceInfo inspect(const std::string& name, GDALDataset& dataset, const Grid& grid,
                   const BandOptions& bands = {});

}  // namespace offgrid::gdal
