#include "serve/connection_watch.h"

#include "serve/client_address.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <time.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <optional>
#include <utility>

namespace offgrid {
namespace {

using std::chrono::milliseconds;

constexpr unsigned phase_bits = 3;

constexpr std::size_t max_kept_target_bytes = 512;

/// Who has only begun to send a header may be given up for somebody new after that.
constexpr milliseconds least_header_time{1'000};

/// Bytes that come with a connection, or right behind the request before, are no new request yet.
constexpr milliseconds first_byte_slack{100};

/// Exact to a few milliseconds, and without a system call.
milliseconds coarse_now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return milliseconds{time.tv_sec * 1000 + time.tv_nsec / 1'000'000};
}

std::optional<tcp_info> info_of(int socket) noexcept {
    tcp_info info{};
    socklen_t size = sizeof info;
    const bool is_known = ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
    return is_known ? std::optional{info} : std::nullopt;
}

std::uint64_t packed(ConnectionPhase phase, milliseconds since) noexcept {
    return static_cast<std::uint64_t>(since.count()) << phase_bits |
           static_cast<std::uint64_t>(phase);
}

/// Often enough that no limit is exceeded by much.
milliseconds interval_of(const ConnectionLimits& limits) {
    const auto shortest = std::min({limits.idle, limits.header, limits.body, limits.send_grace});
    return std::clamp(shortest / 8, milliseconds{10}, milliseconds{2'000});
}

}  // namespace

void WatchedConnection::enter(ConnectionPhase phase) noexcept {
    state_.store(packed(phase, coarse_now()), std::memory_order_relaxed);
}

void WatchedConnection::begin_header() noexcept {
    if (state().phase == ConnectionPhase::idle) {  // else its first bytes were noticed before
        enter(ConnectionPhase::header);
    }
}

void WatchedConnection::keep_target(const char* target) noexcept {
    try {
        if (target_.capacity() > max_kept_target_bytes) {
            target_ = std::string{};  // one long address must not cost memory for ever
        }
        target_ = target;
    } catch (const std::exception&) {
        target_.clear();  // no memory: the line is logged without it
    }
}

WatchedConnection::State WatchedConnection::state() const noexcept {
    const auto state = state_.load(std::memory_order_relaxed);
    return {static_cast<ConnectionPhase>(state & ((1U << phase_bits) - 1)),
            milliseconds{static_cast<std::int64_t>(state >> phase_bits)}};
}

ConnectionWatch::ConnectionWatch(const ConnectionLimits& limits, HttpStatistics& statistics)
    : limits_{limits}, statistics_{statistics}, ticker_{interval_of(limits), [this] { look(); }} {}

bool ConnectionWatch::admits(const sockaddr* address, socklen_t size) noexcept {
    try {
        const std::lock_guard lock{mutex_};
        if (limits_.connections_per_address > 0) {
            const auto found = by_address_.find(network_of(address_text(address, size)));
            if (found != by_address_.end() && found->second >= limits_.connections_per_address) {
                ++statistics_.refused_address;
                return false;
            }
        }
        if (connections_.size() - shut_ >= limits_.connections && !make_room()) {
            ++statistics_.refused_full;
            return false;
        }
        return true;
    } catch (const std::exception&) {
        return false;  // no memory
    }
}

WatchedConnection* ConnectionWatch::open(int socket, const sockaddr* address,
                                         socklen_t size) noexcept {
    try {
        const std::lock_guard lock{mutex_};
        auto& connection = connections_.emplace_back(socket, address_text(address, size));
        connection.self_ = std::prev(connections_.end());
        if (limits_.connections_per_address > 0) {
            ++by_address_[network_of(connection.address())];
        }
        ++statistics_.open;
        ++statistics_.accepted;
        return &connection;
    } catch (const std::exception&) {
        return nullptr;
    }
}

void ConnectionWatch::close(WatchedConnection* connection) noexcept {
    const std::lock_guard lock{mutex_};
    if (limits_.connections_per_address > 0) {
        const auto found = by_address_.find(network_of(connection->address()));
        if (found != by_address_.end() && --found->second == 0) {
            by_address_.erase(found);
        }
    }
    shut_ -= connection->is_shut_ ? 1 : 0;
    --statistics_.open;
    connections_.erase(connection->self_);
}

std::size_t ConnectionWatch::busy() const {
    const std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(std::ranges::count_if(connections_, [](const auto& each) {
        const auto phase = each.state().phase;
        return phase != ConnectionPhase::idle && phase != ConnectionPhase::header;
    }));
}

void ConnectionWatch::look() noexcept {
    const auto now = coarse_now();
    const std::lock_guard lock{mutex_};
    for (auto& connection : connections_) {
        if (!connection.is_shut_) {
            look_at(connection, now);
        }
    }
}

void ConnectionWatch::look_at(WatchedConnection& connection, Milliseconds now) {
    const auto state = connection.state();
    const auto time = now - state.since;
    switch (state.phase) {
        case ConnectionPhase::idle: {
            if (time > limits_.idle) {
                shut(connection, statistics_.closed_idle);
                return;
            }
            // The server tells of a request once its first line is whole. Whether it has begun,
            // the kernel knows.
            const auto info = info_of(connection.socket_);
            const bool has_begun =
                info && milliseconds{info->tcpi_last_data_recv} + first_byte_slack < time;
            if (has_begun) {
                // Unless the server tells of it right now.
                auto expected = packed(state.phase, state.since);
                connection.state_.compare_exchange_strong(
                    expected, packed(ConnectionPhase::header, now), std::memory_order_relaxed);
            }
            return;
        }
        case ConnectionPhase::header:
            if (time > limits_.header) {
                shut(connection, statistics_.closed_slow_header);
            }
            return;
        case ConnectionPhase::body:
            if (time > limits_.body) {
                shut(connection, statistics_.closed_slow_body);
            }
            return;
        case ConnectionPhase::work:
            return;  // that is ours to finish
        case ConnectionPhase::send:
            look_at_sending(connection, state, now);
            return;
    }
}

void ConnectionWatch::look_at_sending(WatchedConnection& connection, WatchedConnection::State state,
                                      Milliseconds now) {
    const auto info = info_of(connection.socket_);
    if (!info) {
        return;
    }
    if (!(connection.sending_ == state)) {
        connection.sending_ = state;
        connection.sending_since_ = now;
        connection.taken_before_ = info->tcpi_bytes_acked;
        return;
    }
    const auto time = now - connection.sending_since_;
    if (time <= limits_.send_grace) {
        return;
    }
    const auto seconds = static_cast<std::uint64_t>((time - limits_.send_grace).count()) / 1000 + 1;
    if (info->tcpi_bytes_acked - connection.taken_before_ <
        seconds * limits_.send_bytes_per_second) {
        shut(connection, statistics_.closed_slow_reader);
    }
}

bool ConnectionWatch::make_room() {
    const auto now = coarse_now();
    WatchedConnection* victim = nullptr;
    for (auto& connection : connections_) {
        const auto state = connection.state();
        const bool can_go =
            !connection.is_shut_ &&
            (state.phase == ConnectionPhase::idle ||
             (state.phase == ConnectionPhase::header && now - state.since > least_header_time));
        if (!can_go) {
            continue;
        }
        if (victim == nullptr) {
            victim = &connection;
            continue;
        }
        // Who is idle goes before who is slow; of these who is it for longest.
        const auto other = victim->state();
        if (std::pair{state.phase, state.since} < std::pair{other.phase, other.since}) {
            victim = &connection;
        }
    }
    if (victim != nullptr) {
        shut(*victim, statistics_.closed_for_others);
    }
    return victim != nullptr;
}

void ConnectionWatch::shut(WatchedConnection& connection, Counter& reason) {
    // Counted first: who sees the end of its connection finds the reason counted.
    ++reason;
    ++shut_;
    connection.is_shut_ = true;
    ::shutdown(connection.socket_, SHUT_RDWR);
}

}  // namespace offgrid
