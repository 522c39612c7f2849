#pragma once

#include "pack/transfer/batch.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace offgrid {

/// Batches on their way from the thread that reads to those that write, and back empty. Their
/// number bounds the memory. Safe for concurrent use.
class BatchQueue {
public:
    explicit BatchQueue(std::size_t batches);

    /// An empty batch, or null when none came back in time.
    std::unique_ptr<Batch> take_empty(std::chrono::milliseconds timeout);

    void push(std::unique_ptr<Batch> full);

    /// The next to write, or null when there is none in time, or never will be.
    std::unique_ptr<Batch> pop(std::chrono::milliseconds timeout);

    void give_back(std::unique_ptr<Batch> used);

    /// No more will be pushed.
    void close();

    /// Whether it is closed and all that was pushed is popped.
    bool is_finished() const;

    /// Wait until all batches but the one of the caller are back. False when they are not in time.
    bool wait_idle(std::chrono::milliseconds timeout);

private:
    const std::size_t batches_;

    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Batch>> empty_;
    std::deque<std::unique_ptr<Batch>> full_;
    bool is_closed_ = false;
};

}  // namespace offgrid
