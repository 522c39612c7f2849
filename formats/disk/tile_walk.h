#pragma once

#include "formats/disk/disk_paths.h"
#include "formats/disk/tile_file.h"

#include <functional>

namespace offgrid {

/// Visit the files of the tiles of a range that are there, folder by folder; in each folder from
/// the west, then from the north. Folders without a tile of the range are not looked into; names
/// that no tile has are passed over. Links to folders are followed.
///
/// Holds one descriptor and the names of one folder at each depth.
void walk_tiles(const DiskPaths& paths, const TileRange& range,
                const std::function<void(const TileKey& key, const TileFile& file)>& visit);

}  // namespace offgrid
