#pragma once

#include "formats/base/ticker.h"
#include "serve/http_statistics.h"

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace offgrid {

/// How long clients may take, and how many there may be. All times are from a beginning to an end
/// and not between two bytes: who sends a byte now and then gains nothing.
struct ConnectionLimits {
    std::size_t connections = 4096;
    std::size_t connections_per_address = 0;       ///< 0: as many as in all
    std::chrono::milliseconds idle{60'000};        ///< between an answer and the next request
    std::chrono::milliseconds header{15'000};      ///< from the first byte of a request
    std::chrono::milliseconds body{15'000};        ///< from the end of its header
    std::chrono::milliseconds send_grace{30'000};  ///< an answer may take that long at any rate
    std::uint64_t send_bytes_per_second = 1024;    ///< from then on this much has to be taken
};

/// What a connection is busy with.
enum class ConnectionPhase : std::uint8_t { idle, header, body, work, send };

/// One connection as ConnectionWatch sees it. The thread that serves it tells the phase, which
/// costs one store and no lock.
class WatchedConnection {
public:
    WatchedConnection(int socket, std::string address)
        : socket_{socket}, address_{std::move(address)} {
        enter(ConnectionPhase::idle);
    }

    void enter(ConnectionPhase phase) noexcept;

    /// The first line of a request is there.
    void begin_header() noexcept;

    bool is_header_read() const noexcept { return state().phase > ConnectionPhase::header; }

    /// In numbers, without a port. Valid as long as the connection.
    const std::string& address() const { return address_; }

    /// What was asked for, as it was sent; kept for a log by the thread that serves it.
    const std::string& target() const { return target_; }
    void keep_target(const char* target) noexcept;

private:
    friend class ConnectionWatch;

    struct State {
        ConnectionPhase phase = ConnectionPhase::idle;
        std::chrono::milliseconds since{0};

        friend bool operator==(const State&, const State&) = default;
    };

    State state() const noexcept;

    const int socket_;  // not owned
    const std::string address_;
    std::string target_;
    std::atomic<std::uint64_t> state_ = 0;  // milliseconds and, in the last bits, the phase

    // Guarded by the watch's mutex.
    std::list<WatchedConnection>::iterator self_{};
    bool is_shut_ = false;
    State sending_{};                 // the answer that `taken_` is about
    std::uint64_t taken_before_ = 0;  // bytes that the client had when it was first looked at
    std::chrono::milliseconds sending_since_{0};
};

/// Keeps slow and idle clients from holding a server: closes those that exceed a limit, and who has
/// been idle for longest when every place is taken. Safe for concurrent use.
///
/// Looks at all connections once in a while on a thread of its own. A connection is closed by
/// shutting its socket down, which its server then finds; sockets belong to the server, which tells
/// of each before it closes it.
class ConnectionWatch {
public:
    /// The statistics are not owned and outlive the object. REQUIRES: times above 0.
    ConnectionWatch(const ConnectionLimits& limits, HttpStatistics& statistics);

    /// Whether a client of that address may connect. Makes room where there is none.
    bool admits(const sockaddr* address, socklen_t size) noexcept;

    /// A connection is there. Valid until `close`; null when there is no memory for it.
    WatchedConnection* open(int socket, const sockaddr* address, socklen_t size) noexcept;

    /// REQUIRES: the socket is still open.
    void close(WatchedConnection* connection) noexcept;

    /// How many connections have a request that is not answered yet.
    std::size_t busy() const;

private:
    using Milliseconds = std::chrono::milliseconds;
    using Counter = HttpStatistics::Counter;

    void look() noexcept;
    void look_at(WatchedConnection& connection, Milliseconds now);
    void look_at_sending(WatchedConnection& connection, WatchedConnection::State state,
                         Milliseconds now);
    bool make_room();
    void shut(WatchedConnection& connection, Counter& reason);

    const ConnectionLimits limits_;
    HttpStatistics& statistics_;
    mutable std::mutex mutex_;  // guards what follows
    std::list<WatchedConnection> connections_;
    std::size_t shut_ = 0;                           // of these, shut down and not closed yet
    std::map<std::string, std::size_t> by_address_;  // only where that has a limit

    Ticker ticker_;  // last: stopped before the rest goes
};

}  // namespace offgrid
