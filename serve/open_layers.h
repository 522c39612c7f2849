#pragma once

#include "formats/package/depot.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/layer_set.h"
#include "serve/log.h"
#include "serve/metrics.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
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

/// The pool of tile files that a store of GeoWebCache has for itself.
struct StorePool {
    std::string store{};                           ///< its name in its `geowebcache.xml`
    std::function<PoolStatistics()> statistics{};  ///< called by any thread; keeps the store alive
};

/// What the pools do now. Those of one name, of several files, count together.
PoolReports reports_of(const std::vector<StorePool>& pools);

/// What one path has to serve. A value.
struct PathLayers {
    std::vector<Layer> layers{};
    std::vector<LayerFinder> finders{};
    std::vector<StorePool> store_pools{};
    std::shared_ptr<const ServedGeneration> depot{};  ///< null where the path is no depot
};

/// The layers of one path: a package folder, a depot, a folder of packages and of `.mbtiles`,
/// `.pmtiles` and `.gpkg` files, one such file, whose layer is called as the file without its
/// extension, but for a GeoPackage, whose tile pyramids are served as `open_gpkg_layers` says, a
/// `mapcache.xml`, whose tilesets are served as MapcacheLayers says, or a `geowebcache.xml`, whose
/// layers are served as `open_geowebcache_layers` says. A PMTiles file takes a descriptor of its
/// own, outside the pool.
///
/// What is damaged inside a folder goes to the log and is left out. Throws when the path itself
/// cannot be served, and when a folder has nothing to serve. What `before` has of the depot is
/// shared, as `open_generation` does; may be null.
PathLayers open_path(const std::filesystem::path& path, sqlite::MbtilesPool& pool, const Log& log,
                     const ServedGeneration* before = nullptr);

/// The layers of all paths together. Throws when two layers have one name.
std::unique_ptr<const LayerSet> layer_set_of(const std::vector<PathLayers>& paths);

/// The layers of some paths, of which one can be opened again while the others stay. Used by one
/// thread; the pool is not owned and outlives the object and its layers.
class ServedPaths {
public:
    /// Throws what `open_path` throws.
    ServedPaths(std::vector<std::filesystem::path> paths, sqlite::MbtilesPool& pool, Log log);

    std::unique_ptr<const LayerSet> layers() const { return layer_set_of(opened_); }

    /// The pools of all stores that have their own; `reopen` changes nothing about them.
    std::vector<StorePool> store_pools() const;

    /// Open the depot with that root again, which is at a path that was given. The layers of all
    /// paths then. When that throws, all stays what it was.
    std::unique_ptr<const LayerSet> reopen(const std::filesystem::path& depot);

private:
    std::vector<std::filesystem::path> paths_;
    sqlite::MbtilesPool& pool_;
    Log log_;
    std::vector<PathLayers> opened_;  // by path
};

}  // namespace offgrid
