#pragma once

#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/base/live.h"
#include "formats/package/depot.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/layer_set.h"
#include "sync/drain.h"
#include "sync/turn_queue.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <vector>

namespace offgrid {

/// A depot whose current generation is served while it is changed, by one at a time.
///
/// The layers of the next generation are opened before it is made current. So whatever fails, the
/// layers that were served are served on, and what is served is what a restart would serve. Safe
/// for concurrent use.
class ServedDepot {
public:
    using Turn = TurnQueue::Turn;

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

    /// The right to change the depot. While it is held, what is current stays. Throws what
    /// TurnQueue throws.
    Turn wait_for_turn() { return turns_.wait(); }

    /// What is served at this moment; reads nothing.
    Generation served() const { return layers_.acquire()->served(depot_.root())->generation(); }

    /// What is served, kept from being pruned.
    struct Snapshot {
        Generation generation{};
        std::optional<GenerationLease> lease{};  ///< nothing: the file of the generation is lost
    };
    Snapshot snapshot() const;

    /// What is current; reads only what is not served already. REQUIRES: the turn.
    Generation current() const;

    /// A state that is served since a moment, and the one before it.
    struct Switch {
        std::uint64_t generation = 0;
        std::uint64_t previous = 0;
        std::future<void> drained{};  ///< not valid where the state is the one before
        std::chrono::steady_clock::time_point at{};
        std::optional<Error> failure{};  ///< it is current and served, but perhaps not durable
    };

    /// Have `prepare` write or find another generation that is there, whole, make it current and
    /// serve it. `repaired` are files that `prepare` has put others in the place of, to be read
    /// whether or not it has succeeded. What fails on our own disk is `io` or `no_space`, whatever
    /// the code says to others. REQUIRES: the turn.
    Switch switch_by(const std::function<Generation()>& prepare,
                     const std::vector<std::filesystem::path>& repaired = {});

    /// Wait until the state before has drained, or the time is up. The turn is best given back
    /// before: the next change does not depend on who still reads that state.
    Drain await(const Switch& made) const;

    /// End everything that has not begun to commit, now and from now on, with `interrupted`.
    /// Returns at once.
    void stop() {
        is_stopped_ = true;
        turns_.stop();
    }
    const std::atomic<bool>& is_stopped() const { return is_stopped_; }

private:
    bool is_current(std::uint64_t number) const;
    void discard(const std::vector<std::filesystem::path>& changed);

    FileOps& files_;
    const Depot& depot_;
    sqlite::MbtilesPool& pool_;
    Live<LayerSet>& layers_;
    std::chrono::milliseconds drain_timeout_;
    std::atomic<bool> is_stopped_ = false;
    TurnQueue turns_;
};

/// What a failure of our own disk is to a client: not its mistake.
Error as_server_failure(const std::exception& error);

/// What `work` gives, which uses our own disk only.
template <typename Work>
auto or_server_failure(const Work& work) {
    try {
        return work();
    } catch (const std::exception& error) {
        throw as_server_failure(error);
    }
}

}  // namespace offgrid
