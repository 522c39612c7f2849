#include "serve/depot_watch.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

namespace offgrid {
namespace {

std::vector<std::filesystem::path> folders_of(const std::vector<Depot>& depots) {
    std::vector<std::filesystem::path> folders;
    std::transform(depots.begin(), depots.end(), std::back_inserter(folders),
                   [](const Depot& depot) { return depot.root(); });
    return folders;
}

}  // namespace

GenerationNumbers current_generations(const std::vector<Depot>& depots) {
    GenerationNumbers numbers;
    std::transform(depots.begin(), depots.end(), std::back_inserter(numbers),
                   [](const Depot& depot) { return depot.current_number(); });
    return numbers;
}

DepotWatch::DepotWatch(const std::vector<Depot>& depots, const GenerationNumbers& served,
                       Reload reload, Log log, DepotWatchOptions options)
    : reload_{std::move(reload)},
      log_{std::move(log)},
      options_{options},
      events_{folders_of(depots)} {
    std::transform(depots.begin(), depots.end(), served.begin(), std::back_inserter(depots_),
                   [](const Depot& depot, std::uint64_t number) {
                       return Watched{depot, number};
                   });
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void DepotWatch::run(const std::stop_token& stop) {
    using Woken = FolderEvents::Woken;
    auto woken = Woken::by_event;
    bool is_told = true;  // of every change so far
    while (woken != Woken::by_stop) {
        const bool is_watching = events_.watch();
        const bool has_changed = look();
        if (has_changed && woken == Woken::by_time && is_watching) {
            // Its event may just have come.
            woken = events_.wait(std::chrono::milliseconds{0}, stop);
            is_told = is_told && woken != Woken::by_time;
            continue;
        }
        woken = events_.wait(
            is_watching && is_told ? options_.interval_with_events : options_.interval, stop);
    }
}

/// Whether another generation was found.
bool DepotWatch::look() {
    bool has_changed = false;
    for (auto& watched : depots_) {
        has_changed = look_at(watched) || has_changed;
    }
    return has_changed;
}

bool DepotWatch::look_at(Watched& watched) {
    try {
        const bool has_changed = watched.depot.current_number() != watched.served;
        if (has_changed) {
            watched.served = reload_(watched.depot);
        }
        watched.last_failure.clear();
        return has_changed;
    } catch (const std::exception& error) {
        // Whatever it is, what was served still is. A medium that is unplugged fails at every look;
        // once is enough to say so.
        if (watched.last_failure != error.what()) {
            watched.last_failure = error.what();
            log_(fmt::format("still serving the previous state: {}", error.what()));
        }
        return false;
    }
}

}  // namespace offgrid
