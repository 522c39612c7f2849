#include "pack/transfer/transfer_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

/// So many tiles that fail one after the other are no accident: a disk that is gone, a server that
/// refuses.
constexpr int max_failures_in_row = 100;

}  // namespace

TransferCounts& TransferCounts::operator+=(const TransferCounts& other) {
    tiles += other.tiles;
    bytes += other.bytes;
    failed += other.failed;
    present += other.present;
    absent += other.absent;
    return *this;
}

TransferState::TransferState(const TransferJob& job)
    : job_{job},
      counts_{job.after ? job.after->counts : TransferCounts{}},
      committed_counts_{counts_},
      mark_{job.after.value_or(TransferMark{})} {}

void TransferState::fail(const Error& error) {
    {
        const std::lock_guard lock{mutex_};
        if (!ended_by_) {
            ended_by_ = error;
        }
    }
    is_failed_ = true;
}

/// Whether the next tile would fail in the same way, perhaps after waiting as long for a lock.
bool TransferState::is_of_the_store(Side side, Errc code) const {
    if (code == Errc::no_space || code == Errc::interrupted) {
        return true;
    }
    if (side == Side::reading || !job_.writes_in_files) {
        return false;
    }
    if (code == Errc::busy || code == Errc::denied) {
        return true;
    }
    return code == Errc::corrupt && !has_written_;  // else it is one file of several
}

bool TransferState::keep_failure(Side side, Place place, const TileKey& key, const Error& error) {
    if (is_of_the_store(side, error.code())) {
        fail(error);
        return false;
    }
    const std::lock_guard lock{failures_mutex_};
    if (job_.keep_failure) {
        job_.keep_failure(key, error.what());
    }
    return lengthen_row(side, place, fmt::format("{}/{}/{}", key.z, key.x, key.y), error);
}

bool TransferState::keep_failure(Place place, const std::string& file, int z, const Error& error) {
    if (is_of_the_store(Side::reading, error.code())) {
        fail(error);
        return false;
    }
    const std::lock_guard lock{failures_mutex_};
    if (job_.keep_file_failure) {
        job_.keep_file_failure(file, z, error.what());
    }
    return lengthen_row(Side::reading, place, file, error);
}

/// REQUIRES: failures_mutex_ is held.
bool TransferState::lengthen_row(Side side, Place place, const std::string& what,
                                 const Error& error) {
    ++place.counts.failed;
    auto& row = row_of(side);
    row.first_batch = row.length == 0 ? place.batch : std::min(row.first_batch, place.batch);
    if (++row.length >= max_failures_in_row) {
        fail(Error{error.code(), fmt::format("{} failures one after the other, the last {}: {}",
                                             max_failures_in_row, what, error.what())});
        return false;
    }
    return true;
}

void TransferState::end_row(Side side, std::int64_t batch) {
    const std::lock_guard lock{failures_mutex_};
    auto& row = row_of(side);
    const bool has_ended_all = row.length >= max_failures_in_row;
    if (!has_ended_all && batch >= row.first_batch) {
        row.length = 0;
    }
}

std::int64_t TransferState::first_held_batch() {
    const std::lock_guard lock{failures_mutex_};
    auto first = held_from_;
    for (const auto* const row : {&failed_reads_, &failed_writes_}) {
        if (row->length != 0) {
            first = std::min(first, row->first_batch);
        }
    }
    return first;
}

void TransferState::count(const TransferCounts& counts) {
    const std::lock_guard lock{mutex_};
    counts_ += counts;
}

void TransferState::count_committed(const TransferCounts& counts) {
    const std::lock_guard lock{mutex_};
    committed_counts_ += counts;
}

void TransferState::commit(std::span<const Committed> batches) {
    const std::lock_guard lock{marks_mutex_};
    for (const auto& batch : batches) {
        waiting_.emplace(batch.number, batch.mark);
    }
    committed_batches_ += static_cast<std::int64_t>(batches.size());
    const auto before = next_number_;
    const auto end = first_held_batch();
    for (auto next = waiting_.begin();
         next != waiting_.end() && next->first == next_number_ && next->first < end;
         next = waiting_.erase(next)) {
        mark_.last = next->second.last;
        mark_.written = next->second.written ? next->second.written : mark_.written;
        mark_.counts += next->second.counts;
        ++next_number_;
    }
    if (next_number_ != before && job_.keep_mark) {
        job_.keep_mark(mark_);
    }
}

void TransferState::hold_marks(std::int64_t batch) {
    const std::lock_guard lock{marks_mutex_};
    held_from_ = batch;
}

void TransferState::release_marks() {
    hold_marks(std::numeric_limits<std::int64_t>::max());
}

TransferCounts TransferState::committed_counts() const {
    const std::lock_guard lock{mutex_};
    auto counts = counts_;
    counts.tiles = committed_counts_.tiles;
    counts.bytes = committed_counts_.bytes;
    return counts;
}

TransferCounts TransferState::counts() const {
    const std::lock_guard lock{mutex_};
    return counts_;
}

std::optional<Error> TransferState::ended_by() const {
    const std::lock_guard lock{mutex_};
    return ended_by_;
}

std::int64_t TransferState::committed_batches() const {
    const std::lock_guard lock{marks_mutex_};
    return committed_batches_;
}

}  // namespace offgrid
