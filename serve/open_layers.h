#pragma once

#include "formats/package/depot.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/layer_set.h"
#include "serve/log.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace offgrid {

/// The layers of one generation of a depot, which is leased as long as they are served. Opens no
/// tile file yet, and costs a step for each layer, none for each file. What `before`, a set that is
/// served out of the same pool, has of the depot is shared; may be null.
///
/// The depot and `before` are used during the call only; the pool is not owned and outlives the
/// set.
std::unique_ptr<const LayerSet> open_generation(const Depot& depot, const Generation& generation,
                                                sqlite::MbtilesPool& pool,
                                                const LayerSet* before = nullptr);

/// The current generation of a depot. When that is what is served, nothing is read but its number,
/// and else what differs from it. REQUIRES: the DepotLock; else see ServedGeneration::open_current.
Generation current_generation(const Depot& depot, const LayerSet& served);

/// The layers of all paths together: each path is a package folder, a depot, a folder of packages
/// and `.mbtiles` files, one MBTiles file, whose layer is called as the file without its extension,
/// a `mapcache.xml`, whose tilesets are served as MapcacheLayers says, or a `geowebcache.xml`,
/// whose layers are served as `open_geowebcache_layers` says.
///
/// What is damaged inside a folder goes to the log and is left out. Throws when a path itself
/// cannot be served, when a folder has nothing to serve, and when two layers have one name. What
/// `before` has of a depot is shared, as `open_generation` does.
std::unique_ptr<const LayerSet> open_paths(const std::vector<std::filesystem::path>& paths,
                                           sqlite::MbtilesPool& pool, const Log& log,
                                           const LayerSet* before = nullptr);

}  // namespace offgrid
