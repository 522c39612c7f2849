#pragma once

#include "formats/kv/kv_options.h"
#include "formats/kv/tile_keys.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <memory>
#include <mutex>
#include <optional>

namespace offgrid {

class BdbDatabase;

/// Reads the tiles in a Berkeley DB B-tree (MapCache `bdb`). Safe for concurrent use, also while
/// MapCache writes.
///
/// Reading makes no file: as long as `NAME.db` is missing no tile is there; it is opened once it
/// appears. A missing folder is an Error, `not_found`. See BdbDatabase for what a process that is
/// killed while it writes leaves behind.
class BdbReader final : public TileReader {
public:
    BdbReader(const BdbOptions& options, TilesetSlice slice);
    ~BdbReader() override;

    const StoreInfo& info() const override { return slice_.info; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

private:
    std::shared_ptr<const BdbDatabase> database() const;

    BdbOptions options_;
    TilesetSlice slice_;
    TileKeys keys_;
    mutable std::mutex mutex_;
    mutable std::shared_ptr<const BdbDatabase> database_;  // guarded; null: no such file yet
};

/// Writes the tiles in a Berkeley DB B-tree as MapCache does, but keeps a blank tile as it is
/// given.
///
/// A tile is visible when `put` returns, since the environment has no transactions; `commit` makes
/// it durable. The file is made by the constructor.
class BdbWriter final : public TileWriter {
public:
    BdbWriter(const BdbOptions& options, TilesetSlice slice);
    ~BdbWriter() override;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

private:
    TilesetSlice slice_;
    TileKeys keys_;
    std::unique_ptr<BdbDatabase> database_;
};

}  // namespace offgrid
