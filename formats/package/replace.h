#pragma once

#include "formats/package/depot.h"
#include "formats/package/staging_folder.h"
#include "formats/package/verify.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {

/// What a replace did, or would do, to one file.
struct FileChange {
    std::string name{};
    std::optional<std::string> old_sha256{};  ///< nothing: the file is new
    std::optional<std::string> new_sha256{};  ///< nothing: the file is gone
    std::int64_t tiles = 0;                   ///< in the new file
    std::uint64_t bytes = 0;                  ///< of the new file
    std::string layer{};
};

/// What a generation says about how it came about, and what it may come to.
struct CommitOptions {
    std::string author{};                   ///< who asked for it; any text
    std::string change{};                   ///< for people; empty: how many files of which layers
    std::optional<std::int64_t> created{};  ///< seconds since 1970, UTC; nothing: now
    std::optional<std::uint64_t> quota_bytes{};  ///< that the files of a generation may have in all
};

/// Changes files of layers, whole packages and layers, all in one next generation of a depot: all
/// of it or nothing.
///
///     ReplaceTransaction replace{files, depot};
///     ... write into replace.staging() ...
///     replace.add_file("kenya", "z08-150-128.sqlite3", replace.staging() / "upload");
///     const auto generation = replace.commit();
///
/// Staged files are verified as they are added and are consumed. What it costs, in time and in
/// bytes written, depends on what changes and not on how much there is. Without `commit` it is a
/// dry run: `changes` and `next` say what would be. Whatever happens before `commit` returns, a
/// crash included, the depot holds the old generation or the new one, whole; the destructor sweeps
/// what was staged. One transaction at a time: the caller holds the DepotLock and serialises. Used
/// by one thread.
class ReplaceTransaction {
public:
    /// Starts from the current generation, which is read. Neither argument is owned; both outlive
    /// the transaction.
    ReplaceTransaction(FileOps& files, const Depot& depot)
        : ReplaceTransaction{files, depot, {files, depot}} {}

    /// The same with a folder that was filled before, while others had their turn.
    ReplaceTransaction(FileOps& files, const Depot& depot, StagingFolder staging)
        : ReplaceTransaction{files, depot, depot.load_current(), std::move(staging)} {}

    /// Starts from the current generation, which the caller has: nothing is read.
    ReplaceTransaction(FileOps& files, const Depot& depot, Generation current,
                       StagingFolder staging);
    ReplaceTransaction(const ReplaceTransaction&) = delete;
    ReplaceTransaction& operator=(const ReplaceTransaction&) = delete;

    /// A folder of this transaction alone, on the depot's file system.
    const std::filesystem::path& staging() const { return staging_.path(); }

    /// The state that `commit` will make current, as far as it is known.
    const Generation& next() const { return next_; }

    /// Put a staged file in place of the layer's file of that name, or beside the others when the
    /// layer lacks it. Throws `not_found` for an unknown layer, and what `verify_file` throws.
    void add_file(const std::string& layer, const std::string& name,
                  const std::filesystem::path& staged, const Checkpoint& checkpoint = go_on);

    /// Take a file out of its layer; its tiles are absent then. Throws `not_found` when there is no
    /// such layer or file.
    void remove_file(const std::string& layer, const std::string& name);

    /// Install the package in a staged folder: a new layer, or the whole of an existing one.
    /// Throws what `verify_package` throws.
    void add_package(const Manifest& manifest, const std::filesystem::path& folder,
                     const Checkpoint& checkpoint = go_on);

    /// Add a layer without files: all its tiles are absent, until `add_file` brings some. Throws
    /// `already_exists` when there is one of that name, `invalid_argument` for a manifest that is
    /// not sane, or has files.
    void declare_layer(const Manifest& manifest);

    /// Throws `stale` unless the layer's file has that hash in the generation that the transaction
    /// started from; nothing: unless there is none.
    void expect(const std::string& layer, const std::string& name,
                const std::optional<std::string>& sha256) const;

    /// In the order in which they were asked for.
    const std::vector<FileChange>& changes() const { return changes_; }

    /// Make everything durable and current. When nothing differs, the current generation stays.
    /// Throws `stale` when another generation became current since the transaction started, and
    /// `no_space` naming the quota when the files would come to more than it, and to more than
    /// before.
    Generation commit(const CommitOptions& options = {});

private:
    struct StagedFile {
        std::string layer;
        PackageFile file;
        std::filesystem::path staged;
    };

    Manifest& layer(const std::string& name);
    std::uint64_t store_files();

    FileOps& files_;
    const Depot& depot_;
    StagingFolder staging_;
    Generation current_;
    Generation next_;
    std::vector<StagedFile> staged_files_;
    std::vector<FileChange> changes_;
    std::vector<std::string> declared_;
};

/// Remove what transactions that died have left in the staging folder. REQUIRES: the DepotLock.
void sweep_staging(FileOps& files, const Depot& depot);

}  // namespace offgrid
