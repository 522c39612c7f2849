#pragma once

#include "formats/base/unique_fd.h"

#include <chrono>
#include <filesystem>
#include <map>
#include <stop_token>
#include <vector>

namespace offgrid {

/// Wakes a thread when something in one of some folders comes, goes or gets new content: by a
/// rename, by being made, removed, or written to its end (inotify). What it was is not told.
///
/// Where the system has no events to give, and for folders on network shares, whose other users
/// cause none, only time wakes. One thread waits at a time; `stop` may come from any.
class FolderEvents {
public:
    enum class Woken { by_event, by_time, by_stop };

    FolderEvents();

    /// Watch the folders that have these names now, and no others. Whether each of them is there
    /// and watched.
    bool watch(const std::vector<std::filesystem::path>& folders);

    /// Wait for an event since the last wait.
    Woken wait(std::chrono::milliseconds timeout, const std::stop_token& stop);

    /// Wait whatever happens, except for `stop`.
    Woken pause(std::chrono::milliseconds timeout, const std::stop_token& stop);

private:
    void forget_events() const;

    std::map<std::filesystem::path, int> watches_;  // as inotify calls them
    UniqueFd events_;                               // not open: the system has none
    UniqueFd stopping_;                             // readable once `stop` was requested
};

}  // namespace offgrid
