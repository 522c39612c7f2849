#pragma once

#include "formats/base/file_ops.h"
#include "sync/limits.h"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace offgrid {

/// One SQLite file, staged.
struct SingleFile {
    std::filesystem::path staged;
};

/// Files that are staged in a folder, each under its relative name.
struct FileTree {
    std::filesystem::path folder;
    std::vector<std::string> names;

    /// The folder of the package that the files are: that of the manifest at the top, or in the
    /// only folder at the top. Nothing when there is no such manifest.
    std::optional<std::filesystem::path> package_folder() const;
};

/// What one replace brings, in a staging folder and ours to consume. Nothing in it is verified yet
/// but its names.
using Delivery = std::variant<SingleFile, FileTree>;

/// Take an upload that lies in the staging folder: an SQLite file as it is, an archive unpacked
/// beside it. Throws `unsupported` when it is neither, and what `unpack_archive` throws.
Delivery take_upload(FileOps& files, const std::filesystem::path& upload,
                     const std::filesystem::path& staging, const Limits& limits);

/// Copy what lies somewhere on this machine, a file or a folder, into the staging folder; it stays
/// as it is. `shown_as` stands for it in messages. Throws as `take_upload`, and `too_large`.
Delivery take_source(FileOps& files, const std::filesystem::path& source,
                     const std::string& shown_as, const std::filesystem::path& staging,
                     const Limits& limits);

}  // namespace offgrid
