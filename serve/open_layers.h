#pragma once

#include "formats/package/depot.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/layer_set.h"
#include "serve/log.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace offgrid {

/// The layers of one generation of a depot. Opens no tile file yet.
///
/// The depot is used during the call only; the pool is not owned and outlives the set.
std::unique_ptr<const LayerSet> open_generation(const Depot& depot, const Generation& generation,
                                                sqlite::MbtilesPool& pool);

/// The layers of all paths together: each path is a package folder, a depot, a folder of packages
/// and `.mbtiles` files, one MBTiles file, whose layer is called as the file without its extension,
/// a `mapcache.xml`, whose tilesets are served as MapcacheLayers says, or a `geowebcache.xml`,
/// whose layers are served as `open_geowebcache_layers` says.
///
/// What is damaged inside a folder goes to the log and is left out. Throws when a path itself
/// cannot be served, when a folder has nothing to serve, and when two layers have one name.
std::unique_ptr<const LayerSet> open_paths(const std::vector<std::filesystem::path>& paths,
                                           sqlite::MbtilesPool& pool, const Log& log);

}  // namespace offgrid
