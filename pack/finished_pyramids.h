#pragma once

#include "formats/base/file_ops.h"
#include "pack/pyramid.h"
#include "pack/pyramid_journal.h"

#include <filesystem>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace offgrid {

/// The pyramids that a pack need not make: those that a former run of it left, and those of the
/// shards that it merges. One thread.
class FinishedPyramids {
public:
    /// `own` is the journal in the folder in which the pack works; neither it nor `files` is owned,
    /// and both outlive this.
    ///
    /// Throws `invalid_argument` naming the shard that is missing, unfinished, twice, or of another
    /// pack.
    FinishedPyramids(PyramidJournal& own, std::filesystem::path folder,
                     const std::vector<std::filesystem::path>& shards, FileOps& files);

    const std::unordered_set<TileKey>& tops() const { return tops_; }

    /// The pyramid, with its file in the folder; one of a shard is copied, checked, and entered in
    /// our own journal. REQUIRES: `tops` has it. Throws `corrupt` when a shard is damaged.
    Pyramid take(const TileKey& top);

    /// What the folder may hold: the journal, and the files of the pyramids that it names.
    std::unordered_set<std::string> names_in_folder();

private:
    struct Shard {
        std::filesystem::path folder;
        PyramidJournal journal;
    };

    void add_shards(const std::vector<std::filesystem::path>& folders);
    void forget_what_has_no_file();

    PyramidJournal& own_;
    std::filesystem::path folder_;
    FileOps& files_;
    std::vector<Shard> shards_;
    std::unordered_set<TileKey> tops_;
    std::unordered_map<TileKey, std::size_t> shard_of_;  // of those that are not our own
};

}  // namespace offgrid
