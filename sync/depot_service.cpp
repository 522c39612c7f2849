#include "sync/depot_service.h"

#include "formats/base/error.h"
#include "sync/background.h"

#include <fmt/format.h>

namespace offgrid {

RollbackReport DepotService::rollback(std::optional<std::uint64_t> to, AuditEntry audit) {
    run_in_background();
    auto turn = served_.wait_for_turn();
    const auto number = target_of(to);
    audit.action = "rollback";
    const auto made = recorded(audit_, audit, [&] {
        auto switched =
            served_.switch_by([&] { return served_.depot().load_kept(number, served_.current()); });
        audit.generation = switched.generation;
        if (switched.failure) {
            throw Error{*switched.failure};
        }
        return switched;
    });
    RollbackReport report{.generation = made.generation, .previous = made.previous};
    turn.give_back();
    report.drain = served_.await(made);
    return report;
}

/// The generation to go back to. Throws `not_found` for one that is not kept.
std::uint64_t DepotService::target_of(std::optional<std::uint64_t> to) const {
    const auto& depot = served_.depot();
    if (to && !or_server_failure([&] { return depot.keeps(*to); })) {
        throw Error{Errc::not_found, fmt::format("the depot keeps no generation {}", *to)};
    }
    const auto number = to ? to : or_server_failure([&] { return depot.previous_number(); });
    if (!number) {
        throw Error{Errc::not_found, "the depot keeps no generation before the current one"};
    }
    return *number;
}

PruneReport DepotService::prune(std::size_t keep, PruneMode mode, AuditEntry audit) {
    run_in_background();
    if (keep == 0) {
        throw Error{Errc::invalid_argument, "at least the current generation is kept"};
    }
    const auto turn = served_.wait_for_turn();
    const auto prune_or_look = [&] {
        return or_server_failure(
            [&] { return offgrid::prune(served_.files(), served_.depot(), keep, mode); });
    };
    if (mode == PruneMode::look) {
        return prune_or_look();
    }
    audit.action = "prune";
    return recorded(audit_, audit, [&] {
        auto report = prune_or_look();
        audit.outcome = fmt::format("done: pruned {} generations, {} files, {} bytes",
                                    report.removed.size(), report.files, report.bytes);
        return report;
    });
}

DepotStatus DepotService::status() const {
    const auto states = served_.layers().statistics();
    DepotStatus status;
    status.generation = or_server_failure([&] { return served_.depot().current_number(); });
    status.leases = states.leases;
    const auto now = Live<LayerSet>::Clock::now();
    for (const auto& state : states.draining) {
        status.draining.push_back(
            {state.generation.value_or(0), state.leases,
             std::chrono::duration_cast<std::chrono::milliseconds>(now - state.since)});
    }
    status.files = served_.pool().statistics();
    return status;
}

}  // namespace offgrid
