#pragma once

#include "formats/base/unique_fd.h"

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <vector>

namespace offgrid {

/// Wakes a thread when a file in one of some folders gets new content: by a rename or by being
/// written (inotify). What it was is not told.
///
/// Where the system has no events to give, and for folders on network shares, whose other users
/// cause none, only time wakes. One thread waits at a time; `stop` may come from any.
class FolderEvents {
public:
    enum class Woken { by_event, by_time, by_stop };

    explicit FolderEvents(std::vector<std::filesystem::path> folders);

    /// Watch the folders that have the names now. Whether each of them is there and watched.
    bool watch();

    /// Wait for an event since the last wait.
    Woken wait(std::chrono::milliseconds timeout, const std::stop_token& stop);

private:
    struct Folder {
        std::filesystem::path path;
        int watch = -1;  ///< as inotify calls it
    };

    void forget_events() const;

    std::vector<Folder> folders_;
    UniqueFd events_;    // not open: the system has none
    UniqueFd stopping_;  // readable once `stop` was requested
};

}  // namespace offgrid
