#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace offgrid {

/// Calls a function once in a while on a thread of its own, from one interval after the end of the
/// constructor to the destructor, which waits for a call that is running. The function does not
/// throw.
class Ticker {
public:
    /// REQUIRES: interval > 0.
    Ticker(std::chrono::milliseconds interval, std::function<void()> tick);
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;
    ~Ticker() = default;

private:
    void run(const std::stop_token& stop);

    const std::chrono::milliseconds interval_;
    const std::function<void()> tick_;

    std::mutex mutex_;  // only to wait
    std::condition_variable_any wake_;
    std::jthread thread_;  // last: stopped and joined before the rest goes
};

}  // namespace offgrid
