#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/file_list.h"
#include "formats/package/package_file_check.h"

#include <filesystem>
#include <string>
#include <utility>

namespace offgrid {

/// The folder of a depot that keeps lists of files: each node of a FileList in a file that is named
/// by its hash and never changes. Holds only the path: safe for concurrent use.
class NodeStore {
public:
    explicit NodeStore(std::filesystem::path folder) : folder_{std::move(folder)} {}

    const std::filesystem::path& folder() const { return folder_; }

    /// Read the list whose top node has the hash. What `known` has of it is shared instead of read,
    /// so that the next version of a large list costs what it changes. Throws `corrupt` naming the
    /// node when one is missing or is not what its name, or the node above it, says, and for a file
    /// that `check` refuses.
    FileList load(const std::string& sha256, const FileList& known,
                  const PackageFileCheck& check) const;

    /// Write the nodes of the list that neither `known` has nor the folder, whole. Whether there
    /// were any that `known` lacks: then they are durable after `sync_directory` of the folder.
    /// With nothing known, all that are damaged are put there again.
    bool write(FileOps& files, const FileList& list, const FileList& known) const;

private:
    std::filesystem::path folder_;
};

}  // namespace offgrid
