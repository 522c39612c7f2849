#pragma once

#include "formats/tiff/tiff_file.h"
#include "formats/tile/grid.h"

#include <cstdint>
#include <vector>

namespace offgrid::tiff {

/// An image of a GeoTIFF whose blocks are tiles of a grid. A value.
struct CogImage {
    TileRange range{};  ///< may reach beyond the matrix
    std::uint64_t compression = 0;
    std::uint64_t photometric = 0;
    std::uint64_t samples = 0;
    bool has_alpha = false;  ///< in the last sample, not premultiplied
    std::uint64_t predictor = 1;
    Entry offsets{};
    Entry sizes{};
    Bytes jpeg_tables{};
};

/// The full image and those overviews whose blocks are tiles of the grid, too; the finest first.
///
/// Throws `unsupported` for a full image that is not cut as the grid is, or of samples that are not
/// numbers of 8 bits, `corrupt` for a damaged file.
std::vector<CogImage> read_cog_images(const RandomFile& file, const DirectoryReader& reader,
                                      const Grid& grid);

}  // namespace offgrid::tiff
