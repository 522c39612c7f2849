#pragma once

#include "formats/base/error.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace offgrid::gwc {

/// What becomes of the other items when the work on one fails.
enum class OnFailure {
    go_on,  ///< every item is tried
    stop,   ///< those that are not begun are left out
};

/// Do the work on each item, in several threads. Returns when all of it is done; throws the first
/// Error then. REQUIRES: threads > 0; the work throws nothing but an Error.
template <typename Item, typename Work>
void for_each_file(int threads, const std::vector<Item>& items, OnFailure on_failure,
                   const Work& work) {
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;  // guards the failure
    std::optional<Error> failure;
    const auto work_on_some = [&] {
        for (auto i = next++; i < items.size(); i = next++) {
            try {
                work(items[i]);
            } catch (const Error& error) {
                const std::lock_guard lock{mutex};
                failure = failure ? failure : error;
                if (on_failure == OnFailure::stop) {
                    next = items.size();
                }
            }
        }
    };
    {
        std::vector<std::jthread> others;
        const auto wanted = std::min(static_cast<std::size_t>(threads), items.size());
        for (std::size_t n = 1; n < wanted; ++n) {
            others.emplace_back(work_on_some);
        }
        work_on_some();
    }
    if (failure) {
        throw Error{*failure};
    }
}

}  // namespace offgrid::gwc
