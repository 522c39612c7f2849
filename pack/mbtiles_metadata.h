#pragma once

#include "formats/package/manifest.h"
#include "formats/tile/box.h"

#include <map>
#include <string>

namespace offgrid {

/// The rows of the table `metadata` (MBTiles 1.3, "Metadata") of a file that has these zooms of a
/// layer. Boxes are in longitude and latitude degrees; the middle of `middle` is where to look
/// first.
std::map<std::string, std::string> mbtiles_metadata(const Manifest& manifest, int min_zoom,
                                                    int max_zoom, const Box& bounds,
                                                    const Box& middle);

/// MBTiles `bounds`.
std::string bounds_text(const Box& bounds);

}  // namespace offgrid
