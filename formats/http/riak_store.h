#pragma once

#include "formats/http/http_options.h"
#include "formats/http/riak_cluster.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <optional>

namespace offgrid {

/// Reads tiles from a Riak cluster through its HTTP interface, with the keys of MapCache, which
/// speaks protocol buffers to the same cluster. Cannot scan: listing keys walks the whole cluster.
/// Safe for concurrent use; connections are kept and shared.
///
/// 404 is absent; any other failure is an Error with its status, also the several versions
/// ("siblings") of a bucket that keeps them: which of them is the tile, Riak does not say. A server
/// that cannot be reached is passed over for the next.
class RiakReader final : public TileReader {
public:
    /// Throws `invalid_argument` for options that no request can be made of; asks the servers
    /// nothing.
    RiakReader(const RiakOptions& options, TilesetSlice slice)
        : cluster_{options, std::move(slice)} {}

    const StoreInfo& info() const override { return cluster_.slice().info; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    bool can_scan() const override { return false; }
    void scan(const TileRange& range, const Visitor& visit) const override;

private:
    http::RiakCluster cluster_;
};

/// Writes tiles to a Riak cluster, one PUT each. Each is there, whole, as soon as `put` returns;
/// `commit` has nothing left to do.
class RiakWriter final : public TileWriter {
public:
    RiakWriter(const RiakOptions& options, TilesetSlice slice)
        : cluster_{options, std::move(slice)} {}

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override {}

private:
    http::RiakCluster cluster_;
};

}  // namespace offgrid
