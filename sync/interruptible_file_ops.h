#pragma once

#include "formats/base/file_ops.h"

#include <atomic>

namespace offgrid {

/// Another FileOps whose work can be stopped: once the flag is set, every step that would bring
/// more to the disk throws `interrupted`, also the next piece of a file that is being written. What
/// cleans up still works.
///
/// Neither the FileOps nor the flag is owned. Safe for concurrent use.
class InterruptibleFileOps final : public FileOps {
public:
    InterruptibleFileOps(FileOps& files, const std::atomic<bool>& is_stopped)
        : files_{files}, is_stopped_{is_stopped} {}

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
    const std::atomic<bool>& is_stopped_;
};

/// Throws `interrupted` when the flag is set.
void check_not_stopped(const std::atomic<bool>& is_stopped);

}  // namespace offgrid
