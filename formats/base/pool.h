#pragma once

#include "formats/base/descriptor_limit.h"
#include "formats/base/error.h"
#include "formats/base/idle_handles.h"
#include "formats/base/pool_lease.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace offgrid {

/// What a Pool does now and has done since it was made.
struct PoolStatistics {
    std::size_t open = 0;       ///< handles open now, idle and in use
    std::size_t idle = 0;       ///< of these, not in use
    std::size_t waiting = 0;    ///< callers that wait for a handle now
    std::size_t evictions = 0;  ///< idle handles closed to make room, since the start
    std::size_t reaped = 0;     ///< idle handles closed by `reap`, since the start

    /// What both do together.
    PoolStatistics& operator+=(const PoolStatistics& other) {
        open += other.open;
        idle += other.idle;
        waiting += other.waiting;
        evictions += other.evictions;
        reaped += other.reaped;
        return *this;
    }
};

/// Open handles of many files, such as SQLite connections, under one hard cap.
///
/// A handle is used by one caller at a time and goes back to the pool with its lease; one that is
/// given back by an exception is closed instead, so that a file that was damaged is opened anew.
/// When the cap is reached, the handle that has been idle longest is closed; when none is idle,
/// `acquire` waits in line, and after the deadline throws `Errc::busy`. A process that runs out of
/// descriptors below the cap has idle handles closed first. Opening and closing happen outside the
/// lock. Safe for concurrent use. The pool outlives its leases and holds.
///
/// With a Spelling two spellings of a file's path are one file. Handles are kept under the
/// canonical one, so that a path which is spelled so costs nothing more; any other is spelled anew
/// each time.
template <typename Handle>
class Pool {
public:
    using Open = std::function<std::unique_ptr<Handle>(const std::string& path)>;

    using Lease = PoolLease<Handle>;
    using Hold = PoolHold<Handle>;
    using Statistics = PoolStatistics;

    /// The one spelling of a file's path. Called by many threads at once, without the lock.
    using Spelling = std::function<std::string(const std::string& path)>;

    /// A place in the count that something else than a handle of this pool has: gives it back when
    /// destroyed.
    class Place {
    public:
        Place(Place&& other) noexcept : pool_{std::exchange(other.pool_, nullptr)} {}
        Place& operator=(Place&& other) noexcept {
            std::swap(pool_, other.pool_);
            return *this;
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            if (pool_ != nullptr) {
                pool_->return_places(1);
            }
        }

    private:
        friend Pool;
        explicit Place(Pool& pool) : pool_{&pool} {}

        Pool* pool_;
    };

    /// Which handles stay open when they are given back: those of files that a store holds, or
    /// all, where stores learn the names of their files only by and by.
    enum class Keep { held, all };

    /// REQUIRES: capacity > 0. Without a spelling, paths are names that mean what they say.
    Pool(std::size_t capacity, Open open, Keep keep = Keep::held, Spelling spell = {})
        : capacity_{capacity},
          open_handle_{std::move(open)},
          keep_{keep},
          spell_{std::move(spell)} {}
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() = default;

    /// The path as handles of its file are kept and held: who asks often asks with this.
    std::string spelled(const std::string& path) const { return spell_ ? spell_(path) : path; }

