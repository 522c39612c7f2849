#include "pack/transfer/transfer_state.h"

#include <fmt/format.h>

namespace offgrid {
namespace {

/// So many tiles that fail one after the other are no accident: a disk that is gone, a server that
/// refuses.
constexpr int max_failures_in_row = 100;

bool is_of_the_store(Errc code) {
    return code == Errc::no_space || code == Errc::interrupted;
}

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

bool TransferState::keep_failure(Side side, const TileKey& key, const Error& error) {
    if (is_of_the_store(error.code())) {
        fail(error);
        return false;
    }
    if (job_.keep_failure) {
        const std::lock_guard lock{failures_mutex_};
        job_.keep_failure(key, error.what());
    }
    if (++failures_in_row(side) >= max_failures_in_row) {
        fail(Error{error.code(),
                   fmt::format("{} tiles failed one after the other, the last "
                               "{}/{}/{}: {}",
                               max_failures_in_row, key.z, key.x, key.y, error.what())});
        return false;
    }
    return true;
}

void TransferState::count(const TransferCounts& counts) {
    const std::lock_guard lock{mutex_};
    counts_ += counts;
}

void TransferState::commit(std::span<const Committed> batches) {
    const std::lock_guard lock{marks_mutex_};
    for (const auto& batch : batches) {
        waiting_.emplace(batch.number, batch.mark);
    }
    const auto before = next_number_;
    for (auto next = waiting_.begin(); next != waiting_.end() && next->first == next_number_;
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
    return next_number_;
}

}  // namespace offgrid
