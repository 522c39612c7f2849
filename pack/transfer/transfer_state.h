#pragma once

#include "pack/transfer/transfer.h"

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
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

    /// Where something failed: the number of its batch and what is counted of it.
    struct Place {
        std::int64_t batch = 0;
        TransferCounts& counts;
    };

    /// Tell of a tile that failed and count it. A failure of the store as a whole, which is not
    /// counted, and one too many in a row end the transfer: false then.
    bool keep_failure(Side side, Place place, const TileKey& key, const Error& error);

    /// The same for a file of the source, from a zoom on.
    bool keep_failure(Place place, const std::string& file, int z, const Error& error);

    /// Ends a row of failures, unless that began in a later batch: with several threads the last
    /// successes before an outage come after its first failures.
    void keep_success(Side side, std::int64_t batch) {
        if (side == Side::writing && !has_written_) {
            has_written_ = true;
        }
        if (row_of(side).length != 0) {
            end_row(side, batch);
        }
    }

    /// What is counted at once, to show it.
    void count(const TransferCounts& counts);

    /// What of the tiles and bytes that were counted is committed.
    void count_committed(const TransferCounts& counts);

    /// A batch that is committed, by its number.
    struct Committed {
        std::int64_t number = 0;
        TransferMark mark{};  ///< the counts are of this batch alone
    };

    /// Keep the mark up to which all batches are committed. It stays before a batch where a row of
    /// failures began that still goes on: if that ends the transfer, the next run is to try them
    /// again.
    void commit(std::span<const Committed> batches);

    /// Keep no mark of this batch and those after it, which are not in the source's order, before
    /// `release_marks`.
    void hold_marks(std::int64_t batch);
    void release_marks();

    TransferCounts counts() const;

    /// The same with the tiles and bytes that are committed only.
    TransferCounts committed_counts() const;

    /// The reason that was given first.
    std::optional<Error> ended_by() const;

    /// How many batches are committed.
    std::int64_t committed_batches() const;

private:
    /// Failures one after the other.
    struct Row {
        std::atomic<int> length = 0;   // changed under failures_mutex_
        std::int64_t first_batch = 0;  // guarded by it
    };

    Row& row_of(Side side) { return side == Side::reading ? failed_reads_ : failed_writes_; }
    void end_row(Side side, std::int64_t batch);
    bool lengthen_row(Side side, Place place, const std::string& what, const Error& error);
    bool is_of_the_store(Side side, Errc code) const;
    std::int64_t first_held_batch();

    const TransferJob& job_;
    std::atomic<bool> is_failed_ = false;
    std::atomic<bool> has_written_ = false;

    mutable std::mutex mutex_;  // guards the three below
    TransferCounts counts_;
    TransferCounts committed_counts_;
    std::optional<Error> ended_by_;

    std::mutex failures_mutex_;  // taken last; held in one call of keep_failure at a time
    Row failed_reads_;
    Row failed_writes_;

    mutable std::mutex marks_mutex_;  // guards all below
    TransferMark mark_;
    std::int64_t next_number_ = 0;
    std::int64_t committed_batches_ = 0;
    std::int64_t held_from_ = std::numeric_limits<std::int64_t>::max();
    std::map<std::int64_t, TransferMark> waiting_;  // committed before one of a lower number
};

}  // namespace offgrid
