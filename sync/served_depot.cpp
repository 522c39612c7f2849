#include "sync/served_depot.h"

#include "formats/base/error.h"
#include "serve/open_layers.h"
#include "sync/interruptible_file_ops.h"

#include <utility>

namespace offgrid {
namespace {

using Clock = std::chrono::steady_clock;

/// A change ahead may have gigabytes to verify.
constexpr std::chrono::minutes turn_timeout{15};

/// How soon one who waits for the turn notices that the service is stopped.
constexpr std::chrono::milliseconds stop_interval{100};

/// What a failure of our own disk is to the client: not its mistake.
Error as_server_failure(const Error& error) {
    return error.code() == Errc::no_space ? error : Error{Errc::io, error.what()};
}

std::size_t leases_on(std::uint64_t generation, const Live<LayerSet>::Statistics& states) {
    std::size_t leases = 0;
    for (const auto& draining : states.draining) {
        leases += draining.state->generation() == generation ? draining.leases : 0;
    }
    return leases;
}

}  // namespace

ServedDepot::Turn ServedDepot::wait_for_turn() {
    const auto deadline = Clock::now() + turn_timeout;
    Turn turn{turn_, std::defer_lock};
    do {
        check_not_stopped(is_stopped_);
        if (Clock::now() >= deadline) {
            throw Error{Errc::busy, "another change of the depot has not ended yet"};
        }
    } while (!turn.try_lock_for(stop_interval));
    return turn;
}

Generation ServedDepot::current() const {
    return current_generation(depot_, *layers_.acquire());
}

ServedDepot::Switch ServedDepot::switch_by(const std::function<Generation()>& commit) {
    const auto before = depot_.current_number();
    try {
        const auto generation = commit();
        auto drained =
            layers_.swap(open_generation(depot_, generation, pool_, layers_.acquire().get()));
        return {generation.number, before, std::move(drained), Clock::now()};
    } catch (const Error& error) {
        serve_current_unless(before);
        throw as_server_failure(error);
    } catch (...) {
        serve_current_unless(before);
        throw;
    }
}

Drain ServedDepot::await(const Switch& made) const {
    Drain drain;
    drain.is_complete = made.drained.wait_for(drain_timeout_) == std::future_status::ready;
    drain.waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - made.at);
    if (!drain.is_complete) {
        drain.leases = leases_on(made.previous, layers_.statistics());
    }
    return drain;
}

void ServedDepot::serve_current_unless(std::uint64_t served) {
    // The last step of a commit may fail when the switch is made already. Serve what a restart
    // would serve.
    if (depot_.current_number() != served) {
        layers_.swap(open_generation(depot_, current(), pool_, layers_.acquire().get()));
    }
}

}  // namespace offgrid
