#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

namespace offgrid {

/// Who changes a depot: one at a time, in the order in which they asked. Safe for concurrent use;
/// outlives its turns.
class TurnQueue {
public:
    /// The right to change the depot, until it is given back or ends. Moves; used by one thread.
    class Turn {
    public:
        Turn() = default;
        explicit Turn(TurnQueue& queue) : queue_{&queue} {}
        Turn(Turn&& other) noexcept : queue_{std::exchange(other.queue_, nullptr)} {}
        Turn& operator=(Turn&& other) noexcept {
            std::swap(queue_, other.queue_);
            return *this;
        }
        ~Turn() { give_back(); }

        bool is_held() const { return queue_ != nullptr; }

        void give_back() {
            if (auto* const queue = std::exchange(queue_, nullptr)) {
                queue->end();
            }
        }

    private:
        TurnQueue* queue_ = nullptr;
    };

    /// Wait until it is the caller's turn. Throws `busy` when those who came before take too long,
    /// `interrupted` once stopped.
    Turn wait();

    /// How many wait at this moment.
    std::size_t waiting() const;

    /// End all who wait, now and from now on. Returns at once.
    void stop();

private:
    void end();
    bool is_next(std::uint64_t ticket) const { return !is_taken_ && waiting_.front() == ticket; }

    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::deque<std::uint64_t> waiting_;  // tickets, the first to come first
    std::uint64_t last_ticket_ = 0;
    bool is_taken_ = false;
    bool is_stopped_ = false;
};

}  // namespace offgrid
