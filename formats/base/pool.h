#pragma once

#include "formats/base/error.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace offgrid {

/// Open handles of many files, such as SQLite connections, under one hard cap.
///
/// A handle is used by one caller at a time and goes back to the pool with its lease; one that is
/// given back by an exception is closed instead, so that a file that was damaged is opened anew.
/// When the cap is reached, the handle that has been idle longest is closed; when none is idle,
/// `acquire` waits, and after the deadline throws `Errc::busy`. Opening and closing happen outside
/// the lock. Safe for concurrent use. The pool outlives its leases and holds.
template <typename Handle>
class Pool {
public:
    using Open = std::function<std::unique_ptr<Handle>(const std::string& path)>;

    /// A handle that is in use. Gives it back when destroyed.
    class Lease {
    public:
        Lease(Lease&& other) noexcept
            : pool_{std::exchange(other.pool_, nullptr)},
              path_{std::move(other.path_)},
              handle_{std::move(other.handle_)},
              is_discarded_{other.is_discarded_} {}
        Lease& operator=(Lease&&) = delete;
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease() {
            if (pool_ != nullptr) {
                const bool has_failed = std::uncaught_exceptions() > exceptions_;
                pool_->give_back(std::move(path_), std::move(handle_), has_failed || is_discarded_);
            }
        }

        Handle& operator*() const { return *handle_; }
        Handle* operator->() const { return handle_.get(); }

        /// Have the handle closed instead of kept: it shows a file that is no longer there.
        void discard() { is_discarded_ = true; }

    private:
        friend class Pool;
        Lease(Pool& pool, std::string path, std::unique_ptr<Handle> handle)
            : pool_{&pool}, path_{std::move(path)}, handle_{std::move(handle)} {}

        Pool* pool_;
        std::string path_;
        std::unique_ptr<Handle> handle_;
        bool is_discarded_ = false;
        int exceptions_ = std::uncaught_exceptions();
    };

    /// A claim on files by a store that may open them. When the last claim on a file is gone, so
    /// are its handles.
    class Hold {
    public:
        Hold() = default;
        Hold(Hold&& other) noexcept
            : pool_{std::exchange(other.pool_, nullptr)}, paths_{std::move(other.paths_)} {}
        Hold& operator=(Hold&& other) noexcept {
            std::swap(pool_, other.pool_);
            std::swap(paths_, other.paths_);
            return *this;
        }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        ~Hold() {
            if (pool_ != nullptr) {
                pool_->release(paths_);
            }
        }

    private:
        friend class Pool;
        Hold(Pool& pool, std::vector<std::string> paths) : pool_{&pool}, paths_{std::move(paths)} {}

        Pool* pool_ = nullptr;
        std::vector<std::string> paths_;
    };

    struct Statistics {
        std::size_t open = 0;       ///< handles open now, idle and in use
        std::size_t idle = 0;       ///< of these, not in use
        std::size_t waiting = 0;    ///< callers that wait for a handle now
        std::size_t evictions = 0;  ///< idle handles closed to make room, since the start
    };

    /// Which handles stay open when they are given back: those of files that a store holds, or
    /// all, where stores learn the names of their files only by and by.
    enum class Keep { held, all };

    /// REQUIRES: capacity > 0.
    Pool(std::size_t capacity, Open open, Keep keep = Keep::held)
        : capacity_{capacity}, open_handle_{std::move(open)}, keep_{keep} {}
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() = default;

    Hold hold(std::vector<std::string> paths) {
        const std::lock_guard lock{mutex_};
        for (const auto& path : paths) {
            ++holds_[path];
        }
        return Hold{*this, std::move(paths)};
    }

    /// A handle of the file, idle or newly opened. Throws `busy` after the deadline, and what
    /// opening throws.
    Lease acquire(const std::string& path, std::chrono::milliseconds timeout) {
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        std::unique_ptr<Handle> evicted;  // closed after the lock is gone
        {
            std::unique_lock lock{mutex_};
            for (;;) {
                if (auto idle = take_idle(path)) {
                    return Lease{*this, path, std::move(idle)};
                }
                if (open_ < capacity_) {
                    ++open_;
                    break;
                }
                if (!idle_.empty()) {
                    evicted = take_oldest();
                    ++evictions_;
                    break;  // its place in the count goes to the new handle
                }
                ++waiting_;
                const auto outcome = changed_.wait_until(lock, deadline);
                --waiting_;
                if (outcome == std::cv_status::timeout && idle_.empty() && open_ >= capacity_) {
                    throw Error{Errc::busy,
                                fmt::format("all {} file handles are in use", capacity_)};
                }
            }
        }
        evicted.reset();
        return Lease{*this, path, open_or_return_place(path)};
    }

