#pragma once

#include "formats/kv/kv_options.h"
#include "formats/kv/tile_keys.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <memory>
#include <optional>

namespace offgrid {

class MemcacheClient;

/// Reads the tiles in memcached servers (MapCache `memcache`). Safe for concurrent use.
///
/// Connects when a tile is asked for. A server that is down, slow or talks nonsense is an Error,
/// where MapCache takes the tile for absent. Memcached does not say which tiles it has.
class MemcacheReader final : public TileReader {
public:
    MemcacheReader(const MemcacheOptions& options, TilesetSlice slice);
    ~MemcacheReader() override;

    const StoreInfo& info() const override { return slice_.info; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool can_scan() const override { return false; }
    void scan(const TileRange& range, const Visitor& visit) const override;

private:
    TilesetSlice slice_;
    TileKeys keys_;
    std::unique_ptr<MemcacheClient> client_;
};

/// Writes the tiles in memcached servers. A tile is visible when `put` returns, for the slice's
/// `expiry`, or for ever without one: until the server needs the room.
///
/// A tile that is larger than a server takes (1 MiB unless it was started with `-I`) is refused
/// with `too_large`; memcached drops the older one of the same key with it.
class MemcacheWriter final : public TileWriter {
public:
    MemcacheWriter(const MemcacheOptions& options, TilesetSlice slice);
    ~MemcacheWriter() override;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override {}

private:
    TilesetSlice slice_;
    TileKeys keys_;
    bool marks_blank_;
    std::unique_ptr<MemcacheClient> client_;
};

}  // namespace offgrid
