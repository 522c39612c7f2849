#pragma once

#include "formats/package/depot.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/layer_set.h"
#include "serve/log.h"
#include "serve/max_ages.h"
#include "serve/metrics.h"
#include "serve/served_path.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
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

/// What the pools do now. Those of one name, of several files, count together.
PoolReports reports_of(const std::vector<StorePool>& pools);

struct ServedPathsOptions {
    WalkLimits limits{};
    std::size_t max_open_files = 256;  ///< of the pool: half of them may be PMTiles, GeoPackages
                                       ///< and GeoTIFFs

    /// How long stores are opened before what is open is served. A layer of the others is opened
    /// when somebody asks for it, and listed after one of the next looks.
    std::chrono::milliseconds opening_time{std::chrono::hours{1}};

    /// How long a file must stay the same before it counts as complete.
    std::chrono::milliseconds settling_time{500};

    /// After which a store that could not be opened for now is opened again: when all places for
    /// open files were taken, for example. Longer each time that fails.
    std::chrono::milliseconds retry_time{5'000};

    unsigned threads = 2;  ///< that open stores at a time
    MaxAges max_ages{};    ///< of the layers
};

/// What some paths have to serve: a package, a depot, a folder of tiles, an `.mbtiles`, `.pmtiles`,
/// `.gpkg` or `.tif` file, a `mapcache.xml` or `geowebcache.xml`, or a folder with any of these at
/// any depth, which `find_stores` finds and `open_store` opens. A look finds what has come, gone or
/// changed since the one before, and opens only that.
///
/// What cannot be served in a folder is quarantined: the set of layers names it, the log says so
/// once, and it is tried again when it is another. Names that several layers would have are made
/// different as LayerNames says, those of configurations and depots first, then by path as given,
/// depth and name.
///
/// Used by one thread, but for `pool_reports`; the pool is not owned and outlives the object and
/// its layers.
class ServedPaths {
public:
    /// Throws for a path that is not there, and one that is a single store and cannot be opened.
    ServedPaths(std::vector<std::filesystem::path> paths, sqlite::MbtilesPool& pool, Log log,
                ServedPathsOptions options = {});
    ServedPaths(const ServedPaths&) = delete;
    ServedPaths& operator=(const ServedPaths&) = delete;
    ~ServedPaths() = default;

    /// What is served now.
    std::unique_ptr<const LayerSet> layers() const;

    /// What a look has found out.
    struct Look {
        bool has_news = false;       ///< something has come, gone or changed
        bool has_changed = false;    ///< `layers` would give others than before
        bool is_unfinished = false;  ///< something is to be opened yet
        bool is_settling = false;    ///< something is new, and may be being written
    };

    /// Look at all paths and open what is new.
    Look look();

    /// The folders in which a change would show.
    std::vector<std::filesystem::path> folders() const;

    /// What the pools do now that are not the one of all MBTiles files. Called by any thread.
    PoolReports pool_reports() const;

private:
    std::vector<std::shared_ptr<ServedStore>> unopened() const;
    bool open_some();
    void report(const std::vector<std::shared_ptr<ServedStore>>& stores) const;
    void note_pools();

    sqlite::MbtilesPool& pool_;
    Log log_;
    ServedPathsOptions options_;
    std::shared_ptr<ReaderPool> readers_;
    std::vector<ServedPath> paths_;
    bool is_waiting_ = false;  // something was not open after the last look

    mutable std::mutex mutex_;  // guards all below
    std::vector<StorePool> store_pools_;
};

}  // namespace offgrid
