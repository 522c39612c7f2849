#include "serve/access/hashing_queue.h"

#include <chrono>
#include <utility>

namespace offgrid {
namespace {

/// A hash takes tens of milliseconds, on a slow device ten times that.
constexpr std::chrono::seconds turn_timeout{10};

}  // namespace

HashingQueue::Turn::Turn(Turn&& other) noexcept
    : queue_{std::exchange(other.queue_, nullptr)}, address_{std::move(other.address_)} {}

HashingQueue::Turn::~Turn() {
    if (queue_ != nullptr) {
        const std::lock_guard lock{queue_->mutex_};
        queue_->is_hashing_ = false;
        queue_->leave(address_);
        queue_->is_free_.notify_one();
    }
}

std::optional<HashingQueue::Turn> HashingQueue::wait_for_turn(const std::string& address) {
    std::unique_lock lock{mutex_};
    const auto found = places_of_address_.find(address);
    const auto of_address = found == places_of_address_.end() ? 0 : found->second;
    if (places_ >= all_places_ || of_address >= max_places_of_address) {
        return std::nullopt;
    }
    places_of_address_[address] = of_address + 1;
    ++places_;
    if (!is_free_.wait_for(lock, turn_timeout, [this] { return !is_hashing_; })) {
        leave(address);
        return std::nullopt;
    }
    is_hashing_ = true;
    return Turn{*this, address};
}

void HashingQueue::leave(const std::string& address) {
    --places_;
    const auto found = places_of_address_.find(address);
    if (--found->second == 0) {
        places_of_address_.erase(found);
    }
}

}  // namespace offgrid
