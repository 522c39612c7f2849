#pragma once

#include "formats/base/file_ops.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::gwc {

/// Many files moved within a folder, all or none.
///
/// A list of the moves is durable before the first of them, in a file of its own; without
/// `commit` the destructor takes the moves back, and after a crash `recover` does. Names are
/// relative to the folder and have no line ends. `move` is safe for concurrent use, each file once;
/// all else is for one thread.
class FileMoves {
public:
    struct Move {
        std::string from{};
        std::string to{};
    };

    /// `purpose` is a line for whoever recovers. The list must not exist. Throws
    /// `already_exists` when a target does.
    FileMoves(FileOps& files, std::filesystem::path folder, std::filesystem::path list,
              std::vector<Move> moves, const std::string& purpose);
    ~FileMoves();
    FileMoves(const FileMoves&) = delete;
    FileMoves& operator=(const FileMoves&) = delete;

    const std::vector<Move>& moves() const { return moves_; }

    /// Move one file. Throws `already_exists` when its target is there.
    void move(const Move& one);

    /// From now on the moves stay.
    void commit();

    /// A list that was left by a crash.
    struct Recovered {
        std::string purpose{};
        std::vector<Move> moves{};  ///< also those that were not made yet
    };

    /// Take back the moves of a list that was left by a crash. It stays until `forget`, so that
    /// what else is to be taken back can be.
    static Recovered recover(FileOps& files, const std::filesystem::path& folder,
                             const std::filesystem::path& list);
    static void forget(FileOps& files, const std::filesystem::path& list);

private:
    static void take_back(FileOps& files, const std::filesystem::path& folder,
                          const std::vector<Move>& moves);
    void sync_folders();

    FileOps& files_;
    std::filesystem::path folder_;
    std::filesystem::path list_;
    std::vector<Move> moves_;
    bool is_committed_ = false;
};

}  // namespace offgrid::gwc
