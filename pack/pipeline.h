#pragma once

#include "pack/block_maker.h"
#include "pack/block_order.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace offgrid {

/// Makes the blocks of a plan on many threads and hands them out in order, whichever thread was
/// first: what is written does not depend on the number of threads.
///
/// A thread that runs ahead of the consumer waits, so only a few blocks are in memory. The consumer
/// is one thread.
class Pipeline {
public:
    /// `plan`, `finished` (see BlockOrder) and `is_stopped` are not owned and outlive the pipeline.
    /// Throws when the system does not give the threads. REQUIRES: threads > 0.
    Pipeline(const Plan& plan, const BlockOrder::Tops& finished, int threads,
             const std::atomic<bool>& is_stopped);

    /// Tells the threads to stop, and joins them.
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    std::int64_t estimate() const { return estimate_; }

    /// The next block, or nothing at the end. Throws what making it threw.
    std::optional<Block> next();

private:
    struct Outcome {
        Block block;
        std::exception_ptr failure;
    };

    void work();
    void join();
    std::optional<std::pair<std::int64_t, BlockJob>> take();
    bool wait_for_room();

    const Plan& plan_;
    const std::atomic<bool>& is_stopped_;
    const std::int64_t window_;  // blocks that may be ahead of the consumer
    std::atomic<bool> is_closing_{false};

    std::mutex order_mutex_;  // guards the order, and is taken before the other
    BlockOrder order_;

    std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    const std::int64_t estimate_;
    std::int64_t taken_ = 0;
    std::int64_t consumed_ = 0;
    bool is_exhausted_ = false;
    std::map<std::int64_t, Outcome> finished_;

    std::vector<std::thread> threads_;
};

}  // namespace offgrid
