#pragma once

#include "formats/base/file_ops.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::gwc {

/// Many files moved within a folder, all or none.
///
/// A list of the moves is durable before the first of them, in a file of its own, and goes with
/// `commit`. Without that, after a failure or a crash, `take_back` undoes what the list says, and
/// `forget` ends it. Names are relative to the folder. `move` is safe for concurrent use, each file
/// once; all else is for one thread.
class FileMoves {
public:
    struct Move {
        std::string from{};
        std::string to{};
    };

    /// `purpose` is a line for whoever takes the moves back. The list must not exist. Throws
    /// `already_exists` when a target does, `invalid_argument` for a name with a line end.
    FileMoves(FileOps& files, std::filesystem::path folder, std::filesystem::path list,
              std::vector<Move> moves, const std::string& purpose);
    FileMoves(const FileMoves&) = delete;
    FileMoves& operator=(const FileMoves&) = delete;
    ~FileMoves() = default;

    const std::vector<Move>& moves() const { return moves_; }

    /// Move one file. Throws `already_exists` when its target is there.
    void move(const Move& one) const;

    /// Have the list say another purpose from now on, durably.
    void set_purpose(const std::string& purpose);

    /// From now on the moves stay.
    void commit();

    /// A list that was left.
    struct TakenBack {
        std::string purpose{};
        std::vector<Move> moves{};  ///< also those that were never made
    };

    /// Take back the moves of a list that is there. It stays until `forget`, so that what else is
    /// to be taken back can be.
    ///
    /// Throws `already_exists` where another program has made a file of one of the names meanwhile:
    /// all other moves are taken back then, and neither file is touched. `corrupt` for a list that
    /// is none.
    static TakenBack take_back(FileOps& files, const std::filesystem::path& folder,
                               const std::filesystem::path& list);
    static void forget(FileOps& files, const std::filesystem::path& list);

private:
    void sync_folders();

    FileOps& files_;
    std::filesystem::path folder_;
    std::filesystem::path list_;
    std::vector<Move> moves_;
};

}  // namespace offgrid::gwc
