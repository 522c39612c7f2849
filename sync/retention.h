#pragma once

#include "serve/log.h"
#include "sync/depot_service.h"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <thread>

namespace offgrid {

/// Prunes a depot that is served to so many generations after its changes, as `offgrid prune`
/// does: what is still read stays, until the prune after a later change.
///
/// Works on a thread of its own while it lives, in a turn of its own, so no request waits for the
/// prune after its change; changes that come meanwhile, or in the pause of twenty times as long
/// after it, share the next one. A prune that fails is told through the log, and tried again after
/// the next change. Safe for concurrent use.
class Retention {
public:
    /// The service is not owned and outlives the object. REQUIRES: keep > 0.
    Retention(DepotService& service, std::size_t keep, Log log);
    Retention(const Retention&) = delete;
    Retention& operator=(const Retention&) = delete;
    ~Retention() = default;  // waits for a prune that is running

    /// The depot has changed. Returns at once.
    void note_change();

private:
    void run(const std::stop_token& stop);
    void prune();

    DepotService& service_;
    const std::size_t keep_;
    const Log log_;

    std::mutex mutex_;
    bool has_changed_ = false;  // since the last prune began; guarded by the mutex
    std::condition_variable_any wake_;
    std::jthread thread_;  // last: stopped and joined before the rest goes
};

}  // namespace offgrid
