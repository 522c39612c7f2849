#pragma once

#include "formats/base/error.h"
#include "formats/base/pool.h"
#include "formats/sqlite/cache_file.h"
#include "formats/sqlite/cache_options.h"
#include "formats/sqlite/cache_scan.h"
#include "formats/sqlite/cache_schema.h"
#include "formats/store/in_cache.h"
#include "formats/store/template_files.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace offgrid::sqlite {

/// Open cache files under one cap on handles, shared by the readers of a program. All handles stay
/// open until others need their place, or the readers of their files are gone.
using CacheFilePool = Pool<CacheFile>;

/// The files of one slice of a cache and the rows in them, whichever file a tile should be in: that
/// is for CacheReader to say. Errors name the cache. The pool is not owned and outlives this. Safe
/// for concurrent use.
class CacheFiles final : public TileFiles {
public:
    /// Called with a tile as it is stored, blank mark or image.
    using RowVisitor = std::function<void(const TileKey& key, const CacheScan::Row& row)>;

    CacheFiles(const CacheOptions& options, TilesetSlice slice, CacheFilePool& pool);
    ~CacheFiles() override;

    const CacheOptions& options() const { return options_; }
    const StoreInfo& info() const { return slice_.info; }
    bool can_scan() const { return sql_.can_scan(); }

    const PathTemplate& names() const override { return names_; }
    PathValues values() const override { return slice_.values; }
    std::vector<std::string> list() const override;
    void list_tiles(const std::string& file, const Visitor& visit) const override;

    /// Those whose name covers a tile of the range, sorted.
    std::vector<std::string> list(const TileRange& range) const;

    /// The tiles of a zoom that the name of a file covers.
    TileRange covered(const std::string& file, int z) const { return found_.covered(file, z); }

    /// Look in one file. REQUIRES: the grid contains the tile.
    std::optional<Tile> read(const std::string& file, const TileKey& key) const;
    bool has(const std::string& file, const TileKey& key) const;

    /// Visit the rows of one file within a range: `scan` or `list`. What the visitor throws goes
    /// through as it is. REQUIRES: the range is not empty and within the grid.
    void visit_rows(const std::string& file, const TileRange& range, CacheScanQuery query,
                    const RowVisitor& visit) const;

    /// Run an action of the cache: its failures name the cache.
    template <typename Action>
    decltype(auto) in_cache(const Action& action) const {
        return offgrid::in_cache(options_.name, action);
    }

private:
    std::optional<CacheFilePool::Lease> open(const std::string& path, FileIdentity& shown) const;
    template <typename Bind, typename Visit>
    void run(const std::string& file, CacheScanQuery query, const Bind& bind,
             const Visit& visit) const;

    CacheOptions options_;
    TilesetSlice slice_;
    PathTemplate names_;
    TemplateFiles found_;
    CacheSlice statement_slice_;
    CacheSql sql_;
    CachePragmas pragmas_;
    CacheFilePool& pool_;
};

}  // namespace offgrid::sqlite
