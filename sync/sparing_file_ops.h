#pragma once

#include "formats/base/forwarding_file_ops.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace offgrid {

/// Another FileOps that stops writing while there is still room on the disk: what would leave less
/// than so many bytes free throws `no_space`. Looks every megabyte of a file.
///
/// What it makes and writes is ours, so no failure of that is the fault of who asked for it: all
/// but `no_space` and `interrupted` becomes `io`.
///
/// The FileOps is not owned. Safe for concurrent use.
class SparingFileOps final : public ForwardingFileOps {
public:
    SparingFileOps(FileOps& files, std::uint64_t min_free_bytes)
        : ForwardingFileOps{files}, min_free_bytes_{min_free_bytes} {}

    /// Throws `no_space` unless so many bytes may be written in that folder.
    void check_room(const std::filesystem::path& folder, std::uint64_t bytes);

    void create_directories(const std::filesystem::path& path) override;
    void create_scratch_directories(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> create(const std::filesystem::path& path) override;
    void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) override;

protected:
    std::unique_ptr<OutputFile> wrap(std::unique_ptr<OutputFile> file,
                                     const std::filesystem::path& path) override;

private:
    std::uint64_t min_free_bytes_;
};

}  // namespace offgrid
