#pragma once

#include "formats/config/declarations.h"

namespace offgrid::config {

/// The grids that MapCache has without being told: `WGS84`, `GoogleMapsCompatible` and `g`. They
/// have fewer levels than the built-in grids here, and `{inv_z}` counts levels.
std::vector<std::unique_ptr<const Grid>> built_in_grids();

/// Read a `<grid>` into the declarations. One that MapCache takes and nothing here can use, such as
/// one whose tiles are not square, is noted and left out.
void parse_grid(const XmlElement& element, Declarations& declarations);

/// The four numbers of an extent: west, south, east, north.
Box parse_extent(const XmlElement& element, std::string_view text);

}  // namespace offgrid::config
