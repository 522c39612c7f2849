#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace offgrid {

/// The current state of something that is replaced while it is being read, such as the layers of a
/// depot.
///
/// A reader takes a lease and works on what it leased, however long; a writer installs the next
/// state at once. Nothing waits for anything: no lock is held while a lease is out. A state is
/// destroyed when it is no longer current and its last lease is gone, on the thread that gave up
/// that lease. Safe for concurrent use.
template <typename T>
class Live {
public:
    using Lease = std::shared_ptr<const T>;
    using Clock = std::chrono::steady_clock;

    /// A state that is no longer current but still leased.
    struct Draining {
        std::optional<std::uint64_t> generation{};  ///< of a state that has such a number
        std::size_t leases = 0;
        Clock::time_point since{};
    };
    struct Statistics {
        std::size_t leases = 0;  ///< of the current state
        std::uint64_t swaps = 0;
        std::uint64_t drains = 0;          ///< earlier states that have ended
        Clock::duration drain_time{0};     ///< of these, added up: from the swap to the end
        std::vector<Draining> draining{};  ///< oldest first
    };

    explicit Live(std::unique_ptr<const T> first) : current_{make_state(std::move(first))} {}

    /// Pin the current state. Never null.
    Lease acquire() const {
        const std::lock_guard lock{mutex_};
        return current_.lease;
    }

    /// Make `next` current. The future is ready when the previous state has been destroyed:
    /// drained.
    std::future<void> swap(std::unique_ptr<const T> next) {
        auto state = make_state(std::move(next));
        {
            const std::lock_guard lock{mutex_};
            std::erase_if(previous_, [](const Previous& known) { return known.state.expired(); });
            const auto now = Clock::now();
            current_.end->replaced = now;
            previous_.push_back({current_.lease, generation_of(*current_.lease), now});
            std::swap(current_, state);
            ++swaps_;
        }
        auto drained = state.end->drained.get_future();
        state.lease.reset();  // outside the lock: what was current may end here
        return drained;
    }

    /// Who uses what at this moment. Leases are counted where they are: neither taking one nor
    /// counting them costs anything for it.
    Statistics statistics() const {
        Statistics found;
        {
            const std::lock_guard lock{mutex_};
            found.leases = static_cast<std::size_t>(std::max(0L, current_.lease.use_count() - 1));
            found.swaps = swaps_;
            for (const auto& previous : previous_) {
                const auto leases = previous.state.use_count();
                if (leases > 0) {
                    found.draining.push_back(
                        {previous.generation, static_cast<std::size_t>(leases), previous.since});
                }
            }
        }
        const std::lock_guard lock{ended_->mutex};
        found.drains = ended_->drains;
        found.drain_time = ended_->drain_time;
        return found;
    }

private:
    /// All states that have ended. It outlives this object where leases do.
    struct Ended {
        std::mutex mutex;  // guards all below
        std::uint64_t drains = 0;
        Clock::duration drain_time{0};
    };

    /// What becomes of one state.
    struct End {
        std::promise<void> drained{};
        std::optional<Clock::time_point> replaced{};  // set while the state is still leased here
    };

    struct State {
        Lease lease;
        std::shared_ptr<End> end;
    };

    struct Previous {
        std::weak_ptr<const T> state;
        std::optional<std::uint64_t> generation;
        Clock::time_point since;
    };

    static std::optional<std::uint64_t> generation_of(const T& state) {
        if constexpr (requires { state.generation(); }) {
            return state.generation();
        } else {
            return std::nullopt;
        }
    }

    State make_state(std::unique_ptr<const T> state) {
        auto end = std::make_shared<End>();
        return {Lease{state.release(),
                      [end, ended = ended_](const T* drained) {
                          std::default_delete<const T>{}(drained);
                          if (end->replaced) {
                              const std::lock_guard lock{ended->mutex};
                              ++ended->drains;
                              ended->drain_time += Clock::now() - *end->replaced;
                          }
                          end->drained.set_value();
                      }},
                end};
    }

    std::shared_ptr<Ended> ended_ = std::make_shared<Ended>();
    mutable std::mutex mutex_;  // guards all below
    State current_;
    std::vector<Previous> previous_;
    std::uint64_t swaps_ = 0;
};

}  // namespace offgrid
