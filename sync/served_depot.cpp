#include "sync/served_depot.h"

#include "serve/open_layers.h"

#include <utility>

namespace offgrid {
namespace {

using Clock = std::chrono::steady_clock;

std::size_t leases_on(std::uint64_t generation, const Live<LayerSet>::Statistics& states) {
    std::size_t leases = 0;
    for (const auto& draining : states.draining) {
        leases += draining.generation == generation ? draining.leases : 0;
    }
    return leases;
}

}  // namespace

Error as_server_failure(const std::exception& error) {
    const auto* const known = dynamic_cast<const Error*>(&error);
    const bool is_full = known != nullptr && known->code() == Errc::no_space;
    return Error{is_full ? Errc::no_space : Errc::io, error.what()};
}

ServedDepot::Snapshot ServedDepot::snapshot() const {
    for (;;) {
        auto generation = served();
        try {
            GenerationLease lease{depot_, generation.number};
            return {std::move(generation), std::move(lease)};
        } catch (const Error& error) {
            if (served().number == generation.number) {
                throw as_server_failure(error);
            }
            // pruned since: look again
        }
    }
}

Generation ServedDepot::current() const {
    try {
        return current_generation(depot_, *layers_.acquire());
    } catch (const Error& error) {
        throw as_server_failure(error);
    }
}

ServedDepot::Switch ServedDepot::switch_by(const std::function<Prepared()>& prepare) {
    try {
        const auto before = layers_.acquire();
        const auto [generation, repaired] = prepare();
        std::vector<std::string> stale;
        for (const auto& path : repaired) {
            stale.push_back(path.string());
        }
        pool_.discard(stale);
        Switch made{.generation = generation.number,
                    .previous = before->generation().value_or(generation.number),
                    .at = Clock::now()};
        if (made.generation == made.previous) {
            depot_.make_current(files_, made.generation);
            return made;
        }
        auto next = open_generation(depot_, generation, pool_, before.get());
        try {
            depot_.make_current(files_, made.generation);
        } catch (const std::exception& error) {
            if (!is_current(made.generation)) {
                throw;
            }
            made.failure = as_server_failure(error);  // serve what a restart would serve
        }
        made.at = Clock::now();
        made.drained = layers_.swap(std::move(next));
        return made;
    } catch (const std::exception& error) {
        throw as_server_failure(error);
    }
}

Drain ServedDepot::await(const Switch& made) const {
    Drain drain{.is_complete = true};
    if (!made.drained.valid()) {
        return drain;
    }
    drain.is_complete = made.drained.wait_for(drain_timeout_) == std::future_status::ready;
    drain.waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - made.at);
    if (!drain.is_complete) {
        drain.leases = leases_on(made.previous, layers_.statistics());
    }
    return drain;
}

bool ServedDepot::is_current(std::uint64_t number) const {
    try {
        return depot_.current_number() == number;
    } catch (const Error&) {
        return false;  // nobody can tell: what was served is served on
    }
}

}  // namespace offgrid