    /// REQUIRES: each path is spelled as `spelled` does.
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
        {
            const std::lock_guard lock{mutex_};
            if (waiters_.empty()) {
                if (auto idle = idle_.take(path)) {
                    return Lease{*this, path, std::move(idle), discards_};
                }
            }
        }
        return acquire_spelled(spelled(path), timeout);
    }

    /// A place for a file that is opened elsewhere, so that one cap holds for both. Room is made
    /// and waited for as for a handle; throws `busy` after the deadline.
    Place reserve(std::chrono::milliseconds timeout) {
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        std::unique_ptr<Handle> evicted;  // closed after the lock is gone
        {
            std::unique_lock lock{mutex_};
            if (!waiters_.empty() || !has_room()) {
                wait_in_line(lock, deadline);
            }
            if (open_ < capacity_) {
                ++open_;
            } else {
                evicted = idle_.take_oldest();
                ++evictions_;
            }
            wake_first();
        }
        evicted.reset();
        return Place{*this};
    }

    /// Close the idle handles of the files that the predicate names. It is called under the lock
    /// and must not use the pool.
    template <typename Predicate>
    void close_idle(const Predicate& is_wanted) {
        std::vector<std::unique_ptr<Handle>> closing;
        {
            const std::lock_guard lock{mutex_};
            idle_.take_where(is_wanted, closing);
        }
        close(closing);
    }

    /// The same at a cost that depends on these files only.
    void close_idle_of(const std::vector<std::string>& paths) {
        std::vector<std::unique_ptr<Handle>> closing;
        for (const auto& path : paths) {
            const auto name = spelled(path);
            const std::lock_guard lock{mutex_};
            take_idle_of(name, closing);
        }
        close(closing);
    }

    /// Close the handles of files in whose place there are others now: idle ones at once, those in
    /// use as they come back. For few files: they are remembered.
    void discard(const std::vector<std::string>& paths) {
        std::vector<std::string> names;
        for (const auto& path : paths) {
            names.push_back(spelled(path));
        }
        std::vector<std::unique_ptr<Handle>> closing;
        {
            // In one step: who takes a handle before is told from who asks for one after.
            const std::lock_guard lock{mutex_};
            ++discards_;
            for (const auto& name : names) {
                discarded_[name] = discards_;
                take_idle_of(name, closing);
            }
        }
        close(closing);
    }

    /// Close every handle that is not in use.
    void close_all_idle() {
        close_idle([](const std::string& /*path*/) { return true; });
    }

    /// One tick of a PoolReaper: where more than nine tenths of the capacity are open, close a
    /// tenth of it, least recently used first; and all that nobody used for `max_idle_ticks` ticks,
    /// 0: for however long. As GeoWebCache's reaper, but nothing waits for a handle that is in use.
    /// How many were closed.
    std::size_t reap(std::uint64_t max_idle_ticks = 0) {
        std::vector<std::unique_ptr<Handle>> closing;
        {
            const std::lock_guard lock{mutex_};
            ++ticks_;
            if (max_idle_ticks > 0 && ticks_ > max_idle_ticks) {
                idle_.take_since(ticks_ - max_idle_ticks - 1, closing);
            }
            if ((open_ - closing.size()) * 10 > capacity_ * 9) {
                const auto tenth = (capacity_ + 9) / 10;
                for (std::size_t n = 0; n < tenth && !idle_.is_empty(); ++n) {
                    closing.push_back(idle_.take_oldest());
                }
            }
            reaped_ += closing.size();
        }
        return close(closing);
    }

    Statistics statistics() const {
        const std::lock_guard lock{mutex_};
        return {open_, idle_.size(), waiters_.size(), evictions_, reaped_};
    }

