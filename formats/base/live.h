#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <tuple>
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
        Lease state;             ///< one lease more, not counted; to tell which state it is
        std::size_t leases = 0;  ///< besides that one
        Clock::time_point since{};
    };
    struct Statistics {
        std::size_t leases = 0;  ///< of the current state
        std::uint64_t swaps = 0;
        std::vector<Draining> draining{};  ///< oldest first
    };

    explicit Live(std::unique_ptr<const T> first) {
        std::tie(current_, drained_) = make_lease(std::move(first));
    }

    /// Pin the current state. Never null.
    Lease acquire() const {
        const std::lock_guard lock{mutex_};
        return current_;
    }

    /// Make `next` current. The future is ready when the previous state has been destroyed:
    /// drained.
    std::future<void> swap(std::unique_ptr<const T> next) {
        auto [lease, drained] = make_lease(std::move(next));
        {
            const std::lock_guard lock{mutex_};
            std::erase_if(previous_, [](const Previous& known) { return known.state.expired(); });
            previous_.push_back({current_, Clock::now()});
            std::swap(current_, lease);
            std::swap(drained_, drained);
            ++swaps_;
        }
        lease.reset();  // outside the lock: what was current may end here
        return std::move(drained);
    }

    /// Who uses what at this moment. Leases are counted where they are: taking one costs nothing
    /// for it. A state may end with the statistics, on the thread that asked for them.
    Statistics statistics() const {
        Statistics found;
        {
            const std::lock_guard lock{mutex_};
            found.leases = leases_besides_one(current_);
            found.swaps = swaps_;
            for (const auto& previous : previous_) {
                if (auto state = previous.state.lock()) {
                    const auto leases = leases_besides_one(state);
                    found.draining.push_back({std::move(state), leases, previous.since});
                }
            }
        }
        std::erase_if(found.draining, [](const Draining& state) { return state.leases == 0; });
        return found;
    }

private:
    struct Previous {
        std::weak_ptr<const T> state;
        Clock::time_point since;
    };

    static std::size_t leases_besides_one(const Lease& lease) {
        return static_cast<std::size_t>(std::max(0L, lease.use_count() - 1));
    }

    static std::pair<Lease, std::future<void>> make_lease(std::unique_ptr<const T> state) {
        auto destroyed = std::make_shared<std::promise<void>>();
        auto drained = destroyed->get_future();
        return {Lease{state.release(),
                      [destroyed](const T* ended) {
                          std::default_delete<const T>{}(ended);
                          destroyed->set_value();
                      }},
                std::move(drained)};
    }

    mutable std::mutex mutex_;  // guards all below
    Lease current_;
    std::future<void> drained_;  // of the current state
    std::vector<Previous> previous_;
    std::uint64_t swaps_ = 0;
};

}  // namespace offgrid
