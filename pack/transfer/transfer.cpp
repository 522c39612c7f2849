#include "pack/transfer/transfer.h"

#include "pack/transfer/batch_reader.h"
#include "pack/transfer/batch_writer.h"

#include <algorithm>
#include <new>
#include <thread>

namespace offgrid {
namespace {

/// Of all batches together, before what they hold is converted.
constexpr std::size_t memory_bytes = std::size_t{24} << 20;

/// Tiles that are asked for one by one come from a network and go out as soon as there are a few
/// for each thread; their size is not known before.
constexpr std::size_t asked_tiles_a_thread = 16;

BatchLimits limits_for(const TransferJob& job, std::size_t batches) {
    BatchLimits limits;
    limits.bytes = std::min(limits.bytes, memory_bytes / batches);
    if (job.only != nullptr || !job.source.can_scan()) {
        limits.tiles = std::min<std::size_t>(
            256, asked_tiles_a_thread * static_cast<std::size_t>(std::max(1, job.threads)));
    } else if (job.writers > 1) {
        limits.tiles = 64;  // each a round trip: a stop or a failure is not to wait for thousands
    }
    return limits;
}

CommitPace pace_of(const TransferJob& job) {
    if (job.is_built_once) {
        return CommitPace::once;
    }
    return job.writers > 1 || job.lacking_in != nullptr ? CommitPace::each_batch
                                                        : CommitPace::seldom;
}

class WritingThreads {
public:
    WritingThreads(const TransferJob& job, CommitPace pace, BatchQueue& queue, TransferState& state)
        : queue_{queue} {
        for (int i = 0; i < std::max(1, job.writers); ++i) {
            threads_.emplace_back([&job, pace, &queue, &state] {
                BatchWriter{job, pace, queue, state}.run();
            });
        }
    }
    ~WritingThreads() { finish(); }
    WritingThreads(const WritingThreads&) = delete;
    WritingThreads& operator=(const WritingThreads&) = delete;

    void finish() {
        queue_.close();
        for (auto& thread : threads_) {
            thread.join();
        }
        threads_.clear();
    }

private:
    BatchQueue& queue_;
    std::vector<std::thread> threads_;
};

}  // namespace

TransferResult transfer(const TransferJob& job) {
    const auto batches = static_cast<std::size_t>(std::max(1, job.writers)) + 2;
    const auto pace = pace_of(job);
    BatchQueue queue{batches};
    TransferState state{job};
    TransferResult result;
    bool is_whole = false;
    {
        WritingThreads writers{job, pace, queue, state};
        BatchReader reader{job, limits_for(job, batches), queue, state};
        try {
            reader.read();
            is_whole = true;
        } catch (const Error& error) {
            if (!state.is_ending()) {
                if (!job.is_built_once) {
                    writers.finish();  // they write what was read before
                }
                state.fail(error);
            }
        } catch (const std::bad_alloc&) {
            state.fail(Error{Errc::too_large, "out of memory"});
        }
        writers.finish();
        is_whole = is_whole && state.committed_batches() == reader.batches();
        result.has_started_zoom_again = reader.has_started_zoom_again();
    }
    result.counts = state.committed_counts();
    result.ended_by = state.ended_by();
    if (!is_whole && !result.ended_by) {
        result.ended_by = Error{Errc::interrupted, "interrupted"};
    }
    return result;
}

}  // namespace offgrid
