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
            if (served().number != generation.number) {
                continue;  // pruned since: look again
            }
            if (error.code() != Errc::not_found) {
                throw as_server_failure(error);
            }
            return {std::move(generation), {}};  // the next change writes another file
        }
    }
}

Generation ServedDepot::current() const {
    return or_server_failure([&] { return current_generation(depot_, *layers_.acquire()); });
}

ServedDepot::Switch ServedDepot::switch_by(const std::function<Generation()>& prepare,
                                           const std::vector<std::filesystem::path>& repaired) {
    return or_server_failure([&] {
        const auto before = layers_.acquire();
        Generation generation;
        try {
            generation = prepare();
        } catch (const std::exception&) {
            discard(repaired);
            throw;
        }
        discard(repaired);
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
    });
}

/// Let nobody read what files were before.
void ServedDepot::discard(const std::vector<std::filesystem::path>& changed) {
    std::vector<std::string> paths;
    for (const auto& path : changed) {
        paths.push_back(path.string());
    }
    pool_.discard(paths);
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
