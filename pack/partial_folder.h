#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/unique_fd.h"
#include "pack/options.h"

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_set>

namespace offgrid {

/// The output in full: absolute, without `.`, `..` and a slash at the end.
std::filesystem::path package_path(const std::filesystem::path& output);

/// The hidden folder `.NAME.partial` beside a package, or another output, in which it is made until
/// it is complete.
///
/// Locked while it lives, so that two processes cannot make the same package. `publish` gives it
/// its name; without it the destructor removes it, unless it is kept. One thread.
class PartialFolder {
public:
    /// What may be overwritten: a package, or a file.
    enum class Kind { package, other };

    /// Throws `already_exists` when the output is there and may not be overwritten, or holds
    /// anything besides a package; `busy` when another process is making it. `files` is not owned
    /// and outlives this.
    PartialFolder(const std::filesystem::path& output, Overwrite overwrite, FileOps& files,
                  Kind kind = Kind::package);
    ~PartialFolder();
    PartialFolder(const PartialFolder&) = delete;
    PartialFolder& operator=(const PartialFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

    /// Remove what a former process left there, but for these names: of what is in it, and of what
    /// is in a folder that is spared, such as `package/a`.
    void sweep(const std::unordered_set<std::string>& spared = {});

    /// Leave the folder for one who goes on with it, unless it is published; or do not.
    void keep(bool is_kept = true) { is_kept_ = is_kept; }
    bool is_kept() const { return is_kept_; }

    /// Make the folder the output, in one step and durably. Returns what could not be removed of
    /// the package that was there before, as a note for the user. REQUIRES: what it holds is
    /// durable.
    std::optional<std::string> publish();

    /// The same for a file or folder in it; the rest is removed.
    std::optional<std::string> publish(const std::string& name);

    /// Nothing gets its name: the work is elsewhere. Returns a note as `publish`.
    std::optional<std::string> remove();

private:
    void check_output() const;
    bool rename_to_output(const std::filesystem::path& made);
    std::optional<std::string> finish(const std::filesystem::path& made, bool is_replaced);
    void lock();

    FileOps& files_;
    std::filesystem::path output_;
    std::filesystem::path parent_;
    std::filesystem::path path_;
    Overwrite overwrite_;
    Kind kind_;
    UniqueFd lock_;
    bool is_kept_ = false;
    bool is_published_ = false;
};

}  // namespace offgrid
