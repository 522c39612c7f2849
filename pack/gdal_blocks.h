#pragma once

#include "pack/block_cache.h"
#include "pack/gdal_error.h"
#include "pack/pixel_blocks.h"

#include <ogr_spatialref.h>

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace offgrid::gdal {

/// A raster as GDAL describes it, whose blocks are read by us. Immutable, safe for concurrent use.
struct BlockRaster {
    struct Band {
        GDALColorInterp meaning = GCI_Undefined;
        std::optional<double> nodata{};
        std::shared_ptr<const GDALColorTable> palette{};
    };

    std::shared_ptr<const PixelBlocks> blocks{};
    std::array<double, 6> geotransform{};
    OGRSpatialReference crs{};
    GDALDataType type = GDT_Byte;  ///< of all bands
    std::vector<Band> bands{};
};

/// The raster as a dataset. Its blocks come from the cache, which is not owned and outlives it. A
/// block that cannot be had is a failure of GDAL's, as that of a damaged file is.
Dataset open_blocks(std::shared_ptr<const BlockRaster> raster, BlockCache& cache);

}  // namespace offgrid::gdal
