#pragma once

#include "formats/base/file_ops.h"

#include <cstdint>
#include <filesystem>

namespace offgrid::test {

/// The real file system, counting what is written through it. Used by one thread.
class CountingFileOps final : public FileOps {
public:
    struct Counts {
        std::uint64_t bytes = 0;  ///< appended or copied
        int steps = 0;            ///< calls that change the disk
        int syncs = 0;            ///< of these, those that wait for it
    };

    const Counts& counts() const { return counts_; }

    void create_directories(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> create(const std::filesystem::path& path) override;
    void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void sync_file(const std::filesystem::path& path) override;
    void sync_directory(const std::filesystem::path& path) override;
    void rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void exchange(const std::filesystem::path& one, const std::filesystem::path& other) override;
    void remove_all(const std::filesystem::path& path) override;
    std::uint64_t free_bytes(const std::filesystem::path& path) override;

private:
    friend class CountingOutputFile;
    FileOps& step();

    Counts counts_;
};

}  // namespace offgrid::test