private:
    friend PoolLease<Handle>;
    friend PoolHold<Handle>;

    Lease acquire_spelled(std::string path, std::chrono::milliseconds timeout) {
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        std::unique_ptr<Handle> evicted;  // closed after the lock is gone
        std::uint64_t asked_at = 0;
        {
            std::unique_lock lock{mutex_};
            if (!waiters_.empty() || !has_room()) {
                wait_in_line(lock, deadline);
            }
            asked_at = discards_;
            auto idle = idle_.take(path);
            if (!idle && open_ < capacity_) {
                ++open_;
            } else if (!idle) {
                evicted = idle_.take_oldest();
                ++evictions_;  // its place in the count goes to the new handle
            }
            wake_first();  // there may be more room
            if (idle) {
                return Lease{*this, std::move(path), std::move(idle), asked_at};
            }
        }
        evicted.reset();
        auto handle = open_or_return_place(path);
        return Lease{*this, std::move(path), std::move(handle), asked_at};
    }

    /// Whether a caller can have a handle: an idle one, or the place of one, or a free place.
    bool has_room() const { return open_ < capacity_ || !idle_.is_empty(); }

    /// Wait until there is room and nobody came before. Throws `busy` after the deadline.
    void wait_in_line(std::unique_lock<std::mutex>& lock,
                      std::chrono::steady_clock::time_point deadline) {
        std::condition_variable woken;
        waiters_.push_back(&woken);
        const bool is_in_time = woken.wait_until(
            lock, deadline, [&] { return waiters_.front() == &woken && has_room(); });
        std::erase(waiters_, &woken);
        if (!is_in_time) {
            wake_first();
            throw Error{Errc::busy, fmt::format("all {} file handles are in use", capacity_)};
        }
    }

    /// REQUIRES: the lock, without which the waiter may be gone.
    void wake_first() {
        if (!waiters_.empty() && has_room()) {
            waiters_.front()->notify_one();
        }
    }

    std::unique_ptr<Handle> open_or_return_place(const std::string& path) {
        try {
            return open_making_room(path);
        } catch (...) {
            return_places(1);
            throw;
        }
    }

    std::unique_ptr<Handle> open_making_room(const std::string& path) {
        for (;;) {
            try {
                return open_handle_(path);
            } catch (const OutOfDescriptors&) {
                if (!close_oldest()) {
                    throw;
                }
            }
        }
    }

    bool close_oldest() {
        std::vector<std::unique_ptr<Handle>> closing;
        {
            const std::lock_guard lock{mutex_};
            if (idle_.is_empty()) {
                return false;
            }
            closing.push_back(idle_.take_oldest());
            ++evictions_;
        }
        close(closing);
        return true;
    }

    /// REQUIRES: the lock.
    void take_idle_of(const std::string& name, std::vector<std::unique_ptr<Handle>>& taken) {
        while (auto handle = idle_.take(name)) {
            taken.push_back(std::move(handle));
        }
    }

    /// Close handles that were taken out of the idle ones. How many.
    std::size_t close(std::vector<std::unique_ptr<Handle>>& closing) {
        const auto closed = closing.size();
        closing.clear();
        if (closed > 0) {
            return_places(closed);
        }
        return closed;
    }

    void give_back(std::string path, std::unique_ptr<Handle> handle, std::uint64_t asked_at,
                   bool is_spent) {
        {
            const std::lock_guard lock{mutex_};
            const bool is_wanted = keep_ == Keep::all || holds_.contains(path);
            if (!is_spent && is_wanted && !is_discarded(path, asked_at)) {
                idle_.add(std::move(path), std::move(handle), ticks_);
                wake_first();
            }
        }
        if (handle) {  // it failed, or nobody will ask for this file again
            handle.reset();
            return_places(1);
        }
    }

    bool is_discarded(const std::string& path, std::uint64_t asked_at) const {
        if (discarded_.empty()) {
            return false;
        }
        const auto found = discarded_.find(path);
        return found != discarded_.end() && found->second > asked_at;
    }

    /// Let others have the places of handles that are closed.
    void return_places(std::size_t count) {
        const std::lock_guard lock{mutex_};
        open_ -= count;
        wake_first();
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
                while (auto handle = idle_.take(path)) {
                    closing.push_back(std::move(handle));
                }
            }
        }
        close(closing);
    }

    const std::size_t capacity_;
    const Open open_handle_;
    const Keep keep_;
    const Spelling spell_;

    mutable std::mutex mutex_;                      // guards all below
    std::deque<std::condition_variable*> waiters_;  // who came first is the first
    IdleHandles<Handle> idle_;
    std::unordered_map<std::string, std::size_t> holds_;
    std::unordered_map<std::string, std::uint64_t> discarded_;  // the discard that it was in
    std::uint64_t discards_ = 0;
    std::size_t open_ = 0;
    std::size_t evictions_ = 0;
    std::size_t reaped_ = 0;
    std::uint64_t ticks_ = 0;
};

}  // namespace offgrid
