#pragma once

#include "formats/base/file_ops.h"
#include "formats/tile/key.h"
#include "pack/transfer/transfer.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// What makes a transfer that one and no other, a text for each of its parts: `SRC`, `DST`, the
/// content of a configuration. A value.
using TransferIdentity = std::map<std::string, std::string>;

/// How far a transfer has come, in a file that survives the process and a power cut. One thread at
/// a time; the FileOps are not owned.
class Journal {
public:
    Journal(FileOps& files, std::filesystem::path path, TransferIdentity identity)
        : files_{files}, path_{std::move(path)}, identity_{std::move(identity)} {}

    void create_folder();

    const std::filesystem::path& path() const { return path_; }

    /// What a former run kept, or nothing. Throws `corrupt` for a file that is no journal, and
    /// `invalid_argument` for one of another transfer, naming the parts that differ.
    std::optional<TransferMark> read() const;

    /// Replace what was kept, durably.
    void keep(const TransferMark& mark);

    void remove();

private:
    FileOps& files_;
    std::filesystem::path path_;
    TransferIdentity identity_;
};

/// Where journals lie by default: `offgrid` in $XDG_STATE_HOME or, without it, in ~/.local/state.
/// Throws `not_found` when the environment names neither.
std::filesystem::path journal_folder();

/// The tiles that failed, a line each: `z/x/y`, a tab, the cause. A file of the source that could
/// not be read is a line that begins with `#`. The log appears with the first. Safe for concurrent
/// use; the FileOps are not owned.
class FailedLog {
public:
    enum class Existing { replaced, continued };

    FailedLog(FileOps& files, std::filesystem::path path, Existing existing)
        : files_{files}, path_{std::move(path)}, existing_{existing} {}

    const std::filesystem::path& path() const { return path_; }

    void add(const TileKey& key, std::string_view cause);
    void add(const std::string& file, int z, std::string_view cause);

    /// The first line of this run, or empty.
    std::string first() const;

    /// Make durable what was added.
    void sync();

private:
    void add_line(std::string line);

    FileOps& files_;
    std::filesystem::path path_;
    Existing existing_;

    mutable std::mutex mutex_;  // guards all below
    std::ofstream file_;
    std::string first_;
    bool has_unsynced_ = false;
};

/// The tiles in such a file, ascending, each once; what follows the address is ignored, and so are
/// empty lines and those that begin with `#`. Throws `invalid_argument` naming the line that has no
/// address of the grid.
std::vector<TileKey> read_failed_log(const std::filesystem::path& path, const Grid& grid);

/// `z/x/y`, or nothing.
std::optional<TileKey> parse_key(std::string_view text);

}  // namespace offgrid
