#pragma once

#include "formats/kv/kv_options.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <memory>
#include <optional>

namespace offgrid {

/// Reads the tiles in a Redis server. Safe for concurrent use.
class RedisReader final : public TileReader {
public:
    RedisReader(const RedisOptions& options, TilesetSlice slice);
    ~RedisReader() override;

    const StoreInfo& info() const override;
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    bool can_scan() const override;
    void scan(const TileRange& range, const Visitor& visit) const override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Writes the tiles in a Redis server.
class RedisWriter final : public TileWriter {
public:
    RedisWriter(const RedisOptions& options, TilesetSlice slice);
    ~RedisWriter() override;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace offgrid
