#include "sync/turn_queue.h"

#include "formats/base/error.h"

#include <algorithm>
#include <chrono>

namespace offgrid {
namespace {

/// The one ahead may have gigabytes to make durable.
constexpr std::chrono::minutes timeout{15};

}  // namespace

TurnQueue::Turn TurnQueue::wait() {
    std::unique_lock lock{mutex_};
    const auto ticket = ++last_ticket_;
    waiting_.push_back(ticket);
    changed_.wait_for(lock, timeout, [&] { return is_stopped_ || is_next(ticket); });
    const bool is_mine = !is_stopped_ && is_next(ticket);
    std::erase(waiting_, ticket);
    if (is_mine) {
        is_taken_ = true;
        return Turn{*this};
    }
    changed_.notify_all();  // who is behind may be the first now
    throw is_stopped_ ? Error{Errc::interrupted, "the server is ending; nothing was changed"}
                      : Error{Errc::busy, "another change of the depot has not ended yet"};
}

std::size_t TurnQueue::waiting() const {
    const std::lock_guard lock{mutex_};
    return waiting_.size();
}

void TurnQueue::stop() {
    {
        const std::lock_guard lock{mutex_};
        is_stopped_ = true;
    }
    changed_.notify_all();
}

void TurnQueue::end() {
    {
        const std::lock_guard lock{mutex_};
        is_taken_ = false;
    }
    changed_.notify_all();
}

}  // namespace offgrid
