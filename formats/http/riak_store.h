#pragma once

#include "formats/http/http_options.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <memory>
#include <optional>

namespace offgrid {

/// Reads tiles from a Riak cluster. 404 is absent; any other failure is an Error with its status.
/// Cannot scan: listing keys walks the whole cluster.
/// Safe for concurrent use.
class RiakReader final : public TileReader {
public:
    RiakReader(const RiakOptions& options, TilesetSlice slice);
    ~RiakReader() override;

    const StoreInfo& info() const override;
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    bool can_scan() const override { return false; }
    void scan(const TileRange& range, const Visitor& visit) const override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Writes tiles to a Riak cluster, one PUT each.
class RiakWriter final : public TileWriter {
public:
    RiakWriter(const RiakOptions& options, TilesetSlice slice);
    ~RiakWriter() override;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace offgrid
