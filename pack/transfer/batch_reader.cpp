#include "pack/transfer/batch_reader.h"

#include "formats/store/template_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace offgrid {
namespace {

using namespace std::chrono_literals;

/// A batch is handed over when it is that old, however small.
constexpr auto max_batch_age = 1s;

/// How soon the end of a transfer is noticed.
constexpr auto check_interval = 100ms;

}  // namespace

BatchReader::BatchReader(const TransferJob& job, BatchLimits limits, BatchQueue& queue,
                         TransferState& state)
    : job_{job},
      limits_{limits},
      asks_{job.only != nullptr || !job.source.can_scan()},
      queue_{queue},
      state_{state},
      rate_limit_{job.tiles_per_second},
      workers_{static_cast<std::size_t>(std::max(1, job.threads))} {
    if (job.after) {
        skip_until_ = job.after->last;
    }
}

void BatchReader::read() {
    begin_batch();
    if (job_.only != nullptr) {
        ask_only();
    } else {
        for (const auto& range : job_.selection.ranges()) {
            keys_total_ += asks_ ? range.count() : 0;
        }
        for (const auto& range : job_.selection.ranges()) {
            if (skip_until_ && range.z > skip_until_->z) {
                skip_until_.reset();  // its zoom is not selected any more
            }
            if (skip_until_ && range.z < skip_until_->z) {
                keys_ += range.count();
                continue;
            }
            zoom_ = range.z;
            asks_ ? ask(range) : scan(range);
        }
    }
    end_batch();
}

void BatchReader::scan(const TileRange& range) {
    if (!unreadable_.empty()) {
        scan_by_file(parts_of(range));
        return;
    }
    try {
        take_all(range);
        if (skip_until_) {  // the source has changed since
            skip_until_.reset();
            has_started_zoom_again_ = true;
            take_all(range);
        }
    } catch (const Error& error) {
        if (state_.is_ending()) {
            throw;
        }
        const auto parts = error.code() == Errc::busy ? std::vector<FilePart>{} : parts_of(range);
        if (parts.empty()) {
            end_batch();  // what was read before it is good
            rethrow_with(error, "cannot read zoom {}", range.z);
        }
        scan_by_file(parts);
    }
}

void BatchReader::take_all(const TileRange& range) {
    job_.source.scan(range, [this](const TileKey& key, BytesView content) { take(key, content); });
}

/// What each file of the source has of a range; nothing where the source is not in several files.
std::vector<BatchReader::FilePart> BatchReader::parts_of(const TileRange& range) const {
    std::vector<FilePart> parts;
    const auto* const files = job_.source.files();
    if (files == nullptr) {
        return parts;
    }
    const TemplateFiles covering{files->names(), job_.selection.grid(), files->values()};
    auto names = files->list();
    if (names.size() < 2) {
        return parts;
    }
    for (auto& file : names) {
        const auto part = intersection(range, covering.covered(file, range.z));
        if (!part.is_empty()) {
            parts.push_back({std::move(file), part});
        }
    }
    return parts;
}

/// Not in the order of a scan: the mark stays before it until the zoom is done.
void BatchReader::scan_by_file(const std::vector<FilePart>& parts) {
    skip_until_.reset();
    end_batch();  // what was read before is good
    state_.hold_marks(next_number_);
    begin_batch();
    for (const auto& [file, range] : parts) {
        if (unreadable_.contains(file)) {
            continue;
        }
        try {
            take_all(range);
            state_.keep_success(TransferState::Side::reading, batch_->number());
        } catch (const Error& error) {
            check_for_end();
            unreadable_.insert(file);
            batch_->last = {range.z, range.min_x, range.min_y};
            TransferCounts counts;
            const bool goes_on =
                state_.keep_failure({batch_->number(), counts}, file, range.z, error);
            batch_->counts += counts;
            state_.count(counts);
            if (!goes_on) {
                throw;
            }
        }
    }
    end_batch();
    state_.release_marks();
    begin_batch();
}

void BatchReader::ask(const TileRange& range) {
    for (auto y = range.min_y; y < range.max_y; ++y) {
        for (auto x = range.min_x; x < range.max_x; ++x) {
            ask_for({range.z, x, y});
        }
    }
    skip_until_.reset();
}

