#pragma once

#include "formats/tiff/buffered_output.h"
#include "formats/tiff/cog_levels.h"
#include "formats/tiff/tile_spool.h"
#include "formats/tile/tile_format.h"

#include <cstdint>
#include <string>
#include <vector>

namespace offgrid::tiff {

/// What a Cloud Optimized GeoTIFF is made of. The grid and the tiles are not owned. A value.
struct CogContent {
    struct Image {
        CogLevel level{};
        const SpooledTiles* tiles = nullptr;  ///< sorted; all in the range of the level
    };

    const Grid* grid = nullptr;
    std::vector<Image> images{};           ///< the finest first
    TileFormat format = TileFormat::jpeg;  ///< png: tiles that `deflate_tiles` has made
    ImageLayout jpeg{};                    ///< of JPEG: how all tiles are encoded
    Bytes jpeg_tables{};                   ///< JPEGTables
    std::string description{};             ///< may be empty, as all below
    std::string copyright{};
    std::uint64_t max_classic_size = tiff::max_classic_size;  ///< a larger file is BigTIFF
};

/// Write the file, front to back: header, the promises of GDAL's COG driver, directories (the full
/// image, then overviews by size, each with a mask where tiles of JPEG are absent), tiles of the
/// smallest overview first, row by row. What of a row of tiles there is not, has offset and size 0.
/// The same content gives the same bytes.
void write_cog(BufferedOutput& out, const CogContent& content, const RandomFile& spool);

}  // namespace offgrid::tiff
