#pragma once

#include "formats/package/depot.h"
#include "formats/package/prune.h"
#include "sync/audit.h"
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
/// of the replaces. What is damaged in the depot is `io`: not the client's mistake. Safe for
/// concurrent use.
class DepotService {
public:
    /// Neither the depot nor the audit log is owned.
    DepotService(ServedDepot& served, AuditLog& audit) : served_{served}, audit_{audit} {}

    /// Make a kept generation current, by default the one before the current one; serve it, drain
    /// and report. Throws `not_found` for one that is not kept. `audit` says who wants it, from
    /// where; the rest is filled in and recorded before the next change has its turn.
    RollbackReport rollback(std::optional<std::uint64_t> to, AuditEntry audit);

    /// What the depot keeps, oldest first.
    std::vector<KeptGeneration> generations(const GenerationWindow& window) const {
        return or_server_failure([&] { return served_.depot().generations(window); });
    }

    /// Remove all but so many generations, and the files that only those had. What is still read is
    /// kept. Throws `invalid_argument` for 0. `audit` as of a rollback.
    PruneReport prune(std::size_t keep, PruneMode mode, AuditEntry audit);

    DepotStatus status() const;

private:
    std::uint64_t target_of(std::optional<std::uint64_t> to) const;

    ServedDepot& served_;
    AuditLog& audit_;
};

}  // namespace offgrid
