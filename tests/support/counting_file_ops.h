#pragma once

#include "formats/base/forwarding_file_ops.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace offgrid::test {

/// The real file system, counting what is written through it. Used by one thread.
class CountingFileOps final : public ForwardingFileOps {
public:
    struct Counts {
        std::uint64_t bytes = 0;  ///< appended or copied
        int steps = 0;            ///< calls that change the disk
        int syncs = 0;            ///< of these, those that wait for it
    };

    CountingFileOps() : ForwardingFileOps{posix_file_ops()} {}

    const Counts& counts() const { return counts_; }

    void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void sync_file(const std::filesystem::path& path) override;
    void sync_directory(const std::filesystem::path& path) override;
    void remove_all(const std::filesystem::path& path) override;

protected:
    void before_step() override { ++counts_.steps; }
    std::unique_ptr<OutputFile> wrap(std::unique_ptr<OutputFile> file,
                                     const std::filesystem::path& path) override;

private:
    friend class CountingOutputFile;

    Counts counts_;
};

}  // namespace offgrid::test
