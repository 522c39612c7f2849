#pragma once

#include "pack/transfer/batch_queue.h"
#include "pack/transfer/transfer_state.h"

#include <chrono>
#include <memory>
#include <vector>

namespace offgrid {

/// When a writer commits.
enum class CommitPace {
    seldom,      ///< after 16 batches, 64 MiB or 2 seconds: large transactions. A commit that takes
                 ///< long, as of many files, is made when four times as long has passed
    each_batch,  ///< so that others see what is written
    once,        ///< in the end, unless the transfer ended early
};

/// One writing thread of a transfer: takes batches from the queue until it is finished or the
/// transfer ends, and commits. Owned by its thread.
class BatchWriter {
public:
    BatchWriter(const TransferJob& job, CommitPace pace, BatchQueue& queue, TransferState& state)
        : job_{job}, pace_{pace}, queue_{queue}, state_{state} {}

    /// Never throws an Error: tells it to the state.
    void run() noexcept;

private:
    using Clock = std::chrono::steady_clock;

    void write_all(TileWriter& writer);
    bool write(TileWriter& writer, Batch& batch);
    void commit(TileWriter& writer);
    bool is_commit_due() const;

    const TransferJob& job_;
    const CommitPace pace_;
    BatchQueue& queue_;
    TransferState& state_;
    std::vector<TransferState::Committed> uncommitted_;
    TransferCounts uncommitted_counts_;  // tiles and bytes; also of a batch that is not whole
    Clock::time_point first_uncommitted_;
    Clock::time_point last_commit_ = Clock::now();
    Clock::duration commit_duration_{};
};

}  // namespace offgrid
