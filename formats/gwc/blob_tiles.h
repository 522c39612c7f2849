#pragma once

#include "formats/gwc/expiry.h"
#include "formats/gwc/store_metadata.h"
#include "formats/gwc/tileset_id.h"
#include "formats/sqlite/cache_store.h"
#include "formats/store/tile_store.h"

#include <string>

namespace offgrid::gwc {

/// Whether tiles are kept compressed and given back plain (`gzipVector`, of vector tiles alone).
enum class Zipping { off, on };

/// Reads the tiles of one tileset of a BlobStore. Never creates or changes a file: a file that is
/// not there, or has no bytes yet, holds no tiles. A tile is as old as its row in `tiles_metadata`
/// says, else as its file.
///
/// A tile that has expired is absent for `get` and `exists`; its row stays, and scans visit it.
/// What is kept compressed but is no gzip stream is given back as it is. The pool is not owned and
/// outlives this. Safe for concurrent use.
class BlobReader final : public TileReader {
public:
    BlobReader(const sqlite::CacheOptions& options, TilesetSlice slice, sqlite::CacheFilePool& pool,
               Zipping zipping, Expiry expiry);

    const StoreInfo& info() const override { return tiles_.info(); }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;
    const TileFiles* files() const override { return tiles_.files(); }

private:
    Bytes plain(const TileKey& key, BytesView stored) const;

    sqlite::CacheReader tiles_;
    std::string name_;  // of the store, for messages
    Zipping zipping_;
    Expiry expiry_;
};

/// Writes the tiles of one tileset of a BlobStore as GeoWebCache reads them, one transaction for
/// each file from commit to commit: tile, its time, and the zooms in `metadata` are there together
/// or not at all. As sqlite::CacheWriter in all else.
///
/// A tileset with parameters is made known to the store's metadata with its first commit. The
/// metadata is not owned and outlives this.
class BlobWriter final : public TileWriter {
public:
    BlobWriter(const sqlite::CacheOptions& options, TilesetSlice slice, TilesetId id,
               StoreMetadata& metadata, Zipping zipping, Expiry expiry);

    /// Throws `denied` for a zoom whose tiles are not to be kept (`expireCache` -1).
    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override { tiles_.erase(key); }
    void commit() override;

private:
    sqlite::CacheWriter tiles_;
    TilesetId id_;
    StoreMetadata& metadata_;
    Zipping zipping_;
    Expiry expiry_;
    bool must_tell_parameters_ = false;
};

}  // namespace offgrid::gwc
