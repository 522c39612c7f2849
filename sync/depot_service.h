#pragma once

#include "formats/package/depot.h"
#include "formats/package/prune.h"
#include "sync/drain.h"
#include "sync/served_depot.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace offgrid {

/// What a rollback did.
struct RollbackReport {
    std::uint64_t generation = 0;  ///< that is current since
    std::uint64_t previous = 0;    ///< that was before
    Drain drain{};                 ///< of the one before
};

/// A served depot at one moment.
struct DepotStatus {
    struct Draining {
        std::uint64_t generation = 0;
        std::size_t leases = 0;
        std::chrono::milliseconds since{0};
    };

    std::uint64_t generation = 0;
    std::size_t leases = 0;  ///< requests that use it now
    std::vector<Draining> draining{};
    PoolStatistics files{};
};

/// Goes back to earlier generations of a depot that is served, lists and prunes them, in the turn
/// of the replaces. Safe for concurrent use.
class DepotService {
public:
    /// The depot is not owned.
    explicit DepotService(ServedDepot& served) : served_{served} {}

    /// Make a kept generation current, by default the one before the current one; serve it, drain
    /// and report. Throws `not_found` for one that is not kept.
    RollbackReport rollback(std::optional<std::uint64_t> to);

    /// What the depot keeps, oldest first.
    std::vector<KeptGeneration> generations() const { return served_.depot().generations(); }

    /// Remove all but so many generations, and the files that only those had. What is still read is
    /// kept. Throws `invalid_argument` for 0.
    PruneReport prune(std::size_t keep, PruneMode mode);

    DepotStatus status() const;

private:
    ServedDepot& served_;
};

}  // namespace offgrid
