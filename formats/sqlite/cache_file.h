#pragma once

#include "formats/sqlite/cache_scan.h"
#include "formats/sqlite/cache_statement.h"
#include "formats/sqlite/mbtiles_schema.h"
#include "formats/sqlite/sqlite.h"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid::sqlite {

/// What tells a file from another one of the same name. A value.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    std::uint64_t size = 0;
    std::chrono::system_clock::time_point modified{};

    bool is_same_file(const FileIdentity& other) const {
        return device == other.device && inode == other.inode;
    }
};

/// The file of that name, or nothing when there is none.
std::optional<FileIdentity> identify(const std::string& path);

/// Let a file be read again whose writer was killed in a commit: play back the journal that it
/// left. A connection that only reads cannot. Without such a journal, and where we may not write,
/// nothing happens.
void play_back_journal(const std::string& path);

/// Whose statement it is: ours on base tables that are known, or one that the operator configured.
enum class StatementSource { built_in, operator_given };

/// A connection to one file of a cache, with its statements compiled once and what is known of its
/// tables. One thread at a time; readers keep it in a CacheFilePool.
class CacheFile {
public:
    CacheFile(const std::string& path, OpenMode mode);

    Db& db() { return db_; }

    /// Whether the connection is to this file, and not to one that had the name before.
    bool shows(const FileIdentity& file) const {
        return identity_ && identity_->is_same_file(file);
    }

    /// The statement, compiled when it is first asked for. Valid as long as the file.
    CacheStatement& statement(std::string_view sql,
                              StatementSource source = StatementSource::built_in);

    /// The statements of a scan, in slices when an index of the file answers them.
    ScanStatements scan_statements(const ScanSql& sql);

    /// Have the pragmas set that the text says.
    void set_pragmas(const std::string& sql);

    /// The tables of an MBTiles file. Throws `corrupt` when it has none.
    MbtilesLayout mbtiles_layout();

    /// Whether there is a table `tiles_metadata`; asked again until there is one.
    bool has_times();

    /// The same at no cost while the tables do not change, which a run of `witness` sees, a
    /// statement of this file: one that was made by another program may be seen one run late.
    bool has_times(const CacheStatement& witness);

    /// Throws `corrupt` unless there is MapCache's table `tiles`.
    void check_tiles_table();

private:
    struct Compiled {
        std::string sql;
        std::unique_ptr<CacheStatement> statement;
    };

    std::optional<FileIdentity> identity_;  // taken first: a file that is swapped meanwhile differs
    Db db_;
    std::optional<MbtilesLayout> layout_;
    bool has_tiles_table_ = false;
    bool has_times_ = false;
    std::optional<std::pair<const CacheStatement*, int>> has_no_times_;  // seen so: recompilations
    std::string pragmas_;
    std::vector<Compiled> statements_;
    std::vector<std::pair<std::string, ScanStatements>> scans_;  // by their select
};

}  // namespace offgrid::sqlite
