#include "pack/transfer/batch_queue.h"

#include <utility>

namespace offgrid {

BatchQueue::BatchQueue(std::size_t batches) : batches_{batches} {
    for (std::size_t i = 0; i < batches; ++i) {
        empty_.push_back(std::make_unique<Batch>());
    }
}

std::unique_ptr<Batch> BatchQueue::take_empty(std::chrono::milliseconds timeout) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, timeout, [this] { return !empty_.empty(); })) {
        return nullptr;
    }
    auto batch = std::move(empty_.back());
    empty_.pop_back();
    return batch;
}

void BatchQueue::push(std::unique_ptr<Batch> full) {
    {
        const std::lock_guard lock{mutex_};
        full_.push_back(std::move(full));
    }
    changed_.notify_all();
}

std::unique_ptr<Batch> BatchQueue::pop(std::chrono::milliseconds timeout) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, timeout, [this] { return !full_.empty() || is_closed_; });
    if (full_.empty()) {
        return nullptr;
    }
    auto batch = std::move(full_.front());
    full_.pop_front();
    return batch;
}

void BatchQueue::give_back(std::unique_ptr<Batch> used) {
    {
        const std::lock_guard lock{mutex_};
        empty_.push_back(std::move(used));
    }
    changed_.notify_all();
}

void BatchQueue::close() {
    {
        const std::lock_guard lock{mutex_};
        is_closed_ = true;
    }
    changed_.notify_all();
}

bool BatchQueue::is_finished() const {
    const std::lock_guard lock{mutex_};
    return is_closed_ && full_.empty();
}

bool BatchQueue::wait_idle(std::chrono::milliseconds timeout) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, timeout, [this] { return empty_.size() + 1 == batches_; });
}

}  // namespace offgrid
