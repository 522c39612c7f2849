#pragma once

#include "formats/base/error.h"

#include <chrono>
#include <functional>

namespace offgrid {

/// How often and when a failed call is tried again (MapCache `retries`, `retry_delay`).
struct RetryOptions {
    int retries = 0;                    ///< further attempts after the first
    std::chrono::milliseconds delay{};  ///< before the first of them; doubled each time

    /// Waits; empty: sleeps.
    std::function<void(std::chrono::milliseconds)> sleep{};
};

/// Whether what failed so may go well the next time.
inline bool may_pass(const Error& error) {
    return error.code() == Errc::io || error.code() == Errc::busy;
}

/// Call until it does not fail, as often as the options say and `may_go_on` allows. Throws the last
/// failure. REQUIRES: the options say how to sleep.
template <typename Call, typename MayGoOn>
auto retry(const RetryOptions& options, const Call& call, const MayGoOn& may_go_on) {
    auto delay = options.delay;
    for (int left = options.retries;; --left, delay *= 2) {
        try {
            return call();
        } catch (const Error& error) {
            if (left <= 0 || !may_pass(error) || !may_go_on()) {
                throw;
            }
        }
        options.sleep(delay);
    }
}

template <typename Call>
auto retry(const RetryOptions& options, const Call& call) {
    return retry(options, call, [] { return true; });
}

}  // namespace offgrid
