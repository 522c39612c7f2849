#pragma once

#include "formats/base/error.h"
#include "serve/store_opener.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

namespace offgrid {

/// A store that was found, opened when somebody asks for it first, once. Safe for concurrent use;
/// who asks while it is being opened waits. What it is opened through is not owned and outlives it.
class ServedStore {
public:
    /// What came of opening it.
    struct Outcome {
        PathLayers layers{};
        std::optional<Error> failure{};  ///< then there are no layers
    };

    /// `before`: the generation of the depot that is served until now; may be null.
    ServedStore(FoundStore found, const StorePools& pools, Log log,
                std::shared_ptr<const ServedGeneration> before = nullptr);

    /// The same store, to be opened again.
    static std::shared_ptr<ServedStore> another_try(const ServedStore& failed);

    const FoundStore& found() const { return found_; }

    /// Open it, if nobody has. Does not throw.
    const Outcome& open();

    /// Null as long as nobody has opened it.
    const Outcome* outcome() const { return is_open_.load() ? &outcome_ : nullptr; }

    /// Whether it failed in a way that may be over later though the file stays the same: what was
    /// needed was in use, or the system failed.
    bool has_failed_for_now() const;

    /// Whether it failed as it did at the try before.
    bool has_failed_again() const;

private:
    void try_to_open();

    const FoundStore found_;
    const StorePools pools_;
    const Log log_;
    std::shared_ptr<const ServedGeneration> before_;
    std::string failed_before_;  // how, at the try before; empty: it is the first
    std::once_flag once_;
    std::atomic<bool> is_open_{false};
    Outcome outcome_;  // constant once it is open
};

/// Open all of the stores, several at a time, until the time is over: then the others stay as they
/// are. At least one is opened.
void open_stores(const std::vector<std::shared_ptr<ServedStore>>& stores,
                 std::chrono::steady_clock::time_point end, unsigned threads);

/// Why a store is not served, for clients: nothing in it comes from the store or from this machine.
/// REQUIRES: it was opened, and that failed.
std::string reason_for_clients(const ServedStore& store);

}  // namespace offgrid
