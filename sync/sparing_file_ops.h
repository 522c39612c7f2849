#pragma once

#include "formats/base/file_ops.h"

#include <cstdint>

namespace offgrid {

/// Another FileOps that stops writing while there is still room on the disk: what would leave less
/// than so many bytes free throws `no_space`. Looks every megabyte of a file.
///
/// The FileOps is not owned. Safe for concurrent use.
class SparingFileOps final : public FileOps {
public:
    SparingFileOps(FileOps& files, std::uint64_t min_free_bytes)
        : files_{files}, min_free_bytes_{min_free_bytes} {}

    /// Throws `no_space` unless so many bytes may be written in that folder.
    void check_room(const std::filesystem::path& folder, std::uint64_t bytes);

    void create_directories(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> create(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> append_to(const std::filesystem::path& path) override;
    void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void sync_file(const std::filesystem::path& path) override;
    void sync_directory(const std::filesystem::path& path) override;
    void rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void exchange(const std::filesystem::path& one, const std::filesystem::path& other) override;
    void remove_all(const std::filesystem::path& path) override;
    std::uint64_t free_bytes(const std::filesystem::path& path) override;

private:
    FileOps& files_;
    std::uint64_t min_free_bytes_;
};

}  // namespace offgrid
