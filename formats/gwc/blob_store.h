#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/pool_reaper.h"
#include "formats/gwc/blob_store_options.h"
#include "formats/gwc/expiry.h"
#include "formats/gwc/store_files.h"
#include "formats/gwc/store_metadata.h"
#include "formats/gwc/tileset_id.h"
#include "formats/sqlite/cache_store.h"
#include "formats/store/tile_store.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::gwc {

class FileMoves;

/// What a root must look like before a store is made there (environment variable
/// GEOWEBCACHE_BLOBSTORE_SUITABILITY_CHECK of GeoWebCache).
enum class Suitability {
    none,      ///< anything will do
    existing,  ///< a store is there, which `metadata.sqlite` shows, or nothing
    empty,     ///< nothing is there
};

/// Throws `invalid_argument` unless the folder suits. One that is not there does.
void check_suitability(const std::string& root, Suitability wanted);

/// What was removed. Tiles of files that were removed whole are not counted.
struct Removed {
    std::int64_t files = 0;
    std::int64_t tiles = 0;

    friend bool operator==(const Removed&, const Removed&) = default;
};

/// A store of GeoWebCache's SQLite plugin (MbtilesBlobStore): the tiles of any number of layers,
/// grid sets, formats and sets of parameters, in MBTiles files below one root.
///
/// Readers and writers are those of one tileset; their files are found by the template alone. What
/// removes or renames takes `executorConcurrency` files at a time, returns when all is done, and is
/// for one caller at a time, also of other programs: the next gets `busy`. Layers, grid sets,
/// parameters and names are changed whole or not at all; what a failure or a crash has left half
/// done is taken back, at the latest before the next change. For that the root has a folder
/// `.offgrid`. Where another program has made a file anew that was to be taken back, neither is
/// touched, and every change throws `already_exists`, naming both, until one of them is taken away.
///
/// Owns the connections of its readers, at most `poolSize`, so it outlives them, and its writers.
/// When nearly as many are open, those that nobody used for longest are closed, some each
/// `poolReaperIntervalMs`. Safe for concurrent use.
class BlobStore {
public:
    using Warn = std::function<void(const std::string& message)>;

    /// Reads the properties files; one that cannot be used is told to `warn`. Touches nothing else.
    /// Throws `invalid_argument` for options that are none.
    BlobStore(BlobStoreOptions options, const Warn& warn, FileOps& files = posix_file_ops());
    BlobStore(const BlobStore&) = delete;
    BlobStore& operator=(const BlobStore&) = delete;
    ~BlobStore() = default;

    const BlobStoreOptions& options() const { return options_; }
    const FileTemplate& names() const { return found_.names(); }
    StoreMetadata& metadata() { return metadata_; }

    /// The connections of readers.
    PoolStatistics pool_statistics() const { return pool_->statistics(); }

    /// Throws `invalid_argument` for names that no file can have.
    std::unique_ptr<TileReader> open_reader(const TilesetId& id, const StoreInfo& info,
                                            const Expiry& expiry = {}) const;
    std::unique_ptr<TileWriter> open_writer(const TilesetId& id, const StoreInfo& info,
                                            const Expiry& expiry = {});

    /// The files of what is asked, relative to the root.
    std::vector<std::string> list(const FileQuery& query) const { return found_.list(query); }
    bool layer_exists(const std::string& layer) const;

    /// Remove the files of a layer, and all that is known of it. Throws `unsupported` where files
    /// are not of one layer, here and below.
    Removed remove_layer(const std::string& layer);

    /// Remove the files of a layer in a grid set; of a layer with a set of parameters, and what is
    /// known of that.
    Removed remove_grid_set(const std::string& layer, const std::string& grid_set);
    Removed remove_parameters(const std::string& layer, const std::string& parameters_id);

    /// Remove the tiles of a tileset in the ranges, with their times. A file that the ranges cover
    /// goes whole with `eagerDelete`, and so does one that has no tiles left; without, its tables
    /// stay. Each file is changed whole or not at all; all are tried, then the first failure is
    /// thrown.
    Removed remove_range(const TilesetId& id, const std::vector<SouthRange>& ranges);

    /// Give the layer another name: in its paths, in the metadata of its files, and in what is
    /// known of it. Throws `not_found` when the layer has no files, `already_exists` when the other
    /// has, or anything is known of it, `invalid_argument` for control characters in a name.
    void rename_layer(const std::string& layer, const std::string& name);

    /// Remove the sets of parameters that are known and not accepted any more.
    Removed purge_orphans(const std::string& layer,
                          const std::function<bool(const Parameters& parameters)>& is_accepted);

private:
    sqlite::CacheOptions cache_options(const TilesetId& id, const Grid& grid) const;
    std::string in_root(const std::string& path) const;
    void require_term(FileTemplate::Term term, std::string_view what) const;
    template <typename Action>
    auto while_alone(const Action& action);
    void recover();
    bool take(const std::string& path, const std::function<void()>& action);
    Removed remove_files(const FileQuery& query);
    void check_new_name(const std::string& layer, const std::string& name) const;
    void remove_empty_folders(const std::vector<std::string>& files) const;
    std::map<std::string, std::vector<SouthRange>> parts_on_disk(
        const TilesetId& id, const std::vector<SouthRange>& ranges) const;

    BlobStoreOptions options_;
    FileOps& files_;
    StoreFiles found_;
    StoreMetadata metadata_;
    std::map<std::string, LayerProperties> properties_;
    std::unique_ptr<sqlite::CacheFilePool> pool_;
    PoolReaper reaper_;
    std::mutex maintenance_;  // one change of many files at a time
};

}  // namespace offgrid::gwc
