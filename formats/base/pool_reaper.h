#pragma once

#include "formats/base/pool.h"
#include "formats/base/ticker.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace offgrid {

/// When idle handles are closed.
struct ReapOptions {
    std::chrono::milliseconds interval{500};  ///< GeoWebCache's poolReaperIntervalMs
    std::chrono::milliseconds max_idle{0};    ///< closed after that, however few are open; 0: never
};

/// Closes handles of a pool that are idle, on a thread of its own, as long as it lives; see
/// Pool::reap. Kept by whoever owns the pool, which outlives it.
class PoolReaper {
public:
    template <typename Handle>
    explicit PoolReaper(Pool<Handle>& pool, const ReapOptions& options = {})
        : ticker_{options.interval,
                  [&pool, ticks = max_idle_ticks(options)] { pool.reap(ticks); }} {}

private:
    static std::uint64_t max_idle_ticks(const ReapOptions& options) {
        return options.max_idle.count() == 0 ? 0
                                             : static_cast<std::uint64_t>(std::max<std::int64_t>(
                                                   1, options.max_idle / options.interval));
    }

    Ticker ticker_;
};

}  // namespace offgrid
