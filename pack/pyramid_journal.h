#pragma once

#include "formats/base/file_ops.h"
#include "formats/sqlite/sqlite.h"
#include "pack/options.h"
#include "pack/pack_identity.h"
#include "pack/pyramid.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// The pyramids that a pack has finished, in a SQLite file: `--resume` goes on from
/// there after a crash, and `--merge` joins several. One thread at a time.
///
/// A pyramid is entered after its file is durable, and is durable when `add` returns.
class PyramidJournal {
public:
    static constexpr std::string_view file_name = "pyramids.sqlite3";

    /// The folder beside it that holds the files of the pyramids.
    static inline const std::filesystem::path folder_name = "package";

    /// Begin one in the folder. Throws `already_exists`.
    static PyramidJournal create(const std::filesystem::path& folder, const PackIdentity& identity,
                                 const Shard& shard);

    /// Open the one that is in the folder. Throws `not_found`, `corrupt`.
    static PyramidJournal open(const std::filesystem::path& folder);

    /// The same in a folder of our own; nothing when there is none, or a crash let none begin.
    static std::optional<PyramidJournal> find(const std::filesystem::path& folder);

    static bool is_in(const std::filesystem::path& folder);

    const PackIdentity& identity() const { return identity_; }
    const Shard& shard() const { return shard_; }

    /// No pyramid of the shard is missing.
    bool is_complete() const { return is_complete_; }
    void set_complete();

    /// All pyramids, without what is large.
    struct Entry {
        TileKey top{};
        std::optional<PackageFile> file{};
    };
    std::vector<Entry> entries();

    /// REQUIRES: the journal has it.
    Pyramid get(const TileKey& top);

    void add(const Pyramid& pyramid);
    void remove(const TileKey& top);

private:
    PyramidJournal(const std::filesystem::path& folder, sqlite::OpenMode mode);

    void read_head();

    std::unique_ptr<sqlite::Db> db_;
    PackIdentity identity_;
    Shard shard_;
    bool is_complete_ = false;
};

}  // namespace offgrid
