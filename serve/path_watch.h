#pragma once

#include "serve/folder_events.h"
#include "serve/log.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace offgrid {

/// How long a PathWatch waits between two looks.
struct PathWatchOptions {
    std::chrono::milliseconds interval{250};
    std::chrono::milliseconds interval_with_events{1'000};
    std::chrono::milliseconds interval_unfinished{50};  ///< while something is to be opened
    std::chrono::milliseconds interval_settling{500};   ///< while something is being written

    /// A look that takes long is rare: this many times as long passes between two of them.
    int rest_factor = 20;
};

/// Notices what other processes do to the paths that are served: another generation of a depot, by
/// an update or a rollback, files and packages that come, go or change. Works on a thread of its
/// own, from the end of the constructor to the destructor.
///
/// It waits for events of the file system, and looks once in a while all the same: paths also are
/// on network shares, whose other users cause no events. Where there are no events, or a change was
/// found that no event told of, it looks more often.
class PathWatch {
public:
    /// What a look has found out.
    struct Seen {
        bool has_news = false;       ///< something is not as at the look before
        bool is_unfinished = false;  ///< something is to be opened yet
        bool is_settling = false;    ///< something is new, and may be being written
        std::vector<std::filesystem::path> folders{};  ///< in which a change would show
    };

    /// Looks, and does what is to be done.
    using Look = std::function<Seen()>;

    /// Call `look` on the watch's thread at each event in the folders, and from time to time, the
    /// first time at once. When it throws, that is logged, once as long as it is the same, and
    /// tried again.
    PathWatch(std::vector<std::filesystem::path> folders, Look look, Log log,
              PathWatchOptions options = {});
    PathWatch(const PathWatch&) = delete;
    PathWatch& operator=(const PathWatch&) = delete;
    ~PathWatch() = default;

private:
    void run(const std::stop_token& stop);
    Seen look();
    FolderEvents::Woken wait(const Seen& seen, std::chrono::milliseconds cost, bool is_told,
                             const std::stop_token& stop);

    // Used by the thread alone.
    std::vector<std::filesystem::path> folders_;
    Look look_;
    Log log_;
    PathWatchOptions options_;
    FolderEvents events_;
    std::string last_failure_;

    std::jthread thread_;  // last: stopped and joined before the rest goes
};

}  // namespace offgrid
