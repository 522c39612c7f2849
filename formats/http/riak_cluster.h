#pragma once

#include "formats/http/http_client.h"
#include "formats/http/http_options.h"
#include "formats/store/tileset_slice.h"

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::http {

/// The objects of one slice in a Riak cluster and requests for them, at the first server that can
/// be reached. What RiakReader and RiakWriter share. Safe for concurrent use.
class RiakCluster {
public:
    /// Throws `invalid_argument` naming the cache for options that no request can be made of.
    RiakCluster(const RiakOptions& options, TilesetSlice slice);

    const std::string& name() const { return options_.name; }
    const TilesetSlice& slice() const { return slice_; }

    /// The path of the tile's object: `/buckets/BUCKET/keys/KEY`. REQUIRES: the grid contains the
    /// tile.
    std::string path_of(const TileKey& key) const;

    /// What a server answers, whatever the status. Throws what sending throws, with the cache, the
    /// method and the path in front.
    Answer send(std::string_view method, const std::string& path, HttpHeaders headers = {},
                BytesView body = {}) const;

    /// Throw the error with the cache, the method and the path in front.
    [[noreturn]] void fail(const Error& error, std::string_view method,
                           std::string_view path) const;

private:
    RiakOptions options_;
    TilesetSlice slice_;
    PathTemplate bucket_;
    PathTemplate key_;
    std::vector<std::string> origins_;
    mutable std::atomic<std::size_t> current_ = 0;  ///< the server that was reached last
    Client client_;
};

}  // namespace offgrid::http
