#pragma once

#include "formats/tile/key.h"

#include <optional>
#include <string_view>

namespace offgrid {

/// The tile that a quadkey of Bing Maps means: a digit 0 to 3 for each zoom, `x + 2 y` within its
/// parent, y from the north. Nothing for any other text, and for more than 31 digits.
std::optional<TileKey> parse_quadkey(std::string_view quadkey);

}  // namespace offgrid
