#pragma once

#include "formats/base/file_ops.h"
#include "formats/tile/key.h"
#include "pack/transfer/transfer.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// How far a transfer has come, in a file that survives the process and a power cut. One thread at
/// a time; the FileOps are not owned.
class Journal {
public:
    /// Creates the file's folder.
    Journal(FileOps& files, std::filesystem::path path);

    const std::filesystem::path& path() const { return path_; }

    /// What a former run kept, or nothing. Throws `corrupt` for a file that is no journal.
    std::optional<TransferMark> read() const;

    /// Replace what was kept, durably.
    void keep(const TransferMark& mark);

    void remove();

private:
    FileOps& files_;
    std::filesystem::path path_;
};

/// Where journals lie by default: `offgrid` in $XDG_STATE_HOME or, without it, in ~/.local/state.
/// Throws `not_found` when the environment names neither.
std::filesystem::path journal_folder();

/// The tiles that failed, a line each: `z/x/y`, a tab, the cause. Rows count from the north. The
/// file appears with the first. One thread at a time.
class FailedLog {
public:
    enum class Existing { replaced, continued };

    FailedLog(std::filesystem::path path, Existing existing)
        : path_{std::move(path)}, existing_{existing} {}

    const std::filesystem::path& path() const { return path_; }

    void add(const TileKey& key, std::string_view cause);

private:
    std::filesystem::path path_;
    Existing existing_;
    std::ofstream file_;
};

/// The tiles in such a file, ascending, each once; what follows the address is ignored, and so are
/// empty lines. Throws `invalid_argument` naming the line that has no address of the grid.
std::vector<TileKey> read_failed_log(const std::filesystem::path& path, const Grid& grid);

/// `z/x/y`, or nothing.
std::optional<TileKey> parse_key(std::string_view text);

}  // namespace offgrid
