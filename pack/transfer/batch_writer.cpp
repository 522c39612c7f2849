#include "pack/transfer/batch_writer.h"

#include <exception>
#include <utility>

namespace offgrid {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t batches_a_commit = 16;
constexpr std::uint64_t bytes_a_commit = std::uint64_t{64} << 20;
constexpr auto between_commits = 2s;

/// How many times as long as the last commit took is worked before the next.
constexpr int work_a_commit = 4;

/// How soon the end of a transfer is noticed.
constexpr auto check_interval = 100ms;

}  // namespace

void BatchWriter::run() noexcept {
    try {
        const auto writer = job_.open_writer();
        write_all(*writer);
    } catch (const Error& error) {
        state_.fail(error);
    } catch (const std::exception& error) {
        state_.fail(Error{Errc::io, error.what()});
    }
}

void BatchWriter::write_all(TileWriter& writer) {
    while (!state_.is_ending() && !queue_.is_finished()) {
        auto batch = queue_.pop(check_interval);
        if (batch && !write(writer, *batch)) {
            break;
        }
        if (is_commit_due()) {
            commit(writer);
        }
        if (batch) {  // not before: an idle queue means that all is committed where that matters
            queue_.give_back(std::move(batch));
        }
    }
    if (pace_ != CommitPace::once || !state_.is_ending()) {
        commit(writer);
    }
}

/// False when the transfer ended within the batch.
bool BatchWriter::write(TileWriter& writer, Batch& batch) {
    TransferCounts counts;
    std::optional<TileKey> written;
    bool is_whole = true;
    for (const auto& entry : batch.entries()) {
        if (entry.fate != Batch::Fate::to_write) {
            continue;
        }
        if (state_.is_ending()) {
            is_whole = false;
            break;
        }
        const auto content = batch.content_of(entry);
        try {
            writer.put(entry.key, content);
        } catch (const Error& error) {
            if (!state_.keep_failure(TransferState::Side::writing, {batch.number(), counts},
                                     entry.key, error)) {
                is_whole = false;
                break;
            }
            continue;
        }
        state_.keep_success(TransferState::Side::writing, batch.number());
        ++counts.tiles;
        written = entry.key;
        counts.bytes += content.size();
    }
    state_.count(counts);
    if (uncommitted_.empty() && uncommitted_counts_.tiles == 0) {
        first_uncommitted_ = Clock::now();
    }
    uncommitted_counts_.tiles += counts.tiles;
    uncommitted_counts_.bytes += counts.bytes;
    if (is_whole) {
        batch.counts += counts;
        uncommitted_.push_back({batch.number(), {batch.last, written, batch.counts}});
    }
    return is_whole;
}

bool BatchWriter::is_commit_due() const {
    if (uncommitted_.empty() || pace_ == CommitPace::once) {
        return false;
    }
    if (pace_ == CommitPace::each_batch) {
        return true;
    }
    const auto now = Clock::now();
    return now - last_commit_ >= work_a_commit * commit_duration_ &&
           (uncommitted_.size() >= batches_a_commit ||
            uncommitted_counts_.bytes >= bytes_a_commit ||
            now - first_uncommitted_ >= between_commits);
}

void BatchWriter::commit(TileWriter& writer) {
    if (uncommitted_counts_.tiles > 0) {
        const auto begin = Clock::now();
        writer.commit();
        last_commit_ = Clock::now();
        commit_duration_ = last_commit_ - begin;
        state_.count_committed(uncommitted_counts_);
        uncommitted_counts_ = {};
    }
    if (!uncommitted_.empty()) {
        state_.commit(uncommitted_);
        uncommitted_.clear();
    }
}

}  // namespace offgrid
