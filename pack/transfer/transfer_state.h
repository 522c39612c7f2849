#pragma once

#include "pack/transfer/transfer.h"

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace offgrid {

/// What the threads of one transfer share: its counts, its failures, why it ends early. Safe for
/// concurrent use.
class TransferState {
public:
    explicit TransferState(const TransferJob& job);

    /// Each has its own row of failures: good reads do not hide that no write succeeds.
    enum class Side { reading, writing };

    /// Whether all threads should end soon: it was stopped, or it has failed.
    bool is_ending() const { return is_failed_ || job_.is_stopped; }

    /// End the transfer for that reason; the first counts.
    void fail(const Error& error);

    /// Tell of a tile that failed. A failure of the store as a whole, and one too many in a row,
    /// ends the transfer: false then.
    bool keep_failure(Side side, const TileKey& key, const Error& error);

    void keep_success(Side side) { failures_in_row(side) = 0; }

    /// What is counted at once, to show it.
    void count(const TransferCounts& counts);

    /// A batch that is committed, by its number.
    struct Committed {
        std::int64_t number = 0;
        TransferMark mark{};  ///< the counts are of this batch alone
    };

    /// Keep the mark up to which all batches are committed.
    void commit(std::span<const Committed> batches);

    TransferCounts counts() const;

    /// The reason that was given first.
    std::optional<Error> ended_by() const;

    /// How many batches are committed, without a gap from the first.
    std::int64_t committed_batches() const;

private:
    std::atomic<int>& failures_in_row(Side side) {
        return side == Side::reading ? failed_reads_in_row_ : failed_writes_in_row_;
    }

    const TransferJob& job_;
    std::atomic<bool> is_failed_ = false;
    std::atomic<int> failed_reads_in_row_ = 0;
    std::atomic<int> failed_writes_in_row_ = 0;

    mutable std::mutex mutex_;  // guards the two below
    TransferCounts counts_;
    std::optional<Error> ended_by_;

    std::mutex failures_mutex_;  // one call of keep_failure at a time

    mutable std::mutex marks_mutex_;  // guards all below
    TransferMark mark_;
    std::int64_t next_number_ = 0;
    std::map<std::int64_t, TransferMark> waiting_;  // committed before one of a lower number
};

}  // namespace offgrid
