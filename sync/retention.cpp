#include "sync/retention.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace offgrid {

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
    for (;;) {
        {
            std::unique_lock lock{mutex_};
            if (!wake_.wait(lock, stop, [this] { return has_changed_; }) || stop.stop_requested()) {
                return;
            }
            has_changed_ = false;
        }
        try {
            prune();
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted) {
                return;  // the daemon ends
            }
            log_(fmt::format("old generations cannot be pruned: {}", error.what()));
        } catch (const std::exception& error) {
            log_(fmt::format("old generations cannot be pruned: {}", error.what()));
        }
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
