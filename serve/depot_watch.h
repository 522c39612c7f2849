#pragma once

#include "formats/package/depot.h"
#include "serve/log.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace offgrid {

/// The number of the current generation of each depot.
using GenerationNumbers = std::vector<std::uint64_t>;
GenerationNumbers current_generations(const std::vector<Depot>& depots);

/// Notices that another process has made a new generation of a depot current. Works on a thread of
/// its own, from the end of the constructor to the destructor.
///
/// It asks instead of waiting for events of the file system: depots also live on network shares,
/// which send none.
class DepotWatch {
public:
    /// Call `reload` on the watch's thread whenever the current generations differ from those it
    /// was called for last, `served` in the beginning. When it throws, that is logged and it is
    /// called again at the next look.
    DepotWatch(std::vector<Depot> depots, GenerationNumbers served, std::function<void()> reload,
               Log log, std::chrono::milliseconds interval = std::chrono::milliseconds{250});
    DepotWatch(const DepotWatch&) = delete;
    DepotWatch& operator=(const DepotWatch&) = delete;
    ~DepotWatch() = default;

private:
    void run(const std::stop_token& stop);
    void look();

    // Used by the thread alone.
    std::vector<Depot> depots_;
    GenerationNumbers served_;
    std::function<void()> reload_;
    Log log_;
    std::chrono::milliseconds interval_;
    std::string last_failure_;

    std::mutex mutex_;  // only to wait
    std::condition_variable_any wake_;
    std::jthread thread_;  // last: stopped and joined before the rest goes
};

}  // namespace offgrid
