#include "serve/path_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace offgrid {

using Woken = FolderEvents::Woken;
using std::chrono::milliseconds;

PathWatch::PathWatch(std::vector<std::filesystem::path> folders, Look look, Log log,
                     PathWatchOptions options)
    : folders_{std::move(folders)},
      look_{std::move(look)},
      log_{std::move(log)},
      options_{options} {
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void PathWatch::run(const std::stop_token& stop) {
    auto woken = Woken::by_event;
    bool is_told = true;  // of every change so far
    while (woken != Woken::by_stop) {
        const bool is_watching = events_.watch(folders_);
        const auto begin = std::chrono::steady_clock::now();
        const auto seen = look();
        const auto cost =
            std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
        if (seen.has_news && woken == Woken::by_time && is_watching) {
            // Its event may just have come.
            woken = events_.wait(milliseconds{0}, stop);
            is_told = is_told && woken != Woken::by_time;
            continue;
        }
        woken = wait(seen, cost, is_told && is_watching, stop);
    }
}

/// Many events, as of many files that are copied, are one.
FolderEvents::Woken PathWatch::wait(const Seen& seen, milliseconds cost, bool is_told,
                                    const std::stop_token& stop) {
    if (seen.is_unfinished) {
        return events_.pause(std::max(options_.interval_unfinished, cost), stop);
    }
    const auto rest = cost * options_.rest_factor;
    if (seen.is_settling) {
        return events_.pause(std::max(options_.interval_settling, rest), stop);
    }
    const auto interval = is_told ? options_.interval_with_events : options_.interval;
    const auto woken = events_.wait(std::max(interval, rest), stop);
    if (woken == Woken::by_event && rest.count() > 0) {
        return events_.pause(std::min(rest, interval), stop) == Woken::by_stop ? Woken::by_stop
                                                                               : Woken::by_event;
    }
    return woken;
}

PathWatch::Seen PathWatch::look() {
    try {
        auto seen = look_();
        folders_ = seen.folders;
        last_failure_.clear();
        return seen;
    } catch (const std::exception& error) {
        // Whatever it is, what was served still is. A medium that is unplugged fails at every look;
        // once is enough to say so.
        if (last_failure_ != error.what()) {
            last_failure_ = error.what();
            log_(fmt::format("still serving the previous state: {}", error.what()));
        }
        return {.folders = folders_};
    }
}

}  // namespace offgrid
