#pragma once

#include "formats/tile/tile_format.h"

#include <map>
#include <optional>
#include <string>

namespace offgrid {

/// How tiles are encoded. The journals of transfers keep the numbers: a new one goes to the end.
enum class Encoding {
    jpeg,           ///< transparent pixels become white
    png,            ///< lossless
    webp,           ///< lossy, its alpha lossless
    mixed,          ///< JPEG where the tile is opaque, PNG where it is not (MapCache "mixed")
    png8,           ///< PNG of at most 256 colours, found for each tile; lossless up to so many
    webp_lossless,  ///< but for the colour of pixels that do not show
};

/// All encodings, by their words on the command line.
const std::map<std::string, Encoding>& encodings();

/// The format of all tiles of the encoding; nothing for mixed.
std::optional<TileFormat> tile_format_of(Encoding encoding);

}  // namespace offgrid
