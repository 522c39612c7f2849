#include "formats/gpkg/gpkg_file.h"

#include "formats/base/canonical_path.h"
#include "formats/base/error.h"
#include "formats/sqlite/long_steps.h"

#include <fmt/format.h>

#include <fstream>

namespace offgrid::gpkg {
namespace {

namespace fs = std::filesystem;
using sqlite::Db;
using sqlite::LongSteps;
using sqlite::Statement;

/// Gives up the row of a statement.
class Reset {
public:
    explicit Reset(Statement& statement) : statement_{statement} {}
    ~Reset() { statement_.reset(); }
    Reset(const Reset&) = delete;
    Reset& operator=(const Reset&) = delete;

private:
    Statement& statement_;
};

constexpr std::string_view one_address = " WHERE zoom_level=? AND tile_column=? AND tile_row=?";

/// Whether a journal has content: that of a transaction which is over is gone, empty or begins with
/// zeros (sqlite.org/fileformat2.html, section 3).
bool is_alive(const fs::path& journal) {
    std::ifstream file{journal, std::ios::binary};
    char first = 0;
    return file.get(first) && first != 0;
}

/// The path, once it is known that the file is all there is.
const fs::path& require_finished(const fs::path& path) {
    for (const auto* const suffix : {"-wal", "-journal"}) {
        auto journal = path;
        journal += suffix;
        if (is_alive(journal)) {
            throw Error{Errc::busy,
                        fmt::format("{} has changes that are still in {}: close the program that "
                                    "writes it, or open and close it once with one",
                                    path.string(), journal.string())};
        }
    }
    return path;
}

}  // namespace

// --- TileTable

TileTable::TileTable(Db& db, const std::string& table)
    : db_{db},
      table_{quoted_name(table)},
      select_tile_{db.prepare(fmt::format("SELECT tile_data FROM {}{}", table_, one_address))},
      select_size_{
          db.prepare(fmt::format("SELECT length(tile_data) FROM {}{}", table_, one_address))} {}

std::optional<Tile> TileTable::get(const Address& address) {
    const Reset reset{select_tile_};
    select_tile_.bind(1, address.zoom).bind(2, address.column).bind(3, address.row);
    if (!select_tile_.step()) {
        return std::nullopt;
    }
    const auto content = select_tile_.blob(0);
    return content.empty() ? std::nullopt : std::optional{Tile{{content.begin(), content.end()}}};
}

bool TileTable::has(const Address& address) {
    const Reset reset{select_size_};
    select_size_.bind(1, address.zoom).bind(2, address.column).bind(3, address.row);
    return select_size_.step() && select_size_.integer(0) > 0;
}

Statement TileTable::select(std::string_view columns, const Address& first, const Address& last) {
    auto select = db_.prepare(
        fmt::format("SELECT zoom_level, tile_column, tile_row, {} FROM {} WHERE zoom_level=?"
                    " AND tile_column BETWEEN ? AND ? AND tile_row BETWEEN ? AND ?",
                    columns, table_));
    select.bind(1, first.zoom).bind(2, first.column).bind(3, last.column);
    select.bind(4, first.row).bind(5, last.row);
    return select;
}

Address TileTable::address_in(const Statement& row) const {
    if (!row.is_integer(0) || !row.is_integer(1) || !row.is_integer(2)) {
        throw Error{Errc::corrupt,
                    fmt::format("{} has a tile whose address is not a number", db_.file())};
    }
    return {row.integer(0), row.integer(1), row.integer(2)};
}

void TileTable::scan(const Address& first, const Address& last, const Visitor& visit) {
    const LongSteps long_steps{db_};
    auto rows = select("tile_data", first, last);
    while (rows.step()) {
        const auto address = address_in(rows);
        if (const auto content = rows.blob(3); !content.empty()) {
            visit(address, content);
        }
    }
}

void TileTable::list(const Address& first, const Address& last, const SizeVisitor& visit) {
    const LongSteps long_steps{db_};
    auto rows = select("length(tile_data)", first, last);
    while (rows.step()) {
        const auto address = address_in(rows);
        if (rows.integer(3) > 0) {
            visit(address, static_cast<std::uint64_t>(rows.integer(3)));
        }
    }
}

void TileTable::list_all(const SizeVisitor& visit) {
    auto rows = db_.prepare(
        fmt::format("SELECT zoom_level, tile_column, tile_row, length(tile_data) FROM {}", table_));
    while (rows.step()) {
        const auto address = address_in(rows);
        if (rows.integer(3) > 0) {
            visit(address, static_cast<std::uint64_t>(rows.integer(3)));
        }
    }
}

// --- GpkgFile

GpkgFile::GpkgFile(const fs::path& path)
    : db_{require_finished(path), sqlite::OpenMode::immutable} {}

TileTable& GpkgFile::tiles_in(const std::string& table) {
    const auto found = tables_.find(table);
    return found != tables_.end() ? found->second
                                  : tables_.try_emplace(table, db_, table).first->second;
}

std::unique_ptr<GpkgPool> make_gpkg_pool(std::size_t capacity) {
    return std::make_unique<GpkgPool>(
        capacity, [](const std::string& path) { return std::make_unique<GpkgFile>(path); },
        GpkgPool::Keep::all, &canonical_path);
}

}  // namespace offgrid::gpkg
