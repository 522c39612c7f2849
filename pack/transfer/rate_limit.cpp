#include "pack/transfer/rate_limit.h"

#include <algorithm>
#include <thread>

namespace offgrid {
namespace {

/// After a pause this much may be made up for, so that the rate holds although threads are late.
constexpr std::chrono::milliseconds burst{100};

/// How soon a stop is noticed.
constexpr std::chrono::milliseconds nap{50};

}  // namespace

RateLimit::RateLimit(double per_second)
    : interval_{per_second > 0 ? std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>{1 / per_second})
                               : Clock::duration::zero()} {}

bool RateLimit::wait(const std::atomic<bool>& is_stopped) {
    if (interval_ == Clock::duration::zero()) {
        return !is_stopped;
    }
    Clock::time_point turn;
    {
        const std::lock_guard lock{mutex_};
        next_ = std::max(next_ + interval_, Clock::now() - burst);
        turn = next_;
    }
    for (auto now = Clock::now(); now < turn && !is_stopped; now = Clock::now()) {
        std::this_thread::sleep_for(std::min<Clock::duration>(turn - now, nap));
    }
    return !is_stopped;
}

}  // namespace offgrid
