#include "formats/sqlite/cache_file.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace offgrid::sqlite {
namespace {

/// Whether indices of the file find all rows of the select, and in order.
bool is_answered_by_indices(Db& db, const std::string& select) {
    auto plan = db.prepare("EXPLAIN QUERY PLAN " + select);
    while (plan.step()) {
        const auto detail = plan.text(3);  // an automatic index is made anew each time
        if (!detail.starts_with("SEARCH") || detail.find("AUTOMATIC") != std::string_view::npos) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::optional<FileIdentity> identify(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
        return FileIdentity{status.st_dev, status.st_ino,
                            static_cast<std::uint64_t>(status.st_size),
                            std::chrono::system_clock::from_time_t(status.st_mtime)};
    }
    if (errno != ENOENT && errno != ENOTDIR) {
        throw system_error(errno, fmt::format("cannot open {}", path));
    }
    return std::nullopt;
}

void play_back_journal(const std::string& path) {
    const auto journal = identify(path + "-journal");
    if (!journal || journal->size == 0 || !identify(path)) {
        return;
    }
    try {
        Db db{path, OpenMode::existing};
        db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").step();
    } catch (const Error&) {
        // Where we may not write, and where the file is damaged, reading says so.
    }
}

CacheFile::CacheFile(const std::string& path, OpenMode mode)
    : identity_{identify(path)}, db_{path, mode} {
    if (!identity_) {
        identity_ = identify(path);  // it was made just now
    }
}

CacheStatement& CacheFile::statement(std::string_view sql, StatementSource source) {
    const auto found = std::ranges::find(statements_, sql, &Compiled::sql);
    if (found != statements_.end()) {
        return *found->statement;
    }
    if (source == StatementSource::operator_given) {
        db_.allow_views_and_triggers();
    }
    statements_.push_back({std::string{sql}, std::make_unique<CacheStatement>(db_.prepare(sql))});
    return *statements_.back().statement;
}

ScanStatements CacheFile::scan_statements(const ScanSql& sql) {
    const auto known = std::ranges::find(scans_, sql.select, &decltype(scans_)::value_type::first);
    if (known != scans_.end()) {
        return known->second;
    }
    const auto slices = sql.slices();
    const auto ordered = std::ranges::find_if(
        slices, [&](const auto& slice) { return is_answered_by_indices(db_, slice.next); });
    const auto statements = ordered == slices.end()
                                ? ScanStatements{.first = &statement(sql.unsliced())}
                                : ScanStatements{.first = &statement(ordered->first),
                                                 .next = &statement(ordered->next)};
    scans_.emplace_back(sql.select, statements);
    return statements;
}

void CacheFile::set_pragmas(const std::string& sql) {
    if (sql != pragmas_) {
        db_.execute(sql.c_str());
        pragmas_ = sql;
    }
}

MbtilesLayout CacheFile::mbtiles_layout() {
    if (!layout_) {
        layout_ = recognise_mbtiles(db_);
    }
    return *layout_;
}

bool CacheFile::has_times() {
    if (has_times_) {
        return true;
    }
    const bool has_them = sqlite::has_times(db_);
    has_times_ = has_them && !db_.is_in_transaction();  // one made there may not stay
    return has_them;
}

bool CacheFile::has_times(const CacheStatement& witness) {
    const std::pair seen{&witness, witness.recompilations()};
    if (!has_times_ && has_no_times_ == seen) {
        return false;
    }
    const bool has_them = has_times();
    has_no_times_ = has_them ? std::nullopt : std::optional{seen};
    return has_them;
}

void CacheFile::check_tiles_table() {
    if (has_tiles_table_) {
        return;
    }
    const auto columns = columns_of(db_, "tiles");
    if (columns.empty()) {
        throw Error{Errc::corrupt, fmt::format("cannot read {}: no such table: tiles", db_.file())};
    }
    for (const auto* name : {"tileset", "grid", "x", "y", "z", "data", "dim", "ctime"}) {
        if (!has_columns(columns, {name})) {
            throw Error{
                Errc::corrupt,
                fmt::format("cannot read {}: the table tiles has no column {}", db_.file(), name)};
        }
    }
    has_tiles_table_ = true;
}

}  // namespace offgrid::sqlite
