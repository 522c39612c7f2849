#pragma once

#include "formats/package/depot.h"
#include "serve/folder_events.h"
#include "serve/log.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace offgrid {

/// The number of the current generation of each depot.
using GenerationNumbers = std::vector<std::uint64_t>;
GenerationNumbers current_generations(const std::vector<Depot>& depots);

/// How long a DepotWatch waits between two looks.
struct DepotWatchOptions {
    std::chrono::milliseconds interval{250};
    std::chrono::milliseconds interval_with_events{1'000};
};

/// Notices that another process has made another generation of a depot current: a newer one, or an
/// older one by a rollback. Works on a thread of its own, from the end of the constructor to the
/// destructor.
///
/// It waits for events of the file system, and looks once in a while all the same: depots also live
/// on network shares, whose other users cause no events. Where there are no events, or a change was
/// found that no event told of, it looks more often.
class DepotWatch {
public:
    /// Reads a depot again, whose current generation is another. Returns the number of the one it
    /// has read: by then that may be a third.
    using Reload = std::function<std::uint64_t(const Depot& depot)>;

    /// Call `reload` on the watch's thread whenever the current generation of a depot differs from
    /// the one that it has read last, `served` in the beginning. When it throws, or the depot
    /// cannot be read, that is logged and tried again at the next look; the other depots do not
    /// wait for it.
    DepotWatch(const std::vector<Depot>& depots, const GenerationNumbers& served, Reload reload,
               Log log, DepotWatchOptions options = {});
    DepotWatch(const DepotWatch&) = delete;
    DepotWatch& operator=(const DepotWatch&) = delete;
    ~DepotWatch() = default;

private:
    void run(const std::stop_token& stop);
    struct Watched {
        Depot depot;
        std::uint64_t served = 0;
        std::string last_failure{};
    };

    bool look();
    bool look_at(Watched& watched);

    // Used by the thread alone.
    std::vector<Watched> depots_;
    Reload reload_;
    Log log_;
    DepotWatchOptions options_;
    FolderEvents events_;

    std::jthread thread_;  // last: stopped and joined before the rest goes
};

}  // namespace offgrid
