#include "formats/kv/memcache_client.h"

#include "formats/base/error.h"
#include "formats/kv/memcache_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

constexpr std::size_t connections_in_all = 16;
constexpr std::size_t longest_key = 250;  // memcached, doc/protocol.txt

/// A longer time would be taken for one since 1970 (memcached, doc/protocol.txt).
constexpr std::chrono::seconds longest_relative_time = std::chrono::hours{30 * 24};

std::string shown(const ServerAddress& server) {
    return fmt::format("{}:{}", server.host, server.port);
}

std::int64_t expiration(std::chrono::seconds time_to_live) {
    if (time_to_live <= longest_relative_time) {
        return time_to_live.count();
    }
    return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + time_to_live);
}

/// apr_memcache_hash_crc32: bits 16 to 30 of the CRC-32.
std::uint32_t hash_of(std::string_view key) {
    std::uint32_t crc = ~std::uint32_t{0};
    for (const char c : key) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
        }
    }
    return (~crc >> 16) & 0x7fff;
}

void check_key(const std::string& cache, const std::string& key) {
    const bool has_gap = std::ranges::any_of(key, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= ' ' || byte == 0x7f;
    });
    if (key.size() > longest_key || has_gap) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cache '{}': memcached takes no key like '{}': at most {} bytes "
                                "without spaces and control characters",
                                cache, key, longest_key)};
    }
}

}  // namespace

/// A connection that is made when it is needed.
struct MemcacheClient::Handle {
    std::unique_ptr<MemcacheConnection> connection{};  ///< null: not connected yet
};

MemcacheClient::MemcacheClient(const MemcacheOptions& options)
    : options_{options}, handles_{connections_in_all, [](const std::string&) {
                                      return std::make_unique<Handle>();
                                  }} {
    if (options_.servers.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cache '{}' names no server", options_.name)};
    }
    std::vector<std::string> names;
    std::ranges::transform(options_.servers, std::back_inserter(names), shown);
    hold_ = handles_.hold(std::move(names));
}

MemcacheClient::~MemcacheClient() = default;

const ServerAddress& MemcacheClient::server_of(const std::string& key) const {
    // apr_memcache takes 1 for 0.
    return options_.servers[std::max(hash_of(key), 1U) % options_.servers.size()];
}

/// What the command answers, which gets a connection to the server of the key.
template <typename Command>
auto MemcacheClient::perform(const std::string& key, const Command& command) const {
    check_key(options_.name, key);
    const auto& server = server_of(key);
    try {
        const auto handle = handles_.acquire(shown(server), options_.timeout);
        auto& connection = handle->connection;
        if (connection) {
            try {
                return command(*connection);
            } catch (const Error&) {
                if (!connection->is_closed()) {
                    throw;
                }
            }
        }
        connection = std::make_unique<MemcacheConnection>(server, options_.timeout);
        return command(*connection);
    } catch (const Error& error) {
        rethrow_with(error, "cache '{}': memcached {}: '{}'", options_.name, shown(server), key);
    }
}

std::optional<Bytes> MemcacheClient::get(const std::string& key) const {
    return perform(key, [&](MemcacheConnection& connection) { return connection.get(key); });
}

void MemcacheClient::set(const std::string& key, BytesView value,
                         std::chrono::seconds time_to_live) {
    try {
        perform(key, [&](MemcacheConnection& connection) {
            connection.set(key, value, expiration(time_to_live));
        });
    } catch (const Error& error) {
        if (error.code() == Errc::too_large) {
            rethrow_with(error, "a value of {} bytes is larger than the server takes",
                         value.size());
        }
        throw;
    }
}

void MemcacheClient::erase(const std::string& key) {
    perform(key, [&](MemcacheConnection& connection) { connection.erase(key); });
}

}  // namespace offgrid
