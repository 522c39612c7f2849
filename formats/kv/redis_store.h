#pragma once

#include "formats/base/pool.h"
#include "formats/kv/kv_options.h"
#include "formats/kv/tile_keys.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace offgrid {

class RedisConnection;
class StoredTile;

/// Reads the tiles in a Redis server (MapCache `redis`). Safe for concurrent use.
///
/// Connects when a tile is asked for. A server that is down, slow or talks nonsense is an Error. A
/// scan goes row by row; of a large range it first collects the addresses of its tiles, 24 bytes
/// each, since Redis names them in no order.
class RedisReader final : public TileReader {
public:
    RedisReader(const RedisOptions& options, TilesetSlice slice);
    ~RedisReader() override;

    const StoreInfo& info() const override { return slice_.info; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

private:
    using StoredVisitor = std::function<void(const TileKey&, const StoredTile&)>;

    std::vector<TileKey> tiles_in(const TileRange& range) const;
    void scan_stored(const TileRange& range, const StoredVisitor& visit) const;
    Pool<RedisConnection>::Lease connection() const;

    RedisOptions options_;
    TilesetSlice slice_;
    TileKeys keys_;
    mutable Pool<RedisConnection> connections_;
    Pool<RedisConnection>::Hold hold_;
};

/// Writes the tiles in a Redis server. A tile is visible when `put` returns, for the slice's
/// `expiry`, or a day without one (MapCache).
class RedisWriter final : public TileWriter {
public:
    RedisWriter(const RedisOptions& options, TilesetSlice slice);
    ~RedisWriter() override;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override {}

private:
    RedisConnection& connection();
    void perform(std::span<const std::string_view> words, int type);

    RedisOptions options_;
    TilesetSlice slice_;
    TileKeys keys_;
    std::unique_ptr<RedisConnection> connection_;  ///< null: to be made
};

}  // namespace offgrid
