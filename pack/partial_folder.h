#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/unique_fd.h"
#include "pack/options.h"

#include <filesystem>
#include <optional>
#include <string>

namespace offgrid {

/// The output in full: absolute, without `.`, `..` and a slash at the end.
std::filesystem::path package_path(const std::filesystem::path& output);

/// The hidden folder `.NAME.partial` beside a package, in which the package is made until it is
/// complete.
///
/// Locked while it lives, so that two processes cannot make the same package; what a killed one
/// left is swept. `publish` gives it its name; without it the destructor removes it. One thread.
class PartialFolder {
public:
    /// Throws `already_exists` when the output is there and may not be overwritten, or holds
    /// anything besides a package; `busy` when another process is making it. `files` is not owned
    /// and outlives this.
    PartialFolder(const std::filesystem::path& output, Overwrite overwrite, FileOps& files);
    ~PartialFolder();
    PartialFolder(const PartialFolder&) = delete;
    PartialFolder& operator=(const PartialFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

    /// Make the folder the output, in one step and durably. Returns what could not be removed of
    /// the package that was there before, as a note for the user. REQUIRES: what it holds is
    /// durable.
    std::optional<std::string> publish();

private:
    void check_output() const;
    void lock();
    void sweep();

    FileOps& files_;
    std::filesystem::path output_;
    std::filesystem::path parent_;
    std::filesystem::path path_;
    Overwrite overwrite_;
    UniqueFd lock_;
    bool is_published_ = false;
};

}  // namespace offgrid
