#pragma once

#include "formats/base/pool.h"
#include "formats/sqlite/cache_file.h"
#include "formats/sqlite/cache_options.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <cstddef>
#include <memory>
#include <optional>

namespace offgrid::sqlite {

/// Open cache files under one cap on handles, shared by the readers of a program. All handles stay
/// open until others need their place, or the readers of their files are gone.
using CacheFilePool = Pool<CacheFile>;

std::unique_ptr<CacheFilePool> make_cache_file_pool(std::size_t capacity);

/// Reads a cache in SQLite files that other programs may write meanwhile: with locks, never
/// creating or changing a file. A file that is not there, or has no bytes yet, holds no tiles; one
/// that is replaced by a rename is opened anew. A row without content is no tile.
///
/// The tables of a file are recognised, and our own statements run on them, never its views; the
/// statements of the operator run as they are. A blank mark of five bytes is given back as an
/// image.
///
/// A tile that MapCache's 32-bit arithmetic put into the wrong file of a deep top is found there
/// when the right one does not have it. Others in wrong files are seen by `files` only.
///
/// A scan visits the files in the order of their names, each in the order of its index, and holds a
/// read lock on a file while it visits its tiles. With a statement of the operator for `get` or
/// `set` it throws `unsupported`.
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
    bool can_scan() const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;
    const TileFiles* files() const override;

private:
    class Impl;
    std::unique_ptr<const Impl> impl_;
};

/// Writes a cache in SQLite files in place, as other programs read it: one transaction for each
/// file from commit to commit. A file that is not there is made, with the folders above it.
///
/// At most 384 files are open: when one more is needed, the one that was used longest ago is
/// committed early and closed. All are committed early when 32 MiB have come together. A file that cannot take a tile keeps what was put before; should
/// SQLite give up its transaction (a full disk), `commit` throws, for what was put is lost.
///
/// MBTiles files get `metadata`, kept true at each commit; equal tiles are stored once where the
/// tables provide for it, and an image that no tile shows any more is removed.
///
/// Throws `busy` when a file stays locked, `corrupt` for a database of another schema, which is
/// left as it is, naming the cache.
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
