#include "sync/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace offgrid {
namespace {

/// A prune looks at the whole depot in a turn of replaces: it may take a twentieth of them.
constexpr int pauses_a_prune = 20;
constexpr std::chrono::seconds longest_pause{60};

}  // namespace

Retention::Retention(DepotService& service, std::size_t keep, Log log)
    : service_{service},
      keep_{keep},
      log_{std::move(log)},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

void Retention::note_change() {
    {
        const std::lock_guard lock{mutex_};
        has_changed_ = true;
    }
    wake_.notify_one();
}

void Retention::run(const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    Clock::duration pause{};
    for (;;) {
        {
            std::unique_lock lock{mutex_};
            wake_.wait_for(lock, stop, pause, [] { return false; });
            if (!wake_.wait(lock, stop, [this] { return has_changed_; }) || stop.stop_requested()) {
                return;
            }
            has_changed_ = false;
        }
        const auto start = Clock::now();
        try {
            prune();
        } catch (const std::exception& error) {
            if (stop.stop_requested()) {
                return;
            }
            log_(fmt::format("old generations cannot be pruned: {}", error.what()));
        }
        pause = std::min<Clock::duration>(pauses_a_prune * (Clock::now() - start), longest_pause);
    }
}

void Retention::prune() {
    if (service_.generations({.limit = keep_ + 1}).size() <= keep_) {
        return;
    }
    const auto report = service_.prune(keep_, PruneMode::remove, {.who = {.name = "retention"}});
    log_(fmt::format("pruned {} generations, {} files, {} bytes", report.removed.size(),
                     report.files, report.bytes));
}

}  // namespace offgrid
