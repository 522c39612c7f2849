#pragma once

#include "formats/config/declarations.h"

namespace offgrid::config {

/// Fail when the caches of the tileset cannot keep its tiles apart: from each other, or from those
/// of the tilesets before it. Two tiles of one name would overwrite each other, which MapCache does
/// not notice. Caches of SQLite files (`sqlite3`) and of keys that MapCache makes itself tell all
/// tiles apart. A read-only tileset overwrites nothing, and grids that differ in their names only
/// have the same tiles. A tileset of which no entry of a composite has tiles is noted.
void check_sharing(const XmlElement& element, const Tileset& tileset, Declarations& declarations);

}  // namespace offgrid::config
