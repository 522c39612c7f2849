#pragma once

#include <future>
#include <memory>
#include <mutex>
#include <utility>

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

    explicit Live(std::unique_ptr<const T> first) { install(std::move(first)); }

    /// Pin the current state. Never null.
    Lease acquire() const {
        const std::lock_guard lock{mutex_};
        return current_;
    }

    /// Make `next` current. The future is ready when the previous state has been destroyed:
    /// drained.
    std::future<void> swap(std::unique_ptr<const T> next) {
        auto [previous, drained] = install(std::move(next));
        previous.reset();
        return std::move(drained);
    }

private:
    std::pair<Lease, std::future<void>> install(std::unique_ptr<const T> next) {
        auto destroyed = std::make_shared<std::promise<void>>();
        auto drained_next = destroyed->get_future();
        Lease lease{next.release(), [destroyed](const T* state) {
                        std::default_delete<const T>{}(state);
                        destroyed->set_value();
                    }};
        const std::lock_guard lock{mutex_};
        std::swap(current_, lease);
        std::swap(drained_, drained_next);
        return {std::move(lease), std::move(drained_next)};
    }

    mutable std::mutex mutex_;
    Lease current_;
    std::future<void> drained_;
};

}  // namespace offgrid
