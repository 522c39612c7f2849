#pragma once

#include "formats/base/file_ops.h"

#include <filesystem>

namespace offgrid {

/// Throws `already_exists` when there is something of that name.
void require_name_free(const std::filesystem::path& path);

/// A name beside `path` for the file that will become it: `NAME.RANDOM.part`. No two calls give the
/// same, on whatever machine, so that two who write one file do not write into each other's.
std::filesystem::path unique_part_of(std::filesystem::path path);

/// The name of a file until it is complete. The owner makes the file; the destructor removes it,
/// unless it was published. What a process that dies leaves keeps its name, and nobody reads it.
/// Owned by one thread. The FileOps is not owned and outlives it.
class PartFile {
public:
    /// Throws `already_exists` when the target does.
    PartFile(std::filesystem::path target, FileOps& files);
    ~PartFile();
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;

    const std::filesystem::path& path() const { return path_; }

    /// Give the file the name of the target, durably. Throws `already_exists` when another has made
    /// that meanwhile, which is left alone. REQUIRES: the file is synced.
    void publish();

private:
    std::filesystem::path target_;
    std::filesystem::path path_;
    FileOps& files_;
    bool is_published_ = false;
};

}  // namespace offgrid
