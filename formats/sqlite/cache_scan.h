#pragma once

#include "formats/base/bytes.h"
#include "formats/base/error.h"
#include "formats/sqlite/cache_statement.h"
#include "formats/sqlite/mbtiles_schema.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::sqlite {

/// Which rows of a file a scan visits.
enum class ScanExtent {
    range,  ///< those of a range; a row whose address is no integer is passed over
    all,    ///< every one of the slice; a row whose address is no integer is `corrupt`
};

/// What a scan asks of the tables of a file. A value.
struct ScanSql {
    std::string select{};  ///< of z, x, y and `content`; ends with a condition: for a range, :z too
    std::array<std::string_view, 3> address{};  ///< the columns of z, x and y
    ScanExtent extent = ScanExtent::range;
    TileColumn content = TileColumn::data;

    /// The rows in any order.
    std::string unsliced() const;

    /// The rows in one order, and those that come after an address, `:after_z :after_x :after_y`.
    struct Slices {
        std::string first;
        std::string next;
    };

    /// In each order that the index of a file may have.
    std::vector<Slices> slices() const;
};

/// A scan as compiled in one file, which owns the statements.
struct ScanStatements {
    CacheStatement* first = nullptr;
    CacheStatement* next = nullptr;  ///< null: no index gives the rows in an order of addresses
};

/// One scan of one file, in slices: some rows are copied, the read lock is given up, the rows are
/// visited, and the scan goes on after the last address. So others write in the file while it is
/// scanned, and a tile that is there all the time is visited once. Where no index gives the rows in
/// order, the lock is kept to the end.
///
/// Where an address may occur twice, for want of a unique index, and a slice ends between its rows,
/// the others are passed over. Statements are borrowed. One thread at a time.
class CacheScan {
public:
    /// A row with content.
    struct Row {
        std::int64_t z = 0;
        std::int64_t x = 0;
        std::int64_t y = 0;  ///< as it is counted in the file
        std::uint64_t bytes = 0;
        BytesView content{};  ///< empty when only the size was asked for
    };

    /// `bind` binds a statement; what it binds is borrowed.
    template <typename Bind>
    CacheScan(const ScanSql& sql, ScanStatements statements, const Bind& bind)
        : sql_{sql}, statements_{statements} {
        bind(*statements_.first);
        if (statements_.next != nullptr) {
            bind(*statements_.next);
        }
    }

    /// Read the next slice. False when all are read. What fails after some rows is thrown by the
    /// next call, so that they can be visited.
    bool read();

    /// Visit the rows of the slice. What the visitor throws goes through.
    template <typename Visit>
    void visit(const Visit& visit) const {
        std::size_t begin = 0;
        for (auto row : rows_) {
            if (sql_.content == TileColumn::data) {
                row.content = BytesView{contents_}.subspan(begin, row.bytes);
                begin += row.bytes;
            }
            visit(row);
        }
    }

private:
    void fill();
    bool take(const Statement& row);

    const ScanSql& sql_;
    ScanStatements statements_;
    std::optional<CacheStatement::Run> run_;
    std::optional<Row> last_;  // the address that the next slice comes after
    std::vector<Row> rows_;
    Bytes contents_;  // of the rows, one after another
    std::optional<Error> failure_;
    bool has_ended_ = false;
};

}  // namespace offgrid::sqlite