    /// Close the idle handles of the files that the predicate names. It is called under the lock
    /// and must not use the pool.
    template <typename Predicate>
    void close_idle(const Predicate& is_wanted) {
        std::vector<std::unique_ptr<Handle>> closing;
        {
            const std::lock_guard lock{mutex_};
            for (auto place = idle_.begin(); place != idle_.end();) {
                const auto next = std::next(place);
                if (is_wanted(place->path)) {
                    closing.push_back(take(place));
                }
                place = next;
            }
        }
        const auto closed = closing.size();
        closing.clear();
        return_places(closed);
    }

    /// The same at a cost that depends on these files only.
    void close_idle_of(const std::vector<std::string>& paths) {
        std::vector<std::unique_ptr<Handle>> closing;
        {
            const std::lock_guard lock{mutex_};
            for (const auto& path : paths) {
                while (auto handle = take_idle(path)) {
                    closing.push_back(std::move(handle));
                }
            }
        }
        const auto closed = closing.size();
        closing.clear();
        return_places(closed);
    }

    Statistics statistics() const {
        const std::lock_guard lock{mutex_};
        return {open_, idle_.size(), waiting_, evictions_};
    }

private:
    struct Idle {
        std::string path;
        std::unique_ptr<Handle> handle;
    };
    using IdleList = std::list<Idle>;  // least recently used first

    std::unique_ptr<Handle> take(typename IdleList::iterator place) {
        auto& of_path = idle_by_path_[place->path];
        std::erase(of_path, place);
        if (of_path.empty()) {
            idle_by_path_.erase(place->path);
        }
        auto handle = std::move(place->handle);
        idle_.erase(place);
        return handle;
    }

    std::unique_ptr<Handle> take_idle(const std::string& path) {
        const auto found = idle_by_path_.find(path);
        return found == idle_by_path_.end() ? nullptr : take(found->second.back());
    }

    std::unique_ptr<Handle> take_oldest() { return take(idle_.begin()); }

    std::unique_ptr<Handle> open_or_return_place(const std::string& path) {
        try {
            return open_handle_(path);
        } catch (...) {
            return_places(1);
            throw;
        }
    }

    void give_back(std::string path, std::unique_ptr<Handle> handle, bool is_spent) {
        {
            const std::lock_guard lock{mutex_};
            if (!is_spent && (keep_ == Keep::all || holds_.contains(path))) {
                idle_.push_back({path, std::move(handle)});
                idle_by_path_[std::move(path)].push_back(std::prev(idle_.end()));
            }
        }
        if (handle) {  // it failed, or nobody will ask for this file again
            handle.reset();
            return_places(1);
        }
        changed_.notify_one();
    }

    /// Let others have the places of handles that are closed.
    void return_places(std::size_t count) {
        {
            const std::lock_guard lock{mutex_};
            open_ -= count;
        }
        changed_.notify_all();
    }

    void release(const std::vector<std::string>& paths) {
        std::vector<std::unique_ptr<Handle>> closing;
        {
            const std::lock_guard lock{mutex_};
            for (const auto& path : paths) {
                const auto held = holds_.find(path);
                if (--held->second > 0) {
                    continue;
                }
                holds_.erase(held);
                while (auto handle = take_idle(path)) {
                    closing.push_back(std::move(handle));
                }
            }
        }
        const auto closed = closing.size();
        closing.clear();
        return_places(closed);
    }

    const std::size_t capacity_;
    const Open open_handle_;
    const Keep keep_;

    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    IdleList idle_;
    std::unordered_map<std::string, std::vector<typename IdleList::iterator>> idle_by_path_;
    std::unordered_map<std::string, std::size_t> holds_;
    std::size_t open_ = 0;
    std::size_t waiting_ = 0;
    std::size_t evictions_ = 0;
};

}  // namespace offgrid
