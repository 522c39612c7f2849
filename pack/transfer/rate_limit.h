#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

namespace offgrid {

/// Lets tiles pass at a steady rate. Safe for concurrent use.
class RateLimit {
public:
    /// `per_second` 0: no limit.
    explicit RateLimit(double per_second);

    /// Wait until one more may pass. False when stopped first.
    bool wait(const std::atomic<bool>& is_stopped);

private:
    using Clock = std::chrono::steady_clock;

    const Clock::duration interval_;

    std::mutex mutex_;
    Clock::time_point next_ = Clock::now();  // guarded by mutex_
};

}  // namespace offgrid
