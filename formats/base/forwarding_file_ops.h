#pragma once

#include "formats/base/file_ops.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace offgrid {

/// Another FileOps as it is, for those that change a part of it: every step is forwarded, and a
/// file that is opened for writing may be wrapped by `wrap`, whichever way it was opened.
///
/// The FileOps is not owned. As safe for concurrent use as it is.
class ForwardingFileOps : public FileOps {
public:
    explicit ForwardingFileOps(FileOps& files) : files_{files} {}

    void create_directories(const std::filesystem::path& path) override;
    void create_scratch_directories(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> create(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> create_secret(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> append_to(const std::filesystem::path& path) override;
    void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void sync_file(const std::filesystem::path& path) override;
    void sync_directory(const std::filesystem::path& path) override;
    void rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void exchange(const std::filesystem::path& one, const std::filesystem::path& other) override;
    void remove_all(const std::filesystem::path& path) override;
    std::uint64_t free_bytes(const std::filesystem::path& path) override;

protected:
    /// Called before every step that may bring more to the disk: all but `remove_all` and
    /// `free_bytes`. What it throws is thrown instead of taking the step.
    virtual void before_step() {}

    /// What a file becomes that was opened for writing.
    virtual std::unique_ptr<OutputFile> wrap(std::unique_ptr<OutputFile> file,
                                             const std::filesystem::path& path);

    FileOps& forwarded() { return files_; }

private:
    FileOps& next_step();

    FileOps& files_;
};

}  // namespace offgrid
