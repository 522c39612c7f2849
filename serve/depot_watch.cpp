#include "serve/depot_watch.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace offgrid {

GenerationNumbers current_generations(const std::vector<Depot>& depots) {
    GenerationNumbers numbers;
    std::transform(depots.begin(), depots.end(), std::back_inserter(numbers),
                   [](const Depot& depot) { return depot.current_number(); });
    return numbers;
}

DepotWatch::DepotWatch(std::vector<Depot> depots, GenerationNumbers served,
                       std::function<void()> reload, Log log, std::chrono::milliseconds interval)
    : depots_{std::move(depots)},
      served_{std::move(served)},
      reload_{std::move(reload)},
      log_{std::move(log)},
      interval_{interval},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

void DepotWatch::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        look();
        std::unique_lock lock{mutex_};
        wake_.wait_for(lock, stop, interval_, [] { return false; });
    }
}

void DepotWatch::look() {
    try {
        auto current = current_generations(depots_);
        if (current != served_) {
            reload_();
            served_ = std::move(current);
        }
        last_failure_.clear();
    } catch (const std::exception& error) {
        // Whatever it is, what was served still is. A medium that is unplugged fails at every look;
        // once is enough to say so.
        if (last_failure_ != error.what()) {
            last_failure_ = error.what();
            log_(fmt::format("still serving the previous state: {}", error.what()));
        }
    }
}

}  // namespace offgrid
