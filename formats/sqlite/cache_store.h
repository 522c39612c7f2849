#pragma once

#include "formats/base/pool.h"
#include "formats/sqlite/cache_options.h"
#include "formats/sqlite/sqlite.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"
#include "formats/tile/path_template.h"

#include <cstddef>
#include <memory>
#include <optional>

namespace offgrid::sqlite {

class CacheFile;

/// Open cache files under one cap on handles, shared by the readers of a program.
using CacheFilePool = Pool<CacheFile>;

std::unique_ptr<CacheFilePool> make_cache_file_pool(std::size_t capacity);

/// Reads a cache in SQLite files that other programs may write meanwhile: with locks, never
/// creating or changing a file. A file that is not there holds no tiles; one that is replaced by a
/// rename is opened anew.
///
/// Throws `busy` when a file stays locked, `corrupt` for a database of another schema, naming the
/// cache. The pool is not owned and outlives the reader. Safe for concurrent use.
class CacheReader final : public TileReader {
public:
    CacheReader(const CacheOptions& options, TilesetSlice slice, CacheFilePool& pool);
    ~CacheReader() override;

    const StoreInfo& info() const override;
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;
    const TileFiles* files() const override;

private:
    class Impl;
    std::unique_ptr<const Impl> impl_;
};

/// Writes a cache in SQLite files in place, as other programs read it: one transaction for each
/// file from commit to commit.
class CacheWriter final : public TileWriter {
public:
    CacheWriter(const CacheOptions& options, TilesetSlice slice);
    ~CacheWriter() override;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace offgrid::sqlite
