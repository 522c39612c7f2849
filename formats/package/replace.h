#pragma once

#include "formats/package/depot.h"
#include "formats/package/staging_folder.h"
#include "formats/package/verify.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// What a replace did, or would do, to one file.
struct FileChange {
    std::string name{};
    std::optional<std::string> old_sha256{};  ///< nothing: the file is new
    std::optional<std::string> new_sha256{};  ///< nothing: the file is gone
    std::int64_t tiles = 0;                   ///< in the new file
    std::uint64_t bytes = 0;                  ///< of the new file
};

/// Installs files of a layer, or a whole package, as the next generation of a depot: all of them or
/// none.
///
///     ReplaceTransaction replace{files, depot};
///     ... write into replace.staging() ...
///     replace.add_file("kenya", "z08-150-128.sqlite3", replace.staging() / "upload");
///     const auto generation = replace.commit();
///
/// Staged files are verified as they are added and are consumed. Whatever happens before `commit`
/// returns, a crash included, the depot holds the old generation or the new one, whole; the
/// destructor sweeps what was staged. One transaction at a time: the caller holds the DepotLock and
/// serialises. Used by one thread.
class ReplaceTransaction {
public:
    /// Starts from the current generation. Neither argument is owned; both outlive the transaction.
    ReplaceTransaction(FileOps& files, const Depot& depot)
        : ReplaceTransaction{files, depot, {files, depot}} {}

    /// Starts from the current generation with a folder that was filled before, while others had
    /// their turn.
    ReplaceTransaction(FileOps& files, const Depot& depot, StagingFolder staging);
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

    /// Install the package in a staged folder: a new layer, or the whole of an existing one.
    /// Throws what `verify_package` throws.
    void add_package(const Manifest& manifest, const std::filesystem::path& folder,
                     const Checkpoint& checkpoint = go_on);

    /// Take the layer's file of that name away. Throws `not_found` when there is none.
    void remove_file(const std::string& layer, const std::string& name);

    /// Take the layer away. Throws `not_found` when there is none.
    void remove_layer(const std::string& layer);

    /// Let the layer have tiles of these zooms: its pyramids reach further where they can, the last
    /// one to deeper zooms, and one without `top` tiles to others. Throws `not_found` for an
    /// unknown layer.
    void widen_zooms(const std::string& layer, int min_zoom, int max_zoom);

    const std::vector<FileChange>& changes() const { return changes_; }

    /// Make everything that was added durable and current. When nothing differs, the current
    /// generation stays.
    Generation commit();

private:
    Manifest& manifest_of(const std::string& layer);

    struct StagedFile {
        std::filesystem::path staged;
        std::filesystem::path stored;
        std::string sha256;
    };

    FileOps& files_;
    const Depot& depot_;
    StagingFolder staging_;
    Generation current_;
    Generation next_;
    std::vector<StagedFile> staged_files_;
    std::vector<FileChange> changes_;
};

/// Remove what transactions that died have left in the staging folder. REQUIRES: the DepotLock.
void sweep_staging(FileOps& files, const Depot& depot);

}  // namespace offgrid
