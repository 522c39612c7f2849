#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/live.h"
#include "formats/package/depot.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/layer_set.h"
#include "sync/drain.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <mutex>

namespace offgrid {

/// A depot whose current generation is served while it is changed, by one at a time.
///
/// Whatever fails, the layers that were served are served on, and what is served is what a restart
/// would serve. Safe for concurrent use.
class ServedDepot {
public:
    /// None of the references is owned. REQUIRES: the caller holds the DepotLock.
    ServedDepot(FileOps& files, const Depot& depot, sqlite::MbtilesPool& pool,
                Live<LayerSet>& layers, std::chrono::milliseconds drain_timeout)
        : files_{files},
          depot_{depot},
          pool_{pool},
          layers_{layers},
          drain_timeout_{drain_timeout} {}

    FileOps& files() const { return files_; }
    const Depot& depot() const { return depot_; }
    const sqlite::MbtilesPool& pool() const { return pool_; }
    const Live<LayerSet>& layers() const { return layers_; }

    /// The right to change the depot. While it is held, what is current stays.
    using Turn = std::unique_lock<std::timed_mutex>;

    /// Throws `busy` when those who came before take too long, `interrupted` once stopped.
    Turn wait_for_turn();

    /// What is served at this moment; reads nothing.
    Generation served() const { return layers_.acquire()->served(depot_.root())->generation(); }

    /// What is current; reads only what is not served already. REQUIRES: the turn.
    Generation current() const;

    /// A state that is served since a moment, and the one before it.
    struct Switch {
        std::uint64_t generation = 0;
        std::uint64_t previous = 0;
        std::future<void> drained{};
        std::chrono::steady_clock::time_point at{};
    };

    /// Have `commit` make another generation current, and serve it. What fails on our own disk is
    /// `io` or `no_space`, whatever the code says to others. REQUIRES: the turn.
    Switch switch_by(const std::function<Generation()>& commit);

    /// Wait until the state before has drained, or the time is up. The turn is best given back
    /// before: the next change does not depend on who still reads that state.
    Drain await(const Switch& made) const;

    /// End everything that has not begun to commit, now and from now on, with `interrupted`.
    /// Returns at once.
    void stop() { is_stopped_ = true; }
    const std::atomic<bool>& is_stopped() const { return is_stopped_; }

private:
    void serve_current_unless(std::uint64_t served);

    FileOps& files_;
    const Depot& depot_;
    sqlite::MbtilesPool& pool_;
    Live<LayerSet>& layers_;
    std::chrono::milliseconds drain_timeout_;
    std::atomic<bool> is_stopped_ = false;
    std::timed_mutex turn_;
};

}  // namespace offgrid
