#include "formats/http/riak_cluster.h"

#include "formats/http/url.h"
#include "formats/store/slashed_key.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid::http {
namespace {

TilesetSlice with_plain_dimension(TilesetSlice slice) {
    slice.values = without_white_space(std::move(slice.values));
    return slice;
}

std::string origin_of(const ServerAddress& server) {
    const bool is_bare_ipv6 =
        server.host.find(':') != std::string::npos && !server.host.starts_with('[');
    return is_bare_ipv6 ? fmt::format("http://[{}]:{}", server.host, server.port)
                        : fmt::format("http://{}:{}", server.host, server.port);
}

void check(const RiakOptions& options) {
    const auto refuse = [&](std::string_view what) {
        throw Error{Errc::invalid_argument, fmt::format("cache '{}': {}", options.name, what)};
    };
    if (options.servers.empty()) {
        refuse("no server is configured");
    }
    if (options.bucket.empty()) {
        refuse("no bucket is configured");
    }
    for (const auto& server : options.servers) {
        const bool is_host =
            !server.host.empty() && server.host.find_first_of("/?#@ \t\r\n") == std::string::npos;
        if (!is_host || server.port < 1 || server.port > 65535) {
            refuse(fmt::format("'{}:{}' is no server", server.host, server.port));
        }
    }
}

}  // namespace

RiakCluster::RiakCluster(const RiakOptions& options, TilesetSlice slice)
    : options_{options},
      slice_{with_plain_dimension(std::move(slice))},
      bucket_{options.bucket, key_template_options()},
      key_{options.key.empty() ? slashed_key(slice_.values) : options.key, key_template_options()},
      client_{{.timeout = options.timeout, .connection_timeout = options.timeout}} {
    check(options_);
    std::ranges::transform(options_.servers, std::back_inserter(origins_), origin_of);
}

std::string RiakCluster::path_of(const TileKey& key) const {
    const auto& grid = *slice_.info.grid;
    const auto bucket = encode_segment(bucket_.render(grid, key, slice_.values));
    const auto name = encode_segment(key_.render(grid, key, slice_.values));
    auto path = fmt::format("/buckets/{}/keys/{}", bucket, name);
    if (bucket.empty() || name.empty() || has_dot_segment(path)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cache '{}': {} names no object", options_.name, path)};
    }
    return path;
}

Answer RiakCluster::send(std::string_view method, const std::string& path, HttpHeaders headers,
                         BytesView body) const {
    Request request{
        .method = std::string{method}, .url = {}, .headers = std::move(headers), .body = body};
    const auto first = current_.load(std::memory_order_relaxed);
    try {
        for (std::size_t tried = 0;; ++tried) {
            const auto server = (first + tried) % origins_.size();
            request.url = origins_[server] + path;
            try {
                auto answer = client_.send(request);
                current_.store(server, std::memory_order_relaxed);
                return answer;
            } catch (const Unreachable&) {
                if (tried + 1 == origins_.size()) {
                    throw;
                }
            }
        }
    } catch (const Error& error) {
        fail(error, method, path);
    }
}

void RiakCluster::fail(const Error& error, std::string_view method, std::string_view path) const {
    rethrow_with(error, "cache '{}': {} {}", options_.name, method, path.substr(0, path.find('?')));
}

}  // namespace offgrid::http
