#pragma once

#include "formats/tile/grid_ref.h"

#include <string>

namespace offgrid::config {

/// The grid that a user names on a command line:
///
///     GoogleMapsCompatible        a built-in one
///     FILE.json                   an OGC tile matrix set; without an id, it has the file's name
///     CONFIG.xml#GRID             a grid of a mapcache.xml
///
/// One that says what a built-in grid of its name says, for some of its levels, is that. Throws
/// `not_found` when there is no such file or grid, listing those that there are;
/// `invalid_argument` for a grid with the name of a built-in one and other tiles, and for one that
/// no tile matrix set can say; what `parse_tile_matrix_set` and MapcacheConfig throw, naming the
/// file.
GridRef find_grid(const std::string& text);

/// The built-in grid of that name. Throws `not_found`, listing those that there are.
const Grid* require_built_in_grid(const std::string& name);

}  // namespace offgrid::config
