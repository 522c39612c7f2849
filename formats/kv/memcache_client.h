#pragma once

#include "formats/base/bytes.h"
#include "formats/base/pool.h"
#include "formats/kv/kv_options.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// Some memcached servers, each with the share of keys that MapCache (apr_memcache) gives it: by
/// the middle 15 bits of the key's CRC-32, modulo their number. A server that is down is an Error;
/// its keys do not move to others. Safe for concurrent use.
///
/// A connection that broke while it was idle is made anew, once.
class MemcacheClient {
public:
    /// Throws `invalid_argument` when there is no server.
    explicit MemcacheClient(const MemcacheOptions& options);
    ~MemcacheClient();
    MemcacheClient(const MemcacheClient&) = delete;
    MemcacheClient& operator=(const MemcacheClient&) = delete;

    /// All throw `invalid_argument` for a key that memcached does not take: of more than 250 bytes,
    /// with a space or a control character; `busy` when a server does not answer in time.
    std::optional<Bytes> get(const std::string& key) const;
    void erase(const std::string& key);

    /// For ever with a time of 0. Throws `too_large` for a value that the server refuses; memcached
    /// has dropped the older value of the key by then.
    void set(const std::string& key, BytesView value, std::chrono::seconds time_to_live);

private:
    struct Handle;

    const ServerAddress& server_of(const std::string& key) const;
    template <typename Command>
    auto perform(const std::string& key, const Command& command) const;

    MemcacheOptions options_;
    mutable Pool<Handle> handles_;
    Pool<Handle>::Hold hold_;
};

}  // namespace offgrid
