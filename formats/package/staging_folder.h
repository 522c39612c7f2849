#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/depot.h"

#include <filesystem>

namespace offgrid {

/// A fresh folder on the depot's file system in which one delivery is put together; gone with the
/// object.
///
/// Many may exist at once, also while a transaction runs. Moves; used by one thread. The FileOps is
/// not owned.
class StagingFolder {
public:
    StagingFolder(FileOps& files, const Depot& depot);
    ~StagingFolder();
    StagingFolder(StagingFolder&& other) noexcept;
    StagingFolder& operator=(StagingFolder&&) = delete;
    StagingFolder(const StagingFolder&) = delete;
    StagingFolder& operator=(const StagingFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    FileOps* files_;
    std::filesystem::path path_;
};

}  // namespace offgrid
