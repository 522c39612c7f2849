#pragma once

#include "formats/disk/disk_options.h"
#include "formats/store/tile_store.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace offgrid::config {

/// Whether a folder, whose names are given where they are known, is one of tiles as
/// `open_tile_tree` reads them. Looks at names only, and at one path of them at most.
bool is_tile_tree(const std::filesystem::path& folder, const std::vector<std::string>& names);
bool is_tile_tree(const std::filesystem::path& folder);

/// A folder of tiles, one file each, that says itself how they are called:
///
///     Z/X/Y.EXT              rows from the north. Where there is a `tilemapresource.xml` (OSGeo
///                            TMS 1.0.0, "TileMap Resource") or a `metadata.json` with the scheme
///                            "tms": from the south, as TMS counts
///     ZZ/xxx/xxx/xxx/yyy/yyy/yyy.EXT   as MapCache ("tilecache") and MapProxy ("tc") have it, from
///                            the south; from the north below a folder that is called after
///                            EPSG:3857, which MapProxy's GLOBAL_WEBMERCATOR counts so
///     LZZ/Ryyyyyyyy/Cxxxxxxxx.EXT      as ArcGIS has it, hexadecimal, from the north; also within
///                            `_alllayers`
///
/// The grid is Web Mercator, unless the `tilemapresource.xml` tells another built-in one or the
/// folder is called after EPSG:4326 or WGS84. The zooms are those that have a folder, the format
/// that of the first tile. Tiles are looked up at each call, so that those that come are found.
///
/// Throws `unsupported` for tiles of no built-in grid, and what reading the descriptions throws.
std::unique_ptr<TileReader> open_tile_tree(const std::filesystem::path& folder);

}  // namespace offgrid::config
