#pragma once

#include "formats/package/depot.h"
#include "formats/package/staging_folder.h"
#include "formats/package/verify.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
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

/// What a generation says about how it came about.
struct CommitOptions {
    std::string author{};                   ///< who asked for it; any text
    std::string change{};                   ///< for people; empty: how many files of which layers
    std::optional<std::int64_t> created{};  ///< seconds since 1970, UTC; nothing: now
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
/// what was staged. The caller holds the DepotLock. Of several transactions one may commit; the
/// others go on with `follow`, or else begin again with `start_again`. Used by one thread.
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

    /// A folder in it for what the changes themselves make; it need not exist. Another one each
    /// time that the transaction starts again.
    std::filesystem::path work_folder() const;

    /// The state that `commit` will make current, as far as it is known.
    const Generation& next() const { return next_; }

    /// Put a staged file in place of the layer's file of that name, or beside the others when the
    /// layer lacks it. Throws `not_found` for an unknown layer, and what `verify_file` throws.
    void add_file(const std::string& layer, const std::string& name,
                  const std::filesystem::path& staged, const Checkpoint& checkpoint = go_on);

    /// Take a file out of its layer; its tiles are absent then. Throws `not_found` when there is no
    /// such layer or file.
    void remove_file(const std::string& layer, const std::string& name);

    /// Take a layer out of the depot. Throws `not_found` when there is none.
    void remove_layer(const std::string& layer);

    /// Let the layer have tiles of these zooms: its pyramids reach further where they can, the last
    /// one to deeper zooms, the first one to lower ones. Throws `not_found` for an unknown layer.
    void widen_zooms(const std::string& layer, int min_zoom, int max_zoom);

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

    /// Which layers a transaction has read and changed, and no others.
    using IsConcerned = std::function<bool(const std::string& layer)>;

    /// Move the changes on to a later generation, in which the layers that are concerned are as
    /// they were. False where they are not: then nothing has happened.
    bool follow(const Generation& current, const IsConcerned& is_concerned);

    /// Forget all changes and start from another generation. A staged file that was verified and is
    /// added again under its name is not read again.
    void start_again(Generation current);

    /// Throws `too_large` when the files would come to more than so many bytes, and to more than
    /// before.
    void check_quota(std::uint64_t bytes) const;

    /// Make everything durable but nothing current. What is to be current then: the next
    /// generation, or where nothing differs the one that is; but where the file of that is damaged
    /// or lost, a next one like it. Throws `stale` when another generation became current since the
    /// transaction started.
    Generation prepare(const CommitOptions& options = {});

    /// Where stored files were damaged, and `prepare` has put whole ones in their place, also where
    /// it failed later: who has them open reads the damaged ones.
    const std::vector<std::filesystem::path>& repaired() const { return repaired_; }

    /// Prepare, and make that current.
    Generation commit(const CommitOptions& options = {});

private:
    struct StagedFile {
        std::string layer;
        PackageFile file;
        std::filesystem::path staged;
    };

    /// A staged file that was read, and what it was read as.
    struct Verified {
        int start = 0;  // in which it was: since then the file is as it was
        std::string name;
        Manifest layer;  // without its files
        VerifiedFile file;
    };

    Manifest& layer(const std::string& name);
    VerifiedFile verify(const std::filesystem::path& staged, const std::string& name,
                        const Manifest& manifest, const Checkpoint& checkpoint);
    std::uint64_t store_files();

    FileOps& files_;
    const Depot& depot_;
    StagingFolder staging_;
    Generation current_;
    Generation next_;
    std::vector<StagedFile> staged_files_;
    std::vector<FileChange> changes_;
    std::vector<std::string> declared_;
    std::vector<std::filesystem::path> repaired_;
    std::map<std::filesystem::path, Verified> verified_;           // by the staged file
    std::map<std::filesystem::path, Manifest> verified_packages_;  // by the staged folder
    int starts_ = 1;
};

/// Remove what transactions that died have left in the staging folder. REQUIRES: the DepotLock.
void sweep_staging(FileOps& files, const Depot& depot);

}  // namespace offgrid
