#include "serve/request_counters.h"

#include <algorithm>
#include <functional>
#include <thread>

namespace offgrid {

void RequestCounters::count(int status, std::size_t body_bytes) noexcept {
    const auto thread = std::hash<std::thread::id>{}(std::this_thread::get_id());
    auto& shard = shards_[thread % shard_count];
    const auto last = static_cast<int>(shard.by_class.size()) - 1;
    const auto digit = static_cast<std::size_t>(std::clamp(status / 100, 0, last));
    shard.by_class[digit].fetch_add(1, std::memory_order_relaxed);
    shard.body_bytes.fetch_add(body_bytes, std::memory_order_relaxed);
}

RequestCounts RequestCounters::total() const noexcept {
    RequestCounts total;
    for (const auto& shard : shards_) {
        for (std::size_t digit = 0; digit < total.by_class.size(); ++digit) {
            total.by_class[digit] += shard.by_class[digit].load(std::memory_order_relaxed);
        }
        total.body_bytes += shard.body_bytes.load(std::memory_order_relaxed);
    }
    return total;
}

}  // namespace offgrid
