#include "formats/sqlite/cache_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace offgrid::sqlite {
namespace {

using Clock = std::chrono::steady_clock;

/// When a slice ends, if it has come to another address. The bytes stay within the caches of a
/// processor: a tile is copied once more than if it were visited in place.
constexpr std::size_t max_slice_rows = 512;
constexpr std::size_t max_slice_bytes = std::size_t{512} << 10;
constexpr std::chrono::milliseconds max_slice_time{100};

/// Columns of an address by their number: z, x, y.
using AddressOrder = std::vector<std::size_t>;

constexpr std::array<std::string_view, 3> parameters{"z", "x", "y"};

AddressOrder open_columns(ScanExtent extent) {
    return extent == ScanExtent::range ? AddressOrder{1, 2} : AddressOrder{0, 1, 2};
}

/// The select within the range, if there is one. Of two lower bounds SQLite takes the simple one to
/// search by, so after an address the first column has none of its own.
std::string bounded(const ScanSql& sql, const AddressOrder& order, bool is_after_address) {
    auto text = sql.select;
    if (sql.extent == ScanExtent::all) {
        return text;
    }
    for (const auto column : order) {
        const bool has_lower_bound = !is_after_address || column != order.front();
        text += fmt::format(" AND {} <= :max_{}", sql.address[column], parameters[column]);
        if (has_lower_bound) {
            text += fmt::format(" AND {} >= :min_{}", sql.address[column], parameters[column]);
        }
    }
    return text;
}

ScanSql::Slices in_order(const ScanSql& sql, const AddressOrder& order) {
    std::vector<std::string_view> columns;
    std::vector<std::string> after;
    for (const auto column : order) {
        columns.push_back(sql.address[column]);
        after.push_back(fmt::format(":after_{}", parameters[column]));
    }
    const auto by_address = fmt::format(" ORDER BY {}", fmt::join(columns, ", "));
    return {bounded(sql, order, false) + by_address,
            bounded(sql, order, true) +
                fmt::format(" AND ({}) > ({})", fmt::join(columns, ", "), fmt::join(after, ", ")) +
                by_address};
}

}  // namespace

std::string ScanSql::unsliced() const {
    return bounded(*this, open_columns(extent), false);
}

std::vector<ScanSql::Slices> ScanSql::slices() const {
    std::vector<Slices> all;
    auto order = open_columns(extent);
    do {
        all.push_back(in_order(*this, order));
    } while (std::ranges::next_permutation(order).found);
    return all;
}

bool CacheScan::read() {
    if (failure_) {
        throw Error{*failure_};
    }
    rows_.clear();
    contents_.clear();
    if (has_ended_) {
        return false;
    }
    try {
        fill();
    } catch (const Error& error) {
        failure_ = error;
    }
    if (statements_.next != nullptr || failure_ || has_ended_) {
        run_.reset();
    }
    return true;
}

void CacheScan::fill() {
    if (!run_) {
        auto& statement = last_ ? *statements_.next : *statements_.first;
        if (last_) {
            statement.bind(CacheParameter::after_z, last_->z)
                .bind(CacheParameter::after_x, last_->x)
                .bind(CacheParameter::after_y, last_->y);
        }
        run_.emplace(statement);
    }
    const auto end = Clock::now() + max_slice_time;
    bool has_moved = false;
    while (!has_moved || (rows_.size() < max_slice_rows && contents_.size() < max_slice_bytes &&
                          Clock::now() < end)) {
        if (!run_->step()) {
            has_ended_ = true;
            return;
        }
        has_moved = take(run_->row()) || has_moved;
    }
}

/// Whether the row has an address for the next slice to come after.
bool CacheScan::take(const Statement& row) {
    const auto is_number = [&](int column) { return row.is_integer(column); };
    if (sql_.extent == ScanExtent::all && !(is_number(0) && is_number(1) && is_number(2))) {
        throw Error{Errc::corrupt,
                    fmt::format("{} has a tile whose address is not a number", row.file())};
    }
    if (!is_number(1) || !is_number(2)) {  // no look-up finds it either
        return false;
    }
    last_ = Row{.z = row.integer(0), .x = row.integer(1), .y = row.integer(2)};
    auto found = *last_;
    if (sql_.content == TileColumn::data) {
        const auto content = row.blob(3);
        found.bytes = content.size();
        contents_.insert(contents_.end(), content.begin(), content.end());
    } else {
        found.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.integer(3)));
    }
    if (found.bytes > 0) {
        rows_.push_back(found);
    }
    return true;
}

}  // namespace offgrid::sqlite
