#pragma once

#include "pack/transfer/batch_queue.h"
#include "pack/transfer/rate_limit.h"
#include "pack/transfer/transfer_state.h"
#include "pack/transfer/worker_pool.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace offgrid {

/// How large a batch may become.
struct BatchLimits {
    std::size_t tiles = 2048;
    std::size_t bytes = std::size_t{16} << 20;
};

/// The reading side of a transfer: visits the tiles of the source in order and fills batches with
/// them. Owned by the thread that began the transfer; the others' work is inside.
class BatchReader {
public:
    BatchReader(const TransferJob& job, BatchLimits limits, BatchQueue& queue,
                TransferState& state);

    /// Read everything. Throws what ends the transfer; `interrupted` when it is ending already.
    void read();

    /// How many batches were handed over.
    std::int64_t batches() const { return next_number_; }

    bool has_started_zoom_again() const { return has_started_zoom_again_; }

private:
    using Clock = std::chrono::steady_clock;

    struct FilePart {
        std::string file{};
        TileRange range{};
    };

    void scan(const TileRange& range);
    void take_all(const TileRange& range);
    std::vector<FilePart> parts_of(const TileRange& range) const;
    void scan_by_file(const std::vector<FilePart>& parts);
    void ask(const TileRange& range);
    void ask_only();

    bool is_skipped(const TileKey& key);
    void take(const TileKey& key, BytesView content);
    void ask_for(const TileKey& key);
    void check_for_end() const;
    void report();

    void begin_batch();
    void end_batch();
    void wait_for_writers();
    void finish_tiles();
    void finish_tile(Batch::Entry& entry, std::size_t worker, TransferCounts& counts);

    const TransferJob& job_;
    const BatchLimits limits_;
    const bool asks_;  ///< for each tile, instead of scanning
    BatchQueue& queue_;
    TransferState& state_;
    RateLimit rate_limit_;
    WorkerPool workers_;
    std::unique_ptr<Batch> batch_;
    std::int64_t next_number_ = 0;
    Clock::time_point batch_begin_;
    std::optional<TileKey> skip_until_;  ///< inclusive
    bool has_started_zoom_again_ = false;
    std::set<std::string> unreadable_;  ///< files of the source
    std::int64_t keys_ = 0;             ///< asked for or skipped, of keys_total_
    std::int64_t keys_total_ = 0;
    int zoom_ = 0;
};

}  // namespace offgrid
