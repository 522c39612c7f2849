#pragma once

#include "formats/base/bytes.h"
#include "formats/base/unique_fd.h"
#include "formats/kv/kv_options.h"

#include <netdb.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// A connection to a memcached server that speaks its text protocol (memcached, doc/protocol.txt).
/// One thread at a time; of no more use after a failed call.
///
/// Written here because libmemcached 1.1.4 takes a server's error, and any nonsense, for "no such
/// key", and believes a size of -1.
class MemcacheConnection {
public:
    /// Look the host up and connect. The look-up of a name takes as long as the system's resolver
    /// lets it, which knows no deadline: give a number where that matters.
    ///
    /// All functions throw `busy` when the server has not done its part within the timeout,
    /// `too_large` when a value is larger than it or this program takes, else `io`.
    MemcacheConnection(const ServerAddress& server, std::chrono::milliseconds timeout);

    /// Connect to the first of the addresses that answers. They share the timeout, so that one that
    /// is silent leaves some for the next. The list is used during the call only.
    MemcacheConnection(const addrinfo& addresses, std::chrono::milliseconds timeout);

    /// REQUIRES, here and below: a key that memcached takes.
    std::optional<Bytes> get(std::string_view key);
    void set(std::string_view key, BytesView value, std::int64_t expiration);
    void erase(std::string_view key);

    /// Whether the server has closed the connection, as by a restart while it was idle.
    bool is_closed() const { return is_closed_; }

private:
    using Clock = std::chrono::steady_clock;

    bool connect_to(const void* address, unsigned size);
    void begin();
    void wait_for(short events);
    void send(std::string_view text);
    void receive_more();
    std::string receive_line();
    void receive_exactly(std::string_view text);
    [[noreturn]] void fail(std::string_view answer) const;

    std::chrono::milliseconds timeout_;
    Clock::time_point deadline_;
    UniqueFd socket_;
    std::string received_;  ///< not yet consumed
    bool is_closed_ = false;
};

}  // namespace offgrid
