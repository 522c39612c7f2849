#pragma once

#include "serve/request.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace offgrid {

/// Counts what is served since the program started. Safe for concurrent use; counting is a few
/// additions without a lock.
class TrafficCount {
public:
    struct Sums {
        std::uint64_t requests = 0;
        std::uint64_t tiles = 0;         ///< requests for tiles that are there
        std::uint64_t absent_tiles = 0;  ///< for tiles that are not
        std::uint64_t failures = 0;      ///< answers of 500 and more
        std::uint64_t bytes = 0;         ///< of content that was sent
    };

    void add(const Request& request, const Response& response) {
        constexpr auto relaxed = std::memory_order_relaxed;
        requests_.fetch_add(1, relaxed);
        const bool has_content = response.status == 200 && request.method == "GET";
        bytes_.fetch_add(has_content ? response.content().size() : 0, relaxed);
        if (response.status >= 500) {
            failures_.fetch_add(1, relaxed);
        } else if (request.path.starts_with("/tiles/") && !request.path.ends_with(".json")) {
            (response.status == 404 ? absent_tiles_ : tiles_).fetch_add(1, relaxed);
        }
    }

    Sums sums() const {
        constexpr auto relaxed = std::memory_order_relaxed;
        return {requests_.load(relaxed), tiles_.load(relaxed), absent_tiles_.load(relaxed),
                failures_.load(relaxed), bytes_.load(relaxed)};
    }

    std::chrono::system_clock::time_point start() const { return start_; }

private:
    const std::chrono::system_clock::time_point start_ = std::chrono::system_clock::now();
    std::atomic<std::uint64_t> requests_ = 0;
    std::atomic<std::uint64_t> tiles_ = 0;
    std::atomic<std::uint64_t> absent_tiles_ = 0;
    std::atomic<std::uint64_t> failures_ = 0;
    std::atomic<std::uint64_t> bytes_ = 0;
};

}  // namespace offgrid
