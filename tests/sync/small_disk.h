#pragma once

#include "formats/base/forwarding_file_ops.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>

namespace offgrid::test {

/// The real file system as a disk that has so many bytes free, less with each that is written.
class SmallDisk final : public ForwardingFileOps {
public:
    explicit SmallDisk(std::uint64_t free_bytes)
        : ForwardingFileOps{posix_file_ops()}, free_bytes_{free_bytes} {}

    void set_free(std::uint64_t bytes) { free_bytes_ = bytes; }

    void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) override {
        ForwardingFileOps::copy_file(from, to);
        free_bytes_ -= std::filesystem::file_size(to);
    }
    std::uint64_t free_bytes(const std::filesystem::path&) override { return free_bytes_; }

protected:
    std::unique_ptr<OutputFile> wrap(std::unique_ptr<OutputFile> file,
                                     const std::filesystem::path&) override {
        return std::make_unique<File>(std::move(file), free_bytes_);
    }

private:
    class File final : public OutputFile {
    public:
        File(std::unique_ptr<OutputFile> file, std::atomic<std::uint64_t>& free_bytes)
            : file_{std::move(file)}, free_bytes_{free_bytes} {}
        void append(BytesView piece) override {
            file_->append(piece);
            free_bytes_ -= piece.size();
        }
        void sync() override { file_->sync(); }

    private:
        std::unique_ptr<OutputFile> file_;
        std::atomic<std::uint64_t>& free_bytes_;
    };

    std::atomic<std::uint64_t> free_bytes_;
};

}  // namespace offgrid::test
