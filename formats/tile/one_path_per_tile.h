#pragma once

#include "formats/tile/path_template.h"

namespace offgrid {

/// Refuse a template with which one tile would overwrite another: a key for x, y or zoom is
/// missing, numbers run into each other (`{x}{y}`), or quadkeys are too short for the grid. Found
/// by rendering tiles that show it, so that formats and the grid count, and by keys that no text
/// parts.
///
/// Throws `invalid_argument` naming the template and two tiles of one path (z/x/y, rows from the
/// north) or two keys, or a dimension that the values do not have. REQUIRES: the grid has the
/// template's top zoom.
void check_one_path_per_tile(const PathTemplate& names, const Grid& grid, const PathValues& values);

}  // namespace offgrid