void BatchReader::ask_only() {
    keys_total_ = static_cast<std::int64_t>(job_.only->size());
    if (skip_until_ && !std::ranges::binary_search(*job_.only, *skip_until_)) {
        skip_until_.reset();
        has_started_zoom_again_ = true;
    }
    for (const auto& key : *job_.only) {
        zoom_ = key.z;
        ask_for(key);
    }
}

bool BatchReader::is_skipped(const TileKey& key) {
    if (!skip_until_) {
        return false;
    }
    if (*skip_until_ == key) {
        skip_until_.reset();
    }
    return true;
}

void BatchReader::take(const TileKey& key, BytesView content) {
    check_for_end();
    if (is_skipped(key) || !job_.selection.selects(key)) {
        return;
    }
    rate_limit_.wait(job_.is_stopped);
    batch_->add(key, content);
    batch_->last = key;
    if (batch_->entries().size() >= limits_.tiles || batch_->bytes() >= limits_.bytes ||
        Clock::now() - batch_begin_ >= max_batch_age) {
        end_batch();
        begin_batch();
    }
}

void BatchReader::ask_for(const TileKey& key) {
    ++keys_;
    if (is_skipped(key) || (job_.only == nullptr && !job_.selection.selects(key))) {
        return;
    }
    check_for_end();
    batch_->add(key, {});
    batch_->last = key;
    if (batch_->entries().size() >= limits_.tiles) {
        end_batch();
        begin_batch();
    }
}

void BatchReader::check_for_end() const {
    if (state_.is_ending()) {
        throw Error{Errc::interrupted, "interrupted"};
    }
}

void BatchReader::report() {
    if (job_.report) {
        const auto share =
            keys_total_ == 0 ? 0 : static_cast<double>(keys_) / static_cast<double>(keys_total_);
        job_.report({.zoom = zoom_, .counts = state_.counts(), .share = share});
    }
}

void BatchReader::begin_batch() {
    do {
        check_for_end();
        report();
        batch_ = queue_.take_empty(check_interval);
    } while (!batch_);
    batch_->begin(next_number_++);
    batch_begin_ = Clock::now();
}

void BatchReader::end_batch() {
    if (!batch_) {
        return;
    }
    if (batch_->entries().empty() && batch_->counts == TransferCounts{}) {
        --next_number_;
        queue_.give_back(std::move(batch_));
        return;
    }
    if (asks_ || job_.lacking_in != nullptr || job_.convert) {
        finish_tiles();
    }
    queue_.push(std::move(batch_));
}

void BatchReader::wait_for_writers() {
    do {
        check_for_end();
        report();
    } while (!queue_.wait_idle(check_interval));
}

void BatchReader::finish_tiles() {
    if (job_.lacking_in != nullptr && job_.writers == 1) {
        wait_for_writers();  // what is looked up may be locked while it is written
    }
    auto& entries = batch_->entries();
    std::vector<TransferCounts> counts(workers_.size());
    const auto add_counts = [&] {
        TransferCounts sum;
        for (const auto& each : counts) {
            sum += each;
        }
        batch_->counts += sum;
        state_.count(sum);
    };
    try {
        workers_.for_each(entries.size(), [&](std::size_t index, std::size_t worker) {
            check_for_end();
            finish_tile(entries[index], worker, counts[worker]);
        });
    } catch (const Error&) {
        add_counts();
        throw;
    }
    add_counts();
}

void BatchReader::finish_tile(Batch::Entry& entry, std::size_t worker, TransferCounts& counts) {
    entry.fate = Batch::Fate::left_out;
    auto side = TransferState::Side::writing;  // the destination's failures
    try {
        if (job_.lacking_in != nullptr && job_.lacking_in->exists(entry.key)) {
            ++counts.present;
            return;
        }
        side = TransferState::Side::reading;
        if (asks_) {
            rate_limit_.wait(job_.is_stopped);
            check_for_end();
            auto tile = job_.source.get(entry.key);
            if (!tile) {
                ++counts.absent;
                return;
            }
            entry.own = std::move(tile->content);
        }
        if (job_.convert) {
            entry.own = job_.convert(batch_->content_of(entry), worker);
        }
        entry.fate = Batch::Fate::to_write;
        state_.keep_success(TransferState::Side::reading, batch_->number());
    } catch (const Error& error) {
        check_for_end();
        if (!state_.keep_failure(side, {batch_->number(), counts}, entry.key, error)) {
            throw;
        }
    }
}

}  // namespace offgrid
