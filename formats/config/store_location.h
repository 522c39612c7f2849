#pragma once

#include "formats/config/mapcache_config.h"
#include "formats/gpkg/gpkg_file.h"
#include "formats/package/package_reader.h"
#include "formats/sqlite/mbtiles_store.h"
#include "formats/stores.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::config {

struct OpenGeowebcache;

/// What is asked of the store behind a location.
struct LocationOptions {
    std::string grid{};  ///< name; empty: the first, or what the store says of itself

    /// Beside the built-in ones, a grid that `grid` may name for a store that says nothing of its
    /// own, such as an MBTiles file.
    std::optional<GridRef> known_grid{};

    std::vector<std::pair<std::string, std::string>> dimensions{};  ///< name and value

    /// Of requests for tiles behind a web server that no configuration names.
    std::chrono::milliseconds timeout{120'000};
    const std::atomic<bool>* is_stopped = nullptr;  ///< ends them; outlives what is opened
};

/// A store as a user names it on a command line, checked and ready to be opened. Stays valid as
/// long as the StoreLocations that made it.
struct StoreLocation {
    std::string text{};  ///< as it was given
    std::string type{};  ///< of the store, for example `sqlite3` or `package`
    StoreInfo info{};    ///< of what is there or, for a store that is not there yet, what is asked

    /// The tiles of a zoom that the store may have: the whole grid, unless a tileset says less.
    std::function<TileRange(int z)> limits{};

    /// The tiles of a zoom that the store should have: as `limits`, without the ring of tiles
    /// around a tileset's extent that MapCache may have made (mapcache.xml `tolerance`).
    std::function<TileRange(int z)> expected{};

    std::function<std::unique_ptr<TileReader>()> open_reader{};

    /// Null: it cannot be written, for the reason in `why_read_only`. What is new there takes its
    /// metadata from `like`.
    std::function<std::unique_ptr<TileWriter>(const StoreInfo& like)> open_writer{};
    std::string why_read_only{};

    std::vector<std::string> dimensions{};  ///< their names; empty for what is no tileset

    bool gains_by_parallel_writers = false;

    /// A file that appears with the first commit, complete, and takes no tiles after it.
    bool is_built_once = false;
};

/// What the stores of all locations share. Safe for concurrent use; outlives them.
struct SharedStores {
    using Warn = std::function<void(const std::string& message)>;

    SharedStores(std::size_t max_open_files, Warn warn_of);

    StoreEnvironment environment(Locker& of_config) const {
        return {.sqlite_files = *caches, .locker = of_config, .warn = warn};
    }

    const Warn warn;
    FileLocker locker{};  ///< of stores that no configuration names
    const std::unique_ptr<sqlite::MbtilesPool> mbtiles;
    const std::unique_ptr<sqlite::CacheFilePool> caches;
    const std::unique_ptr<gpkg::GpkgPool> geopackages;
};

/// A configuration that locations share, with the locker that it asks for.
struct OpenConfig {
    std::unique_ptr<const MapcacheConfig> config{};
    std::unique_ptr<Locker> locker{};
};

/// Finds stores by the words of a command line:
///
///     FILE.mbtiles                    one MBTiles file
///     FILE.pmtiles                    one PMTiles file; it is made once and not written again
///     FILE.gpkg#TABLE                 a table of tiles in a GeoPackage; without #, its only one
///     FILE.tif                        a GeoTIFF whose blocks are tiles of the grid; made once
///     FOLDER                          a package, or a depot of one layer
///     FOLDER/{z}/{x}/{y}.png          a folder of tiles; rows from the north, {-y} from the south
///     http://HOST/{z}/{x}/{y}.png     tiles behind a web server, the same
///     CONFIG.xml#TILESET              a tileset of a mapcache.xml; without #, its only one
///     CONFIG.xml#LAYER@GRIDSET@EXT    a layer of a geowebcache.xml; what is left out, its only one
///
/// Owns what the stores share: pools of open files, lockers, configurations, each read once. Safe
/// for concurrent use; outlives what it found.
class StoreLocations {
public:
    using Warn = SharedStores::Warn;

    StoreLocations(std::size_t max_open_files, Warn warn);
    ~StoreLocations();
    StoreLocations(const StoreLocations&) = delete;
    StoreLocations& operator=(const StoreLocations&) = delete;

    /// Throws `invalid_argument` for a location that no store can have and for a dimension or value
    /// that the tileset does not have, `not_found` for a tileset or grid that is not there, listing
    /// those that are.
    StoreLocation find(const std::string& text, const LocationOptions& options = {});

private:
    /// The configuration, read when it is asked for first. What it has and nothing uses is warned
    /// of then.
    const OpenConfig& open_config(const std::filesystem::path& file);

    /// Whether this call has read it.
    std::pair<const OpenConfig*, bool> load_once(const std::filesystem::path& file);

    /// The same of a geowebcache.xml; null for a file of another kind.
    const OpenGeowebcache* open_geowebcache(const std::filesystem::path& file);

    SharedStores stores_;

    std::mutex mutex_;  // guards the configurations
    std::map<std::string, OpenConfig> configs_;
    std::map<std::string, std::unique_ptr<const OpenGeowebcache>> geowebcaches_;
};

}  // namespace offgrid::config
