#include "formats/sqlite/cache_file.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace offgrid::sqlite {

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
        Db db{path, OpenMode::update};
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
