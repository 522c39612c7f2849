#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {

template <typename Handle>
class Pool;

/// A handle of a Pool that is in use. Gives it back when destroyed.
template <typename Handle>
class PoolLease {
public:
    PoolLease(PoolLease&& other) noexcept
        : pool_{std::exchange(other.pool_, nullptr)},
          path_{std::move(other.path_)},
          handle_{std::move(other.handle_)},
          asked_at_{other.asked_at_},
          is_discarded_{other.is_discarded_} {}
    PoolLease& operator=(PoolLease&&) = delete;
    PoolLease(const PoolLease&) = delete;
    PoolLease& operator=(const PoolLease&) = delete;
    ~PoolLease() {
        if (pool_ != nullptr) {
            const bool has_failed = std::uncaught_exceptions() > exceptions_;
            pool_->give_back(std::move(path_), std::move(handle_), asked_at_,
                             has_failed || is_discarded_);
        }
    }

    Handle& operator*() const { return *handle_; }
    Handle* operator->() const { return handle_.get(); }

    /// Have the handle closed instead of kept: it shows a file that is no longer there.
    void discard() { is_discarded_ = true; }

private:
    friend Pool<Handle>;
    PoolLease(Pool<Handle>& pool, std::string path, std::unique_ptr<Handle> handle,
              std::uint64_t asked_at)
        : pool_{&pool}, path_{std::move(path)}, handle_{std::move(handle)}, asked_at_{asked_at} {}

    Pool<Handle>* pool_;
    std::string path_;
    std::unique_ptr<Handle> handle_;
    std::uint64_t asked_at_;  // after so many discards of the pool
    bool is_discarded_ = false;
    int exceptions_ = std::uncaught_exceptions();
};

/// A claim on files of a Pool by a store that may open them. When the last claim on a file is gone,
/// so are its handles.
template <typename Handle>
class PoolHold {
public:
    PoolHold() = default;
    PoolHold(PoolHold&& other) noexcept
        : pool_{std::exchange(other.pool_, nullptr)}, paths_{std::move(other.paths_)} {}
    PoolHold& operator=(PoolHold&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(paths_, other.paths_);
        return *this;
    }
    PoolHold(const PoolHold&) = delete;
    PoolHold& operator=(const PoolHold&) = delete;
    ~PoolHold() {
        if (pool_ != nullptr) {
            pool_->release(paths_);
        }
    }

private:
    friend Pool<Handle>;
    PoolHold(Pool<Handle>& pool, std::vector<std::string> paths)
        : pool_{&pool}, paths_{std::move(paths)} {}

    Pool<Handle>* pool_ = nullptr;
    std::vector<std::string> paths_;
};

}  // namespace offgrid
