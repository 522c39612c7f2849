#include "serve/drain_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace offgrid {
namespace {

std::string name_of(const Live<LayerSet>::Draining& state) {
    return state.generation ? fmt::format("generation {}", *state.generation)
                            : std::string{"an earlier state"};
}

double seconds(std::chrono::steady_clock::duration time) {
    return std::chrono::duration<double>{time}.count();
}

}  // namespace

DrainLog::DrainLog(const Live<LayerSet>& layers, std::chrono::milliseconds timeout, Log log,
                   std::chrono::milliseconds interval)
    : layers_{layers}, timeout_{timeout}, log_{std::move(log)}, ticker_{interval, [this] {
                                                                            look();
                                                                        }} {}

void DrainLog::look() {
    const auto draining = layers_.statistics().draining;
    const auto now = Clock::now();
    std::erase_if(overdue_, [&](const Overdue& known) {
        const bool is_drained = std::ranges::none_of(
            draining, [&](const auto& state) { return state.since == known.since; });
        if (is_drained) {
            log_(fmt::format("{} has drained after {:.1f} s", known.name,
                             seconds(now - known.since)));
        }
        return is_drained;
    });
    for (const auto& state : draining) {
        const bool is_known = std::ranges::any_of(
            overdue_, [&](const Overdue& known) { return known.since == state.since; });
        if (!is_known && now - state.since >= timeout_) {
            overdue_.push_back({name_of(state), state.since});
            log_(fmt::format("{} is still used, draining for {:.1f} s, leases: {}; its files stay",
                             overdue_.back().name, seconds(now - state.since), state.leases));
        }
    }
}

}  // namespace offgrid
