#pragma once

#include "formats/tile/path_template.h"

#include <string>

namespace offgrid {

enum class Photometric { ycbcr, rgb };

/// A cache in tiled JPEG GeoTIFF files of `xcount` by `ycount` tiles, named by a template (MapCache
/// `tiff`); tiff/tile_places.h says how the tiles lie in a file. A name must tell the zoom, and
/// column and row where a matrix is larger than a file: a tile whose place others share is refused
/// as `invalid_argument`.
struct TiffOptions {
    std::string name{};  ///< of the cache, for messages
    std::string file{};  ///< a PathTemplate
    PathTemplateOptions path{.xcount = 10, .ycount = 10, .counts_inv_x_in_rows = true};
    int quality = 90;  ///< of JPEG, where a tile must be encoded; from 1 to 100
    Photometric photometric = Photometric::ycbcr;  ///< of new files
};

}  // namespace offgrid
