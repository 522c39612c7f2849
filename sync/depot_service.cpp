#include "sync/depot_service.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {

RollbackReport DepotService::rollback(std::optional<std::uint64_t> to) {
    auto turn = served_.wait_for_turn();
    const auto& depot = served_.depot();
    if (!to) {
        to = depot.previous_number();
        if (!to) {
            throw Error{Errc::not_found, "the depot keeps no generation before the current one"};
        }
    }
    if (const auto kept = depot.generations();
        std::ranges::find(kept, *to, &KeptGeneration::number) == kept.end()) {
        throw Error{Errc::not_found, fmt::format("the depot keeps no generation {}", *to)};
    }
    const auto made =
        served_.switch_by([&] { return depot.switch_to(served_.files(), *to, served_.current()); });
    turn.unlock();
    return {made.generation, made.previous, served_.await(made)};
}

PruneReport DepotService::prune(std::size_t keep, PruneMode mode) {
    if (keep == 0) {
        throw Error{Errc::invalid_argument, "at least the current generation is kept"};
    }
    const auto turn = served_.wait_for_turn();
    return offgrid::prune(served_.files(), served_.depot(), keep, mode);
}

DepotStatus DepotService::status() const {
    const auto states = served_.layers().statistics();
    DepotStatus status;
    status.generation = served_.depot().current_number();
    status.leases = states.leases;
    const auto now = Live<LayerSet>::Clock::now();
    for (const auto& state : states.draining) {
        status.draining.push_back(
            {state.state->generation().value_or(0), state.leases,
             std::chrono::duration_cast<std::chrono::milliseconds>(now - state.since)});
    }
    status.files = served_.pool().statistics();
    return status;
}

}  // namespace offgrid
