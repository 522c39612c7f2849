#pragma once

#include "formats/base/file_ops.h"
#include "sync/limits.h"

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid {

/// Unpack a zip or tar file, the latter as it is or through gzip or zstd, into an existing empty
/// folder; returns the names of the files, relative to it.
///
/// The archive may come from anyone. Nothing but regular files is taken, names are checked by
/// EntryNames, and every file is opened here, never by the archive library. Throws `unsupported`
/// for what is neither zip nor tar, `corrupt` naming the entry for anything that should not be in
/// an archive of tiles, `too_large` beyond the limits.
std::vector<std::string> unpack_archive(FileOps& files, const std::filesystem::path& archive,
                                        const std::filesystem::path& folder, const Limits& limits);

/// The same from an archive that is open for reading.
std::vector<std::string> unpack_archive(FileOps& files, int archive,
                                        const std::filesystem::path& folder, const Limits& limits);

/// Copy a folder the same way, with the same rules: links and special files are refused. What is
/// thrown names files relative to it. REQUIRES: `from` is canonical.
std::vector<std::string> copy_folder(FileOps& files, const std::filesystem::path& from,
                                     const std::filesystem::path& folder, const Limits& limits);

}  // namespace offgrid
