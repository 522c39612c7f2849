#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace offgrid {

/// How many requests were answered and how, since the start. A value.
struct RequestCounts {
    std::array<std::uint64_t, 6> by_class{};  ///< by the first digit of the status
    std::uint64_t body_bytes = 0;             ///< of all bodies that were sent
};

/// Counts requests. Safe for concurrent use: threads count in different cache lines, so that one
/// does not wait for another.
class RequestCounters {
public:
    void count(int status, std::size_t body_bytes) noexcept;

    RequestCounts total() const noexcept;

private:
    static constexpr std::size_t shard_count = 16;
    static constexpr std::size_t cache_line_bytes = 64;

    struct alignas(cache_line_bytes) Shard {
        std::array<std::atomic<std::uint64_t>, 6> by_class{};
        std::atomic<std::uint64_t> body_bytes = 0;
    };

    std::array<Shard, shard_count> shards_{};
};

}  // namespace offgrid
